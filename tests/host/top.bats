#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# top: on a terminal, which is tmux's, and without one. What is computed, unit/test_top.c and
# unit/test_work.c say to the digit: here time is real.

load common

SCHEMAS=$BATS_TEST_DIRNAME/../../docs/schema

export LC_ALL=C TZ=UTC
unset LINES COLUMNS NO_COLOR
TERMINALS=0

# Two vifs of two queues each, and four CPUs.
make_host() {
    by_hand 1 2
    by_hand 2 2
}

# Packets and work of 2.0 alone, and CPUs 1 and 3 that are busy: 1 more.
work() {
    sim traffic vif2.0 100000 50000
    sim run vif2.0-q0-guest-rx 400
    sim run vif2.0-q1-guest-rx 300
    sim busy 1 500 100
    sim busy 3 100 0
}

### the terminal

in_tmux() {
    tmux -S "$SIM_DIR/tmux$TERMINALS" -f /dev/null "$@" 3>&-
}

# on_terminal SIZE COMMAND: on a terminal of SIZE, "80x24", where something is already; its status and
# what the terminal is set to are shown and kept when it has ended.
on_terminal() {
    # Each has a server of its own: the last one may not have ended yet.
    TERMINALS=$((TERMINALS + 1))
    in_tmux new-session -d -x "${1%x*}" -y "${1#*x}" "bash --norc -c '
        stty -g >$SIM_DIR/stty-before
        echo something
        $2
        status=\$?
        stty -g >$SIM_DIR/stty-after
        echo ended \$status
        read -r'"
}

# What is on the screen, without the time of day and the interval, and without what is empty at its end.
screen() {
    in_tmux capture-pane -p "$@" |
        sed -E '1s/[0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/; 1s/interval [0-9.]+ s/interval N s/'
}

# is_screen TEXT: this is on the screen, and no more.
is_screen() {
    [ "$1" = "$(screen)" ]
}

# await_screen TEXT
await_screen() {
    await 10 is_screen "$1" 2>/dev/null || equal "$1" "$(screen)" screen
}

# A line of the screen, whole.
has_line() {
    screen | grep -qxF -- "$1"
}

await_line() {
    await 10 has_line "$1" 2>/dev/null || equal "$1" "$(screen)" "a line"
}

type_key() {
    in_tmux send-keys "$@"
}

# quits [KEY]: and leaves the terminal as it was.
quits() {
    [ $# = 0 ] || type_key "$1"
    await_screen "something
ended 0"
    equal "$(<"$SIM_DIR/stty-before")" "$(<"$SIM_DIR/stty-after")" stty
    in_tmux kill-server
}

head_line="vifpin top - TIME, 2 vifs, 4 queues, interval N s, by share"

unmeasured="vifpin top - TIME, 2 vifs, 4 queues, interval -, by share

CPU BUSY SOFTIRQ NIC SIDES IDLE
  0    -       -   -     -    -
  1    -       -   -     -    -
  2    -       -   -     -    -
  3    -       -   -     -    -

VIF DOMAIN DEV    QUEUES TX/s RX/s TX% RX% CPUS
1.0 g1     vif1.0      2    -    -   -   - 0-3
2.0 g2     vif2.0      2    -    -   -   - 0-3"

cpus_at_rest="CPU BUSY SOFTIRQ NIC SIDES  IDLE
  0  0.0     0.0 0.0   0.0 100.0
  1  0.0     0.0 0.0   0.0 100.0
  2  0.0     0.0 0.0   0.0 100.0
  3  0.0     0.0 0.0   0.0 100.0"

vifs_at_rest="VIF DOMAIN DEV    QUEUES TX/s RX/s TX% RX% CPUS
1.0 g1     vif1.0      2    0    0 0.0 0.0 0-3
2.0 g2     vif2.0      2    0    0 0.0 0.0 0-3"

queues_at_rest="VIF DOMAIN Q TXCPU RXCPU TX% RX% IRQ/s
1.0 g1     0     0     1 0.0 0.0     0
1.0 g1     1     2     3 0.0 0.0     0
2.0 g2     0     1     0 0.0 0.0     0
2.0 g2     1     3     2 0.0 0.0     0"

@test "the screen: before the second reading, after it, and when it is left" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    type_key Space
    await_screen "$head_line

$cpus_at_rest

$vifs_at_rest"
    quits q
}

