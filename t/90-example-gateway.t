# examples/gateway: its own configuration, on ports of this test.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: clients, limits, bodies, links
--- config
    location / { return 200 "ok\n"; }
--- request
GET /
--- response_body
ok
--- exec
. t/lib/process.sh
sed "s/8083/$PORT/g; s/worker_processes  auto/user root; worker_processes  1/" $TEST_NGINX_PROJECT/examples/gateway/perilune.conf >conf/perilune.conf
sed -i 's/^pid .*/pid logs\/m.pid;/' conf/perilune.conf
$B
at() { curl -s --max-time 60 -H "X-Forwarded-For: $2" "http://127.0.0.1:$PORT$1"; }
at / '6.6.6.6, 203.0.113.7, 10.0.0.1'
at / 192.168.1.2
at /app/x 192.0.2.1
E=4102444800
M=$(printf '%s/files/a change-this-secret' $E | openssl md5 -binary | openssl base64 | tr +/ -_ | tr -d =)
at "/files/a?md5=$M&expires=$E" 203.0.113.7
at "/files/b?md5=$M&expires=$E" 203.0.113.7 | grep -o '403 Forbidden' | head -n 1
at /status 127.0.0.1 | head -n 1
curl -si "http://127.0.0.1:$PORT/pixel.gif" | tr -d '\r' | grep -a -i -E '^(server|content-type|x-content)'
quit TERM
--- exec_out_like
^203\.0\.113\.7 from outside sees the (?:new|usual) page
192\.168\.1\.2 from office sees the (?:new|usual) page
see https://www\.example\.org/ and https://www\.example\.org/more
the file
403 Forbidden
Active connections: \d+.
Content-Type: image/gif
X-Content-Type-Options: nosniff
