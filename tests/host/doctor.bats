#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# doctor: each check's line, on a dom0 that is as it should be but for one thing. tests/unit/test_doctor.c
# has what is decided; here is what is read.

load common
load installed

RESTART="systemctl daemon-reload; systemctl restart irqbalance"
SERVICE="systemctl enable --now vifpin"

# says CHECK STATE REASON [MEND]: what doctor finds, and how it ends.
says() {
    local status=0 expected_status=0

    vifpin doctor -J >"$SIM_DIR/doctor" 2>"$SIM_DIR/doctor.err" || status=$?
    equal "" "$(<"$SIM_DIR/doctor.err")" "stderr of doctor"
    equal "$1 $2 $3${4:+ -> $4}" "$(jq -r --arg check "$1" '.checks[] | select(.check == $check) |
        "\(.check) \(.state) \(.reason)" + if .mend then " -> \(.mend)" else "" end' "$SIM_DIR/doctor")"
    jq -e 'any(.checks[]; .state == "problem") | not' "$SIM_DIR/doctor" >/dev/null || expected_status=1
    equal "$expected_status" "$status" "status of doctor"
}

@test "a host that is as it should be" {
    healthy
    start_watcher
    await 5 test -e "$LEDGER"
    since=$(date -d "@$(stat -c %Y "$SIM_ROOT/run/vifpin/watch.lock")" '+%F %T')
    prints 0 "\
CHECK      STATE REASON
xen        ok    this is a domain of a Xen host
xenstored  ok    xenstored answers
domain     ok    this is domain 0
netback    ok    max_queues is 4, tx and rx have interrupts of their own
config     ok    there is no /etc/xen/vifpin.conf: the defaults hold
cpus       ok    vifs may use CPUs 0-3, all that are online
affinity   ok    nobody keeps interrupts off the CPUs that vifs may use
cpuset     ok    no cpuset takes CPUs that vifs may use
vcpus      ok    not known where CPUs run: libxl is not asked about another host
hook       ok    $HOOK calls /usr/sbin/vifpin
watcher    ok    watcher $(watcher) runs since $since
irqbalance ok    irqbalance does not run
ledger     ok    the ledger is of this boot and has 0 vifs
corrupt    ok    no ledger had to be moved aside
vifs       ok    all are pinned or reserved, and nothing has moved them
nics       ok    no physical NIC that is up has interrupts" vifpin doctor
}

@test "a machine that is nothing of the kind" {
    run vifpin doctor
    equal 1 "$status"
    says xen problem "this is no domain of a Xen host: /sys/hypervisor/type is not there" \
        "boot it under Xen"
    says netback warning "xen_netback is not loaded: no guest can have a vif" "modprobe xen-netback"
    says hook warning "there is no /etc/xen/scripts: only the watcher sees vifs come" \
        "have the init system start: vifpin watch"
    says watcher warning \
        "no watcher runs: what connects, or is moved, before a hook starts one is not pinned" \
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
    says xen problem "this is no domain of a Xen host: /sys/hypervisor/type says something else" \
        "boot it under Xen"
}

@test "xenstored is not there" {
    healthy
    sim stop-xenstored
    says xenstored problem "cannot reach xenstored: No such file or directory; is it running?" \
        "systemctl start xenstored (Debian: xen)"
    says domain warning "not known: xenstored does not answer"
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
        "separate_tx_rx_irq is off: tx and rx of a queue share an interrupt and its CPU" \
        "echo Y >/sys/module/xen_netback/parameters/separate_tx_rx_irq"
    echo Y | file sys/module/xen_netback/parameters/separate_tx_rx_irq
    echo 8 | file sys/module/xen_netback/parameters/max_queues
    says netback warning \
        "max_queues is 8, and vifs may use 4 CPUs: queues of a vif share them" \
        "echo 4 >/sys/module/xen_netback/parameters/max_queues"
    rm "$SIM_ROOT/sys/module/xen_netback/parameters/max_queues"
    says netback warning "this xen_netback gives a vif one queue (Linux before 3.16)" \
        "upgrade the kernel"
}

