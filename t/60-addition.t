# What other locations answer, around a body: add_before_body, add_after_body, addition_types.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: files, Lua and proxied bodies; each place alone; none; variables and arguments of the request
--- config
    location = /head { internal; content_by_lua_block { ngx.say("head of ", ngx.var.request_uri) } }
    location = /foot { internal; default_type text/plain; return 200 "foot\n"; }
    location / { add_before_body /head; add_after_body /foot; }
    location = /lua { add_before_body /head; default_type text/html; content_by_lua_block { ngx.print("a") ngx.flush(true) ngx.say("b") } }
    location = /proxied { add_after_body /foot; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plain.html; }
    location = /plain.html { root $TEST_NGINX_HTML_DIR; }
    location /none/ { add_before_body /head; location = /none/a { add_before_body ""; default_type text/html; return 200 "none\n"; } }
--- user_files
>>> index.html
index
>>> plain.html
plain
--- request eval
["GET /index.html?a=1", "GET /", "GET /lua", "GET /proxied", "GET /none/a"]
--- response_body eval
["head of /index.html?a=1\nindex\nfoot\n", "head of /\nindex\nfoot\n", "head of /lua\nab\n", "plain\nfoot\n", "none\n"]
--- no_error_log
[error]

=== TEST 2: what is left alone: other types and statuses, compressed bodies, subrequests; HEAD, ranges and validators
--- config
    add_before_body /before;
    location = /before { add_before_body ""; return 200 "before "; }
    location = /text { default_type text/plain; echo -n text; }
    location = /css { addition_types text/css; default_type text/css; echo -n css; }
    location = /other { default_type text/html; echo_status 201; echo -n other; }
    location = /missing { error_page 404 /page; return 404; }
    location = /page { default_type text/html; echo -n page; }
    location = /returned { default_type text/html; return 200 returned; }
    location = /coded { default_type text/html; add_header X-A b; more_set_headers "Content-Encoding: x"; echo -n coded; }
    location = /outer { add_before_body ""; content_by_lua_block { ngx.print(ngx.location.capture("/page").body) } }
    location = /a.html { }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["GET /text", "GET /css", "GET /other", "GET /missing", "GET /page", "GET /outer", "GET /coded", "GET /returned", "HEAD /a.html", "GET /a.html"]
--- more_headers eval
["", "", "", "", "", "", "", "", "", "Range: bytes=2-3"]
--- error_code eval
[200, 200, 201, 404, 200, 200, 200, 200, 200, 206]
--- response_body eval
["text", "before css", "other", "page", "before page", "page", "coded", "returned", "", "23"]
--- no_error_log
[error]

=== TEST 3: an answer that is none adds nothing, and the log tells; the other one is added
--- config
    location = /bad { return 404; }
    location = /good { return 200 " good"; }
    location = /a { add_before_body /bad; add_after_body /good; default_type text/html; echo -n body; }
--- request
GET /a
--- response_body: body good
--- error_log
nothing is added of "/bad": status 404

=== TEST 4: the length is forgotten, also for HEAD, and a strong ETag weakened
--- config
    location = /foot { return 200 foot; }
    location = /a.html { add_after_body /foot; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["HEAD /a.html", "GET /a.html"]
--- response_headers_like eval
["Content-Length: \nETag: W/.*", "Content-Length: \nETag: W/.*"]

=== TEST 5: a client that leaves while a location is asked: nothing is left behind
--- http_config
    lua_shared_dict d 1m;
--- config
    location = /slow { content_by_lua_block { ngx.shared.d:set("asked", true) repeat ngx.sleep(0.005) until ngx.shared.d:get("go") ngx.print("slow") } }
    location = /a { add_before_body /slow; default_type text/html; echo -n body; }
    location = /asked { content_by_lua_block { repeat ngx.sleep(0.005) until ngx.shared.d:get("asked") ngx.say("yes") } }
    location = /go { content_by_lua_block { ngx.shared.d:set("go", true) ngx.say("gone on") } }
--- exec
P=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s $P/a & C=$!
timeout 100 curl -s $P/asked; kill $C; wait $C 2>/dev/null
curl -s $P/go; curl -s $P/a
--- exec_out chomp
yes
gone on
slowbody
