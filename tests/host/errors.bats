#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is wrong is said in one line on stderr, and the exit status is xl's: 1 failed, 2 usage.

load common

CONF_ERROR="vifpin: /etc/xen/vifpin.conf:3: cpus: 'X' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'"

bad_config() {
    printf '# where\n\ncpus = "0-3,X"\n' >"$SIM_ROOT/etc/xen/vifpin.conf"
}

@test "online and offline without XENBUS_PATH" {
    for command in online offline; do
        for path in '' XENBUS_PATH=; do
            # shellcheck disable=SC2086 # none or one
            ends 2 "vifpin: $command: XENBUS_PATH is not set; see 'vifpin $command --help'" \
                env -u XENBUS_PATH $path vifpin "$command" type_if=vif
        done
    done
}

@test "online and offline with garbage for XENBUS_PATH" {
    for command in online offline; do
        for path in X backend/vif/1 backend/vif/1/ backend/vif/1/0/ backend/vif/1/0/state \
            backend/vbd/1/0 /backend/vif/1/0 backend/vif/-1/0 backend/vif/1/0x backend/vif/x/0 \
            backend/vif/32752/0 backend/vif/99999999999999999999/0 backend/vif/1/65536 \
            /local/domain/x/backend/vif/1/0 /local/domain/0/backend/vif/1 ' backend/vif/1/0'; do
            ends 2 "vifpin: $command: XENBUS_PATH '$path' is not backend/vif/DOMID/DEVID; see 'vifpin $command --help'" \
                env "XENBUS_PATH=$path" vifpin "$command"
        done
    done
    lists
}

@test "online with a word that is no KEY=VALUE" {
    ends 2 "vifpin: online: 'backend/vif/1/0' is not KEY=VALUE; see 'vifpin online --help'" \
        vifpin online backend/vif/1/0
}

@test "online for a vif of another backend domain" {
    ends 2 "vifpin: online: XENBUS_PATH '/local/domain/5/backend/vif/1/0' belongs to backend domain 5, this is domain 0; run vifpin there" \
        env XENBUS_PATH=/local/domain/5/backend/vif/1/0 vifpin online
    lists
}

@test "online for a vif that is not in xenstore" {
    ends 1 "vifpin: vif 9.0 is not in xenstore (no backend/vif/9/0); xl network-list shows a domain's vifs" \
        env XENBUS_PATH=backend/vif/9/0 vifpin online
    lists
    # The one that was started has nothing to watch.
    await 5 has_no_watcher
}

@test "without xenstored" {
    by_hand 1 1
    sim stop-xenstored
    error="vifpin: cannot reach xenstored: No such file or directory; is it running?"
    ends 1 "$error" env XENBUS_PATH=backend/vif/1/0 vifpin online
    ends 1 "$error" vifpin pin g1
    ends 1 "$error" vifpin unpin g1
    ends 1 "$error" vifpin reconcile
    lists "1.0 vif1.0 pinned 0/1"
    # The ledger is enough for offline.
    ends 0 "" env XENBUS_PATH=backend/vif/1/0 vifpin offline
    lists
}

@test "pin and unpin of a domain that does not exist" {
    sim domain 1 g1 1
    for command in pin unpin; do
        for domain in nosuch 7 99999999999999999999 0x1 G1; do
            ends 1 "vifpin: $domain is an invalid domain identifier (rc=-6); xl list shows the domains" \
                vifpin "$command" "$domain"
        done
        ends 1 "vifpin:  is an invalid domain identifier (rc=-6); xl list shows the domains" \
            vifpin "$command" ''
    done
}

@test "pin and unpin of a vif that the domain does not have" {
    sim domain 1 g1 1
    sim domain 2 g2 1
    sim vif 1 0
    sim vif 2 7
    for command in pin unpin; do
        for device in 7 x 0x0 '' 00:16:3e:00:02:07 99999999999999999999; do
            ends 1 "vifpin: Unknown device $device. xl network-list g1 shows the devices of g1" \
                vifpin "$command" g1 "$device"
        done
    done
    lists
}

@test "a bad configuration line: what would change something refuses" {
    sim domain 1 g1 1
    sim vif 1 0
    bad_config
    for command in "pin g1" "unpin g1" reconcile rebalance "-N pin g1"; do
        # shellcheck disable=SC2086 # words
        ends 1 "$CONF_ERROR" vifpin $command
    done
    [ ! -e "$LEDGER" ]
}

