# proxy_pass: what is sent to the server and what of its answer is passed on. The server is another location of the same.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Origin = <<'_EOC_';
    location /o {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.raw_header(), ngx.req.get_body_data() or "")
        }
    }
    location /target { content_by_lua_block { ngx.say(ngx.var.request_uri) } }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->no_error_log) {
        $block->set_value("no_error_log", "[alert]");
    }
});

run_tests();

__DATA__

=== TEST 1: by default HTTP/1.0, Host of the target, Connection: close; fields of the connection stay behind
--- config eval
$::Origin . 'location /p { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/o; }'
--- raw_request eval
"GET /p/a HTTP/1.1\r\nHost: public\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: x\r\nX-A: b\r\nCookie: c\r\n\r\n"
--- response_body_like
^GET /o/a HTTP/1.0\r
Host: 127.0.0.1:\d+\r
Connection: close\r
X-A: b\r
Cookie: c\r



=== TEST 2: the rules for the URI
--- config eval
$::Origin . <<'_EOC_';
    location /plain/ { rewrite ^/plain(/.*) $1 break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
    location /with/ { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/target/; }
    location = /exact { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/target/x?y=1; }
    location ~ ^/re(/.*) { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/target$1?q=$arg_a; }
    location /vars/ { set $u /target/v; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT$u; }
    location /t { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
_EOC_
--- exec
for u in '/plain/target/a%20b?x=1' '/with/a%2Fb%20c?x=1' '/exact' '/re/b?a=2' '/vars/zzz?k' '/with/' '/target/as%2fit/./is?x#'; do
    curl -s --path-as-is "http://127.0.0.1:$TEST_NGINX_SERVER_PORT$u"
done
--- exec_out
/target/a%20b?x=1
/target/a/b%20c?x=1
/target/x?y=1
/target/b?q=2
/target/v
/target/
/target/as%2fit/./is?x



=== TEST 3: proxy_set_header: replaced, added, left out, inherited as a whole
--- config eval
<<'_EOC_' . $::Origin;
    proxy_set_header X-Outer 1;
    location /in { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/o; }
    location /own {
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header User-Agent "";
        proxy_set_header Connection "";
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/o;
    }
    location /none { proxy_pass_request_headers off; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/o; }
_EOC_
--- exec
for u in in own none; do
    curl -s -H 'User-Agent: me' -H 'Accept:' -H 'X-Forwarded-For: 1.2.3.4' -H 'Host: pub' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u | tr -d '\r' | sed 's/127.0.0.1:[0-9]*/HOST/; s/^$/--/'
done
--- exec_out
GET /o HTTP/1.0
Host: HOST
Connection: close
X-Outer: 1
User-Agent: me
X-Forwarded-For: 1.2.3.4
--
GET /o HTTP/1.1
Host: pub
X-Real-IP: 127.0.0.1
X-Forwarded-For: 1.2.3.4, 127.0.0.1
--
GET /o HTTP/1.0
Host: HOST
Connection: close
X-Outer: 1
--



=== TEST 4: bodies: small, from a file, chunked, streamed, replaced, kept back
--- config eval
$::Origin . <<'_EOC_';
    client_body_buffer_size 1k;
    location = /count { client_max_body_size 20m; content_by_lua_block { ngx.req.read_body() local f = ngx.req.get_body_file() ngx.say(ngx.var.http_content_length or ngx.var.http_transfer_encoding, " ", f and io.open(f):seek("end") or #(ngx.req.get_body_data() or "")) } }
    location /b { client_max_body_size 20m; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count; }
    location /s { client_max_body_size 20m; proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count; }
    location /r { proxy_set_body "it is $arg_x"; proxy_method PUT; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/o; }
    location /k { proxy_pass_request_body off; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count; }
_EOC_
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
cd $TEST_NGINX_SERVER_ROOT
head -c 5000000 /dev/zero >big
for p in b s; do
    curl -s -d hello $U/$p; curl -s -H Expect: --data-binary @big $U/$p; curl -s -H Expect: -H 'Transfer-Encoding: chunked' --data-binary @big $U/$p
done
curl -s -d x "$U/r?x=new" | tr -d '\r' | sed -n '1p;/Length/p;$p'; echo
curl -s -d x $U/k
rm big
--- exec_out
5 5
5000000 5000000
5000000 5000000
5 5
5000000 5000000
chunked 5000000
PUT /o?x=new HTTP/1.0
Content-Length: 9
it is new
0 0



=== TEST 5: answers: status, fields, hidden and passed ones, redirects, cookies
--- config
    location = /answer {
        content_by_lua_block {
            ngx.status = 299
            ngx.header["Server"], ngx.header["X-Pad"], ngx.header["X-Accel-Expires"] = "origin", "p", "5"
            ngx.header["X-Secret"], ngx.header["X-Shown"] = "s", { "1", "2" }
            ngx.header["Keep-Alive"] = "timeout=5"
            ngx.header["Set-Cookie"] = { "a=1; Domain=internal.example; Path=/app/x; HttpOnly", "b=2" }
            ngx.header["Refresh"] = "5; url=http://internal.example/app/y"
            ngx.header["Location"] = "http://internal.example/app/z"
            ngx.say("body")
        }
    }
    location = /default { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/moved; }
    location = /moved { return 302 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/moved/there; }
    location /p {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/answer;
        proxy_hide_header X-Secret;
        proxy_pass_header X-Accel-Expires;
        proxy_redirect http://internal.example/app/ https://public.example/;
        proxy_cookie_domain internal.example .public.example;
        proxy_cookie_path /app/ /;
    }
--- exec
curl -s -i http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p | tr -d '\r' | grep -v '^Date'
curl -s -i http://127.0.0.1:$TEST_NGINX_SERVER_PORT/default | tr -d '\r' | grep '^Location' | sed 's/:[0-9][0-9]*\//:P\//'
--- exec_out_like
^HTTP/1.1 299 *
Server: perilune/[\d.]+
Content-Type: text/plain
Content-Length: 5
Location: https://public.example/z
Connection: keep-alive
X-Accel-Expires: 5
X-Shown: 1
X-Shown: 2
Set-Cookie: a=1; Domain=.public.example; Path=/x; HttpOnly
Set-Cookie: b=2
Refresh: 5; url=https://public.example/y

body
Location: http://127.0.0.1:P/default/there



=== TEST 6: failures are told apart; the reason stands in the log only
--- config
    location = /refused { proxy_pass http://127.0.0.1:1; }
    location = /slow { proxy_read_timeout 50ms; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sleep; }
    location = /sleep { content_by_lua_block { ngx.sleep(2) ngx.say("late") } }
    location = /bad { set $t "gopher://x/"; proxy_pass $t; }
    location = /nohost { set $t "http:///"; proxy_pass $t; }
--- exec
for u in refused slow bad nohost; do curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u; done
--- exec_out
502
504
500
500
--- error_log
connect() failed (111: Connection refused) while connecting to upstream
upstream timed out (110: Connection timed out) while reading response header from upstream
invalid URL prefix in "gopher://x/"



=== TEST 7: error_page for failures and, with proxy_intercept_errors, for answers; X-Accel-Redirect
--- config
    error_page 502 404 /sorry;
    location = /sorry { echo "sorry $status"; }
    location = /refused { proxy_pass http://127.0.0.1:1; }
    location = /missing { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/gone; }
    location = /caught { proxy_intercept_errors on; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/gone; }
    location = /gone { content_by_lua_block { ngx.status = 404 ngx.say("gone") } }
    location = /elsewhere { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/says; }
    location = /says { content_by_lua_block { ngx.header["X-Accel-Redirect"] = "/inside?a" ngx.say("not this") } }
    location = /inside { internal; echo "inside $args"; }
    location = /ignored { proxy_ignore_headers X-Accel-Redirect; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/says; }
--- exec
for u in refused missing caught elsewhere ignored; do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u; done
--- exec_out
sorry 502
gone
sorry 404
inside a
not this



=== TEST 8: a body cut short by the server is cut short for the client
--- config
    location = /cut { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/dies; proxy_http_version 1.1; }
    location = /dies { content_by_lua_block { ngx.print("part") ngx.flush(true) error("dies") } }
--- exec
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/cut; echo " $?"
--- exec_out
part 18
--- error_log
while reading upstream



=== TEST 9: large answers pass through in bounded memory; a slow client stops the server
--- config
    location = /p { proxy_http_version 1.1; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/big; }
    location = /big { root html; }
--- exec
head -c 50000000 /dev/zero >$TEST_NGINX_HTML_DIR/big
P=$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)
before=$(awk '/VmHWM/ {print $2}' /proc/$P/status)
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p | wc -c
after=$(awk '/VmHWM/ {print $2}' /proc/$P/status)
[ $((after - before)) -lt 20000 ] && echo small || echo $((after - before))
--- exec_out
50000000
small



=== TEST 10: configurations that are refused
--- config
    location ~ x { proxy_pass http://127.0.0.1/uri; }
--- must_die
--- error_log
"proxy_pass" cannot have URI part in location given by regular expression



=== TEST 11: a target that is none
--- config
    location / { proxy_pass ftp://x/; }
--- must_die
--- error_log
invalid URL prefix



=== TEST 12: a filter that gives an answer up, with its head or later
--- config
    location = /head { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; header_filter_by_lua_block { error("in the head") } }
    location = /body { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; body_filter_by_lua_block { error("in the body") } }
    location = /up { content_by_lua_block { for i = 1, 100 do ngx.print(("x"):rep(1000)) ngx.flush(true) end } }
--- exec
for i in head body; do curl -s -o $TEST_NGINX_HTML_DIR/out http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$i; echo $?; done
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up | wc -c
--- exec_out
52
18
100000
--- error_log
in the head
in the body



=== TEST 13: fields that earlier phases have set stay beside those of the server, but for what an answer has once
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.header.X_Own = "own"
            ngx.header.Content_Type = "text/own"
            ngx.header.Set_Cookie = "a=1"
            ngx.header.Content_Length = 99
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
    }
    location = /back {
        content_by_lua_block {
            ngx.header.Content_Type = "text/back"
            ngx.header.Set_Cookie = "b=2"
            ngx.say("back")
        }
    }
--- request
GET /t
--- response_headers
X-Own: own
Content-Type: text/back
Set-Cookie: a=1, b=2
Content-Length: 5
--- response_body
back



=== TEST 14: a location that passes on and ends with a slash redirects who asks without it
--- config
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back; }
    location = /exact/ { deny all; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back; }
    location /mine/ { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back; }
    location /mine { return 200 "mine\n"; }
    location /lua/ { return 200 "lua\n"; }
    location ~ ^/[a-z]+$ { return 200 "regex\n"; }
    location = /back { return 200 "back\n"; }
--- request eval
["GET /up", "GET /up?a=b", "GET /exact", "GET /mine", "GET /lua", "GET /up/"]
--- response_headers_like eval
["Location: http://localhost(:\\d+)?/up/", "Location: http://localhost(:\\d+)?/up/\\?a=b", "Location: http://localhost(:\\d+)?/exact/",
 "", "", ""]
--- error_code eval
[301, 301, 301, 200, 200, 200]
--- response_body_like eval
["301 Moved", "301 Moved", "301 Moved", "regex", "regex", "back"]



=== TEST 15: Location, Refresh and cookies by expressions; flags of cookies
--- config
    location = /answer {
        content_by_lua_block {
            ngx.header["Set-Cookie"] = { "a1=1; Domain=x.internal; Path=/app/x; HttpOnly; SameSite=None", "b=2; Secure; X=y", "c=3; secure", "d=4" }
            ngx.header["Location"] = "http://x.internal:99/app/z"
            ngx.header["Refresh"] = "5; url=http://Y.internal:1/app/y"
        }
    }
    proxy_pass_header Server;
    location /p {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/answer;
        proxy_redirect ~*^http://(?<whose>[a-z]+)\.internal:\d+/app/(.*)$ https://$whose.example/$2;
        proxy_cookie_domain ~^(\w+)\.INTERNAL$ $1.example;
        proxy_cookie_path ~^/app/(.*) /$1;
        proxy_cookie_flags ~^a\d secure nohttponly samesite=strict;
        proxy_cookie_flags $arg_name nosecure;
        proxy_cookie_flags B httponly;
        proxy_cookie_flags ~ samesite=lax;
        location = /p/off { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/answer; proxy_cookie_flags off; }
    }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -i "$U/p?name=c" | tr -d '\r' | grep '^Set-Cookie\|^Loc\|^Ref' | sort
curl -s -i $U/p/off | tr -d '\r' | grep '^Set-Cookie: a'
--- exec_out
Location: https://x.example/z
Refresh: 5; url=https://Y.example/y
Set-Cookie: a1=1; Domain=x.example; Path=/x; Secure; SameSite=Strict
Set-Cookie: b=2; Secure; X=y; HttpOnly
Set-Cookie: c=3
Set-Cookie: d=4; SameSite=Lax
Set-Cookie: a1=1; Domain=x.example; Path=/x; HttpOnly; SameSite=None



=== TEST 16: flags and expressions that are wrong
--- config
    proxy_cookie_flags a unsafe;
    location / { return 204; }
--- must_die
--- error_log
invalid parameter "unsafe"



=== TEST 17: the same
--- config
    proxy_redirect ~( x;
    location / { return 204; }
--- must_die
--- error_log
missing closing parenthesis



=== TEST 18: TRACE is not passed on, but by a subrequest; whoever answers here may take it
--- config
    location = /own { content_by_lua_block { ngx.print(ngx.req.get_method()) } }
    location = /passed { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/own; }
    location = /part { content_by_lua_block {
        local res = ngx.location.capture("/passed", { method = ngx.HTTP_TRACE })
        ngx.print(res.status, res.body)
    } }
--- pipelined_requests eval
["TRACE /passed", "TRACE /own", "GET /part"]
--- error_code eval
[405, 200, 200]
--- response_body_like eval
["405", "^TRACE\$", "^200TRACE\$"]



=== TEST 19: nor does grpc_pass or a handler pass TRACE on
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /own { content_by_lua_block { ngx.print("passed") } }
    location = /call { grpc_pass grpc://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
    location = /handler { handler gate; }
--- user_files
>>> gate.lua
local http = require "perilune.http"

return function(req)
    return http.proxy(req, "http://127.0.0.1:" .. req.server_port .. "/own")
end
--- pipelined_requests eval
["TRACE /call", "TRACE /handler", "GET /handler"]
--- error_code eval
[405, 405, 200]
--- response_body_like eval
["405", "405", "^passed\$"]



=== TEST 20: Max-Forwards of OPTIONS counts down, and ends here at 0 (RFC 9110 section 7.6.2)
--- config
    location = /own { content_by_lua_block { ngx.print(ngx.var.http_max_forwards or "none") } }
    location = /passed { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/own; }
    location = /set {
        proxy_set_header Max-Forwards 7;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/own;
    }
    location = /t { content_by_lua_block {
        local http = require "perilune.http"

        local function ask(method, path, value)
            local res = await(http.request({ method = method, headers = { ["Max-Forwards"] = value },
                                             url = "http://127.0.0.1:$TEST_NGINX_SERVER_PORT" .. path }))
            ngx.say(method, " ", path, " ", value or "-", ": ", res.status, " ", await(res:text()))
        end

        for _, value in ipairs { "10", "1", "0", "00", "x", "-1", "9223372036854775807", "9223372036854775808" } do
            ask("OPTIONS", "/passed", value)
        end
        ask("OPTIONS", "/passed")
        ask("OPTIONS", "/set", "3")
        ask("OPTIONS", "/set", "0")
        ask("GET", "/passed", "0")
    } }
--- request
GET /t
--- response_body
OPTIONS /passed 10: 200 9
OPTIONS /passed 1: 200 0
OPTIONS /passed 0: 204 
OPTIONS /passed 00: 204 
OPTIONS /passed x: 200 x
OPTIONS /passed -1: 200 -1
OPTIONS /passed 9223372036854775807: 200 9223372036854775806
OPTIONS /passed 9223372036854775808: 200 9223372036854775808
OPTIONS /passed -: 200 none
OPTIONS /set 3: 200 7
OPTIONS /set 0: 204 
GET /passed 0: 200 0



=== TEST 21: an attribute of a cookie that is there twice is rewritten twice: clients heed the last
--- config
    location /set { add_header Set-Cookie $arg_c; return 200; }
    location /t { proxy_cookie_domain in.example out.example; proxy_cookie_path /a/ /b/; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/set; }
--- request eval
["GET /t?c=a=1;Domain=in.example;Path=/a/x;Domain=in.example;Path=/a/y;HttpOnly", "GET /t?c=a=1;path=/;Domain", "GET /t?c=a=1"]
--- response_headers eval
["Set-Cookie: a=1;Domain=out.example;Path=/b/x;Domain=out.example;Path=/b/y;HttpOnly", "Set-Cookie: a=1;path=/;Domain", "Set-Cookie: a=1"]