@test "the configuration, and the CPUs it leaves" {
    healthy
    echo 'cpus = "2-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says config ok "the configuration can be read"
    says cpus ok "vifs may use CPUs 2-3 of 0-3"
    echo 'cpus = "2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says cpus warning "vifs may use CPU 2 only: both sides of each queue are there" \
        'cpus = "all" in /etc/xen/vifpin.conf'
    echo 'cpu = "2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says config problem \
        "/etc/xen/vifpin.conf:1: cpu: unknown key; see vifpin.conf(5); hook and watcher use the defaults" \
        "correct that line; man vifpin.conf"
    says cpus ok "vifs may use CPUs 0-3, all that are online"
}

@test "a vif of more queues than there are CPUs for vifs" {
    healthy
    by_hand 1 3
    echo 'cpus = "2-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says cpus warning "vif 1.0 has 3 queues, and vifs may use CPUs 2-3 only" \
        'cpus = "all" in /etc/xen/vifpin.conf, or fewer vcpus for the guest'
}

@test "CPUs that are offline, in vifpin's mask, in a cpuset, or kept free" {
    healthy
    echo 0-5 | file sys/devices/system/cpu/present
    says cpus warning "CPUs 4-5 of cpus are offline" "echo 1 >/sys/devices/system/cpu/cpu4/online"
    rm "$SIM_ROOT/sys/devices/system/cpu/present"
    printf 'Name:\tvifpin\nCpus_allowed_list:\t0-2\n' | file proc/self/status
    says cpus warning "vifpin's own affinity mask is without CPU 3" 'taskset -cp 0-3 $$'
    rm "$SIM_ROOT/proc/self/status"
    echo 3 | file proc/irq/default_smp_affinity
    says affinity warning \
        "default_smp_affinity keeps new interrupts off CPUs 2-3, which vifs may use" \
        'cpus = "0-1" in /etc/xen/vifpin.conf'
    echo f | file proc/irq/default_smp_affinity
    echo 1,3 | file sys/devices/system/cpu/isolated
    says affinity warning "CPUs 1,3, which vifs may use, are isolated from other work" \
        'cpus = "0,2" in /etc/xen/vifpin.conf'
    echo 0-2 | file sys/fs/cgroup/cpuset.cpus.effective
    says cpuset problem \
        "CPU 3, which vifs may use, is in a cpuset partition: their threads cannot run there" \
        'cpus = "0-2" in /etc/xen/vifpin.conf'
}

@test "the hook: what keeps the scripts from calling it" {
    healthy
    chmod 644 "$SIM_ROOT$HOOK"
    says hook problem "$HOOK is not executable, so it is not run" "chmod 755 $HOOK"
    chmod 755 "$SIM_ROOT$HOOK"
    mv "$SIM_ROOT$HOOK" "$SIM_ROOT${HOOK%.hook}"
    says hook problem "the scripts pass over ${HOOK%.hook}: its name must end in .hook" \
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
    says hook warning "vif-openvswitch, xl's default, calls no hooks: only the watcher sees vifs come" \
        "$SERVICE"
    echo : | script /etc/xen/scripts/xen-hotplug-common.sh
    says hook warning "the scripts in /etc/xen/scripts call no hooks: only the watcher sees vifs come" \
        "$SERVICE"
}

@test "a watcher that a hook has started, and none" {
    healthy
    says ledger ok "there is none yet: no vif has come"
    says watcher warning \
        "no watcher runs: what connects, or is moved, before a hook starts one is not pinned" "$SERVICE"
    guest 1 1
    since=$(date -d "@$(stat -c %Y "$SIM_ROOT/run/vifpin/watch.lock")" '+%F %T')
    says watcher warning \
        "watcher $(watcher) runs since $since; a hook has started it: it ends with the last vif, or with the session" \
        "$SERVICE"
    stop_watcher
    says watcher warning \
        "no watcher runs: what connects, or is moved, before a hook starts one is not pinned" "$SERVICE"
}

