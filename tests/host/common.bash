# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# common.bash - what the .bats files have in common: a simulated dom0 for each test, and what is
# compared with what. A comparison that fails says what it got.

bats_require_minimum_version 1.5.0
HOST_TESTS=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=await.bash
. "$HOST_TESTS/await.bash"

# A process of its own, not for isolation: bats traces every command of the test's shell, slowly.
sim() {
    "$HOST_TESTS/sim" "$@"
}

setup() {
    [ -n "${SANDBOX-}" ] || {
        echo "these tests change the machine they run on; call tests/host/run" >&2
        return 1
    }
    export SIM_DIR=$BATS_TEST_TMPDIR
    export SIM_ROOT=$SIM_DIR/root
    export PATH="$SANDBOX/sbin:$PATH"
    # shellcheck disable=SC2034 # used by tests
    LEDGER=$SIM_ROOT/var/lib/vifpin/ledger.json
    sim begin
}

# stand_in FILE NAME: this file is what is loaded as that library, here in the sandbox; show_libraries ends that.
stand_in() {
    local file

    while read -r file; do
        mount --bind "$1" "$file"
        echo "$file" >>"$SIM_DIR/hidden"
    done < <(ldconfig -p | awk -v name="$2" '$1 ~ "^" name "[.]so[.]" { print $NF }')
}

# hide_library NAME...: cannot be loaded any more.
hide_library() {
    local name

    for name; do
        stand_in /dev/null "$name"
    done
}

show_libraries() {
    xargs -n 1 umount <"$SIM_DIR/hidden"
    rm "$SIM_DIR/hidden"
}

# What failed has the end of the log with it.
teardown() {
    [ -n "$BATS_TEST_COMPLETED" ] || tail -n 20 "$SIM_DIR/syslog" /var/log/xen/xen-hotplug.log
    sim end
}

# equal EXPECTED ACTUAL [WHAT]
equal() {
    [ "$1" != "$2" ] || return 0
    printf '%s\nexpected: %s\n     got: %s\n' "${3:-they differ}" "$1" "$2" >&2
    return 1
}

# What takes longer hangs.
PATIENCE=$((20 * ${VIFPIN_SLOWNESS:-1}))

# does STATUS STDOUT STDERR COMMAND [ARG]...: the command ends so. Its output goes to files, not to
# pipes, which a watcher that holds on to them would keep open.
does() {
    local expected_status=$1 expected_stdout=$2 expected_stderr=$3 status=0

    shift 3
    timeout -k 2 "$PATIENCE" "$@" >"$SIM_DIR/stdout" 2>"$SIM_DIR/stderr" || status=$?
    equal "$expected_status" "$status" "status of: $*"
    equal "$expected_stdout" "$(<"$SIM_DIR/stdout")" "stdout of: $*"
    equal "$expected_stderr" "$(<"$SIM_DIR/stderr")" "stderr of: $*"
}

# ends STATUS STDERR COMMAND [ARG]...: and prints nothing.
ends() {
    does "$1" "" "${@:2}"
}

# prints STATUS STDOUT COMMAND [ARG]...: and complains of nothing.
prints() {
    does "$1" "$2" "" "${@:3}"
}

# What `vifpin list -J` says, a line a vif: "1.0 vif1.0 pinned 0/1 2/3", tx/rx of each queue.
places() {
    local json

    json=$(vifpin list -J) || return
    jq -r '.vifs[] | "\(.domid).\(.devid) \(.dev) \(.state) " +
        ([.queues[] | "\(.tx_cpu)/\(.rx_cpu)"] | join(" "))' <<<"$json"
}

# lists [LINE]...: places prints these lines and no others, at once ...
lists() {
    local expected now

    expected=$(printf '%s\n' "$@")
    now=$(places) || return
    equal "$expected" "$now" "vifpin list"
}

# ... or within 5 seconds.
await_list() {
    await 5 lists "$@" 2>/dev/null || lists "$@"
}

# stand DEV PLACE...: every queue's interrupts and threads stand there, and there is no other queue.
stand() {
    local dev=$1 place q=0 expected=()

    shift
    for place; do
        expected+=("q$((q++)) tx=${place%/*} dealloc=${place%/*} rx=${place#*/} guest-rx=${place#*/}")
    done
    equal "$(printf '%s\n' "${expected[@]}")" "$(sim masks "$dev")" "what the kernel shows of $dev"
}

