#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The spec file for Fedora and openSUSE, as far as Debian's rpm goes: it builds, and the package is really
# installed and removed.

load common
load dom0

SPEC=$REPO/packaging/vifpin.spec

setup_file() {
    make -C "$REPO" dist VERSION="$RELEASE" >/dev/null
    # The unit tests have been run when the Debian package was built.
    rpmbuild -ba --nodeps --nocheck --define "_topdir $BATS_FILE_TMPDIR" \
        --define "_sourcedir $REPO/build/dist" "$SPEC" >"$BATS_FILE_TMPDIR/log" 2>&1 || {
        cat "$BATS_FILE_TMPDIR/log"
        return 1
    }
}

teardown() {
    package -e vifpin
    end_dom0
}

rpm_file() {
    echo "$BATS_FILE_TMPDIR/RPMS"/*/"vifpin-$RELEASE-1."*.rpm
}

# package ARG...: rpm does so. Of what the package needs it knows nothing here, and it gives scripts a PATH
# of its own.
package() {
    rpm --dbpath "$SIM_DIR/rpm" --nodeps --force-debian --define "_install_script_path $PATH" "$@" \
        >"$SIM_DIR/rpm.log" 2>&1
}

@test "it is built without a warning, a source package too" {
    equal "" "$(grep -i 'warning:' "$BATS_FILE_TMPDIR/log" || :)"
    ls "$BATS_FILE_TMPDIR/SRPMS/vifpin-$RELEASE-1.src.rpm"
}

@test "it depends on the libraries of Xen that it loads" {
    equal "$(ldconfig -p | sed -En 's/^\t(libx(lutil|enctrl)\.so\.[0-9.]+) \(.*/\1()(64bit)/p' | sort -u)" \
        "$(rpm -qp --requires "$(rpm_file)" | grep -E '^libx(lutil|enctrl)')"
}

# The rest is listed in the Debian package.
@test "programs, configuration and service are where they belong" {
    equal "\
/etc/xen/scripts/vif-openvswitch-vifpin
/etc/xen/scripts/vif-post.d/50-vifpin.hook
/etc/xen/vifpin.conf
/usr/lib/systemd/system/irqbalance.service.d/vifpin.conf
/usr/lib/systemd/system/vifpin-metrics.service
/usr/lib/systemd/system/vifpin-metrics.timer
/usr/lib/systemd/system/vifpin.service
/usr/lib/vifpin/irqbalance-policy
/usr/sbin/vifpin" "$(rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$(rpm_file)" |
        sed -En 's,^-.* (/etc/.*|/usr/lib/(vifpin|systemd)/.*|/usr/s?bin/.*),\1,p')"
    equal "\
/etc/xen/scripts/vif-openvswitch-vifpin
/etc/xen/scripts/vif-post.d/50-vifpin.hook
/etc/xen/vifpin.conf" "$(rpm -qpc "$(rpm_file)")"
}

# parse MACRO VALUE ...: the spec as a distribution reads it that has these.
parse() {
    local defines=()

    while [ $# -gt 0 ]; do
        defines+=(--define "$1 $2")
        shift 2
    done
    rpmspec --parse "${defines[@]}" "$SPEC"
}

# script SECTION: that of a spec on standard input.
script() {
    sed -n "/^%$1\$/,/^%/ { /^%/d; p }"
}

@test "Fedora's places and macros are used" {
    local spec

    spec=$(parse _sbindir /usr/bin 'systemd_post()' 'post %*' 'systemd_preun()' 'preun %*' \
        'systemd_postun_with_restart()' 'postun %*')
    grep -qx '/usr/bin/vifpin' <<<"$spec"
    grep -q 'make install .* sbindir=/usr/bin' <<<"$spec"
    equal "post vifpin.service vifpin-metrics.timer" "$(script post <<<"$spec" | head -n 1)"
    equal "preun vifpin.service vifpin-metrics.timer" "$(script preun <<<"$spec" | head -n 1)"
    equal "postun vifpin.service" "$(script postun <<<"$spec" | head -n 1)"
}

@test "openSUSE's macros are used" {
    local spec word

    spec=$(parse suse_version 1600 'service_add_pre()' 'pre %*' 'service_add_post()' 'post %*' \
        'service_del_preun()' 'preun %*' 'service_del_postun()' 'postun %*')
    for word in pre post preun postun; do
        equal "$word vifpin.service vifpin-metrics.timer" "$(script "$word" <<<"$spec" | head -n 1)"
    done
}

@test "installed, upgraded and removed: pins stay as long as the package does" {
    local before

    without_systemd
    package -i "$(rpm_file)"
    waiting 1 2
    ends 0 "" vifpin online type_if=vif XENBUS_PATH=backend/vif/1/0
    await 5 is_pinned 1 0
    before=$(pins)
    package -U --force "$(rpm_file)"
    equal "$before" "$(pins)"
    has_watcher

    echo 'cpu = "1"' >/etc/xen/vifpin.conf
    package -e vifpin
    has_no_watcher
    stand vif1.0 0-3/0-3 0-3/0-3
    equal '[[],1]' "$(jq -c '[.vifs, (.remembered | length)]' "$LEDGER")"
    [ ! -e /etc/xen/scripts/vif-post.d ]
}
