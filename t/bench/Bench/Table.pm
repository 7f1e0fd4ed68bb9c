# Figures from rounds: medians, ratios of medians, spread, and their tables as text and as Markdown.
#
# A result is {name, client, targets, rounds: [{perilune: {...}, nginx: {...}}, ...]}; a side that could not run in a round is
# missing there, and `problem` says why.
package Bench::Table;
use strict;
use warnings;

sub median
{
    my @v = sort { $a <=> $b } grep { defined } @_;
    return undef unless @v;
    return @v % 2 ? $v[@v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

# The median of one quantity on one side.
sub value
{
    my ($result, $side, $what) = @_;
    return median(map { $_->{$side} ? $_->{$side}{$what} : () } @{$result->{rounds}});
}

# The ratio of the medians, and the least and greatest ratio within a round.
sub ratio
{
    my ($result, $what) = @_;
    my ($p, $n) = (value($result, 'perilune', $what), value($result, 'nginx', $what));
    return unless defined $p && $n;
    my @each = sort { $a <=> $b }
        map { $_->{perilune} && $_->{nginx} && $_->{nginx}{$what} ? $_->{perilune}{$what} / $_->{nginx}{$what} : () }
        @{$result->{rounds}};
    return ($p / $n, $each[0], $each[-1]);
}

sub format_ratio
{
    my ($result, $what) = @_;
    my ($r, $least, $most) = ratio($result, $what);
    return '-' unless defined $r;
    return defined $least ? sprintf '%.2f (%.2f–%.2f)', $r, $least, $most : sprintf '%.2f', $r;
}

# The target that concerns a quantity, with whether the median meets it: `<= 0.80 met`.
sub target
{
    my ($result, $what) = @_;
    my ($t) = grep { $_->[0] eq $what } @{$result->{targets}};
    return '-' unless $t;
    my ($r) = $what eq 'growth' ? value($result, 'perilune', $what) : ratio($result, $what);
    $r = abs $r if defined $r && $what eq 'growth';
    my $sign = $t->[1] eq '<=' ? '≤' : '≥';
    my $state = !defined $r ? '' : ($t->[1] eq '<=' ? $r <= $t->[2] : $r >= $t->[2]) ? ' met' : ' missed';
    return "$sign $t->[2]$state";
}

sub number
{
    my ($v) = @_;
    return '-' unless defined $v;
    return sprintf $v >= 100 ? '%.0f' : $v >= 10 ? '%.1f' : '%.2f', $v;
}

sub whole
{
    my ($v) = @_;
    return '-' unless defined $v;
    my $text = sprintf '%.0f', $v;
    1 while $text =~ s/^(-?\d+)(\d{3})/$1,$2/;
    return $text;
}

sub cpu_rows
{
    my ($results) = @_;
    my @rows = (['scenario', 'perilune user', 'sys', 'total', 'nginx user', 'sys', 'total', 'user ratio', 'target',
        'total ratio', 'target']);
    for my $r (grep { is_timed($_) } @$results) {
        push @rows, [$r->{name}, map({ number(value($r, 'perilune', $_)) } qw(user sys total)),
            map({ number(value($r, 'nginx', $_)) } qw(user sys total)), format_ratio($r, 'user'), target($r, 'user'),
            format_ratio($r, 'total'), target($r, 'total')];
    }
    return \@rows;
}

sub throughput_rows
{
    my ($results) = @_;
    my @rows = (['scenario', 'client', 'perilune', 'nginx', 'ratio', 'target']);
    for my $r (grep { is_timed($_) } @$results) {
        push @rows, [$r->{name}, $r->{client}, map({ whole(value($r, $_, 'rps')) } qw(perilune nginx)),
            format_ratio($r, 'rps'), target($r, 'rps')];
    }
    return \@rows;
}

sub memory_rows
{
    my ($results) = @_;
    my @rows = (['scenario', 'quantity', 'perilune', 'nginx', 'ratio', 'target']);
    for my $r (grep { !is_timed($_) } @$results) {
        if ($r->{client} =~ /^idle/) {
            push @rows, [$r->{name}, 'PSS per connection, bytes', map({ whole(value($r, $_, 'pss')) } qw(perilune nginx)),
                format_ratio($r, 'pss'), target($r, 'pss')];
        } else {
            push @rows, [$r->{name}, 'RSS after ' . whole(value_of_any($r, 'requests')) . ' requests',
                map({ growth_text($r, $_) } qw(perilune nginx)), '-', target($r, 'growth') =~ s/≤ (\d+)/± $1 %/r];
        }
    }
    return \@rows;
}

sub value_of_any
{
    my ($result, $what) = @_;
    return value($result, 'perilune', $what) // value($result, 'nginx', $what);
}

sub growth_text
{
    my ($r, $side) = @_;
    my ($before, $after, $growth) = map { value($r, $side, $_) } qw(before after growth);
    return '-' unless defined $growth;
    return sprintf '%.1f → %.1f MB (%+.1f %%)', $before / 1e6, $after / 1e6, $growth;
}

sub is_timed
{
    return $_[0]{client} !~ /^(?:idle\w*|flat)$/;
}

# The tables that have rows: [title, rows].
sub tables
{
    my ($results) = @_;
    return grep { @{$_->[1]} > 1 } (
        ["The server's CPU time, µs per request", cpu_rows($results)],
        ['Requests per second', throughput_rows($results)],
        ['Memory', memory_rows($results)]);
}

sub width
{
    my ($text) = @_;
    utf8::decode($text);
    return length $text;
}

sub text
{
    my ($rows) = @_;
    my @widths;
    for my $row (@$rows) {
        for my $i (0 .. $#$row) {
            my $w = width($row->[$i]);
            $widths[$i] = $w if $w > ($widths[$i] // 0);
        }
    }
    my $out = '';
    for my $row (@$rows) {
        my @cells = map { my $pad = ' ' x ($widths[$_] - width($row->[$_])); $_ ? $pad . $row->[$_] : $row->[$_] . $pad }
            0 .. $#$row;
        $out .= join('  ', @cells) . "\n";
    }
    return $out;
}

sub markdown
{
    my ($rows) = @_;
    my ($head, @body) = @$rows;
    my $line = sub { '| ' . join(' | ', @{$_[0]}) . " |\n" };
    return $line->($head) . '|---|' . '---:|' x $#$head . "\n" . join '', map { $line->($_) } @body;
}

1;
