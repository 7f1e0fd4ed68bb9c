# examples/shared-counter: its own configuration with two workers.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: counts, reports, tells
--- config
    location / { return 200 "ok"; }
--- exec
export PROJECT=$TEST_NGINX_PROJECT; . t/lib/process.sh
sed -e '1i user root;' -e "s,8082,127.0.0.1:$PORT," -e 's,stderr,logs/error.log,' -e "s,..prefix.examples,$PROJECT/examples," \
    -e 's,logs/shared-counter.pid,logs/m.pid,' $PROJECT/examples/shared-counter/perilune.conf >conf/perilune.conf
get() { curl -sN --max-time 100 "$@"; }
U=http://127.0.0.1:$PORT
$B; wait_for "get $U/report >first"
get "$U/live?last=5" >live & W=$!
wait_for 'grep -q "data: 0" live'
for i in 1 2 3 4 5; do get -X POST $U/count; done
wait $W; head -n 1 live; grep data live | tail -n 1
cat first; for i in 1 2 3; do get $U/report >>again & done; wait; sort -u again
quit TERM
--- exec_out
1
2
3
4
5
data: 0
data: 5
visits so far: 0
visits so far: 0
