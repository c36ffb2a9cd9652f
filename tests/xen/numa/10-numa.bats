#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests on the nodes of a machine that has two: CPUs 0-1 and 2-3 of dom0, whose vCPUs are pinned.

load lib

CONF=/etc/xen/vifpin.conf

teardown() {
    diagnose
    rm -f "$CONF"
    systemctl stop vifpin
}

pin_vcpus() {
    local cpu

    for cpu in 0 1 2 3; do
        xl vcpu-pin 0 "$cpu" "$cpu"
    done
}

# guest NAME NODE: with a vif of two queues, pinned.
guest() {
    GUEST_CPUS=node:$2 create "$1" pv 2 "mac=00:16:3e:00:0$2:01,bridge=xenbr0"
    await 60 is_pinned "vif$(xl domid "$1").0"
}

both() {
    guest g0 0
    guest g1 1
}

# cpus_of DEV: where its interrupts and threads are, by the kernel.
cpus_of() {
    kernel_masks "$1" | awk '{ for (i = 2; i <= NF; i++) print $i }' | sort -u | paste -sd ' '
}

@test "a guest on node 1 is placed on node 1's CPUs, one on node 0 on node 0's" {
    once both
    compat_row "PV, two of 2 vCPUs, on a NUMA node each" vif-bridge 1 2
    equal "0 1" "$(cpus_of "vif$(xl domid g0).0")" "CPUs of node:0's guest"
    equal "2 3" "$(cpus_of "vif$(xl domid g1).0")" "CPUs of node:1's guest"
    equal "g0 0/0 g0 0/0 g1 1/1 g1 1/1" \
        "$("$VIFPIN" list -nr -o DOMAIN,NODE | sort | paste -sd ' ')" "nodes in list"
    equal "0 0 0, 1 1 0, 2 2 1, 3 3 1" \
        "$("$VIFPIN" cpus -J | jq -r '[.cpus[] | "\(.cpu) \(.pcpu) \(.node)"] | join(", ")')" \
        "CPU, pCPU and node in cpus"
    info "$(xl info | grep nr_nodes), $(places <("$VIFPIN" list -J) | paste -sd ';')"
}

@test "-N tells that the node decided" {
    once both
    stop_watcher
    "$VIFPIN" unpin g1
    "$VIFPIN" -N pin g1 >"$WORK/why"
    equal "  q0 tx  CPU 2: least loaded, and this side's CPU before, of 2(0) 3(0); not 0-1: not on the guest's node" \
        "$(grep 'q0 tx' "$WORK/why")"
    equal "" "$(grep NUMA "$WORK/why" || :)"
    "$VIFPIN" pin g1
    equal "2 3" "$(cpus_of "vif$(xl domid g1).0")" "CPUs of node:1's guest"
}

@test "nodes of which the configuration speaks" {
    once both
    echo 'cpus = "node:0"' >"$CONF"
    "$VIFPIN" -N rebalance >"$WORK/why"
    equal 2 "$(grep -c 'not an allowed CPU' "$WORK/why")" "queues that would have to move"
    echo 'cpus = "node:2"' >"$CONF"
    run --separate-stderr "$VIFPIN" reconcile
    # shellcheck disable=SC2154 # run sets it
    equal "vifpin: $CONF:1: cpus: 'node:2': there is no node 2, the last one is 1" "$stderr"
}

@test "the service knows the nodes, where no hook ran" {
    once both
    "$VIFPIN" unpin g1
    systemctl start vifpin
    await 30 is_pinned "vif$(xl domid g1).0"
    equal "2 3" "$(cpus_of "vif$(xl domid g1).0")" "CPUs of node:1's guest"
    xl network-attach g1 mac=00:16:3e:00:01:02,script=/bin/true >"$WORK/xl" 2>&1 3>&- || :
    await 60 is_pinned "vif$(xl domid g1).1"
    equal "2 3" "$(cpus_of "vif$(xl domid g1).1")" "CPUs of its second vif"
}

@test "with dom0's vCPUs not pinned nodes play no part, and -N says why" {
    once both
    "$VIFPIN" unpin g1
    xl vcpu-pin 0 all all
    "$VIFPIN" -N pin g1 >"$WORK/why"
    equal "NUMA is ignored: dom0's vCPUs are not pinned (use dom0_vcpus_pin on Xen's command line, or xl vcpu-pin)." \
        "$(sed -n 2p "$WORK/why")"
    pin_vcpus
    "$VIFPIN" -N pin g1 >"$WORK/why"
    equal "" "$(grep NUMA "$WORK/why" || :)"
}
