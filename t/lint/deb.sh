#!/bin/sh
# deb.sh TREE VERSION: makes build/perilune_VERSION_ARCH.deb from an installed tree. The libraries it depends on are found
# from what the program is linked with.
set -eu
tree=$1
version=$2
arch=$(dpkg --print-architecture)

libraries=$(objdump -p "$tree/usr/bin/perilune" | sed -n 's/^ *NEEDED *//p')
packages=
for library in $libraries; do
    path=$(ldconfig -p | sed -n "s/^[[:space:]]*$library (.*=> //p" | head -n 1)
    [ -n "$path" ] || continue
    # The package database may know the file with or without the /usr of a merged system.
    real=$(readlink -f "$path")
    package=$(dpkg-query -S "$real" "${real#/usr}" "/usr$real" 2>/dev/null | head -n 1 | cut -d : -f 1 || true)
    packages="$packages $package"
done
depends=$(printf '%s\n' $packages lua-cjson | sort -u | paste -s -d , | sed 's/,/, /g')

mkdir -p "$tree/DEBIAN"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: perilune
Version: $version
Architecture: $arch
Maintainer: the Perilune authors <perilune@localhost>
Section: httpd
Priority: optional
Depends: $depends
Installed-Size: $(du -sk "$tree/usr" | cut -f 1)
Description: application server scripted in Lua
 HTTP, WebSocket, TCP and UDP servers and clients whose handlers are Lua
 coroutines over deferreds and streams, configured in the style of nginx.
CONTROL
if [ -d "$tree/etc" ]; then
    (cd "$tree" && find etc -type f | sed 's,^,/,') >"$tree/DEBIAN/conffiles"
fi
package=build/perilune_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$tree" "$package" >/dev/null
echo "$package"
