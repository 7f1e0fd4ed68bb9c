# Files that lie compressed beside the plain ones, and decoding for those who cannot: gzip_static, brotli_static,
# zstd_static, gunzip. Bodies are decoded by curl, or compared with what lies on the disk.
use Test::Nginx::Socket 'no_plan';

no_root_location();

# a.html in all codings, b.html plain only, c.html packed only. `ask` prints the fields that matter, in one order.
our $Prepare = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
AT=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
printf "<p>%s</p>\n" "$(seq 1 300)" >a.html
touch -d @1700000000 a.html
for e in gz:gzip br:br zst:zstd; do
    curl -s --max-time 100 -H "Accept-Encoding: ${e#*:}" -o a.html.${e%:*} $AT/pack/a.html
    cp a.html.${e%:*} c.html.${e%:*}
done
echo "<p>plain</p>" >b.html
touch -d @1700000000 *
size() { printf '%x' $(stat -c %s $1); }
ask() {
    U=$1; shift
    curl -s --max-time 100 "$@" -D fields -o body $AT/$U
    tr -d '\r' <fields | grep -iE '^(HTTP|Content-(Encoding|Type|Length|Range)|Vary|ETag|Last-Modified|Accept-Ranges)' |
        sed -E 's/^HTTP[^ ]* ([0-9]+).*/\1/; s/Thu, 0.*|Tue, 14 Nov 2023 22:13:20 GMT/then/' |
        sed "s/6553f100-$(size a.html)/PLAIN/; s/6553f100-$(size a.html.gz)-gzip/GZ/; s/6553f100-$(size a.html.br)-br/BR/; s/6553f100-$(size a.html.zst)-zstd/ZST/" |
        sed "s/Content-Length: $(wc -c <body)$/Content-Length: right/" | LC_ALL=C sort
}
_EOC_

run_tests();

__DATA__

=== TEST 1: the file of the coding that the client prefers, with its own validators and the type of the plain one
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    gzip_static on; brotli_static on; zstd_static on; gzip_vary on;
    types { text/html html; }
--- exec eval
$::Prepare . <<'_EOC_'
for accept in gzip br zstd 'gzip;q=0.5, zstd;q=0.4' 'br;q=0, *'; do
    ask a.html -H "Accept-Encoding: $accept"
    for e in gz br zst; do cmp -s body a.html.$e && echo "= $e"; done
done
ask a.html; cmp body a.html && echo = plain
ask b.html -H "Accept-Encoding: gzip, br"
_EOC_
--- exec_out
200
Accept-Ranges: bytes
Content-Encoding: gzip
Content-Length: right
Content-Type: text/html
ETag: "GZ"
Last-Modified: then
Vary: Accept-Encoding
= gz
200
Accept-Ranges: bytes
Content-Encoding: br
Content-Length: right
Content-Type: text/html
ETag: "BR"
Last-Modified: then
Vary: Accept-Encoding
= br
200
Accept-Ranges: bytes
Content-Encoding: zstd
Content-Length: right
Content-Type: text/html
ETag: "ZST"
Last-Modified: then
Vary: Accept-Encoding
= zst
200
Accept-Ranges: bytes
Content-Encoding: gzip
Content-Length: right
Content-Type: text/html
ETag: "GZ"
Last-Modified: then
Vary: Accept-Encoding
= gz
200
Accept-Ranges: bytes
Content-Encoding: zstd
Content-Length: right
Content-Type: text/html
ETag: "ZST"
Last-Modified: then
Vary: Accept-Encoding
= zst
200
Accept-Ranges: bytes
Content-Length: right
Content-Type: text/html
ETag: "PLAIN"
Last-Modified: then
Vary: Accept-Encoding
= plain
200
Accept-Ranges: bytes
Content-Length: right
Content-Type: text/html
ETag: "6553f100-d"
Last-Modified: then



=== TEST 2: conditions, ranges and HEAD speak of the file that is sent; a 304 has no coding
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    gzip_static on; gzip_vary on;
    types { text/html html; }
