#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# doctor: each check's line, on a dom0 that is as it should be but for one thing. tests/unit/test_doctor.c
# has what is decided; here is what is read.

load common
load installed

RESTART="systemctl daemon-reload; systemctl restart irqbalance"
VIFS_OK="all vifs in the ledger are in place; the watcher has put back 0 pins so far"
SERVICE="systemctl enable --now vifpin"

# says CHECK STATE REASON [FIX]: what doctor finds, and how it ends.
says() {
    local status=0 expected_status=0

    vifpin doctor -J >"$SIM_DIR/doctor" 2>"$SIM_DIR/doctor.err" || status=$?
    equal "" "$(<"$SIM_DIR/doctor.err")" "stderr of doctor"
    equal "$1 $2 $3${4:+ -> $4}" "$(jq -r --arg check "$1" '.checks[] | select(.check == $check) |
        "\(.check) \(.state) \(.reason)" + if .fix then " -> \(.fix)" else "" end' "$SIM_DIR/doctor")"
    jq -e 'any(.checks[]; .state == "problem") | not' "$SIM_DIR/doctor" >/dev/null || expected_status=1
    equal "$expected_status" "$status" "status of doctor"
}

# widen NAME...: somebody lets these interrupts go to every CPU.
widen() {
    local name

    for name; do
        echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number "$name")/smp_affinity_list"
    done
}

@test "a host that is as it should be" {
    healthy
    start_watcher
    await 5 test -e "$LEDGER"
    since=$(date -d "@$(stat -c %Y "$SIM_ROOT/run/vifpin/watch.lock")" '+%F %T')
    prints 0 "\
CHECK      STATE REASON
xen        ok    this system runs under Xen
xenstored  ok    xenstored answers
domain     ok    this is domain 0
netback    ok    max_queues is 4, and tx and rx have separate interrupts
config     ok    there is no /etc/xen/vifpin.conf, so the defaults apply
configured ok    cpus names only CPUs that this host has
cpus       ok    vifs may use all online CPUs: 0-3
affinity   ok    nothing keeps new interrupts off the CPUs that vifs may use
cpuset     ok    no cpuset partition takes CPUs away from vifs
vcpus      ok    where dom0's vCPUs run is unknown: with --root, Xen cannot be asked
directions ok    tx sides of CPUs differ by 0, rx sides by 0
hook       ok    $HOOK calls /usr/sbin/vifpin
watcher    ok    the watcher (process $(watcher)) has been running since $since
irqbalance ok    irqbalance is not running
ledger     ok    the ledger is from this boot and has 0 vifs
corrupt    ok    no unreadable ledger was moved aside
vifs       ok    $VIFS_OK
nics       ok    no physical NIC that is up has interrupts" vifpin doctor
}

@test "a machine that is nothing of the kind" {
    run vifpin doctor
    equal 1 "$status"
    says xen problem "this system does not run under Xen: /sys/hypervisor/type does not exist" \
        "boot it under Xen"
    says netback warning "xen_netback is not loaded: no guest can have a vif" "modprobe xen-netback"
    says hook warning "there is no /etc/xen/scripts: only the watcher notices new vifs" \
        "have the init system start: vifpin watch"
    says watcher warning \
        "no watcher is running: what connects or gets moved is not pinned until a hook starts one" \
        "have the init system start: vifpin watch"
}

@test "doctor changes nothing" {
    before=$(find "$SIM_ROOT" -printf '%P %M %s %T@ %l\n' | sort)
    run vifpin doctor
    equal "$before" "$(find "$SIM_ROOT" -printf '%P %M %s %T@ %l\n' | sort)"
}

@test "another hypervisor" {
    healthy
    echo kvm | file sys/hypervisor/type
    says xen problem "this system does not run under Xen: /sys/hypervisor/type says kvm" \
        "boot it under Xen"
}

@test "xenstored is not there" {
    healthy
    sim stop-xenstored
    says xenstored problem "cannot reach xenstored: No such file or directory; is it running?" \
        "systemctl start xenstored (Debian: xen)"
    says domain warning "unknown, as xenstored does not answer"
}

