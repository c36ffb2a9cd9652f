# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# queues.bash - what the kernel itself shows of the queues of vifs, read from /proc. No process is
# started, so that looking takes milliseconds under emulation.

# Name to number: IRQ[vif1.0-q0-tx] is an interrupt (IRQ[vif1.0-q0] where a queue has one for both directions),
# THREAD[vif1.0-q0-dealloc] a process. Threads of NAPI are THREAD[vif1.0-q0-napi].
declare -gA IRQ=() THREAD=()

# find_queues DEV...: fills IRQ and THREAD with all there is of these.
find_queues() {
    local -A wanted=()
    local dev

    for dev; do
        wanted[$dev]=1
    done
    find_interrupts
    find_threads /proc/[0-9]*
}

# Both need `wanted`, the set of devs.
find_interrupts() {
    local lines line name number

    IRQ=()
    mapfile -t lines </proc/interrupts
    for line in "${lines[@]}"; do
        name=${line##* }
        [[ $name == *-q+([0-9])?(-[rt]x) && -v wanted[${name%-q*}] ]] || continue
        number=${line%%:*}
        IRQ[$name]=${number// /}
    done
}

# find_threads DIRECTORY...: looks at these processes.
find_threads() {
    local dir comm dev
    local -A cut=() napi=()

    THREAD=()
    for dir; do
        { read -r comm <"$dir/comm"; } 2>/dev/null || continue
        if [[ $comm == *-q+([0-9])-@(guest-rx|dealloc) && -v wanted[${comm%-q*}] ]]; then
            THREAD[$comm]=${dir#/proc/}
        elif [[ $comm == napi/*-+([0-9]) ]]; then
            dev=${comm#napi/}
            [[ ! -v wanted[${dev%-*}] ]] || napi[${dev%-*}]+=" ${comm##*-}:${dir#/proc/}"
        elif [ "${#comm}" = 15 ]; then
            note_cut "$comm" "${dir#/proc/}"
        fi
    done
    name_cut
    name_napi
}

# Their names are napi/DEV-ID, and IDs rise with the queues.
name_napi() {
    local dev pair q
    local -a pids

    for dev in "${!napi[@]}"; do
        pids=() q=0
        for pair in ${napi[$dev]}; do
            pids[${pair%:*}]=${pair#*:}
        done
        for pair in "${!pids[@]}"; do
            THREAD[$dev-q$((q++))-napi]=${pids[$pair]}
        done
    done
}

# Linux before 5.17 cuts names to 15 characters. There the stack tells what a thread is for.
# note_cut COMM PID: adds it to cut[DEV-ROLE] if it may be one of these.
note_cut() {
    local dev stack

    for dev in "${!wanted[@]}"; do
        [[ $1 == "$dev-q"* || "$dev-q" == "$1"* ]] || continue
        { mapfile -t stack <"/proc/$2/stack"; } 2>/dev/null || continue
        case ${stack[*]} in
        *xenvif_kthread_guest_rx*) cut[$dev-guest-rx]+=" $2" ;;
        *xenvif_dealloc_kthread*) cut[$dev-dealloc]+=" $2" ;;
        esac
    done
}

# ... and the order of PIDs, which rise here, the queue.
name_cut() {
    local key role pid q
    local -a pids

    for key in "${!cut[@]}"; do
        pids=() q=0 role=${key#"${key%-guest-rx}"}
        role=${role:--dealloc}
        for pid in ${cut[$key]}; do
            pids[pid]=$pid
        done
        for pid in "${pids[@]}"; do
            THREAD[${key%"$role"}-q$((q++))$role]=$pid
        done
    done
}

# Linux before 5.11 moves an interrupt when it comes the next time; till then it is said to be delivered to the
# CPU of before. That it does move then, 15-by-hand.bats looks at.
MOVES_LATER=
read -r RELEASE </proc/sys/kernel/osrelease
[[ ! $RELEASE =~ ^([0-4]|5\.([0-9]|10))\. ]] || MOVES_LATER=yes

# Sets MASK to "smp_affinity_list effective_affinity_list" of an interrupt, the first of these twice where it
# moves later; "gone" when it is.
irq_mask() {
    local smp effective

    MASK=gone
    {
        read -r smp <"/proc/irq/$1/smp_affinity_list" &&
            read -r effective <"/proc/irq/$1/effective_affinity_list" &&
            MASK="$smp $effective"
    } 2>/dev/null
    [ "$MASK" = gone ] || [ -z "$MOVES_LATER" ] || MASK="$smp $smp"
}

# Sets MASK to what Cpus_allowed_list says.
thread_mask() {
    local lines line

    MASK=gone
    { mapfile -t lines <"/proc/$1/status"; } 2>/dev/null || return
    for line in "${lines[@]}"; do
        case $line in
        Cpus_allowed_list:*) MASK=${line#*$'\t'} ;;
        esac
    done
}

# print_delivered: a line each of the interrupts, sorted: NAME EFFECTIVE COUNT, how often it has come.
print_delivered() {
    local name effective counts

    for name in "${!IRQ[@]}"; do
        read -r counts <"/sys/kernel/irq/${IRQ[$name]}/per_cpu_count"
        read -r effective <"/proc/irq/${IRQ[$name]}/effective_affinity_list"
        echo "$name $effective $((${counts//,/+}))"
    done | LC_ALL=C sort
}

# print_masks: a line each of what find_queues found, sorted: NAME SMP EFFECTIVE or NAME ALLOWED.
print_masks() {
    local name MASK

    for name in "${!IRQ[@]}"; do
        irq_mask "${IRQ[$name]}"
        echo "$name $MASK"
    done | LC_ALL=C sort
    for name in "${!THREAD[@]}"; do
        thread_mask "${THREAD[$name]}"
        echo "$name $MASK"
    done | LC_ALL=C sort
}
