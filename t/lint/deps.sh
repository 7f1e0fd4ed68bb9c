#!/bin/sh
# deps.sh package...: installs those Debian packages that are missing, after printing the command. Silent when all are
# there. On a system without dpkg nothing is checked: pkg-config and the compiler will say what they miss.
set -eu
command -v dpkg-query >/dev/null 2>&1 || exit 0

missing=
for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo '
line="${sudo}apt-get install -y --no-install-recommends$missing"
echo "$line"
export DEBIAN_FRONTEND=noninteractive
${sudo}apt-get update -qq
$line -qq >/dev/null
