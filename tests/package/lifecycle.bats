#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package, really installed, upgraded, removed and purged, with dpkg.

load common
load dom0

DEB=$REPO/build/deb/vifpin_${RELEASE}_$(dpkg --print-architecture).deb

teardown() {
    dpkg --purge vifpin >/dev/null 2>&1
    end_dom0
}

# package ARG...: dpkg does so. What it said is in dpkg.log.
package() {
    : >"$SIM_DIR/systemctl.log"
    timeout 60 dpkg "$@" </dev/null >"$SIM_DIR/dpkg.log" 2>&1 3>&-
}

# What is said that dpkg and its helpers do not say of any package with a service.
said() {
    grep -Ev -e '^(Selecting|\(Reading|Preparing|Unpacking|Setting up|Removing|\(?Purging|Processing) ' \
        -e '^(Created symlink|Not building database)' "$SIM_DIR/dpkg.log" || :
}

called() {
    equal "$1" "$(uniq "$SIM_DIR/systemctl.log")" "calls of systemctl"
}

@test "installed: the guests that are there are pinned, and a watcher pins the next" {
    waiting 1 2
    package -i "$DEB"
    equal "1 vif: 1 pinned, 0 partial, 0 reserved; 0 changed, 0 released" "$(said)"
    called "daemon-reload
start vifpin.service"
    stand vif1.0 0/1 2/3
    waiting 2 1
    await 5 stands vif2.0 1/0
    equal disabled "$(systemctl is-enabled vifpin-metrics.timer || :)"
    systemd-analyze verify vifpin.service 2>"$SIM_DIR/verify" || { cat "$SIM_DIR/verify"; false; }
    equal "" "$(grep vifpin "$SIM_DIR/verify" || :)"
}

@test "installed where there is no systemd: the guests that are there are pinned" {
    without_systemd
    waiting 1 2
    package -i "$DEB"
    equal "1 vif: 1 pinned, 0 partial, 0 reserved; 1 changed, 0 released" "$(said)"
    stand vif1.0 0/1 2/3
    has_no_watcher
}

@test "installed where there is no Xen: nothing is said" {
    without_systemd
    sim stop-xenstored
    package -i "$DEB"
    equal "" "$(said)"
    [ ! -e "$LEDGER" ]
}

@test "a configuration that is wrong does not fail the installation" {
    without_systemd
    waiting 1 2
    echo 'cpu = "1"' >/etc/xen/vifpin.conf
    package --force-confold -i "$DEB"
    grep -q '^vifpin: /etc/xen/vifpin.conf:1: cpu: ' "$SIM_DIR/dpkg.log"
    equal "install ok installed" "$(dpkg-query -W -f '${Status}' vifpin)"
}

@test "a xenstored that does not answer does not fail the installation" {
    without_systemd
    kill -STOP "$(<"$SIM_DIR/xenstored.pid")"
    package -i "$DEB"
    equal "install ok installed" "$(dpkg-query -W -f '${Status}' vifpin)"
    kill -CONT "$(<"$SIM_DIR/xenstored.pid")"
}

# irqbalance_runs ARG...: its arguments are all that is looked at.
irqbalance_runs() {
    bash -c 'sleep 60; :' irqbalance "$@" 3>&- &
    echo $! >"$SIM_DIR/irqbalance.pid"
}

@test "irqbalance is restarted when it is to ask vifpin, or no longer" {
    irqbalance_runs --foreground
    package -i "$DEB"
    called "daemon-reload
start vifpin.service
try-restart irqbalance.service"

    irqbalance_runs --foreground --policyscript=/usr/lib/vifpin/irqbalance-policy
    package -i "$DEB"
    called "daemon-reload
restart vifpin.service"

    package --remove vifpin
    called "stop vifpin.service
stop vifpin-metrics.timer
daemon-reload
try-restart irqbalance.service"
}

@test "an upgrade moves no pin, and misses no guest" {
    local before

    package -i "$DEB"
    waiting 1 2
    waiting 2 3
    waiting 3 1
    await 5 stands vif1.0 0/1 2/3
    await 5 is_pinned 3 0
    sed -i 's/^#cpus.*/cpus = "0-3"/' /etc/xen/vifpin.conf
    vifpin verify
    before=$(pins)

    package -i "$DEB"
    equal "" "$(said)"
    called "daemon-reload
restart vifpin.service"
    has_watcher
    equal "$before" "$(pins)"
    grep -qx 'cpus = "0-3"' /etc/xen/vifpin.conf

    # While one watcher has ended and the other not begun: one guest goes, one comes.
    cat >"$SIM_DIR/meanwhile" <<<"sim() { '$HOST_TESTS/sim' \"\$@\"; }; $(declare -f waiting)
        sim vanish 3 0; waiting 4 1"
    before=$(places | grep -v '^3')
    package -i "$DEB"
    equal "$before" "$(places | grep -v '^4')"
    is_pinned 4 0
    vifpin verify
}

# package_of VERSION: makes one of it, the same but for that.
package_of() {
    local tree=$SIM_DIR/tree

    dpkg-deb -R "$DEB" "$tree"
    sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control"
    dpkg-deb -b "$tree" "$SIM_DIR/$1.deb" >/dev/null
    rm -r "$tree"
    echo "$SIM_DIR/$1.deb"
}

