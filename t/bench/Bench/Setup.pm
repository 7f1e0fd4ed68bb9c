# What the tools of this suite need before a server starts: the files to serve, and the load generator.
package Bench::Setup;
use strict;
use warnings;
use Bench::Server;
use Bench::Scenario;
use File::Path qw(make_path);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep);

# files(DIR): DIR, with the files of the static scenarios; starts Redis.
sub files
{
    my ($dir) = @_;
    make_path($dir);
    for my $name (keys %Bench::Scenario::FILES) {
        Bench::Server::write_file("$dir/$name", 'x' x $Bench::Scenario::FILES{$name});
    }
    redis($dir);
    backend();
}

our ($REDIS_PORT, $BACKEND_PORT) = (0, 0);
our $BACKEND = "$Bench::Server::HERE/../../build/perilune";
my ($redis, $backend, $owner);

# A server for those scenarios that ask another one, on CPU 1; it ends with the process. Both servers under measurement have
# the same one: $BACKEND, a Perilune.
sub backend
{
    return if $backend || !-x $BACKEND;
    $BACKEND_PORT = Bench::Server::free_port();
    $owner = $$;
    $backend = fork() // die "fork: $!\n";
    if (!$backend) {
        open STDOUT, '>', '/dev/null';
        exec('taskset', '-c', $Bench::Scenario::CLIENT_CPU, $BACKEND, 'run', "$Bench::Server::HERE/lua/backend.lua",
            $BACKEND_PORT) or POSIX::_exit(127);
    }
    for (1 .. 200) {
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $BACKEND_PORT);
        sleep 0.05;
    }
    die "the backend does not answer\n";
}

# redis(DIR): a Redis in DIR with one key for the scenario of that name, on CPU 1; it ends with the process. Without the
# program the port stays 0, and the scenario fails.
sub redis
{
    my ($dir) = @_;
    return if $redis || !grep { -x "$_/redis-server" } split /:/, $ENV{PATH};
    $REDIS_PORT = Bench::Server::free_port();
    $owner = $$;
    $redis = fork() // die "fork: $!\n";
    if (!$redis) {
        open STDOUT, '>', '/dev/null';
        exec('taskset', '-c', $Bench::Scenario::CLIENT_CPU, 'redis-server', '--port', $REDIS_PORT, '--bind', '127.0.0.1',
            '--save', '', '--dir', $dir) or POSIX::_exit(127);
    }
    for (1 .. 200) {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $REDIS_PORT);
        if ($sock) {
            print $sock "SET greeting hello\r\n";
            return if (<$sock> // '') =~ /OK/;
        }
        sleep 0.05;
    }
    die "redis-server does not answer\n";
}

our $ECHO_PORT = 0;
my ($echo, $echo_in);

# echo(): the echo behind the scenarios of proxying, by TCP and UDP, on CPU 1; it ends with the process.
sub echo
{
    return if $echo;
    $ECHO_PORT = Bench::Server::free_port();
    $owner = $$;
    pipe(my $from, $echo_in) or die "pipe: $!\n";
    $echo = fork() // die "fork: $!\n";
    if (!$echo) {
        close $echo_in;
        open STDIN, '<&', $from;
        exec('taskset', '-c', $Bench::Scenario::CLIENT_CPU, $Bench::Scenario::ECHO, '-S', '-p', $ECHO_PORT)
            or POSIX::_exit(127);
    }
    close $from;
}

END {
    local $?;
    if ($echo && $owner == $$) {
        close $echo_in;
        waitpid $echo, 0;
    }
    for my $pid (grep { $_ && $owner == $$ } $redis, $backend) {
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}

# load(TOP): builds TOP/build/bench/load and echo where they are older than their sources; ends the run when that fails.
sub load
{
    my ($top) = @_;
    my $here = $Bench::Server::HERE;
    make_path("$top/build/bench");
    $Bench::Scenario::LOAD = "$top/build/bench/load";
    $Bench::Scenario::ECHO = "$top/build/bench/echo";
    build($Bench::Scenario::LOAD, ["$here/load.c", "$here/frame.c"], "$here/frame.h");
    build($Bench::Scenario::ECHO, ["$here/echo.c"]);
}

sub build
{
    my ($program, $sources, @headers) = @_;
    my $built = (stat $program)[9] // 0;
    return if !grep { (stat $_)[9] >= $built } @$sources, @headers;
    my $cc = $ENV{CC} // 'gcc';
    return if system($cc, qw(-std=gnu11 -O2 -D_GNU_SOURCE -Wall -Wextra -o), $program, @$sources) == 0;
    print STDERR "cannot build $program\n";
    exit 1;
}

1;
