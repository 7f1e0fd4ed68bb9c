# Node in the place of nginx, for the scenarios that say so (`rival`): node/live.js with the package `ws`, which npm
# installs outside of the project.
package Bench::Node;
use strict;
use warnings;
use parent -norequire, 'Bench::Server';
use Bench::Server;

our $PACKAGES = ($ENV{XDG_CACHE_HOME} // "$ENV{HOME}/.cache") . '/perilune-bench-ws';

sub new
{
    my ($class) = @_;
    chomp(my $version = `node --version` // '');
    die "node is not here\n" if $version !~ /^v/;
    install();
    return bless {binary => 'node', kind => 'node', version => "node $version"}, $class;
}

sub install
{
    return if -d "$PACKAGES/node_modules/ws";
    system('sh', '-c', 'mkdir -p "$1" && cd "$1" && npm init -y >/dev/null && npm install --no-audit --no-fund ws@8'
        . ' >/dev/null 2>&1', 'sh', $PACKAGES) == 0 or die "npm could not install ws in $PACKAGES\n";
}

sub configuration
{
    return '';
}

sub command
{
    my ($self) = @_;
    $ENV{NODE_PATH} = "$PACKAGES/node_modules";
    return ('node', "$Bench::Server::HERE/node/live.js", $self->{port});
}

1;
