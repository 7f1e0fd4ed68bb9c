# TLS as configured: handshakes, names, protocols, variables, plain HTTP on a port of TLS. Certificates are made for each
# block; servers are started by `exec` (t/lib/tls.sh), and curl and openssl s_client are the clients.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: HTTP over TLS 1.3 and 1.2; variables; both may be left out
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'location / { return 200 "$ssl_protocol $scheme $https $ssl_session_reused $ssl_server_name $ssl_client_verify $ssl_cipher\n"; }' \
      'ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384;'
get /; get / --tls-max 1.2; get / --http1.1 --request-target https://localhost/
stop
serve 'ssl_protocols TLSv1.3; location / { return 200 "13\n"; }'
get /; get / --tls-max 1.2; echo $?
logged 'no shared version of TLS'
stop
X
--- exec_out
TLSv1.3 https on . localhost NONE TLS_AES_128_GCM_SHA256
TLSv1.2 https on . localhost NONE ECDHE-ECDSA-AES256-GCM-SHA384
TLSv1.3 https on . localhost NONE TLS_AES_128_GCM_SHA256
13
35

=== TEST 2: plain HTTP on a port of TLS: 400 with nginx's page, 497 for error_page; the port goes on
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'location / { return 200 tls; }'
curl -si "http://127.0.0.1:$PORT/" | grep -v '^Date\|^Server' | tr -d '\r'
logged 'client sent plain HTTP request to HTTPS port while reading client request headers'
get /; echo; stop
serve 'error_page 497 =302 https://elsewhere/; location / { return 200 tls; }'
curl -si "http://127.0.0.1:$PORT/" | grep -a '^HTTP\|^Location' | tr -d '\r'; stop
X
--- exec_out
HTTP/1.1 400 Bad Request
Content-Type: text/html
Content-Length: 270
Connection: close

<html>
<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>
<body>
<center><h1>400 Bad Request</h1></center>
<center>The plain HTTP request was sent to HTTPS port</center>
<hr><center>perilune (nginx compatible)</center>
</body>
</html>
tls
HTTP/1.1 302 Found
Location: https://elsewhere/

=== TEST 3: a server by the name that the handshake asks for, with its own certificate and rules
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two other
serve 'location / { return 200 default; }' '
server { listen 127.0.0.1:'$PORT' ssl; server_name two.example; ssl_certificate two.pem; ssl_certificate_key two.key;
  ssl_protocols TLSv1.2; location / { return 200 "two $ssl_protocol"; } }
server { listen 127.0.0.1:'$PORT' ssl; server_name *.other.example; ssl_certificate other.pem; ssl_certificate_key other.key; }
server { listen 127.0.0.1:'$PORT' ssl; server_name refused.example; ssl_reject_handshake on; }'
for n in localhost two.example TWO.example. a.other.example nobody.example; do
    shake -servername $n | sed -n 's/^subject=//p'
done
echo | openssl s_client -connect 127.0.0.1:$PORT -noservername 2>&1 | sed -n 's/^subject=//p'
curl -s --cacert ca.pem --resolve two.example:$PORT:127.0.0.1 https://two.example:$PORT/; echo
shake -servername refused.example | grep -o 'unrecognized name' | head -1
logged 'TLS handshake refused'
stop
X
--- exec_out
CN = server
CN = two
CN = two
CN = other
CN = server
CN = server
two TLSv1.2
unrecognized name

=== TEST 4: keys of two kinds: each client is shown what it can check; chains; a password
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server rsa
openssl ec -in server.key -aes128 -passout pass:second -out locked.key 2>/dev/null
printf 'first\nsecond\n' >words
cat server.pem ca.pem >chain.pem
serve 'ssl_certificate chain.pem; ssl_certificate_key locked.key; ssl_certificate rsa.pem; ssl_certificate_key rsa.key;
       ssl_password_file words;'
shake -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 | grep '^subject\|^ [0-9] s:'
shake -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 | grep '^subject'
shake -tls1_3 -sigalgs rsa_pss_rsae_sha256 | grep '^subject'
stop
X
--- exec_out
 0 s:CN = server
 1 s:CN = Test Authority
