# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# queues.bash - what the kernel itself shows of the queues of vifs, read from /proc. No process is
# started, so that looking takes milliseconds under emulation.

# Name to number: IRQ[vif1.0-q0-tx] is an interrupt, THREAD[vif1.0-q0-dealloc] a process.
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
        [[ $name == *-q+([0-9])-[rt]x && -v wanted[${name%-q*}] ]] || continue
        number=${line%%:*}
        IRQ[$name]=${number// /}
    done
}

# find_threads DIRECTORY...: looks at these processes.
find_threads() {
    local dir comm

    THREAD=()
    for dir; do
        { read -r comm <"$dir/comm"; } 2>/dev/null || continue
        [[ $comm == *-q+([0-9])-@(guest-rx|dealloc) && -v wanted[${comm%-q*}] ]] || continue
        THREAD[$comm]=${dir#/proc/}
    done
}

# Sets MASK to "smp_affinity_list effective_affinity_list" of an interrupt; "gone" when it is.
irq_mask() {
    local smp effective

    MASK=gone
    {
        read -r smp <"/proc/irq/$1/smp_affinity_list" &&
            read -r effective <"/proc/irq/$1/effective_affinity_list" &&
            MASK="$smp $effective"
    } 2>/dev/null
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
