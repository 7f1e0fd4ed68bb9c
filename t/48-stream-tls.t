# stream { } and TLS: ended here, begun here, names and certificates, reload and quit under open sessions. Servers are
# started by `exec`.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
A=$TEST_NGINX_RAND_PORT_2 SHORT=$TEST_NGINX_RAND_PORT_3
stream() {
    cat >conf/perilune.conf <<X
user root; daemon off; ${MASTER:-master_process off;} error_log logs/error.log info; pid logs/m.pid; events {}
stream { lua_package_path "$D/?.lua;;"; $1 }
X
    $B -c conf/perilune.conf & P=$!
    wait_for "[ -s logs/m.pid ] || is_gone $P"
}
say() { S=$1; shift; printf '%s\n' "$S" | timeout 100 openssl s_client -quiet -verify_quiet -connect "127.0.0.1:$PORT" -CAfile ca.pem -ign_eof "$@" 2>/dev/null; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: a proxy that ends TLS, by the example's configuration
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
stream "server { listen 127.0.0.1:$A; content_by_lua_block { local s = ngx.req.socket() ngx.say('clear: ', s:receive()) } }
ssl_certificate server.pem; ssl_certificate_key server.key; ssl_alpn line echo;
log_format f '\$status \$ssl_protocol \$ssl_server_name \$ssl_alpn_protocol \$upstream_addr'; access_log logs/a.log f;
server { listen 127.0.0.1:$PORT ssl; server_name localhost; proxy_pass 127.0.0.1:$A; }
server { listen 127.0.0.1:$PORT ssl; server_name two.example; ssl_certificate two.pem; ssl_certificate_key two.key;
         content_by_lua_block { ngx.say('two: ', ngx.req.socket():receive()) } }"
say hello -servername localhost -verify_return_error -verify_hostname localhost -alpn echo
say hello -servername two.example -verify_return_error -verify_hostname two.example
wait_for '[ $(wc -l <logs/a.log) = 3 ]'; grep TLS logs/a.log | sed "s/:$A/:A/"
stop
X
--- exec_out
clear: hello
two: hello
200 TLSv1.3 localhost echo 127.0.0.1:A
200 TLSv1.3 two.example - -

=== TEST 2: TLS towards servers: verified by name, refused, a certificate of ours
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client
stream "ssl_certificate server.pem; ssl_certificate_key server.key; proxy_half_close on;
server { listen 127.0.0.1:$A ssl; ssl_client_certificate ca.pem; ssl_verify_client optional;
         content_by_lua_block { ngx.say('sni ', ngx.var.ssl_server_name, ' ', ngx.var.ssl_client_verify, ': ', ngx.req.socket():receive()) } }
proxy_ssl on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_verify on; proxy_ssl_server_name on;
server { listen 127.0.0.1:$PORT; proxy_pass 127.0.0.1:$A; proxy_ssl_name localhost;
         proxy_ssl_certificate client.pem; proxy_ssl_certificate_key client.key; }
server { listen unix:$D/wrong.sock; proxy_pass 127.0.0.1:$A; proxy_ssl_name elsewhere.example; }"
ask() { perl -MIO::Socket -e '$s = $ARGV[0] =~ m(/) ? IO::Socket::UNIX->new($ARGV[0]) : IO::Socket::INET->new($ARGV[0]); print $s "hello\n"; shutdown($s, 1); print <$s>' "$1"; }
ask "127.0.0.1:$PORT"; ask "$D/wrong.sock"
logged 'SSL_do_handshake() failed (SSL: .*) while SSL handshaking to upstream'; stop
X
--- exec_out
sni localhost SUCCESS: hello

=== TEST 3: clients without the certificate that is asked for; who does not speak TLS
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client
stream "ssl_certificate server.pem; ssl_certificate_key server.key; log_format f '\$status \$ssl_client_verify'; access_log logs/a.log f;
server { listen 127.0.0.1:$PORT ssl; ssl_client_certificate ca.pem; ssl_verify_client on; return 'welcome\n'; }"
say hello -cert client.pem -key client.key
say hello
printf 'GET / HTTP/1.0\r\n\r\n' | perl -MIO::Socket -e '$s = IO::Socket::INET->new($ARGV[0]); print $s <STDIN>; print length(join "", <$s>) < 20, "\n"' "127.0.0.1:$PORT"
wait_for '[ $(wc -l <logs/a.log) = 2 ]'; cat logs/a.log; stop
X
--- exec_out
welcome
1
200 SUCCESS
400 NONE

=== TEST 4: a reload and a quit let sessions end; new ones are served by the new configuration
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
cat >old.lua <<'L'
return function(stream) for c in stream:each() do stream:put("old " .. c) end end
L
MASTER='worker_processes 2;' stream "server { listen 127.0.0.1:$PORT; handler old; } server { listen 127.0.0.1:$A; proxy_pass 127.0.0.1:$PORT; }"
cat >talk.pl <<'L'
use IO::Socket;
my ($port, $proxy, $reload, $quit) = @ARGV;
sub ask { my ($s, $text) = @_; print $s $text; $s->flush; my $got; sysread($s, $got, 100); print "$got\n" }
my $a = IO::Socket::INET->new("127.0.0.1:$port"); my $b = IO::Socket::INET->new("127.0.0.1:$proxy");
ask($a, "one"); ask($b, "two");
system($reload);
ask($a, "three"); ask($b, "four");
my $c = IO::Socket::INET->new("127.0.0.1:$port"); ask($c, "five");
system($quit);
ask($a, "six"); ask($b, "seven"); ask($c, "eight");
L
cat >reload.sh <<'L'
sed -i 's/handler old/handler new/' conf/perilune.conf
printf 'return function(stream) for c in stream:each() do stream:put("new " .. c) end end' >new.lua
kill -HUP $(cat logs/m.pid)
until [ $(grep -c 'gracefully shutting down' logs/error.log) = 2 ]; do sleep 0.02; done
until perl -MIO::Socket -e '$s = IO::Socket::INET->new($ARGV[0]) or exit 1; print $s "x"; $s->flush; sysread($s, $g, 9); exit($g ne "new x")' 127.0.0.1:$1; do :; done
L
cat >quit.sh <<'L'
kill -QUIT $(cat logs/m.pid)
while perl -MIO::Socket -e 'exit !IO::Socket::INET->new($ARGV[0])' 127.0.0.1:$1; do :; done
L
perl talk.pl $PORT $A "sh reload.sh $PORT" "sh quit.sh $PORT"
wait $P; echo ended
X
--- exec_out
old one
old two
old three
old four
new five
old six
old seven
new eight
ended

=== TEST 5: who the client is by the PROXY protocol, before TLS and in the clear, whole and in pieces; what is none
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
cat >told.lua <<'L'
return function(stream, info)
    stream:put { info.peer.host, " ", info.peer.port, " ", info.proxy.host, " ", info.local_address.port, "\n" }
end
L
stream "ssl_certificate server.pem; ssl_certificate_key server.key;
log_format f '\$proxy_protocol_addr \$proxy_protocol_port \$proxy_protocol_server_addr \$proxy_protocol_server_port \$remote_addr'; access_log logs/a.log f;
server { listen 127.0.0.1:$PORT proxy_protocol; handler told; }
server { listen 127.0.0.1:$SHORT proxy_protocol; proxy_protocol_timeout 300ms; access_log off; handler told; }
server { listen 127.0.0.1:$A proxy_protocol ssl; content_by_lua_block { ngx.say(ngx.var.ssl_protocol, ' ', ngx.req.socket():receive()) } }"
cat >ask.pl <<'L'
use IO::Socket; $| = 1;
my ($port, $piece, $text) = @ARGV; $text = eval qq("$text");
my $s = IO::Socket::INET->new("127.0.0.1:$port");
while (length $text) { syswrite($s, substr($text, 0, $piece, "")); select(undef, undef, undef, 0.001) }
print <$s>;
L
perl ask.pl $PORT 1000 'PROXY TCP4 1.2.3.4 5.6.7.8 1024 443\r\n'
perl ask.pl $PORT 1 'PROXY TCP6 2001:db8::1 ::1 7 8\r\n'
perl ask.pl $PORT 5 '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\4\0\1\xbb'
perl ask.pl $PORT 1000 'GET / HTTP/1.0\r\n\r\n'
logged 'broken header while reading PROXY protocol'
perl ask.pl $SHORT 1000 'PROXY TCP4 1.2'
logged 'client timed out while reading PROXY protocol'
cat >tls.py <<'L'
import socket, ssl, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"PROXY TCP4 9.8.7.6 5.6.7.8 99 443\r\n")
c = ssl.create_default_context(cafile="ca.pem").wrap_socket(s, server_hostname="localhost")
c.sendall(b"inside\n"); print(c.recv(100).decode(), end="")
L
/usr/bin/python3 tls.py $A
wait_for '[ $(wc -l <logs/a.log) = 4 ]'; cat logs/a.log; stop
X
--- exec_out
1.2.3.4 1024 127.0.0.1 443
2001:db8::1 7 127.0.0.1 8
1.2.3.4 1024 127.0.0.1 443
TLSv1.3 inside
1.2.3.4 1024 5.6.7.8 443 127.0.0.1
2001:db8::1 7 ::1 8 127.0.0.1
1.2.3.4 1024 5.6.7.8 443 127.0.0.1
9.8.7.6 99 5.6.7.8 443 127.0.0.1

