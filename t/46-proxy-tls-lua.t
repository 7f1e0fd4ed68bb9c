# Lua in the handshakes with servers that requests are passed on to: proxy_ssl_certificate_by_lua,
# proxy_ssl_verify_by_lua, proxy_ssl_conf_command.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
certs server client two other
# back LEVEL: a server that asks for certificates, on a socket of its own; the front passes on to it
back() { printf '%s' "server { listen unix:$PWD/back.sock ssl; server_name localhost; ssl_verify_client optional; ssl_client_certificate ca.pem; $1 }"; }
ask() { get "$@" -o out -w '%{http_code} '; cat out; }
UP="https://unix:$PWD/back.sock:"
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: a certificate chosen for each request, after a wait, with threads; nobody gets another one's connection
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >choose.lua <<L
local ssl, proxyssl, cert = require "ngx.ssl", require "ngx.proxyssl", require "ngx.ssl.proxysslcert"
local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
local name = ngx.var.arg_who
assert(ngx.get_phase() == "proxy_ssl_cert" and ngx.ctx.early == "yes" and proxyssl.get_tls1_version_str() == "TLSv1.3")
assert(ssl.get_tls1_version_str() == nil or ssl.server_name() == "localhost")
assert(not pcall(ngx.say, "x") and not pcall(ngx.location.capture, "/x") and not pcall(ngx.exec, "/x"))
local late = ngx.thread.spawn(function() ngx.sleep(0.01) ngx.ctx.thread = name return name end)
ngx.thread.spawn(function() ngx.sleep(0.02) ngx.ctx.unwaited = "done" end)
local ok, who = ngx.thread.wait(late)
assert(ok and who == name)
if name == "none" then
    assert(cert.clear_certs())
elseif name == "two" then
    assert(cert.set_der_cert(ssl.cert_pem_to_der(read("two.pem"))))
    assert(cert.set_der_priv_key(ssl.priv_key_pem_to_der(read("two.key"))))
elseif name == "client" then
    assert(cert.set_cert(ssl.parse_pem_cert(read("client.pem"))))
    assert(cert.set_priv_key(ssl.parse_pem_priv_key(read("client.key"))))
elseif name == "bad" then
    assert(not cert.set_cert(ssl.parse_pem_cert(read("client.pem"))) or not cert.set_priv_key(ssl.parse_pem_priv_key(read("other.key"))))
