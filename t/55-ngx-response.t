# ngx.status, ngx.header, ngx.resp, ngx.exit, ngx.redirect, ngx.exec, ngx.ctx
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: status
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            ngx.say(ngx.status)
        }
    }
--- request
GET /t
--- error_code: 201
--- response_body
201
--- no_error_log
[error]



=== TEST 2: status too late
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            ngx.status = 500
            ngx.say(ngx.status)
        }
    }
--- request
GET /t
--- response_body
x
200
--- error_log
attempt to set ngx.status after sending out response headers



=== TEST 3: status as text
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = "404"
            ngx.say("x")
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body
x
--- no_error_log
[error]



=== TEST 4: header
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = "1"
            ngx.header.x_b = 2
            ngx.say(ngx.header["X-A"], ngx.header.x_b, ngx.header.nope)
        }
    }
--- request
GET /t
--- response_headers
X-A: 1
X-B: 2
--- response_body
12nil
--- no_error_log
[error]



=== TEST 5: header removed
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = "1"
            ngx.header["X-A"] = nil
            ngx.say(ngx.header["X-A"])
        }
    }
--- request
GET /t
--- response_headers
!X-A
--- response_body
nil
--- no_error_log
[error]



=== TEST 6: header with several values
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Set-Cookie"] = {"a=1", "b=2"}
            ngx.say(table.concat(ngx.header["Set-Cookie"], "|"))
        }
    }
--- request
GET /t
--- response_body
a=1|b=2
--- no_error_log
[error]



=== TEST 7: header emptied by an empty table
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = "1"
            ngx.header["X-A"] = {}
            ngx.say(ngx.header["X-A"])
        }
    }
--- request
GET /t
--- response_body
nil
--- no_error_log
[error]



=== TEST 8: header cannot split the response
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = "1\r\nX-Evil: 2"
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_headers
X-A: 1%0D%0AX-Evil: 2
!X-Evil
--- response_body
x
--- no_error_log
[error]



=== TEST 9: header names are cleaned
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X A\n"] = "1"
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_headers
X%20A%0A: 1
--- response_body
x
--- no_error_log
[error]



=== TEST 10: content_type
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.say(ngx.header.content_type)
        }
    }
--- request
GET /t
--- response_headers
Content-Type: text/x
--- response_body
text/x
--- no_error_log
[error]



=== TEST 11: content_type taken away
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = nil
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_headers
!Content-Type
--- response_body
x
--- no_error_log
[error]



=== TEST 12: content_length that is no number
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = "abc"
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log
failed to set header content_length



=== TEST 13: last_modified
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = ngx.http_time(0)
            ngx.say(ngx.header["Last-Modified"])
        }
    }
--- request
GET /t
--- response_headers
Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT
--- response_body
Thu, 01 Jan 1970 00:00:00 GMT
--- no_error_log
[error]



=== TEST 14: header too late
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            ngx.header["X-A"] = "1"
        }
    }
--- request
GET /t
--- response_headers
!X-A
--- response_body
x
--- error_log
attempt to set ngx.header.HEADER after sending out response headers



=== TEST 15: header in a header filter
--- config
    header_filter_by_lua_block { ngx.header["X-A"] = ngx.header["X-A"] .. "2" ngx.status = 202 }
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = "1"
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_headers
X-A: 12
--- error_code: 202
--- response_body
x
--- no_error_log
[error]



=== TEST 16: resp.get_headers
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-A"] = {"1", "2"}
            local h = ngx.resp.get_headers()
            ngx.say(table.concat(h["x-a"], ","), " ", h.X_A == h["x-a"])
        }
    }
--- request
GET /t
--- response_body
1,2 true
--- no_error_log
[error]



=== TEST 17: resp.add_header
--- config
    location = /t {
        content_by_lua_block {
            local resp = require "ngx.resp"
            resp.add_header("X-A", "1")
            resp.add_header("X-A", {"2", "3"})
            ngx.say(table.concat(ngx.header["X-A"], ","))
        }
    }
