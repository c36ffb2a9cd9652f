# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# host.bash - what the benchmarks share that run in the sandbox: a host with the real xenstored, whose files
# are on a tmpfs. $dir is its directory, $root the --root.

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../host/await.bash
. "$BENCH/../host/await.bash"

# What ends a benchmark says where.
set -E
shopt -s inherit_errexit
trap 'echo "${0##*/}: ${BASH_SOURCE[0]##*/}:$LINENO: failed: $BASH_COMMAND" >&2' ERR

dir=$TMPDIR/host root=$TMPDIR/host/root
# As it is installed.
# shellcheck disable=SC2034 # used by those
installed=$root/etc/xen/vifpin.conf

start_xenstored() {
    local program

    program=$(printf '%s\n' /usr/lib/xen-*/bin/xenstored | sort -V | tail -n 1)
    mkdir -p /run/xenstored
    LD_PRELOAD=$VIFPIN_STUB "$program" -N -R -F "$TMPDIR/xenstored.pid" \
        --entry-nb=100000 --entry-size=4096 --watch-nb=256 </dev/null >"$TMPDIR/log" 2>&1 &
    xenstored=$!
    await 10 xenstore-exists /tool/xenstored 2>/dev/null
    xenstore-write /local/domain/0/domid 0 /local/domain/0/name Domain-0
}

# start_host VIFS: so many vifs of 8 queues and 64 CPUs, all pinned, and one vif more that has just come.
start_host() {
    "$BENCH/make-host" "$dir" "$1" 8 64
    start_xenstored
    [ "$1" = 0 ] || xargs -0 -n 2000 xenstore-write <"$dir/nodes"
    xargs -0 xenstore-write <"$dir/new"
}

end_host() {
    kill -9 "$xenstored"
    wait "$xenstored" 2>/dev/null || :
    # Of large directories on a tmpfs it may miss some at first.
    rm -rf /run/xenstored/socket "$dir" 2>/dev/null || rm -rf "$dir"
}

# No watcher comes: it would have a part in what is measured.
take_watchers_place() {
    mkdir -p "$root/run/vifpin"
    install -m 600 /dev/null "$root/run/vifpin/watch.lock"
    exec {place}>"$root/run/vifpin/watch.lock"
    flock "$place"
}

leave_watchers_place() {
    exec {place}>&-
}

# start_watcher CONFIGURATION: starts the watcher, and waits until its first look is over, when it lets the ledger go.
start_watcher() {
    "${VIFPIN_BIN:?}" --root "$root" -c "$1" watch >"$TMPDIR/watch" 2>&1 &
    watcher=$!
    await 60 test -e "$root/var/lib/vifpin/ledger.lock"
    flock -w 120 "$root/var/lib/vifpin/ledger.lock" true
}

end_watcher() {
    kill "$watcher"
    wait "$watcher" || :
}

# counted COMMAND...: "CALLS WRITTEN FSYNCS": system calls, KiB written, and fsync()s.
counted() {
    strace -f -qq -e trace=all -o "$TMPDIR/trace" "$@" >/dev/null
    awk '/ write\(| pwrite64\(| sendto\(/ && $NF > 0 { bytes += $NF }
        / fsync\(/ { fsyncs++ }
        / (exit_group|\+\+\+|---)/ { next }
        { calls++ }
        END { printf "%d %d %d\n", calls, bytes / 1024, fsyncs }' "$TMPDIR/trace"
}
