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

    known=$(for command in '' list cpus verify doctor watch; do
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
        run vifpin list
        equal 1 "$status" "$key"
        [[ $output != *"unknown key"* ]] || equal "a known key" "$output"
        grep -q "^#$key = " "$DOCS/../etc/vifpin.conf" || equal "$key" "" "etc/vifpin.conf"
    done
}