@test "xenstored hangs" {
    healthy
    pid=$(<"$SIM_DIR/xenstored.pid")
    kill -STOP "$pid"
    says xenstored problem "xenstored has not answered for 4 seconds" \
        "systemctl start xenstored (Debian: xen)"
    kill -CONT "$pid"
}

@test "a driver domain" {
    healthy
    xenstore-write /local/domain/0/domid 5
    says domain ok "this is domain 5, a driver domain"
}

@test "netback's parameters" {
    healthy
    echo N | file sys/module/xen_netback/parameters/separate_tx_rx_irq
    says netback warning \
        "separate_tx_rx_irq is off: tx and rx of a queue share one interrupt, and thus its CPU" \
        "echo Y >/sys/module/xen_netback/parameters/separate_tx_rx_irq"
    echo Y | file sys/module/xen_netback/parameters/separate_tx_rx_irq
    echo 8 | file sys/module/xen_netback/parameters/max_queues
    says netback warning \
        "max_queues is 8, but vifs may use only 4 CPUs: queues of a vif share CPUs" \
        "echo 4 >/sys/module/xen_netback/parameters/max_queues"
    rm "$SIM_ROOT/sys/module/xen_netback/parameters/max_queues"
    says netback warning "this xen_netback supports only one queue per vif (Linux before 3.16)" \
        "upgrade the kernel"
}

@test "the configuration, and the CPUs it leaves" {
    healthy
    echo 'cpus = "2-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says config ok "the configuration is valid"
    says cpus ok "vifs may use CPUs 2-3; CPUs 0-3 are online"
    echo 'cpus = "2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says cpus warning "vifs may use only CPU 2, so both sides of every queue share it" \
        'cpus = "all" in /etc/xen/vifpin.conf'
    says configured ok "cpus names only CPUs that this host has"
    echo 'cpus = "2-9"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says configured warning "cpus names CPUs 4-9, which this host does not have" \
        'cpus = "2-3" in /etc/xen/vifpin.conf'
    says cpus ok "vifs may use CPUs 2-3; CPUs 0-3 are online"
    echo 'cpus = "all,^0"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says configured ok "cpus names only CPUs that this host has"
    echo 'cpu = "2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says config problem \
        "/etc/xen/vifpin.conf:1: cpu: unknown key; see vifpin.conf(5); pin, unpin, reconcile and rebalance refuse to run, all others use the defaults" \
        "correct that line; man vifpin.conf"
    says cpus ok "vifs may use all online CPUs: 0-3"
}

@test "a vif of more queues than there are CPUs for vifs" {
    healthy
    by_hand 1 3
    echo 'cpus = "2-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says cpus warning "vif 1.0 has 3 queues, but vifs may use only CPUs 2-3" \
        'cpus = "all" in /etc/xen/vifpin.conf, or fewer vcpus for the guest'
}

@test "CPUs that are offline, in vifpin's mask, in a cpuset, or kept free" {
    healthy
    echo 0-5 | file sys/devices/system/cpu/present
    says cpus warning "cpus includes offline CPUs 4-5" "echo 1 >/sys/devices/system/cpu/cpu4/online"
    rm "$SIM_ROOT/sys/devices/system/cpu/present"
    printf 'Name:\tvifpin\nCpus_allowed_list:\t0-2\n' | file proc/self/status
    says cpus warning "vifpin's own affinity mask lacks CPU 3" 'taskset -cp 0-3 $$'
    rm "$SIM_ROOT/proc/self/status"
    echo 3 | file proc/irq/default_smp_affinity
    says affinity warning \
        "default_smp_affinity keeps new interrupts off CPUs 2-3, which vifs may use" \
        'cpus = "0-1" in /etc/xen/vifpin.conf'
    echo f | file proc/irq/default_smp_affinity
    echo 1,3 | file sys/devices/system/cpu/isolated
    says affinity warning "vifs may use isolated CPUs 1,3 (isolcpus)" \
        'cpus = "0,2" in /etc/xen/vifpin.conf'
    echo 0-2 | file sys/fs/cgroup/cpuset.cpus.effective
    says cpuset problem \
        "a cpuset partition keeps the threads of vifs off CPU 3, which vifs may use" \
        'cpus = "0-2" in /etc/xen/vifpin.conf'
}

