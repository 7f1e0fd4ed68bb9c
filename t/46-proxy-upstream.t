# upstream groups: who is chosen, who is left out, what is told about it. The servers are locations on ports of this server
# and files of t/lib/origin.pl.
use Test::Nginx::Socket 'no_plan';

no_root_location();
worker_connections(1024);
our $Servers = <<'_EOC_';
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { echo a; } location /busy { return 503; } location /kept { echo "$connection_requests"; } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; location / { echo b; } location /busy { echo fine; } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; location / { echo c; } }
_EOC_

run_tests();

__DATA__

=== TEST 1: in turn, by weight, smoothly
--- http_config eval
$::Servers . 'upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 weight=3; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server 127.0.0.1:$TEST_NGINX_RAND_PORT_3 down; }'
--- config
    location / { proxy_pass http://u; }
--- exec
for i in 1 2 3 4 5 6 7 8; do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/; done | tr -d '\n'; echo
--- exec_out
aabaaaba



=== TEST 2: a server that fails is passed over, then left out; backups come last
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream spare { server 127.0.0.1:1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 backup; }
    upstream none { server 127.0.0.1:1; server 127.0.0.1:2; }
    upstream keen { server 127.0.0.1:1 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
_EOC_
--- config
    add_header X-Addr $upstream_addr;
    add_header X-Status $upstream_status always;
    location / { proxy_pass http://u; }
    location /spare { proxy_pass http://spare; }
    location /none { proxy_pass http://none; }
    location /keen { proxy_pass http://keen; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2 3; do curl -s -i $U/ | tr -d '\r' | grep '^X-Status\|^.$'; done
curl -s -i $U/spare | tr -d '\r' | grep '^X-Status\|^.$'
curl -s -o /dev/null -w '%{http_code}\n' $U/none
curl -s -o /dev/null -w '%{http_code}\n' $U/none
for i in 1 2 3 4; do curl -s -i $U/keen | tr -d '\r' | grep '^X-Status'; done
--- exec_out
X-Status: 502, 200
a
X-Status: 200
a
X-Status: 200
a
X-Status: 502, 200
b
502
502
X-Status: 502, 200
X-Status: 200
X-Status: 502, 200
X-Status: 200
--- error_log
connect() failed (111: Connection refused) while connecting to upstream



=== TEST 3: proxy_next_upstream: statuses, methods, tries, off
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 max_fails=0 backup; }
    upstream dead { server 127.0.0.1:1 max_fails=0; server 127.0.0.1:2 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
_EOC_
--- config
    location /busy { proxy_pass http://u; }
    location /next/ { proxy_next_upstream http_503; proxy_pass http://u/; }
    location /post/ { proxy_next_upstream http_503 non_idempotent; proxy_pass http://u/; }
    location /tries { proxy_next_upstream_tries 2; proxy_pass http://dead; }
    location /all { proxy_pass http://dead/; }
    location /off { proxy_next_upstream off; proxy_pass http://dead; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
code() { curl -s -o /dev/null -w '%{http_code} ' "$@"; }
code $U/busy; code $U/next/busy; code -d x $U/next/busy; code -d x $U/post/busy; code $U/tries; code $U/all; code $U/off; echo
--- exec_out
503 200 503 200 502 200 502 



=== TEST 4: by hash, by address, least busy, at random
--- http_config eval
$::Servers . <<'_EOC_';
    upstream h { hash $arg_k; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server 127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
    upstream ring { hash $arg_k consistent; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server 127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
    upstream ip { ip_hash; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream lc { least_conn; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream two { random two least_conn; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream uneven { random two; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 weight=5; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
_EOC_
--- config
    location /h { proxy_pass http://h/; }
    location /ring { proxy_pass http://ring/; }
    location /ip { proxy_pass http://ip/; }
    location /lc { proxy_pass http://lc/; }
    location /two { proxy_pass http://two/; }
    location /uneven { proxy_pass http://uneven/; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for p in h ring; do
    curl -s "$U/$p?k=same&[1-3]" | sort -u | wc -l
    curl -s "$U/$p?k=[1-30]" | sort -u | tr -d '\n'; echo
    echo "without a key $(curl -s "$U/$p?k=&[1-6]" | sort | tr -d '\n')"
done
curl -s "$U/ip?[1-3]" | sort -u | wc -l
curl -s "$U/lc?[1-4]" | sort -u | tr -d '\n'; echo
curl -s "$U/two?[1-4]" | grep -c '[ab]'
[ "$(curl -s "$U/uneven?[1-40]" | grep -c b)" -gt 20 ] && echo 'two that are not the same'
--- exec_out
1
abc
without a key aabbcc
1
abc
without a key aabbcc
1
ab
4
two that are not the same



=== TEST 5: connections are kept and reused; what variables tell
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; keepalive 4; keepalive_requests 3; }
    log_format up '$upstream_addr $upstream_status $upstream_http_content_type $upstream_response_length $proxy_host $proxy_port';
_EOC_
--- config
    access_log logs/up.log up;
    location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /closed/ { proxy_pass http://u/; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2 3 4; do curl -s $U/kept; done | tr '\n' ' '; for i in 1 2; do curl -s $U/closed/kept; done | tr '\n' ' '; echo
for i in $(seq 1200); do [ $(wc -l <$TEST_NGINX_SERVROOT/logs/up.log) = 6 ] && break; sleep 0.05; done
sed 's/127.0.0.1:[0-9]*/ADDR/' $TEST_NGINX_SERVROOT/logs/up.log | sort | uniq -c | sed 's/^ *//'
--- exec_out
1 2 3 1 2 1 
6 ADDR 200 text/plain 2 u 80



=== TEST 6: a Unix socket; a name that is looked up
--- http_config
    server { listen unix:$TEST_NGINX_HTML_DIR/s; location / { echo "unix $http_host $uri"; } }
    upstream sock { server unix:$TEST_NGINX_HTML_DIR/s; }
--- config
    location /a { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/s:/x; }
    location /b { proxy_pass http://sock; }
    location /e { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/s:; }
    location /f { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/s:$arg_to; }
    location /c { proxy_pass http://localhost:$TEST_NGINX_SERVER_PORT/d; }
    location /d { echo by name; }
--- exec
for u in a b e/x f/y "f/y?to=/z" c; do curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u"; done
--- exec_out
unix localhost /x
unix sock /b
unix localhost /e/x
unix localhost /f/y
unix localhost /z
by name



=== TEST 7: malformed answers, and none
--- config
    location ~ ^/(\d+) { proxy_pass http://127.0.0.1:$1; }
--- exec
cd $TEST_NGINX_HTML_DIR; T=$OLDPWD/t/lib/origin.pl
for answer in 'HTTP/1.1 200 OK\nContent-Length: 0\n\n' 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n' 'junk' '' 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore'; do
    perl $T port "$answer" & P=$!
    while [ ! -e port ]; do sleep 0.02; done
    curl -s -w ' %{http_code}\n' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$(cat port)" | tail -n 1 | sed 's/.*>//'
    kill $P; rm port
done
--- exec_out
 502
 502
 502
 502
ok 200
--- error_log
malformed input while reading response header from upstream



=== TEST 8: configurations that are refused
--- http_config
    upstream u { server 127.0.0.1 weight=0; }
--- config
    location / { proxy_pass http://u; }
--- must_die
--- error_log
invalid parameter "weight=0"



=== TEST 9: a group without servers
--- http_config
    upstream u { }
--- config
    location / { proxy_pass http://u; }
--- must_die
--- error_log
no servers are inside upstream



=== TEST 10: addresses that variables yield are kept with their connections, the most recent 256 of them
--- http_config
    server { listen 0.0.0.0:$TEST_NGINX_RAND_PORT_1; location / { echo "$connection_requests"; } }
--- config
    location / {
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.$arg_a.$arg_b:$TEST_NGINX_RAND_PORT_1;
    }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s "$U/?a=1&b=1" "$U/?a=1&b=1" | tr '\n' ' '
curl -s "$U/?a=[1-3]&b=[101-200]" | sort | uniq -c | sed 's/^ *//'
curl -s "$U/?a=3&b=200" "$U/?a=1&b=200" "$U/?a=1&b=1" | tr '\n' ' '; echo
--- exec_out
1 2 300 1
2 2 1 



=== TEST 11: while all servers of a group are left out there is none; the group is told of in their place
--- http_config eval
$::Servers . <<'_EOC_';
    log_format tries '$uri $status [$upstream_addr] [$upstream_status]';
    upstream dead { server 127.0.0.1:1 fail_timeout=1h; server 127.0.0.1:2 fail_timeout=1h backup; }
    upstream busy { server 127.0.0.1:3 fail_timeout=1h; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 fail_timeout=1h; }
    upstream down { server 127.0.0.1:1 down; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream soon { server 127.0.0.1:1 fail_timeout=1s; server 127.0.0.1:2 fail_timeout=1s; }
_EOC_
--- config
    proxy_next_upstream error http_503;
    access_log logs/tries.log tries;
    location /dead/ { proxy_pass http://dead; }
    location /busy { proxy_pass http://busy; }
    location /down/ { proxy_pass http://down/; }
    location /soon { proxy_pass http://soon; add_header X-Addr $upstream_addr always; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
code() { curl -s -o /dev/null -w '%{http_code} ' "$@"; }
code $U/dead/x; code $U/dead/x; code $U/busy; code $U/busy; code $U/down/busy; echo
addr() { curl -s -D - -o /dev/null $U/soon | tr -d '\r' | sed -n 's/^X-Addr: //p'; }
addr; until addr | grep -q '^soon$'; do sleep 0.02; done; until addr | grep '1:'; do sleep 0.02; done
until [ $(wc -l <$TEST_NGINX_SERVROOT/logs/tries.log) -gt 6 ]; do sleep 0.02; done
grep -v /soon $TEST_NGINX_SERVROOT/logs/tries.log | sed "s/:$TEST_NGINX_RAND_PORT_1/:BUSY/"
--- exec_out
502 502 503 502 503 
127.0.0.1:1, 127.0.0.1:2
127.0.0.1:2, 127.0.0.1:1
/dead/x 502 [127.0.0.1:1, 127.0.0.1:2] [502, 502]
/dead/x 502 [dead] [502]
/busy 503 [127.0.0.1:3, 127.0.0.1:BUSY] [502, 503]
/busy 502 [127.0.0.1:BUSY, busy] [503, 502]
/down/busy 503 [127.0.0.1:BUSY] [503]
--- error_log
upstream server temporarily disabled while connecting to upstream, upstream: "http://127.0.0.1:1/dead/x"
no live upstreams while connecting to upstream, upstream: "http://dead/dead/x"



=== TEST 12: backup, and methods that know none
--- config
    location / { return 204; }
--- exec
t() { printf 'events {}\n%s { upstream u { %s } }\n' "$2" "$1" >$TEST_NGINX_SERVROOT/x.conf
    ${TEST_NGINX_BINARY:-build/perilune} -t -p $TEST_NGINX_SERVROOT -c $TEST_NGINX_SERVROOT/x.conf 2>&1 | sed 's/.*\[emerg\] //;s/ in .*x.conf.*//;s/.*is successful/fine/' | grep -v 'syntax is ok\|failed$'; }
one='server 127.0.0.1:1;' two='server 127.0.0.1:2 backup;'
for m in 'hash a;' 'hash a consistent;' 'ip_hash;' 'random;' 'random two;' 'least_conn;' ''; do echo "$m"; t "$m $one $two" http; done
t "$one $two hash a;" http
t "hash a; $one $two" stream
--- exec_out
hash a;
balancing method does not support parameter "backup"
hash a consistent;
balancing method does not support parameter "backup"
ip_hash;
balancing method does not support parameter "backup"
random;
balancing method does not support parameter "backup"
random two;
balancing method does not support parameter "backup"
least_conn;
fine

fine
fine
balancing method does not support parameter "backup"



=== TEST 13: slow_start is told what it would be
--- http_config
    upstream u { server 127.0.0.1 slow_start=30s; server 127.0.0.2; }
--- config
    location / { proxy_pass http://u; }
--- must_die
--- error_log
there is no "slow_start": a server that is back has its share at once, as in nginx without a subscription; remove it in



=== TEST 14: queue is told what to do instead
--- http_config
    upstream u { server 127.0.0.1 max_conns=1; queue 10 timeout=1s; }
--- config
    location / { proxy_pass http://u; }
--- must_die
--- error_log
requests do not wait for a server of a group: see "max_conns" and "backup"
