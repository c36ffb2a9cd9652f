#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A ledger that cannot be read is moved aside and rebuilt, one of a later version is left alone.

load common

# Four guests, one of them gone. Two are connected, at places where a ledger made anew would not put
# them; the last is reserved. Nobody watches.
setup_guests() {
    by_hand 1 1
    by_hand 2 1
    by_hand 3 2
    sim vanish 1 0
    sim domain 4 g4 1
    sim vif 4 0 netdev=no
    keep_watchers_away
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/4/0
    BEFORE=("2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1 2/3" "4.0 vif4.0 reserved 0/1")
    lists "${BEFORE[@]}"
}

# What the ledger was moved aside as; fails unless that is one file.
aside() {
    local files=("$LEDGER".corrupt-*)

    [ "${#files[@]}" = 1 ]
    [[ ${files[0]} =~ \.corrupt-[0-9]{8}T[0-9]{6}Z$ ]]
    echo "${files[0]}"
}

# message REASON [NAME]: of a command that rebuilds.
moved() {
    echo "vifpin: ledger /var/lib/vifpin/ledger.json cannot be read ($1);" \
        "moved aside as ${2:-$(basename "$(aside)")} and rebuilt"
}

# rebuilds REASON: with the ledger there is now, list refuses and changes nothing, pin moves it aside
# as it is and rebuilds.
rebuilds() {
    local reason=$1 copy=$SIM_DIR/copy

    cp -a "$LEDGER" "$copy"
    ends 1 "vifpin: ledger /var/lib/vifpin/ledger.json cannot be read ($reason); the next online, pin or watch moves it aside and rebuilds it" \
        vifpin list
    diff -r "$copy" "$LEDGER"
    vifpin pin g2 2>"$SIM_DIR/stderr"
    equal "$(moved "$reason")" "$(<"$SIM_DIR/stderr")"
    diff -r "$copy" "$(aside)"
    lists "${BEFORE[@]}"
    stand vif2.0 2/3
    stand vif3.0 0/1 2/3
    prints 0 "vif 2.0 of g2 is pinned already; nothing is changed" vifpin pin g2
}

# edit FILTER [OPTION]...: what jq makes of the good ledger.
edit() {
    jq "$@" "$LEDGER" >"$SIM_DIR/edited"
    mv "$SIM_DIR/edited" "$LEDGER"
}

# broken CONTENT REASON: with the good ledger replaced by CONTENT, in which printf's escapes count.
broken() {
    # shellcheck disable=SC2059
    printf "$1" >"$LEDGER"
    rebuilds "$2"
    rm "$(aside)"
}

@test "not JSON" {
    setup_guests
    broken '' "it is not JSON: unexpected end of data"
    broken 'this is no ledger\n' "it is not JSON: boolean expected"
    broken '\0\1\2\377{}' "it is not JSON: unexpected end of data"
    broken '{"version": 1,}' "it is not JSON: unexpected character"
}

