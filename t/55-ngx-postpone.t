# What runs first of a phase: Lua, or the other directives
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: precontent_by_lua_no_postpone: before try_files; inherited, it runs once
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
