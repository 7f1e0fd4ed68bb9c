# set_by_lua, server_rewrite_by_lua, echo
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: set_by_lua with arguments, in the order of set
--- config
    location = /t {
        set $a 1;
        set_by_lua $b "return ngx.arg[1] + ngx.arg[2]" $a 20;
        set $c "$b!";
        set_by_lua_block $d { return ngx.arg[1] == nil and ngx.var.c .. ngx.get_phase() }
        return 200 "$b $c $d";
    }
--- request
GET /t
--- response_body chomp
21 21! 21!set
--- no_error_log
[error]



=== TEST 2: set_by_lua_file; nil is the empty string
--- config
    location = /t {
        set_by_lua_file $a html/a.lua x $uri;
        set_by_lua $b "local x = 1";
        return 200 "[$a][$b]";
    }
--- user_files
>>> a.lua
return ngx.arg[2] .. ngx.arg[1]
--- request
GET /t
--- response_body chomp
[/tx][]
--- no_error_log
[error]



=== TEST 3: a failure ends the request
--- config
    location = /t {
        set_by_lua $a "error('bad')";
        return 200 "$a";
    }
--- request
GET /t
--- error_code: 500
--- error_log
failed to run set_by_lua*: set_by_lua(nginx.conf



=== TEST 4: an error of nil
--- config
    location = /t {
        set_by_lua $a "error(nil)";
        return 200 "$a";
    }
--- request
GET /t
--- error_code: 500
--- error_log
failed to run set_by_lua*: unknown reason



=== TEST 5: no output in set_by_lua
--- config
    location = /t {
        set_by_lua $a "ngx.say('x')";
        return 200 "$a";
    }
--- request
GET /t
--- error_code: 500
--- error_log
API disabled in the context of set_by_lua*



=== TEST 6: set_by_lua in if and in a server
--- config
    set_by_lua $s "return 'server'";
    location = /t {
        set $a no;
        if ($arg_x) {
            set_by_lua_block $a { return "yes" }
        }
        return 200 "$a $s";
    }
--- request eval
["GET /t?x=1", "GET /t"]
--- response_body eval
["yes server", "no server"]
--- no_error_log
[error]



=== TEST 7: server_rewrite_by_lua comes before the server's rewrite directives
--- config
    server_rewrite_by_lua_block {
        ngx.log(ngx.WARN, "phase ", ngx.get_phase(), " uri ", ngx.var.uri)
    }
    rewrite ^ /re;
    location = /re { return 200 "re"; }
--- request
GET /t
--- response_body chomp
re
--- error_log
phase server_rewrite uri /t



=== TEST 8: server_rewrite_by_lua changes the URI
--- config
    server_rewrite_by_lua_block { if ngx.var.uri == "/a" then ngx.req.set_uri("/b") end }
    location = /b { content_by_lua_block { ngx.say(ngx.var.uri) } }
--- request
GET /a
--- response_body
/b
--- no_error_log
[error]



=== TEST 9: server_rewrite_by_lua answers
--- config
    server_rewrite_by_lua_block { ngx.exit(403) }
    location = /t { return 200 "no"; }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 10: echo
--- config
    location = /t {
        set $a b;
        echo one "$a ${arg_x}";
        echo;
        echo -n two;
    }
--- request
GET /t?x=y
--- response_body chomp
one b y

two
--- response_headers
Content-Type: text/plain
!Content-Length
--- no_error_log
[error]



=== TEST 11: $prefix in lua_package_path
--- http_config
    lua_package_path "$prefix/html/?.lua;${prefix}/x/?.lua;;";
--- config
    location = /t { content_by_lua_block { ngx.say(require("m").v) } }
--- user_files
>>> m.lua
return { v = "found" }
--- request
GET /t
--- response_body
found
--- no_error_log
[error]



=== TEST 12: a global that is defined by a request is told of
--- http_config
    init_by_lua_block { early = 1 }
--- config
    location = /t { content_by_lua_block { late = early ngx.say(late) } }
--- request
GET /t
--- response_body
1
--- error_log eval
qr/\[warn\] .*? writing a global Lua variable \('late'\) which may lead to race conditions/
--- no_error_log
('early')
[error]



=== TEST 13: a variable that Lua sets to nil has no value
--- config
    location = /t {
        set $dog 1;
        content_by_lua_block {
            ngx.var.dog = nil
            ngx.say(ngx.var.dog)
            ngx.var.dog = "again"
            ngx.say(ngx.var.dog)
        }
    }
--- request
GET /t
--- response_body
nil
again
--- no_error_log
uninitialized
