#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pins that last: what moves is put back, lost calls are made good, and nothing that happens to
# xenstored or to a watcher leaves anything behind.

load common

# Looks for drift every second instead of every ten.
verify_often() {
    echo 'verify_interval = 1' | sim put etc/xen/vifpin.conf
}

irq_file() {
    echo "$SIM_ROOT/proc/irq/$(sim irq-number "$1")/smp_affinity_list"
}

drift_of() {
    vifpin list -J | jq ".vifs[] | select(.dev == \"$1\") | .drift"
}

has_drift() {
    [ "$(drift_of "$1")" = "$2" ]
}

# is_found N DEV COMMAND...: COMMAND moves something, and a look finds it, the Nth of DEV. To be repeated: a pass that
# is due anyhow, since a frontend has just connected or threads have ended, puts it back too and does not count it.
is_found() {
    "${@:3}"
    await 2 has_drift "$2" "$1" 2>/dev/null
}

move_irq() {
    echo "$2" >"$(irq_file "$1")"
}

thread_pid() {
    awk -v name="$1" '$2 == name { print $1 }' "$SIM_DIR/threads"
}

move_thread() {
    local status

    status=$SIM_ROOT/proc/$(thread_pid "$1")/status
    sed "s/^Cpus_allowed_list:.*/Cpus_allowed_list:\t$2/" "$status" >"$SIM_DIR/status"
    mv "$SIM_DIR/status" "$status"
}

@test "an interrupt and a thread that were moved are put back, counted, and said" {
    verify_often
    guest 1 2
    await 5 is_found 1 vif1.0 move_irq vif1.0-q0-rx 0-3
    await 5 is_found 2 vif1.0 move_thread vif1.0-q1-dealloc 0-1
    stand vif1.0 0/1 2/3
    logged "vif=1.0 domain=g1 event=drift moved=1 first=vif1.0-q0-rx cause=unknown"
    logged "something moves what vifpin pinned; it is put back each time (vif1.0-q0-rx went from CPU 1 to 0-3)"
    await 5 logged "something moves the threads of vifs: a cpuset, or a person; they are put back each time (vif1.0-q1-dealloc went from CPU 2 to 0-1)"
    logged "vif=1.0 domain=g1 event=drift moved=1 first=vif1.0-q1-dealloc cause=cpuset"
}

@test "irqbalance is named, once, when it runs and interrupts move" {
    local sentence="irqbalance is running and moves the interrupts of vifs; vifpin doctor tells how to give it vifpin's policy script"

    verify_often
    guest 1 1
    guest 2 1
    mkdir "$SIM_ROOT/proc/900"
    echo irqbalance | sim put proc/900/comm
    # All at once.
    kill -STOP "$(watcher)"
    echo 0-3 >"$(irq_file vif1.0-q0-tx)"
    echo 3 >"$(irq_file vif1.0-q0-rx)"
    echo 0 >"$(irq_file vif2.0-q0-tx)"
    kill -CONT "$(watcher)"
    await 5 has_drift vif2.0 1
    await 5 logged "$sentence (vif1.0-q0-tx went from CPU 0 to 0-3, and 2 more)"
    logged "vif=1.0 domain=g1 event=drift moved=2 first=vif1.0-q0-tx cause=irqbalance"
    echo 0-3 >"$(irq_file vif1.0-q0-tx)"
    await 5 has_drift vif1.0 3
    equal 1 "$(grep -cF "$sentence" "$SIM_DIR/syslog")" "how often it was said"
}

@test "a CPU that goes offline: its sides move, the others stay, and nothing moves back" {
    verify_often
    guest 1 2
    echo 0-2 | sim put sys/devices/system/cpu/online
    # The kernel gives what stood there all CPUs that are left.
    echo 0-2 >"$(irq_file vif1.0-q1-rx)"
    move_thread vif1.0-q1-guest-rx 0-2
    await 5 stands vif1.0 0/1 2/0
    lists "1.0 vif1.0 pinned 0/1 2/0"
    await 5 grep -q "a CPU that vifs were placed on went offline; they have moved to others, and stay there (vif1.0-q1-.* went from CPU 3 to 0-2" \
        "$SIM_DIR/syslog"
    echo 0-3 | sim put sys/devices/system/cpu/online
    vifpin reconcile
    stand vif1.0 0/1 2/0
}

