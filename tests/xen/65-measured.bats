#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measured load: four vifs of one queue. At first all receive, then two of them. The rx sides of these share a CPU
# by construction; rebalance --measured parts them. Then CPU 0 makes the packets, CPU 3 does the work of the guests'
# ends, which are here too, and vifs may use CPUs 1 and 2.

load lib
load loopback

VIFS=4
PKTGEN=/proc/net/pktgen
CONF=/etc/xen/vifpin.conf
LIMIT=/sys/module/xen_netfront/parameters/max_queues

setup_file() {
    WORK=$(mktemp -d)
    export WORK
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
    modprobe xen-netfront
    modprobe pktgen
    cat "$LIMIT" >"$WORK/max_queues"
    echo 1 >"$LIMIT"
    cp "$CONF" "$WORK/conf"
    systemctl daemon-reload
    systemctl start vifpin
}

teardown_file() {
    end_sending
    detach_all
    cat "$WORK/max_queues" >"$LIMIT"
    systemctl stop vifpin
    cp "$WORK/conf" "$CONF"
}

# All are up at both ends.
connected() {
    local i

    attach_all
    await 120 has_states 4
    for ((i = 0; i < VIFS; i++)); do
        await 30 is_pinned "vif0.$i"
        ip link set "vif0.$i" up
        ip link set "$(ls "/sys/bus/xen/devices/vif-$i/net")" up
    done
    "$VIFPIN" list -J >"$WORK/placed.json"
}

# rx_cpus FILE: of each vif's only queue.
rx_cpus() {
    jq -r '.vifs[] | .queues[0].rx_cpu' "$1"
}

# pgset FILE LINE...: to pktgen, a write() each.
pgset() {
    local line

    for line in "${@:2}"; do
        echo "$line" >"$PKTGEN/$1"
    done
}

# send VIF...: packets for these from CPU 0, from now on. The kernel's side of a vif sends what its guest receives.
send() {
    local i

    end_sending
    pgset kpktgend_0 rem_device_all "${@/#/add_device vif0.}"
    for i; do
        pgset "vif0.$i" "count 0" "clone_skb 0" "pkt_size 60" "delay 200000" "dst 10.0.9.11" \
            "dst_mac $(printf '00:16:3e:00:02:%02x' "$i")"
    done
    echo start >"$PKTGEN/pgctrl" 3>&- &
    echo $! >"$WORK/sender"
    for i; do
        await 30 gets_packets "vif0.$i"
    done
}

# What was started, by this test or an earlier one, waits in its write() until it is over.
end_sending() {
    echo stop >"$PKTGEN/pgctrl"
    [ ! -e "$WORK/sender" ] || await 30 process_is_gone "$(<"$WORK/sender")"
}

one_way() {
    once connected
    send 0 1 2 3
}

# The interrupts of the guests' ends are all on CPU 3.
traffic() {
    local i irqs

    once one_way
    mapfile -t irqs < <(sed -nE 's/^ *([0-9]+):.* vif[01]-q0-[rt]x$/\1/p' /proc/interrupts)
    equal 4 "${#irqs[@]}" "interrupts of the guests' ends"
    for i in "${irqs[@]}"; do
        echo 3 >"/proc/irq/$i/smp_affinity_list"
    done
    send 0 1
}

# A thousand more than when it was first asked.
gets_packets() {
    local now from=$WORK/$1.from

    now=$(<"/sys/class/net/$1/statistics/tx_packets")
    [ -e "$from" ] || echo "$now" >"$from"
    [ "$now" -gt $(($(<"$from") + 1000)) ] && rm "$from"
}

# As somebody would who did not know what they cost: the rx sides of the two busy ones on CPU 1.
share_a_cpu() {
    systemctl stop vifpin
    jq '.vifs[0:2][].queues[0] = { queue: 0, tx_cpu: 2, rx_cpu: 1 } |
        .vifs[2:4][].queues[0] = { queue: 0, tx_cpu: 1, rx_cpu: 2 }' "$LEDGER" >"$WORK/ledger"
    cat "$WORK/ledger" >"$LEDGER"
    echo 'cpus = "1-2"' >"$CONF"
    systemctl start vifpin
    "$VIFPIN" reconcile
    "$VIFPIN" verify
}

