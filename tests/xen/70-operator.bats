#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an administrator sees of three guests: list, cpus, verify and doctor.

load lib

DROPIN=/usr/lib/systemd/system/irqbalance.service.d/vifpin.conf

teardown() {
    diagnose
    systemctl stop irqbalance
    [ ! -e "$WORK/dropin" ] || mv "$WORK/dropin" "$DROPIN"
    systemctl daemon-reload
}

all_pinned() {
    [ "$("$VIFPIN" list -J | jq -r '[.vifs[].state] | join(" ")')" = "pinned pinned pinned" ]
}

# Nobody but the tests pins from then on.
three_guests() {
    local i

    for i in 1 2 3; do
        start "g$i" pv "$i" "mac=00:16:3e:00:0$i:01,bridge=xenbr0"
    done
    await 60 all_pinned
    stop_watcher
}

# doctor_says CHECK: its state, and how to fix it.
doctor_says() {
    "$VIFPIN" doctor -J >"$WORK/doctor" || [ $? = 1 ]
    jq -r ".checks[] | select(.check == \"$1\") | \"\(.state) \(.fix // \"\")\"" "$WORK/doctor"
}

@test "list, cpus, verify and doctor of three guests" {
    once three_guests
    "$VIFPIN" list >"$WORK/list"
    equal 7 "$(wc -l <"$WORK/list")" "lines of list: a heading, and six queues"
    equal "1 2 3" "$(awk '{ n[$1]++ } END { print n["g1"], n["g2"], n["g3"] }' "$WORK/list")" \
        "queues of each guest"
    "$VIFPIN" cpus >"$WORK/cpus"
    equal 12 "$("$VIFPIN" cpus -J | jq '[.cpus[] | .tx + .rx] | add')" "sides in cpus"
    while read -r line; do info "$line"; done <"$WORK/cpus"
    run "$VIFPIN" verify
    equal "0 " "$status $output"
    for check in xen xenstored domain netback config hook ledger; do
        equal "ok " "$(doctor_says $check)" "$check"
    done
    equal "warning systemctl enable --now vifpin" "$(doctor_says watcher)"
}

@test "a mask moved by hand shows in verify, and is gone after pin" {
    once three_guests
    dev=vif$(xl domid g2).0
    irq=$(sed -n "s/^ *\([0-9]*\):.* $dev-q0-rx\$/\1/p" /proc/interrupts)
    is=$(cat "/proc/irq/$irq/smp_affinity_list")
    moved=$(((is + 1) % 4))
    echo "$moved" >"/proc/irq/$irq/smp_affinity_list"
    run "$VIFPIN" verify -nr
    equal "1 g2 $dev-q0-rx interrupt $irq $is $moved" "$status $output"
    "$VIFPIN" pin g2
    run "$VIFPIN" verify
    equal "0 " "$status $output"
    equal "$dev-q0-rx $is $is" "$(kernel_masks "$dev" | grep "^$dev-q0-rx ")"
}

@test "doctor names irqbalance without the drop-in, and not with it" {
    once three_guests
    mv "$DROPIN" "$WORK/dropin"
    systemctl daemon-reload
    systemctl start irqbalance
    says=$(doctor_says irqbalance)
    info "$(jq -r '.checks[] | select(.check == "irqbalance") | .reason' "$WORK/doctor")"
    equal problem "${says%% *}"
    systemctl stop irqbalance
    mv "$WORK/dropin" "$DROPIN"
    systemctl daemon-reload
    systemctl start irqbalance
    equal "ok " "$(doctor_says irqbalance)"
}
