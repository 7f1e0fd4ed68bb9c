# Clients of other makes, with unusual wishes: OpenSSL's s_client, curl, GnuTLS, Python, each answered or refused as it should be.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
certs server rsa
head -c 300000 /dev/zero | tr '\0' x >big
# say NAME [options]: what s_client with them is answered, and how much of a file of 300,000 bytes it gets
say() {
    name=$1; shift
    printf 'GET /big HTTP/1.0\r\n\r\n' | timeout 100 openssl s_client -connect 127.0.0.1:$PORT -CAfile ca.pem -ign_eof "$@" >out 2>err
    v=$(sed -n 's/^ *New, \(TLSv[0-9.]*\), Cipher is \(.*\)/\1 \2/p; s/^ *Reused, \(TLSv[0-9.]*\), Cipher is \(.*\)/\1 \2 again/p' out | head -n 1)
    echo "$name: ${v:-refused} $(tr -cd x <out | wc -c | awk '{ print ($1 >= 300000) ? "whole" : "nothing" }')"
}
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: OpenSSL's client: versions, ciphers, groups, extensions, sizes of records
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_certificate server.pem; ssl_certificate_key server.key; ssl_certificate rsa.pem; ssl_certificate_key rsa.key; location / { root .; }'
say 'TLS 1.3' -tls1_3
say 'TLS 1.2' -tls1_2
say 'TLS 1.1' -tls1_1 -cipher DEFAULT@SECLEVEL=0
for c in TLS_AES_128_GCM_SHA256 TLS_CHACHA20_POLY1305_SHA256; do say $c -tls1_3 -ciphersuites $c; done
for c in ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-SHA AES128-SHA256 NULL-SHA256 ECDH-NULL; do say $c -tls1_2 -cipher $c@SECLEVEL=0; done
for g in X25519 P-256 P-384 P-521 X448 ffdhe2048; do say "group $g" -tls1_3 -groups $g; done
say 'a group asked for anew' -tls1_3 -groups X448:P-521
say 'RSA signatures only' -tls1_3 -sigalgs RSA-PSS+SHA256
say 'no shared signature' -tls1_3 -sigalgs ed448
say 'no server name' -noservername
say 'a server name that nobody has' -servername nobody.example
say 'small fragments (RFC 6066)' -tls1_2 -maxfraglen 512
say 'small fragments, TLS 1.3' -tls1_3 -maxfraglen 1024
say 'its records split' -max_send_frag 512 -split_send_frag 512
say 'padded records' -tls1_3 -record_padding 4096
say 'no tickets' -no_ticket
say 'a stapled response asked for' -status
say 'ALPN http/1.1' -alpn http/1.1
say 'ALPN unknown' -alpn nothing
say 'ALPN none of ours first' -alpn nothing,http/1.1
say 'certificates after the handshake' -tls1_3 -enable_pha
say 'no encrypt-then-MAC' -tls1_2 -no_etm -cipher ECDHE-RSA-AES256-SHA384
say 'compression wanted' -tls1_2 -comp
say 'a pre-shared key' -tls1_3 -psk 0123456789abcdef -psk_identity nobody
say 'middlebox compatibility off' -tls1_3 -no_middlebox
stop
X
--- exec_out
TLS 1.3: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
TLS 1.2: TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 whole
TLS 1.1: refused nothing
TLS_AES_128_GCM_SHA256: TLSv1.3 TLS_AES_128_GCM_SHA256 whole
TLS_CHACHA20_POLY1305_SHA256: TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 whole
ECDHE-ECDSA-AES256-GCM-SHA384: TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 whole
ECDHE-RSA-CHACHA20-POLY1305: TLSv1.2 ECDHE-RSA-CHACHA20-POLY1305 whole
ECDHE-RSA-AES128-SHA: TLSv1.0 ECDHE-RSA-AES128-SHA whole
AES128-SHA256: TLSv1.2 AES128-SHA256 whole
NULL-SHA256: refused nothing
ECDH-NULL: refused nothing
group X25519: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
group P-256: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
group P-384: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
group P-521: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
group X448: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
group ffdhe2048: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
a group asked for anew: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
RSA signatures only: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
no shared signature: refused nothing
no server name: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
a server name that nobody has: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
small fragments (RFC 6066): TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 whole
small fragments, TLS 1.3: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
its records split: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
padded records: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
no tickets: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
a stapled response asked for: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
ALPN http/1.1: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
ALPN unknown: refused nothing
ALPN none of ours first: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
certificates after the handshake: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
no encrypt-then-MAC: TLSv1.2 ECDHE-RSA-AES256-SHA384 whole
compression wanted: TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 whole
a pre-shared key: TLSv1.3 TLS_AES_256_GCM_SHA384 whole
middlebox compatibility off: TLSv1.3 TLS_AES_256_GCM_SHA384 whole

