# ngx.req.socket: the body of a request as a socket, and the connection itself.
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__

=== TEST 1: a body is read as it comes, then the request goes on
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(sock:receive(5))
            ngx.say(sock:receive())
            local reader = sock:receiveuntil(";")
            ngx.say(reader())
            ngx.say(sock:receive(100))
            ngx.say(sock:receive())
        }
    }
--- pipelined_requests eval
["POST /t
helloline
up to;rest", "POST /t
HELLOLINE
UP TO;REST"]
--- response_body eval
["hello\nline\nup to\nnilclosedrest\nnilclosed\n", "HELLO\nLINE\nUP TO\nnilclosedREST\nnilclosed\n"]



=== TEST 2: a byte a time, chunked, and what is refused
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(sock:receive("*a"))
            ngx.say(ngx.req.socket())
            ngx.say(sock.send, sock.connect, sock.close)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
--- trickle: 1
--- response_body
abcdefg
nilrequest body already exists
nilnilnil



=== TEST 3: no body, one that was read, one that was discarded
--- config
    location = /none {
        content_by_lua_block { ngx.say(ngx.req.socket()) }
    }
    location = /read {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.socket())
        }
    }
    location = /discarded {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.say(ngx.req.socket())
            ngx.say(pcall(ngx.req.socket, 1, 2))
        }
    }
    location = /early {
        log_by_lua_block {
            ngx.log(ngx.WARN, "in log: ", pcall(ngx.req.socket))
        }
        content_by_lua_block { ngx.say("x") }
    }
--- pipelined_requests eval
["GET /none", "POST /read
x", "POST /discarded
x", "GET /early"]
--- response_body eval
["nilno body\n", "nilrequest body already exists\n",
 "nilrequest body discarded\nfalseexpecting 0 or 1 argument, but got 2\n", "x\n"]
--- error_log
in log: falseAPI disabled in the context of log_by_lua*



=== TEST 4: a body that is cut short, one that does not come
--- config
    lua_socket_log_errors off;
    location = /cut {
        content_by_lua_block {
            local sock = ngx.req.socket()
            local data, err, partial = sock:receive(10)
            ngx.log(ngx.WARN, "cut: ", data, " ", err, " ", partial)
        }
    }
    location = /slow {
        content_by_lua_block {
            local sock = ngx.req.socket()
            sock:settimeout(20)
            ngx.say(sock:receive(10))
        }
    }
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            ngx.sleep(0.05)
            sock:close()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("POST /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc")
            sock:receiveuntil("\r\n\r\n")()
            ngx.print(sock:receive("*a"):match("nil[^\r\n]*"))
        }
    }
--- request
GET /t
--- response_body chomp
niltimeoutabc
--- wait: 0.1
--- error_log
cut: nil client aborted abc



=== TEST 5: the connection itself: what was sent ahead, what is not HTTP any more
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            ngx.log(ngx.WARN, "say: ", select(2, ngx.say("x")), ", eof: ", select(2, ngx.eof()),
                ", again: ", select(2, ngx.req.socket(true)))
            local line = sock:receive()
            sock:send({ "got ", line, "\n" })
            sock:send(sock:receive("*a"))
        }
    }
    location = /client {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /t HTTP/1.1\r\nHost: a\r\n\r\nahead\n")
            ngx.say(sock:receive())
            local raw = ngx.socket.tcp()
            raw:connect("127.0.0.1", ngx.var.server_port)
            raw:send("GET /head HTTP/1.1\r\nHost: a\r\n\r\n")
            ngx.say(raw:receive())
            ngx.say((raw:receive("*a"):gsub("Date: [^\r]*\r\n", ""):gsub("\r", "")))
        }
    }
    location = /head {
        content_by_lua_block {
            ngx.status = 101
            ngx.header["Upgrade"] = "mine"
            ngx.header["Server"] = "s"
            ngx.send_headers()
            ngx.flush(true)
            local sock = ngx.req.socket(true)
            sock:send("upgraded")
        }
    }
--- request
GET /client
--- response_body
got ahead
HTTP/1.1 101 Switching Protocols
Server: s
Content-Type: text/plain
Connection: upgrade
Upgrade: mine

upgraded
--- error_log
say: raw request socket acquired, eof: raw request socket acquired, again: duplicate call



=== TEST 6: a subrequest has no body of its own to read
--- config
    location /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = "hello" }).body)
        }
    }
    location /sub {
        content_by_lua_block {
            ngx.say(ngx.req.socket())
            ngx.say(ngx.req.socket(true))
        }
    }
--- request
GET /t
--- response_body
nilattempt to read the request body in a subrequest
nilattempt to read the request body in a subrequest



=== TEST 7: a body that a socket reads can be kept: what follows finds it whole
--- config
    location /t {
        rewrite_by_lua_block {
            local sock = ngx.req.socket()
            ngx.req.init_body(4)
            repeat
                local piece, err, partial = sock:receive(5)
                ngx.req.append_body(piece or partial)
            until not piece
            ngx.req.finish_body()
        }
        content_by_lua_block {
            ngx.req.read_body()
            local f = io.open(ngx.req.get_body_file())
            ngx.say(f:read("*a"), " ", ngx.var.content_length)
            f:close()
            ngx.print(ngx.location.capture("/sub", { method = ngx.HTTP_POST, always_forward_body = true }).body)
        }
    }
    location /sub {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(ngx.req.get_body_data() or io.open(ngx.req.get_body_file()):read("*a"))
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello, everybody
--- response_body
hello, everybody 16
hello, everybody
--- no_error_log
[error]



=== TEST 8: a body that the client does not send to its end; send with a missing argument
--- config
    location = /body {
        content_by_lua_block {
            local data, err, partial = ngx.req.socket():receive("*a")
            ngx.log(ngx.WARN, "received: ", data, " ", err, ": ", partial)
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("POST /body HTTP/1.0\r\nContent-Length: 100\r\n\r\nhello")
            sock:close()
            ngx.say((select(2, pcall(sock.send, "x")):gsub("^.*expecting", "expecting")))
        }
    }
--- request
GET /t
--- response_body
expecting 2 arguments (including the object), but got 1
--- error_log
received: nil client aborted: hello
--- no_error_log
[error]



=== TEST 9: the descriptor and the options of a body's socket are those of the connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(sock:getfd() > 2, " ", sock:setoption("keepalive", true), " ", sock:getoption "keepalive")
            ngx.say(sock:receive("*a"))
        }
    }
