# The scenarios: what is asked of both servers, by which client, and what ratio is aimed for.
#
# A scenario has a path (or one per kind of server), a client (wrk, load, idle, flat) with its arguments, and targets:
# [quantity, relation, ratio of Perilune to nginx]. `body` is how many bytes are posted, `text` what is. To add one: a line here, a location in both files of conf/, and the
# handlers in lua/. The client runs on CPU 1. `measure` returns a flat table of numbers, or dies with the reason.
package Bench::Scenario;
use strict;
use warnings;
use IPC::Open2 qw(open2);
use POSIX qw(ceil sysconf _SC_CLK_TCK);

our ($LOAD, $ECHO);
my $HERE = $Bench::Server::HERE;
my $TICK = 1e6 / sysconf(_SC_CLK_TCK);
my $JSON_PATH = '/json?q=hello%20world&page=3&size=20';
my @JSON_FIELDS = (
    'User-Agent: bench/1.0 (measuring)', 'Accept-Language: en-GB,en;q=0.8', 'X-Trace: 7d1f0c52-93aa-4b0e',
    'Cookie: theme=dark; session=0123456789abcdef');

my $NOTE = '{"title":"Shopping","text":"milk, bread, a bicycle pump and the other things","tags":["home","today"],"page":3}';

our @ALL = (
    {name => 'hello', path => '/hello', client => 'wrk', connections => 50,
        targets => [['user', '<=', 0.5], ['total', '<=', 0.8]]},
    {name => 'hello-pipelined-16', path => '/hello', client => 'load', connections => 50, args => ['-k', 16],
        targets => [['rps', '>=', 6]]},
    {name => 'ngx-hello', path => '/ngx-hello', client => 'wrk', connections => 50, targets => []},
    {name => 'json', path => $JSON_PATH, client => 'wrk', connections => 50, fields => \@JSON_FIELDS,
        targets => [['total', '<=', 0.8]]},
    {name => 'echo-4k', path => '/echo', client => 'wrk', connections => 50, body => 4096,
        targets => [['total', '<=', 0.8]]},
    {name => 'upload-1m', path => '/upload', client => 'load', connections => 8, body => 1048576,
        targets => [['total', '<=', 0.5]]},
    {name => 'upload-1m-socket', path => {perilune => '/upload', nginx => '/upload-socket'}, client => 'load',
        connections => 8, body => 1048576, targets => []},
    {name => 'upload-1m-socket-64k', path => {perilune => '/upload', nginx => '/upload-socket-64k'}, client => 'load',
        connections => 8, body => 1048576, targets => []},
    {name => 'multipart-100m', path => {perilune => '/multipart', nginx => '/upload-100m'}, client => 'load', connections => 1,
        body => 104857600, args => ['-m'], fields => ['Content-Type: multipart/form-data; boundary=b'],
        targets => [['total', '<=', 1.0]]},
    {name => 'static-1k', path => '/static/1k', client => 'wrk', connections => 50,
        targets => [['total', '<=', 0.6]]},
    {name => 'static-100k', path => '/static/100k', client => 'load', connections => 16,
        targets => [['total', '<=', 0.8]]},
    {name => 'static-10m', path => '/static/10m', client => 'load', connections => 8,
        targets => [['total', '<=', 0.85]]},
    {name => 'close', path => '/hello', client => 'load', connections => 50, args => ['-C', '-s', 64],
        targets => [['total', '<=', 0.9]]},
    {name => 'redis', path => '/redis', client => 'wrk', connections => 50, targets => [['total', '<=', 0.8]]},
    {name => 'full-stack', path => '/stack', client => 'wrk', connections => 50, text => $NOTE, visits => 1,
        fields => ['Accept-Encoding: gzip', 'Content-Type: application/json'], targets => [['total', '<=', 0.8]]},
    {name => 'proxy', path => '/proxy', client => 'wrk', connections => 50, targets => [['total', '<=', 0.85]]},
    {name => 'backend-call', path => '/backend', client => 'wrk', connections => 50,
        targets => [['total', '<=', 0.9]]},
    {name => 'sleep-1000', path => '/sleep', client => 'load', connections => 1000, args => ['-s', 8],
        targets => [['total', '<=', 0.75]]},
    {name => 'idle-10k', path => '/hello', client => 'idle', connections => 10000, args => ['-s', 16],
        targets => [['pss', '<=', 1.0]]},
    {name => 'tls-hello', path => '/hello', client => 'wrk', connections => 50, tls => 1,
        targets => [['total', '<=', 0.75]]},
    {name => 'tls-handshake', path => '/hello', client => 'tls', mode => 'full', targets => [['total', '<=', 1.0]]},
    {name => 'tls-resumed', path => '/hello', client => 'tls', mode => 'resumed', targets => [['total', '<=', 0.9]]},
    {name => 'idle-tls', path => '/hello', client => 'idle_tls', connections => 2000, targets => [['pss', '<=', 0.7]]},
    {name => 'tcp-echo-64', client => 'echo', port => 'echo', connections => 50, bytes => 64,
        targets => [['total', '<=', 0.92]]},
    {name => 'tcp-echo-16k', client => 'echo', port => 'echo', connections => 16, bytes => 16384,
        targets => [['total', '<=', 0.4]]},
    {name => 'tcp-proxy-64', client => 'echo', port => 'proxy', connections => 50, bytes => 64,
        targets => [['total', '<=', 0.9]]},
    {name => 'tcp-proxy-16k', client => 'echo', port => 'proxy', connections => 16, bytes => 16384,
        targets => [['total', '<=', 0.9]]},
    {name => 'tcp-proxy-64-haproxy', rival => 'haproxy', client => 'echo', port => 'proxy', connections => 50, bytes => 64,
        targets => [['total', '<=', 0.9]]},
    {name => 'tcp-proxy-16k-haproxy', rival => 'haproxy', client => 'echo', port => 'proxy', connections => 16,
        bytes => 16384, targets => [['total', '<=', 0.9]]},
    {name => 'udp-echo-64', client => 'echo', port => 'echo', args => ['-U'], connections => 50, bytes => 64,
        targets => [['total', '<=', 0.75]]},
    {name => 'udp-proxy-64', client => 'echo', port => 'proxy', args => ['-U'], connections => 50, bytes => 64,
        targets => []},
    {name => 'idle-tcp', client => 'idle_tcp', port => 'echo', connections => 8000, targets => []},
    {name => 'ws-64', client => 'echo', port => 'http', path => '/ws', connections => 64, bytes => 64,
        targets => [['total', '<=', 0.9]]},
    {name => 'ws-64-node', rival => 'node', client => 'echo', port => 'http', path => '/ws', connections => 64, bytes => 64,
        targets => [['total', '<=', 0.5]]},
    {name => 'ws-64k', client => 'echo', port => 'http', path => '/ws', connections => 64, bytes => 65536,
        targets => [['total', '<=', 0.3]]},
    {name => 'ws-64k-node', rival => 'node', client => 'echo', port => 'http', path => '/ws', connections => 64,
        bytes => 65536, targets => []},
    {name => 'ws-room-10k-node', rival => 'node', client => 'echo', port => 'http', path => '/room', connections => 10000,
        bytes => 100, args => ['-R', '-s', 16], targets => [['total', '<=', 0.6]]},
    {name => 'idle-ws', client => 'idle_tcp', port => 'http', path => '/ws', connections => 10000, targets => []},
    {name => 'idle-ws-loop', client => 'idle_tcp', port => 'http', path => {perilune => '/ws-loop', nginx => '/ws'},
        connections => 10000, targets => []},
    {name => 'sse-500', client => 'echo', port => 'http', events => '/events', connections => 500,
        targets => [['total', '<=', 0.7]]},
    {name => 'sse-500-loop', client => 'echo', port => 'http', events => {perilune => '/events-loop', nginx => '/events'},
        connections => 500, targets => []},
    {name => 'h2-tls-hello', path => '/hello', client => 'h2load', tls => 1, args => ['-c16', '-m32'],
        targets => [['total', '<=', 0.45]]},
    {name => 'h2c-hello', path => '/hello', client => 'h2load', args => ['-c16', '-m32'],
        targets => [['total', '<=', 0.35]]},
    {name => 'h2-tls-1m-1000', path => '/static/1m', client => 'h2load', tls => 1, args => ['-c10', '-m100'],
        targets => [['total', '<=', 1.0]]},
    {name => 'memory-flat', path => '/hello', client => 'flat', connections => 64, once => 1,
        targets => [['growth', '<=', 2]]},
);

