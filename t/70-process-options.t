# What main-level directives and options of the command line do to a server with workers. Each block starts a server of its
# own by `exec`; t/lib/process.sh and t/lib/peers.pl say what the commands do.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: worker_shutdown_timeout ends what does not end by itself
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_shutdown_timeout 200ms;' "location / { content_by_lua_block {
    ngx.say('begun') ngx.flush(true) ngx.sleep(100) } }"
$B; $PEERS $PORT script <<X
ask a /
line a
run kill -QUIT $(master)
rest a
X
wait_for '[ ! -e logs/m.pid ]'; grep -c 'worker_shutdown_timeout is over' logs/error.log
--- exec_out
begun
a lost
1
--- timeout: 150

=== TEST 2: worker_watchdog: a worker stuck in Lua is shown, killed and replaced, one that waits is not
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_watchdog 1s;' "location / { return 200 ok; }
    location /wait { content_by_lua_block { ngx.sleep(1.5) ngx.print(ngx.worker.pid()) } }
    location /spin { content_by_lua_block { local function spin() while true do end end spin() } }"
$B; W=$(workers)
[ "$(get /wait)" = $W ] && echo waited
# who gets no processor time is asked too late to show anything, and is asked again
for i in 1 2 3 4 5; do get /spin; grep -q 'in function .*spin' logs/error.log && echo shown && break; done; get /; echo
grep -q 'did not turn its loop' logs/error.log && echo told
grep -c "worker process $W exited on signal 9" logs/error.log; quit
--- exec_out
waited
shown
ok
told
1
--- timeout: 150

=== TEST 3: user: the master is root, workers are not; temporary files and logs are theirs
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
[ $(id -u) = 0 ] || { cat $OLDPWD/t/data/process-users.txt; exit; } # only root has a choice
owner() { stat -c %U "$@"; }
for user in '' 'user daemon;' 'user daemon nogroup;' 'user root;'; do
    cat >conf/perilune.conf <<X
$user error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; client_body_temp_path $D/temp; server { listen 127.0.0.1:$PORT;
    location / { client_body_buffer_size 1; content_by_lua_block {
        ngx.req.read_body() ngx.say(ngx.req.get_body_file() and "in a file" or "in memory") } } } }
X
    $B; W=$(workers); ps -o user:8=,group:8= -p $W | tr -s ' '; owner temp; quit
done
cat >conf/perilune.conf <<X
events {}
user no_such_user;
X
$B -q -t 2>err; echo $?; head -n 1 err | sed "s,$D/,,"
--- exec_out
nobody nogroup
nobody
daemon daemon
daemon
daemon nogroup
daemon
root root
root
1
perilune: [emerg] getpwnam("no_such_user") failed in conf/perilune.conf:2
--- timeout: 150

=== TEST 4: the pid file: written when the server serves, moved by a reload, removed at the end
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf '' 'location / { return 200 ok; }'; $B; P=$(master)
tr '\0' ' ' </proc/$P/cmdline | cut -d ' ' -f 1-3
sed -i 's,m.pid,other.pid,' conf/perilune.conf; kill -HUP $P
wait_for '[ -e logs/other.pid ]'; wait_for '[ ! -e logs/m.pid ]'
[ $(cat logs/other.pid) = $P ] && echo moved
echo 1 >logs/m.pid; $B -s stop; wait_for '[ ! -e logs/other.pid ]'; cat logs/m.pid
sed -i 's,logs/other.pid,no/such.pid,' conf/perilune.conf; $B 2>err; echo $?
sed "s,$D/,," err
--- exec_out
perilune: master process
moved
1
1
perilune: [emerg] open() "no/such.pid" failed (2: No such file or directory)
--- timeout: 150

=== TEST 5: -s quit, stop, reload, reopen
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf '' 'location / { return 200 one; }'
for how in quit stop; do
    $B; P=$(master); $B -s $how; echo $how $?; wait_for "is_gone $P"; ls logs | tr '\n' ' '; echo
done
$B; conf '' 'location / { return 200 two; }'; $B -s reload; echo reload $?; wait_for '[ "$(get /)" = two ]'
mv logs/error.log logs/old.log; $B -s reopen; echo reopen $?
wait_for '[ -e logs/error.log ]'; quit; $B -s quit; echo $?
--- exec_out
quit 0
error.log 
stop 0
error.log 
reload 0
reopen 0
1
--- timeout: 150

=== TEST 6: reopening: buffered lines are in the old file, later ones in the new; an end loses none
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; error_log logs/error.log notice; pid logs/m.pid; events {}
http { log_format f '\$uri'; access_log logs/access.log f buffer=64k; access_log logs/plain.log f;
    server { listen 127.0.0.1:$PORT; location / { return 200 ok; } } }
