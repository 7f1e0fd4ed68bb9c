# conf/perilune.conf: the demo that `make run` serves, on another port and with everything it links to.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: every location of the demo answers
--- config
    location / { return 200 "ok\n"; }
--- request
GET /
--- response_body
ok
--- exec
set -e
user=; [ $(id -u) != 0 ] || user='user root;'
d=$TEST_NGINX_SERVROOT/demo; port=$TEST_NGINX_RAND_PORT_1; at=http://127.0.0.1:$port
mkdir -p $d/logs $d/conf
for name in examples docs; do ln -s $TEST_NGINX_PROJECT/$name $d/$name; done
cp -r $TEST_NGINX_PROJECT/conf/. $d/conf/
sed -i "s/listen .*8080;/listen 127.0.0.1:$port;/" $d/conf/perilune.conf
$TEST_NGINX_BINARY -p $d -c conf/perilune.conf -g "daemon off; $user" 2>$d/out.txt &
pid=$!
trap 'kill $pid' EXIT
for i in $(seq 600); do curl -s -m 100 -o /dev/null $at/ && break; sleep 0.1; done
show() { curl -s -m 100 -o /dev/null -w "$1 %{http_code} %{content_type}\n" "$at$1"; }
show /
show /hello
show /api/tasks
show '/clock?count=1'
show '/numbers?to=10'
show /upload
show /ngx
show /perilune.conf
show /docs/
show /examples/
show /examples/hello/app.lua
show /examples/static-site/site/
show /no-such-page
--- exec_out
/ 200 text/html
/hello 200 text/plain
/api/tasks 200 application/json
/clock?count=1 200 text/event-stream
/numbers?to=10 200 text/plain
/upload 200 text/html
/ngx 200 text/plain
/perilune.conf 200 text/plain
/docs/ 200 text/html; charset=utf-8
/examples/ 200 text/html; charset=utf-8
/examples/hello/app.lua 200 text/plain; charset=utf-8
/examples/static-site/site/ 200 text/html
/no-such-page 404 text/html

=== TEST 2: the configuration of an installed server is accepted
--- config
    location / { return 200 "ok\n"; }
--- request
GET /
--- response_body
ok
--- exec
mkdir -p $TEST_NGINX_SERVROOT/site/logs
$TEST_NGINX_BINARY -t -p $TEST_NGINX_SERVROOT/site -c $TEST_NGINX_PROJECT/conf/site.conf 2>&1
--- exec_out_like: test is successful
