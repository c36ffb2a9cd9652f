#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A ledger that cannot be read is moved aside and rebuilt, one of a later version is left alone. Its lock
# is not waited for without end.

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
    BEFORE=("2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 1/0 3/2" "4.0 vif4.0 reserved 0/1")
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
    stand vif3.0 1/0 3/2
    prints 0 "vif 2.0 of g2 is already pinned; nothing to do" vifpin pin g2
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

@test "a line for each vif; of a long one only what has changed is another, and nothing if nothing has" {
    local before inode

    keep_watchers_away
    by_hand 900 1
    jq -c '.vifs = [range(1; 400) as $domid | .vifs[0] | .domid = $domid | .queues = [range(8) as $queue |
        { queue: $queue, tx_cpu: 0, rx_cpu: 1 }]] + .vifs' "$LEDGER" >"$SIM_DIR/long"
    cp "$SIM_DIR/long" "$LEDGER"
    vifpin pin 900
    equal "$(jq -S . "$SIM_DIR/long")" "$(jq -S . "$LEDGER")"
    equal "403 403" "$(wc -l <"$LEDGER") $(grep -cE '^(\{"version":1,|\{"domid":[0-9]+,"devid":0,.*\}(,|)$|\],|\]\}$)' "$LEDGER")"
    [ "$(stat -c %s "$LEDGER")" -gt 100000 ]

    inode=$(stat -c %i "$LEDGER")
    vifpin pin 900
    equal "$inode" "$(stat -c %i "$LEDGER")"

    before=$(<"$LEDGER")
    xenstore-write /local/domain/0/backend/vif/900/0/mac 00:16:3e:99:99:99
    vifpin pin 900
    equal "$(sed '/^{"domid":900,/s/"mac":"[^"]*"/"mac":"00:16:3e:99:99:99"/' <<<"$before")" "$(<"$LEDGER")"

    # One that goes on behind that.
    before=$(<"$LEDGER")
    echo >>"$LEDGER"
    vifpin pin 900
    equal "$before" "$(<"$LEDGER")"
    equal "$(wc -c <<<"$before")" "$(wc -c <"$LEDGER")"
}

@test "a guest's name beyond ASCII" {
    local name=$'b\xc3\xbccher 5\xe2\x82\xac \xf0\x9f\x98\x80' raw

    sim domain 1 "$name" 1
    sim vif 1 0 netdev=no
    keep_watchers_away
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/1/0
    grep -qF '"domain":"b\u00fccher 5\u20ac \ud83d\ude00"' "$LEDGER"
    [ -z "$(LC_ALL=C tr -d '\0-\177' <"$LEDGER")" ]
    equal "$(vifpin list -J)" "$(LC_ALL=C tr -d '\200-\377' < <(vifpin list -J))"
    equal "$name" "$(vifpin list -J | jq -r '.vifs[].domain')"
    equal "$name" "$(vifpin list -no DOMAIN "$name")"

    # As an earlier version wrote it.
    raw=$(jq . "$LEDGER")
    echo "$raw" >"$LEDGER"
    equal "$name" "$(vifpin list -no DOMAIN "$name")"
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/1/0
    grep -qF '"domain":"b\u00fccher 5\u20ac \ud83d\ude00"' "$LEDGER"
}

