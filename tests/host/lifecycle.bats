#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a vif, from the hotplug script's call to its end, with the watcher that online starts.

load common

hotplug_status() {
    xenstore-read "backend/vif/$1/$2/hotplug-status"
}

@test "online reserves places for the queues to come" {
    sim domain 1 g1 4 6ba7b810-9dad-41d1-80b4-00c04fd430c8
    sim vif 1 0
    sim online 1 0
    equal connected "$(hotplug_status 1 0)"
    lists "1.0 vif1.0 reserved 0/1 2/3 1/0 3/2"
    logged "vif=1.0 domain=g1 event=reserved queues=4 tx=0,2,1,3 rx=1,3,0,2"
}

@test "list -J has every field, in order, and the ledger has the same" {
    sim domain 1 g1 2 6ba7b810-9dad-41d1-80b4-00c04fd430c8
    sim vif 1 0 mac=00:16:3e:00:01:01
    before=$(date +%s)
    sim online 1 0
    since=$(jq '.vifs[0].since' "$LEDGER")
    ((before <= since && since <= $(date +%s))) || equal "now" "$since" "since"
    vif='{"domid":1,"devid":0,"domain":"g1","uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8",'
    vif+='"mac":"00:16:3e:00:01:01","dev":"vif1.0","state":"reserved","queues":'
    vif+='[{"queue":0,"tx_cpu":0,"rx_cpu":1},{"queue":1,"tx_cpu":2,"rx_cpu":3}],"drift":0,"since":'$since'}'
    equal "{\"vifs\":[$vif]}" "$(vifpin list -J | jq -c .)"
    boot=$(<"$SIM_ROOT/proc/sys/kernel/random/boot_id")
    equal "{\"version\":1,\"boot_id\":\"$boot\",\"vifs\":[$vif],\"remembered\":[]}" \
        "$(jq -c . "$LEDGER")"
}

@test "list is a table, of all domains or of one" {
    sim domain 1 g1 2
    sim vif 1 0
    sim online 1 0
    sim domain 12 web12 1
    sim vif 12 1 vifname=web
    sim online 12 1
    prints 0 "\
DOMAIN VIF  DEV    STATE    QUEUE TX RX
g1     1.0  vif1.0 reserved     0  0  1
g1     1.0  vif1.0 reserved     1  2  3
web12  12.1 web    reserved     0  1  0" vifpin list
    prints 0 "\
DOMAIN VIF  DEV STATE    QUEUE TX RX
web12  12.1 web reserved     0  1  0" vifpin list web12
    equal "[12]" "$(vifpin list -J 12 | jq -c '[.vifs[].domid]')"
}

@test "an empty ledger lists as a header and as no vifs" {
    prints 0 "DOMAIN VIF DEV STATE QUEUE TX RX" vifpin list
    equal '{"vifs":[]}' "$(vifpin list -J | jq -c .)"
}

@test "as many queues are reserved as backend and guest can both have" {
    sim domain 1 g1 2
    sim vif 1 0
    sim vif 1 1 multi-queue-max-queues=1
    sim domain 2 g2 4
    sim vif 2 0
    xenstore-rm backend/vif/2/0/multi-queue-max-queues
    sim online 1 0
    sim online 1 1
    sim online 2 0
    equal "1.0: 2, 1.1: 1, 2.0: 1" \
        "$(vifpin list -J | jq -r '[.vifs[] | "\(.domid).\(.devid): \(.queues | length)"] | join(", ")')"
}

@test "when the guest connects, every interrupt and thread stands on its CPU" {
    sim domain 1 g1 4
    sim vif 1 0
    sim online 1 0
    sim connect 1 0 4
    await_list "1.0 vif1.0 pinned 0/1 2/3 1/0 3/2"
    stand vif1.0 0/1 2/3 1/0 3/2
    await 5 logged "vif=1.0 domain=g1 event=pinned queues=4 tx=0,2,1,3 rx=1,3,0,2"
}

@test "a guest that connects with fewer queues than expected keeps the first places" {
    sim domain 1 g1 4
    sim vif 1 0
    sim online 1 0
    sim connect 1 0 2
    await_list "1.0 vif1.0 pinned 0/1 2/3"
    stand vif1.0 0/1 2/3
}

@test "a guest that reconnects with fewer queues keeps the places of those" {
    guest 1 4
    sim disconnect 1 0
    sim connect 1 0 1
    await_list "1.0 vif1.0 pinned 0/1"
    stand vif1.0 0/1
}

@test "a guest that reconnects with more queues keeps its places and gets more" {
    by_hand 1 1
    by_hand 2 1
    start_watcher
    sim destroy 1
    lists "2.0 vif2.0 pinned 2/3"
    sim disconnect 2 0
    sim connect 2 0 3
    # A vif placed anew would have begun at CPU 0.
    await_list "2.0 vif2.0 pinned 2/3 0/1 1/0"
    stand vif2.0 2/3 0/1 1/0
}

