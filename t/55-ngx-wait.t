# ngx.sleep, ngx.thread, ngx.timer, ngx.semaphore, ngx.on_abort
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: sleep
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.now()
            ngx.sleep(0.05)
            ngx.update_time()
            local d = ngx.now() - a
            ngx.say(d >= 0.045 and d < 1)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 2: sleep of nothing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.sleep)
            ngx.say((err:gsub("^.*bad", "bad")))
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to 'sleep' (number expected, got no value)
--- no_error_log
[error]



=== TEST 3: sleep of less than nothing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.sleep, -1)
            ngx.say((err:gsub("^.*invalid", "invalid")))
        }
    }
--- request
GET /t
--- response_body
invalid sleep duration "-1000"
--- no_error_log
[error]



=== TEST 4: sleep in a filter
--- config
    header_filter_by_lua_block {
        local ok, err = pcall(ngx.sleep, 0)
        ngx.log(ngx.WARN, err)
    }
    location = /t {
        content_by_lua_block {
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
API disabled in the context of header_filter_by_lua*



=== TEST 5: sleep inside a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function() ngx.sleep(0.01) coroutine.yield(1) ngx.sleep(0.01) return 2 end)
            ngx.say(coroutine.resume(co))
            ngx.say(coroutine.resume(co))
            ngx.say(coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
true1
true2
dead
--- no_error_log
[error]



=== TEST 6: sleep in rewrite and access
--- config
    location = /t {
        rewrite_by_lua_block { ngx.sleep(0.01) ngx.ctx.a = 1 }
        access_by_lua_block { ngx.sleep(0.01) ngx.ctx.b = 2 }
        content_by_lua_block { ngx.say(ngx.ctx.a, ngx.ctx.b) }
    }
--- request
GET /t
--- response_body
12
--- no_error_log
[error]



=== TEST 7: spawn runs at once
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("before")
            local t = ngx.thread.spawn(function(a) ngx.say("in ", a) end, 1)
            ngx.say("after ", type(t), " ", coroutine.status(t))
        }
    }
--- request
GET /t
--- response_body
before
in 1
after thread zombie
--- no_error_log
[error]



=== TEST 8: wait for results
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() ngx.sleep(0.01) return 1, 2 end)
            ngx.say(ngx.thread.wait(t))
        }
    }
--- request
GET /t
--- response_body
true12
--- no_error_log
[error]



=== TEST 9: wait for an error
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() ngx.sleep(0.01) error("boom", 0) end)
            ngx.say(ngx.thread.wait(t))
        }
    }
--- request
GET /t
--- response_body
falseboom
--- error_log
lua user thread aborted: runtime error: boom



=== TEST 10: wait for the first of two
--- config
    location = /t {
        content_by_lua_block {
            local function f(n) ngx.sleep(n) return n end
            local a, b = ngx.thread.spawn(f, 0.1), ngx.thread.spawn(f, 0.01)
            ngx.say(ngx.thread.wait(a, b))
        }
    }
--- request
GET /t
--- response_body
true0.01
--- no_error_log
[error]



=== TEST 11: threads run side by side
--- config
    location = /t {
        content_by_lua_block {
            local t, at_work, most = {}, 0, 0
            for i = 1, 5 do
                t[i] = ngx.thread.spawn(function()
                    at_work = at_work + 1
                    most = math.max(most, at_work)
                    ngx.sleep(0.05)
                    at_work = at_work - 1
                end)
            end
            for i = 1, 5 do ngx.thread.wait(t[i]) end
            ngx.say(most, " ", at_work)
        }
    }
--- request
GET /t
--- response_body
5 0
--- no_error_log
[error]



=== TEST 12: the request waits for its threads
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.sleep(0.02) ngx.say("thread") end)
            ngx.say("entry")
        }
    }
--- request
GET /t
--- response_body
entry
thread
--- no_error_log
[error]



=== TEST 13: wait twice
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() end)
            ngx.say(ngx.thread.wait(t))
            ngx.say(ngx.thread.wait(t))
        }
    }
--- request
GET /t
--- response_body
true
nilalready waited or killed
--- no_error_log
[error]



=== TEST 14: wait for what is no thread
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.thread.wait, coroutine.create(print))
            ngx.say((err:gsub("^.*attempt", "attempt")))
        }
    }
