#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which interrupts and threads are a vif's, and which CPUs it may be given.

load common

# A guest g1 with the vif 1.0, and nothing of it in the kernel yet.
setup_vif() {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no hotplug-status=connected
}

@test "vif1.1 is not vif1.10" {
    sim domain 1 g1 1
    for devid in 1 10 100; do
        sim vif 1 "$devid" netdev=no hotplug-status=connected
        sim connect 1 "$devid" 1
    done
    ends 0 "" vifpin pin g1 10
    lists "1.10 vif1.10 pinned 0/1"
    ends 0 "" vifpin pin g1 1
    lists "1.1 vif1.1 pinned 2/3" "1.10 vif1.10 pinned 0/1"
    stand vif1.1 2/3
    stand vif1.10 0/1
    equal "q0 tx=0-3 dealloc=0-3 rx=0-3 guest-rx=0-3" "$(sim masks vif1.100)"
}

@test "dom0's own frontend beside the backend is not touched" {
    sim domain 0 Domain-0 4
    sim vif 0 0 netdev=no hotplug-status=connected
    # The loopback vif's other end, as dom0's netfront names its interrupts.
    sim irq vif0-q0-tx xen-dyn
    sim irq vif0-q0-rx xen-dyn
    sim connect 0 0 1
    ends 0 "" vifpin pin 0
    lists "0.0 vif0.0 pinned 0/1"
    stand vif0.0 0/1
    equal "0-3 0-3" "$(sim mask vif0-q0-tx) $(sim mask vif0-q0-rx)"
}

@test "interrupts of other chips that are named like a vif's are not touched" {
    by_hand 1 1
    sim irq vif1.0-q1-tx xen-pirq msi-x
    sim irq vif1.0-q1-rx xen-dyn virq
    prints 0 "vif 1.0 of g1 is already pinned; nothing to do" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1"
    equal "0-3 0-3" "$(sim mask vif1.0-q1-tx) $(sim mask vif1.0-q1-rx)"
}

@test "processes that are named like a vif's threads are not touched" {
    setup_vif
    user=$(sim thread vif1.0-q0-guest-rx user 1)
    # A helper that the kernel started is kthreadd's child, and no kernel thread.
    helper=$(sim thread vif1.0-q0-dealloc user 2)
    # No more than the flag without the parent.
    stray=$(sim thread vif1.0-q0-dealloc kthread 1)
    sim connect 1 0 1
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1"
    equal "0-3 0-3 0-3" "$(sim pid-mask "$user") $(sim pid-mask "$helper") $(sim pid-mask "$stray")"
    equal "1 0" "$(sim pid-mask "$((stray + 1))") $(sim pid-mask "$((stray + 2))")"
}

@test "a process does not stand in for a thread that is missing" {
    setup_vif
    user=$(sim thread vif1.0-q0-dealloc user 1)
    helper=$(sim thread vif1.0-q0-dealloc user 2)
    stray=$(sim thread vif1.0-q0-dealloc kthread 1)
    sim irq vif1.0-q0-tx
    sim irq vif1.0-q0-rx
    sim thread vif1.0-q0-guest-rx
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-dealloc" vifpin pin g1
    lists "1.0 vif1.0 partial 0/1"
    equal "0-3 0-3 0-3" "$(sim pid-mask "$user") $(sim pid-mask "$helper") $(sim pid-mask "$stray")"
}

@test "a thread that kthreadd's list omits is found all the same" {
    setup_vif
    sim queues vif1.0 1
    sed 's/[0-9]* $//' "$SIM_ROOT/proc/2/task/2/children" | sim put proc/2/task/2/children
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1"
    stand vif1.0 0/1
}

@test "a kernel without a list of kthreadd's children" {
    setup_vif
    sim queues vif1.0 1
    rm -r "$SIM_ROOT/proc/2/task"
    ends 0 "" vifpin pin g1
    stand vif1.0 0/1
}

@test "a frontend without split event channels has one interrupt a queue, on the tx CPU" {
    setup_vif
    sim irq vif1.0-q0
    sim thread vif1.0-q0-guest-rx
    sim thread vif1.0-q0-dealloc
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1"
    equal "0 1 0" \
        "$(sim mask vif1.0-q0) $(sim mask vif1.0-q0-guest-rx) $(sim mask vif1.0-q0-dealloc)"
}

@test "netback before it had queues" {
    setup_vif
    sim irq vif1.0-tx xen-dyn
    sim irq vif1.0-rx xen-dyn
    sim thread vif1.0-guest-rx
    sim thread vif1.0-dealloc
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1"
    equal "0 1 1 0" "$(sim mask vif1.0-tx) $(sim mask vif1.0-rx) $(sim mask vif1.0-guest-rx) $(sim mask vif1.0-dealloc)"
}

