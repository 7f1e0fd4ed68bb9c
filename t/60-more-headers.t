# Fields of responses and of requests: more_set_headers, more_clear_headers, more_set_input_headers,
# more_clear_input_headers.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 2: set in the place of those that are there, of any status; empty ones are taken away
--- config
    location / {
        more_set_headers "X-A: one" "x-b:  $arg_b " "X-C:" "X-D" "X-E: $arg_none" "X-F  1, 2" "X-G : $arg_b";
        content_by_lua_block {
            ngx.header["X-A"] = { "1", "2" }
            ngx.header["X-B"] = "3"
            ngx.header["X-D"] = "4"
            ngx.header["X-E"] = "5"
            ngx.status = 404
            ngx.say("gone")
        }
    }
--- request
GET /?b=two
--- error_code: 404
--- response_headers
X-A: one
X-B: two
X-C:
X-D:
X-E:
X-F: 1, 2
X-G: two
--- response_body
gone

=== TEST 3: by status, by type, beside those that are there
--- config
    location /a {
        more_set_headers -s "404 500" "X-S: yes";
        more_set_headers -t "text/html text/plain" -s 200 "X-T: yes";
        more_set_headers "X-N: 1" -a "X-M: 1";
        more_set_headers -a "X-M: 2";
        more_clear_headers -s 404 "X-Gone";
        content_by_lua_block {
            ngx.status = tonumber(ngx.var.arg_s)
            ngx.header.content_type = ngx.var.arg_t
            ngx.header["X-Gone"] = "here"
            ngx.say("x")
        }
    }
    location / {
        content_by_lua_block {
            for _, q in ipairs { "s=200&t=text/plain", "s=200&t=text/html;charset=utf-8", "s=404&t=text/plain", "s=200&t=image/png" } do
                local h = ngx.location.capture("/a?" .. q).header
                ngx.say(h["X-S"], " ", h["X-T"], " ", h["X-N"], " ", table.concat(h["X-M"], ","), " ", h["X-Gone"])
            end
        }
    }
--- request
GET /
--- response_body
nil yes 1 1,2 here
nil yes 1 1,2 here
yes nil 1 1,2 nil
nil nil 1 1,2 here

=== TEST 4: what outer levels say is done before; an if goes on with what its location says
--- http_config
    more_set_headers "X-H: http" "X-A: http";
--- config
    more_set_headers "X-A: server" "X-B: server";
    location /a { more_clear_headers "X-B"; more_set_headers "X-C: a"; return 200; }
    location /b { return 200; }
    location /c { more_set_headers "X-C: c"; if ($arg_i) { more_set_headers "X-A: if"; return 200; } return 201; }
    location / {
        content_by_lua_block {
            for _, path in ipairs { "/a", "/b", "/c?i=1", "/c" } do
                local h = ngx.location.capture(path).header
                ngx.say(h["X-H"], " ", h["X-A"], " ", h["X-B"], " ", h["X-C"])
            end
        }
    }
--- request
GET /
--- response_body
http server nil a
http server server nil
http if server c
http server server c

=== TEST 5: Server and Date, and all that begin alike
--- config
    location / {
        more_clear_headers Server Date "X-Hidden-*";
        content_by_lua_block {
            ngx.header["X-Hidden-A"] = "1"
            ngx.header["X-Hidden-B"] = "2"
            ngx.header["X-Seen"] = "3"
            ngx.say("x")
        }
    }
--- request
GET /
--- response_headers
Server:
Date:
X-Hidden-A:
X-Hidden-B:
X-Seen: 3
--- response_body
x

=== TEST 6: fields of the request, before access and content see it, behind rewrites
--- config
    location /a {
        more_set_input_headers "X-A: set" "Host: other.example:8080" "X-U: $uri" "X-E:";
        more_set_input_headers -r "X-R: there" "X-None: no";
        more_clear_input_headers "X-Cut*" "X-Gone";
        rewrite ^/a(.*) /a/rewritten$1 break;
        access_by_lua_block { ngx.ctx.seen = ngx.var.http_x_a }
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(ngx.ctx.seen, " ", h["X-A"], " ", ngx.var.host, " ", h["X-U"], " ", h["X-E"], " ", h["X-R"], " ", h["X-None"], " ",
                h["X-Cut-1"], " ", h["X-Cut"], " ", h["X-Gone"], " ", h["X-Kept"])
        }
    }
