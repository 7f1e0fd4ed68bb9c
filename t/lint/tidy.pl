#!/usr/bin/perl
# tidy.pl KIND BATCH OBJECTS CHECKS SOURCE... -- FLAG...: clang-tidy on the sources that changed. Run at the top of the tree.
#
# OBJECTS is the folder of the objects: a source is looked at again when its object, or .clang-tidy, is newer than its stamp
# OBJECTS/….KIND. One process looks at up to BATCH sources, for its start takes as long as several of them; JOBS run at once.
# Exits 1 when there was a finding; what was in that batch has no stamp and is looked at again.
use strict;
use warnings;
use Cwd qw(getcwd);

my ($kind, $batch, $objects, $checks, @rest) = @ARGV;
my (@sources, @flags);
while (@rest && $rest[0] ne '--') {
    push @sources, shift @rest;
}
@flags = @rest;
my $jobs = $ENV{JOBS} || 2;
my $top = getcwd();
my @stale = grep { is_stale($_) } @sources;
my $failed = 0;
my %running;

# Smaller batches when there is little to do, so that every job has one.
my $share = int(@stale / $jobs) + 1;
$batch = $share if $share < $batch;
while (@stale || %running) {
    if (@stale && keys %running < $jobs) {
        my @files = splice @stale, 0, $batch;
        my $pid = fork() // die "tidy: fork: $!\n";
        exit look_at(@files) if !$pid;
        $running{$pid} = 1;
    } else {
        my $pid = waitpid -1, 0;
        $failed = 1 if delete $running{$pid} && $?;
    }
}
exit $failed;

sub stamp_of
{
    my ($source) = @_;
    return "$objects/" . $source =~ s{^src/|\.c$}{}gr . ".$kind";
}

sub is_stale
{
    my ($source) = @_;
    my $stamp = (stat stamp_of($source))[9] // return 1;
    my $object = (stat stamp_of($source) =~ s/\.\Q$kind\E$/.o/r)[9] // return 1;
    return $stamp < $object || $stamp < (stat '.clang-tidy')[9];
}

# What a batch says is printed whole, behind the names of its files. Returns the exit status.
sub look_at
{
    my @files = @_;
    open my $out, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', 'clang-tidy-14', '--quiet', '--warnings-as-errors=*',
        "--checks=$checks", @files, @flags or die "tidy: clang-tidy-14: $!\n";
    my @said = <$out>;
    my $is_clean = close $out;
    my $text = join '', map { sprintf "%-5s %s\n", uc($kind eq 'tidy' ? 'tidy' : 'paths'), s{^src/}{}r } @files;
    if (!$is_clean) {
        s{\Q$top/\E}{}g for @said;
        $text .= join '', grep { !/^\d+ warnings? .*generated|^Suppressed/ } @said;
    }
    syswrite STDOUT, $text;
    return 1 if !$is_clean;
    for my $file (@files) {
        open my $stamp, '>', stamp_of($file) or die "tidy: " . stamp_of($file) . ": $!\n";
    }
    return 0;
}