=== TEST 6: a connection that idles in a pool does not keep the worker at the other end of it
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >echo.lua <<'L'
return function(stream) for c in stream:each() do stream:put(c) end end
L
stream "server { listen 127.0.0.1:$A; handler echo; } } http { access_log off; server { listen 127.0.0.1:$PORT; location / { content_by_lua_block {
    local s = ngx.socket.connect('127.0.0.1', $A) s:send 'kept\n' ngx.say(s:receive()) ngx.say(s:setkeepalive(0)) } } }"
curl -s "http://127.0.0.1:$PORT/"; kill -QUIT $P; wait $P; echo ended
X
--- exec_out
kept
1
ended



=== TEST 7: Lua in the handshake with a server: it chooses the certificate by the session, and judges the server's
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client two
cat >choose.lua <<L
local ssl, cert = require "ngx.ssl", require "ngx.ssl.proxysslcert"
local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
local name = ngx.ctx.who
ngx.sleep(0.01)
assert(cert.clear_certs())
assert(cert.set_cert(ssl.parse_pem_cert(read(name .. ".pem"))))
assert(cert.set_priv_key(ssl.parse_pem_priv_key(read(name .. ".key"))))
L
cat >judge.lua <<L
local verify = require "ngx.ssl.proxysslverify"
ngx.log(ngx.NOTICE, "judged in ", ngx.get_phase())
assert(verify.set_verify_result(ngx.ctx.who == "two" and 10 or 0))
L
stream "ssl_certificate server.pem; ssl_certificate_key server.key;
server { listen 127.0.0.1:$A ssl; ssl_client_certificate ca.pem; ssl_verify_client optional; return '\$ssl_client_s_dn\n'; }
server { listen 127.0.0.1:$PORT; preread_by_lua_block { ngx.ctx.who = ngx.req.socket():peek(3) == 'two' and 'two' or 'client' }
         proxy_pass 127.0.0.1:$A; proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_name elsewhere.example;
         lua_upstream_skip_openssl_default_verify on; proxy_ssl_certificate_by_lua_file choose.lua; proxy_ssl_verify_by_lua_file judge.lua; }"
