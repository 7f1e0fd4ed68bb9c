# Examples as servers: `start FILE ARGUMENTS` runs one and waits until it has said its port, `client ARGUMENTS` runs
# client.lua of the test, `stop` ends what was started. ROOT: the test's server root, HTML: its files.
P=$(readlink "/proc/$(cat "$ROOT/logs/nginx.pid")/exe")
N=0
PIDS=
start() {
    N=$((N + 1))
    $P run "$@" >"$HTML/out$N" 2>&1 &
    PIDS="$PIDS $!"
    for _ in $(seq 1200); do
        grep -q 'on port' "$HTML/out$N" && return
        sleep 0.05
    done
    cat "$HTML/out$N"
}
client() {
    timeout 100 $P run "$HTML/client.lua" "$@" 2>&1
}
stop() {
    # shellcheck disable=SC2086
    kill $PIDS
    wait
}
