# The coroutines that handlers run in, and what is said when one fails
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: the coroutine of a handler that has ended is used again
--- config
    location = /t {
        content_by_lua_block { ngx.say("fine") }
    }
--- pipelined_requests eval
["GET /t", "GET /t"]
--- response_body eval
["fine\n", "fine\n"]
--- grep_error_log eval: qr/lua caching unused lua thread|lua reusing cached lua thread/
--- grep_error_log_out
lua caching unused lua thread
lua reusing cached lua thread
lua caching unused lua thread
--- no_error_log
[error]



=== TEST 2: lua_thread_cache_max_entries: one of two is kept
--- http_config
    lua_thread_cache_max_entries 1;
--- config
    location = /t {
        content_by_lua_block {
            local semaphore = require("ngx.semaphore").new()
            ngx.timer.at(0, function() semaphore:post() end)
            ngx.say(semaphore:wait(10))
        }
    }
--- request
GET /t
--- response_body
true
--- grep_error_log eval: qr/lua caching unused lua thread|lua reusing cached lua thread/
--- grep_error_log_out
lua caching unused lua thread
--- no_error_log
[error]



=== TEST 3: none is kept
--- http_config
    lua_thread_cache_max_entries 0;
--- config
    location = /t {
        content_by_lua_block { ngx.say("fine") }
    }
--- pipelined_requests eval
["GET /t", "GET /t"]
--- response_body eval
["fine\n", "fine\n"]
--- no_error_log
lua thread
[error]



=== TEST 4: the code of a directive is a main chunk, whether it uses its arguments or not
--- config
    location = /none {
        content_by_lua_block {
            local info = debug.getinfo(1, "S")
            ngx.say(info.what, info.linedefined)
            local function inner() ngx.say((debug.traceback("at"):gsub("%(nginx.conf:%d+%)", ""))) end
            inner()
        }
    }
    location = /some {
        content_by_lua_block {
            ngx.say(debug.getinfo(1, "S").what, select("#", ...))
        }
    }
--- pipelined_requests eval
["GET /none", "GET /some"]
--- response_body eval
["main0\nat\nstack traceback:\n\tcontent_by_lua:4: in function 'inner'\n\tcontent_by_lua:5: in main chunk\n", "main0\n"]
--- no_error_log
[error]



=== TEST 5: an error without text
--- config
    location = /t {
        content_by_lua_block { error(nil) }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
["lua entry thread aborted: runtime error: unknown reason", "in function 'error'", ":1: in main chunk"]



=== TEST 6: coroutine.wrap passes an error on as it is; the traceback begins where it was raised
--- config
    location = /t {
        content_by_lua_block {
            local innermost = coroutine.wrap(function() error("went wrong", 0) end)
            local middle = coroutine.wrap(function() innermost() end)
            middle()
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
["lua entry thread aborted: runtime error: went wrong", "coroutine 0:", "coroutine 1:", "coroutine 2:", ":4: in main chunk"]
--- no_error_log
coroutine 3:



=== TEST 7: an error that was caught is not told of with another one
--- config
    location = /t {
        content_by_lua_block {
            pcall(coroutine.wrap(function() error("caught") end))
            error("not caught", 0)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
["lua entry thread aborted: runtime error: not caught", "coroutine 0:", ":3: in main chunk"]
--- no_error_log
coroutine 1:



=== TEST 8: nor with one that has the same text
--- config
    location = /t {
        content_by_lua_block {
            pcall(coroutine.wrap(function() error("alike", 0) end))
            error("alike", 0)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
["lua entry thread aborted: runtime error: alike", "coroutine 0:", ":3: in main chunk"]
--- no_error_log
coroutine 1:



=== TEST 9: an error that was caught keeps no coroutine alive
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "v" })
            local function fail()
                local self = coroutine.running()
                seen[1] = self
                ngx.say(pcall(coroutine.wrap(function() error(self == nil, 0) end)))
            end
            coroutine.resume(coroutine.create(fail))
            collectgarbage()
            collectgarbage()
            ngx.say(seen[1] == nil)
        }
    }
--- request
GET /t
--- response_body
falsefalse
true



=== TEST 10: a light thread that fails says where, too
--- config
    location = /t {
        content_by_lua_block {
            local inner = coroutine.wrap(function() error("deep", 0) end)
            ngx.thread.wait(ngx.thread.spawn(function() inner() end))
            ngx.say("fine")
        }
    }
--- request
GET /t
--- response_body
fine
--- error_log eval
["lua user thread aborted: runtime error: deep", "coroutine 0:", "coroutine 1:"]



=== TEST 11: $prefix in a search path ends with a slash; nothing is put behind a path of C modules
--- http_config
    lua_package_path "${prefix}html/?.lua;;";
    lua_package_cpath "$prefix/html/?.so";
--- user_files
>>> found.lua
return "found"
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "found")
            ngx.say((package.cpath:gsub("^.*/servroot", "")))
        }
    }
--- request
GET /t
--- response_body
found
//html/?.so
--- no_error_log
[error]
