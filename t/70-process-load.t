# A master with workers while clients ask: reload, graceful end, dying workers, too many connections. Each block starts a
# server of its own by `exec`; t/lib/process.sh and t/lib/peers.pl say what the commands do.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: reloads fail no request
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' 'location / { return 200 0; }'; $B
fds() { ls /proc/$(master)/fd | wc -l; }
$PEERS $PORT hammer >hammer.out & H=$!
for n in 1 2 3 4 5 6; do
    conf 'worker_processes 2;' "location / { return 200 $n; }"; kill -HUP $(master)
    wait_for "[ \"\$(get /)\" = $n ]"
    wait_for '[ $(pgrep -P $(master) | wc -l) = 2 ]'
    [ $n = 2 ] && BEFORE=$(fds)
done
get /; echo; wait_for '[ $(fds) -le $BEFORE ]' && echo "as many descriptors as before"
kill -TERM $H; wait $H; cat hammer.out
quit; grep -c 'emerg\|alert\|crit\|error\]' logs/error.log
--- exec_out
6
as many descriptors as before
new: 0 failed
kept: 0 failed
0
--- exec_code: 1
--- timeout: 150

=== TEST 2: one socket for each worker: reloads with more, fewer and without
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
shared() {
    cat >conf/next.conf <<X
user root; worker_processes $2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen 127.0.0.1:$PORT $3; location / { return 200 $1; } } }
X
    mv conf/next.conf conf/perilune.conf
}
shared 0 1 ''; $B
$PEERS $PORT hammer >hammer.out & H=$!
n=0
step() {
    n=$((n + 1)); shared $n "$@"; kill -HUP $(master)
    wait_for "[ \"\$(get /)\" = $n ]"
    wait_for "[ \$(pgrep -P \$(master) | wc -l) = $1 ]"
}
step 2 reuseport; step 3 reuseport; step 3 reuseport; step 1 reuseport; step 2 backlog=64; step 3 reuseport; step 1 ''
kill -TERM $H; wait $H; cat hammer.out
for i in $(seq 30); do get /; done; echo
quit; ls logs
--- exec_out
new: 0 failed
kept: 0 failed
777777777777777777777777777777
error.log
--- timeout: 150

=== TEST 3: a graceful end: what is in flight ends, what idles is closed, nobody new gets in
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' "location / { return 200 ok; } location /hold { content_by_lua_block {
    ngx.say('begun') ngx.flush(true)
    while not io.open('$D/go') do ngx.sleep(0.02) end
    ngx.say('done') } }"
$B; $PEERS $PORT script <<X
ask idle /
rest idle
open fresh
ask a /hold
ask b /hold
line a
line b
run kill -QUIT $(master)
ended idle
refused
ask fresh /
rest fresh
ended fresh
alive a b
run touch go
rest a
rest b
ended a b
X
wait_for '[ ! -e logs/m.pid ]'; ls logs
--- exec_out
idle ok
begun
begun
idle ended
refused
fresh ok
fresh ended
a open
b open
a done
b done
a ended
b ended
error.log
--- timeout: 150

=== TEST 4: a worker that is killed loses its own connections and no others
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' "location / { return 200 ok; } location /hold { content_by_lua_block {
    ngx.say(ngx.worker.pid()) ngx.flush(true)
    while not io.open('$D/go') do ngx.sleep(0.02) end
    ngx.say('done') } }"
$B
# clients that hold a request each, until both workers have one; names, then the worker
mkfifo say; $PEERS $PORT script <say >heard & exec 3>say
n=0
while [ $(sort -u heard | wc -l) -lt 2 ] && [ $n -lt 300 ]; do
    n=$((n + 1)); echo "ask c$n /hold" >&3; echo "line c$n" >&3
    wait_for "[ \$(wc -l <heard) = $n ]"
done
DEAD=$(head -n 1 heard); cp heard held
kill -KILL $DEAD; get /; echo
touch go
for i in $(seq $n); do echo "rest c$i" >&3; done
exec 3>&-; wait
tail -n +$((n + 1)) heard | cut -d ' ' -f 2 >ends
paste -d ' ' held ends | sed "s/^$DEAD /killed /; s/^[0-9]* /other /" | sort -u
wait_for '[ $(workers | wc -l) = 2 ]'; for i in 1 2 3 4; do get /; done; echo; quit
--- exec_out
ok
killed lost
other done
okokokok
--- timeout: 150

=== TEST 5: workers are killed while clients ask: no request after it fails
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' 'location / { return 200 ok; }'; $B
$PEERS $PORT hammer >hammer.out & H=$!
for n in 1 2 3; do
    W=$(workers | head -n 1); kill -KILL $W
    wait_for "grep -q 'worker process $W exited on signal 9' logs/error.log"
    wait_for '[ $(workers | wc -l) = 2 ]'; get /; echo
done
kill -TERM $H; wait $H
# each client has one request under way at most
sed -E 's/ [0-3] failed/ few failed/' hammer.out; quit
--- exec_out
ok
ok
ok
new: few failed
kept: few failed
--- timeout: 150