subject=CN = server
subject=CN = rsa
subject=CN = rsa

=== TEST 5: sessions are resumed: with tickets in both versions, not without; not under another server's rules
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
resume() { rm -f sess; printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -servername $2 -ign_eof $1 -sess_out sess >/dev/null 2>&1
    printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -servername ${3:-$2} -ign_eof $1 -sess_in sess 2>&1 | grep -o '^New, \|^Reused\|reused=.'; }
serve 'location / { return 200 "reused=$ssl_session_reused"; }' '
server { listen 127.0.0.1:'$PORT' ssl; server_name two.example; ssl_certificate two.pem; ssl_certificate_key two.key;
  location / { return 200 "reused=$ssl_session_reused"; } }'
resume -tls1_3 localhost; resume -tls1_2 localhost; resume -tls1_3 localhost two.example; resume -tls1_2 localhost two.example
stop
serve 'ssl_session_tickets off; location / { return 200 "reused=$ssl_session_reused"; }'
resume -tls1_2 localhost; [ -e sess ] || echo no session
stop
X
--- exec_out
Reused
reused=r
Reused
reused=r
New, 
reused=.
New, 
reused=.
no session

=== TEST 6: large answers and request bodies; a file; keep-alive; renegotiation is refused
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
mkdir html; head -c 2000000 /dev/urandom >html/big
serve 'location / { root html; } client_max_body_size 8m;
  location /size { content_by_lua_block { ngx.req.read_body(); local b = ngx.req.get_body_data()
      if not b then local f = io.open(ngx.req.get_body_file(), "rb"); b = f:read("*a") end ngx.print(ngx.md5(b)) } }'
get /big | cmp - html/big && echo same
get /big --limit-rate 8m --tls-max 1.2 | cmp - html/big && echo same
[ "$(get /size --data-binary @html/big)" = "$(md5sum <html/big | cut -d' ' -f1)" ] && echo received
curl -s --cacert ca.pem -w '%{num_connects}\n' -o /dev/null https://localhost:$PORT/big -o /dev/null https://localhost:$PORT/big
(printf 'R\n'; wait_for 'grep -q "no renegotiation" said') | openssl s_client -connect 127.0.0.1:$PORT -tls1_2 >said 2>&1; grep -o 'no renegotiation' said | head -1
stop
X
--- exec_out
same
same
received
1
0
no renegotiation

=== TEST 7: who says nothing in the handshake is let go; who closes in it leaves one line
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'client_header_timeout 300ms;'
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]"); print defined(sysread $s, $b, 1) ? "closed\n" : "error\n"' $PORT
logged 'client timed out while SSL handshaking'
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]"); print $s "\x16\x03\x01"; close $s' $PORT
logged 'peer closed connection in SSL handshake while SSL handshaking'
grep -c 'SSL handshak' logs/error.log
stop
X
--- exec_out
closed
2

=== TEST 8: application protocols: http/1.1 is chosen, what we do not speak is refused
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'location / { return 200 "$ssl_alpn_protocol"; }'
get / --http1.1 ; echo
shake -alpn spdy/9 | grep -o 'alert no application protocol' | head -1
shake -alpn spdy/9,http/1.1 | grep '^ALPN'
stop
X
--- exec_out
http/1.1
alert no application protocol
ALPN protocol: http/1.1

=== TEST 10: a stapled OCSP response; sessions kept by the server
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
touch index; printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=server\n' $(openssl x509 -in server.pem -noout -serial | cut -d= -f2) >index
openssl ocsp -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -cert server.pem -respout staple.der -ndays 2 >/dev/null 2>&1
serve 'ssl_stapling on; ssl_stapling_file staple.der; ssl_session_tickets off; ssl_session_cache shared:a:1m;
   location / { return 200 "reused=$ssl_session_reused"; }'
