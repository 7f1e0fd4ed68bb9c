# How much a client may ask for: limit_req, limit_conn. Rates are so slow, or waits so short, that it does not matter
# how long a test takes.
use Test::Nginx::Socket 'no_plan';

our $Ask = <<'_EOC_';
            local function ask(path, sock)
                if not sock then
                    sock = ngx.socket.tcp()
                    assert(sock:connect("127.0.0.1", ngx.var.server_port))
                end
                sock:send("GET " .. path .. " HTTP/1.0\r\nHost: a\r\n\r\n")
                local all = sock:receive("*a")
                sock:close()
                return all:match("^HTTP/1.1 (%d+)"), all:match("\r\n\r\n(.*)$")
            end
            local function hold(path)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                repeat local line = sock:receive("*l") until line == "held" or not line
                return sock
            end
_EOC_

our $Hold = <<'_EOC_';
        content_by_lua_block {
            ngx.say("held"); ngx.flush(true)
            repeat ngx.sleep(0.005) until ngx.shared.d:get(ngx.var.arg_n)
        }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: beyond the burst all are refused, with a line that names the zone; each key for itself
--- http_config
    limit_req_zone $arg_k zone=one:1m rate=1r/m;
--- config
    location /a { limit_req zone=one burst=1 nodelay; content_by_lua_block { ngx.say(ngx.var.limit_req_status) } }
    location / {
        content_by_lua_block {
            ngx.say(ngx.var.limit_req_status)
            for _, k in ipairs { "x", "x", "x", "y", "x", "", "", "" } do
                local res = ngx.location.capture("/sub?k=" .. k)
                ngx.print(res.status, " ", #res.body < 20 and res.body or "page\n")
            end
        }
    }
    location /sub { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a; }
--- request
GET /
--- response_body
nil
200 PASSED
200 PASSED
503 page
200 PASSED
503 page
200 nil
200 nil
200 nil
--- error_log eval
qr/\[error\] .*limiting requests, excess: [12]\.\d\d\d by zone "one", client: 127\.0\.0\.1, server: localhost, request: "GET \/a\?k=x/

=== TEST 2: those beyond the rate wait for their turn
--- http_config
    limit_req_zone $server_name zone=one:1m rate=20r/s;
--- config eval
"    location /a { limit_req zone=one burst=10; content_by_lua_block { ngx.print(ngx.var.limit_req_status) } }
    location / {
        content_by_lua_block {
            $::Ask" . <<'_EOC_'
            local start = ngx.now()
            local all = {}
            for i = 1, 6 do
                all[i] = ngx.thread.spawn(ask, "/a")
            end
            for i = 1, 6 do
                local _, status = ngx.thread.wait(all[i])
                ngx.print(status, " ")
            end
            ngx.update_time()
            ngx.say(ngx.now() - start > 0.24)
        }
    }
_EOC_
--- request
GET /
--- response_body
200 200 200 200 200 200 true
--- error_log eval
qr/\[warn\] .*delaying request, excess: \d+\.\d\d\d, by zone "one"/

=== TEST 3: a client that does not wait for its turn
--- http_config
    limit_req_zone $server_name zone=one:1m rate=1r/m;
    lua_shared_dict d 1m;
--- config eval
"    location /b {
        limit_req zone=one burst=1;
        content_by_lua_block { ngx.print(ngx.var.limit_req_status) }
        log_by_lua_block { ngx.shared.d:rpush('l', ngx.var.limit_req_status .. ' ' .. ngx.var.status) }
    }
    location / {
        content_by_lua_block {
            $::Ask" . <<'_EOC_'
            ngx.say(ask("/b"))
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            repeat ngx.sleep(0.01) until ask("/b") == "503"
            sock:close()
            repeat ngx.sleep(0.01) until ngx.shared.d:llen("l") == 3
            for _ = 1, 3 do
                ngx.say(ngx.shared.d:lpop("l"))
            end
        }
    }
_EOC_
--- request
GET /
--- response_body
200PASSED
PASSED 200
REJECTED 503
DELAYED 499
--- error_log
delaying request, excess: 
limiting requests, excess: 

=== TEST 4: a status and a level of one's own; a dry run refuses nothing
--- http_config
    limit_req_zone $server_name zone=one:1m rate=1r/m;
    limit_req_zone $server_name zone=dry:1m rate=1r/m;
    limit_req_status 429;
    limit_req_log_level info;
