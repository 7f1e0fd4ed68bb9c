#!/usr/bin/perl
# text.pl: what must not stand in any text file of the project: paths of one machine, addresses of package registries,
# conflict marks, and lines that end in blanks.
use strict;
use warnings;
use File::Find;

# Written with classes so that this file does not match itself.
my @patterns = (
    [qr{(?<![\w.])/(?:[w]ork|[r]oot)/}, 'path of one machine'],
    [qr{(?<![\w.])/[h]ome/\w+}, 'path of one machine'],
    [qr{://[\w.-]*(?:[n]pmjs|[p]ypi|[l]uarocks|[r]ubygems)\.}, 'address of a package registry'],
    [qr{://(?:deb|ftp|security|snapshot)\.[d]ebian\.org}, 'address of a package registry'],
    [qr/^(?:<{7}|>{7})(?: |$)/, 'conflict mark'],
);
my $blanks = [qr/[ \t]+$/, 'blanks at the end of the line'];
my $code = qr/(?:\.(?:c|h|lua|pl|pm|sh)|Makefile)$/;
my $violations = 0;

find({wanted => \&visit, no_chdir => 1}, '.');
exit($violations ? 1 : 0);

sub visit
{
    (my $path = $File::Find::name) =~ s{^\./}{};
    if ($path =~ m{^(?:\.git|build|logs)$|^t/fuzz/corpus$|^t/servroot}) {
        $File::Find::prune = 1;
        return;
    }
    return if !-f $path || -l $path || -s _ == 0 || !-T _;
    open my $in, '<', $path or return;
    while (my $line = <$in>) {
        for my $p (@patterns, $path =~ $code ? $blanks : ()) {
            next unless $line =~ $p->[0];
            $violations++;
            print "$path:$.: $p->[1]\n";
        }
    }
}