--- request
GET /t
--- response_body
1,2,3
--- no_error_log
[error]



=== TEST 18: exit with a status
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(403)
        }
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
[error]



=== TEST 19: exit is not resumed
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a")
            ngx.exit(200)
            ngx.say("b")
        }
    }
--- request
GET /t
--- response_body
a
--- no_error_log
[error]



=== TEST 20: exit through pcall
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a")
            pcall(ngx.exit, 200)
            ngx.say("b")
        }
    }
--- request
GET /t
--- response_body
a
--- no_error_log
[error]



=== TEST 21: exit from a function inside a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function() ngx.say("in") ngx.exit(200) end)
            co()
            ngx.say("b")
        }
    }
--- request
GET /t
--- response_body
in
--- no_error_log
[error]



=== TEST 22: exit after the head
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a")
            ngx.exit(500)
        }
    }
--- request
GET /t
--- response_body
a
--- error_log
attempt to set status 500 via ngx.exit after sending out the response status 200



=== TEST 23: exit with a status of its own
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 410
            ngx.say("gone")
            ngx.exit(ngx.HTTP_OK)
        }
    }
--- request
GET /t
--- error_code: 410
--- response_body
gone
--- no_error_log
[error]



=== TEST 24: exit takes no AGAIN
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.exit, ngx.AGAIN)
            ngx.say((err:gsub("^.*does", "does")))
        }
    }
--- request
GET /t
--- response_body
does not accept NGX_AGAIN or NGX_DONE
--- no_error_log
[error]



=== TEST 25: exit(OK) in access goes on
--- config
    location = /t { access_by_lua_block { ngx.exit(ngx.OK) } content_by_lua_block { ngx.say("content") } }
--- request
GET /t
--- response_body
content
--- no_error_log
[error]



=== TEST 26: exit(200) in access ends
--- config
    location = /t { access_by_lua_block { ngx.say("access") ngx.exit(200) } content_by_lua_block { ngx.say("content") } }
--- request
GET /t
--- response_body
access
--- no_error_log
[error]



=== TEST 27: exit(403) in rewrite
--- config
    location = /t { rewrite_by_lua_block { ngx.exit(403) } content_by_lua_block { ngx.say("content") } }
--- request
GET /t
--- error_code: 403
--- no_error_log
[error]



=== TEST 28: redirect
--- config
    location = /t {
        content_by_lua_block {
            ngx.redirect("/other")
            ngx.say("never")
        }
    }
--- request
GET /t
--- response_headers_like
Location: .*/other
--- error_code: 302
--- no_error_log
[error]



=== TEST 29: redirect with a status
--- config
    location = /t {
        content_by_lua_block {
            ngx.redirect("https://example.com/x", 301)
        }
    }
--- request
GET /t
--- response_headers
Location: https://example.com/x
--- error_code: 301
--- no_error_log
[error]



=== TEST 30: redirect with a status that is none
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.redirect, "/x", 404)
            ngx.say((err:gsub("^.*only", "only")))
        }
    }
--- request
GET /t
--- response_body
only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
--- no_error_log
[error]



=== TEST 31: redirect with a control byte
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.redirect, "/x\r\ny")
            ngx.say(err:match("unsafe byte \"0x0d\"") ~= nil)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 32: redirect too late
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            local ok, err = pcall(ngx.redirect, "/x")
            ngx.say((err:gsub("^.*attempt", "attempt")))
        }
    }
--- request
GET /t
--- response_body
x
attempt to call ngx.redirect after sending out the headers
--- no_error_log
[error]



=== TEST 33: exec
--- config
    location = /to { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.args, " ", ngx.ctx.x, " ", ngx.req.is_internal()) } }
    location = /t {
        content_by_lua_block {
            ngx.ctx.x = 1
            ngx.exec("/to")
            ngx.say("never")
        }
    }
--- request
GET /t
--- response_body
/to nil nil true
--- no_error_log
[error]



