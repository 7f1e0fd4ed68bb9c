# For the shell commands of t/70-*.t: a server of their own in $D.
#   . t/lib/process.sh        first, from the top of the tree; then all happens in $D
#   conf 'main level' 'server level' ['http level']   writes conf/perilune.conf
#   wait_for 'condition'      until it holds, 60 seconds at most; says so when it does not
#   is_gone PID               has it ended? Whether somebody has taken note of that does not matter
#   workers                   the numbers of the workers that are not leaving
#   reload                    SIGHUP, and then until the workers of before have ended: nobody but new ones can answer
#   cpus                      the numbers of the processors that may be used here, one a line
PEERS="perl $PWD/t/lib/peers.pl"
D=$TEST_NGINX_SERVER_ROOT/m
PORT=$TEST_NGINX_RAND_PORT_1
B="$TEST_NGINX_BINARY -p $D"
mkdir -p "$D/conf" "$D/logs" && cd "$D" || exit 1

conf() {
    cat >conf/next.conf <<X
user root; error_log logs/error.log notice; pid logs/m.pid; $1
http { access_log off; $3 server { listen 127.0.0.1:$PORT; $2 } }
X
    case $1 in *events*) ;; *) echo 'events {}' >>conf/next.conf ;; esac
    mv conf/next.conf conf/perilune.conf
}

wait_for() {
    for _ in $(seq 1200); do
        eval "$1" && return 0
        sleep 0.05
    done
    echo "waited in vain: $1"
    return 1
}

is_gone() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

master() { cat logs/m.pid; }

workers() {
    for p in $(pgrep -P "$(master)"); do
        grep -q 'shutting down' "/proc/$p/cmdline" 2>/dev/null || echo "$p"
    done
}

# The new ones are there before the old ones are told to end.
reload() {
    before=$(pgrep -P "$(master)")
    kill -HUP "$(master)"
    for p in $before; do wait_for "is_gone $p"; done
}

cpus() { /usr/bin/python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")'; }

get() { curl -s --max-time 60 "http://127.0.0.1:$PORT$1"; }

# A server that is told to end has ended when its master is gone.
quit() {
    M=$(master)
    kill -"${1:-QUIT}" "$M"
    wait_for "is_gone $M"
}