X
$B; get /before >/dev/null; wait_for 'grep -q before logs/plain.log'
for f in access plain error; do mv logs/$f.log logs/$f.old; done
$B -s reopen; W=$(workers); wait_for "grep -q $W.*reopening logs/error.old"
wait_for '[ -e logs/plain.log ]'; wait_for 'grep -q before logs/access.old'; wait_for "ls -l /proc/$W/fd | grep -q plain.log"
get /after >/dev/null; wait_for 'grep -q after logs/plain.log'; quit
cat logs/access.old logs/plain.old logs/access.log logs/plain.log
grep -c 'gracefully shutting down' logs/error.log logs/error.old
--- exec_out
/before
/before
/after
/after
logs/error.log:1
logs/error.old:0
--- timeout: 150

=== TEST 7: -g: directives before the file's; the same one twice is refused
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf '' 'location / { return 200 ok; }'
$B -g 'worker_processes 3; env A=b;'; workers | wc -l; kill -HUP $(master)
wait_for 'grep -q "exited with code 0" logs/error.log'; wait_for '[ $(workers | wc -l) = 3 ]'; quit
$B -g 'worker_processes 3' 2>err; echo $?; cat err
$B -g 'pid logs/x.pid;' 2>err; echo $?; sed "s,$D/,," err
--- exec_out
3
1
perilune: [emerg] unexpected end of parameter, expecting ";" in command line
1
perilune: [emerg] "pid" directive is duplicate in conf/perilune.conf:1; the first one is in the command line
--- timeout: 150

=== TEST 8: daemon off: the process that was started is the master; a size change of its terminal ends nobody
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'daemon off;' 'location / { return 200 ok; }'
$B & P=$!; wait_for '[ "$(get /)" = ok ]'; [ $(master) = $P ] && echo in the foreground
W=$(workers); kill -WINCH $P $W; wait_for 'grep -q WINCH.*received logs/error.log'
get /; echo; [ "$(workers)" = "$W" ] && echo the same worker
kill -QUIT $P; wait $P; echo $?
conf 'daemon on;' 'location / { return 200 ok; }'; $B; P=$(master); W=$(workers)
[ $(ps -o sid= -p $P) = $P ] && echo a session of its own
kill -WINCH $P; wait_for '[ -z "$(workers)" ]'; kill -0 $P && echo the master stays; kill -HUP $P
wait_for '[ "$(get /)" = ok ]'; quit
--- exec_out
in the foreground
ok
the same worker
0
a session of its own
the master stays
--- timeout: 150

=== TEST 9: master_process off: one process; QUIT lets requests end, no file stays behind
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'master_process off;' "listen unix:$D/s; location / { content_by_lua_block {
    ngx.say('begun') ngx.flush(true)
    while not io.open('$D/go') do ngx.sleep(0.02) end
    ngx.say('done') } }"
$B; P=$(master); pgrep -P $P | wc -l; ls s; $PEERS $PORT script <<X
ask a /
line a
run kill -QUIT $P
refused
run touch go
rest a
X
wait_for "is_gone $P"; ls
--- exec_out
0
s
begun
refused
a done
conf
go
logs
--- timeout: 150

=== TEST 10: worker_processes auto, and one worker for each processor it may use
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
user root; worker_processes auto; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; server { listen 127.0.0.1:$PORT reuseport; location / { return 200 ok; } } }
X
$B; [ $(workers | wc -l) = $(cpus | wc -l) ] && echo all; quit
taskset -c $(cpus | head -n 1) $B; workers | wc -l; for i in $(seq 20); do get /; done; echo; quit
--- exec_out
all
1
okokokokokokokokokokokokokokokokokokokok
--- timeout: 150

=== TEST 11: what of the machine workers get: processors, priority, core files, where they stand
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
processors() { for w in $(workers); do sed -n 's/^Cpus_allowed_list:\t//p' /proc/$w/status; done; }
FIRST=$(cpus | head -n 1)
conf "worker_processes 2; worker_cpu_affinity 1$(head -c $FIRST /dev/zero | tr "\0" 0); worker_priority 3; worker_rlimit_core 1m; worker_rlimit_nofile 600;
    events { worker_connections 500; } working_directory $D/logs;" 'location / { return 200 ok; }'
$B; processors | sed "s/^$FIRST\$/the first/"
for w in $(workers); do
    ps -o ni= -p $w | tr -d ' '; readlink /proc/$w/cwd | sed "s,$D/,,"
    sed -n 's/^Max \(core file size\|open files\)  *\([0-9]*\)  *\([0-9]*\) .*/\1 \2 \3/p' /proc/$w/limits
