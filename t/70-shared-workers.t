# Shared dictionaries and processes: what one worker stores another one finds; reloads; workers that are killed inside.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: kept over a reload; entries move along when the size changes
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf_of() { cat >conf/perilune.conf <<X
user root; worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict dogs $1; lua_shared_dict $2 1m;
    server { listen unix:$D/s;
        location /set { content_by_lua_block { ngx.shared.dogs:set("k", "kept", 0, 5); ngx.say("set") } }
        location /get { content_by_lua_block { ngx.say("$3 ", ngx.shared.dogs:capacity(), " ", ngx.shared.dogs:get("k")) } }
    } }
X
}
get() { curl -s --unix-socket s http://a/$1; }
until_get() { for i in $(seq 3000); do get get | grep "^$1" && break; sleep 0.02; done; }
conf_of 1m cats one; $B
get set; get get
conf_of 1m birds two; $B -s reload; until_get two
conf_of 8m birds three; $B -s reload; until_get three
grep -c 'shared zone "dogs" changes from 1048576 to 8388608 bytes' logs/error.log
quit TERM
--- exec_out
set
one 1048576 kept5
two 1048576 kept5
three 8388608 kept5
1

=== TEST 2: workers are killed again and again while all of them write; nothing hangs and nothing is lost
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict dogs 200k;
    init_worker_by_lua_block {
        local dogs, i = ngx.shared.dogs, ngx.worker.pid()
        local function work()
            for _ = 1, 300 do
                i = i * 16807 % 2147483647
                local key = "key" .. i % 50
                dogs:set(key, ("v"):rep(i % 900))
                dogs:rpush("list", key); dogs:rpush("list", key); dogs:lpop("list")
                if i % 7 == 0 then dogs:delete(key) end
                if i % 1000 == 0 then dogs:delete("list") end
                dogs:incr("n", 1, 0)
                dogs:get("key" .. i % 13)
            end
        end
        ngx.timer.every(0.001, work)
    }
    server { listen unix:$D/s;
        location /up { return 200; }
        location / { content_by_lua_block { ngx.say(ngx.shared.dogs:get("n") > 0, " ", ngx.shared.dogs:set("last", 1)) } }
    } }
X
$B; P=$(master)
for i in 1 2 3 4 5; do
    wait_for "[ \$(pgrep -P $P | wc -l) -ge 3 ]"; sleep 0.0$i
    kill -9 $(pgrep -P $P | head -n 1)
done
wait_for 'curl -sf --max-time 100 --unix-socket s http://a/up'
curl -s --max-time 100 --unix-socket s http://a/
quit TERM
--- exec_out_like
^true true.*$

=== TEST 3: fetch: one loader for all workers; when it is killed another one loads
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict dogs 1m;
    server { listen unix:$D/s;
        location /fetch { content_by_lua_block {
            local dogs, task = require("perilune.shared").dogs, require "perilune.task"
            if dogs:add("worker" .. ngx.worker.pid(), 1) then dogs:incr("workers", 1, 0) end
            dogs:incr("asked", 1, 0)
            ngx.say(await(dogs:fetch("k", 100, function()
                if dogs:incr("loads", 1, 0) == 1 then
                    dogs:set("loader", ngx.worker.pid())
                    await(task.sleep(30))
                end
                return "loaded"
            end)))
        } }
        location /is { content_by_lua_block { ngx.say(ngx.shared.dogs:get(ngx.var.arg_k)) } }
    } }
X
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
$B
# until at least one waits in another worker than the loader's
n=0
until [ "$(get 'is?k=workers')" = 2 ] || [ $n = 300 ]; do
    n=$((n + 1)); get fetch >out.$n &
    wait_for '[ "$(get "is?k=asked")" = $n ] && [ "$(get "is?k=loader")" != nil ]'
done
kill -9 $(get 'is?k=loader'); wait
get fetch; get 'is?k=loads'
sort -u out.*
quit TERM
--- exec_out
loaded
2
loaded

=== TEST 4: watch: what one worker stores another one is told of
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict dogs 1m;
    server { listen unix:$D/s;
        location /watch { content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            local s = dogs:watch("k")
            await(s:take())
            dogs:set("watcher", ngx.worker.pid())
            for event in s:each() do
                ngx.say("told ", event.value.n)
                if event.value.n == 3 then break end
                dogs:set("seen", event.value.n)
            end
        } }
        location /set { content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            if dogs:get("watcher") == ngx.worker.pid() then ngx.say("other") return end
            dogs:set("k", { n = tonumber(ngx.var.arg_n) })
            ngx.say("set")
        } }
        location /is { content_by_lua_block { ngx.say(ngx.shared.dogs:get(ngx.var.arg_k)) } }
    } }
X
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
$B
get watch >out & W=$!
wait_for '[ "$(get "is?k=watcher")" != nil ]'
for n in 1 2 3; do
    for i in $(seq 1000); do [ "$(get "set?n=$n")" = set ] && break; done
    [ $n = 3 ] || wait_for '[ "$(get "is?k=seen")" = $n ]'
done
wait $W; cat out
quit TERM
--- exec_out
told 1
told 2
told 3

=== TEST 5: fetch: who waits in another worker is woken when the loader is through, and does not look meanwhile
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict dogs 1m;
    init_worker_by_lua_block { require("perilune.shared_fetch")._look = 1000 }
    server { listen unix:$D/s;
        location /fetch { content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            if dogs:add("worker" .. ngx.worker.pid(), 1) then dogs:incr("workers", 1, 0) end
            dogs:incr("asked", 1, 0)
            local value = await(dogs:fetch(ngx.var.arg_k, 100, function()
                for event in dogs:watch("gate"):each() do
                    if event.value then break end
                end
                return "loaded"
            end))
            ngx.say(value)
        } }
        location /open { content_by_lua_block { ngx.shared.dogs:set("gate", "open") } }
        location /is { content_by_lua_block { ngx.say(ngx.shared.dogs:get(ngx.var.arg_k)) } }
    } }
X
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
$B
n=0
until [ "$(get 'is?k=workers')" = 2 ] || [ $n = 40 ]; do
    n=$((n + 1)); get 'fetch?k=k' >out.$n & GETS="$GETS $!"
    wait_for '[ "$(get "is?k=asked")" = $n ]'
done
get open; wait $GETS
cat out.* | sort | uniq -c | sed "s/^ *$n /all /"
quit TERM
--- exec_out
all loaded
--- timeout: 60
