#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pin and unpin, by hand.

load common

# A connected guest g1 with the vifs 1.0 and 1.1 that vifpin has not seen.
setup_guest() {
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected mac=00:16:3e:aa:bb:0c
    sim vif 1 1 hotplug-status=connected
    sim connect 1 0 1
    sim connect 1 1 1
}

# What shows that a file was written.
written() {
    (cd "$SIM_ROOT" && stat -c '%n %i %y' var/lib/vifpin/ledger.json proc/irq/*/smp_affinity_list \
        proc/[0-9]*/status)
}

FREE="q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3"

@test "pin places and pins all vifs of a domain" {
    setup_guest
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1" "1.1 vif1.1 pinned 2/3"
    stand vif1.0 0/1
    stand vif1.1 2/3
}

@test "pin takes a domid" {
    setup_guest
    ends 0 "" vifpin pin 1
    lists "1.0 vif1.0 pinned 0/1" "1.1 vif1.1 pinned 2/3"
}

@test "pin takes one vif, by devid or MAC in any of xl's forms" {
    setup_guest
    for vif in 0 00:16:3e:aa:bb:0c 00:16:3E:AA:BB:0C 00-16-3e-aa-bb-0c; do
        ends 0 "" vifpin pin g1 "$vif"
        lists "1.0 vif1.0 pinned 0/1"
        ends 0 "" vifpin unpin g1 "$vif"
        lists
    done
    equal "$FREE" "$(sim masks vif1.1)"
}

@test "pin reserves for a vif that is not connected yet" {
    sim domain 1 g1 2
    sim vif 1 0
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 0/1 2/3"
}

@test "pin puts back what was moved" {
    setup_guest
    vifpin pin g1
    echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/smp_affinity_list"
    ends 0 "" vifpin pin g1
    stand vif1.0 0/1
}

@test "pin of what is right already changes nothing and says so" {
    setup_guest
    sim vif 1 2 netdev=no
    vifpin pin g1
    before=$(written)
    prints 0 "vif 1.0 of g1 is pinned already; nothing is changed" vifpin pin g1 0
    prints 0 "\
vif 1.0 of g1 is pinned already; nothing is changed
vif 1.1 of g1 is pinned already; nothing is changed
vif 1.2 of g1 is reserved already; nothing is changed" vifpin pin g1
    equal "$before" "$(written)"
}

@test "pin of several vifs says on a terminal what came of them" {
    setup_guest
    sim vif 1 2 netdev=no
    # shellcheck disable=SC2016 # for the other shell
    prints 0 "3 vifs: 2 pinned, 0 partial, 1 reserved" env TERM=xterm SHELL=/bin/bash bash -c '
        script -qec "vifpin pin g1" /dev/null </dev/null | tr -d "\r"'
    ends 0 "" vifpin unpin g1
    prints 0 "" env TERM=dumb SHELL=/bin/bash script -qec "vifpin pin g1" /dev/null </dev/null
}

@test "unpin releases and gives the kernel its default masks back" {
    setup_guest
    vifpin pin g1
    ends 0 "" vifpin unpin g1 0
    lists "1.1 vif1.1 pinned 2/3"
    equal "$FREE" "$(sim masks vif1.0)"
    stand vif1.1 2/3
}

@test "unpin gives back the default masks that are, not all CPUs" {
    setup_guest
    vifpin pin g1
    echo e | sim put proc/irq/default_smp_affinity
    sed 's/\(Cpus_allowed_list:\t\).*/\10-2/' "$SIM_ROOT/proc/2/status" | sim put proc/2/status
    ends 0 "" vifpin unpin g1 1
    equal "q0 tx=1-3 dealloc=0-2 rx=1-3 guest-rx=0-2" "$(sim masks vif1.1)"
}

@test "unpin of a vif that is not in the ledger is done" {
    setup_guest
    ends 0 "" vifpin unpin g1
    lists
}

@test "pin of a vif that lacks a thread pins the others, says so and fails" {
    setup_guest
    sim end-thread vif1.0-q0-dealloc
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin pin g1 0
    lists "1.0 vif1.0 partial 0/1"
    equal "q0 tx=0 dealloc=- rx=1 guest-rx=1" "$(sim masks vif1.0)"
}

@test "pin -v says what it decided" {
    setup_guest
    ends 0 "vifpin: vif=1.0 domain=g1 event=pinned queues=1 tx=0 rx=1" vifpin -v pin g1 0
    ends 0 "vifpin: vif=1.0 domain=g1 event=released" vifpin -v unpin g1 0
}