@test "it goes on by itself, and ends after so many samples" {
    make_host
    on_terminal 80x24 "vifpin top -d 0.1 -n 3"
    quits
    on_terminal 80x24 "vifpin top -d 0.1"
    await_line "$head_line"
    quits Q
}

# rows N: the first words of the lines of the second table.
rows() {
    screen | sed '1,/^VIF /d' | grep . | cut -c "1-${1:-3}" | paste -sd ' '
}

has_rows() {
    [ "$1" = "$(rows "${2:-3}")" ]
}

await_rows() {
    await 10 has_rows "$@" 2>/dev/null || equal "$1" "$(rows "${2:-3}")" rows
}

@test "what costs most comes first" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    work
    type_key x
    await_rows "2.0 1.0"
    equal "1 0 2 3" "$(screen | sed -n '4,7s/^ *\([0-9]\).*/\1/p' | paste -sd ' ')" CPUs
    quits q
}

@test "keys: s sorts, t and v change between vifs and queues, c shows CPUs only, h shows help" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    work
    type_key Enter
    await_rows "2.0 1.0"
    type_key s
    await_line "${head_line/%share/packets}"
    await_rows "2.0 1.0"
    type_key S
    await_line "${head_line/%share/vif}"
    await_rows "1.0 2.0"
    type_key s
    await_line "$head_line"
    await_rows "2.0 1.0"
    type_key t
    await_rows "2.0 g2     0 2.0 g2     1 1.0 g1     0 1.0 g1     1" 12
    quits q
}

@test "keys, with all of the screen" {
    local help

    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    type_key Space
    await_screen "$head_line

$cpus_at_rest

$vifs_at_rest"
    for key in t V; do
        type_key "$key"
        await_screen "$head_line

$cpus_at_rest

$queues_at_rest"
        type_key v
        await_screen "$head_line

$cpus_at_rest

$vifs_at_rest"
    done
    type_key c
    await_screen "$head_line

$cpus_at_rest"
    type_key h
    help="q quit  s sort  v vifs/queues  c CPUs only  h help  any other key: refresh now"
    await_line "$help"
    equal "$help" "$(in_tmux capture-pane -p | tail -n 1)" "the last line"
    type_key '?'
    type_key C
    await_screen "$head_line

$cpus_at_rest

$vifs_at_rest"
    quits q
}

@test "headings stand out" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    equal $'\e[1mvifpin top' "$(screen -e | head -n 1 | cut -c 1-14)" head
    equal 2 "$(in_tmux capture-pane -p -e | grep -cE $'^\e[[](0;)?7m(\e[[][0-9]+m)*(CPU BUSY|VIF DOMAIN)')" headings
    quits q
}

# resize SIZE
resize() {
    in_tmux resize-window -x "${1%x*}" -y "${1#*x}"
}

@test "another size of the terminal" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    # Of the 5 lines for rows of both tables CPUs get 3, for there are but 2 vifs.
    resize 80x10
    await_screen "$(sed 7d <<<"$unmeasured")"
    resize 80x4
    await_screen "$(head -n 3 <<<"$unmeasured")"
    resize 12x24
    await 10 has_line "CPU BUSY SOF"
    resize 80x24
    await_screen "$unmeasured"
    quits q
}

@test "more CPUs and vifs than lines: both tables have rows" {
    sim cpus 0-31
    by_hand 1 2
    jq '[range(1; 61) as $i | .vifs[0] | .domid = $i] as $vifs | .vifs = $vifs' "$LEDGER" |
        sim put var/lib/vifpin/ledger.json
    on_terminal 80x24 "vifpin top -d 1000"
    # 24 lines, without the first, two blank ones and two headings, are 19.
    await 10 has_line "  8    -       -   -     -    -"
    equal "9 10" "$(screen | sed -n '4,22p' | grep -cE '^ *[0-9]+  ') $(screen | grep -cE '^[0-9]+\.0 ')" rows
    equal 22 "$(screen | grep -c .)" "lines that are not empty"
    quits q
}