shake -status -servername localhost | grep -o 'OCSP Response Status: .*\|Cert Status: .*'
ask() { printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -servername localhost -ign_eof "$@" 2>&1 | grep -o 'reused=.'; }
ask -tls1_2 -sess_out sess; ask -tls1_2 -sess_in sess
stop
try() { printf 'events {} http { ssl_certificate server.pem; ssl_certificate_key server.key; server { listen 127.0.0.1:'$PORT' ssl; %s } }' "$1" >conf/x.conf; $B -t -c conf/x.conf 2>&1 | grep -o 'emerg.*' | sed "s,$D/,,g; s/ in conf.*//" | head -1; }
try 'ssl_stapling on; ssl_stapling_file none.der;'; try 'ssl_stapling on; ssl_stapling_file server.key;'
try 'ssl_session_cache shared:a;'; try 'ssl_session_cache some;'
X
--- exec_out
OCSP Response Status: successful (0x0)
Cert Status: good
reused=.
reused=r
emerg] TLS of this server: cannot read "none.der": not found
emerg] TLS of this server: "server.key" holds no OCSP response
emerg] invalid session cache "shared:a"
emerg] invalid session cache "some"

=== TEST 9: HTTP/2 where ALPN chooses it, by the server that the handshake names; never in the clear on a port of TLS
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
serve 'http2 on; location / { return 200 "$server_protocol $scheme $ssl_alpn_protocol\n"; }' '
server { listen 127.0.0.1:'$PORT' ssl; server_name two.example; ssl_certificate two.pem; ssl_certificate_key two.key;
  location / { return 200 "two $server_protocol\n"; } }'
get /; get / --http1.1
curl -s --cacert ca.pem --resolve two.example:$PORT:127.0.0.1 https://two.example:$PORT/
curl -s --http2-prior-knowledge "http://127.0.0.1:$PORT/" -o /dev/null -w '%{http_version} %{http_code}\n'
stop
X
--- exec_out
HTTP/2.0 https h2
HTTP/1.1 https http/1.1
two HTTP/1.1
0 000

=== TEST 10: requests within a request: captures, auth_request, mirror; each holds what TLS has agreed on
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'http2 on; location /sub { content_by_lua_block { ngx.print(ngx.var.ssl_protocol, " ") } }
location /capture { content_by_lua_block {
    local a, b = ngx.location.capture_multi({{"/sub"}, {"/sub"}}); ngx.say(a.body, b.body, ngx.var.ssl_protocol) } }
location /auth { auth_request /allow; mirror /sub; content_by_lua_block { ngx.say("let in by ", ngx.var.ssl_protocol) } }
location /allow { content_by_lua_block { ngx.exit(ngx.var.https == "on" and 200 or 403) } }'
for how in --http1.1 --http2; do get /capture $how; get /auth $how; get /capture $how; done
grep -c 'panic\|exited on signal' logs/error.log; stop
X
--- exec_out
TLSv1.3 TLSv1.3 TLSv1.3
let in by TLSv1.3
TLSv1.3 TLSv1.3 TLSv1.3
TLSv1.3 TLSv1.3 TLSv1.3
let in by TLSv1.3
TLSv1.3 TLSv1.3 TLSv1.3
0



=== TEST 11: ssl_key_log: the secrets of each server's own connections, by the names of the format; for the others none
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_key_log keys; location / { return 200 "ok "; }' "server { listen 127.0.0.1:$PORT ssl; server_name other; location / { return 200 'other '; } }"
get / --tls-max 1.2; cut -d' ' -f1 conf/keys | sort; : >conf/keys
get / --tlsv1.3; cut -d' ' -f1 conf/keys | sort; : >conf/keys
curl -sk --resolve "other:$PORT:127.0.0.1" "https://other:$PORT/"; wc -c <conf/keys; stat -c %a conf/keys
stop
X
--- exec_out
ok CLIENT_RANDOM
ok CLIENT_HANDSHAKE_TRAFFIC_SECRET
CLIENT_TRAFFIC_SECRET_0
EXPORTER_SECRET
SERVER_HANDSHAKE_TRAFFIC_SECRET
SERVER_TRAFFIC_SECRET_0
other 0
600
