# Bodies changed on their way: sub_filter; and said to be in an encoding: charset.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: strings once, or each time; without case; with variables; wherever the body is cut
--- config
    location /once { sub_filter 'b' '[$arg_x]'; sub_filter 'C' ''; default_type text/html; content_by_lua_block { ngx.print("aBcbc") } }
    location /all { sub_filter_once off; sub_filter $arg_s '<$arg_s>'; default_type text/html; content_by_lua_block { ngx.print("aXbxXyx") } }
    location /cut {
        sub_filter_once off;
        sub_filter '</body>' '<script></script></body>';
        default_type text/html;
        content_by_lua_block {
            for c in ("x</body><</body></bod"):gmatch "." do
                ngx.print(c)
                ngx.flush(true)
            end
        }
    }
    location /empty { sub_filter $arg_none 'x'; default_type text/html; content_by_lua_block { ngx.print("abc") } }
--- pipelined_requests eval
["GET /once?x=1", "GET /all?s=x", "GET /all?s=xY", "GET /cut", "GET /empty"]
--- response_body eval
["a[1]bc", "a<x>b<x><x>y<x>", "aXbx<xY>x", "x<script></script></body><<script></script></body></bod", "abc"]

=== TEST 2: of a file; what the head says of it; its parts are not to be had
--- user_files eval
">>> a.html
<p>" . ("x" x 70000) . "</p>
>>> a.txt
<p>plain</p>
"
--- config
    location / {
        root $TEST_NGINX_HTML_DIR;
        sub_filter 'x</p>' 'y</p><!-- $uri -->';
    }
--- request eval
["GET /a.html", "GET /a.html", "GET /a.txt", "HEAD /a.html"]
--- more_headers eval
["", "Range: bytes=0-1", "Range: bytes=0-1", ""]
--- error_code eval
[200, 200, 206, 200]
--- response_headers eval
["Content-Length:\nLast-Modified:\nETag:\nAccept-Ranges:", "Content-Length:", "Content-Length: 2", "Content-Length:\nETag:"]
--- response_body_like eval
["^<p>x{9999}x*y</p><!-- /a.html -->\n\$", "^<p>x{9999}x*y</p>", "^<p\$", "^\$"]

=== TEST 3: by type; Last-Modified that stays; compressed afterwards, and not when it is already
--- user_files
>>> a.css
old { }
--- config
    location /a.css { root $TEST_NGINX_HTML_DIR; sub_filter old new; sub_filter_types text/css; sub_filter_last_modified on; }
    location /all { sub_filter_types *; sub_filter old new; default_type image/png; content_by_lua_block { ngx.print("old") } }
    location /none { sub_filter old new; default_type text/plain; content_by_lua_block { ngx.print("old") } }
    location /gzip { gzip on; gzip_min_length 1; sub_filter old new; default_type text/html; content_by_lua_block { ngx.print(("old "):rep(50)) } }
    location /packed { sub_filter old new; default_type text/html; content_by_lua_block { ngx.header["Content-Encoding"] = "x"; ngx.print("old") } }
    types { text/css css; }
--- request eval
["GET /a.css", "GET /all", "GET /none", "GET /gzip", "GET /packed"]
--- more_headers eval
["", "", "", "Accept-Encoding: gzip", ""]
--- response_headers_like eval
["Last-Modified: .*GMT\nETag: W/\".*", "Content-Type: image/png", "Content-Type: text/plain", "Content-Encoding: gzip", "Content-Encoding: x"]
--- response_body_like eval
["^new ", "^new\$", "^old\$", "^\\x1f\\x8b", "^old\$"]

=== TEST 4: a proxied answer, as it comes; inherited as a whole
--- config
    sub_filter a 1;
    sub_filter b 2;
    location /proxy { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/raw; }
    location /own { sub_filter b 3; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/raw; }
    location /raw { sub_filter none none; default_type text/html; content_by_lua_block { ngx.print("a"); ngx.flush(true); ngx.print("b") } }
--- pipelined_requests eval
["GET /proxy", "GET /own"]
--- response_body eval
["12", "a3"]

=== TEST 5: what cannot be searched for
--- config
    location / { sub_filter '' x; }
--- must_die
--- error_log
empty search pattern

=== TEST 6: the encoding is told where it is not told yet, of some types
--- config
    charset utf-8;
    location /text { default_type text/plain; return 200 "x"; }
    location /png { default_type image/png; return 200 "x"; }
    location /js { default_type application/javascript; charset $arg_c; return 200 "x"; }
    location /told { content_by_lua_block { ngx.header.content_type = "text/html; a=b; charset=koi8-r"; ngx.print("x") } }
    location /override { override_charset on; content_by_lua_block { ngx.header.content_type = "text/html; charset=koi8-r; a=b"; ngx.print("x") } }
    location /off { charset off; default_type text/html; return 200 "x"; }
    location /types { charset_types image/png; default_type image/png; return 200 "x"; }
    location /types2 { charset_types image/png; default_type text/plain; return 200 "x"; }
    location /moved { return 301 /text; }
    location /found { content_by_lua_block { ngx.redirect("/text") } }
    location /other { return 303 /text; }
--- request eval
["GET /text", "GET /png", "GET /js?c=latin1", "GET /js", "GET /told", "GET /override", "GET /off", "GET /types", "GET /types2", "GET /moved", "GET /found", "GET /other"]
--- error_code eval
[200, 200, 200, 200, 200, 200, 200, 200, 200, 301, 302, 303]
--- response_headers eval
["Content-Type: text/plain; charset=utf-8", "Content-Type: image/png", "Content-Type: application/javascript; charset=latin1", "Content-Type: application/javascript",
"Content-Type: text/html; a=b; charset=koi8-r", "Content-Type: text/html; a=b; charset=utf-8", "Content-Type: text/html", "Content-Type: image/png; charset=utf-8", "Content-Type: text/plain",
"Content-Type: text/html", "Content-Type: text/html", "Content-Type: text/html; charset=utf-8"]