@test "the hook: what keeps the scripts from calling it" {
    healthy
    chmod 644 "$SIM_ROOT$HOOK"
    says hook problem "$HOOK is not executable, so it is not run" "chmod 755 $HOOK"
    chmod 755 "$SIM_ROOT$HOOK"
    mv "$SIM_ROOT$HOOK" "$SIM_ROOT${HOOK%.hook}"
    says hook problem "the scripts ignore ${HOOK%.hook}: its name must end in .hook" \
        "mv ${HOOK%.hook} $HOOK"
    rm "$SIM_ROOT${HOOK%.hook}"
    script /etc/xen/scripts/vif-post.d/10-other.hook <<<'/usr/bin/logger # vifpin'
    says hook problem "no *.hook in /etc/xen/scripts/vif-post.d calls vifpin" \
        "make install prefix=/usr"
    script "$HOOK" <<<'/opt/vifpin online || :'
    says hook problem "$HOOK calls /opt/vifpin, which cannot be run" "make install prefix=/usr"
}

@test "the hook: scripts that call none" {
    healthy
    echo 'vif.default.script="vif-openvswitch"' >"$SIM_ROOT/etc/xen/xl.conf"
    says hook warning "vif-openvswitch, xl's default script, does not call hooks: only the watcher notices new vifs" \
        'vif.default.script="vif-openvswitch-vifpin" in /etc/xen/xl.conf'
    echo 'vif.default.script="vif-openvswitch-vifpin"' >"$SIM_ROOT/etc/xen/xl.conf"
    says hook ok "$HOOK calls /usr/sbin/vifpin"
    echo : | script /etc/xen/scripts/xen-hotplug-common.sh
    says hook warning "the scripts in /etc/xen/scripts do not call hooks: only the watcher notices new vifs" \
        "$SERVICE"
}

@test "a watcher that a hook has started, and none" {
    healthy
    says ledger ok "there is no ledger yet, as no vif has come up"
    says watcher warning \
        "no watcher is running: what connects or gets moved is not pinned until a hook starts one" "$SERVICE"
    guest 1 1
    since=$(date -d "@$(stat -c %Y "$SIM_ROOT/run/vifpin/watch.lock")" '+%F %T')
    says watcher warning \
        "the watcher (process $(watcher)) has been running since $since; a hook started it, so it ends with the last vif or with the session" \
        "$SERVICE"
    equal "$(watcher) until-idle" "$(<"$SIM_ROOT/run/vifpin/watch.lock")" "what the lock's file says"
    stop_watcher
    says watcher warning \
        "no watcher is running: what connects or gets moved is not pinned until a hook starts one" "$SERVICE"
}

@test "irqbalance as Debian starts it, and after the drop-in" {
    healthy
    irqbalance
    says irqbalance problem \
        "irqbalance 1.9.2 widens the masks of vif interrupts without asking vifpin" "$RESTART"
    echo 'IRQBALANCE_ARGS=--interval=5' | file etc/default/irqbalance
    says irqbalance problem \
        "irqbalance 1.9.2 widens the masks of vif interrupts without asking vifpin" \
        "add --policyscript=$POLICY to IRQBALANCE_ARGS in /etc/default/irqbalance; systemctl restart irqbalance"
    irqbalance --policyscript="$POLICY"
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, through $POLICY"
}

