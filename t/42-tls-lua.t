# Lua in the handshake: choosing certificates, looking at the ClientHello, waiting, refusing.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
subject() { shake "$@" | sed -n 's/^subject=//p'; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: a certificate chosen by name, from DER and from parsed PEM, after a wait
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two other
serve 'ssl_certificate_by_lua_block {
    local ssl = require "ngx.ssl"
    local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
    local name = ssl.server_name()
    if not name or name == "localhost" then return end
    ngx.sleep(0.02)
    assert(ssl.clear_certs())
    if name == "two.example" then
        assert(ssl.set_der_cert(assert(ssl.cert_pem_to_der(read("two.pem") .. read("ca.pem")))))
        assert(ssl.set_der_priv_key(assert(ssl.priv_key_pem_to_der(read("two.key")))))
    elseif name == "other.example" then
        assert(ssl.set_cert(assert(ssl.parse_pem_cert(read("other.pem")))))
        assert(ssl.set_priv_key(assert(ssl.parse_pem_priv_key(read("other.key")))))
    end }
  location / { return 200 "$ssl_server_name\n"; }'
for n in localhost two.example other.example; do subject -servername $n; done
subject -servername two.example -tls1_2
shake -servername two.example | grep -c '^ [0-9] s:'
curl -s --cacert ca.pem --resolve two.example:$PORT:127.0.0.1 https://two.example:$PORT/
subject -servername none.example; echo "none: $(grep -c 'no shared cipher' logs/error.log)"
stop
X
--- exec_out
CN = server
CN = two
CN = other
CN = two
2
two.example
none: 1

=== TEST 2: refusing and failing ends the handshake with a line in the log; the server goes on
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_certificate_by_lua_block {
    local name = require("ngx.ssl").server_name()
    if name == "a.example" then return ngx.exit(ngx.ERROR) end
    if name == "b.example" then error("oh no") end
    if name == "c.example" then ngx.say("x") end
    if name == "d.example" then return ngx.exit(ngx.OK) end
    if name == "e.example" then return ngx.print(ngx.var.uri) end
    ngx.log(ngx.INFO, "phase: ", ngx.get_phase()) }
  location / { return 200 "fine\n"; }'
for n in a b c d e; do echo "$n $(subject -servername $n.example)"; done
get /
logged ': oh no'; logged 'context: ssl_certificate_by_lua\*, client: 127.0.0.1, server: 127.0.0.1'
logged 'API disabled in the context of ssl_certificate_by_lua\*'
logged 'phase: ssl_cert'
stop
X
--- exec_out
a 
b 
c 
d CN = server
e 
fine

=== TEST 3: the ClientHello: name, extensions, versions; protocols may be narrowed; it may wait and refuse
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_client_hello_by_lua_block {
    local hello = require "ngx.ssl.clienthello"
    local name = hello.get_client_hello_server_name()
    ngx.log(ngx.WARN, "hello ", name, " ", table.concat(hello.get_supported_versions() or {}, "+"), " ",
        #(hello.get_client_hello_ext(0) or ""), " ", tostring(hello.get_client_hello_ext(4444)), " ", ngx.get_phase())
    if name == "old.example" then ngx.sleep(0.01) assert(hello.set_protocols({ "TLSv1.2" })) end
    if name == "no.example" then ngx.exit(ngx.ERROR) end }
  ssl_certificate_by_lua_block { assert(not pcall(require("ngx.ssl.clienthello").get_client_hello_ext, 0)) }
  location / { return 200 "fine\n"; }' "server { listen 127.0.0.1:$PORT ssl; server_name old.example; location / { return 200; } }"
for n in new old no; do shake -servername $n.example | grep -o '^New, TLS[^,]*'; done
grep -o 'hello [a-z]*.example [^,]*ssl_client_hello' logs/error.log
stop
X
--- exec_out
New, TLSv1.3
New, TLSv1.2
hello new.example TLSv1+TLSv1.1+TLSv1.2+TLSv1.3 16 nil ssl_client_hello
hello old.example TLSv1+TLSv1.1+TLSv1.2+TLSv1.3 16 nil ssl_client_hello
hello no.example TLSv1+TLSv1.1+TLSv1.2+TLSv1.3 15 nil ssl_client_hello

=== TEST 4: a client that leaves while Lua waits; many at once
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
L='ssl_certificate_by_lua_block {
    local name = require("ngx.ssl").server_name()
    if name == "slow.example" then ngx.sleep(300) end
    if name == "some.example" then for i = 1, 5 do ngx.sleep(0.005) end end }
  location / { return 200 "fine\n"; }'
serve "client_header_timeout 300ms; $L"
shake -servername slow.example >/dev/null
logged 'client timed out while SSL handshaking'
stop; serve "$L"
for i in 1 2 3 4 5 6; do (subject -servername some.example >>subjects; ) & J="$J $!"; done; wait $J
sort subjects | uniq -c | sed 's/^ *//'
get /
stop
X
--- exec_out
6 CN = server
fine

=== TEST 5: facts of the connection in requests; material that cannot be used
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client
serve 'location / { content_by_lua_block {
    local ssl = require "ngx.ssl"
    local addr, kind = ssl.raw_server_addr()
    ngx.say(#addr, kind, " ", ssl.server_port() == tonumber(ngx.var.server_port), " ", ssl.get_tls1_version_str(), " ",
        ssl.get_tls1_version() == ssl.TLS1_3_VERSION, " ", ssl.server_name(), " ", tostring(ssl.ssl_session_reused()))
    ngx.say(ssl.parse_pem_cert("x")) ngx.say(ssl.set_der_cert("x")) ngx.say(ssl.priv_key_pem_to_der("x"))
} }' 'server { listen 127.0.0.1:'$TEST_NGINX_RAND_PORT_2'; location / { content_by_lua_block { ngx.say(require("ngx.ssl").server_name()) } } }'
get /
curl -s http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/
stop
X
--- exec_out_like
^4inet true TLSv1.3 true localhost false
nilPEM_read_bio_X509_AUX\(\) failed: .*
nild2i_X509_bio\(\) failed: .*
nilPEM_read_bio_PrivateKey\(\) failed: .*
nilbad request$

=== TEST 6: a client's certificate asked for by Lua
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client stranger
serve 'ssl_certificate_by_lua_block {
    local ssl = require "ngx.ssl"
    local f = io.open("ca.pem") local pem = f:read("*a") f:close()
    assert(ssl.verify_client(assert(ssl.parse_pem_cert(pem)), 2)) }
  location / { return 200 "$ssl_client_verify $ssl_client_s_dn\n"; }'
get /; get / --cert client.pem --key client.key; get / --cert stranger.pem --key stranger.key
stop
X
--- exec_out
NONE 
SUCCESS CN=client
FAILED:unable to verify the first certificate CN=stranger

=== TEST 7: debug lines tell, as nginx's do, that a connection in its handshake is none that may be closed for another
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'error_log logs/debug.log debug;
  ssl_client_hello_by_lua_block { print "hello runs" }
  ssl_certificate_by_lua_block { print "cert runs" }
  location / { return 200 "ok\n"; }'
shake -servername localhost >/dev/null
stop
cat logs/*.log | grep -oE 'reusable connection: [01]|ssl [a-z ]*: connection reusable: [01]|(hello|cert) runs'
X
--- exec_out
reusable connection: 0
ssl client hello: connection reusable: 0
hello runs
ssl cert: connection reusable: 0
cert runs
