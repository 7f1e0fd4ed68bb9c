# Debian's proxies for t/46-client-proxies.t, in $D of process.sh, which is sourced by tls.sh first:
#   start_tinyproxy PORT ['directives']    start_microsocks PORT [options]
#   start_danted PORT METHOD               start_squid PORT
#   start_haproxy PORT BACKEND_PORT        TLS with server.pem in front of another proxy
# `stop_proxies` ends what was started. A proxy that is not installed makes its start fail.
PROXIES=

began() { PROXIES="$PROXIES $!"; wait_for "bash -c ': </dev/tcp/127.0.0.1/$1' 2>/dev/null || is_gone $!"; }

start_tinyproxy() {
    printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nLogFile "%s/tinyproxy.log"\nLogLevel Info\nAllow 127.0.0.1\n%s\n' "$1" "$PWD" "$2" >tinyproxy.conf
    tinyproxy -d -c tinyproxy.conf >/dev/null 2>&1 &
    began "$1"
}

start_microsocks() {
    P_OF=$1; shift
    # -b: of a name with addresses of both families it takes one of this
    microsocks -i 127.0.0.1 -b 127.0.0.1 -p "$P_OF" "$@" >/dev/null 2>&1 &
    began "$P_OF"
}

start_danted() {
    cat >danted.conf <<X
logoutput: $PWD/danted.log
internal: 127.0.0.1 port = $1
external: 127.0.0.1
clientmethod: none
socksmethod: $2
$([ "$(id -u)" != 0 ] || printf 'user.privileged: root\nuser.unprivileged: nobody')
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 9 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
X
    danted -f danted.conf >danted.out 2>&1 &
    began "$1"
}

start_squid() {
    echo '127.0.0.1 localhost' >hosts
    cat >squid.conf <<X
http_port 127.0.0.1:$1
hosts_file $PWD/hosts
pid_filename $PWD/squid.pid
access_log none
cache_log $PWD/squid.log
cache deny all
cache_mem 8 MB
acl blocked port 9
http_access deny blocked
http_access allow all
shutdown_lifetime 0 seconds
X
    squid -N -f squid.conf >squid.out 2>&1 &
    began "$1"
}

start_haproxy() {
    cat server.pem server.key >both.pem
    cat >haproxy.conf <<X
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
listen proxy
    bind 127.0.0.1:$1 ssl crt both.pem
    server tiny 127.0.0.1:$2
X
    haproxy -f haproxy.conf -db >haproxy.out 2>&1 &
    began "$1"
}

stop_proxies() {
    # shellcheck disable=SC2086
    kill $PROXIES
    # shellcheck disable=SC2086
    wait $PROXIES 2>/dev/null
}
