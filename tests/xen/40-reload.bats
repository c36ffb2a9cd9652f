#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that reloads its frontend with fewer queues, then with more: no hook is called.

load lib

# come_to QUEUES COMMAND [ARG]...: COMMAND makes the frontend connect with so many queues.
# Sets PLACES to the CPUs that they then stand on, by the ledger and by the kernel.
come_to() {
    local queues=$1 seconds

    shift
    seconds=$("$BATS_TEST_DIRNAME"/time-pins "$id.0:vif$id.0:$queues" -- "$@")
    seconds=${seconds#* }
    info "$queues queues: right at most $seconds s after state 4"
    "$VIFPIN" list -J >"$WORK/list.json"
    equal "$(masks_of "$WORK/list.json")" "$(kernel_masks "vif$id.0")" \
        "what the ledger says and the kernel shows"
    [ "${seconds/./}" -le 2000 ]
    PLACES=$(places "$WORK/list.json")
    equal "$queues" "$(jq '.vifs[0].queues | length' "$WORK/list.json")" "queues"
}

@test "a frontend reloaded from 4 queues to 1 and back keeps its CPUs" {
    create g1 pv 4 -p mac=00:16:3e:00:01:01,bridge=xenbr0
    id=$(xl domid g1)
    come_to 4 xl unpause g1
    four=$PLACES
    await 60 answers_ping
    come_to 1 bash -c "tell g1 reload 1"
    equal "$(cut -d ' ' -f 1-3 <<<"$four")" "$PLACES" "the remaining queue"
    await 60 answers_ping
    come_to 4 bash -c "tell g1 reload 4"
    equal "$four" "$PLACES" "all four queues"
}