@test "a vif goes and another one comes" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_rows "1.0 2.0"
    ends 0 "" vifpin -c /dev/null offline XENBUS_PATH=backend/vif/1/0
    type_key Space
    await_rows "2.0"
    await_line "${head_line/2 vifs, 4 queues/1 vif, 2 queues}"
    by_hand 3 2
    type_key Space
    await_rows "2.0 3.0"
    # Not measured before the next reading.
    await_line "3.0 g3     vif3.0      2    -    -   -   - 0-3"
    type_key Space
    await_line "3.0 g3     vif3.0      2    0    0 0.0 0.0 0-3"
    quits q
}

@test "a guest connects anew: its other threads are found" {
    make_host
    on_terminal 80x24 "vifpin top -d 1000"
    await_screen "$unmeasured"
    type_key Space
    await_line "1.0 g1     vif1.0      2    0    0 0.0 0.0 0-3"
    sim disconnect 1 0
    sim connect 1 0 2
    type_key Space
    await_line "1.0 g1     vif1.0      2    -    -   -   - 0-3"
    type_key Space
    await_line "1.0 g1     vif1.0      2    0    0 0.0 0.0 0-3"
    quits q
}

@test "signals restore the terminal" {
    make_host
    for signal in INT TERM; do
        on_terminal 80x24 "sh -c \"echo \\\$\\\$ >$SIM_DIR/pid; exec vifpin top -d 1000\""
        await_screen "$unmeasured"
        kill "-$signal" "$(<"$SIM_DIR/pid")"
        quits
    done
}

@test "a name with control characters, as list has it" {
    make_host
    jq '.vifs[0].domain = "a\u001b[2J\nb"' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    on_terminal 80x24 "vifpin top -d 1000"
    await_rows '1.0 a\x1b[2J\x0ab 2.0 g2           ' 17
    equal '1.0 a\x1b[2J\x0ab' "$(vifpin list -n -o VIF,DOMAIN | head -n 1)" list
    quits q
}

@test "terminals: vt100 has a screen; dumb, and one that nobody knows, have none" {
    make_host
    on_terminal 80x24 "TERM=vt100 vifpin top -d 1000"
    await_screen "$unmeasured"
    type_key q
    await 10 has_line "ended 0"
    in_tmux kill-server
    for term in dumb nosuch; do
        on_terminal 100x24 "TERM=$term vifpin top"
        await_screen "something
vifpin: the terminal '$term' is not known, or has no screen; set TERM, or use -b
ended 1"
        equal "$(<"$SIM_DIR/stty-before")" "$(<"$SIM_DIR/stty-after")" stty
        in_tmux kill-server
    done
}

@test "no terminal" {
    ends 2 "vifpin: top: standard input is not a terminal; use -b" vifpin top
    on_terminal 80x24 "vifpin top | cat; vifpin top </dev/null"
    await_screen "something
vifpin: top: standard output is not a terminal; use -b
vifpin: top: standard input is not a terminal; use -b
ended 2"
}

@test "a ledger that cannot be read, at first and later" {
    local sentence="vifpin: ledger /var/lib/vifpin/ledger.json cannot be read (it is not JSON: unexpected character); the next \
online, pin or watch moves it aside and rebuilds it"

    make_host
    on_terminal 160x24 "vifpin top -d 1000"
    await 10 has_line "${unmeasured%%$'\n'*}"
    echo x | sim put var/lib/vifpin/ledger.json
    type_key Space
    await_screen "something
$sentence
ended 1"
    ends 1 "$sentence" vifpin top -b
}

### batch

# Without what differs from run to run.
plain() {
    sed -E 's/^(vifpin top - )[0-9:]{8}/\1TIME/; s/interval [0-9.]+ s/interval N s/'
}

