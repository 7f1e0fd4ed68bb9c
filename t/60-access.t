# Who is let in: allow, deny, auth_basic, auth_request, satisfy, limit_except.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: of the rules the first that fits holds
--- config
    location /a { allow 127.0.0.1; deny all; return 200 "in\n"; }
    location /b { deny 127.0.0.0/8; allow all; content_by_lua_block { ngx.say("in") } }
    location /c { allow 10.0.0.0/8; allow ::/0; content_by_lua_block { ngx.say("in") } }
    location /d { allow 10.0.0.0/8; deny all; content_by_lua_block { ngx.say("in") } }
    location / {
        content_by_lua_block {
            for _, path in ipairs { "/a", "/b", "/c", "/d" } do
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. path .. " HTTP/1.0\r\nHost: a\r\n\r\n")
                ngx.say(path, " ", (sock:receive("*l")))
                sock:close()
            end
        }
    }
--- request
GET /
--- response_body
/a HTTP/1.1 200 OK
/b HTTP/1.1 403 Forbidden
/c HTTP/1.1 200 OK
/d HTTP/1.1 403 Forbidden
--- error_log
access forbidden by rule

=== TEST 2: rules are inherited as a whole, and a block with its own has none of those above
--- config
    deny all;
    location /inherits { content_by_lua_block { ngx.say("in") } }
    location /own { allow all; content_by_lua_block { ngx.say("in") } }
    location /lua { access_by_lua_block { ngx.ctx.seen = true } content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /inherits", "GET /own", "GET /lua"]
--- error_code eval
[403, 200, 403]
--- response_body_like eval
["403 Forbidden", "in", "403 Forbidden"]

=== TEST 3: a password, however it was stored
--- user_files
>>> users
# a remark
plain:{PLAIN}secret
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0:a remark
apr:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/
six:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1
bad:*
--- config
    location /in {
        auth_basic "the realm";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        content_by_lua_block { ngx.say("hello ", ngx.var.remote_user) }
    }
    location / {
        content_by_lua_block {
            local function ask(credentials)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET /in HTTP/1.0\r\nHost: a\r\n" ..
                    (credentials and "Authorization: " .. credentials .. "\r\n" or "") .. "\r\n")
                local all = sock:receive("*a")
                sock:close()
                ngx.say(all:match("^HTTP/1.1 (%d+)"), " ", all:match("WWW%-Authenticate: ([^\r]*)") or all:match("hello.*\n$"):sub(1, -2))
            end
            for _, user in ipairs { "plain", "sha", "ssha", "apr", "six" } do
                ask("basic " .. ngx.encode_base64(user .. ":secret"))
                ask("Basic " .. ngx.encode_base64(user .. ":wrong"))
            end
            ask()
            ask("Basic !")
            ask("Bearer x")
            ask("Basic " .. ngx.encode_base64("nobody:secret"))
            ask("Basic " .. ngx.encode_base64("bad:*"))
            ask("Basic " .. ngx.encode_base64("# a remark:"))
            ask("Basic " .. ngx.encode_base64(":secret"))
        }
    }
--- request
GET /
--- response_body
200 hello plain
401 Basic realm="the realm"
200 hello sha
401 Basic realm="the realm"
200 hello ssha
401 Basic realm="the realm"
200 hello apr
401 Basic realm="the realm"
200 hello six
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
401 Basic realm="the realm"
--- error_log
user "plain": password mismatch
user "nobody" was not found in
no user/password was provided for basic authentication

