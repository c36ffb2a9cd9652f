#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 32 vifs of 4 queues at once, with the service running, and what the watcher costs with them. Both
# ends are dom0's, so no guest is needed; no hook is called for them.

load lib

VIFS=32
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

front() {
    echo "/local/domain/0/device/vif/$1"
}

back() {
    echo "/local/domain/0/backend/vif/0/$1"
}

# A vif's nodes, as libxl makes them.
nodes_of() {
    local i=$1 front back mac

    front=$(front "$i")
    back=$(back "$i")
    mac=$(printf '00:16:3e:00:02:%02x' "$i")
    printf '%s\n' "$front/backend" "$back" "$front/backend-id" 0 "$front/handle" "$i" \
        "$front/mac" "$mac" "$front/state" 1 \
        "$back/frontend" "$front" "$back/frontend-id" 0 "$back/handle" "$i" \
        "$back/mac" "$mac" "$back/online" 1 "$back/script" /bin/true \
        "$back/hotplug-status" connected "$back/state" 1
}

# All at once. The kernel's drivers find each other when they see the states.
attach_all() {
    local i nodes

    mapfile -t nodes < <(for ((i = 0; i < VIFS; i++)); do nodes_of "$i"; done)
    xenstore-write "${nodes[@]}"
}

# each_vif WORD: a line for each, with its number in the place of &.
each_vif() {
    seq 0 $((VIFS - 1)) | sed "s|.*|$1|"
}

# has_states STATE: of all backends, and nothing else.
has_states() {
    [ "$(each_vif '/local/domain/0/backend/vif/0/&/state' | xargs xenstore-read | sort -u)" = "$1" ]
}

# As libxl does: netback is asked to close, and the nodes go when it has.
detach_all() {
    local i nodes=()

    xenstore-exists "$(back 0)" || return 0
    for ((i = 0; i < VIFS; i++)); do
        nodes+=("$(back "$i")/online" 0 "$(back "$i")/state" 5)
    done
    xenstore-write "${nodes[@]}"
    await 240 has_states 6
    each_vif "$(back '&')" | xargs xenstore-rm
    each_vif "$(front '&')" | xargs xenstore-rm
}

# With what they stood on in the end.
all_connected() {
    # shellcheck disable=SC2046 # a word each
    "$BATS_TEST_DIRNAME"/time-pins -a $(each_vif "0.&:vif0.&:$QUEUES") -- \
        bash -c "$(declare -f front back nodes_of attach_all); VIFS=$VIFS; attach_all" >"$WORK/times"
    "$VIFPIN" list -J >"$WORK/list.json"
    # shellcheck disable=SC2046
    kernel_masks $(each_vif 'vif0.&') >"$WORK/masks"
}

watcher() {
    systemctl show -P MainPID vifpin
}

# How soon is told, and not judged: with 32 vifs it is this machine's speed as much as vifpin's.
@test "32 vifs of 4 queues: 256 interrupts and 256 threads stand where the ledger says" {
    once all_connected
    seconds=$(cut -d ' ' -f 2 "$WORK/times")
    info "right at most $seconds s after the last state 4; 2 s are wanted"
    equal 256 "$(grep -c -E -- '-[rt]x [0-9]+ [0-9]+$' "$WORK/masks")" "interrupts on one CPU"
    equal 256 "$(grep -c -E -- '-(guest-rx|dealloc) [0-9]+$' "$WORK/masks")" "threads on one CPU"
    equal "$(masks_of "$WORK/list.json")" "$(cat "$WORK/masks")" \
        "what the ledger says and the kernel shows"
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

@test "the watcher of 32 vifs wakes up for nothing but its looks, every 10 s" {
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

@test "the watcher of 32 vifs has less than 8 MB resident" {
    once all_connected
    kb=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(watcher)/status")
    info "VmRSS: $kb kB, $(grep -E 'VmHWM|RssAnon|RssFile' "/proc/$(watcher)/status" | tr -s '\n\t ' ' ')"
    [ "$kb" -lt 8192 ]
}

@test "32 vifs detached: the ledger is empty" {
    once all_connected
    detach_all
    milliseconds await 10 lists_nothing
    info "the list was empty $MS ms after the last node had gone"
    equal '[]' "$(jq -c .vifs "$LEDGER")" "vifs in the ledger's file"
}