--- request
GET /t
--- response_body
attempt to wait on a coroutine that is not a user thread
--- no_error_log
[error]



=== TEST 15: wait for a number
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.thread.wait, 1)
            ngx.say((err:gsub("^.*bad", "bad")))
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to 'wait' (lua thread expected)
--- no_error_log
[error]



=== TEST 16: kill
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() ngx.sleep(0.02) ngx.say("never") end)
            ngx.say(ngx.thread.kill(t))
            ngx.say(ngx.thread.kill(t))
            ngx.sleep(0.04)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
1
nilalready waited or killed
done
--- no_error_log
[error]



=== TEST 17: kill what is over
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() end)
            ngx.say(ngx.thread.kill(t))
        }
    }
--- request
GET /t
--- response_body
nilalready terminated
--- no_error_log
[error]



=== TEST 18: exit in a thread ends all
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.sleep(0.01) ngx.say("thread") ngx.exit(200) end)
            ngx.say("entry")
            ngx.sleep(1)
            ngx.say("never")
        }
    }
--- request
GET /t
--- response_body
entry
thread
--- no_error_log
[error]



=== TEST 19: exit at once in a thread
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.exit(403) end)
            ngx.say("never")
        }
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
[error]



=== TEST 20: exit in the entry ends threads
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.sleep(0.02) ngx.log(ngx.ERR, "never") end)
            ngx.say("entry")
            ngx.exit(200)
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
entry
--- no_error_log
[error]



=== TEST 21: exit in a thread after the entry
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.sleep(0.01) ngx.exit(403) end)
        }
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
[error]



=== TEST 22: threads in access
--- config
    location = /t {
        access_by_lua_block { ngx.thread.spawn(function() ngx.sleep(0.01) ngx.ctx.a = 1 end) }
        content_by_lua_block { ngx.say(ngx.ctx.a) }
    }
--- request
GET /t
--- response_body
1
--- no_error_log
[error]



=== TEST 23: coroutine.yield in a thread
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.thread.spawn(function() for i = 1, 2 do ngx.say("t", i) coroutine.yield() end end)
            ngx.say("e")
            ngx.thread.wait(t)
            ngx.say("end")
        }
    }
--- request
GET /t
--- response_body
t1
e
t2
end
--- no_error_log
[error]



=== TEST 24: timer.at
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.timer.at(0, function(premature, a) ngx.log(ngx.WARN, "timer: ", premature, " ", a, " ", ngx.get_phase()) end, "x"))
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
1
--- error_log
timer: false x timer
context: ngx.timer



=== TEST 25: a timer may wait
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function() ngx.sleep(0.01) ngx.log(ngx.WARN, "slept") end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
x
--- error_log
slept



=== TEST 26: a timer that fails
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function() error("boom") end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
x
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf:
boom



=== TEST 27: timer.every
--- config
    location = /t {
        content_by_lua_block {
            local n, start = 0, ngx.now()
            ngx.timer.every(0.02, function() n = n + 1 end)
            while n < 3 do ngx.sleep(0.01) end
            ngx.update_time()
            ngx.say(n <= (ngx.now() - start) / 0.02 + 1, " ", ngx.timer.pending_count() >= 1)
        }
    }
--- request
GET /t
--- response_body
true true
--- no_error_log
[error]



=== TEST 28: timer.every of nothing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.timer.every, 0, function() end)
            ngx.say((err:gsub("^.*delay", "delay")))
        }
    }
--- request
GET /t
--- response_body
delay cannot be zero
--- no_error_log
[error]



=== TEST 29: timer without a function
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.timer.at, 0, print)
            ngx.say((err:gsub("^.*bad", "bad")))
        }
    }
--- request
GET /t
--- response_body
bad argument #2 to 'at' (Lua function expected)
--- no_error_log
[error]



=== TEST 30: timer counts
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.timer.pending_count(), ngx.timer.running_count())
            ngx.timer.at(10, function() end)
            ngx.say(ngx.timer.pending_count())
        }
    }
--- request
GET /t
--- response_body
00
1
--- no_error_log
[error]



