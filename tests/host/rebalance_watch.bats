#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The watcher moves queues by measured load, where the configuration says so, and comes to rest.

load common

# Two vifs of one queue whose rx sides share CPU 1 by construction, on a host of four CPUs, and a watcher that
# reads its counters every second. On a slow machine they work for a small part of that only.
two_on_one_cpu() {
    local key

    for d in 1 2; do
        by_hand "$d" 1
    done
    jq '.vifs[1].queues[0] += { tx_cpu: 0, rx_cpu: 1 }' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    vifpin reconcile >/dev/null
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 0/1"
    [[ "$*" == *threshold* ]] || set -- rebalance_threshold=1 "$@"
    for key in verify_interval=1 rebalance_interval=1 "$@"; do
        echo "$key"
    done | sim put etc/xen/vifpin.conf
    start_watcher -v
}

# Both of them receive a lot, wherever they stand: the watcher sees all of it at once, as from a kernel.
both_work() {
    local d watcher

    watcher=$(watcher)
    kill -STOP "$watcher"
    for d in 1 2; do
        sim run "vif$d.0-q0-guest-rx" 300
        sim busy "$(places | sed -n "s/^$d.0 .*\///p")" 300 0
    done
    kill -CONT "$watcher"
}

# For await: they work on until the condition holds.
work_until() {
    both_work
    "$@"
}

measured_at() {
    jq .at_ns "$SIM_ROOT/run/vifpin/work.json" 2>/dev/null || echo 0
}

has_measured_after() {
    [ "$(measured_at)" -gt "$1" ]
}

# looks N: the watcher takes so many more readings, while they work.
looks() {
    local i

    for ((i = 0; i < $1; i++)); do
        await 10 work_until has_measured_after "$(measured_at)"
    done
}

has_moved() {
    grep -q ' event=moved ' "$SIM_DIR/syslog"
}

has_not_moved() {
    ! has_moved
}

@test "two hot rx sides that share a CPU are parted by the watcher, once" {
    two_on_one_cpu 'rebalance="measured"'
    await 30 work_until has_moved
    lists "1.0 vif1.0 pinned 0/2" "2.0 vif2.0 pinned 0/1"
    stand vif1.0 0/2
    logged 'vif=1.0 domain=g1 event=moved queue=0 tx=0 rx=2 from=0/1 why="measured load"'
    looks 5
    equal 1 "$(grep -c ' event=moved ' "$SIM_DIR/syslog")" "moves"
    equal "" "$(<"$SIM_DIR/watch.out")" "what it complains of"
}

@test "where all is even, nothing is written, though all goes by measure" {
    local before

    two_on_one_cpu 'rebalance="measured"' 'placement="measured"'
    await 30 work_until has_moved
    # Even now: each rx side has a CPU of its own, and does the same.
    lists "1.0 vif1.0 pinned 0/2" "2.0 vif2.0 pinned 0/1"
    looks 2
    before=$(stat -c '%i %z' "$LEDGER")
    looks 6
    equal "$before" "$(stat -c '%i %z' "$LEDGER")" "the ledger's inode, and when it was changed"
    equal 1 "$(grep -c ' event=moved ' "$SIM_DIR/syslog")" "moves"
    equal "" "$(<"$SIM_DIR/watch.out")" "what it complains of"
}

@test "nothing moves unless the configuration says so" {
    two_on_one_cpu
    looks 5
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 0/1"
    has_not_moved
}

@test "nothing moves below the threshold" {
    two_on_one_cpu 'rebalance="measured"' rebalance_threshold=100
    # Less than half a second in each.
    for d in 1 2; do
        sim run "vif$d.0-q0-guest-rx" 10
    done
    sim busy 1 20 0
    from=$(measured_at)
    await 10 has_measured_after "$from"
    from=$(measured_at)
    await 10 has_measured_after "$from"
    has_not_moved
}

@test "a reload switches it on" {
    two_on_one_cpu
    looks 2
    has_not_moved
    printf '%s\n' verify_interval=1 rebalance_interval=1 rebalance_threshold=1 'rebalance="measured"' |
        sim put etc/xen/vifpin.conf
    kill -HUP "$(watcher)"
    await 30 work_until has_moved
    logged 'vif=1.0 domain=g1 event=moved queue=0 tx=0 rx=2 from=0/1 why="measured load"'
}

@test "a watcher that cannot plan goes on, and says why once" {
    two_on_one_cpu 'rebalance="measured"'
    mv "$SIM_ROOT/sys/devices/system/cpu/isolated" "$SIM_DIR/isolated" 2>/dev/null || :
    mkdir "$SIM_ROOT/sys/devices/system/cpu/isolated"
    await 30 work_until grep -q isolated "$SIM_DIR/syslog"
    looks 2
    equal 1 "$(grep -c "cannot rebalance: cannot read /sys/devices/system/cpu/isolated: Is a directory" "$SIM_DIR/syslog")" "sentences"
    rmdir "$SIM_ROOT/sys/devices/system/cpu/isolated"
    [ ! -e "$SIM_DIR/isolated" ] || mv "$SIM_DIR/isolated" "$SIM_ROOT/sys/devices/system/cpu/isolated"
    await 30 work_until has_moved
}

# ten_work: the rx sides of all queues, for as long as there is none elsewhere.
ten_work() {
    local d q watcher

    watcher=$(watcher)
    kill -STOP "$watcher"
    for d in {1..10}; do
        for q in {0..7}; do
            sim run "vif$d.0-q$q-guest-rx" 10
        done
    done
    sim busy 1 900 0
    kill -CONT "$watcher"
}

ten_work_until() {
    has_moved || ten_work
    "$@"
}

moved_more_than() {
    [ "$(grep -c ' event=moved ' "$SIM_DIR/syslog")" -gt "$1" ]
}

# Above 64 queues the ledger is locked several times, and the next interval has not come.
@test "many queues are moved in parts, all in one interval" {
    local d

    sim cpus 0-15
    for d in {1..10}; do
        by_hand "$d" 8
    done
    jq '.vifs[].queues[] += { tx_cpu: 0, rx_cpu: 1 }' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    vifpin reconcile >/dev/null
    printf '%s\n' verify_interval=1 rebalance_interval=20 rebalance_threshold=1 'rebalance="measured"' |
        sim put etc/xen/vifpin.conf
    start_watcher
    await 60 ten_work_until has_moved
    await 15 moved_more_than 64
    equal "" "$(<"$SIM_DIR/watch.out")" "what it complains of"
    ends 0 "" vifpin verify
}
