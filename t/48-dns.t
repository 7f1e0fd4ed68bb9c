# perilune.dns against a name server in Lua (t/lib/dns_server.lua).
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
LUA_PATH="$TEST_NGINX_HTML_DIR/?.lua;t/lib/?.lua;;" timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua 2>&1; echo exit $?
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 20);
    }
});

run_tests();

__DATA__

=== TEST 1: addresses by family; kept answers; literals, localhost and unknown names
--- user_files
>>> main.lua
local server, resolver, all = require("dns_server").world {
    ["a.test a"] = {}, ["both.test A"] = { { address = "10.0.0.1" } }, ["both.test AAAA"] = { { address = "2001:db8::1" } },
}
print(all "both.test")
print(all("both.test", { family = "ipv4_preferred" }))
print(all("both.test", { family = "ipv4_only" }), all("both.test", { family = "ipv6_only" }))
print(#server.asked, resolver:stats().hits)
print(all "10.1.2.3", all "::1", all "localhost", all "db.localhost")
print(all "nosuch.test", all "a b", all "")
print(pcall(resolver.lookup, resolver, "x", { family = "ipv5" }))
server:stop()
--- exec_out_like
^2001:db8::1 10.0.0.1
10.0.0.1 2001:db8::1
10.0.0.1	2001:db8::1
2	4
10.1.2.3	::1	::1 127.0.0.1	::1 127.0.0.1
name_not_found	invalid	invalid
false	.*resolver:lookup: option 'family' must be one of ipv4_only, ipv4_preferred, ipv6_only, ipv6_preferred
exit 0



=== TEST 2: records of each type
--- user_files
>>> main.lua
local server, resolver = require("dns_server").world {
    ["x.test A"] = { { address = "10.0.0.1", ttl = 7 } }, ["x.test AAAA"] = { { address = "fe80::1" } },
    ["x.test CNAME"] = { { target = "y.test" } }, ["x.test NS"] = { { target = "ns.test" } },
    ["x.test MX"] = { { preference = 10, exchange = "mail.test" }, { preference = 20, exchange = "mail2.test" } },
    ["x.test TXT"] = { { strings = { "v=spf1 ", "-all" } } }, ["x.test PTR"] = { { target = "p.test" } },
    ["x.test SRV"] = { { priority = 1, weight = 2, port = 5060, target = "sip.test" } },
    ["x.test SOA"] = { { mname = "m.test", rname = "r.test", serial = 4000000000, refresh = 2, retry = 3, expire = 4,
        minimum = 5 } },
    ["x.test CAA"] = { { flags = 128, tag = "issue", value = "ca.test" } },
    ["x.test NAPTR"] = { { order = 1, preference = 2, flags = "u", service = "E2U+sip", regexp = "!^.*$!sip:a@b!",
        replacement = "." } },
}
for kind in ("A AAAA CNAME MX NS TXT PTR SRV SOA CAA NAPTR"):gmatch "%a+" do
    local line = {}
    for _, r in ipairs(await(resolver:resolve("x.test", kind))) do
        local fields = {}
        for k, v in pairs(r) do
            if k ~= "name" and k ~= "type" and k ~= "section" and k ~= "strings" and (k ~= "ttl" or v ~= 300) then
                fields[#fields + 1] = k .. "=" .. v
            end
        end
        table.sort(fields)
        line[#line + 1] = r.type .. " " .. table.concat(fields, " ")
    end
    print(table.concat(line, "; "))
end
print(#await(resolver:resolve("x.test", "TXT"))[1].strings)
print(select(2, try_await(resolver:resolve("x.test.", "mx"))) ~= nil, select(2, try_await(resolver:resolve("none.test", "MX"))))
print(pcall(resolver.resolve, resolver, "x.test", "WKS"))
server:stop()
--- exec_out_like
^A address=10.0.0.1 ttl=7
AAAA address=fe80::1
CNAME target=y.test
MX exchange=mail.test preference=10; MX exchange=mail2.test preference=20
NS target=ns.test
TXT text=v=spf1 -all
PTR target=p.test
SRV port=5060 priority=1 target=sip.test weight=2
SOA expire=4 minimum=5 mname=m.test refresh=2 retry=3 rname=r.test serial=4000000000
CAA flags=128 tag=issue value=ca.test
NAPTR flags=u order=1 preference=2 regexp=!\^\.\*\$!sip:a@b! replacement=\. service=E2U\+sip
2
true	name_not_found: none.test MX: no such name
false	.*bad argument 'type' to resolver:resolve \(no type 'WKS' is known\)
exit 0



=== TEST 3: reverse lookups, also from a hosts file
--- user_files
>>> hosts
10.9.9.9 from-hosts.test other
>>> main.lua
local dir = arg[0]:match "^(.*)/"
local server, resolver, all = require("dns_server").world({
    ["4.3.2.1.in-addr.arpa PTR"] = { { target = "one.test" }, { target = "two.test" } },
    ["1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR"] = { { target = "six.test" } },
}, { hosts = dir .. "/hosts" })
print(table.concat(await(resolver:reverse "1.2.3.4"), " "), await(resolver:reverse "2001:db8::1")[1])
print(await(resolver:reverse "10.9.9.9")[1], all "other", #server.asked)
print(select(2, try_await(resolver:reverse "9.9.9.9")).code)
print(pcall(resolver.reverse, resolver, "name.test"))
server:stop()
--- exec_out_like
^one.test two.test	six.test
from-hosts.test	10.9.9.9	2
name_not_found
false	.*an IP address expected.*
exit 0



=== TEST 4: names that do not exist, name servers that fail, lost queries, a dead server
--- user_files
>>> main.lua
local server, resolver, all = require("dns_server").world({
    negative_ttl = 30, ["bad.test A"] = { rcode = 2 }, ["refused.test A"] = { rcode = 5 },
    ["silent.test A"] = { is_lost = true }, ["twice.test A"] = { lost = 1, { address = "10.0.0.2" } },
    ["empty.test"] = true, ["odd.test A"] = { rcode = 0, { address = "10.0.0.3" } },
}, { timeout = 0.1 })
local v4 = { family = "ipv4_only" }
print(all("none.test", v4), all("none.test", v4), #server.asked)
print(all("empty.test", v4))
print(all("bad.test", v4), all("refused.test", v4), all("silent.test", v4))
print(all("twice.test", v4))
print(resolver:stats().failed)
server:stop()
print(all("gone.test", v4))
--- exec_out
name_not_found	name_not_found	1
name_not_found
name_server	name_server	timeout
10.0.0.2
3
name_server
exit 0



=== TEST 5: times to live: least, most, negative; flush
--- user_files
>>> main.lua
local world = require "dns_server"
local zone = {
    negative_ttl = 300, ["zero.test A"] = { { address = "10.0.0.1", ttl = 0 } },
    ["long.test A"] = { { address = "10.0.0.2", ttl = 86400 } },
}
local v4 = { family = "ipv4_only" }
local function asked(opts)
    local server, resolver, all = world.world(zone, opts)
    local out = {}
    for _, name in ipairs { "zero.test", "long.test", "none.test" } do
        local before = #server.asked
        all(name, v4) all(name, v4)
        out[#out + 1] = #server.asked - before
    end
    resolver:flush()
    local before = #server.asked
    all("long.test", v4)
    out[#out + 1] = #server.asked - before
    server:stop()
    return table.concat(out, " ")
end
print(asked {})
print(asked { min_ttl = 60 })
print(asked { max_ttl = 0 })
print(asked { negative_ttl = 0 })
print(asked { cache_size = 0 })
--- exec_out
2 1 1 1
1 1 1 1
2 2 1 1
2 1 2 1
2 2 2 1
exit 0



=== TEST 6: identical questions in flight are asked once; cancelling gives up
--- user_files
>>> main.lua
local task = require "perilune.task"
local server, resolver = require("dns_server").world {
    ["slow.test A"] = { delay = 0.05, { address = "10.0.0.1" } }, ["silent.test A"] = { is_lost = true },
}
local v4 = { family = "ipv4_only" }
local all = {}
for i = 1, 5 do all[i] = resolver:lookup("slow.test", v4) end
all[5]:cancel()
for i = 1, 4 do print(await(all[i])[1]) end
print(#server.asked, resolver:stats().merged, resolver:stats().sent)
local waiting = task.spawn(function() return await(resolver:lookup("silent.test", v4)) end)
await(task.sleep(0.01))
waiting:cancel()
print(select(2, try_await(waiting)).code)
server:stop()
--- exec_out
10.0.0.1
10.0.0.1
10.0.0.1
10.0.0.1
1	4	1
cancelled
exit 0



=== TEST 7: search domains and ndots
--- user_files
>>> main.lua
local zone = { ["db.one.test A"] = { { address = "10.0.0.1" } }, ["web.two.test A"] = { { address = "10.0.0.2" } },
    ["x.y A"] = { { address = "10.0.0.3" } }, ["x.y.one.test A"] = { { address = "10.0.0.4" } } }
local v4 = { family = "ipv4_only" }
local server, _, all = require("dns_server").world(zone, { search = { "one.test", "two.test" }, ndots = 1 })
print(all("db", v4), all("web", v4), all("x.y", v4), all("db.", v4))
server:stop()
server, _, all = require("dns_server").world(zone, { search = "one.test", ndots = 2 })
print(all("x.y", v4))
server:stop()
--- exec_out
10.0.0.1	10.0.0.2	10.0.0.3	name_not_found
10.0.0.4
exit 0



=== TEST 8: several name servers: the next one when the first is silent; in turn when asked to
--- user_files
>>> main.lua
local world, dns_server = require("dns_server"), require("dns_server")
local answer = { { address = "10.0.0.1", ttl = 0 } }
local zone = {}
for i = 1, 6 do zone["n" .. i .. ".test A"] = answer end
local second = dns_server.start(zone)
local first, _, all = world.world({}, { timeout = 0.1 })
local v4 = { family = "ipv4_only" }
first.zone["n1.test A"] = { is_lost = true }
local dns = require "perilune.dns"
local r = dns.resolver { name_servers = { first.address, second.address }, hosts = false, timeout = 0.1, tries = 1 }
print(await(r:lookup("n1.test", v4))[1], #first.asked, #second.asked)
for i = 1, 6 do first.zone["n" .. i .. ".test A"] = answer end
r = dns.resolver { name_servers = first.address .. "," .. second.address, hosts = false, rotate = true }
local a, b = #first.asked, #second.asked
for i = 1, 6 do await(r:lookup("n" .. i .. ".test", v4)) end
print(#first.asked - a, #second.asked - b)
first:stop() second:stop()
print(select(2, pcall(dns.resolver, { name_servers = "nonsense" })).code)
--- exec_out
10.0.0.1	1	1
3	3
invalid
exit 0



=== TEST 9: an answer that is cut off over UDP is asked for over TCP
--- user_files
>>> main.lua
local long = {}
for i = 1, 60 do long[i] = { address = "10.0.1." .. i } end
long.is_truncated = true
local server, _, all = require("dns_server").world({ ["long.test A"] = long }, { tcp = true })
print(select(2, all("long.test", { family = "ipv4_only" }):gsub("%S+", "")))
print(table.concat(server.asked, ", "))
server:stop()
--- exec_out
60
long.test A udp, long.test A tcp
exit 0



=== TEST 10: names beyond ASCII, without IPv6
--- user_files
>>> main.lua
local dns = require "perilune.dns"
local server, _, all = require("dns_server").world({
    ["xn--bcher-kva.test A"] = { { address = "10.0.0.1" } }, ["xn--bcher-kva.test AAAA"] = { { address = "::5" } },
}, { ipv6 = false })
print(all "bücher.test", all "BÜCHER.test.", dns.to_ascii "faß.de", dns.to_ascii "a b")
print(all("bücher.test", { family = "ipv6_only" }), #server.asked)
server:stop()
--- exec_out
10.0.0.1	10.0.0.1	xn--fa-hia.de	nil
name_not_found	1
exit 0



=== TEST 11: options of a resolver that cannot be meant
--- user_files
>>> main.lua
local dns = require "perilune.dns"
for _, opts in ipairs { { name_servers = "127.0.0.1:70000" }, { name_servers = "127.0.0.1:0" }, { name_servers = "name:53" },
    { name_servers = { "127.0.0.1", "::1", "[::1]:53", "256.0.0.1" } }, { name_servers = { 53 } }, { search = { 5 } },
    { min_ttl = 2, max_ttl = 1 }, { nameservers = "127.0.0.1" } } do
    local ok, err = pcall(dns.resolver, opts)
    print(ok, (tostring(err):gsub("^main.lua:%d+: ", "", 1)))
end
print(pcall(dns.resolver, { name_servers = { "127.0.0.1:5353", "::1", "[::1]:53", "192.0.2.1" } }))
--- exec_out_like
^false	invalid: '127.0.0.1:70000' is no name server \(ip\[:port\]\)
false	invalid: '127.0.0.1:0' is no name server \(ip\[:port\]\)
false	invalid: 'name:53' is no name server \(ip\[:port\]\)
false	invalid: '256.0.0.1' is no name server \(ip\[:port\]\)
false	dns.resolver: option 'name_servers' must be an array of strings
false	dns.resolver: option 'search' must be an array of strings
false	dns.resolver: option 'min_ttl' must not be above 'max_ttl'
false	dns.resolver: unknown option 'nameservers'; did you mean 'name_servers'\?
true	.*
exit 0



=== TEST 12: both questions of a lookup meet a server that is down: that is told at once, and the next server is asked
--- user_files
>>> main.lua
local dns, udp = require "perilune.dns", require "perilune.udp"
local gone = udp.socket { address = "127.0.0.1" }
local port = gone:port()
gone:close()
local server = require("dns_server").world({ ["a.test A"] = { { address = "10.0.0.1" } } })
local function ask(name_servers)
    local resolver = dns.resolver { name_servers = name_servers, hosts = false, timeout = 20, total_timeout = 10, tries = 1 }
    local ok, got = try_await(resolver:lookup "a.test")
    print(ok and got[1] or got.code)
end
ask { "127.0.0.1:" .. port }
ask { "127.0.0.1:" .. port, server.address }
server:stop()
--- exec_out
name_server
10.0.0.1
exit 0
