# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# installed.bash - makes the simulated dom0 a Xen host on which vifpin is installed, as doctor sees it.

POLICY=/usr/lib/vifpin/irqbalance-policy
HOOK=/etc/xen/scripts/vif-post.d/50-vifpin.hook

# file PATH: what comes on stdin is the file's content.
file() {
    mkdir -p "$(dirname "$SIM_ROOT/$1")"
    sim put "$1"
}

# script PATH: what comes on stdin is a script of the host.
script() {
    file "${1#/}"
    chmod 755 "$SIM_ROOT$1"
}

# A Xen host with systemd where vifpin is installed, and the watcher is not there.
healthy() {
    echo xen | file sys/hypervisor/type
    echo 4 | file sys/module/xen_netback/parameters/max_queues
    echo Y | file sys/module/xen_netback/parameters/separate_tx_rx_irq
    mkdir -p "$SIM_ROOT/run/systemd/system" "$SIM_ROOT/usr/sbin"
    cp "$VIFPIN_BIN" "$SIM_ROOT/usr/sbin/vifpin"
    mkdir -p "$SIM_ROOT${POLICY%/*}"
    cp "${VIFPIN_BIN%/*}/irqbalance-policy" "$SIM_ROOT$POLICY"
    script "$HOOK" <<<'timeout -k 1 5 /usr/sbin/vifpin online || :'
    cp /etc/xen/scripts/xen-hotplug-common.sh "$SIM_ROOT/etc/xen/scripts"
}

# irqbalance ARG...: runs with these arguments.
irqbalance() {
    mkdir -p "$SIM_ROOT/proc/900"
    echo irqbalance | file proc/900/comm
    printf '%s\0' /usr/sbin/irqbalance --foreground "$@" | file proc/900/cmdline
    printf 'x\0irqbalance version 1.9.2\n\0' | file usr/sbin/irqbalance
}
