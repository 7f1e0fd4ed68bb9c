# What runs first of a phase: Lua, or the other directives
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: access_by_lua runs behind deny
--- config
    location = /t {
        access_by_lua_block { ngx.exit(401) }
        deny all;
    }
--- request
GET /t
--- error_code: 403



=== TEST 2: access_by_lua_no_postpone: before it; where Lua grants, deny decides
--- http_config
    access_by_lua_no_postpone on;
--- config
    deny all;
    location = /own {
        access_by_lua_block { ngx.exit(401) }
        deny all;
    }
    location = /inherited {
        access_by_lua_block { ngx.exit(401) }
    }
    location = /granted {
        access_by_lua_block { ngx.log(ngx.WARN, "let in") }
    }
--- pipelined_requests eval
["GET /own", "GET /inherited", "GET /granted"]
--- error_code eval
[401, 401, 403]
--- grep_error_log: let in
--- grep_error_log_out
let in



=== TEST 3: precontent_by_lua_no_postpone: before try_files; inherited, it runs once
--- http_config
    precontent_by_lua_no_postpone on;
    precontent_by_lua_block { ngx.log(ngx.WARN, "first") }
--- config
    location = /t {
        try_files /none @other;
    }
    location @other {
        return 200 "other\n";
    }
    location = /mirrored {
        mirror /m;
        content_by_lua_block { ngx.say("mirrored") }
    }
    location = /m {
        precontent_by_lua_block { }
        content_by_lua_block { }
    }
--- pipelined_requests eval
["GET /t", "GET /mirrored"]
--- response_body eval
["other\n", "mirrored\n"]
--- grep_error_log: first
--- grep_error_log_out
first
first
--- no_error_log
[error]
