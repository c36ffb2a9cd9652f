#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every hotplug script of Xen: vif-bridge, vif-route and vif-nat, which call hooks, vif-openvswitch,
# which does not, with vif-openvswitch-vifpin and without; and a host where nothing calls vifpin.

load lib

HOOK=/etc/xen/scripts/vif-post.d/50-vifpin.hook
SWITCH=ovsbr0

# The first is the one with the guest's address. The commas are xl's.
# shellcheck disable=SC2054
VIFS=(
    "mac=00:16:3e:00:01:01,script=vif-openvswitch-vifpin,bridge=$SWITCH"
    mac=00:16:3e:00:01:02,script=vif-route,gatewaydev=xenbr0,ip=10.0.20.1
    mac=00:16:3e:00:01:03,script=vif-nat,ip=10.0.21.1
    mac=00:16:3e:00:01:04,script=vif-bridge,bridge=xenbr0
)

teardown_file() {
    systemctl stop vifpin || :
    chmod +x "$HOOK"
    [ ! -e "$WORK/xl.conf" ] || cp "$WORK/xl.conf" /etc/xen/xl.conf
    no_guests
    ovs-vsctl --timeout=10 --if-exists del-br "$SWITCH"
    systemctl stop openvswitch-switch
}

# A switch where the host has an address too.
switch() {
    systemctl start openvswitch-switch
    ovs-vsctl --timeout=10 add-br "$SWITCH"
    ip addr add 10.0.9.2/24 dev "$SWITCH"
    ip link set "$SWITCH" up
}

# calls DOMID EVENT: the devids of the vifs for which the hook has called vifpin, and not the watcher.
calls() {
    journalctl -t vifpin --no-pager -o cat | sed -n "s/^vif=$1\.\([0-9]*\) event=$2 call=.*/\1/p" | sort -u | xargs
}

hotplug_status() {
    local i

    for ((i = 0; i < $2; i++)); do
        xenstore-read "backend/vif/$1/$i/hotplug-status"
    done | xargs
}

while_paused() {
    local id

    id=$(xl domid g1)
    hotplug_status "$id" 4 >"$WORK/hotplug"
    calls "$id" online >"$WORK/calls"
    "$VIFPIN" list -J >"$WORK/reserved.json"
}

all_pinned() {
    [ "$("$VIFPIN" list -J | jq '[.vifs[] | select(.state == "pinned")] | length')" = "$1" ]
}

four_scripts() {
    local id

    once switch
    WHILE_PAUSED=while_paused start g1 pv 2 "${VIFS[@]}"
    id=$(xl domid g1)
    await 60 all_pinned 4
    kernel_masks "vif$id.0" "vif$id.1" "vif$id.2" "vif$id.3" >"$WORK/masks"
    "$VIFPIN" list -J >"$WORK/pinned.json"
}

answers_on_the_switch() {
    ping -c 1 -W 1 -I "$SWITCH" "$ADDRESS" >/dev/null
}

@test "each script calls vifpin, and all vifs are reserved and connected while the guest is paused" {
    once four_scripts
    equal "connected connected connected connected" "$(cat "$WORK/hotplug")" "hotplug-status"
    equal "0 1 2 3" "$(cat "$WORK/calls")" "vifs for which the hook was called"
    equal "0 reserved 2
1 reserved 2
2 reserved 2
3 reserved 2" "$(jq -r '.vifs[] | "\(.devid) \(.state) \(.queues | length)"' "$WORK/reserved.json")"
}

@test "with each script, interrupts and threads stand where the ledger says" {
    once four_scripts
    equal 32 "$(wc -l <"$WORK/masks")" "interrupts and threads"
    equal "$(masks_of "$WORK/pinned.json")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    equal "$(places "$WORK/reserved.json" | sed 's/ reserved / pinned /')" "$(places "$WORK/pinned.json")" \
        "places, reserved and pinned"
    equal "" "$("$VIFPIN" verify)" "vifpin verify"
}

