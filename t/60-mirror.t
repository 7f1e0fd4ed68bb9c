# The same request once more, for nobody: mirror.
use Test::Nginx::Socket 'no_plan';

our $Collect = <<'_EOC_';
    location = /copy {
        internal;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/collect?$args&from=$request_uri;
    }
    location = /collect {
        mirror off;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.shared.d:rpush("l", table.concat({ ngx.req.get_method(), ngx.var.args, ngx.req.get_headers()["X-A"] or "-", ngx.req.get_body_data() or "-" }, " "))
            ngx.say("nobody sees this")
        }
    }
    location = /seen {
        mirror off;
        content_by_lua_block {
            local n = tonumber(ngx.var.arg_n)
            repeat ngx.sleep(0.005) until ngx.shared.d:llen("l") >= n
            local all = {}
            for i = 1, n do all[i] = ngx.shared.d:lpop("l") end
            table.sort(all)
            ngx.say(table.concat(all, "\n"))
        }
    }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: method, arguments, fields and the body go to both; the client sees one answer
--- http_config
    lua_shared_dict d 1m;
--- config eval
"    location /a { mirror /copy; content_by_lua_block { ngx.req.read_body() ngx.say('own ', ngx.req.get_body_data()) } }
    location /two { mirror /copy; mirror /copy; content_by_lua_block { ngx.say('own') } }
" . $::Collect
--- more_headers
X-A: 1
--- pipelined_requests eval
["POST /a?x=1\nhello", "GET /seen?n=1", "GET /two", "GET /seen?n=2"]
--- response_body eval
["own hello\n", "POST x=1&from=/a?x=1 1 hello\n", "own\n", "GET &from=/two 1 -\nGET &from=/two 1 -\n"]

=== TEST 2: without the body; inherited, off; not for subrequests
--- http_config
    lua_shared_dict d 1m;
    mirror_request_body off;
--- config eval
"    mirror /copy;
    location /a { content_by_lua_block { ngx.req.read_body() ngx.say('own ', ngx.req.get_body_data()) } }
    location /off { mirror off; content_by_lua_block { ngx.say(ngx.location.capture('/inner').body) } }
    location /inner { return 200 inner; }
" . $::Collect
--- pipelined_requests eval
["POST /a\nhello", "GET /seen?n=1", "GET /off"]
--- response_body eval
["own hello\n", "POST &from=/a - -\n", "inner\n"]

=== TEST 3: nobody waits for the answer; the request may be over long before
--- http_config
    lua_shared_dict d 1m;
--- config
    location /a { mirror /slow; return 200 "at once, before precontent\n"; }
    location /b { mirror /slow; content_by_lua_block { ngx.say("at once") } }
    location = /slow {
        content_by_lua_block {
            repeat ngx.sleep(0.005) until ngx.shared.d:get("go")
            ngx.shared.d:rpush("l", "slow " .. ngx.var.request_uri)
            ngx.say(("x"):rep(100000))
        }
    }
    location = /go {
        content_by_lua_block {
            ngx.shared.d:set("go", true)
            repeat ngx.sleep(0.005) until ngx.shared.d:llen("l") == 1
            ngx.say(ngx.shared.d:lpop("l"))
        }
    }
--- pipelined_requests eval
["GET /a", "GET /b", "GET /go"]
--- response_body eval
["at once, before precontent\n", "at once\n", "slow /b\n"]

=== TEST 4: said twice
--- config
    location /a { mirror /b; mirror off; }
--- must_die
--- error_log
"mirror" directive is duplicate
