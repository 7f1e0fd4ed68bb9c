# Certificates of clients: what is asked for, what is refused and how, what handlers see of them.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
certs server client revoked expired stranger alone
code() { get / -o /dev/null -w '%{http_code}' "$@"; echo " $(get / "$@" | grep -o '<center>[^<]*</center>' | head -1 | sed 's/<[^>]*>//g')"; }
as() { N=$1; shift; code --cert $N.pem --key $N.key "$@"; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: on: 496 without a certificate, 495 with a bad one, both shown as 400
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_verify_client on; ssl_client_certificate ca.pem; location / { return 200 "<center>$ssl_client_verify $ssl_client_s_dn</center>"; }'
code; as client; as client --tls-max 1.2; as expired; as stranger; as alone
logged 'client sent no required SSL certificate while reading client request headers'
logged 'client SSL certificate verify error: (10:certificate has expired)'
stop
X
--- exec_out
400 No required SSL certificate was sent
200 SUCCESS CN=client
200 SUCCESS CN=client
400 The SSL certificate error
400 The SSL certificate error
400 The SSL certificate error

=== TEST 2: optional, optional_no_ca, off; error_page of 495 and 496
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
L='location / { return 200 "<center>$ssl_client_verify</center>"; }'
serve "ssl_verify_client optional; ssl_client_certificate ca.pem; $L"; code; as client; as stranger; stop
serve "ssl_verify_client optional_no_ca; $L"; code; as client; as stranger; as alone; stop
serve "$L"; as client; stop
serve "ssl_verify_client on; ssl_client_certificate ca.pem; error_page 495 =403 /bad; error_page 496 =401 /none;
   location = /bad { return 200 '<center>bad</center>'; } location = /none { return 200 '<center>none</center>'; } $L"
code; as alone; stop
X
--- exec_out
200 NONE
200 SUCCESS
400 The SSL certificate error
200 NONE
200 FAILED:self-signed certificate in certificate chain
200 FAILED:unable to verify the first certificate
200 FAILED:self-signed certificate
200 NONE
401 none
403 bad

=== TEST 3: revoked
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_verify_client on; ssl_client_certificate ca.pem; ssl_crl crl.pem; location / { return 200 "<center>in</center>"; }'
as client; as revoked
logged 'client SSL certificate verify error: (23:certificate revoked)'
stop
X
--- exec_out
200 in
400 The SSL certificate error

=== TEST 4: variables of the certificate
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_verify_client on; ssl_client_certificate ca.pem;
  location / { return 200 "$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_s_dn_legacy|$ssl_client_serial|$ssl_client_v_remain|$ssl_client_fingerprint\n"; }
  location /raw { return 200 "$ssl_client_raw_cert"; }
  location /cert { return 200 "$ssl_client_cert"; }
  location /escaped { return 200 "$ssl_client_escaped_cert"; }'
with() { get $1 --cert client.pem --key client.key; }
with / | cut -d'|' -f1-5
[ "$(with / | cut -d'|' -f6)" = "$(openssl x509 -in client.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/://g' | tr A-Z a-z)" ] && echo fingerprint
with /raw | cmp - client.pem && echo raw
with /cert | sed 's/^\t//' | openssl x509 -noout -subject
with /escaped | perl -pe 's/%(..)/chr hex $1/ge' | cmp - client.pem && echo escaped
stop
X
--- exec_out
CN=client|CN=Test Authority|/CN=client|1000|10
fingerprint
raw
subject=CN = client
escaped

=== TEST 5: the name of the handshake and that of the request must have the same rules: 421
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { return 200 open; }' 'server { listen 127.0.0.1:'$PORT' ssl; server_name closed.example;
   ssl_verify_client on; ssl_client_certificate ca.pem; location / { return 200 closed; } }'
get / -H 'Host: closed.example' -o /dev/null -w '%{http_code}\n' --cert client.pem --key client.key
get / -H 'Host: localhost'; echo
curl -s --cacert ca.pem -k --cert client.pem --key client.key --resolve closed.example:$PORT:127.0.0.1 https://closed.example:$PORT/; echo
stop
X
--- exec_out
421
open
closed

=== TEST 6: what the configuration must not say
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
try() { printf 'events {} http { server { listen 127.0.0.1:'$PORT' ssl; %s } }' "$1" >conf/x.conf; $B -t -c conf/x.conf 2>&1 | grep -o 'emerg.*' | sed "s,$D/,,g; s/ in conf.*//" | head -1; }
try ''
try 'ssl_certificate server.pem;'
try 'ssl_certificate none.pem; ssl_certificate_key server.key;'
try 'ssl_certificate server.pem; ssl_certificate_key client.key;'
try 'ssl_certificate server.pem; ssl_certificate_key server.key; ssl_ciphers NONE;'
try 'ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.4;'
try 'ssl_certificate server.pem; ssl_certificate_key server.key; ssl_verify_client on;'
try 'ssl_reject_handshake on;'
X
--- exec_out
emerg] no "ssl_certificate" is defined for the "listen ... ssl" directive
emerg] no "ssl_certificate_key" is defined for certificate "server.pem"
emerg] TLS of this server: cannot read "none.pem": not found
emerg] TLS of this server: the key does not belong to the certificate: key values mismatch
emerg] TLS of this server: list of ciphers "NONE" cannot be used: no cipher match
emerg] invalid value "TLSv1.4"
emerg] no ssl_client_certificate for ssl_verify_client

