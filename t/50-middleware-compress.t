# middleware.compress: who gets what, in every form of body; over HTTP/1.1, HTTP/2 and in servers made in code.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $App = <<'_EOC_';
>>> app.lua
local http, stream, deferred = require "perilune.http", require "perilune.stream", require "perilune.deferred"
local mw, text = http.middleware, ("text "):rep(400)
local routes = http.router()
local function answer(path, body, fields, status)
    routes:get(path, function()
        local headers = { ["Content-Type"] = "text/plain", ETag = '"e"' }
        for name, value in pairs(fields or {}) do headers[name] = value or nil end
        return { status = status, headers = headers, body = type(body) == "function" and body() or body }
    end)
end
answer("/string", text)
answer("/array", { text, text })
answer("/stream", function() return stream.to_source { text, text } end)
answer("/iterator", function() local n = 0 return function() n = n + 1 return n < 3 and text or nil end end)
answer("/file", function() return http.file(os.getenv("DIR") .. "/page.txt") end)
answer("/deferred", function() return deferred.success_deferred(text) end)
answer("/html", text, { ["Content-Type"] = "text/HTML; charset=utf-8" })
answer("/png", text, { ["Content-Type"] = "image/png" })
answer("/short", ("x"):rep(1023))
answer("/long", ("x"):rep(1024))
answer("/empty", "")
answer("/none", nil, nil, 204)
answer("/partial", text, { ["Content-Range"] = "bytes 0-1999/4000" }, 206)
answer("/encoded", text, { ["Content-Encoding"] = "br" })
answer("/fixed", text, { ["Cache-Control"] = "public, no-transform" })
answer("/weak", text, { ETag = 'W/"w"' })
answer("/vary", text, { Vary = "Origin" })
answer("/same", text, { ETag = '"same"' })
routes:get("/raise", function() error(("secret "):rep(400), 0) end)
return mw.around(routes.handler, { mw.compress(), mw.conditional() })
_EOC_

run_tests();

__DATA__

=== TEST 1: every form of body, in the coding that the client likes best; what is left as it is
--- http_config eval: $::Http
--- main_config
    env DIR=$TEST_NGINX_HTML_DIR;
--- config
    http2 on;
    location / { handler app; }
    location /twice { gzip on; gzip_types *; rewrite ^/twice(.*) $1 break; handler app; }
--- user_files eval
$::App . ">>> page.txt\n" . ("file " x 500)
--- exec
cd $TEST_NGINX_HTML_DIR
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
ask() {
    path=$1; shift
    curl -s --max-time 100 $v -D head -o body "$@" $U$path
    code=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' head)
    length=$(tr -d '\r' <head | sed -n 's/^content-length: *//Ip')
    test -n "$length" && { test "$length" = $(wc -c <body) && length=right || length="wrong $length"; }
    case $(tr -d '\r' <head | sed -n 's/^content-encoding: *//Ip' | tr '\n' ' ') in
        'gzip ') n=$(gzip -dc <body | wc -c) ;;
        'br ') n=br ;;
        'zstd ') n=zstd ;;
        '') n=plain ;;
        *) n=other ;;
    esac
    echo $path $code $n ${length:-none} $(tr -d '\r' <head | sed -n 's/^\(etag\|vary\): */\1=/Ip' | tr 'A-Z' 'a-z' | sort)
}
for v in --http1.1 --http2-prior-knowledge; do
    for path in /string /array /stream /iterator /file /deferred /html /png /short /long /empty /none /partial /fixed /weak /vary /raise /twice/string /nowhere; do
        ask $path -H 'Accept-Encoding: gzip'
    done
    ask /string -H 'Accept-Encoding: gzip;q=0.5, br;q=0.9, zstd;q=0.8'
    ask /string -H 'Accept-Encoding: gzip;q=0.5, br;q=0, zstd;q=0.8'
    ask /string -H 'Accept-Encoding: *'
    ask /string -H 'Accept-Encoding: identity'
    ask /string -H 'Accept-Encoding: gzip;q=1.5'
    ask /string
    ask /string -H 'Accept-Encoding: gzip' -H 'Via: 1.1 proxy'
    ask /encoded -H 'Accept-Encoding: gzip, br'
    ask /same -H 'Accept-Encoding: gzip' -H 'If-None-Match: W/"same"'
    curl -sI --max-time 100 $v -H 'Accept-Encoding: gzip' $U/string | tr -d '\r' | grep -iE '^(content|vary|etag)' | tr 'A-Z' 'a-z' | sort
