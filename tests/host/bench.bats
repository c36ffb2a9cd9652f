#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vifpin-bench, the example that compares free with pinned on a host: what it does to the host, and what it leaves.

load common

BENCH=$HOST_TESTS/../../examples/vifpin-bench

# A call that is over soon. The host is the simulated one.
bench() {
    /usr/bin/python3 -B "$BENCH" --root "$SIM_ROOT" --settle 0 "$@" 3>&-
}

# Two guests, and a NIC on CPU 0. The first has been placed where nobody would place it by itself.
two_guests() {
    sim nic eth0 msi 0
    sim domain 1 g1 2
    sim vif 1 0
    sim online 1 0
    sim connect 1 0 2
    sim domain 2 g2 1
    sim vif 2 0
    sim online 2 0
    sim connect 2 0 1
    vifpin reconcile
    jq -c '.vifs[0].queues = [{ queue: 0, tx_cpu: 1, rx_cpu: 2 }, { queue: 1, tx_cpu: 1, rx_cpu: 2 }]' "$LEDGER" \
        >"$SIM_DIR/ledger"
    sim put var/lib/vifpin/ledger.json <"$SIM_DIR/ledger"
    vifpin pin 1
    places >"$SIM_DIR/before"
    sim masks vif1.0 >"$SIM_DIR/masks"
}

as_before() {
    equal "$(<"$SIM_DIR/before")" "$(places)" "vifpin list"
    equal "$(<"$SIM_DIR/masks")" "$(sim masks vif1.0)" "what the kernel shows of vif1.0"
    prints 0 "" vifpin verify
}

@test "by turns free and pinned, each as often, and everything is as it was" {
    two_guests
    bench --rounds 2 --seconds 0.05 --seed 7 -o "$SIM_DIR/rounds" >"$SIM_DIR/table"
    equal "$(printf '%s\n' free 'free again' pinned free 'free again' pinned | sort)" \
        "$(jq -r .policy "$SIM_DIR/rounds" | sort)" "rounds"
    equal "seed 7: 2 rounds of 0.05 s of each" "$(head -n 1 "$SIM_DIR/table")"
    equal "free free again pinned" "$(sed -n 's/^| \(free\|free again\|pinned\) |.*/\1/p' "$SIM_DIR/table" | paste -sd ' ')"
    as_before
}

# What is done to the host, by a vifpin that says so.
log_calls() {
    mkdir "$SIM_DIR/bin"
    cat >"$SIM_DIR/bin/vifpin" <<-END
	#!/bin/sh
	case "\$3" in pin | unpin) echo "\$3 \$4 \$5" >>"$SIM_DIR/calls" ;; esac
	exec "$(command -v vifpin)" "\$@"
	END
    chmod +x "$SIM_DIR/bin/vifpin"
    PATH="$SIM_DIR/bin:$PATH"
}

@test "it is vifpin unpin and pin of each vif that make the turns" {
    two_guests
    log_calls
    bench --rounds 1 --seconds 0.01 --seed 1 >/dev/null
    equal "pin 1 0
pin 2 0
unpin 1 0
unpin 2 0" "$(sort -u "$SIM_DIR/calls")" "calls"
}

is_free() {
    [ "$(places | wc -l)" = 0 ]
}

@test "interrupted while all is free, it puts everything back and says so" {
    local pid signal

    for signal in INT TERM HUP; do
        [ "$signal" != INT ] || two_guests
        # In a process group of its own: a background job of a shell ignores SIGINT.
        env --default-signal=INT /usr/bin/python3 -B "$BENCH" --root "$SIM_ROOT" --settle 0 --rounds 100 --seconds 0.3 \
            >"$SIM_DIR/out" 2>"$SIM_DIR/err" 3>&- &
        pid=$!
        await "$PATIENCE" is_free
        kill -"$signal" "$pid"
        status=0
        wait "$pid" || status=$?
        equal $((128 + $(kill -l "$signal"))) "$status" "status after $signal"
        equal "vifpin-bench: interrupted; every vif is where it was" "$(<"$SIM_DIR/err")"
        as_before
    done
}

@test "a guest that goes meanwhile ends it, and the others are as they were" {
    local pid status=0

    two_guests
    bench --rounds 100 --seconds 0.3 >"$SIM_DIR/out" 2>"$SIM_DIR/err" &
    pid=$!
    await "$PATIENCE" is_free
    sim destroy 2
    wait "$pid" || status=$?
    equal 1 "$status" "status"
    equal "vifpin-bench: a guest has gone or connected again meanwhile: rounds before and after that cannot be compared" \
        "$(<"$SIM_DIR/err")"
    sed -i '/^2\.0 /d' "$SIM_DIR/before"
    as_before
}

@test "without a pinned vif there is nothing to compare" {
    does 1 "seed 3: 10 rounds of 10 s of each" \
        "vifpin-bench: no vif is pinned, so there is nothing to compare; \`vifpin reconcile\` pins those that are there" \
        bash -c "$(declare -f bench); BENCH=$BENCH; bench --seed 3"
}