@test "irqbalance with a policy that does not work, or a ban by name" {
    healthy
    irqbalance --policyscript="$POLICY"
    chmod 644 "$SIM_ROOT$POLICY"
    says irqbalance problem "$POLICY is not executable, so it is not run" "chmod 755 $POLICY"
    rm "$SIM_ROOT$POLICY"
    says irqbalance problem "$POLICY does not exist" "make install prefix=/usr"
    echo 'echo ban=false' | script /etc/other
    irqbalance -l /etc/other
    says irqbalance warning "irqbalance 1.9.2 asks /etc/other, which does not ask vifpin" \
        "make install prefix=/usr, then vifpin doctor again"
    healthy
    irqbalance --banmod=vif
    says irqbalance warning \
        "irqbalance 1.9.2 bans vifs by name (--banmod), so it still moves renamed ones" "$RESTART"
}

@test "irqbalance with a directory of policies" {
    healthy
    echo 'exit 1' | script /etc/policies/10-other
    irqbalance --policyscript=/etc/policies
    says irqbalance warning "irqbalance 1.9.2 asks /etc/policies, which does not ask vifpin" "$RESTART"
    echo 'exec vifpin irqbalance-policy "$@"' | script /etc/policies/20-vifpin
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, through /etc/policies/20-vifpin"
    echo "exec $POLICY \"\$@\"" | script /etc/policies/20-vifpin
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, through /etc/policies/20-vifpin"
    rm "$SIM_ROOT$POLICY"
    says irqbalance problem "/etc/policies/20-vifpin calls $POLICY, which cannot be run" \
        "make install prefix=/usr"
}

@test "the ledger: of this boot, of another, of a later version, corrupt" {
    healthy
    by_hand 1 1
    says ledger ok "the ledger is from this boot and has 1 vif"
    sim boot 11111111-2222-4333-8444-555555555555
    says ledger warning "the ledger is from another boot: nothing is pinned yet" "vifpin reconcile"
    echo '{"version": 2}' >"$LEDGER"
    says ledger problem "the ledger has version 2, this vifpin knows 1: nothing is pinned" \
        "upgrade vifpin, or move /var/lib/vifpin/ledger.json away"
    echo '{' >"$LEDGER"
    says ledger problem "the ledger cannot be read: $(vifpin list 2>&1 | sed 's/.*read (\(.*\)); the next.*/\1/')" \
        "vifpin reconcile"
    says corrupt ok "no unreadable ledger was moved aside"
    vifpin reconcile 2>/dev/null
    says corrupt warning "1 ledger was moved aside as unreadable" \
        "rm /var/lib/vifpin/ledger.json.corrupt-*"
}

@test "vifs that are not pinned" {
    healthy
    by_hand 1 1
    by_hand 2 1
    says vifs ok "$VIFS_OK"
    sim domain 3 g3 1
    sim vif 3 0 netdev=no
    says vifs problem "1 vif is not in the ledger (vif 3.0)" "vifpin reconcile"
    sim vif 3 1 netdev=no
    says vifs problem "2 vifs are not in the ledger (vif 3.0 first)" "vifpin reconcile"
    vifpin pin g3
    sim end-thread vif2.0-q0-dealloc
    says vifs warning "1 vif is only partly pinned (vif 2.0)" "vifpin verify"
    run vifpin pin g2
    says vifs warning "1 vif is only partly pinned (vif 2.0)" "vifpin verify"
}

@test "interrupts and threads that are not where the ledger says" {
    healthy
    by_hand 1 2
    by_hand 2 1
    widen vif1.0-q0-tx vif1.0-q0-rx vif1.0-q1-tx vif1.0-q1-rx
    equal 4 "$(vifpin verify -n | wc -l)" "rows of verify"
    says vifs problem "4 interrupts and threads are not where the ledger says (vif 1.0 first)" \
        "vifpin verify shows them; vifpin reconcile puts them back"
    vifpin reconcile
    says vifs ok "$VIFS_OK"
    widen vif2.0-q0-tx
    says vifs problem "1 interrupt or thread is not where the ledger says (vif 2.0)" \
        "vifpin verify shows them; vifpin reconcile puts them back"
}

