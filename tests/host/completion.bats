#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bash offers behind the words of a command line.

load common

COMPLETION=$BATS_TEST_DIRNAME/../../etc/vifpin.bash-completion

# completes WORDS... : REPLY...: with the cursor at the end of the last of WORDS, in any order. In a bash of
# its own, without what bats and this shell have set.
completes() {
    local typed=() got

    while [ "$1" != : ]; do
        typed+=("$1")
        shift
    done
    shift
    # shellcheck disable=SC2016 # for the other shell
    got=$(bash --norc -uc '. "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _vifpin
        printf "%s\n" "${COMPREPLY[@]}"' "$COMPLETION" "${typed[@]}" 2>&1)
    equal "$(printf '%s\n' "$@" | sort)" "$(sort <<<"$got")" "completion of: ${typed[*]}"
}

@test "commands, as --help has them" {
    completes vifpin un : unpin
    completes vifpin -v --root "$SIM_ROOT" reco : reconcile
    # shellcheck disable=SC2046 # words
    completes vifpin '' : $(vifpin --help | sed -En 's/^  ([a-z][a-z-]*) .*/\1/p')
    completes vifpin nosuch '' :
    completes vifpin x :
}

@test "options before the command, and their values" {
    completes vifpin --r : --root
    completes vifpin --v : --version
    completes vifpin -c "$SIM_ROOT/et" : "$SIM_ROOT/etc"
    echo >"$SIM_DIR/file"
    completes vifpin --root "$SIM_ROOT/va" : "$SIM_ROOT/var"
    completes vifpin --root "$SIM_DIR/fil" :
}

@test "a command's options" {
    completes vifpin list -- : --output --noheadings --raw --json --color --prometheus --help
    completes vifpin verify --j : --json
    completes vifpin watch -- : --until-idle --help
    completes vifpin pin -- : --help
    completes vifpin list --color = : auto always never
    completes vifpin list --color = a : auto always
}

@test "columns, of the last word of a list" {
    completes vifpin list -o D : DOMAIN DEV DRIFT
    completes vifpin list -o d : DOMAIN DEV DRIFT
    completes vifpin list --output = VIF,T : VIF,TX VIF,THREADS
    completes vifpin list -o +int : +INTERRUPTS
    completes vifpin verify -o VIF,WHAT,S : VIF,WHAT,SHOULD
    completes vifpin doctor -o me : MEND
    completes vifpin watch -o X :
}

@test "domains with vifs and their devids, in xenstore or in the ledger" {
    sim domain 1 g1 1
    sim domain 2 web 1
    sim domain 3 42 1
    sim domain 4 nonet 1
    sim vif 1 0
    sim vif 1 7
    sim vif 2 0
    sim vif 3 0
    completes vifpin pin '' : 1 2 3 g1 web
    completes vifpin pin we : web
    completes vifpin pin 1 '' : 0 7
    completes vifpin unpin g1 '' : 0 7
    completes vifpin pin web '' : 0
    completes vifpin pin g1 0 '' :
    completes vifpin list g : g1
    completes vifpin list g1 '' :
    completes vifpin cpus '' :
    vifpin pin g1 7
    sim stop-xenstored
    completes vifpin verify '' : 1 g1
    completes vifpin -v verify -n g1 '' : 7
    completes vifpin --root /nosuch verify '' :
    completes vifpin list -o VIF '' : 1 g1
}
