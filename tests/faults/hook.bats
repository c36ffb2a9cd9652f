#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hook never costs a guest its network: each stock script, with a vifpin, a host or a caller that is
# not as it should be, succeeds, reports the vif as connected, and loses at most 6 seconds in the hook.

BATS_TEST_DIRNAME=$(cd "$BATS_TEST_DIRNAME/../host" && pwd)
load "$BATS_TEST_DIRNAME/common"

SCRIPTS=(vif-bridge vif-route vif-nat)
HOOKS=/etc/xen/scripts/vif-post.d
# Milliseconds: 6 s, and what a busy machine takes to start a process or two.
LIMIT=$((6500 * ${VIFPIN_SLOWNESS:-1}))

# Two hooks beside vifpin's tell when it begins and when it is done; the second also shows that those after
# it are called.
clocks() {
    # shellcheck disable=SC2016 # the script's
    printf '%s\n' 'echo "$command $vif $EPOCHREALTIME" >>/run/hook-times' >"$HOOKS/10-before.hook"
    cp "$HOOKS/10-before.hook" "$HOOKS/90-after.hook"
    chmod 755 "$HOOKS"/*.hook
    rm -f /run/hook-times
}

# time_of COMMAND VIF: the milliseconds between the two; fails unless both were called.
time_of() {
    awk -v command="$1" -v vif="$2" '$1 == command && $2 == vif { t[n++] = $3 }
        END { if (n != 2) exit 1; printf "%d\n", (t[1] - t[0]) * 1000 }' /run/hook-times
}

# A NIC for vif-route, and a vif for each script: 1.0 for the first, and so on.
three_vifs() {
    local d

    ip link add eth0 type veth peer name wire0
    ip address add 192.0.2.1/24 dev eth0
    for d in 1 2 3; do
        sim domain "$d" "g$d" 1
        sim vif "$d" 0
    done
    clocks
}

# all_run COMMAND [WRAPPER]...: the three scripts at once, each for its vif, by the wrapper if there is one.
all_run() {
    local command=$1 i pids=() status

    shift
    for i in 0 1 2; do
        "$@" "$BATS_TEST_DIRNAME/sim" script "${SCRIPTS[i]}" "$command" $((i + 1)) 0 \
            >"$SIM_DIR/out.$i" 2>&1 &
        pids+=($!)
    done
    for i in 0 1 2; do
        status=0
        wait "${pids[i]}" || status=$?
        equal 0 "$status" "status of ${SCRIPTS[i]} $command"
        status=$(time_of "$command" "vif$((i + 1)).0")
        [ "$status" -le "$LIMIT" ] || equal "<= $LIMIT ms" "$status ms" "the hook in ${SCRIPTS[i]} $command"
        [ -z "${FAULT_HOOKS-}" ] || echo "$BATS_TEST_DESCRIPTION" >>"$FAULT_HOOKS"
    done
}

# survive [WRAPPER]...: every vif comes up and goes.
survive() {
    local d

    all_run online "$@"
    for d in 1 2 3; do
        equal connected "$(xenstore-read "backend/vif/$d/0/hotplug-status")" "vif $d.0"
    done
    all_run offline "$@"
}

@test "with vifpin as it is" {
    # The vifs stay in xenstore: a watcher would place them again.
    keep_watchers_away
    three_vifs
    all_run online
    equal "1.0 2.0 3.0" "$(vifpin list -no VIF | paste -sd ' ')"
    all_run offline
    lists
}

@test "vifpin is missing" {
    three_vifs
    rm "$SANDBOX/sbin/vifpin"
    survive
}

@test "vifpin is not executable" {
    three_vifs
    chmod 644 "$SANDBOX/sbin/vifpin"
    survive
}

@test "vifpin crashes" {
    three_vifs
    # shellcheck disable=SC2016 # its own $$
    sim install-vifpin <<<'#!/bin/sh
kill -SEGV $$'
    survive
}

@test "vifpin is killed" {
    three_vifs
    # shellcheck disable=SC2016 # its own $$
    sim install-vifpin <<<'#!/bin/sh
kill -KILL $$'
    survive
}

@test "vifpin returns 1" {
    three_vifs
    sim install-vifpin <<<'#!/bin/sh
exit 1'
    survive
}

@test "vifpin hangs" {
    three_vifs
    sim install-vifpin <<<'#!/bin/sh
exec sleep infinity'
    survive
}

@test "vifpin hangs and ignores SIGTERM" {
    three_vifs
    sim install-vifpin <<<'#!/bin/sh
exec env --ignore-signal=TERM sleep infinity'
    survive
}

@test "vifpin is stopped" {
    three_vifs
    # shellcheck disable=SC2016 # its own $$
    sim install-vifpin <<<'#!/bin/sh
kill -STOP $$
exec sleep infinity'
    survive
}

@test "vifpin has no memory" {
    three_vifs
    sim install-vifpin <<<"#!/bin/sh
ulimit -v 4096
exec '$VIFPIN_BIN' --root '$SIM_ROOT' \"\$@\""
    survive
}

@test "vifpin has too little memory, however little: it fails, and does not crash" {
    keep_watchers_away
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    for ((kb = 4096; kb < 16384; kb += 128)); do
        status=0
        (ulimit -v "$kb" && exec "$VIFPIN_BIN" --root "$SIM_ROOT" online XENBUS_PATH=backend/vif/1/0) \
            >"$SIM_DIR/out" 2>&1 || status=$?
        [[ $status =~ ^(0|1|127)$ ]] || equal "0, 1 or 127" "$status: $(<"$SIM_DIR/out")" "with $kb KB"
        [ "$status" != 0 ] || enough=yes
    done
    [ -n "$enough" ]
    lists "1.0 vif1.0 reserved 0/1"
}

@test "a library of vifpin's is gone" {
    three_vifs
    library=$(ldd "$VIFPIN_BIN" | sed -n 's/.*libjson-c.* => \([^ ]*\) .*/\1/p')
    mount --bind /dev/null "$library"
    ! "$VIFPIN_BIN" --version || return 1
    survive
    umount "$library"
}

