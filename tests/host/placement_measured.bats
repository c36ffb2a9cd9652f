#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# placement = "measured": new vifs go where least is done, as the watcher has measured it, and -N says so.

load common

LOAD=run/vifpin/load.json
COUNTED="Dry run: nothing is changed. 2(3) is CPU 2 with a load of 3 (sides and NIC interrupts)."
NO_NODES="NUMA is ignored: with --root, Xen cannot be asked."

# A guest that is not connected yet. By number, its places are 0/1.
one_waits() {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
    configure 'placement = "measured"'
}

configure() {
    printf '%s\n' "$@" | sim put etc/xen/vifpin.conf
}

# has_measured MEAN BESIDES...: in thousandths of a CPU, just now. JQ may change it after that.
has_measured() {
    mkdir -p "$SIM_ROOT/run/vifpin"
    jq -n --arg boot "$(<"$SIM_ROOT/proc/sys/kernel/random/boot_id")" \
        --argjson now "$(/usr/bin/python3 -c 'import time; print(time.monotonic_ns())')" '
        { version: 1, boot_id: $boot, at_ns: $now, interval: 1000, tx_mean: ($ARGS.positional[0] * 1000),
          rx_mean: ($ARGS.positional[0] * 1000),
          cpus: [ $ARGS.positional[1:] | to_entries[]
              | { cpu: .key, besides: (.value * 1000), tx_sides: 0, tx_share: 0,
                  rx_sides: 0, rx_share: 0 } ] }' \
        --jsonargs "$@" | jq "${JQ:-.}" | sim put "$LOAD"
}

# counts WHY: it is placed by number, and -N says why.
counts() {
    prints 0 "$COUNTED
Sides are counted, not measured: $1.
$NO_NODES
vif 1.0 of g1: 1 queue
  q0 tx  CPU 0: least loaded, and the lowest number, of 0(0) 1(0) 2(0) 3(0)
  q0 rx  CPU 1: least loaded, and the lowest number, of 1(0) 2(0) 3(0); not 0: the queue's other side" \
        vifpin -N pin g1
}

@test "a new vif goes where least is done, and -N tells the figures" {
    one_waits
    has_measured 25 500 100 30 40
    sim nic eth0 msi 3
    prints 0 "Dry run: nothing is changed. 2(14.5%,3) is CPU 2, busy for 14.5 % of its time as measured, with 3 sides and NIC interrupts. A side not measured yet counts as the mean of its direction: tx 2.5 %, rx 2.5 %.
$NO_NODES
vif 1.0 of g1: 1 queue
  q0 tx  CPU 2: least loaded, and fewer sides and NIC interrupts, of 2(3.0%,0) 3(4.0%,1) 1(10.0%,0) 0(50.0%,0)
  q0 rx  CPU 1: the least loaded, as measured, of 1(10.0%,0) 0(50.0%,0); not 2: the queue's other side; not 3: takes NIC interrupts" \
        vifpin -N pin g1
    lists
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 2/1"
}

# rx costs most here, so it gets the CPU that does least, and tx stands elsewhere.
@test "where traffic goes one way, its sides are placed first" {
    one_waits
    JQ='.rx_mean = 60000' has_measured 25 500 100 30 40
    prints 0 "Dry run: nothing is changed. 2(14.5%,3) is CPU 2, busy for 14.5 % of its time as measured, with 3 sides and NIC interrupts. A side not measured yet counts as the mean of its direction: tx 2.5 %, rx 6.0 %.
$NO_NODES
vif 1.0 of g1: 1 queue
  q0 tx  CPU 3: the least loaded, as measured, of 3(4.0%,0) 1(10.0%,0) 0(50.0%,0); not 2: the queue's other side
  q0 rx  CPU 2: least loaded, and the lowest number, of 2(3.0%,0) 3(4.0%,0) 1(10.0%,0) 0(50.0%,0)" \
        vifpin -N pin g1
}