# The files that the static scenarios serve.
our %FILES = ('1k' => 1024, '100k' => 102400, '1m' => 1048576, '10m' => 10485760);

my %clients = (wrk => \&measure_wrk, load => \&measure_load, idle => \&measure_idle, flat => \&measure_flat,
    h2load => \&measure_h2load, tls => \&measure_tls, idle_tls => \&measure_idle_tls,
    echo => \&measure_echo, idle_tcp => \&measure_idle_tcp);

# measure(SCENARIO, SERVER, OPTIONS): SERVER runs; OPTIONS has seconds, requests (of memory-flat), wrk.
sub measure
{
    my ($scenario, $server, $options) = @_;
    my $client = $scenario->{client};
    die "needs wrk\n" if $scenario->{tls} && !$options->{wrk};
    $client = 'load' if $client eq 'wrk' && !$options->{wrk};
    return $clients{$client}->($scenario, $server, $options);
}

sub path_for
{
    my ($scenario, $server) = @_;
    return for_server($scenario->{path}, $server);
}

sub for_server
{
    my ($value, $server) = @_;
    return ref $value ? $value->{$server->{kind}} : $value;
}

# The command that asks N times; its output is as run_load reads it.
sub count_command
{
    my ($scenario, $server, $n) = @_;
    return echo_command($scenario, $server, '-n', $n) if $scenario->{client} eq 'echo';
    return load_command($scenario, $server, '-w', 0, '-n', $n);
}

