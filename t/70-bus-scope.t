# perilune.bus with scope "all" over two workers: each hears every publisher's messages in its order; one that is killed
# costs the other nothing and comes back; a reload goes on.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: order of each publisher, a killed worker, a reload
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf_of() { cat >conf/perilune.conf <<X
user root; worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict heard 1m;
    init_worker_by_lua_block {
        local bus, stream, task = require "perilune.bus", require "perilune.stream", require "perilune.task"
        local heard, id = ngx.shared.heard, ngx.worker.id()
        local sub = bus.subscribe("news.*", { stream = stream.stream(1000) })
        task.spawn(function()
            for m in sub:each() do
                -- what this worker has heard of that publisher: the next number, and no other
                local key = m.round .. ":" .. m.from .. ">" .. id
                if m.n ~= (heard:get(key) or 0) + 1 then heard:incr("disorder", 1, 0) end
                heard:set(key, m.n)
            end
        end)
        -- each worker publishes when the round changes, so that both do it at the same time
        ngx.timer.every(0.01, function()
            local round = heard:get("round")
            if round and round ~= last_round then
                last_round = round
                for n = 1, 200 do
                    local d = bus.publish("news." .. id, { round = round, from = id, n = n }, { scope = "all" })
                    if await(d) ~= true then heard:incr("failed", 1, 0) end
                    if n % 20 == 0 then task.yield() end
                end
            end
        end)
        last_round = heard:get("round")
        heard:incr("up", 1, 0)
    }
    server { listen unix:$D/s;
        location /round { content_by_lua_block { ngx.shared.heard:set("round", ngx.var.arg_r) ngx.say("round ", ngx.var.arg_r) } }
        location /up { content_by_lua_block { ngx.say(ngx.shared.heard:get("up")) } }
        location /heard { content_by_lua_block {
            local heard, words = ngx.shared.heard, {}
            for from = 0, 1 do for to = 0, 1 do
                words[#words + 1] = tostring(heard:get(ngx.var.arg_r .. ":" .. from .. ">" .. to))
            end end
            ngx.say(table.concat(words, " "), " disorder ", tostring(heard:get("disorder")), " failed ", tostring(heard:get("failed")))
        } }
    } }
X
}
get() { curl -s --max-time 100 --unix-socket s "http://a/$1"; }
round() { get round?r=$1; wait_for "[ \"\$(get heard?r=$1)\" = '200 200 200 200 disorder nil failed nil' ]" || get heard?r=$1; get heard?r=$1; }
conf_of; $B; wait_for '[ "$(get up)" = 2 ]'
round first
P=$(master); kill -9 $(pgrep -P $P | head -n 1); wait_for '[ "$(get up)" = 3 ]'
round second
$B -s reload; wait_for '[ "$(get up)" = 5 ]'; wait_for "[ \$(pgrep -P $P | wc -l) -eq 2 ]"
round third
quit TERM
--- exec_out
round first
200 200 200 200 disorder nil failed nil
round second
200 200 200 200 disorder nil failed nil
round third
200 200 200 200 disorder nil failed nil
