# The HTTP client and the WebSocket client through Debian's proxies: tinyproxy, squid, microsocks, dante, and haproxy with TLS in front.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Start = <<'_EOC_';
TOP=$PWD; . t/lib/tls.sh; . $TOP/t/lib/proxies.sh
certs server
cat >app.lua <<X
return require("perilune.websocket").handler(function(ws) for m in ws:each() do ws:send("echo " .. m) end end)
X
serve 'location / { return 200 "$scheme $request_uri $remote_addr\n"; } location /ws { handler app; } location /large { root .; }' \
    "client_max_body_size 30m; lua_package_path '$D/?.lua;;'; server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; location / { return 200 \"plain \$request_uri\\n\"; } location /ws { handler app; } }"
A=$TEST_NGINX_RAND_PORT_3 Z=$TEST_NGINX_RAND_PORT_4
cat >c.lua <<X
local http, websocket = require "perilune.http", require "perilune.websocket"
local secure, plain = "https://localhost:$PORT", "http://localhost:$TEST_NGINX_RAND_PORT_2"
ca = { ca = "ca.pem" }
function ask(url, o)
    o.tls = o.tls or ca
    local ok, res = try_await(http.get(url, o))
    print(ok and res.status or res.code, ok and (await(res:text()):gsub("%s+$", "")) or res.proxy_status)
end
function both(o) ask(plain .. "/a?b", o) ask(secure .. "/c", o) end
function talk(o)
    o.tls = o.tls or ca
    for _, base in ipairs { plain, secure } do
        local ws = await(websocket.connect((base:gsub("^http", "ws") .. "/ws"), o))
        ws:send(base:match("^%a+"))
        print((ws:receive()))
        await(ws:close())
    end
end
function load(o)
    o.tls, o.as = ca, "string"
    local res = await(http.get(secure .. "/large", o))
    print(#res.body)
end
X
head -c 20000000 /dev/zero >large
run() { { cat c.lua; cat; } >main.lua; timeout 180 $TEST_NGINX_BINARY run main.lua; }
_EOC_
our $Stop = "stop_proxies; stop\n";
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("config", "    location / { return 204; }\n");
    $block->set_value("timeout", 90);
});

run_tests();

__DATA__

=== TEST 1: tinyproxy: absolute-form, CONNECT, credentials
--- exec eval
$::Start . <<'_EOC_' . $::Stop
start_tinyproxy $A 'BasicAuth me word
ConnectPort 443'
start_tinyproxy $Z
run <<X
both { proxy = "http://127.0.0.1:$Z" }
talk { proxy = "http://127.0.0.1:$Z" }
load { proxy = "http://127.0.0.1:$Z" }
ask(plain .. "/tunnel", { proxy = "http://127.0.0.1:$Z", proxy_tunnel = true })
both { proxy = "http://me:word@127.0.0.1:$A", throw_exceptions = false }
both { proxy = "http://me:wrong@127.0.0.1:$A", throw_exceptions = false, as = "stream" }
X
_EOC_
--- exec_out_like chomp
^200	plain /a\?b
200	https /c 127.0.0.1
echo http
echo https
20000000
200	plain /tunnel
200	plain /a\?b
proxy_denied	403
401	(?s:.*)
proxy_auth	401
?$

=== TEST 2: squid: absolute-form, CONNECT, what it cannot reach and what it denies
--- exec eval
$::Start . <<'_EOC_' . $::Stop
start_squid $A
run <<X
both { proxy = "http://127.0.0.1:$A" }
talk { proxy = "http://127.0.0.1:$A" }
load { proxy = "http://127.0.0.1:$A" }
ask("https://127.0.0.1:1/", { proxy = "http://127.0.0.1:$A" })
ask("https://127.0.0.1:9/", { proxy = "http://127.0.0.1:$A" })
X
_EOC_
--- exec_out
200	plain /a?b
200	https /c 127.0.0.1
echo http
echo https
20000000
proxy_unreachable	503
proxy_denied	403

=== TEST 3: microsocks: names, addresses, credentials, refusals
--- exec eval
$::Start . <<'_EOC_' . $::Stop
start_microsocks $A
start_microsocks $Z -u me -P word
run <<X
both { proxy = "socks5://127.0.0.1:$A", family = "ipv4_only" }
both { proxy = "socks5h://127.0.0.1:$A" }
talk { proxy = "socks5h://127.0.0.1:$A" }
load { proxy = "socks5h://127.0.0.1:$A" }
both { proxy = "socks5h://me:word@127.0.0.1:$Z" }
both { proxy = "socks5h://me:wrong@127.0.0.1:$Z" }
both { proxy = "socks5h://127.0.0.1:$Z" }
ask("http://127.0.0.1:1/", { proxy = "socks5://127.0.0.1:$A" })
X
_EOC_
--- exec_out
200	plain /a?b
200	https /c 127.0.0.1
200	plain /a?b
200	https /c 127.0.0.1
echo http
echo https
20000000
200	plain /a?b
200	https /c 127.0.0.1
proxy_auth	nil
proxy_auth	nil
proxy_auth	nil
proxy_auth	nil
proxy_refused	nil

=== TEST 4: dante, which does not know SOCKS4a: SOCKS4 and 5, and what its rules deny
--- exec eval
$::Start . <<'_EOC_' . $::Stop
start_danted $A none
run <<X
for _, scheme in ipairs { "socks4", "socks5", "socks5h" } do both { family = "ipv4_only", proxy = scheme .. "://127.0.0.1:$A" } end
talk { proxy = "socks4://127.0.0.1:$A" }
load { proxy = "socks4://127.0.0.1:$A" }
ask("http://127.0.0.1:9/", { proxy = "socks5://127.0.0.1:$A" })
ask("http://127.0.0.1:9/", { proxy = "socks4://127.0.0.1:$A" })
ask("http://127.0.0.1:1/", { proxy = "socks5://127.0.0.1:$A" })
X
_EOC_
--- exec_out
200	plain /a?b
200	https /c 127.0.0.1
200	plain /a?b
200	https /c 127.0.0.1
200	plain /a?b
200	https /c 127.0.0.1
echo http
echo https
20000000
proxy_denied	nil
proxy_failed	nil
proxy_refused	nil

=== TEST 5: TLS with the proxy itself, by haproxy in front of tinyproxy; TLS over TLS
--- exec eval
$::Start . <<'_EOC_' . $::Stop
start_tinyproxy $Z
start_haproxy $A $Z
run <<X
local via = "https://localhost:$A"
both { proxy = via, proxy_tls = ca }
talk { proxy = via, proxy_tls = ca }
load { proxy = via, proxy_tls = ca }
both { proxy = "https://127.0.0.1:$A", proxy_insecure = true }
both { proxy = via }
ask(secure .. "/", { proxy = via, proxy_tls = ca, tls = {} })
ask(secure .. "/", { proxy = "https://127.0.0.1:$TEST_NGINX_RAND_PORT_2", proxy_tls = ca })
local sent = await(http.post(secure .. "/x", { body = ("x"):rep(5000000), proxy = via, proxy_tls = ca, tls = ca, throw_exceptions = false }))
print(sent.status)
X
_EOC_
--- exec_out
200	plain /a?b
200	https /c 127.0.0.1
echo http
echo https
20000000
200	plain /a?b
200	https /c 127.0.0.1
tls_unknown_ca	nil
tls_unknown_ca	nil
tls_unknown_ca	nil
tls_not_tls	nil
200
