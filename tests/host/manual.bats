#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages: no tool finds anything wrong with them, and they are about this vifpin.

load common

DOCS=$BATS_TEST_DIRNAME/../../docs

@test "neither mandoc nor man has anything to say" {
    for page in vifpin.8 vifpin.conf.5; do
        # What mandoc says of other pages is about this machine's list of them.
        equal "" "$(mandoc -T lint -W warning "$DOCS/$page" 2>&1 | grep -v 'outdated mandoc.db')" "$page"
        equal "" "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$DOCS/$page" 2>&1 >/dev/null)" "$page"
    done
}

@test "vifpin(8) has every command, and no other" {
    equal "$(vifpin --help | sed -En 's/^  ([a-z][a-z-]*) .*/\1/p' | sort)" \
        "$(sed -n '/^\.Ss Commands/,/^\.Sh/ s/^\.It Cm \([^ ]*\).*/\1/p' "$DOCS/vifpin.8" | sort)"
}

@test "vifpin(8) has every option, and no other" {
    local known

    known=$(for command in '' list cpus verify doctor rebalance top watch; do
        # shellcheck disable=SC2086 # none or one
        vifpin $command --help | sed -En 's/^ +(-.*)/\1/p' | grep -oE '^(-[a-zA-Z]\b|, )+|--[a-z-]+' | tr -d ', '
    done | grep -v '^--help$' | sort -u)
    equal "$known" "$(grep '^\.It ' "$DOCS/vifpin.8" |
        grep -oE 'Fl (Fl )?[a-zA-Z-]+' | sed 's/Fl Fl /--/; s/Fl /-/' | grep -v '^--help$' | sort -u)"
}

@test "vifpin.conf(5) has every key, with its default" {
    local key

    for key in $(sed -n '/^\.It Cm vifs/q; s/^\.It Cm //p' "$DOCS/vifpin.conf.5") vifs verify_interval; do
        echo "$key = nothing" >"$SIM_ROOT/etc/xen/vifpin.conf"
        run vifpin rebalance
        equal 1 "$status" "$key"
        [[ $output != *"unknown key"* ]] || equal "a known key" "$output"
        grep -q "^#$key = " "$DOCS/../etc/vifpin.conf" || equal "$key" "" "etc/vifpin.conf"
    done
}

@test "how to read cpus is about what cpus prints" {
    equal "$(sed 's/ *$//' "$BATS_TEST_DIRNAME/expected/cpus")" \
        "$(sed -n '/^\.Sh HOW TO READ cpus/,/^\.Ed/p' "$DOCS/vifpin.8" | sed '1,2d; $d')"
}

@test "what is logged is in the manual: each event, each key" {
    local log known

    guest 1 2
    echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/smp_affinity_list"
    stop_watcher
    vifpin watch --until-idle 2>/dev/null &
    await 5 stands vif1.0 0/1 2/3
    sim offline 1 0
    await 5 has_no_watcher
    await 5 grep -q "event=released" "$SIM_DIR/syslog"
    log=$(sed -n 's/^<[0-9]*>vifpin: \(\(vif\|event\)=\)/\1/p' "$SIM_DIR/syslog")
    known=$(sed -n '/^\.Sh THE LOG/,/^\.Sh ENV/p' "$DOCS/vifpin.8")
    equal "offline online pinned released reserved" \
        "$(grep -oE '\bevent=[a-z]+' <<<"$log" | cut -d= -f2 | sort -u | paste -sd ' ')" "events"
    equal "" "$(grep -oE '\bevent=[a-z]+' <<<"$log" | sort -u | grep -vxF "$(grep -oE 'event=[a-z]+' <<<"$known")")"
    # shellcheck disable=SC2001 # each line
    equal "" "$(sed 's/"[^"]*"//g' <<<"$log" | grep -oE '\b[a-z]+=' | tr -d = | sort -u |
        grep -vxF "$(sed -n 's/^\.It Cm //p' <<<"$known" | sed 's/ , /\n/g')")"
}