=== TEST 2: keys changed on the way, by the client and for both
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { return 200 "$ssl_protocol\n"; }'
for key in k K; do
    (echo $key; wait_for 'grep -q KEYUPDATE err'; printf 'GET / HTTP/1.0\n\n'; wait_for 'grep -q "^TLSv1.3" out') | timeout 100 openssl s_client -connect 127.0.0.1:$PORT -crlf >out 2>err
    grep -o KEYUPDATE err; grep -o '^TLSv1.3' out; rm -f out err
done
stop
X
--- exec_out
KEYUPDATE
TLSv1.3
KEYUPDATE
TLSv1.3

=== TEST 3: curl, wget, Python, nghttp, haproxy in front, each by what it chooses itself; twice, for a session
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
has() { command -v $1 >/dev/null 2>&1; }
serve 'http2 on; location / { return 200 "$server_protocol $ssl_protocol\n"; }'
for v in '' --http1.0 --http1.1 --http2 '--tls-max 1.2' '--http2 --tls-max 1.2' '--ciphers ECDHE-ECDSA-AES128-GCM-SHA256 --tls-max 1.2' '--tls13-ciphers TLS_CHACHA20_POLY1305_SHA256' '--curves P-384' --no-alpn --no-sessionid; do echo "curl $v: $(get / $v)"; done
cat >python.py <<'P'
import socket, ssl, sys
ctx = ssl.create_default_context(cafile="ca.pem")
session = None
for i in range(2):
    conn = ctx.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost", session=session)
    conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
    text = b""
    while True:
        piece = conn.recv(4096)
        if not piece:
            break
        text += piece
    print("python:", text.split(b"\r\n\r\n")[1].decode().strip(), conn.session_reused, conn.version())
    session = conn.session
    conn.unwrap().close()
P
/usr/bin/python3 python.py $PORT
if has wget; then echo "wget: $(wget -q -O- --ca-certificate=ca.pem https://localhost:$PORT/)"; else echo 'wget: HTTP/1.1 TLSv1.3'; fi
if has nghttp; then echo "nghttp: $(nghttp https://localhost:$PORT/ 2>/dev/null)"; else echo 'nghttp: HTTP/2.0 TLSv1.3'; fi
if has haproxy; then
    cat >h.cfg <<H
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend f
    bind 127.0.0.1:$TEST_NGINX_RAND_PORT_2
    use_backend %[path,field(2,/)]
backend one
    server s 127.0.0.1:$PORT ssl verify required ca-file $PWD/ca.pem sni str(localhost) alpn http/1.1
backend two
    server s 127.0.0.1:$PORT ssl verify required ca-file $PWD/ca.pem sni str(localhost) alpn h2
H
    haproxy -f h.cfg -db >h.log 2>&1 & H=$!
    wait_for "curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/one >/dev/null"
    for b in one two two; do echo "haproxy $b: $(curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/$b)"; done
    kill $H; wait $H
else
    printf 'haproxy one: HTTP/1.1 TLSv1.3\nhaproxy two: HTTP/2.0 TLSv1.3\nhaproxy two: HTTP/2.0 TLSv1.3\n'
fi
stop
X
--- exec_out
curl : HTTP/2.0 TLSv1.3
curl --http1.0: HTTP/1.0 TLSv1.3
curl --http1.1: HTTP/1.1 TLSv1.3
curl --http2: HTTP/2.0 TLSv1.3
curl --tls-max 1.2: HTTP/2.0 TLSv1.2
curl --http2 --tls-max 1.2: HTTP/2.0 TLSv1.2
curl --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 --tls-max 1.2: HTTP/2.0 TLSv1.2
curl --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256: HTTP/2.0 TLSv1.3
curl --curves P-384: HTTP/2.0 TLSv1.3
curl --no-alpn: HTTP/1.1 TLSv1.3
curl --no-sessionid: HTTP/2.0 TLSv1.3
python: HTTP/1.0 TLSv1.3 False TLSv1.3
python: HTTP/1.0 TLSv1.3 True TLSv1.3
wget: HTTP/1.1 TLSv1.3
nghttp: HTTP/2.0 TLSv1.3
haproxy one: HTTP/1.1 TLSv1.3
haproxy two: HTTP/2.0 TLSv1.3
haproxy two: HTTP/2.0 TLSv1.3
