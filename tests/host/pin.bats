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

# delivered_to_0: of vif1.0, whatever the masks say.
delivered_to_0() {
    local name file

    for name in vif1.0-q0-tx vif1.0-q0-rx; do
        file=$SIM_ROOT/proc/irq/$(sim irq-number $name)/effective_affinity_list
        rm "$file"
        echo 0 >"$file"
    done
}

@test "before Linux 5.11 an interrupt moves when it comes the next time" {
    setup_guest
    delivered_to_0
    echo 5.10.0-32-amd64 | sim put proc/sys/kernel/osrelease
    ends 0 "" vifpin pin 1 0
    lists "1.0 vif1.0 pinned 0/1"
    stand vif1.0 0/1
    prints 0 "" vifpin verify
}

@test "from Linux 5.11 on one that is delivered elsewhere is not pinned" {
    setup_guest
    delivered_to_0
    for release in 5.11.0 6.1.0-57-amd64 10.2; do
        echo $release | sim put proc/sys/kernel/osrelease
        ends 1 "vifpin: vif 1.0: vif1.0-q0-rx was put on CPU 1 and is elsewhere: \
a cpuset, or CPU 1 is going offline" vifpin pin 1 0
        lists "1.0 vif1.0 partial 0/1"
        prints 1 "g1 vif1.0-q0-rx delivery $(sim irq-number vif1.0-q0-rx) 1 0" vifpin verify -nr
    done
}

@test "a domain without vifs" {
    sim domain 1 g1 1
    for command in "pin g1" "pin -N 1" "unpin g1"; do
        # shellcheck disable=SC2086 # words
        prints 0 "${command##* } has no vifs; nothing to do" vifpin $command
    done
    [ ! -e "$LEDGER" ]
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
        prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin g1 "$vif"
        lists
    done
    equal "$FREE" "$(sim masks vif1.1)"
}

# g1 with the vifs 1.0, 1.1 and two that have other names: xl gave one, somebody the other.
setup_names() {
    setup_guest
    sim vif 1 2 netdev=no hotplug-status=connected vifname=averylongname0
    sim netdev 1 2 averylongname0
    sim connect 1 2 1
    sim vif 1 3 netdev=no hotplug-status=connected
    sim netdev 1 3 lan0
    sim connect 1 3 1
}

@test "pin, unpin, list and verify take a vif as list prints it" {
    setup_names
    # shellcheck disable=SC2086 # words
    for vif in 1.1 vif1.1 "g1 vif1.1" "g1 1.1" "1 vif1.1" "vif1.1 1" "1.1 vif1.1"; do
        ends 0 "" vifpin pin $vif
        lists "1.1 vif1.1 pinned 0/1"
        prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin $vif
        lists
    done
    # shellcheck disable=SC2086 # words
    for vif in averylongname0 1.2 "g1 averylongname0"; do
        ends 0 "" vifpin pin $vif
        lists "1.2 averylongname0 pinned 0/1"
        prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin $vif
    done
    # The name that somebody gave is known from the ledger.
    ends 1 "vifpin: lan0 is an invalid domain identifier (rc=-6); xl list shows the domains" vifpin pin lan0
    ends 0 "" vifpin pin g1
    prints 0 "vif 1.3 of g1 is already pinned; nothing to do" vifpin pin lan0
    prints 0 "vif 1.3 of g1 is already pinned; nothing to do" vifpin pin g1 lan0
    for vif in 1.3 lan0; do
        prints 0 "g1 1.3 lan0 pinned 0 3 2" vifpin list -nr "$vif"
        equal '["lan0"]' "$(vifpin list -J "$vif" | jq -c '[.vifs[].dev]')"
    done
    echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number lan0-q0-tx)/smp_affinity_list"
    # shellcheck disable=SC2086 # words
    for vif in 1.3 lan0 "g1 lan0" "1 1.3"; do
        prints 1 "lan0-q0-tx" vifpin verify -nr -o WHAT $vif
    done
    ends 0 "" vifpin verify 1.2
}

