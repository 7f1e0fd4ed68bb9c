#!/usr/bin/perl
# lua_shape.pl FILE...: sizes of Lua files: functions of at most 40 lines, files of at most 500. A function is measured with
# those inside it.
use strict;
use warnings;

my $FUNCTION_MAX = 40;
my $FILE_MAX     = 500;
my $violations   = 0;

check($_) for @ARGV;
exit($violations ? 1 : 0);

sub bad
{
    my ($where, $what) = @_;
    $violations++;
    print "$where: $what\n";
}

# Comments and strings become blanks; lines keep their numbers.
sub blank
{
    my ($s) = @_;
    $s =~ s/[^\n]/ /g;
    return $s;
}

sub strip
{
    my ($text) = @_;
    $text =~ s{^\#[^\n]*}{};
    $text =~ s{(--\[(=*)\[.*?\]\2\])|(--[^\n]*)|(\[(=*)\[.*?\]\5\])|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')}
              {blank($1 // $3 // $4 // $6)}gse;
    return $text;
}

sub check
{
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    my $text = <$in> // '';
    my $lines = () = $text =~ /\n/g;
    bad("$path:" . ($FILE_MAX + 1), "$lines lines, at most $FILE_MAX") if $lines > $FILE_MAX;
    my $number = 0;
    my @open;
    for my $line (split /\n/, strip($text)) {
        $number++;
        while ($line =~ /(?<![\w.:])(function|if|do|repeat|end|until)\b(?:\s+([\w.:]+)\s*\()?/g) {
            my ($word, $name) = ($1, $2);
            if ($word ne 'end' && $word ne 'until') {
                push @open, [$word, $number, $name // 'function'];
                next;
            }
            my $block = pop @open or next;
            my $length = $number - $block->[1] + 1;
            next if $block->[0] ne 'function' || $length <= $FUNCTION_MAX;
            bad("$path:$block->[1]", "$block->[2]: $length lines, at most $FUNCTION_MAX");
        }
    }
}
