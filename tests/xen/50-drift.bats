#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pins that last, with the service running: irqbalance, save and restore, reboot, a script that
# failed, CPUs that come and go.

load lib

DROPIN=/usr/lib/systemd/system/irqbalance.service.d/vifpin.conf
BLAME="irqbalance is running and moves the interrupts of vifs"

setup_file() {
    WORK=$(mktemp -d)
    export WORK
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
    systemctl daemon-reload
    systemctl start vifpin
}

teardown() {
    diagnose
    systemctl stop irqbalance
    [ ! -e "$WORK/dropin" ] || mv "$WORK/dropin" "$DROPIN"
    systemctl daemon-reload
}

# With the bridge, which the last test takes away, however that ends.
teardown_file() {
    [ -e /sys/class/net/xenbr0 ] || ip link add xenbr0 type bridge
    ip addr replace 10.0.9.1/24 dev xenbr0
    ip link set xenbr0 up
    no_guests
    systemctl stop vifpin
}

# The ledger says that all vifs are pinned, and the kernel shows the same.
agrees() {
    "$VIFPIN" list -J >"$WORK/list.json"
    # shellcheck disable=SC2046 # a word each
    [ "$(jq -r '[.vifs[].state] | unique | join(" ")' "$WORK/list.json")" = pinned ] &&
        [ "$(masks_of "$WORK/list.json")" = \
            "$(kernel_masks $(jq -r '.vifs[].dev' "$WORK/list.json"))" ]
}

# The watcher sees the vifs before the hook does, and before netback.
both_reserved() {
    equal "4 4" "$("$VIFPIN" list -J | jq -r '[.vifs[].queues | length] | join(" ")')" \
        "queues reserved while the guest is paused"
}

# A guest with two vifs of four queues, which stays for the tests after this one.
two_vifs() {
    WHILE_PAUSED=both_reserved ON_REBOOT=restart start g1 pv 4 \
        mac=00:16:3e:00:01:01,bridge=xenbr0 \
        mac=00:16:3e:00:01:02,bridge=xenbr0,vifname=averylongname0
    await 60 is_pinned "vif$(xl domid g1).0"
    await 60 is_pinned averylongname0
    await 60 answers_ping
}

# with_traffic COMMAND [ARG]...: while the guest is being pinged as fast as it answers.
with_traffic() {
    local ping

    ping -f -q "$ADDRESS" >/dev/null 3>&- &
    ping=$!
    "$@"
    kill "$ping"
    wait "$ping" || :
}

# figure NAME: of what follow-pins printed.
figure() {
    awk -v name="$1" '$1 == name { print $2 }' "$WORK/followed"
}

follow() {
    # shellcheck disable=SC2094
    "$BATS_TEST_DIRNAME"/follow-pins "$1" "vif$(xl domid g1).0" averylongname0 >"$WORK/followed"
    info "$(tr '\n' ' ' <"$WORK/followed")"
    equal 32 "$(figure parts)" "interrupts and threads"
    [ "$(figure looks)" -ge 10 ]
}

@test "the service is ready, and is the watcher" {
    equal active "$(systemctl is-active vifpin)"
    equal "$(systemctl show -P MainPID vifpin)" "$(cat /run/vifpin/watch.lock)"
    run --separate-stderr "$VIFPIN" watch
    equal 1 "$status"
    # shellcheck disable=SC2154 # bats sets it
    equal "vifpin: watch: already running as process $(cat /run/vifpin/watch.lock)" "$stderr"
    exposure=$(systemd-analyze security --no-pager vifpin | sed -n 's|.*exposure level.*: \([0-9.]*\) .*|\1|p')
    info "systemd-analyze security: $exposure"
    [ "${exposure%%.*}" -lt 3 ]
}

@test "irqbalance with vifpin's policy moves none of 32 pins in 60 s of traffic" {
    once two_vifs
    systemctl start irqbalance
    pgrep -af irqbalance | grep -q policyscript
    compat_row "PV, 4 vCPUs, irqbalance with vifpin's policy" vif-bridge 2 4 "none of 32 pins moved in 60 s"
    with_traffic follow 60
    equal 0 "$(figure moved)" "moved"
}

