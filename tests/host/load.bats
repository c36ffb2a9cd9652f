#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measured load: what the watcher makes of the kernel's counters, and who shows it.

load common

# What a person has set must not show.
export LC_ALL=C

WORK=run/vifpin/work.json

# Starts a watcher that looks every second, and stops it (SIGSTOP) once it has taken its first reading,
# which it has when it is ready. So whatever is counted until go_on comes between two readings.
start_and_halt() {
    echo "verify_interval = ${1:-1}" | sim put etc/xen/vifpin.conf
    # Ends when the watcher has said READY=1.
    timeout "$PATIENCE" /usr/bin/python3 -c '
import os, signal, socket, subprocess, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
with open(sys.argv[2], "w") as out:
    watcher = subprocess.Popen(["vifpin", "watch"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                               env={**os.environ, "NOTIFY_SOCKET": sys.argv[1]}, start_new_session=True)
assert listener.recv(64) == b"READY=1"
os.kill(watcher.pid, signal.SIGSTOP)
' "$SIM_DIR/notify" "$SIM_DIR/watch.out" 3>&-
    rm "$SIM_DIR/notify"
    [ ! -e "$SIM_ROOT/$WORK" ]
}

# Lets it measure, and waits until it has.
go_on() {
    kill -CONT "$(watcher)"
    await "$PATIENCE" test -e "$SIM_ROOT/$WORK"
}

# What was done between the first two readings, in ms: "1.0 TX/RX..." of each vif, and "cpuN
# BUSY SOFTIRQ NIC SIDES" of each CPU.
measured() {
    jq -r '. as $all | def ms: if . < 0 then "-" else (. * $all.ns / 1e12 | round) end;
        (.vifs[] | "\(.domid).\(.devid) " + ([.queues[] | "\(.tx | ms)/\(.rx | ms)"] | join(" "))),
        (.cpus[] | "cpu\(.cpu) \(.busy | ms) \(.softirq | ms) \(.nic | ms) \(.sides | ms)")' \
        "$SIM_ROOT/$WORK"
}

# measures LINE...: exactly these.
measures() {
    equal "$(printf '%s\n' "$@")" "$(measured)" "what was measured"
}

# puts_work JQ-PROGRAM: what the watcher has written becomes that.
puts_work() {
    jq "$1" "$SIM_DIR/work" | sim put "$WORK"
}

# Nobody shows a load, and list with -v says why.
shows_none() {
    prints 0 $'TXLOAD RXLOAD\n- -' vifpin list -r -o TXLOAD,RXLOAD
    prints 0 $'BUSY\n-\n-\n-\n-' vifpin cpus -r -o BUSY
    prints 0 '[null,null]' sh -c 'vifpin list -J -o TXLOAD,RXLOAD | jq -c "[.queues[][]]"'
    prints 0 '[null,null,null,null]' sh -c 'vifpin cpus -J -o BUSY | jq -c "[.cpus[].busy]"'
    equal "" "$(vifpin list --prometheus | grep '^vifpin_.*_ratio')"
    does 0 $'TXLOAD\n-' "vifpin: list: no measured load: $1" vifpin -v list -r -o TXLOAD
}

NONE="there is no /$WORK: no watcher runs, it has only just begun, or verify_interval is 0"

@test "rx is guest-rx, tx is dealloc and its part of softirq" {
    by_hand 1 1
    lists "1.0 vif1.0 pinned 0/1"
    start_and_halt
    sim run vif1.0-q0-guest-rx 300
    sim run vif1.0-q0-dealloc 20
    sim busy 0 150 100
    sim busy 1 310 0
    sim traffic vif1.0 1000 5000
    sim counts vif1.0-q0-tx 500 0 0 0
    go_on
    measures "1.0 120/300" "cpu0 150 100 0 120" "cpu1 310 0 0 300" "cpu2 0 0 0 0" "cpu3 0 0 0 0"
    equal "$(stat -c '%a %U' "$SIM_ROOT/$WORK")" "644 root"
}

@test "a thread that cannot be told from others by its cut name is not measured" {
    sim cut-names
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected vifname=averylongname0
    sim netdev 1 0 averylongname0
    sim connect 1 0 1
    sim end-thread averylongname0-q0-dealloc
    ends 1 "vifpin: vif 1.0: there is no thread averylongname0-q0-dealloc" vifpin pin g1
    start_and_halt
    sim run averylongname0-q0-guest-rx 300
    go_on
    equal "1.0 -/-" "$(measured | head -n 1)"
}

@test "softirq goes by packets, those of a vif by its queues' interrupts, and to NICs by theirs" {
    sim nic eth0 msi 0 1
    keep_watchers_away
    by_hand 1 2
    by_hand 2 1
    let_watchers_in
    jq '.vifs[0].queues[0].tx_cpu = 0 | .vifs[0].queues[1].tx_cpu = 1 | .vifs[1].queues[0].tx_cpu = 0' \
        "$LEDGER" | sim put var/lib/vifpin/ledger.json
    start_and_halt
    # On CPU 0 1.0 has 100 packets, 2.0 has 200, and the NIC 500; on CPU 1 1.0 has 300 and the NIC 100.
    sim traffic vif1.0 400 0
    sim counts vif1.0-q0-tx 0 0 25 0
    sim counts vif1.0-q1-tx 0 75 0 0
    sim traffic vif2.0 200 9999
    sim traffic eth0 350 250
    sim counts eth0-0 50 0 0 0
    sim counts eth0-1 0 10 0 0
    sim busy 0 500 400
    sim busy 1 500 400
    go_on
    equal $'1.0 50/0 300/0\n2.0 100/0' "$(measured | grep '^[12]')"
    equal $'cpu0 500 400 250 150\ncpu1 500 400 100 300' "$(measured | grep '^cpu[01]')"
}

@test "a thread that is replaced costs its side a sample, never a wrong figure" {
    by_hand 1 1
    by_hand 2 1
    start_and_halt
    sim run vif2.0-q0-guest-rx 70
    sim end-thread vif1.0-q0-guest-rx
    sim thread vif1.0-q0-guest-rx
    sim run vif1.0-q0-guest-rx 400
    go_on
    equal $'1.0 0/-\n2.0 0/70' "$(measured | grep '^[12]')"
}

@test "without schedstat ticks are counted, and without per_cpu_count packets go evenly" {
    by_hand 1 2
    rm "$SIM_ROOT"/proc/*/schedstat "$SIM_ROOT"/sys/kernel/irq/*/per_cpu_count
    start_and_halt
    pid=$(cd "$SIM_ROOT/proc" && grep -lw vif1.0-q0-guest-rx ./*/comm | cut -d/ -f2)
    # It had 1 tick, of 10 ms.
    sed 's/ 0 0 0 0 0 1 0 0 20 / 0 0 0 0 3 5 0 0 20 /' "$SIM_ROOT/proc/$pid/stat" | sim put "proc/$pid/stat"
    sim traffic vif1.0 100 0
    for cpu in 0 1 2 3; do sim busy "$cpu" 50 50; done
    go_on
    equal "1.0 50/70 50/0" "$(measured | grep '^1')"
}

@test "list, cpus and the metrics show what was measured" {
    by_hand 1 1
    start_and_halt
    sim run vif1.0-q0-guest-rx 300
    go_on
    stop_watcher
    cp "$SIM_ROOT/$WORK" "$SIM_DIR/work"
    # For the test's sake: the watcher's own figures have the time that has passed in them.
    puts_work '.interval = 1000 | .vifs[0].queues[0].tx = 123449 | .vifs[0].queues[0].rx = 3450
        | .cpus[0].busy = 1000000 | .cpus[1].busy = 499 | .cpus[2].busy = -1'
    prints 0 $'DOMAIN VIF QUEUE TXLOAD RXLOAD\ng1     1.0     0   12.3    0.3' \
        vifpin list -o DOMAIN,VIF,QUEUE,TXLOAD,RXLOAD
    prints 0 $'CPU BUSY\n0 100.0\n1 0.0\n2 -\n3 0.0' vifpin cpus -r -o CPU,BUSY
    equal '{"queues":[{"txload":12.3,"rxload":0.3}]}' "$(vifpin list -J -o TXLOAD,RXLOAD | tr -d ' \n')"
    equal '{"cpus":[{"busy":100.0},{"busy":0.0},{"busy":null},{"busy":0.0}]}' \
        "$(vifpin cpus -J -o BUSY | tr -d ' \n')"
    equal 'vifpin_queue_load_ratio{domain="g1",vif="1.0",queue="0",side="tx"} 0.123449
vifpin_queue_load_ratio{domain="g1",vif="1.0",queue="0",side="rx"} 0.003450
vifpin_cpu_busy_ratio{cpu="0"} 1.000000
vifpin_cpu_busy_ratio{cpu="1"} 0.000499
vifpin_cpu_busy_ratio{cpu="3"} 0.000000' "$(vifpin list --prometheus | grep '^vifpin_.*_ratio')"
}

@test "without a watcher, and after one has ended, there is none" {
    by_hand 1 1
    shows_none "$NONE"
    start_and_halt
    shows_none "$NONE"
    go_on
    pid=$(watcher)
    kill -TERM "$pid"
    await "$PATIENCE" has_ended "$pid"
    shows_none "$NONE"
    equal watch.lock "$(ls "$SIM_ROOT/run/vifpin")"
}

@test "what a watcher has left that was killed goes with the next one, or out of date" {
    by_hand 1 1
    start_and_halt
    go_on
    stop_watcher
    [ -e "$SIM_ROOT/$WORK" ]
    start_and_halt 86400
    kill -CONT "$(watcher)"
    [ ! -e "$SIM_ROOT/$WORK" ]
}

@test "with verify_interval = 0 nothing is measured" {
    by_hand 1 1
    start_and_halt
    go_on
    : >"$SIM_DIR/syslog"
    echo 'verify_interval = 0' | sim put etc/xen/vifpin.conf
    kill -HUP "$(watcher)"
    await 5 logged "event=reload"
    await 5 test ! -e "$SIM_ROOT/$WORK"
    shows_none "$NONE"
}

@test "without vifs there is nothing to measure" {
    by_hand 1 1
    start_and_halt
    go_on
    sim vanish 1 0
    await 5 test ! -e "$SIM_ROOT/$WORK"
}

@test "a file that is out of date, of another boot or broken counts as none, and fails nothing" {
    local broken="cannot read /$WORK"

    by_hand 1 1
    start_and_halt
    go_on
    stop_watcher
    cp "$SIM_ROOT/$WORK" "$SIM_DIR/work"
    puts_work '.at_ns -= 3600000000000 | .at_ns = ([.at_ns, 0] | max) | .interval = 1'
    shows_none "/$WORK is out of date: the watcher has stopped, or does not get to run"
    puts_work '.at_ns += 3600000000000'
    shows_none "/$WORK is out of date: the watcher has stopped, or does not get to run"
    puts_work '.interval = 1000 | .boot_id = "another"'
    shows_none "/$WORK is of another boot"
    puts_work '.version = 2'
    shows_none "$broken: has version 2, this vifpin knows 1"
    puts_work '.cpus[0].busy = "all"'
    shows_none "$broken: \"busy\" is not of type int"
    sim put "$WORK" <<<'{"state": "someone else'\''s"}'
    shows_none "$broken: \"version\" is missing"
    head -c 100 "$SIM_DIR/work" | sim put "$WORK"
    shows_none "$broken: it is not JSON: unexpected end of data"
    sim put "$WORK" </dev/null
    shows_none "$broken: it is not JSON: unexpected end of data"
    rm "$SIM_ROOT/$WORK"
    mkfifo "$SIM_ROOT/$WORK"
    shows_none "$broken: it is not JSON: unexpected end of data"
    rm "$SIM_ROOT/$WORK"
    mkdir "$SIM_ROOT/$WORK"
    shows_none "$broken: Is a directory"
}

@test "what cannot be measured is said once, and vifs are pinned all the same" {
    echo 'verify_interval = 1' | sim put etc/xen/vifpin.conf
    rm "$SIM_ROOT/proc/stat"
    start_watcher
    guest 1 1
    guest 2 1
    equal 1 "$(grep -c 'cannot measure load: cannot read /proc/stat: No such file or directory' \
        "$SIM_DIR/syslog")"
    [ ! -e "$SIM_ROOT/$WORK" ]
}
