# limit_rate, limit_rate_after, sendfile off. Only least times are asked for: a busy machine may be slower.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a response takes its time, whole
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
mkdir html; head -c 300000 /dev/urandom >html/file
conf 'master_process off; daemon on;' "root $D/html;
    location /slow { alias $D/html/file; limit_rate 400k; }
    location /read { alias $D/html/file; limit_rate 400k; sendfile off; }
    location /set { set \$limit_rate 400k; alias $D/html/file; }
    location /after { alias $D/html/file; limit_rate 1; limit_rate_after 1m; }
    location /lua { limit_rate 400k; content_by_lua_block {
        local text = io.open('$D/html/file'):read('*a')
        for at = 1, #text, 50000 do ngx.print(text:sub(at, at + 49999)) ngx.flush(true) end } }"
$B
for p in slow read set lua after; do
    curl -s --max-time 100 -o got -w '%{time_total}' "http://127.0.0.1:$PORT/$p" >time
    cmp got html/file && awk -v p=$p '{ print p, (p == "after" ? "any" : $1 >= 0.45 ? "slow" : "too fast: " $1) }' time
done
kill -QUIT $(master); cat logs/error.log | grep -c 'crit\|alert\|error\]'
--- exec_out
slow slow
read slow
set slow
lua slow
after any
0
--- exec_code: 1
--- timeout: 120

=== TEST 2: without sendfile the same bytes come, ranges too
--- config
    location / { sendfile off; }
--- user_files eval
[["a.txt" => "0123456789" x 20000]]
--- more_headers
Range: bytes=100000-100009
--- request
GET /a.txt
--- error_code: 206
--- response_body chomp
0123456789

=== TEST 3: a next request on the connection is not held back
--- config
    location /a { limit_rate 100; limit_rate_after 1k; return 200 "a"; }
    location /b { return 200 "b"; }
--- pipelined_requests eval
["GET /a", "GET /b"]
--- response_body eval
["a", "b"]


=== TEST 4: over HTTP/2 each response keeps its own pace, whole; the others go on
--- http_config
    http2 on;
--- config
    location /file { alias $TEST_NGINX_HTML_DIR/big; limit_rate 400k; }
    location /lua { limit_rate 400k; content_by_lua_block {
        local text = ("0123456789"):rep(5000)
        for i = 1, 6 do ngx.print(text) end } }
    location /after { limit_rate 1; limit_rate_after 1m; alias $TEST_NGINX_HTML_DIR/big; }
    location /return { limit_rate 400k; content_by_lua_block { ngx.header.content_length = 300000 ngx.print(("0123456789"):rep(30000)) } }
    location /set { set $limit_rate 400k; alias $TEST_NGINX_HTML_DIR/big; }
    location /fast { return 200 "fast"; }
--- user_files
>>> main.py
import sys
from h2_peer import *
paths = ["/file", "/lua", "/after", "/return", "/set"]
p = Peer(int(sys.argv[1]), [(4, 1 << 24)]).add(WINDOW_UPDATE, 0, 0, number(1 << 24))
began, when = time.time(), {}
for i, path in enumerate(paths):
    p.request(2 * i + 1, path)
p.request(101, "/fast").send()
def done(p):
    for i in p.over:
        when.setdefault(i, time.time() - began)
    return len(p.over) == 6
p.read(done)
print("first", sorted(when, key=when.get)[:2] in ([101, 5], [5, 101]), p.resets)
for i, path in enumerate(paths):
    took = when[2 * i + 1]
    print(path, p.bodies[2 * i + 1] == b"0123456789" * 30000, "any" if path == "/after" else "slow" if took >= 0.45 else took)
--- exec
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1
cd $TEST_NGINX_HTML_DIR
yes 0123456789 | tr -d '\n' | head -c 300000 >big
/usr/bin/python3 main.py $TEST_NGINX_SERVER_PORT
--- exec_out
first True {}
/file True slow
/lua True slow
/after True any
/return True slow
/set True slow
--- timeout: 40
