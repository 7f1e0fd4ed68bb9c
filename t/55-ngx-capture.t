# ngx.location: requests to the same server, without a network.
use Test::Nginx::Socket 'no_plan';

our $echo = q{
    location = /echo {
        internal;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.header["X-Many"] = { "a", "b" }
            ngx.say(ngx.req.get_method(), " ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_body_data(), " ",
                ngx.var.http_x_own, " ", ngx.is_subrequest, " ", ngx.req.is_internal())
        }
    }
};

no_shuffle();
run_tests();

__DATA__

=== TEST 1: what is asked, what is answered
--- config eval
$::echo . q{
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local function show(uri, options)
                local res = ngx.location.capture(uri, options)
                ngx.print(res.status, " ", res.body)
            end
            show("/echo")
            show("/echo?a=1", { args = { b = "2 3" } })
            show("/echo?", { args = "c=4" })
            show("/echo", { method = ngx.HTTP_POST })
            show("/echo", { method = ngx.HTTP_PUT, body = "own" })
            show("/echo", { always_forward_body = true })
            show("/echo", { method = ngx.HTTP_DELETE, body = "" })
            show("/echo", { headers = { ["X-Own"] = "other" } })
            local res = ngx.location.capture("/echo")
            ngx.say(table.concat(res.header["X-Many"], "+"), " ", res.header["Content-Type"], " ", res.truncated)
            ngx.say(ngx.is_subrequest)
        }
    }
}
--- more_headers
X-Own: mine
--- request
POST /t
parent
--- response_body
200 GET /echo nil nil mine true true
200 GET /echo a=1&b=2%203 nil mine true true
200 GET /echo c=4 nil mine true true
200 POST /echo nil parent mine true true
200 PUT /echo nil own mine true true
200 GET /echo nil parent mine true true
200 DELETE /echo nil nil mine true true
200 GET /echo nil nil other true true
a+b text/plain false
false



=== TEST 2: statuses, files, redirects, heads, failures
--- user_files
>>> file.txt
from a file
--- config
    location = /denied { return 403; }
    location = /there { return 301 /elsewhere; }
    location = /fails { content_by_lua_block { error("on purpose") } }
    location = /exec { content_by_lua_block { ngx.exec("/file.txt") } }
    location = /exit { content_by_lua_block { ngx.exit(204) } }
    location = /cut { content_by_lua_block { ngx.print("half") ngx.flush(true) error("on purpose") } }
    location = /guarded {
        access_by_lua_block { ngx.exit(403) }
        content_by_lua_block { ngx.say("access is not asked again") }
    }
    location = /t {
        content_by_lua_block {
            for _, uri in ipairs { "/denied", "/there", "/fails", "/exec", "/exit", "/none", "/file.txt", "/guarded" } do
                local res = ngx.location.capture(uri)
                ngx.say(uri, " ", res.status, " ", #res.body > 50 and "page" or res.body:gsub("\n", ""), " ",
                    res.header.Location and res.header.Location:match("/elsewhere$"))
            end
            local res = ngx.location.capture("/file.txt", { method = ngx.HTTP_HEAD })
            ngx.say(res.status, " ", res.body, " ", res.header["Content-Length"])
            res = ngx.location.capture("/cut")
            ngx.say(res.status, " ", res.body, " ", res.truncated)
        }
    }
--- request
GET /t
--- response_body
/denied 403  nil
/there 301  /elsewhere
/fails 500  nil
/exec 200 from a file nil
/exit 204  nil
/none 404  nil
/file.txt 200 from a file nil
/guarded 200 access is not asked again nil
200  12
200 half true
--- error_log
on purpose



=== TEST 3: variables and ngx.ctx: of its own, copied, shared, set
--- config
    location = /sub {
        content_by_lua_block {
            ngx.print(ngx.var.dog, " ", ngx.ctx.cat)
            ngx.var.dog = "of the sub"
            ngx.ctx.cat = "of the sub"
        }
    }
    location = /t {
        set $dog parent;
        content_by_lua_block {
            ngx.ctx.cat = "parent"
            local function show(options)
                local res = ngx.location.capture("/sub", options)
                collectgarbage()
                ngx.say(res.body, ", then ", ngx.var.dog, " ", ngx.ctx.cat)
            end
            show()
            show { copy_all_vars = true }
            show { copy_all_vars = true, vars = { dog = "given" } }
            show { ctx = ngx.ctx }
            show { share_all_vars = true }
            show { share_all_vars = true, vars = { dog = "given" } }
        }
    }