@test "queues that came without an event are found at the next look" {
    verify_often
    sim domain 1 g1 1
    sim vif 1 0
    vifpin online XENBUS_PATH=backend/vif/1/0
    # hotplug-status never becomes connected: netback makes the queues and stays at state 2.
    sim connect 1 0 1
    await_list "1.0 vif1.0 pinned 0/1"
    equal 2 "$(xenstore-read backend/vif/1/0/state)" "the backend's state"
    # netback had only come to the first of two.
    sim irq vif1.0-q1-tx
    sim irq vif1.0-q1-rx
    sim thread vif1.0-q1-guest-rx
    sim thread vif1.0-q1-dealloc
    await_list "1.0 vif1.0 pinned 0/1 2/3"
    stand vif1.0 0/1 2/3
}

@test "a vif gets no places before netback has said how many queues it offers" {
    start_watcher
    sim domain 1 g1 4
    # As libxl leaves it; netback's probe comes later.
    xenstore-write backend/vif/1/0/frontend-id 1 backend/vif/1/0/online 1 backend/vif/1/0/state 1
    sim domain 2 g2 1
    sim vif 2 0
    await_list "2.0 vif2.0 reserved 0/1"
    xenstore-write backend/vif/1/0/multi-queue-max-queues 4 backend/vif/1/0/state 2
    await_list "1.0 vif1.0 reserved 2/3 1/0 3/2 0/1" "2.0 vif2.0 reserved 0/1"
}

@test "verify says what stands elsewhere, and pin puts it back" {
    guest 1 1
    stop_watcher
    keep_watchers_away
    ends 0 "" vifpin verify
    echo 0-3 >"$(irq_file vif1.0-q0-tx)"
    move_thread vif1.0-q0-guest-rx 2
    run --separate-stderr vifpin verify -nr g1
    equal 1 "$status" status
    equal "g1 vif1.0-q0-tx interrupt $(sim irq-number vif1.0-q0-tx) 0 0-3
g1 vif1.0-q0-guest-rx thread $(thread_pid vif1.0-q0-guest-rx) 1 2" "$output"
    # shellcheck disable=SC2154 # run sets it
    equal "" "$stderr"
    ends 0 "" vifpin pin g1
    ends 0 "" vifpin verify 1 0
    ends 0 "" vifpin verify g1 00-16-3E-00-01-00
}

@test "verify says what is missing" {
    guest 1 1
    stop_watcher
    sim end-thread vif1.0-q0-dealloc
    run --separate-stderr vifpin verify -nr
    equal 1 "$status" status
    equal "g1 vif1.0-q0-dealloc missing  0 " "$output"
}

@test "verify of what the ledger does not have" {
    guest 1 1
    ends 1 "vifpin: domain 'g2' has no vif in the ledger; see 'vifpin list'" vifpin verify g2
    ends 1 "vifpin: domain 'g1' has no vif '7' in the ledger; see 'vifpin list -o +MAC g1'" \
        vifpin verify g1 7
    ends 2 "vifpin: verify: unexpected argument 'c'; see 'vifpin verify --help'" \
        vifpin verify a b c
}

@test "reconcile makes good what calls were lost" {
    guest 1 1
    guest 2 1
    stop_watcher
    keep_watchers_away
    sim vanish 1 0
    sim domain 3 g3 1
    sim vif 3 0 hotplug-status=connected
    sim connect 3 0 1
    run --separate-stderr vifpin reconcile
    equal 0 "$status" status
    equal "2 vifs: 2 pinned, 0 partial, 0 reserved; 1 changed, 1 released" "$output"
    lists "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1"
    run vifpin reconcile
    equal "2 vifs: 2 pinned, 0 partial, 0 reserved; 0 changed, 0 released" "$output"
}

# policy ANSWER IRQ: of the command and of the program that irqbalance is given.
policy() {
    prints 0 "$1" vifpin irqbalance-policy /sys "$2"
    # shellcheck disable=SC2086 # a command and its options
    prints 0 "$1" ${VIFPIN_WRAP-} "${VIFPIN_BIN%/*}/irqbalance-policy" --root "$SIM_ROOT" /sys "$2"
}

