# Request bodies with a content coding: client_body_decode and req:decode, limits, failures, every reader.
use Test::Nginx::Socket 'no_plan';

no_root_location();

our $Http = <<'_EOC_';
lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
http2 on;
_EOC_
our $Files = <<'_EOC_';
>>> app.lua
local http, json = require "perilune.http", require "perilune.json"
local function count(body)
    local n = 0
    for piece in body:each() do n = n + #piece end
    return n
end
local ways = {
    text = function(req) return #await(req:text()) end,
    stream = function(req) return count(req.body) end,
    json = function(req) return #await(req:json()).list end,
    form = function(req) return await(req:form()).a end,
    decode = function(req)
        local before = req.headers["content-encoding"]
        req:decode { max_size = 3000000, max_ratio = 2000 }
        return ("%s %s %s %d"):format(before, req.headers["content-encoding"], req.content_length, count(req.body))
    end,
    ["text-decode"] = function(req) return #await(req:text { decode = true }) end,
    ["json-decode"] = function(req) return #await(req:json { decode = true, max_size = 1000 }).list end,
    late = function(req)
        await(req.body:take())
        return select(2, pcall(req.decode, req)).code
    end,
    twice = function(req) return #await(req:decode():decode():text { decode = true }) end,
}
return function(req)
    local ok, got = pcall(ways[req.path:match("[^/]+$")], req)
    if ok then
        return tostring(got) .. "\n"
    end
    return { status = type(got) == "table" and got.status or 500, body = ("%s\n"):format(type(got) == "table" and got.code or got) }
end
_EOC_
our $Prepare = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
AT=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
seq 1 1000 >plain
for e in gzip br zstd; do curl -s --max-time 100 -H "Accept-Encoding: $e" -o plain.$e $AT/pack/plain; done
python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(open("plain", "rb").read()))' >plain.deflate
gzip -c plain.br >plain.br,gzip
head -c 2000000 /dev/zero | gzip -9 >zeros.gzip
send() { W=$1 E=$2 F=$3; shift 3; curl -s --max-time 100 -w '%{http_code}\n' "$@" -H "Content-Encoding: $E" --data-binary @$F $AT/$W; }
_EOC_
our $Pack = <<'_EOC_';
    location /pack/ { alias html/; gzip on; brotli on; zstd on; gzip_types *; brotli_types *; zstd_types *; }
_EOC_

run_tests();

__DATA__

=== TEST 1: each coding, each reader, over both protocols
--- http_config eval: $::Http
--- config eval
$::Pack . <<'_EOC_'
    location /on/ { client_body_decode on; handler app; }
    location / { handler app; }
_EOC_
--- user_files eval: $::Files
--- exec eval
$::Prepare . <<'_EOC_'
for e in gzip br zstd deflate br,gzip; do send on/text $e plain.$e; done
send on/text identity plain
send on/stream gzip plain.gzip -H 'Transfer-Encoding: chunked'
send on/stream zstd plain.zstd --http2-prior-knowledge
send decode br,gzip plain.br,gzip
send text-decode gzip plain.gzip --http2-prior-knowledge
send twice gzip plain.gzip
send text gzip plain.gzip | sed "s/^$(wc -c <plain.gzip)$/as it is/"
echo '{"list":[1,2,3]}' | gzip >list.gzip; echo 'a=b%20c' | tr -d '\n' | gzip >form.gzip
send on/json gzip list.gzip; send json-decode gzip list.gzip; send on/form gzip form.gzip
send late gzip plain.gzip
_EOC_
--- exec_out
3893
200
3893
200
3893
200
3893
200
3893
200
3893
200
3893
200
3893
200
br,gzip nil nil 3893
200
3893
200
3893
200
as it is
200
3
200
3
200
b c
200
busy
200