--- request
GET /t
--- response_body
 nil, then parent parent
parent nil, then parent parent
given nil, then parent parent
 parent, then parent of the sub
parent nil, then of the sub of the sub
given nil, then of the sub of the sub



=== TEST 4: several run beside each other; nested ones; too deep
--- config
    location = /wait {
        content_by_lua_block {
            local order = ngx.ctx.order
            order[#order + 1] = "begin " .. ngx.var.arg_n
            ngx.sleep(0.02)
            order[#order + 1] = "end " .. ngx.var.arg_n
            ngx.print(ngx.var.arg_n)
        }
    }
    location = /outer { content_by_lua_block { ngx.print("(", ngx.location.capture("/inner").body, ")") } }
    location = /inner { content_by_lua_block { ngx.print("inner") } }
    location = /endless { content_by_lua_block { ngx.say(ngx.location.capture("/endless").status) } }
    location = /t {
        content_by_lua_block {
            local order = {}
            local options = { ctx = { order = order } }
            local a, b = ngx.location.capture_multi { { "/wait?n=1", options }, { "/wait?n=2", options } }
            ngx.say(a.body, b.body, " ", table.concat(order, ", "))
            ngx.say(ngx.location.capture("/outer").body)
            ngx.say(ngx.location.capture("/endless").status)
            local thread = ngx.thread.spawn(ngx.location.capture, "/inner")
            local _, res = ngx.thread.wait(thread)
            ngx.say(res.body)
        }
    }
--- request
GET /t
--- response_body
12 begin 1, begin 2, end 1, end 2
(inner)
200
inner
--- error_log
subrequests cycle while processing "/endless"



=== TEST 5: misuse
--- config
    location = /t {
        log_by_lua_block { ngx.log(ngx.WARN, "in log: ", select(2, pcall(ngx.location.capture, "/x"))) }
        content_by_lua_block {
            for _, case in ipairs {
                { "../up" }, { "/x", { method = "GET" } }, { "/x", { args = true } }, { "/x", { body = {} } },
                { "/x", { vars = 1 } }, { "/x", { share_all_vars = 1 } }, { "/x", { ctx = 1 } }, { "/x", 1 }, {},
            } do
                ngx.say((select(2, pcall(ngx.location.capture, unpack(case)))))
            end
            ngx.say((select(2, pcall(ngx.location.capture_multi, {}))))
            ngx.say((select(2, pcall(ngx.location.capture_multi, { "/x" }))))
            ngx.say((select(2, pcall(ngx.location.capture_multi, { a = 1 }))))
        }
    }
--- request
GET /t
--- response_body
unsafe uri in argument #1: ../up
Bad http request method
Bad args option value
Bad http request body
Bad vars option value
Bad share_all_vars option value
Bad ctx option value type number, expected a Lua table
expecting table as the 2nd argument for subrequest 1, but got number
expecting one or two arguments
at least one subrequest should be specified
the query argument 1 is not a table, but a string
only array-like tables are allowed
--- error_log
in log: API disabled in the context of log_by_lua*



=== TEST 6: variables that cannot be set: the subrequest is not begun
--- config
    location = /sub { echo never; }
    location = /t {
        set $own 1;
        content_by_lua_block {
            for _, vars in ipairs { { none = 1 }, { query_string = 1 }, { own = true }, { [1] = 2 } } do
                ngx.say((select(2, pcall(ngx.location.capture, "/sub", { vars = vars }))))
            end
        }
    }
--- request
GET /t
--- response_body_like
^variable "none" cannot be assigned a value \(maybe you forgot to define it first\?\)
variable "query_string" not changeable
attempt to use bad variable value type boolean
attempt to use a non-string key in the "vars" option table



=== TEST 7: a large body, and a file in several pieces
--- config
    location = /large { content_by_lua_block { for i = 1, 1000 do ngx.print(("x"):rep(1000)) end } }
    location = /t {
        content_by_lua_block {
            ngx.say(#ngx.location.capture("/large").body)
            local name = "$TEST_NGINX_HTML_DIR/big.txt"
            local f = assert(io.open(name, "w"))
            f:write(("0123456789"):rep(50000))
            f:close()
            local res = ngx.location.capture("/big.txt")
            ngx.say(#res.body, " ", res.body:sub(-10))
        }
    }
--- request
GET /t
--- response_body
1000000
500000 0123456789



=== TEST 8: a file that is larger than what is kept of a body is closed
--- config
    location = /large.txt { add_header X-Filter on; }
    location = /t {
        content_by_lua_block {
            local f = assert(io.open("$TEST_NGINX_HTML_DIR/large.txt", "w"))
            f:seek("set", 300 * 1024 * 1024)
            f:write("x")
            f:close()
            local res = ngx.location.capture("/large.txt")
            ngx.say(#res.body, " ", res.truncated)
            res = nil
            ngx.location.capture("/none")
            local p = io.popen("ls -l /proc/" .. ngx.worker.pid() .. "/fd | grep -c large.txt")
            ngx.say(tonumber(p:read("*a")) <= 1) -- that of the cache of files
            p:close()
        }
    }
--- request
GET /t
--- response_body
0 true
true

=== TEST 9: what is no path has no location; an answer without output has its type; control bytes in arguments
--- config
    location = /typed { default_type 'foo/bar'; content_by_lua_block { ngx.header.Bar = "Bah" } }
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("*(#*").status)
            ngx.say(ngx.location.capture("/typed").header["Content-Type"])
            ngx.req.set_uri_args("a\rb\n\0")
            ngx.say(ngx.var.args)
        }
    }
--- request
GET /t
--- response_body
404
foo/bar
a%0Db%0A%00

=== TEST 10: rewrite_by_lua_no_postpone
--- http_config
    rewrite_by_lua_no_postpone on;
--- config
    location = /t {
        set $a first;
        rewrite_by_lua_block { ngx.var.a = "by lua" }
        content_by_lua_block { ngx.say(ngx.var.a) }
    }
--- request
GET /t
--- response_body
first



=== TEST 11: no error_page is looked for in a capture, redirects are as they were given; debug lines name what is asked
--- config
    error_page 404 /page;
    location = /page { return 200 "page"; }
    location = /missing { return 404; }
    location = /there { return 302 /elsewhere; }
    location = /breaks { content_by_lua_block { ngx.exit(ngx.ERROR) } }
    location = /t {
        content_by_lua_block {
            local missing, there = ngx.location.capture("/missing?a=1"), ngx.location.capture("/there")
            ngx.say(missing.status, " ", #missing.body, " ", there.status, " ", there.header.Location)
            ngx.say(ngx.location.capture("/breaks").status)
        }
    }
--- request
GET /t
--- response_body
404 0 302 /elsewhere
500
--- log_level: debug
--- error_log
lua http subrequest "/missing?a=1"
lua http subrequest "/there?"



=== TEST 12: a capture that is passed on asks for its own URI, not for that of the request it belongs to
--- http_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/up.sock;
        location / { return 200 $request_uri; }
    }
--- config
    location /up { proxy_pass http://unix:$TEST_NGINX_SERVROOT/up.sock; }
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/a b?c=1").body) }
    }
--- request
GET /t?d=2
--- response_body
/up/a%20b?c=1



=== TEST 13: what an upstream sent before it broke off is there, and marked; the log says so in nginx's words
--- stream_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/half.sock;
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            repeat until sock:receive() == ""
            sock:send("HTTP/1.0 200 OK\r\nContent-Length: 120\r\n\r\nhalf")
        }
    }
--- config
    location /up { proxy_pass http://unix:$TEST_NGINX_SERVROOT/half.sock; }
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up")
            ngx.say(res.status, " ", res.body, " ", res.truncated)
        }
    }
--- request
GET /t
--- response_body
200 half true
--- error_log
upstream prematurely closed connection while reading upstream



=== TEST 14: a Range of the client is of its answer, not of a file that is captured
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/a.txt")
            ngx.print(res.status, " ", res.body, " ", res.header["Content-Range"], " ", res.header["Accept-Ranges"])
        }
    }
--- user_files
>>> a.txt
0123456789
--- request eval
["GET /t", "GET /t", "GET /a.txt"]
--- more_headers eval
["Range: bytes=2-3", "Range: bytes=100-", "Range: bytes=2-3"]
--- error_code eval
[200, 200, 206]
--- response_body eval
["200 0123456789\n nil nil", "200 0123456789\n nil nil", "23"]