=== TEST 34: exec with a query
--- config
    location = /to { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.args, " ", ngx.ctx.x, " ", ngx.req.is_internal()) } }
    location = /t {
        content_by_lua_block {
            ngx.exec("/to?a=1", "b=2")
        }
    }
--- request
GET /t
--- response_body
/to a=1&b=2 nil true
--- no_error_log
[error]



=== TEST 35: exec with a table
--- config
    location = /to { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.args, " ", ngx.ctx.x, " ", ngx.req.is_internal()) } }
    location = /t {
        content_by_lua_block {
            ngx.exec("/to", {a = "x y"})
        }
    }
--- request
GET /t
--- response_body
/to a=x%20y nil true
--- no_error_log
[error]



=== TEST 36: exec of a named location
--- config
    location @n { content_by_lua_block { ngx.say(ngx.var.uri, " named") } }
    location = /t {
        content_by_lua_block {
            ngx.exec("@n")
        }
    }
--- request
GET /t
--- response_body
/t named
--- no_error_log
[error]



=== TEST 37: exec of nothing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.exec, "")
            ngx.say((err:gsub("^.*The", "The")))
        }
    }
--- request
GET /t
--- response_body
The uri argument is empty
--- no_error_log
[error]



=== TEST 38: exec above the root
--- config
    location = /t {
        content_by_lua_block {
            for _, uri in ipairs { "/../x", "/in/../x", "x" } do
                local ok, err = pcall(ngx.exec, uri)
                ngx.say((err:gsub("^.*unsafe", "unsafe")))
            end
            ngx.say((select(2, pcall(ngx.location.capture, "/in/.."))))
        }
    }
--- request
GET /t
--- response_body
unsafe uri
unsafe uri
unsafe uri
unsafe uri in argument #1: /in/..
--- error_log
unsafe URI "/in/../x" was detected
unsafe URI "/in/.." was detected



=== TEST 39: exec too late
--- config
    location = /to { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.args, " ", ngx.ctx.x, " ", ngx.req.is_internal()) } }
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            local ok, err = pcall(ngx.exec, "/to")
            ngx.say((err:gsub("^.*attempt", "attempt")))
        }
    }
--- request
GET /t
--- response_body
x
attempt to call ngx.exec after sending out response headers
--- no_error_log
[error]



=== TEST 40: ctx is the request's
--- config
    access_by_lua_block { ngx.ctx.a = 1 }
    location = /t {
        content_by_lua_block {
            ngx.ctx.a = (ngx.ctx.a or 0) + 1
            ngx.say(ngx.ctx.a)
        }
    }
--- request
GET /t
--- response_body
2
--- no_error_log
[error]



=== TEST 41: ctx reaches the log
--- config
    log_by_lua_block { ngx.log(ngx.WARN, "ctx: ", ngx.ctx.a) }
    location = /t {
        content_by_lua_block {
            ngx.ctx.a = 7
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
ctx: 7



=== TEST 42: ctx replaced
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx = {b = 2}
            ngx.say(ngx.ctx.b)
        }
    }
--- request
GET /t
--- response_body
2
--- no_error_log
[error]



=== TEST 43: ctx must be a table
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.ctx = 1 end)
            ngx.say((err:gsub("^.*ctx", "ctx")))
        }
    }
--- request
GET /t
--- response_body
ctx should be a table while getting a number
--- no_error_log
[error]



=== TEST 44: get_phase
--- config
    rewrite_by_lua_block { ngx.ctx.r = ngx.get_phase() }
    access_by_lua_block { ngx.ctx.a = ngx.get_phase() }
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.get_phase(), " ", ngx.ctx.r, " ", ngx.ctx.a)
        }
    }
--- request
GET /t
--- response_body
content rewrite access
--- no_error_log
[error]



=== TEST 45: what the client has is not sent again
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = "Thu, 10 Nov 2011 00:00:00 GMT"
            ngx.say("body")
        }
    }
    location = /e {
        content_by_lua_block {
            ngx.header.etag = '"v1"'
            ngx.log(ngx.WARN, "said: ", ngx.say("body"))
        }
    }
