#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files for Alpine, as far as they go without it: what the APKBUILD installs, and its scripts on the
# simulated dom0, the service's by the real OpenRC.
# shellcheck disable=SC1091,SC2154 # a test reads the APKBUILD

load common
load dom0

ALPINE=$REPO/packaging/alpine

teardown() {
    service stop || :
    end_dom0
    rm -f /etc/init.d/vifpin /etc/conf.d/vifpin
}

# packaged DIR [COMMAND]: what abuild would do, but that nothing is built, and this command behind it. busybox'
# sh is nearer to Alpine's than bash.
packaged() {
    (
        cd "$REPO" || exit
        # shellcheck disable=SC2016 # for that shell
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL srcdir="$ALPINE" pkgdir="$1" sh -euc '
            make() { command make -s -o all "$@"; }
            . packaging/alpine/APKBUILD
            package
            '"${2-}"
    )
}

@test "the APKBUILD names what abuild wants, and the files that are there" {
    (
        . "$ALPINE/APKBUILD"
        for word in "$pkgname" "$pkgdesc" "$url" "$arch" "$license"; do
            [ -n "$word" ]
        done
        equal "vifpin $RELEASE 0" "$pkgname $pkgver $pkgrel"
        for file in $install ${source#*.tar.gz}; do
            [ -x "$ALPINE/$file" ]
            sh -n "$ALPINE/$file"
        done
    )
}

@test "it depends on the libraries of Xen that it loads" {
    # shellcheck disable=SC2016 # that shell's
    equal "libncursesw so:libxlutil.so.X so:libxenctrl.so.X" "$(packaged "$SIM_DIR/x" 'echo "$depends"' |
        sed 's/\.so\.[0-9.]*/.so.X/g')"
}

@test "the package has the service of OpenRC, and none of systemd" {
    packaged "$SIM_DIR/x"
    equal "\
755 etc/init.d/vifpin
755 etc/xen/scripts/vif-openvswitch-vifpin
755 etc/xen/scripts/vif-post.d/50-vifpin.hook
644 etc/xen/vifpin.conf
755 usr/lib/vifpin/irqbalance-policy
755 usr/sbin/vifpin" "$(cd "$SIM_DIR/x" && find etc usr/lib usr/sbin ! -type d -printf '%m %p\n' | sort -k 2)"
}

# As it is installed.
install_package() {
    without_systemd
    packaged /
}

# service COMMAND: of OpenRC. What it starts does not hold on to what bats waits for.
service() {
    timeout 20 rc-service vifpin "$1" 3>&-
}

# Where OpenRC has been started, as far as it looks at that.
start_openrc() {
    mkdir -p /etc/conf.d /run/openrc/{daemons,exclusive,failed,hotplugged,inactive,options} \
        /run/openrc/{scheduled,started,starting,stopping,tmp,wasinactive}
    touch /run/openrc/softlevel
    echo "VIFPIN_OPTIONS='-v --root $SIM_ROOT'" >/etc/conf.d/vifpin
}

@test "OpenRC starts, reloads and stops the watcher" {
    local pid

    install_package
    start_openrc
    service start
    await 5 has_watcher
    pid=$(watcher)
    equal "/usr/sbin/vifpin -v --root $SIM_ROOT watch " "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
    service reload
    await 5 logged "event=reload"
    equal "$pid" "$(watcher)"
    service stop
    has_no_watcher
}

@test "before the package is removed, the service is stopped, and masks are the kernel's again" {
    install_package
    start_openrc
    service start
    waiting 1 2
    await 5 is_pinned 1 0
    echo 'cpu = "1"' >/etc/xen/vifpin.conf
    "$ALPINE/vifpin.pre-deinstall" 3>&-
    has_no_watcher
    stand vif1.0 0-3/0-3 0-3/0-3
    equal " * status: stopped" "$(service status 2>&1)"
}

@test "before the package is removed, a watcher that the hook started is ended" {
    install_package
    waiting 1 2
    ends 0 "" vifpin online type_if=vif XENBUS_PATH=backend/vif/1/0
    await 5 is_pinned 1 0
    "$ALPINE/vifpin.pre-deinstall" 3>&-
    has_no_watcher
    stand vif1.0 0-3/0-3 0-3/0-3
}