=== TEST 4: without the file nobody is let in; a realm may have variables, off is none
--- config
    set $realm "off";
    location /none { auth_basic r; auth_basic_user_file nowhere; content_by_lua_block { ngx.say("in") } }
    location /off { auth_basic $realm; auth_basic_user_file nowhere; content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /none\nAuthorization: Basic YTpi\n", "GET /off"]
--- more_headers
Authorization: Basic YTpi
--- error_code eval
[403, 200]
--- error_log
nowhere" failed

=== TEST 5: a subrequest lets in, and gives variables
--- config
    location = /auth {
        internal;
        content_by_lua_block {
            ngx.header["X-User"] = ngx.var.arg_user
            ngx.exit(tonumber(ngx.var.wanted))
        }
    }
    location /in {
        set $wanted $arg_status;
        auth_request /auth;
        auth_request_set $who $sent_http_x_user;
        auth_request_set $what $status;
        content_by_lua_block { ngx.say(ngx.var.who, " ", ngx.var.what) }
    }
    location /in/open { auth_request off; content_by_lua_block { ngx.say("open") } }
--- pipelined_requests eval
["GET /in?status=204", "GET /in?status=200", "GET /in?status=403", "GET /in?status=401", "GET /in?status=500", "GET /in/open"]
--- error_code eval
[200, 200, 403, 401, 500, 200]
--- response_body_like eval
[" 204", " 200", "403 Forbidden", "401 Authorization Required", "500 Internal", "open"]
--- error_log
auth request unexpected status: 500

=== TEST 6: the challenge of the subrequest is the request's
--- config
    location = /auth { internal; content_by_lua_block { ngx.header["WWW-Authenticate"] = "Bearer x" ngx.exit(401) } }
    location /in { auth_request /auth; content_by_lua_block { ngx.say("in") } }
--- request
GET /in
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer x

=== TEST 7: satisfy any: one that grants is enough, whichever comes first
--- user_files
>>> users
a:{PLAIN}b
--- config
    location /password { satisfy any; deny all; auth_basic r; auth_basic_user_file $TEST_NGINX_HTML_DIR/users; content_by_lua_block { ngx.say("in") } }
    location /address { satisfy any; allow all; auth_basic r; auth_basic_user_file $TEST_NGINX_HTML_DIR/users; content_by_lua_block { ngx.say("in") } }
    location /lua { satisfy any; deny all; auth_basic r; auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        access_by_lua_block { ngx.exit(ngx.var.arg_code) } content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /password", "GET /address", "GET /lua?code=403", "GET /lua?code=0", "GET /lua?code=-5"]
--- error_code eval
[401, 200, 401, 200, 401]
--- raw_response_headers_unlike eval
["X-None", "WWW-Authenticate", "X-None", "WWW-Authenticate", "X-None"]

=== TEST 8: satisfy any with the right password
--- user_files
>>> users
a:{PLAIN}b
--- config
    satisfy any;
    deny all;
    auth_basic r;
    auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
    location / { content_by_lua_block { ngx.say("in as ", ngx.var.remote_user) } }
--- request
GET /
--- more_headers
Authorization: Basic YTpi
--- response_body
in as a

=== TEST 9: limit_except: other methods than these have other settings
--- config
    location / {
        limit_except GET { deny all; }
        content_by_lua_block { ngx.say(ngx.req.get_method()) }
    }
--- pipelined_requests eval
["GET /", "HEAD /", "POST /\na=b", "GET /"]
--- error_code eval
[200, 200, 403, 200]

=== TEST 10: error_page answers for who is refused, and subrequests are not asked
--- config
    location /refused { deny all; error_page 403 = @page; content_by_lua_block { ngx.say("in") } }
    location @page { content_by_lua_block { ngx.say("page") } }
    location /capture { content_by_lua_block { ngx.print(ngx.location.capture("/refused").body) } }
--- pipelined_requests eval
["GET /refused", "GET /capture"]
--- response_body eval
["page\n", "in\n"]

=== TEST 11: a rule that is no address
--- config
    location / { allow 10.0.0.0/33; return 200 ok; }
--- must_die
--- error_log
invalid parameter "10.0.0.0/33"

=== TEST 12: access_by_lua runs behind the rules, or before them
--- http_config
    access_by_lua_no_postpone on;
--- config
    location / { deny all; access_by_lua_block { ngx.log(ngx.WARN, "Lua was asked") } content_by_lua_block { } }
--- request
GET /
--- error_code: 403
--- error_log
Lua was asked
access forbidden by rule

=== TEST 13: and without it, Lua is not asked about who is refused
--- config
    location / { deny all; access_by_lua_block { ngx.log(ngx.WARN, "Lua was asked") } content_by_lua_block { } }
--- request
GET /
--- error_code: 403
--- no_error_log
Lua was asked

=== TEST 14: before the rules Lua may grant what they would refuse, where any will do
--- http_config
    access_by_lua_no_postpone on;
--- config
    location / { satisfy any; deny all; access_by_lua_block { ngx.exit(ngx.OK) } content_by_lua_block { ngx.say("in") } }
    location /not { satisfy any; deny all; access_by_lua_block { ngx.exit(403) } content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /", "GET /not"]
--- error_code eval
[200, 403]

=== TEST 15: an empty statement is code, which takes the place of the server's
--- config
    rewrite_by_lua_block { ngx.header.x_rewrite = "server" }
    access_by_lua_block { ngx.exit(403) }
    header_filter_by_lua_block { ngx.header.x_filter = "server" }
    location = /own {
        rewrite_by_lua_block {;}
        access_by_lua_block  { ; }
        header_filter_by_lua ';';
        content_by_lua_block { ngx.say(ngx.header.x_rewrite) }
    }
    location = /none { content_by_lua_block {;} }
    location = /servers { echo "never"; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for path in own none servers; do curl -s -o /dev/null -D - -w 'size %{size_download}\n' $U/$path | grep -iE '^(HTTP|X-|size)' | tr -d '\r'; done
curl -s $U/own
--- exec_out
HTTP/1.1 200 OK
size 4
HTTP/1.1 403 Forbidden
x-rewrite: server
x-filter: server
size 168
HTTP/1.1 403 Forbidden
x-rewrite: server
x-filter: server
size 168
nil

=== TEST 16: what is internal is so with all that is nested in it
--- config
    location /in/ {
        internal;
        location /in/deep/ { return 200 "deep\n"; }
        location ~ \.txt$ { return 200 "text\n"; }
    }
    location /to/ { rewrite ^/to/(.*)$ /in/$1 last; }
--- pipelined_requests eval
["GET /in/deep/a", "GET /in/a.txt", "GET /to/deep/a", "GET /to/a.txt"]
--- error_code eval
[404, 404, 200, 200]
--- response_body_like eval
["404", "404", "deep", "text"]

=== TEST 17: a dot behind a host is the same host
--- http_config
    server {
        listen $TEST_NGINX_SERVER_PORT default_server;
        return 200 "another";
    }
    server {
        listen $TEST_NGINX_SERVER_PORT;
        server_name example.org;
        return 200 "$host of $server_name";
    }
--- config
--- raw_request eval
"GET / HTTP/1.1\r\nHost: Example.org.:80\r\nConnection: close\r\n\r\n"
--- response_body: example.org of example.org

=== TEST 18: limit_except comes before what the location answers by itself
--- config
    location /return { limit_except GET { deny all; } return 200 "in\n"; }
    location /rewrite { limit_except GET { deny all; } rewrite ^ /return last; }
    location /if { limit_except GET { deny all; } if ($request_method) { return 200 "in\n"; } }
    location /lua { limit_except GET { deny all; } rewrite_by_lua_block { ngx.header.X = "lua" } return 200 "in\n"; }
--- pipelined_requests eval
["GET /return", "POST /return\na=b", "POST /rewrite\na=b", "POST /if\na=b", "DELETE /lua"]
--- error_code eval
[200, 403, 403, 403, 403]

=== TEST 19: auth_delay: an answer of 401 waits, whoever refuses, and no other answer does
--- user_files
>>> users
a:{PLAIN}b
--- http_config
    auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
    auth_delay 100ms;
--- config
    error_page 401 /401;
    location /401 { internal; content_by_lua_block { ngx.say(ngx.now() - ngx.req.start_time() >= 0.09 and "late" or "at once") } }
    location /basic { auth_basic r; content_by_lua_block { ngx.say("in") } }
    location /any { satisfy any; deny all; auth_basic r; content_by_lua_block { ngx.say("in") } }
    location /lua { access_by_lua_block { ngx.exit(ngx.var.arg_code) } content_by_lua_block { ngx.say("in") } }
    location /asked { auth_request /who; content_by_lua_block { ngx.say("in") } }
    location /who { return 401; }
    location /off { auth_delay 0; auth_basic r; content_by_lua_block { ngx.say("in") } }
--- pipelined_requests eval
["GET /basic", "GET /any", "GET /lua?code=401", "GET /lua?code=403", "GET /lua?code=0", "GET /asked", "GET /off"]
--- error_code eval
[401, 401, 401, 403, 200, 401, 401]
--- response_body_like eval
["late", "late", "late", "403", "in", "late", "."]
--- log_level: info
--- grep_error_log eval: qr/delaying unauthorized request/
--- grep_error_log_out
delaying unauthorized request
delaying unauthorized request
delaying unauthorized request
delaying unauthorized request
