#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package that `make deb` has built: what is in it, what lintian says of it, and that it comes
# out the same elsewhere.

load common

DEBS=$REPO/build/deb
ARCH=$(dpkg --print-architecture)
DEB=$DEBS/vifpin_${RELEASE}_$ARCH.deb

@test "these files and no others" {
    local units

    units=$(pkg-config --variable=systemdsystemunitdir systemd)
    equal "\
-rwxr-xr-x /etc/xen/scripts/vif-openvswitch-vifpin
-rwxr-xr-x /etc/xen/scripts/vif-post.d/50-vifpin.hook
-rw-r--r-- /etc/xen/vifpin.conf
-rw-r--r-- $units/irqbalance.service.d/vifpin.conf
-rw-r--r-- $units/vifpin-metrics.service
-rw-r--r-- $units/vifpin-metrics.timer
-rw-r--r-- $units/vifpin.service
-rwxr-xr-x /usr/lib/vifpin/irqbalance-policy
-rwxr-xr-x /usr/sbin/vifpin
-rw-r--r-- /usr/share/bash-completion/completions/vifpin
-rw-r--r-- /usr/share/doc/vifpin/CHANGELOG.md
-rw-r--r-- /usr/share/doc/vifpin/README.md.gz
-rw-r--r-- /usr/share/doc/vifpin/changelog.gz
-rw-r--r-- /usr/share/doc/vifpin/compatibility.md.gz
-rw-r--r-- /usr/share/doc/vifpin/copyright
-rwxr-xr-x /usr/share/doc/vifpin/examples/vifpin-bench
-rw-r--r-- /usr/share/doc/vifpin/examples/vifpin_figures.py
-rw-r--r-- /usr/share/doc/vifpin/examples/vifpin_rounds.py
-rw-r--r-- /usr/share/doc/vifpin/ledger.md
-rw-r--r-- /usr/share/doc/vifpin/monitoring.md.gz
-rw-r--r-- /usr/share/doc/vifpin/schema/cpus.json
-rw-r--r-- /usr/share/doc/vifpin/schema/doctor.json
-rw-r--r-- /usr/share/doc/vifpin/schema/ledger.json
-rw-r--r-- /usr/share/doc/vifpin/schema/list.json
-rw-r--r-- /usr/share/doc/vifpin/schema/top.json
-rw-r--r-- /usr/share/doc/vifpin/schema/verify.json
-rw-r--r-- /usr/share/doc/vifpin/toolstacks.md
-rw-r--r-- /usr/share/fish/vendor_completions.d/vifpin.fish
-rw-r--r-- /usr/share/lintian/overrides/vifpin
-rw-r--r-- /usr/share/man/man5/vifpin.conf.5.gz
-rw-r--r-- /usr/share/man/man8/vifpin.8.gz
-rw-r--r-- /usr/share/vifpin/grafana-dashboard.json
-rw-r--r-- /usr/share/vifpin/prometheus-rules.yml
-rw-r--r-- /usr/share/zsh/vendor-completions/_vifpin" \
        "$(dpkg-deb -c "$DEB" | awk '!/^d/ { sub("^[.]", "", $6); print $1, $6 }' | LC_ALL=C sort -k 2)"
}

@test "the configuration, the hook and the script are the administrator's" {
    equal "\
/etc/xen/scripts/vif-openvswitch-vifpin
/etc/xen/scripts/vif-post.d/50-vifpin.hook
/etc/xen/vifpin.conf" "$(dpkg-deb -I "$DEB" conffiles)"
}

@test "it depends on the libraries of Xen that it loads" {
    local file depends

    depends=$(dpkg-deb -f "$DEB" Depends)
    for file in xenctrl xlutil; do
        file=$(readlink -f "$(cc -print-file-name=lib$file.so)")
        [[ ", $depends" == *", $(dpkg -S "$file" | sed 's/:.*//') (>= "* ]] || equal "$file" "$depends"
    done
}

@test "it is built for this release" {
    dpkg-deb -x "$DEB" "$BATS_TEST_TMPDIR/x"
    equal "vifpin $RELEASE" "$("$BATS_TEST_TMPDIR/x/usr/sbin/vifpin" --version)"
}

@test "lintian has nothing to say" {
    equal "" "$(lintian --allow-root --pedantic --display-info --display-experimental \
        "$DEBS/vifpin_${RELEASE}_$ARCH.changes" 2>&1)"
}

# Elsewhere, in other habits, from the source package; and with no test.
@test "the source package builds the same bytes again" {
    local file tree=$BATS_TEST_TMPDIR/vifpin-$RELEASE

    cd "$BATS_TEST_TMPDIR"
    dpkg-source --extract "$DEBS/vifpin_$RELEASE.dsc" "$tree" >/dev/null
    (
        cd "$tree"
        umask 077
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL TZ=Pacific/Apia LC_ALL=C.UTF-8 HOME=/nonexistent \
            DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc >../log 2>&1
    ) || { cat log; false; }
    for file in "vifpin_$RELEASE".{dsc,tar.xz} "vifpin"{,-dbgsym}"_${RELEASE}_$ARCH.deb"; do
        cmp "$DEBS/$file" "$file"
    done
    # Else what was built first would have been cmp'd with itself, or not been tested.
    [ ! -e "$tree/build/results" ]
    [ -s "$DEBS/vifpin-$RELEASE/build/results/unit-ledger.tap" ]
}

@test "autopkgtest asks for what the host tests need" {
    local others=(debhelper libcmocka-dev libjson-c-dev libncurses-dev libsmartcols-dev valgrind)

    equal "$(sed 's/[| ].*//; /^#/d' "$REPO/tests/deps" | sort)" \
        "$( (sed -n 's/^ \([^@ ]*\)[, ].*/\1/p' "$REPO/debian/tests/control"
            printf '%s\n' "${others[@]}") | sort)"
}
