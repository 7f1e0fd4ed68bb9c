# Settings of proxied connections: where from, keepalive of the socket, how fast, what is accepted.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Origin = <<'_EOC_';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        http2 on;
        location / { content_by_lua_block {
            -- the timer of the peer's end: 02 is that of SO_KEEPALIVE
            local timer
            for line in io.lines "/proc/net/tcp" do
                local port, kind = line:match "^%s*%d+: %x+:(%x+) %x+:%x+ 01 %S+ (%x%x):"
                if port and tonumber(port, 16) == tonumber(ngx.var.remote_port) then timer = kind end
            end
            ngx.say(ngx.var.remote_addr, " ", timer == "02" and "keepalive" or "none", " ", ngx.var.http_host)
        } }
        location /large { content_by_lua_block { ngx.print(("x"):rep(600000)) } }
    }
_EOC_
run_tests();

__DATA__

=== TEST 1: proxy_bind and proxy_socket_keepalive, grpc_bind and grpc_socket_keepalive; connections are not mixed up
--- http_config eval: $::Origin
--- config
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /plain { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /bound { proxy_bind 127.0.0.5; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /var { proxy_bind $arg_from; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /alive { proxy_socket_keepalive on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /grpc { grpc_bind 127.0.0.6; grpc_socket_keepalive on; grpc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for p in plain bound plain 'var?from=127.0.0.7' 'var?from=off' alive plain bound grpc; do curl -s $U/$p | sed 's/:.*//'; done
curl -s -o /dev/null -w '%{http_code}\n' "$U/var?from=x"
--- exec_out
127.0.0.1 none 127.0.0.1
127.0.0.5 none 127.0.0.1
127.0.0.1 none 127.0.0.1
127.0.0.7 none 127.0.0.1
127.0.0.1 none 127.0.0.1
127.0.0.1 keepalive 127.0.0.1
127.0.0.1 none 127.0.0.1
127.0.0.5 none 127.0.0.1
127.0.0.6 keepalive 127.0.0.1
500
--- error_log
invalid address "x" in "proxy_bind"



=== TEST 2: proxy_limit_rate: no faster; whole; by variable; a client that leaves meanwhile
--- http_config eval: $::Origin
--- config
    location /slow/ { proxy_limit_rate 2m; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /var/ { proxy_limit_rate $arg_rate; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for p in 'slow/large' 'var/large?rate=2m'; do curl -s -o /dev/null -w '%{size_download} %{time_total}\n' "$U/$p" | awk '{print $1, ($2 > 0.12 ? "slow" : "fast " $2)}'; done
for p in 'var/large?rate=0' 'var/large?rate=nonsense'; do curl -s -o /dev/null -w '%{size_download}\n' "$U/$p"; done
curl -s -o /dev/null -m 0.2 "$U/var/large?rate=1k"; echo $?
--- exec_out
600000 slow
600000 slow
600000
600000
28
--- no_error_log
[alert]



=== TEST 3: names of a proxy_pass are looked up by the location's resolver
--- config
    location /own { resolver 127.0.0.1:1; resolver_timeout 100ms; proxy_pass http://localhost.example:$TEST_NGINX_SERVER_PORT/here; }
    location /here { return 204; }
--- exec
curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/own
--- exec_out_like
^50[24]$
--- error_log
localhost.example



=== TEST 4: what other servers need for their buffers is accepted; an unknown word of proxy_bind is not
--- config
    proxy_buffer_size 8k; proxy_buffers 8 16k; proxy_busy_buffers_size 32k; proxy_max_temp_file_size 0;
    proxy_temp_file_write_size 64k; proxy_headers_hash_max_size 1024; proxy_headers_hash_bucket_size 128; proxy_send_lowat 0;
    grpc_buffer_size 8k;
    location / { proxy_bind $remote_addr opaque; proxy_pass http://127.0.0.1; }
--- must_die
--- error_log
invalid parameter "opaque"
