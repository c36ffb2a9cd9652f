# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sim-kernel.bash - what a dom0's kernel shows in /proc and /sys, as files below $SIM_ROOT; part of
# sim, which says what the functions are for.
#
# The texts are those of Linux 6.1 as dom0 of Xen 4.17. A running vifpin may be reading: what is there
# is replaced by rename, and a directory appears with all its files in it.
#
# In $SIM_DIR: irq-lines (/proc/interrupts without head and tail), threads ("PID NAME" of all that
# sim_thread made, the whole name), next-pid (with its start time), cut-names while the kernel cuts
# them.

# The flags in /proc/PID/stat: of netback's threads, and of those that are bound to a CPU
# (PF_KTHREAD is in both, PF_NO_SETAFFINITY in the second); of a process of user space.
declare -A SIM_FLAGS=([kthread]=2129984 [worker]=69238880 [user]=4194304)

# What bash can do itself (package bash-builtins) costs no process: those were most of a test's time.
for name in mkdir ln rm; do
    [ ! -e "/usr/lib/bash/$name" ] || enable -f "/usr/lib/bash/$name" "$name"
done

# sim_put PATH: replaces the file below the root by what comes on stdin.
sim_put() {
    cat >"$SIM_DIR/put"
    mv "$SIM_DIR/put" "$SIM_ROOT/$1"
}

