# The HTTP client and proxy_pass under load against Debian's servers, nghttpd, h2o, Apache, nginx, which end connections
# meanwhile; and through its proxies, tinyproxy, squid, microsocks, dante, haproxy. Each request comes to its whole answer.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Start = <<'_EOC_';
TOP=$PWD; . t/lib/tls.sh; . $TOP/t/lib/proxies.sh; . $TOP/t/lib/origins.sh
A=$TEST_NGINX_RAND_PORT_2 Z=$TEST_NGINX_RAND_PORT_3
certs server; make_www
cat >load.lua <<'X'
local http, task = require "perilune.http", require "perilune.task"
-- 300 requests, 48 at a time: small ones, large ones, heads, what is not there, bodies that are left in the middle.
function load(name, base, o)
    local left, counts, failures = 300, {}, {}
    local options = { tls = { ca = "ca.pem" }, throw_exceptions = false, pool = http.connection_pool(o.pool or {}) }
    for k, v in pairs(o) do if k ~= "pool" then options[k] = v end end
    local function count(what) counts[what] = (counts[what] or 0) + 1 end
    local kinds = {}
    kinds[0] = function()
        local res = await(http.get(base .. "/large", options))
        local n = 0
        for piece in res.body:each() do n = n + #piece end
        count("large " .. res.status .. " " .. n)
    end
    kinds[1] = function()
        local res = await(http.get(base .. "/large", options))
        assert(await(res.body:take()))
        res.body:close()
        count("left " .. res.status)
    end
    kinds[2] = function() count("head " .. await(http.head(base .. "/large", options)).headers["content-length"]) end
    kinds[3] = function() local res = await(http.get(base .. "/none", options)) await(res:text()) count("none " .. res.status) end
    local function work()
        while left > 0 do
            left = left - 1
            local kind = kinds[left % 20] or function()
                local res = await(http.get(base .. "/small", options))
                count("small " .. res.status .. " " .. #await(res:text()))
            end
            local ok, err = pcall(kind)
            if not ok then failures[tostring(err)] = (failures[tostring(err)] or 0) + 1 end
        end
    end
    local tasks = {}
    for i = 1, 48 do tasks[i] = task.spawn(work) end
    for i = 1, 48 do await(tasks[i]) end
    local lines = {}
    for what, n in pairs(counts) do lines[#lines + 1] = what .. ": " .. n end
    table.sort(lines)
    local text = table.concat(lines, ", ")
    print(name, text == "head 1000000: 15, large 200 1000000: 15, left 200: 15, none 404: 15, small 200 6: 240" and "all" or text)
    for err, n in pairs(failures) do print(n .. " times", err) end
    local function in_use()
        local n = 0
        for _, figures in pairs(options.pool:stats()) do n = n + figures.connections - figures.idle end
        return n
    end
    for _ = 1, 500 do -- ends of streams may be on their way
        if in_use() == 0 then break end
        await(task.sleep(0.02))
    end
    print("", in_use() .. " in use")
end
X
# Our own server on port F passes /one/ on by HTTP/1.1, to another address if one is given, /two/ by HTTP/2, /tls/ over TLS.
F=$TEST_NGINX_RAND_PORT_4
front() {
    serve 'location / { return 204; }' "upstream one { server ${1:-127.0.0.1:$A}; keepalive 8; } upstream two { server 127.0.0.1:$A; } upstream secure { server 127.0.0.1:$Z; keepalive 8; }
    server { listen 127.0.0.1:$F http2; proxy_set_header Connection ''; proxy_ssl_name localhost; proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem;
        location /one/ { proxy_pass http://one/; proxy_http_version 1.1; }
        location /two/ { proxy_pass http://two/; proxy_http_version 2; }
        location /tls/ { proxy_pass https://secure/; proxy_http_version 1.1; } }"
}
cat >through.lua <<X
for _, way in ipairs { "one", "two", "tls" } do
    load(way, "http://127.0.0.1:$F/" .. way, {})
end
load("two from two", "http://127.0.0.1:$F/two", { force_h2c = true, pool = { force_h2c = true } })
X
run() { { cat load.lua; cat; } >main.lua; timeout 80 $TEST_NGINX_BINARY run main.lua; }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("config", "    location / { return 204; }\n");
    $block->set_value("timeout", 100);
});

run_tests();

__DATA__

=== TEST 1: nghttpd
--- exec eval
$::Start . <<'_EOC_'
start_nghttpd $A
run <<X
load("one connection", "http://127.0.0.1:$A", { force_h2c = true, pool = { force_h2c = true, connections_per_host = 1 } })
load("many", "http://127.0.0.1:$A", { force_h2c = true, pool = { force_h2c = true } })
X
stop_proxies; true
_EOC_
--- exec_out
one connection	all
	0 in use
many	all
	0 in use



=== TEST 2: h2o
--- exec eval
$::Start . <<'_EOC_'
start_h2o $A $Z
run <<X
load("HTTP/1.1", "http://127.0.0.1:$A", {})
load("HTTP/2 in cleartext", "http://127.0.0.1:$A", { force_h2c = true, pool = { force_h2c = true } })
load("TLS", "https://localhost:$Z", {})
load("HTTP/1.1 over TLS", "https://localhost:$Z", { http_versions = { "1.1" } })
X
stop_proxies; true
_EOC_
--- exec_out
HTTP/1.1	all
	0 in use
HTTP/2 in cleartext	all
	0 in use
TLS	all
	0 in use
HTTP/1.1 over TLS	all
	0 in use



=== TEST 3: Apache, which ends a connection after 50 requests
--- exec eval
$::Start . <<'_EOC_'
start_apache $A $Z
run <<X
load("HTTP/1.1", "http://127.0.0.1:$A", {})
load("HTTP/2 in cleartext", "http://127.0.0.1:$A", { force_h2c = true, pool = { force_h2c = true } })
load("TLS", "https://localhost:$Z", {})
load("HTTP/1.1 over TLS", "https://localhost:$Z", { http_versions = { "1.1" } })
X
stop_proxies; true
_EOC_
--- exec_out
HTTP/1.1	all
	0 in use
HTTP/2 in cleartext	all
	0 in use
TLS	all
	0 in use
HTTP/1.1 over TLS	all
	0 in use



=== TEST 4: nginx, which ends a connection after 50 requests
--- exec eval
$::Start . <<'_EOC_'
start_nginx $A $Z
run <<X
load("Unix socket", "http://localhost", { unix_path = "nginx.sock" })
load("HTTP/2 in cleartext", "http://127.0.0.1:$A", { force_h2c = true, pool = { force_h2c = true } })
load("TLS", "https://localhost:$Z", {})
load("HTTP/1.1 over TLS", "https://localhost:$Z", { http_versions = { "1.1" } })
X
stop_proxies; true
_EOC_
--- exec_out
Unix socket	all
	0 in use
HTTP/2 in cleartext	all
	0 in use
TLS	all
	0 in use
HTTP/1.1 over TLS	all
	0 in use



=== TEST 5: proxy_pass to h2o
--- exec eval
$::Start . <<'_EOC_'
start_h2o $A $Z; front
run <through.lua
stop; stop_proxies; grep -E 'alert|error' logs/error.log
true
_EOC_
--- exec_out
one	all
	0 in use
two	all
	0 in use
tls	all
	0 in use
two from two	all
	0 in use



=== TEST 6: proxy_pass to Apache
--- exec eval
$::Start . <<'_EOC_'
start_apache $A $Z; front
run <through.lua
stop; stop_proxies; grep -E 'alert|error' logs/error.log
true
_EOC_
--- exec_out
one	all
	0 in use
two	all
	0 in use
tls	all
	0 in use
two from two	all
	0 in use



=== TEST 7: proxy_pass to nginx
--- exec eval
$::Start . <<'_EOC_'
start_nginx $A $Z; front unix:$D/nginx.sock
run <through.lua
stop; stop_proxies; grep -E 'alert|error' logs/error.log
true
_EOC_
--- exec_out
one	all
	0 in use
two	all
	0 in use
tls	all
	0 in use
two from two	all
	0 in use



=== TEST 8: through proxies
--- exec eval
$::Start . <<'_EOC_'
T=$TEST_NGINX_RAND_PORT_5 S=$TEST_NGINX_RAND_PORT_6 M=$TEST_NGINX_RAND_PORT_7 N=$TEST_NGINX_RAND_PORT_8 H=$TEST_NGINX_RAND_PORT_9
start_nginx $A $Z 100000; start_tinyproxy $T; start_squid $S; start_microsocks $M; start_danted $N none; start_haproxy $H $T
run <<X
local squid = "http://127.0.0.1:$S"
load("tinyproxy", "https://localhost:$Z", { proxy = "http://127.0.0.1:$T", http_versions = { "1.1" } })
load("squid, plain", "http://127.0.0.1:$A", { proxy = squid, proxy_tunnel = true, force_h2c = true, pool = { force_h2c = true } })
load("squid, TLS", "https://localhost:$Z", { proxy = squid })
load("microsocks", "https://localhost:$Z", { proxy = "socks5h://127.0.0.1:$M" })
load("dante", "https://localhost:$Z", { proxy = "socks5h://127.0.0.1:$N" })
load("haproxy", "https://localhost:$Z", { proxy = "https://localhost:$H", proxy_tls = { ca = "ca.pem" } })
X
stop_proxies; true
_EOC_
--- exec_out
tinyproxy	all
	0 in use
squid, plain	all
	0 in use
squid, TLS	all
	0 in use
microsocks	all
	0 in use
dante	all
	0 in use
haproxy	all
	0 in use



=== TEST 9: hash, hash consistent and ip_hash choose the servers that nginx chooses
--- exec eval
$::Start . <<'_EOC_'
B1=$TEST_NGINX_RAND_PORT_5 B2=$TEST_NGINX_RAND_PORT_6 B3=$TEST_NGINX_RAND_PORT_7 N=$TEST_NGINX_RAND_PORT_8
SERVERS="server 127.0.0.1:$B1 weight=2; server 127.0.0.1:$B2 max_fails=0; server 127.0.0.1:$B3 weight=3 down;"
GROUPS_="upstream h { hash \$arg_k; $SERVERS } upstream c { hash \$arg_k consistent; $SERVERS } upstream i { ip_hash; $SERVERS }"
FRONT="location / { proxy_pass http://\$arg_way; } location /i { proxy_pass http://i; }"
serve 'location / { return 204; }' "$GROUPS_ server { listen 127.0.0.1:$F; $FRONT } server { listen 127.0.0.1:$B1; return 200 'one '; }
    server { listen 127.0.0.1:$B2; return 200 'two '; } server { listen 127.0.0.1:$B3; return 200 'three '; }"
mkdir -p nginx
cat >nginx.conf <<X
user root; daemon off; error_log nginx/error.log; pid nginx/pid; events { worker_connections 500; }
http { access_log off; client_body_temp_path nginx; proxy_temp_path nginx; fastcgi_temp_path nginx; uwsgi_temp_path nginx; scgi_temp_path nginx;
    $GROUPS_ server { listen 127.0.0.1:$N; $FRONT } }
X
nginx -p "$PWD" -c nginx.conf >nginx.out 2>&1 &
began $N
for port in $F $N; do
    for way in h c; do curl -s "http://127.0.0.1:$port/?way=$way&k=[1-300]"; echo; done
    curl -s --interface '127.0.0.1' "http://127.0.0.1:$port/i?[1-3]"; curl -s --interface '127.77.3.9' "http://127.0.0.1:$port/i?[1-3]"
    echo
done >answers
[ "$(head -3 answers)" = "$(tail -3 answers)" ] && echo the same
head -2 answers | tr ' ' '\n' | sort | uniq -c | sort -n | awk '$2 { print $2, ($1 > 100) }'
stop; stop_proxies; true
_EOC_
--- exec_out
the same
two 1
one 1
