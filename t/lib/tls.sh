# For the shell commands of t/42-tls-*.t: a server of their own in $D that speaks TLS.
#   . t/lib/tls.sh             first, from the top of the tree; then all happens in $D
#   certs NAME…                writes certificates, see certs.lua
#   serve 'server level' ['http level' ['main level']]   starts a server on port $PORT with server.pem
#   get PATH [curl's options]  asks localhost; the authority is trusted
#   shake [s_client's options] a handshake, then nothing; prints what the client tells
#   logged PATTERN             waits until the error log holds it
#   stop                       ends the server
C="$TEST_NGINX_BINARY run $PWD/t/lib/certs.lua"
. t/lib/process.sh

certs() { $C "$@"; }

serve() {
    cat >conf/perilune.conf <<X
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {} $3
http { access_log off; ssl_certificate server.pem; ssl_certificate_key server.key; $2
server { listen 127.0.0.1:$PORT ssl default_server; server_name localhost; $1 } }
X
    $B -c conf/perilune.conf & P=$!
    wait_for "[ -s logs/m.pid ] || is_gone $P"
}

get() { U=$1; shift; curl -s --max-time 100 --cacert ca.pem "$@" "https://localhost:$PORT$U"; }

shake() { echo | openssl s_client -connect "127.0.0.1:$PORT" -CAfile ca.pem "$@" 2>&1; }

logged() { wait_for "grep -q '$1' logs/error.log"; }

stop() { kill "$P"; wait "$P"; rm -f logs/m.pid; }
