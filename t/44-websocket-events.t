# WebSockets whose messages are given to a function, each in a task of its own; messages as tables. The client is
# t/lib/ws_peer.lua, which uses nothing of the server's.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Config = <<'_EOC_';
    location / { handler app; }
    location /second { handler app2; }
_EOC_
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run t/lib/ws_peer.lua $TEST_NGINX_SERVER_PORT $TEST_NGINX_HTML_DIR/main.lua
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 30);
    }
});

run_tests();

__DATA__

=== TEST 1: open, messages, closed; many at once in their order
--- user_files
>>> app2.lua
return function() return "" end
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler {
    open = function(ws, req)
        ws.name = req.query_string
        ws:send("hello " .. ws.name)
    end,
    message = function(ws, message, is_binary) ws:send(ws.name .. message, is_binary) end,
    closed = function(ws, code, reason) ngx.log(ngx.NOTICE, ("closed %s %d %s"):format(ws.name, code, reason)) end,
}
>>> main.lua
local peer = ...
local c = peer.connect { path = "/?ann", more = peer.frame(1, "early") }
print(c:receive())
print(c:receive())
local frames = {}
for i = 1, 1000 do frames[i] = peer.frame(1 + i % 2, tostring(i)) end
c:raw(table.concat(frames))
for i = 1, 1000 do
    local opcode, text = c:receive()
    if opcode ~= 1 + i % 2 or text ~= "ann" .. i then print(i, opcode, text) end
end
c:send(8, "\3\232bye")
print(c:tell())
--- exec_out
1	hello ann	129
1	annearly	129
close 1000 eof
--- error_log
closed ann 1000 bye
--- log_level: notice



=== TEST 2: one after the other: while a function waits the next message does, and pings behind it, too
--- user_files
>>> app2.lua
return function() return "" end
>>> app.lua
local task = require "perilune.task"
local websocket = require "perilune.websocket"
local running = 0
return websocket.handler {
    message = function(ws, message)
        running = running + 1
        ws:send(("%s begins, %d at work"):format(message, running))
        if message == "slow" then await(task.sleep(0.2)) else task.yield() end
        ws:send(message .. " ends")
        running = running - 1
    end,
}
>>> main.lua
local peer = ...
local c = peer.connect()
c:raw(peer.frame(1, "slow") .. peer.frame(1, "quick") .. peer.frame(9, "ping") .. peer.frame(1, "last"))
for _ = 1, 7 do print((select(2, c:receive()))) end
c:close()
--- exec_out
slow begins, 1 at work
slow ends
quick begins, 1 at work
quick ends
ping
last begins, 1 at work
last ends



=== TEST 3: a function that fails closes with 1011, at once or after a wait; so does `open`
--- user_files
>>> app2.lua
local websocket = require "perilune.websocket"
return websocket.handler { open = function() error "no opening" end, message = function() end }
>>> app.lua
local task = require "perilune.task"
local websocket = require "perilune.websocket"
return websocket.handler {
    message = function(ws, message)
        if message == "later" then await(task.sleep(0.01)) end
        error("no " .. message)
    end,
}
>>> main.lua
local peer = ...
for _, message in ipairs { "now", "later" } do
    local c = peer.connect()
    c:send(1, message)
    print((select(2, c:receive()):byte(1, 2)))
    c:close()
end
print(select(2, peer.connect({ path = "/second" }):receive()):byte(1, 2))
--- exec_out
3
3
3	243
--- error_log eval
[qr/WebSocket handler failed: .*no now/, qr/WebSocket handler failed: .*no later/, qr/no opening/]



=== TEST 4: nobody needs to keep it; it is gone after its end, and so is one that was watched
--- user_files
>>> app2.lua
local websocket = require "perilune.websocket"
local seen = setmetatable({}, { __mode = "k" })
return { seen = seen, handler = websocket.handler {
    open = function(ws)
        seen[ws] = true
        ws:ping("p")
    end,
    message = function(ws, message)
        collectgarbage()
        ws:send(message)
    end,
    closed = function() end,
} }
>>> app.lua
local app2 = require "app2"
return function(req)
    if req.headers.upgrade then return app2.handler(req) end
    collectgarbage()
    collectgarbage()
    return next(app2.seen) and "there" or "gone"
end
>>> main.lua
local peer = ...
local c = peer.connect()
print(c:receive())
c:send(10, "p")
c:send(1, "a")
c:send(1, "b")
print(c:receive())
print(c:receive())
c:send(8, "")
print(c:tell())
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run t/lib/ws_peer.lua $TEST_NGINX_SERVER_PORT $TEST_NGINX_HTML_DIR/main.lua
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/
--- exec_out chop
9	p	137
1	a	129
1	b	129
close none eof
gone



=== TEST 5: messages as tables, answered in kind
--- user_files
>>> app2.lua
local websocket = require "perilune.websocket"
return websocket.handler({ message = function(ws, message) ws:send(message) end }, { typed = true })
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    local first = await(ws:take())
    ws:send(first.data .. " " .. tostring(first.binary))
    await(ws:put(first))
    for message in ws:each() do
        ws:send(tostring(message) .. " " .. tostring(message.binary))
        ws:send(message)
    end
end, { typed = true })
>>> main.lua
local peer = ...
local c = peer.connect()
c:send(2, "one")
c:send(1, "two")
for _ = 1, 4 do print(c:receive()) end
c:send(8, "")
print(c:tell())
c = peer.connect { path = "/second" }
c:send(2, "\1")
print(#select(2, c:receive()), c.ended)
c:send(1, "")
print(c:receive())
c:close()
--- exec_out
1	one true	129
2	one	130
1	two false	129
1	two	129
close none eof
1	nil
1		129



=== TEST 6: misuse
--- user_files
>>> app2.lua
return function() return "" end
>>> app.lua
local websocket = require "perilune.websocket"
local said = {}
for _, events in ipairs { {}, { message = 5 }, { mesage = print } } do
    local _, err = pcall(websocket.handler, events)
    said[#said + 1] = err:match("websocket%.handler.*")
end
return function(req)
    local ws = await(websocket.upgrade(req))
    ws:on_message(function() end)
    for _, name in ipairs { "on_message", "receive" } do
        local _, err = pcall(ws[name], ws, function() end)
        said[#said + 1] = tostring(err)
    end
    ws:send(table.concat(said, "\n"))
end
>>> main.lua
local peer = ...
print((select(2, peer.connect():receive()):gsub("[^\n]-%.lua:%d+: ", "")))
--- exec_out
websocket.handler: a function 'message' is needed
websocket.handler: option 'message' must be a function, not 5
websocket.handler: unknown option 'mesage'; did you mean 'message'?
on_message was called before
on_message takes the messages of this WebSocket
