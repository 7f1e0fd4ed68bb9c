# examples/tcp
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 30);
    }
});

run_tests();

__DATA__

=== TEST 1: echo
--- user_files
>>> client.lua
local tcp = require "perilune.tcp"
local c = await(tcp.connect { host = "127.0.0.1", port = tonumber(arg[1]) })
await(c:put "hello")
await(c:shutdown())
print(await(c:take()), await(c:take()))
c:close()
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/tcp/echo.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
hello	nil



=== TEST 2: a chat of two
--- user_files
>>> client.lua
local frame, tcp = require "perilune.frame", require "perilune.tcp"
local function enter(name)
    local lines = frame.lines(await(tcp.connect { host = "127.0.0.1", port = tonumber(arg[1]) }))
    await(lines:take())
    lines:put(name)
    print(await(lines:take()))
    return lines
end
local anna = enter "anna"
local bert = enter "bert"
print(await(anna:take()))
anna:put "hello bert"
print(await(bert:take()))
bert:close()
print(await(anna:take()))
anna:close()
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/tcp/chat.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
Welcome, anna
Welcome, bert
* bert is here
<anna> hello bert
* bert has left



=== TEST 3: the calculator
--- user_files
>>> client.lua
local frame, tcp = require "perilune.frame", require "perilune.tcp"
local lines = frame.lines(await(tcp.connect { host = "127.0.0.1", port = tonumber(arg[1]) }))
for _, text in ipairs { "2 + 3", "7/2", "-1.5*4", "what?", "10 - -5" } do
    lines:put(text)
    print(await(lines:take()))
end
lines:close()
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/tcp/calculator.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
5
3.5
-6
error: expected something like 2 + 3
15



=== TEST 4: TLS ends at the proxy, in front of a server that hears whose connection it is
--- user_files
>>> client.lua
local tcp = require "perilune.tcp"
local backend = tcp.start_server(function(stream, info)
    stream:put("hello " .. info.peer.host .. ", you said: ")
    for chunk in stream:each() do await(stream:put(chunk)) end
end, { address = "127.0.0.1", port = tonumber(arg[2]), proxy_protocol = true })
local c = await(tcp.connect { host = "localhost", family = "ipv4_only", port = tonumber(arg[1]), tls = true,
    insecure = true })
await(c:put "secret")
await(c:shutdown())
local all = {}
for chunk in c:each() do all[#all + 1] = chunk end
print(table.concat(all), c:tls().version)
c:close()
await(backend:close(1))
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/tcp/tls-proxy.lua $TEST_NGINX_RAND_PORT_1 $TEST_NGINX_RAND_PORT_2
client $TEST_NGINX_RAND_PORT_1 $TEST_NGINX_RAND_PORT_2 | grep -v insecure; stop
--- exec_out
hello 127.0.0.1, you said: secret	TLSv1.3
