#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that reloads its frontend with fewer queues, then with more: no hook is called.

load lib

# stands QUEUES: sets PLACES to the CPUs of so many queues, by the ledger and by the kernel.
stands() {
    "$VIFPIN" list -J >"$WORK/list.json"
    equal "$(masks_of "$WORK/list.json")" "$(kernel_masks "vif$id.0")" \
        "what the ledger says and the kernel shows"
    PLACES=$(places "$WORK/list.json")
    equal "$1" "$(jq '.vifs[0].queues | length' "$WORK/list.json")" "queues"
}

# reload QUEUES: makes the frontend connect anew with so many, which then must stand.
reload() {
    local seconds

    seconds=$("$BATS_TEST_DIRNAME"/time-pins "$id.0:vif$id.0:$1" -- bash -c "tell g1 reload $1")
    seconds=${seconds#* }
    info "$1 queues: right at most $seconds s after state 4"
    stands "$1"
    [ "${seconds/./}" -le 2000 ]
}

@test "a frontend reloaded from 4 queues to 1 and back keeps its CPUs" {
    compat_row "PV, 4 vCPUs, frontend reloaded" vif-bridge 1 "4, 1, 4"
    start g1 pv 4 mac=00:16:3e:00:01:01,bridge=xenbr0
    id=$(xl domid g1)
    await 60 is_pinned "vif$id.0"
    stands 4
    four=$PLACES
    await 60 answers_ping
    reload 1
    equal "$(cut -d ' ' -f 1-3 <<<"$four")" "$PLACES" "the remaining queue"
    await 60 answers_ping
    reload 4
    equal "$four" "$PLACES" "all four queues"
}
