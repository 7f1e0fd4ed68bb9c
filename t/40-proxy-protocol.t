# listen ... proxy_protocol in http: who the client is, as a proxy says at the start of the connection.
use Test::Nginx::Socket 'no_plan';

our $Server = <<'_EOC_';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 proxy_protocol;
        location / {
            add_header X-Uri $uri;
            return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port $remote_addr\n";
        }
        location = /sub {
            content_by_lua_block { ngx.print("sub: ", ngx.location.capture("/inner").body) }
        }
    }
_EOC_

our $Ask = <<'_EOC_';
            local function connect(header)
                local sock = ngx.socket.tcp()
                sock:settimeout(60000)
                assert(sock:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
                for _, piece in ipairs(type(header) == "table" and header or { header }) do
                    sock:send(piece)
                    ngx.sleep(0.001)
                end
                return sock
            end
            local function ask(sock, path)
                sock:send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\n\r\n")
                local n
                repeat
                    local line, err = sock:receive()
                    if not line then ngx.say("nothing: ", err) return end
                    n = line:match("^Content%-Length: (%d+)") or n
                    local size = line:match "^(%x+)$"
                    if size then n = tonumber(size, 16) break end
                until line == "" and n
                ngx.print((sock:receive(tonumber(n))))
            end
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $::Server);
    }
    if (!defined $block->request) {
        $block->set_value("request", "GET /t");
    }
});

run_tests();

__DATA__

=== TEST 1: versions 1 and 2, in pieces, unknown; told for each request of the connection
--- config eval
"    location = /t {
        content_by_lua_block {
$::Ask" . <<'_EOC_'
            local one = connect "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"
            ask(one, "/")
            ask(one, "/again")
            ask(connect { "PROXY TCP6 2001:db8::1 20", "01:db8::2 5 6\r", "\n" }, "/")
            ask(connect "PROXY UNKNOWN\r\n", "/")
            ask(connect("\r\n\r\n\0\r\nQUIT\n" .. "\x21\x11\x00\x0c" .. "\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x07\x00\x08"), "/")
            ask(connect("\r\n\r\n\0\r\nQUIT\n" .. "\x20\x00\x00\x00"), "/")
        }
    }
_EOC_
--- response_body
192.0.2.1 1000 192.0.2.2 80 127.0.0.1
192.0.2.1 1000 192.0.2.2 80 127.0.0.1
2001:db8::1 5 2001:db8::2 6 127.0.0.1
    127.0.0.1
10.0.0.1 7 10.0.0.2 8 127.0.0.1
    127.0.0.1
--- no_error_log
[error]



=== TEST 2: without a header, or with a broken one, nobody is served
--- config eval
"    location = /t {
        content_by_lua_block {
$::Ask" . <<'_EOC_'
            ask(connect "", "/")
            ask(connect "PROXY TCP4 nobody 192.0.2.2 1000 80\r\n", "/")
        }
    }
_EOC_
--- response_body_like
^nothing: .*
nothing: .*$
--- error_log
broken header while reading PROXY protocol



=== TEST 3: elsewhere the variables are empty; a subrequest has them
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 proxy_protocol;
        location = /sub { content_by_lua_block { ngx.say(ngx.location.capture("/inner").body) } }
        location = /inner { content_by_lua_block { ngx.print("inner ", ngx.var.proxy_protocol_addr) } }
    }
--- config eval
"    location = /t {
        content_by_lua_block {
$::Ask" . <<'_EOC_'
            ngx.say("[", tostring(ngx.var.proxy_protocol_addr), "]")
            ask(connect "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", "/sub")
        }
    }
_EOC_
--- response_body
[nil]
inner 192.0.2.1
--- no_error_log
[error]



=== TEST 4: before the handshake of TLS, over HTTP/2 and in cleartext
--- http_config
--- config
    location = /t { return 200; }
--- exec eval
<<'X'
export A=$TEST_NGINX_RAND_PORT_2 PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1; . t/lib/tls.sh
certs server
serve 'location / { return 204; }' 'server { listen 127.0.0.1:'$A' ssl http2 proxy_protocol; server_name localhost;
    location / { return 200 "$proxy_protocol_addr $server_protocol $https\n"; } }'
PORT=$A; get / --haproxy-protocol; get / --haproxy-protocol --http1.1
get / 2>/dev/null || echo refused
stop
X
--- exec_out
127.0.0.1 HTTP/2.0 on
127.0.0.1 HTTP/1.1 on
refused
