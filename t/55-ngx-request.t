# ngx.req and ngx.var
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: get_method
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_method())
        }
    }
--- request
GET /t
--- response_body
GET
--- no_error_log
[error]



=== TEST 2: set_method
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_method(ngx.HTTP_POST)
            ngx.say(ngx.req.get_method(), " ", ngx.var.request_method)
        }
    }
--- request
GET /t
--- response_body
POST POST
--- no_error_log
[error]



=== TEST 3: set_method with a wrong number
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_method, 3)
            ngx.say((err:gsub("^.*unsup", "unsup")))
        }
    }
--- request
GET /t
--- response_body
unsupported HTTP method: 3
--- no_error_log
[error]



=== TEST 4: headers by any spelling
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h["X-Foo"], h.x_foo, h["x-foo"], " ", h["nope"])
        }
    }
--- request
GET /t
--- more_headers
X-Foo: bar
--- response_body
barbarbar nil
--- no_error_log
[error]



=== TEST 5: repeated headers
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(table.concat(h["x-foo"], ","))
        }
    }
--- request
GET /t
--- more_headers
X-Foo: a
X-Foo: b
--- response_body
a,b
--- no_error_log
[error]



=== TEST 6: raw headers
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers(0, true)
            ngx.say(h["X-Foo"], " ", h["x-foo"])
        }
    }
--- request
GET /t
--- more_headers
X-Foo: a
--- response_body
a nil
--- no_error_log
[error]



=== TEST 7: too many headers
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(2)
            local n = 0
            for _ in pairs(h) do n = n + 1 end
            ngx.say(n, " ", err)
        }
    }
--- request
GET /t
--- more_headers
X-Foo: a
--- response_body
2 truncated
--- no_error_log
[error]



=== TEST 8: set and clear headers
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-A", "1")
            ngx.say(ngx.var.http_x_a)
            ngx.req.set_header("X-A", {"2", "3"})
            ngx.say(table.concat(ngx.req.get_headers()["x-a"], ","))
            ngx.req.clear_header("X-A")
            ngx.say(ngx.var.http_x_a)
        }
    }
--- request
GET /t
--- response_body
1
2,3
nil
--- no_error_log
[error]



=== TEST 9: set_header to nil removes the field
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-A", nil)
            ngx.say(ngx.var.http_x_a)
        }
    }
--- request
GET /t
--- more_headers
X-A: 1
--- response_body
nil
--- no_error_log
[error]



=== TEST 10: set_header Host
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Host", "Example.com:8080")
            ngx.say(ngx.var.host, " ", ngx.var.http_host)
        }
    }
--- request
GET /t
--- response_body
example.com Example.com:8080
--- no_error_log
[error]



=== TEST 11: uri args
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.req.get_uri_args()
            ngx.say(a.a, " ", a.b, " ", a.c, "|", table.concat(a.d, ","))
        }
    }
--- request
GET /t?a=1&b&c=&d=x&d=y%20z
--- response_body
1 true |x,y z
--- no_error_log
[error]



=== TEST 12: uri args truncated
--- config
    location = /t {
        content_by_lua_block {
            local a, err = ngx.req.get_uri_args(1)
            ngx.say(a.a, a.b, " ", err)
        }
    }
--- request
GET /t?a=1&b=2
--- response_body
1nil truncated
--- no_error_log
[error]



=== TEST 13: uri args into a table
--- config
    location = /t {
        content_by_lua_block {
            local t = {old = 1}
            local a = ngx.req.get_uri_args(0, t)
            ngx.say(a == t, " ", t.old, " ", t.a)
        }
    }
--- request
GET /t?a=1
--- response_body
true nil 1
--- no_error_log
[error]



=== TEST 14: no query
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(next(ngx.req.get_uri_args()))
        }
    }
--- request
GET /t
--- response_body
nil
--- no_error_log
[error]



=== TEST 15: set_uri_args with a string
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args("x=1")
            ngx.say(ngx.var.args, " ", ngx.var.arg_x)
        }
    }
--- request
GET /t?a=1
--- response_body
x=1 1
--- no_error_log
[error]



