# Forms: urlencoded and multipart bodies, parts as streams, limits, what is malformed; JSON bodies with limits.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", "    location / { handler app; }\n");
    }
});

run_tests();

__DATA__

=== TEST 1: parts over the wire, in pieces that cut the delimiter
--- user_files
>>> app.lua
local http = require "perilune.http"
return function(req)
    local out = {}
    for part in http.multipart(req):each() do
        local text = {}
        for piece in part.body:each() do
            text[#text + 1] = piece
        end
        out[#out + 1] = ("%s|%s|%s|%s|%s\n"):format(part.name, tostring(part.filename), part.content_type,
            tostring(part.charset), (table.concat(text):gsub("\r\n", "~")))
    end
    return table.concat(out)
end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=\"X Y\"\r\nContent-Length: 180\r\n\r\n",
"--X Y\r\nContent-Disposition: form-data; name=\"a%22\"\r\n\r\none\r",
"\n--X",
" Y \r\ncontent-disposition: Form-Data; filename=\"q\\\"x\"; name=f\r\nContent-Type: Text/X; charset=UTF-8\r\n\r\nl\r\n--X Z\r\n--X Y--"]
--- raw_request_middle_delay: 0.03
--- response_body
a"|nil|text/plain|nil|one
f|q"x|text/x|utf-8|l~--X Z

=== TEST 2: every way to cut a body gives the same parts
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local body = 'preamble\r\n--XX\r\nContent-Disposition: form-data; name="a%22"\r\n\r\none\r\n-\r\n--XX \t\r\n'
    .. 'content-disposition: Form-Data; filename="q\\"x"; name=f\r\nContent-Type: Text/X; charset=UTF-8\r\n\r\nl\r\n--X\r\n'
    .. '--XX\r\nContent-Disposition: form-data; name="e"\r\n\r\n\r\n--XX--\r\nepilogue'
