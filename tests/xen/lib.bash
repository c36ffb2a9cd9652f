# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lib.bash - what the Xen tests have in common: guests, steps that several tests of a file look at,
# and vifpin's word put beside the kernel's.
#
# Bats traces every command of a test, which is slow here: loops that matter are in scripts of
# their own (time-pins, time-hook).

# shellcheck source=../host/await.bash
. "$BATS_TEST_DIRNAME/await.bash"

VIFPIN=/usr/sbin/vifpin
# shellcheck disable=SC2034 # used by tests
LEDGER=/var/lib/vifpin/ledger.json
ADDRESS=10.0.9.11

# What run-host says it waited for when time runs out.
setup() {
    echo "${BATS_TEST_FILENAME##*/}: $BATS_TEST_DESCRIPTION" >"$SHARE/stage"
}

setup_file() {
    WORK=$(mktemp -d)
    export WORK
    echo "a clean host for ${BATS_TEST_FILENAME##*/}" >"$SHARE/stage"
    no_guests
}

teardown() {
    diagnose
}

teardown_file() {
    no_guests
}

# compat_row GUEST SCRIPT VIFS QUEUES [RESULT]: this test stands for a row of the table in docs/compatibility.md,
# which is added when the test has ended, with whether it passed; RESULT is what there is to say besides.
# QUEUES are those of each vif. The last call of a test counts.
compat_row() {
    ROW=("$@")
}

# Who has a teardown() of its own calls diagnose(), which adds the row.
add_row() {
    local result=passes

    [ -n "${ROW-}" ] || return 0
    [ -n "${BATS_TEST_COMPLETED-}" ] || result=FAILS
    mkdir -p "$SHARE/rows"
    printf '%s\t' "${ROW[@]:0:4}" >>"$SHARE/rows/${BATS_TEST_FILENAME##*/}"
    echo "$result${ROW[4]:+: ${ROW[4]}}" >>"$SHARE/rows/${BATS_TEST_FILENAME##*/}"
}

# Adds the test's row. After a test that failed: guests, what they said last, their vifs' both ends, and
# vifpin's word.
diagnose() {
    add_row
    [ -z "${BATS_TEST_COMPLETED-}" ] || return 0
    {
        echo "--- diagnosis"
        xl list
        xl vcpu-list
        tail -v -n 5 /var/log/xen/console/guest-*.log
        xenstore-ls -f /local/domain | grep -E '/vif/.*/(state|hotplug-status|online) = '
        "$VIFPIN" list
        journalctl -t vifpin -n 20 --no-pager -o short-precise
    } 2>&1 | head -n 120 | sed 's/^/# /' >&3
}

# A figure for whoever reads the results.
info() {
    echo "# $*" >&3
}

# equal EXPECTED ACTUAL [WHAT]
equal() {
    [ "$1" != "$2" ] || return 0
    printf '%s: expected (-) and found (+)\n' "${3:-they differ}"
    diff -u <(printf '%s\n' "$1") <(printf '%s\n' "$2") | tail -n +4
    return 1
}

# once STEP: does it unless an earlier test of this file did. A step that failed is not done again,
# and fails every test that needs it.
once() {
    local mark=$WORK/$1

    [ ! -e "$mark.done" ] || return 0
    if [ -e "$mark.begun" ]; then
        echo "$1 failed in an earlier test"
        return 1
    fi
    : >"$mark.begun"
    "$1"
    : >"$mark.done"
}

# milliseconds COMMAND [ARG]...: runs it and sets MS to how long that took.
milliseconds() {
    local from=${EPOCHREALTIME/./}

    "$@"
    # shellcheck disable=SC2034 # used by tests
    MS=$(((${EPOCHREALTIME/./} - from) / 1000))
}

# --- guests -----------------------------------------------------------------------------------

# What a guest's kernel can leave out takes seconds under emulation.
QUICK="quiet mitigations=off cryptomgr.notests pci=off 8250.nr_uarts=0"

