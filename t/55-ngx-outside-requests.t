# ngx.* where there is no request: init_worker_by_lua, timers, exit_worker_by_lua; the workers of a master.
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->request) {
        $block->set_value("request", "GET /t");
    }
});

run_tests();

__DATA__

=== TEST 1: ngx.ctx of init_worker and of timers: of each timer its own, shared with its light threads
--- http_config
    init_worker_by_lua_block {
        ngx.ctx.a = "worker"
        package.loaded.said = { ngx.ctx.a }
        ngx.ctx = { b = "set" }
        table.insert(package.loaded.said, ngx.ctx.b .. tostring(ngx.ctx.a))
    }
--- config
    location /t {
        content_by_lua_block {
            local said, done = package.loaded.said, 0
            local function note(value)
                ngx.ctx.value = value
                ngx.thread.wait(ngx.thread.spawn(function()
                    ngx.sleep(0.001)
                    table.insert(said, value .. tostring(ngx.ctx.value == value) .. tostring(ngx.ctx.b))
                end))
                ngx.ctx = { again = value }
                table.insert(said, ngx.ctx.again .. tostring(ngx.ctx.value))
                done = done + 1
            end
            ngx.timer.at(0, function() note("x") end)
            ngx.timer.at(0, function() note("y") end)
            repeat
                ngx.sleep(0.001)
            until done == 2
            table.sort(said)
            ngx.say(table.concat(said, " "), " ", tostring(ngx.ctx.value))
        }
    }
--- response_body
setnil worker xnil xtruenil ynil ytruenil nil
--- no_error_log
[error]



=== TEST 2: lines of init_worker and exit_worker name their context; no timer in the latter
--- http_config
    init_worker_by_lua_block { ngx.log(ngx.WARN, "begun") }
    exit_worker_by_lua_block {
        ngx.log(ngx.WARN, "ends")
        ngx.timer.at(0, function() end)
    }
--- config
    location /t { return 204; }
--- error_code: 204
--- error_log
begun, context: init_worker_by_lua*
--- shutdown_error_log
ends, context: exit_worker_by_lua*
API disabled in the context of exit_worker_by_lua*



=== TEST 3: Lua that cannot be loaded, of the workers' beginning and end
--- http_config
    init_worker_by_lua_block {
        local x = = 1
    }
    exit_worker_by_lua_file html/exit.lua;
--- config
    location /t { return 204; }
