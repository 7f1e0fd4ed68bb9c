# echo and its kin: what waits, what comes from elsewhere.
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__

=== TEST 1: in order, with sleeps, flushes, copies and variables as they are when their line comes
--- config
    location = /t {
        set $a 1;
        echo "a $a";
        echo_flush;
        echo_sleep 0.02;
        echo_duplicate 3 ab;
        echo;
        echo_sleep 10ms;
        echo last $request_method;
    }
--- request
GET /t
--- response_body
a 1
ababab
last GET



=== TEST 2: the body of the request, whole and a byte at a time
--- config
    location = /t {
        echo_read_request_body;
        echo_request_body;
        echo " [$echo_request_body]";
    }
--- request
POST /t
hello world
--- trickle: 1
--- response_body
hello world [hello world]



=== TEST 3: other locations: the method of each, what they fail with, how deep
--- config
    location = /t {
        echo_location /sub a=1;
        echo_location /sub?b=2;
        echo_location /none;
        echo_location /deep;
        echo done;
    }
    location = /sub { echo "$uri $args $echo_request_method for $request_method"; }
    location = /deep { echo_location /deep; echo -n .; }
--- request
POST /t
x
--- response_body_like
^/sub a=1 GET for POST
/sub b=2 GET for POST
(?s:<html>.*</html>\s*)
\.{50}done$
--- error_log
subrequests cycle while processing "/deep"



=== TEST 4: a client that leaves while it sleeps
--- config
    location = /t { echo begin; echo_flush; echo_sleep 0.2; echo_location /sub; echo never; }
    location = /sub { echo_sleep 0.2; echo sub; }
    location = /ok { echo ok; }
--- exec
curl -s --max-time 0.1 "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t" >/dev/null
curl -s --max-time 0.3 "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t" >/dev/null
sleep 0.5
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ok"
--- exec_out
ok



=== TEST 5: a filter that gives the answer up
--- config
    location = /t {
        body_filter_by_lua_block { error("given up") }
        echo_sleep 0.01; echo a; echo_sleep 0.01; echo b;
    }
    location = /ok { echo ok; }
--- exec
curl -s -o $TEST_NGINX_HTML_DIR/out "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t"
echo $?
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ok"
--- exec_out
18
ok
--- error_log
given up

=== TEST 6: the body of a subrequest is there without being read first
--- config
    location = /other { echo $echo_request_method; echo_request_body; }
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/other", { method = ngx.HTTP_PUT, body = "hello" }).body)
            ngx.say(#ngx.location.capture("/other", { method = ngx.HTTP_OPTIONS, body = ("x"):rep(100000) }).body)
        }
    }
--- request
GET /t
--- response_body
PUT
hello
100008

=== TEST 7: nothing is sent before the first line that may write
--- config
    location = /slow { echo_sleep 1; echo late; }
    location = /t { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow; proxy_read_timeout 100ms; }
--- request
GET /t
--- error_code: 504
--- error_log
upstream timed out



=== TEST 8: texts around a body, whatever makes it
--- user_files
>>> a.txt
a file
--- config
    location /a { echo_before_body -n "<" $uri; echo_before_body ">"; echo_after_body "</a> $status"; content_by_lua_block { ngx.print("one ") ngx.flush(true) ngx.print("two") } }
    location /a.txt { root $TEST_NGINX_HTML_DIR; echo_before_body before; echo_after_body -- -n; }
    location /p { echo_after_body after; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.txt; location /p/own { echo_before_body own; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.txt; } }
    location /empty { echo_after_body x; return 204; }
--- request eval
["GET /a", "GET /a.txt", "GET /p", "GET /p/own", "HEAD /a.txt", "GET /empty"]
--- error_code eval
[200, 200, 200, 200, 200, 204]
--- response_body eval
["< /a>\none two</a> 200\n", "before\na file\n-n\n", "before\na file\n-n\nafter\n", "own\nbefore\na file\n-n\nafter\n", "", ""]



=== TEST 9: subrequests beside each other: the first ends last, the answers keep their order
--- http_config
    lua_shared_dict order 64k;
