#!/usr/bin/perl
# shape.pl FILE...: sizes and habits of C files. Prints `file:line: what` for each violation; exit 1 when there is any.
#
# To add a gate, write a function that takes the loaded file (see Csource.pm) and calls bad(); list it in @gates.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Csource;

my $FILE_MAX     = 1000;
my $HEADER_MAX   = 200;
my $FUNCTION_MAX = 100;
my $FUNCTION_AIM = 60;
my $AIM_SHARE    = 0.95;
my $PARAMS_MAX   = 6;
my $NESTING_MAX  = 4;
my $FLAGS_MAX    = 6;
my $BANNED       = qr/\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|alloca|gets|localtime)\s*\(/;
my $PREPROCESSOR_MAY = qr{^src/(?:base|loop)/|^src/net/tls/tls};

my $violations = 0;
my @lengths;
my @gates = (\&check_length, \&check_functions, \&check_flags, \&check_conditionals, \&check_comments);

for my $path (@ARGV) {
    next if $path =~ /\*/;    # a pattern that matched nothing
    my $file = Csource::load($path);
    $file->{items} = [Csource::items($file)];
    check_banned($file);
    next unless $path =~ m{^src/};
    $_->($file) for @gates;
}
report();
exit($violations ? 1 : 0);

sub bad
{
    my ($file, $line, $what) = @_;
    $violations++;
    print "$file->{path}:$line: $what\n";
}

sub check_banned
{
    my ($file) = @_;
    my $line = 0;
    for my $text (split /\n/, $file->{code}) {
        $line++;
        bad($file, $line, "banned function $1") while $text =~ /$BANNED/g;
    }
}

sub check_length
{
    my ($file) = @_;
    my $max = $file->{path} =~ /\.h$/ ? $HEADER_MAX : $FILE_MAX;
    my $n = @{$file->{raw}};
    bad($file, $max + 1, "$n lines, at most $max") if $n > $max;
}

sub check_functions
{
    my ($file) = @_;
    for my $f (@{$file->{items}}) {
        next unless defined $f->{name};
        # a callback whose form a library dictates says so on the line above
        my $is_dictated = $file->{raw}[$f->{line} - 2] =~ m{^/\* signature: };
        bad($file, $f->{line}, "$f->{name}: $f->{params} parameters, at most $PARAMS_MAX")
            if $f->{params} > $PARAMS_MAX && !$is_dictated;
        next if $f->{kind} ne 'function';
        my $lines = $f->{last} - $f->{line} + 1;
        push @lengths, {lines => $lines, at => "$file->{path}:$f->{line}", name => $f->{name}};
        bad($file, $f->{line}, "$f->{name}: $lines lines, at most $FUNCTION_MAX") if $lines > $FUNCTION_MAX;
        my $deep = Csource::nesting($f->{body});
        bad($file, $f->{line}, "$f->{name}: nesting $deep, at most $NESTING_MAX") if $deep > $NESTING_MAX;
    }
}

# More one-bit members than this are a state in disguise.
sub check_flags
{
    my ($file) = @_;
    for my $item (@{$file->{items}}) {
        next if $item->{kind} eq 'function' || $item->{head} !~ /\b(?:struct|union)\s+(\w*)\s*$/;
        my $name = $1;
        my $flags = () = $item->{body} =~ /\w\s*:\s*1\s*[,;]/g;
        bad($file, $item->{line}, "struct $name: $flags one-bit flags, at most $FLAGS_MAX") if $flags > $FLAGS_MAX;
    }
}

sub check_conditionals
{
    my ($file) = @_;
    return if $file->{path} !~ /\.c$/ || $file->{path} =~ $PREPROCESSOR_MAY;
    for my $d (@{$file->{directives}}) {
        bad($file, $d->[0], 'conditional compilation: make it a file that is compiled or not') if $d->[1] =~ /^\s*#\s*if/;
    }
}

# A prototype or inline function of a header has a comment on the line above it or behind it; a source opens with one.
sub check_comments
{
    my ($file) = @_;
    my $raw = $file->{raw};
    bad($file, 1, 'does not open with a comment that says what the file is for') if ($raw->[0] // '') !~ m{^/\*};
    return if $file->{path} !~ /\.h$/;
    for my $item (@{$file->{items}}) {
        next unless defined $item->{name};
        my $above = $item->{line} >= 2 ? $raw->[$item->{line} - 2] : '';
        my $behind = $item->{kind} eq 'prototype' ? $raw->[$item->{last} - 1] : '';
        next if $above =~ m{\*/\s*$|^\s*//} || $behind =~ m{;\s*(?:/\*|//)};
        bad($file, $item->{line}, "$item->{name}: no comment (effect, ownership, callbacks, failure)");
    }
}

sub report
{
    return unless @lengths;
    my $n = @lengths;
    my $within = grep { $_->{lines} <= $FUNCTION_AIM } @lengths;
    my $under40 = grep { $_->{lines} < 40 } @lengths;
    my ($longest) = sort { $b->{lines} <=> $a->{lines} } @lengths;
    if ($within < $AIM_SHARE * $n) {
        for my $f (grep { $_->{lines} > $FUNCTION_AIM } @lengths) {
            print "$f->{at}: $f->{name}: $f->{lines} lines\n";
        }
        printf "src:1: %.1f %% of functions within %d lines, at least %d %%\n", 100 * $within / $n, $FUNCTION_AIM,
            100 * $AIM_SHARE;
        $violations++;
    }
    printf "shape: %d functions, %.1f %% under 40 lines, %.1f %% within %d, longest %d (%s)\n", $n, 100 * $under40 / $n,
        100 * $within / $n, $FUNCTION_AIM, $longest->{lines}, $longest->{name};
}