--- exec eval
$::Prepare . <<'_EOC_'
GZ="\"6553f100-$(size a.html.gz)-gzip\"" PLAIN="\"6553f100-$(size a.html)\""
ask a.html -I -H "Accept-Encoding: gzip" | grep -v Length
ask a.html -H "Accept-Encoding: gzip" -H "If-None-Match: $GZ"
ask a.html -H "Accept-Encoding: gzip" -H "If-None-Match: $PLAIN" | grep 200
ask a.html -H "If-None-Match: $GZ" | grep 200
ask a.html -H "Accept-Encoding: gzip" -r 10-19 -H "If-Range: $GZ" | grep -v Range:
tail -c +11 a.html.gz | head -c 10 | cmp - body && echo the same bytes
ask a.html -H "Accept-Encoding: gzip" -r 10-19 -H "If-Range: $PLAIN" | grep -E '^2|^Content-E'
ask a.html -H "Accept-Encoding: gzip" -r 99999- | grep -v Range:
_EOC_
--- exec_out
200
Accept-Ranges: bytes
Content-Encoding: gzip
Content-Type: text/html
ETag: "GZ"
Last-Modified: then
Vary: Accept-Encoding
304
ETag: "GZ"
Last-Modified: then
Vary: Accept-Encoding
200
200
206
Content-Encoding: gzip
Content-Length: right
Content-Type: text/html
ETag: "GZ"
Last-Modified: then
Vary: Accept-Encoding
the same bytes
200
Content-Encoding: gzip
416
Content-Length: right
Content-Type: text/html
Vary: Accept-Encoding



=== TEST 3: `always` sends it to those who do not take it; with gunzip they get what is in it
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    location / { gzip_static always; types { text/html html; } }
    location /un/ { alias html/; gzip_static always; gunzip on; gzip_vary on; types { text/html html; } }
    location = /captured { content_by_lua_block { ngx.print(ngx.location.capture("/un/c.html").body) } }
    location /br/ { alias html/; brotli_static always; gunzip on; gzip on; gzip_vary on; types { text/html html; } }
--- exec eval
$::Prepare . <<'_EOC_'
ask c.html | grep -E '^2|Enc|Vary'
ask un/c.html; cmp body a.html && echo decoded
ask un/c.html -I
ask un/c.html -H 'Accept-Encoding: gzip' | grep -E '^2|^Content-E|ETag'; cmp body c.html.gz && echo as it is
ask captured | grep -E '^2|^Content-E'; cmp body a.html && echo captured
ask un/c.html -r 0-9 | grep -E '^2|^Content-E'; cmp body a.html && echo whole
ask br/c.html -H 'Accept-Encoding: gzip' | grep -E '^2|Enc|Vary'; gzip -dc <body | cmp - a.html && echo coded anew
_EOC_
--- exec_out
200
Content-Encoding: gzip
200
Content-Type: text/html
ETag: W/"GZ"
Last-Modified: then
Vary: Accept-Encoding
decoded
200
Content-Type: text/html
ETag: W/"GZ"
Last-Modified: then
Vary: Accept-Encoding
200
Content-Encoding: gzip
ETag: "GZ"
as it is
200
captured
200
whole
200
Content-Encoding: gzip
Vary: Accept-Encoding
coded anew



=== TEST 4: what gzip_disable, gzip_http_version and gzip_proxied refuse gets the plain file; a child block has its own
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    gzip_static on; gzip_disable Old;
    location / { }
    location /off/ { alias html/; gzip_static off; }
--- exec eval
$::Prepare . <<'_EOC_'
count() { ask "$@" -H 'Accept-Encoding: gzip' | grep -c ^Content-E; }
count a.html; count a.html -A Old/1; count a.html --http1.0; count a.html -H 'Via: 1.1 p'; count off/a.html; count c.html
ask c.html | grep 404
true
_EOC_
--- exec_out
1
0
0
0
0
1
404



=== TEST 5: over HTTP/2, and a file that may not be read
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    gzip_static on; gzip_vary on;
--- exec eval
$::Prepare . <<'_EOC_'
curl -s --max-time 100 --http2-prior-knowledge --compressed -H 'Accept-Encoding: gzip' -w '%{http_version}\n' -o body $AT/a.html
cmp body a.html && echo the same
mkdir b.html.gz
ask b.html -H 'Accept-Encoding: gzip' | grep -E '^2|^Content-E'
ln -s loop.gz loop.gz; echo plain >loop
ask loop -H 'Accept-Encoding: gzip' | grep -E '^2|^Content-E'
_EOC_
--- http_config
    http2 on;
