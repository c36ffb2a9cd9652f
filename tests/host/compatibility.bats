#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What earlier releases have left on a host is read, and means what it meant (docs/compatibility.md).
# data/RELEASE has of a host of that release: `guests`, lines "D NAME QUEUES STATE"; its `ledger.json`, with
# a guest that is gone remembered; its `vifpin.conf`, and the `places` it gives these guests.

load common

DATA=$BATS_TEST_DIRNAME/data

# come RELEASE STATE...: those guests that are in one of the states come.
come() {
    local guests=$DATA/$1/guests d name n state

    shift
    while read -r d name n state; do
        [[ " $* " == *" $state "* ]] || continue
        sim domain "$d" "$name" "$n"
        sim vif "$d" 0 netdev=no hotplug-status=connected
        [ "$state" = created ] || sim connect "$d" 0 "$n"
    done <"$guests"
}

# places_of FILTER FILE: "vif1.0 2/1 0/2" for each element with queues.
places_of() {
    jq -r "$1"' | "\(.dev // .uuid) \([.queues[] | "\(.tx_cpu)/\(.rx_cpu)"] | join(" "))"' "$2"
}

keeps_ledger() {
    local release=$1 kept=$DATA/$1/ledger.json dev places

    sim put etc/xen/vifpin.conf <"$DATA/$release/vifpin.conf"
    come "$release" connected created
    sim boot "$(jq -r .boot_id "$kept")"
    mkdir -p "${LEDGER%/*}"
    cp "$kept" "$LEDGER"
    equal "$(jq -S .vifs "$kept")" "$(vifpin list -J | jq -S .vifs)" "the entries of $release"

    vifpin reconcile
    while read -r dev places; do
        # shellcheck disable=SC2086 # a word for each queue
        stand "$dev" $places
    done < <(places_of '.vifs[] | select(.state != "reserved")' "$kept")
    equal "$(places_of '.vifs[]' "$kept")" "$(places_of '.vifs[]' "$LEDGER")" "the places of $release"
}

# remembers RELEASE D: the guest that is gone comes back to its places.
remembers() {
    local kept=$DATA/$1/ledger.json

    come "$1" gone
    vifpin reconcile
    equal "$(places_of '.remembered[]' "$kept" | cut -d' ' -f2-)" \
        "$(places_of ".vifs[] | select(.domid == $2)" "$LEDGER" | cut -d' ' -f2-)" "what $1 remembered"
}

@test "the ledger of 0.1.0 is read: no pin moves, and what is remembered is preferred" {
    keeps_ledger 0.1.0
    remembers 0.1.0 5
}

keeps_configuration() {
    sim put etc/xen/vifpin.conf <"$DATA/$1/vifpin.conf"
    come "$1" connected created gone
    vifpin reconcile
    lists "$(<"$DATA/$1/places")"
}

@test "the configuration of 0.1.0 is read, and means the same" {
    keeps_configuration 0.1.0
    stand vif3.0 0-3/0-3
}
