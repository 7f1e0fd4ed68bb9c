# the order in which light threads run, what coroutine.status tells, and timers
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: nested threads: those that were ready before come first
--- config
    location = /t {
        content_by_lua_block {
            local function g() ngx.say("in g") end
            local function f()
                ngx.say("before g")
                ngx.thread.spawn(g)
                ngx.say("after g")
            end
            ngx.say("before f")
            ngx.thread.spawn(f)
            ngx.say("after f")
        }
    }
--- request
GET /t
--- response_body
before f
before g
in g
after f
after g
--- no_error_log
[error]



=== TEST 2: threads that give way take turns
--- config
    location = /t {
        content_by_lua_block {
            local function count(name)
                for i = 1, 3 do
                    ngx.say(name, " ", i)
                    coroutine.yield()
                end
            end
            ngx.thread.spawn(count, "f")
            ngx.thread.spawn(count, "g")
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
f 1
g 1
f 2
done
g 2
f 3
g 3
--- no_error_log
[error]



=== TEST 3: status of a thread that waits, that resumed what waits, that is over, that was waited for
--- config
    location = /t {
        content_by_lua_block {
            local function nap() ngx.sleep(0.01) end
            local a = ngx.thread.spawn(nap)
            local b = ngx.thread.spawn(function() coroutine.resume(coroutine.create(nap)) end)
            local c = ngx.thread.spawn(function() end)
            local d = ngx.thread.spawn(function() end)
            ngx.thread.wait(d)
            for _, t in ipairs { a, b, c, d } do
                ngx.print(coroutine.status(t), " ")
            end
            ngx.thread.wait(a)
            ngx.say(coroutine.status(a))
        }
    }
--- request
GET /t
--- response_body
running normal zombie dead dead
--- no_error_log
[error]



=== TEST 4: coroutine.resume adds nothing to what a coroutine returns
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function() ngx.sleep(0.001) end)
            ngx.say(select("#", coroutine.resume(co)))
            local w = coroutine.wrap(function() end)
            ngx.say(select("#", w()))
        }
    }
--- request
GET /t
--- response_body
1
0
--- no_error_log
[error]



=== TEST 5: coroutine.resume says why not
--- config
    location = /t {
        content_by_lua_block {
            local f, g
            g = coroutine.create(function() ngx.say(coroutine.resume(f)) end)
            f = coroutine.create(function() coroutine.resume(g) end)
            coroutine.resume(f)
            ngx.say(coroutine.resume(f))
            ngx.say(coroutine.resume(coroutine.running()))
        }
    }
--- request
GET /t
--- response_body
falsecannot resume normal coroutine
falsecannot resume dead coroutine
falsecannot resume running coroutine
--- no_error_log
[error]



=== TEST 6: coroutine.wrap passes an error on without a place of its own, objects as they are
--- config
    location = /t {
        content_by_lua_block {
            ngx.say((select(2, pcall(coroutine.wrap(function() error("bad", 0) end)))))
            local object = {}
            ngx.say(select(2, pcall(coroutine.wrap(function() error(object) end))) == object)
        }
    }
--- request
GET /t
--- response_body
bad
true
--- no_error_log
[error]



=== TEST 7: exit in a thread ends the handler that spawned it
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("one")
            ngx.thread.spawn(function() ngx.exit(0) end)
            ngx.say("two")
        }
    }
--- request
GET /t
--- response_body
one
--- no_error_log
[error]



=== TEST 8: a timer's lines tell whom it is for, and carry no name of a function
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function()
                print("in timer")
                ngx.timer.at(0, function() print("in timer's timer") end)
            end)
            ngx.sleep(0.02)
            ngx.say("ok")
        }
    }
--- log_level: debug
--- request
GET /t
--- response_body
ok
--- error_log eval
[qr/:3: in timer, context: ngx.timer, client: 127.0.0.1, server: \S+:\d+/,
qr/:4: in timer's timer, context: ngx.timer, client: 127.0.0.1, server: /,
"http lua close fake http connection"]
--- no_error_log
[error]



=== TEST 9: what needs a request says so in a timer
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function()
                local calls = {
                    status = function() local _ = ngx.status end,
                    header = function() local _ = ngx.header.foo end,
                    get_headers = function() ngx.req.get_headers() end,
                    set_header = function() ngx.req.set_header("a", "b") end,
                    get_method = function() ngx.req.get_method() end,
                    body = function() ngx.req.get_body_data() end,
                    set_uri = function() ngx.req.set_uri("/a") end,
                    var = function() local _ = ngx.var.uri end,
                }
                for name, fn in pairs(calls) do
                    local ok, err = pcall(fn)
                    print(name, ": ", err)
                end
            end)
            ngx.sleep(0.02)
            ngx.say("ok")
        }
    }
--- request
GET /t
--- response_body
ok
--- error_log eval
[qr/\bstatus: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bheader: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bget_headers: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bset_header: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bget_method: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bbody: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bset_uri: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/,
qr/\bvar: content_by_lua\(nginx.conf:\d+\):\d+: API disabled in the current context/]



=== TEST 10: more timers at once than may run
--- http_config
    lua_max_running_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 2 do
                ngx.timer.at(0, function() ngx.sleep(0.01) end)
            end
            ngx.sleep(0.03)
            ngx.say("ok")
        }
    }
--- request
GET /t
--- response_body
ok
--- error_log eval
qr/\[alert\] .*? lua failed to run timer with function defined at =content_by_lua\(nginx.conf:\d+\):3: 1 lua_max_running_timers are not enough/



=== TEST 11: the threads that a killed thread has spawned go on
--- config
    location = /t {
        content_by_lua_block {
            local outer = ngx.thread.spawn(function()
                ngx.thread.spawn(function()
                    ngx.sleep(0.01)
                    ngx.say("inner ends")
                end)
                ngx.sleep(10)
            end)
            ngx.say(ngx.thread.kill(outer))
        }
    }
--- request
GET /t
--- response_body
1
inner ends
