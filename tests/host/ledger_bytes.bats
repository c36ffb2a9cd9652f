#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What else may lie where the ledger is: no command crashes or waits, what can be read is kept, and no
# vif is moved. ledger.bats has what may be wrong with its content, unit/test_ledger_bytes.c any bytes.

load common

# One guest, at places where a ledger made anew would not put it, and what is remembered of another.
# Nobody watches.
setup_guest() {
    keep_watchers_away
    by_hand 1 1
    by_hand 2 1
    sim vanish 1 0
    vifpin reconcile
    BEFORE="2.0 vif2.0 pinned 2/3"
    lists "$BEFORE"
}

# rebuilds REASON: list refuses what is there, pin moves it aside and rebuilds.
rebuilds() {
    local error="vifpin: ledger /var/lib/vifpin/ledger.json cannot be read ($1);"

    ends 1 "$error the next online, pin or watch moves it aside and rebuilds it" vifpin list
    timeout "$PATIENCE" vifpin pin g2 2>"$SIM_DIR/stderr"
    ASIDE=$(compgen -G "$LEDGER.corrupt-*")
    equal "$error moved aside as ${ASIDE##*/} and rebuilt" "$(<"$SIM_DIR/stderr")"
    lists "$BEFORE"
    stand vif2.0 2/3
}

@test "a link to itself" {
    setup_guest
    ln -sf ledger.json "$LEDGER"
    rebuilds "Too many levels of symbolic links"
    equal ledger.json "$(readlink "$ASIDE")"
}

@test "a socket" {
    setup_guest
    rm "$LEDGER"
    (cd "${LEDGER%/*}" && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("ledger.json")')
    rebuilds "No such device or address"
    [ -S "$ASIDE" ]
}

@test "a device that never ends" {
    setup_guest
    rm "$LEDGER"
    mknod "$LEDGER" c 1 5
    rebuilds "File too large"
    [ -c "$ASIDE" ]
}

@test "100 MB" {
    setup_guest
    truncate -s 100M "$LEDGER"
    rebuilds "File too large"
    equal 104857600 "$(stat -c %s "$ASIDE")"
}

@test "more than 4 MB" {
    setup_guest
    truncate -s 4194305 "$LEDGER"
    rebuilds "it is too large"
    equal 4194305 "$(stat -c %s "$ASIDE")"
}

@test "a nesting of 10,000" {
    setup_guest
    printf '[%.0s' {1..10000} >"$LEDGER"
    printf ']%.0s' {1..10000} >>"$LEDGER"
    rebuilds "it is not JSON: nesting too deep"
}

@test "a CPU beyond 64 bits, and one that is given twice" {
    setup_guest
    good=$(<"$LEDGER")
    echo "${good/\"tx_cpu\":2/\"tx_cpu\":18446744073709551618}" >"$LEDGER"
    rebuilds '"tx_cpu" is not between 0 and 8191'
    rm "$ASIDE"
    echo "${good/\"tx_cpu\":2/\"tx_cpu\":2,\"tx_cpu\":1}" >"$LEDGER"
    rebuilds "a field appears twice"
}

@test "of another owner, and for all to write" {
    setup_guest
    chown 65534:65534 "$LEDGER"
    chmod 666 "$LEDGER"
    lists "$BEFORE"
    prints 0 "vif 2.0 of g2 is already pinned; nothing to do" vifpin pin g2
    # Nobody else writes to the next one.
    prints 0 "1 vif released; 4 interrupts and threads have the default masks again" \
        vifpin unpin g2
    equal "0 0 644" "$(stat -c '%u %g %a' "$LEDGER")"
    lists
    # What was in it is not lost.
    ends 0 "" vifpin pin g2
    lists "$BEFORE"
}

@test "a ledger that could not be read again is not written" {
    setup_guest
    # Of two bytes each as they are, and of six as they would be written.
    jq -c '.vifs += [.vifs[0] | .domid = 100 | .domain = "ü" * 1000000]' "$LEDGER" >"$SIM_DIR/wide"
    [ "$(stat -c %s "$SIM_DIR/wide")" -lt 4194304 ]
    cp "$SIM_DIR/wide" "$LEDGER"
    ends 1 "vifpin: cannot write /var/lib/vifpin/ledger.json: File too large" vifpin unpin 2
    cmp "$SIM_DIR/wide" "$LEDGER"
    equal "ledger.json ledger.lock" "$(cd "${LEDGER%/*}" && echo *)"
    stand vif2.0 2/3
}
