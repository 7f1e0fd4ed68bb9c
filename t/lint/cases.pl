#!/usr/bin/perl
# cases.pl FILE...: are the cases that a document names (`t/X.t` TEST 1, 2) there? And does t/90-docs-snippets.t run each
# page that has blocks to be run? Prints `file:line: what` for each that is not; exit 1 when there is any.
use strict;
use warnings;

my $violations = 0;
my %tests;

sub tests_of {
    my ($path) = @_;
    return $tests{$path} if $tests{$path};
    my %found;
    if (open my $in, '<', $path) {
        while (<$in>) {
            $found{$1} = 1 if /^=== TEST (\d+)/;
        }
        close $in;
    }
    return $tests{$path} = \%found;
}

for my $file (@ARGV) {
    open my $in, '<', $file or die "$file: $!\n";
    while (my $line = <$in>) {
        while ($line =~ m{`(t/[\w-]+\.t)` TEST (\d+(?:, \d+)*)}g) {
            for my $n (split /, /, $2) {
                next if tests_of($1)->{$n};
                print "$file:$.: there is no TEST $n in $1\n";
                $violations++;
            }
        }
    }
    close $in;
}

open my $in, '<', 't/90-docs-snippets.t' or die "t/90-docs-snippets.t: $!\n";
my %is_run = map { m{^=== TEST \d+: (\S+)$} ? ($1 => 1) : () } <$in>;
for my $page ('README.md', glob('docs/*.md docs/*/*.md')) {
    open my $text, '<', $page or die "$page: $!\n";
    while (!$is_run{$page} && defined(my $line = <$text>)) {
        next unless $line =~ /^```(?:lua run|nginx (?:server|main|http)|console)$/;
        print "$page:$.: no case of t/90-docs-snippets.t runs this page\n";
        $violations++;
        last;
    }
}
exit($violations ? 1 : 0);
