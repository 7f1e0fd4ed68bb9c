# For tests of libraries that talk to a service: starts it on a Unix socket in $TEST_NGINX_SERVROOT, for as long as the shell runs.
#   . t/lib/services.sh
#   start_redis [PORT] redis-server on $S/redis.sock, and on that port
#   start_memcached    memcached on $S/memcached.sock
#   get PATH           what the server under test answers
S=$TEST_NGINX_SERVROOT
SERVICES=
trap 'for p in $SERVICES; do kill $p; wait $p 2>/dev/null; done' EXIT

# Until somebody listens there, 60 seconds at most.
await_socket() {
    for _ in $(seq 1200); do
        perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(Peer => shift)' "$1" && return 0
        sleep 0.05
    done
    echo "waited in vain for $1"
    return 1
}

start_redis() {
    redis-server --port "${1:-0}" --bind 127.0.0.1 --unixsocket "$S/redis.sock" --unixsocketperm 777 --save "" --dir "$S" --daemonize no >"$S/redis.log" 2>&1 &
    SERVICES="$SERVICES $!"
    await_socket "$S/redis.sock"
}

start_memcached() {
    memcached -u "$(id -un)" -s "$S/memcached.sock" -a 777 >"$S/memcached.log" 2>&1 &
    SERVICES="$SERVICES $!"
    await_socket "$S/memcached.sock"
}

get() {
    curl -s --max-time 100 "http://127.0.0.1:$TEST_NGINX_SERVER_PORT$1"
}
