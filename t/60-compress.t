# gzip, brotli and zstd: who gets what, and that it can be read. Bodies are decoded by curl.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Text = "0123456789" x 100;
our $Fetch = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
get() { curl -s --max-time 100 "$@" http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.html; }
for coding in gzip br zstd; do
    get -H "Accept-Encoding: $coding" -D head -o packed
    tr -d '\r' <head | grep -iE '^(Content-Encoding|Content-Length|Transfer-Encoding|Vary|ETag|Accept-Ranges)' |
        sed "s/^Content-Length: $(wc -c <packed)$/Content-Length: right/; s/W\/\"[^\"]*\"/weak/"
    test $(wc -c <packed) -lt 100 && echo small
    get --compressed -H "Accept-Encoding: $coding" | cksum
done
_EOC_

run_tests();

__DATA__

=== TEST 1: a small file in each coding: whole, with its length
--- config
    gzip on; brotli on; zstd on; gzip_vary on;
--- user_files eval
">>> a.html\n" . $::Text
--- exec eval: $::Fetch
--- exec_out
Content-Length: right
ETag: weak
Vary: Accept-Encoding
Content-Encoding: gzip
small
259049859 1000
Content-Length: right
ETag: weak
Vary: Accept-Encoding
Content-Encoding: br
small
259049859 1000
Content-Length: right
ETag: weak
Vary: Accept-Encoding
Content-Encoding: zstd
small
259049859 1000



=== TEST 2: the client's weights decide, then brotli, zstd, gzip
--- config
    gzip on; brotli on; zstd on;
    location / { return 200 "<p>a body that is long enough</p>"; default_type text/html; }
--- more_headers eval
["Accept-Encoding: gzip, zstd, br", "Accept-Encoding: gzip, zstd", "Accept-Encoding: gzip;q=0.9, zstd;q=0.8", "Accept-Encoding: *", "Accept-Encoding: br;q=0, *;q=0.1", "Accept-Encoding: identity", "", "Accept-Encoding: identity, *;q=0.5", "Accept-Encoding: gzip, identity"]
--- request eval
["GET /", "GET /", "GET /", "GET /", "GET /", "GET /", "GET /", "GET /", "GET /"]
--- response_headers eval
["Content-Encoding: br", "Content-Encoding: zstd", "Content-Encoding: gzip", "Content-Encoding: br", "Content-Encoding: zstd", "!Content-Encoding", "!Content-Encoding", "!Content-Encoding", "Content-Encoding: gzip"]



=== TEST 3: what is never compressed
--- config
    gzip on; gzip_types *; gzip_vary on;
    location = /short { return 200 "short"; }
    location = /none { return 204; }
    location = /empty { return 200 ""; }
    location = /encoded { add_header Content-Encoding br; return 200 "0123456789012345678901234567890"; }
    location = /fixed { add_header Cache-Control "public, no-transform"; return 200 "0123456789012345678901234567890"; }
    location / { }
--- user_files eval
">>> a.html\n" . $::Text
--- request eval
["GET /short", "GET /none", "GET /empty", "GET /encoded", "GET /fixed", "GET /a.html", "HEAD /a.html"]
--- more_headers eval
["Accept-Encoding: gzip", "Accept-Encoding: gzip", "Accept-Encoding: gzip", "Accept-Encoding: gzip", "Accept-Encoding: gzip", "Accept-Encoding: gzip\nRange: bytes=0-99", "Accept-Encoding: gzip"]
--- error_code eval
[200, 204, 200, 200, 200, 206, 200]
--- response_headers eval
["!Content-Encoding\n!Vary", "!Content-Encoding", "!Content-Encoding", "Content-Encoding: br", "!Content-Encoding", "!Content-Encoding\nContent-Range: bytes 0-99/1000", "!Content-Encoding\nVary: Accept-Encoding\nContent-Length: 1000"]