=== TEST 31: a pending timer runs when the server ends
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(100, function(premature)
                ngx.log(ngx.WARN, "premature: ", premature, " ", select(2, ngx.timer.at(1, function() end)))
                ngx.timer.at(0, function(again) ngx.log(ngx.WARN, "one more: ", again) end)
            end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- shutdown_error_log
premature: true process exiting
one more: false
--- response_body
x
--- no_error_log
[error]



=== TEST 32: say in a timer is refused
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function() local ok, err = pcall(ngx.say, 1) ngx.log(ngx.WARN, err) end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
x
--- error_log
API disabled in the context of ngx.timer



=== TEST 33: threads in a timer
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function() local t = ngx.thread.spawn(function() ngx.sleep(0.01) return 5 end) ngx.log(ngx.WARN, "got ", select(2, ngx.thread.wait(t))) end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- wait: 0.1
--- response_body
x
--- error_log
got 5



=== TEST 34: semaphore
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new(1)
            ngx.say(s:wait(0), " ", s:count())
            ngx.say(s:wait(0))
            ngx.say(s:wait(0.01))
        }
    }
--- request
GET /t
--- response_body
true 0
niltimeout
niltimeout
--- no_error_log
[error]



=== TEST 35: semaphore wakes
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            local t = ngx.thread.spawn(function() local ok = s:wait(1) ngx.say("woken ", ok) end)
            ngx.say(s:count())
            s:post()
            ngx.thread.wait(t)
            ngx.say(s:count())
        }
    }
--- request
GET /t
--- response_body
-1
woken true
0
--- no_error_log
[error]



=== TEST 36: a wait that was woken leaves no timer
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            ngx.thread.spawn(function() s:wait(0.02) local a = ngx.now() ngx.sleep(0.1) ngx.update_time() ngx.say(ngx.now() - a > 0.08) end)
            s:post()
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 37: on_abort without lua_check_client_abort
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.on_abort(function() end))
        }
    }
--- request
GET /t
--- response_body
nillua_check_client_abort is off
--- no_error_log
[error]



=== TEST 38: on_abort twice
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.on_abort(function() end))
            ngx.say(ngx.on_abort(function() end))
        }
    }
--- request
GET /t
--- response_body
1
nilduplicate call
--- no_error_log
[error]



=== TEST 39: on_abort
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function() ngx.log(ngx.WARN, "aborted") ngx.exit(499) end)
            ngx.sleep(2)
            ngx.log(ngx.ERR, "never")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.2
--- wait: 0.2
--- ignore_response
--- error_log
aborted



=== TEST 40: init_by_lua has ngx
--- config
    location = /t { content_by_lua_block { ngx.say(started) } }
--- http_config
    init_by_lua_block { started = ngx.get_phase() .. " " .. ngx.md5(""):sub(1, 4) }
--- request
GET /t
--- response_body
init d41d
--- no_error_log
[error]



=== TEST 41: init_worker_by_lua may start timers
--- config
    location = /t { content_by_lua_block { ngx.say("x") } }
--- http_config
    init_worker_by_lua_block { ngx.timer.at(0, function() ngx.log(ngx.WARN, "from ", ngx.get_phase()) end) }
--- request
GET /t
--- response_body
x
--- error_log
from timer



=== TEST 42: a semaphore in a phase that cannot wait: the refusal is returned, whatever there is to take
--- config
    location = /t {
        return 200 "ok\n";
        header_filter_by_lua_block {
            local s = require("ngx.semaphore").new(1)
            ngx.log(ngx.WARN, "took ", tostring(s:wait(1)), ": ", (select(2, s:wait(1))), "; ", s:count(), " left")
        }
    }
--- request
GET /t
--- response_body
ok
--- error_log
took nil: API disabled in the context of header_filter_by_lua*; 1 left



