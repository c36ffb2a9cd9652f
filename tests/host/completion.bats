#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bash, zsh and fish offer behind the words of a command line.

load common

ETC=$BATS_TEST_DIRNAME/../../etc

# completes WORDS... : REPLY...: with the cursor at the end of the last of WORDS, each shell offers these, in
# any order. To bash, and so here, an "=" is a word of its own.
completes() {
    local typed=() line prefix='' shell got

    while [ "$1" != : ]; do
        typed+=("$1")
        shift
    done
    shift
    line="${typed[*]} "
    line=${line// = /=}
    line=${line% }
    [[ $line != *=* ]] || prefix=${line##* }
    prefix=${prefix%"${prefix#*=}"}
    equal "$(sorted "" "$@")" "$(in_bash "${typed[@]}" | sort)" "bash: $line"
    for shell in zsh fish; do
        got=$("in_$shell" "$line" | sort)
        equal "$(sorted "$prefix" "$@")" "$got" "$shell: $line"
    done
}

# sorted PREFIX WORD...: the words with the prefix.
sorted() {
    [ $# = 1 ] || printf '%s\n' "${@:2}" | sed "s/^/$1/" | sort
}

# In a bash of its own, without what bats and this shell have set.
in_bash() {
    # shellcheck disable=SC2016 # for the other shell
    bash --norc -uc '. "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _vifpin
        [ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"' "$ETC/vifpin.bash-completion" "$@" 2>&1
}

# for_shell SHELL FILE: its completion, which finds that of bash.
for_shell() {
    mkdir -p "$SIM_DIR/$1"
    sed "s|@bashdir@/vifpin|$ETC/vifpin.bash-completion|" "$ETC/vifpin.$1-completion.in" >"$SIM_DIR/$1/$2"
}

in_zsh() {
    for_shell zsh _vifpin
    timeout -k 2 "$PATIENCE" "$BATS_TEST_DIRNAME/zsh-offers" "$SIM_DIR/zsh" "$1" | sort -u
}

in_fish() {
    offered_by_fish "$1" | cut -f 1
}

# With descriptions.
offered_by_fish() {
    for_shell fish vifpin.fish
    # shellcheck disable=SC2016 # for the other shell
    HOME=$SIM_DIR timeout -k 2 "$PATIENCE" fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
        "$SIM_DIR/fish/vifpin.fish" "$1"
}

@test "commands, as --help has them" {
    completes vifpin un : unpin
    completes vifpin -v --root "$SIM_ROOT" reco : reconcile
    # shellcheck disable=SC2046 # words
    completes vifpin '' : $(vifpin --help | sed -En 's/^  ([a-z][a-z-]*) .*/\1/p')
    completes vifpin nosuch '' :
    completes vifpin x :
}

@test "with -N those commands that accept it" {
    completes vifpin -N '' : online pin rebalance reconcile
    completes vifpin -vN r : rebalance reconcile
    completes vifpin -N -v -c Nothing u :
    completes vifpin -v -c N u : unpin
    completes vifpin -N pin --h : --help
}

@test "options before the command, and their values" {
    completes vifpin --r : --root
    completes vifpin --v : --version
    mkdir "$SIM_DIR/files"
    : >"$SIM_DIR/files/conf"
    mkdir "$SIM_DIR/files/core"
    equal "$SIM_DIR/files/conf $SIM_DIR/files/core" \
        "$(in_bash vifpin -c "$SIM_DIR/files/co" | sort | paste -sd ' ')"
    equal "$SIM_DIR/files/core" "$(in_bash vifpin --root "$SIM_DIR/files/co")"
    # zsh offers what goes into the place of the last part.
    equal "conf core" "$(in_zsh "vifpin -c $SIM_DIR/files/co" | sort | paste -sd ' ')"
    equal "core" "$(in_zsh "vifpin --root $SIM_DIR/files/co")"
    equal "$SIM_DIR/files/conf $SIM_DIR/files/core/" \
        "$(in_fish "vifpin -c $SIM_DIR/files/co" | sort | paste -sd ' ')"
    equal "$SIM_DIR/files/core/" "$(in_fish "vifpin --root $SIM_DIR/files/co")"
}

@test "a command's options" {
    completes vifpin list -- : --output --noheadings --raw --json --color --prometheus --help
    completes vifpin verify --j : --json
    completes vifpin verify --p : --prometheus
    completes vifpin watch -- : --until-idle --help
    completes vifpin pin -- : --help
    completes vifpin top -- : --batch --delay --iterations --json --queues --help
    completes vifpin top -d 1 --n 2 --d : --delay
    completes vifpin top --delay '' :
    completes vifpin rebalance -- : --measured --gain --help
    completes vifpin rebalance --measured = :
    completes vifpin rebalance --gain 2 :
    completes vifpin list --color = : auto always never
    completes vifpin list --color = a : auto always
}

@test "columns, of the last word of a list" {
    completes vifpin list -o D : DOMAIN DEV DRIFT
    completes vifpin list -o d : DOMAIN DEV DRIFT
    completes vifpin list --output = VIF,T : VIF,TX VIF,TXLOAD VIF,THREADS
    completes vifpin list -o +int : +INTERRUPTS
    completes vifpin verify -o VIF,WHAT,S : VIF,WHAT,SHOULD
    completes vifpin doctor -o "fi" : FIX
    completes vifpin watch -o X :
}

@test "descriptions are what the help says" {
    equal "reconcile	$(vifpin --help | sed -n 's/^  reconcile *//p')" "$(offered_by_fish "vifpin reco")"
    equal "--raw	use raw output format" "$(offered_by_fish "vifpin list --ra")"
    equal "--output=VIF,+QUEUE	$(vifpin list --help | sed -n 's/^ \*QUEUE *//p')" \
        "$(offered_by_fish "vifpin list --output=VIF,+Q")"
    equal "--color=never" "$(offered_by_fish "vifpin list --color=n")"
}

@test "domains with vifs and their devids, in xenstore or in the ledger" {
    sim domain 1 g1 1
    sim domain 2 web 1
    sim domain 3 42 1
    sim domain 4 nonet 1
    sim domain 5 a:b 1
    sim vif 1 0
    sim vif 1 7
    sim vif 2 0
    sim vif 3 0
    sim vif 5 0
    completes vifpin pin '' : 1 2 3 5 a:b g1 web
    completes vifpin pin we : web
    completes vifpin pin 1 '' : 0 7
    completes vifpin unpin g1 '' : 0 7
    completes vifpin pin web '' : 0
    completes vifpin pin a:b '' : 0
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
