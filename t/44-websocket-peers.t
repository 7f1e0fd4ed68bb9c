# WebSocket servers against an implementation of others: python3-websockets, with and without compression.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
run_tests();

__DATA__

=== TEST 1: messages of many sizes, in each agreement on compression
--- http_config eval: $::Http
--- config
    location / { handler app.plain; }
    location /takeover { handler app.takeover; }
    location /fresh { handler app.fresh; }
    location /small { handler app.small; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local function echo(ws)
    for message, is_binary in ws:each() do ws:send(message, is_binary) end
end
local function with(opts)
    opts.max_frame_payload, opts.max_message_size = 1e7, 1e7
    return websocket.handler(echo, opts)
end
return {
    plain = with {},
    takeover = with { compression = true },
    fresh = with { compression = true, no_context_takeover = true, peer_no_context_takeover = true },
    small = with { compression = true, window_bits = 9, peer_window_bits = 9, compression_level = 1 },
}
>>> main.py
import asyncio, sys, websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

async def talk(path, extension):
    url = "ws://127.0.0.1:%s%s" % (sys.argv[1], path)
    async with websockets.connect(url, max_size=None, compression=None, extensions=[extension] if extension else None) as ws:
        for message in ("", "hello", "hello", "x" * 125, "x" * 126, "\u00e9" * 40000, b"", b"\x00\xff" * 70000, bytes(range(256)) * 4000):
            await ws.send(message)
            got = await ws.recv()
            assert got == message, (path, len(message))
        await ws.send(["in ", "three ", "pieces"])
        assert await ws.recv() == "in three pieces"
        await (await ws.ping(b"are you there"))
        names = [e.name for e in ws.extensions]
        await ws.close(1000, "bye")
        return "%s %s %d" % (path, names, ws.close_code)

async def main():
    for path in ("/", "/takeover", "/fresh", "/small"):
        print(await talk(path, None))
        print(await talk(path, Deflate(client_max_window_bits=True)))
        print(await talk(path, Deflate(server_no_context_takeover=True, client_no_context_takeover=True, server_max_window_bits=10, client_max_window_bits=11)))

asyncio.run(main())
--- exec
timeout 100 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT
--- exec_out
/ [] 1000
/ [] 1000
/ [] 1000
/takeover [] 1000
/takeover ['permessage-deflate'] 1000
/takeover ['permessage-deflate'] 1000
/fresh [] 1000
/fresh ['permessage-deflate'] 1000
/fresh ['permessage-deflate'] 1000
/small [] 1000
/small ['permessage-deflate'] 1000
/small ['permessage-deflate'] 1000
--- no_error_log
[error]



=== TEST 2: a compressed message that would be too large; a group whose members agreed on different things
--- http_config eval: $::Http
--- config
    location / { handler app; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local room = websocket.group()
return function(req)
    local fresh = req.path == "/fresh"
    return websocket.handler(function(ws)
        room:join(ws)
        for message in ws:each() do room:broadcast(message) end
    end, { compression = true, max_message_size = 100000, no_context_takeover = fresh })(req)
end
>>> main.py
import asyncio, sys, websockets

async def main():
    base = "ws://127.0.0.1:%s" % sys.argv[1]
    async with websockets.connect(base + "/bomb") as ws:
        await ws.send("z" * 1000000)
        try:
            await ws.recv()
        except websockets.ConnectionClosed:
            print(ws.close_code)
    members = [await websockets.connect(base + path, compression=c) for path, c in
               (("/a", None), ("/a", "deflate"), ("/fresh", "deflate"), ("/fresh", "deflate"))]
    for text in ("short", "long " * 200, "long " * 200):
        await members[0].send(text)
        for m in members:
            assert await m.recv() == text
    for m in members:
        await m.close()
    print("all heard all")

asyncio.run(main())
--- exec
timeout 100 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT
--- exec_out
1009
all heard all



=== TEST 3: a graceful end closes as going away
--- http_config eval: $::Http
--- config
    location / { handler app; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws) for _ in ws:each() do end end)
>>> main.py
import asyncio, os, signal, sys, websockets

async def main():
    ws = await websockets.connect("ws://127.0.0.1:%s/" % sys.argv[1])
    os.kill(int(open(sys.argv[2]).read()), signal.SIGQUIT)
    try:
        await ws.recv()
    except websockets.ConnectionClosed:
        print(ws.close_code)

asyncio.run(main())
--- exec
timeout 100 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT $TEST_NGINX_SERVROOT/logs/nginx.pid
--- exec_out
1001



=== TEST 4: Node's ws as client, plain, with compression, with sub-protocols; pings and closes both ways
--- http_config eval: $::Http
--- config
    location / { handler app; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler({
    message = function(ws, message, is_binary)
        if message == "close" then ws:close(4001, "as asked") else ws:send(message, is_binary) end
    end,
}, { compression = true, max_frame_payload = 1e7, max_message_size = 1e7, sub_protocols = { "chat" } })
>>> main.js
const { WebSocket } = require('ws');
const url = 'ws://127.0.0.1:' + process.argv[2] + '/';
const messages = ['', 'hello', 'hello', 'x'.repeat(126), '\u00e9'.repeat(40000), Buffer.from([0, 255]), Buffer.alloc(300000, 7)];
const next = (ws, event) => new Promise((resolve, reject) => { ws.once(event, (...a) => resolve(a)); ws.once('error', reject); });
async function talk(perMessageDeflate, protocols) {
  const ws = new WebSocket(url, protocols, { perMessageDeflate });
  await next(ws, 'open');
  for (const m of messages) {
    ws.send(m);
    const [data, isBinary] = await next(ws, 'message');
    if (isBinary !== Buffer.isBuffer(m) || !data.equals(Buffer.from(m))) throw new Error('not what was sent: ' + m.length);
  }
  ws.ping('there?');
  const [pong] = await next(ws, 'pong');
  ws.send('close');
  const [code, reason] = await next(ws, 'close');
  console.log(ws.extensions.split(';')[0] || '-', ws.protocol || '-', String(pong), code, String(reason));
}
(async () => {
  await talk(false, []);
  await talk(true, ['other', 'chat']);
  await talk({ serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10, threshold: 0 }, []);
})().catch((e) => { console.log(e.message); process.exit(1); });
--- exec
NODE_PATH=/usr/share/nodejs timeout 100 node $TEST_NGINX_HTML_DIR/main.js $TEST_NGINX_SERVER_PORT
--- exec_out
- - there? 4001 as asked
permessage-deflate chat there? 4001 as asked
permessage-deflate - there? 4001 as asked
--- no_error_log
[error]



=== TEST 5: Node's ws as server
--- config
    location / { return 200 "ok"; }
--- user_files
>>> server.js
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 },
  handleProtocols: (set) => set.has('chat') ? 'chat' : false }, () => console.log(server.address().port));
