# lua-nginx-websocket, -dns, -kafka, -string and -cookie as Debian has them.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a WebSocket client and server, both of lua-nginx-websocket
--- config
    location = /ws {
        content_by_lua_block {
            local server = require "nginx.websocket.server"
            local ws, err = server:new { timeout = 60000, max_payload_len = 70000 }
            if not ws then
                ngx.log(ngx.ERR, "no WebSocket: ", err)
                return ngx.exit(444)
            end
            while true do
                local data, kind = ws:recv_frame()
                if kind == "text" then
                    ws:send_text("echo " .. data)
                elseif kind == "binary" then
                    ws:send_binary(#data .. " bytes")
                elseif kind == "ping" then
                    ws:send_pong(data)
                else
                    return
                end
            end
        }
    }
    location = /t {
        content_by_lua_block {
            local client = require "nginx.websocket.client"
            local ws = client:new { timeout = 60000, max_payload_len = 70000 }
            ngx.say(ws:connect("ws://127.0.0.1:" .. ngx.var.server_port .. "/ws"))
            ws:send_text("hello")
            ngx.say(ws:recv_frame())
            ws:send_binary(("x"):rep(66000))
            ngx.say(ws:recv_frame())
            ws:send_ping("are you there")
            ngx.say(ws:recv_frame())
            ws:send_close(1000, "enough")
            ngx.say(ws:close())
        }
    }
--- request
GET /t
--- response_body
1
echo hellotextnil
66000 bytesbinarynil
are you therepongnil
1
--- no_error_log
[error]



=== TEST 2: names asked of a name server over UDP
--- config
    location = /t {
        content_by_lua_block {
            local resolver = require "nginx.dns.resolver"
            local r = resolver:new {
                nameservers = { { "127.0.0.1", tonumber(ngx.var.arg_port) } }, retrans = 2, timeout = 2000,
            }
            local answers, err = r:query("one.example")
            ngx.say(err, " ", answers and answers[1].address)
            answers = r:query("none.example")
            ngx.say(answers.errcode, " ", answers.errstr)
        }
    }
--- exec
perl -MSocket -e '
socket(S, AF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK));
my ($port) = sockaddr_in(getsockname(S));
$SIG{ALRM} = sub { exit 1 }; alarm 20;
unless (my $pid = fork) {
    for (1 .. 2) {
        my $from = recv(S, my $m, 512, 0);
        my ($id, $question) = (substr($m, 0, 2), substr($m, 12));
        my $is_one = $m =~ /one\x07example/ && $m !~ /none/;
        send(S, $id . ($is_one ? pack("n5", 0x8180, 1, 1, 0, 0) . $question . pack("n3Nn", 0xc00c, 1, 1, 60, 4) . inet_aton("192.0.2.7")
            : pack("n5", 0x8183, 1, 0, 0, 0) . $question), 0, $from);
    }
    exit 0;
}
print `curl -s --max-time 100 "http://127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}/t?port=$port"`; wait'
--- exec_out
nil 192.0.2.7
3 name error



=== TEST 3: the Kafka client loads, and says when no broker is there
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local producer = require "nginx.kafka.producer"
            local p = producer:new({ { host = "127.0.0.1", port = 1 } }, { max_retry = 1, retry_backoff = 10 })
            local offset, err = p:send("topic", "key", "message")
            ngx.say(offset, " ", err ~= nil)
        }
    }
--- request
GET /t
--- response_body
nil true



=== TEST 4: the Kafka client against a small broker: metadata, messages by their keys, later ones by a timer, a leader that moved
--- http_config
    lua_shared_dict broker 1m;
