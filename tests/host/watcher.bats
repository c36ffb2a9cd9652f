#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The watcher: how it is started, that there is one, when it ends, what it does at its start.

load common

# How many watchers run, whether they hold the lock or not.
watchers() {
    pgrep -fc -- 'watch --until-idle$' || :
}

has_one_watcher() {
    [ "$(watchers)" = 1 ]
}

@test "the watcher that online starts holds nothing of its caller's" {
    sim domain 1 g1 1
    sim vif 1 0
    # The scripts' locks are descriptors from 200 up.
    exec 200>"$SIM_DIR/script-lock" 7>"$SIM_DIR/other"
    cd "$SIM_DIR"
    sim online 1 0
    await 5 has_watcher
    pid=$(watcher)
    equal "/dev/null /dev/null /dev/null" \
        "$(readlink "/proc/$pid/fd/"{0,1,2} | paste -sd ' ')"
    for fd in "/proc/$pid/fd/"*; do
        case $(readlink "$fd") in
        /dev/null|socket:*|pipe:*|anon_inode:*|"$SIM_ROOT"|"$SIM_ROOT"/run/vifpin/watch.lock) ;;
        *) equal "" "$(readlink "$fd")" "descriptor ${fd##*/}" ;;
        esac
    done
    equal / "$(readlink "/proc/$pid/cwd")"
    # Session and process group of its own; nobody's child. Fields 4 to 6 of stat.
    equal "1 $pid $pid" "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f2-4)"
}

@test "a caller that reads the script's output to its end does not wait for the watcher" {
    sim domain 1 g1 1
    sim vif 1 0
    # 124 if the pipe stays open.
    # shellcheck disable=SC2016 # for the other shell
    run timeout 20 bash -c '"$0" online 1 0 2>&1 | cat' "$BATS_TEST_DIRNAME/sim"
    equal 0 "$status"
    equal "" "$output"
    await 5 has_watcher
}

@test "a caller that reads vifpin's own output to its end does not wait for the watcher" {
    sim domain 1 g1 1
    sim vif 1 0
    run timeout 20 bash -c 'vifpin online XENBUS_PATH=backend/vif/1/0 2>&1 | cat'
    equal 0 "$status"
    equal "" "$output"
    await 5 has_watcher
}

@test "online starts no second watcher" {
    sim domain 1 g1 1
    sim vif 1 0
    sim vif 1 1
    sim online 1 0
    await 5 has_watcher
    first=$(watcher)
    sim online 1 1
    equal "$first" "$(watcher)"
    has_one_watcher
}

@test "of watchers that are started at once one stays" {
    sim domain 1 g1 1
    for i in 1 2 3 4 5 6 7 8; do
        sim vif 1 "$i" netdev=no
    done
    printf 'XENBUS_PATH=backend/vif/1/%d\n' 1 2 3 4 5 6 7 8 | xargs -n 1 -P 8 vifpin online
    await 5 has_watcher
    await 5 has_one_watcher
    equal "$(pgrep -f -- 'watch --until-idle$')" "$(watcher)"
}

@test "a second watch says who watches" {
    start_watcher
    pid=$(watcher)
    equal "$WATCH_JOB" "$pid"
    await 5 grep -qx "$pid" "$SIM_ROOT/run/vifpin/watch.lock"
    ends 1 "vifpin: watch: already running as process $pid" vifpin watch
    ends 1 "vifpin: watch: already running as process $pid" vifpin watch --until-idle
    equal "$pid" "$(watcher)"
    has_watcher
}

@test "the watcher that online started ends when the last vif is gone" {
    guest 1 1
    guest 2 1
    pid=$(watcher)
    sim destroy 2
    lists "1.0 vif1.0 pinned 0/1"
    has_watcher
    sim destroy 1
    await 5 has_no_watcher
    await 5 has_ended "$pid"
}