@test "irqbalance's policy bans interrupts of vifs, renamed and only reserved ones too" {
    guest 1 1
    stop_watcher
    keep_watchers_away
    sim domain 2 g2 1
    sim vif 2 0 vifname=web hotplug-status=connected
    sim online 2 0
    sim connect 2 0 1
    lists "1.0 vif1.0 pinned 0/1" "2.0 web reserved 2/3"
    for name in vif1.0-q0-tx web-q0-rx; do
        policy ban=true "$(sim irq-number "$name")"
    done
    sim irq web-q0-rxx
    for name in xenbus evtchn:oxenstored web-q0-rxx; do
        policy "" "$(sim irq-number "$name")"
    done
    policy "" 9999
    sim put var/lib/vifpin/ledger.json <<<'not a ledger'
    policy "" "$(sim irq-number web-q0-rx)"
    rm "$LEDGER"
    policy "" "$(sim irq-number web-q0-rx)"
    policy ban=true "$(sim irq-number vif1.0-q0-tx)"
    ends 2 "vifpin: irqbalance-policy: 'x' is not an interrupt number; see 'vifpin irqbalance-policy --help'" \
        vifpin irqbalance-policy /sys x
    ends 2 "irqbalance-policy: usage: irqbalance-policy [--root DIR] PATH IRQ" \
        "${VIFPIN_BIN%/*}/irqbalance-policy" /sys x
    ends 1 "irqbalance-policy: cannot use /nowhere as root: No such file or directory" \
        "${VIFPIN_BIN%/*}/irqbalance-policy" --root /nowhere /sys 1
}

@test "irqbalance's policy reads a ledger that another program has reformatted" {
    local format

    guest 1 1
    stop_watcher
    keep_watchers_away
    sim domain 2 g2 1
    sim vif 2 0 vifname=web hotplug-status=connected
    sim online 2 0
    sim connect 2 0 1
    sim irq webx-q0-tx
    for format in "jq -c ." "jq -ac ." "jq --tab ." "jq -S ." "python3 -m json.tool"; do
        # shellcheck disable=SC2086 # a command and its options
        $format "$LEDGER" >"$BATS_TEST_TMPDIR/ledger"
        sim put var/lib/vifpin/ledger.json <"$BATS_TEST_TMPDIR/ledger"
        policy ban=true "$(sim irq-number web-q0-rx)"
        policy "" "$(sim irq-number webx-q0-tx)"
    done
    lists "1.0 vif1.0 pinned 0/1" "2.0 web reserved 2/3"
}

@test "the old places are preferred under the new domid" {
    sim domain 1 g1 1 11111111-2222-4333-8444-555555555555
    sim domain 2 g2 1
    sim vif 2 0
    sim vif 1 0
    sim online 2 0
    sim online 1 0
    lists "1.0 vif1.0 reserved 2/3" "2.0 vif2.0 reserved 0/1"
    sim destroy 1
    sim destroy 2
    sim domain 3 g1 1 11111111-2222-4333-8444-555555555555
    sim vif 3 0
    sim online 3 0
    lists "3.0 vif3.0 reserved 2/3"
}

@test "SIGHUP reads the configuration again; what is wrong with it is said, and the old one holds" {
    start_watcher
    echo 'cpus = "2-3"' | sim put etc/xen/vifpin.conf
    kill -HUP "$(watcher)"
    await 5 logged "event=reload"
    echo 'cpus = "x"' | sim put etc/xen/vifpin.conf
    kill -HUP "$(watcher)"
    await 5 logged "/etc/xen/vifpin.conf:1: cpus: 'x' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'; the watcher keeps the configuration it has"
    sim domain 1 g1 1
    sim vif 1 0
    sim put etc/xen/vifpin.conf </dev/null
    await_list "1.0 vif1.0 reserved 2/3"
}

@test "a watch that is to stay takes over from the one a hook started" {
    local first

    guest 1 1
    first=$(watcher)
    vifpin watch </dev/null >/dev/null 2>&1 3>&- &
    await 5 has_ended "$first"
    await 5 has_watcher
    equal "$(watcher)" "$(<"$SIM_ROOT/run/vifpin/watch.lock")" "what the lock's file says"
    guest 2 1
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
}

@test "xenstored missing at start, dead, and back: the watcher waits and makes all right" {
    sim stop-xenstored
    start_watcher
    await 5 logged "cannot reach xenstored: No such file or directory; is it running?; waiting for it"
    sim start-xenstored
    await 5 logged "xenstored is back"
    guest 1 1
    sim stop-xenstored
    await 5 logged "xenstored is gone; waiting for it"
    # It lost all it had; the vif with it, as far as anybody can tell.
    sim start-xenstored
    await_list ""
    sim domain 2 g2 1
    sim vif 2 0 hotplug-status=connected
    sim connect 2 0 1
    await_list "2.0 vif2.0 pinned 0/1"
}

