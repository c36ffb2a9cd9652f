#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 64 vifs of 4 queues at once, with the service running, and what the watcher costs with them.

load lib
load loopback

VIFS=64
QUEUES=4

setup_file() {
    WORK=$(mktemp -d)
    export WORK
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
    modprobe xen-netfront
    systemctl daemon-reload
    systemctl start vifpin
}

teardown_file() {
    detach_all
    systemctl stop vifpin
}

# With what they stood on in the end.
all_connected() {
    # shellcheck disable=SC2046 # a word each
    "$BATS_TEST_DIRNAME"/time-pins -a $(each_vif "0.&:vif0.&:$QUEUES") -- \
        bash -c "VIFS=$VIFS; . '$BATS_TEST_DIRNAME/loopback.bash'; attach_all" >"$WORK/times"
    "$VIFPIN" list -J >"$WORK/list.json"
    # shellcheck disable=SC2046
    kernel_masks $(each_vif 'vif0.&') >"$WORK/masks"
}

watcher() {
    systemctl show -P MainPID vifpin
}

# How soon is told, and not judged: with 64 vifs it is this machine's speed as much as vifpin's.
@test "64 vifs of 4 queues: 512 interrupts and 512 threads stand where the ledger says" {
    once all_connected
    seconds=$(cut -d ' ' -f 2 "$WORK/times")
    compat_row "dom0's own, by the watcher" none "$VIFS" "$QUEUES"
    info "right at most $seconds s after the last state 4; 2 s are wanted"
    equal 512 "$(grep -c -E -- '-[rt]x [0-9]+ [0-9]+$' "$WORK/masks")" "interrupts on one CPU"
    equal 512 "$(grep -c -E -- '-(guest-rx|dealloc) [0-9]+$' "$WORK/masks")" "threads on one CPU"
    equal "$(masks_of "$WORK/list.json")" "$(cat "$WORK/masks")" \
        "what the ledger says and the kernel shows"
    # shellcheck disable=SC2046 # a word each
    "$BATS_TEST_DIRNAME"/pin-delays $(each_vif 'vif0.&') | sort -n >"$WORK/delays"
    equal "$VIFS" "$(wc -l <"$WORK/delays")" "vifs that the log says are pinned"
    info "from the last thread made to pinned: median $(sed -n "$((VIFS / 2))p" "$WORK/delays") ms," \
        "worst $(tail -n 1 "$WORK/delays") ms"
    info "CPU, sides, tx and rx: $(sides_of "$WORK/masks" | paste -sd ,)"
}

# How long its threads have run.
cpu_ms() {
    awk '{ ns += $1 } END { printf "%d\n", ns / 1000000 }' "/proc/$1"/task/*/schedstat
}

# How often they have gone to sleep by themselves so far.
sleeps() {
    cat "/proc/$1"/task/*/status 2>/dev/null | # one may end meanwhile
        awk '$1 == "voluntary_ctxt_switches:" { n += $2 } END { print n }'
}

@test "the watcher of 64 vifs wakes up for nothing but its looks, every 10 s" {
    once all_connected
    pid=$(watcher)
    # What came of the connecting is over when a look has passed.
    "$VIFPIN" verify
    sleep 20
    before=$(sleeps "$pid")
    ran=$(cpu_ms "$pid")
    # A minute in which nothing happens, not even here.
    sleep 60
    woken=$(($(sleeps "$pid") - before))
    info "$woken wake-ups in 60 s, and $(($(cpu_ms "$pid") - ran)) ms of CPU"
    [ "$woken" -ge 5 ]
    [ "$woken" -le 7 ]
}

@test "the watcher of 64 vifs has less than 8 MB resident" {
    once all_connected
    kb=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(watcher)/status")
    info "VmRSS: $kb kB, $(grep -E 'VmHWM|RssAnon|RssFile' "/proc/$(watcher)/status" | tr -s '\n\t ' ' ')"
    [ "$kb" -lt 8192 ]
}

@test "64 vifs detached: the ledger is empty" {
    once all_connected
    detach_all
    milliseconds await 10 lists_nothing
    info "the list was empty $MS ms after the last node had gone"
    equal '[]' "$(jq -c .vifs "$LEDGER")" "vifs in the ledger's file"
}