@test "a guest's name that is not UTF-8" {
    sim domain 1 $'b\xfccher' 1
    sim vif 1 0 netdev=no
    keep_watchers_away
    ends 0 "" vifpin online XENBUS_PATH=backend/vif/1/0
    grep -qF '"domain":"b\ufffdcher"' "$LEDGER"
    equal $'b\xef\xbf\xbdcher' "$(vifpin list -J | jq -r '.vifs[].domain')"
    lists "1.0 vif1.0 reserved 0/1"
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

@test "something after the end" {
    setup_guests
    good=$(<"$LEDGER")
    broken "$good\n{}\n" "it is not JSON: unexpected character"
    broken "$good\n\0" "there is something after its end"
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
    wrong '.vifs[0].domid = -1' '"domid" is not between 0 and 32751'
    wrong '.vifs[0].domid = 32752' '"domid" is not between 0 and 32751'
    wrong '.vifs[0].devid = 65536' '"devid" is not between 0 and 65535'
    wrong '.vifs[0].state = "lost"' '"state" cannot be "lost"'
    wrong '.vifs[0].dev = "a/b"' '"dev" is not a valid network device name'
    wrong '.vifs[0].dev = "sixteencharacter"' '"dev" is too long'
    wrong '.vifs[0].queues[0].queue = 1' '"queues" has queue 1 where 0 belongs'
    wrong '.vifs[1].queues[1].queue = 0' '"queues" has queue 0 where 1 belongs'
    wrong '.vifs[0].queues[0].rx_cpu = 8192' '"rx_cpu" is not between 0 and 8191'
    wrong '.vifs[0].queues[0].rx_cpu = -1' '"rx_cpu" is not between 0 and 8191'
}

@test "a vif appears twice" {
    setup_guests
    edit '.vifs += [.vifs[0]]'
    rebuilds "vif 2.0 appears twice"
}

@test "a field appears twice" {
    setup_guests
    sed -i 's/"version": *1,/"version": 1, "version": 1,/' "$LEDGER"
    grep -q '"version": 1, "version": 1,' "$LEDGER"
    rebuilds 'a field appears twice'
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

@test "the newest ten that were moved aside are kept, and what others put there" {
    local name=ledger.json.corrupt kept i

    by_hand 1 1
    cd "${LEDGER%/*}"
    # The last is newer than what is moved aside now: the clock was wrong then, or is.
    for i in 20250101T000000Z-{1..12} 20250101T000000Z 20241231T235959Z 29990101T000000Z; do
        echo "$i" >"$name-$i"
    done
    mkdir "$name-20240101T000000Z"
    echo >"$name-of-the-crash"
    echo >"$name-20240101T000000Z.old"
    kept=$(printf '%s\n' "$name"-{20250101T000000Z-{5..12},29990101T000000Z,20240101T000000Z,of-the-crash,20240101T000000Z.old})
    : >ledger.json
    vifpin pin g1 2>"$SIM_DIR/stderr"
    new=$(sed -n 's/.*moved aside as \(.*\) and rebuilt/\1/p' "$SIM_DIR/stderr")
    equal "$(sort <<<"$kept"$'\n'"$new")" "$(printf '%s\n' "$name"-* | sort)" "what is kept"
    equal 20250101T000000Z-5 "$(<"$name-20250101T000000Z-5")"
}

@test "a ledger that was just moved aside is kept, whatever the clock says" {
    local name=ledger.json.corrupt i

    by_hand 1 1
    cd "${LEDGER%/*}"
    for i in {0..10}; do
        echo >"$name-29990101T00000${i:0:1}Z-$i"
    done
    : >ledger.json
    vifpin pin g1 2>"$SIM_DIR/stderr"
    [ -f "$(sed -n 's/.*moved aside as \(.*\) and rebuilt/\1/p' "$SIM_DIR/stderr")" ]
    equal 11 "$(printf '%s\n' "$name"-* | wc -l)" "what is kept"
}

@test "a ledger that cannot be opened is no corrupt one" {
    setup_guests
    chown nobody "$LEDGER"
    chmod 600 "$LEDGER"
    cp -a "$LEDGER" "$SIM_DIR/copy"
    ends 1 "vifpin: cannot read /var/lib/vifpin/ledger.json: Permission denied" \
        setpriv --bounding-set=-dac_override,-dac_read_search vifpin pin g2
    cmp "$SIM_DIR/copy" "$LEDGER"
    equal "" "$(compgen -G "$LEDGER.corrupt-*" || :)"
    lists "${BEFORE[@]}"
}

@test "whatever lies where the new ledger is written is in nobody's way" {
    setup_guests
    mkfifo "$LEDGER.tmp"
    timeout "$PATIENCE" vifpin unpin g2
    lists "${BEFORE[@]:1}"
    [ ! -e "$LEDGER.tmp" ]
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

@test "pin of one domain rebuilds, and counts the vifs of that domain" {
    setup_guests
    sim vif 3 1 netdev=no hotplug-status=connected
    sim connect 3 1 1
    : >"$LEDGER"
    TERM=xterm SHELL=/bin/bash script -qec "vifpin pin g3" /dev/null </dev/null >"$SIM_DIR/terminal"
    equal "2 vifs: 2 pinned, 0 partial, 0 reserved; 2 changed, 0 released" \
        "$(tr -d '\r' <"$SIM_DIR/terminal" | sed 's/.*\x1b\[K//' | grep ' vifs: ')"
}

@test "a vif that the configuration leaves alone is left where it is by who rebuilds" {
    setup_guests
    echo "vifs = [ 'domain=g2,pin=0' ]" >"$SIM_ROOT/etc/xen/vifpin.conf"
    : >"$LEDGER"
    vifpin pin g3 2>"$SIM_DIR/stderr"
    equal "$(moved "it is not JSON: unexpected end of data")" "$(<"$SIM_DIR/stderr")"
    lists "${BEFORE[@]:1}"
    stand vif2.0 2/3
}

@test "a vif with one interrupt a queue stays where it is when the ledger is rebuilt" {
    setup_guests
    sim domain 5 g5 1
    sim vif 5 0 netdev=no hotplug-status=connected
    sim irq vif5.0-q0
    sim thread vif5.0-q0-guest-rx
    sim thread vif5.0-q0-dealloc
    xenstore-write backend/vif/5/0/state 4
    # Where it would not be placed without this configuration.
    echo "vifs = [ 'domain=g5,cpus=2-3' ]" >"$SIM_DIR/conf"
    ends 0 "" vifpin -c "$SIM_DIR/conf" pin g5
    : >"$LEDGER"
    vifpin pin g2 2>"$SIM_DIR/stderr"
    lists "${BEFORE[@]}" "5.0 vif5.0 pinned 2/3"
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
    sim disconnect 3 0
    await_list "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 reserved 1/0 3/2" "4.0 vif4.0 reserved 0/1"
    : >"$LEDGER"
    # Nothing tells any more where these two were to stand.
    sim connect 3 0 1
    await_list "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 0/1" "4.0 vif4.0 reserved 1/0"
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
    lists "2.0 vif2.0 pinned 0/1" "3.0 vif3.0 pinned 1/0 3/2" "4.0 vif4.0 reserved 2/3"
    stand vif2.0 0/1
    stand vif3.0 1/0 3/2
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
    stand vif3.0 1/0 3/2
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
    prints 0 "vif 2.0 of g2 is already pinned; nothing to do" vifpin pin g2
    lists "${BEFORE[@]}"
}

@test "the wait for the lock ends, whatever signals the caller has blocked or ignores" {
    error="vifpin: cannot lock /var/lib/vifpin/ledger.json: another vifpin holds it for more than 2 s"
    mkdir "${LEDGER%/*}"
    exec {lock}>"${LEDGER%/*}/ledger.lock"
    flock "$lock"
    for signals in "" --block-signal=ALRM --block-signal --ignore-signal=ALRM --ignore-signal; do
        begin=${EPOCHREALTIME/./}
        # shellcheck disable=SC2086 # none or one
        ends 1 "$error" env $signals vifpin reconcile
        [ "$((${EPOCHREALTIME/./} - begin))" -ge 2000000 ]
    done
    exec {lock}>&-
    prints 0 "0 vifs: 0 pinned, 0 partial, 0 reserved; 0 changed, 0 released" vifpin reconcile
}

# held TIMES: each time for 1.5 s, by one after the other without a gap: what counts is that it is taken.
held() {
    local i

    for ((i = 0; i < $1; i++)); do
        touch "${LEDGER%/*}/ledger.lock"
        sleep 1.5
    done
}

@test "who waits for the lock goes on waiting while others get it" {
    mkdir "${LEDGER%/*}"
    exec {lock}>"${LEDGER%/*}/ledger.lock"
    flock "$lock"
    held 3 3>&- &
    exec {lock}>&-
    begin=${EPOCHREALTIME/./}
    prints 0 "0 vifs: 0 pinned, 0 partial, 0 reserved; 0 changed, 0 released" vifpin reconcile
    [ "$((${EPOCHREALTIME/./} - begin))" -ge 4000000 ]
}