@test "vif-openvswitch-vifpin: the vif is a port of the switch, and the guest answers there" {
    once four_scripts
    equal "vif$(xl domid g1).0" "$(ovs-vsctl --timeout=10 list-ports "$SWITCH")" "ports"
    await 120 answers_on_the_switch
}

@test "with each script, the vif is released when the guest goes" {
    once four_scripts
    id=$(xl domid g1)
    xl destroy g1
    await 5 lists_nothing
    equal "0 1 2 3" "$(calls "$id" offline)" "vifs for which the hook was called"
    equal "" "$(ovs-vsctl --timeout=10 list-ports "$SWITCH")" "ports"
}

no_watcher() {
    ! pgrep -f 'vifpin watch' >/dev/null
}

# That the wrapper is needed.
@test "vif-openvswitch itself does not call vifpin" {
    once switch
    no_guests
    await 60 no_watcher
    create g2 pv 2 -p "mac=00:16:3e:00:02:01,script=vif-openvswitch,bridge=$SWITCH"
    id=$(xl domid g2)
    equal connected "$(hotplug_status "$id" 1)" hotplug-status
    equal "" "$(calls "$id" online)" "vifs for which the hook was called"
    lists_nothing
    xl destroy g2
}

@test "vif.default.script in xl.conf is enough, and doctor says so" {
    once switch
    cp /etc/xen/xl.conf "$WORK/xl.conf"
    echo 'vif.default.script="vif-openvswitch"' >>/etc/xen/xl.conf
    equal 'warning vif.default.script="vif-openvswitch-vifpin" in /etc/xen/xl.conf' \
        "$("$VIFPIN" doctor -J -o CHECK,STATE,FIX | jq -r '.[][] | select(.check == "hook") | "\(.state) \(.fix)"')"
    sed -i 's/vif-openvswitch"/vif-openvswitch-vifpin"/' /etc/xen/xl.conf
    equal ok "$("$VIFPIN" doctor -J -o CHECK,STATE,FIX | jq -r '.[][] | select(.check == "hook") | .state')"
    create g2 pv 2 -p "mac=00:16:3e:00:02:01,bridge=$SWITCH"
    id=$(xl domid g2)
    cp "$WORK/xl.conf" /etc/xen/xl.conf
    equal "connected 0" "$(hotplug_status "$id" 1) $(calls "$id" online)" "hotplug-status and calls"
    equal "vif$id.0 reserved" "$(places <("$VIFPIN" list -J) | cut -d ' ' -f 1,2)"
    xl destroy g2
    await 5 lists_nothing
}

@test "vif-openvswitch-vifpin fails where vif-openvswitch does, and nothing stays in the ledger" {
    once switch
    run ! create g2 pv 2 -p "mac=00:16:3e:00:02:01,script=vif-openvswitch-vifpin,bridge=nosuchbridge"
    await 10 lists_nothing
    await 30 is_unknown g2
}

@test "a host without any hook: the watcher alone pins and releases" {
    once switch
    chmod -x "$HOOK"
    systemctl daemon-reload
    systemctl start vifpin
    start g1 pv 2 "mac=00:16:3e:00:01:01,script=vif-openvswitch,bridge=$SWITCH" \
        "mac=00:16:3e:00:01:02,script=vif-openvswitch-vifpin,bridge=$SWITCH"
    id=$(xl domid g1)
    await 60 all_pinned 2
    "$VIFPIN" list -J >"$WORK/alone.json"
    masks=$(kernel_masks "vif$id.0" "vif$id.1")
    equal 16 "$(wc -l <<<"$masks")" "interrupts and threads"
    equal "$(masks_of "$WORK/alone.json")" "$masks" "what the ledger says and the kernel shows"
    await 120 answers_on_the_switch
    equal "" "$(calls "$id" online)" "calls of the hook"
    xl destroy g1
    await 5 lists_nothing
}
