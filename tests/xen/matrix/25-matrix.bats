#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# PV and PVH guests of 1, 2 and 4 vCPUs, one and three vifs, what the parameters of netfront and netback change, and
# all of Xen's scripts that call hooks. The guests stay, and each test attaches the vifs that it is about. Whether
# each interrupt and thread stands on its CPU, and whether they are even, says /proc.

load lib

NETBACK=/sys/module/xen_netback/parameters

setup_file() {
    WORK=$(mktemp -d)
    QUEUES=$(cat "$NETBACK/max_queues")
    export WORK QUEUES
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
    # vif-route takes the host's address from eth0.
    ip addr add 10.0.8.1/24 dev eth0
}

teardown() {
    diagnose
    echo "$QUEUES" >"$NETBACK/max_queues"
    echo 1 >"$NETBACK/separate_tx_rx_irq"
    detach_all
}

teardown_file() {
    ip addr del 10.0.8.1/24 dev eth0
    no_guests
}

# --- guests -----------------------------------------------------------------------------------

# The three of TYPE: pv1, pv2, pv4. Their kernels start side by side.
guests() {
    local type=$1 n pids=() status

    for n in 1 2 4; do
        ADDRESS=$(address "$type$n") create "$type$n" "$type" "$n" -p bridge=xenbr0
    done
    for n in 1 2 4; do
        "$BATS_TEST_DIRNAME"/boot-guest "$type$n" 300 3>&- &
        pids[n]=$!
    done
    for n in 1 2 4; do
        status=0
        wait "${pids[n]}" || status=$?
        [ "$status" = 0 ] || make_anew "$type$n" "$type" "$n"
        await 120 is_whole "$(dev "$type$n" 0)" "$n"
    done
}

# A guest's kernel now and then does not start under emulation.
make_anew() {
    info "the kernel of guest $1 did not start"
    xl destroy "$1" || :
    await 30 is_unknown "$1"
    ADDRESS=$(address "$1") start "$@" bridge=xenbr0
}

pv_guests() {
    guests pv
}

pvh_guests() {
    guests pvh
}

address() {
    local type=${1%[124]}

    echo "10.0.9.$((${#type} * 10 + ${1#"$type"}))"
}

# kind TYPE VCPUS: for a row.
kind() {
    echo "${1^^}, $2 vCPU$([ "$2" = 1 ] || echo s)"
}

# dev NAME DEVID
dev() {
    echo "vif$(xl domid "$1").$2"
}

# attach NAME DEVID QUEUES WORD...: a vif as `xl network-attach` takes it, until all of it is pinned.
attach() {
    timeout 60 xl network-attach "$1" "${@:4}" >"$WORK/xl" 2>&1 3>&- || {
        cat "$WORK/xl"
        return 1
    }
    await 60 is_whole "$(dev "$1" "$2")" "$3"
}

# All but the first vif of each guest.
detach_all() {
    local domid devid

    "$VIFPIN" list -J | jq -r '.vifs[] | select(.devid > 0) | "\(.domid) \(.devid)"' |
        while read -r domid devid; do
            xl network-detach "$domid" "$devid" || :
        done
}

# --- what is looked at ------------------------------------------------------------------------

