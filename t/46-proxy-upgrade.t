# proxy_pass of connections that become something else: WebSocket and its kin.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: an upgrade is passed on; then bytes go both ways, early ones included
--- config
    location ~ ^/(\d+) {
        proxy_pass http://127.0.0.1:$1;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
--- exec
cd $TEST_NGINX_HTML_DIR
perl $OLDPWD/t/lib/origin.pl port 'HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\nX-A: b\r\n\r\nhello from the server\n=' & P=$!
while [ ! -e port ]; do sleep 0.02; done
cat >client.pl <<'EOF'
use strict; use IO::Socket::INET;
my ($port, $to) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die;
print $s "GET /$to HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nearly\n";
$s->flush;
my $text = '';
while ($text !~ /early\n/) { sysread $s, $text, 4096, length $text or last }
syswrite $s, "later\n";
while ($text !~ /later\n/) { sysread $s, $text, 4096, length $text or last }
shutdown $s, 1;
$text .= sysread($s, my $rest, 10) ? "more\n" : "end\n";
$text =~ s/\r//g; $text =~ s/^Date.*\n//m;
print $text;
EOF
perl client.pl $TEST_NGINX_SERVER_PORT $(cat port); kill $P; sed -n '/pgrade/p' port.log | tr -d '\r'
--- exec_out
HTTP/1.1 101 Switching
Connection: upgrade
X-A: b
Upgrade: echo

hello from the server
early
later
end
Connection: upgrade
Upgrade: echo



=== TEST 2: a server that does not switch answers as usual; 101 that nobody asked for is malformed
--- config
    location ~ ^/up/(\d+) { proxy_pass http://127.0.0.1:$1; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }
    location ~ ^/no/(\d+) { proxy_pass http://127.0.0.1:$1; }
--- exec
cd $TEST_NGINX_HTML_DIR
perl $OLDPWD/t/lib/origin.pl port 'HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nno\n' 'HTTP/1.1 426 Old\r\nUpgrade: echo/2\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n' 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n~' & P=$!
while [ ! -e port ]; do sleep 0.02; done
curl -s -H 'Upgrade: echo' -H 'Connection: upgrade' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up/$(cat port)
curl -s -i -H 'Upgrade: echo' -H 'Connection: upgrade' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up/$(cat port) | tr -d '\r' | grep '^HTTP\|^Upgrade'
curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/no/$(cat port); kill $P
--- exec_out
no
HTTP/1.1 426 Old
Upgrade: echo/2
502
--- error_log
unexpected 1xx response



=== TEST 3: a reload and a quit let tunnels end; worker_shutdown_timeout bounds how long
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
perl $OLDPWD/t/lib/origin.pl port 'HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n=' & P=$!
wait_for '[ -e port ]'
LOCATION="location / { proxy_pass http://127.0.0.1:$(cat port); proxy_http_version 1.1; proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection upgrade; }"
cat >talk.pl <<'EOF'
use strict; use IO::Socket::INET;
my ($port, $command, $is_cut) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die;
sub text_to { my ($end, $text) = (shift, ''); while ($text !~ /$end/) { sysread $s, $text, 4096, length $text or return "cut\n" } $text =~ s/.*\r\n\r\n//s; $text }
syswrite $s, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nbefore\n";
print text_to("before\n");
system($command);
if (!$is_cut) { syswrite $s, "after\n"; print text_to("after\n"); shutdown $s, 1 }
print sysread($s, my $rest, 10) ? "more\n" : "end\n";
EOF
cat >signal.sh <<'EOF'
$1 -s $2
for i in $(seq 3000); do grep -q 'gracefully shutting down' logs/error.log && break; sleep 0.02; done
sleep 0.2
EOF
conf 'worker_processes 1;' "$LOCATION"
$B || exit 1
W=$(workers); perl talk.pl $PORT "sh signal.sh '$B' reload"; wait_for "is_gone $W" && echo worker over
: >logs/error.log
M=$(master); perl talk.pl $PORT "sh signal.sh '$B' quit"; wait_for "is_gone $M" && echo all over
: >logs/error.log; conf 'worker_processes 1; worker_shutdown_timeout 300ms;' "$LOCATION"
$B || exit 1
M=$(master); perl talk.pl $PORT "sh signal.sh '$B' quit" 1; wait_for "is_gone $M" && echo all over
kill $P
grep -c 'shutdown_timeout is over' logs/error.log
--- exec_out
before
after
end
worker over
before
after
end
all over
before
end
all over
1
