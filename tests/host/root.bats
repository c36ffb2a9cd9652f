#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Below --root links lead where they would on the host that has this root: never out of it.

load common
load installed

# What an absolute link names: on this machine, and on the host below the root.
setup_links() {
    OUTSIDE=$SIM_DIR/outside
    INSIDE=$SIM_ROOT$OUTSIDE
    mkdir "$OUTSIDE"
}

# Everything outside as it is now, contents too: for a comparison with later.
outside() {
    (cd "$OUTSIDE" && find . -printf '%y %P %m %s %T@\n' -type f -exec cat {} +)
}

# moved_out PATH: what lies at PATH below the root lies outside, and a link in its place leads there.
moved_out() {
    mv "$SIM_ROOT/$1" "$OUTSIDE/${1##*/}"
    ln -s "$OUTSIDE/${1##*/}" "$SIM_ROOT/$1"
}

# moved_in PATH: it lies where that link leads on the host.
moved_in() {
    mkdir -p "$INSIDE"
    mv "$OUTSIDE/${1##*/}" "$INSIDE/${1##*/}"
}

@test "a ledger's directory behind an absolute link" {
    setup_links
    moved_out var
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected
    before=$(outside)
    ends 1 "vifpin: cannot use /var/lib/vifpin: No such file or directory" vifpin pin g1
    lists
    equal "$before" "$(outside)"
    moved_in var
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 reserved 0/1"
    equal "ledger.json ledger.lock" "$(cd "$INSIDE/var/lib/vifpin" && echo *)"
    equal "" "$(ls -A "$OUTSIDE")"
}

@test "a ledger's directory behind a link with more .. than there are directories" {
    setup_links
    rmdir "$SIM_ROOT/var/lib"
    ln -s "../../../../../../../../../../../../../../$OUTSIDE" "$SIM_ROOT/var/lib"
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected
    ends 1 "vifpin: cannot use /var/lib/vifpin: No such file or directory" vifpin pin g1
    mkdir -p "$INSIDE"
    ends 0 "" vifpin pin g1
    equal "ledger.json ledger.lock" "$(cd "$INSIDE/vifpin" && echo *)"
    equal "" "$(ls -A "$OUTSIDE")"
}

@test "a ledger behind a link" {
    setup_links
    by_hand 1 1
    moved_out var/lib/vifpin/ledger.json
    lists
    sim domain 2 g2 1
    sim vif 2 0 hotplug-status=connected
    before=$(outside)
    ends 0 "" vifpin pin g2
    lists "2.0 vif2.0 reserved 0/1"
    equal "$before" "$(outside)"
}

@test "the locks behind links" {
    setup_links
    mkdir "$SIM_ROOT/run/vifpin" "$SIM_ROOT/var/lib/vifpin"
    moved_out run/vifpin
    : >"$OUTSIDE/lock"
    ln -s "$OUTSIDE/lock" "$SIM_ROOT/var/lib/vifpin/ledger.lock"
    before=$(outside)
    error="vifpin: cannot lock /var/lib/vifpin/ledger.json: Too many levels of symbolic links"
    ends 1 "$error" vifpin reconcile
    ends 1 "vifpin: watch: cannot use /run/vifpin: No such file or directory" vifpin watch
    equal "$before" "$(outside)"
    moved_in run/vifpin
    ln -s "$OUTSIDE/lock" "$INSIDE/vifpin/watch.lock"
    before=$(outside)
    error="vifpin: watch: cannot open /run/vifpin/watch.lock: Too many levels of symbolic links"
    ends 1 "$error" vifpin watch
    equal "$before" "$(outside)"
}

@test "when the last pass was, behind a link" {
    setup_links
    vifpin reconcile
    moved_out var/lib/vifpin/ledger.lock
    vifpin list --prometheus >"$SIM_DIR/metrics"
    grep -qx "vifpin_last_pass_timestamp_seconds 0.000" "$SIM_DIR/metrics"
    moved_in var/lib/vifpin/ledger.lock
    touch -d @1000000000 "$INSIDE/ledger.lock"
    vifpin list --prometheus >"$SIM_DIR/metrics"
    grep -qx "vifpin_last_pass_timestamp_seconds 1000000000.000" "$SIM_DIR/metrics"
}

