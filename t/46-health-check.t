# Health checks: who is asked and how, who gets no requests, what Lua sees and says (ngx.upstream).
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('notice');

# Two servers whose health is a word in a dictionary, and one port where nobody listens.
our $Servers = <<'_EOC_';
    lua_shared_dict state 100k;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { echo a; }
        location /slow { lua_check_client_abort on; content_by_lua_block { ngx.sleep(100) } }
        location /health { content_by_lua_block {
            local state = ngx.shared.state
            state:incr("asked", 1, 0)
            state:set("host", ngx.var.http_host)
            ngx.header["X-Health"] = state:get "header" or "good"
            ngx.status = state:get "a" or 200
            ngx.say(state:get "body" or "all is well")
        } }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        location / { echo b; }
        location /health { echo fine; }
    }
    init_by_lua_block {
        local upstream = require "ngx.upstream"
        local sleep = ngx.sleep

        --- Waits until the first server of a group is in that state.
        function becomes(group, health, id)
            repeat
                sleep(0.005)
            until upstream.get_primary_peers(group)[(id or 0) + 1].health == health
        end

        --- Whom four requests reach.
        function reached(path)
            local all = {}
            for i = 1, 4 do
                local res = ngx.location.capture(path)
                all[i] = res.status == 200 and res.body:sub(1, 1) or tostring(res.status)
            end
            table.sort(all)
            return table.concat(all)
        end
    }
_EOC_

no_shuffle();
run_tests();

__DATA__