--- request eval
["GET /t", "GET /t", "GET /e", "GET /e"]
--- more_headers eval
["If-Modified-Since: Thu, 10 Nov 2011 00:00:00 GMT", "If-Modified-Since: Thu, 10 Nov 2011 00:00:01 GMT",
"If-None-Match: \"v1\"", "If-Match: \"v2\""]
--- error_code eval
[304, 200, 304, 412]
--- grep_error_log eval: qr/said: [^,]+/
--- grep_error_log_out
said: 1
said: nilnginx output filter error
--- no_error_log
[error]



=== TEST 46: ngx.exit in a header filter takes the place of the answer
--- config
    location ~ ^/[0-9] {
        content_by_lua_block { ngx.say("hi") ngx.say("there") }
        header_filter_by_lua_block { return ngx.exit(tonumber(ngx.var.uri:sub(2))) }
    }
--- request eval
["GET /403", "GET /201", "GET /444"]
--- error_code eval
[403, 201, 444]
--- response_body_like eval
["403 Forbidden", "^$", "^$"]
--- no_error_log
[error]



=== TEST 47: the same before a file
--- config
    location = /a.txt { header_filter_by_lua_block { ngx.exit(403) } }
--- user_files
>>> a.txt
a file
--- request
GET /a.txt
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 48: underscores of names stay
--- config
    location = /t {
        lua_transform_underscores_in_response_headers off;
        content_by_lua_block {
            ngx.header.foo_bar = "x"
            ngx.say(ngx.header.foo_bar, " ", ngx.header["foo-bar"])
        }
    }
--- request
GET /t
--- raw_response_headers_like eval
"\r\nfoo_bar: x\r\n"
--- response_body
x nil
--- no_error_log
[error]



=== TEST 49: a variable of a family is not for writing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.var.arg_foo = "x" end)
            ngx.say((err:gsub("^.-variable", "variable"):sub(1, 44)))
            ngx.say(ngx.var[0])
        }
    }
--- request
GET /t
--- response_body
variable "arg_foo" not found for writing; ma
nil
--- no_error_log
[error]



=== TEST 50: an ETag that is not quoted is known again; If-Match takes no weak one
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.ETag = ngx.var.arg_tag
            ngx.say("fine")
        }
    }
--- pipelined_requests eval
["GET /t?tag=123", "GET /t?tag=123", "GET /t?tag=1", "GET /t?tag=W/%22123%22"]
--- more_headers eval
["If-None-Match: 123", "If-None-Match: 12", "If-Match: 1", "If-Match: W/%22123%22"]
--- error_code eval
[304, 200, 200, 412]



=== TEST 51: a 412 that takes the place of an answer has its error_page, from any phase; the handler goes on to its end
--- config
    error_page 412 /changed;
    location = /changed { return 412 "changed\n"; }
    location /rewrite { rewrite_by_lua_block { ngx.send_headers() } echo rewrite; }
    location /access { access_by_lua_block { ngx.print() } echo access; }
    location /content {
        content_by_lua_block {
            ngx.header.content_length, ngx.header.etag = 5, '"v1"'
            ngx.log(ngx.WARN, "said: ", select(2, ngx.say("body")), ", ", select(2, ngx.say("more")), ", ", select(2, ngx.flush(true)))
            ngx.sleep(0.001)
        }
    }
    location /exit { content_by_lua_block { ngx.say("body") ngx.exit(200) } }
    location /eof { content_by_lua_block { ngx.say("body") ngx.eof() } }
    location /lua { error_page 412 /in_lua; content_by_lua_block { ngx.say("body") } }
    location = /in_lua { content_by_lua_block { ngx.say("of Lua") } }
    location /plain { error_page 404 /none; content_by_lua_block { ngx.say("body") } }
    location = /oops { return 500 "oops\n"; }
    location /fails { error_page 500 /oops; error_page 412 /changed; content_by_lua_block { ngx.say("body") error("oops") } }
--- exec
for u in rewrite access content exit eof lua plain fails; do
    curl -s -i -H 'If-Match: "v2"' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u" | tr -d '\r' | sed -n '1p; /^ETag/p; $p'
