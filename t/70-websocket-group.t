# A group of scope "all": a room that spans two workers, a killed one, and a reload.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: everybody hears everything once, in the order of each speaker; also who comes after a worker was killed or a reload
--- config
    location / { return 200 "ok"; }
--- user_files
>>> main.py
import asyncio, json, os, signal, subprocess, sys, websockets
port, pid_file = sys.argv[1], sys.argv[2]

async def members():
    """Connections until there are two in each of two workers, with the worker of each."""
    found, tries = {}, 0
    while not (len(found) == 2 and all(len(l) >= 2 for l in found.values())):
        tries += 1
        assert tries < 500, found
        ws = await websockets.connect("ws://127.0.0.1:" + port, open_timeout=60, ping_timeout=None)
        try:
            worker = json.loads(await ws.recv())["worker"]
        except websockets.exceptions.ConnectionClosed as e:
            assert e.rcvd.code == 1001, e  # a worker that is about to leave
            continue
        if worker not in found and len(found) == 2:
            found.clear()  # one of them was about to leave
        found.setdefault(worker, []).append(ws)
    return found

async def talk(title):
    rooms = await members()
    everybody = [ws for l in rooms.values() for ws in l]
    speakers = [l[0] for l in rooms.values()]
    for n in range(100):
        for i, ws in enumerate(speakers):
            await ws.send("%s %d %d" % (title, i, n))
    for ws in everybody:
        heard = [(await asyncio.wait_for(ws.recv(), 60)).split() for _ in range(200)]
        for i in range(2):
            assert [int(n) for t, s, n in heard if t == title and s == str(i)] == list(range(100)), heard
    for ws in everybody:
        await ws.close()
    print(title, "heard by all")
    return rooms

async def main():
    rooms = await talk("first")
    os.kill(list(rooms)[0], signal.SIGKILL)
    await talk("killed")
    old = set(await members())
    os.kill(int(open(pid_file).read()), signal.SIGHUP)
    while old & set(await members()):
        await asyncio.sleep(0.05)
    await talk("reloaded")

asyncio.run(main())
--- exec
HTML=$TEST_NGINX_HTML_DIR; . t/lib/process.sh
cat >app.lua <<X
local json, websocket = require "perilune.json", require "perilune.websocket"
local room = websocket.group { name = "room", scope = "all" }
return websocket.handler {
    open = function(ws)
        ws:send(json.encode { worker = ngx.worker.pid() })
        room:join(ws)
    end,
    message = function(ws, message) room:broadcast(message) end,
}
X
conf 'worker_processes 2;' 'location / { handler app; }' "lua_package_path \"$D/?.lua;;\";"
$B && wait_for '[ -s logs/m.pid ]'
timeout 100 /usr/bin/python3 $HTML/main.py $PORT logs/m.pid 2>&1
$B -s stop
--- timeout: 90
--- exec_out
first heard by all
killed heard by all
reloaded heard by all



=== TEST 2: what is said, what the bus does not take, misuse
--- config
    location / { return 200 "ok"; }
--- user_files
>>> a.lua
local websocket = require "perilune.websocket"
local room = websocket.group { name = "r", scope = "all" }
print(room:broadcast("x"))
print((select(3, room:broadcast(("x"):rep(2 ^ 22)))).code)
for _, opts in ipairs { { scope = "all" }, { scope = "some", name = "x" }, { nam = "x" } } do
    print((select(2, pcall(websocket.group, opts)):gsub("^.-:%d+: ", "")))
end
os.exit(0)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
0	0	nil
too_large
websocket.group: option 'name' is needed with scope 'all'
websocket.group: option 'scope' must be 'worker' or 'all'
websocket.group: unknown option 'nam'; did you mean 'name'?
