#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where vifs are placed on a host with physical NICs, by a configuration, and why: -N. And rebalance.

load common

NOTHING="Dry run: nothing is changed. 2(3) is CPU 2 with a load of 3 (sides and NIC interrupts)."
NO_NODES="NUMA is ignored: with --root, Xen cannot be asked."

configure() {
    printf '%s\n' "$@" >"$SIM_ROOT/etc/xen/vifpin.conf"
}

# One queue's guests D..., which are connected and that vifpin has not seen.
unseen() {
    local d

    for d; do
        sim domain "$d" "g$d" 1
        sim vif "$d" 0 netdev=no hotplug-status=connected
        sim connect "$d" 0 1
    done
}

@test "rx sides keep off the CPUs that a NIC's interrupts are delivered to" {
    sim nic eth0 msi 1
    by_hand 1 4
    lists "1.0 vif1.0 pinned 0/2 3/0 1/3 2/0"
    stand vif1.0 0/2 3/0 1/3 2/0
}

@test "a virtio NIC's interrupts are its parent's; a NIC may have one line and no MSI" {
    sim nic eth0 virtio 0
    sim nic eth1 line 1
    by_hand 1 2
    lists "1.0 vif1.0 pinned 2/3 0/2"
}

@test "netdevs that are down, and interrupts that nobody has requested, do not count" {
    sim nic eth0 msi 0
    echo 0x1002 >"$SIM_ROOT/sys/class/net/eth0/flags"
    sim nic eth1 msi 1
    rmdir "$SIM_ROOT/proc/irq/$(sim irq-number eth1-0)/eth1-0"
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
}

@test "a NIC that is called as a vif is one, but not while the ledger has that vif connected" {
    keep_watchers_away
    sim nic vif9.0 msi 1
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/2 3/0"
    # Its netdev has gone, its entry has not.
    sim nic vif1.0 msi 3
    by_hand 2 2
    lists "1.0 vif1.0 pinned 0/2 3/0" "2.0 vif2.0 pinned 1/3 2/0"
}

@test "a bridge port's PCI bridge is not the NIC" {
    sim nic eth0 msi 0
    mv "$SIM_ROOT/sys/devices/pci0000:00/eth0/msi_irqs" "$SIM_ROOT/sys/devices/pci0000:00/msi_irqs"
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
}

@test "with NIC interrupts on every CPU, those count that took more than twice the mean" {
    sim nic eth0 msi 0 1 2 3
    sim counts eth0-0 900 0 0 0
    sim counts eth0-1 0 100 0 0
    by_hand 1 1
    lists "1.0 vif1.0 pinned 0/1"
    # All carry the same when rx of the second queue is placed; only CPU 0 took too many.
    by_hand 2 2
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3 1/2"
    # 900 is not more than twice the mean of 450: CPU 0 is one of the least loaded again.
    sim counts eth0-1 0 900 0 0
    by_hand 3 1
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3 1/2" "3.0 vif3.0 pinned 3/0"
}

@test "avoid_nic = 0: rx sides go there, and the load still counts" {
    configure "avoid_nic = 0"
    sim nic eth0 msi 0
    by_hand 1 2
    lists "1.0 vif1.0 pinned 1/2 3/0"
}

@test "exceptions: other CPUs, and a vif that is left alone" {
    configure "cpus = '0-1'" "vifs = [ 'domain=g2,cpus=2-3', 'mac=00:16:3E:*:03,pin=0' ]"
    by_hand 1 1
    by_hand 2 1
    sim domain 3 g3 1
    sim vif 3 0 netdev=no hotplug-status=connected mac=00:16:3e:00:00:03
    sim connect 3 0 1
    vifpin pin 3
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif3.0)"
}

@test "a vif that is to be left alone from now on gets the default masks back" {
    by_hand 1 1
    configure "vifs = [ 'domain=g1,pin=0' ]"
    vifpin reconcile
    lists
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif1.0)"
}

@test "node: in the configuration is refused where nodes are not known, and the hook goes on" {
    configure "" "cpus = 'node:0'"
    does 1 "" "vifpin: /etc/xen/vifpin.conf:2: cpus: 'node:0' cannot be used: nodes are not known: with --root, Xen cannot be asked" \
        vifpin reconcile
    sim domain 1 g1 1
    sim vif 1 0
    sim online 1 0
    rm "$SIM_ROOT/etc/xen/vifpin.conf"
    lists "1.0 vif1.0 reserved 0/1"
}

