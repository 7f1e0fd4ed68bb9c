#!/usr/bin/perl
# mirror.pl PARSERS SOURCE...: each src/X/Y.c has t/unit/X/Y.c, each parser (a list of X/Y) has t/fuzz/Y.c, or a line
# `X/Y reason` (`fuzz/Y reason`) stands in t/NOT_TESTED. Lines there that excuse nothing are violations too.
use strict;
use warnings;

my ($parsers, @sources) = @ARGV;
my $violations = 0;
my %excused = read_excuses();
my %used;

for my $source (@sources) {
    my ($name) = $source =~ m{^src/(.*)\.c$} or next;
    need($name, "t/unit/$name.c", "$source:1");
}
for my $parser (split ' ', $parsers) {
    -e "src/$parser.c" or bad('Makefile:1', "PARSERS: there is no src/$parser.c");
    my ($name) = $parser =~ m{([^/]+)$};
    need("fuzz/$name", "t/fuzz/$name.c", "src/$parser.c:1");
}
for my $name (sort keys %excused) {
    bad("t/NOT_TESTED:$excused{$name}", "$name needs no excuse") unless $used{$name};
}
exit($violations ? 1 : 0);

sub bad
{
    my ($where, $what) = @_;
    $violations++;
    print "$where: $what\n";
}

sub need
{
    my ($name, $test, $where) = @_;
    return if -e $test;
    $used{$name} = 1;
    bad($where, "no $test, and no line `$name reason` in t/NOT_TESTED") unless $excused{$name};
}

sub read_excuses
{
    my %lines;
    open my $in, '<', 't/NOT_TESTED' or return;
    while (<$in>) {
        next if /^\s*(?:#|$)/;
        if (/^(\S+)\s+\S.{7,}/) {
            $lines{$1} = $.;
        } else {
            bad("t/NOT_TESTED:$.", 'not `X/Y reason`');
        }
    }
    return %lines;
}
