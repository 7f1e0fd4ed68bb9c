# A server under measurement: started in a directory of its own, pinned to CPU 0, watched through /proc, and ended.
# Only processes that were started here, and their children, are ever signalled.
package Bench::Server;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

our $HERE = abs_path(dirname(__FILE__) . '/..');
our $FILES = 32768;
my %running;

# new(BINARY, STATIC): BINARY is Perilune or nginx, which its answer to -V tells; STATIC is a directory of files.
sub new
{
    my ($class, $binary, $static) = @_;
    my $about = `'$binary' -V 2>&1` // '';
    my $self = {binary => abs_path($binary), static => $static, about => $about};
    $self->{kind} = $about =~ /perilune/i ? 'perilune' : 'nginx';
    my ($number) = $about =~ m{(?:$self->{kind})(?:/| )(\d[\d.]*)};
    $self->{version} = $self->{kind} . ($number ? " $number" : '');
    return bless $self, $class;
}

sub start
{
    my ($self) = @_;
    $self->{dir} = tempdir('perilune-bench-XXXXXX', TMPDIR => 1);
    chmod 0755, $self->{dir};
    make_path("$self->{dir}/logs", "$self->{dir}/body");
    symlink $self->{static}, "$self->{dir}/static" or die "symlink: $!\n" if $self->{static};
    $self->{port} = free_port();
    $self->{tls_port} = free_port();
    $self->{echo_port} = free_port();
    $self->{proxy_port} = free_port();
    $self->{h2_port} = free_port();
    certify($self->{dir});
    write_file("$self->{dir}/server.conf", $self->configuration);
    $self->{pid} = $self->spawn;
    $running{$self->{pid}} = $self;
    $self->wait_ready;
    return $self;
}

# `wrapper` (a command, array) and `globals` (text for -g) may be set before start: see instructions.
# The template of conf/ with its names filled in.
sub configuration
{
    my ($self) = @_;
    my %names = (
        DIR => $self->{dir},
        PORT => $self->{port},
        TLSPORT => $self->{tls_port},
        H2PORT => $self->{h2_port},
        LUA => "$HERE/lua",
        REDIS => $Bench::Setup::REDIS_PORT // 0,
        ECHOPORT => $self->{echo_port},
        PROXYPORT => $self->{proxy_port},
        BACKEND => $Bench::Setup::BACKEND_PORT || 9,
        ECHO => $Bench::Setup::ECHO_PORT || 9,
        USER => $> == 0 ? 'user root;' : '',
        LOAD_MODULES => $self->{kind} eq 'nginx' ? join("\n", $self->modules) : '',
    );
    my $text = read_file("$HERE/conf/$self->{kind}.conf");
    $text =~ s/^#.*\n//mg;
    $text =~ s/^stream \{\n.*?^\}\n//ms if !$self->has_stream;
    $text =~ s/@([A-Z0-9_]+)@/$names{$1} \/\/ die "unknown name $1\n"/ge;
    return $text;
}

# A build of nginx without its stream module runs what does not need it.
sub has_stream
{
    my ($self) = @_;
    return $self->{kind} eq 'perilune' || $self->{about} =~ /--with-stream(?!=)/
        || grep { /ngx_stream_module/ } $self->modules;
}

# Debian builds the Lua module as a shared object; a build that has it inside needs nothing.
sub modules
{
    my ($self) = @_;
    my ($dir) = $self->{about} =~ /--modules-path=(\S+)/ or return ();
    return map { "load_module $dir/$_.so;" } grep { -e "$dir/$_.so" } qw(ndk_http_module ngx_http_lua_module
        ngx_stream_module);
}