--- config
    location /a { limit_req zone=one; content_by_lua_block { ngx.say("in") } }
    location /dry { limit_req_dry_run on; limit_req zone=dry; content_by_lua_block { ngx.say(ngx.var.limit_req_status) } }
    location /wet { limit_req zone=dry burst=3; limit_req_dry_run on; content_by_lua_block { ngx.say(ngx.var.limit_req_status) } }
--- pipelined_requests eval
["GET /a", "GET /a", "GET /dry", "GET /dry", "GET /wet"]
--- error_code eval
[200, 429, 200, 200, 200]
--- response_body_like eval
["^in\$", "429", "^PASSED\$", "^REJECTED_DRY_RUN\$", "^DELAYED_DRY_RUN\$"]
--- log_level: info
--- error_log eval
[qr/\[info\] .*limiting requests, excess: /, qr/\[info\] .*limiting requests, dry run, excess: /, qr/\[info\] .*delaying request, dry run, excess: /]

=== TEST 5: several limits: what one of them refuses counts in none of them
--- http_config
    limit_req_zone $server_name zone=few:1m rate=1r/m;
    limit_req_zone $server_name zone=many:1m rate=1r/m;
--- config
    location /both { limit_req zone=many burst=3 nodelay; limit_req zone=few nodelay burst=1; content_by_lua_block { ngx.say("in") } }
    location /many { limit_req zone=many burst=3 nodelay; content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /both", "GET /both", "GET /both", "GET /both", "GET /many", "GET /many", "GET /many"]
--- error_code eval
[200, 200, 503, 503, 200, 200, 503]
--- error_log eval
[qr/by zone "few"/, qr/by zone "many"/]

=== TEST 6: inherited as a whole; redirects and subrequests are not asked again
--- http_config
    limit_req_zone $server_name zone=one:1m rate=1r/m;
    limit_req_zone $server_name zone=two:1m rate=1r/m;
--- config
    limit_req zone=one burst=2 nodelay;
    location /a { rewrite ^ /b last; }
    location /b { content_by_lua_block { ngx.exec("/c") } }
    location /c { content_by_lua_block { ngx.location.capture("/d"); ngx.say(ngx.location.capture("/d").body) } }
    location /d { content_by_lua_block { ngx.print("all ", ngx.var.limit_req_status) } }
    location /own { limit_req zone=two; content_by_lua_block { ngx.say("own") } }
--- pipelined_requests eval
["GET /a", "GET /a", "GET /a", "GET /a", "GET /own", "GET /own"]
--- error_code eval
[200, 200, 200, 503, 200, 503]
--- response_body_like eval
["^all PASSED\$", "^all PASSED\$", "^all PASSED\$", "503", "^own\$", "503"]
--- error_log eval
[qr/by zone "one"/, qr/by zone "two"/]

=== TEST 7: an error page may answer what is refused
--- http_config
    limit_req_zone $server_name zone=one:1m rate=1r/m;
--- config
    error_page 503 = @busy;
    location / { limit_req zone=one; content_by_lua_block { ngx.say("in") } }
    location @busy { limit_req zone=one; return 200 "later, $limit_req_status\n"; }
--- pipelined_requests eval
["GET /", "GET /"]
--- response_body eval
["in\n", "later, REJECTED\n"]
--- error_log
limiting requests

=== TEST 8: so many at a time, and again when one of them has ended
--- http_config
    limit_conn_zone $arg_k zone=one:1m;
    lua_shared_dict d 1m;
--- config eval
"    location /hold { limit_conn one 2; $::Hold }
    location /a { limit_conn one 2; content_by_lua_block { ngx.print(ngx.var.limit_conn_status) } }
    location /dry { limit_conn_dry_run on; limit_conn one 2; content_by_lua_block { ngx.print(ngx.var.limit_conn_status) } }
    location /mine { limit_conn_status 429; limit_conn_log_level notice; limit_conn one 1; content_by_lua_block { ngx.print('in') } }
    location / {
        content_by_lua_block {
            $::Ask" . <<'_EOC_'
            local first, second = hold("/hold?k=x&n=1"), hold("/hold?k=x&n=2")
            ngx.say((ask("/a?k=x")), " ", ask("/a?k=y"))
            ngx.say(ask("/dry?k=x"))
            ngx.say((ask("/mine?k=x")), " ", (ask("/a?k=" .. ("l"):rep(255))), " ", (ask("/a?k=" .. ("l"):rep(256))))
            ngx.say(ask("/a"))
            ngx.shared.d:set("1", true)
            first:receive("*a")
            repeat local status = ask("/a?k=x") until status == "200"
            first:close()
            second:close()
            ngx.shared.d:set("2", true)
            repeat local status = ask("/mine?k=x") until status == "200"
            ngx.say("both are gone")
        }
    }
_EOC_
--- request
GET /
--- response_body
503 200PASSED
200REJECTED_DRY_RUN
429 200 200
200nil
both are gone
--- error_log eval
[qr/\[error\] .*limiting connections by zone "one"/, qr/limiting connections, dry run, by zone "one"/, qr/\[notice\] .*limiting connections by zone "one"/,
qr/the value of the "\$arg_k" key is more than 255 bytes: "lll/]

=== TEST 9: several limits; what was taken of the first is given back when the second refuses
--- http_config
    limit_conn_zone $server_name zone=all:1m;
    limit_conn_zone $arg_k zone=each:1m;
    lua_shared_dict d 1m;
--- config eval
"    limit_conn all 2;
    location /hold { limit_conn all 2; limit_conn each 1; $::Hold }
    location /all { limit_conn all 2; content_by_lua_block { ngx.print('in') } }
    location / {
        limit_conn each 9;
        content_by_lua_block {
            $::Ask" . <<'_EOC_'
            local first = hold("/hold?k=x&n=1")
            for _ = 1, 3 do
                ngx.say((ask("/hold?k=x&n=2")), " ", (ask("/all")))
            end
            local second = hold("/hold?k=y&n=1")
            ngx.say((ask("/hold?k=z&n=1")), " ", (ask("/all")))
            ngx.shared.d:set("1", true)
            first:receive("*a")
            second:receive("*a")
        }
    }
_EOC_
--- request
GET /
--- response_body
503 200
503 200
503 200
503 503
--- error_log eval
[qr/by zone "each"/, qr/by zone "all"/]

=== TEST 10: sessions of stream
--- stream_config
    limit_conn_zone $binary_remote_addr zone=one:1m;
    log_format s '$limit_conn_status $status';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        access_log logs/access.log s;
        limit_conn one 1;
        content_by_lua_block { local sock = ngx.req.socket(); ngx.say("held"); ngx.flush(true); sock:receive() }
    }
--- stream_server_config
    return "";
--- config
    location / {
        content_by_lua_block {
            local function open()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
                return sock, sock:receive()
            end
            local first, line = open()
            ngx.say(line)
            ngx.say(select(2, open()))
            first:send("end\n")
            ngx.say(first:receive("*a") == "")
            repeat local _, said = open() until said == "held"
        }
    }
--- request
GET /
--- response_body
held
nilclosed
true
--- error_log
limiting connections by zone "one", client: 127.0.0.1
--- access_log
PASSED 200

=== TEST 11: a worker that is killed gives back what it held; the zone outlives it
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' '
    location /hold { limit_conn conns 1; content_by_lua_block { ngx.say(ngx.worker.pid()); ngx.flush(true); ngx.sleep(600) } }
    location /conn { limit_conn conns 1; content_by_lua_block { ngx.say("in") } }
    location /req { limit_req zone=reqs; content_by_lua_block { ngx.say("first") } }' '
    limit_conn_zone all zone=conns:1m; limit_req_zone all zone=reqs:1m rate=1r/m;'
$B
curl -sN --max-time 60 "http://127.0.0.1:$PORT/hold" >held &
H=$!
wait_for '[ -s held ]'
get /req
get /conn | grep -o '503 Service Temporarily Unavailable' | head -n 1
kill -9 "$(cat held)"
wait "$H"
wait_for 'get /conn | grep -qx in'
wait_for 'get /conn | grep -x in'
wait_for '[ "$(workers | wc -l)" = 2 ]'
get /req | grep -o '503 Service Temporarily Unavailable' | head -n 1
reload
get /req | grep -o '503 Service Temporarily Unavailable' | head -n 1
quit TERM
--- exec_out
first
503 Service Temporarily Unavailable
in
503 Service Temporarily Unavailable
503 Service Temporarily Unavailable
