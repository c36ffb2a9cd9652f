#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many at once: the ledger loses no entry, has none twice, and stays even.

load common

# make_vifs FIRST LAST: the vifs FIRST.0 to LAST.0, four queues each, with nothing behind them.
make_vifs() {
    local d nodes=()

    for ((d = $1; d <= $2; d++)); do
        nodes+=("/local/domain/$d/name" "g$d" "/local/domain/$d/vm" "/vm/$d"
            "backend/vif/$d/0/frontend-id" "$d" "backend/vif/$d/0/online" 1
            "backend/vif/$d/0/multi-queue-max-queues" 4 "backend/vif/$d/0/state" 2)
    done
    xenstore-write "${nodes[@]}"
}

# calls COMMAND FIRST LAST: a line for xargs for each vif.
calls() {
    seq -f "$1 XENBUS_PATH=backend/vif/%g/0" "$2" "$3"
}

# Runs them in any order, all at once; all succeed, and none says a thing.
at_once() {
    local output

    # xargs says nothing itself of a vifpin that fails: so it must.
    output=$(shuf | xargs -P 200 -n 2 vifpin 2>&1) || :
    equal "" "$output"
}

# "1 2 3": the domids in the ledger.
vifs() {
    vifpin list -J | jq -r '[.vifs[].domid] | join(" ")'
}

has_vifs() {
    [ "$(vifs)" = "$1" ]
}

# How many tx and rx sides stand on each CPU: "0:50/50 1:50/50 2:50/50 3:50/50".
loads() {
    vifpin list -J | jq -r '[.vifs[].queues[]] | [(map(.tx_cpu, .rx_cpu) | unique)[] as $cpu |
        "\($cpu):\(map(select(.tx_cpu == $cpu)) | length)/\(map(select(.rx_cpu == $cpu)) | length)"] |
        join(" ")'
}

@test "200 online at once: every vif is in the ledger once, and the load is even, of each direction too" {
    make_vifs 1 150
    keep_watchers_away
    # Some of them called twice.
    { calls online 1 150; calls online 1 50; } | at_once
    equal "$(seq -s ' ' 1 150)" "$(vifs)"
    equal "0:150/150 1:150/150 2:150/150 3:150/150" "$(loads)"
}

@test "200 online and offline at once: who went is gone, who came is there, once" {
    make_vifs 1 200
    keep_watchers_away
    calls online 1 100 | at_once
    equal "$(seq -s ' ' 1 100)" "$(vifs)"
    { calls offline 1 100; calls online 101 200; } | at_once
    equal "$(seq -s ' ' 101 200)" "$(vifs)"
    equal 400 "$(jq '[.vifs[].queues | length] | add' "$LEDGER")"
}

@test "200 online and offline of the same vifs at once, and a watcher, leave a whole ledger" {
    make_vifs 1 20
    for ((i = 0; i < 5; i++)); do
        calls online 1 20
        calls offline 1 20
    done | at_once
    # The order was nobody's; this settles it.
    calls online 1 20 | at_once
    equal "$(seq -s ' ' 1 20)" "$(vifs)"
    equal 80 "$(jq '[.vifs[].queues | length] | add' "$LEDGER")"
    equal "ledger.json ledger.lock" "$(cd "$SIM_ROOT/var/lib/vifpin" && echo *)"
}

@test "a watcher alone places 150 vifs that are all there when it starts, evenly" {
    make_vifs 1 150
    start_watcher
    await 10 has_vifs "$(seq -s ' ' 1 150)"
    equal "0:150/150 1:150/150 2:150/150 3:150/150" "$(loads)"
}

# moved IRQ...: something else moves these.
moved() {
    local irq

    for irq; do
        cp "$TMPDIR/large/root/proc/irq/$irq/smp_affinity_list" "$TMPDIR/was.$irq"
        echo 0-63 >"$TMPDIR/large/root/proc/irq/$irq/smp_affinity_list"
    done
}

is_back() {
    [ "$(<"$TMPDIR/was.$1")" = "$(<"$TMPDIR/large/root/proc/irq/$1/smp_affinity_list")" ]
}

# 300 vifs of 8 queues have 9,600 targets.
@test "above 8,192 masks a look reads a part of them, and each part comes round" {
    local readings looks known

    "$BATS_TEST_DIRNAME/../bench/make-host" "$TMPDIR/large" 300 8 64
    xargs -0 -n 2000 xenstore-write <"$TMPDIR/large/nodes"
    echo 'verify_interval = 1' >"$TMPDIR/conf"
    strace -f -qq -e trace=openat2 -o "$TMPDIR/trace" "$VIFPIN_BIN" --root "$TMPDIR/large/root" -c "$TMPDIR/conf" \
        watch >"$TMPDIR/watch" 2>&1 3>&- &
    # The first look is of all there is, and finds what the next ones read.
    await 60 test -e "$TMPDIR/large/root/run/vifpin/work.json"
    known=$(grep -c '"proc/interrupts"' "$TMPDIR/trace")
    # Of a vif in each part: 16 interrupts each, from 100 on.
    moved 100 116
    await 60 is_back 100
    await 60 is_back 116
    kill "$(awk '{ print $1; exit }' "$TMPDIR/trace")"
    wait "$!" || :
    # The same mask is read by every other look only.
    readings=$(grep -c '"proc/irq/132/smp_affinity_list"' "$TMPDIR/trace")
    looks=$(grep -c '"var/lib/vifpin/ledger.lock"' "$TMPDIR/trace")
    [ "$readings" -gt 0 ] && [ "$readings" -lt "$looks" ] ||
        equal "some, and fewer than $looks looks" "$readings" "readings of one mask"
    # What was not its part is still known then, and not searched for.
    equal "$known" "$(grep -c '"proc/interrupts"' "$TMPDIR/trace")" "readings of all interrupts"
}
