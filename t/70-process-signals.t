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
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
B="$TEST_NGINX_BINARY -p $D"
$B; echo $?
curl -s --unix-socket s http://a/; echo
P=$(cat logs/m.pid); pgrep -P $P | wc -l
$B -s quit; for i in $(seq 50); do [ -e logs/m.pid ] || break; sleep 0.05; done
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
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
conf() { cat >conf/perilune.conf <<X
worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 $1; } } } $2
X
}
B="$TEST_NGINX_BINARY -p $D"
conf one; $B
conf two; $B -s reload
for i in $(seq 60); do R=$(curl -s --unix-socket s http://a/ || echo refused); [ "$R" = refused ] && echo refused; [ "$R" = two ] && break; sleep 0.02; done
echo $R
conf three nonsense; kill -HUP $(cat logs/m.pid); sleep 0.3
curl -s --unix-socket s http://a/; echo
grep -c '\[emerg\]' logs/error.log
kill -TERM $(cat logs/m.pid); sleep 0.3; ls logs
--- exec_out
two
two
1
error.log

=== TEST 3: a worker that dies is replaced
--- config
    location / { return 200 "ok"; }
--- exec
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$TEST_NGINX_BINARY -p $D; P=$(cat logs/m.pid); W=$(pgrep -P $P)
kill -KILL $W; curl -s --unix-socket s http://a/; echo
grep -c "worker process $W exited on signal 9" logs/error.log
kill -QUIT $P; sleep 0.3; ls logs
--- exec_out
one
1
error.log

=== TEST 4: the log file is opened again
--- config
    location / { return 200 "ok"; }
--- exec
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
worker_processes 1; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
B="$TEST_NGINX_BINARY -p $D"
$B; mv logs/error.log logs/old.log; $B -s reopen; sleep 0.3; $B -s quit; sleep 0.3
grep -c 'gracefully shutting down' logs/error.log; grep -c 'gracefully shutting down' logs/old.log || true
--- exec_out
1
0

=== TEST 5: workers quit when their master is gone
--- config
    location / { return 200 "ok"; }
--- exec
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s; location / { return 200 one; } } }
X
$TEST_NGINX_BINARY -p $D; P=$(cat logs/m.pid); W=$(pgrep -P $P | tr '\n' ' ')
kill -KILL $P; sleep 0.4
for p in $W; do grep -q perilune /proc/$p/cmdline 2>/dev/null && echo alive; done
grep -c 'the master process is gone' logs/error.log
--- exec_out
2

=== TEST 6: a worker stuck in Lua is shown, killed and replaced
--- config
    location / { return 200 "ok"; }
--- exec
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
worker_processes 1; worker_watchdog 300ms; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen unix:$D/s;
location / { return 200 one; }
location /spin { content_by_lua_block { local function spin() while true do end end spin() } } } }
X
$TEST_NGINX_BINARY -p $D; P=$(cat logs/m.pid)
curl -s --unix-socket s http://a/spin
curl -s --unix-socket s http://a/; echo
grep -c 'did not turn its loop' logs/error.log; grep -c 'in function .*spin' logs/error.log
kill -QUIT $P; sleep 0.3; ls logs
--- exec_out
one
1
1
error.log
--- timeout: 10

=== TEST 7: an address in use: exit code 1, and why
--- config
    location / { return 200 "ok"; }
--- exec
D=$TEST_NGINX_SERVER_ROOT/m; mkdir -p $D/conf $D/logs; cd $D
cat >conf/perilune.conf <<X
error_log logs/error.log; pid logs/m.pid; events {}
http { access_log off; server { listen 127.0.0.1:$TEST_NGINX_SERVER_PORT; listen $TEST_NGINX_SERVER_PORT; } }
X
$TEST_NGINX_BINARY -p $D 2>err; echo $?
grep -c '^nginx: \[emerg\] bind() to ' err; grep -c '\[emerg\].* bind() to ' logs/error.log; ls logs
--- exec_out
1
1
1
error.log
