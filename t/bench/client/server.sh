# . server.sh, with $perilune, $here and $megabytes: starts server.lua with a file of so many megabytes, until the shell ends; $base is its URL.
dir=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || kill $server; wait; rm -rf "$dir"' EXIT
truncate -s "${megabytes}M" "$dir/large" || exit 1
"$perilune" run "$here/server.lua" "$dir/large" >"$dir/port" &
server=$!
for _ in $(seq 200); do
    [ -s "$dir/port" ] && break
    sleep 0.05
done
base=http://127.0.0.1:$(cat "$dir/port")
