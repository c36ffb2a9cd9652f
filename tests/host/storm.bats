#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A million events that the watcher cannot act upon at once.

load common

# How much memory a process has had at most, in kB.
peak() {
    awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status"
}

# storm N: so many events, of keys that xenstored cannot merge while they wait.
storm() {
    "${VIFPIN_STUB%/*}/storm" "$1" /local/domain/0/backend/vif/1/0 1024
}

# What came before the storm stands, and what comes after it is pinned.
goes_on() {
    sim domain 2 g2 1
    sim vif 2 0 netdev=no hotplug-status=connected
    sim connect 2 0 1
    await 30 is_pinned 2 0
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
}

@test "a million events while another vifpin holds the ledger take no memory" {
    local lock

    guest 1 1
    pid=$(watcher)
    exec {lock}>"$SIM_ROOT/var/lib/vifpin/ledger.lock"
    flock "$lock"
    # Something to do that fails, again and again, meanwhile.
    xenstore-write backend/vif/1/0/state 4
    storm 1000000
    logged "cannot lock /var/lib/vifpin/ledger.json: another vifpin holds it for more than 2 s"
    exec {lock}>&-
    goes_on
    echo "# VmHWM of the watcher: $(peak "$pid") kB" >&3
    equal "$pid" "$(watcher)"
    [ "$(peak "$pid")" -lt 65536 ]
}

@test "events that came while the watcher stood still take no memory of it or of xenstored" {
    guest 1 1
    pid=$(watcher)
    kill -STOP "$pid"
    storm 50000
    kill -CONT "$pid"
    goes_on
    echo "# VmHWM of the watcher: $(peak "$pid") kB, of xenstored:" \
        "$(peak "$(<"$SIM_DIR/xenstored.pid")") kB" >&3
    [ "$(peak "$pid")" -lt 65536 ]
}

# comes_and_goes D: a vif of which each moment of its making and unmaking is there for some time.
comes_and_goes() {
    local d=$1 round

    for ((round = 0; round < 100; round++)); do
        xenstore-write "/local/domain/$d/name" "g$d" "/local/domain/$d/vm" "/vm/$round" \
            "backend/vif/$d/0/frontend-id" "$d" "backend/vif/$d/0/online" 1 \
            "backend/vif/$d/0/multi-queue-max-queues" 2 "backend/vif/$d/0/state" 2
        # First the keys that a pass reads last, then all the rest.
        xenstore-rm "/local/domain/$d/name" "backend/vif/$d/0/state" "backend/vif/$d/0/online"
        xenstore-rm -t "backend/vif/$d/0"
    done
}

@test "directories that vanish in the middle of passes leave nothing, and nothing is said" {
    local d jobs=()

    guest 1 1
    for d in 2 3 4 5; do
        comes_and_goes "$d" 3>&- &
        jobs+=($!)
    done
    wait "${jobs[@]}"
    await_list "1.0 vif1.0 pinned 0/1"
    equal 0 "$(grep -c '^<27>vifpin' "$SIM_DIR/syslog")" "errors in the log"
    prints 0 "" vifpin verify
}