=== TEST 43: semaphore: who comes later does not overtake; a thread that was killed takes nothing
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            local said = {}
            local function wait(id)
                local ok = s:wait(10)
                said[#said + 1] = id .. (ok and "+" or "-")
            end
            local killed, a, b = ngx.thread.spawn(wait, "k"), ngx.thread.spawn(wait, "a"), ngx.thread.spawn(wait, "b")
            ngx.thread.kill(killed)
            s:post(2)
            said[#said + 1] = "main" .. (s:wait(0) and "+" or "-")
            ngx.thread.wait(a)
            ngx.thread.wait(b)
            s:post(1)
            said[#said + 1] = "main" .. (s:wait(0) and "+" or "-") .. s:count()
            ngx.say(table.concat(said, " "))
        }
    }
--- request
GET /t
--- response_body
main- a+ b+ main+0



=== TEST 44: semaphore: who is killed after a post leaves what it would have got to the next one
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            local function wait()
                ngx.say("took ", s:wait(10))
            end
            local killed, other = ngx.thread.spawn(wait), ngx.thread.spawn(wait)
            s:post()
            ngx.say(s:count())
            ngx.thread.kill(killed)
            ngx.thread.wait(other)
            ngx.say(s:count())
        }
    }
--- request
GET /t
--- response_body
-1
took true
0



=== TEST 45: semaphore: those who wait get what was posted when everything that is ready has run
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            local threads = {}
            for i = 1, 2 do
                threads[i] = ngx.thread.spawn(function()
                    s:wait(10)
                    ngx.say("woken ", i)
                end)
            end
            for i = 3, 4 do
                threads[i] = ngx.thread.spawn(function()
                    s:post()
                    ngx.say("post ", i)
                end)
            end
            for i = 1, 4 do
                ngx.thread.wait(threads[i])
            end
        }
    }
--- request
GET /t
--- response_body
post 3
post 4
woken 1
woken 2



=== TEST 46: semaphore: what happens is told at the level debug
--- config
    location = /t {
        content_by_lua_block {
            local s = require("ngx.semaphore").new()
            local waits = ngx.thread.spawn(function() s:wait(10) end)
            ngx.thread.kill(waits)
            ngx.sleep(0)
            s:post(2)
            ngx.say(s:count())
        }
    }
--- request
GET /t
--- log_level: debug
--- response_body
2
--- grep_error_log eval: qr/http lua semaphore (?:new|wait yielding|wait|cleanup|post)/
--- grep_error_log_out
http lua semaphore new
http lua semaphore wait
http lua semaphore wait yielding
http lua semaphore cleanup
http lua semaphore post



=== TEST 47: a sleep is over when ngx.now has moved on by more than it was to take
--- config
    location = /t {
        content_by_lua_block {
            local early = 0
            for i = 1, 40 do
                ngx.update_time()
                local until_then = ngx.now() + 0.003
                ngx.sleep(0.003)
                if ngx.now() <= until_then then
                    early = early + 1
                end
            end
            ngx.say(early, " were early")
        }
    }
--- request
GET /t
--- response_body
0 were early
--- no_error_log
[error]



=== TEST 48: light threads of a timer: it is over with the last of them; ngx.exit in one ends all; what has ended is not counted
--- config
    location = /t {
        content_by_lua_block {
            local told = {}
            ngx.timer.at(0, function()
                ngx.ctx.said = "by the first"
                ngx.thread.spawn(function()
                    while not told[1] do
                        ngx.sleep(0.001)
                    end
                    told[2] = ngx.ctx.said .. " " .. ngx.timer.running_count()
                end)
                told[1] = true
            end)
            while not told[2] do
                ngx.sleep(0.001)
            end
            ngx.say(told[2])
            ngx.timer.at(0, function()
                ngx.thread.spawn(function()
                    ngx.sleep(0.001)
                    ngx.exit(ngx.OK)
                end)
                ngx.sleep(100)
                ngx.log(ngx.ERR, "not reached")
            end)
            ngx.timer.at(0, function() ngx.exit(ngx.OK) end)
            while ngx.timer.pending_count() + ngx.timer.running_count() > 0 do
                ngx.sleep(0.001)
            end
            ngx.say("all over")
        }
    }
--- request
GET /t
--- response_body
by the first 1
all over
--- error_log
lua clean up the timer for pending ngx.sleep
http lua close fake http connection
--- no_error_log
[error]



=== TEST 49: ngx.exit in a light thread of a task that is no timer's ends nobody else
--- config
    location = /t {
        content_by_lua_block {
            local task = require "perilune.task"
            local gone, exiting, other
            task.detach(function()
                task.defer(function() gone = true end)
                while not other do
                    ngx.sleep(0.001)
                end
            end)
            task.detach(function()
                ngx.thread.spawn(function()
                    ngx.sleep(0.001)
                    exiting = true
                    ngx.exit(ngx.OK)
                end)
                repeat
                    ngx.sleep(0.001)
                until exiting
                ngx.sleep(0.001)
                other = true
            end)
            repeat
                ngx.sleep(0.001)
            until other or gone
            ngx.say(other and "both went on" or "killed")
        }
    }
