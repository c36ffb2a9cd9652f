#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is printed, to the letter: help, tables, JSON, metrics and errors are compared with the files in
# expected/. After a change that is meant, VIFPIN_UPDATE=1 writes these files anew; look at the diff.

load common

EXPECTED=$BATS_TEST_DIRNAME/expected
SCHEMAS=$BATS_TEST_DIRNAME/../../docs/schema

# What a person has set must not show.
export LC_ALL=C TZ=UTC
unset NO_COLOR COLUMNS

# The commands that `vifpin --help` lists.
commands() {
    vifpin --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# is_expected FILE WHAT: $SIM_DIR/stdout is what is in expected/FILE.
is_expected() {
    [ -z "${VIFPIN_UPDATE-}" ] || cp "$SIM_DIR/stdout" "$EXPECTED/$1"
    diff -u "$EXPECTED/$1" "$SIM_DIR/stdout" >&2 || equal same different "stdout of: $2"
}

# shows STATUS FILE COMMAND [ARG]...: it ends so, prints what is in expected/FILE, and nothing else.
shows() {
    local expected_status=$1 file=$2 status=0

    shift 2
    timeout -k 2 "$PATIENCE" "$@" >"$SIM_DIR/stdout" 2>"$SIM_DIR/stderr" || status=$?
    is_expected "$file" "$*"
    equal "$expected_status" "$status" "status of: $*"
    equal "" "$(<"$SIM_DIR/stderr")" "stderr of: $*"
}

# Four CPUs of six that are online, three of them allowed; a NIC; and four vifs: pinned, reserved,
# partial (and drifted), renamed. Since the same time.
make_host() {
    sim cpus 0-3
    echo 0-5 >"$SIM_ROOT/sys/devices/system/cpu/present"
    echo 'cpus = "0-2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    sim nic eth0 msi 1
    by_hand 1 2
    sim domain 2 db 4
    sim vif 2 0 netdev=no
    ends 0 "" vifpin pin db
    sim domain 3 mail 1
    sim vif 3 0 netdev=no hotplug-status=connected
    sim vif 3 1 netdev=no hotplug-status=connected
    sim netdev 3 1 lan0
    sim connect 3 0 1
    sim connect 3 1 1
    sim end-thread vif3.0-q0-dealloc
    vifpin pin mail 2>/dev/null || :
    jq '.vifs[].since = 1795328303 | .vifs[2].drift = 3' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    touch -d @1795328310.25 "$SIM_ROOT/var/lib/vifpin/ledger.lock"
}

# Somebody moves two masks, an interrupt is delivered elsewhere, and a vif has another queue.
move_things() {
    local irq

    irq=$(sim irq-number vif1.0-q1-tx)
    rm "$SIM_ROOT/proc/irq/$irq/effective_affinity_list"
    echo 3 >"$SIM_ROOT/proc/irq/$irq/effective_affinity_list"
    echo 0-1,3 >"$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/smp_affinity_list"
    sim irq lan0-q1-tx
}

# valid SCHEMA COMMAND [ARG]...: its output is as docs/schema/SCHEMA.json says.
valid() {
    local schema=$SCHEMAS/$1.json

    shift
    "$@" >"$SIM_DIR/json" || :
    /usr/bin/python3 -W ignore -m jsonschema --base-uri "file://$(realpath "$SCHEMAS")/" \
        -i "$SIM_DIR/json" "$schema" || equal valid "not valid" "$*"
}

# invalid SCHEMA JQ-PROGRAM: $SIM_DIR/json, changed so, is not.
invalid() {
    jq "$2" "$SIM_DIR/json" >"$SIM_DIR/changed"
    ! /usr/bin/python3 -W ignore -m jsonschema --base-uri "file://$(realpath "$SCHEMAS")/" \
        -i "$SIM_DIR/changed" "$SCHEMAS/$1.json" 2>/dev/null || equal "not valid" valid "$2"
}

@test "help" {
    shows 0 help vifpin --help
    shows 0 help vifpin -h
    shows 0 help vifpin help
    shows 0 help-pin vifpin help pin
    shows 0 help-pin vifpin pin -h
    shows 0 help-pin vifpin -v pin g1 -h
}

@test "every command's help, in 79 columns" {
    [ "$(commands | wc -l)" -gt 10 ]
    for command in $(commands); do
        shows 0 "help-$command" vifpin "$command" --help
    done
    equal "" "$(cd "$EXPECTED" && grep -nE '.{80}' help*)"
    equal "$(commands | sed 's/^/help-/' | sort)" "$(cd "$EXPECTED" && printf '%s\n' help-*)"
}

@test "--help is help wherever it stands, and does nothing" {
    shows 0 help-pin vifpin pin nosuch --help
    shows 0 help-online env XENBUS_PATH=backend/vif/1/0 vifpin online type_if=vif --help
    # Behind -- it is a word.
    ends 1 "vifpin: domain '--help' has no vif in the ledger; see 'vifpin list'" \
        vifpin list -- --help
    [ ! -e "$LEDGER" ]
}

@test "list" {
    make_host
    shows 0 list vifpin list
    shows 0 list-domain vifpin list mail
    shows 0 list-domain vifpin list 3
    shows 0 list-all-columns vifpin list \
        -o +MAC,UUID,INTERRUPTS,THREADS,DRIFT,SINCE,NODE,TXLOAD,RXLOAD
    shows 0 list-columns vifpin list -o rx,tx,vif,RX
    shows 0 list-noheadings vifpin list --noheadings
    shows 0 list-raw vifpin list --raw -o +MAC,THREADS
    shows 0 list-json vifpin list -J
    shows 0 list-json-columns vifpin list -J -o DOMAIN,VIF,QUEUE,TX,RX,INTERRUPTS,THREADS,MAC,DRIFT,SINCE
    shows 0 list-json-domain vifpin list --json db
}

@test "cpus" {
    make_host
    shows 0 cpus vifpin cpus
    shows 0 cpus-utf8 env LC_ALL=C.UTF-8 vifpin cpus
    shows 0 cpus-columns vifpin cpus -o CPU,STATE,VIFS
    shows 0 cpus-noheadings vifpin cpus -n
    shows 0 cpus-raw vifpin cpus -r
    shows 0 cpus-json vifpin cpus -J -o +VIFS
}

@test "cpus: one allowed CPU, one that is not there, and an empty ledger" {
    echo 'cpus = "3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    shows 0 cpus-empty vifpin cpus
    by_hand 1 1
    jq '.vifs[0].queues[0].tx_cpu = 9' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    shows 0 cpus-absent vifpin cpus
}

@test "verify" {
    make_host
    move_things
    shows 1 verify vifpin verify
    shows 1 verify-domain vifpin verify mail
    shows 1 verify-device vifpin verify g1 0
    shows 1 verify-columns vifpin verify -o VIF,WHAT
    shows 1 verify-raw vifpin verify -nr
    shows 1 verify-json vifpin verify -J
    shows 0 verify-json-none vifpin verify -J db
    ends 0 "" vifpin verify db
}

@test "doctor" {
    make_host
    shows 1 doctor vifpin doctor
    shows 1 doctor-columns vifpin doctor -o STATE,CHECK
    shows 1 doctor-json vifpin doctor -J
}

@test "JSON is as the schemas say" {
    make_host
    move_things
    valid ledger cat "$LEDGER"
    invalid ledger 'del(.vifs[0].domid)'
    invalid ledger '.vifs[0].queues[0].tx_cpu = -1'
    invalid ledger '.remembered[0] = {}'
    valid list vifpin list -J
    invalid list '.vifs[1].state = "x"'
    valid list vifpin list -J -o +MAC,UUID,INTERRUPTS,THREADS,DRIFT,SINCE,NODE,TXLOAD,RXLOAD
    invalid list '.queues[0].tx = "0"'
    valid cpus vifpin cpus -J -o +VIFS
    invalid cpus '.cpus[0].state = null'
    valid verify vifpin verify -J -o +VIF
    invalid verify '.differences[0].should = "0"'
    valid verify vifpin verify -J db
    valid doctor vifpin doctor -J
    invalid doctor '.checks[0].state = "fine"'
    invalid doctor 'del(.checks)'
    prints 0 "2 vifs released; 8 interrupts and threads have the default masks again" vifpin unpin mail
    valid ledger cat "$LEDGER"
    equal 2 "$(jq '.remembered | length' "$LEDGER")"
}

@test "an empty ledger, as each command has it" {
    for look in '' -r; do
        # shellcheck disable=SC2086 # none or one
        prints 0 "DOMAIN VIF DEV STATE QUEUE TX RX" vifpin list $look
    done
    prints 0 "" vifpin list -n
    prints 0 "" vifpin verify
    valid list vifpin list -J
    valid list vifpin list -J -o VIF
    valid verify vifpin verify -J
    valid cpus vifpin cpus -J
    vifpin list --prometheus | promtool check metrics
    vifpin verify --prometheus | promtool check metrics
}

@test "list --prometheus" {
    make_host
    : >"$SIM_ROOT/var/lib/vifpin/ledger.json.corrupt-20260101T000000Z"
    shows 0 prometheus vifpin list --prometheus
    run promtool check metrics <"$EXPECTED/prometheus"
    equal 0 "$status" "promtool check metrics"
    equal "" "$output" "what promtool says"
}

@test "verify --prometheus: differences are no failure, and nobody is warned of NICs" {
    make_host
    shows 0 verify-prometheus vifpin verify --prometheus
    run promtool check metrics <"$EXPECTED/verify-prometheus"
    equal "0 " "$status $output" "what promtool says"
}

@test "list --prometheus: names that have to be quoted, a pass that has been, and none" {
    by_hand 1 1
    jq '.vifs[0].domain = "a\\b\"c\nd"' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    equal 'vifpin_drift_total{domain="a\\b\"c\nd",vif="1.0"} 0' \
        "$(vifpin list --prometheus | grep '^vifpin_drift_total')"
    vifpin list --prometheus | promtool check metrics
    before=$(date +%s)
    prints 0 "vif 1.0 of g1 is already pinned; nothing to do" vifpin pin g1
    last=$(vifpin list --prometheus | sed -n 's/^vifpin_last_pass_timestamp_seconds \([0-9]*\)\..*/\1/p')
    ((before <= last && last <= $(date +%s))) || equal "now" "$last" "last pass"
    rm "$SIM_ROOT/var/lib/vifpin/ledger.lock"
    equal "vifpin_last_pass_timestamp_seconds 0.000" \
        "$(vifpin list --prometheus | grep '^vifpin_last_pass')"
}

# terminal COLUMNS COMMAND: what it prints on a terminal of that width.
terminal() {
    SHELL=/bin/bash script -qec "stty cols $1; $2" /dev/null </dev/null | tr -d '\r'
}

@test "on a terminal a table is no wider than it is" {
    make_host
    jq '.vifs[].domain += "-a-name-of-25-letters-2345"' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    [ "$(vifpin cpus -n | wc -L)" -gt 80 ]
    for width in 80 100; do
        terminal "$width" "vifpin cpus" >"$SIM_DIR/terminal"
        equal "" "$(sed 's/\x1b\[[0-9;]*m//g' "$SIM_DIR/terminal" | grep -E ".{$((width + 1))}" || :)"
        equal 9 "$(wc -l <"$SIM_DIR/terminal")" lines
    done
}

@test "colours: on a terminal, and where they are asked for" {
    make_host
    shows 0 list-color vifpin list --color=always
    shows 0 list-color vifpin list --color
    shows 0 list vifpin list --color=auto
    shows 0 list vifpin list --color=never
    shows 0 list-json-columns vifpin list --color=always -J \
        -o DOMAIN,VIF,QUEUE,TX,RX,INTERRUPTS,THREADS,MAC,DRIFT,SINCE
    equal "$(<"$EXPECTED/list-color")" "$(TERM=xterm terminal 80 "vifpin list")"
    equal "$(<"$EXPECTED/list-color")" "$(NO_COLOR='' TERM=xterm terminal 80 "vifpin list")"
    equal "$(<"$EXPECTED/list")" "$(NO_COLOR=1 TERM=xterm terminal 80 "vifpin list")"
    equal "$(<"$EXPECTED/list")" "$(TERM=dumb terminal 80 "vifpin list")"
    equal "$(<"$EXPECTED/list-color")" "$(NO_COLOR=1 terminal 80 "vifpin list --color")"
}

# Each of these prints something: words of the command line.
printing=(list 'list -J' 'list -r' 'list -J -o VIF' 'list --prometheus' cpus 'cpus -J' verify
    'verify -J' 'verify --prometheus' doctor 'doctor -J' --help 'list --help' --version)

@test "a full disk" {
    make_host
    for words in "${printing[@]}"; do
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        ends 1 "vifpin: write error: No space left on device" \
            bash -c 'exec vifpin "$@" >/dev/full' - $words
    done
}

@test "a pipe that was closed" {
    make_host
    for words in "${printing[@]}"; do
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        ends 1 "vifpin: write error: Broken pipe" \
            bash -c 'exec {pipe}> >(:); wait $!; exec vifpin "$@" >&$pipe' - $words
    done
}

@test "a pipe that is closed in the middle, and a disk that gets full in the middle" {
    make_host
    jq '[range(2000) as $i | .vifs[0] | .domid = $i] as $vifs | .vifs = $vifs' "$LEDGER" |
        sim put var/lib/vifpin/ledger.json
    # Only here, and gone with the sandbox.
    mount -t tmpfs -o size=16k small /mnt
    for words in list 'list -J' 'list --prometheus'; do
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        ends 1 "vifpin: write error: No space left on device" \
            bash -c 'exec vifpin "$@" >/mnt/output' - $words
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        run bash -c 'set -o pipefail; vifpin "$@" | head -n 1 >/dev/null' - $words
        equal 1 "$status" "status of: $words | head"
        equal "vifpin: write error: Broken pipe" "$output" "$words | head"
    done
    umount /mnt
}

@test "no output at all" {
    make_host
    for words in list 'list -J' cpus 'verify -J'; do
        # shellcheck disable=SC2016,SC2086 # for the other shell; words
        ends 1 "vifpin: write error: Bad file descriptor" \
            bash -c 'exec vifpin "$@" >&-' - $words
    done
}

# errors FILE: runs each line that begins with "$ ", and shows it with what it said and how it ended.
errors() {
    local line status

    grep '^\$ ' "$1" | while IFS= read -r line; do
        status=0
        echo "$line"
        timeout "$PATIENCE" bash -c "${line#\$ }" </dev/null 2>&1 || status=$?
        echo "= $status"
    done
}

@test "errors, each with its sentence and status" {
    make_host
    errors "$EXPECTED/errors" >"$SIM_DIR/stdout"
    is_expected errors "$EXPECTED/errors"
    # Nothing was changed, and one line was said each time.
    equal "$(grep -c '^\$ ' "$EXPECTED/errors")" "$(grep -c '^vifpin: ' "$EXPECTED/errors")"
    equal "" "$(grep -vE '^(\$ |= [12]$|vifpin: )' "$EXPECTED/errors" || :)"
}

@test "a devid, and a MAC in capitals or with dashes, are the same vif" {
    make_host
    for device in 0 00:16:3E:00:01:00 00-16-3e-00-01-00; do
        prints 0 "vif 1.0 of g1 is already pinned; nothing to do" vifpin pin g1 "$device"
    done
    move_things
    for device in 1 00:16:3e:00:03:01 00:16:3E:00:03:01 00-16-3e-00-03-01 00-16-3E-00-03-01; do
        prints 1 "mail lan0 queues  1 2" vifpin verify -nr mail "$device"
        prints 1 "mail lan0 queues  1 2" vifpin verify 3 "$device" -nr
    done
}

@test "a name that is a number is a domid, as xl has it" {
    sim domain 7 8 1
    sim vif 7 0 netdev=no
    ends 0 "" vifpin pin 7
    prints 0 "8 7.0 vif7.0 reserved 0 0 1" vifpin list -nr 7
    ends 1 "vifpin: 8 is an invalid domain identifier (rc=-6); xl list shows the domains" vifpin pin 8
    ends 1 "vifpin: domain '8' has no vif in the ledger; see 'vifpin list'" vifpin list 8
    ends 1 "vifpin: domain '8' has no vif in the ledger; see 'vifpin list'" vifpin verify 8
}