=== TEST 1: a server that is not well gets nothing until it is
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
_EOC_
--- config
    location /u/ { proxy_pass http://u/; health_check interval=10ms uri=/health; }
    location /t { content_by_lua_block {
        local state = ngx.shared.state
        ngx.say(reached "/u/")
        state:set("a", 500)
        becomes("u", "unhealthy")
        ngx.say(reached "/u/")
        state:set("a", 200)
        becomes("u", "up")
        ngx.say(reached "/u/")
        ngx.say(state:get "host")
    } }
--- request
GET /t
--- response_body
aabb
bbbb
aabb
u
--- error_log eval
[qr/peer is unhealthy while checking status code, health check "default" of peer 127\.0\.0\.1:\d+ in upstream "u"/,
qr/peer is healthy, health check "default" of peer 127\.0\.0\.1:\d+ in upstream "u"/]



=== TEST 2: fails= in a row, passes= in a row; none is well: 502, and backups come in
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream spare { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 backup; }
_EOC_
--- config
    location /u/ { proxy_pass http://u/; health_check interval=5ms fails=3 passes=2 uri=/health; }
    location /spare/ { proxy_pass http://spare/; health_check interval=5ms uri=/health; }
    location /t { content_by_lua_block {
        local upstream, state = require "ngx.upstream", ngx.shared.state
        local function peer()
            return upstream.get_primary_peers("u")[1]
        end
        local function in_a_row(field, health)
            local at, seen = peer()[field], {}
            repeat
                ngx.sleep(0.001)
                local p = peer()
                seen[p.health] = p[field] - at
            until p.health == health
            return seen[health]
        end
        becomes("u", "up")
        becomes("spare", "up")
        state:set("a", 404)
        ngx.say(in_a_row("checks_failed", "unhealthy") >= 3)
        becomes("spare", "unhealthy")
        ngx.say(reached "/u/", " ", reached "/spare/")
        state:set("a", 204)
        ngx.say(in_a_row("checks", "up") >= 2)
        becomes("spare", "up")
        ngx.say(reached "/u/", " ", reached "/spare/")
    } }
--- request
GET /t
--- response_body
true
502502502502 bbbb
true
aaaa aaaa
--- error_log
no live upstreams while connecting to upstream



=== TEST 3: match: status, header, body
--- http_config eval
$::Servers . <<'_EOC_';
    match good {
        status 200-299 503;
        header X-Health = good;
        header X-Health ~ ^go;
        header X-Health !~ bad;
        header ! X-Ill;
        header Content-Type;
        body ~ "is well";
        body !~ error;
    }
    match odd { status ! 200; }
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream odd { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
_EOC_
--- config
    default_type text/plain;
    location /u/ { proxy_pass http://u/; health_check interval=5ms match=good uri=/health; }
    location /odd/ { proxy_pass http://odd/; health_check interval=5ms match=odd uri=/health; }
    location /t { content_by_lua_block {
        local state = ngx.shared.state
        local function try(key, value)
            state:set(key, value)
            becomes("u", "unhealthy")
            state:delete(key)
            becomes("u", "up")
            ngx.say(key, " ", value)
        end
        becomes("odd", "unhealthy")
        try("a", 500)
        try("header", "bad")
        try("header", "gone")
        try("body", "all is ill")
        try("body", "all is well, but an error")
        state:set("a", 503)
        becomes("odd", "up")
        becomes("u", "up")
        ngx.say(reached "/u/")
    } }
--- request
GET /t
--- response_body
a 500
header bad
header gone
body all is ill
body all is well, but an error
aaaa
--- error_log
peer is unhealthy while checking header, health check "good"
peer is unhealthy while checking body, health check "good"



=== TEST 4: mandatory: nothing before the first answer; a server that is not there; port=
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream other { server 127.0.0.1:1; }
    upstream late { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 down; }
_EOC_
--- config
    location /u/ { proxy_pass http://u/; health_check interval=1h mandatory; }
    location /other/ { proxy_pass http://other/; health_check interval=1h mandatory port=$TEST_NGINX_RAND_PORT_2; }
    location /late/ { proxy_pass http://late/; health_check interval=1h mandatory uri=/slow; proxy_read_timeout 1h; }
    location /t { content_by_lua_block {
        local upstream = require "ngx.upstream"
        becomes("u", "up", 1)
        becomes("u", "unhealthy")
        becomes("other", "up")
        ngx.say(reached "/u/")
        ngx.say(reached "/late/")
        local late = upstream.get_primary_peers "late"
        ngx.say(late[1].health, " ", late[2].health, " ", late[2].down)
    } }
--- request
GET /t
--- response_body
bbbb
502502502502
checking checking true
--- error_log
peer is unhealthy while connecting
no live upstreams



=== TEST 5: the fields of proxy_set_header, TLS and HTTP/2 of the location
--- exec
. t/lib/tls.sh
certs server
serve 'http2 on; location / { access_log logs/seen.log seen; return 204; }
    location /u/ {
        proxy_pass https://u/;
        proxy_http_version 2;
        proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_name localhost;
        proxy_set_header Host check.example;
        proxy_set_header X-Key secret;
        proxy_set_header X-Var $arg_x;
        health_check interval=1h mandatory uri=/ask?me;
    }' "log_format seen '\$request \$http_host \$ssl_server_name \$http_x_key \$http_x_var.'; upstream u { server 127.0.0.1:$PORT; }"
wait_for '[ -s logs/seen.log ]'; cat logs/seen.log
wait_for '[ "$(get /u/ -o /dev/null -w "%{http_code}")" = 204 ]'; stop
--- exec_out
GET /ask?me HTTP/2.0 check.example - secret -.



=== TEST 6: one worker asks, all know
--- master_on
--- workers: 3
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
_EOC_
--- config
    location /u/ { proxy_pass http://u/; health_check interval=1h uri=/health; }
    location /fail { content_by_lua_block { ngx.shared.state:set("a", 500) } }
    location /t { content_by_lua_block {
        becomes("u", "up")
        repeat ngx.sleep(0.005) until require "ngx.upstream".get_primary_peers("u")[1].checks > 0
        ngx.say(ngx.worker.id(), " ", ngx.shared.state:get "asked", " ", require "ngx.upstream".get_primary_peers("u")[1].checks)
    } }
--- exec
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t; done | cut -d' ' -f2- | sort -u
--- exec_out
1 1



=== TEST 7: Lua takes servers out and puts them back
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 weight=2 max_fails=3 fail_timeout=7s max_conns=9; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server 127.0.0.1:1 backup down; }
    upstream second { server 127.0.0.1; }
_EOC_
--- config
    location /u/ { proxy_pass http://u/; }
    location /named/ { proxy_pass http://u/; header_filter_by_lua_block { ngx.header["X-Up"] = require "ngx.upstream".current_upstream_name() } }
    location /t { content_by_lua_block {
        local u = require "ngx.upstream"
        local cjson = require "perilune.json"
        ngx.say(table.concat(u.get_upstreams(), " "), " ", tostring(u.current_upstream_name()))
        for _, server in ipairs(u.get_servers "u") do
            server.addr = server.addr:gsub(":%d+", "")
            ngx.say(server.addr, " ", server.weight, " ", server.max_fails, " ", server.fail_timeout, " ", tostring(server.backup), " ", tostring(server.down))
        end
        local first = u.get_primary_peers("u")[1]
        ngx.say(first.id, " ", first.weight, " ", first.effective_weight, " ", first.max_conns, " ", tostring(u.get_primary_peers("u")[2].max_conns), " ", first.conns, " ", tostring(first.health), " ", #u.get_primary_peers "u", " ", u.get_backup_peers("u")[1].id)
        ngx.say(u.set_peer_down("u", false, 0, true))
        ngx.say(reached "/u/", " ", tostring(u.get_primary_peers("u")[1].down))
        ngx.say(u.set_peer_down("u", false, 0, false))
        ngx.say(reached "/u/")
        ngx.say(u.set_peer_down("u", false, 2, true))
        ngx.say(u.set_peer_down("x", false, 0, true))
        ngx.say(u.get_servers "x")
        ngx.say(u.get_primary_peers "x")
        ngx.say(pcall(u.get_backup_peers, nil))
        ngx.say(ngx.location.capture("/named/").header["X-Up"])
    } }
--- request
GET /t
--- response_body
u second nil
127.0.0.1 2 3 7 nil nil
127.0.0.1 1 1 10 nil nil
127.0.0.1 1 1 10 true true
0 2 2 9 nil 0 nil 2 0
true
bbbb true
true
aaab
nilbad peer id
nilupstream not found
nilupstream not found
nilupstream not found
falsebad argument #1 to 'get_backup_peers' (string expected, got nil)
u



=== TEST 8: a check needs a target that is known when it is read
--- config
    location / { set $x 127.0.0.1; proxy_pass http://$x; health_check; }
--- must_die
--- error_log
"health_check" needs a "proxy_pass" without variables beside it



=== TEST 9: a match that is not there
--- config
    location / { proxy_pass http://127.0.0.1; health_check match=x; }
--- must_die
--- error_log
"match" "x" is not defined



=== TEST 10: what is no parameter
--- config
    location / { proxy_pass http://127.0.0.1; health_check passes=0; }
--- must_die
--- error_log
invalid parameter "passes=0"



=== TEST 11: what is no condition
--- http_config
    match m { status 20x; }
--- config
    location / { return 200; }
--- must_die
--- error_log
invalid "status" in "match"
