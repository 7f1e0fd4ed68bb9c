#!/usr/bin/perl
# HTTP clients for tests of processes, on the loopback interface.
#
#   peers.pl PORT hammer       asks for / over and over until SIGTERM, one client on new connections, one kept alive;
#                              then prints how many requests failed
#   peers.pl PORT script <<X   does what the lines of its input say, one after the other, and prints what comes of it:
#     open NAME…       connects, sends nothing
#     ask NAME PATH    (connects and) sends a request; keeps the connection
#     line NAME        waits for one line of the body, prints it
#     rest NAME        waits for the end of the response, prints the rest of its body, or "lost"
#     ended NAME…      waits until the server closes, prints "NAME ended" and what came before of the next response
#     alive NAME…      prints whether the connection is open, without waiting
#     close NAME…
#     refused          waits until connections are refused
#     run COMMAND      a shell command; its output is printed
# Nothing waits longer than 60 seconds.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use Time::HiRes qw(time sleep);

my $LONGEST = 60;
my ($port, $mode) = @ARGV;
my %peers;
$SIG{PIPE} = 'IGNORE';
$| = 1;

# A connect that a signal has ended was none.
sub dial
{
    my $sock;

    do {
        $sock = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    } until $sock || !$!{EINTR};
    return $sock;
}

# Reads once. False: the end, an error, or too late.
sub more
{
    my $p = shift;

    my $until = time + $LONGEST;
    until (IO::Select->new($p->{sock})->can_read(0.5)) { # a signal ends it early
        return 0 if time > $until;
    }
    my $n = sysread $p->{sock}, $p->{in}, 65536, length $p->{in};
    return $n ? 1 : 0;
}

sub ask
{
    my ($p, $path, $connection) = @_;

    $p->{has_head} = 0;
    return syswrite $p->{sock}, "GET $path HTTP/1.1\r\nHost: a\r\nConnection: $connection\r\n\r\n";
}

# Takes the head off the input. False: it did not come.
sub take_head
{
    my $p = shift;

    return 1 if $p->{has_head};
    my $end;
    while (($end = index $p->{in}, "\r\n\r\n") < 0) {
        return 0 unless more($p);
    }
    my $head = substr $p->{in}, 0, $end + 4, '';
    $p->{status} = substr $head, 9, 3;
    $p->{closes} = $head =~ /^Connection: close/mi;
    $p->{length} = $head =~ /^Content-Length: (\d+)/mi ? $1 : undef;
    return $p->{has_head} = 1;
}

# The next piece of a chunked body; undef: the end came too early.
sub take_chunk
{
    my $p = shift;

    while (1) {
        if ($p->{in} =~ /\A([0-9a-f]+)\r\n/i && length $p->{in} >= length($1) + 4 + hex $1) {
            my ($digits, $n) = (length $1, hex $1);
            my $piece = substr $p->{in}, $digits + 2, $n;
            substr $p->{in}, 0, $digits + 4 + $n, '';
            return $piece;
        }
        return undef unless more($p);
    }
}

# The rest of a body; undef: it did not come whole.
sub take_body
{
    my $p = shift;
    my $body = delete $p->{text} // '';

    return undef unless take_head($p);
    if (defined $p->{length}) {
        while (length $p->{in} < $p->{length}) {
            return undef unless more($p);
        }
        return substr $p->{in}, 0, $p->{length}, '';
    }
    while (defined(my $piece = take_chunk($p))) {
        return $body if $piece eq '';
        $body .= $piece;
    }
    return undef;
}

sub take_line
{
    my $p = shift;

    $p->{text} //= '';
    return 'lost' unless take_head($p);
    while (index($p->{text}, "\n") < 0) {
        my $piece = take_chunk($p) // return 'lost';
        $p->{text} .= $piece;
    }
    my $line = substr $p->{text}, 0, index($p->{text}, "\n") + 1, '';
    chomp $line;
    return $line;
}