@test "Xen's libraries are gone, and vifpin is configured" {
    keep_watchers_away
    three_vifs
    echo 'cpus = "2-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    hide_library libxlutil libxenctrl
    all_run online
    equal "1.0 2.0 3.0" "$(vifpin list -no VIF | paste -sd ' ')"
    grep -q "vifpin: /etc/xen/vifpin.conf: cannot be parsed without libxlutil: .*; the defaults are used$" \
        /var/log/xen/xen-hotplug.log
    all_run offline
    lists
    show_libraries
}

@test "timeout is missing" {
    three_vifs
    timeout=$(type -P timeout)
    mount --bind /dev/null "$timeout"
    survive
    umount "$timeout"
}

@test "stdin, stdout and stderr are closed" {
    three_vifs
    # shellcheck disable=SC2016 # its arguments
    survive bash -c 'exec "$@" <&- >&- 2>&-' -
}

@test "stdout is a pipe that nobody reads, and SIGPIPE and SIGCHLD are ignored" {
    three_vifs
    # shellcheck disable=SC2016 # its arguments
    survive env --ignore-signal=PIPE --ignore-signal=CHLD bash -c '"$@" > >(exit 0)' -
}

@test "descriptors from 200 up are inherited, and are not held on to" {
    three_vifs
    for fd in 200 201 250; do
        eval "exec $fd>$SIM_DIR/lock.$fd"
        flock "$fd"
    done
    all_run online
    await 5 has_watcher
    for fd in 200 201 250; do
        eval "exec $fd>&-"
        flock -n "$SIM_DIR/lock.$fd" true
    done
    all_run offline
}

three_are_listed() {
    [ "$(vifpin list -n | wc -l)" = 3 ]
}

@test "the disk is full" {
    three_vifs
    mount -t tmpfs -o size=4k none "$SIM_ROOT/var/lib"
    mkdir "$SIM_ROOT/var/lib/vifpin"
    ! head -c 8192 /dev/zero >"$SIM_ROOT/var/lib/fill" 2>/dev/null || return 1
    all_run online
    equal connected "$(xenstore-read backend/vif/1/0/hotplug-status)"
    grep -qx "vifpin: cannot write /var/lib/vifpin/ledger.json: No space left on device" \
        /var/log/xen/xen-hotplug.log
    # When there is room again the watcher, which the hook has started all the same, places them.
    rm "$SIM_ROOT/var/lib/fill"
    await 8 three_are_listed
    all_run offline
    umount -l "$SIM_ROOT/var/lib"
}

@test "/var is read-only" {
    three_vifs
    mount --bind "$SIM_ROOT/var" "$SIM_ROOT/var"
    mount -o remount,bind,ro "$SIM_ROOT/var"
    survive
    umount -l "$SIM_ROOT/var"
}

@test "/run is not there yet" {
    three_vifs
    rm -rf "$SIM_ROOT/run"
    all_run online
    await 5 has_watcher
    all_run offline
}

@test "a tap comes and goes, and vifpin that hangs is not asked" {
    sim domain 1 g1 1
    sim vif 1 0
    clocks
    sim install-vifpin <<<'#!/bin/sh
exec sleep infinity'
    ip link add vif1.0-emu type veth peer name qemu1.0
    for command in add remove; do
        ip link show vif1.0-emu >/dev/null 2>&1 ||
            ip link add vif1.0-emu type veth peer name qemu1.0
        env INTERFACE=vif1.0-emu vif=vif1.0 XENBUS_PATH=backend/vif/1/0 \
            /etc/xen/scripts/vif-bridge "$command" type_if=tap
        [ "$(time_of "$command" vif1.0)" -lt 1000 ]
    done
}

@test "libxl kills the script: vifpin that hangs does not stay" {
    three_vifs
    sim install-vifpin <<<"#!/bin/sh
echo \$\$ >$SIM_DIR/hanging
exec sleep infinity"
    "$BATS_TEST_DIRNAME/sim" script vif-bridge online 1 0 3>&- &
    await 5 test -s "$SIM_DIR/hanging"
    kill -9 "$(pgrep -f '/etc/xen/scripts/vif-bridge online')"
    wait $! || :
    await 7 has_ended "$(<"$SIM_DIR/hanging")"
}
