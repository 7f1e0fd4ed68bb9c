# What the tools of this suite need before a server starts: the files to serve, and the load generator.
package Bench::Setup;
use strict;
use warnings;
use Bench::Server;
use Bench::Scenario;
use File::Path qw(make_path);

# files(DIR): DIR, with the files of the static scenarios.
sub files
{
    my ($dir) = @_;
    make_path($dir);
    for my $name (keys %Bench::Scenario::FILES) {
        Bench::Server::write_file("$dir/$name", 'x' x $Bench::Scenario::FILES{$name});
    }
}

# load(TOP): builds TOP/build/bench/load where it is older than its sources; ends the run when that fails.
sub load
{
    my ($top) = @_;
    my $here = $Bench::Server::HERE;
    make_path("$top/build/bench");
    $Bench::Scenario::LOAD = "$top/build/bench/load";
    my @sources = ("$here/load.c", "$here/frame.c");
    my $built = (stat $Bench::Scenario::LOAD)[9] // 0;
    return if !grep { (stat $_)[9] >= $built } @sources, "$here/frame.h";
    my $cc = $ENV{CC} // 'gcc';
    return if system($cc, qw(-std=gnu11 -O2 -D_GNU_SOURCE -Wall -Wextra -o), $Bench::Scenario::LOAD, @sources) == 0;
    print STDERR "cannot build the load generator\n";
    exit 1;
}

1;
