#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verify: what stands elsewhere than the ledger says (drift.bats has what becomes of it).

load common

# move NAME LIST: somebody else changes an interrupt's mask.
move() {
    echo "$2" >"$SIM_ROOT/proc/irq/$(sim irq-number "$1")/smp_affinity_list"
}

# move_thread PID LIST
move_thread() {
    sed "s/^\(Cpus_allowed_list:\t\).*/\1$2/" "$SIM_ROOT/proc/$1/status" | sim put "proc/$1/status"
}

# unpinned PART CPU: the row of a part of vif1.0 that may run on all CPUs.
unpinned() {
    local irq

    if irq=$(sim irq-number "vif1.0-$1"); then
        echo "g1 vif1.0-$1 interrupt $irq $2 0-3"
    else
        echo "g1 vif1.0-$1 thread $(pid_of "vif1.0-$1") $2 0-3"
    fi
}

pid_of() {
    grep -lx "$1" "$SIM_ROOT"/proc/[0-9]*/comm | sed -E 's|.*/([0-9]+)/comm|\1|'
}

@test "verify says nothing when all is as the ledger says" {
    by_hand 1 2
    prints 0 "" vifpin verify
    prints 0 "" vifpin verify g1
    prints 0 "" vifpin verify 1 0
}

@test "verify says nothing of a vif that is not connected" {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    ends 0 "" vifpin pin g1
    prints 0 "" vifpin verify
}

@test "verify names each difference, and changes nothing" {
    by_hand 1 2
    by_hand 2 1
    lists "1.0 vif1.0 pinned 0/1 2/3" "2.0 vif2.0 pinned 1/0"
    irq=$(sim irq-number vif1.0-q1-rx)
    pid=$(pid_of vif1.0-q0-guest-rx)
    move vif1.0-q1-rx 0-3
    move_thread "$pid" 2
    prints 1 "\
DOMAIN WHAT               KIND      NUMBER SHOULD IS
g1     vif1.0-q1-rx       interrupt     $irq      3 0-3
g1     vif1.0-q0-guest-rx thread       $pid      1 2" vifpin verify
    prints 0 "" vifpin verify g2
    equal "0-3 2" "$(sim mask vif1.0-q1-rx) $(sim mask vif1.0-q0-guest-rx)"
}

@test "verify says when an interrupt is delivered elsewhere than its mask says" {
    by_hand 1 1
    irq=$(sim irq-number vif1.0-q0-tx)
    rm "$SIM_ROOT/proc/irq/$irq/effective_affinity_list"
    echo 3 >"$SIM_ROOT/proc/irq/$irq/effective_affinity_list"
    prints 1 "g1 vif1.0-q0-tx delivery $irq 0 3" vifpin verify -nr
}

# differences: the gauges that are not 0, as "KIND N".
differences() {
    vifpin verify --prometheus | sed -n 's/^vifpin_differences{kind="\(.*\)"} \([1-9].*\)/\1 \2/p'
}

@test "verify --prometheus counts what verify lists, by kind" {
    by_hand 1 2
    by_hand 2 1
    equal 6 "$(vifpin verify --prometheus | grep -cx 'vifpin_differences{kind="[a-z]*"} 0')" "kinds"
    move vif1.0-q1-rx 0-3
    move vif2.0-q0-tx 0-3
    move_thread "$(pid_of vif1.0-q0-guest-rx)" 2
    sim end-thread vif1.0-q1-dealloc
    sim irq vif2.0-q1-tx
    equal "$(vifpin verify -nr -o KIND | sort | uniq -c | awk '{ print $2, $1 }')" "$(differences | sort)"
    equal $'interrupt 2\nthread 1\nmissing 1\nqueues 1' "$(differences)"
}

@test "verify --prometheus tells of the others when one goes and comes all the time" {
    by_hand 1 1
    by_hand 2 1
    rmdir "$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/vif1.0-q0-rx"
    move vif2.0-q0-tx 0-3
    equal "interrupt 1" "$(differences)"
}

@test "verify of what goes and comes all the time" {
    by_hand 1 1
    # Its number is another's, or nobody's, by the time it is looked at.
    rmdir "$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/vif1.0-q0-rx"
    ends 1 "vifpin: vif1.0-q0-rx is gone" vifpin verify
}

@test "verify says what is missing, and when there are other queues" {
    by_hand 1 2
    sim end-thread vif1.0-q1-dealloc
    prints 1 "g1 vif1.0-q1-dealloc missing  2 " vifpin verify -nr
    sim no-queues vif1.0
    sim queues vif1.0 1
    # The new ones have not been pinned.
    prints 1 "g1 vif1.0 queues  2 1
$(for side in tx:0 rx:1 dealloc:0 guest-rx:1; do unpinned "q0-${side%:*}" "${side#*:}"; done)" \
        vifpin verify -nr
}
