#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The README's session is what the program prints.

load common
load installed

README=$BATS_TEST_DIRNAME/../../README.md

# The indented lines under "## A session", without their indent.
session() {
    awk '/^## / { on = $0 == "## A session"; next } on && sub(/^    /, "")' "$README"
}

# What a line after "# " prints, as a person at the simulated host sees it.
run_line() {
    bash -c "${1//\/proc\//$SIM_ROOT/proc/}" 2>&1 || :
}

@test "the session in the README" {
    local line

    export LC_ALL=C
    healthy
    irqbalance
    sim domain 1 g1 3
    sim vif 1 0
    sim vif 1 1 vifname=web
    sim online 1 0
    sim online 1 1
    sim connect 1 0 3
    sim connect 1 1 3
    sim domain 2 g2 2
    sim vif 2 0
    sim online 2 0
    sim connect 2 0 2
    for vif in "1 0" "1 1" "2 0"; do
        # shellcheck disable=SC2086 # two words
        await 5 is_pinned $vif
    done
    # It would put back what the session moves.
    stop_watcher
    # It has not had the time to measure, and there is nothing to measure.
    kept 0=3.1 1=3.8 2=4.5 3=5.2
    session | grep '^# ' | while IFS= read -r line; do
        echo "$line"
        run_line "${line#\# }"
    done >"$SIM_DIR/session"
    equal "$(session)" "$(<"$SIM_DIR/session")" "the session"
}

# That the session is true, tests/xen/80-package.bats tests on a real Xen host.
@test "the README has the commands of the session in docs/session.txt, and the picture shows it" {
    local docs=$BATS_TEST_DIRNAME/../../docs

    equal "$(sed -n 's/^# //p' "$docs/session.txt")" "$(awk '
        /^## / { on = $0 == "## From nothing to a pinned guest"; next }
        on && sub(/^    /, "") { sub(/ +#.*/, ""); print }' "$README")" "the commands"
    "$docs/draw-session" <"$docs/session.txt" | diff -u "$docs/session.svg" -
}
