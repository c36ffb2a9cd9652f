#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rebalance --measured: what moves by what sides cost.

load common

# Four vifs of one queue, two on each pair of CPUs, by construction.
four_vifs() {
    local d

    for d in 1 2 3 4; do
        by_hand "$d" 1
    done
    jq '.vifs[2].queues[0] += { tx_cpu: 0, rx_cpu: 1 } | .vifs[3].queues[0] += { tx_cpu: 2, rx_cpu: 3 }' \
        "$LEDGER" | sim put var/lib/vifpin/ledger.json
    vifpin reconcile >/dev/null
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
}

# begin_measuring OPTION...: `vifpin rebalance` in the background, when it has taken its first reading and
# waits: it holds signals back. It is stopped then, so that what follows happens before the second.
begin_measuring() {
    env --default-signal=INT vifpin rebalance "$@" >"$SIM_DIR/stdout" 2>"$SIM_DIR/stderr" 3>&- &
    MEASURING=$!
    await 5 grep -q '^SigBlk:.*4003$' "/proc/$MEASURING/status"
    kill -STOP "$MEASURING"
}

# measured STATUS STDOUT: it goes on, and ends so.
measured() {
    local status=0

    kill -CONT "$MEASURING"
    wait "$MEASURING" || status=$?
    equal "" "$(<"$SIM_DIR/stderr")" stderr
    equal "$2" "$(<"$SIM_DIR/stdout")" stdout
    equal "$1" "$status" status
}

# Above the summary there is the table, whose figures depend on how long it took.
measured_summary() {
    local status=0

    kill -CONT "$MEASURING"
    wait "$MEASURING" || status=$?
    equal "" "$(<"$SIM_DIR/stderr")" stderr
    equal "$2" "$(tail -n 1 "$SIM_DIR/stdout" | sed 's/[0-9]* %/N %/g')" "the last line"
    equal "$1" "$status" status
}

@test "two hot rx sides that share a CPU are parted, and nothing else moves" {
    four_vifs
    kept 1.0=5/40 2.0=5/2 3.0=5/50 4.0=5/2
    prints 0 "vif 1.0 of g1, queue 0: rx from CPU 1 to 3 (measured load)
CPU BEFORE AFTER
  0   10.0  10.0
  1   90.0  50.0
  2   10.0  10.0
  3    4.0  44.0
1 queue to move; the busiest CPU with work of vifs is at 90 %, and would be at 50 %" vifpin -N rebalance --measured
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
    prints 0 "CPU BEFORE AFTER
  0   10.0  10.0
  1   90.0  50.0
  2   10.0  10.0
  3    4.0  44.0
1 queue moved; the busiest CPU with work of vifs was at 90 %, and is expected at 50 %" vifpin rebalance --measured
    lists "1.0 vif1.0 pinned 0/3" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
    stand vif1.0 0/3
    stand vif3.0 0/1
    # What was measured is still that.
    prints 0 "CPU BEFORE AFTER
  0   10.0  10.0
  1   50.0  50.0
  2   10.0  10.0
  3   44.0  44.0
nothing to move; the busiest CPU with work of vifs is at 50 %" vifpin rebalance --measured
}

@test "where the load is even, nothing moves" {
    four_vifs
    kept 1.0=20/20 2.0=20/20 3.0=20/20 4.0=20/20
    prints 0 "CPU BEFORE AFTER
  0   40.0  40.0
  1   40.0  40.0
  2   40.0  40.0
  3   40.0  40.0
nothing to move; the busiest CPU with work of vifs is at 40 %" vifpin rebalance --measured
}

@test "what gains less than --gain is not moved, and told" {
    local table="CPU BEFORE AFTER
  0   40.0  40.0
  1   63.0  63.0
  2   55.0  55.0
  3   55.0  55.0"

    four_vifs
    kept 1.0=20/33 2.0=0/55 3.0=20/30 4.0=55/0
    prints 0 "$table
nothing to move; the busiest CPU with work of vifs is at 63 %, and would be at 55 %" vifpin rebalance --measured --gain=20
    prints 0 "$table
nothing to move; the busiest CPU with work of vifs is at 63 %, and would be at 55 %" vifpin -N rebalance --gain 20 --measured
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
    run vifpin rebalance --measured
    equal "1 queue moved; the busiest CPU with work of vifs was at 63 %, and is expected at 55 %" "${lines[-1]}"
}

@test "what is not known counts as the mean and stays" {
    four_vifs
    kept 1.0=-/- 2.0=-/- 3.0=-/-
    prints 0 "CPU BEFORE AFTER
  0    0.0   0.0
  1    0.0   0.0
  2    0.0   0.0
  3    0.0   0.0
nothing to move; it is not known that any side costs anything" vifpin rebalance --measured
    kept 1.0=0/- 2.0=0/0 3.0=0/40 4.0=0/30
    prints 0 "CPU BEFORE AFTER
  0    0.0   0.0
  1   63.3  23.3
  2    0.0  40.0
  3   30.0  30.0
what 1 of 8 sides costs is not known; it counts as the mean of its direction
1 queue moved; the busiest CPU with work of vifs was at 63 %, and is expected at 40 %" vifpin rebalance --measured
    stand vif1.0 0/1
    stand vif3.0 0/2
}