=== TEST 6: a bad configuration: one line, exit code 1, and the server goes on
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' 'location / { return 200 old; }'; $B; BEFORE=$(workers)
try() {
    $B -t 2>err; echo "-t $?"; $B -s reload 2>>err; echo "reload $?"; sed "s,$D/,,g; s,^,  ," err | grep emerg | sort -u
    N=$(grep -c 'emerg' logs/error.log); kill -HUP $(master); wait_for "[ \$(grep -c emerg logs/error.log) -gt $N ]"
    echo "$(get /) and $(($(grep -c emerg logs/error.log) - N)) line"
}
conf 'worker_processes 2;' 'lokation / { return 200 new; }'; try
conf 'worker_processes 2;' 'location / { return 200 new; }' 'include conf/none.conf;'; try
conf 'worker_processes 2;' 'location / { return 200 new; } listen 192.0.2.1:1;'
N=$(grep -c emerg logs/error.log); $B -s reload; echo $?
wait_for "[ \$(grep -c emerg logs/error.log) -gt $N ]"; get /; echo
conf 'worker_processes 2;' 'location / { return 200 new; }' 'init_by_lua_block { error("no") }'
N=$(grep -c emerg logs/error.log); $B -s reload; echo $?
wait_for "[ \$(grep -c emerg logs/error.log) -gt $N ]"; get /; echo
[ "$BEFORE" = "$(workers)" ] && echo "the same workers"; quit
--- exec_out
-t 1
reload 1
  perilune: [emerg] unknown directive "lokation" in conf/perilune.conf:2; did you mean "location"?
old and 1 line
-t 1
reload 1
  perilune: [emerg] open() "conf/conf/none.conf" failed (2: No such file or directory) in conf/perilune.conf:2
old and 1 line
0
old
0
old
the same workers
--- timeout: 150

=== TEST 7: more clients than worker_connections: idle ones make room, others wait, all are served
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'events { worker_connections 4; }' "location / { return 200 ok; } location /hold { content_by_lua_block {
    ngx.say('begun') ngx.flush(true)
    while not io.open('$D/go') do ngx.sleep(0.02) end
    ngx.say('done') } }"
$B; $PEERS $PORT script <<X
ask i1 /
rest i1
ask i2 /
rest i2
ask i3 /
rest i3
ask i4 /
rest i4
alive i1 i2 i3 i4
ask b1 /hold
line b1
ended i1
ask b2 /hold
ask b3 /hold
ask b4 /hold
line b2
line b3
line b4
ask w1 /
ask w2 /
run for i in \$(seq 1200); do grep -q 'new ones wait' logs/error.log && break; sleep 0.05; done
alive w1 w2
run touch go
rest b1
rest w1
rest w2
rest b4
ask i9 /
rest i9
X
grep -c '4 worker_connections are not enough' logs/error.log; get /; echo; quit
--- exec_out
i1 ok
i2 ok
i3 ok
i4 ok
i1 open
i2 open
i3 open
i4 open
begun
i1 ended
begun
begun
begun
w1 open
w2 open
b1 done
w1 ok
w2 ok
b4 done
i9 ok
2
ok
--- timeout: 150

=== TEST 8: out of descriptors: one line in the log, then on
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_rlimit_nofile 40;' 'location / { return 200 ok; }'; $B
{
    for i in $(seq 60); do echo "open c$i"; done
    echo 'run for i in $(seq 1200); do grep -q "Too many open files" logs/error.log && break; sleep 0.05; done'
    echo 'run sleep 0.5'
    for i in $(seq 50); do echo "close c$i"; done
    echo 'ask c60 /'; echo 'rest c60'
} | $PEERS $PORT script
get /; echo; grep -c 'accept4() failed (24: Too many open files)' logs/error.log
grep -c 'worker_connections exceed open file resource limit: 40' logs/error.log; quit
--- exec_out
c60 ok
ok
1
1
--- timeout: 150

=== TEST 9: out of descriptors, with many that idle: they make room
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_rlimit_nofile 40;' 'keepalive_timeout 1h; location / { return 200 ok; }'; $B
for i in $(seq 60); do echo "ask c$i /"; echo "rest c$i"; done | $PEERS $PORT script | sed 's/.* //' | sort | uniq -c | tr -s ' '
quit
--- exec_out
 60 ok
--- timeout: 150

=== TEST 10: clients that go on at once, with requests that cannot be sent twice, lose none to reloads
Each of their kept connections has just been answered when the old workers end, and the next request is on its way.
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >load.lua <<'X'
local http, task = require "perilune.http", require "perilune.task"
local base, forms = "http://127.0.0.1:" .. ..., {}
function forms.bytes() return { method = "POST", body = "abcd" } end
function forms.stream()
    local left = 3
    return { method = "POST", body = function() left = left - 1 await(task.sleep(0.002)) return left > 0 and "ab" or nil end }
end
local failed, served = {}, 0
-- A file tells that so many were served.
local function tell_at(n, file) if served == n then io.open(file, "w"):close() end end
local function ask(form)
    while not io.open "stop" do
        local o = forms[form]()
        o.url, o.as = base .. "/echo", "string"
        local ok, res = try_await(http.request(o))
        if not ok then failed[#failed + 1] = form .. " " .. tostring(res) else assert(#res.body == 4) served = served + 1 tell_at(20, "begun") tell_at(101, "many") end
    end
end
local tasks = {}
for i = 1, 6 do tasks[i] = task.spawn(ask, i % 2 == 0 and "bytes" or "stream") end
for _, t in ipairs(tasks) do await(t) end
print(served > 100, #failed, table.concat(failed, "; "))
X
L='keepalive_min_timeout 5s; location /echo { content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) } }'
conf 'worker_processes 2;' "$L location / { return 200 0; }"; $B
$TEST_NGINX_BINARY run load.lua $PORT 2>&1 & H=$!
wait_for '[ -e begun ]'
for n in 1 2 3 4; do
    conf 'worker_processes 2;' "$L location / { return 200 $n; }"; kill -HUP $(master)
    wait_for "[ \"\$(get /)\" = $n ]"
    wait_for '[ $(pgrep -P $(master) | wc -l) = 2 ]'
done
wait_for '[ -e many ]'; touch stop; wait $H
quit; grep -c 'emerg\|alert\|crit\|error\]' logs/error.log
--- exec_out
true	0	
0
--- exec_code: 1
--- timeout: 120
