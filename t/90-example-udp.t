# examples/udp and examples/dns-server
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

=== TEST 1: the time
--- user_files
>>> client.lua
local udp = require "perilune.udp"
local c = await(udp.connect { host = "127.0.0.1", port = tonumber(arg[1]) })
await(c:put "?")
print((await(c:take()).message:gsub("%d", "9")))
c:close()
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/udp/time.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
9999-99-99T99:99:99Z



=== TEST 2: two nodes find each other
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
timeout 100 $P run examples/udp/discover.lua anna $TEST_NGINX_RAND_PORT_1 127.0.0.1 >$HTML/anna 2>&1 &
timeout 100 $P run examples/udp/discover.lua bert $TEST_NGINX_RAND_PORT_1 127.0.0.1 >$HTML/bert 2>&1 &
wait
sort -u $HTML/anna $HTML/bert | cut -d ' ' -f 1-3
--- exec_out
anna sees bert
bert sees anna



=== TEST 3: a name server, asked by perilune.dns
--- user_files
>>> client.lua
local dns = require "perilune.dns"
local r = dns.resolver { name_servers = "127.0.0.1:" .. arg[1], hosts = false, search = "" }
local all = await(r:lookup("www.example.test"))
table.sort(all)
print(unpack(all))
print(await(r:resolve("example.test", "MX"))[1].exchange, await(r:resolve("example.test", "TXT"))[1].text)
print(await(r:lookup("echo.example.test", { family = "ipv4_only" }))[1])
print(select(2, try_await(r:lookup("nothing.example.test"))).code)
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
start examples/dns-server/app.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
192.0.2.10	192.0.2.11	2001:db8::10
mail.example.test	served by Lua
127.0.0.1
name_not_found



=== TEST 4: names that are not there, names without such records, names of others
--- user_files
>>> client.lua
local udp = require "perilune.udp"
local c = await(udp.connect { host = "127.0.0.1", port = tonumber(arg[1]) })

local function ask(name, type)
    local labels = name:gsub("[^.]+%.?", function(label)
        label = label:gsub("%.", "")
        return string.char(#label) .. label
    end)
    await(c:put("\0\7\1\0\0\1\0\0\0\0\0\0" .. labels .. "\0\0" .. string.char(type) .. "\0\1"))
    local reply = await(c:take()).message
    print(name, type, reply:byte(4) % 16, reply:byte(8), reply:byte(10))
end

ask("www.EXAMPLE.test", 1)
ask("example.test", 6)
ask("www.example.test", 15)
ask("echo.example.test", 28)
ask("nothing.example.test", 1)
ask("otherexample.test", 1)
c:close()
--- exec
ROOT=$TEST_NGINX_SERVROOT HTML=$TEST_NGINX_HTML_DIR; . t/lib/example.sh
echo "name type rcode answers authority"; start examples/dns-server/app.lua $TEST_NGINX_RAND_PORT_1; client $TEST_NGINX_RAND_PORT_1; stop
--- exec_out
name type rcode answers authority
www.EXAMPLE.test	1	0	2	0
example.test	6	0	1	0
www.example.test	15	0	0	1
echo.example.test	28	0	0	1
nothing.example.test	1	3	0	1
otherexample.test	1	5	0	0