@test "a bad configuration line: what only looks says so and shows what it would show without" {
    by_hand 1 1
    for command in list "list -J" "list --prometheus" cpus verify "verify --prometheus" "verify -J g1" "verify nosuch"; do
        status=0
        # shellcheck disable=SC2086 # words
        vifpin $command >"$SIM_DIR/without" 2>"$SIM_DIR/complaint" || status=$?
        bad_config
        # shellcheck disable=SC2086 # words
        does "$status" "$(<"$SIM_DIR/without")" \
            "$(echo "$CONF_ERROR; the defaults are used"; cat "$SIM_DIR/complaint")" vifpin $command
        rm "$SIM_ROOT/etc/xen/vifpin.conf"
    done
    does 0 "$(vifpin list)" "vifpin: cannot read $SIM_DIR/nosuch: No such file or directory; the defaults are used" \
        vifpin -c "$SIM_DIR/nosuch" list
}

@test "a bad configuration line: hook and watcher say so and go on with the defaults" {
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected
    bad_config
    ends 0 "$CONF_ERROR; the defaults are used" env XENBUS_PATH=backend/vif/1/0 vifpin online
    await 5 has_watcher
    sim connect 1 0 1
    await 5 stands vif1.0 0/1
    logged "${CONF_ERROR#vifpin: }; the defaults are used"
    stop_watcher
    ends 0 "$CONF_ERROR; the defaults are used" env XENBUS_PATH=backend/vif/1/0 vifpin offline
    sim vanish 1 0
    ends 0 "$CONF_ERROR; the defaults are used" vifpin watch --until-idle
    rm "$SIM_ROOT/etc/xen/vifpin.conf"
    lists
}

@test "other errors in the configuration" {
    conf=$SIM_ROOT/etc/xen/vifpin.conf
    printf 'cpus = "0"\ncpu = "1"\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:2: cpu: unknown key; see vifpin.conf(5)" vifpin pin 1
    printf 'cpus = "0"\ncpus = "1"\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:2: cpus: appears twice" vifpin pin 1
    printf 'cpus = 2-3\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:1: config parsing error near \`-3': lexical error; write cpus = \"2-3\"" vifpin pin 1
    printf 'verify_interval = "often"\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:1: verify_interval: not a number of seconds from 0 to 86400" vifpin pin 1
    printf '\n\n\ncpus = [ "1" ]\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:4: cpus: not a string; write cpus = \"0-3\"" vifpin pin 1
    printf 'cpus = "1"\n=\n' >"$conf"
    ends 1 "vifpin: /etc/xen/vifpin.conf:2: config parsing error near \`=': syntax error, unexpected '=', expecting \$end or IDENT or NEWLINE or ';'" \
        vifpin pin 1
    ends 1 "vifpin: cannot read $SIM_DIR/nosuch: No such file or directory" \
        vifpin -c "$SIM_DIR/nosuch" pin 1
    rm "$conf"
    mkdir "$conf"
    ends 1 "vifpin: cannot read /etc/xen/vifpin.conf: Is a directory" vifpin pin 1
}

@test "no CPU is left" {
    sim domain 1 g1 1
    sim vif 1 0
    echo 'cpus = "9"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    error="vifpin: no CPU is left for vif 1.0: none of those online is in both cpus of /etc/xen/vifpin.conf and vifpin's own affinity mask; see vifpin doctor"
    ends 1 "$error" env XENBUS_PATH=backend/vif/1/0 vifpin online
    ends 1 "$error" vifpin pin 1
    lists
}

# unreadable PATH: with a directory or file in its place that it cannot be, pin refuses, and places nothing.
unreadable() {
    local path=$SIM_ROOT/$1

    [ ! -e "$path" ] || mv "$path" "$SIM_DIR/saved"
    if [ -d "$SIM_DIR/saved" ]; then : >"$path"; else mkdir -p "$path"; fi
    ends 1 "vifpin: cannot read /$1: $2" vifpin pin g1
    lists
    rm -r "$path"
    [ ! -e "$SIM_DIR/saved" ] || mv "$SIM_DIR/saved" "$path"
}

@test "what cannot be read does not count as missing" {
    sim domain 1 g1 2
    sim vif 1 0 netdev=no hotplug-status=connected
    sim connect 1 0 2
    unreadable sys/bus/xen-backend/devices/vif-1-0/net "Not a directory"
    unreadable sys/devices/system/cpu/isolated "Is a directory"
    unreadable sys/devices/system/cpu/present "Is a directory"
    unreadable proc/self/status "Is a directory"
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1 2/3"
}

