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
if [ "$(id -u)" != 0 ]; then
    sudo='sudo '
    if ! command -v sudo >/dev/null 2>&1; then
        echo "packages are missing, and there is no sudo here; as root:" >&2
        echo "apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
fi
line="${sudo}apt-get install -y --no-install-recommends$missing"
echo "$line"
export DEBIAN_FRONTEND=noninteractive
${sudo}apt-get update -qq
$line -qq >/dev/null
