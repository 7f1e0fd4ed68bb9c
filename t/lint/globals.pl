#!/usr/bin/perl
# globals.pl OBJECTS SOURCE...: variables that outlive a call. What the compiler put into writable sections of an object is
# mutable state of the process: its declaration must carry `/* process-wide: reason */` on its first line, the line above,
# or its last line.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Csource;

my ($objects, @sources) = @ARGV;
my $violations = 0;
my %source_of = map { my $o = $_; $o =~ s{^src/(.*)\.c$}{$objects/$1.o}; -e $o ? ($o => $_) : () } @sources;
exit 0 unless %source_of;

my $path;
open my $in, '-|', 'objdump', '-t', sort keys %source_of or die "objdump: $!\n";
while (<$in>) {
    $path = $source_of{$1} if /^(\S+):\s+file format/;
    next unless /^[0-9a-f]+ .{7} (\S+)\t[0-9a-f]+ (?:\.hidden )?(\S+)$/;
    my ($section, $name) = ($1, $2);
    next if $section !~ /^(?:\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ || $section =~ /^\.data\.rel\.ro/;
    $name =~ s/\.\d+$//;
    check($path, $name) unless $name eq $section;
}
close $in or die "objdump failed\n";
exit($violations ? 1 : 0);

my %loaded;

sub check
{
    my ($path, $name) = @_;
    my $file = $loaded{$path} //= Csource::load($path);
    my @code = split /\n/, $file->{code};
    my @ways = (
        qr/^\s*static\b[^()]*\b\Q$name\E\b\s*(?:[\[=;,]|$)/,
        qr/(?:[\w\*\]]\s+|\*|,\s*)\b\Q$name\E\b\s*(?:[\[=;,]|$)/,
        qr/\b\Q$name\E\b/,
    );
    my $first;
    for my $way (@ways) {
        ($first) = grep { $code[$_] =~ $way } 0 .. $#code unless defined $first;
    }
    $first //= 0;
    my $last = $first;
    $last++ while $last < $#code && $code[$last] !~ /;\s*$/;
    return if grep { /process-wide:/ } @{$file->{raw}}[($first ? $first - 1 : 0), $first, $last];
    $violations++;
    print "$path:", $first + 1, ": $name: mutable state without a `/* process-wide: reason */`\n";
}
