#!/usr/bin/perl
# tally.pl: runs tests, counts what they say, keeps the count in a file ("passed failed").
#
#   tally.pl unit SUM PREFIX PROGRAM...   unit tests; one line per program, and the output of those that fail
#   tally.pl t SUM PROGRAM test FILES...  a command that prints TAP; its output passes through. Files that fail beside others
#                                         run once more, alone, when they are few: what fails then has failed
#   tally.pl sum SUM...                   prints `N passed, N failed`; a missing file is one failure
#
# A program that dies, prints no result, runs past its time or leaves its plan unfinished counts as failed.
use strict;
use warnings;

use constant AGAIN_MOST => 15;

$| = 1;
my $mode = shift // '';
my %modes = (unit => \&run_units, t => \&run_t, sum => \&sum);
exit(($modes{$mode} or die "usage: tally.pl unit|t|sum ...\n")->());

# Counts one line of TAP into %$n.
sub count_line
{
    my ($n, $line) = @_;
    if ($line =~ /^(?:not )?ok\b.*#\s*(?:SKIP|TODO)\b/i) {
        $n->{seen}++;
    } elsif ($line =~ /^ok\b/) {
        $n->{seen}++;
        $n->{passed}++;
    } elsif ($line =~ /^not ok\b/) {
        $n->{seen}++;
        $n->{failed}++;
    } elsif ($line =~ /^1\.\.(\d+)/) {
        $n->{plan} += $1;
    }
}

# What the end of the run adds: tests planned and never reported, and a bad exit that no test explains.
sub close_count
{
    my ($n, $status) = @_;
    $n->{failed} += $n->{plan} - $n->{seen} if $n->{plan} > $n->{seen};
    $n->{failed}++ if $n->{failed} == 0 && ($status != 0 || $n->{seen} == 0);
}

sub new_count
{
    return {plan => 0, seen => 0, passed => 0, failed => 0};
}

sub write_sum
{
    my ($file, $n) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out "$n->{passed} $n->{failed}\n";
    close $out or die "$file: $!\n";
}

sub describe
{
    my ($status) = @_;
    my $signal = $status & 127;
    return "signal $signal" if $signal;
    return $status >> 8 == 124 ? 'time is up' : 'exit ' . ($status >> 8);
}

sub run_units
{
    my ($file, $prefix, @programs) = @ARGV;
    my $seconds = $ENV{TEST_TIMEOUT} // 300;
    my $all = new_count();
    $ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';
    mkdir $1 if $file =~ m{^(.*)/} && !-d $1;
    for my $program (@programs) {
        my $n = new_count();
        open my $in, '-|', "timeout -k 5 $seconds $program 2>&1 </dev/null" or die "$program: $!\n";
        my @output = <$in>;
        close $in;
        my $status = $?;
        count_line($n, $_) for @output;
        close_count($n, $status);
        (my $name = $program) =~ s/^\Q$prefix\E//;
        printf "%-5s unit/%s %d\n", $n->{failed} ? 'FAIL' : 'ok', $name, $n->{passed};
        print @output, "# unit/$name: ", describe($status), "\n" if $n->{failed};
        $all->{$_} += $n->{$_} for qw(passed failed);
    }
    write_sum($file, $all);
    print "unit: $all->{passed} passed, $all->{failed} failed\n";
    return $all->{failed} ? 1 : 0;
}

# Runs a command; its lines go out behind `$prefix`. The count, and the files that failed.
sub run_command
{
    my ($prefix, @command) = @_;
    my ($n, %failed) = (new_count());
    my $in;
    if (open $in, '-|', @command) {
        while (my $line = <$in>) {
            count_line($n, $line);
            $failed{$1}++ if $line =~ /^not ok \d+ - (\S+\.t) / && $line !~ /#\s*(?:SKIP|TODO)\b/i;
            print $prefix, $line;
        }
        close $in;
        close_count($n, $?);
        print "# @command: ", describe($?), "\n" if $?;
    } else {
        print "# cannot run $command[0]: $!\n";
        $n->{failed} = 1;
    }
    return ($n, sort keys %failed);
}

sub run_t
{
    my ($file, @command) = @ARGV;
    mkdir $1 if $file =~ m{^(.*)/} && !-d $1;
    my ($n, @failed) = run_command('', @command);
    if (@failed && @failed <= AGAIN_MOST && $n->{seen} == $n->{plan}) {
        print "# once more, alone: @failed\n";
        my ($again) = run_command('again: ', $command[0], 'test', @failed, '-j', 1);
        $n->{passed} += $n->{failed} - $again->{failed} if $n->{failed} > $again->{failed};
        $n->{failed} = $again->{failed};
    }
    write_sum($file, $n);
    print "t: $n->{passed} passed, $n->{failed} failed\n";
    return $n->{failed} ? 1 : 0;
}

sub sum
{
    my ($passed, $failed) = (0, 0);
    for my $file (@ARGV) {
        if (open my $in, '<', $file) {
            my ($p, $f) = split ' ', scalar <$in>;
            $passed += $p;
            $failed += $f;
        } else {
            $failed++;
        }
    }
    print "$passed passed, $failed failed\n";
    return $failed ? 1 : 0;
}
