#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scripts that call no hooks, with vifpin: vif-openvswitch-vifpin, and links to it.

load common

SCRIPTS=/etc/xen/scripts

# The script of the administrator notes how it was called, and ends as the test wants.
plain_script() {
    printf '%s\n' '#!/bin/sh' "echo \"\$0 \$* \$XENBUS_PATH \$script\" >>$SIM_DIR/calls" "$@" >"$SCRIPTS/vif-plain"
    chmod 755 "$SCRIPTS/vif-plain"
    ln -sf vif-openvswitch-vifpin "$SCRIPTS/vif-plain-vifpin"
}

# vifpin notes its calls in the same file, then does what comes as lines.
noting_vifpin() {
    sim install-vifpin <<<"#!/bin/sh
echo \"vifpin \$* \$XENBUS_PATH\" >>$SIM_DIR/calls
$*"
}

plain_vif() {
    sim domain 1 g1 1
    sim vif 1 0
}

# script_is_run COMMAND: of vif-plain, with nothing to read on the terminal.
script_is_run() {
    rm -f "$SIM_DIR/calls"
    ends 0 "" "$BATS_TEST_DIRNAME/sim" script vif-plain-vifpin "$1" 1 0
    equal "$SCRIPTS/vif-plain $1 type_if=vif backend/vif/1/0 $SCRIPTS/vif-plain-vifpin" \
        "$(grep -v '^vifpin ' "$SIM_DIR/calls")" "calls of the script"
}

teardown() {
    [ -n "$BATS_TEST_COMPLETED" ] || tail -n 20 "$SIM_DIR/syslog" /var/log/xen/xen-hotplug.log
    [ ! -e "$SIM_DIR/hook" ] || mv "$SIM_DIR/hook" "$SCRIPTS/vif-post.d/50-vifpin.hook"
    rm -f "$SCRIPTS"/vif-plain* "$SANDBOX/sbin/ovs-vsctl"
    sim end
}

@test "vif-openvswitch: the vif has its places, then it is a port and connected; and goes" {
    printf '%s\n' '#!/bin/sh' "vifpin list -J >>$SIM_DIR/seen" "echo \"\$*\" >>$SIM_DIR/ports" >"$SANDBOX/sbin/ovs-vsctl"
    chmod 755 "$SANDBOX/sbin/ovs-vsctl"
    keep_watchers_away
    sim domain 1 g1 1
    sim vif 1 0
    ends 0 "" "$BATS_TEST_DIRNAME/sim" online 1 0 vif-openvswitch-vifpin
    equal connected "$(xenstore-read backend/vif/1/0/hotplug-status)"
    equal "vif1.0 reserved" "$(jq -r '.vifs[] | "\(.dev) \(.state)"' "$SIM_DIR/seen")" "places, when it became a port"
    [[ $(<"$SIM_DIR/ports") == *"add-port xenbr0 vif1.0 "* ]]
    lists "1.0 vif1.0 reserved 0/1"
    logged 'vif=1.0 event=online call="vifpin online type_if=vif XENBUS_PATH=backend/vif/1/0"'

    ends 0 "" "$BATS_TEST_DIRNAME/sim" offline 1 0 vif-openvswitch-vifpin
    [[ $(tail -n 1 "$SIM_DIR/ports") == *"del-port vif1.0" ]]
    lists
}

@test "a link: vifpin is called, then the script, with the same words and environment" {
    plain_script
    noting_vifpin
    plain_vif
    script_is_run online
    equal "vifpin online type_if=vif backend/vif/1/0" "$(head -n 1 "$SIM_DIR/calls")" "the first call"
    script_is_run offline
    equal "vifpin offline type_if=vif backend/vif/1/0" "$(head -n 1 "$SIM_DIR/calls")" "the first call"
}

@test "a link: the status is the script's" {
    plain_script 'echo out' 'echo err >&2' 'exit 7'
    noting_vifpin 'exit 1'
    plain_vif
    does 7 out err "$BATS_TEST_DIRNAME/sim" script vif-plain-vifpin online 1 0
}

