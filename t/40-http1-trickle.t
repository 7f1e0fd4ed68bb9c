# One byte at a time: all malformed requests of 40-http1-malformed.t have the same answers when they trickle in.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: malformed requests, byte by byte
--- config
    location / { return 204; }
--- timeout: 120
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
T=$($P -e 'print(require("perilune.core.sys").lua_dir())')/../t/40-http1-malformed.t
sed 's/^--- raw_request/--- trickle\n&/' "$T" >$TEST_NGINX_HTML_DIR/trickled.t
echo blocks: $(grep -c '^--- trickle' $TEST_NGINX_HTML_DIR/trickled.t)
$P test -b $P $TEST_NGINX_HTML_DIR/trickled.t | grep -v '^ok' | tail -n 30
--- exec_out_like chomp
^blocks: \d\d\d
1\.\.\d+
\d+ passed, 0 failed
$
