#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vif comes up, and goes, whatever becomes of vifpin: the hook as the stock scripts source it.

load common

# Seconds within which the hook is done with vifpin: its timeout of 5, 1 until SIGKILL, and some for
# a slow machine. libxl kills the script after 40.
LIMIT=$((20 * ${VIFPIN_SLOWNESS:-1}))

# in_time COMMAND D I: sim does it, successfully, printing nothing, and within the limit.
in_time() {
    local from=$EPOCHREALTIME

    does 0 "" "" "$BATS_TEST_DIRNAME/sim" "$@"
    from=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000000))
    [ "$from" -lt "$LIMIT" ] || equal "< $LIMIT s" "$from s" "time of: $*"
}

# comes_and_goes: with the vifpin there is now, online connects the vif and offline succeeds.
comes_and_goes() {
    sim domain 1 g1 1
    sim vif 1 0
    in_time online 1 0
    equal connected "$(xenstore-read backend/vif/1/0/hotplug-status)"
    equal "master xenbr0" "$(ip -o link show vif1.0 | grep -o 'master xenbr0')"
    in_time offline 1 0
}

@test "the hook is there, executable, and calls the vifpin that is installed" {
    hook=/etc/xen/scripts/vif-post.d/50-vifpin.hook
    [ -x "$hook" ]
    equal 1 "$(grep -c "^ *timeout .* $SANDBOX/sbin/vifpin " "$hook")"
    equal 0 "$(grep -cF @ "$hook")"
}

@test "the hook calls vifpin with the command and the vif" {
    sim install-vifpin <<<"#!/bin/sh
echo \"\$* \$XENBUS_PATH\" >>$SIM_DIR/calls"
    comes_and_goes
    equal "online type_if=vif backend/vif/1/0
offline type_if=vif backend/vif/1/0" "$(<"$SIM_DIR/calls")"
}

@test "the hook calls nothing for a tap" {
    sim install-vifpin <<<"#!/bin/sh
echo called >>$SIM_DIR/calls"
    sim domain 1 g1 1
    sim vif 1 0
    for command in add remove; do
        ip link show vif1.0-emu >/dev/null 2>&1 ||
            ip link add vif1.0-emu type veth peer name qemu1.0
        env INTERFACE=vif1.0-emu vif=vif1.0 XENBUS_PATH=backend/vif/1/0 \
            /etc/xen/scripts/vif-bridge "$command" type_if=tap
    done
    [ ! -e "$SIM_DIR/calls" ]
}

@test "without vifpin" {
    rm "$SANDBOX/sbin/vifpin"
    comes_and_goes
}

@test "with a vifpin that is not executable" {
    chmod 644 "$SANDBOX/sbin/vifpin"
    comes_and_goes
}

@test "with a vifpin that is a directory" {
    rm "$SANDBOX/sbin/vifpin"
    mkdir "$SANDBOX/sbin/vifpin"
    comes_and_goes
}

@test "with a vifpin whose interpreter is missing" {
    sim install-vifpin <<<'#!/nonexistent'
    comes_and_goes
}

@test "with a vifpin that returns 1" {
    sim install-vifpin <<<'#!/bin/sh
exit 1'
    comes_and_goes
}

@test "with a vifpin that crashes" {
    # shellcheck disable=SC2016 # its own $$
    sim install-vifpin <<<'#!/bin/sh
kill -SEGV $$'
    comes_and_goes
}

@test "with a vifpin that writes to stdout and stderr" {
    sim install-vifpin <<<'#!/bin/sh
echo out
echo err >&2'
    comes_and_goes
    equal "err
err" "$(grep err /var/log/xen/xen-hotplug.log)"
}

@test "with a vifpin that reads its input" {
    sim install-vifpin <<<'#!/bin/sh
exec cat'
    comes_and_goes
}

@test "with a vifpin that sleeps for ever" {
    sim install-vifpin <<<'#!/bin/sh
exec sleep infinity'
    comes_and_goes
}

@test "with a vifpin that sleeps for ever and ignores SIGTERM" {
    sim install-vifpin <<<"#!/bin/sh
trap '' TERM
sleep 1000 &
wait
sleep 1000"
    comes_and_goes
}

@test "with a ledger that vifpin cannot write" {
    echo >"$SIM_ROOT/var/lib/vifpin"
    comes_and_goes
    grep -qx "vifpin: cannot use /var/lib/vifpin: .*" /var/log/xen/xen-hotplug.log
}

@test "with a ledger of a later version" {
    mkdir "$SIM_ROOT/var/lib/vifpin"
    echo '{"version": 2}' >"$LEDGER"
    comes_and_goes
    equal '{"version": 2}' "$(<"$LEDGER")"
}

@test "whatever a domain is called, what is logged of it is one line" {
    keep_watchers_away
    sim domain 1 $'g1\n\e[2Jvif=2.0 domain=g2\tevent=released\x7f' 1
    sim vif 1 0
    line="vif=1.0 domain=g1??[2Jvif=2.0 domain=g2?event=released? event=reserved queues=1 tx=0 rx=1"
    vifpin -v online XENBUS_PATH=backend/vif/1/0 2>"$SIM_DIR/stderr"
    logged "$line"
    grep -qxF "vifpin: $line" "$SIM_DIR/stderr"
    equal "" "$(grep -v '^vifpin: vif=1.0 ' "$SIM_DIR/stderr")" "further lines"
}

# The last call of that command that is in the log, as one would paste it.
logged_call() {
    sed -n "s/.* event=$1 call=\"\(.*\)\"\$/\1/p" "$SIM_DIR/syslog" | tail -n 1
}

@test "a call that is logged can be pasted back" {
    keep_watchers_away
    sim domain 1 g1 1
    sim vif 1 0 vifname=web
    sim online 1 0
    lists "1.0 web reserved 0/1"
    logged "vif=1.0 event=online call=\"vifpin online type_if=vif XENBUS_PATH=backend/vif/1/0\""
    prints 0 "1 vif released; 0 interrupts and threads have the default masks again" vifpin unpin g1
    call=$(logged_call online)
    ends 0 "" bash -c "$call"
    lists "1.0 web reserved 0/1"
    sim script vif-bridge offline 1 0
    lists
    ends 0 "" bash -c "$call"
    ends 0 "" bash -c "$(logged_call offline)"
    lists
    # By hand, and with another's path, it stands in the same form.
    ends 0 "\
vifpin: vif=1.0 event=online call=\"vifpin online type_if=vif XENBUS_PATH=/local/domain/0/backend/vif/1/0\"
vifpin: vif=1.0 domain=g1 event=reserved queues=1 tx=0 rx=1" \
        env XENBUS_PATH=backend/vif/9/9 vifpin -v online XENBUS_PATH=/local/domain/0/backend/vif/1/0
}
