#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A driver domain: a paravirtual guest, netdom, is the backend of another one's vif. vifpin runs in netdom, with
# its own ledger and CPUs, and without what the toolstack knows; dom0 has nothing to pin.

load lib

teardown() {
    [ -n "${BATS_TEST_COMPLETED-}" ] || diagnose_netdom
    diagnose
}

# What netdom has to say, when a test has failed.
diagnose_netdom() {
    {
        echo "--- netdom"
        cat "$WORK/xl"
        tail -n 30 /var/log/xen/console/guest-netdom.log
        ask 'tail -n 20 /var/log/messages; tail -n 20 /var/log/xen/*; vifpin list; vifpin verify; xenstore-ls backend' |
            head -n 100
    } 2>&1 | sed 's/^/# /' >&3
}

netdom_config() {
    cat >"$WORK/netdom.cfg" <<END
name = "netdom"
type = "pv"
kernel = "/boot/vmlinux-guest"
ramdisk = "$WORK/backend.img"
extra = "console=hvc0 $QUICK"
memory = 384
vcpus = 2
driver_domain = 1
on_reboot = "destroy"
END
}

# Made anew where its kernel does not start, twice at most.
netdom() {
    local status

    "$BATS_TEST_DIRNAME"/backend-image "$WORK/backend.img"
    netdom_config
    for _ in 1 2 3; do
        status=0
        timeout 180 xl create -p "$WORK/netdom.cfg" >"$WORK/xl" 2>&1 3>&- || {
            cat "$WORK/xl"
            return 1
        }
        "$BATS_TEST_DIRNAME"/boot-guest netdom || status=$?
        [ "$status" = 3 ] || break
        info "the kernel of netdom did not start"
        xl destroy netdom || :
        await 30 is_unknown netdom
    done
    return "$status"
}

# ask COMMAND: what netdom's shell makes of it: its output and its status.
ask() {
    local data output status

    data=/local/domain/$(xl domid netdom)/data
    xenstore-write -R "$data/command" "$1"
    await 60 xenstore-exists "$data/status"
    output=$(xenstore-read -R "$data/output")
    status=$(xenstore-read "$data/status")
    xenstore-rm "$data/status" "$data/output"
    printf '%s\n' "${output#=}"
    return "$status"
}

there_is_pinned() {
    [ "$(ask 'vifpin list -J' | jq -r '.vifs[].state')" = pinned ]
}

netdom_is_free() {
    [ "$(ask 'vifpin list -J' | jq -c .)" = '{"vifs":[]}' ]
}

# What there is while the guest is paused.
while_paused() {
    local id

    id=$(xl domid g1)
    # dom0's xl does not wait for scripts that run elsewhere.
    await 60 xenstore-exists "/local/domain/$(xl domid netdom)/backend/vif/$id/0/hotplug-status"
    xenstore-read "/local/domain/$(xl domid netdom)/backend/vif/$id/0/hotplug-status" >"$WORK/hotplug"
    ask 'vifpin list -J' >"$WORK/reserved.json"
    "$VIFPIN" list -J >"$WORK/dom0.json"
}

served() {
    local id

    once netdom
    WHILE_PAUSED=while_paused start g1 pv 2 mac=00:16:3e:00:01:01,bridge=xenbr0,backend=netdom
    id=$(xl domid g1)
    await 120 there_is_pinned
    ask 'vifpin list -J' >"$WORK/pinned.json"
    # shellcheck disable=SC2016 # for netdom's bash
    ask ". /tests/queues.bash; find_queues vif$id.0; print_masks" | LC_ALL=C sort >"$WORK/masks"
}

@test "a driver domain calls vifpin, which reserves places in a ledger of its own" {
    once served
    equal connected "$(cat "$WORK/hotplug")" hotplug-status
    equal "$(xl domid g1) 0 00:16:3e:00:01:01 vif$(xl domid g1).0 reserved 2" \
        "$(jq -r '.vifs[] | "\(.domid) \(.devid) \(.mac) \(.dev) \(.state) \(.queues | length)"' "$WORK/reserved.json")"
    equal "vif=$(xl domid g1).0 event=online call=\"vifpin online type_if=vif XENBUS_PATH=backend/vif/$(xl domid g1)/0\"" \
        "$(ask 'grep -o "vif=.* event=online.*" /var/log/messages')" "the hook's call"
    equal '{"vifs":[]}' "$(jq -c . "$WORK/dom0.json")" "what dom0 has of it"
}

@test "interrupts and threads in the driver domain stand where its ledger says" {
    once served
    equal 8 "$(wc -l <"$WORK/masks")" "interrupts and threads"
    equal "$(masks_of "$WORK/pinned.json")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    equal "$(places "$WORK/reserved.json" | sed 's/ reserved / pinned /')" "$(places "$WORK/pinned.json")" \
        "places, reserved and pinned"
    equal "" "$(ask 'vifpin verify')" "vifpin verify"
}

@test "the driver domain says which it is, and that names and NUMA are hidden from it" {
    once served
    id=$(xl domid g1)
    equal "domain ok this is domain $(xl domid netdom), a driver domain" \
        "$(ask 'vifpin doctor -nr -o CHECK,STATE,REASON' | sed 's/\\x20/ /g' | grep '^domain ')"
    info "doctor there: $(ask 'vifpin doctor -nr -o CHECK,STATE,REASON | grep -v " ok "' | sed 's/\\x20/ /g' | paste -sd ';')"
    equal '["",""]' "$(jq -c '.vifs[0] | [.domain, .uuid]' "$WORK/pinned.json")" "name and UUID"
    run ask 'vifpin pin g1'
    equal "1 vifpin: g1 is an invalid domain identifier (rc=-6); names are hidden from this driver domain: give a domid, or a vif as vifpin list shows it" \
        "$status $output"
    equal "vif $id.0 is already pinned; nothing to do" "$(ask "vifpin pin $id")"
}

@test "what is moved in the driver domain is put back there" {
    once served
    id=$(xl domid g1)
    equal "1 vif released; 8 interrupts and threads have the default masks again" "$(ask "vifpin unpin $id")"
    ask "vifpin pin $id"
    equal "$(places "$WORK/pinned.json")" "$(places <(ask 'vifpin list -J'))" "places"
}

@test "when the guest goes, the driver domain's ledger is empty" {
    once served
    xl destroy g1
    await 30 netdom_is_free
    xl destroy netdom
}
