# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gain.bash - guests between which there is traffic, for the script `gain` and for vifpin-bench. Needs lib.bash.

# mac_of N
mac_of() {
    printf '00:16:3e:00:01:%02x' "$1"
}

# guest N QUEUES: gN, of one vCPU.
guest() {
    local dev

    # shellcheck disable=SC2034 # lib.bash uses it
    ADDRESS=10.0.9.$((10 + $1))
    start "g$1" pv 1 "mac=$(mac_of "$1"),bridge=xenbr0"
    dev=vif$(xl domid "g$1").0
    await 60 is_pinned "$dev"
    [ "$2" = 1 ] || reload "g$1" "$dev" "$2"
    await 60 answers_ping
    bridge fdb replace "$(mac_of "$1")" dev "$dev" master static
}

# reload NAME DEV QUEUES
reload() {
    tell "$1" reload "$3"
    await 60 has_queues "$2" "$3"
}

has_queues() {
    [ "$("$VIFPIN" list -J | jq --arg dev "$1" '.vifs[] | select(.dev == $dev and .state == "pinned") |
        .queues | length')" = "$2" ]
}

# How many packets a guest has had, as it says itself.
guest_count() {
    local log=/var/log/xen/console/guest-$1.log before

    before=$(grep -c '^guest: received' "$log" || :)
    tell "$1" count
    await 20 has_said "$log" "$before"
    sed -n 's/^guest: received \([0-9]*\).*/\1/p' "$log" | tail -n 1
}

has_said() {
    [ "$(grep -c '^guest: received' "$1" || :)" -gt "$2" ]
}

# The same as netback counts it.
backend_count() {
    cat "/sys/class/net/vif$(xl domid "$1").0/statistics/tx_packets"
}

# rounds_of JQ-FILTER: of the file that `gain` has written.
rounds_of() {
    tail -n +2 "$SHARE/gain.json" | jq -r "$1"
}