@test "a downgrade moves no pin, and leaves a ledger of a later version alone" {
    local before

    package -i "$(package_of 9.0)"
    waiting 1 2
    await 5 stands vif1.0 0/1 2/3
    await 5 is_pinned 1 0
    before=$(pins)

    package -i "$DEB"
    equal "dpkg: warning: downgrading vifpin from 9.0 to $RELEASE" "$(said)"
    equal "$before" "$(pins)"

    package -i "$(package_of 9.1)"
    echo '{"version": 2}' >"$LEDGER"
    package -i "$DEB"
    equal '{"version": 2}' "$(<"$LEDGER")"
    stand vif1.0 0/1 2/3
    # What docs/compatibility.md says to do.
    mv "$LEDGER" "$LEDGER.later"
    echo none >"$LEDGER"
    vifpin reconcile
    equal "$(grep -v "$LEDGER\|^{" <<<"$before")" "$(pins | grep -v "$LEDGER\|^{")"
    lists "1.0 vif1.0 pinned 0/1 2/3"
}

@test "removed: masks are the kernel's again, the ledger and the configuration stay" {
    package -i "$DEB"
    waiting 1 2
    waiting 2 1
    await 5 stands vif1.0 0/1 2/3
    await 5 stands vif2.0 1/0
    mkdir -p /var/lib/prometheus/node-exporter
    vifpin list --prometheus >/var/lib/prometheus/node-exporter/vifpin.prom
    # Even this is no reason to leave pins behind.
    echo 'cpu = "1"' >/etc/xen/vifpin.conf

    package --remove vifpin
    equal "" "$(said)"
    called "stop vifpin.service
stop vifpin-metrics.timer
daemon-reload
try-restart irqbalance.service"
    has_no_watcher
    stand vif1.0 0-3/0-3 0-3/0-3
    stand vif2.0 0-3/0-3
    [ ! -e /var/lib/prometheus/node-exporter/vifpin.prom ]
    equal '[[],2]' "$(jq -c '[.vifs, (.remembered | length)]' "$LEDGER")"
    equal "/etc/xen/scripts/vif-openvswitch-vifpin
/etc/xen/scripts/vif-post.d/50-vifpin.hook
/etc/xen/vifpin.conf" "$(dpkg -L vifpin 2>/dev/null | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)"
}

@test "removed: a watcher that the hook started does not pin again" {
    without_systemd
    package -i "$DEB"
    waiting 1 2
    ends 0 "" vifpin online type_if=vif XENBUS_PATH=backend/vif/1/0
    await 5 stands vif1.0 0/1 2/3
    # It goes on in the program that was replaced.
    package -i "$DEB"
    has_watcher

    package --remove vifpin
    equal "" "$(said)"
    has_no_watcher
    stand vif1.0 0-3/0-3 0-3/0-3
}

@test "installed again: a guest gets the places that it had" {
    package -i "$DEB"
    waiting 1 1
    waiting 2 2
    await_list "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3 1/0"
    sim vanish 1 0
    await_list "2.0 vif2.0 pinned 2/3 1/0"
    package --remove vifpin
    package -i "$DEB"
    await_list "2.0 vif2.0 pinned 2/3 1/0"
}

@test "removed: vifs come up as if it had never been there" {
    package -i "$DEB"
    package --remove vifpin
    sim domain 1 g1 1
    sim vif 1 0
    sim online 1 0
    equal connected "$(xenstore-read backend/vif/1/0/hotplug-status)"
    equal "" "$(</var/log/xen/xen-hotplug.log)"
}

# Every path where a package might leave something.
paths() {
    find /etc /run /usr /var ! -path '/run/sandbox/*' ! -path '/var/cache/*' ! -path '/var/log/*' | LC_ALL=C sort
}

@test "purged: nothing is left" {
    paths >"$SIM_DIR/before"
    package -i "$DEB"
    waiting 1 1
    await 5 stands vif1.0 0/1
    echo broken >"$LEDGER"
    vifpin reconcile
    ls "$LEDGER".corrupt-*
    package --purge vifpin
    stand vif1.0 0-3/0-3
    paths >"$SIM_DIR/after"
    diff "$SIM_DIR/before" "$SIM_DIR/after"
    equal "" "$(grep -rIl vifpin /etc /var/lib/dpkg/{info,status} /var/lib/systemd 2>/dev/null || :)"
}

# One file of them will do. The sandbox of the host tests hides what is in /run.
@test "autopkgtest runs the host tests with the installed program" {
    local file=tests/host/install.bats tmp

    package -i "$DEB"
    tmp=$(mktemp -d -p /var/tmp)
    cd "$REPO"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin AUTOPKGTEST_TMP="$tmp" debian/tests/host "$file" 3>&-
    equal "$(grep -c '^@test' "$file")" "$(grep -c '^ok' "$tmp/host.tap")"
    equal "$(readlink -f "$tmp"/{vifpin,irqbalance-policy})" "/usr/sbin/vifpin
/usr/lib/vifpin/irqbalance-policy"
}
