# userid: a cookie that tells one client from another.

=== TEST 1: set once, told by $uid_set, and read back by $uid_got
--- config
    userid on;
    userid_service 7;
    location = /t { content_by_lua_block {
        ngx.say(ngx.var.uid_got or "none", " ", (ngx.var.uid_set or "none"):sub(1, 12), " ", #(ngx.var.uid_set or ""), " ", ngx.var.uid_set == ngx.var.uid_set) } }
--- pipelined_requests eval
["GET /t", "GET /t", "GET /t", "GET /t"]
--- more_headers eval
["X: y", "Cookie: a=b; uid=AAAABwAAAAAAZ0UBAwMCAw==", "Cookie: uid=short", "Cookie: uid=AAAABwAAAAAAZ0UBAwM*Aw=="]
--- response_body eval
["none uid=07000000 36 true\n", "uid=07000000000000000145670003020303 none 0 true\n", "none uid=07000000 36 true\n", "none uid=07000000 36 true\n"]
--- raw_response_headers_like eval
["Set-Cookie: uid=AAAAB[A-Za-z0-9+/]{17}==; path=/\r\n", "HTTP", "Set-Cookie: uid=", "Set-Cookie: uid="]
--- raw_response_headers_unlike eval
["expires", "Set-Cookie", "expires", "expires"]

=== TEST 2: the older form, names, domains, flags, dates, P3P; on every status
--- config
    userid v1;
    userid_service 7;
    userid_name who;
    userid_domain example.org;
    userid_path /a;
    userid_flags secure httponly samesite=lax;
    userid_expires 1d;
    userid_p3p 'CP="NOI"';
    location = /t { return 404 "no\n"; }
    location = /max { userid_expires max; userid_flags off; userid_domain none; userid_p3p none; return 204; }
    location = /log { userid log; add_header Got "$uid_got, $uid_set"; return 204; }
    location = /off { userid off; add_header Got "$uid_got, $uid_set"; return 204; }
--- pipelined_requests eval
["GET /t", "GET /max", "GET /log", "GET /off"]
--- more_headers eval
["X: y", "X: y", "Cookie: who=BwAAAAAAAAABRWcAAwMCAw", "Cookie: who=BwAAAAAAAAABRWcAAwMCAw"]
--- error_code eval
[404, 204, 204, 204]
--- raw_response_headers_like eval
["Set-Cookie: who=BwAAA[A-Za-z0-9+/]{17}==; expires=\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT; domain=example.org; path=/a; secure; httponly; samesite=lax\r\nP3P: CP=\"NOI\"\r\n",
 "Set-Cookie: who=BwAAA[A-Za-z0-9+/]{17}==; expires=Thu, 31-Dec-37 23:55:55 GMT; path=/a\r\n",
 "Got: who=00000007000000000067450103020303, \r\n",
 "Got: , \r\n"]
--- raw_response_headers_unlike eval
["Got", "P3P|secure|domain", "Set-Cookie", "Set-Cookie"]

=== TEST 3: a mark that is not there sets the same again; $uid_reset gives another
--- config
    userid on;
    userid_mark Z;
    location = /t { set $uid_reset $arg_reset; return 204; }
--- pipelined_requests eval
["GET /t", "GET /t", "GET /t", "GET /t?reset=0", "GET /t?reset=log"]
--- more_headers eval
["X: y", "Cookie: uid=AAAABwAAAAAAZ0UBAwMCAw==", "Cookie: uid=AAAABwAAAAAAZ0UBAwMCAwZ=", "Cookie: uid=AAAABwAAAAAAZ0UBAwMCAwZ=", "Cookie: uid=AAAABwAAAAAAZ0UBAwMCAwZ="]
--- error_code: 204
--- raw_response_headers_like eval
["Set-Cookie: uid=[A-Za-z0-9+/]{22}Z=; path=/\r\n", "Set-Cookie: uid=AAAABwAAAAAAZ0UBAwMCAwZ=; path=/\r\n", "HTTP", "HTTP", "Set-Cookie: uid=fwAAA[A-Za-z0-9+/]{17}Z="]
--- raw_response_headers_unlike eval
["expires", "expires", "Set-Cookie", "Set-Cookie", "expires"]
--- log_level: notice
--- grep_error_log eval: qr/userid cookie .* was reset/
--- grep_error_log_out
userid cookie "uid=07000000000000000145670003020303" was reset

=== TEST 4: who asks for $uid_set before the location is found decides nothing
--- config
    set $early "$uid_set";
    location = /t { userid on; add_header Seen "[$early] $uid_set"; return 204; }
--- request
GET /t
--- error_code: 204
--- raw_response_headers_like
Set-Cookie: uid=[A-Za-z0-9+/]{22}==; path=/\r
Seen: \[\] uid=[0-9A-F]{32}\r

=== TEST 5: $uid_set in a log, of a request whose connection has gone
--- http_config
    log_format ids "$uri $uid_set";
--- config
    userid on;
    access_log html/ids.log ids;
    location = /gone { return 444; }
    location = /t { return 200 "here\n"; }
--- exec
for p in gone t; do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$p; done
for i in $(seq 1200); do grep -q /t $TEST_NGINX_HTML_DIR/ids.log && break; sleep 0.05; done
sed 's/[0-9A-F]\{32\}/N/' $TEST_NGINX_HTML_DIR/ids.log
--- exec_out
here
/gone uid=N
/t uid=N
--- no_error_log
[alert]

=== TEST 6: words that mean nothing
--- config
    location = /t { return 204; }
--- exec
try() {
    echo "events {} http { server { $1; } }" >c.conf
    $TEST_NGINX_BINARY -t -p . -c c.conf 2>&1 | sed -n 's/.*\[emerg\] //; s/ in .*//; 1p'
}
cd $TEST_NGINX_SERVROOT
try 'userid maybe'
try 'userid_name "a b"'
try 'userid_mark ab'
try 'userid_service -1'
try 'userid_expires soon'
try 'userid_flags secure sweet'
try 'userid_path "/;x"'
--- exec_out
invalid value "maybe"
invalid parameter "a b"
value must be "off" or a single letter, digit or "="
invalid number "-1"
invalid value
invalid parameter "sweet"
invalid parameter "/;x"
