#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What policies of placement bring: make bench-xen. Packets come from outside the emulator, to the NIC eth0, which is
# a port of the bridge and has its interrupts on CPU 0. Nothing that is timed is judged here.

load lib
load gain

# pCPUs that dom0's vCPUs are not on.
# shellcheck disable=SC2034 # lib.bash uses it
GUEST_CPUS=4-5
OUTSIDE=52:54:00:00:00:99

# The fifth has four queues.
all_guests() {
    local i n

    ip link set eth0 master xenbr0 up
    bridge fdb replace $OUTSIDE dev eth0 master static
    touch "$SHARE/outside"
    n=$(grep -o 'GUESTS=[0-9]*' "$SHARE/words" || echo GUESTS=5)
    for i in $(seq "${n#*=}"); do
        guest "$i" $((i < 5 ? 1 : 4))
    done
    tell g1 echo
    stop_watcher
}

experiment() {
    local words

    once all_guests
    read -ra words <"$SHARE/words"
    guest_count g1 >"$WORK/guest.before"
    backend_count g1 >"$WORK/backend.before"
    "$BATS_TEST_DIRNAME"/gain "$SHARE" "${words[@]}" >"$WORK/said" 2>&1 3>&- || {
        cat "$WORK/said"
        return 1
    }
    sed 's/^/# /' "$WORK/said" >&3
    guest_count g1 >"$WORK/guest.after"
    backend_count g1 >"$WORK/backend.after"
}

@test "every policy has as many rounds as any other, in each kind of traffic" {
    once experiment
    equal 1 "$(rounds_of '"\(.policy) in \(.traffic)"' | sort | uniq -c | awk '{ print $1 }' | sort -u | wc -l)" \
        "numbers of rounds"
}

@test "there was traffic in every round" {
    once experiment
    equal "" "$(rounds_of 'select(.to + .from == 0) | "\(.block) \(.traffic) \(.policy)"')" "rounds without packets"
}

@test "threads that vifpin has pinned do not move" {
    once experiment
    equal "" "$(rounds_of 'select(.policy == "count" and (.migrations > 0 or .on_nic > 0)) |
        "\(.block) \(.traffic): \(.migrations) migrations, \(.on_nic) on the CPU of the NIC"')" "rounds"
}

@test "what netback counts as sent has come to the guest" {
    once experiment
    guest=$(($(<"$WORK/guest.after") - $(<"$WORK/guest.before")))
    backend=$(($(<"$WORK/backend.after") - $(<"$WORK/backend.before")))
    info "g1 has had $guest packets, and netback counts $backend"
    # The two are not read at once.
    [ $((guest - backend)) -le 100 ]
    [ $((backend - guest)) -le 100 ]
}