# Linux before 3.12: one interrupt, and threads that serve all vifs of their CPU.
@test "netback before it had threads for each vif" {
    mkdir -p "$SIM_ROOT/sys/module/xen_netback"
    setup_vif
    sim irq vif1.0 xen-dyn
    for n in 0 1 2 3; do
        sim thread "netback/$n"
    done
    ends 1 "vifpin: vif 1.0: there is no thread vif1.0-q0-guest-rx" vifpin pin g1
    lists "1.0 vif1.0 partial 0/1"
    equal "0 0-3 0-3" "$(sim mask vif1.0) $(sim mask netback/0) $(sim mask netback/3)"
    equal "warning threads netback/N, one for each CPU, serve all vifs and cannot be moved (Linux before 3.12): only interrupts are pinned" \
        "$(vifpin doctor -J -o CHECK,STATE,REASON,FIX | jq -r '.[][] | select(.check == "netback") | "\(.state) \(.reason)"')"
}

# As the seed's host: 8 CPUs, and one guest-rx thread that may run on all of them.
@test "a host of 8 CPUs and vifs of one queue" {
    sim cpus 0-7
    for d in 1 2 3 4; do
        sim domain "$d" "g$d" 1
        sim vif "$d" 0 netdev=no hotplug-status=connected
        sim connect "$d" 0 1
        equal "q0 tx=0-7 dealloc=0-7 rx=0-7 guest-rx=0-7" "$(sim masks "vif$d.0")"
        ends 0 "" vifpin pin "g$d"
    done
    lists "1.0 vif1.0 pinned 0/1" "2.0 vif2.0 pinned 2/3" "3.0 vif3.0 pinned 4/5" "4.0 vif4.0 pinned 6/7"
    stand vif4.0 6/7
}

# Both spellings of each chip: the type behind a blank, as Linux 4.13 and later print it, or joined to the chip.
@test "interrupts of each chip, on CPUs with gaps that begin with 2" {
    sim cpus 2,5-6
    sim domain 1 g1 2
    sim vif 1 0 netdev=no hotplug-status=connected
    sim connect 1 0 2
    for chip in xen-dyn-event xen-dyn-lateeoi-event "xen-dyn    -event" "xen-dyn-lateeoi    -event"; do
        sed -E -i "s/ xen-dyn(-lateeoi)? *-event +/  $chip     /" "$SIM_ROOT/proc/interrupts"
        equal 4 "$(grep -cE " $chip +vif1" "$SIM_ROOT/proc/interrupts")" "interrupts of $chip"
        ends 0 "" vifpin pin g1
        stand vif1.0 2/5 6/2
        prints 0 "1 vif released; 8 interrupts and threads have the default masks again" vifpin unpin g1
    done
}

# Linux before 5.17 cuts the names of threads to 15 characters.