@test "a vif that nobody has, as list would print it" {
    setup_names
    # shellcheck disable=SC2086 # words
    for vif in 1.7 vif1.7 vif1.2 1.01 "1.0 1"; do
        ends 1 "vifpin: ${vif% *} is an invalid domain identifier (rc=-6); xl list shows the domains" vifpin pin $vif
    done
    ends 1 "vifpin: Unknown device 2.0. xl network-list g1 shows the devices of g1" vifpin pin g1 2.0
    ends 1 "vifpin: domain '1.0' has no vif in the ledger; see 'vifpin list'" vifpin list 1.0
    ends 0 "" vifpin pin 1.0
    ends 1 "vifpin: domain 'g1' has no vif 'vif1.1' in the ledger; see 'vifpin list -o +MAC g1'" vifpin verify g1 vif1.1
}

@test "in a driver domain, which may not read what xenstore has of other domains" {
    xenstore-write /local/domain/0/domid 5
    sim domain 1 g1 2
    sim vif 1 0 netdev=no
    xenstore-rm /local/domain/1/name /local/domain/1/vm /local/domain/1/cpu
    ends 0 "" vifpin pin 1
    lists "1.0 vif1.0 reserved 0/1 2/3 1/0 3/2"
    equal '["","",1]' "$(vifpin list -J | jq -c '.vifs[0] | [.domain, .uuid, .domid]')"
    prints 0 "1 vif released; 0 interrupts and threads have the default masks again" vifpin unpin 1
    ends 0 "" vifpin pin 1 0
    ends 1 "vifpin: Unknown device 1. xl network-list 1 shows the devices of 1" vifpin pin 1 1
    for domain in g1 2; do
        ends 1 "vifpin: $domain is an invalid domain identifier (rc=-6); names are hidden from this driver domain: give a domid, or a vif as vifpin list shows it" \
            vifpin pin "$domain"
    done
}

@test "names in a ledger of another boot are nobody's" {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    sim netdev 1 0 web
    ends 0 "" vifpin pin g1
    prints 0 "vif 1.0 of g1 is already reserved; it is pinned when the guest connects" vifpin pin web
    sim boot 11111111-2222-4333-8444-555555555555
    sim netdev 1 0 vif1.0
    ends 1 "vifpin: web is an invalid domain identifier (rc=-6); xl list shows the domains" vifpin pin web
    ends 0 "" vifpin pin vif1.0
    lists "1.0 vif1.0 reserved 0/1"
}

@test "a domain that is called as a vif is goes first" {
    setup_guest
    sim domain 2 1.0 1
    sim vif 2 0 netdev=no
    sim domain 3 vif1.0 1
    sim vif 3 0 netdev=no
    ends 0 "" vifpin pin 1.0
    lists "2.0 vif2.0 reserved 0/1"
    ends 0 "" vifpin pin vif1.0
    lists "2.0 vif2.0 reserved 0/1" "3.0 vif3.0 reserved 2/3"
    ends 0 "" vifpin pin g1 vif1.0
    prints 0 "2.0" vifpin list -nr -o VIF 1.0
    prints 0 "3.0" vifpin list -nr -o VIF vif1.0
    prints 0 "vif 1.0 of g1 is already pinned; nothing to do" vifpin pin 1 1.0
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
    prints 0 "vif 1.0 of g1 is already pinned; nothing to do" vifpin pin g1 0
    prints 0 "\
vif 1.0 of g1 is already pinned; nothing to do
vif 1.1 of g1 is already pinned; nothing to do
vif 1.2 of g1 is already reserved; it is pinned when the guest connects" vifpin pin g1
    equal "$before" "$(written)"
}

