# HTTP/2 in cleartext: what handlers see and answer, asked by curl ($C), at $U.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    http2 on;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Exec = <<'_EOC_';
export U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT C="curl -s --max-time 100 --http2-prior-knowledge"
export ROOT=$TEST_NGINX_SERVER_ROOT
cd $TEST_NGINX_HTML_DIR
bash ./main.sh
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
});
run_tests();

__DATA__

=== TEST 1: variables, versions, fields
--- config
    location / {
        content_by_lua_block {
            local v = ngx.var
            ngx.say(v.http2, " ", v.server_protocol, " ", ngx.req.http_version(), " ", v.request)
            ngx.say(v.scheme, " ", v.host, " ", v.http_host == v.host .. ":" .. v.server_port, " ", v.http_cookie)
            ngx.say(v.request_method, " ", v.args, " ", v.uri, " ", v.http_x_own, " ", ngx.req.get_headers()["X-Own"])
        }
    }
--- user_files
>>> main.sh
$C "$U/a%20b?c=d" -H 'X-Own: v' -b 'e=1; f=2'
--- exec_out
h2c HTTP/2.0 2 GET /a%20b?c=d HTTP/2.0
http 127.0.0.1 true e=1; f=2
GET c=d /a b v v



=== TEST 2: the native handler
--- user_files
>>> main.sh
$C -D - "$U/x" | tr -d '\r' | grep -v -e '^date' -e '^server'
>>> app.lua
return function(req)
    return { status = 201, headers = { ["X-Proto"] = req.protocol, Connection = "close" },
        body = { req.method, " ", req.path, " ", req.host or "", "\n" } }
end
--- config
    location / { handler app; }
--- exec_out
HTTP/2 201 
x-proto: HTTP/2.0
content-type: text/plain
content-length: 17

GET /x 127.0.0.1



=== TEST 3: bodies both ways, with and without a length, and files
--- config
    location = /echo { client_max_body_size 0; client_body_buffer_size 4m; content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) } }
    location = /pieces { content_by_lua_block { for i = 1, 300 do ngx.print(("x"):rep(1000)) ngx.flush(true) end } }
    location = /file { root html; try_files /big.bin =404; }
--- user_files
>>> main.sh
head -c 3000000 /dev/urandom >big.bin
$C $U/echo --data-binary @big.bin | cmp - big.bin && echo same
cat big.bin | $C $U/echo -T - -X POST | cmp - big.bin && echo same
$C $U/file | cmp - big.bin && echo same
$C $U/file -r 100-2000099 | cmp - <(tail -c +101 big.bin | head -c 2000000) && echo same
$C $U/pieces | wc -c
$C -I $U/file | grep -c -i '^content-length: 3000000'
--- exec_out
same
same
same
same
300000
1



=== TEST 4: too large a body, a bad Host, errors
--- config
    location / { client_max_body_size 1k; content_by_lua_block { ngx.req.read_body() ngx.say(ngx.req.get_body_data() and "read" or "none") } }
--- user_files
>>> main.sh
W='-o /dev/null -w %{http_code}:%{http_version}\n'
head -c 5000 /dev/zero >five
$C $W $U/ --data-binary @five
$C $W $U/ -H 'Host: [::'
$C $W $U/ -H "X-Big: $(head -c 40000 /dev/zero | tr '\0' x)"
$C $U/ -d ok
--- exec_out
413:2
400:2
431:2
read



=== TEST 5: one access log for all, with bytes counted
--- http_config
    http2 on;
    log_format h2 '$request $status $body_bytes_sent $http2 $connection_requests';
    access_log logs/h2.log h2;
--- config
    location / { return 200 "hello"; }
--- user_files
>>> main.sh
$C $U/a; $C $U/b; curl -s $U/c; echo
for i in $(seq 600); do [ $(wc -l <$ROOT/logs/h2.log) = 3 ] || sleep 0.1; done
cat $ROOT/logs/h2.log
--- exec_out
hellohellohello
GET /a HTTP/2.0 200 5 h2c 1
GET /b HTTP/2.0 200 5 h2c 1
GET /c HTTP/1.1 200 5  1



=== TEST 6: off where it was not asked for
--- http_config
    http2 off;
--- config
    location / { return 200 "hello"; }
--- user_files
>>> main.sh
$C -o /dev/null $U/; [ $? != 0 ] && echo refused
curl -s $U/
--- exec_out chop
refused
hello



=== TEST 7: Upgrade: h2c
--- config
    location / { content_by_lua_block { ngx.say(ngx.var.http2, " ", ngx.req.http_version(), " ", ngx.var.http_upgrade) } }
--- user_files
>>> main.sh
curl -s --max-time 100 --http2 $U/ -w '%{http_version}\n'
--- exec_out
h2c 2 nil
2



=== TEST 8: a body of which nobody has said how long it is reaches those who ask whether there is one
--- user_files
>>> main.sh
for path in passed streamed socket length; do
    printf %05000d 7 | $C -T - "$U/$path"
done
$C -X POST "$U/passed"
--- config
    location = /passed {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/told;
    }
    location = /streamed {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/told;
        proxy_http_version 1.1;
        proxy_request_buffering off;
    }
    location = /socket {
        content_by_lua_block {
            local socket, err = ngx.req.socket()
            ngx.say(socket and #socket:receive("*a") or err)
        }
    }
    location = /length {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.var.content_length)
        }
    }
    location = /told {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(#(ngx.req.get_body_data() or ""))
        }
    }
--- exec_out
5000
5000
5000
5000
0