@test "-b prints, after one delay" {
    make_host
    vifpin top -b -n 2 -d 0.1 >"$SIM_DIR/stdout"
    equal "$head_line

$cpus_at_rest

$vifs_at_rest

$head_line

$cpus_at_rest

$vifs_at_rest" "$(plain <"$SIM_DIR/stdout")"
    vifpin top --batch --iterations=1 --delay .1 --queues >"$SIM_DIR/stdout"
    equal "$head_line

$cpus_at_rest

$queues_at_rest" "$(plain <"$SIM_DIR/stdout")"
}

@test "-b without vifs, and with the vif of a guest that has not connected" {
    sim cpus 0
    sim domain 1 g1 2
    sim vif 1 0 netdev=no
    ends 0 "" vifpin pin g1
    vifpin top -b -n 1 -d 0.1 >"$SIM_DIR/stdout"
    equal "vifpin top - TIME, 0 vifs, 0 queues, interval N s, by share

CPU BUSY SOFTIRQ NIC SIDES  IDLE
  0  0.0     0.0 0.0   0.0 100.0

VIF DOMAIN DEV QUEUES TX/s RX/s TX% RX% CPUS" "$(plain <"$SIM_DIR/stdout")"
}

@test "-J prints a line a sample, as the schema says" {
    make_host
    sim domain 3 '{"}' 1
    sim vif 3 0 netdev=no hotplug-status=connected
    sim connect 3 0 1
    vifpin pin 3
    vifpin top -J -n 2 -d 0.1 >"$SIM_DIR/json"
    vifpin top -J -n 2 -d 0.1 -q >>"$SIM_DIR/json"
    equal 4 "$(wc -l <"$SIM_DIR/json")" lines
    while IFS= read -r line; do
        /usr/bin/python3 -W ignore -m jsonschema -i <(echo "$line") "$SCHEMAS/top.json"
    done <"$SIM_DIR/json"
    equal '["cpu","busy","softirq","nic","sides","idle"]' \
        "$(jq -c '.cpus[0] | keys_unsorted' "$SIM_DIR/json" | sort -u)"
    equal '["1.0","g1","vif1.0",2,0,0,0,0,0,0,"0-3"]' \
        "$(jq -c '.vifs // empty | .[0] | [.[]]' "$SIM_DIR/json" | sort -u)"
    equal '["3.0","{\"}","vif3.0"]' "$(jq -c '.vifs // empty | .[2] | [.[]][:3]' "$SIM_DIR/json" | sort -u)"
    equal '["1.0","g1",1,2,3,0,0,0]' \
        "$(jq -c '.queues // empty | .[1] | [.[]]' "$SIM_DIR/json" | sort -u)"
    run ! /usr/bin/python3 -W ignore -m jsonschema -i <(head -n 1 "$SIM_DIR/json" | jq 'del(.vifs)') \
        "$SCHEMAS/top.json"
}

@test "who reads has read enough: no more is printed, and nothing is said" {
    make_host
    run bash -c 'set -o pipefail; vifpin top -b -d 0.1 | head -n 1 >/dev/null'
    equal "1 " "$status $output"
    run bash -c 'set -o pipefail; vifpin top -J -d 0.1 | head -n 1 | wc -l'
    equal "1 1" "$status $output"
    ends 1 "vifpin: write error: No space left on device" bash -c 'exec vifpin top -b -d 0.1 >/dev/full'
}

@test "without ncurses there is no screen, but -b" {
    make_host
    hide_library libncursesw
    on_terminal 160x24 "vifpin top"
    await 10 has_line "ended 1"
    [[ $(screen) == "something
vifpin: the screen needs ncurses: "*"; install it, or use -b
ended 1" ]] || equal "a sentence" "$(screen)"
    in_tmux kill-server
    vifpin top -b -n 1 -d 0.1 >"$SIM_DIR/stdout"
    equal "$head_line" "$(plain <"$SIM_DIR/stdout" | head -n 1)"
}
