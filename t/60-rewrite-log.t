# What the rewrite module writes to the error log: rewrite_log, uninitialized_variable_warn.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('notice');
run_tests();

__DATA__

=== TEST 1: rewrite_log: what matches, what does not, what comes of it
--- config
    location /old {
        rewrite_log on;
        if ($arg_a ~ ^z) { return 204; }
        rewrite ^/nowhere x;
        rewrite ^/old/(.*)$ /new/$1?b=2 last;
    }
    location /new { return 200 "$uri?$args\n"; }
--- request
GET /old/page?a=1
--- response_body
/new/page?b=2&a=1
--- error_log
"^z" does not match "1"
"^/nowhere" does not match "/old/page"
"^/old/(.*)$" matches "/old/page"
rewritten data: "/new/page", args: "b=2&a=1"

=== TEST 2: redirects
--- config
    rewrite_log on;
    rewrite ^/old/(.*)$ /new/$1 permanent;
--- request
GET /old/page?a=1
--- error_code: 301
--- error_log
rewritten redirect: "/new/page?a=1"

=== TEST 3: off by default
--- config
    location /old { rewrite ^/old/(.*)$ /new/$1 last; }
    location /new { return 200 "$uri\n"; }
--- request
GET /old/page
--- response_body
/new/page
--- no_error_log
matches
rewritten

=== TEST 4: a variable that nothing has set is warned of, unless it is not to be
--- config
    location /a { return 200 "[$never]\n"; }
    location /b { uninitialized_variable_warn off; return 200 "[$silent]\n"; }
    location /c { set $never 1; set $silent 1; }
--- pipelined_requests eval
["GET /a", "GET /b"]
--- response_body eval
["[]\n", "[]\n"]
--- error_log
using uninitialized "never" variable
--- no_error_log
using uninitialized "silent" variable
