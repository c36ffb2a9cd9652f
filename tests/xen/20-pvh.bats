#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest of 10-pv.bats as a PVH guest.

load lib
load pins

# shellcheck disable=SC2034 # used by pins.bash
TYPE=pvh

@test "pvh: both vifs are reserved with four queues while the guest is paused" {
    is_reserved_while_paused
}

@test "pvh: within 2 s of state 4, 16 interrupts and 16 threads stand where the ledger says" {
    is_pinned_in_time
}

@test "pvh: connected, the vifs are pinned where they were reserved" {
    stays_where_it_was_reserved
}

@test "pvh: tx and rx of a queue are apart, no CPU has more than one side of either direction more" {
    is_even
}

@test "pvh: after xl destroy, the list and the ledger are empty" {
    is_released
}
