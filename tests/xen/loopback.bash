# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# loopback.bash - vifs 0.0 to 0.$((VIFS - 1)), of which both ends are dom0's: no guest is needed, and no hook is
# called for them.

front() {
    echo "/local/domain/0/device/vif/$1"
}

back() {
    echo "/local/domain/0/backend/vif/0/$1"
}

# A vif's nodes, as libxl makes them.
nodes_of() {
    local i=$1 front back mac

    front=$(front "$i")
    back=$(back "$i")
    mac=$(printf '00:16:3e:00:02:%02x' "$i")
    printf '%s\n' "$front/backend" "$back" "$front/backend-id" 0 "$front/handle" "$i" \
        "$front/mac" "$mac" "$front/state" 1 \
        "$back/frontend" "$front" "$back/frontend-id" 0 "$back/handle" "$i" \
        "$back/mac" "$mac" "$back/online" 1 "$back/script" /bin/true \
        "$back/hotplug-status" connected "$back/state" 1
}

# All at once. The kernel's drivers find each other when they see the states.
attach_all() {
    local i nodes

    mapfile -t nodes < <(for ((i = 0; i < VIFS; i++)); do nodes_of "$i"; done)
    xenstore-write "${nodes[@]}"
}

# each_vif WORD: a line for each, with its number in the place of &.
each_vif() {
    seq 0 $((VIFS - 1)) | sed "s|.*|$1|"
}

# has_states STATE: of all backends, and nothing else.
has_states() {
    [ "$(each_vif '/local/domain/0/backend/vif/0/&/state' | xargs xenstore-read | sort -u)" = "$1" ]
}

# As libxl does: netback is asked to close, and the nodes go when it has.
detach_all() {
    local i nodes=()

    xenstore-exists "$(back 0)" || return 0
    for ((i = 0; i < VIFS; i++)); do
        nodes+=("$(back "$i")/online" 0 "$(back "$i")/state" 5)
    done
    xenstore-write "${nodes[@]}"
    await 240 has_states 6
    each_vif "$(back '&')" | xargs xenstore-rm
    each_vif "$(front '&')" | xargs xenstore-rm
}