=== TEST 4: types and lengths; a child block has its own
--- config
    gzip on; gzip_types text/plain application/JSON;
    location = /plain { default_type text/plain; return 200 "0123456789012345678901234567890"; }
    location = /json { default_type "application/json; charset=utf-8"; return 200 "0123456789012345678901234567890"; }
    location = /png { default_type image/png; return 200 "0123456789012345678901234567890"; }
    location = /off { gzip off; default_type text/plain; return 200 "0123456789012345678901234567890"; }
    location = /long { gzip_min_length 100; default_type text/plain; return 200 "0123456789012345678901234567890"; }
    location = /other { gzip_types image/png; default_type text/plain; return 200 "0123456789012345678901234567890"; }
--- request eval
["GET /plain", "GET /json", "GET /png", "GET /off", "GET /long", "GET /other"]
--- more_headers
Accept-Encoding: gzip
--- response_headers eval
["Content-Encoding: gzip", "Content-Encoding: gzip", "!Content-Encoding", "!Content-Encoding", "!Content-Encoding", "!Content-Encoding"]



=== TEST 5: Vary and ETag of the handler are kept; a strong ETag becomes weak, a weak one stays
--- config
    gzip on; gzip_types text/plain; gzip_vary on;
    location / {
        content_by_lua_block {
            ngx.header["Vary"] = ngx.var.arg_vary
            ngx.header["ETag"] = ngx.var.arg_etag and ngx.unescape_uri(ngx.var.arg_etag)
            ngx.header["Content-Type"] = "text/plain"
            ngx.header["Content-Length"] = 40
            ngx.print(("x"):rep(40))
        }
    }
--- request eval
["GET /?vary=Origin", "GET /?vary=accept-encoding", "GET /?vary=*", "GET /?etag=%22abc%22", "GET /?etag=W/%22abc%22", "GET /?etag=abc"]
--- more_headers
Accept-Encoding: gzip
--- response_headers eval
["Vary: Origin, Accept-Encoding", "Vary: accept-encoding", "Vary: *", "ETag: W/\"abc\"", "ETag: W/\"abc\"", "!ETag"]