=== TEST 2: what is refused: codings that are not known, broken ones, too much; the connection stays in step
--- http_config eval: $::Http
--- config eval
$::Pack . <<'_EOC_'
    location /on/ { client_body_decode on; handler app; }
    location /small/ { client_body_decode on; client_body_decode_max_size 3892; handler app; }
    location /enough/ { client_body_decode on; client_body_decode_max_size 3893; handler app; }
    location /ratio/ { client_body_decode on; client_body_decode_max_size 0; handler app; }
    location /any/ { client_body_decode on; client_body_decode_max_size 0; client_body_decode_max_ratio 0; handler app; }
    location / { handler app; }
_EOC_
--- user_files eval: $::Files
--- exec eval
$::Prepare . <<'_EOC_'
send on/text snappy plain -o /dev/null -D fields; grep -i ^accept-encoding fields | tr -d '\r'
send text-decode snappy plain
head -c 100 plain.gzip >cut; (cat plain.gzip; echo more) >more; echo junk >junk
send on/text gzip cut; send on/stream gzip more; send on/text gzip junk --http2-prior-knowledge; send on/text gzip /dev/null
send small/text gzip plain.gzip; send small/stream gzip plain.gzip --http2-prior-knowledge; send enough/text gzip plain.gzip
send ratio/text gzip zeros.gzip; send any/text gzip zeros.gzip; send decode gzip zeros.gzip; send json-decode gzip zeros.gzip
curl -s --max-time 100 -H 'Content-Encoding: gzip' --data-binary @zeros.gzip $AT/ratio/stream --next -s --max-time 100 -H 'Content-Encoding: gzip' --data-binary @plain.gzip $AT/on/stream
_EOC_
--- exec_out
415
Accept-Encoding: gzip, deflate, br, zstd
unsupported
415
truncated
400
protocol
400
protocol
400
0
200
too_large
413
too_large
413
3893
200
too_large
413
2000000
200
gzip nil nil 2000000
200
too_large
413
too_large
3893
--- no_error_log
[error]



=== TEST 3: ngx.req, spooled to a file too, and proxy_pass, buffered and not
--- http_config eval: $::Http
--- config eval
$::Pack . <<'_EOC_'
    client_body_decode on; client_body_buffer_size 1k;
    location /ngx { content_by_lua_block {
        ngx.req.read_body()
        local name = ngx.req.get_body_file()
        local f = assert(io.open(name, "rb"))
        ngx.say(#f:read("*a"), " ", ngx.req.get_headers()["content-encoding"], " ", ngx.var.http_content_length)
        f:close()
    } }
    location /proxied { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plainly; }
    location /streamed { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plainly; proxy_request_buffering off; proxy_http_version 1.1; }
    location /plainly { client_body_decode off; content_by_lua_block {
        ngx.req.read_body()
        local f = io.open(ngx.req.get_body_file(), "rb")
        ngx.say(#f:read("*a"), " ", ngx.req.get_headers()["content-encoding"])
    } }
_EOC_
--- user_files eval: $::Files
--- exec eval
$::Prepare . <<'_EOC_'
send ngx gzip plain.gzip; send proxied br plain.br; send streamed zstd plain.zstd; send proxied gzip plain -o /dev/null
_EOC_
--- exec_out
3893 nil nil
200
3893 nil
200
3893 nil
200
400



=== TEST 4: a body that trickles in is decoded as it comes
--- http_config eval: $::Http
--- config eval
$::Pack . <<'_EOC_'
    location / { client_body_decode on; handler app; }
_EOC_
--- user_files eval: $::Files
--- exec eval
$::Prepare . <<'_EOC_'
python3 - $TEST_NGINX_SERVER_PORT <<'END'
import socket, sys
body = open("plain.gzip", "rb").read()
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.settimeout(60)
for path in "stream", "text":
    s.sendall(b"POST /%s HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (path.encode(), len(body)))
    for i in range(0, len(body), 7):
        s.sendall(body[i:i + 7])
    got = b""
    while b"\r\n\r\n3893\n" not in got:
        got += s.recv(1000)
    print(path)
END
_EOC_
--- exec_out
stream
text