# is_whole DEV QUEUES: pinned, by the ledger, with so many, and the kernel has as many.
is_whole() {
    [ "$("$VIFPIN" list -J | jq -r ".vifs[] | select(.dev == \"$1\") | \"\(.state) \(.queues | length)\"")" \
        = "pinned $2" ] && [ "$(kernel_masks "$1" | grep -c -- -guest-rx)" = "$2" ]
}

# As long as guests only come, what is placed is even; what has gone leaves its room.
fill_gaps() {
    "$VIFPIN" rebalance >"$WORK/rebalance"
}

# stand [ONE [NAPI]]: by /proc each part of every vif is on its CPU of the ledger, and no CPU has two sides more than
# another, by where the threads are.
stand() {
    "$VIFPIN" list -J >"$WORK/list.json"
    # shellcheck disable=SC2046 # a word each
    kernel_masks $(jq -r '.vifs[].dev' "$WORK/list.json") >"$WORK/masks"
    equal "$(masks_of "$WORK/list.json" "$@")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    equal "" "$(jq -r '.vifs[] | .dev as $dev | .queues[] | select(.tx_cpu == .rx_cpu) | $dev' "$WORK/list.json")" \
        "queues with tx and rx on one CPU"
    sides=$(awk '/-(dealloc|guest-rx) / { n[$2]++ } END { for (i = 0; i < 4; i++) print n[i] + 0 }' "$WORK/masks")
    info "sides on each CPU: $(xargs <<<"$sides")"
    sort -n <<<"$sides" | awk 'NR == 1 { least = $1 } END { exit !($1 - least <= 1) }'
}

# parts DEV QUEUES EACH: so many interrupts and threads a queue.
parts() {
    equal "$(($2 * $3))" "$(kernel_masks "$1" | wc -l)" "interrupts and threads of $1"
}

# --- one and three vifs -----------------------------------------------------------------------

one_vif() {
    once "$1_guests"
    compat_row "$(kind "$1" "$2")" vif-bridge 1 "$2"
    parts "$(dev "$1$2" 0)" "$2" 4
    fill_gaps
    stand
}

three_vifs() {
    once "$1_guests"
    compat_row "$(kind "$1" "$2")" vif-bridge 3 "$2"
    fill_gaps
    attach "$1$2" 1 "$2" bridge=xenbr0
    attach "$1$2" 2 "$2" bridge=xenbr0
    for i in 0 1 2; do
        parts "$(dev "$1$2" $i)" "$2" 4
    done
    stand
}

# --- queues -----------------------------------------------------------------------------------

# reload NAME QUEUES: the frontend's driver, with max_queues so many.
reload() {
    tell "$1" reload "$2"
    await 60 is_whole "$(dev "$1" 0)" "$2"
}

frontend_of_one_queue() {
    once "$1_guests"
    compat_row "${1^^}, 4 vCPUs, frontend with max_queues=1" vif-bridge 1 1
    reload "${1}4" 1
    parts "$(dev "${1}4" 0)" 1 4
    fill_gaps
    stand
    reload "${1}4" 4
    stand
}

netback_of_one_queue() {
    once "$1_guests"
    compat_row "${1^^}, 4 vCPUs, netback with max_queues=1" vif-bridge 1 1
    fill_gaps
    echo 1 >"$NETBACK/max_queues"
    attach "${1}4" 1 1 bridge=xenbr0
    parts "$(dev "${1}4" 1)" 1 4
    stand
}

netback_of_eight_queues() {
    once "$1_guests"
    compat_row "${1^^}, 4 vCPUs, netback and frontend with max_queues=8" vif-bridge 1 8
    fill_gaps
    echo 8 >"$NETBACK/max_queues"
    # Its first vif has those that netback offered when it came.
    tell "${1}4" reload 8
    attach "${1}4" 1 8 bridge=xenbr0
    await 60 is_whole "$(dev "${1}4" 0)" 4
    parts "$(dev "${1}4" 1)" 8 4
    stand
}

one_interrupt() {
    once "$1_guests"
    compat_row "${1^^}, 4 vCPUs, netback with separate_tx_rx_irq=0" vif-bridge 1 4
    fill_gaps
    echo 0 >"$NETBACK/separate_tx_rx_irq"
    attach "${1}4" 1 4 bridge=xenbr0
    parts "$(dev "${1}4" 1)" 4 3
    stand "$(dev "${1}4" 1)"
}

# --- scripts ----------------------------------------------------------------------------------

script() {
    once "$1_guests"
    compat_row "${1^^}, 4 vCPUs" "$2" 1 4
    fill_gaps
    attach "${1}4" 1 4 "script=$2" ip=10.0.7.5
    id=$(xl domid "${1}4")
    equal "/etc/xen/scripts/$2" "$(xenstore-read "backend/vif/$id/1/script")" "script"
    equal connected "$(xenstore-read "backend/vif/$id/1/hotplug-status")" hotplug-status
    ip route show 10.0.7.5 | grep -q "dev vif$id.1"
    parts "vif$id.1" 4 4
    stand
}

# --- threads of NAPI --------------------------------------------------------------------------

# threaded NAME 0|1
threaded() {
    echo "$2" >"/sys/class/net/$(dev "$1" 0)/threaded"
}

napi_stands() {
    [ "$(kernel_masks "$1" | grep -e -napi)" = "$(masks_of "$WORK/list.json" "" "$1" | grep -F "$1-" | grep -e -napi)" ]
}

# spent DEV: what the queues have done: the interrupts that have come for tx, and the time that threads of NAPI have
# run, a line each: "DEV-q0 INTERRUPTS NANOSECONDS".
spent() {
    # shellcheck disable=SC2016 # for the inner bash
    bash -c '. "$0"; find_queues "$1"
        for ((q = 0; q < 4; q++)); do
            read -r counts <"/sys/kernel/irq/${IRQ[$1-q$q-tx]}/per_cpu_count"
            read -r ns _ <"/proc/${THREAD[$1-q$q-napi]}/schedstat"
            echo "$1-q$q $((${counts//,/+})) $ns"
        done' "$BATS_TEST_DIRNAME/queues.bash" "$1"
}

# Linux can do that since 5.12.
threads_of_napi() {
    local dev

    once "$1_guests"
    dev=$(dev "${1}4" 0)
    if kernel_before 5.12; then
        [ ! -e "/sys/class/net/$dev/threaded" ]
        return
    fi
    compat_row "${1^^}, 4 vCPUs, threads of NAPI" vif-bridge 1 4
    fill_gaps
    "$VIFPIN" list -J >"$WORK/list.json"
    threaded "${1}4" 1
    parts "$dev" 4 5
    milliseconds await 30 napi_stands "$dev"
    info "threads of NAPI: on their CPUs $MS ms after they came"
    stand "" "$dev"
    equal "" "$("$VIFPIN" verify)" "vifpin verify"
    works_for_its_queue "$dev" "$(address "${1}4")"
    # A frontend that connects again has them from the start.
    reload "${1}4" 2
    parts "$dev" 2 5
    stand "" "$dev"
    threaded "${1}4" 0
    reload "${1}4" 4
    parts "$dev" 4 4
    stand
}

# Of one stream, the queue whose interrupts come is the one whose thread runs.
works_for_its_queue() {
    spent "$1" >"$WORK/before"
    ping -q -c 50 -i 0.02 -W 2 "$2" >/dev/null
    spent "$1" | join "$WORK/before" - | awk '{ print $4 - $2, $5 - $3, $1 }' >"$WORK/spent"
    info "interrupts and ns of each queue: $(paste -sd ';' "$WORK/spent")"
    equal "$(sort -n "$WORK/spent" | tail -n 1)" "$(sort -n -k 2 "$WORK/spent" | tail -n 1)" "the busiest queue"
}

# ----------------------------------------------------------------------------------------------

@test "pv, 1 vCPU, one vif" {
    one_vif pv 1
}

@test "pv, 1 vCPU, three vifs" {
    three_vifs pv 1
}

@test "pv, 2 vCPUs, one vif" {
    one_vif pv 2
}

@test "pv, 2 vCPUs, three vifs" {
    three_vifs pv 2
}

@test "pv, 4 vCPUs, one vif" {
    one_vif pv 4
}

@test "pv, 4 vCPUs, three vifs" {
    three_vifs pv 4
}

@test "pv, a frontend with max_queues=1" {
    frontend_of_one_queue pv
}

@test "pv, netback with max_queues=1" {
    netback_of_one_queue pv
}

@test "pv, netback and frontend with max_queues=8" {
    netback_of_eight_queues pv
}

@test "pv, separate_tx_rx_irq=0: one interrupt a queue, on its tx CPU" {
    one_interrupt pv
}

@test "pv, vif-route" {
    script pv vif-route
}

@test "pv, vif-nat" {
    script pv vif-nat
}

@test "pv, threads of NAPI, switched on later, stand on the tx CPU of the queue that they work for" {
    threads_of_napi pv
}

@test "pvh, 1 vCPU, one vif" {
    one_vif pvh 1
}

@test "pvh, 1 vCPU, three vifs" {
    three_vifs pvh 1
}

@test "pvh, 2 vCPUs, one vif" {
    one_vif pvh 2
}

@test "pvh, 2 vCPUs, three vifs" {
    three_vifs pvh 2
}

@test "pvh, 4 vCPUs, one vif" {
    one_vif pvh 4
}

@test "pvh, 4 vCPUs, three vifs" {
    three_vifs pvh 4
}

@test "pvh, a frontend with max_queues=1" {
    frontend_of_one_queue pvh
}

@test "pvh, netback with max_queues=1" {
    netback_of_one_queue pvh
}

@test "pvh, netback and frontend with max_queues=8" {
    netback_of_eight_queues pvh
}

@test "pvh, separate_tx_rx_irq=0: one interrupt a queue, on its tx CPU" {
    one_interrupt pvh
}

@test "pvh, vif-route" {
    script pvh vif-route
}

@test "pvh, vif-nat" {
    script pvh vif-nat
}

@test "pvh, threads of NAPI, switched on later, stand on the tx CPU of the queue that they work for" {
    threads_of_napi pvh
}