sub load_command
{
    my ($scenario, $server, @more) = @_;
    my @command = ('taskset', '-c', $Bench::Scenario::CLIENT_CPU, $LOAD, '-p', $server->{port}, '-P',
        join(',', $server->tree), '-u', path_for($scenario, $server), '-c', $scenario->{connections});
    push @command, '-b', $scenario->{body} if $scenario->{body};
    push @command, '-B', $scenario->{text} if $scenario->{text};
    push @command, map { ('-h', $_) } fields_for($scenario, $server);
    return (@command, @{$scenario->{args} // []}, @more);
}

# The fields of each request. `visits`: one was made before, and its cookie comes along.
sub fields_for
{
    my ($scenario, $server) = @_;
    my @fields = @{$scenario->{fields} // []};
    return @fields if !$scenario->{visits};
    if (!$server->{cookies}{$scenario->{name}}) {
        my ($cookie) = $server->get(path_for($scenario, $server)) =~ /^Set-Cookie: ([^;\r]+)/mi or die "no cookie was set\n";
        $server->{cookies}{$scenario->{name}} = $cookie;
    }
    return (@fields, "Cookie: $server->{cookies}{$scenario->{name}}");
}

our $CLIENT_CPU = 1;

my %started;

# Ends the clients that still run.
sub stop_all
{
    kill 'KILL', keys %started;
}

# The output of a client, which is ended when it runs past its time.
sub capture
{
    my ($seconds, @command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $started{$pid} = 1;
    my $text = '';
    my $is_late = 0;
    local $SIG{ALRM} = sub { $is_late = 1; kill 'KILL', $pid };
    alarm ceil($seconds);
    { local $/; $text = <$out> // ''; }
    close $out;
    my $status = $?;
    delete $started{$pid};
    alarm 0;
    die "the client ran past its time\n" if $is_late;
    die "the client failed ($status): $text\n" if $status;
    return $text;
}

sub run_load
{
    my ($seconds, @command) = @_;
    my $text = capture($seconds, @command);
    my %r = $text =~ /(\w+)=([\d.]+)/g;
    die "the client said: $text\n" unless $r{requests};
    die "$r{failed} requests failed, $r{requests} did not\n" if $r{failed} > 0;
    return \%r;
}

sub figures
{
    my ($requests, $seconds, $user, $sys) = @_;
    return {
        requests => $requests + 0,
        seconds => $seconds + 0,
        user => $user * $TICK / $requests,
        sys => $sys * $TICK / $requests,
        total => ($user + $sys) * $TICK / $requests,
        rps => $requests / $seconds,
    };
}

sub measure_load
{
    my ($scenario, $server, $options) = @_;
    my $t = $options->{seconds};
    my $r = run_load($t + 60, load_command($scenario, $server, '-w', $options->{warm}, '-t', $t));
    return figures(@$r{qw(requests seconds user sys)});
}

sub measure_wrk
{
    my ($scenario, $server, $options) = @_;
    my $t = ceil($options->{seconds});
    my @script = $scenario->{body} || $scenario->{text} ? ('-s', "$HERE/lua/wrk_post.lua") : ();
    local $ENV{WRK_BODY} = $scenario->{text} if $scenario->{text};
    run_load(60, load_command($scenario, $server, '-w', 0, '-t', $options->{warm}));
    my ($user, $sys) = $server->cpu;
    my $text = capture($t + 60, 'taskset', '-c', $CLIENT_CPU, $options->{wrk}, '-t1', "-c$scenario->{connections}",
        "-d${t}s", @script, (map { ('-H', $_) } fields_for($scenario, $server)),
        address($scenario, $server) . path_for($scenario, $server));
    my ($user_end, $sys_end) = $server->cpu;
    my ($requests, $seconds) = $text =~ /(\d+) requests in ([\d.]+)s/ or die "wrk said: $text\n";
    die "wrk: $1\n" if $text =~ /(Non-2xx.*|Socket errors: .*)/;
    die "wrk got no answer\n" if !$requests;
    return figures($requests, $seconds, $user_end - $user, $sys_end - $sys);
}

# HTTP/2 on a port of its own in cleartext, by ALPN over TLS.
sub measure_h2load
{
    my ($scenario, $server, $options) = @_;
    my $address = $scenario->{tls} ? "https://127.0.0.1:$server->{tls_port}" : "http://127.0.0.1:$server->{h2_port}";
    my $ask = sub {
        my ($seconds) = @_;
        my $text = capture($seconds + 60, 'taskset', '-c', $CLIENT_CPU, 'h2load', '-t1', @{$scenario->{args}},
            '-D', ceil($seconds), $address . path_for($scenario, $server));
        my ($done, $failed) = $text =~ /(\d+) succeeded, (\d+) failed/ or die "h2load said: $text\n";
        die "$failed requests failed\n" if $failed;
        die "h2load got no answer\n" if !$done;
        return $done;
    };
    $ask->($options->{warm});
    my ($user, $sys) = $server->cpu;
    my $requests = $ask->($options->{seconds});
    my ($user_end, $sys_end) = $server->cpu;
    return figures($requests, ceil($options->{seconds}), $user_end - $user, $sys_end - $sys);
}

sub address
{
    my ($scenario, $server) = @_;
    return $scenario->{tls} ? "https://127.0.0.1:$server->{tls_port}" : "http://127.0.0.1:$server->{port}";
}

sub tls_client
{
    my ($server, @arguments) = @_;
    return ('taskset', '-c', $CLIENT_CPU, 'python3', "$HERE/tls_client.py", $server->{tls_port}, @arguments);
}

# One connection after another.
sub measure_tls
{
    my ($scenario, $server, $options) = @_;
    my $t = $options->{seconds};
    capture($t + 60, tls_client($server, $scenario->{mode}, $options->{warm}));
    my ($user, $sys) = $server->cpu;
    my $text = capture($t + 60, tls_client($server, $scenario->{mode}, $t));
    my ($user_end, $sys_end) = $server->cpu;
    my ($requests, $seconds) = $text =~ /requests=(\d+) seconds=([\d.]+)/ or die "the client said: $text\n";
    return figures($requests, $seconds, $user_end - $user, $sys_end - $sys);
}

# As measure_idle, over TLS.
sub measure_idle_tls
{
    my ($scenario, $server, $options) = @_;
    my $n = $scenario->{connections};
    capture(60, tls_client($server, 'full', $options->{warm}));
    my $before = $server->memory('Pss');
    my $pid = open2(my $out, my $in, tls_client($server, 'idle', $n));
    $started{$pid} = 1;
    my $line = <$out> // '';
    my $after = $server->memory('Pss');
    close $in;
    waitpid $pid, 0;
    delete $started{$pid};
    die "not all of $n connections are held: $line\n" unless $line eq "held $n\n";
    return {connections => $n, pss => ($after - $before) / $n, before => $before, after => $after};
}

sub echo_command
{
    my ($scenario, $server, @more) = @_;
    my $port = $scenario->{port} eq 'http' ? $server->{port} : $server->{"$scenario->{port}_port"};
    return ('taskset', '-c', $CLIENT_CPU, $ECHO, '-p', $port, '-P', join(',', $server->tree), '-c',
        $scenario->{connections}, '-b', $scenario->{bytes} // 64, $scenario->{path} ? ('-W', path_for($scenario, $server)) : (),
        $scenario->{events} ? ('-E', for_server($scenario->{events}, $server)) : (), @{$scenario->{args} // []}, @more);
}

# Messages that come back, by TCP, UDP or WebSocket; or events. Debian's nginx has no Lua in its stream module: there the echo is behind it, on the client's
# CPU, in the scenarios of echo as in those of proxy.
sub measure_echo
{
    my ($scenario, $server, $options) = @_;
    my $t = $options->{seconds};
    my $r = run_load($t + 60, echo_command($scenario, $server, '-w', $options->{warm}, '-t', $t));
    return figures(@$r{qw(requests seconds user sys)});
}

# As measure_idle, by TCP: each connection has had one message echoed. A server that passes it on has two of each, within
# its worker_connections.
sub measure_idle_tcp
{
    my ($scenario, $server, $options) = @_;
    my $n = $scenario->{connections};
    $n = $options->{connections} if ($options->{connections} // $n) < $n;
    run_load(60, echo_command({%$scenario, connections => 50}, $server, '-w', 0, '-t', $options->{warm}));
    my $before = $server->memory('Pss');
    my $pid = open2(my $out, my $in, echo_command({%$scenario, connections => $n}, $server, '-I', '-s', 16));
    $started{$pid} = 1;
    my $line = <$out> // '';
    my $after = $server->memory('Pss');
    close $in;
    waitpid $pid, 0;
    delete $started{$pid};
    die "not all of $n connections are held: $line\n" unless $line eq "held $n\n";
    return {connections => $n, pss => ($after - $before) / $n, before => $before, after => $after};
}

# Growth of the tree's PSS by connections that were used once and stay open.
sub measure_idle
{
    my ($scenario, $server, $options) = @_;
    my $n = $options->{connections} // $scenario->{connections};
    run_load(60, load_command({%$scenario, connections => 50, args => []}, $server, '-w', 0, '-t', $options->{warm}));
    my $before = $server->memory('Pss');
    my $pid = open2(my $out, my $in, load_command({%$scenario, connections => $n}, $server, '-I'));
    $started{$pid} = 1;
    my $line = <$out> // '';
    my $after = $server->memory('Pss');
    close $in;
    waitpid $pid, 0;
    delete $started{$pid};
    my ($held) = $line =~ /^held (\d+)/;
    die "held " . ($held // 0) . " of $n connections\n" unless ($held // 0) == $n;
    return {connections => $n, pss => ($after - $before) / $n, before => $before, after => $after};
}

# RSS of the tree before and after many requests: nine of ten are hello, the last tenth is json.
sub measure_flat
{
    my ($scenario, $server, $options) = @_;
    my $n = $options->{requests};
    my $json = {%$scenario, path => $JSON_PATH, fields => \@JSON_FIELDS};
    my $ask = sub {
        my ($count) = @_;
        my $most = 60 + $count / 2000;
        run_load($most, load_command($scenario, $server, '-w', 0, '-n', int($count * 0.9)));
        run_load($most, load_command($json, $server, '-w', 0, '-n', int($count * 0.1)));
    };
    $ask->($n / 20 > 50000 ? $n / 20 : 50000);
    my $before = $server->memory('Rss');
    $ask->($n);
    my $after = $server->memory('Rss');
    return {requests => $n, before => $before, after => $after, growth => 100 * ($after / $before - 1)};
}

1;
