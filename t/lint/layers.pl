#!/usr/bin/perl
# layers.pl OBJECTS: the direction of src/. Run at the top of the tree; OBJECTS is the folder of the objects.
#
# Checked, each violation as `file:line: what`:
#   includes   a file includes only its own layer and those that src/LAYERS allows it
#   symbols    an object refers only to objects of its own layer and of those allowed
#   cycles     no header includes itself by a way around; no objects refer to each other by a way around
#   fences     third-party headers reach the files of t/lint/FENCES only, also by way of our own headers
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Csource;

my ($objects) = @ARGV;
my $violations = 0;
my %allowed = read_layers();
my @fences = read_fences();
my @sources = sort map { glob("src/$_") } '*.[ch]', '*/*.[ch]', '*/*/*.[ch]';
my (%includes, %symbol_use, @fenced_headers);

check_includes($_) for @sources;
check_leaks();
check_symbols();
check_cycles('include', \%includes);
check_cycles('symbol', \%symbol_use);
exit($violations ? 1 : 0);

sub bad
{
    my ($where, $what) = @_;
    $violations++;
    print "$where: $what\n";
}

# src/LAYERS: layer => {itself and those it may use}.
sub read_layers
{
    my %allowed;
    open my $in, '<', 'src/LAYERS' or die "src/LAYERS: $!\n";
    while (<$in>) {
        next if /^\s*(?:#|$)/;
        die "src/LAYERS:$.: not understood\n" unless /^(\w+):\s*(.*?)\s*$/;
        my ($layer, @below) = ($1, split ' ', $2);
        for (@below) {
            bad("src/LAYERS:$.", "$layer uses $_, which does not stand before it") unless $allowed{$_};
        }
        $allowed{$layer} = {map { $_ => 1 } $layer, @below};
    }
    return %allowed;
}

sub read_fences
{
    my @fences;
    open my $in, '<', 't/lint/FENCES' or die "t/lint/FENCES: $!\n";
    while (<$in>) {
        next if /^\s*(?:#|$)/;
        my ($header, @files) = split ' ';
        push @fences, [pattern($header), map { pattern($_) } @files];
    }
    return @fences;
}

sub pattern
{
    my ($glob) = @_;
    my $re = join '.*', map { quotemeta } split /\*/, $glob, -1;
    return qr/^$re$/;
}

# src/net/tcp.c → net; src/main.c → main
sub layer_of
{
    my ($path) = @_;
    return $path =~ m{^src/(\w+)/} ? $1 : 'main';
}

sub check_includes
{
    my ($path) = @_;
    my $layer = layer_of($path);
    bad("$path:1", "layer $layer is not in src/LAYERS") unless $allowed{$layer};
    my $number = 0;
    open my $in, '<', $path or die "$path: $!\n";
    while (my $line = <$in>) {
        $number++;
        next unless $line =~ /^\s*#\s*include\s*(["<])([^">]+)[">]/;
        my ($quote, $name) = ($1, $2);
        check_fence("$path:$number", $path, $name);
        if (-e "src/$name") {
            my $other = layer_of("src/$name");
            bad("$path:$number", "$layer may not include $name (src/LAYERS)") unless $allowed{$layer}{$other};
            $includes{$path}{"src/$name"} //= $number;
        } elsif ($quote eq '"') {
            bad("$path:$number", "\"$name\" is not a file of src/ (include with the folder)");
        }
    }
}

sub check_fence
{
    my ($where, $path, $name) = @_;
    (my $file = $path) =~ s{^src/}{};
    for my $fence (@fences) {
        my ($header, @files) = @$fence;
        next unless $name =~ $header;
        bad($where, "<$name> is fenced off from this file (t/lint/FENCES)") unless grep { $file =~ $_ } @files;
        push @fenced_headers, [$where, $path, $name, @files] if $file =~ /\.h$/;
    }
}

# A header of ours that includes a fenced header carries it into every file that includes ours, directly or not: those must
# stand inside the fence too.
sub check_leaks
{
    for my $leak (@fenced_headers) {
        my ($where, $path, $name, @files) = @$leak;
        my %reached = ($path => 1);
        my @queue = ($path);
        while (defined(my $at = shift @queue)) {
            for my $user (sort grep { $includes{$_}{$at} && !$reached{$_}++ } keys %includes) {
                (my $file = $user) =~ s{^src/}{};
                bad("$user:$includes{$user}{$at}", "brings <$name> past its fence, by $where") unless grep { $file =~ $_ } @files;
                push @queue, $user;
            }
        }
    }
}

# Who defines and who uses each global symbol, by nm; objects that are not built are left out.
sub check_symbols
{
    my %object = map { my $o = $_; $o =~ s{^src/(.*)\.c$}{$objects/$1.o}; -e $o ? ($o => $_) : () } grep { /\.c$/ } @sources;
    return unless %object;
    my (%defined_in, @uses);
    open my $in, '-|', 'nm', '-A', '-P', sort keys %object or die "nm: $!\n";
    while (<$in>) {
        next unless /^(.*?): (\S+) ([A-Za-z])/;
        my ($path, $symbol, $type) = ($object{$1}, $2, $3);
        next unless defined $path;
        if ($type eq 'U') {
            push @uses, [$path, $symbol];
        } elsif ($type =~ /^[A-Z]$/) {
            $defined_in{$symbol} = $path;
        }
    }
    close $in or die "nm failed\n";
    for my $use (@uses) {
        my ($path, $symbol) = @$use;
        my $other = $defined_in{$symbol};
        next if !defined $other || $other eq $path;
        $symbol_use{$path}{$other} //= $symbol;
        next if $allowed{layer_of($path)}{layer_of($other)};
        bad("$path:" . line_of($path, $symbol), layer_of($path) . " may not use $symbol of $other (src/LAYERS)");
    }
}

sub line_of
{
    my ($path, $symbol) = @_;
    my $number = 0;
    for my $line (split /\n/, Csource::load($path)->{code}) {
        $number++;
        return $number if $line =~ /\b\Q$symbol\E\b/;
    }
    return 1;
}

# Reports each knot of files once: its members and one way around (Tarjan's components, then a breadth-first walk).
sub check_cycles
{
    my ($kind, $graph) = @_;
    for my $knot (knots($graph)) {
        my ($first) = sort @$knot;
        my @way = way_around($graph, $first, {map { $_ => 1 } @$knot});
        my $label = $graph->{$first}{$way[1]};
        my $line = $kind eq 'include' ? $label : line_of($first, $label);
        my $names = join ' -> ', map { s{^src/}{}r } @way;
        my $how = $kind eq 'include' ? '' : ' (' . join(', ', map { $graph->{$way[$_]}{$way[$_ + 1]} } 0 .. $#way - 1) . ')';
        my $size = @$knot;
        bad("$first:$line", "$kind cycle of $size files: $names$how");
    }
}

sub knots
{
    my ($graph) = @_;
    my (%index, %low, %on_stack, @stack, @found);
    my $count = 0;
    my $visit;
    $visit = sub {
        my ($node) = @_;
        $index{$node} = $low{$node} = ++$count;
        push @stack, $node;
        $on_stack{$node} = 1;
        for my $next (sort keys %{$graph->{$node} // {}}) {
            if (!$index{$next}) {
                $visit->($next);
                $low{$node} = $low{$next} if $low{$next} < $low{$node};
            } elsif ($on_stack{$next} && $index{$next} < $low{$node}) {
                $low{$node} = $index{$next};
            }
        }
        return if $low{$node} != $index{$node};
        my @knot;
        do {
            push @knot, pop @stack;
            delete $on_stack{$knot[-1]};
        } while ($knot[-1] ne $node);
        push @found, \@knot if @knot > 1 || $graph->{$node}{$node};
    };
    no warnings 'recursion';
    $index{$_} || $visit->($_) for sort keys %$graph;
    return @found;
}

sub way_around
{
    my ($graph, $first, $inside) = @_;
    my %from;
    my @queue = ($first);
    while (defined(my $node = shift @queue)) {
        for my $next (sort keys %{$graph->{$node}}) {
            if ($next eq $first) {
                my @way = ($first);
                for (my $at = $node; $at ne $first; $at = $from{$at}) {
                    unshift @way, $at;
                }
                return ($first, @way);
            }
            next if !$inside->{$next} || exists $from{$next};
            $from{$next} = $node;
            push @queue, $next;
        }
    }
    return ($first, $first);
}