@test "the configuration behind a link" {
    setup_links
    echo 'cpus = "x"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    moved_out etc/xen/vifpin.conf
    prints 0 "nothing to move; CPU loads differ by 0 (tx 0, rx 0)" vifpin rebalance
    moved_in etc/xen/vifpin.conf
    error="vifpin: /etc/xen/vifpin.conf:1: cpus: 'x' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'"
    ends 1 "$error" vifpin rebalance
}

# connected: a guest g1 with one queue, not pinned. IRQ is its tx interrupt, PID its dealloc thread.
connected() {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
    sim connect 1 0 1
    IRQ=$(sim irq-number vif1.0-q0-tx)
    PID=$(awk '$2 == "vif1.0-q0-dealloc" { print $1 }' "$SIM_DIR/threads")
}

@test "an interrupt's mask behind a link" {
    setup_links
    connected
    moved_out "proc/irq/$IRQ/smp_affinity_list"
    before=$(outside)
    ends 1 "vifpin: vif 1.0: cannot set the CPUs of vif1.0-q0-tx: No such file or directory" \
        vifpin pin g1
    equal "$before" "$(outside)"
    moved_in "proc/irq/$IRQ/smp_affinity_list"
    ends 0 "" vifpin pin g1
    equal 0 "$(<"$INSIDE/smp_affinity_list")"
}

@test "a thread's mask behind a link" {
    setup_links
    connected
    moved_out "proc/$PID/status"
    before=$(outside)
    ends 1 "vifpin: vif 1.0: cannot set the CPUs of vif1.0-q0-dealloc: No such file or directory" \
        vifpin pin g1
    equal "$before" "$(outside)"
    moved_in "proc/$PID/status"
    ends 0 "" vifpin pin g1
    grep -qx "Cpus_allowed_list:	0" "$INSIDE/status"
}

@test "a thread behind a link" {
    setup_links
    connected
    moved_out "proc/$PID"
    before=$(outside)
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin pin g1
    equal "$before" "$(outside)"
    moved_in "proc/$PID"
    ends 0 "" vifpin pin g1
    grep -qx "Cpus_allowed_list:	0" "$INSIDE/$PID/status"
}

@test "a thread's start time behind a link" {
    setup_links
    connected
    moved_out "proc/$PID/stat"
    before=$(outside)
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin pin g1
    equal "$before" "$(outside)"
    moved_in "proc/$PID/stat"
    ends 0 "" vifpin pin g1
    grep -qx "Cpus_allowed_list:	0" "$SIM_ROOT/proc/$PID/status"
}

# finds STATE: what doctor thinks of the scripts and the hook.
finds() {
    vifpin doctor -J >"$SIM_DIR/doctor" || :
    equal "$1" "$(jq -r '.checks[] | select(.check == "hook") | .state' "$SIM_DIR/doctor")"
}

@test "scripts behind links" {
    setup_links
    healthy
    finds ok
    moved_out etc/xen/scripts
    finds warning
    moved_in etc/xen/scripts
    finds ok
    moved_out usr/sbin/vifpin
    finds problem
    moved_in usr/sbin/vifpin
    finds ok
}

@test "a kernel that cannot keep to a root" {
    without=$BATS_TEST_DIRNAME/without-openat2
    error="vifpin: cannot use $SIM_ROOT as root: this kernel has no openat2(), without which links could lead out of it; Linux 5.6 and later have it"
    ends 1 "$error" "$without" vifpin list
    ends 1 "$error" "$without" vifpin reconcile
    [ ! -e "$SIM_ROOT/var/lib/vifpin" ]
    # From the machine's own there is no way out.
    # shellcheck disable=SC2086 # a command and its options
    prints 0 "DOMAIN VIF DEV STATE QUEUE TX RX" "$without" ${VIFPIN_WRAP-} "$VIFPIN_BIN" list
}
