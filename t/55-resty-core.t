# resty.core and what libraries take from its parts: the server's own, whatever lua_package_path says.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: our modules come before those of lua_package_path; other names are looked for there
--- http_config
    lua_package_path "$TEST_NGINX_SERVROOT/html/?.lua;;";
--- user_files
>>> resty/core.lua
error("not this one")
>>> resty/core/base.lua
error("not this one")
>>> ngx/semaphore.lua
error("not this one")
>>> ngx/mine.lua
return "mine"
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core"
            ngx.say(core.version == require("resty.core.base").version)
            ngx.say(core.version == require("resty.core.shdict").version)
            ngx.say(type(require("ngx.semaphore").new), " ", require "ngx.mine")
            ngx.say((select(2, pcall(require, "ngx.none")):match("module 'ngx.none' not found")))
        }
    }
--- request
GET /t
--- response_body
true
true
function mine
module 'ngx.none' not found
--- no_error_log
[error]



=== TEST 2: resty.core.base: rooms, references, subsystems, the request
--- http_config
    init_by_lua_block {
        request_at_init = require("resty.core.base").get_request()
    }
--- config
    location = /t {
        content_by_lua_block {
            local base = require "resty.core.base"
            local ffi = require "ffi"
            ngx.say(base.get_string_buf(10) == base.get_string_buf(4096), " ",
                base.get_string_buf(10) == base.get_string_buf(10, true), " ",
                ffi.sizeof(base.get_string_buf(5000)), " ", base.get_string_buf_size())
            base.set_string_buf_size(100)
            ngx.say(ffi.sizeof(base.get_string_buf(10)), " ", base.get_string_buf_size())
            local refs = {}
            ngx.say(base.ref_in_table(refs, "a"), base.ref_in_table(refs, "b"), base.ref_in_table(refs, nil))
            base.allows_subsystem("http", "stream")
            ngx.say((select(2, pcall(base.allows_subsystem, "stream"))))
            ngx.say(request_at_init == nil, " ", base.get_request() ~= nil)
            local done, in_timer = require("ngx.semaphore").new(), nil
            ngx.timer.at(0, function()
                in_timer = base.get_request()
                done:post()
            end)
            done:wait(5)
            ngx.say("in a timer: ", in_timer ~= nil)
            ngx.say(#base.new_tab(4, 0), base.FFI_DECLINED, base.FFI_BAD_CONTEXT)
        }
    }
--- request
GET /t
--- response_body
true false 5000 4096
100 100
12-1
unsupported subsystem: http
true true
in a timer: true
0-5-101



=== TEST 3: resty.core.utils, .time, .ctx
--- config
    location = /t {
        content_by_lua_block {
            local utils = require "resty.core.utils"
            ngx.say(utils.str_replace_char("_a_b__", "_", "-"), utils.str_replace_char("none", "_", "-"))
            local time = require "resty.core.time"
            local from = time.monotonic_msec()
            ngx.sleep(0.002)
            ngx.say(time.monotonic_msec() >= from, " ", math.abs(time.monotonic_time() * 1000 - from) < 60000)
            local get = require("resty.core.ctx").get_ctx_table
            local fresh = { x = 1 }
            ngx.say(get(fresh) == fresh, " ", get() == fresh, " ", ngx.ctx.x)
        }
    }
--- request
GET /t
--- response_body
-a-b--none
true true
true true 1



=== TEST 4: a request whose URI was rewritten is an internal one
--- config
    location /t {
        rewrite ^/t/last$ /in last;
        rewrite ^/t/break$ /t/in break;
        content_by_lua_block { ngx.say(ngx.req.is_internal()) }
    }
    location = /in {
        internal;
        content_by_lua_block { ngx.say(ngx.req.is_internal()) }
    }
--- pipelined_requests eval
["GET /t", "GET /t/last", "GET /t/break", "GET /in"]
--- response_body_like eval
["^false\n", "^true\n", "^true\n", "404"]
--- error_code eval
[200, 200, 200, 404]



=== TEST 5: ngx.req's add_header adds; what can be there once is replaced
--- config
    location = /t {
        content_by_lua_block {
            local add = require("ngx.req").add_header
            ngx.req.set_header("Foo", "a")
            add("Foo", "b")
            add("foo", { 1, "" })
            add(123, "x")
            add("User-Agent", "me")
            ngx.say(table.concat(ngx.req.get_headers().foo, ","), " ", ngx.req.get_headers()[123], " ",
                ngx.var.http_user_agent, " ", rawget(ngx.req, "add_header") == nil)
            ngx.say((select(2, pcall(add))))
            ngx.say((select(2, pcall(add, "Foo"))))
            ngx.say((select(2, pcall(add, "Foo", {}))))
        }
    }
--- request
GET /t
--- more_headers
User-Agent: other
--- response_body
a,b,1, x me true
bad 'name' argument: string expected, got nil
bad 'value' argument: string or table expected, got nil
bad 'value' argument: non-empty table expected



=== TEST 6: tables whose modules are loaded late hold their names from the start; sockets have theirs in the metatable
--- config
    location = /t {
        content_by_lua_block {
            local function names(t)
                local list = {}
                for name in pairs(t) do
                    list[#list + 1] = name
                end
                table.sort(list)
                return table.concat(list, " ")
            end
            ngx.say(names(ngx.socket))
            ngx.say(names(ngx.location))
            ngx.say(names(ndk))
            local tcp, udp = ngx.socket.tcp(), ngx.socket.udp()
            ngx.say(names(getmetatable(udp)))
            ngx.say(getmetatable(tcp).__index == getmetatable(tcp), getmetatable(tcp).connect == tcp.connect)
            ngx.say(names(getmetatable((ngx.req.socket()))))
            ngx.say(rawget(ngx.req, "udp_socket") == nil, ngx.req.get_query_args().a)
        }
    }
--- request
POST /t?a=1
x
--- response_body
connect stream tcp udp
capture capture_multi
set_var
__index bind close receive send setoption setpeername settimeout
truetrue
__index getfd getoption receive receiveany receiveuntil setoption settimeout settimeouts
true1
--- no_error_log
[error]



=== TEST 7: phases as numbers
--- config
    location = /t {
        set_by_lua_block $phase { return ngx.get_raw_phase() }
        access_by_lua_block { ngx.ctx.phase = ngx.get_raw_phase() }
        content_by_lua_block { ngx.say(ngx.var.phase, " ", ngx.ctx.phase, " ", ngx.get_raw_phase()) }
    }
--- request
GET /t
--- response_body
1 4 8



=== TEST 8: the clock of resty.core.time goes on and is compiled in a loop; traces count from one
--- http_config
    init_by_lua_block {
        local out = {}
        jit.attach(function(what, number, func, pc, outside)
            out[#out + 1] = what .. " " .. tostring(number)
        end, "trace")
        traces = out
    }
--- config
    location = /t {
        content_by_lua_block {
            local clock = require "resty.core.time"
            local first, last = clock.monotonic_time(), 0
            for _ = 1, 200 do
                last = clock.monotonic_time()
            end
            ngx.say(last >= first, " ", math.abs(clock.monotonic_msec() / 1000 - last) < 10)
            ngx.say(traces[1], ", ", traces[2])
        }
    }
--- request
GET /t
--- response_body
true true
start 1, stop 1



=== TEST 9: a field with an underscore is found whatever the case; is_internal outside of requests
--- http_config
    underscores_in_headers on;
--- config
    location = /t {
        content_by_lua_block {
            local why
            ngx.timer.at(0, function() why = select(2, pcall(ngx.req.is_internal)) end)
            ngx.sleep(0)
            while not why do ngx.sleep(0.001) end
            ngx.say(ngx.req.get_headers()["X_Bar_Header"], " ", why)
        }
    }
--- request
GET /t
--- more_headers
x_bar_header: bar
--- response_body
bar API disabled in the current context



=== TEST 10: table.new and table.clear are there for who does not require them, as under OpenResty
--- config
    location = /t {
        content_by_lua_block {
            local t = table.new(3, 0)
            t[1] = "x"
            table.clear(t)
            ngx.say(next(t))
        }
    }
--- request
GET /t
--- response_body
nil



=== TEST 11: ngx.resp: a status with a phrase of its own; conditions that are not weighed
--- config
    location = /phrase {
        content_by_lua_block {
            local resp = require "ngx.resp"
            resp.set_status(500, "on purpose")
            ngx.say(ngx.status, " ", pcall(resp.set_status, 500))
        }
    }
    location = /weighed { content_by_lua_block { ngx.say("hello") } }
    location = /not-weighed {
        content_by_lua_block {
            require("ngx.resp").bypass_if_checks()
            ngx.say("hello")
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            for _, path in ipairs { "/phrase", "/weighed", "/not-weighed" } do
                sock:send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\nIf-Match: 1\r\n\r\n")
                ngx.say(sock:receive())
                local head = sock:receiveuntil("\r\n\r\n")()
                local length = head:match("Content%-Length: (%d+)")
                if length then
                    sock:receive(tonumber(length))
                else
                    sock:receiveuntil("0\r\n\r\n")()
                end
            end
        }
    }
--- request
GET /t
--- log_level: debug
--- response_body
HTTP/1.1 500 on purpose
HTTP/1.1 412 Precondition Failed
HTTP/1.1 200 OK
--- error_log
lua socket tcp_nodelay



=== TEST 12: every part that only replaces functions of ngx.* may be asked for
--- http_config
    init_by_lua_block {
        for _, name in ipairs { "regex", "request", "response", "shdict", "var", "misc", "worker" } do
            assert(require("resty.core." .. name).version == require("resty.core.base").version)
        end
        assert(ngx.re.match("hello, world", [[hello, \w+]], "joi"))
    }
--- config
    location = /t { return 200 "fine"; }
--- request
GET /t
--- response_body chomp
fine
--- no_error_log
[error]



=== TEST 13: tables of ngx.ctx are counted by themselves, and one takes another's place in compiled code
--- config
    location = /t { content_by_lua_block {
        local compiled = false
        local function on_trace(what)
            compiled = compiled or what == "stop"
        end
        ngx.ctx = { n = 0 }
        jit.attach(on_trace, "trace")
        for i = 1, 300 do
            ngx.ctx = { n = i }
        end
        jit.attach(on_trace)
        ngx.say(ngx.ctx.n, " ", compiled, " ", ngx.location.capture("/other", { ctx = { n = "mine" } }).body)
    } }
    location = /other { content_by_lua_block { ngx.print(ngx.ctx.n) } }
--- request
GET /t
--- response_body
300 true mine
--- log_level: debug
--- grep_error_log eval: qr/lua release ngx\.ctx at ref \d+/
--- grep_error_log_out
lua release ngx.ctx at ref 2
lua release ngx.ctx at ref 1



=== TEST 14: ngx.re.opt gives compiled patterns more stack, before the first of them
--- http_config
    init_by_lua_block { require "ngx.re".opt("jit_stack_size", 4 * 1024 * 1024) }
--- config
    location = /t { content_by_lua_block {
        local subject = ("ab"):rep(20000)
        ngx.say(ngx.re.find(subject, [[^(?:a(b)|c)*$]], "jo"))
        ngx.say(pcall(require "ngx.re".opt, "jit_stack_size", 65536))
        ngx.say(pcall(require "ngx.re".opt, "jit_stack_size", 0))
        ngx.say(pcall(require "ngx.re".opt, "size", 1))
        ngx.say(tostring(ngx.re.opt), " ", tostring(ngx.re.set_stack))
    } }
--- request
GET /t
--- response_body_like chop
^140000
false[^\n]*changing jit stack size is not allowed when some regexs have already been compiled and cached
false[^\n]*bad argument #2 to 'opt' \(positive number expected, got 0\)
false[^\n]*unrecognized option name
nil nil$

=== TEST 15: resty.core.regex tells whether a regex can be compiled
--- config
    location /t {
        content_by_lua_block {
            local compile = require("resty.core.regex").re_match_compile
            local compiled, is_kept = compile("^a+$", "jo")
            ngx.say(type(compiled), " ", is_kept)
            ngx.say(select(2, compile("a", "j")), " ", select(2, compile("a")))
            local nothing, err = compile("a(", "j")
            ngx.say(nothing, " ", type(err))
        }
    }
--- request
GET /t
--- response_body
table true
false false
nil string



=== TEST 16: the number of ngx.ctx, by which libraries carry the table over a change of location
--- http_config
    init_worker_by_lua_block {
        local C, number = require("ffi").C, require("ffi").new("int[1]")
        local get_request = require("resty.core.base").get_request
        function ctx_number()
            return C.ngx_http_lua_ffi_get_ctx_ref(get_request(), number, number)
        end
        none = C.ngx_http_lua_ffi_get_ctx_ref(nil, nil, nil)
        function table_of(n)
            return debug.getregistry().ngx_lua_ctx_tables[tonumber(n)]
        end
    }
--- config
    location = /t {
        set $ref "";
        rewrite_by_lua_block {
            local before = ctx_number()
            ngx.ctx.who = "me"
            ngx.var.ref = ctx_number()
            ngx.req.set_header("X-Seen", before .. " " .. none .. " " .. table_of(ngx.var.ref).who)
            ngx.exec("/to")
        }
    }
    location = /to {
        content_by_lua_block {
            ngx.say(ngx.req.get_headers()["X-Seen"], " ", ngx.ctx.who, " ", table_of(ngx.var.ref).who)
            ngx.ctx = table_of(ngx.var.ref)
            ngx.say(ngx.ctx.who)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "logged: ", ngx.ctx.who) }
    }
--- request
GET /t
--- response_body
-2 -100 me nil me
me
--- error_log
logged: me
--- log_level: debug
--- grep_error_log eval: qr/lua release ngx\.ctx at ref \d+/
--- grep_error_log_out
lua release ngx.ctx at ref 2
lua release ngx.ctx at ref 1

=== TEST 17: the request's fields, as libraries read them by FFI
--- http_config
    init_worker_by_lua_block {
        require "resty.core.request"
        local ffi = require "ffi"
        local get_request = require("resty.core.base").get_request
        local cut = ffi.new("int[1]")
        function count(most)
            local n = ffi.C.ngx_http_lua_ffi_req_get_headers_count(get_request(), most, cut)
            return n, cut[0]
        end
        function names(n, is_raw)
            local out, all = ffi.new("ngx_http_lua_ffi_table_elt_t[?]", n), {}
            local rc = ffi.C.ngx_http_lua_ffi_req_get_headers(get_request(), out, n, is_raw)
            for i = 0, n - 1 do
                all[i + 1] = ffi.string(out[i].key.data, out[i].key.len) .. "="
                    .. ffi.string(out[i].value.data, out[i].value.len)
            end
            return rc .. " " .. table.concat(all, " ")
        end
        outside = count(0)
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("Host")
            ngx.req.clear_header("Connection")
            ngx.say(outside, " ", table.concat({ count(0) }, " "), " ", table.concat({ count(-1) }, " "), " ",
                    table.concat({ count(2) }, " "))
            ngx.say(names(3, 1))
            ngx.say(names(2, 0))
        }
    }
--- request
GET /t
--- more_headers
X-One: 1
x-Two: 2
X-One: 3
--- response_body
-100 3 0 3 0 2 1
0 X-One=1 x-Two=2 X-One=3
0 x-one=1 x-two=2
