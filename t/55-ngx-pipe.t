# ngx.pipe: what OpenResty documents of it, its errors, and the end of processes with their requests.
use Test::Nginx::Socket 'no_plan';

no_root_location();
env_to_nginx("PATH");

add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->request) {
        $block->set_value("request", "GET /t");
    }
    if (!defined $block->error_log && !defined $block->no_error_log) {
        $block->set_value("no_error_log", "[error]");
    }
});

run_tests();

__DATA__

=== TEST 1: write, read in every way, wait
--- config
    location /t {
        content_by_lua_block {
            local proc = assert(require("ngx.pipe").spawn({ "sh", "-c", "cat; printf 'l1\\r\\nl2\\nrest' >&2; exit 3" }))
            ngx.say(type(proc:pid()), " ", proc:write("hello "), " ", proc:write({ "wor", "ld" }), " ", proc:write(7))
            ngx.say(proc:stdout_read_bytes(0) == "", " ", proc:stdout_read_bytes(3), " ", proc:stdout_read_any(2))
            ngx.say(proc:shutdown("stdin"), " ", proc:shutdown("stdin"))
            ngx.say(proc:stdout_read_all())
            ngx.say(proc:stderr_read_line(), "|", proc:stderr_read_line())
            ngx.say(table.concat({ tostring(proc:stderr_read_line()), select(2, proc:stderr_read_line()) }, " "))
            ngx.say(proc:wait())
            ngx.say(proc:wait())
            ngx.say(proc:write("x"))
            ngx.say(proc:stdout_read_line())
            ngx.say(proc:shutdown("stdout"))
            ngx.say(proc:kill(9))
        }
    }
--- response_body
number 6 5 1
true hel lo
true true
 world7
l1|l2
nil closed
falseexit3
nilexited
nilclosed
nilclosed
nilclosed
nilexited



=== TEST 2: partial data, closed and timeout
--- config
    location /t {
        content_by_lua_block {
            local spawn = require("ngx.pipe").spawn
            local proc = spawn("printf abc; exec sleep 60")
            proc:set_timeouts(50, 50, 50, 50)
            local function say(...)
                ngx.say(table.concat({ tostring((...)), select(2, ...) }, ","))
            end
            say(proc:stdout_read_line())
            say(proc:stdout_read_any(10))
            say(proc:stderr_read_bytes(1))
            say(proc:wait())
            local big, n = ("x"):rep(60000), 0
            repeat
                local ok, err = proc:write(big)
                n = n + 1
            until not ok or n == 100
            say(proc:write(big))
            ngx.say(proc:kill(15), " ", table.concat({ tostring(proc:wait()) }, ","))
            proc = spawn({ "printf", "tail" })
            say(proc:stdout_read_bytes(10))
            proc = spawn({ "printf", "tail" })
            say(proc:stdout_read_line())
            say(proc:stdout_read_line())
        }
    }
--- response_body
nil,timeout,abc
nil,timeout,
nil,timeout,
nil,timeout
nil,timeout
true false
nil,closed,tail
nil,closed,tail
nil,closed



=== TEST 3: one reader, one writer, one waiter at a time; shutdown aborts them
--- config
    location /t {
        content_by_lua_block {
            local proc = require("ngx.pipe").spawn({ "sleep", "60" })
            local function twice(f, shutdown)
                local threads = {}
                for i = 1, 2 do
                    threads[i] = ngx.thread.spawn(function()
                        return f()
                    end)
                end
                ngx.say(select(3, ngx.thread.wait(threads[2])))
                if shutdown then
                    proc:shutdown(shutdown)
                end
                return threads[1]
            end
            ngx.say(select(3, ngx.thread.wait(twice(function() return proc:stdout_read_line() end, "stdout"))))
            ngx.say(select(3, ngx.thread.wait(twice(function() return proc:stderr_read_any(1) end, "stderr"))))
            ngx.say(select(3, ngx.thread.wait(twice(function() return proc:write(("x"):rep(1e6)) end, "stdin"))))
            local waiter = twice(function() return proc:wait() end)
            proc:kill(9)
            ngx.say(select(2, ngx.thread.wait(waiter)))
        }
    }
