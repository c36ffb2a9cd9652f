#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sandbox itself, as one inside the one the tests run in.

load common

setup() {
    [ -n "${SANDBOX-}" ]
}

teardown() {
    :
}

# All of the machine that a sandbox could change.
surroundings() {
    ip -br link
    cat /proc/mounts
    find /run /dev /etc/xen /var/log/xen ! -path "$BATS_RUN_TMPDIR/*"
}

sleepers() {
    pgrep -fxc 'sleep 100[01]' || :
}

has_sleepers() {
    [ "$(sleepers)" = "$1" ]
}

@test "the scripts are the distribution's own, and no more than two files are added" {
    equal "" "$(dpkg --verify xen-utils-common | grep -F /etc/xen/scripts/ || :)"
    equal "\
/etc/xen/scripts/vif-openvswitch-vifpin
/etc/xen/scripts/vif-post.d/50-vifpin.hook" \
        "$(comm -13 <(dpkg -L xen-utils-common | sort) <(find /etc/xen/scripts -type f | sort))"
}

@test "a sandbox ends with its command's status, and with all its processes" {
    before=$(surroundings)
    run "$BATS_TEST_DIRNAME/sandbox" bash -c '
        ip link add left type veth peer name right
        touch /run/left /dev/left /etc/xen/scripts/left /var/log/xen/left
        setsid sleep 1000 &
        exit 7'
    equal 7 "$status"
    equal "" "$output"
    has_sleepers 0
    equal "$before" "$(surroundings)"
}

# ends_by KILL_ARGUMENT...: a sandbox ends, with all in it, when kill is called so; % is its PID.
ends_by() {
    local sandbox

    # A process group of its own, as a job of a terminal or of timeout(1) is.
    env --default-signal=INT setsid "$BATS_TEST_DIRNAME/sandbox" \
        bash -c 'setsid sleep 1000 & sleep 1001; :' 3>&- &
    sandbox=$!
    await 10 has_sleepers 2
    kill "${@//%/$sandbox}"
    await 5 has_sleepers 0
    wait "$sandbox" || :
}

@test "a sandbox that is killed takes its processes along" {
    before=$(surroundings)
    ends_by -TERM -- -%
    ends_by -INT -- -%
    ends_by -KILL %
    equal "$before" "$(surroundings)"
}

@test "xenstored does not start: what it says is shown" {
    echo "no library" >"$BATS_TEST_TMPDIR/stub.so"
    # shellcheck disable=SC2016 # for the other shell
    run env VIFPIN_STUB="$BATS_TEST_TMPDIR/stub.so" "$BATS_TEST_DIRNAME/sandbox" bash -c '
        export SIM_DIR=$TMPDIR/dom0
        mkdir "$SIM_DIR"
        "$0/sim" begin' "$BATS_TEST_DIRNAME"
    equal 1 "$status"
    equal "sim: xenstored does not start; it says:" "${lines[0]}"
    [[ ${lines[1]} == "    ERROR: ld.so: object '$BATS_TEST_TMPDIR/stub.so' from LD_PRELOAD cannot be preloaded"* ]]
}

@test "a command's input is the sandbox's" {
    equal "a line" "$(echo "a line" | "$BATS_TEST_DIRNAME/sandbox" cat)"
}
