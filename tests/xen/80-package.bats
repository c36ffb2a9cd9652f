#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package in dom0: installed, upgraded over itself with a guest connected, removed, purged.
# The last file: no vifpin is left.

load lib

teardown() {
    diagnose
}

teardown_file() {
    local id

    for id in $(guest_ids); do
        xl destroy "$id"
    done
}

# dpkg of "$@", with what it says in $WORK/dpkg. The package was built where Xen may have had its security
# updates; dom0's image has none.
package() {
    DEBIAN_FRONTEND=noninteractive dpkg --force-depends-version "$@" >"$WORK/dpkg" 2>&1 || {
        cat "$WORK/dpkg"
        return 1
    }
}

# The masks of a vif's interrupts and threads, which the ledger must agree with.
agreed_masks() {
    "$VIFPIN" list -J >"$WORK/list.json"
    kernel_masks "$DEV" >"$WORK/masks"
    equal "$(masks_of "$WORK/list.json")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    cat "$WORK/masks"
}

# Instead of what run-host has installed.
installed() {
    systemctl stop vifpin
    (cd "$SHARE/tree" && find . ! -type d -printf '/%P\n') | xargs rm -f
    package -i "$BATS_TEST_DIRNAME"/vifpin_*.deb
    systemctl is-active vifpin
    start g1 pv 2 mac=00:16:3e:00:01:01,bridge=xenbr0
    DEV=vif$(xl domid g1).0
    await 120 is_pinned "$DEV"
    echo "$DEV" >"$WORK/dev"
    agreed_masks >"$WORK/first"
}

@test "after the package is installed, the next guest is pinned" {
    once installed
    equal 8 "$(wc -l <"$WORK/first")" "interrupts and threads"
}

@test "an upgrade over itself moves nothing, with the guest connected" {
    once installed
    DEV=$(cat "$WORK/dev")
    "$VIFPIN" list -J >"$WORK/before.json"
    since=$(date '+%F %T')
    sleep 1 # the journal's seconds
    package -i "$BATS_TEST_DIRNAME"/vifpin_*.deb
    systemctl is-active vifpin
    "$VIFPIN" list -J | diff "$WORK/before.json" -
    equal "$(cat "$WORK/first")" "$(agreed_masks)" "masks before and after"
    equal "" "$(journalctl -q -t vifpin --since "$since" | grep -E 'event=(pinned|moved|drift|released|partial)')" \
        "what the log says was moved"
}

@test "removed, the masks are the kernel's, and the next guest has network" {
    once installed
    DEV=$(cat "$WORK/dev")
    package -r vifpin
    equal "0-3" "$(kernel_masks "$DEV" | awk '{ print $2 }' | sort -u)" "masks"
    [ -e "$LEDGER" ]
    xl destroy g1
    start g1 pv 1 mac=00:16:3e:00:01:01,bridge=xenbr0
    await 120 answers_ping
    xl destroy g1
}

@test "purged, nothing of vifpin is left" {
    once installed
    package -P vifpin
    equal "" "$(find /etc /usr /var/lib /run -name '*vifpin*' -not -path '/var/lib/systemd/*' \
        -not -path '/var/lib/dpkg/*')" "files"
}
