#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that libvirt makes and destroys: the same scripts, the same hook, the same places as with xl.

load lib
load pins

teardown_file() {
    no_guests
    [ ! -e "$WORK/libvirtd.pid" ] || kill "$(cat "$WORK/libvirtd.pid")"
}

in_libvirt() {
    timeout 180 virsh -q -c xen:///system "$@"
}

libvirt_answers() {
    in_libvirt list --all >"$WORK/virsh" 2>&1
}

libvirt() {
    mkdir -p /run/libvirt
    libvirtd --daemon --pid-file "$WORK/libvirtd.pid" 3>&-
    await 60 libvirt_answers || {
        cat "$WORK/virsh"
        return 1
    }
}

describe() {
    # shellcheck disable=SC2153 # of lib.bash
    cat >"$WORK/g1.xml" <<END
<domain type='xen'>
  <name>g1</name>
  <memory unit='MiB'>128</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='xenpv'>linux</type>
    <kernel>/boot/vmlinux-guest</kernel>
    <initrd>$BATS_TEST_DIRNAME/guest.img</initrd>
    <cmdline>console=hvc0 $QUICK guestip=$ADDRESS</cmdline>
  </os>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <interface type='bridge'>
      <mac address='00:16:3e:00:01:01'/>
      <source bridge='xenbr0'/>
    </interface>
    <interface type='bridge'>
      <mac address='00:16:3e:00:01:02'/>
      <source bridge='xenbr0'/>
      <target dev='averylongname0'/>
    </interface>
    <console type='pty'><target type='xen' port='0'/></console>
  </devices>
</domain>
END
}

# What there is of a guest while it is paused, in $WORK/$1.*
look() {
    local id

    id=$(xl domid g1)
    xenstore-read "backend/vif/$id/0/hotplug-status" "backend/vif/$id/1/hotplug-status" | xargs >"$WORK/$1.hotplug"
    journalctl -t vifpin --no-pager -o cat | sed -n "s/^vif=$id\.\([0-9]*\) event=online call=.*/\1/p" |
        sort -u | xargs >"$WORK/$1.calls"
    "$VIFPIN" list -J >"$WORK/$1.json"
}

by_libvirt() {
    local status

    once libvirt
    describe
    for _ in 1 2 3; do
        status=0
        in_libvirt create --paused "$WORK/g1.xml" 3>&-
        look libvirt
        "$BATS_TEST_DIRNAME"/boot-guest g1 || status=$?
        [ "$status" = 3 ] || break
        info "the kernel of guest g1 did not start"
        in_libvirt destroy g1 || :
        await 30 is_unknown g1
    done
    [ "$status" = 0 ] || return "$status"
    await 60 is_pinned averylongname0
    await 60 is_pinned "vif$(xl domid g1).0"
    kernel_masks "vif$(xl domid g1).0" averylongname0 >"$WORK/masks"
    "$VIFPIN" list -J >"$WORK/pinned.json"
}

destroyed() {
    once by_libvirt
    in_libvirt destroy g1
    milliseconds await 5 lists_nothing
    info "the list was empty $MS ms after virsh destroy returned"
}

@test "virsh create: the hook is called, and both vifs are reserved while the guest is paused" {
    once by_libvirt
    info "libvirt $(libvirtd --version | grep -o '[0-9.]*$')"
    equal "connected connected" "$(cat "$WORK/libvirt.hotplug")" hotplug-status
    equal "0 1" "$(cat "$WORK/libvirt.calls")" "vifs for which the hook was called"
    equal "g1 0 reserved 2
g1 1 reserved 2" "$(jq -r '.vifs[] | "\(.domain) \(.devid) \(.state) \(.queues | length)"' "$WORK/libvirt.json")"
}

@test "virsh create: interrupts and threads stand where the ledger says, and the guest answers" {
    once by_libvirt
    equal 16 "$(wc -l <"$WORK/masks")" "interrupts and threads"
    equal "$(masks_of "$WORK/pinned.json")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    await 60 answers_ping
}

@test "virsh destroy: the list is empty" {
    once destroyed
    equal '[]' "$(jq -c .vifs "$LEDGER")" "vifs in the ledger's file"
}

@test "xl create of the same guest reserves the same places" {
    once destroyed
    create g1 pv 2 -p mac=00:16:3e:00:01:01,bridge=xenbr0 mac=00:16:3e:00:01:02,bridge=xenbr0,vifname=averylongname0
    look xl
    equal "$(cpus_of "$WORK/libvirt.json")" "$(cpus_of "$WORK/xl.json")" "places"
    equal "$(cat "$WORK/libvirt.calls")" "$(cat "$WORK/xl.calls")" "calls of the hook"
    xl destroy g1
}
