#!/bin/sh
# Install the Debian packages that some tests need (listed in tests/debian-packages.txt): a spreadsheet program to
# recalculate the workbook, a solver to check ours against. Does nothing where they are present, or where this is
# no Debian machine or we may not install; the tests then say what they miss.
set -eu
list="$(dirname "$0")/debian-packages.txt"
[ -f "$list" ] || exit 0
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $(grep -v '^#' "$list"); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: these Debian packages are missing, and tests that need them are skipped:$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