server.on('connection', (ws) => ws.on('message', (data, isBinary) => {
  if (data.equals(Buffer.from('close'))) ws.close(4001, 'as asked'); else ws.send(data, { binary: isBinary });
}));
>>> main.lua
local websocket = require "perilune.websocket"
for _, opts in ipairs { {}, { compression = true, sub_protocols = { "other", "chat" } },
    { compression = true, no_context_takeover = true, window_bits = 10 } } do
    opts.max_frame_payload, opts.max_message_size, opts.typed = 1e7, 1e7, true
    local ws = await(websocket.connect("ws://127.0.0.1:" .. arg[1] .. "/", opts))
    for _, m in ipairs { "", "hello", "hello", ("x"):rep(126), ("\195\169"):rep(40000), ("\0\255"):rep(100000) } do
        local is_binary = m:find("\255", 1, true) ~= nil
        ws:send(m, is_binary)
        local got = ws:receive()
        assert(got.data == m and got.binary == is_binary)
    end
    local pong = await(ws:ping("there?"))
    ws:send("close")
    assert(ws:receive() == nil)
    print(ws.protocol, pong, select(2, ws:state()))
end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
NODE_PATH=/usr/share/nodejs node $TEST_NGINX_HTML_DIR/server.js >$TEST_NGINX_HTML_DIR/port & S=$!
while [ ! -s $TEST_NGINX_HTML_DIR/port ] && kill -0 $S 2>/dev/null; do sleep 0.05; done
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua $(cat $TEST_NGINX_HTML_DIR/port) 2>&1
kill $S
--- exec_out
nil	there?	4001	as asked	nil
chat	there?	4001	as asked	nil
nil	there?	4001	as asked	nil
