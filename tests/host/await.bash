# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later

# await LIMIT COMMAND [ARG]...: repeats COMMAND until it succeeds, for at most LIMIT seconds; less often
# the longer it takes, to leave the CPU to what is waited for.
await() {
    local limit=$(($1 * ${VIFPIN_SLOWNESS:-1})) from=$SECONDS pause=20

    shift
    until "$@"; do
        # SECONDS counts whole ones, so that a limit of 1 is between 1 and 2.
        if [ $((SECONDS - from)) -gt "$limit" ]; then
            echo "waited $limit s for: $*" >&2
            return 1
        fi
        sleep "0.$(printf %03d "$pause")"
        pause=$((pause < 160 ? pause * 2 : 200))
    done
}