@test "usage" {
    ends 2 "vifpin: unknown command 'x'; see 'vifpin --help'" vifpin x
    ends 2 "vifpin: missing command; see 'vifpin --help'" vifpin
    ends 2 "vifpin: unknown option '-x'; see 'vifpin --help'" vifpin -x list
    ends 2 "vifpin: option '-c' requires an argument; see 'vifpin --help'" vifpin -c
    ends 2 "vifpin: list: unknown option '-x'; see 'vifpin list --help'" vifpin list -x
    ends 2 "vifpin: list: unexpected argument '2'; see 'vifpin list --help'" vifpin list 1 2
    ends 2 "vifpin: watch: unknown option '-x'; see 'vifpin watch --help'" vifpin watch -x
    ends 2 "vifpin: watch: unexpected argument '1'; see 'vifpin watch --help'" vifpin watch 1
    for command in pin unpin; do
        ends 2 "vifpin: $command: missing argument DOMAIN; see 'vifpin $command --help'" \
            vifpin "$command"
        ends 2 "vifpin: $command: unexpected argument '3'; see 'vifpin $command --help'" \
            vifpin "$command" 1 2 3
    done
}

@test "--version" {
    output=$(vifpin --version 2>&1)
    [[ $output =~ ^vifpin\ [0-9]+\.[0-9]+\.[0-9]+(-dev\+[0-9a-f]+(-dirty)?)?$ ]]
}

@test "a root that is not there" {
    # shellcheck disable=SC2086 # a command and its options
    ends 1 "vifpin: cannot use $SIM_DIR/nosuch as root: No such file or directory" \
        ${VIFPIN_WRAP-} "$VIFPIN_BIN" --root "$SIM_DIR/nosuch" list
}

@test "output that cannot be written" {
    for command in list 'list -J' reconcile --help --version; do
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        run bash -c 'vifpin "$@" >/dev/full' - $command
        equal 1 "$status" "status of: $command"
        equal "vifpin: write error: No space left on device" "$output"
    done
}

# From descriptor 0 on: "/dev/null /dev/null /dev/null".
standard_descriptors() {
    readlink "/proc/$1/fd/"{0,1,2} | paste -sd ' '
}

@test "closed standard descriptors are not taken for files" {
    by_hand 1 1
    # Else they would be its root, its lock, and where signals arrive.
    vifpin watch <&- >&- 2>&- 3>&- &
    await 5 has_watcher
    equal "/dev/null /dev/null /dev/null" "$(standard_descriptors "$(watcher)")"
    stop_watcher
    # What it would print can be written nowhere.
    ! timeout "$PATIENCE" vifpin -N pin g1 <&- >&- 2>&- || return 1
    ! timeout "$PATIENCE" vifpin unpin g1 <&- >&- 2>&- || return 1
    lists
    timeout "$PATIENCE" vifpin pin g1 <&- >&- 2>&-
    lists "1.0 vif1.0 pinned 0/1"
}

@test "a configuration from a pipe" {
    by_hand 1 1
    prints 0 "1 vif released; 4 interrupts and threads have the default masks again" vifpin unpin g1
    ends 0 "" bash -c 'exec vifpin -c <(sleep 0.2; echo "cpus = \"2-3\"") pin g1'
    lists "1.0 vif1.0 pinned 2/3"
}

# Only what needs them loads them.
@test "without Xen's libraries there are the defaults, and no nodes" {
    keep_watchers_away
    sim domain 1 g1 1
    sim vif 1 0
    hide_library libxlutil libxenctrl
    printf '# nothing\n' >"$SIM_ROOT/etc/xen/vifpin.conf"
    XENBUS_PATH=backend/vif/1/0 ends 0 "" vifpin online
    lists "1.0 vif1.0 reserved 0/1"
    XENBUS_PATH=backend/vif/1/0 ends 0 "" vifpin offline
    printf 'cpus = "2-3"\n' >"$SIM_ROOT/etc/xen/vifpin.conf"
    XENBUS_PATH=backend/vif/1/0 vifpin online 2>"$SIM_DIR/stderr"
    [[ $(<"$SIM_DIR/stderr") == "vifpin: /etc/xen/vifpin.conf: cannot be parsed without libxlutil: "*"; \
install that of the Xen that vifpin is built for; the defaults are used" ]] || equal "a sentence" "$(<"$SIM_DIR/stderr")"
    lists "1.0 vif1.0 reserved 0/1"
    # This machine, and none of a --root.
    reason=$("$VIFPIN_BIN" -c /dev/null doctor -J | jq -r '.checks[] | select(.check == "vcpus").reason')
    [[ $reason == "where dom0's vCPUs run is unknown: libxenctrl cannot be loaded: "*"; install that of the Xen that \
vifpin is built for" ]] || equal "a sentence" "$reason"
    show_libraries
}