--- response_body
pipe busy reading
aborted
pipe busy reading
aborted
pipe busy writing
aborted
pipe busy waiting
falsesignal9



=== TEST 4: merged output, environment, numbers as arguments, a program that is not there
--- config
    location /t {
        content_by_lua_block {
            local spawn = require("ngx.pipe").spawn
            local proc = spawn({ "sh", "-c", "echo $A; echo err >&2" }, { merge_stderr = true, environ = { "A=b" } })
            ngx.say(proc:stdout_read_all(), proc:stderr_read_line())
            ngx.say(proc:shutdown("stderr"))
            ngx.say(spawn({ "sh", "-c", 'echo "${PATH:+path}"' }, { environ = {} }):stdout_read_line())
            ngx.say(spawn({ "expr", 1, "+", 2 }):stdout_read_line())
            proc = spawn({ "/no/such", "program" })
            ngx.say(proc:stdout_read_all(), proc:wait())
        }
    }
--- response_body
b
err
nilmerged to stdout
nilmerged to stdout
path
3
falseexit1
--- error_log
lua pipe child execvp() failed while executing /no/such (2: No such file or directory)



=== TEST 5: misuse is an error where it happens
--- config
    location /t {
        content_by_lua_block {
            local spawn = require("ngx.pipe").spawn
            local function say(...)
                local ok, err = pcall(...)
                ngx.say(ok and "fine" or err)
            end
            say(spawn)
            say(spawn, {})
            say(spawn, { "true" }, { buffer_size = 0 })
            say(spawn, { "true" }, { environ = "A=b" })
            say(spawn, { "true" }, { environ = { "A" } })
            say(spawn, { "true" }, { environ = { 1 } })
            say(spawn, { "true" }, { wait_timeout = -1 })
            local proc = spawn({ "cat" })
            say(proc.set_timeouts, proc, nil, 2 ^ 32)
            say(proc.set_timeouts, proc, nil, nil, 0, 2 ^ 32 - 1)
            say(proc.write, proc, true)
            say(proc.stdout_read_bytes, proc, -1)
            say(proc.stderr_read_any, proc, 0)
            say(proc.shutdown, proc, "in")
            say(proc.kill, proc)
            ngx.say(proc:kill(10000))
            say(proc.wait)
            say(proc.wait, {})
        }
        log_by_lua_block {
            local proc = require("ngx.pipe").spawn({ "true" })
            ngx.log(ngx.WARN, select(2, pcall(proc.wait, proc)))
            ngx.log(ngx.WARN, select(2, pcall(proc.stdout_read_line, proc)))
            ngx.log(ngx.WARN, select(2, pcall(proc.write, proc, "x")))
        }
    }
--- response_body
bad args arg: table expected, got nil
bad args arg: non-empty table expected
bad buffer_size option
bad environ option: table expected, got string
bad value at index 1 of environ option: 'name=[value]' format expected, got 'A'
bad value at index 1 of environ option: string expected, got number
bad wait_timeout option
bad stdout_read_timeout option
fine
bad data arg: string, number, or table expected, got boolean
bad len argument
bad max argument
bad shutdown arg: in
bad signal arg: number expected, got nil
nilinvalid signal
not a process instance
not a process instance
--- error_log
API disabled in the context of log_by_lua*