@test "-N pin tells the candidates and what decided, and changes nothing" {
    sim nic eth0 msi 1
    sim domain 1 g1 2
    sim vif 1 0 netdev=no hotplug-status=connected
    sim connect 1 0 2
    prints 0 "$NOTHING
$NO_NODES
vif 1.0 of g1: 2 queues
  q0 tx  CPU 0: least loaded, and the lowest number, of 0(0) 2(0) 3(0) 1(1)
  q0 rx  CPU 2: least loaded, and the lowest number, of 2(0) 3(0); not 0: the queue's other side; not 1: takes NIC interrupts
  q1 tx  CPU 3: the least loaded of 3(0) 1(1) 2(1) 0(1)
  q1 rx  CPU 0: least loaded, and fewer rx sides, of 0(1) 2(1); not 3: the queue's other side; not 1: takes NIC interrupts" \
        vifpin -N pin g1
    lists
    [ ! -e "$LEDGER" ]
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3
q1 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif1.0)"
}

@test "sides keep off CPUs that are isolated from other work, unless vifs may use no others" {
    mkdir -p "$SIM_ROOT/sys/devices/system/cpu"
    echo 2-3 >"$SIM_ROOT/sys/devices/system/cpu/isolated"
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
    prints 0 "$NOTHING
$NO_NODES
vif 1.0 of g1: 1 queue
  q0 tx  CPU 0: least loaded, and the lowest number, of 0(0) 1(0); not 2-3: isolated from other work
  q0 rx  CPU 1: the only one of 1(0); not 0: the queue's other side; not 2-3: isolated from other work" \
        vifpin -N pin g1
    configure 'cpus = "2-3"'
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 2/3"
}

@test "-N with other settings: -c" {
    unseen 1
    printf 'cpus = "3"\nnuma = 0\n' >"$SIM_DIR/try.conf"
    prints 0 "$NOTHING
NUMA is ignored: numa = 0 in the configuration.
vif 1.0 of g1: 1 queue
  q0 tx  CPU 3: the only one of 3(0)
  q0 rx  CPU 3: the only one of 3(1); there is no other CPU" \
        vifpin -N -c "$SIM_DIR/try.conf" pin g1
    lists
}

@test "-N online reserves nothing and starts no watcher" {
    sim domain 1 g1 1
    sim vif 1 0
    prints 0 "$NOTHING
$NO_NODES
vif 1.0 of g1: 1 queue
  q0 tx  CPU 0: least loaded, and the lowest number, of 0(0) 1(0) 2(0) 3(0)
  q0 rx  CPU 1: least loaded, and the lowest number, of 1(0) 2(0) 3(0); not 0: the queue's other side" \
        vifpin -N online XENBUS_PATH=backend/vif/1/0
    lists
    has_no_watcher
}

@test "-N reconcile tells what is released, left alone, stays, and is remembered" {
    by_hand 1 1
    by_hand 2 1
    by_hand 3 1
    sim vanish 1 0
    configure "vifs = [ 'domain=g2,pin=0' ]"
    cp "$LEDGER" "$SIM_DIR/before"
    prints 0 "$NOTHING
vif 1.0 of g1: released
vif 2.0 of g2: left alone, pin=0 in the configuration; default masks restored
vif 3.0 of g3: 1 queue
  q0 tx  CPU 1: stays
  q0 rx  CPU 0: stays" vifpin -N reconcile
    cmp "$LEDGER" "$SIM_DIR/before"
    stand vif2.0 2/3
}

@test "-N is for what decides only" {
    ends 2 "vifpin: -N works with online, pin, reconcile and rebalance, not with list; see 'vifpin --help'" vifpin -N list
    ends 2 "vifpin: -N works with online, pin, reconcile and rebalance, not with unpin; see 'vifpin --help'" vifpin -N unpin g1
}