=== TEST 16: set_uri_args with a table
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args{x = "a b"}
            ngx.say(ngx.var.args)
        }
    }
--- request
GET /t
--- response_body
x=a%20b
--- no_error_log
[error]



=== TEST 17: set_uri_args with a boolean
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_uri_args, true)
            ngx.say((err:gsub("^.*bad", "bad")))
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to 'set_uri_args' (string, number, or table expected, but got boolean)
--- no_error_log
[error]



=== TEST 18: set_uri without a jump
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri("/other")
            ngx.say(ngx.var.uri)
        }
    }
--- request
GET /t
--- response_body
/other
--- no_error_log
[error]



=== TEST 19: set_uri with nothing
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_uri, "")
            ngx.say((err:gsub("^.*attempt", "attempt")))
        }
    }
--- request
GET /t
--- response_body
attempt to use zero-length uri
--- no_error_log
[error]



=== TEST 20: set_uri with a control byte
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_uri, "/a\nb")
            ngx.say((err:gsub("^.*unsafe", "unsafe")))
        }
    }
--- request
GET /t
--- response_body
unsafe byte "0x0a" in uri "/a\x0Ab" (maybe you want to set the 'binary' argument?)
--- no_error_log
[error]



=== TEST 21: set_uri with a jump in content
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_uri, "/x", true)
            ngx.say((err:gsub("^.*API", "API")))
        }
    }
--- request
GET /t
--- response_body
API disabled in the context of content_by_lua*
--- no_error_log
[error]



=== TEST 22: set_uri with a jump
--- config
    location = /t { rewrite_by_lua_block { ngx.ctx.a = 1 ngx.req.set_uri("/b", true) } }
    location = /b { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.ctx.a) } }
--- request
GET /t
--- response_body
/b nil
--- no_error_log
[error]



=== TEST 23: read_body and get_body_data
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_body_data())
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
            ngx.say(ngx.req.get_body_file())
        }
    }
--- request
POST /t
hello
--- response_body
nil
hello
nil
--- no_error_log
[error]



=== TEST 24: a body that is not there
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
GET /t
--- response_body
nil
--- no_error_log
[error]



=== TEST 25: a large body is in a file
--- config
    client_body_buffer_size 16;
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
            local f = io.open(ngx.req.get_body_file())
            ngx.say(#f:read("*a"))
            f:close()
        }
    }
--- request
POST /t
0123456789012345678901234567890123456789
--- response_body
nil
40
--- no_error_log
[error]



=== TEST 26: post args
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local a = ngx.req.get_post_args()
            ngx.say(a.a, a.b, a.c)
        }
    }
--- request
POST /t
a=1&b=x+y&c
--- response_body
1x ytrue
--- no_error_log
[error]



=== TEST 27: post args without read_body
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.get_post_args)
            ngx.say((err:gsub("^.*no req", "no req")))
        }
    }
--- request
POST /t
a=1
--- response_body
no request body found; maybe you should turn on lua_need_request_body?
--- no_error_log
[error]



=== TEST 28: lua_need_request_body
--- config
    lua_need_request_body on;
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
abc
--- response_body
abc
--- no_error_log
[error]



=== TEST 29: set_body_data
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("new body")
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.content_length, " ", ngx.req.get_headers()["content-length"])
        }
    }
--- request
POST /t
abc
--- response_body
new body 8 8
--- no_error_log
[error]



=== TEST 30: set_body_data before read_body
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.req.set_body_data, "x")
            ngx.say((err:gsub("^.*request", "request")))
        }
    }
--- request
POST /t
abc
--- response_body
request body not read yet
--- no_error_log
[error]



=== TEST 31: a body put together
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body()
            ngx.req.append_body("a")
            ngx.req.append_body("bc")
            ngx.req.finish_body()
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.http_content_length)
        }
    }
--- request
POST /t
old
--- response_body
abc 3
--- no_error_log
[error]



=== TEST 32: append_body before init_body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local ok, err = pcall(ngx.req.append_body, "a")
            ngx.say((err:gsub("^.*request", "request")))
        }
    }