done >got
head -32 got >one; tail -n +33 got >two; cat one; cmp one two && echo the same over HTTP/2
v=--http1.0; ask /string -H 'Accept-Encoding: gzip'
--- exec_out
/string 200 2000 right etag=w/"e" vary=accept-encoding
/array 200 4000 right etag=w/"e" vary=accept-encoding
/stream 200 4000 right etag=w/"e" vary=accept-encoding
/iterator 200 4000 right etag=w/"e" vary=accept-encoding
/file 200 2500 right etag=w/"e" vary=accept-encoding
/deferred 200 2000 right etag=w/"e" vary=accept-encoding
/html 200 2000 right etag=w/"e" vary=accept-encoding
/png 200 plain right etag="e"
/short 200 plain right etag="e"
/long 200 1024 right etag=w/"e" vary=accept-encoding
/empty 200 plain right etag="e"
/none 204 plain none etag="e"
/partial 206 plain right etag="e" vary=accept-encoding
/fixed 200 plain right etag="e"
/weak 200 2000 right etag=w/"w" vary=accept-encoding
/vary 200 2000 right etag=w/"e" vary=accept-encoding vary=origin
/raise 500 plain right
/twice/string 200 2000 right etag=w/"e"
/nowhere 404 plain right
/string 200 br right etag=w/"e" vary=accept-encoding
/string 200 zstd right etag=w/"e" vary=accept-encoding
/string 200 br right etag=w/"e" vary=accept-encoding
/string 200 plain right etag="e" vary=accept-encoding
/string 200 plain right etag="e" vary=accept-encoding
/string 200 plain right etag="e" vary=accept-encoding
/string 200 2000 right etag=w/"e" vary=accept-encoding
/encoded 200 br right etag="e"
/same 304 plain none etag=w/"same" vary=accept-encoding
content-length: 2000
content-type: text/plain
etag: "e"
vary: accept-encoding
the same over HTTP/2
/string 200 plain right etag="e" vary=accept-encoding



=== TEST 2: what streams is prompt in each coding, over both versions, behind the middleware of a route too
--- http_config eval: $::Http
--- config
    http2 on;
    location / { handler app; }
--- user_files
>>> app.lua
local http = require "perilune.http"
local sinks = {}
local routes = http.router()
routes:get("/events/:name", function(req)
    local sink = http.sse(req, { heartbeat = 0 })
    sinks[req.params.name] = sink
    sink:send("first of " .. req.params.name)
    return sink:response()
end, { middleware = { http.middleware.compress { types = { "text/event-stream" } } } })
routes:post("/events/:name", function(req)
    local sink = sinks[req.params.name]
    sink:send("second")
    sink:close()
    return "sent"
end)
return routes
--- exec
cd $TEST_NGINX_HTML_DIR
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT/events
seen() { i=0; until grep -q "$1" got 2>/dev/null || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done; grep -q "$1" got && echo "$1"; }
for v in --http1.1 --http2-prior-knowledge; do
    for coding in gzip br zstd; do
        rm -f got
        curl -sN $v --max-time 100 --compressed -H "Accept-Encoding: $coding" -D head $U/$coding >got &
        seen "first of $coding"
        tr -d '\r' <head | sed -n 's/^content-encoding: *//Ip'
        curl -s --max-time 100 -X POST $U/$coding >sent
        wait
        grep second got
    done
done
--- exec_out
first of gzip
gzip
data: second
first of br
br
data: second
first of zstd
zstd
data: second
first of gzip
gzip
data: second
first of br
br
data: second
first of zstd
zstd
data: second



=== TEST 3: a server made in code; options; levels; settings outlive the server that had them
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, test, task = require "perilune.http", require "perilune.test", require "perilune.task"
local mw, text = http.middleware, {}
for i = 1, 2000 do text[i] = ("%d line\n"):format(i * i % 97) end
text = table.concat(text)
local function ask(server, coding)
    local res = await(http.get("http://127.0.0.1:" .. server:port() .. "/", { accept_encoding = coding, decompress = false }))
    return #await(res:text()), tostring(res.headers["content-encoding"])
end
local function size(options, coding)
    local server = http.start_server(mw.compress(options)(function() return text end), { address = "127.0.0.1" })
    local n, got = ask(server, coding)
    await(server:close(0))
    return n, got
