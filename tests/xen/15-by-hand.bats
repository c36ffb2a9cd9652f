#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest with two vifs of four queues that came up without vifpin: what the kernel does by itself, and then
# `vifpin pin`. One of the vifs has a name of 15 characters: Linux before 5.17 leaves no more of its threads'
# names than that.

load lib
load pins

HOOK=/etc/xen/scripts/vif-post.d/50-vifpin.hook
LONG=averylongname01

teardown_file() {
    systemctl stop vifpin
    chmod +x "$HOOK"
    no_guests
}

masks() {
    kernel_masks "vif$(xl domid g1).0" "$LONG"
}

delivered() {
    # shellcheck disable=SC2016 # for the inner bash
    bash -c '. "$0"; find_queues "$@"; print_delivered' "$BATS_TEST_DIRNAME/queues.bash" \
        "vif$(xl domid g1).0" "$LONG"
}

has_all() {
    [ "$(masks | wc -l)" = 32 ]
}

no_watcher() {
    ! pgrep -f 'vifpin watch' >/dev/null
}

without_vifpin() {
    await 60 no_watcher
    chmod -x "$HOOK"
    start g1 pv 4 mac=00:16:3e:00:01:01,bridge=xenbr0 "mac=00:16:3e:00:01:02,bridge=xenbr0,vifname=$LONG"
    chmod +x "$HOOK"
    await 120 answers_ping
    await 60 has_all
    masks >"$WORK/before"
    delivered >"$WORK/delivered"
    lists_nothing
}

by_hand() {
    once without_vifpin
    timeout 60 "$VIFPIN" pin g1
    delivered >"$WORK/counted"
    masks >"$WORK/after"
    "$VIFPIN" list -J >"$WORK/after.json"
}

# Those that have come since `counted`, with the CPUs to which they are delivered now.
came_since() {
    delivered | join "$WORK/counted" - | awk '$5 > $3 { print $1, $4 }'
}

some_came() {
    answers_ping
    [ "$(came_since | wc -l)" -ge 2 ]
}

@test "without vifpin: before Linux 5.11 all 16 interrupts are on CPU 0, and threads run anywhere" {
    once without_vifpin
    interrupts=$(awk '{ n[$2]++ } END { for (cpu in n) print n[cpu], "on CPU", cpu }' "$WORK/delivered" | sort)
    compat_row "PV, 4 vCPUs" "vif-bridge, without the hook" 2 4 \
        "interrupts before vifpin: $(paste -sd , <<<"$interrupts")"
    info "interrupts without vifpin: $(paste -sd , <<<"$interrupts")"
    if kernel_before 5.11; then
        equal "16 on CPU 0" "$interrupts" "interrupts"
    else
        [ "$(wc -l <<<"$interrupts")" -gt 1 ]
    fi
    equal "16 on 0-3" "$(awk 'NF == 2 { n[$2]++ } END { for (cpus in n) print n[cpus], "on", cpus }' "$WORK/before")" \
        "threads"
}

@test "before Linux 5.17 all eight threads of the vif with a long name are called like it" {
    once without_vifpin
    expected=0
    ! kernel_before 5.17 || expected=8
    equal "$expected" "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -cx "$LONG")" "threads"
}

@test "pinned by hand: 16 interrupts and 16 threads stand where the ledger says, evenly" {
    once by_hand
    equal 2 "$(jq '[.vifs[] | select(.state == "pinned")] | length' "$WORK/after.json")" "vifs that are pinned"
    compat_row "PV, 4 vCPUs" "vif-bridge, without the hook" 2 4 \
        "interrupts after \`vifpin pin\`: $(sides_of "$WORK/after" | awk '{ print $2, "on CPU", $1 }' | paste -sd ,)"
    equal 32 "$(wc -l <"$WORK/after")" "interrupts and threads"
    equal "$(masks_of "$WORK/after.json")" "$(cat "$WORK/after")" "what the ledger says and the kernel shows"
    are_even "$WORK/after" "$WORK/after.json"
    equal "" "$("$VIFPIN" verify g1)" "vifpin verify"
}

@test "pinned by hand: what comes is delivered there" {
    once by_hand
    await 60 some_came
    came_since >"$WORK/came"
    info "interrupts that came: $(wc -l <"$WORK/came")"
    equal "$(awk 'NF == 3 { print $1, $2 }' "$WORK/after" | join - "$WORK/came" | cut -d ' ' -f 1,2)" \
        "$(cat "$WORK/came")" "the CPU of each"
}

@test "connected again with two queues, both are pinned by the watcher" {
    once by_hand
    systemctl daemon-reload
    systemctl start vifpin
    id=$(xl domid g1)
    "$BATS_TEST_DIRNAME"/time-pins "$id.0:vif$id.0:2" "$id.1:$LONG:2" -- bash -c "tell g1 reload 2" >"$WORK/times"
    compat_row "PV, 4 vCPUs, connected again" "vif-bridge, without the hook" 2 2 \
        "right at most $(latest "$WORK/times") s after"
    masks >"$WORK/again"
    "$VIFPIN" list -J >"$WORK/again.json"
    equal 16 "$(wc -l <"$WORK/again")" "interrupts and threads"
    equal "$(masks_of "$WORK/again.json")" "$(cat "$WORK/again")" "what the ledger says and the kernel shows"
    in_time "$WORK/times"
}
