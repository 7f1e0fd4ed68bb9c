# Csource: reads a C file far enough for the gates. It does not preprocess: comments, literals and directives become
# blanks (lines keep their numbers), and what is left is cut into top-level items.
package Csource;
use strict;
use warnings;

# Reads PATH: {path, raw => [lines], code => text without comments, literals and directives, directives => [[line, text]]}.
sub load
{
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    my $text = <$in> // '';
    my $self = {path => $path, raw => [split /\n/, $text, -1], directives => []};
    pop @{$self->{raw}} if @{$self->{raw}} && $self->{raw}[-1] eq '';
    $text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
              {defined $1 ? blank($1) : literal($2)}gse;
    my $line = 0;
    my $code = '';
    my $directive;
    for my $l (split /\n/, $text, -1) {
        $line++;
        if (defined $directive || $l =~ /^\s*#/) {
            push @{$self->{directives}}, [$line, $l] unless defined $directive;
            $directive = $l =~ /\\\s*$/ ? 1 : undef;
            $code .= "\n";
        } else {
            $code .= "$l\n";
        }
    }
    $self->{code} = $code;
    return $self;
}

sub blank
{
    my ($s) = @_;
    $s =~ s/[^\n]/ /g;
    return $s;
}

# A literal keeps its quotes, so that `""` stays an expression.
sub literal
{
    my ($s) = @_;
    my $quote = substr $s, 0, 1;
    return $quote . ('_' x (length($s) - 2)) . $quote;
}

# The top-level items: {line, last, head (text before the first brace), body (from brace to brace, or ''), kind}.
# kind: function, prototype, type, other.
sub items
{
    my ($self) = @_;
    my @items;
    my ($line, $depth, $paren) = (1, 0, 0);
    my $item;
    for my $c (split //, $self->{code}) {
        if (!$item && $c =~ /\S/) {
            $item = {line => $line, head => '', body => '', body_line => 0, text => ''};
        }
        if ($item) {
            $item->{text} .= $c;
            $item->{body_line} ||= $line if $c eq '{' && $depth == 0;
            $depth++ if $c eq '{';
            $item->{$item->{body_line} ? 'body' : 'head'} .= $c;
            $depth-- if $c eq '}';
            $paren++ if $c eq '(';
            $paren-- if $c eq ')';
            my $is_function = $item->{head} =~ /\)\s*(?:[A-Z_]+(?:\([^()]*\))?\s*)*$/ && $item->{head} !~ /=/;
            if ($depth == 0 && $paren == 0 && ($c eq ';' || ($c eq '}' && $is_function && $item->{body_line}))) {
                $item->{last} = $line;
                classify($item, $is_function && $item->{body_line});
                push @items, $item if $item->{text} =~ /\w/;
                undef $item;
            }
        }
        $line++ if $c eq "\n";
    }
    return @items;
}

sub classify
{
    my ($item, $is_function) = @_;
    my $head = $item->{head};
    $head =~ s/__attribute__\s*\(\(.*?\)\)//gs;
    $head =~ s/\b[A-Z][A-Z_0-9]{2,}\s*\([^()]*\)//g;
    $item->{kind} = 'other';
    if ($is_function) {
        $item->{kind} = 'function';
    } elsif ($head =~ /^\s*(?:typedef|_Static_assert)\b/) {
        $item->{kind} = 'type';
    } elsif (!$item->{body_line} && $head !~ /=/ && $head =~ /\w\s*\(/ && $head !~ /^[^(]*\(\s*\*\s*\w*\s*(?:\[\w*\])?\)/) {
        $item->{kind} = 'prototype';
    } elsif ($head =~ /^\s*(?:struct|union|enum)\s+\w*\s*$/) {
        $item->{kind} = 'type';
    }
    return if $item->{kind} ne 'function' && $item->{kind} ne 'prototype';
    return unless $head =~ /(\w+)\s*\(/g;
    $item->{name} = $1;
    $item->{params} = params(substr $head, pos($head));
}

# Counts parameters; TEXT starts behind the opening parenthesis.
sub params
{
    my ($text) = @_;
    my ($depth, $commas, $inside) = (0, 0, '');
    for my $c (split //, $text) {
        last if $c eq ')' && $depth == 0;
        $depth++ if $c eq '(';
        $depth-- if $c eq ')';
        $commas++ if $c eq ',' && $depth == 0;
        $inside .= $c;
    }
    return $inside =~ /^\s*(?:void)?\s*$/ ? 0 : $commas + 1;
}

# The deepest nesting of control statements in a function's BODY; `else if` stays on the level of its `if`.
sub nesting
{
    my ($body) = @_;
    my @t = $body =~ /\w+|\S/g;
    my $state = {t => \@t, i => 0, max => 0};
    statement($state, 0);
    return $state->{max};
}

sub skip_parens
{
    my ($s) = @_;
    my $depth = 0;
    while ($s->{i} < @{$s->{t}}) {
        my $t = $s->{t}[$s->{i}++];
        $depth++ if $t eq '(';
        $depth-- if $t eq ')';
        return if $depth == 0;
    }
}

sub enter
{
    my ($s, $level) = @_;
    $s->{max} = $level if $level > $s->{max};
    statement($s, $level);
}

# Parses one statement at the current token. Nested levels are those of if, for, while, do, switch.
sub statement
{
    my ($s, $level) = @_;
    my $t = $s->{t};
    return if $s->{i} >= @$t;
    my $word = $t->[$s->{i}];
    if ($word eq '{') {
        $s->{i}++;
        statement($s, $level) while $s->{i} < @$t && $t->[$s->{i}] ne '}';
        $s->{i}++;
    } elsif ($word =~ /^(?:for|while|switch|[A-Z_]*FOR(?:_[A-Z]+)*)$/) {
        $s->{i}++;
        skip_parens($s);
        enter($s, $level + 1);
    } elsif ($word eq 'if') {
        $s->{i}++;
        skip_parens($s);
        enter($s, $level + 1);
        if ($s->{i} < @$t && $t->[$s->{i}] eq 'else') {
            $s->{i}++;
            my $chained = $s->{i} < @$t && $t->[$s->{i}] eq 'if';
            $chained ? statement($s, $level) : enter($s, $level + 1);
        }
    } elsif ($word eq 'do') {
        $s->{i}++;
        enter($s, $level + 1);
        $s->{i}++;
        skip_parens($s);
        $s->{i}++;
    } elsif ($word eq 'case' || $word eq 'default') {
        $s->{i}++ while $s->{i} < @$t && $t->[$s->{i}] ne ':';
        $s->{i}++;
    } else {
        expression($s);
    }
}

# Skips to the end of an expression statement or declaration.
sub expression
{
    my ($s) = @_;
    my $depth = 0;
    while ($s->{i} < @{$s->{t}}) {
        my $t = $s->{t}[$s->{i}];
        return if $depth == 0 && $t eq '}';
        $s->{i}++;
        $depth++ if $t =~ /^[({\[]$/;
        $depth-- if $t =~ /^[)}\]]$/;
        return if $depth == 0 && $t eq ';';
    }
}

1;