# named D I DEV [N]: a vif of that name, connected with N queues.
named() {
    sim domain "$1" "g$1" "${4:-1}"
    sim vif "$1" "$2" netdev=no hotplug-status=connected "vifname=$3"
    [ "$3" = "vif$1.$2" ] || sim netdev "$1" "$2" "$3"
    [ $# = 3 ] || sim connect "$1" "$2" "$4"
}

@test "cut names that tell queue and role" {
    sim cut-names
    named 12 0 vif12.0 2
    equal vif12.0-q1-deal "$(<"$SIM_ROOT/proc/$(sim pid vif12.0-q1-dealloc)/comm")"
    ends 0 "" vifpin pin g12
    lists "12.0 vif12.0 pinned 0/1 2/3"
    stand vif12.0 0/1 2/3
    prints 0 "" vifpin verify
}

@test "cut names that tell no role, or nothing: the order in which threads were made tells" {
    sim cut-names
    named 1 0 averylongname0
    named 2 0 averylongname01
    named 12345 10 vif12345.10
    sim connect 1 0 2
    sim connect 2 0 2
    sim connect 12345 10 2
    equal averylongname0- "$(<"$SIM_ROOT/proc/$(sim pid averylongname0-q1-dealloc)/comm")"
    equal averylongname01 "$(<"$SIM_ROOT/proc/$(sim pid averylongname01-q1-dealloc)/comm")"
    equal vif12345.10-q1- "$(<"$SIM_ROOT/proc/$(sim pid vif12345.10-q1-dealloc)/comm")"
    ends 0 "" vifpin pin g1
    prints 0 "3 vifs: 3 pinned, 0 partial, 0 reserved; 2 changed, 0 released" vifpin reconcile
    lists "1.0 averylongname0 pinned 0/1 2/3" "2.0 averylongname01 pinned 1/0 3/2" \
        "12345.10 vif12345.10 pinned 0/1 2/3"
    stand averylongname0 0/1 2/3
    stand averylongname01 1/0 3/2
    stand vif12345.10 0/1 2/3
    prints 0 "" vifpin verify
}

@test "cut names: PIDs that begin again, and a list that omits a thread" {
    sim cut-names
    named 1 0 averylongname0
    sim next-pid 32766
    # One that does not exist is left out.
    sim thread other
    sim irq averylongname0-q0-tx
    sim irq averylongname0-q0-rx
    sim irq averylongname0-q1-tx
    sim irq averylongname0-q1-rx
    sim thread averylongname0-q0-guest-rx
    sim next-pid 301
    sim thread averylongname0-q0-dealloc
    sim thread averylongname0-q1-guest-rx
    sim thread averylongname0-q1-dealloc
    sed 's/ 302 / /' "$SIM_ROOT/proc/2/task/2/children" | sim put proc/2/task/2/children
    ends 0 "" vifpin pin g1
    lists "1.0 averylongname0 pinned 0/1 2/3"
    stand averylongname0 0/1 2/3
}

@test "cut names: a guest that connects again" {
    sim cut-names
    sim domain 1 g1 2
    sim vif 1 0 vifname=averylongname0
    sim online 1 0
    sim connect 1 0 2
    await_list "1.0 averylongname0 pinned 0/1 2/3"
    stand averylongname0 0/1 2/3
    sim disconnect 1 0
    sim next-pid 300
    sim connect 1 0 2
    await 5 stands averylongname0 0/1 2/3
    stand averylongname0 0/1 2/3
    prints 0 "" vifpin verify
}

@test "cut names: one thread is missing, and the others cannot be told apart" {
    sim cut-names
    named 1 0 averylongname0 2
    sim end-thread averylongname0-q0-dealloc
    ends 1 "vifpin: vif 1.0: there is no thread averylongname0-q1-dealloc" vifpin pin g1
    lists "1.0 averylongname0 partial 0/1 2/3"
    # Each is on a place of its own vif. The guess is that the last one is missing.
    guest=$(sim pid averylongname0-q0-guest-rx)
    equal "1 0 3" \
        "$(sim pid-mask "$guest") $(sim pid-mask $((guest + 2))) $(sim pid-mask $((guest + 3)))"
    prints 1 "\
g1 averylongname0-q1-dealloc missing  2 
g1 averylongname0- ambiguous $guest 1 1
g1 averylongname0- ambiguous $((guest + 2)) 0 0
g1 averylongname0- ambiguous $((guest + 3)) 3 3" vifpin verify -nr
}

@test "cut names: a vif that is called as another's threads" {
    sim cut-names
    named 1 0 vif1.0 2
    named 2 0 vif1.0-q1-guest 1
    ends 1 "vifpin: vif 1.0: thread vif1.0-q1-guest-rx cannot be told from others: \
the kernel cuts their names to vif1.0-q1-guest" vifpin pin g1
    ends 1 "vifpin: vif 2.0: thread vif1.0-q1-guest-q0-guest-rx cannot be told from others: \
the kernel cuts their names to vif1.0-q1-guest" vifpin pin g2
    lists "1.0 vif1.0 partial 0/1 2/3" "2.0 vif1.0-q1-guest partial 1/0"
    equal "q0 tx=0 dealloc=0 rx=1 guest-rx=1
q1 tx=2 dealloc=2 rx=3 guest-rx=0-3" "$(sim masks vif1.0)"
    equal "q0 tx=1 dealloc=0-3 rx=0 guest-rx=0-3" "$(sim masks vif1.0-q1-guest)"
    prints 1 "\
g1 vif1.0-q1-guest-rx ambiguous  3 
g2 vif1.0-q1-guest-q0-guest-rx ambiguous  0 
g2 vif1.0-q1-guest-q0-dealloc ambiguous  1 " vifpin verify -nr
    # Once the other has gone, there is nothing to confuse it with.
    sim no-queues vif1.0-q1-guest
    ends 0 "" vifpin pin g1
    stand vif1.0 0/1 2/3
}

@test "cut names: processes that are named like a vif's threads are not touched" {
    sim cut-names
    user=$(sim thread averylongname0-q0-guest-rx user 1)
    named 1 0 averylongname0 1
    helper=$(sim thread averylongname0-q0-dealloc user 2)
    ends 0 "" vifpin pin g1
    equal "0-3 0-3" "$(sim pid-mask "$user") $(sim pid-mask "$helper")"
    equal "1 0" "$(sim pid-mask "$((user + 1))") $(sim pid-mask "$((user + 2))")"
}

@test "a netdev that was renamed after its frontend had connected" {
    setup_vif
    sim connect 1 0 1
    sim netdev 1 0 lan0
    ends 0 "" vifpin pin g1
    stand vif1.0 0/1
}

@test "a vif whose old name is another netdev's now" {
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    sim vif 1 1 netdev=no
    # 1.0 is called web, and 1.1 has taken the name that 1.0 would have.
    sim netdev 1 0 web
    sim netdev 1 1 vif1.0
    mkdir -p "$SIM_ROOT/sys/class/net/web" "$SIM_ROOT/sys/class/net/vif1.0"
    sim queues vif1.0 1
    ends 0 "" vifpin pin g1
    lists "1.0 web reserved 0/1" "1.1 vif1.0 pinned 2/3"
    stand vif1.0 2/3
}

@test "the columns of /proc/interrupts are the CPUs that are online" {
    sim cpus 0,2-3,5
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/2 3/5"
    stand vif1.0 0/2 3/5
}

@test "vifs are placed on the CPUs that the configuration allows" {
    echo 'cpus = "1-3,^2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    by_hand 1 2
    lists "1.0 vif1.0 pinned 1/3 3/1"
    stand vif1.0 1/3 3/1
}

@test "another configuration is given by -c" {
    echo 'cpus = "2-3"' >"$SIM_DIR/other.conf"
    echo 'cpus = "0"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    setup_vif
    ends 0 "" vifpin -c "$SIM_DIR/other.conf" pin g1
    lists "1.0 vif1.0 reserved 2/3"
}

@test "the configuration that is installed changes nothing" {
    cp "$SANDBOX/dest/etc/xen/vifpin.conf" "$SIM_ROOT/etc/xen/vifpin.conf"
    by_hand 1 1
    lists "1.0 vif1.0 pinned 0/1"
}

@test "vifs are placed on CPUs that vifpin itself may use" {
    mkdir "$SIM_ROOT/proc/self"
    printf 'Name:\tvifpin\nCpus_allowed:\t6\nCpus_allowed_list:\t1-2\n' >"$SIM_ROOT/proc/self/status"
    by_hand 1 2
    lists "1.0 vif1.0 pinned 1/2 2/1"
}

@test "on one CPU both sides stand there" {
    sim cpus 0
    by_hand 1 1
    lists "1.0 vif1.0 pinned 0/0"
    stand vif1.0 0/0
}

# napi_stands DEV CPUS...: that of each queue, by the threads' IDs.
napi_stands() {
    local dev=$1 name names masks=()

    shift
    mapfile -t names < <(awk -v dev="napi/$dev-" 'index($2, dev) == 1 { print $2 }' "$SIM_DIR/threads" |
        sort -t - -k 2n)
    for name in "${names[@]}"; do
        masks+=("$(sim mask "$name")")
    done
    equal "$*" "${masks[*]}" "threads of NAPI"
}

@test "threads of NAPI stand with tx, the lowest ID is queue 0's" {
    setup_vif
    sim threaded vif1.0 1
    sim connect 1 0 3
    ends 0 "" vifpin pin g1
    lists "1.0 vif1.0 pinned 0/1 2/3 1/0"
    napi_stands vif1.0 0 2 1
    ends 0 "" vifpin verify
}

@test "threads of NAPI that come later are missed by nobody who looks" {
    by_hand 1 2
    sim threaded vif1.0 1
    napi_stands vif1.0 0-3 0-3
    prints 1 "g1 napi/vif1.0-8193 thread 0 0-3
g1 napi/vif1.0-8194 thread 2 0-3" vifpin verify -nr -o DOMAIN,WHAT,KIND,SHOULD,IS
    ends 0 "" vifpin pin g1
    napi_stands vif1.0 0 2
    ends 0 "" vifpin verify
}

@test "of a netdev that was renamed, threads of NAPI have the new name" {
    by_hand 1 2
    sim netdev 1 0 web
    sim queues web 0
    for id in 8193 8194; do
        sim thread "napi/web-$id" >/dev/null
    done
    echo 1 | sim put sys/devices/vif-1-0/net/web/threaded
    ends 0 "" vifpin pin g1
    napi_stands web 0 2
}

@test "one thread of NAPI too few: they are pinned, as a guess; none: it is said" {
    setup_vif
    sim threaded vif1.0 1
    sim connect 1 0 2
    sim end-thread napi/vif1.0-8194
    does 1 "" "vifpin: vif 1.0: there is no thread napi/vif1.0 of q1" vifpin pin g1
    napi_stands vif1.0 0
    lists "1.0 vif1.0 partial 0/1 2/3"
    sim end-thread napi/vif1.0-8193
    does 1 "" "vifpin: vif 1.0: there is no thread napi/vif1.0 of q0" vifpin pin g1
}