@test "a rule that is broken is mended whatever it gains" {
    four_vifs
    sim nic eth0 msi 3
    kept 1.0=5/5 2.0=5/5 3.0=5/5 4.0=5/5
    does 0 "vif 2.0 of g2, queue 0: rx from CPU 3 to 0 (takes NIC interrupts)
vif 4.0 of g4, queue 0: rx from CPU 3 to 1 (takes NIC interrupts)
CPU BEFORE AFTER
  0   10.0  15.0
  1   10.0  15.0
  2   10.0  10.0
  3   10.0   0.0
2 queues to move; the busiest CPU with work of vifs is at 10 %, and would be at 15 %" "" vifpin -N rebalance --measured --gain=50
}

@test "with SECONDS it measures itself, and the ledger is not locked meanwhile" {
    four_vifs
    begin_measuring --measured=3
    sim run vif1.0-q0-guest-rx 400
    sim run vif3.0-q0-guest-rx 500
    sim run vif4.0-q0-dealloc 50
    prints 0 "vif 4.0 of g4 is already pinned; nothing to do" vifpin pin g4
    measured_summary 0 "1 queue moved; the busiest CPU with work of vifs was at N %, and is expected at N %"
    lists "1.0 vif1.0 pinned 0/3" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
}

@test "another thread in the place of one that was measured is no reason to move" {
    four_vifs
    begin_measuring --measured=3
    sim run vif1.0-q0-dealloc 100
    sim run vif1.0-q0-guest-rx 60
    sim run vif2.0-q0-dealloc 100
    sim run vif2.0-q0-guest-rx 100
    sim end-thread vif3.0-q0-guest-rx
    sim thread vif3.0-q0-guest-rx
    sim run vif3.0-q0-guest-rx 900
    measured_summary 0 "nothing to move; the busiest CPU with work of vifs is at N %"
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
}

@test "a vif that goes while it is measured moves no more" {
    four_vifs
    begin_measuring --measured=3
    sim run vif1.0-q0-guest-rx 400
    sim run vif3.0-q0-guest-rx 500
    sim vanish 1 0
    vifpin reconcile >/dev/null
    measured_summary 0 "nothing to move; the busiest CPU with work of vifs is at N %"
    lists "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
}

@test "a signal ends it while it measures, and nothing is changed" {
    local signal

    four_vifs
    for signal in INT TERM; do
        begin_measuring --measured=3600
        kill "-$signal" "$MEASURING"
        measured "$((128 + $(kill -l "$signal")))" ""
    done
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 pinned 2/3"
}

@test "on a terminal it shows how far it is, and no half a line stays" {
    by_hand 1 1
    TERM=xterm SHELL=/bin/bash script -qec "vifpin rebalance --measured=2" /dev/null </dev/null >"$SIM_DIR/terminal"
    grep -q $'\r\e\[Kseconds measured: 2 of 2' "$SIM_DIR/terminal"
    equal "nothing to move; it is not known that any side costs anything" \
        "$(tail -n 1 "$SIM_DIR/terminal" | tr -d '\r' | sed 's/.*\x1b\[K//')"
}

@test "where nobody has measured, it says why, and measures for five seconds" {
    by_hand 1 1
    does 0 "CPU BEFORE AFTER
  0    0.0   0.0
  1    0.0   0.0
nothing to move; it is not known that any side costs anything" \
        "vifpin: there is no /run/vifpin/work.json: no watcher runs, it has only just begun, or verify_interval is 0; measuring for 5 s" \
        vifpin rebalance --measured
}

@test "what the options may be" {
    ends 2 "vifpin: rebalance: --gain works with --measured only; see 'vifpin rebalance --help'" \
        vifpin rebalance --gain=5
    ends 2 "vifpin: rebalance: --gain must be 0 to 100 percent, not '101'; see 'vifpin rebalance --help'" \
        vifpin rebalance --measured --gain=101
    ends 2 "vifpin: rebalance: option '--gain' requires an argument; see 'vifpin rebalance --help'" \
        vifpin rebalance --measured --gain
    for seconds in 0 3601 x -1 1.5 ""; do
        ends 2 "vifpin: rebalance: --measured must be 1 to 3600 seconds, not '$seconds'; see 'vifpin rebalance --help'" \
            vifpin rebalance "--measured=$seconds"
    done
    ends 2 "vifpin: rebalance: unexpected argument '10'; see 'vifpin rebalance --help'" \
        vifpin rebalance --measured 10
}