@test "the hook places by measure too" {
    one_waits
    has_measured 25 500 100 30 40
    keep_watchers_away
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/1/0
    lists "1.0 vif1.0 reserved 2/3"
}

@test "vifs that come before the next measure are spread" {
    one_waits
    has_measured 100 0 10 500 500
    ends 0 "" vifpin pin g1
    by_hand 2 2
    lists "1.0 vif1.0 reserved 0/1" "2.0 vif2.0 pinned 1/0 0/1"
}

@test "placement = \"count\" does not look at what is measured, and that is the default" {
    one_waits
    has_measured 25 500 100 30 40
    configure 'placement = "count"'
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 0/1"
    vifpin unpin g1 >/dev/null
    configure ''
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 0/1"
}

@test "without a measure, or with one that is of no use, the number counts, and -N says why" {
    one_waits
    counts "there is no /$LOAD: no watcher runs, it has only just begun, or verify_interval is 0"
    JQ='.interval = 1 | .at_ns = ([.at_ns - 3600000000000, 0] | max)' has_measured 25 500 0 0 0
    counts "/$LOAD is out of date: the watcher has stopped, or does not get to run"
    JQ='.boot_id = "another"' has_measured 25 500 0 0 0
    counts "/$LOAD is of another boot"
    JQ='.version = 2' has_measured 25 500 0 0 0
    counts "cannot read /$LOAD: has version 2, this vifpin knows 1"
    sim put "$LOAD" <<<"x"
    counts "cannot read /$LOAD: it is not JSON: unexpected character"
    rm "$SIM_ROOT/$LOAD"
    mkdir "$SIM_ROOT/$LOAD"
    counts "cannot read /$LOAD: Is a directory"
    rmdir "$SIM_ROOT/$LOAD"
    has_measured 0 500 0 0 0
    counts "no side has been measured to cost anything yet"
    # Nobody complains.
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 0/1"
}

# What vifs 2 and 3 receive on CPU 1 and nothing is measured of for 4, 5 and 6 elsewhere.
@test "a watcher measures, and a vif that comes then keeps off the busy CPU" {
    local d

    for d in 2 3 4 5 6; do
        by_hand "$d" 1
    done
    jq '.vifs |= [to_entries[] | .key as $i | .value
        | .queues[0] += [{ tx_cpu: 0, rx_cpu: 1 }, { tx_cpu: 0, rx_cpu: 1 }, { tx_cpu: 2, rx_cpu: 3 },
            { tx_cpu: 3, rx_cpu: 2 }, { tx_cpu: 2, rx_cpu: 3 }][$i]]' "$LEDGER" |
        sim put var/lib/vifpin/ledger.json
    vifpin reconcile >/dev/null
    configure 'placement = "measured"' 'verify_interval = 1'
    start_watcher
    await "$PATIENCE" work_until test -e "$SIM_ROOT/$LOAD"
    stop_watcher
    jq '.interval = 1000' "$SIM_ROOT/$LOAD" | sim put "$LOAD"
    equal '[0,2] [1,2] [2,3] [3,3]' "$(jq -r '[.cpus[] | "[\(.cpu),\(.tx_sides + .rx_sides)]"] | join(" ")' "$SIM_ROOT/$LOAD")"
    # By number, its tx side goes to CPU 1.
    one_waits
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 3/0" "2.0 vif2.0 pinned 0/1" "3.0 vif3.0 pinned 0/1" \
        "4.0 vif4.0 pinned 2/3" "5.0 vif5.0 pinned 3/2" "6.0 vif6.0 pinned 2/3"
}

# Vifs 2 and 3 receive, and then the condition holds.
work_until() {
    local d watcher

    watcher=$(watcher)
    kill -STOP "$watcher"
    for d in 2 3; do
        sim run "vif$d.0-q0-guest-rx" 300
        sim busy 1 300 0
    done
    kill -CONT "$watcher"
    "$@"
}