--- exec_out
2
the same
200
200
--- error_log
open() "



=== TEST 6: gunzip of what a handler or another server sends: in pieces, in several codings, malformed
--- config
    location /pack/ { alias html/; gzip_static off; brotli_static off; zstd_static off; gunzip off; gzip on; brotli on; zstd on; types { text/html html; } }
    gunzip on;
    location / { handler app; }
    location /proxied { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/packed; proxy_set_header Accept-Encoding gzip; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local http = require "perilune.http"
local function read(name)
    local f = assert(io.open(debug.getinfo(1, "S").source:match("^@(.*/)") .. name, "rb"))
    local text = f:read("*a")
    f:close()
    return text
end
return function(req)
    local name = req.path:sub(2)
    if name == "packed" then name = "a.html.gz" end
    local text, at = read(name), 0
    local broken = req.query.cut and #text - tonumber(req.query.cut)
    if req.query.junk then text = text .. "junk" end
    return { headers = { ["Content-Encoding"] = req.query.coding or "gzip", ["Content-Type"] = "text/html" },
        body = function()
            at = at + 1
            local piece = text:sub(at, broken or -1):sub(1, 1)
            return piece ~= "" and piece or nil
        end }
end
--- exec eval
$::Prepare . <<'_EOC_'
check() { ask "$@" | grep -E '^2|^Content-E'; cmp -s body a.html && echo decoded; }
gzip -c a.html.br >a.br.gz
check a.html.gz; check a.html.br?coding=br; check a.html.zst?coding=zstd; check a.br.gz?coding=br,gzip; check proxied
check a.html.gz?coding=unheard; ask a.br.gz?coding=br,gzip -H 'Accept-Encoding: gzip' | grep -E '^2|^Content-E'
check a.html.gz -H 'Accept-Encoding: x, gzip;q=0.1'
for cut in cut=3 junk=1; do curl -s --max-time 100 -o body $AT/a.html.gz?$cut; echo "curl says $?"; done
_EOC_
--- exec_out
200
decoded
200
decoded
200
decoded
200
decoded
200
decoded
200
Content-Encoding: unheard
200
200
Content-Encoding: gzip
curl says 18
curl says 18
--- error_log
a response could not be decoded



=== TEST 7: a short file that stands for a very long one: a slow client gets it at its own pace
--- config
    location / { gzip_static always; gunzip on; }
    location = /ok { return 200 "ok\n"; }
--- exec
cd $TEST_NGINX_HTML_DIR
PID=$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)
head -c 100000000 /dev/zero | gzip -1 >zeros.gz
curl -s --max-time 100 --limit-rate 2M -o got http://127.0.0.1:$TEST_NGINX_SERVER_PORT/zeros & C=$!
i=0
until [ -s got ] || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done
curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ok
kill $C
wait $C
curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/zeros | wc -c
curl -s --max-time 100 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/zeros | tr -d '\0' | wc -c
grep -q libasan /proc/$PID/maps && echo small || awk '/VmHWM/ { print ($2 < 40000) ? "small" : "large: " $2 }' /proc/$PID/status
--- exec_out
ok
100000000
0
small
--- timeout: 100



=== TEST 8: what gunzip has decoded is replaced and added to, and may be compressed again; what the client takes stays
--- config
    location /packed/ { alias html/; gzip_static always; sub_filter old new; add_after_body /foot; gunzip on; }
    location = /foot { default_type text/plain; return 200 "foot"; }
    location /again { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/packed; sub_filter new newer; gunzip on; gzip on; gzip_min_length 0; }
--- exec
cd $TEST_NGINX_HTML_DIR
printf 'the old page, ' | gzip >a.html.gz
get() { curl -s --max-time 100 "$@"; echo; }
AT=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
get $AT/packed/a.html
get -H 'Accept-Encoding: gzip' $AT/packed/a.html --compressed
get $AT/again/a.html
get $AT/again/a.html -H 'Accept-Encoding: gzip' --compressed
--- exec_out
the new page, foot
the old page, 
the newer page, foot
the old page, 