@test "-N leaves a ledger that cannot be read where it is" {
    unseen 1
    mkdir -p "${LEDGER%/*}"
    echo x >"$LEDGER"
    run --separate-stderr vifpin -N pin g1
    equal 1 "$status"
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == "vifpin: ledger /var/lib/vifpin/ledger.json cannot be read ("*"); the next online, pin or watch moves it aside and rebuilds it" ]]
    equal ledger.json "$(ls "${LEDGER%/*}")"
}

@test "rebalance moves the fewest, one queue at a time, and says so" {
    by_hand 1 2
    by_hand 2 2
    by_hand 3 2
    sim vanish 2 0
    sim vanish 3 0
    vifpin reconcile
    printf 'cpus = "0-1"\n' >"$SIM_DIR/two.conf"
    sim domain 4 g4 2
    sim vif 4 0 netdev=no hotplug-status=connected
    sim connect 4 0 2
    vifpin -c "$SIM_DIR/two.conf" pin g4
    lists "1.0 vif1.0 pinned 0/1 2/3" "4.0 vif4.0 pinned 1/0 0/1"
    prints 0 "vif 1.0 of g1, queue 0: tx from CPU 0 to 3 (load), rx from CPU 1 to 2 (load)
1 queue to move; CPU loads differ by 2 (tx 2, rx 2), by 0 (tx 0, rx 0) afterwards" vifpin -N rebalance
    lists "1.0 vif1.0 pinned 0/1 2/3" "4.0 vif4.0 pinned 1/0 0/1"
    prints 0 "1 queue moved; CPU loads differed by 2 (tx 2, rx 2), now by 0 (tx 0, rx 0)" vifpin rebalance
    lists "1.0 vif1.0 pinned 3/2 2/3" "4.0 vif4.0 pinned 1/0 0/1"
    stand vif1.0 3/2 2/3
    prints 0 "nothing to move; CPU loads differ by 0 (tx 0, rx 0)" vifpin rebalance
}

@test "rebalance evens tx and rx sides, which doctor warns of" {
    by_hand 1 1
    by_hand 2 1
    by_hand 3 1
    by_hand 4 1
    by_hand 5 1
    by_hand 6 1
    sim vanish 3 0
    sim vanish 4 0
    vifpin reconcile
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "5.0 vif5.0 pinned 0/1" "6.0 vif6.0 pinned 2/3"
    run vifpin doctor -r -o check,reason,fix
    [[ $output == *"directions CPUs\x20have\x200\x20to\x202\x20tx\x20sides,\x20and\x20could\x20have\x201\x20to\x201 vifpin\x20rebalance"* ]]
    run vifpin -N rebalance
    equal 2 "$(grep -c "tx from .* (direction), rx from .* (direction)" <<<"$output")"
    prints 0 "2 queues moved; CPU loads differed by 0 (tx 2, rx 2), now by 0 (tx 0, rx 0)" vifpin rebalance
    run vifpin doctor -r -o check,reason
    [[ $output == *"directions tx\x20sides\x20of\x20CPUs\x20differ\x20by\x200,\x20rx\x20sides\x20by\x200"* ]]
}

@test "rebalance repairs what NIC interrupts that moved have made wrong" {
    by_hand 1 2
    sim nic eth0 msi 3
    ends 0 "vifpin: 1 rx side is on a CPU that takes NIC interrupts (queue 1 of vif 1.0 on CPU 3); run 'vifpin rebalance'" \
        vifpin verify
    prints 0 "vif 1.0 of g1, queue 1: rx from CPU 3 to 0 (takes NIC interrupts)
1 queue to move; CPU loads differ by 1 (tx 1, rx 1), by 1 (tx 1, rx 1) afterwards" vifpin -N rebalance
    vifpin rebalance
    stand vif1.0 0/1 2/0
    ends 0 "" vifpin verify
}

@test "rebalance goes on where a mask cannot be set, and says which" {
    by_hand 1 1
    printf 'cpus = "2-3"\n' >"$SIM_ROOT/etc/xen/vifpin.conf"
    sim end-thread vif1.0-q0-dealloc
    does 1 "1 queue moved; CPU loads differed by 0 (tx 0, rx 0), now by 0 (tx 1, rx 1)" \
        "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin rebalance
    lists "1.0 vif1.0 partial 2/3"
}

@test "rebalance takes no argument" {
    ends 2 "vifpin: rebalance: unexpected argument 'g1'; see 'vifpin rebalance --help'" vifpin rebalance g1
}
