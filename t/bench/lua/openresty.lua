--- The same handlers for nginx's Lua module, in its own idiom; where it has two ways, the cheaper one.

local cjson = require "cjson.safe"
local document = require "document"

local openresty = {}

function openresty.json()
    local var = ngx.var
    local doc = document.build(ngx.req.get_uri_args(), var.cookie_session, var.http_user_agent,
        var.http_accept_language, var.http_x_trace)
    ngx.print(cjson.encode(doc))
end

function openresty.echo()
    ngx.req.read_body()
    ngx.print(ngx.req.get_body_data())
end

--- Answers with a value of Redis, over a connection of the pool; the library is Debian's for both servers.
function openresty.redis()
    local client = require("nginx.redis"):new()
    client:set_timeout(1000)
    assert(client:connect("127.0.0.1", ngx.var.redis_port))
    ngx.print(assert(client:get("greeting")))
    client:set_keepalive(60000, 100)
end

--- Asks another server over a connection of the pool, by hand: less than any HTTP library does.
function openresty.backend()
    local sock = ngx.socket.tcp()
    sock:settimeout(1000)
    assert(sock:connect("127.0.0.1", ngx.var.backend_port))
    assert(sock:send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
    local head = assert(sock:receiveuntil("\r\n\r\n"))()
    ngx.print(assert(sock:receive(tonumber(head:match("[Cc]ontent%-[Ll]ength: *(%d+)")))))
    sock:setkeepalive(60000, 100)
end

--- Takes the body piece by piece as it arrives and answers with its length.
function openresty.upload_socket()
    local sock = assert(ngx.req.socket())
    local n = 0
    while true do
        local piece, err = sock:receiveany(65536)
        if not piece then
            assert(err == "closed", err)
            break
        end
        n = n + #piece
    end
    ngx.print(tostring(n))
end

--- Takes the body as one string, kept in memory.
function openresty.upload_whole()
    ngx.req.read_body()
    ngx.print(tostring(#ngx.req.get_body_data()))
end

function openresty.sleep()
    ngx.sleep(0.1)
    ngx.print("awake")
end

return openresty
