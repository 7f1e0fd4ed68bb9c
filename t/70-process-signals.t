# A master with workers: start, reload, replacement of workers, log files, end. Each block starts a server of its own by
# `exec`, as a daemon on a socket file, because the runner's own has no master.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: the launcher returns when the server serves; quit ends it and removes its pid file
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$B; echo $?
curl -s --unix-socket s http://a/; echo
P=$(master); pgrep -P $P | wc -l
$B -s quit; wait_for '[ ! -e logs/m.pid ]'
ls logs; grep -c 'gracefully shutting down' logs/error.log; tail -n 1 logs/error.log | sed 's/.*: //'
--- exec_out
0
one
2
error.log
2
exit

=== TEST 2: reload: new answers, no refused connection; a bad file changes nothing
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf_of() { cat >conf/perilune.conf <<X
worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 $1; } } } $2
X
}
conf_of one; $B; W=$(workers)
conf_of two; $B -s reload
for i in $(seq 3000); do R=$(curl -s --unix-socket s http://a/ || echo refused); [ "$R" = refused ] && echo refused; [ "$R" = two ] && break; sleep 0.02; done
echo $R; wait_for "is_gone $W"
conf_of three nonsense; kill -HUP $(master); wait_for 'grep -q emerg logs/error.log'
curl -s --unix-socket s http://a/; echo
grep -c '\[emerg\]' logs/error.log
quit TERM; ls logs
--- exec_out
two
two
1
error.log

=== TEST 3: a worker that dies is replaced
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$B; W=$(workers)
kill -KILL $W; curl -s --unix-socket s http://a/; echo
grep -c "worker process $W exited on signal 9" logs/error.log
quit; ls logs
--- exec_out
one
1
error.log

=== TEST 4: the log file is opened again
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$B; W=$(workers); mv logs/error.log logs/old.log; $B -s reopen
wait_for 'ls -l /proc/$W/fd | grep -q error.log'; quit
grep -c 'gracefully shutting down' logs/error.log; grep -c 'gracefully shutting down' logs/old.log || true
--- exec_out
1
0

=== TEST 5: workers quit when their master is gone
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$B; W=$(workers); kill -KILL $(master)
for p in $W; do wait_for "is_gone $p"; done
grep -c 'the master process is gone' logs/error.log
--- exec_out
2

=== TEST 6: an address in use: exit code 1, and why
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
error_log logs/error.log; pid logs/m.pid; events {}
http { access_log off; server { listen 127.0.0.1:$TEST_NGINX_SERVER_PORT; listen $TEST_NGINX_SERVER_PORT; } }
X
$B 2>err; echo $?
grep -c '^perilune: \[emerg\] bind() to ' err; grep -c '\[emerg\].* bind() to ' logs/error.log; ls logs
--- exec_out
1
1
1
error.log

=== TEST 7: what is sent to the master while it starts workers is not obeyed by these, too
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 8;' 'location / { return 200 ok; }'; $B; P=$(master)
for i in 1 2 3 4 5 6 7 8 9 10; do
    kill -HUP $P; wait_for "[ \$(grep -c 'start worker processes' logs/error.log) -gt $i ]"; kill -USR1 $P
    wait_for "[ \$(grep -c '$P#.*received from $$, reopening' logs/error.log) = $i ]"
done
get /; quit; echo; grep "received from $$" logs/error.log | grep -vc "\[notice\] $P#" || true
--- exec_out
ok
0
--- timeout: 150

=== TEST 8: quit: a WebSocket that is accepted after it is told, as the others were
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >app.lua <<X
local task, websocket = require "perilune.task", require "perilune.websocket"
local talk = websocket.handler(function(ws) ws:receive() end)
return function(req)
    io.open("$D/begun", "w"):close()
    while not io.open("$D/go") do await(task.sleep(0.02)) end
    return talk(req)
end
X
cat >c.lua <<X
local ws = await(require("perilune.websocket").connect("ws://127.0.0.1:$PORT/"))
print(ws:receive(), (select(2, ws:state())))
X
conf '' 'location / { handler app; }' "lua_package_path '$D/?.lua;;';"
$B; P=$(master)
timeout 100 $TEST_NGINX_BINARY run c.lua & client=$!
wait_for '[ -e begun ]'; $B -s quit; wait_for 'grep -q "gracefully shutting down" logs/error.log'
touch go; wait $client; wait_for "is_gone $P"
--- exec_out
nil	1001