--- request
POST /t
old
--- response_body
request_body not initialized
--- no_error_log
[error]



=== TEST 33: set_body_file
--- config
    root html;
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_file(ngx.var.document_root .. "/index.html")
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file():match("[^/]*$"))
        }
    }
--- request
POST /t
old
--- response_body
nil index.html
--- no_error_log
[error]



=== TEST 34: set_body_file that is not there
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local ok, err = pcall(ngx.req.set_body_file, "/nonexistent")
            ngx.say((err:gsub("^.*open", "open")))
        }
    }
--- request
POST /t
old
--- response_body
open() "/nonexistent" failed
--- no_error_log
[error]



=== TEST 35: discard_body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
abc
--- response_body
nil
--- no_error_log
[error]



=== TEST 36: raw_header
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.raw_header()
            ngx.say(h:match("^[^\r]*"), " ", h:find("X-Foo: a\r\n", 1, true) ~= nil, " ", h:sub(-4) == "\r\n\r\n")
            ngx.say(ngx.req.raw_header(true):match("^GET"))
        }
    }
--- request
GET /t
--- more_headers
X-Foo: a
--- response_body
GET /t HTTP/1.1 true true
nil
--- no_error_log
[error]



=== TEST 37: http_version
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.http_version())
        }
    }
--- request
GET /t
--- response_body
1.1
--- no_error_log
[error]



=== TEST 38: http_version of 1.0
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.http_version())
        }
    }
--- request
GET /t HTTP/1.0
--- response_body
1
--- no_error_log
[error]



=== TEST 39: start_time
--- config
    location = /t {
        content_by_lua_block {
            local t = ngx.req.start_time()
            ngx.say(t <= ngx.now() and t > ngx.now() - 5)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 40: is_internal
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.is_internal(), " ", ngx.is_subrequest)
        }
    }
--- request
GET /t
--- response_body
false false
--- no_error_log
[error]



=== TEST 41: var: read
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.var.uri, " ", ngx.var.arg_a, " ", ngx.var.nosuch, " ", ngx.var.request_method)
        }
    }
--- request
GET /t?a=1
--- response_body
/t 1 nil GET
--- no_error_log
[error]



=== TEST 42: var: write to what a directive made
--- config
    set $foo "";
    location = /t {
        content_by_lua_block {
            ngx.var.foo = "bar"
            ngx.say(ngx.var.foo)
            ngx.var.foo = 3
            ngx.say(ngx.var.foo)
        }
    }
--- request
GET /t
--- response_body
bar
3
--- no_error_log
[error]



=== TEST 43: var: not defined
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.var.nosuch = 1 end)
            ngx.say((err:gsub("^.*variable \"no", "variable \"no")))
        }
    }
--- request
GET /t
--- response_body
variable "nosuch" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $nosuch '';" in the config file to define it first
--- no_error_log
[error]



=== TEST 44: var: not changeable
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.var.request_uri = "x" end)
            ngx.say((err:gsub("^.*variable", "variable")))
        }
    }
--- request
GET /t
--- response_body
variable "request_uri" not changeable
--- no_error_log
[error]



=== TEST 45: var: args can be set
--- config
    location = /t {
        content_by_lua_block {
            ngx.var.args = "z=2"
            ngx.say(ngx.var.arg_z)
        }
    }
--- request
GET /t
--- response_body
2
--- no_error_log
[error]



=== TEST 46: var: captures
--- config
    location ~ ^/(a+)(b+)(c)? { content_by_lua_block { ngx.say(ngx.var[1], " ", ngx.var[2], " ", ngx.var[3]) } }
--- request
GET /aabbb
--- response_body
aa bbb nil
--- no_error_log
[error]



=== TEST 47: var: a key that is no name
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() return ngx.var[{}] end)
            ngx.say((err:gsub("^.*bad", "bad")))
        }
    }
--- request
GET /t
--- response_body
bad variable name
--- no_error_log
[error]



