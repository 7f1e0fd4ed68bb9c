# Another program takes the place of the one that serves: USR2, WINCH, QUIT. Each block starts a server of its own by
# `exec`; t/lib/process.sh and t/lib/peers.pl say what the commands do.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/process.sh
both() { wait_for '[ -s logs/m.pid.oldbin ] && [ -s logs/m.pid ]'; }
# Until the old master has no workers any more.
until_idle() { wait_for "[ -z \"\$(pgrep -P $OLD | grep -vx $NEW)\" ]"; }
by_socket() { curl -s --max-time 60 --unix-socket $D/s http://a/; }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("config", "    location / { return 200; }");
});

timeout(150);
no_root_location();
run_tests();

__DATA__

=== TEST 1: no request fails while the new program takes over, and Unix sockets stay
--- exec eval
$::Begin . <<'X'
conf 'worker_processes 2;' "listen unix:$D/s; location / { return 200 old; }"; $B; OLD=$(master)
$PEERS $PORT hammer >hammer.out & H=$!
conf 'worker_processes 2;' "listen unix:$D/s; location / { return 200 new; }"
kill -USR2 $OLD; both; NEW=$(master)
[ $(cat logs/m.pid.oldbin) = $OLD ] && [ $NEW != $OLD ] && echo "both serve"
wait_for '[ "$(get /)" = new ]'
kill -WINCH $OLD; until_idle
for i in 1 2 3 4 5; do get /; done; echo; by_socket; echo
kill -QUIT $OLD; wait_for "is_gone $OLD"; ls logs; by_socket; get /; echo
kill -HUP $NEW; wait_for '[ $(grep -c reconfiguring logs/error.log) -gt 0 ]'; get /; echo
kill -TERM $H; wait $H; cat hammer.out; quit; ls s 2>&1 | grep -c 'No such'
grep -c 'emerg\|alert\|crit\|error\]' logs/error.log
X
--- exec_out
both serve
newnewnewnewnew
new
error.log
m.pid
newnew
new
new: 0 failed
kept: 0 failed
1
0
--- exec_code: 1

=== TEST 2: a new program that cannot start leaves everything as it was
--- exec eval
$::Begin . <<'X'
conf '' "listen unix:$D/s; location / { return 200 old; }"; $B; OLD=$(master)
conf '' "no_such_thing; location / { return 200 new; }"
kill -USR2 $OLD; wait_for 'grep -q "new binary process .* exited with code 1" logs/error.log'
wait_for '[ -s logs/m.pid ]'; [ $(master) = $OLD ] && echo the same master; ls logs; get /; echo
by_socket; echo; grep -q 'unknown directive "no_such_thing"' logs/error.log && echo told; quit
X
--- exec_out
the same master
error.log
m.pid
old
old
told

=== TEST 3: back again: the new one is told to end, the old one has workers again
--- exec eval
$::Begin . <<'X'
conf '' "listen unix:$D/s; location / { return 200 old; }"; $B; OLD=$(master)
$PEERS $PORT hammer >hammer.out & H=$!
conf '' "listen unix:$D/s; location / { return 200 new; }"; kill -USR2 $OLD
both; NEW=$(master); kill -WINCH $OLD
until_idle; get /; echo
kill -USR2 $OLD; kill -USR2 $NEW; wait_for '[ $(grep -c "signal is ignored" logs/error.log) = 2 ]'
kill -QUIT $NEW; wait_for '[ "$(get /)" = old ]'; wait_for "is_gone $NEW"
[ $(master) = $OLD ] && by_socket; echo; ls logs
kill -TERM $H; wait $H; cat hammer.out; quit
X
--- exec_out
new
old
error.log
m.pid
new: 0 failed
kept: 0 failed

=== TEST 4: a socket for each worker, of TCP and of UDP, another number of workers, an address that goes
--- exec eval
$::Begin . <<'X'
shared() {
    cat >conf/perilune.conf <<EOF
user root; worker_processes $2; error_log logs/error.log notice; pid logs/m.pid; events {} env LUA_PATH;
http { access_log off; server { listen 127.0.0.1:$PORT reuseport; $3
    location / { content_by_lua_block { ngx.print('$1', os.getenv 'PERILUNE_SOCKETS' or '') } } } }
stream { server { listen 127.0.0.1:$PORT udp reuseport; return $1; } }
EOF
}
udp() { perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:'$PORT'", Proto => "udp");
    for (1 .. 100) { $s->send("x"); vec($r = "", fileno($s), 1) = 1; select($r, undef, undef, 0.5) or next;
    $s->recv($b, 9); print "udp $b\n"; last }'; }
shared old 3 "listen unix:$D/gone;"; $B; OLD=$(master); udp
$PEERS $PORT hammer >hammer.out & H=$!
shared new 2 ''; kill -USR2 $OLD; both; NEW=$(master)
wait_for "[ \$(pgrep -P $NEW | wc -l) = 2 ]"; kill -QUIT $OLD; wait_for "is_gone $OLD"
for i in $(seq 20); do get /; done | sort -u; udp
kill -TERM $H; wait $H; cat hammer.out
ls -l /proc/$NEW/fd | grep -c 'socket:'; quit
X
--- exec_out
udp old
newnewnewnewnewnewnewnewnewnewnewnewnewnewnewnewnewnewnewnew
udp new
new: 0 failed
kept: 0 failed
6

=== TEST 5: whose predecessor has gone before it began to serve, has the sockets for itself
--- exec eval
$::Begin . <<'X'
(exit 0) & GONE=$!; wait $GONE
conf 'daemon off;' "listen unix:$D/s; location / { return 200 heir; }"
PERILUNE_SOCKETS="$GONE:" $B & wait_for '[ -s logs/m.pid ]'; wait_for '[ "$(get /)" = heir ]'; echo serves
kill -QUIT $(master); wait; ls s 2>&1 | grep -c 'No such'
X
--- exec_out
serves
1

=== TEST 6: without its pid file a program is not replaced, as often as it is asked
--- exec eval
$::Begin . <<'X'
conf 'daemon off;' 'location / { return 200 old; }'; $B 2>said & OLD=$!; wait_for '[ -s logs/m.pid ]'
rm logs/m.pid
for n in 1 2; do
    kill -USR2 $OLD; wait_for "[ \$(grep -c 'rename.*failed before executing' logs/error.log) = $n ]"
done
get /; echo; kill -QUIT $OLD; wait $OLD; echo $?; cat said
X
--- exec_out
old
0