@test "xenstored hangs: the watcher says so, waits, and goes on; SIGHUP is not lost" {
    local xenstored

    verify_often
    guest 1 1
    guest 2 1
    xenstored=$(<"$SIM_DIR/xenstored.pid")
    kill -STOP "$xenstored"
    # A vif that is not whole is what makes the watcher ask xenstored.
    sim end-thread vif2.0-q0-dealloc
    await 10 logged "xenstored has not answered for 4 s; waiting for it"
    # What the watcher looks for every second meanwhile is SIGTERM; this one is for later.
    kill -HUP "$(watcher)"
    sleep 1.5
    kill -CONT "$xenstored"
    await 5 logged "event=reload"
    await_list "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 partial 2/3"
    sim thread vif2.0-q0-dealloc
    await_list "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
}

@test "SIGTERM ends a watcher that waits for a hanging xenstored" {
    local xenstored status=0

    verify_often
    start_watcher
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected
    sim connect 1 0 1
    await_list "1.0 vif1.0 pinned 0/1"
    xenstored=$(<"$SIM_DIR/xenstored.pid")
    kill -STOP "$xenstored"
    sim end-thread vif1.0-q0-dealloc
    await 10 logged "xenstored has not answered for 4 s; waiting for it"
    kill -TERM "$(watcher)"
    wait "$WATCH_JOB" || status=$?
    kill -CONT "$xenstored"
    equal 0 "$status" "how the watcher ended"
}

# Writes the state of a backend for ten seconds, a hundred times a second.
bounce() {
    local end=$((SECONDS + 10))

    while [ "$SECONDS" -lt "$end" ]; do
        xenstore-write "backend/vif/$1/0/state" 2
        xenstore-write "backend/vif/$1/0/state" 4
        sleep 0.01
    done
}

@test "a frontend that bounces takes nothing from twenty others that connect" {
    local d job

    guest 1 1
    bounce 1 3>&- &
    job=$!
    for ((d = 2; d <= 21; d++)); do
        sim domain "$d" "g$d" 1
        sim vif "$d" 0 hotplug-status=connected
        sim connect "$d" 0 1
        await 2 is_pinned "$d" 0
    done
    wait "$job"
    await 5 is_pinned 1 0
    equal 21 "$(places | grep -c ' pinned ')" "pinned vifs"
}

# Everything agrees: the ledger has the vifs that xenstore has, and the kernel what the ledger says.
agree() {
    local vifs

    vifs=$(for d in $(xenstore-list backend/vif); do
        for i in $(xenstore-list "backend/vif/$d"); do echo "$d.$i"; done
    done | sort -V)
    [ "$(vifpin list -J | jq -r '.vifs[] | "\(.domid).\(.devid)"')" = "$vifs" ] || return
    ! places | grep -q ' partial ' || return
    vifpin verify
}

@test "a watcher killed at 200 moments leaves nothing that the next one does not repair" {
    local seed=${SEED:-$RANDOM} round d

    echo "# SEED=$seed" >&3
    RANDOM=$seed
    for d in 1 2 3; do
        sim domain "$d" "g$d" 4
        sim vif "$d" 0 hotplug-status=connected
    done
    for ((round = 0; round < 200; round++)); do
        vifpin watch </dev/null >/dev/null 2>&1 3>&- &
        d=$((RANDOM % 3 + 1))
        case $((RANDOM % 10)) in
        0) sim disconnect "$d" 0 ;;
        1) sim connect "$d" 0 $((RANDOM % 4 + 1)) ;;
        2) vifpin offline "XENBUS_PATH=backend/vif/$d/0" ;;
        *) sleep "0.0$((RANDOM % 3))$((RANDOM % 10))" ;;
        esac
        kill -9 $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        [ "$(sim masks "vif$d.0" | wc -l)" -le 4 ]
    done
    for d in 1 2 3; do
        sim disconnect "$d" 0
        sim connect "$d" 0 2
    done
    start_watcher
    await 5 agree
    agree
}

napi_is_on() {
    [ "$(sim mask "napi/$1")" = "$2" ]
}

# The watcher knows the vif's interrupts and threads from before, and reads no list of threads.
@test "threads of NAPI that are switched on later are pinned, and left when they are switched off" {
    verify_often
    guest 1 2
    sim threaded vif1.0 1
    await 5 napi_is_on vif1.0-8193 0
    await 5 napi_is_on vif1.0-8194 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
    equal 0 "$(drift_of vif1.0)" "drift"
    sim threaded vif1.0 0
    sim end-thread napi/vif1.0-8193
    sim end-thread napi/vif1.0-8194
    await 5 is_found 1 vif1.0 move_irq vif1.0-q0-rx 0-3
    lists "1.0 vif1.0 pinned 0/1 2/3"
}