@test "a link: without the word type_if it is a vif's call, and of a tap's vifpin learns nothing" {
    plain_script
    noting_vifpin
    plain_vif
    ends 0 "" env XENBUS_PATH=backend/vif/1/0 "$SCRIPTS/vif-plain-vifpin" online
    equal "vifpin online type_if=vif backend/vif/1/0" "$(head -n 1 "$SIM_DIR/calls")"
    rm "$SIM_DIR/calls"
    ends 0 "" env XENBUS_PATH=backend/vif/1/0 "$SCRIPTS/vif-plain-vifpin" add type_if=tap
    equal "$SCRIPTS/vif-plain add type_if=tap backend/vif/1/0 " "$(<"$SIM_DIR/calls")"
}

@test "whatever becomes of vifpin, the script is run" {
    plain_script
    plain_vif
    # shellcheck disable=SC2016 # vifpin's own
    for does in 'exit 1' 'kill -SEGV $$' 'exec cat' 'echo out; echo err >&2' 'exec sleep infinity'; do
        noting_vifpin "$does"
        script_is_run online
    done
    equal err "$(tail -n 1 /var/log/xen/xen-hotplug.log)" "what vifpin said"
    chmod 644 "$SANDBOX/sbin/vifpin"
    script_is_run online
    rm "$SANDBOX/sbin/vifpin"
    script_is_run offline
}

@test "whatever becomes of the hook, the script is run" {
    plain_script
    noting_vifpin
    plain_vif
    cp -p "$SCRIPTS/vif-post.d/50-vifpin.hook" "$SIM_DIR/hook"
    for does in 'exit 1' false 'nonsense ('; do
        echo "$does" >"$SCRIPTS/vif-post.d/50-vifpin.hook"
        script_is_run online
    done
    chmod 644 "$SCRIPTS/vif-post.d/50-vifpin.hook"
    script_is_run online
    rm "$SCRIPTS/vif-post.d/50-vifpin.hook"
    script_is_run online
}

@test "a name that does not end in -vifpin" {
    ln -s vif-openvswitch-vifpin "$SCRIPTS/vif-plain-other"
    ends 1 "$SCRIPTS/vif-plain-other: the name of this script must end in -vifpin" \
        "$SCRIPTS/vif-plain-other" online type_if=vif
}

# called_by FILE WORD...: the drop-in for another toolstack, as that calls it, with the vifpin of the tests.
called_by() {
    sed "s,/usr/sbin/vifpin,$SANDBOX/sbin/vifpin,g" "$BATS_TEST_DIRNAME/../../hotplug/$1" >"$SIM_DIR/dropin"
    rm -f "$SIM_DIR/calls"
    ends 0 "" env XENBUS_PATH=backend/vif/1/0 sh "$SIM_DIR/dropin" "${@:2}"
}

@test "the file for XCP-ng calls vifpin with the words that vif-real has for it" {
    noting_vifpin 'exit 1'
    called_by xapi/vif-hotplug -action online -vifuuid A -vmuuid B
    equal "vifpin online type_if=vif backend/vif/1/0" "$(<"$SIM_DIR/calls")"
    called_by xapi/vif-hotplug -action remove -vifuuid A -vmuuid B
    equal "vifpin offline type_if=vif backend/vif/1/0" "$(<"$SIM_DIR/calls")"
    called_by xapi/vif-hotplug -action move -vifuuid A -vmuuid B
    [ ! -e "$SIM_DIR/calls" ]
    rm "$SANDBOX/sbin/vifpin"
    called_by xapi/vif-hotplug -action online -vifuuid A -vmuuid B
}

@test "the file for Qubes calls vifpin with the words that vif-route-qubes has for it" {
    noting_vifpin 'exit 1'
    called_by qubes/50-vifpin online vif1.0 vif 10.137.0.5
    equal "vifpin online type_if=vif backend/vif/1/0" "$(<"$SIM_DIR/calls")"
    called_by qubes/50-vifpin offline vif1.0 vif
    equal "vifpin offline type_if=vif backend/vif/1/0" "$(<"$SIM_DIR/calls")"
    rm "$SANDBOX/sbin/vifpin"
    called_by qubes/50-vifpin online vif1.0 vif
}
