# examples/chat, as conf/perilune.conf routes it.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: two members talk; who leaves is missed
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location = /chat/ws { handler chat.app.room; }
    location /chat/ { alias $TEST_NGINX_PROJECT/examples/chat/; }
--- user_files
>>> main.py
import asyncio, json, sys, websockets

async def main():
    url = "ws://127.0.0.1:%s/chat/ws?name=" % sys.argv[1]
    async def hear(ws):
        m = json.loads(await ws.recv())
        return "%s: %s (%d)" % (m["who"], m["text"], m["members"])
    ada = await websockets.connect(url + "Ada")
    print(await hear(ada))
    bob = await websockets.connect(url + "Bob")
    print(await hear(ada), "|", await hear(bob))
    await bob.send("hello")
    print(await hear(ada), "|", await hear(bob))
    await bob.close()
    print(await hear(ada))
    await ada.close()

asyncio.run(main())
--- request
GET /chat/
--- response_body_like: <title>Chat</title>
--- exec
timeout 100 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT
--- exec_out
room: Ada is here (1)
room: Bob is here (2) | room: Bob is here (2)
Bob: hello (2) | Bob: hello (2)
room: Bob has left (1)