@test "cut anywhere" {
    setup_guests
    good=$(<"$LEDGER")
    for ((len = 1; len < ${#good}; len += 97)); do
        printf '%s' "${good:0:len}" >"$LEDGER"
        rebuilds "it is not JSON: unexpected end of data"
        rm "$(aside)"
    done
    [ "$len" -gt 500 ]
}

@test "something behind the end" {
    setup_guests
    good=$(<"$LEDGER")
    broken "$good\n{}\n" "it is not JSON: unexpected character"
    broken "$good\n\0" "something stands behind its end"
}

@test "not an object" {
    setup_guests
    broken '[]\n' "it is not a JSON object"
    broken 'null\n' "it is not a JSON object"
    broken '1\n' "it is not a JSON object"
}

@test "a field is missing" {
    setup_guests
    good=$(<"$LEDGER")
    for field in version boot_id vifs remembered 'vifs[0].domid' 'vifs[0].devid' 'vifs[0].domain' \
        'vifs[0].uuid' 'vifs[0].mac' 'vifs[0].dev' 'vifs[0].state' 'vifs[0].queues' \
        'vifs[1].queues[0].queue' 'vifs[1].queues[0].tx_cpu' 'vifs[1].queues[1].rx_cpu' \
        'remembered[0].uuid' 'remembered[0].devid' 'remembered[0].queues'; do
        echo "$good" >"$LEDGER"
        edit "del(.$field)"
        rebuilds "\"${field##*.}\" is missing"
        rm "$(aside)"
    done
}

# wrong FILTER REASON
wrong() {
    echo "$GOOD" >"$LEDGER"
    edit "$1"
    rebuilds "$2"
    rm "$(aside)"
}

@test "a field has the wrong type" {
    setup_guests
    GOOD=$(<"$LEDGER")
    wrong '.version = "1"' '"version" is not of type int'
    wrong '.version = 1.5' '"version" is not of type int'
    wrong '.boot_id = 5' '"boot_id" is not of type string'
    wrong '.vifs = {}' '"vifs" is not of type array'
    wrong '.vifs = null' '"vifs" is not of type array'
    wrong '.vifs[0] = 1' 'an element of "vifs" is not an object'
    wrong '.vifs[0].domid = "2"' '"domid" is not of type int'
    wrong '.vifs[0].dev = 1' '"dev" is not of type string'
    wrong '.vifs[0].queues[0] = []' 'an element of "queues" is not an object'
    wrong '.vifs[0].queues[0].tx_cpu = true' '"tx_cpu" is not of type int'
    wrong '.remembered = "x"' '"remembered" is not of type array'
    wrong '.remembered[0] = null' 'an element of "remembered" is not an object'
}

@test "a field has a value that cannot be" {
    setup_guests
    GOOD=$(<"$LEDGER")
    wrong '.vifs[0].domid = -1' '"domid" is not from 0 to 32751'
    wrong '.vifs[0].domid = 32752' '"domid" is not from 0 to 32751'
    wrong '.vifs[0].devid = 65536' '"devid" is not from 0 to 65535'
    wrong '.vifs[0].state = "lost"' '"state" is "lost"'
    wrong '.vifs[0].dev = "a/b"' '"dev" is no name of a network device'
    wrong '.vifs[0].dev = "sixteencharacter"' '"dev" is too long'
    wrong '.vifs[0].queues[0].queue = 1' '"queues" has queue 1 where 0 belongs'
    wrong '.vifs[1].queues[1].queue = 0' '"queues" has queue 0 where 1 belongs'
    wrong '.vifs[0].queues[0].rx_cpu = 8192' '"rx_cpu" is not from 0 to 8191'
    wrong '.vifs[0].queues[0].rx_cpu = -1' '"rx_cpu" is not from 0 to 8191'
}

@test "a vif is there twice" {
    setup_guests
    edit '.vifs += [.vifs[0]]'
    rebuilds "vif 2.0 is there twice"
}

@test "a field is there twice" {
    setup_guests
    sed -i 's/"version": *1,/"version": 1, "version": 1,/' "$LEDGER"
    grep -q '"version": 1, "version": 1,' "$LEDGER"
    rebuilds 'a field is there twice'
}

@test "a directory in its place" {
    setup_guests
    rm "$LEDGER"
    mkdir "$LEDGER"
    echo x >"$LEDGER/file"
    rebuilds "Is a directory"
}

@test "a FIFO in its place" {
    setup_guests
    rm "$LEDGER"
    mkfifo "$LEDGER"
    # Nobody writes to it, and nobody waits for somebody to.
    reason="it is not JSON: unexpected end of data"
    ends 1 "vifpin: ledger /var/lib/vifpin/ledger.json cannot be read ($reason); the next online, pin or watch moves it aside and rebuilds it" \
        vifpin list
    timeout "$PATIENCE" vifpin pin g2 2>"$SIM_DIR/stderr"
    equal "$(moved "$reason")" "$(<"$SIM_DIR/stderr")"
    [ -p "$(aside)" ]
    lists "${BEFORE[@]}"
}

@test "a link to nowhere in its place" {
    setup_guests
    ln -sf nowhere "$LEDGER"
    # No ledger is an empty one: the vifs that are asked for get their entries again.
    for domain in g2 g3 g4; do
        ends 0 "" vifpin pin "$domain"
    done
    equal "2.0 3.0 4.0" "$(vifpin list -J | jq -r '[.vifs[] | "\(.domid).\(.devid)"] | join(" ")')"
    [ ! -e "${LEDGER%/*}/nowhere" ]
}

@test "online rebuilds, and places the new vif beside the others" {
    setup_guests
    : >"$LEDGER"
    sim domain 5 g5 1
    sim vif 5 0 netdev=no
    env XENBUS_PATH=backend/vif/5/0 vifpin online 2>"$SIM_DIR/stderr"
    equal "$(moved "it is not JSON: unexpected end of data")" "$(<"$SIM_DIR/stderr")"
    lists "${BEFORE[@]}" "5.0 vif5.0 reserved 0/1"
}

@test "offline rebuilds, and releases the vif" {
    setup_guests
    : >"$LEDGER"
    env XENBUS_PATH=backend/vif/2/0 vifpin offline 2>"$SIM_DIR/stderr"
    equal "$(moved "it is not JSON: unexpected end of data")" "$(<"$SIM_DIR/stderr")"
    lists "${BEFORE[@]:1}"
}

@test "unpin rebuilds, and releases the vif" {
    setup_guests
    : >"$LEDGER"
    vifpin unpin g2 2>"$SIM_DIR/stderr"
    equal "$(moved "it is not JSON: unexpected end of data")" "$(<"$SIM_DIR/stderr")"
    lists "${BEFORE[@]:1}"
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif2.0)"
}

@test "watch rebuilds at its start, and says so in the log" {
    setup_guests
    let_watchers_in
    : >"$LEDGER"
    start_watcher
    await_list "${BEFORE[@]}"
    message=$(moved "it is not JSON: unexpected end of data")
    await 5 logged "${message#vifpin: }"
    equal "$message" "$(<"$SIM_DIR/watch.err")"
}

@test "a watcher rebuilds when the ledger breaks under it" {
    setup_guests
    let_watchers_in
    start_watcher
    : >"$LEDGER"
    sim disconnect 3 0
    sim connect 3 0 1
    await_list "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 reserved 0/1"
    stand vif3.0 0/1
}

@test "offline from a broken ledger without xenstored leaves the ledger where it is" {
    setup_guests
    : >"$LEDGER"
    sim stop-xenstored
    ends 1 "vifpin: cannot reach xenstored: No such file or directory; is it running?" \
        env XENBUS_PATH=backend/vif/2/0 vifpin offline
    equal "ledger.json ledger.lock" "$(cd "${LEDGER%/*}" && echo *)"
}

@test "no broken ledger replaces another that was moved aside before" {
    setup_guests
    for i in 1 2 3; do
        echo "broken $i" >"$LEDGER"
        vifpin pin g2 2>/dev/null
    done
    equal "broken 1
broken 2
broken 3" "$(cat "$LEDGER".corrupt-* | sort)"
}

@test "a vif whose masks are not vifpin's work is placed anew, beside the others" {
    setup_guests
    echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number vif2.0-q0-tx)/smp_affinity_list"
    : >"$LEDGER"
    vifpin pin g2 2>/dev/null
    lists "2.0 vif2.0 pinned 0/1" "3.0 vif3.0 pinned 0/1 2/3" "4.0 vif4.0 reserved 2/3"
    stand vif2.0 0/1
    stand vif3.0 0/1 2/3
}

@test "a ledger of a later version is left alone, and nothing is pinned" {
    setup_guests
    sim disconnect 2 0
    sim connect 2 0 1
    printf '{ "version": 2,\t"places": "elsewhere" }' >"$LEDGER"
    error="vifpin: ledger /var/lib/vifpin/ledger.json has version 2, this vifpin knows 1; nothing is pinned until vifpin is upgraded or the file moved away"
    cp "$LEDGER" "$SIM_DIR/copy"
    ends 1 "$error" vifpin list
    ends 1 "$error" vifpin list -J
    ends 1 "$error" vifpin pin g2
    ends 1 "$error" vifpin unpin g3
    ends 1 "$error" env XENBUS_PATH=backend/vif/2/0 vifpin online
    ends 1 "$error" env XENBUS_PATH=backend/vif/3/0 vifpin offline
    cmp "$SIM_DIR/copy" "$LEDGER"
    equal "ledger.json ledger.lock" "$(cd "${LEDGER%/*}" && echo *)"
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif2.0)"
    stand vif3.0 0/1 2/3
}

@test "a watcher pins nothing while the ledger is of a later version, and goes on when it is gone" {
    setup_guests
    echo '{"version": 2}' >"$LEDGER"
    let_watchers_in
    start_watcher
    sim disconnect 2 0
    sim connect 2 0 1
    await 5 logged "ledger /var/lib/vifpin/ledger.json has version 2, this vifpin knows 1; nothing is pinned until vifpin is upgraded or the file moved away"
    equal '{"version": 2}' "$(<"$LEDGER")"
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif2.0)"
    has_watcher
    rm "$LEDGER"
    await 5 is_pinned 2 0
    await 5 is_pinned 3 0
}

@test "fields that this version does not know do not matter" {
    setup_guests
    edit '.vifs[0].note = "x" | .seen = [] | .vifs[0].queues[0].napi = 1'
    lists "${BEFORE[@]}"
    prints 0 "vif 2.0 of g2 is pinned already; nothing is changed" vifpin pin g2
    lists "${BEFORE[@]}"
}