@test "what the watcher has put back" {
    healthy
    by_hand 1 1
    jq '.vifs[0].drift = 1' "$LEDGER" | sim put var/lib/vifpin/ledger.json
    says vifs ok "all vifs in the ledger are in place; the watcher has put back 1 pin so far"
}

@test "a vif that has connected while nobody watched" {
    healthy
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    vifpin pin g1
    says vifs ok "$VIFS_OK"
    sim connect 1 0 1
    says vifs problem "4 interrupts and threads are not where the ledger says (vif 1.0 first)" \
        "vifpin verify shows them; vifpin reconcile puts them back"
}

@test "a vif that goes and comes all the time" {
    healthy
    by_hand 1 1
    # Its number is another's, or nobody's, by the time it is looked at.
    rmdir "$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/vif1.0-q0-rx"
    says vifs warning "not every vif could be compared with the ledger: vif1.0-q0-rx is gone" "vifpin verify"
}

@test "vifs on CPUs that they may not use any more" {
    healthy
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
    echo 'cpus = "1-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says vifs warning "1 side is on a CPU that its vif may not use (vif 1.0)" "vifpin rebalance"
    vifpin rebalance
    says vifs ok "$VIFS_OK"
}

@test "vifs that are left alone, or that netback has not probed" {
    healthy
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    says vifs problem "1 vif is not in the ledger (vif 1.0)" "vifpin reconcile"
    echo 'vifs = [ "domain=g1,pin=0" ]' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says vifs ok "$VIFS_OK"
    rm "$SIM_ROOT/etc/xen/vifpin.conf"
    xenstore-write backend/vif/1/0/state 1
    says vifs ok "$VIFS_OK"
}

@test "rx sides where NICs' interrupts have come to" {
    healthy
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
    says nics ok "no physical NIC that is up has interrupts"
    sim nic eth0 msi 0
    says nics ok "NIC interrupts go to CPU 0; rx sides avoid them where possible"
    sim nic eth1 virtio 3
    says nics warning \
        "1 rx side is on a CPU that takes NIC interrupts (queue 1 of vif 1.0 on CPU 3)" "vifpin rebalance"
    vifpin rebalance
    says nics ok "NIC interrupts go to CPUs 0,3; rx sides avoid them where possible"
    sim nic eth2 line 1
    sim nic eth3 msi 2
    says nics ok "NIC interrupts go to CPUs 0-3; rx sides avoid them where possible"
    echo 'avoid_nic = 0' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says nics ok "rx sides may be on CPUs that take NIC interrupts, as avoid_nic is 0"
}

@test "the fix stands below the reason, or in a column of its own" {
    healthy
    irqbalance
    prints 0 "\
CHECK      STATE   REASON
watcher    warning no watcher is running: what connects or gets moved is not pinned until a hook starts one
                   fix: $SERVICE" bash -c 'vifpin doctor | sed -n "1p; /^watcher/,/fix/p"'
    prints 0 "\
CHECK FIX
irqbalance systemctl\\x20daemon-reload;\\x20systemctl\\x20restart\\x20irqbalance" \
        bash -c 'vifpin doctor -r -o check,fix | grep -e CHECK -e irqbalance'
}

@test "on a terminal reasons are folded at blanks, and what is to be copied is not" {
    healthy
    irqbalance
    # shellcheck disable=SC2016 # for the other shell
    prints 0 "\
watcher    warning no watcher is running: what connects or
                   gets moved is not pinned until a hook
                   starts one
                   fix: $SERVICE
irqbalance problem irqbalance 1.9.2 widens the masks of vif
                   interrupts without asking vifpin
                   fix: $RESTART" \
        bash -c 'SHELL=/bin/bash script -qec "stty cols 60; vifpin doctor --color=never" /dev/null </dev/null | tr -d "\r" |
            sed -n "/^watcher/,/^ledger/p" | sed \$d'
}

@test "usage" {
    ends 2 "vifpin: doctor: unexpected argument 'x'; see 'vifpin doctor --help'" vifpin doctor x
}
