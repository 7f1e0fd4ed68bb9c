# Early data of TLS 1.3 (RFC 8446 section 2.3, RFC 8470): openssl s_client sends it, and t/lib/early_relay.py keeps the
# handshake from ending before the answer stands in the log.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
RELAY=$PWD/t/lib/early_relay.py; . t/lib/tls.sh
RELAYED=$TEST_NGINX_RAND_PORT_2 BEHIND=$TEST_NGINX_RAND_PORT_3
LOG='log_format l "$request_method $uri $status early=$ssl_early_data";'
request() { printf '%s %s HTTP/1.1\r\nHost: localhost\r\n%b\r\n' "$@"; }
close='Connection: close\r\n'
client() { timeout 100 openssl s_client -tls1_3 -ign_eof "$@" 2>&1 | tr -d '\r'; }
# A session to resume; the server gives it with its first answer.
meet() { request GET /meet "$close" | client -connect 127.0.0.1:$PORT -sess_out sess >/dev/null; }
shown() { grep -a '^Early\|^HTTP/1\|^early=\|^told='; }
# Sends the file `early` early, and $IN later; the handshake cannot end before the log has $1 lines.
held() {
    rm -f seen ready
    /usr/bin/python3 $RELAY $RELAYED $PORT seen >ready & R=$!
    wait_for '[ -s ready ]'
    client -connect 127.0.0.1:$RELAYED $alpn -sess_in sess -early_data early <${IN:-/dev/null} >answer & C=$!
    wait_for "[ $1 -le \$(wc -l <logs/early.log) ]"; touch seen
    wait $C; kill $R 2>/dev/null; shown <answer
}
_EOC_

timeout(90);
no_root_location();
run_tests();

__DATA__

=== TEST 1: answered before the handshake is over; a method that changes something gets 425; a server behind is told
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_early_data on; access_log logs/early.log l;
location / { return 200 "early=$ssl_early_data\n"; }
location /to { proxy_pass http://127.0.0.1:'$BEHIND'; }
location /says { proxy_set_header Early-Data "mine"; proxy_pass http://127.0.0.1:'$BEHIND'; }' "$LOG
server { listen 127.0.0.1:$BEHIND; "'location / { return 200 "told=$http_early_data\n"; } }'
meet
request GET /one "$close" >early; held 2
request POST /two "Content-Length: 0\r\n$close" >early; held 3
request GET /to "$close" >early; held 4
request GET /to "Early-Data: 1\r\n$close" >early; held 5
request GET /says "$close" >early; held 6
request GET /to "$close" | client -connect 127.0.0.1:$PORT -sess_in sess | shown
cat logs/early.log; logged 'client sent early data with a method that is not safe while reading client request headers'
stop
X
--- exec_out
Early data was accepted
HTTP/1.1 200 OK
early=1
Early data was accepted
HTTP/1.1 425 Too Early
Early data was accepted
HTTP/1.1 200 OK
told=1
Early data was accepted
HTTP/1.1 200 OK
told=1
Early data was accepted
HTTP/1.1 200 OK
told=mine
Early data was not sent
HTTP/1.1 200 OK
told=
GET /meet 200 early=-
GET /one 200 early=1
POST /two 425 early=1
GET /to 200 early=1
GET /to 200 early=1
GET /says 200 early=1
GET /to 200 early=-

=== TEST 2: the connection goes on: what comes behind the handshake is not early, part of a request may be
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_early_data on; access_log logs/early.log l; client_max_body_size 1m;
location / { content_by_lua_block { ngx.say("early=", ngx.var.ssl_early_data, " ", ngx.var.connection_requests) } }
location /large { content_by_lua_block { ngx.say("early=", ngx.var.ssl_early_data, " ", ("x"):rep(100000)) } }' "$LOG"
meet
request GET /one '' >early; mkfifo in; exec 3<>in
request GET /two '' >&3; request POST /three "Content-Length: 0\r\n$close" >&3
IN=in held 2
meet
request GET /large "$close" >early; held 6 | tr -d x; grep -a ^early answer | tr -dc x | wc -c
meet
{ request GET /half ''; request POST /rest "$close" | head -c 20; } >early
request POST /rest "Content-Length: 0\r\n$close" | tail -c +21 >&3
IN=in held 8
stop
X
--- exec_out
Early data was accepted
HTTP/1.1 200 OK
early=1 1
HTTP/1.1 200 OK
early=nil 2
HTTP/1.1 200 OK
early=nil 3
Early data was accepted
HTTP/1.1 200 OK
early=1 
100000
Early data was accepted
HTTP/1.1 200 OK
early=1 1
HTTP/1.1 200 OK
early=nil 2

=== TEST 3: not without the directive, and not by a server without it that the name leads to
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
request GET /one "$close" >early
ask() { client -connect 127.0.0.1:$PORT -sess_in sess -early_data early "$@" <early | shown; }
serve 'ssl_early_data on; location / { return 200 "early=$ssl_early_data\n"; }' '
server { listen 127.0.0.1:'$PORT' ssl; server_name two.example; }'
meet
ask -servername two.example
stop
serve 'location / { return 200 "early=$ssl_early_data\n"; }'
ask
stop
X
--- exec_out
Early data was rejected
HTTP/1.1 200 OK
early=
Early data was rejected
HTTP/1.1 200 OK
early=

=== TEST 4: who has taken the connection over before the handshake is over keeps it; the new session is nobody's
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_early_data on; ssl_session_cache shared:s:1m; ssl_session_tickets off; access_log off;
location / { content_by_lua_block {
    local socket = ngx.var.uri == "/raw" and ngx.req.socket(true)
    if not socket then return ngx.say("met") end
    socket:send("HTTP/1.1 200 OK\r\n\r\nearly=" .. ngx.var.ssl_early_data .. "\n")
    local log = io.open("logs/early.log", "a"); log:write("raw\n"); log:close()
    socket:send("early=" .. socket:receive() .. "\n")
} }' "$LOG"
meet
request GET /raw '' >early; printf 'no\n' >late
>logs/early.log; IN=late held 1
get /meet
stop
X
--- exec_out
Early data was accepted
HTTP/1.1 200 OK
early=1
early=no
met

=== TEST 5: streams of HTTP/2
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_early_data on; http2 on; access_log logs/early.log l; location / { return 200 "ok"; }' "$LOG"
begin() { printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0'; }
ask() { printf "\\0\\0\\16\\1\\5\\0\\0\\0\\$2\\$1\\204\\207A\\11localhost"; } # $1: HPACK's number of the method, $2: the stream
end() { printf '\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0'; }
{ begin; ask 202 1; end; } | client -connect 127.0.0.1:$PORT -alpn h2 -sess_out sess >/dev/null
{ begin; ask 202 1; ask 203 3; } >early; { ask 203 5; end; } >late
alpn='-alpn h2'; IN=late held 3; wait_for '[ 4 -le $(wc -l <logs/early.log) ]'
cat logs/early.log
stop
X
--- exec_out
Early data was accepted
GET / 200 early=-
GET / 200 early=1
POST / 425 early=1
POST / 200 early=-