--- user_files
>>> exit.lua
error(
--- error_code: 204
--- error_log eval
qr/\[error\] .* init_worker_by_lua error: init_worker_by_lua\(nginx.conf:\d+\):2: unexpected symbol near '='/
--- shutdown_error_log eval
qr/\[error\] .* exit_worker_by_lua_file error: \S+exit.lua:2: unexpected symbol near '<eof>'/



=== TEST 4: sockets of timers go by the level of http
--- http_config
    lua_socket_log_errors off;
--- config
    location /t {
        lua_socket_log_errors on;
        content_by_lua_block {
            local said
            ngx.timer.at(0, function()
                local ok, err = ngx.socket.tcp():connect("127.0.0.1", 1)
                said = err
            end)
            repeat
                ngx.sleep(0.001)
            until said
            ngx.say(said)
        }
    }
--- response_body
connection refused
--- no_error_log
connect() failed



=== TEST 5: a single process
--- config
    location /t {
        content_by_lua_block {
            local process = require "ngx.process"
            local pids = ngx.worker.pids()
            ngx.say(process.type(), " ", #pids, " ", pids[1] == ngx.worker.pid(), " ",
                process.get_master_pid() == ngx.worker.pid())
        }
    }
--- response_body
single 1 true true



=== TEST 6: workers of a master know each other; init_by_lua runs in the master
--- master_on
--- workers: 3
--- http_config
    init_by_lua_block {
        package.loaded.kind = require("ngx.process").type()
    }
--- config
    location /t {
        content_by_lua_block {
            local process = require "ngx.process"
            local pids
            repeat
                pids = ngx.worker.pids()
                ngx.sleep(0.01)
            until #pids == 3
            local own, different = false, {}
            for _, pid in ipairs(pids) do
                own = own or pid == ngx.worker.pid()
                different[pid] = true
            end
            local n = 0
            for _ in pairs(different) do
                n = n + 1
            end
            ngx.say(package.loaded.kind, " ", process.type(), " ", own, " ", n, " ",
                process.get_master_pid() ~= ngx.worker.pid())
        }
    }
--- response_body
master worker true 3 true



=== TEST 7: a privileged agent runs init_worker_by_lua and timers, accepts nothing, ends with the others
--- master_on
--- workers: 2
--- http_config
    lua_shared_dict seen 1m;
    init_by_lua_block {
        local enable = require("ngx.process").enable_privileged_agent
        package.loaded.refused = select(2, enable(-1)):match("^bad 'connections' argument")
        assert(enable(10))
    }
    init_worker_by_lua_block {
        local process = require "ngx.process"
        ngx.shared.seen:incr(process.type(), 1, 0)
        if process.type() == "privileged agent" then
            ngx.shared.seen:set("id", tostring(ngx.worker.id()))
            ngx.timer.at(0, function()
                ngx.shared.seen:set("pid", ngx.worker.pid())
            end)
        end
    }
    exit_worker_by_lua_block { ngx.log(ngx.NOTICE, "the end of a ", require("ngx.process").type()) }
--- config
    location /t {
        content_by_lua_block {
            local seen, process = ngx.shared.seen, require "ngx.process"
            repeat
                ngx.sleep(0.01)
            until seen:get("pid") and seen:get("worker") == 2
            -- whether one of the descriptors of the agent is a socket that listens
            local listens = {}
            for line in io.lines("/proc/net/tcp") do
                local state, inode = line:match("^%s*%d+: %S+ %S+ (%x+) %S+ %S+ %S+%s+%d+%s+%d+ (%d+)")
                listens[inode or ""] = state == "0A"
            end
            local function count(pid)
                local f, sockets = io.popen("ls -l /proc/" .. pid .. "/fd"), 0
                for line in f:lines() do
                    sockets = sockets + (listens[line:match("socket:%[(%d+)%]")] and 1 or 0)
                end
                f:close()
                return sockets
            end
            ngx.say(process.type(), " ", seen:get("privileged agent"), " ", seen:get("id"), " ", count(seen:get("pid")), " ",
                count(ngx.worker.pid()) > 0, " ",
                #ngx.worker.pids(), " ", select(2, process.enable_privileged_agent()),
                " ", package.loaded.refused)
        }
    }
--- response_body
worker 1 nil 0 true 2 API disabled in the current context bad 'connections' argument
--- error_log
start privileged agent process
--- shutdown_error_log
the end of a privileged agent
the end of a worker
privileged agent process



=== TEST 8: every timer that waits runs when the process ends, however many may run at a time
--- http_config
    lua_shared_dict seen 1m;
    lua_max_running_timers 2;
    exit_worker_by_lua_block { ngx.log(ngx.NOTICE, "early: ", ngx.shared.seen:get("early")) }
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 300 do
                assert(ngx.timer.at(3600, function(premature)
                    ngx.shared.seen:incr("early", premature and 1 or 0, 0)
                end))
            end
            ngx.say(ngx.timer.pending_count())
        }
    }
--- response_body
300
--- shutdown: 3
--- shutdown_error_log
early: 300



=== TEST 9: no privileged agent with room for no connection
--- master_on
--- http_config
    init_by_lua_block { package.loaded.enabled = require("ngx.process").enable_privileged_agent(0) }
--- config
    location /t {
        content_by_lua_block { ngx.say(tostring(package.loaded.enabled), " ", require("ngx.process").type()) }
    }
--- response_body
true worker
--- error_log
0 worker_connection is not enough, privileged agent process cannot be spawned
--- no_error_log
start privileged agent process
