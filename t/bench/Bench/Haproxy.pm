# haproxy in the place of nginx, for the scenarios that say so (`rival`): conf/haproxy.conf.
package Bench::Haproxy;
use strict;
use warnings;
use parent -norequire, 'Bench::Server';
use Bench::Server;

sub new
{
    my ($class) = @_;
    my ($version) = (`haproxy -v 2>/dev/null` // '') =~ /version (\d[\d.]*)/ or die "haproxy is not here\n";
    return bless {binary => 'haproxy', kind => 'haproxy', version => "haproxy $version", about => ''}, $class;
}

sub has_stream
{
    return 1;
}

sub command
{
    my ($self) = @_;
    return ('haproxy', '-db', '-f', "$self->{dir}/server.conf");
}

1;