--- stream_server_config
    content_by_lua_block {
        local sock, seen = ngx.req.socket(), ngx.shared.broker
        local function int(n, bytes)
            local out = {}
            for i = bytes, 1, -1 do
                out[i] = string.char(n % 256)
                n = math.floor(n / 256)
            end
            return table.concat(out)
        end
        local function text(s) return int(#s, 2) .. s end
        local data, at
        local function number(bytes)
            local n = 0
            for i = at, at + bytes - 1 do n = n * 256 + data:byte(i) end
            at = at + bytes
            return n
        end
        local function bytes(size)
            local n = number(size)
            at = at + n
            return data:sub(at - n, at - 1)
        end
        local function metadata()
            local topics, partitions = {}, {}
            for id = 0, 1 do
                partitions[id + 1] = int(0, 2) .. int(id, 4) .. int(7, 4) .. int(1, 4) .. int(7, 4) .. int(1, 4) .. int(7, 4)
            end
            for i = 1, number(4) do
                topics[i] = int(0, 2) .. text(bytes(2)) .. int(2, 4) .. table.concat(partitions)
            end
            return int(1, 4) .. int(7, 4) .. text "127.0.0.1" .. int($TEST_NGINX_STREAM_PORT, 4)
                .. int(#topics, 4) .. table.concat(topics)
        end
        local function take_messages(partition, last)
            while at <= last do
                number(8) number(4) number(4) number(2)
                local key, value = bytes(4), bytes(4)
                seen:rpush("messages " .. partition, key .. "=" .. value)
            end
        end
        local function produce()
            number(2) number(4)
            assert(number(4) == 1)
            local topic, answers = bytes(2), {}
            local n = number(4)
            local has_moved = topic == "moving" and seen:incr("moves", 1, 0) == 1
            for i = 1, n do
                local partition, size = number(4), number(4)
                if has_moved then
                    at = at + size
                else
                    take_messages(partition, at + size - 1)
                end
                local offset = seen:incr("offset " .. partition, has_moved and 0 or 1, 0)
                answers[i] = int(partition, 4) .. int(has_moved and 6 or 0, 2) .. int(offset, 8)
            end
            return int(1, 4) .. text(topic) .. int(n, 4) .. table.concat(answers)
        end
        while true do
            local head = sock:receive(4)
            if not head then break end
            data, at = head, 1
            data, at = sock:receive(number(4)), 1
            local api, _, id = number(2), number(2), number(4)
            bytes(2)
            local answer = int(id, 4) .. (api == 3 and metadata() or produce())
            sock:send { int(#answer, 4), answer }
        end
    }
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local producer = require "nginx.kafka.producer"
            local brokers = { { host = "127.0.0.1", port = $TEST_NGINX_STREAM_PORT } }
            local p = producer:new(brokers)
            local by_key = {}
            for _, key in ipairs { "a", "b", "c", "d" } do
                local offset, err = p:send("topic", key, "message of " .. key)
                assert(offset, err)
                local partition = ngx.crc32_short(key) % 2
                by_key[key] = partition
            end
            local seen = ngx.shared.broker
            local n = 0
            for partition = 0, 1 do
                for _ = 1, seen:llen("messages " .. partition) do
                    local key, value = seen:lpop("messages " .. partition):match "(.*)=(.*)"
                    assert(by_key[key] == partition and value == "message of " .. key)
                    n = n + 1
                end
            end
            ngx.say(n, " messages")
            ngx.say("moved: ", p:send("moving", "x", "again") ~= nil, " after ", seen:get "moves")
            local later = producer:new(brokers, { producer_type = "async", flush_time = 10 }, "later")
            for i = 1, 20 do
                assert(later:send("topic", "k", "async " .. i))
            end
            local list = "messages " .. ngx.crc32_short "k" % 2
            local first, last
            repeat
                ngx.sleep(0.001)
                local message = seen:lpop(list)
                if message and message:find "async" then
                    first, last = first or message, message
                end
            until last == "k=async 20"
            ngx.say(first, " ", last)
        }
    }
--- request
GET /t
--- response_body
4 messages
moved: true after 2
k=async 1 k=async 20



=== TEST 5: hashes, AES and hexadecimal digits of lua-nginx-string, which call OpenSSL and nginx by FFI
--- config
    location /t {
        content_by_lua_block {
            local str = require "nginx.string"
            for _, name in ipairs { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
                local digest = require("nginx." .. name):new()
                assert(digest:update("a"))
                assert(digest:update("bc"))
                ngx.say(name, " ", str.to_hex(digest:final()):sub(1, 16))
            end
            local aes = require("nginx.aes"):new("secret")
            local sealed = aes:encrypt("a message")
            ngx.say(#sealed, " ", aes:decrypt(sealed), " ", str.atoi("42"), " ", #require("nginx.random").bytes(7))
        }
    }
--- request
GET /t
--- response_body
md5 900150983cd24fb0
sha1 a9993e364706816a
sha224 23097d223405d822
sha256 ba7816bf8f01cfea
sha384 cb00753f45a35e8b
sha512 ddaf35a193617aba
16 a message 42 7
--- no_error_log
[error]



=== TEST 6: cookies both ways with lua-nginx-cookie
--- config
    location /t {
        content_by_lua_block {
            local cookie = assert(require("nginx.cookie"):new())
            local fields = cookie:get_all()
            assert(cookie:set { key = "id", value = "7", path = "/", httponly = true, max_age = 50 })
            assert(cookie:set { key = "other", value = "8" })
            ngx.say(cookie:get("a"), " ", fields.b, " ", tostring(cookie:get("c")))
        }
    }
--- request
GET /t
--- more_headers
Cookie: a=1; b=two
--- raw_response_headers_like
Set-Cookie: id=7; .*HttpOnly\r
Set-Cookie: other=8\r
--- response_body
1 two nil
--- no_error_log
[error]