@test "irqbalance as Debian starts it, and after the drop-in" {
    healthy
    irqbalance
    says irqbalance problem \
        "irqbalance 1.9.2 widens the masks of the interrupts of vifs, and does not ask vifpin" "$RESTART"
    echo 'IRQBALANCE_ARGS=--interval=5' | file etc/default/irqbalance
    says irqbalance problem \
        "irqbalance 1.9.2 widens the masks of the interrupts of vifs, and does not ask vifpin" \
        "add --policyscript=$POLICY to IRQBALANCE_ARGS in /etc/default/irqbalance; systemctl restart irqbalance"
    irqbalance --policyscript="$POLICY"
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, by $POLICY"
}

@test "irqbalance with a policy that does not work, or a ban by name" {
    healthy
    irqbalance --policyscript="$POLICY"
    chmod 644 "$SIM_ROOT$POLICY"
    says irqbalance problem "$POLICY is not executable, so it is not run" "chmod 755 $POLICY"
    rm "$SIM_ROOT$POLICY"
    says irqbalance problem "$POLICY is not there" "make install prefix=/usr"
    echo 'echo ban=false' | script /etc/other
    irqbalance -l /etc/other
    says irqbalance warning "irqbalance 1.9.2 asks /etc/other, which does not ask vifpin" \
        "make install prefix=/usr, then vifpin doctor again"
    healthy
    irqbalance --banmod=vif
    says irqbalance warning \
        "irqbalance 1.9.2 bans vifs by name (--banmod), and so moves those that are renamed" "$RESTART"
}

@test "irqbalance with a directory of policies" {
    healthy
    echo 'exit 1' | script /etc/policies/10-other
    irqbalance --policyscript=/etc/policies
    says irqbalance warning "irqbalance 1.9.2 asks /etc/policies, which does not ask vifpin" "$RESTART"
    echo 'exec vifpin irqbalance-policy "$@"' | script /etc/policies/20-vifpin
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, by /etc/policies/20-vifpin"
    echo "exec $POLICY \"\$@\"" | script /etc/policies/20-vifpin
    says irqbalance ok "irqbalance 1.9.2 asks vifpin, by /etc/policies/20-vifpin"
    rm "$SIM_ROOT$POLICY"
    says irqbalance problem "/etc/policies/20-vifpin calls $POLICY, which cannot be run" \
        "make install prefix=/usr"
}

@test "the ledger: of this boot, of another, of a later version, corrupt" {
    healthy
    by_hand 1 1
    says ledger ok "the ledger is of this boot and has 1 vif"
    sim boot 11111111-2222-4333-8444-555555555555
    says ledger warning "the ledger is of another boot: nothing is pinned yet" "vifpin reconcile"
    echo '{"version": 2}' >"$LEDGER"
    says ledger problem "the ledger has version 2, this vifpin knows 1: nothing is pinned" \
        "upgrade vifpin, or move /var/lib/vifpin/ledger.json away"
    echo '{' >"$LEDGER"
    says ledger problem "the ledger cannot be read: $(vifpin list 2>&1 | sed 's/.*read (\(.*\)); the next.*/\1/')" \
        "vifpin reconcile"
    says corrupt ok "no ledger had to be moved aside"
    vifpin reconcile 2>/dev/null
    says corrupt warning "1 ledger could not be read and was moved aside" \
        "rm /var/lib/vifpin/ledger.json.corrupt-*"
}

