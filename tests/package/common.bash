# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# common.bash - what the tests of packages share.

bats_require_minimum_version 1.5.0

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# shellcheck disable=SC2034 # used by tests
RELEASE=$(sed -n 's/^RELEASE *= *//p' "$REPO/Makefile")

# equal EXPECTED ACTUAL [WHAT]
equal() {
    [ "$1" != "$2" ] || return 0
    diff -u --label expected --label got <(printf '%s\n' "$1") <(printf '%s\n' "$2") >&2 || :
    echo "${3:-they differ}" >&2
    return 1
}

# What a make around us was told is not meant for one that a test calls.
make() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s "$@"
}