--- request
GET /a/x
--- more_headers
X-A: 1
X-A: 2
X-E: 3
X-R: 4
X-Cut-1: 5
X-Cut: 6
X-Gone: 7
X-Kept: 8
--- response_body
set set other.example /a/rewritten/x nil there nil nil nil nil 8

=== TEST 7: by the type of the body; what is set reaches the server behind
--- config
    location /a {
        more_set_input_headers -t "application/json" "X-Json: yes";
        more_set_input_headers -a "X-Many: 2";
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/b;
    }
    location /b { content_by_lua_block { ngx.req.read_body(); local h = ngx.req.get_headers(); ngx.say(h["X-Json"], " ", table.concat(h["X-Many"], ","), " ", ngx.req.get_body_data()) } }
--- request eval
["POST /a\n{}", "POST /a\nx=1"]
--- more_headers eval
["Content-Type: application/json; charset=utf-8\nX-Many: 1", "Content-Type: text/plain\nX-Many: 1"]
--- response_body eval
["yes 1,2 {}\n", "nil 1,2 x=1\n"]

=== TEST 8: a value with bytes that may not stand in a head adds no line
--- config
    location /a {
        set_by_lua_block $v { return "a\r\nX-Evil: 1" }
        more_set_input_headers "X-A: $v";
        content_by_lua_block { local h = ngx.req.get_headers(); ngx.say(h["X-A"], " ", h["X-Evil"]) }
    }
--- request
GET /a
--- response_body
a%0D%0AX-Evil: 1 nil

=== TEST 9: real_ip and limits see what was set
--- http_config
    limit_req_zone $http_x_key zone=one:1m rate=1r/m;
--- config
    set_real_ip_from 10.0.0.0/8;
    location / {
        more_set_input_headers "X-Real-IP: 192.0.2.1" "X-Key: k";
        set_real_ip_from 127.0.0.1;
        limit_req zone=one;
        content_by_lua_block { ngx.say(ngx.var.remote_addr, " ", ngx.var.limit_req_status) }
    }
--- request
GET /
--- response_body
192.0.2.1 PASSED

=== TEST 10: the fields of our own are left out over HTTP/2, too
--- config
    http2 on;
    location /a { more_clear_headers Server Date; return 204; }
    location /b { content_by_lua_block { ngx.header.server = nil ngx.header.x_a = "" ngx.exit(204) } }
    location /c { return 204; }
--- exec
for l in a b c; do curl -si --http2-prior-knowledge "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$l" | cut -d: -f1 | tr -d '\r' | tr '\n' ' '; echo; done
--- exec_out
HTTP/2 204   
HTTP/2 204  server date x-a  
HTTP/2 204  server date  

=== TEST 11: they come before header_filter_by_lua and add_header, as in OpenResty; parameters of a type do not matter
--- config
    location = /t {
        more_clear_headers X-Cleared;
        more_set_headers "X-Set: more" "X-Both: more" "X-Lua: more";
        more_set_headers -t "text/html; charset=utf-8" "X-Type: html";
        add_header X-Cleared added;
        add_header X-Both added;
        header_filter_by_lua_block {
            ngx.header["X-Seen"] = tostring(ngx.header["X-Set"]) .. " " .. tostring(ngx.header["X-Cleared"])
            ngx.header["X-Lua"] = "lua"
        }
        content_by_lua_block {
            ngx.header["X-Cleared"] = "content"
            ngx.header["Content-Type"] = "text/html; charset=utf-8"
            ngx.say "x"
        }
    }
    location = /all {
        content_by_lua_block {
            local h = ngx.location.capture("/t").header
            local both = h["X-Both"]
            ngx.say(h["X-Cleared"], " ", type(both) == "table" and table.concat(both, " ") or both, " ", h["X-Lua"], " ", h["X-Seen"], " ",
                h["X-Type"])
        }
    }
--- request
GET /all
--- response_body
added more added lua more nil html