@test "vifs that are not pinned" {
    healthy
    by_hand 1 1
    by_hand 2 1
    says vifs ok "all are pinned or reserved, and nothing has moved them"
    sim domain 3 g3 1
    sim vif 3 0 netdev=no
    says vifs problem "vif 3.0 is not in the ledger" "vifpin reconcile"
    sim vif 3 1 netdev=no
    says vifs problem "vif 3.0 is not in the ledger, and others are not" "vifpin reconcile"
    vifpin pin g3
    sim end-thread vif2.0-q0-dealloc
    run vifpin pin g2
    says vifs warning "1 of 4 vifs pinned in part only, vif 2.0 first" "vifpin verify"
}

@test "vifs on CPUs that they may not use any more" {
    healthy
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
    echo 'cpus = "1-3"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says vifs warning "1 side on CPUs that vifs may not use, of vif 1.0 first" "vifpin rebalance"
    vifpin rebalance
    says vifs ok "all are pinned or reserved, and nothing has moved them"
}

@test "vifs that are left alone, or that netback has not probed" {
    healthy
    sim domain 1 g1 1
    sim vif 1 0 netdev=no
    says vifs problem "vif 1.0 is not in the ledger" "vifpin reconcile"
    echo 'vifs = [ "domain=g1,pin=0" ]' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says vifs ok "all are pinned or reserved, and nothing has moved them"
    rm "$SIM_ROOT/etc/xen/vifpin.conf"
    xenstore-write backend/vif/1/0/state 1
    says vifs ok "all are pinned or reserved, and nothing has moved them"
}

@test "rx sides where NICs' interrupts have come to" {
    healthy
    by_hand 1 2
    lists "1.0 vif1.0 pinned 0/1 2/3"
    says nics ok "no physical NIC that is up has interrupts"
    sim nic eth0 msi 0
    says nics ok "NICs' interrupts go to CPU 0; no rx side has to be there"
    sim nic eth1 virtio 3
    says nics warning \
        "1 rx side on CPUs that take NICs' interrupts, queue 1 of vif 1.0 on CPU 3 first" "vifpin rebalance"
    vifpin rebalance
    says nics ok "NICs' interrupts go to CPUs 0,3; no rx side has to be there"
    sim nic eth2 line 1
    sim nic eth3 msi 2
    says nics ok "NICs' interrupts go to CPUs 0-3; no rx side has to be there"
    echo 'avoid_nic = 0' >"$SIM_ROOT/etc/xen/vifpin.conf"
    says nics ok "rx sides may be on CPUs that take NICs' interrupts: avoid_nic is 0"
}

@test "what mends it stands below the reason, or in a column of its own" {
    healthy
    irqbalance
    prints 0 "\
CHECK      STATE   REASON
watcher    warning no watcher runs: what connects, or is moved, before a hook starts one is not pinned
                   mend: $SERVICE" bash -c 'vifpin doctor | sed -n "1p; /^watcher/,/mend/p"'
    prints 0 "\
CHECK MEND
irqbalance systemctl\\x20daemon-reload;\\x20systemctl\\x20restart\\x20irqbalance" \
        bash -c 'vifpin doctor -r -o check,mend | grep -e CHECK -e irqbalance'
}

@test "on a terminal reasons are folded at blanks, and what is to be copied is not" {
    healthy
    irqbalance
    # shellcheck disable=SC2016 # for the other shell
    prints 0 "\
watcher    warning no watcher runs: what connects, or is
                   moved, before a hook starts one is not
                   pinned
                   mend: $SERVICE
irqbalance problem irqbalance 1.9.2 widens the masks of the
                   interrupts of vifs, and does not ask
                   vifpin
                   mend: $RESTART" \
        bash -c 'SHELL=/bin/bash script -qec "stty cols 60; vifpin doctor --color=never" /dev/null </dev/null | tr -d "\r" |
            sed -n "/^watcher/,/^ledger/p" | sed \$d'
}

@test "usage" {
    ends 2 "vifpin: doctor: 'x' is one word too many; usage: vifpin doctor [OPTION]..." vifpin doctor x
}