# sim_expand LIST: "0-2,5" as "0 1 2 5".
sim_expand() {
    local range

    for range in ${1//,/ }; do
        seq "${range%-*}" "${range#*-}"
    done | paste -sd ' '
}

# sim_hex CPU...: the mask of these CPUs in hexadecimal.
sim_hex() {
    local cpu mask=0

    for cpu; do
        mask=$((mask | 1 << cpu))
    done
    printf '%x\n' "$mask"
}

# The first one of a sandbox is kept for those that come after it.
sim_make_kernel() {
    local kept=$SANDBOX/kernel

    if [ ! -d "$kept" ]; then
        sim_make_new_kernel
        cp -a "$SIM_DIR" "$kept.new"
        mv -T "$kept.new" "$kept"
    else
        cp -a "$kept/." "$SIM_DIR"
    fi
}

sim_make_new_kernel() {
    mkdir -p "$SIM_ROOT"/proc/{irq,2/task/2,sys/kernel/random} \
        "$SIM_ROOT"/sys/devices/system/cpu "$SIM_ROOT"/sys/bus/xen-backend/devices \
        "$SIM_ROOT"/{etc/xen,var/lib,run}
    sim_boot 5674e575-86de-43f9-b41b-e3dc3b4f5d49
    : >"$SIM_DIR/threads"
    echo 479 13479 >"$SIM_DIR/next-pid"
    sim_cpus 0-3
    sim_make_threads
}

# sim_boot ID: the kernel's boot ID.
sim_boot() {
    sim_put proc/sys/kernel/random/boot_id <<<"$1"
}

sim_cpus() {
    local cpus cpu

    read -ra cpus < <(sim_expand "$1")
    sim_put sys/devices/system/cpu/online <<<"$1"
    sim_hex "${cpus[@]}" | sim_put proc/irq/default_smp_affinity
    for cpu in "${cpus[@]}"; do
        echo "$cpu 0 0"
    done >"$SIM_DIR/cpu-times"
    sim_put_stat
    # Of every CPU that can be, from 0 on.
    printf '%.0s0,' $(seq 2 $((cpus[-1] + 1))) >"$SIM_DIR/irq-no-counts"
    echo 0 >>"$SIM_DIR/irq-no-counts"
    sim_make_interrupts "${cpus[@]}"
    sim_write_process "$SIM_ROOT/proc/2" 2 kthreadd kthread 0
}

# /proc/stat, of $SIM_DIR/cpu-times: "CPU BUSY SOFTIRQ", in ticks. What is busy and not softirq is
# shared out among user, nice, system and irq; the others have something in them too, which is not busy.
sim_put_stat() {
    awk '
        function line(name, busy, softirq,   rest) {
            rest = busy - softirq
            printf "%s %d %d %d %d %d %d %d %d %d %d\n", name, int(rest / 2), int(rest / 4),
                int(rest / 8), 99000, 77, rest - int(rest / 2) - int(rest / 4) - int(rest / 8),
                softirq, 555, int(rest / 2), int(rest / 4)
        }
        { cpu[NR] = $1; busy[NR] = $2; softirq[NR] = $3; all += $2; soft += $3 }
        END {
            line("cpu ", all, soft)
            for (i = 1; i <= NR; i++) line("cpu" cpu[i], busy[i], softirq[i])
            print "intr 4711 0 9\nctxt 815\nbtime 1795328303\nprocesses 4711"
            print "procs_running 1\nprocs_blocked 0\nsoftirq 5 1 1 1 1 1 0 0 0 0 0"
        }' "$SIM_DIR/cpu-times" | sim_put proc/stat
}

### interrupts

# sim_line IRQ CHIP TYPE NAME: a line of /proc/interrupts that has not counted anything yet.
sim_line() {
    local zeroes

    IFS= read -r zeroes <"$SIM_DIR/irq-zeroes"
    printf '%3d:%s  %8s    -%-8s  %s\n' "$1" "$zeroes" "$2" "$3" "$4" >>"$SIM_DIR/irq-lines"
}

# sim_make_interrupts CPU...: what a dom0 has before its first vif.
sim_make_interrupts() {
    local cpu name irq=24

    printf ' %10d' "${@/*/0}" >"$SIM_DIR/irq-zeroes"
    echo >>"$SIM_DIR/irq-zeroes"
    printf 'CPU%-8d' "$@" >"$SIM_DIR/irq-head"
    : >"$SIM_DIR/irq-lines"
    sim_line 1 xen-pirq ioapic-edge i8042
    sim_line 9 xen-pirq ioapic-level acpi
    for cpu; do
        sim_line $((irq++)) xen-percpu virq "timer$cpu"
        for name in spinlock resched callfunc callfuncsingle irqwork; do
            sim_line $((irq++)) xen-percpu ipi "$name$cpu"
        done
    done
    sim_line $((irq++)) xen-dyn event xenbus
    sim_line $((irq++)) xen-dyn virq hvc_console
    sim_line $((irq++)) xen-pirq msi-x virtio1-req.0
    sim_line $((irq++)) xen-dyn-lateeoi event evtchn:oxenstored
    sim_line $((irq++)) xen-dyn-lateeoi event evtchn:xenconsoled
    echo "$irq" >"$SIM_DIR/first-irq"
    sim_put_interrupts
}

sim_put_interrupts() {
    {
        printf '           %s\n' "$(<"$SIM_DIR/irq-head")"
        sort -n "$SIM_DIR/irq-lines"
        printf 'NMI:%s   Non-maskable interrupts\n' "$(<"$SIM_DIR/irq-zeroes")"
        printf 'LOC:%s   Local timer interrupts\n' "$(<"$SIM_DIR/irq-zeroes")"
        printf 'ERR: %10d\nMIS: %10d\n' 0 0
    } | sim_put proc/interrupts
}

# Makes an interrupt that /proc/interrupts does not show yet. The numbers of those that ended are
# used again.
sim_new_irq() {
    local name=$1 chip=${2:-xen-dyn-lateeoi} type=${3:-event} irq counts online

    read -r irq <"$SIM_DIR/first-irq"
    while [ -e "$SIM_ROOT/proc/irq/$irq" ]; do
        irq=$((irq + 1))
    done
    mkdir -p "$SIM_ROOT/sys/kernel/irq/$irq"
    read -r counts <"$SIM_DIR/irq-no-counts"
    echo "$counts" >"$SIM_ROOT/sys/kernel/irq/$irq/per_cpu_count"
    read -r online <"$SIM_ROOT/sys/devices/system/cpu/online"
    mkdir -p "$SIM_DIR/new-irq/$name"
    echo "$online" >"$SIM_DIR/new-irq/smp_affinity_list"
    ln -s smp_affinity_list "$SIM_DIR/new-irq/effective_affinity_list"
    mv -T "$SIM_DIR/new-irq" "$SIM_ROOT/proc/irq/$irq"
    sim_line "$irq" "$chip" "$type" "$name"
}

sim_irq() {
    sim_new_irq "$@"
    sim_put_interrupts
    sim_carrier "${1%%-*}" 1
}

# sim_irq_number NAME: prints it; fails when there is not just one interrupt of that name.
sim_irq_number() {
    awk -v name="$1" '$NF == name { sub(":", "", $1); print $1; n++ } END { exit n != 1 }' \
        "$SIM_DIR/irq-lines"
}

### threads

sim_write_process() {
    local dir=$1 pid=$2 name=$3 kind=$4 ppid=$5 start=${6:-13000} online mask

    read -r online <"$SIM_ROOT/sys/devices/system/cpu/online"
    read -r mask <"$SIM_ROOT/proc/irq/default_smp_affinity"
    mkdir -p "$dir"
    {
        printf '%d (%s) S %d 0 0 0 -1 %d 0 0 0 0 0 1 0 0 20 0 1 0 %d 0 0' \
            "$pid" "$name" "$ppid" "${SIM_FLAGS[$kind]}" "$start"
        printf ' 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0'
        printf ' 0 0 0 0 0 0 0 0 0 0 0\n'
    } >"$dir/stat"
    printf '%s:\t%s\n' >"$dir/status" Name "$name" Umask 0000 State 'S (sleeping)' Tgid "$pid" \
        Ngid 0 Pid "$pid" PPid "$ppid" TracerPid 0 Threads 1 Cpus_allowed "$mask" \
        Cpus_allowed_list "$online" Mems_allowed_list 0 voluntary_ctxt_switches 2
    echo "$name" >"$dir/comm"
    # It has run for as long as stat says.
    echo 10000000 5000 1 >"$dir/schedstat"
}

sim_cut_names() {
    : >"$SIM_DIR/cut-names"
}

# sim_next_pid PID: of the thread that is made next.
sim_next_pid() {
    local start

    read -r _ start <"$SIM_DIR/next-pid"
    echo "$1" "$start" >"$SIM_DIR/next-pid"
}

# Makes a thread that kthreadd's list of children does not show yet.
sim_new_thread() {
    local name=$1 kind=${2:-kthread} ppid=${3:-2} pid start comm=$1

    # What the kernel shows of the name.
    [ ! -e "$SIM_DIR/cut-names" ] || comm=${name:0:15}
    read -r pid start <"$SIM_DIR/next-pid"
    echo $((pid + 1)) $((start + 1)) >"$SIM_DIR/next-pid"
    sim_write_process "$SIM_DIR/new-pid" "$pid" "$comm" "$kind" "$ppid" "$start"
    mv -T "$SIM_DIR/new-pid" "$SIM_ROOT/proc/$pid"
    echo "$pid $name $ppid" >>"$SIM_DIR/threads"
}

sim_put_children() {
    awk '$NF == 2 { printf "%d ", $1 }' "$SIM_DIR/threads" | sim_put proc/2/task/2/children
}

sim_thread() {
    sim_new_thread "$@"
    sim_put_children
    tail -n 1 "$SIM_DIR/threads" | cut -d' ' -f1
}

sim_end_thread() {
    local pid

    pid=$(sim_pid "$1")
    grep -v "^$pid " "$SIM_DIR/threads" >"$SIM_DIR/threads.new"
    mv "$SIM_DIR/threads.new" "$SIM_DIR/threads"
    sim_put_children
    sim_remove "$SIM_ROOT/proc/$pid"
}

# sim_pid NAME: prints the PID of the first one of that name; fails when there is none.
sim_pid() {
    awk -v name="$1" '$2 == name { print $1; found = 1; exit } END { exit !found }' \
        "$SIM_DIR/threads"
}

sim_make_threads() {
    echo 8193 >"$SIM_DIR/next-napi"
    sim_new_thread rcu_gp worker
    sim_new_thread kworker/0:0-events worker
    sim_new_thread ksoftirqd/0 worker
    sim_new_thread xenwatch
    sim_put_children
    sim_write_process "$SIM_ROOT/proc/1" 1 systemd user 0
}

# A directory of the kernel's is gone at once.
sim_remove() {
    mkdir "$SIM_DIR/gone"
    # Some have the same last word.
    [ $# = 0 ] || mv --backup=numbered -t "$SIM_DIR/gone" "$@"
    rm -rf "$SIM_DIR/gone"
}

### a vif's netdev and queues

sim_netdev() {
    local vif=vif-$1-$2 dev=$3 net=$SIM_ROOT/sys/devices/vif-$1-$2/net

    if [ -z "$dev" ]; then
        rm -f "$SIM_ROOT/sys/bus/xen-backend/devices/$vif"
        rm -rf "${net%/net}"
    elif [ -d "$net" ]; then
        mv -T "$net/$(sim_netdev_of "$1" "$2")" "$net/$dev"
    else
        mkdir -p "$net/$dev"
        echo 0 | tee "$net/$dev"/{carrier,threaded} >/dev/null
        sim_no_statistics "$net/$dev"
        ln -s "../../../devices/$vif" "$SIM_ROOT/sys/bus/xen-backend/devices/$vif"
    fi
}

# sim_no_statistics NETDEV: of a netdev's directory.
sim_no_statistics() {
    mkdir "$1/statistics"
    echo 0 | tee "$1"/statistics/{rx,tx}_{packets,bytes} >/dev/null
}

sim_netdev_of() {
    ls "$SIM_ROOT/sys/bus/xen-backend/devices/vif-$1-$2/net"
}

sim_queues() {
    local dev=$1 n=$2 q

    sim_netdev_queues "$dev" "$n"
    for ((q = 0; q < n; q++)); do
        sim_new_irq "$dev-q$q-tx"
        sim_new_irq "$dev-q$q-rx"
        sim_new_thread "$dev-q$q-guest-rx"
        sim_new_thread "$dev-q$q-dealloc"
    done
    [ "$(cat "$SIM_ROOT"/sys/devices/vif-*/net/"$dev"/threaded 2>/dev/null)" != 1 ] || sim_new_napi "$dev"
    sim_put_children
    sim_put_interrupts
    sim_carrier "$dev" 1
}

# A thread for each queue, with the next ID. The kernel need not make them in the order of queues.
sim_new_napi() {
    local id n

    n=$(awk -v dev="$1" 'index($2, dev "-q") == 1 && /-guest-rx / { n++ } END { print n + 0 }' "$SIM_DIR/threads")
    read -r id <"$SIM_DIR/next-napi"
    echo $((id + n)) >"$SIM_DIR/next-napi"
    for ((; n > 0; n--)); do
        sim_new_thread "napi/$1-$((id + n - 1))"
    done
}

# Linux before 6.17 leaves threads that do nothing any more.
sim_threaded() {
    local file

    for file in "$SIM_ROOT"/sys/devices/vif-*/net/"$1"; do
        echo "$2" >"$file/threaded"
    done
    [ "$2" = 0 ] || grep -q " napi/$1-" "$SIM_DIR/threads" || sim_new_napi "$1"
    sim_put_children
}

# The netdev of a vif has as many as its guest has chosen, once that has connected.
sim_netdev_queues() {
    local dir

    for dir in "$SIM_ROOT"/sys/devices/vif-*/net/"$1"; do
        [ ! -d "$dir" ] || { rm -rf "$dir/queues" && seq -f "$dir/queues/rx-%g" 0 $(($2 - 1)) | xargs -r mkdir -p; }
    done
}

# netback's netdev has a carrier once it is connected.
sim_carrier() {
    local file

    for file in "$SIM_ROOT"/sys/devices/vif-*/net/"$1"/carrier; do
        [ ! -e "$file" ] || echo "$2" >"$file"
    done
}

### physical NICs

# sim_nic DEV KIND CPU...: a NIC with one interrupt on each of the CPUs, named DEV-0 and so on. KIND:
# msi; virtio, whose interrupts are its PCI device's; line, with one interrupt only and no MSI.
sim_nic() {
    local dev=$1 kind=$2 pci=$SIM_ROOT/sys/devices/pci0000:00/$1 net n=0 cpu irq

    shift 2
    net=$pci/net/$dev
    [ "$kind" != virtio ] || net=$pci/virtio0/net/$dev
    mkdir -p "$net" "$SIM_ROOT/sys/class/net"
    echo 0x1003 >"$net/flags"
    sim_no_statistics "$net"
    ln -s ../.. "$net/device"
    ln -s "../../${net#"$SIM_ROOT"/sys/}" "$SIM_ROOT/sys/class/net/$dev"
    echo 0 >"$pci/irq"
    [ "$kind" = line ] || mkdir "$pci/msi_irqs"
    for cpu; do
        sim_new_irq "$dev-$n" xen-pirq msi-x
        irq=$(sim_irq_number "$dev-$n")
        n=$((n + 1))
        echo "$cpu" >"$SIM_ROOT/proc/irq/$irq/smp_affinity_list"
        if [ "$kind" = line ]; then echo "$irq" >"$pci/irq"; else : >"$pci/msi_irqs/$irq"; fi
    done
    sim_put_interrupts
}

# sim_counts NAME COUNT...: how often each online CPU has taken the interrupt.
sim_counts() {
    local irq online cpu counts=()

    irq=$(sim_irq_number "$1")
    shift
    awk -v irq="$irq:" -v counts="$*" '
        $1 == irq { n = split(counts, count); for (i = 1; i <= n; i++) $(i + 1) = count[i] }
        { print }' "$SIM_DIR/irq-lines" >"$SIM_DIR/irq-lines.new"
    mv "$SIM_DIR/irq-lines.new" "$SIM_DIR/irq-lines"
    sim_put_interrupts
    read -ra online < <(sim_expand "$(<"$SIM_ROOT/sys/devices/system/cpu/online")")
    for ((cpu = 0; cpu <= online[-1]; cpu++)); do
        counts[cpu]=0
    done
    for cpu in "${online[@]}"; do
        counts[cpu]=${1:-0}
        [ $# = 0 ] || shift
    done
    (IFS=,; echo "${counts[*]}") | sim_put "sys/kernel/irq/$irq/per_cpu_count"
}

### what is counted

# sim_add FILE N: adds N to the number that the file holds, which has others behind it.
sim_add() {
    local number rest

    read -r number rest <"$SIM_ROOT/$1"
    echo "$((number + $2))${rest:+ $rest}" | sim_put "$1"
}

sim_run() {
    sim_add "proc/$(sim_pid "$1")/schedstat" $(($2 * 1000000))
}

sim_busy() {
    awk -v cpu="$1" -v busy="$2" -v softirq="$3" '
        $1 == cpu { $2 += busy / 10; $3 += softirq / 10 } { print }' "$SIM_DIR/cpu-times" \
        >"$SIM_DIR/cpu-times.new"
    mv "$SIM_DIR/cpu-times.new" "$SIM_DIR/cpu-times"
    sim_put_stat
}

sim_traffic() {
    local dir

    for dir in "$SIM_ROOT"/sys/devices/{vif-*/net,pci0000:00/*/net,pci0000:00/*/virtio0/net}/"$1"; do
        [ -d "$dir" ] || continue
        dir=${dir#"$SIM_ROOT/"}/statistics
        sim_add "$dir/rx_packets" "$2"
        sim_add "$dir/tx_packets" "$3"
        sim_add "$dir/rx_bytes" $(($2 * 1000))
        sim_add "$dir/tx_bytes" $(($3 * 1000))
    done
}

# sim_split FILE DEV: takes the lines of DEV's queues, and only of its, out of FILE and prints them.
sim_split() {
    awk -v dev="$2" -v left="$1.left" '
        BEGIN { printf "" >left }
        { for (i = 1; i <= NF; i++) if (index($i, dev "-q") == 1 || index($i, "napi/" dev "-") == 1) { print; next } }
        { print >left }' "$1"
    mv "$1.left" "$1"
}

sim_no_queues() {
    local dirs

    mapfile -t dirs < <(
        sim_split "$SIM_DIR/irq-lines" "$1" |
            sed -E "s|^ *([0-9]+):.*|\\1|" | sed "h; s|^|$SIM_ROOT/proc/irq/|p; x; s|^|$SIM_ROOT/sys/kernel/irq/|"
        sim_split "$SIM_DIR/threads" "$1" | sed -E "s|^([0-9]+) .*|$SIM_ROOT/proc/\\1|"
    )
    sim_put_interrupts
    sim_put_children
    sim_remove "${dirs[@]}"
    sim_carrier "$1" 0
}

### what the kernel shows

# sim_pid_mask PID
sim_pid_mask() {
    local line

    while IFS= read -r line; do
        [[ $line != Cpus_allowed_list:* ]] || echo "${line#*$'\t'}"
    done <"$SIM_ROOT/proc/$1/status"
}

# Into the array `masks`: the CPUs of every interrupt and thread, by name. Of several threads of one
# name the first counts.
sim_read_masks() {
    local line pid name irq mask

    while IFS= read -r line; do
        name=${line##* } irq=${line%%:*}
        irq=${irq// /}
        [ -e "$SIM_ROOT/proc/irq/$irq" ] || continue
        read -r mask <"$SIM_ROOT/proc/irq/$irq/smp_affinity_list" || :
        masks[$name]=$mask
    done <"$SIM_DIR/irq-lines"
    while read -r pid name _; do
        [ -n "${masks[$name]-}" ] || masks[$name]=$(sim_pid_mask "$pid")
    done <"$SIM_DIR/threads"
}

# sim_mask NAME: the CPUs of an interrupt or thread, - when there is none of that name.
sim_mask() {
    declare -A masks

    sim_read_masks
    echo "${masks[$1]--}"
}

sim_masks() {
    local dev=$1 q
    declare -A masks

    sim_read_masks
    for ((q = 0; ; q++)); do
        [ -n "${masks[$dev-q$q-tx]-}" ] || return 0
        echo "q$q tx=${masks[$dev-q$q-tx]} dealloc=${masks[$dev-q$q-dealloc]--}" \
            "rx=${masks[$dev-q$q-rx]--} guest-rx=${masks[$dev-q$q-guest-rx]--}"
    done
}