@test "the watcher that online started ends when the last vif vanishes" {
    guest 1 1
    pid=$(watcher)
    sim vanish 1 0
    await 5 has_ended "$pid"
    lists
}

@test "watch --until-idle ends at once, with 0, where no vif is" {
    ends 0 "" vifpin watch --until-idle
}

@test "watch without --until-idle stays when no vif is left" {
    start_watcher
    guest 1 1
    sim destroy 1
    lists
    guest 2 1
    equal "$WATCH_JOB" "$(watcher)"
    lists "2.0 vif2.0 pinned 0/1"
}

@test "SIGTERM ends watch with 0 and lets the next one begin" {
    for options in '' --until-idle; do
        guest 1 1
        stop_watcher
        # shellcheck disable=SC2086 # none or one
        start_watcher $options
        kill -TERM "$WATCH_JOB"
        status=0
        wait "$WATCH_JOB" || status=$?
        equal 0 "$status" "status of watch $options"
        equal "" "$(cat "$SIM_DIR/watch.out" "$SIM_DIR/watch.err")"
        has_no_watcher
        sim destroy 1
    done
}

@test "after a watcher was killed, the next online starts one, which pins all there is" {
    guest 1 1
    stop_watcher
    sim disconnect 1 0
    sim connect 1 0 1
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif1.0)"
    guest 2 1
    await 5 stands vif1.0 0/1
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3"
}

@test "a watch that starts places and pins what is there, and drops what is not" {
    guest 1 1
    guest 2 1
    stop_watcher
    sim vanish 1 0
    sim domain 3 g3 2
    sim vif 3 0 hotplug-status=connected
    sim connect 3 0 2
    start_watcher
    await_list "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1 3/2"
    stand vif3.0 0/1 3/2
}

@test "where the root is relative, it is the watcher's root too" {
    sim domain 1 g1 1
    sim vif 1 0 hotplug-status=connected
    # A name that / does not have: a watcher that took it from there must find nothing.
    ln -s root "$SIM_DIR/vifpin-test-root"
    cd "$SIM_DIR"
    # shellcheck disable=SC2086 # a command and its options
    ends 0 "" ${VIFPIN_WRAP-} "$VIFPIN_BIN" --root vifpin-test-root online XENBUS_PATH=backend/vif/1/0
    await 5 has_watcher
    sim connect 1 0 1
    await_list "1.0 vif1.0 pinned 0/1"
}

@test "where the configuration is a relative path, it is the watcher's too" {
    echo 'cpus = "2-3"' >"$SIM_DIR/vifpin-test.conf"
    sim domain 1 g1 1
    sim vif 1 0
    cd "$SIM_DIR"
    ends 0 "" vifpin -c vifpin-test.conf online XENBUS_PATH=backend/vif/1/0
    await 5 has_watcher
    sim domain 2 g2 1
    sim vif 2 0
    await_list "1.0 vif1.0 reserved 2/3" "2.0 vif2.0 reserved 3/2"
}

@test "SIGTERM ends a watcher that waits for xenstored" {
    sim stop-xenstored
    start_watcher
    await 5 logged "cannot reach xenstored: No such file or directory; is it running?; waiting for it"
    kill -TERM "$WATCH_JOB"
    status=0
    wait "$WATCH_JOB" || status=$?
    equal 0 "$status"
}

@test "what goes to syslog does not go to the journal a second time" {
    local busy
    # What a service of systemd is started with: the file behind its stderr.
    # shellcheck disable=SC2016 # for the other shell
    local in_journal='JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec "$@"'

    start_watcher
    await 5 grep -qx "$WATCH_JOB" "$SIM_ROOT/run/vifpin/watch.lock"
    busy="watch: already running as process $WATCH_JOB"
    ends 1 "" sh -c "$in_journal" sh vifpin watch
    logged "$busy"
    # Redirected since.
    ends 1 "vifpin: $busy" env JOURNAL_STREAM=1:2 vifpin watch
    # What is for a person only is not in syslog.
    ends 1 "vifpin: domain 'g9' has no vif in the ledger; see 'vifpin list'" \
        sh -c "$in_journal" sh vifpin verify g9
}

