# sslhandshake of ngx.socket.tcp: verification, names, sessions, certificates of our own, failures.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
certs server client
X=$TEST_NGINX_RAND_PORT_2
ask() { curl -s --max-time 100 "http://127.0.0.1:$X$1"; }
PLAIN="server { listen 127.0.0.1:$X; lua_socket_log_errors off;"
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: verified or not, by name, resumed, with a certificate
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_verify_client optional; ssl_client_certificate ca.pem; location / { return 200 "$ssl_client_verify $ssl_session_reused\n"; }' "
init_by_lua_block {
    function talk(name, verify, session, before)
        local sock = ngx.socket.tcp()
        sock:settimeout(60000)
        assert(sock:connect('127.0.0.1', $PORT))
        if before then before(sock) end
        local got, err = sock:sslhandshake(session, name, verify)
        if not got then return nil, err end
        sock:send('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        sock:receiveuntil('\r\n\r\n')()
        local answer = sock:receive()
        return type(got), answer, sock:getsslsession()
    end
}
$PLAIN
    location = /t {
        lua_ssl_trusted_certificate ca.pem;
        content_by_lua_block {
            ngx.say((select(2, talk('localhost', true))))
            ngx.say(talk('elsewhere', true))
            ngx.say((select(2, talk('elsewhere', false))))
            local kind, answer, session = talk('localhost', true)
            ngx.say(kind, ' ', type(session))
            ngx.say((select(2, talk('localhost', true, session))))
            ngx.say((talk('localhost', true, false)))
            local function show(sock)
                local function file(name)
                    local f = io.open('$D/' .. name)
                    return f:read('*a'), f:close()
                end
                ngx.say(sock:setclientcert('x'))
                ngx.say(sock:setclientcert((file('client.pem')), (file('client.key'))))
            end
            ngx.say((select(2, talk('localhost', true, nil, show))))
        }
    }
    location = /own {
        lua_ssl_trusted_certificate ca.pem; lua_ssl_certificate client.pem; lua_ssl_certificate_key client.key;
        lua_ssl_protocols TLSv1.2;
        content_by_lua_block { ngx.say((select(2, talk('localhost', true)))) }
    }
    location = /stranger {
        content_by_lua_block { ngx.say(talk('localhost', true)) ngx.say((talk('localhost'))) }
    }
    location = /plain {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(select(2, pcall(sock.sslhandshake, sock)))
            sock:connect('127.0.0.1', $X)
            sock:settimeout(60000)
            ngx.say((sock:sslhandshake()))
            ngx.say(sock:send('x'))
        }
    }
}"
for p in /t /own /stranger /plain; do ask $p; done
stop
X
--- exec_out_like
^NONE \.
nilcertificate host mismatch
NONE \.
(cdata|boolean) cdata
NONE (r|\.)
boolean
nilclient certificate must be supplied with corresponding private key
true
SUCCESS \.
SUCCESS \.
nil.*(certificate|issuer).*
(cdata|boolean)
socket is never created nor connected
nil
nilclosed

=== TEST 2: objects of OpenSSL: certificates and keys, stores to be believed, pointers; OpenResty's words for failures
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client two other
cat >t.lua <<L
local ffi, ssl = require "ffi", require "ngx.ssl"
ffi.cdef "void *X509_STORE_new(void); int X509_STORE_add_cert(void *store, void *x); void X509_STORE_free(void *store); \
    void *OPENSSL_sk_value(void *stack, int i); const char *SSL_get_version(const void *ssl);"
local C = ffi.C
local function file(name) local f = io.open(ngx.config.prefix() .. name) local text = f:read "*a" f:close() return text end
local function store_of(name)
    local store = ffi.gc(C.X509_STORE_new(), C.X509_STORE_free)
    local chain = ssl.parse_pem_cert(file(name))
    assert(C.X509_STORE_add_cert(store, C.OPENSSL_sk_value(chain, 0)) == 1)
    return store
end
local function talk(name, before)
    local sock = ngx.socket.tcp()
    sock:settimeout(60000)
    assert(sock:connect("127.0.0.1", $PORT))
    if before then before(sock) end
    local got, err = sock:sslhandshake(nil, name, true)
    if not got then return err end
    sock:send "GET / HTTP/1.0\r\n\r\n"
    sock:receiveuntil "\r\n\r\n"()
    local answer = sock:receive()
    return answer, sock
