# examples/live-counter: whoever watches sees the count; whoever leaves is forgotten.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: two watchers see what a third client does
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location /hit { handler live-counter.app.hit; }
    location /live { handler live-counter.app.live; }
    location /watchers { content_by_lua_block { ngx.say(require("perilune.bus").stats().subscriptions) } }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
wait_for() { i=0; while [ "$(curl -s $U/watchers)" != $1 ] && [ $i -lt 1200 ]; do i=$((i + 1)); sleep 0.05; done; }
D=$TEST_NGINX_SERVROOT
curl -sN -m 20 "$U/live?events=1" >$D/one & A=$!
curl -sN -m 20 "$U/live" >$D/two & B=$!
wait_for 2
curl -s -d '' $U/hit
wait $A
head -n 1 $D/one
kill $B; wait $B 2>/dev/null
wait_for 0
curl -s $U/watchers
head -n 1 $D/two
--- exec_out
1
data: 1
0
data: 1

--- timeout: 30
