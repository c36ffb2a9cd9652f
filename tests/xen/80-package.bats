#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package in dom0: installed as the README tells, upgraded over itself with guests connected,
# removed, purged.
# The last file: no vifpin is left.

load lib

teardown() {
    diagnose
}

teardown_file() {
    local id

    for id in $(guest_ids); do
        xl destroy "$id"
    done
}

# apt-get of "$@", with what it says in $WORK/apt.
apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 "$@" >"$WORK/apt" 2>&1 || {
        cat "$WORK/apt"
        return 1
    }
}

# Of each guest: the masks of a vif's interrupts and threads, which the ledger must agree with.
agreed_masks() {
    # shellcheck disable=SC2046 # a word each
    kernel_masks $(devs) >"$WORK/masks"
    "$VIFPIN" list -J >"$WORK/list.json"
    equal "$(masks_of "$WORK/list.json")" "$(cat "$WORK/masks")" "what the ledger says and the kernel shows"
    cat "$WORK/masks"
}

# The guests' vifs.
devs() {
    guest_ids | sed 's/.*/vif&.0/'
}

# --- the session that the README has a picture of ----------------------------------------------

DOCUMENTED=$BATS_TEST_DIRNAME/session.txt

# A host without vifpin, with what a newcomer has: a package and the configuration of a guest.
newcomer() {
    systemctl stop vifpin
    (cd "$SHARE/tree" && find . ! -type d -printf '/%P\n') | xargs rm -f
    systemctl daemon-reload
    mkdir "$WORK/home"
    cp "$BATS_TEST_DIRNAME"/vifpin_*.deb "$WORK/home"
    configure web1 pv 2 mac=00:16:3e:00:01:01,bridge=xenbr0
    mv "$WORK/web1.cfg" "$WORK/home"
}

# What a person waits for before looking. A guest whose kernel did not start is made anew.
wait_for_guest() {
    local i

    for i in 1 2 3; do
        ! await 120 is_pinned "vif$(xl domid web1).0" || return 0
        info "guest web1 did not connect"
        xl destroy web1
        timeout 180 xl create web1.cfg >/dev/null 2>&1 3>&-
    done
    return 1
}

# Does what a documented session does, and prints it as it is here: what is "[...]" there may be anything.
run_session() {
    local lines command i

    mapfile -t lines <"$DOCUMENTED"
    for ((i = 0; i < ${#lines[@]}; i++)); do
        command=${lines[i]#\# }
        [ "$command" != "${lines[i]}" ] || continue
        echo "${lines[i]}"
        DEBIAN_FRONTEND=noninteractive bash -c "$command" </dev/null >"$WORK/said" 2>&1 3>&- || :
        [[ $command != 'xl create'* ]] || wait_for_guest
        if [ "${lines[i + 1]-}" = '[...]' ]; then
            echo '[...]'
        else
            cat "$WORK/said"
        fi
    done
}

# Another domain number, and columns that are wider for it, make no other session; nor does what libxl has to
# say of a qemu that Debian 11 has not.
leveled() {
    sed -E "/^libxl: info:/d; s/\b(vif)?$(xl domid web1)\.0\b/\11.0/g; s/ +/ /g" "$1"
}

recorded() {
    newcomer
    cd "$WORK/home" || return
    run_session >"$WORK/session"
    mkdir -p "$SHARE/logs"
    cp "$WORK/session" "$SHARE/logs"
}

@test "the documented session, from a host without vifpin to a pinned guest" {
    once recorded
    compat_row "PV, 2 vCPUs" "vif-bridge, of the package" 1 2
    equal "$(leveled "$DOCUMENTED")" "$(leveled "$WORK/session")" "the session"
    systemctl is-active vifpin
}

# --- upgrade, removal, purge -------------------------------------------------------------------

three_guests() {
    once recorded
    for i in 2 3; do
        ADDRESS=10.0.9.1$i start "web$i" pv 2 "mac=00:16:3e:00:01:0$i,bridge=xenbr0"
        await 120 is_pinned "vif$(xl domid "web$i").0"
    done
    agreed_masks >"$WORK/first"
}

# Packets to all guests, and their answers, until end_traffic.
begin_traffic() {
    local i

    TRAFFIC=()
    for i in 1 2 3; do
        ping -q -i 0.02 "10.0.9.1$i" >"$WORK/ping$i" 2>&1 3>&- &
        TRAFFIC+=($!)
    done
    await 30 all_have_traffic
}

# Of each vif, what has come from the guest.
answers() {
    local dev

    for dev in $(devs); do
        cat "/sys/class/net/$dev/statistics/rx_packets"
    done
}

all_have_traffic() {
    answers >"$WORK/answers.now"
    [ -e "$WORK/answers.before" ] || cp "$WORK/answers.now" "$WORK/answers.before"
    [ "$(paste "$WORK/answers.before" "$WORK/answers.now" | awk '$2 > $1 + 20' | wc -l)" = 3 ]
}

end_traffic() {
    kill -INT "${TRAFFIC[@]}"
    wait "${TRAFFIC[@]}" || :
    info "$(cat "$WORK"/ping? | grep -o '[0-9]* packets transmitted.*loss' | paste -s -d ';')"
}

@test "an upgrade over itself moves nothing, with three guests connected and traffic to each" {
    once three_guests
    compat_row "PV, three of 2 vCPUs, package upgraded" vif-bridge 1 2 "no pin moved"
    equal 24 "$(wc -l <"$WORK/first")" "interrupts and threads"
    "$VIFPIN" list -J >"$WORK/before.json"
    begin_traffic
    since=$(date '+%F %T')
    sleep 1 # the journal's seconds
    apt install --reinstall "$WORK"/home/vifpin_*.deb
    systemctl is-active vifpin
    rm "$WORK/answers.before"
    await 30 all_have_traffic
    end_traffic
    "$VIFPIN" list -J | diff "$WORK/before.json" -
    equal "$(cat "$WORK/first")" "$(agreed_masks)" "masks before and after"
    equal "" "$(journalctl -q -t vifpin --since "$since" | grep -E 'event=(pinned|moved|drift|released|partial)')" \
        "what the log says was moved"
}

@test "removed, the masks are the kernel's, and the next guest has network" {
    once three_guests
    apt remove vifpin
    # shellcheck disable=SC2046 # a word each
    equal "0-3" "$(kernel_masks $(devs) | awk '{ print $2 }' | sort -u)" "masks"
    [ -e "$LEDGER" ]
    for i in 1 2 3; do
        xl destroy "web$i"
    done
    start g1 pv 1 mac=00:16:3e:00:01:01,bridge=xenbr0
    await 120 answers_ping
    xl destroy g1
}

@test "purged, nothing of vifpin is left" {
    once recorded
    apt purge vifpin
    equal "" "$(find /etc /usr /var/lib /run -name '*vifpin*' -not -path '/var/lib/systemd/*' \
        -not -path '/var/lib/dpkg/*')" "files"
}