done
[ "$(ps -o ni= -p $(master))" = "$(ps -o ni= -p $$)" ] && echo the master as before
conf 'worker_processes 2; worker_cpu_affinity auto;' 'location / { return 200 auto; }'; reload; get /; echo
[ $(processors | sort -u | wc -l) = $(cpus | head -n 2 | wc -l) ] && echo one each
quit
for wrong in 'worker_cpu_affinity 012' 'worker_cpu_affinity auto 0' 'worker_cpu_affinity auto 1 1' 'worker_priority high' \
    'worker_priority 21'; do
    echo "events {} $wrong;" >conf/perilune.conf
    $B -q -t 2>&1 | sed -n 's/ in .*//; s/perilune: \[emerg\] //p'
done
--- exec_out
the first
the first
3
logs
core file size 1048576 1048576
open files 600 600
3
logs
core file size 1048576 1048576
open files 600 600
the master as before
auto
one each
invalid mask "012": digits 0 and 1, 1024 at most
invalid mask "0": digits 0 and 1, 1024 at most
"auto" takes one mask at most
invalid priority "high"
invalid priority "21"
--- timeout: 150

=== TEST 22: user: means nothing to a master that is not root's, which is told
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'user nobody; error_log stderr warn;'; sed -i 's/^user root; error_log [^;]*;//' conf/perilune.conf
AS=; [ $(id -u) != 0 ] || AS='setpriv --reuid 65534 --clear-groups'
chmod 777 logs; $AS $B -t 2>&1 | grep -o '"user" directive makes sense only.*' | sed "s,$D/,,"
--- exec_out
"user" directive makes sense only if the master process runs with super-user privileges, ignored in conf/perilune.conf:1

=== TEST 23: a worker that was killed is replaced, and its successor is watched as well
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_watchdog 1s;' "location / { return 200 ok; }
    location = /loop { content_by_lua_block { while true do end } }"
$B; wait_for '[ -s logs/m.pid ] && [ -n "$(workers)" ]'; W=$(workers); kill -9 $W
wait_for '[ -n "$(workers)" ] && [ "$(workers)" != "$W" ]' && get /; echo
W=$(workers); curl -s --max-time 60 http://127.0.0.1:$PORT/loop
E=$?; echo $E; [ $E = 52 ] || { kill -9 $(master) $W; exit; }
wait_for "grep -q 'watchdog: worker process $W is killed' logs/error.log" && wait_for '[ "$(get /)" = ok ]' && echo again; quit
--- exec_out
ok
52
again
--- timeout: 150

=== TEST 24: workers that may not read the program's Lua library say so
--- config
    location / { return 200 "ok"; }
--- exec
LIBRARY=$PWD/lua; . t/lib/process.sh
[ $(id -u) = 0 ] || { printf 'the user of workers cannot read\n1\n'; exit; } # only root has a choice
mkdir -m 700 closed && ln -s "$LIBRARY" closed/lua
conf() { echo "$1 error_log logs/error.log; pid logs/m.pid; worker_processes 2; events {} http { server { listen unix:$D/s; return 204; } }" >conf/perilune.conf; }
conf 'user nobody;'; PERILUNE_LUA=$D/closed/lua $B; wait_for 'grep -q "cannot read" logs/error.log'; quit
grep -o 'the user of workers cannot read' logs/error.log
conf 'user root;'; PERILUNE_LUA=$D/closed/lua $B; quit
grep -c 'cannot read' logs/error.log
--- exec_out
the user of workers cannot read
1



=== TEST 25: a worker says when the system gives it no io_uring, unless it was not to ask
--- config
    location / { return 200 "ok"; }
--- user_files
>>> without.lua
-- Runs a command in whose processes io_uring_setup (425 everywhere) fails with EPERM.
local ffi = require "ffi"
ffi.cdef [[
    struct step { uint16_t code; uint8_t yes, no; uint32_t k; };
    struct program { unsigned short n; struct step *steps; };
    int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);
]]
local steps = ffi.new("struct step[4]", {
    { 0x20, 0, 0, 0 }, { 0x15, 0, 1, 425 }, { 0x06, 0, 0, 0x50001 }, { 0x06, 0, 0, 0x7fff0000 },
})
local program = ffi.new("struct program", 4, steps)
assert(ffi.C.prctl(38, 1, 0, 0, 0) == 0)
assert(ffi.C.prctl(22, 2, tonumber(ffi.cast("uintptr_t", ffi.cast("void *", program))), 0, 0) == 0)
os.execute(arg[1])
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe); . t/lib/process.sh
conf() { echo "error_log logs/error.log notice; pid logs/m.pid; events { $1 } http { server { listen unix:$D/s; return 204; } }" >conf/perilune.conf; }
for setting in '' 'io_uring off;'; do
    conf "$setting"; $P run $TEST_NGINX_HTML_DIR/without.lua "$B"; curl -s -o /dev/null -w '%{http_code}\n' --unix-socket s http://a/; quit
done
grep -o 'io_uring.*' logs/error.log
--- exec_out
204
204
io_uring is not available here (1: Operation not permitted), plain system calls are made instead