end
for _, c in ipairs { { "gzip", "gzip", 9 }, { "brotli", "br", 11 }, { "zstd", "zstd", 19 } } do
    local fast, small = size({ [c[1]] = c[1] == "brotli" and 0 or 1 }, c[2]), size({ [c[1]] = c[3] }, c[2])
    print(c[1], small < fast, fast < #text / 2)
end
print((select(2, size({ gzip = false }, "gzip"))), (select(2, size({ brotli = false }, "br, gzip"))))
print((select(2, size({ min_length = #text }, "gzip"))), (select(2, size({ min_length = #text + 1 }, "gzip"))))
print((select(2, size({ types = {} }, "gzip"))), (select(2, size({ types = { "*" } }, "gzip"))), (select(2, size({ types = { "Text/PLAIN" } }, "gzip"))))

for _, bad in ipairs { { gzip = 10 }, { gzip = 0 }, { brotli = 12 }, { zstd = 20 }, { gzip = "yes" }, { types = "text/css" }, { types = { 1 } }, { min_lenght = 1 } } do
    print((select(2, pcall(mw.compress, bad))))
end

-- without sockets it changes nothing
local res = await(test.request(mw.compress()(function() return text end), { headers = { ["Accept-Encoding"] = "gzip" } }))
print(res.body == text, res.headers["content-encoding"])

-- a request object that is kept for too long, and an answer that has begun
local core, kept = require "perilune.core.http"
local compressor = core.compressor { gzip = 1, types = { "*" } }
local server = http.start_server(function(req)
    kept = req
    return { body = function()
        core.compress(req, compressor)
        return nil
    end }
end, { address = "127.0.0.1" })
print(ask(server, "gzip"))
core.compress(kept, compressor)
await(server:close(0))

-- a stream whose middleware is gone before its end
local go_on = require("perilune.deferred").deferred()
local function streaming()
    local n = 0
    return { body = function()
        n = n + 1
        if n == 2 then await(go_on) end
        return n < 4 and text or nil
    end }
end
local late = http.start_server(http.middleware.compress()(streaming), { address = "127.0.0.1" })
local asked = http.get("http://127.0.0.1:" .. late:port() .. "/", { accept_encoding = "gzip" })
res = await(asked)
late:close()
streaming, late = nil, nil
for _ = 1, 3 do collectgarbage() await(task.yield()) end
go_on:success(true)
print(#await(res:text()) == 3 * #text)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
gzip	true	true
brotli	true	true
zstd	true	true
nil	gzip
gzip	nil
nil	gzip	gzip
middleware.compress: option 'gzip' must be a level from 1 to 9
middleware.compress: option 'gzip' must be a level from 1 to 9
middleware.compress: option 'brotli' must be a level from 0 to 11
middleware.compress: option 'zstd' must be a level from 1 to 19
middleware.compress: option 'gzip' must be a boolean or whole number from 0, not a string
middleware.compress: option 'types' must be a list, not a string
middleware.compress: option 'types': element 1 must be a media type, not 1
middleware.compress: unknown option 'min_lenght'; did you mean 'min_length'?
true	nil
0	nil
true



=== TEST 4: a 304 has the ETag and the Vary of the answer that it stands for
--- http_config eval: $::Http
--- main_config
    env DIR=$TEST_NGINX_HTML_DIR;
--- config
    http2 on;
    location / { handler kept; }
    location /by/ { gzip on; gzip_types text/css; gzip_vary on; gzip_min_length 100; handler kept.bare; }
--- user_files eval
">>> files/a.css\n" . ("a " x 1000) . "\n>>> files/a.png\n" . ("a " x 1000) . "\n" . <<'_EOC_'
>>> kept.lua
local http, stream = require "perilune.http", require "perilune.stream"
local mw, text = http.middleware, ("text "):rep(400)
local BODIES = { string = text, short = "short", empty = "", array = { text, text }, stream = function() return stream.to_source { text } end }
local routes = http.router { middleware = { mw.conditional() } }
local kept = {}
routes:get("/by/:body", function(req)
    local q, body = req.query, BODIES[req.params.body]
    return { headers = { ETag = q.tag, ["Last-Modified"] = q.modified, ["Content-Type"] = q.type, Vary = q.vary,
        ["Cache-Control"] = q.cache, ["Content-Encoding"] = q.coding },
        body = type(body) == "function" and body() or body }
end)
local files = mw.static { root = os.getenv("DIR") .. "/files", prefix = "/by/files" }
kept.bare = files(routes.handler)
kept.handler = mw.compress { types = { "text/css", "text/plain" } } (function(req)
    req.path = "/by" .. req.path
    return kept.bare(req)
end)
return kept
_EOC_
--- exec
cd $TEST_NGINX_HTML_DIR
set -f
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
head_of() { curl -s --max-time 100 $v -o /dev/null -D - "$@" | tr -d '\r'; }
cat >both.awk <<'X'
{ sub(/\r$/, "") }
FNR == 1 { f++; status = $2 }
tolower($1) == "etag:" { etag[f] = $2; sub(/"[0-9A-Za-z_-]*"/, "\"x\"", etag[f]) }
tolower($1) == "vary:" { vary[f] = vary[f] (vary[f] ? ", " : "") substr($0, 7) }
f == 2 && tolower($0) ~ /^(content|transfer)/ { rest = rest " " $0 }
f == 1 { whole = whole $0 "\n" }
END {
    for (i in vary) gsub(/, */, ", ", vary[i])
    line = path " " status " " etag[2] " " vary[2] rest
    gsub(/  +/, " ", line); sub(/ $/, "", line); print line
    if (etag[1] != etag[2] || vary[1] != vary[2]) printf "but\n%s", whole
}
X
# One program for all that is looked at: processes are what a busy machine is slow to start.
both() {
    path=$1; shift
    curl -s --max-time 100 $v -o /dev/null -D whole "$@" "$U$path"
    curl -s --max-time 100 $v -o /dev/null -D same "$@" -H 'If-None-Match: *' "$U$path"
    awk -v path="$path" -f both.awk whole same
}
for v in --http1.1 --http2-prior-knowledge; do
    for path in '/string?tag="s"' /string '/string?tag=W/"w"' '/string?tag=s' '/string?modified=Thu,%2001%20Jan%201970%2000:00:00%20GMT' '/short?tag="s"' '/empty?tag="s"' '/array?tag="s"' '/stream?tag="s"' \
        '/string?tag="s"&vary=Origin' '/string?tag="s"&vary=*' '/string?tag="s"&type=image/png' '/string?tag="s"&cache=no-transform' '/string?tag="s"&coding=br' \
        /files/a.css /files/a.png '/by/string?tag="s"' '/by/string?tag="s"&type=text/css' /by/files/a.css /by/files/a.png; do
        both "$path" -H 'Accept-Encoding: gzip'
    done
    both '/string?tag="s"'
    both '/string?tag="s"' -I -H 'Accept-Encoding: gzip'
    weak=$(head_of -H 'Accept-Encoding: gzip' $U/files/a.css | sed -n 's/^ETag: //Ip')
    head_of -H 'Accept-Encoding: gzip' -H "If-None-Match: $weak" $U/files/a.css | grep -c ' 304\|W/'
    head_of -H 'Accept-Encoding: gzip' -H "If-Match: $weak" $U/files/a.css | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p'
done >got
n=$(($(wc -l <got) / 2)); head -$n got >one; tail -n +$((n + 1)) got >two; cat one; cmp one two && echo the same over HTTP/2
--- exec_out
/string?tag="s" 304 W/"x" Accept-Encoding
/string 304 W/"x" Accept-Encoding
/string?tag=W/"w" 304 W/"x" Accept-Encoding
/string?tag=s 304 Accept-Encoding
/string?modified=Thu,%2001%20Jan%201970%2000:00:00%20GMT 304 Accept-Encoding
/short?tag="s" 304 "x"
/empty?tag="s" 304 "x"
/array?tag="s" 304 W/"x" Accept-Encoding
/stream?tag="s" 304 "x"
/string?tag="s"&vary=Origin 304 W/"x" Origin, Accept-Encoding
/string?tag="s"&vary=* 304 W/"x" *
/string?tag="s"&type=image/png 304 "x"
/string?tag="s"&cache=no-transform 304 "x"
/string?tag="s"&coding=br 304 "x"
/files/a.css 304 W/"x" Accept-Encoding
/files/a.png 304 "x"
/by/string?tag="s" 304 "x"
/by/string?tag="s"&type=text/css 304 W/"x" Accept-Encoding
/by/files/a.css 304 W/"x" Accept-Encoding
/by/files/a.png 304 "x"
/string?tag="s" 304 "x" Accept-Encoding
/string?tag="s" 304 "x" Accept-Encoding
2
412
the same over HTTP/2
--- no_error_log
[error]
