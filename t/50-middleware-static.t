# Files by middleware, and compression of servers that are made in code.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: files, indexes, types, conditions, ranges; what is never given
--- config
    location / { return 200; }
--- user_files
>>> files/index.html
<p>index</p>
>>> files/a.txt
0123456789
>>> files/sub/index.html
sub
>>> files/.hidden
secret
>>> files/.well/known
secret
>>> outside.txt
secret
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local root = arg[1] .. "/files"
local app = http.middleware.static { root = root, max_age = 60, types = { odd = "x/odd" } } (function(req) return { status = 404, body = "handler" } end)
local function ask(path, headers, method, a)
    local res = await(test.request(a or app, { path = path, headers = headers, method = method }))
    local h = res.headers
    print(path, res.status, (res.body:gsub("\n", "")), h["content-type"] or h.location or h["content-range"], h["content-length"])
    return res
end
ask "/"
local etag = ask("/a.txt").headers.etag
local modified = ask("/a.txt", nil, "HEAD").headers["last-modified"]
ask("/a.txt", nil, "POST")
ask "/none"
ask "/sub"
ask "/sub?x=1"
ask "/sub/"
ask "/x.odd"
ask "/.hidden"
ask "/.well/known"
ask "/../outside.txt"
ask "/%2e%2e/outside.txt"
ask "/sub/..%2f..%2foutside.txt"
ask "/a.txt%00"
ask "/link"
ask "/inside"
ask "/dir/outside.txt"
ask("/a.txt", { ["If-None-Match"] = etag })
ask("/a.txt", { ["If-Modified-Since"] = modified })
ask("/a.txt", { ["If-Match"] = '"x"' })
local function range(text, more)
    local headers = more or {}
    headers.Range = text
    local res = await(test.request(app, { path = "/a.txt", headers = headers }))
    print(text, res.status, #res.body, res.headers["content-range"])
end
range "bytes=2-4"
range "bytes=8-"
range "bytes=-3"
range "bytes=5-500"
range "bytes=11-"
range "bytes=-0"
range "bytes=4-2"
range "bytes=0-1,3-4"
range "lines=1-2"
range("bytes=0-1", { ["If-Range"] = etag })
range("bytes=0-1", { ["If-Range"] = '"x"' })
range("bytes=0-1", { ["If-Range"] = modified })
local below = http.middleware.static { root = root .. "/", prefix = "/assets", dotfiles = true, index = false } (function() return "handler" end)
ask("/assets/a.txt", nil, nil, below)
ask("/a.txt", nil, nil, below)
ask("/assets/", nil, nil, below)
ask("/assets/.hidden", nil, nil, below)
ask("/assets/../outside.txt", nil, nil, below)
print((select(2, pcall(http.middleware.static, {}))))
--- exec
cd $TEST_NGINX_HTML_DIR
ln -s ../outside.txt files/link; ln -s a.txt files/inside; ln -s .. files/dir; echo odd >files/x.odd
timeout 100 $TEST_NGINX_BINARY run a.lua . 2>&1
--- exec_out
/	200	<p>index</p>	text/html; charset=utf-8	nil
/a.txt	200	0123456789	text/plain; charset=utf-8	nil
/a.txt	200		text/plain; charset=utf-8	nil
/a.txt	404	handler	nil	nil
/none	404	handler	nil	nil
/sub	301		/sub/	nil
/sub?x=1	301		/sub/?x=1	nil
/sub/	200	sub	text/html; charset=utf-8	nil
/x.odd	200	odd	x/odd	nil
/.hidden	404	handler	nil	nil
/.well/known	404	handler	nil	nil
/../outside.txt	404	handler	nil	nil
/%2e%2e/outside.txt	404	handler	nil	nil
/sub/..%2f..%2foutside.txt	404	handler	nil	nil
/a.txt%00	404	handler	nil	nil
/link	404	handler	nil	nil
/inside	200	0123456789	application/octet-stream	nil
/dir/outside.txt	404	handler	nil	nil
/a.txt	304		nil	nil
/a.txt	304		nil	nil
/a.txt	412		nil	nil
bytes=2-4	206	3	bytes 2-4/11
bytes=8-	206	3	bytes 8-10/11
bytes=-3	206	3	bytes 8-10/11
bytes=5-500	206	6	bytes 5-10/11
bytes=11-	416	0	bytes */11
bytes=-0	416	0	bytes */11
bytes=4-2	200	11	nil
bytes=0-1,3-4	200	11	nil
lines=1-2	200	11	nil
bytes=0-1	206	2	bytes 0-1/11
bytes=0-1	200	11	nil
bytes=0-1	206	2	bytes 0-1/11
/assets/a.txt	200	0123456789	text/plain; charset=utf-8	nil
/a.txt	200	handler	nil	nil
/assets/	200	handler	nil	nil
/assets/.hidden	200	secret	application/octet-stream	nil
/assets/../outside.txt	200	handler	nil	nil
middleware.static: option 'root' is needed

=== TEST 2: over HTTP, compressed when the server is told to
--- config
    location / { return 200; }
--- user_files
>>> files/a.json
["0123456789", "0123456789", "0123456789", "0123456789", "0123456789", "0123456789"]
>>> a.lua
local http = require "perilune.http"
local function handle(req)
    return { headers = { ["Content-Type"] = req.query.type or "text/plain" }, body = ("text "):rep(100) }
end
local app = http.middleware.static { root = arg[1] .. "/files" } (handle)
local function show(server, path, coding)
    local res = await(http.get(("http://127.0.0.1:%d%s"):format(server:port(), path), { accept_encoding = coding, decompress = false }))
    print(path, res.status, res.headers["content-encoding"], res.headers["vary"], #await(res:text()) < 90)
end
local plain = http.start_server(app, { address = "127.0.0.1" })
show(plain, "/", "gzip")
show(plain, "/a.json", "gzip")
local server = http.start_server(app, { address = "127.0.0.1", compress = { min_length = 60 } })
for _, coding in ipairs { "gzip", "br", "zstd", "identity" } do show(server, "/", coding) end
show(server, "/a.json", "gzip")
show(server, "/?type=image/png", "gzip")
local some = http.start_server(app, { address = "127.0.0.1", compress = { min_length = 60, types = { "image/png" } } })
show(some, "/?type=image/png", "gzip")
show(some, "/", "gzip")
local short = http.start_server(app, { address = "127.0.0.1", compress = true })
show(short, "/", "gzip")
print((select(2, pcall(http.start_server, app, { compress = { level = 1 } })):match("middleware.*")))
for _, s in ipairs { plain, server, some, short } do await(s:close(0)) end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $TEST_NGINX_HTML_DIR 2>&1
--- exec_out
/	200	nil	nil	false
/a.json	200	nil	nil	true
/	200	gzip	Accept-Encoding	true
/	200	br	Accept-Encoding	true
/	200	zstd	Accept-Encoding	true
/	200	nil	Accept-Encoding	false
/a.json	200	gzip	Accept-Encoding	true
/?type=image/png	200	nil	nil	false
/?type=image/png	200	gzip	Accept-Encoding	true
/	200	nil	nil	false
/	200	nil	nil	false
middleware.compress: unknown option 'level'; there is 'brotli', 'gzip', 'min_length', 'types', 'zstd'