end
ngx.say(talk "localhost")
local answer, sock = talk("localhost", function(s) assert(s:settrustedstore(store_of "ca.pem")) end)
ngx.say(answer, " ", ffi.string(C.SSL_get_version(sock:getsslpointer())), " ", type(sock:getsslctx()), " ", sock:settrustedstore(nil))
sock:close()
ngx.say(sock:settrustedstore(nil), sock:getsslpointer())
ngx.say(talk("localhost", function(s) assert(s:settrustedstore(store_of "other.pem")) end))
ngx.say((talk("localhost", function(s) s:settrustedstore(store_of "ca.pem") assert(s:settrustedstore(nil)) end)))
ngx.say((talk("elsewhere", function(s) s:settrustedstore(store_of "ca.pem") end)))
ngx.say((talk("localhost", function(s)
    s:settrustedstore(store_of "ca.pem")
    ngx.say(s:settrustedstore "x")
    ngx.say(s:setclientcert("x", "y"))
    ngx.say(s:setclientcert(ssl.parse_pem_cert(file "client.pem"), "y"))
    assert(s:setclientcert(ssl.parse_pem_cert(file "client.pem"), ssl.parse_pem_priv_key(file "client.key")))
end)))
local function mismatch(s)
    s:settrustedstore(store_of "ca.pem")
    assert(s:setclientcert(ssl.parse_pem_cert(file "client.pem"), ssl.parse_pem_priv_key(file "two.key")))
end
ngx.say((talk("localhost", mismatch)))
L
serve 'ssl_verify_client optional; ssl_client_certificate ca.pem; location / { return 200 "$ssl_client_s_dn.\n"; }' "
server { listen 127.0.0.1:$X; location = /t { content_by_lua_file t.lua; } }"
ask /t; grep -o '\(lua ssl\|SSL_do_handshake()\) [a-z ]*[:"(].*, client' logs/error.log | grep -v while | sort | uniq -c | sed 's/^ *//'; stop
X
--- exec_out
20: unable to get local issuer certificate
. TLSv1.3 cdata nilssl handshake already done; trusted store cannot be changed on an established TLS connection
nilnilclosed
20: unable to get local issuer certificate
20: unable to get local issuer certificate
certificate host mismatch
nilbad store arg: cdata expected, got string
nilbad cert arg: cdata expected, got string
nilbad pkey arg: cdata expected, got string
CN=client.
ssl set client private key failed
1 lua ssl certificate does not match host "elsewhere", client
3 lua ssl certificate verify error: (20: unable to get local issuer certificate), client

=== TEST 3: lua_ssl_conf_command and lua_ssl_key_log; what becomes of sessions is told in the log; "no session is wanted"
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { return 200 "$ssl_cipher $ssl_session_reused\n"; }' "
lua_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
$PLAIN
    error_log logs/lua.log debug;
    location = /keys { lua_ssl_key_log keys.log; content_by_lua_file t.lua; }
    location = /own { lua_ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256; content_by_lua_file t.lua; }
    location = /none { lua_ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256; content_by_lua_file t.lua; }
}"
cat >t.lua <<L
local function ask(session)
    local sock = ngx.socket.tcp()
    sock:settimeout(60000)
    assert(sock:connect("127.0.0.1", $PORT))
    local got, err = sock:sslhandshake(session, "localhost", false)
    if not got then return ngx.say(err) end
    sock:send "GET / HTTP/1.0\r\n\r\n"
    sock:receiveuntil "\r\n\r\n"()
    ngx.say(sock:receive(), " ", type(got))
    return sock:getsslsession() or got
end
ask(ask(nil))
ask(false)
collectgarbage()
L
ask /keys; sort conf/keys.log | cut -d' ' -f1 | uniq -c | sed 's/^ *//'
grep -o 'lua ssl [sf][a-z]* session: [0-9A-F]*' logs/lua.log | awk '{ n[$3]++ } $3 == "set" { set = $5 } $3 == "save" { last = $5 }
    $3 == "free" && $5 == set { freed = 1 } END { print n["save"] == n["free"], n["set"], freed }'
ask /own; ask /none; ls conf | grep -c keys; stop
X
--- exec_out
TLS_AES_128_GCM_SHA256 . cdata
TLS_AES_128_GCM_SHA256 r cdata
TLS_AES_128_GCM_SHA256 . boolean
3 CLIENT_HANDSHAKE_TRAFFIC_SECRET
3 CLIENT_TRAFFIC_SECRET_0
3 EXPORTER_SECRET
3 SERVER_HANDSHAKE_TRAFFIC_SECRET
3 SERVER_TRAFFIC_SECRET_0
1 1 1
TLS_CHACHA20_POLY1305_SHA256 . cdata
TLS_CHACHA20_POLY1305_SHA256 r cdata
TLS_CHACHA20_POLY1305_SHA256 . boolean
handshake failed
handshake failed
handshake failed
1