@test "the interrupts and threads of a reconnect are pinned to the same places" {
    guest 1 2
    guest 2 1
    sim disconnect 1 0
    # Another one takes the numbers that became free.
    sim irq evtchn:xenconsoled2
    sim connect 1 0 2
    await 5 stand vif1.0 0/1 2/3 2>/dev/null || stand vif1.0 0/1 2/3
    lists "1.0 vif1.0 pinned 0/1 2/3" "2.0 vif2.0 pinned 1/0"
    stand vif2.0 1/0
    equal 0-3 "$(sim mask evtchn:xenconsoled2)"
}

@test "offline releases, and the place is remembered" {
    guest 1 1
    sim destroy 1
    lists
    logged "vif=1.0 domain=g1 event=released"
    equal '{"vifs":[],"remembered":[{"uuid":"00000000-0000-4000-8000-000000000001","devid":0,"queues":[{"queue":0,"tx_cpu":0,"rx_cpu":1}]}]}' \
        "$(jq -c '{vifs, remembered}' "$LEDGER")"
}

@test "a domain that comes again gets its CPUs again" {
    by_hand 1 1
    by_hand 2 1
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
    sim destroy 1
    sim destroy 2
    sim domain 3 g2 1 00000000-0000-4000-8000-000000000002
    sim vif 3 0
    sim online 3 0
    lists "3.0 vif3.0 reserved 2/3"
}

@test "two vifs of one guest load no CPU with more than one side more, of either direction" {
    sim domain 1 g1 4
    sim vif 1 0
    sim vif 1 1
    sim online 1 0
    sim online 1 1
    sim connect 1 0 4
    sim connect 1 1 4
    await_list "1.0 vif1.0 pinned 0/1 2/3 1/0 3/2" "1.1 vif1.1 pinned 0/1 2/3 1/0 3/2"
    stand vif1.0 0/1 2/3 1/0 3/2
    stand vif1.1 0/1 2/3 1/0 3/2
}

@test "a vif with a name of its own is pinned under it" {
    sim domain 1 g1 2
    sim vif 1 0 vifname=averylongname0
    sim online 1 0
    equal connected "$(hotplug_status 1 0)"
    lists "1.0 averylongname0 reserved 0/1 2/3"
    sim connect 1 0 2
    await_list "1.0 averylongname0 pinned 0/1 2/3"
    stand averylongname0 0/1 2/3
    sim offline 1 0
    lists
}

@test "vif-route calls vifpin as vif-bridge does" {
    ip link add eth0 type veth peer name wire0
    ip address add 192.0.2.1/24 dev eth0
    sim domain 1 g1 2
    sim vif 1 0
    sim online 1 0 vif-route
    equal connected "$(hotplug_status 1 0)"
    lists "1.0 vif1.0 reserved 0/1 2/3"
    sim offline 1 0 vif-route
    lists
}

@test "vif-nat calls vifpin as vif-bridge does" {
    sim domain 1 g1 2
    sim vif 1 0
    sim online 1 0 vif-nat
    equal connected "$(hotplug_status 1 0)"
    lists "1.0 vif1.0 reserved 0/1 2/3"
    sim offline 1 0 vif-nat
    lists
}

@test "the tap of an HVM guest is none of vifpin's business" {
    sim domain 1 g1 2
    sim vif 1 0
    ip link add vif1.0-emu type veth peer name qemu1.0
    env INTERFACE=vif1.0-emu vif=vif1.0 XENBUS_PATH=backend/vif/1/0 \
        /etc/xen/scripts/vif-bridge add type_if=tap
    equal "master xenbr0" "$(ip -o link show vif1.0-emu | grep -o 'master xenbr0')"
    ends 0 "" vifpin online type_if=tap XENBUS_PATH=backend/vif/1/0
    ends 0 "" env type_if=tap XENBUS_PATH=backend/vif/1/0 vifpin online
    lists
    equal "" "$(find "$SIM_ROOT/var/lib" "$SIM_ROOT/run" -mindepth 1)"
}

@test "a tap that goes takes nothing from the vif" {
    sim domain 1 g1 2
    sim vif 1 0
    sim online 1 0
    ends 0 "" vifpin offline type_if=tap XENBUS_PATH=backend/vif/1/0
    lists "1.0 vif1.0 reserved 0/1 2/3"
}

@test "what the caller's environment says can be given as arguments" {
    sim domain 1 g1 1
    sim vif 1 0
    ends 0 "" vifpin online XENBUS_PATH=/local/domain/0/backend/vif/1/0 type_if=vif vif=vif1.0
    lists "1.0 vif1.0 reserved 0/1"
    ends 0 "" env XENBUS_PATH=backend/vif/9/9 vifpin offline XENBUS_PATH=backend/vif/1/0
    lists
}

@test "offline of a vif that nobody knows is done" {
    by_hand 1 1
    ends 0 "" vifpin offline XENBUS_PATH=backend/vif/9/0
    lists "1.0 vif1.0 pinned 0/1"
}

@test "online a second time changes nothing" {
    guest 1 2
    before=$(<"$LEDGER")
    sim script vif-bridge online 1 0
    equal "$before" "$(<"$LEDGER")"
    stand vif1.0 0/1 2/3
}

