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
    lua_socket_connect_timeout 50ms;
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
