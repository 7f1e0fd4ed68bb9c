#!/usr/bin/perl
# cov.pl OBJECTS: after the tests of the cov flavour, prints the share of lines that ran for each file of src/. A source that
# a unit test includes is counted once: a line ran when it ran in any object.
use strict;
use warnings;
use File::Find;

my ($objects) = @ARGV;
my @data;
find({wanted => sub { push @data, $_ if /\.gcda$/ }, no_chdir => 1}, $objects);
die "no coverage data in $objects\n" unless @data;

my (%ran, $file);
for my $data (sort @data) {
    open my $in, '-|', "gcov --stdout '$data' 2>/dev/null" or die "gcov: $!\n";
    while (<$in>) {
        $file = $1 if /^\s*-:\s+0:Source:(.*)$/;
        next if !defined $file || $file !~ m{^src/} || !/^\s*([0-9#=]+)\*?:\s*(\d+):/ || $2 == 0;
        $ran{$file}{$2} ||= $1 =~ /^\d/ ? 1 : 0;
    }
    close $in;
}

my ($all_hit, $all) = (0, 0);
for my $path (sort keys %ran) {
    my $lines = keys %{$ran{$path}};
    my $hit = grep { $_ } values %{$ran{$path}};
    printf "%6.1f %%  %5d of %5d  %s\n", 100 * $hit / $lines, $hit, $lines, $path;
    $all_hit += $hit;
    $all += $lines;
}
printf "%6.1f %%  %5d of %5d  all\n", $all ? 100 * $all_hit / $all : 0, $all_hit, $all;
