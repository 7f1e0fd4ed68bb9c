# proxy_store, proxy_force_ranges, ranges of answers that a cache is just keeping. Servers are locations on ports of this server, and Lua.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Origin = <<'_EOC_';
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; max_ranges 0;
        location / { content_by_lua_block {
            ngx.header.etag = '"e"'
            ngx.header.last_modified = "Mon, 01 Jan 2024 00:00:00 GMT"
            ngx.header.x_range = ngx.var.http_range
            if ngx.var.arg_status then ngx.status = tonumber(ngx.var.arg_status) end
            local body = ("0123456789"):rep(tonumber(ngx.var.arg_n) or 10)
            if not ngx.var.arg_chunked then ngx.header.content_length = #body end
            ngx.print(body)
        } }
        location /cut { content_by_lua_block { ngx.header.content_length = 100 ngx.print("abc") ngx.flush(true) ngx.exit(ngx.ERROR) } }
        location /slow { content_by_lua_block { ngx.header.content_length = 6 ngx.print("abc") ngx.flush(true) while not io.open("$TEST_NGINX_SERVER_ROOT/go") do ngx.sleep(0.02) end ngx.print("def") } }
    }
_EOC_

run_tests();

__DATA__

=== TEST 1: proxy_store: a file at a path with variables, as old as the answer, for whom proxy_store_access says
--- http_config eval
$::Origin
--- config
    location / { proxy_store stored$uri; proxy_store_access group:r all:r; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; cd $TEST_NGINX_SERVER_ROOT
curl -s $U/a/b/c.txt; echo; cat stored/a/b/c.txt; echo
stat -c '%a %Y' stored/a/b/c.txt; stat -c %a stored/a/b
curl -s "$U/chunked?chunked=1" >/dev/null; wc -c <stored/chunked
curl -sI $U/head >/dev/null; curl -s "$U/not?status=404" >/dev/null; curl -s $U/cut >/dev/null
find stored -type f | sort
--- exec_out
0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
644 1704067200
755
100
stored/a/b/c.txt
stored/chunked



=== TEST 2: proxy_store on: by root, and by alias; what is there takes its place at once
--- http_config eval
$::Origin
--- config
    location / { root html; error_page 404 = /fetch$uri?$args; log_not_found off; }
    location /fetch/ { internal; alias html/; proxy_store on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /rooted/ { root html; proxy_store on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; cd $TEST_NGINX_SERVER_ROOT/html
curl -s "$U/d/x?n=1"; echo; curl -s "$U/d/x?n=2"; echo; cat d/x; echo
curl -s "$U/rooted/y?n=1" >/dev/null; curl -s "$U/rooted/y?n=2" >/dev/null; cat rooted/y; echo; ls rooted
--- exec_out
0123456789
0123456789
0123456789
01234567890123456789
y



=== TEST 3: proxy_store: the client may go away, its answer is stored all the same; a path with .. is not written
--- http_config eval
$::Origin
--- config
    location / { proxy_store stored$uri; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /up { proxy_store stored/$arg_p; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; cd $TEST_NGINX_SERVER_ROOT
curl -sN $U/slow >got & C=$!; until [ -s got ]; do kill -0 $C || break; sleep 0.02; done; kill $C; wait $C; cat got; echo; touch go; for i in $(seq 1200); do [ -e stored/slow ] && break; sleep 0.1; done; cat stored/slow; echo
curl -s "$U/up?p=../../evil&n=1"; echo; find . -name 'evil*'
--- exec_out
abc
abcdef
0123456789
--- error_log
unsafe path to store an answer in



=== TEST 4: proxy_store and proxy_cache: the one of the level within
--- http_config eval
$::Origin . 'proxy_cache_path c keys_zone=c:1m;'
--- config
    add_header X-C "$upstream_cache_status.";
    location /outer/ { proxy_cache c; proxy_cache_valid 1h; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location /outer/in { proxy_store stored$uri; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; } }
    location /store/ { proxy_store stored$uri; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location /store/in { proxy_cache c; proxy_cache_valid 1h; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; } }
    location /off { proxy_store stored$uri; proxy_cache off; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; cd $TEST_NGINX_SERVER_ROOT
for p in /outer/x /outer/in /store/x /store/in /off; do curl -s -D - -o /dev/null $U$p | tr -d '\r' | grep '^X-C'; done
find stored -type f | sort
--- exec_out
X-C: MISS.
X-C: .
X-C: .
X-C: MISS.
X-C: .
stored/off
stored/outer/in
stored/store/x



=== TEST 5: proxy_force_ranges: a part of what the server sends whole
--- http_config eval
$::Origin
--- config
    location / { proxy_http_version 1.1; proxy_force_ranges on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /not/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
g() { curl -s -D h -o b "$@"; tr -d '\r' <h | sed -n 's/^HTTP.1.1 \([0-9]*\).*/\1/p; /^Content-Range/p; /^Content-Length/p; /^Accept-Ranges/p' | tr '\n' ' '; head -c 30 b | tr '\n' ' '; echo; }
cd $TEST_NGINX_SERVER_ROOT
g $U/
g -r 2-4 $U/
g -r -3 $U/
g -r 95- $U/
g -r 1-1000 $U/
g -r 0-1,5-6 $U/
g -r 2-4 -H 'If-Range: "e"' $U/
g -r 2-4 -H 'If-Range: "f"' $U/
g -r 2-4 "$U/?chunked=1"
g -r 2-4 "$U/?status=404"
g -r 2-4 $U/not/
g -r 100- $U/ | cut -d' ' -f1
g -r 4000000-4000002 "$U/?n=1000000"
--- exec_out
200 Content-Length: 100 Accept-Ranges: bytes 012345678901234567890123456789
206 Content-Length: 3 Content-Range: bytes 2-4/100 234
206 Content-Length: 3 Content-Range: bytes 97-99/100 789
206 Content-Length: 5 Content-Range: bytes 95-99/100 56789
206 Content-Length: 99 Content-Range: bytes 1-99/100 123456789012345678901234567890
200 Content-Length: 100 Accept-Ranges: bytes 012345678901234567890123456789
206 Content-Length: 3 Content-Range: bytes 2-4/100 234
200 Content-Length: 100 Accept-Ranges: bytes 012345678901234567890123456789
200 012345678901234567890123456789
404 Content-Length: 100 012345678901234567890123456789
200 Content-Length: 100 012345678901234567890123456789
416
206 Content-Length: 3 Content-Range: bytes 4000000-4000002/10000000 012



=== TEST 6: a cache that is just keeping the answer: the part is sent, the whole is kept
--- http_config eval
$::Origin . 'proxy_cache_path c keys_zone=c:1m;'
--- config
    add_header X-C $upstream_cache_status always;
    location / { proxy_cache c; proxy_cache_valid 200 1h; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; cd $TEST_NGINX_SERVER_ROOT
g() { curl -s -D h -o b "$@"; tr -d '\r' <h | sed -n 's/^HTTP.1.1 \([0-9]*\).*/\1/p; /^Content-Range/p; /^Content-Length/p; /^X-C/p' | tr '\n' ' '; head -c 30 b | tr '\n' ' '; echo; }
g -r 2-4 "$U/?n=10"
g "$U/?n=10"
g -r 100- "$U/x?n=10" | grep -o '^416\|X-C: [A-Z]*\|bytes.*/100'
for i in $(seq 1200); do curl -sI "$U/x?n=10" | grep -q 'X-C: HIT' && break; sleep 0.1; done
g -r 99- "$U/x?n=10"
g -r 5000000-5000001 "$U/?n=1000000"
g -r 5000000-5000001 "$U/?n=1000000"
g "$U/?n=1000000"
--- exec_out
206 Content-Length: 3 Content-Range: bytes 2-4/100 X-C: MISS 234
200 Content-Length: 100 X-C: HIT 012345678901234567890123456789
416
bytes */100
X-C: MISS
206 Content-Length: 1 Content-Range: bytes 99-99/100 X-C: HIT 9
206 Content-Length: 2 Content-Range: bytes 5000000-5000001/10000000 X-C: MISS 01
206 Content-Length: 2 Content-Range: bytes 5000000-5000001/10000000 X-C: HIT 01
200 Content-Length: 10000000 X-C: HIT 012345678901234567890123456789



=== TEST 7: proxy_bind … transparent: a worker that is not root may be somebody else
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
[ "$(id -u)" = 0 ] || { echo 127.0.0.9; exit; }
cat >conf/perilune.conf <<X
user nobody; worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off;
    server { listen 127.0.0.1:$PORT; location / { proxy_bind 127.0.0.9 transparent; proxy_pass http://127.0.0.1:$PORT/as; }
        location /as { return 200 "\$remote_addr\n"; } } }
X
$B && curl -s http://127.0.0.1:$PORT/; kill $(master)
--- exec_out
127.0.0.9



=== TEST 8: a certificate is not verified by a name that is empty
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=a.test -addext subjectAltName=DNS:a.test 2>/dev/null
chmod a+r *.pem
conf 'worker_processes 1;' "location / { proxy_ssl_verify on; proxy_ssl_trusted_certificate $D/cert.pem; proxy_ssl_name \$arg_n; proxy_pass https://unix:$D/s.sock:/; }" \
    "server { listen unix:$D/s.sock ssl; ssl_certificate $D/cert.pem; ssl_certificate_key $D/key.pem; return 200 fine; }"
$B || exit 1
for n in a.test b.test ''; do curl -s -o out -w '%{http_code}\n' "http://127.0.0.1:$PORT/?n=$n"; done
quit
grep -o 'no name to verify.*certificate by' logs/error.log
--- exec_out
200
502
502
no name to verify the server's certificate by



=== TEST 9: a name that is verified is sent only where proxy_ssl_server_name says so
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=a.test -addext subjectAltName=DNS:a.test 2>/dev/null
chmod a+r *.pem
conf 'worker_processes 1;' "proxy_ssl_trusted_certificate $D/cert.pem; proxy_ssl_name \$arg_n;
    location /verify { proxy_ssl_verify on; proxy_pass https://unix:$D/s.sock:/; }
    location /send { proxy_ssl_server_name on; proxy_pass https://unix:$D/s.sock:/; }
    location /both { proxy_ssl_verify on; proxy_ssl_server_name on; proxy_pass https://unix:$D/s.sock:/; }" \
    "server { listen unix:$D/s.sock ssl; ssl_certificate $D/cert.pem; ssl_certificate_key $D/key.pem; return 200 [\$ssl_server_name]; }"
$B || exit 1
for a in verify?n=a.test send?n=b.test both?n=a.test; do get /$a; echo; done
get '/verify?n=b.test' | grep -o '<title>.*</title>'
quit
--- exec_out
[]
[b.test]
[a.test]
<title>502 Bad Gateway</title>



=== TEST 10: proxy_ssl_session_reuse: a new connection goes on with the session of the last one, where it is to
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=a.test -addext subjectAltName=DNS:a.test 2>/dev/null
chmod a+r *.pem
conf 'worker_processes 1;' "proxy_ssl_trusted_certificate $D/cert.pem; proxy_ssl_name a.test;
    location /12 { proxy_ssl_protocols TLSv1.2; proxy_pass https://unix:$D/s.sock:/; }
    location /13 { proxy_ssl_protocols TLSv1.3; proxy_pass https://unix:$D/s.sock:/; }
    location /verified { proxy_ssl_verify on; proxy_pass https://unix:$D/s.sock:/; }
    location /off { proxy_ssl_session_reuse off; proxy_pass https://unix:$D/s.sock:/; }" \
    "server { listen unix:$D/s.sock ssl; ssl_certificate $D/cert.pem; ssl_certificate_key $D/key.pem; ssl_session_cache shared:s:1m; return 200 \"\$ssl_session_reused \"; }"
$B || exit 1
for a in 12 13 verified off; do echo "$a: $(get /$a; get /$a; get /$a)"; done
quit
--- exec_out
12: . r r 
13: . r r 
verified: . r r 
off: . . . 



=== TEST 11: proxy_request_buffering off: a body that has come with the head is sent to the next server, too
--- http_config
    upstream two { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 backup; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { content_by_lua_block { ngx.req.read_body() ngx.exit(503) } } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; location / { content_by_lua_block { ngx.req.read_body() ngx.say("got ", ngx.req.get_body_data()) } } }
--- config
    proxy_request_buffering off; proxy_http_version 1.1; proxy_next_upstream http_503;
    location / { proxy_pass http://two; }
    location /post { proxy_next_upstream http_503 non_idempotent; proxy_pass http://two; }
    location /none { client_max_body_size 2; proxy_pass http://two; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -X PUT -d abc $U/; curl -s -d def $U/post
curl -s -o /dev/null -w '%{http_code}\n' -d ghi $U/
curl -s -o /dev/null -w '%{http_code}\n' -X PUT -d jkl $U/none
--- exec_out
got abc
got def
503
413
