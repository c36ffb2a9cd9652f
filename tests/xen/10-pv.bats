#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A paravirtual guest with two vifs of four queues comes, goes, and comes again.

load lib
load pins

# shellcheck disable=SC2034 # used by pins.bash
TYPE=pv

@test "pv: both vifs are reserved with four queues while the guest is paused" {
    is_reserved_while_paused
}

@test "pv: within 2 s of state 4, 16 interrupts and 16 threads stand where the ledger says" {
    is_pinned_in_time
}

@test "pv: connected, the vifs are pinned where they were reserved" {
    stays_where_it_was_reserved
}

@test "pv: tx and rx of a queue are apart, no CPU has more than one side of either direction more" {
    is_even
}

@test "pv: after xl destroy, the list and the ledger are empty" {
    is_released
}

@test "pv: created again, the guest gets the same CPUs" {
    comes_back_to_the_same_cpus
}