# One request and its answer. Undef: it was answered well; else what went wrong.
sub fetch
{
    my ($p, $connection) = @_;

    ask($p, '/', $connection) or return "send: $!";
    $! = 0;
    defined take_body($p) or return ($p->{has_head} ? 'no whole body' : "no head after '$p->{in}'") . ": $!";
    return $p->{status} == 200 ? undef : "status $p->{status}";
}

sub fetch_new
{
    my $sock = dial() or return "connect: $!";

    return fetch({sock => $sock, in => ''}, 'close');
}

# A connection that was kept may be closed by the server just when the next request is sent; who sees no byte of an
# answer asks again on a new one (RFC 9112 section 9.3.1).
sub fetch_kept
{
    my $kept = shift;
    my $why;

    if ($$kept) {
        my $p = $$kept;
        $why = fetch($p, 'keep-alive');
        undef $$kept if $why || $p->{closes};
        return $why if !$why || $p->{has_head} || length $p->{in};
    }
    my $sock = dial() or return "connect: $!";
    my $p = $$kept = {sock => $sock, in => ''};
    $why = fetch($p, 'keep-alive');
    undef $$kept if $why || $p->{closes};
    return $why;
}

# The answer to the last request is waited for; a machine that is slow does not make it a short test.
sub hammer_one
{
    my ($name, $fetch) = @_;
    my ($done, $failed, $is_over) = (0, 0, 0);

    $SIG{TERM} = sub { $is_over = 1 };
    until ($is_over && ($done + $failed >= 20)) {
        my $why = $fetch->();
        if (defined $why) {
            $failed++;
            print STDERR "$name: $why\n";
        }
        else {
            $done++;
        }
        sleep 0.001;
    }
    print "$name: $failed failed\n";
    exit 0;
}

sub hammer
{
    my ($kept, @pids);
    my @clients = (['new', \&fetch_new], ['kept', sub { fetch_kept(\$kept) }]);

    for my $c (@clients) {
        my $pid = fork // die "fork: $!\n";
        hammer_one(@$c) if $pid == 0;
        push @pids, $pid;
    }
    $SIG{TERM} = sub { $SIG{TERM} = 'IGNORE'; };
    sleep $LONGEST * 3;
    # one after the other, for the order of the lines
    for my $pid (@pids) {
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}

sub wait_for_refusal
{
    my $until = time + $LONGEST;

    while (time < $until) {
        my $sock = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
        return 'refused' unless $sock;
        sleep 0.02;
    }
    return 'not refused';
}

sub peer
{
    my $name = shift;

    return $peers{$name} //= {sock => (dial() or die "$name: cannot connect: $!\n"), in => ''};
}

sub wait_for_end
{
    my $p = shift;

    while (more($p)) { }
    return IO::Select->new($p->{sock})->can_read(0) ? "ended$p->{in}" : 'still open';
}

my %commands = (
    open => sub { peer($_) for @_; return },
    ask => sub { ask(peer($_[0]), $_[1], 'keep-alive'); return },
    line => sub { take_line(peer($_[0])) },
    rest => sub { my $body = take_body(peer($_[0])) // 'lost'; chomp $body; "$_[0] $body" },
    ended => sub { map { "$_ " . wait_for_end(peer($_)) } @_ },
    alive => sub { map { "$_ " . (IO::Select->new(peer($_)->{sock})->can_read(0) ? 'ended' : 'open') } @_ },
    close => sub { delete @peers{@_}; return },
    refused => \&wait_for_refusal,
);

sub follow
{
    while (my $line = <STDIN>) {
        chomp $line;
        my ($word, $rest) = split ' ', $line, 2;
        next unless defined $word;
        if ($word eq 'run') {
            print `$rest`;
            next;
        }
        my $command = $commands{$word} or die "no such command: $word\n";
        print "$_\n" for $command->(split ' ', $rest // '');
    }
}

$mode eq 'hammer' ? hammer() : follow();