=== TEST 48: client_body_in_file_only
--- config
    location = /t {
        client_body_in_file_only clean;
        content_by_lua_block {
            ngx.req.read_body()
            local path = ngx.req.get_body_file()
            ngx.say(ngx.req.get_body_data(), " ", io.open(path):read("*a"))
            ngx.say((select(2, ngx.req.get_post_args())))
        }
    }
--- request
POST /t
a=b
--- response_body
nil a=b
request body in temp file not supported
--- no_error_log
[error]



=== TEST 49: a body that is built goes to a file when it is larger than was said
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(tonumber(ngx.var.arg_n))
            ngx.req.append_body("hel")
            ngx.req.append_body("lo")
            ngx.req.finish_body()
            local path = ngx.req.get_body_file()
            ngx.say(ngx.var.http_content_length, " ", ngx.req.get_body_data(), " ", path and io.open(path):read("*a"))
        }
    }
--- request eval
["GET /t?n=4", "GET /t?n=5", "GET /t?n=0", "GET /t"]
--- response_body eval
["5 nil hello\n", "5 hello nil\n", "5 nil hello\n", "5 hello nil\n"]
--- no_error_log
[error]



=== TEST 50: ngx.req.set_uri in log_by_lua
--- config
    location = /t {
        return 200 "ok";
        log_by_lua_block { ngx.req.set_uri("/blah") print("uri: ", ngx.var.uri) }
    }
--- request
GET /t
--- response_body chomp
ok
--- error_log
uri: /blah



=== TEST 51: temporary files of bodies have numbers
--- config
    client_body_in_file_only clean;
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_file():match("/client_body_temp/%d%d%d%d%d%d%d%d%d%d$") and "fine")
        }
    }
--- pipelined_requests eval
["POST /t\nx", "POST /t\nx"]
--- response_body eval
["fine\n", "fine\n"]
--- no_error_log
[error]



=== TEST 52: a field with an underscore is not taken for another one, unless that is wanted or our own code has set it
--- http_config
    server { listen unix:$TEST_NGINX_HTML_DIR/s.sock; underscores_in_headers on; location / { return 200 "$http_x_person\n"; } }
--- config
    location = /own { rewrite_by_lua_block { ngx.req.set_header("X_Person", "mine") } content_by_lua_block { ngx.say(ngx.var.http_x_person) } }
    location = /lua { content_by_lua_block { ngx.say(ngx.var.http_x_person, " ", ngx.req.get_headers()["X_Person"]) } }
    location = /v { return 200 "[$http_x_person]\n"; }
--- exec
g() { curl -s --path-as-is -H 'X_Person: 6.6.6.6' "$@"; }
g http://127.0.0.1:$TEST_NGINX_SERVER_PORT/v
g -H 'X-Person: 1.2.3.4' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/v
g http://127.0.0.1:$TEST_NGINX_SERVER_PORT/lua
g http://127.0.0.1:$TEST_NGINX_SERVER_PORT/own
g --unix-socket $TEST_NGINX_HTML_DIR/s.sock http://s/
--- exec_out
[]
[1.2.3.4]
nil 6.6.6.6
mine
6.6.6.6



=== TEST 53: files that another body takes the place of are removed at once, unless they are to stay
--- config
    client_body_in_file_only on;
    location = /t {
        content_by_lua_block {
            local function is_there(path)
                local file = io.open(path)
                return file and file:close() or false
            end
            ngx.req.read_body()
            local root, first = ngx.var.document_root, ngx.req.get_body_file()
            ngx.req.set_body_file(root .. "/a.txt", true)
            ngx.say("temporary: ", is_there(first), ", a: ", is_there(root .. "/a.txt"))
            ngx.req.set_body_file(root .. "/a.txt", true)
            ngx.say("a again: ", is_there(root .. "/a.txt"))
            ngx.req.set_body_file(root .. "/b.txt")
            ngx.req.set_body_data "c"
            ngx.say("a: ", is_there(root .. "/a.txt"), ", b: ", is_there(root .. "/b.txt"))
        }
    }
--- user_files
>>> a.txt
a
>>> b.txt
b
--- request
POST /t
old
--- response_body
temporary: true, a: true
a again: true
a: false, b: true
--- no_error_log
[error]