=== TEST 6: a handler that streams: each piece arrives before the next is made
--- config
    gzip on; brotli on; zstd on; gzip_types text/event-stream; brotli_types text/event-stream; zstd_types text/event-stream;
    location / { handler app; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local task, stream = require "perilune.task", require "perilune.stream"
local s
return function(req)
    if req.path == "/next" then
        s:put("data: two\n\n")
        s:close()
        return "done"
    end
    s = stream.stream(4)
    s:put("data: one\n\n")
    return { headers = { ["Content-Type"] = "text/event-stream" }, body = s }
end
--- exec
cd $TEST_NGINX_HTML_DIR
for coding in gzip br zstd; do
    curl -sN --max-time 100 --compressed -H "Accept-Encoding: $coding" http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ >got &
    i=0
    until grep -q one got 2>/dev/null || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done
    cat got
    curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/next
    wait
    cat got
    rm got
done | grep .
--- exec_out
data: one
donedata: one
data: two
data: one
donedata: one
data: two
data: one
donedata: one
data: two



=== TEST 7: a large file, chunked; the ratio is known to the log
--- http_config
    log_format ratio "$gzip_ratio";
--- config
    gzip on; zstd on; brotli on;
    access_log logs/ratio.log ratio;
--- exec
cd $TEST_NGINX_HTML_DIR
i=0
while [ $i -lt 20000 ]; do echo "<p>line $i of a page</p>"; i=$((i + 1)); done >a.html
cksum <a.html
for coding in gzip br zstd; do
    curl -s --max-time 100 --compressed -H "Accept-Encoding: $coding" http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.html | cksum
done
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.html | cksum
awk '{ print ($1 == "-") ? $1 : ($1 > 3 && $1 < 100) ? "fine" : "odd: " $1 }' $TEST_NGINX_SERVROOT/logs/ratio.log
--- exec_out
2172142875 548890
2172142875 548890
2172142875 548890
2172142875 548890
2172142875 548890
fine
fine
fine
-



=== TEST 8: HTTP/1.0, proxies and some agents
--- config
    gzip on; gzip_disable "msie6" "Old/[12]";
    location / { gzip_proxied private auth; default_type text/html; add_header Cache-Control $arg_cc; return 200 "0123456789012345678901234567890"; }
    location /vary { gzip_vary on; default_type text/html; return 200 "0123456789012345678901234567890"; }
    location /any { gzip_proxied any; gzip_http_version 1.0; default_type text/html; return 200 "0123456789012345678901234567890"; }
--- exec
ask() { U=$1; shift; curl -s --max-time 100 -o /dev/null -D - -H 'Accept-Encoding: gzip' "$@" http://127.0.0.1:$TEST_NGINX_SERVER_PORT$U | grep -c '^Content-Encoding: gzip'; }
ask /; ask / --http1.0
ask / -H 'Via: 1.1 p'; ask '/?cc=private' -H 'Via: 1.1 p'; ask / -H 'Via: 1.1 p' -H 'Authorization: x y'; ask /any --http1.0 -H 'Via: 1.1 p'
ask / -A 'Mozilla (MSIE 6.0; x)'; ask / -A old/2; ask / -A old/3
ask / -A 'Mozilla (MSIE 6.0; x; SV1)'; ask / -A 'Mozilla (MSIE 5.5; SV1)'
curl -s --max-time 100 -o /dev/null -D - -A old/2 -H 'Accept-Encoding: gzip' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/vary | grep -c '^Vary: Accept-Encoding'
--- exec_out
1
0
0
1
1
1
0
0
1
1
0
1



=== TEST 9: a level that is none
--- config
    gzip_comp_level 10;
--- must_die
--- error_log
value must be between 1 and 9



=== TEST 10: a client that leaves in the middle
--- config
    gzip on; gzip_types text/plain;
    location / { handler app; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local task = require "perilune.task"
local ended = "no"
return function(req)
    if req.path == "/ended" then return ended end
    task.defer(function() ended = "yes" end)
    return { headers = { ["Content-Type"] = "text/plain" }, body = function()
        task.nap(0.02)
        return "a piece of the body\n"
    end }
end
--- exec
curl -sN --max-time 100 --compressed http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ | head -n 1
i=0
until [ "$(curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ended)" = yes ] || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ended
--- exec_out chomp
a piece of the body
yes
--- no_error_log
[error]



=== TEST 11: a large file to a slow client: little of it is read ahead, others are served
--- config
    gzip on;
    location = /ok { return 200 "ok\n"; }
--- exec
cd $TEST_NGINX_HTML_DIR
PID=$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)
head -c 60000000 /dev/urandom >a.html
curl -s --max-time 100 --limit-rate 2M --compressed -o got http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.html & C=$!
i=0
until [ -s got ] || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done
curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ok
grep -q libasan /proc/$PID/maps && echo small || awk '/VmHWM/ { print ($2 < 40000) ? "small" : "large: " $2 }' /proc/$PID/status
kill $C
wait $C
curl -s --max-time 100 --compressed http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.html | cmp - a.html && echo same
--- exec_out
ok
small
same
--- timeout: 40



=== TEST 12: a 304 has the ETag and the Vary of the answer that it stands for
--- http_config
    proxy_cache_path $TEST_NGINX_SERVER_ROOT/cache keys_zone=c:1m;
--- config
    gzip on; gzip_types text/plain text/css; gzip_vary on; gzip_min_length 100;
    types { text/plain txt; text/css css; image/png png; }
    location /lua/ { default_type text/plain; content_by_lua_block {
        ngx.header.ETag = ngx.var.arg_tag or '"lua"'
        ngx.header.content_length = ngx.var.arg_n
        ngx.print(("x"):rep(ngx.var.arg_n))
    } }
    location /cached/ { proxy_cache c; proxy_cache_valid 1m; proxy_set_header Accept-Encoding ""; proxy_set_header If-None-Match ""; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/lua/; }
    location /quiet/ { gzip_vary off; alias html/; }
--- user_files eval
">>> a.txt\n" . $::Text . "\n>>> b.css\nshort\n>>> c.png\n" . $::Text
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
head_of() { curl -s --max-time 100 -o /dev/null -D - "$@" | tr -d '\r'; }
both() {
    path=$1; shift
    head_of "$@" "$U$path" >whole
    head_of "$@" -H 'If-None-Match: *' "$U$path" >kept
    for f in whole kept; do grep -E '^(ETag|Vary)' $f | sed 's/"[0-9a-f-]*"/"file"/' >$f.fields; done
    echo $path $(sed -n '1s/^[^ ]* //p' kept) $(cat kept.fields) $(grep -E '^(Content|Transfer)' kept)
    cmp -s whole.fields kept.fields || { echo but; cat whole; }
}
cd $TEST_NGINX_HTML_DIR
for path in /a.txt /b.css /c.png '/lua/x?n=1000' '/lua/x?n=50' '/lua/x?n=1000&tag=W/"w"' '/cached/x?n=1000' /quiet/a.txt; do
    both "$path" -H 'Accept-Encoding: gzip'
done
both /a.txt
both /a.txt -I -H 'Accept-Encoding: gzip'
both /a.txt -H 'Accept-Encoding: gzip' -H 'Via: 1.1 p'
weak=$(head_of -H 'Accept-Encoding: gzip' $U/a.txt | sed -n 's/^ETag: //p')
head_of -H 'Accept-Encoding: gzip' -H "If-None-Match: $weak" $U/a.txt | grep -c '304\|W/'
--- exec_out
/a.txt 304 Not Modified ETag: W/"file" Vary: Accept-Encoding
/b.css 304 Not Modified ETag: "file"
/c.png 304 Not Modified ETag: "file"
/lua/x?n=1000 304 Not Modified ETag: W/"lua" Vary: Accept-Encoding
/lua/x?n=50 304 Not Modified ETag: "lua"
/lua/x?n=1000&tag=W/"w" 304 Not Modified ETag: W/"w" Vary: Accept-Encoding
/cached/x?n=1000 304 Not Modified ETag: W/"lua" Vary: Accept-Encoding
/quiet/a.txt 304 Not Modified ETag: W/"file"
/a.txt 304 Not Modified ETag: "file" Vary: Accept-Encoding
/a.txt 304 Not Modified ETag: "file" Vary: Accept-Encoding
/a.txt 304 Not Modified ETag: "file" Vary: Accept-Encoding
2
--- no_error_log
[error]



=== TEST 13: a part has the Vary of the whole: one range, several, a part that is short, whoever asks; not where nothing would be compressed
--- config
    gzip on; gzip_vary on; gzip_min_length 200;
    location / { }
    location /never/ { alias html/; gzip_min_length 0; types { image/png html; } }
    location /off/ { alias html/; gzip off; }
--- user_files eval
">>> a.html\n" . $::Text
--- request eval
["GET /a.html", "GET /a.html", "GET /a.html", "GET /a.html", "GET /never/a.html", "GET /off/a.html"]
--- more_headers eval
["Range: bytes=0-99", "Accept-Encoding: gzip\nRange: bytes=0-299", "Range: bytes=0-1,5-6", "Range: bytes=1000-", "Range: bytes=0-1", "Range: bytes=0-1"]
--- error_code eval
[206, 206, 206, 416, 206, 206]
--- response_headers eval
["Vary: Accept-Encoding\n!Content-Encoding", "Vary: Accept-Encoding\n!Content-Encoding", "Vary: Accept-Encoding", "!Content-Encoding", "!Vary", "!Vary"]
