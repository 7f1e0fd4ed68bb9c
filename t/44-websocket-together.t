# WebSockets that are written to in the same turn of the loop are sent to together: each gets what is its own, whole and in
# order, whatever the others do; with io_uring and without.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
mkdir logs
for mode in on off; do
    cat >$mode.conf <<EOF
error_log logs/error.log; pid $mode.pid; daemon off; worker_processes 1; master_process off;
events { io_uring $mode; }
http {
    access_log off;
    lua_package_path "$PWD/?.lua;;";
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { handler app; } }
}
EOF
    $TEST_NGINX_BINARY -p . -c $mode.conf & pid=$!
    for i in $(seq 1200); do [ -s $mode.pid ] && break; sleep 0.05; done
    echo "$mode: $(timeout 120 $TEST_NGINX_BINARY run main.lua $TEST_NGINX_RAND_PORT_1)"
    kill -QUIT $pid; wait $pid
done
grep -c 'emerg\|alert\|crit\|\[error' logs/error.log || true
_EOC_
our $Files = <<'_EOC_';
>>> app.lua
local websocket = require "perilune.websocket"
local room = websocket.group { limit = 1e9 }
return websocket.handler({
    open = function(ws) room:join(ws) end,
    message = function(ws, text)
        local n = tonumber(text:match("^say (%d+)$"))
        if text == "leave" then ws:close(1000, "left")
        elseif n then room:broadcast(text .. ":" .. ("x"):rep(n))
        else ws:send("echo " .. text) ws:send("again " .. #text) end
    end,
}, { max_frame_payload = 1000000 })
>>> main.lua
local task, websocket = require "perilune.task", require "perilune.websocket"
local await = require "perilune.deferred".await
local CLIENTS, ROUNDS = 130, 6
local good, bad = 0, {}

local function expect(ws, text)
    local got, why = ws:receive()
    if got == text then good = good + 1
    else bad[#bad + 1] = tostring(got or why):sub(1, 60) .. " in place of " .. text:sub(1, 60) end
end

local clients = {}
for i = 1, CLIENTS do
    clients[i] = await(websocket.connect("ws://127.0.0.1:" .. arg[1] .. "/", { max_frame_payload = 1000000 }))
end

-- Everybody's own messages, small ones and such as do not fit into a socket.
for round = 1, ROUNDS do
    local tasks = {}
    for i, ws in ipairs(clients) do
        tasks[i] = task.spawn(function()
            local text = i .. "," .. round .. ("y"):rep(i % 10 == 0 and 300000 or i)
            ws:send(text)
            expect(ws, "echo " .. text)
            expect(ws, "again " .. #text)
        end)
    end
    for _, t in ipairs(tasks) do await(t) end
end

-- One message for all, while every third leaves.
for _, size in ipairs { 10, 3000, 400000 } do
    local left, tasks = {}, {}
    for i, ws in ipairs(clients) do
        if i % 3 == 0 then ws:send("leave") else left[#left + 1] = ws end
    end
    left[1]:send("say " .. size)
    for i, ws in ipairs(left) do
        tasks[i] = task.spawn(function() expect(ws, "say " .. size .. ":" .. ("x"):rep(size)) end)
    end
    for _, t in ipairs(tasks) do await(t) end
    clients = left
end
print(good, #bad, bad[1] or "")
for _, ws in ipairs(clients) do ws:close() end
_EOC_

run_tests();

__DATA__

=== TEST 1: a hundred and thirty talk, and every third leaves in the turn of a message for all
--- user_files eval: $::Files
--- exec eval: $::Exec
--- exec_out
on: 1744	0	
off: 1744	0	
0
--- timeout: 260