# kernel_before VERSION
kernel_before() {
    [ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" != "$1" ]
}

# configure NAME TYPE VCPUS VIF...: writes $WORK/NAME.cfg for xl. The guest has $ADDRESS on one of its vifs.
# GUEST_CPUS is where its vCPUs may run. One whose CPU resets goes, unless ON_REBOOT says "restart".
configure() {
    local name=$1 type=$2 vcpus=$3

    shift 3
    # shellcheck disable=SC2016 # it is expanded, being in a here-document
    cat >"$WORK/$name.cfg" <<END
name = "$name"
type = "$type"
kernel = "/boot/vmlinux-guest"
ramdisk = "$BATS_TEST_DIRNAME/guest.img"
extra = "console=hvc0 $QUICK guestip=$ADDRESS"
memory = 128
vcpus = $vcpus
on_reboot = "${ON_REBOOT:-destroy}"
${GUEST_CPUS:+cpus = '$GUEST_CPUS'}
vif = [ $(printf "'%s'," "$@") ]
END
}

# create NAME TYPE VCPUS [-p] VIF...: xl create, of what configure() has written.
create() {
    local name=$1 options=("$1" "$2" "$3") paused=

    shift 3
    if [ "$1" = -p ]; then
        paused=-p
        shift
    fi
    configure "${options[@]}" "$@"
    # xl leaves a process behind for each guest; it must not hold what bats waits for.
    timeout 180 xl create $paused "$WORK/$name.cfg" >"$WORK/xl" 2>&1 3>&- || {
        cat "$WORK/xl"
        return 1
    }
}

# start NAME TYPE VCPUS VIF...: create, until its init runs. Whose kernel did not start is made anew,
# twice at most. WHILE_PAUSED is a command to run in between.
start() {
    local status

    for _ in 1 2 3; do
        status=0
        create "$1" "$2" "$3" -p "${@:4}"
        ${WHILE_PAUSED-}
        "$BATS_TEST_DIRNAME"/boot-guest "$1" || status=$?
        [ "$status" = 3 ] || break
        info "the kernel of guest $1 did not start"
        xl destroy "$1" || :
        await 30 is_unknown "$1"
    done
    return "$status"
}

is_unknown() {
    ! xl domid "$1" 2>/dev/null
}

# tell NAME WORD...: a line for guest-init.
tell() {
    local tty

    tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")
    printf '%s\n' "${*:2}" >"$tty"
}
export -f tell

answers_ping() {
    ping -c 1 -W 1 "$ADDRESS" >/dev/null
}

guest_ids() {
    xl list | awk 'NR > 1 && $2 != 0 { print $2 }'
}

lists_nothing() {
    [ "$("$VIFPIN" list -J | jq -c .)" = '{"vifs":[]}' ]
}

# is_pinned DEV
is_pinned() {
    [ "$("$VIFPIN" list -J | jq -r ".vifs[] | select(.dev == \"$1\") | .state")" = pinned ]
}

# From now on nobody pins but the test. Only for a watcher that a hook has started.
stop_watcher() {
    local pid

    read -r pid _ </run/vifpin/watch.lock
    kill "$pid"
    await 5 process_is_gone "$pid"
}

process_is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

no_guests() {
    local id

    for id in $(guest_ids); do
        xl destroy "$id"
    done
    await 30 lists_nothing
}

# --- vifpin's word ----------------------------------------------------------------------------

# places FILE: a line for each vif in the output of `vifpin list -J`: "vif1.0 reserved 0/1 2/3",
# tx/rx of each queue.
places() {
    jq -r '.vifs[] |
        "\(.dev) \(.state) " + ([.queues[] | "\(.tx_cpu)/\(.rx_cpu)"] | join(" "))' "$1"
}

# masks_of FILE [ONE [NAPI]]: what print_masks has to show when the kernel is as FILE, the output of `vifpin
# list -J`, says: the tx interrupt and the dealloc thread on tx_cpu, the rx interrupt and guest-rx on rx_cpu. The
# dev ONE has one interrupt for both directions, on tx_cpu, and NAPI has threads for it there.
masks_of() {
    jq -r --arg one "${2-}" --arg napi "${3-}" '.vifs[] | .dev as $dev | .queues[] | "\($dev)-q\(.queue)" as $q |
        if $dev == $one then "\($q) \(.tx_cpu) \(.tx_cpu)"
        else "\($q)-tx \(.tx_cpu) \(.tx_cpu)", "\($q)-rx \(.rx_cpu) \(.rx_cpu)" end,
        if $dev == $napi then "\($q)-napi \(.tx_cpu)" else empty end,
        "\($q)-dealloc \(.tx_cpu)", "\($q)-guest-rx \(.rx_cpu)"' "$1" | LC_ALL=C sort
}

# kernel_masks DEV...: the same form, from /proc.
kernel_masks() {
    # shellcheck disable=SC2016 # for the inner bash
    bash -c '. "$0"; find_queues "$@"; print_masks' "$BATS_TEST_DIRNAME/queues.bash" "$@" |
        LC_ALL=C sort
}

# sides_of MASKS-FILE: "CPU SIDES TX RX" for each online CPU: how many interrupts stand there.
sides_of() {
    local online

    online=$(cat /sys/devices/system/cpu/online)
    awk -v online="$online" '
        BEGIN {
            n = split(online, ranges, ",")
            for (i = 1; i <= n; i++) {
                split(ranges[i] "-" ranges[i], ends, "-")
                for (cpu = ends[1]; cpu <= ends[2]; cpu++)
                    tx[cpu] = rx[cpu] = 0
            }
        }
        $1 ~ /-[rt]x$/ && NF == 3 { tx[$2] += $1 ~ /-tx$/; rx[$2] += $1 ~ /-rx$/ }
        END { for (cpu in tx) print cpu, tx[cpu] + rx[cpu], tx[cpu], rx[cpu] }' "$1" | sort -n
}
