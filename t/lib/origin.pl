#!/usr/bin/perl
# origin.pl PORTFILE ANSWER...: a server that says what it is told. Each connection gets the next ANSWER (the last one
# again and again) once a request head has come; `\r`, `\n` and `\0` in it are those bytes. Parts of an answer that are
# separated by `|` are answers to one request each on the same connection. `~` at the end keeps the connection open,
# `=` sends back whatever comes from then on, `!` resets it, otherwise it is closed. A port of the system's choice is written to PORTFILE. What was received is
# appended to PORTFILE.log. Ends after 20 seconds, or when it is killed.
use strict;
use warnings;
use IO::Socket::INET;

my ($port_file, @answers) = @ARGV;
my $listener = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "listen: $!";
open my $out, '>', "$port_file.new" or die;
print $out $listener->sockport;
close $out;
rename "$port_file.new", $port_file;
$SIG{ALRM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
alarm 20;
my @kept;
while (my $client = $listener->accept) {
    my $answer = @answers > 1 ? shift @answers : $answers[0];
    serve($client, $answer);
}

sub serve
{
    my ($client, $answer) = @_;
    my $ending = $answer =~ s/([~!=])$// ? $1 : '';
    my @parts = length $answer ? split /\|/, $answer, -1 : ('');
    for my $part (@parts) {
        my $head = '';
        while ($head !~ /\r\n\r\n/) {
            sysread $client, $head, 65536, length $head or return;
        }
        open my $log, '>>', "$port_file.log";
        print $log $head;
        close $log;
        $part =~ s/\\r/\r/g;
        $part =~ s/\\n/\n/g;
        $part =~ s/\\0/\0/g;
        syswrite $client, $part if length $part;
    }
    push @kept, $client if $ending eq '~';
    while ($ending eq '=' && sysread $client, my $bytes, 65536) {
        syswrite $client, $bytes;
    }
    setsockopt $client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) if $ending eq '!';
}