--- config
    location = /slow {
        content_by_lua_block {
            local order = ngx.shared.order
            repeat ngx.sleep(0.001) until order:get("fast")
            ngx.say("slow")
        }
    }
    location = /fast {
        content_by_lua_block { ngx.shared.order:set("fast", true) ngx.say("fast ", ngx.req.get_method()) }
    }
    location = /t {
        echo_location_async /slow;
        echo_subrequest_async PUT /fast -q x=1;
        echo "then $echo_response_status $echo_cacheable_request_uri";
        echo_location_async /fast;
    }
    location = /at_once {
        echo_location_async /one;
        echo_location_async /two;
    }
    location = /one { echo one; }
    location = /two { echo two; }
--- pipelined_requests eval
["GET /t", "GET /at_once"]
--- response_body eval
["slow\nfast PUT\nthen 200 /t\nfast GET\n", "one\ntwo\n"]
--- no_error_log
[error]



=== TEST 10: numbers with underscores, options of echo, the head that the client sent, time
--- config
    location = /copies { echo_duplicate 1_0 ab; }
    location = /options { echo -n -n -- -n; echo; }
    location = /head { echo -n $echo_client_request_headers; }
    location = /time { echo_blocking_sleep 0.01; echo $echo_timer_elapsed; }
--- pipelined_requests eval
["GET /copies", "GET /options", "GET /head", "GET /time"]
--- response_body_like eval
["^(?:ab){10}\$", "^-n\n\$", "^GET /head HTTP/1.1\r\n(?:.+\r\n)+\r\n\$", "^\\d+[.]\\d\\d\\d\n\$"]
--- no_error_log
[error]



=== TEST 11: echo_sleep does not wait for a subrequest that has begun
--- http_config
    init_by_lua_block { gate = require("ngx.semaphore").new() }
--- config
    location = /t {
        echo_location_async /waits;
        echo_sleep 0.001;
        echo_location_async /opens;
        echo then;
        echo_location_async /waits;
        echo_sleep 0.001;
        echo_location /opens;
    }
    location = /waits { content_by_lua_block { ngx.say("waits ", gate:wait(10)) } }
    location = /opens { content_by_lua_block { gate:post() ngx.say("opens") } }
--- request
GET /t
--- response_body
waits true
opens
then
waits true
opens
--- no_error_log
[error]



=== TEST 12: the body of a subrequest is in variables without a line that reads it; paths are decoded, and stay inside
--- config
    location = /t {
        echo_subrequest POST /sub -b "hello, world";
        echo_subrequest PUT /sub;
        echo_location_async /de%63oded;
        echo_location /../up;
        echo end;
    }
    location = /sub { echo "$echo_request_method <$echo_request_body$request_body>"; }
    location = /decoded { echo decoded; }
    location = /up { echo elsewhere; }
--- request
GET /t
--- response_body
POST <hello, worldhello, world>
PUT <>
decoded
end
--- error_log
echo_location sees unsafe uri: "/../up", client



=== TEST 13: $echo_incr counts for the request and all of its parts
--- config
    location = /t {
        echo "$echo_incr";
        echo_location /sub;
        echo_location /sub;
        echo "$echo_incr";
    }
    location = /sub { echo "sub $echo_incr"; }
--- pipelined_requests eval
["GET /t", "GET /sub"]
--- response_body eval
["1\nsub 2\nsub 3\n4\n", "sub 1\n"]



=== TEST 14: echo_subrequest -f sends the content of a file
--- config
    location = /t {
        set $name $document_root/body.txt;
        echo_subrequest POST /sub -f html/body.txt;
        echo_subrequest_async PUT /sub -q a=1 -f $name;
        echo_subrequest POST /sub -f html/none.txt;
        echo end;
    }
    location = /sub { echo "$echo_request_method [$args] <$echo_request_body>"; }
--- user_files
>>> body.txt
of a file
--- request
GET /t
--- response_body
POST [] <of a file
>
PUT [a=1] <of a file
>
end
--- error_log eval
qr/open\(\) ".*none.txt" failed/
