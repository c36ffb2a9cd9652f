#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The short form of make bench-xen: two policies, two kinds of traffic, two guests. And vifpin-bench, beside the same
# traffic. Whether they work is judged, and not what they measure.

load lib
load gain

BENCH=/usr/share/doc/vifpin/examples/vifpin-bench

two_guests() {
    guest 1 1
    guest 2 2
    stop_watcher
}

experiment() {
    once two_guests
    "$BATS_TEST_DIRNAME"/gain "$SHARE" GUESTS=2 SEED=1 ROUNDS=2 MINUTES=5 CELLS=free,count:guest-guest,out-4 \
        >"$WORK/said" 2>&1 3>&- || {
        cat "$WORK/said"
        return 1
    }
    sed 's/^/# /' "$WORK/said" >&3
    rounds_of '"\(.traffic), \(.policy): \(.to) to guests, \(.from) from, \(.migrations) migrations"' | sed 's/^/# /' >&3
}

@test "the short form: every policy and kind of traffic, twice, with packets in each round" {
    once experiment
    equal "2 guest-guest count
2 guest-guest free
2 out-4 count
2 out-4 free" "$(rounds_of '"\(.traffic) \(.policy)"' | sort | uniq -c | awk '{ print $1, $2, $3 }')" "rounds"
    equal "" "$(rounds_of 'select(.from == 0) | "\(.block) \(.traffic) \(.policy)"')" "rounds without packets"
}

# vifs DEV, and who is where.
as_placed() {
    "$VIFPIN" list -J | jq -c '[.vifs[] | [.dev, .state, .queues]]'
}

beside_traffic() {
    once two_guests
    "$VIFPIN" pin g2
    "$VIFPIN" pin g1
    as_placed >"$WORK/placed"
    tell g1 flood "$(mac_of 2)" 500 4
}

@test "vifpin-bench beside traffic: a row for each, and everything is as it was" {
    once beside_traffic
    "$BENCH" --rounds 2 --seconds 1 --settle 0.2 --seed 1 -o "$WORK/rounds" >"$WORK/table" 3>&-
    sed 's/^/# /' "$WORK/table" >&3
    equal "free free again pinned" "$(sed -n 's/^| \(free\|free again\|pinned\) |.*/\1/p' "$WORK/table" | paste -sd ' ')"
    equal 0 "$(jq -s 'map(select(.to == 0)) | length' "$WORK/rounds")" "rounds in which guests got nothing"
    equal 0 "$(jq -s 'map(select(.policy == "pinned") | .migrations) | add' "$WORK/rounds")" "migrations when pinned"
    equal "$(<"$WORK/placed")" "$(as_placed)" "vifpin list"
    "$VIFPIN" verify
}

@test "vifpin-bench interrupted while all is free: everything is as it was" {
    once beside_traffic
    "$BENCH" --rounds 9 --seconds 2 >"$WORK/interrupted" 2>&1 3>&- &
    await 60 lists_nothing
    kill "$!"
    status=0
    wait "$!" || status=$?
    equal 143 "$status" "status"
    equal "vifpin-bench: interrupted; every vif is where it was" "$(tail -n 1 "$WORK/interrupted")"
    equal "$(<"$WORK/placed")" "$(as_placed)" "vifpin list"
    "$VIFPIN" verify
}