=== TEST 6: a process ends with its request, whoever still has the object; a subrequest may use it
--- config
    location /start {
        content_by_lua_block {
            package.loaded.kept = require("ngx.pipe").spawn({ "sh", "-c", "read x; echo $x; exec sleep 60" })
            ngx.say(ngx.location.capture("/use").body, package.loaded.kept:pid())
        }
    }
    location /use {
        content_by_lua_block {
            local proc = package.loaded.kept
            proc:write("from below\n")
            ngx.say(proc:stdout_read_line())
        }
    }
    location /later {
        content_by_lua_block {
            local proc = package.loaded.kept
            for _ = 1, 1000 do
                local f = io.open("/proc/" .. proc:pid() .. "/stat")
                if not f then
                    break
                end
                f:close()
                ngx.sleep(0.01)
            end
            ngx.say(io.open("/proc/" .. proc:pid() .. "/stat"))
            ngx.say(proc:stdout_read_line())
            ngx.say(proc:wait())
        }
    }
--- pipelined_requests eval
["GET /start", "GET /later"]
--- response_body_like eval
["^from below\n\\d+\n\$", "^nil.*\nnilclosed\nnilexited\n\$"]



=== TEST 7: in a timer, and it ends with the timer
--- config
    location /t {
        content_by_lua_block {
            local result, kept
            ngx.timer.at(0, function()
                local proc = require("ngx.pipe").spawn({ "cat" })
                kept = proc
                proc:write("ticks\n")
                result = proc:stdout_read_line()
            end)
            repeat
                ngx.sleep(0.01)
            until result
            ngx.say(result)
            ngx.sleep(0.01)
            ngx.say(kept:stdout_read_line())
        }
    }
--- response_body
ticks
nilclosed



=== TEST 8: a killed thread leaves its direction to others
--- config
    location /t {
        content_by_lua_block {
            local proc = require("ngx.pipe").spawn({ "cat" })
            local thread = ngx.thread.spawn(function()
                proc:stdout_read_line()
                ngx.say("not reached")
            end)
            ngx.thread.kill(thread)
            thread = ngx.thread.spawn(function()
                proc:wait()
                ngx.say("not reached")
            end)
            ngx.thread.kill(thread)
            proc:write("a line\n")
            ngx.say(proc:stdout_read_line())
            proc:shutdown("stdin")
            ngx.say(proc:wait())
        }
    }
--- response_body
a line
trueexit0
--- error_log
lua pipe proc read stdout cleanup
lua pipe proc wait cleanup



=== TEST 9: the process waits for its reader: the loop goes on meanwhile
--- config
    location /t {
        content_by_lua_block {
            local proc = require("ngx.pipe").spawn({ "sh", "-c", "read x; echo $x" })
            local ticks = 0
            ngx.thread.spawn(function()
                while ticks < 5 do
                    ngx.sleep(0.005)
                    ticks = ticks + 1
                end
                proc:write("after " .. ticks .. "\n")
            end)
            ngx.say(proc:stdout_read_line())
        }
    }
--- response_body
after 5



=== TEST 10: not while the configuration is read
--- http_config
    init_by_lua_block {
        package.loaded.said = select(2, pcall(require("ngx.pipe").spawn, { "true" }))
    }
--- config
    location /t {
        content_by_lua_block {
            ngx.say(package.loaded.said)
        }
    }
--- response_body
API disabled in the current context



=== TEST 11: whoever reads while another waits for the end reads on to the end
--- config
    location /t {
        content_by_lua_block {
            local proc = require("ngx.pipe").spawn({ "sh", "-c", "for i in 1 2 3 4 5; do echo $i$(printf %070000d 0); done" })
            local n, err = 0
            local reader = ngx.thread.spawn(function()
                local data
                repeat
                    data, err = proc:stdout_read_any(1000)
                    n = n + #(data or "")
                    ngx.sleep(0)
                until not data
            end)
            ngx.say(proc:wait())
            ngx.thread.wait(reader)
            ngx.say(n, " ", err)
            ngx.say(proc:stderr_read_any(1))
            ngx.say(proc:stdout_read_any(1))
        }
    }
--- response_body
trueexit0
350010 closed
nilclosed
nilclosed