# Packets a second of both, over 5 s.
rate() {
    local from=${EPOCHREALTIME/./} before after

    before=$(sum_packets)
    sleep 5
    after=$(sum_packets)
    echo $(((after - before) * 1000000 / (${EPOCHREALTIME/./} - from)))
}

# Three rounds, told and kept.
rates() {
    local i

    for i in 1 2 3; do
        rate
    done >"$WORK/rate.$1"
    info "packets a second, $1: $(sort -n "$WORK/rate.$1" | sed -n 2p), median of $(paste -sd ' ' "$WORK/rate.$1")"
}

sum_packets() {
    cat /sys/class/net/vif0.[01]/statistics/tx_packets | awk '{ n += $1 } END { print n }'
}

# Neither shares the other's CPU, and the kernel has it so.
are_parted() {
    "$VIFPIN" list -J >"$WORK/list.json"
    mapfile -t cpus < <(rx_cpus "$WORK/list.json")
    [ "${cpus[0]}" != "${cpus[1]}" ]
}

@test "four vifs of one queue: each CPU has the rx side of one" {
    once connected
    info "tx/rx: $(places "$WORK/placed.json" | paste -sd ';')"
    equal "0 1 2 3" "$(rx_cpus "$WORK/placed.json" | sort -n | paste -sd ' ')" "CPUs of rx sides"
}

# The work of sides on each CPU, as `top` shows it: "0 1.3".
work_of_cpus() {
    "$VIFPIN" top -b -J -n 1 -d 5 >"$WORK/top.json"
    jq -r '.cpus // empty | .[] | "\(.cpu) \(.sides)"' "$WORK/top.json" | sort -n
}

@test "traffic one way only: each CPU has its part of the work" {
    once one_way
    work_of_cpus >"$WORK/work"
    info "CPU and what its sides cost: $(paste -sd ';' "$WORK/work")"
    equal "0 1 2 3" "$(awk '$2 > 0 { print $1 }' "$WORK/work" | paste -sd ' ')" "CPUs with work of sides"
}

@test "rebalance --measured parts two busy rx sides that share a CPU" {
    once traffic
    share_a_cpu
    rates sharing
    "$VIFPIN" -N rebalance --measured=10 >"$WORK/plan"
    "$VIFPIN" rebalance --measured=10 >"$WORK/moved"
    rates parted
    sed 's/^/# /' "$WORK/plan" "$WORK/moved" >&3
    grep -qE '^vif 0\.[01] of Domain-0, queue 0: tx from CPU 2 to 1 \(.*\), rx from CPU 1 to 2 \(measured load\)' \
        "$WORK/plan"
    are_parted
    equal "$(masks_of "$WORK/list.json")" "$(kernel_masks vif0.{0..3})" "what the ledger says and the kernel shows"
}

@test "what has been measured: the two that receive, by their rx sides, and nothing else" {
    once traffic
    # The watcher has read the counters twice.
    await 60 test -e /run/vifpin/work.json
    "$VIFPIN" list -o VIF,TX,RX,TXLOAD,RXLOAD | sed 's/^/# /' >&3
    "$VIFPIN" cpus | sed 's/^/# /' >&3
    "$VIFPIN" top -b -n 1 -d 5 | sed 's/^/# /' >&3
    jq -r '.vifs[] | "\(.devid) \(.queues[0].rx)"' /run/vifpin/work.json >"$WORK/shares"
    awk '{ share[$1] = $2 } END { exit !(share[0] > 10000 && share[1] > 10000 && share[2] < share[0] / 4 &&
        share[3] < share[1] / 4) }' "$WORK/shares" || equal "0 and 1 busy, 2 and 3 not" "$(cat "$WORK/shares")"
}

# What irqbalance makes of the same traffic, without vifpin. How many packets that are is told and not judged:
# four CPUs of an emulator share fewer cores.
@test "irqbalance alone, beside the rounds before" {
    once traffic
    systemctl stop vifpin
    "$VIFPIN" unpin Domain-0 >/dev/null
    timeout 120 irqbalance --foreground >"$WORK/irqbalance" 2>&1 3>&- &
    pid=$!
    # It looks every 10 s, and needs two looks to know what has come.
    sleep 25
    rates "irqbalance $(irqbalance --version 2>&1 | grep -o '[0-9.]*' | head -n 1), threads free"
    kill "$pid"
    wait "$pid" || :
    kernel_masks vif0.0 vif0.1 | sed 's/^/# /' >&3
}
