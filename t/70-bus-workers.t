# Messages between workers: every worker hears everybody, in order; one that is killed costs nobody else anything; a
# reload goes on with the same bus.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: every worker hears what one says, in order
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf_of() { cat >conf/perilune.conf <<X
worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict heard 1m;
    init_by_lua_block {
        local bus, heard = require "perilune.core.bus", ngx.shared.heard
        bus.listen(function(topic, data)
            local me = topic .. "-" .. ngx.worker.id()
            heard:set(me, (heard:get(me) or "") .. data)
        end)
    }
    init_worker_by_lua_block { ngx.shared.heard:incr("up", 1, 0) }
    server { listen unix:$D/s;
        location /say { content_by_lua_block {
            local bus = require "perilune.core.bus"
            for i = 1, 9 do bus.publish(ngx.var.arg_t, tostring(i)) end
            ngx.say("said")
        } }
        location /up { content_by_lua_block { ngx.say(ngx.shared.heard:get("up")) } }
        location /heard { content_by_lua_block {
            local t, words = ngx.var.arg_t, {}
            for id = 0, 2 do words[#words + 1] = tostring(ngx.shared.heard:get(t .. "-" .. id)) end
            ngx.say(table.concat(words, " "), " $1")
        } }
    } }
X
}
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
conf_of one; $B; wait_for '[ "$(get up)" = 3 ]'
all() { wait_for "[ \"\$(get heard?t=$1)\" = '123456789 123456789 123456789 $2' ]" && echo "$1 heard by all"; }
get say?t=first; all first one
P=$(master)
kill -9 $(pgrep -P $P | head -n 1); wait_for '[ "$(get up)" = 4 ]'
get say?t=second; all second one
conf_of two; reload; wait_for '[ "$(get up)" = 7 ]'
get say?t=third; all third two
quit TERM
--- exec_out
said
first heard by all
said
second heard by all
said
third heard by all



=== TEST 2: a reload that fails leaves the bus as it is: a worker started later is heard, and hears
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf_of() { cat >conf/perilune.conf <<X
worker_processes 2; $1 error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict heard 1m;
    init_by_lua_block {
        local bus, heard = require "perilune.core.bus", ngx.shared.heard
        $2
        bus.listen(function(topic) heard:incr(topic .. "-" .. ngx.worker.id(), 1, 0) end)
    }
    init_worker_by_lua_block { ngx.shared.heard:incr("up", 1, 0) }
    server { listen unix:$D/s;
        location /say { content_by_lua_block {
            ngx.say((require "perilune.core.bus".publish(ngx.var.arg_t, "")))
        } }
        location /up { content_by_lua_block { ngx.say(ngx.shared.heard:get("up")) } }
        location /heard { content_by_lua_block {
            local heard = ngx.shared.heard
            ngx.say(tostring(heard:get(ngx.var.arg_t .. "-0")), " ", tostring(heard:get(ngx.var.arg_t .. "-1")), " $3")
        } }
    } }
X
}
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
# both have one and the same
heard() { for i in $(seq 1200); do [ "$(get heard?t=$1)" = "1 1 $2" ] && break; sleep 0.05; done; get heard?t=$1; }
conf_of "" "" one; $B; wait_for '[ "$(get up)" = 2 ]'
conf_of "bus_size 8m;" "error('broken')" two; $B -s reload; wait_for 'grep -q "the old one goes on" logs/error.log'
kill -9 $(pgrep -P $(master) | head -n 1); wait_for '[ "$(get up)" = 3 ]'
get say?t=after; heard after one
conf_of "bus_size 8m;" "" three; $B -s reload; wait_for '[ "$(get up)" = 5 ]'
wait_for "[ \$(pgrep -P $(master) | wc -l) -eq 2 ]"
get say?t=larger; heard larger three
quit TERM
--- exec_out
true
1 1 one
true
1 1 three
