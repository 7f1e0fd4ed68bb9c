# lua-nginx-websocket, lua-nginx-dns and lua-nginx-kafka as Debian has them.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a WebSocket client and server, both of lua-nginx-websocket
--- config
    location = /ws {
        content_by_lua_block {
            local server = require "nginx.websocket.server"
            local ws, err = server:new { timeout = 2000, max_payload_len = 70000 }
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
            local ws = client:new { timeout = 2000, max_payload_len = 70000 }
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
print `curl -s --max-time 15 "http://127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}/t?port=$port"`; wait'
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
