#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nodes, as Xen tells of them: a stub stands in for libxenctrl, and the CPUs are this machine's own, which are
# on node 0 and 1 in turn. Nothing is done there but with -N.

load common

# live ARG...: vifpin, on this machine.
live() {
    "$VIFPIN_BIN" -c /dev/null "$@"
}

# why DOMAIN: which CPUs its node takes away from the side that is placed first.
why() {
    live -N pin "$1" | sed -n '/ q0 tx /s/.*; not \([0-9,-]*\): not on the guest.s node.*/\1/p'
}

# guest ID: with a vif that waits for it.
guest() {
    sim domain "$1" "g$1" 2
    sim vif "$1" 0
}

# on_node N: this machine's CPUs on that node.
on_node() {
    live cpus -J | jq -r --argjson node "$1" '[.cpus[] | select(.node == $node).cpu] | map(tostring) | join(",")'
}

@test "each CPU's pCPU and node" {
    stand_in "${VIFPIN_STUB%/*}/xenctrl-stub.so" libxenctrl
    equal true "$(live cpus -J | jq '.cpus | length > 0 and all(.pcpu == .cpu and .node == .cpu % 2)')"
    show_libraries
    equal "[null,null]" "$(live cpus -J | jq -c '[.cpus[0] | .pcpu, .node]')"
}

@test "a guest is placed on its node, by its affinity or by that of its vCPUs" {
    stand_in "${VIFPIN_STUB%/*}/xenctrl-stub.so" libxenctrl
    guest 1
    guest 2
    guest 3
    guest 4
    [ "$(nproc --all)" -gt 1 ] || {
        echo "a machine with one CPU has one node" >&2
        return 1
    }
    equal "$(on_node 0)" "$(why g1)" "what node 1 takes away"
    equal "$(on_node 1)" "$(why g2)" "what node 0 takes away"
    equal "" "$(why g3)" "what no node takes away"
    equal "" "$(why g4)" "what nobody is told of takes away"
    equal "" "$(live -N pin g1 | grep NUMA || :)"
    show_libraries
    equal "NUMA is ignored: Xen cannot be asked here." "$(live -N pin g1 | sed -n 2p)"
}