@test "a vif that cannot be placed delays no other" {
    echo "vifs = [ 'domain=g1,cpus=9' ]" >"$SIM_ROOT/etc/xen/vifpin.conf"
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
    start_watcher
    sim connect 1 0 1
    await 5 logged "no CPU is left for vif 1.0: none of those online is in both cpus of /etc/xen/vifpin.conf and vifpin's own affinity mask; see vifpin doctor"
    # What is wrong with one vif is said once; it is tried again every 4 s meanwhile.
    for d in 2 3 4 5; do
        sim domain "$d" "g$d" 1
        sim vif "$d" 0 netdev=no hotplug-status=connected
        sim connect "$d" 0 1
        await 2 is_pinned "$d" 0
    done
    equal 1 "$(grep -c "no CPU is left" "$SIM_DIR/syslog")" "how often it was said"
    # Once it can be placed, it is.
    rm "$SIM_ROOT/etc/xen/vifpin.conf"
    kill -HUP "$(watcher)"
    await 5 is_pinned 1 0
}

@test "nobody but root can open the watcher's lock" {
    guest 1 1
    equal 600 "$(stat -c %a "$SIM_ROOT/run/vifpin/watch.lock")"
    equal 600 "$(stat -c %a "$SIM_ROOT/var/lib/vifpin/ledger.lock")"
    equal "" "$(find "$SIM_ROOT/run/vifpin" "$SIM_ROOT/var/lib/vifpin" -perm /022)" "what others may write"
}

@test "a lock on a file that an earlier version let everybody open keeps no watcher away" {
    local lock

    mkdir -p "$SIM_ROOT/run/vifpin"
    install -m 644 /dev/null "$SIM_ROOT/run/vifpin/watch.lock"
    exec {lock}<"$SIM_ROOT/run/vifpin/watch.lock"
    flock -s "$lock"
    guest 1 1
    equal 600 "$(stat -c %a "$SIM_ROOT/run/vifpin/watch.lock")"
    exec {lock}<&-
}

@test "a service does not end a stranger that has the PID of a watcher that has ended" {
    local lock=$SIM_ROOT/run/vifpin/watch.lock stranger holder

    sleep 60 3>&- &
    stranger=$!
    mkdir -p "${lock%/*}"
    (umask 077 && echo "$stranger until-idle" >"$lock")
    flock "$lock" sleep 60 3>&- &
    holder=$!
    await 5 has_watcher
    ends 1 "vifpin: watch: already running as process $holder" vifpin watch
    kill -0 "$stranger"
    kill "$stranger" "$holder"
}

@test "whatever becomes of the reservation, somebody watches" {
    local lock

    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
    mkdir -p "$SIM_ROOT/var/lib/vifpin"
    exec {lock}>"$SIM_ROOT/var/lib/vifpin/ledger.lock"
    flock "$lock"
    XENBUS_PATH=backend/vif/1/0 ends 1 \
        "vifpin: cannot lock /var/lib/vifpin/ledger.json: another vifpin holds it for more than 2 s" \
        vifpin online
    exec {lock}>&-
    sim connect 1 0 1
    await 10 is_pinned 1 0
}

# SIGHUP, SIGINT and SIGTERM, which it reads, and no other.
blocks_its_own() {
    [ "$(sed -n 's/^SigBlk:\t//p' "/proc/$(watcher)/status")" = 0000000000004003 ]
}

@test "a watcher that a caller starts with signals blocked ends by them" {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    XENBUS_PATH=backend/vif/1/0 env --block-signal --ignore-signal=CHLD vifpin online
    await 5 blocks_its_own
    kill "$(watcher)"
    await 5 has_no_watcher
}