=== TEST 7: how many authorities may stand between a client's and ours
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client below1 below2
L='location / { return 200 "<center>$ssl_client_s_dn</center>"; }'
R='ssl_verify_client on; ssl_client_certificate ca.pem;'
for d in 'ssl_verify_depth 0;' '' 'ssl_verify_depth 2;'; do
    serve "$R $d $L"; for c in client below1 below2; do as $c; done; stop
done
grep -c 'client SSL certificate verify error' logs/error.log
cat >depth.lua <<Y
local tls, tcp = require "perilune.tls", require "perilune.tcp"
local options = { certificate = "below2.pem", key = "below2.key" }
local server = await(tcp.start_server(function(stream) stream:close() end, { port = 0, tls = options }))
for _, depth in ipairs { 0, 1, 2, 100 } do
    local ok, err = try_await(tcp.connect { host = "localhost", port = server:port(), tls = { ca = "ca.pem", depth = depth } })
    print(depth, ok and "good" or err.code)
end
server:close()
Y
timeout 100 $TEST_NGINX_BINARY run depth.lua
X
--- exec_out
200 CN=client
400 The SSL certificate error
400 The SSL certificate error
200 CN=client
200 CN=below1
400 The SSL certificate error
200 CN=client
200 CN=below1
200 CN=below2
6
0	tls_bad_certificate
1	tls_bad_certificate
2	good
100	good

=== TEST 8: after a reload with other authorities or revocation lists no session stands for a client's certificate
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >conf/perilune.conf <<C
user root; daemon off; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; ssl_certificate server.pem; ssl_certificate_key server.key;
server { listen 127.0.0.1:$PORT ssl; ssl_verify_client on; ssl_client_certificate trusted.pem; ssl_crl list.pem;
location / { return 200 "is \$ssl_client_verify \$ssl_session_reused\n"; } } }
C
cat >revoke.lua <<'L'
local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
io.write(require("perilune.tls").make_revocations({ certificate = read("ca.pem"), key = read("ca.key") }, { 4096 }))
L
ask() {
    printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
        openssl s_client -connect 127.0.0.1:$PORT -cert client.pem -key client.key -ign_eof "$@" 2>/dev/null |
        tr -d '\r' | grep -ao '^is .*\|^HTTP/1.1 400\|^Reused'
}
# again VERSION COMMAND: a session, what the command changes and a reload, the same session
again() {
    rm -f s.pem; ask $1 -sess_out s.pem; $2
    n=$(grep -c 'exited with code 0' logs/error.log); kill -HUP $P
    wait_for "[ \$(grep -c 'exited with code 0' logs/error.log) -gt $n ]"
    ask $1 -sess_in s.pem
}
as_before() { cp ca.pem trusted.pem; cp crl.pem list.pem; }
distrust() { cp stranger.pem trusted.pem; }
revoke() { $TEST_NGINX_BINARY run revoke.lua >list.pem; }
as_before
$B -c conf/perilune.conf & P=$!
wait_for "[ -s logs/m.pid ]"
for version in -tls1_2 -tls1_3; do
    echo $version
    again $version true
    again $version distrust; as_before
    again $version true >/dev/null
    again $version revoke; as_before
    again $version true >/dev/null
done
stop
X
--- exec_out
-tls1_2
is SUCCESS .
Reused
is SUCCESS r
is SUCCESS .
HTTP/1.1 400
is SUCCESS .
HTTP/1.1 400
-tls1_3
is SUCCESS .
Reused
is SUCCESS r
is SUCCESS .
HTTP/1.1 400
is SUCCESS .
HTTP/1.1 400