sub spawn
{
    my ($self) = @_;
    my $limit = "ulimit -n $FILES 2>/dev/null || ulimit -n \$(ulimit -Hn)";
    my @command = ('taskset', '-c', 0, 'sh', '-c', "$limit; exec \"\$@\"", 'sh', @{$self->{wrapper} // []},
        $self->command);
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$self->{dir}/output";
    open STDERR, '>&', \*STDOUT;
    exec @command or POSIX::_exit(127);
}

sub command
{
    my ($self) = @_;
    return ($self->{binary}, '-p', "$self->{dir}/", '-c', "$self->{dir}/server.conf",
        $self->{globals} ? ('-g', $self->{globals}) : ());
}

sub wait_ready
{
    my ($self) = @_;
    my $end = time + ($self->{wrapper} ? 120 : 15);
    my $answer = '';
    while (time < $end) {
        if (waitpid($self->{pid}, WNOHANG) != 0) {
            delete $running{$self->{pid}};
            die "$self->{kind} ended at its start\n";
        }
        $answer = $self->get('/hello');
        return if $answer =~ m{^HTTP/1\.1 200 };
        sleep 0.02;
    }
    $answer =~ s/\r\n.*//s;
    die "$self->{kind} does not answer /hello: '$answer'\n";
}

# One request on a connection of its own; the bytes of the answer, or ''.
sub get
{
    my ($self, $path, $head) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 2) or return '';
    my $text = '';
    local $SIG{ALRM} = sub { die "timeout\n" };
    eval {
        alarm 5;
        print $sock "GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" . ($head // '') . "\r\n";
        $text .= $_ while <$sock>;
    };
    alarm 0;
    return $text;
}

# What it wrote, for messages of failure: the end of its output and error log.
sub said
{
    my ($self) = @_;
    my %seen;
    my $text = join '', grep { !$seen{$_}++ } map { -e $_ ? read_file($_) : '' } "$self->{dir}/output",
        "$self->{dir}/error.log";
    return length $text > 700 ? "...\n" . substr($text, -700) =~ s{^[^\n]*\n}{}r : $text;
}

# A certificate for localhost, signed by its own key on P-256.
sub certify
{
    my ($dir) = @_;
    my $command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        . " -keyout '$dir/key.pem' -out '$dir/certificate.pem' 2>/dev/null";
    system($command) == 0 or die "openssl failed\n";
}

# The process that was started, and all below it.
sub tree
{
    my ($self) = @_;
    my (%children, @tree);
    for my $path (glob '/proc/[0-9]*/stat') {
        my $stat = eval { read_file($path) } // next;
        push @{$children{$2}}, $1 if $stat =~ /^(\d+) \(.*\) \S (\d+) /s;
    }
    my @todo = ($self->{pid});
    while (defined(my $pid = shift @todo)) {
        push @tree, $pid;
        push @todo, @{$children{$pid} // []};
    }
    return @tree;
}

# User and system ticks of the whole tree.
sub cpu
{
    my ($self) = @_;
    my ($user, $sys) = (0, 0);
    for my $pid ($self->tree) {
        my $stat = eval { read_file("/proc/$pid/stat") } // next;
        $stat =~ s/^.*\) //s;
        my @f = split ' ', $stat;
        $user += $f[11];
        $sys += $f[12];
    }
    return ($user, $sys);
}

# Bytes of memory of the whole tree: FIELD is Pss or Rss.
sub memory
{
    my ($self, $field) = @_;
    my $kb = 0;
    for my $pid ($self->tree) {
        my $text = eval { read_file("/proc/$pid/smaps_rollup") } // next;
        $kb += $1 if $text =~ /^$field: *(\d+) kB/m;
    }
    return $kb * 1024;
}

sub stop
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    my @tree = (local $self->{pid} = $pid) && $self->tree;
    # a wrapper that runs the server as its child ends with it
    kill 'TERM', $self->{wrapper} && @tree > 1 ? $tree[1] : $pid;
    if (!ended($pid, 5)) {
        kill 'KILL', @tree;
        ended($pid, 5);
    }
    delete $running{$pid};
    delete $self->{pid};
    remove_tree($self->{dir}, {error => \my $ignored});
}

sub ended
{
    my ($pid, $seconds) = @_;
    my $end = time + $seconds;
    while (time < $end) {
        return 1 if waitpid($pid, WNOHANG) != 0;
        sleep 0.01;
    }
    return 0;
}

sub stop_all
{
    $_->stop for values %running;
}

# A port that nobody listens on, each once.
my %given;

sub free_port
{
    my $port;
    do {
        my $sock = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "no port: $!\n";
        $port = $sock->sockport;
    } while $given{$port}++;
    return $port;
}

sub read_file
{
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar(<$in>) // '';
}

sub write_file
{
    my ($path, $text) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
}

1;
