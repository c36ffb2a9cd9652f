# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dom0.bash - for each test a simulated dom0 in a world that is thrown away. vifpin's directories there are
# the world's own, so that what a package does to them is seen. ./systemctl stands for systemd.

load ../host/common

setup() {
    [ -n "${SANDBOX-}" ] || {
        echo "these tests change the machine they run on; call tests/package/run" >&2
        return 1
    }
    export SIM_DIR=$BATS_TEST_TMPDIR SIM_ROOT=$BATS_TEST_TMPDIR/root
    export PATH=$SANDBOX/sbin:$PATH VIFPIN_BIN=/usr/sbin/vifpin DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2034 # used by tests
    LEDGER=/var/lib/vifpin/ledger.json
    rm -rf /etc/xen/scripts/vif-post.d /etc/xen/vifpin.conf
    sim begin
    mount --bind /run "$SIM_ROOT/run"
    mount --bind /var/lib "$SIM_ROOT/var/lib"
    mount --bind /etc/xen "$SIM_ROOT/etc/xen"
    with_systemd
}

end_dom0() {
    [ -n "$BATS_TEST_COMPLETED" ] || tail -n 50 "$SIM_DIR"/*.log "$SIM_DIR/syslog"
    sim end
    umount "$SIM_ROOT"/{run,var/lib,etc/xen}
    rm -rf /run/systemd/system /run/vifpin /var/lib/vifpin
}

with_systemd() {
    mkdir -p /run/systemd/system
    ln -sf "$BATS_TEST_DIRNAME/systemctl" "$SANDBOX/sbin/systemctl"
}

without_systemd() {
    rm -r /run/systemd/system
    rm -f "$SANDBOX/sbin/systemctl"
}

# waiting D N: a guest gD is connected, with N queues that nobody has pinned; no script ran.
waiting() {
    sim domain "$1" "g$1" "$2"
    sim vif "$1" 0 netdev=no hotplug-status=connected
    sim connect "$1" 0 "$2"
}

# All that says what is pinned where, and when it was last written.
pins() {
    (cd "$SIM_ROOT/proc" && find irq [0-9]* -type f -printf '%p %i %T@\n' | sort)
    stat -c '%n %i %.Y' "$LEDGER"
    jq -c '.vifs[]' "$LEDGER"
}
