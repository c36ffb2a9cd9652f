#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where the guest-rx thread runs while packets come in from a physical NIC, and what that costs:
# free, as Linux leaves it, and pinned by vifpin. The NIC is eth0, a port of the bridge, with its
# interrupts on CPU 0. Packets come from eth1 on the same hub, in a network namespace, by pktgen
# on CPU 3.

load lib

ROUNDS=3

setup_file() {
    WORK=$(mktemp -d)
    export WORK
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
    modprobe pktgen
    ip link set eth0 master xenbr0 up
    deliver_to eth0 0
    deliver_to eth1 3
    ip netns add generator
    ip link set eth1 netns generator
    ip netns exec generator ip link set eth1 up
}

# deliver_to NIC CPU: all its interrupts.
deliver_to() {
    local irq

    ip link set "$1" up
    for irq in /sys/class/net/"$1"/device/msi_irqs/*; do
        echo "$2" >"/proc/irq/${irq##*/}/smp_affinity_list"
    done
}

guest() {
    create g1 pv 1 mac=00:16:3e:00:01:01,bridge=xenbr0
    await 60 is_pinned "vif$(xl domid g1).0"
    await 60 answers_ping
    stop_watcher
}

# column N KIND: of the rounds of one kind, sorted.
column() {
    awk -v n="$1" -v kind="$2" '$1 == kind { print $n }' "$WORK/rounds" | sort -n
}

# summary KIND: a row of the table.
summary() {
    local kind=$1 packets migrations samples drops

    mapfile -t migrations < <(column 2 "$kind")
    mapfile -t samples < <(column 3 "$kind")
    mapfile -t packets < <(column 4 "$kind")
    mapfile -t drops < <(column 5 "$kind")
    info "| $kind | ${migrations[*]} | ${samples[*]} | ${packets[1]} (${packets[0]} to ${packets[2]}) | ${drops[*]} |"
}

@test "the guest-rx thread, free and pinned, in $ROUNDS rounds each" {
    once guest
    dev=vif$(xl domid g1).0
    for _ in $(seq $ROUNDS); do
        "$VIFPIN" unpin g1
        "$BATS_TEST_DIRNAME"/rx-round "$dev" free >>"$WORK/rounds"
        "$VIFPIN" pin g1
        "$BATS_TEST_DIRNAME"/rx-round "$dev" pinned >>"$WORK/rounds"
    done
    info "$(places <("$VIFPIN" list -J))"
    info "| guest-rx | migrations | samples of 50 on CPU 0 | packets a second | dropped |"
    info "|---|---|---|---|---|"
    summary free
    summary pinned
    equal 0 "$(column 2 pinned | sort -u | paste -sd ' ')" "migrations of the pinned thread"
    equal 0 "$(column 3 pinned | sort -u | paste -sd ' ')" "samples of it on CPU 0"
    equal $((2 * ROUNDS)) "$(wc -l <"$WORK/rounds")" "rounds"
}