# Prints who holds the watcher's lock; fails when nobody does. To try the lock would keep a watcher
# that is just starting from getting it. A line may come twice while other locks come and go.
watcher() {
    local dev

    dev=$(stat -c '%Hd %Ld %i' "$SIM_ROOT/run/vifpin/watch.lock" 2>/dev/null) || return
    # shellcheck disable=SC2086 # three numbers
    awk -v file="$(printf '%02x:%02x:%d' $dev)" '
        $2 == "FLOCK" && $4 == "WRITE" && $6 == file { print $5; found = 1; exit }
        END { exit !found }' /proc/locks
}

has_watcher() {
    watcher >/dev/null
}

has_no_watcher() {
    ! has_watcher
}

# What is done from now on is not seen by a watcher.
stop_watcher() {
    await 5 has_watcher
    kill -9 "$(watcher)"
    await 5 has_no_watcher
}

# From now on online starts no watcher, for somebody holds the lock.
keep_watchers_away() {
    mkdir -p "$SIM_ROOT/run/vifpin"
    # As vifpin makes it: of one that others can open the lock counts only for a process that lives.
    install -m 600 /dev/null "$SIM_ROOT/run/vifpin/watch.lock"
    exec {NO_WATCHER}>"$SIM_ROOT/run/vifpin/watch.lock"
    flock "$NO_WATCHER"
}

let_watchers_in() {
    exec {NO_WATCHER}>&-
}

# Runs `vifpin watch` with the options in the background, and waits until it has read everything.
start_watcher() {
    vifpin watch "$@" </dev/null >"$SIM_DIR/watch.out" 2>"$SIM_DIR/watch.err" 3>&- &
    # shellcheck disable=SC2034 # used by tests
    WATCH_JOB=$!
    await 5 has_watcher
}

# logged LINE: vifpin has sent just this to syslog, whatever the priority.
logged() {
    sed 's/^<[0-9]*>//' "$SIM_DIR/syslog" | grep -qxF "vifpin: $1"
}

# guest D N: a guest gD with the vif D.0 of N queues, which came by vif-bridge, connected, and was
# pinned by the watcher.
guest() {
    local d=$1 n=$2

    sim domain "$d" "g$d" "$n"
    sim vif "$d" 0
    sim online "$d" 0
    sim connect "$d" 0 "$n"
    await 5 is_pinned "$d" 0
}

# by_hand D N: the same, pinned by `vifpin pin`, and nobody watches. Where that does not matter, for it
# takes less time.
by_hand() {
    local d=$1 n=$2

    sim domain "$d" "g$d" "$n"
    sim vif "$d" 0 netdev=no hotplug-status=connected
    sim connect "$d" 0 "$n"
    ends 0 "" vifpin pin "$d"
}

is_pinned() {
    [[ $'\n'$(places) == *$'\n'"$1.$2 "+([^ ])" pinned "* ]]
}

# stand, for await.
stands() {
    stand "$@" 2>/dev/null
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

# kept VIF=TX/RX... CPU=BUSY...: what the watcher has measured of vifs of one queue and of CPUs, in percent; -
# is not known.
kept() {
    local word tx rx vifs=() cpus=()

    for word; do
        if [[ $word = *.*=* ]]; then
            IFS=/ read -r tx rx <<<"${word#*=}"
            vifs+=("$(jq -nc --arg vif "${word%%=*}" --arg tx "$tx" --arg rx "$rx" '
                def share: if . == "-" then -1 else tonumber * 10000 end;
                ($vif | split(".") | map(tonumber)) as [$domid, $devid] |
                { $domid, $devid, tx_packets: 0, rx_packets: 0, tx_bytes: 0, rx_bytes: 0,
                  queues: [ { queue: 0, tx: ($tx | share), rx: ($rx | share), interrupts: 0 } ] }')")
        else
            cpus+=("$(jq -nc --arg cpu "${word%%=*}" --arg busy "${word#*=}" '
                { cpu: ($cpu | tonumber), busy: ($busy | tonumber * 10000 | round), softirq: 0, nic: 0, sides: 0 }')")
        fi
    done
    mkdir -p "$SIM_ROOT/run/vifpin"
    printf '%s\n' "${vifs[@]}" "${cpus[@]}" | jq -s --arg boot "$(<"$SIM_ROOT/proc/sys/kernel/random/boot_id")" \
        --argjson now "$(/usr/bin/python3 -c 'import time; print(time.monotonic_ns())')" '
        { version: 1, boot_id: $boot, at_ns: $now, ns: 60000000000, interval: 1000,
          vifs: map(select(.domid)), cpus: map(select(.cpu)) }' |
        sim put run/vifpin/work.json
}
