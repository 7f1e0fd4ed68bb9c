# ndk.set_var, echo's kin, precontent_by_lua.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: ndk.set_var: each function there and back
--- config
    location = /t {
        content_by_lua_block {
            local set = require("ndk").set_var
            ngx.say(set == ndk.set_var, " ", set.set_escape_uri(" :"), " ", set.set_unescape_uri("a%20b"), " ",
                set.set_escape_uri(1))
            for _, text in ipairs { "", "f", "fo", "foo", "foob", "fooba", "foobar", "\255\0" } do
                local coded = set.set_encode_base32(text)
                ngx.print(coded, set.set_decode_base32(coded) == text and " " or "!")
            end
            ngx.say(pcall(set.set_decode_base32, "w") == false)
            ngx.say(set.set_encode_hex("a\255"), " ", set.set_decode_hex("61"), " ", set.set_quote_sql_str("it's"))
            ngx.say(set.set_quote_json_str('a"b\n\1'), " ", set.set_md5("x"), " ", set.set_sha1("x"))
            ngx.say(set.set_decode_base64(set.set_encode_base64("abc")))
            ngx.say((select(2, pcall(function() return set.set_nothing end))))
            ngx.say((select(2, pcall(set.set_decode_hex, "a"))))
            ngx.say((select(2, pcall(function() set.set_x = 1 end))))
        }
    }
--- request
GET /t
--- response_body_like
^true %20%3A a b 1
 co====== cpng==== cpnmu=== cpnmuog= cpnmuoj1 cpnmuoj1e8====== vs00==== true
61ff a 'it\\'s'
"a\\"b\\n\\u0001" 9dd4e461268c8034f5c8564e155c67a6 11f6ad8ec52a2984abaafd7c3b516503785c2072
abc
.*ndk.set_var: directive "set_nothing" not found or does not use ndk_set_var_value
.*calling directive set_decode_hex failed with code -1
.*not allowed



=== TEST 2: echo_subrequest, echo_status, echo_exec; the client's own request
--- config
    location = /t {
        echo_status 404;
        echo_subrequest POST /in -q x=1 -b 'a body';
        echo_subrequest GET /in?y=2;
        echo $echo_client_request_method;
    }
    location = /in {
        echo_read_request_body;
        echo "$echo_request_method $echo_request_uri $echo_client_request_method $request_body";
    }
    location = /head {
        echo_subrequest GET /head_in;
    }
    location = /head_in { echo -n $echo_client_request_headers; }
    location = /exec { echo_exec /in $args; }
    location = /exec2 { echo_exec /in?z=3; }
    location = /named { echo_exec @n; }
    location @n { echo "named $uri"; }
--- pipelined_requests eval
["GET /t", "GET /head", "GET /exec?q", "GET /exec2", "GET /named"]
--- more_headers
X-One: 1
--- error_code eval
[404, 200, 200, 200, 200]
--- response_body_like eval
["^POST /in\\?x=1 GET a body\nGET /in\\?y=2 GET \nGET\n\$",
 "^GET /head HTTP/1.1\r\n(?:.*\r\n)*X-One: 1\r\n",
 "^GET /in\\?q GET \n\$", "^GET /in\\?z=3 GET \n\$", "^named /named\n\$"]



=== TEST 3: echo_exec has its block for itself
--- config
    location = /t { echo a; echo_exec /in; }
--- must_die
--- error_log
"echo_exec" must be the first of its block



=== TEST 4: precontent_by_lua: runs before the answer is made, may wait, answer and refuse
--- http_config
    precontent_by_lua_block { ngx.ctx.at = ngx.get_phase() }
--- config
    location /t {
        content_by_lua_block { ngx.say(ngx.ctx.at, " ", ngx.ctx.more) }
        location = /t/own {
            precontent_by_lua_block {
                ngx.sleep(0.001)
                ngx.req.read_body()
                ngx.ctx.more = ngx.req.get_body_data()
                ngx.req.set_header("X", "1")
                ngx.exit(ngx.OK)
            }
            content_by_lua_block { ngx.say("own ", ngx.ctx.more, ngx.var.http_x) }
        }
        location = /t/no { precontent_by_lua 'ngx.exit(403)'; content_by_lua_block { ngx.say("not this") } }
        location = /t/say { precontent_by_lua_block { ngx.say("said") } content_by_lua_block { ngx.say("not this") } }
    }
--- pipelined_requests eval
["GET /t", "POST /t/own\nabc", "GET /t/no", "GET /t/say"]
--- error_code eval
[200, 200, 403, 200]
--- response_body_like eval
["^precontent nil\n\$", "^own abc1\n\$", "403", "^said\n\$"]



=== TEST 5: nothing can be set, also when it is the first thing that is done
--- config
    location = /t {
        content_by_lua_block { ngx.say((select(2, pcall(function() ndk.set_var.dog = 1 end)))) }
    }
--- request
GET /t
--- response_body_like: not allowed$
