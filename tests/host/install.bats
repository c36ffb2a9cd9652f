#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What make install puts where, and that make uninstall takes all of it away.

load common

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# in_dest TARGET [VARIABLE=VALUE]...: without building anything.
in_dest() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$REPO" -o all "$@" \
        B="${VIFPIN_BIN%/*}" DESTDIR="$DEST"
}

# "MODE PATH" of everything that is no directory.
installed() {
    (cd "$DEST" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

setup() {
    DEST=$BATS_TEST_TMPDIR/dest
    mkdir "$DEST"
}

teardown() {
    :
}

@test "install: these files and no others" {
    in_dest install prefix=/usr sysconfdir=/etc
    equal "\
755 etc/xen/scripts/vif-openvswitch-vifpin
755 etc/xen/scripts/vif-post.d/50-vifpin.hook
644 etc/xen/vifpin.conf
644 usr/lib/systemd/system/irqbalance.service.d/vifpin.conf
644 usr/lib/systemd/system/vifpin-metrics.service
644 usr/lib/systemd/system/vifpin-metrics.timer
644 usr/lib/systemd/system/vifpin.service
755 usr/lib/vifpin/irqbalance-policy
755 usr/sbin/vifpin
644 usr/share/bash-completion/completions/vifpin
755 usr/share/doc/vifpin/examples/vifpin-bench
644 usr/share/doc/vifpin/examples/vifpin_figures.py
644 usr/share/doc/vifpin/examples/vifpin_rounds.py
644 usr/share/fish/vendor_completions.d/vifpin.fish
644 usr/share/man/man5/vifpin.conf.5
644 usr/share/man/man8/vifpin.8
644 usr/share/vifpin/grafana-dashboard.json
644 usr/share/vifpin/prometheus-rules.yml
644 usr/share/zsh/vendor-completions/_vifpin" "$(installed)"
    cmp "$VIFPIN_BIN" "$DEST/usr/sbin/vifpin"
    cmp "${VIFPIN_BIN%/*}/irqbalance-policy" "$DEST/usr/lib/vifpin/irqbalance-policy"
}

@test "uninstall leaves no file" {
    in_dest install prefix=/usr sysconfdir=/etc
    in_dest uninstall prefix=/usr sysconfdir=/etc
    equal "" "$(installed)"
    # And has nothing against being called again.
    in_dest uninstall prefix=/usr sysconfdir=/etc
}

@test "what is installed refers to what is installed" {
    in_dest install prefix=/usr sysconfdir=/etc
    equal "" "$(grep -rIl '@[a-z]*@' "$DEST" || :)"
    grep -qx 'ExecStart=/usr/sbin/vifpin watch' "$DEST/usr/lib/systemd/system/vifpin.service"
    for command in list verify; do
        grep -qF "'/usr/sbin/vifpin $command --prometheus >" "$DEST/usr/lib/systemd/system/vifpin-metrics.service"
    done
    grep -qF /usr/share/bash-completion/completions/vifpin "$DEST/usr/share/zsh/vendor-completions/_vifpin"
    grep -qF /usr/share/bash-completion/completions/vifpin "$DEST/usr/share/fish/vendor_completions.d/vifpin.fish"
    grep -qxF 'Environment=IRQBALANCE_ARGS=--policyscript=/usr/lib/vifpin/irqbalance-policy' \
        "$DEST/usr/lib/systemd/system/irqbalance.service.d/vifpin.conf"
}

@test "zsh and fish look for completions where they are installed" {
    local prefix zsh fish file

    zsh=$(zsh -fc 'print -l $fpath')
    # shellcheck disable=SC2016 # for the other shell
    fish=$(HOME=$BATS_TEST_TMPDIR env -u XDG_DATA_DIRS fish -c 'printf "%s\n" $fish_complete_path')
    for prefix in /usr /usr/local; do
        in_dest install prefix="$prefix" sysconfdir=/etc
        file=$(installed | grep -o '[^ ]*/_vifpin$')
        grep -qxF "/${file%/*}" <<<"$zsh" || equal "one of $zsh" "$file"
        file=$(installed | grep -o '[^ ]*/vifpin.fish$')
        grep -qxF "/${file%/*}" <<<"$fish" || equal "one of $fish" "$file"
        in_dest uninstall prefix="$prefix" sysconfdir=/etc
    done
}

@test "the installed hook calls the installed vifpin" {
    in_dest install prefix=/usr sysconfdir=/etc
    grep -qF ' /usr/sbin/vifpin ' "$DEST/etc/xen/scripts/vif-post.d/50-vifpin.hook"
    in_dest uninstall prefix=/usr sysconfdir=/etc
    in_dest install
    grep -qF ' /usr/local/sbin/vifpin ' "$DEST/etc/xen/scripts/vif-post.d/50-vifpin.hook"
    [ -x "$DEST/usr/local/sbin/vifpin" ]
    in_dest uninstall
    equal "" "$(installed)"
}

@test "an administrator's configuration is neither overwritten nor removed" {
    in_dest install prefix=/usr sysconfdir=/etc
    echo 'cpus = "1"' >"$DEST/etc/xen/vifpin.conf"
    in_dest install prefix=/usr sysconfdir=/etc
    in_dest uninstall prefix=/usr sysconfdir=/etc
    equal "644 etc/xen/vifpin.conf" "$(installed)"
    equal 'cpus = "1"' "$(<"$DEST/etc/xen/vifpin.conf")"
}