local function app(req)
    local out = {}
    for part in http.multipart(req):each() do
        local text = {}
        for piece in part.body:each() do
            text[#text + 1] = piece
        end
        out[#out + 1] = ("%s|%s|%s|%s|%s"):format(part.name, tostring(part.filename), part.content_type,
            tostring(part.charset), (table.concat(text):gsub("\r\n", "~")))
    end
    return table.concat(out, "\n")
end
local function ask(pieces)
    return await(test.request(app, { method = "POST", body = pieces,
        headers = { ["Content-Type"] = "multipart/form-data; boundary=XX" } })).body
end
local whole, same = ask { body }, 0
for i = 1, #body - 1 do
    same = same + (ask { body:sub(1, i), body:sub(i + 1) } == whole and 1 or 0)
end
local bytes = {}
for byte in body:gmatch(".") do
    bytes[#bytes + 1] = byte
end
print(whole)
print(same == #body - 1, ask(bytes) == whole)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
a"|nil|text/plain|nil|one~-
f|q"x|text/x|utf-8|l~--X
e|nil|text/plain|nil|
true	true

=== TEST 3: what is malformed or too much, by code and status
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local P = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
local function ask(name, body, kind, opts)
    local function app(req)
        local n = 0
        for part in http.multipart(req, opts):each() do
            n = n + 1
            for _ in part.body:each() do end
        end
        return n .. " parts"
    end
    local req = { method = "POST", body = body, headers = { ["Content-Type"] = kind or "multipart/form-data; boundary=X" } }
    local ok, res = try_await(test.request(app, req))
    print(name, ok and res.body or res.code .. " " .. tostring(res.status) .. " " .. res.message)
end
ask("good", P .. "x\r\n--X--")
ask("none", "--X--")
ask("no boundary", P, "multipart/form-data")
ask("other type", P, "text/plain")
ask("bad boundary", P, 'multipart/form-data; boundary="a\1"')
ask("empty", "")
ask("cut in part", P .. "x")
ask("cut in head", "--X\r\nContent-Dispo")
ask("cut at delimiter", P .. "x\r\n--X")
ask("behind delimiter", P .. "x\r\n--Xy\r\n")
ask("no name", "--X\r\nContent-Disposition: form-data\r\n\r\nx\r\n--X--")
ask("no header", "--X\r\n\r\nx\r\n--X--")
ask("no field", "--X\r\nno field\r\n\r\nx\r\n--X--")
ask("folded", "--X\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\nx\r\n--X--")
ask("twice", "--X\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--X--")
ask("open quote", "--X\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--X--")
ask("parts", P .. "x\r\n" .. P .. "y\r\n--X--", nil, { max_parts = 1 })
ask("size", P .. ("x"):rep(11) .. "\r\n--X--", nil, { max_part_size = 10 })
ask("size fits", P .. ("x"):rep(10) .. "\r\n--X--", nil, { max_part_size = 10 })
ask("header", "--X\r\nX: " .. ("y"):rep(100) .. "\r\n\r\n\r\n--X--", nil, { max_header_size = 50 })
ask("header open", "--X\r\nX: " .. ("y"):rep(100), nil, { max_header_size = 50 })
ask("preamble", ("y"):rep(9000) .. "\r\n" .. P .. "\r\n--X--")
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
good	1 parts
none	0 parts
no boundary	invalid 400 malformed multipart body: no boundary in its Content-Type
other type	invalid 400 malformed multipart body: no boundary in its Content-Type
bad boundary	invalid 400 malformed multipart body: no boundary in its Content-Type
empty	invalid 400 malformed multipart body: it ends inside a part
cut in part	invalid 400 malformed multipart body: it ends inside a part
cut in head	invalid 400 malformed multipart body: it ends inside a part
cut at delimiter	invalid 400 malformed multipart body: it ends inside a part
behind delimiter	invalid 400 malformed multipart body: text behind a delimiter
no name	invalid 400 malformed multipart body: a part without a name
no header	invalid 400 malformed multipart body: a part without a name
no field	invalid 400 malformed multipart body: a header line that is none
folded	invalid 400 malformed multipart body: a header line that is none
twice	invalid 400 malformed multipart body: a part without a name
open quote	invalid 400 malformed multipart body: a part without a name
parts	too_large 413 more than 1 parts
size	too_large 413 a part is longer than 10 bytes
size fits	1 parts
header	too_large 413 the header of a part is too long
header open	too_large 413 the header of a part is too long
preamble	invalid 400 malformed multipart body: no delimiter at its beginning

=== TEST 4: a part that is not read is dropped; an old one cannot be read any more
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local function part(name, text) return '--X\r\nContent-Disposition: form-data; name="' .. name .. '"\r\n\r\n' .. text .. "\r\n" end
local function app(req)
    local parts = http.multipart(req)
    local a = await(parts:take())
    local first = await(a.body:take())
    local b = await(parts:take())
    local ok, err = try_await(a.body:take())
    return a.name .. #first .. b.name .. await(b.body:take()) .. tostring(ok) .. err.code .. tostring(await(parts:take()))
end
print(await(test.request(app, { method = "POST", body = { part("a", ("x"):rep(100)), part("b", "y") .. "--X--" },
    headers = { ["Content-Type"] = "multipart/form-data; boundary=X" } })).body)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
a100byfalseclosednil

=== TEST 5: http.form over the wire: what is read, what is refused
--- user_files
>>> app.lua
local http = require "perilune.http"
return function(req)
    local ok, f = try_await(http.form(req, { max_size = 40, max_fields = 3 }))
    if not ok then
        return { status = f.status, body = f.code .. " " .. f.message .. "\n" }
    end
    return tostring(f.a) .. " " .. tostring(f.b) .. "\n"
end
--- pipelined_requests eval
["POST /\na=1+%2B&b", "POST /\na=%zz", "POST /\na=%4", "POST /\na&b&c&d", "POST /\na=" . "x" x 40]
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code eval
[200, 400, 400, 413, 413]
--- response_body eval
["1 + true\n", "invalid malformed form: '%' without two hexadecimal digits\n",
"invalid malformed form: '%' without two hexadecimal digits\n", "too_large more than 3 fields\n", "too_large the form is too long\n"]

=== TEST 6: http.form of a multipart body: files, limits; 415 for what is no form
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local function ask(body, kind)
    local function app(req)
        local f = await(http.form(req, { max_size = 10, max_fields = 2 }))
        return f.a .. " " .. f.f.filename .. ":" .. f.f.content_type .. ":" .. f.f.body
    end
    local ok, res = try_await(test.request(app, { method = "POST", body = body, headers = { ["Content-Type"] = kind } }))
    print(ok and res.body or res.code .. " " .. res.status .. " " .. res.message)
end
local A, F = '--X\r\nContent-Disposition: form-data; name=a\r\n\r\n', '--X\r\nContent-Disposition: form-data; name=f; filename="g"\r\n\r\n'
local kind = "multipart/form-data; boundary=X"
ask(A .. "1\r\n" .. A .. "2\r\n--X--", kind:gsub("X", "Y"))
ask(A .. "1\r\n" .. F .. "z\r\n--X--", kind)
ask(A .. "12345\r\n" .. F .. "123456\r\n--X--", kind)
ask(A .. "1\r\n" .. F .. "z\r\n" .. A .. "2\r\n--X--", kind)
ask("a=1", "text/plain")
ask("a=1", nil)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
invalid 400 malformed multipart body: it ends inside a part
1 g:text/plain:z
too_large 413 the form is too long
too_large 413 more than 2 parts
invalid 415 the request brings no form
invalid 415 the request brings no form

=== TEST 7: req:json with limits: a clear 400 or 413
--- user_files
>>> a.lua
local test = require "perilune.test"
local function ask(body, opts)
    local ok, res = try_await(test.request(function(req)
        return require("perilune.json").encode(await(req:json(opts)))
    end, { method = "POST", body = body }))
    print(ok and res.body or res.code .. " " .. res.status .. " " .. res.message)
end
ask('{"a":[1,"]\\"["]}', { max_depth = 2, max_size = 100 })
ask("[[1]]", { max_depth = 1 })
ask('{"a":', nil)
ask("[1,2]", { max_size = 4 })
ask({ "[1,", "2]" }, { max_size = 4 })
print((select(2, pcall(require("perilune.test.app").make_request({}).json, {}, { max_sice = 1 }))))
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out_like chop
^\{"a":\[1,"\]\\"\["\]\}
invalid 400 the JSON of the request body is nested deeper than 1
invalid 400 the request body is not JSON: .*
too_large 413 the request body is too long
too_large 413 the request body is too long
req:json: unknown option 'max_sice'; did you mean 'max_size'\?$

=== TEST 8: files beyond max_memory lie in temporary files until the response is sent, and no longer
--- config
    client_body_temp_path temp; lua_check_client_abort on;
    location / { client_max_body_size 10m; handler app; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    http2 on;
--- user_files
>>> app.lua
local http, task = require "perilune.http", require "perilune.task"
return http.middleware.error_pages {} (function(req)
    if req.path == "/hang" then
        await(http.form(req, { max_size = 1e7, max_memory = 10 }))
        await(task.sleep(1000))
    elseif req.path == "/raise" then
        await(http.form(req, { max_size = 1e7, max_memory = 10 }))
        error("no")
    end
    local form = await(http.form(req, { max_size = 1e7, max_memory = 1000, max_file_size = 3000000 }))
    if req.path == "/back" then
        return { body = form.a:as_body() }
    elseif req.path == "/save" then
        if req.query.to then form.a:save(req.query.to) end -- another file system, where there is one
        form.a:save(debug.getinfo(1, "S").source:match("^@(.*/)") .. "kept")
        form.b:save(debug.getinfo(1, "S").source:match("^@(.*/)") .. "kept-b")
        return "saved\n"
    end
    local function tell(f)
        return ("%s %d %d %s %s\n"):format(f.filename, f.size, #f:read(), f.path and "file" or "memory", f.content_type)
    end
    return tell(form.a) .. tell(form.b) .. form.t .. "\n"
end)
--- exec
cd $TEST_NGINX_HTML_DIR
AT=http://127.0.0.1:$TEST_NGINX_SERVER_PORT T=$TEST_NGINX_SERVROOT/temp
head -c 2000000 /dev/urandom >big; echo small >small; head -c 3000001 /dev/zero >huge
left() { i=0; while [ "$(ls $T)" ] && [ $i -lt 1200 ]; do i=$((i + 1)); sleep 0.05; done; ls $T | wc -l; }
send() { P=$1; shift; curl -s --max-time 100 "$@" -F a=@big -F b=@small -F t=text $AT/$P; }
send tell; left
send tell --http2-prior-knowledge; left
send back | cmp - big && echo the same; left
send back --http2-prior-knowledge --limit-rate 2M | cmp - big && echo the same; left
send save; left; cmp kept big && cmp kept-b small && echo kept
SHM=/dev/shm/perilune-t-$$; test -d /dev/shm || SHM=$TEST_NGINX_HTML_DIR/other
send "save?to=$SHM" -o /dev/null; cmp $SHM big && echo copied; rm -f $SHM; left
send raise -o /dev/null -w '%{http_code}\n'; left
curl -s -o /dev/null -F a=@big $AT/hang & C=$!
i=0; until [ "$(ls $T)" ] || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done; ls $T | wc -l
kill $C; left
curl -s --max-time 100 -o /dev/null -w '%{http_code}\n' -F a=@huge $AT/tell; left
curl -s --max-time 100 -o /dev/null -w '%{http_code}\n' -F a=@small -F "t=<big" --http2-prior-knowledge $AT/tell; left
--- exec_out
big 2000000 2000000 file application/octet-stream
small 6 6 memory application/octet-stream
text
0
big 2000000 2000000 file application/octet-stream
small 6 6 memory application/octet-stream
text
0
the same
0
the same
0
saved
0
kept
copied
0
500
0
1
0
413
0
413
0
--- timeout: 60

=== TEST 9: random forms, cut at random, come out as they went in; random damage is refused or read, never worse
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local failure = require "perilune.failure"
math.randomseed(tonumber(os.getenv("SEED") or 20261126))
local r = math.random

-- texts made of what delimiters are made of, so that near misses are common
local bits = { "\r", "\n", "\r\n", "-", "--", "--B", "\r\n--", "\r\n--B", "\r\n--b", "B", "x", "\0", '"', "" }
local function text(most)
    local t = {}
    for i = 1, r(0, most) do t[i] = bits[r(#bits)] end
    return (table.concat(t):gsub("%-%-Bnd", "--Bn"))
end
local function make()
    local parts, body = {}, {}
    for i = 1, r(0, 6) do
        local p = { name = "n" .. r(9), filename = r(2) == 1 and "f" .. r(9) or nil, text = text(12) }
        parts[i] = p
        body[#body + 1] = ('--Bnd\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'):format(p.name,
            p.filename and ('; filename="%s"'):format(p.filename) or "", p.text)
    end
    return parts, table.concat(body) .. "--Bnd--\r\n"
end
local function cut(body)
    local pieces, at = {}, 1
    while at <= #body do
        local n = r(4) == 1 and r(40) or r(3)
        pieces[#pieces + 1] = body:sub(at, at + n - 1)
        at = at + n
    end
    return pieces
end
local seen
local function app(req)
    for part in http.multipart(req, { max_parts = 6, max_part_size = 200, max_header_size = 100 }):each() do
        local t = {}
        for piece in part.body:each() do t[#t + 1] = piece end
        seen[#seen + 1] = { name = part.name, filename = part.filename, text = table.concat(t) }
    end
    return "ok"
end
local function send(body)
    seen = {}
    return try_await(test.request(app, { method = "POST", body = cut(body),
        headers = { ["Content-Type"] = "multipart/form-data; boundary=Bnd" } }))
end
local function same(a, b)
    if #a ~= #b then return false end
    for i in ipairs(a) do
        if a[i].name ~= b[i].name or a[i].filename ~= b[i].filename or a[i].text ~= b[i].text then return false end
    end
    return true
end
local refused, read = 0, 0
for i = 1, 1500 do
    local parts, body = make()
    local ok, err = send(body)
    if not ok or not same(parts, seen) then
        print(("form %d came out wrong: %s"):format(i, tostring(err)), ("%q"):format(body))
        break
    end
    local at = r(#body)
    local damaged = body:sub(1, at - 1) .. bits[r(#bits)] .. body:sub(at + r(0, 3))
    ok, err = send(damaged)
    if not ok and not (failure.is(err) and (err.status == 400 and err.code == "invalid"
        or err.status == 413 and err.code == "too_large")) then
        print("damage gave", err, ("%q"):format(damaged))
        break
    end
    refused, read = refused + (ok and 0 or 1), read + (ok and 1 or 0)
end
print(refused > 100 and read > 100 and "both happen")
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
both happen
--- timeout: 60


=== TEST 10: 40 MB of a form in constant memory, over both protocols, as parts and as a form
--- config
    location / { client_max_body_size 0; handler app; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    client_body_temp_path temp;
    http2 on;
--- user_files
>>> app.lua
local http = require "perilune.http"
return function(req)
    if req.path == "/form" then
        return await(http.form(req, { max_size = 2e8 })).a.size .. "\n"
    end
    local n = 0
    for part in http.multipart(req):each() do
        for piece in part.body:each() do n = n + #piece end
    end
    return n .. "\n"
end
--- exec
cd $TEST_NGINX_HTML_DIR
PID=$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)
head -c 40000000 /dev/zero | tr '\0' '\r' >big
for how in --http1.1 --http2-prior-knowledge; do
    for path in parts form; do
        curl -s --max-time 100 $how -H Expect: -F a=@big http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$path
    done
done
grep -q libasan /proc/$PID/maps && echo small || awk '/VmHWM/ { print ($2 < 60000) ? "small" : "large: " $2 }' /proc/$PID/status
rm big
--- exec_out
40000000
40000000
40000000
40000000
small
--- timeout: 200