end
L
serve "location / { proxy_pass $UP/; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_ssl_certificate server.pem; proxy_ssl_certificate_key server.key;
  access_by_lua_block { ngx.ctx.early = \"yes\" } proxy_ssl_certificate_by_lua_file choose.lua;
  header_filter_by_lua_block { ngx.header.thread = tostring(ngx.ctx.thread) .. \" \" .. tostring(ngx.ctx.unwaited) } }" \
  "$(back 'location / { return 200 "$ssl_client_s_dn $connection_requests\n"; }')"
for who in client two client none other bad; do ask /?who=$who; done
curl -s --cacert ca.pem -D- -o /dev/null "https://localhost:$PORT/?who=client" | grep -i '^thread'
grep -c '\[error\]' logs/error.log; stop
X
--- exec_out eval
"200 CN=client 1
200 CN=two 1
200 CN=client 1
200  1
200 CN=server 1
200  1
thread: client done\r
0
"

=== TEST 2: the judgement about a server's certificate, told and changed; refused by ngx.exit and by a failure
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >judge.lua <<L
local verify = require "ngx.ssl.proxysslverify"
local result, set = verify.get_verify_result(), tonumber(ngx.var.arg_set)
ngx.log(ngx.WARN, "judged ", result, " ", ngx.get_phase(), " ", type(verify.get_verify_cert()))
if ngx.var.arg_sleep then ngx.sleep(0.01) assert(verify.get_verify_result() == result) end
if set then assert(verify.set_verify_result(set)) end
if ngx.var.arg_exit then ngx.exit(tonumber(ngx.var.arg_exit)) end
if ngx.var.arg_fail then error("no good") end
L
serve "proxy_ssl_trusted_certificate ca.pem; proxy_ssl_verify on;
  location /named { proxy_ssl_name localhost; proxy_pass $UP/; proxy_ssl_verify_by_lua_file judge.lua; }
  location /wrong { proxy_ssl_name other.example; proxy_pass $UP/; proxy_ssl_verify_by_lua_file judge.lua; }
  location /unjudged { proxy_ssl_name other.example; proxy_pass $UP/; proxy_ssl_verify_by_lua_file judge.lua; lua_upstream_skip_openssl_default_verify on; }
  location /off { proxy_ssl_verify off; proxy_pass $UP/; proxy_ssl_verify_by_lua_file judge.lua; }
  error_page 502 @refused; location @refused { return 200 'refused '; }" \
  "$(back 'location / { return 200 "answered "; }')"
for u in named named?sleep=1 named?set=23 named?exit=0 named?exit=-1 named?fail=1 'named?sleep=1&fail=1' wrong 'wrong?set=0&sleep=1' unjudged unjudged?set=62 off off?set=23 off?exit=-1; do get "/$u"; done; echo
grep -o 'judged.* cdata while [a-z ]*' logs/error.log | sort | uniq -c | sed 's/^ *//'
grep -o '\[crit\].*SSL_do_handshake() failed ([^)]*) while SSL handshaking to upstream\|no good' logs/error.log | sed 's/.*SSL_do/SSL_do/' | sort | uniq -c | sed 's/^ *//'; stop
X
--- exec_out
answered answered refused answered refused refused refused refused answered answered refused answered answered refused 
12 judged 0 proxy_ssl_verify cdata while loading proxy ssl verify by lua
2 judged 62 proxy_ssl_verify cdata while loading proxy ssl verify by lua
1 SSL_do_handshake() failed (SSL: certificate has been revoked) while SSL handshaking to upstream
2 SSL_do_handshake() failed (SSL: certificate is for another name) while SSL handshaking to upstream
4 SSL_do_handshake() failed (SSL: certificate not acceptable) while SSL handshaking to upstream
2 no good

=== TEST 3: the server's deadline and a client that leaves end what waits; the next server is tried
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "location /slow { proxy_connect_timeout 50ms; proxy_pass $UP/; proxy_ssl_certificate_by_lua_block { ngx.thread.spawn(function() ngx.sleep(60) end) ngx.sleep(60) ngx.log(ngx.ERR, 'not reached') } }
  location /left { proxy_pass $UP/; proxy_ssl_certificate_by_lua_block { ngx.log(ngx.WARN, 'waits') ngx.thread.spawn(function() ngx.sleep(60) end) ngx.sleep(60) } }
  location /next { proxy_pass https://two/; proxy_ssl_certificate_by_lua_block { ngx.sleep(0.001) if not ngx.ctx.again then ngx.ctx.again = true ngx.exit(ngx.ERROR) end } }" \
  "upstream two { server unix:$PWD/back.sock; server unix:$PWD/back.sock; } $(back 'location / { return 200 "answered\n"; }')"
get /slow -o /dev/null -w '%{http_code}\n'
logged 'upstream timed out (110: Connection timed out) while loading proxy ssl certificate by lua'
curl -s --cacert ca.pem https://localhost:$PORT/left >/dev/null & C=$!; logged waits; kill $C; wait $C
get /next
grep -c 'not reached\|\[alert\]' logs/error.log; stop; echo "ended $?"
X
--- exec_out
504
answered
0
ended 0

=== TEST 4: commands to the library, on either side; a configuration that makes no sense
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "ssl_conf_command MinProtocol TLSv1.3; ssl_conf_command Groups P-384;
  location /12 { proxy_pass $UP/; proxy_ssl_conf_command MaxProtocol TLSv1.2; location /12/suite { proxy_pass $UP/; proxy_ssl_conf_command MaxProtocol TLSv1.2; proxy_ssl_conf_command CipherString ECDHE-ECDSA-CHACHA20-POLY1305; } }
  location /verified { proxy_pass $UP/; proxy_ssl_conf_command VerifyMode Peer; }" \
  "$(back 'location / { return 200 "$ssl_protocol $ssl_cipher\n"; }')"
shake -tls1_2 | grep -c 'alert protocol version'; shake | grep -o 'Server Temp Key: .*\|New, TLS[^,]*'
get /12/; get /12/suite; get /verified -o /dev/null -w '%{http_code}\n'; stop
bad() { printf 'events {} http { server { listen 127.0.0.1:1; location / { %s } } }' "$1" >bad.conf; $B -t -c bad.conf 2>&1 | sed -n 's/.*\[emerg\] //p' | sed 's/ in .*//'; }
bad 'proxy_pass http://127.0.0.1:1; proxy_ssl_verify_by_lua_block { return }'
bad 'proxy_ssl_certificate_by_lua_block { return } proxy_pass http://127.0.0.1:1;'
bad 'proxy_ssl_conf_command NoSuch thing;'
bad 'proxy_ssl_conf_command MinProtocol TLSv9;'
X
--- exec_out_like
^1
Server Temp Key: ECDH, secp384r1, 384 bits
New, TLSv1.3
TLSv1.2 ECDHE-\S+
TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305
502
proxy_ssl_verify_by_lua\* should be used with proxy_pass https url
proxy_ssl_certificate_by_lua\* should be used with proxy_pass https url
SSL_CONF_cmd\("NoSuch", "thing"\) failed: .*
SSL_CONF_cmd\("MinProtocol", "TLSv9"\) failed: .*$