--- request
GET /t
--- response_body
both went on
--- no_error_log
[error]



=== TEST 50: the end of a timer's ngx.ctx is told where the level asks for it, as that of a request's
--- config
    location = /t { content_by_lua_block {
        local done
        ngx.timer.at(0, function()
            ngx.ctx.name = "mine"
            done = ngx.ctx.name
        end)
        repeat
            ngx.sleep(0.001)
        until done
        ngx.say(done)
    } }
--- request
GET /t
--- response_body
mine
--- log_level: debug
--- error_log
lua release ngx.ctx at ref 1



=== TEST 51: whoever goes on without its client may give the answer a status and fields
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local left = require("ngx.semaphore").new()
            ngx.on_abort(function() left:post() end)
            assert(left:wait(10))
            ngx.log(ngx.WARN, "sent: ", ngx.headers_sent)
            ngx.status = 201
            ngx.header["X-A"] = "b"
            ngx.log(ngx.WARN, "nobody: ", ngx.status, ngx.header["X-A"], select(2, ngx.say("ab")))
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.2
--- ignore_response
--- error_log
sent: false
nobody: 201b
--- no_error_log
[error]



=== TEST 52: a server that ends waits for the functions of timers that run, and for their light threads
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function()
                repeat ngx.sleep(0.02) until ngx.worker.exiting()
                ngx.thread.spawn(function()
                    ngx.sleep(0.2)
                    ngx.log(ngx.WARN, "thread: ", ngx.worker.exiting())
                end)
            end)
            ngx.timer.at(100, function(premature)
                ngx.sleep(0.1)
                ngx.log(ngx.WARN, "flushed: ", premature)
            end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_body
x
--- shutdown_error_log
thread: true
flushed: true



=== TEST 53: a worker that ends does the same, for as long as worker_shutdown_timeout allows
--- main_config
    worker_shutdown_timeout 2s;
--- master_on
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(100, function(premature)
                ngx.sleep(0.1)
                ngx.log(ngx.WARN, "flushed: ", premature)
                ngx.sleep(100)
                ngx.log(ngx.WARN, "never")
            end)
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_body
x
--- shutdown_error_log
flushed: true
worker_shutdown_timeout is over
--- no_shutdown_error_log
never



=== TEST 54: of a thread that called error: what it gave it, then the message with its place
--- config
    location = /t {
        content_by_lua_block {
            local function try(fn)
                local ok, err, message = ngx.thread.wait(ngx.thread.spawn(fn))
                ngx.say(ok, " ", tostring(err), " ", (tostring(message):gsub("%d+%)", "N)")))
            end
            try(function() error "at once" end)
            try(function() ngx.sleep(0.001) error "later" end)
            try(function() error("with a level", 2) end)
            try(function() error("as it is", 0) end)
            try(function() error(setmetatable({}, { __tostring = function() return "object" end })) end)
            local ok, err = ngx.thread.wait(ngx.thread.spawn(function() local none; return none.field end))
            ngx.say(ok, " ", (err:gsub("%d+%)", "N)")))
        }
    }
--- request
GET /t
--- response_body
false at once content_by_lua(nginx.conf:N):6: at once
false later content_by_lua(nginx.conf:N):7: later
false with a level nil
false as it is nil
false object nil
false content_by_lua(nginx.conf:N):11: attempt to index local 'none' (a nil value)
--- error_log
lua user thread aborted: runtime error: content_by_lua(



=== TEST 55: connections are not kept by a worker that ends, which a debug line says
--- master_on
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            ngx.timer.at(100, function()
                local sock = ngx.socket.tcp()
                sock:connect("127.0.0.1", port)
                ngx.log(ngx.WARN, "kept: ", sock:setkeepalive())
            end)
            os.execute("kill -HUP " .. require "ngx.process".get_master_pid())
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_body
x
--- wait: 0.5
--- error_log
lua tcp socket set keepalive while process exiting, closing connection
kept: 1