done
curl -s -i -0 -H 'If-Match: "v2"' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/eof" | tr -d '\r' | sed -n '1p; $p'
curl -s -H 'If-Match: "v1"' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/content"
--- exec_out
HTTP/1.1 412 Precondition Failed
changed
HTTP/1.1 412 Precondition Failed
changed
HTTP/1.1 412 Precondition Failed
changed
HTTP/1.1 412 Precondition Failed
changed
HTTP/1.1 412 Precondition Failed
changed
HTTP/1.1 412 Precondition Failed
of Lua
HTTP/1.1 412 Precondition Failed
</html>
HTTP/1.1 500 Internal Server Error
oops
HTTP/1.1 412 Precondition Failed
changed
body
--- grep_error_log eval: qr/said: nginx .*?, client/
--- grep_error_log_out
said: nginx output filter error, nginx output filter error, nginx output filter error, client



=== TEST 52: behind an answer that has begun, or that 412 took the place of, the head counts as sent, and nobody goes elsewhere
--- config
    error_page 412 /page;
    location = /page { content_by_lua_block { ngx.say("of the page") ngx.exit(200) } }
    location = /other { return 200 "of the other\n"; }
    location /exec {
        content_by_lua_block {
            ngx.say("body")
            ngx.log(ngx.WARN, "sent: ", ngx.headers_sent, ", ", select(2, pcall(ngx.exec, "/other")), ", ", select(2, pcall(ngx.redirect, "/other")))
        }
    }
    location /uri { rewrite_by_lua_block { ngx.say("body") ngx.req.set_uri("/other", true) } }
--- exec
for u in exec uri; do
    curl -s -i -H 'If-Match: "v2"' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u" | tr -d '\r' | sed -n '1p; $p'
done
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/uri"
--- exec_out
HTTP/1.1 412 Precondition Failed
of the page
HTTP/1.1 412 Precondition Failed
of the page
body
--- grep_error_log eval: qr/sent: .*?, client/
--- grep_error_log_out
sent: true, attempt to call ngx.exec after sending out response headers, attempt to call ngx.redirect after sending out the headers, client

=== TEST 53: an answer without a type has that of the path's extension, like a file; of captures, rewritten paths and empty ones too
--- http_config
    types { text/css css; application/json json; text/html html; }
--- config
    default_type text/plain;
    location /lua { content_by_lua_block { ngx.print("x") } }
    location /own { content_by_lua_block { ngx.header.content_type = "a/b" ngx.print("x") } }
    location /off { lua_use_default_type off; content_by_lua_block { ngx.print("x") } }
    location /status { rewrite_by_lua_block { ngx.status = 404 ngx.print("x") ngx.exit(404) } }
    location /empty { content_by_lua_block { ngx.exit(200) } }
    location /to { rewrite ^ /lua/b.json last; }
    location /capture {
        content_by_lua_block {
            ngx.header["X-Of"] = ngx.location.capture("/lua/a.json").header["Content-Type"]
            ngx.print("x")
        }
    }
    location = /t {
        content_by_lua_block {
            local all = {}
            for _, path in ipairs { "lua/a", "lua/a.html", "lua/a.CSS", "lua/a.b", "lua/a.css/c", "own/a.css", "off/a.css",
                                    "status/a.css", "empty/a.html", "to/a.css", "capture/a.css" } do
                local head = ngx.location.capture("/" .. path).header
                all[#all + 1] = path .. " " .. tostring(head["Content-Type"]) .. " " .. tostring(head["X-Of"])
            end
            ngx.say(table.concat(all, "\n"))
        }
    }
--- request
GET /t
--- response_body
lua/a text/plain nil
lua/a.html text/html nil
lua/a.CSS text/css nil
lua/a.b text/plain nil
lua/a.css/c text/plain nil
own/a.css a/b nil
off/a.css nil nil
status/a.css text/css nil
empty/a.html text/html nil
to/a.css application/json nil
capture/a.css text/css application/json
