# `pass`: a connection goes to another socket of the server, as it is or freed of TLS.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
certs server
IN=$PORT PLAIN=$TEST_NGINX_RAND_PORT_2 TLS=$TEST_NGINX_RAND_PORT_3 LINE=$TEST_NGINX_RAND_PORT_4
serve_both() {
    cat >conf/perilune.conf <<X
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {}
stream { ssl_certificate server.pem; ssl_certificate_key server.key;
    log_format f '\$server_port \$status \$bytes_received'; access_log logs/a.log f; $1 }
http { access_log off; ssl_certificate server.pem; ssl_certificate_key server.key;
    server { listen 127.0.0.1:$PLAIN; location = /said { return 200 "\$remote_addr for \$proxy_protocol_addr
"; } location / { return 200 'plain \$remote_addr \$scheme \$request_uri
'; } }
    server { listen 127.0.0.1:$TLS ssl; http2 on; location / { return 200 'tls \$server_protocol \$ssl_server_name
'; } } }
X
    $B -c conf/perilune.conf & P=$!
    wait_for "[ -s logs/m.pid ] || is_gone $P"
}
ask() { curl -sk --max-time 100 --resolve "a.test:$IN:127.0.0.1" "$@"; }
say() { echo hello | timeout 100 openssl s_client -quiet -connect "127.0.0.1:$IN" -servername "$1" -ign_eof 2>/dev/null; }
ports() { sed "s/^$IN /IN /; s/^$LINE /LINE /"; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: by the name in the ClientHello, to HTTP in the clear, over TLS, and to another server of stream
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve_both "
map \$ssl_preread_server_name \$to { a.test 127.0.0.1:$TLS; b.test 127.0.0.1:$LINE; default 127.0.0.1:$PLAIN; }
server { listen 127.0.0.1:$IN; ssl_preread on; pass \$to; }
server { listen 127.0.0.1:$LINE ssl; content_by_lua_block { ngx.say('line ', ngx.req.socket():receive(), ' of ', ngx.var.remote_addr) } }"
ask "http://127.0.0.1:$IN/a" "http://127.0.0.1:$IN/b"
ask "https://a.test:$IN/"
ask --http1.1 "https://a.test:$IN/"
say b.test
wait_for '[ $(wc -l <logs/a.log) = 5 ]'; ports <logs/a.log | grep -v 'IN 200 [1-9]'
stop
X
--- exec_out
plain 127.0.0.1 http /a
plain 127.0.0.1 http /b
tls HTTP/2.0 a.test
tls HTTP/1.1 a.test
line hello of 127.0.0.1
LINE 200 6

=== TEST 2: freed of TLS
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve_both "server { listen 127.0.0.1:$IN ssl; pass 127.0.0.1:$PLAIN; }"
ask "https://a.test:$IN/c" "https://a.test:$IN/d"
stop
X
--- exec_out
plain 127.0.0.1 https /c
plain 127.0.0.1 https /d

=== TEST 3: where it cannot go
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve_both "
map \$ssl_preread_server_name \$to { self 127.0.0.1:$IN; proxied 127.0.0.1:$LINE; nobody 127.0.0.1:1; default nowhere:x; }
server { listen 127.0.0.1:$IN; ssl_preread on; pass \$to; }
server { listen 127.0.0.1:$LINE proxy_protocol; return never; }
server { listen 127.0.0.1:$IN udp; pass 127.0.0.1:$PLAIN; }"
say self; say proxied; say nobody; say other
echo x >"/dev/udp/127.0.0.1/$IN" 2>/dev/null || bash -c "echo x >/dev/udp/127.0.0.1/$IN"
wait_for '[ $(wc -l <logs/a.log) = 5 ]'; ports <logs/a.log | cut -d ' ' -f 1,2
grep -o '\[error\].* in "pass"' logs/error.log | sed "s/.*: \**[0-9]* //; s/:$IN/:IN/; s/:$LINE/:LINE/; s/:$PLAIN/:PLAIN/"
stop
X
--- exec_out
IN 500
IN 500
IN 500
IN 500
IN 500
no other socket listens at "127.0.0.1:IN" in "pass"
the PROXY protocol is awaited at "127.0.0.1:LINE" in "pass"
no other socket listens at "127.0.0.1:1" in "pass"
invalid address "nowhere:x" in "pass"
there is no connection to go to "127.0.0.1:PLAIN" in "pass"

=== TEST 4: a server has one content
--- config
    location / { return 200 "ok"; }
--- stream_server_config
    return x;
    pass 127.0.0.1:80;
--- must_die
--- error_log
"pass" directive is duplicate

=== TEST 5: in a circle
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve_both "
server { listen 127.0.0.1:$IN; pass 127.0.0.1:$LINE; }
server { listen 127.0.0.1:$LINE; pass 127.0.0.1:$IN; }"
timeout 100 bash -c "exec 3<>/dev/tcp/127.0.0.1/$IN; cat <&3"; echo "closed: $?"
grep -o '\[error\].* in "pass"' logs/error.log | sed "s/.*: \**[0-9]* //; s/:$IN/:IN/; s/:$LINE/:LINE/"
stop
X
--- exec_out
closed: 0
too many passes, the next would lead to "127.0.0.1:IN" in "pass"

=== TEST 6: what a proxy has said of the client goes with the connection
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve_both "
server { listen 127.0.0.1:$IN proxy_protocol; pass 127.0.0.1:$LINE; }
server { listen 127.0.0.1:$LINE; pass 127.0.0.1:$PLAIN; }"
timeout 100 bash -c "exec 3<>/dev/tcp/127.0.0.1/$IN; printf 'PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\nGET /said HTTP/1.0\r\n\r\n' >&3; tail -n 1 <&3"
stop
X
--- exec_out
127.0.0.1 for 192.0.2.7
