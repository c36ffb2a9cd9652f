# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pins.bash - the life of a guest with four vCPUs and two vifs, one of them renamed, as the tests
# of paravirtual ($TYPE = pv) and PVH guests look at it. Each step keeps what it saw in $WORK.

# reserve DIR: creates the guest paused.
#   DIR/hotplug         hotplug-status of both vifs then
#   DIR/reserved.json   vifpin list -J then
#   DIR/carriers        those of their netdevs
reserve() {
    local dir=$1 id

    mkdir "$dir"
    milliseconds create g1 "$TYPE" 4 -p mac=00:16:3e:00:01:01,bridge=xenbr0 \
        mac=00:16:3e:00:01:02,bridge=xenbr0,vifname=averylongname0
    info "xl create -p took $MS ms"
    id=$(xl domid g1)
    echo "$id" >"$dir/id"
    xl vm-list | awk -v id="$id" '$2 == id { print $1 }' >"$dir/uuid"
    xenstore-read "backend/vif/$id/0/hotplug-status" "backend/vif/$id/1/hotplug-status" \
        >"$dir/hotplug"
    "$VIFPIN" list -J >"$dir/reserved.json"
    carriers "$id" >"$dir/carriers"
}

carriers() {
    cat "/sys/bus/xen-backend/devices/vif-$1-0/net/vif$1.0/carrier" \
        "/sys/bus/xen-backend/devices/vif-$1-1/net/averylongname0/carrier"
}

# connect DIR: lets the guest run until its vifs are pinned.
#   DIR/times           "DEV SECONDS" from state 4 until the kernel was right
connect() {
    local id

    id=$(cat "$1/id")
    "$BATS_TEST_DIRNAME"/time-pins "$id.0:vif$id.0:4" "$id.1:averylongname0:4" -- \
        "$BATS_TEST_DIRNAME"/boot-guest g1 >"$1/times"
}

# come_up DIR: reserve and connect; a guest whose kernel did not start is made anew, twice at most.
#   DIR/masks           what the kernel showed right after, and ...
#   DIR/pinned.json     ... vifpin list -J
come_up() {
    local dir=$1 status

    for _ in 1 2 3; do
        status=0
        reserve "$dir"
        connect "$dir" || status=$?
        [ "$status" = 3 ] || break
        info "the kernel of guest $(cat "$dir/id") did not start"
        no_guests
        rm -r "$dir"
    done
    [ "$status" = 0 ] || return "$status"
    kernel_masks "vif$(cat "$dir/id").0" averylongname0 >"$dir/masks"
    "$VIFPIN" list -J >"$dir/pinned.json"
    carriers "$(cat "$dir/id")" >>"$dir/carriers"
}

first_life() {
    come_up "$WORK/first"
    await 60 answers_ping
}

# destroyed/ has the list and the ledger after it, and what it took.
destroyed() {
    once first_life
    mkdir "$WORK/destroyed"
    xl destroy g1
    milliseconds await 5 lists_nothing
    info "the list was empty $MS ms after xl destroy returned"
    "$VIFPIN" list -J >"$WORK/destroyed/list.json"
    cp "$LEDGER" "$WORK/destroyed/ledger.json"
}

second_life() {
    once destroyed
    come_up "$WORK/second"
}

# in_time TIMES-FILE: both vifs were right within 2 s of state 4.
in_time() {
    local dev seconds late=

    equal 2 "$(wc -l <"$1")" "vifs that became right"
    while read -r dev seconds; do
        info "$dev: right at most $seconds s after state 4"
        [ "${seconds/./}" -le 2000 ] || late="$late $dev"
    done <"$1"
    equal "" "$late" "vifs that were late"
}

# latest TIMES-FILE: the seconds of the last one.
latest() {
    sort -n -k 2 "$1" | tail -n 1 | cut -d ' ' -f 2
}

# cpus_of FILE: the same as places, without domid and state.
cpus_of() {
    places "$1" | sed 's/^vif[0-9]*\./vif./; s/ [a-z]* / /'
}

# --- the tests --------------------------------------------------------------------------------

is_reserved_while_paused() {
    local id uuid

    once first_life
    id=$(cat "$WORK/first/id")
    uuid=$(cat "$WORK/first/uuid")
    equal "connected
connected" "$(cat "$WORK/first/hotplug")" "hotplug-status while the guest is paused"
    equal "$id 0 g1 $uuid 00:16:3e:00:01:01 vif$id.0 reserved 0 1 2 3
$id 1 g1 $uuid 00:16:3e:00:01:02 averylongname0 reserved 0 1 2 3" \
        "$(jq -r '.vifs[] | [.domid, .devid, .domain, .uuid, .mac, .dev, .state, .queues[].queue] |
            map(tostring) | join(" ")' "$WORK/first/reserved.json")" "vifpin list -J"
}

is_pinned_in_time() {
    once first_life
    equal 32 "$(wc -l <"$WORK/first/masks")" "interrupts and threads"
    equal "$(masks_of "$WORK/first/pinned.json")" "$(cat "$WORK/first/masks")" \
        "what the ledger says and the kernel shows"
    compat_row "${TYPE^^}, 4 vCPUs" vif-bridge 2 4 \
        "right at most $(latest "$WORK/first/times") s after the frontend connected"
    in_time "$WORK/first/times"
    equal "0 0 1 1" "$(xargs <"$WORK/first/carriers")" "carriers, waiting and connected"
}

stays_where_it_was_reserved() {
    once first_life
    equal "$(places "$WORK/first/reserved.json" | sed 's/ reserved / pinned /')" \
        "$(places "$WORK/first/pinned.json")" "vifpin list -J once connected"
}

is_even() {
    once first_life
    are_even "$WORK/first/masks" "$WORK/first/pinned.json"
}

# are_even MASKS-FILE LIST-FILE: the sides of two vifs of four queues on four CPUs.
are_even() {
    local sides column

    equal "" "$(jq -r '.vifs[] | .dev as $dev | .queues[] | select(.tx_cpu == .rx_cpu) | $dev' "$2")" \
        "queues with tx and rx on one CPU"
    sides=$(sides_of "$1")
    info "sides on each CPU: $(awk '{ printf "%s%d: %d tx, %d rx", sep, $1, $3, $4; sep = "; " }' <<<"$sides")"
    equal 4 "$(wc -l <<<"$sides")" "online CPUs"
    equal "16 8 8" "$(awk '{ all += $2; tx += $3; rx += $4 } END { print all, tx, rx }' <<<"$sides")" \
        "sides, tx and rx"
    # Of all sides, of tx sides and of rx sides.
    for column in 2 3 4; do
        awk -v i="$column" 'NR == 1 { least = most = $i }
            { if ($i < least) least = $i; if ($i > most) most = $i }
            END { exit !(most - least <= 1) }' <<<"$sides"
    done
}

is_released() {
    once destroyed
    equal '{"vifs":[]}' "$(jq -c . "$WORK/destroyed/list.json")" "vifpin list -J after xl destroy"
    equal '[]' "$(jq -c .vifs "$WORK/destroyed/ledger.json")" "vifs in the ledger's file"
}

comes_back_to_the_same_cpus() {
    once second_life
    compat_row "${TYPE^^}, 4 vCPUs, created again" vif-bridge 2 4 "the same CPUs"
    equal "$(cpus_of "$WORK/first/pinned.json")" "$(cpus_of "$WORK/second/pinned.json")" "CPUs"
    equal "$(masks_of "$WORK/second/pinned.json")" "$(cat "$WORK/second/masks")" \
        "what the ledger says and the kernel shows"
    in_time "$WORK/second/times"
}