--- request
POST /t
hello
--- response_body
true true 1
hello



=== TEST 10: where clients are minded, the end of the client's side is its abort: told by a read, by on_abort, or the end of what runs
--- http_config
    lua_shared_dict notes 100k;
--- config
    lua_check_client_abort on;
    location = /read {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local notes = ngx.shared.notes
            sock:send "ready\n"
            notes:set("line", sock:receive() .. " " .. (select(2, sock:receive())))
            notes:set("done", (select(2, sock:receiveuntil("x")())))
        }
    }
    location = /told {
        content_by_lua_block {
            ngx.on_abort(function() ngx.shared.notes:set("told", "yes") end)
            ngx.req.socket(true):send "ready\n"
            repeat ngx.sleep(0.002) until ngx.shared.notes:get "told"
            ngx.shared.notes:set("done", "went on")
        }
    }
    location = /left {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            ngx.on_abort(function() ngx.exit(444) end)
            sock:send "ready\n"
            ngx.sleep(100)
        }
        log_by_lua_block { ngx.shared.notes:set("done", "exit") }
    }
    location = /ended {
        content_by_lua_block {
            ngx.req.socket(true):send "ready\n"
            ngx.sleep(100)
        }
        log_by_lua_block { ngx.shared.notes:set("done", "ended") }
    }
    location = /unminded {
        lua_check_client_abort off;
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send "ready\n"
            ngx.shared.notes:set("done", (select(2, sock:receive())))
        }
    }
    location = /t {
        content_by_lua_block {
            local notes = ngx.shared.notes
            for _, how in ipairs { "read", "told", "left", "ended", "unminded" } do
                local sock = ngx.socket.tcp()
                sock:connect("127.0.0.1", ngx.var.server_port)
                sock:send("GET /" .. how .. " HTTP/1.1\r\nHost: a\r\n\r\n")
                sock:receive()
                sock:send(how == "read" and "hello\n" or "")
                sock:close()
                for _ = 1, 1000 do
                    if notes:get "done" then
                        break
                    end
                    ngx.sleep(0.002)
                end
                ngx.say(how, ": ", notes:get "done")
                notes:delete "done"
            end
            ngx.say(notes:get "line")
        }
    }
--- request
GET /t
--- response_body
read: client aborted
told: went on
left: exit
ended: ended
unminded: closed
hello client aborted
--- no_error_log
[alert]
[crit]



=== TEST 11: a client that asks whether to go on is told so by ngx.req.socket, before an answer begins
--- config
    location = /read {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say "ready"
            ngx.flush(true)
            ngx.print(sock:receive(5))
        }
    }
    location /t {
        content_by_lua_block {
            for _, body in ipairs { "", "hello" } do
                local sock = ngx.socket.tcp()
                sock:connect("127.0.0.1", ngx.var.server_port)
                sock:send("POST /read HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    .. "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" .. body)
                ngx.say(sock:receive(), sock:receive(), " ", sock:receive())
                sock:send(body == "" and "hello" or "")
                ngx.say(sock:receive "*a":match "hello")
            end
        }
    }
--- request
GET /t
--- response_body
HTTP/1.1 100 Continue HTTP/1.1 200 OK
hello
HTTP/1.1 100 Continue HTTP/1.1 200 OK
hello



=== TEST 12: a chunked body that comes in pieces is read to its end, however the pieces lie
--- config
    location = /read {
        content_by_lua_block {
            local sock, n = ngx.req.socket(), 0
            while true do
                local piece = sock:receiveany(700)
                if not piece then break end
                n = n + #piece
            end
            ngx.header["Content-Length"] = #tostring(n) + 1
            ngx.say(n)
        }
    }
    location /t {
        content_by_lua_block {
            local body = ""
            for _, n in ipairs { 4000, 1, 30000, 7, 30000, 1, 100, 30000, 4000, 100, 100, 100, 1594, 0 } do
                body = body .. ("%x\r\n%s\r\n"):format(n, ("x"):rep(n))
            end
            for _, cuts in ipairs { { 16383, 24576 }, { 34000, 34100 }, { 90000 }, {} } do
                local sock = ngx.socket.tcp()
                sock:settimeout(60000)
                sock:connect("127.0.0.1", ngx.var.server_port)
                local all, from = "POST /read?508287 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" .. body, 1
                for _, to in ipairs(cuts) do
                    sock:send(all:sub(from, to))
                    from = to + 1
                    ngx.sleep(0.05)
                end
                sock:send(all:sub(from))
                ngx.say((sock:receiveuntil "\r\n\r\n")() and sock:receive())
                sock:close()
            end
        }
    }
--- request
GET /t
--- response_body
100003
100003
100003
100003
--- timeout: 90