=== TEST 4: a peer that ends without a close_notify has ended; one that ends with an alert has failed
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >peer.py <<'P'
import socket, ssl, sys
plain = socket.socket()
plain.bind(("127.0.0.1", 0))
plain.listen()
print(plain.getsockname()[1], flush=True)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("server.pem", "server.key")
for i in range(2):
    c, _ = plain.accept()
    s = tls.wrap_socket(c, server_side=True)
    s.sendall(b"all of it")
    s.close()
tls.verify_mode = ssl.CERT_REQUIRED
c, _ = plain.accept()
try:
    tls.wrap_socket(c, server_side=True)
except ssl.SSLError:
    c.close()
P
/usr/bin/python3 peer.py >peer.port & P=$!
wait_for '[ -s peer.port ]'
cat >conf/perilune.conf <<C
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {}
http { access_log off; $PLAIN
    location = /t { content_by_lua_block {
        local function talk(pattern)
            local sock = ngx.socket.tcp()
            sock:settimeout(60000)
            assert(sock:connect("127.0.0.1", $(cat peer.port)))
            assert(sock:sslhandshake())
            ngx.say(sock:receive(pattern))
            ngx.say(sock:receive())
        end
        talk "*a"
        talk(20)
        talk(1)
    } } } }
C
$B -c conf/perilune.conf & P="$P $!"
wait_for '[ -s logs/m.pid ]'
ask /t; kill $P 2>/dev/null; wait
X
--- exec_out
all of it
nilclosed
nilclosedall of it
nilclosed
nilerror
nilclosed

=== TEST 5: what lua_ssl_* name is read with the configuration: -t tells, workers need no key, levels below share it
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
try() { printf 'events {} http { server { listen 127.0.0.1:1; %s } }' "$1" >conf/bad.conf; $B -t -c conf/bad.conf 2>&1 | sed -n 's/.*\[emerg\] //p' | sed 's/ in [^ ]*bad.conf.*//; s/"[^"]*\//"/'; }
cp client.pem client.key server.key ca.pem conf
try 'lua_ssl_certificate client.pem;'
try 'lua_ssl_certificate client.pem; lua_ssl_certificate_key server.key;'
try 'location / { lua_ssl_trusted_certificate none.pem; }'
try 'location / { if ($uri) { lua_ssl_crl none.pem; return 204; } }'
try 'lua_ssl_ciphers NONE;'
try 'lua_ssl_certificate client.pem; lua_ssl_certificate_key client.key; lua_ssl_trusted_certificate ca.pem;'
two() { printf 'events {} http { lua_ssl_certificate client.pem; server { listen 127.0.0.1:1; lua_ssl_certificate_key client.key; location / { lua_ssl_verify_depth 2; } } server { listen 127.0.0.1:2; %s } }' "$1" >conf/bad.conf
    $B -t -c conf/bad.conf 2>&1 | sed -n 's/.*\[emerg\] //p; s/.*test is //p' | sed 's/ in [^ ]*bad.conf.*//; s/"[^"]*\//"/'; }
two ''; two 'lua_ssl_certificate_key client.key;'
serve 'lua_ssl_certificate_key client.key; ssl_verify_client optional; ssl_client_certificate ca.pem; location / { return 200 "$ssl_client_verify\n"; }' "
lua_ssl_trusted_certificate ca.pem; lua_ssl_certificate client.pem;
$PLAIN
    lua_ssl_certificate_key client.key;
    location = /above { content_by_lua_file t.lua; }
    location = /own { lua_ssl_protocols TLSv1.2; content_by_lua_file t.lua; }
    location = /if { if (\$uri) { lua_ssl_verify_depth 2; content_by_lua_file t.lua; } }
}"
cat >t.lua <<L
local sock = ngx.socket.tcp()
assert(sock:connect("127.0.0.1", $PORT))
assert(sock:sslhandshake(nil, "localhost", true))
sock:send "GET / HTTP/1.0\r\n\r\n"
sock:receiveuntil "\r\n\r\n"()
ngx.say(sock:receive())
L
for f in client.key client.pem ca.pem; do mv conf/$f $f.gone 2>/dev/null; mv $f $f.gone 2>/dev/null; done
for u in above own if; do ask /$u; done; stop
X
--- exec_out
no "lua_ssl_certificate_key" is defined for certificate "client.pem"
TLS of sockets of Lua: the key does not belong to the certificate: key values mismatch
TLS of sockets of Lua: cannot read "none.pem": not found
TLS of sockets of Lua: cannot read "none.pem": not found
TLS of sockets of Lua: list of ciphers "NONE" cannot be used: no cipher match
no "lua_ssl_certificate_key" is defined for certificate "client.pem"
successful
SUCCESS
SUCCESS
SUCCESS