@test "pin of several vifs says on a terminal what came of them" {
    setup_guest
    sim vif 1 2 netdev=no
    # shellcheck disable=SC2016 # for the other shell
    prints 0 "3 vifs: 2 pinned, 0 partial, 1 reserved; 3 changed, 0 released" env TERM=xterm SHELL=/bin/bash bash -c '
        script -qec "vifpin pin g1" /dev/null </dev/null | tr -d "\r"'
    prints 0 "3 vifs released; 8 interrupts and threads have the default masks again" vifpin unpin g1
    prints 0 "" env TERM=dumb SHELL=/bin/bash script -qec "vifpin pin g1" /dev/null </dev/null
}

@test "unpin releases and gives the kernel its default masks back" {
    setup_guest
    vifpin pin g1
    prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin g1 0
    lists "1.1 vif1.1 pinned 2/3"
    equal "$FREE" "$(sim masks vif1.0)"
    stand vif1.1 2/3
}

@test "unpin gives back the default masks that are, not all CPUs" {
    setup_guest
    vifpin pin g1
    echo e | sim put proc/irq/default_smp_affinity
    sed 's/\(Cpus_allowed_list:\t\).*/\10-2/' "$SIM_ROOT/proc/2/status" | sim put proc/2/status
    prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin g1 1
    equal "q0 tx=1-3 dealloc=0-2 rx=1-3 guest-rx=0-2" "$(sim masks vif1.1)"
}

@test "unpin of a vif that is not in the ledger is done" {
    setup_guest
    prints 0 "not in the ledger; nothing to do" vifpin unpin g1
    lists
}

@test "pin of a vif that lacks a thread pins the others, says so and fails" {
    setup_guest
    sim end-thread vif1.0-q0-dealloc
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin pin g1 0
    lists "1.0 vif1.0 partial 0/1"
    equal "q0 tx=0 dealloc=- rx=1 guest-rx=1" "$(sim masks vif1.0)"
}

@test "the options of all commands stand before the command or after it" {
    local vif=XENBUS_PATH=backend/vif/1/0 dry verbose

    setup_guest
    keep_watchers_away
    dry=$(vifpin -N pin g1)
    [[ $dry == "Dry run: nothing is changed."*$'\n'"vif 1.0 of g1: 1 queue"* ]]
    prints 0 "$dry" vifpin pin -N g1
    prints 0 "$dry" vifpin pin g1 -N
    prints 0 "$dry" vifpin reconcile -N
    prints 0 "$(vifpin -N online "$vif")" vifpin online "$vif" -N
    prints 0 "nothing to move; CPU loads differ by 0 (tx 0, rx 0)" vifpin rebalance -N
    [ ! -e "$LEDGER" ]
    verbose="vifpin: vif=1.0 domain=g1 event=pinned queues=1 tx=0 rx=1"
    ends 0 "$verbose" vifpin pin g1 0 -v
    ends 0 "vifpin: vif=1.0 event=offline call=\"vifpin offline type_if=vif $vif\"
vifpin: vif=1.0 domain=g1 event=released" vifpin offline "$vif" -v
    echo 'cpus = "2-3"' >"$SIM_DIR/conf"
    ends 0 "${verbose/tx=0 rx=1/tx=2 rx=3}" vifpin pin -vc "$SIM_DIR/conf" g1 0
    for command in list cpus verify doctor help; do
        vifpin -v "$command" >"$SIM_DIR/before" || :
        equal "$(<"$SIM_DIR/before")" "$(vifpin "$command" -v)" "$command -v"
    done
    equal "$(vifpin list)" "$("$VIFPIN_BIN" list --root "$SIM_ROOT")" "list --root"
}

@test "pin -v says what it decided" {
    setup_guest
    ends 0 "vifpin: vif=1.0 domain=g1 event=pinned queues=1 tx=0 rx=1" vifpin -v pin g1 0
    does 0 "1 vif released; 4 interrupts and threads have the default masks again" "vifpin: vif=1.0 domain=g1 event=released" vifpin -v unpin g1 0
}