@test "without the policy every pin is back within 15 s, and irqbalance is named once" {
    once two_vifs
    mv "$DROPIN" "$WORK/dropin"
    systemctl daemon-reload
    systemctl restart vifpin
    since=$(date '+%F %T')
    systemctl start irqbalance
    with_traffic follow 60
    systemctl stop irqbalance
    compat_row "PV, 4 vCPUs, irqbalance without it" vif-bridge 2 4 \
        "$(figure moved) pins moved, away for at most $(figure longest) ms"
    [ "$(figure moved)" -gt 0 ]
    [ "$(figure longest)" -le 15000 ]
    await 30 agrees
    equal 1 "$(journalctl -u vifpin --since "$since" --no-pager | grep -c "$BLAME")" "how often"
    info "drift: $("$VIFPIN" list -J | jq -c '[.vifs[].drift]')"
}

# cpus: the places of every vif, without domid.
cpus() {
    "$VIFPIN" list -J | jq -r '.vifs[] | "\(.devid) " + ([.queues[] | "\(.tx_cpu)/\(.rx_cpu)"] | join(" "))'
}

comes_back() {
    is_pinned averylongname0 && [ "$(xl domid g1)" != "$1" ] && is_pinned "vif$(xl domid g1).0"
}

@test "xl save and restore: the same CPUs under the new domid" {
    once two_vifs
    compat_row "PV, 4 vCPUs, saved and restored" vif-bridge 2 4 "the same CPUs"
    before=$(cpus)
    id=$(xl domid g1)
    xl save g1 /var/tmp/g1.save >"$WORK/xl" 2>&1
    xl restore /var/tmp/g1.save >"$WORK/xl" 2>&1 3>&-
    await 60 comes_back "$id"
    equal "$before" "$(cpus)" "CPUs"
    agrees
    rm /var/tmp/g1.save
}

@test "xl reboot: the same CPUs under the new domid" {
    once two_vifs
    compat_row "PV, 4 vCPUs, rebooted" vif-bridge 2 4 "the same CPUs"
    before=$(cpus)
    id=$(xl domid g1)
    xl reboot -F g1 >"$WORK/xl" 2>&1
    await 120 comes_back "$id"
    equal "$before" "$(cpus)" "CPUs"
    agrees
}

@test "CPUs 4, 2, 4: everything stands on one online CPU each, as the ledger says" {
    once two_vifs
    compat_row "PV, 4 vCPUs; dom0 with CPUs 4, 2, 4" vif-bridge 2 4
    agrees
    xl vcpu-set 0 2
    await 10 grep -qx 0-1 /sys/devices/system/cpu/online
    milliseconds await 30 agrees
    info "agreed $MS ms after CPUs 2 and 3 had gone"
    equal "" "$(awk '$2 > 1' <(masks_of "$WORK/list.json"))" "parts on CPUs that are offline"
    two=$(cpus)
    xl vcpu-set 0 4
    for cpu in 2 3; do
        await 10 test -e "/sys/devices/system/cpu/cpu$cpu/online"
        echo 1 >"/sys/devices/system/cpu/cpu$cpu/online"
    done
    await 10 grep -qx 0-3 /sys/devices/system/cpu/online
    await 30 agrees
    equal "$two" "$(cpus)" "places, which stay until somebody rebalances"
}

# As the ledger's file says: to ask vifpin takes longer here than what is measured.
ledger_is_empty() {
    [[ $(<"$LEDGER") == *'"vifs":'*([[:space:]])'['*([[:space:]])']'* ]]
}

@test "xl destroy with the bridge gone: released within 2 s" {
    once two_vifs
    ip link delete xenbr0
    xl destroy g1 >"$WORK/xl" 2>&1 || :
    milliseconds await 2 ledger_is_empty
    info "the ledger was empty $MS ms after xl destroy returned"
    lists_nothing
}