@test "a vif that no hook announced is placed and pinned" {
    guest 1 1
    sim domain 2 g2 2
    sim vif 2 0
    # Other toolstacks have scripts of their own.
    xenstore-write backend/vif/2/0/hotplug-status connected
    sim connect 2 0 2
    await_list "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3 1/0"
    stand vif2.0 2/3 1/0
}

@test "a vif that vanishes without offline is released" {
    guest 1 1
    guest 2 1
    sim vanish 1 0
    await_list "2.0 vif2.0 pinned 2/3"
    stand vif2.0 2/3
}

@test "the next online releases what vanished while nobody watched" {
    by_hand 1 1
    by_hand 2 1
    sim vanish 1 0
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
    sim domain 3 g3 1
    sim vif 3 0
    sim online 3 0
    lists "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 reserved 0/1"
}

@test "a domid that is used again is another domain's" {
    by_hand 1 1
    by_hand 2 1
    sim vanish 1 0
    xenstore-rm /local/domain/1
    sim domain 1 other 2 6ba7b810-9dad-41d1-80b4-00c04fd430c8
    sim vif 1 0
    sim online 1 0
    equal other "$(vifpin list -J | jq -r '.vifs[0].domain')"
    lists "1.0 vif1.0 reserved 0/1 3/2" "2.0 vif2.0 pinned 2/3"
}

@test "a vif that came up in part is partial, until it connects again whole" {
    sim domain 1 g1 1
    sim vif 1 0
    sim online 1 0
    sim queues vif1.0 1
    sim end-thread vif1.0-q0-dealloc
    xenstore-write backend/vif/1/0/state 4
    await_list "1.0 vif1.0 partial 0/1"
    equal "q0 tx=0 dealloc=- rx=1 guest-rx=1" "$(sim masks vif1.0)"
    await 5 logged 'vif=1.0 domain=g1 event=partial queues=1 tx=0 rx=1 reason="there is no thread vif1.0-q0-dealloc"'
    sim disconnect 1 0
    sim connect 1 0 1
    await_list "1.0 vif1.0 pinned 0/1"
    stand vif1.0 0/1
}

@test "a ledger of another boot: its entries are dropped, its places remembered" {
    by_hand 1 1
    by_hand 2 2
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3 1/0"
    # The host starts anew, and g2 comes first, with the same domid, and one vCPU only.
    for d in 1 2; do
        sim vanish "$d" 0
        xenstore-rm "/local/domain/$d"
    done
    sim boot 11111111-2222-4333-8444-555555555555
    sim domain 2 g2 1
    sim vif 2 0
    sim online 2 0
    lists "2.0 vif2.0 reserved 2/3"
    equal 11111111-2222-4333-8444-555555555555 "$(jq -r .boot_id "$LEDGER")"
    sim domain 3 g1 1 00000000-0000-4000-8000-000000000001
    sim vif 3 0
    sim online 3 0
    lists "2.0 vif2.0 reserved 2/3" "3.0 vif3.0 reserved 0/1"
}

# Reading /proc/interrupts is what a new vif's reservation would cost most on a large host.
@test "a vif that waits is reserved without reading the interrupts; one with a carrier is pinned" {
    sim domain 1 g1 2
    sim vif 1 0
    sim vif 1 1
    sim queues vif1.1 2
    rm "$SIM_ROOT/proc/interrupts"
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/1/0
    ends 1 "vifpin: cannot read /proc/interrupts: No such file or directory" \
        vifpin online XENBUS_PATH=backend/vif/1/1
    sim put proc/interrupts <<<"           CPU0       CPU1       CPU2       CPU3"
    equal "vif1.0 reserved" "$(vifpin list -o DEV,STATE -n | grep '^vif1.0' | uniq | xargs)"
}

# opened: how often the watcher, which strace follows, has read all interrupts.
opened() {
    grep -c '"proc/interrupts"' "$SIM_DIR/trace"
}

# Of interrupts, that reads what it knows to be others' no more than it has to.
@test "a watcher finds a new vif's interrupts by number, and reads all only where that does not do" {
    local before

    guest 1 2
    stop_watcher
    strace -f -qq -e trace=openat2 -o "$SIM_DIR/trace" "$VIFPIN_BIN" --root "$SIM_ROOT" watch \
        </dev/null >"$SIM_DIR/watch.out" 2>&1 3>&- &
    await 5 has_watcher
    guest 2 2
    before=$(opened)
    # Numbers that are free below are not its.
    sim irq evtchn:other
    guest 3 2
    ends 0 "" vifpin verify
    equal "$before" "$(opened)" "readings of all interrupts"

    # rx before tx, as when a number below became free meanwhile.
    sim domain 4 g4 1
    sim vif 4 0 hotplug-status=connected
    sim online 4 0
    mkdir -p "$SIM_ROOT/sys/devices/vif-4-0/net/vif4.0/queues/rx-0"
    sim irq vif4.0-q0-rx
    sim irq vif4.0-q0-tx
    sim thread vif4.0-q0-guest-rx
    sim thread vif4.0-q0-dealloc
    xenstore-write backend/vif/4/0/state 4
    await 5 is_pinned 4 0
    ends 0 "" vifpin verify
    [ "$(opened)" -gt "$before" ]
}
