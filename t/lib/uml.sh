#!/bin/sh
# uml.sh COMMAND…: runs it as root at the top of the tree in a kernel of its own that has the module `tls`, for machines whose kernel has not
# (Debian's package user-mode-linux; the file system is this one). Ten minutes at most.
#   t/lib/uml.sh build/perilune test t/42-tls-kernel.t
case $$ in
1)
    mount -t proc proc /proc
    mkdir -p /dev/shm && mount -t tmpfs none /dev/shm
    ip link set lo up
    for m in crypto/gf128mul crypto/ghash-generic crypto/ctr crypto/gcm net/tls/tls; do
        /usr/bin/python3 -c 'import ctypes, os, sys; ctypes.CDLL(None).syscall(313, os.open(sys.argv[1], os.O_RDONLY), b"", 0)' \
            "/usr/lib/uml/modules/$(uname -r)/kernel/$m.ko" # finit_module
    done
    sh "$UML_COMMAND"
    exec halt -f
    ;;
esac
command=$(mktemp)
trap 'rm -f "$command"' EXIT
echo "cd '$PWD' && $*" >"$command"
timeout 600 linux.uml root=/dev/root rootfstype=hostfs rootflags=/ rw init="$PWD/$0" mem=768M quiet con=null con0=fd:0,fd:1 \
    UML_COMMAND="$command" PATH="$PATH" HOME=/root </dev/null
