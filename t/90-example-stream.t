# examples/stream: its configuration as it stands, on other ports.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: TLS ends here, connections are routed by name, words are counted together
--- config
    location / { return 204; }
--- timeout: 30
--- exec
E=$PWD/examples/stream; . t/lib/tls.sh
cp "$E"/counter.lua .; certs server
sed "s/:7000/:$TEST_NGINX_RAND_PORT_2/; s/:7001/:$TEST_NGINX_RAND_PORT_3/; s/:7442/:$TEST_NGINX_RAND_PORT_4/; s/:7443/:$PORT/; s/:7444/:$TEST_NGINX_RAND_PORT_5/; s/^daemon off;/daemon off; user root;/" "$E/perilune.conf" >perilune.conf
$B -p . -c perilune.conf 2>err & P=$!
wait_for "[ -s perilune.pid ] || is_gone $P"
cat >ask.pl <<'L'
use IO::Socket; use IPC::Open2;
my ($port, $name) = @ARGV;
my $pid = open2(my $out, my $in, "exec openssl s_client -quiet -verify_quiet -connect 127.0.0.1:$port -servername $name -CAfile ca.pem 2>/dev/null");
for my $word ("apple", "pear", "apple") { print $in "$word\n"; $in->flush; print scalar <$out> // "" }
close $in; kill "TERM", $pid; waitpid $pid, 0;
L
perl ask.pl "$PORT" localhost
perl ask.pl "$TEST_NGINX_RAND_PORT_4" localhost
printf x | perl -MIO::Socket -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]"); print $s "x"; shutdown($s, 1); print <$s>' "$TEST_NGINX_RAND_PORT_4"
kill -QUIT "$P"; wait "$P"; grep -c "TLSv1.3 200 .* to 127.0.0.1:$TEST_NGINX_RAND_PORT_2" sessions.log
--- exec_out
apple 1
pear 1
apple 2
apple 3
pear 2
apple 4
there is no such name here
2