for who in client two; do PORT=$PORT perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ENV{PORT}"); $s->print("$ARGV[0]\n"); print "$ARGV[0]: ", <$s>, "\n"' $who; done
grep -o 'judged in [a-z_]*' logs/error.log; grep -c 'crit.*SSL_do_handshake() failed (SSL: .*certificate has expired) while SSL handshaking to upstream' logs/error.log
stop
cat >conf/perilune.conf <<C
events {} stream { server { listen 127.0.0.1:$PORT; proxy_pass 127.0.0.1:$A; proxy_ssl_verify_by_lua_file judge.lua; } }
C
$B -t -c conf/perilune.conf 2>&1 | grep -o 'proxy_ssl_verify_by_lua\* should.*directive'
X
--- exec_out
client: CN=client

two: 
judged in proxy_ssl_verify
judged in proxy_ssl_verify
1
proxy_ssl_verify_by_lua* should be used with proxy_ssl directive

=== TEST 8: OpenResty's C functions of TLS under their names in stream
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
stream "ssl_certificate server.pem; ssl_certificate_key server.key;
server { listen 127.0.0.1:$PORT ssl; return 'port \$server_port'; ssl_certificate_by_lua_block {
    local ffi, base = require 'ffi', require 'resty.core.base'
    ffi.cdef [[int ngx_stream_lua_ffi_ssl_clear_certs(ngx_stream_lua_request_t *r, char **err);
        void *ngx_stream_lua_ffi_parse_pem_cert(const char *pem, size_t n, char **err);
        void *ngx_stream_lua_ffi_parse_pem_priv_key(const char *pem, size_t n, char **err);
        int ngx_stream_lua_ffi_set_cert(ngx_stream_lua_request_t *r, void *chain, char **err);
        int ngx_stream_lua_ffi_set_priv_key(ngx_stream_lua_request_t *r, void *key, char **err);
        void ngx_stream_lua_ffi_free_cert(void *chain);
        int ngx_stream_lua_ffi_ssl_server_port(ngx_stream_lua_request_t *r, unsigned short *port, char **err);]]
    local C, err, r = ffi.C, ffi.new 'char *[1]', base.get_request()
    local function read(path) local f = assert(io.open(path)) local s = f:read('*a') f:close() return s end
    local pem, key, port = read('two.pem'), read('two.key'), ffi.new 'unsigned short[1]'
    assert(C.ngx_stream_lua_ffi_ssl_clear_certs(r, err) == 0)
    local chain = C.ngx_stream_lua_ffi_parse_pem_cert(pem, #pem, err)
    assert(C.ngx_stream_lua_ffi_set_cert(r, chain, err) == 0)
    C.ngx_stream_lua_ffi_free_cert(chain)
    assert(C.ngx_stream_lua_ffi_set_priv_key(r, C.ngx_stream_lua_ffi_parse_pem_priv_key(key, #key, err), err) == 0)
    assert(C.ngx_stream_lua_ffi_parse_pem_cert('x', 1, err) == nil)
    assert(C.ngx_stream_lua_ffi_ssl_server_port(r, port, err) == 0)
    ngx.log(ngx.WARN, 'says ', ffi.string(err[0]), ' at ', port[0] == $PORT) } }"
say hello -verify_return_error -verify_hostname two.example | sed "s/$PORT/PORT/"; echo
sed -n 's/.*\(says [^:]*\):.* \(at [a-z]*\).*/\1 \2/p' logs/error.log; stop
X
--- exec_out
port PORT
says PEM_read_bio_X509_AUX() failed at true



=== TEST 9: $proxy_protocol_tlv_* of sessions and of requests, for as long as the connection lasts
--- exec eval
$::Begin . <<'X'
stream "log_format f '[\$proxy_protocol_tlv_alpn] [\$proxy_protocol_tlv_ssl_cn] [\$proxy_protocol_tlv_ssl_verify] [\$proxy_protocol_tlv_0xea] [\$proxy_protocol_tlv_netns]';
server { listen 127.0.0.1:$PORT proxy_protocol; access_log logs/a.log f;
    content_by_lua_block { ngx.say(ngx.var.proxy_protocol_tlv_authority, ' ', ngx.var.proxy_protocol_tlv_ssl_version, ' ', ngx.var.proxy_protocol_tlv_unknown) } }
} http { server { listen 127.0.0.1:$A proxy_protocol; location / { return 200 '\$proxy_protocol_tlv_authority \$proxy_protocol_tlv_ssl_version\n'; } }"
cat >ask.py <<'L'
import socket, struct, sys
def tlv(kind, value): return struct.pack("!BH", kind, len(value)) + value
ssl = tlv(0x20, b"\x05" + struct.pack("!I", 0) + tlv(0x21, b"TLSv1.3") + tlv(0x22, b"client seven"))
body = bytes([1, 2, 3, 4, 5, 6, 7, 8]) + struct.pack("!HH", 1024, 443) + tlv(1, b"h2") + tlv(2, b"a.test") + ssl + tlv(0xea, b"vpce-1")
head = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(body)) + body
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for i in range(0, len(head), 30): s.sendall(head[i:i + 30])
f = s.makefile("rb")
for i in range(int(sys.argv[2])):
    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while f.readline() not in (b"\r\n", b""): pass
    print(f.readline().decode(), end="")
if sys.argv[2] == "0": print(f.read().decode(), end="")
L
/usr/bin/python3 ask.py $PORT 0
/usr/bin/python3 ask.py $A 2
wait_for '[ -s logs/a.log ]'; cat logs/a.log; stop
X
--- exec_out
a.test TLSv1.3 nil
a.test TLSv1.3
a.test TLSv1.3
[h2] [client seven] [0] [vpce-1] [-]



=== TEST 10: towards servers, with a key that is encrypted; secrets are logged for who reads captures
--- exec eval
$::Begin . <<'X'
certs server client
openssl pkey -in client.key -aes256 -passout pass:sesame -out sealed.key 2>/dev/null
printf 'wrong\nsesame\n' >words; echo wrong >no_words; echo "user root;" >user.conf
stream "ssl_certificate server.pem; ssl_certificate_key server.key; proxy_half_close on;
server { listen 127.0.0.1:$A ssl; ssl_client_certificate ca.pem; ssl_verify_client on;
         content_by_lua_block { ngx.say(ngx.var.ssl_client_verify, ': ', ngx.req.socket():receive()) } }
proxy_ssl on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_verify on; proxy_ssl_name localhost;
proxy_ssl_certificate client.pem; proxy_ssl_certificate_key sealed.key;
server { listen 127.0.0.1:$PORT; proxy_pass 127.0.0.1:$A; proxy_ssl_password_file words; proxy_ssl_key_log keys.log; }"
ask() { perl -MIO::Socket -e '$s = $ARGV[0] =~ m(/) ? IO::Socket::UNIX->new($ARGV[0]) : IO::Socket::INET->new($ARGV[0]); print $s "hello\n"; shutdown($s, 1); print <$s>' "$1"; }
ask "127.0.0.1:$PORT"; stop
grep -c '^CLIENT_TRAFFIC_SECRET_0 ' conf/keys.log; stat -c %a conf/keys.log
for f in no_words nowhere; do
    sed -i "s/password_file [a-z_]*/password_file $f/" conf/perilune.conf
    $B -t -c conf/perilune.conf 2>&1 | sed -n "s/.*\(cannot read .*\|no private key could be read.*\) in .*conf:.*/\1/p" | sed "s,$D,D,"
done
X
--- exec_out
SUCCESS: hello
1
600
no private key could be read: bad decrypt in "D/sealed.key"
cannot read "D/nowhere": not found
