#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Least privilege: the service does its work with no more than its unit gives it, nothing of vifpin's is for
# others to write or to lock, and no other program is ever started.
#
# There is no systemd here to apply the unit. Its capabilities and its read-only file system are set up without
# it; what it does with system calls is compared with what they are in a trace. tests/xen/50-drift.bats and
# 80-package.bats run the service under systemd.

BATS_TEST_DIRNAME=$(cd "$BATS_TEST_DIRNAME/../host" && pwd)
load "$BATS_TEST_DIRNAME/common"

UNIT=$SANDBOX/dest/usr/lib/systemd/system/vifpin.service

directive() {
    sed -n "s/^$1=//p" "$UNIT"
}

# has LINE...: the unit has these lines. A test that shows what they allow says so first.
has() {
    local line

    for line; do
        grep -qxF "$line" "$UNIT" || equal "$line" "" "a line of $UNIT"
    done
}

# traced NAME COMMAND [ARG]...: with a trace of all its processes in trace.NAME.
traced() {
    strace -f -qq -e signal=none -s 200 -o "$SIM_DIR/trace.$1" "${@:2}"
}

# As root of this host may run it, without the shell that the sandbox puts in front of it.
bare() {
    traced "$BASHPID.$RANDOM" "$VIFPIN_BIN" --root "$SIM_ROOT" "$@"
}

# Runs in the background what is given, as the service is: the capabilities of CapabilityBoundingSet= and
# NoNewPrivileges=; of the file system all is read-only, as ProtectSystem=strict has it, but for /proc, /dev and
# the directories of StateDirectory= and RuntimeDirectory=.
start_service() {
    local caps state run

    caps=$(directive CapabilityBoundingSet | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
    state=$SIM_ROOT/var/lib/$(directive StateDirectory)
    run=$SIM_ROOT/run/$(directive RuntimeDirectory)
    mkdir -p "$state" "$run"
    # shellcheck disable=SC2016 # for the other shell
    traced service unshare --mount --propagation private bash -c '
        set -e
        for dir in "$1" "$2" "$3"; do mount --bind "$dir" "$dir"; done
        findmnt -rno TARGET | while read -r dir; do
            case $dir in
            /proc*|/sys*|/dev*|"$1"|"$2"|"$3") ;;
            *) mount -o remount,bind,ro "$dir" ;;
            esac
        done
        caps=$4
        shift 4
        exec setpriv --bounding-set "-all,$caps" --inh-caps=-all --no-new-privs "$@"' - \
        "$state" "$run" "$SIM_ROOT/proc" "$caps" "$VIFPIN_BIN" --root "$SIM_ROOT" watch \
        </dev/null >"$SIM_DIR/watch.out" 2>&1 3>&- &
    SERVICE=$!
    await 10 has_watcher
}

stop_service() {
    kill "$(watcher)"
    wait "$SERVICE"
}

# What a watcher sees of a life: a guest that connects, leaves and comes back, pins that are moved, a configuration
# that is read again, a ledger that breaks, and a guest that goes.
whole_life() {
    echo 'verify_interval = 1' | sim put etc/xen/vifpin.conf
    kill -HUP "$(watcher)"
    sim domain 1 g1 2
    sim vif 1 0 netdev=no hotplug-status=connected
    sim connect 1 0 2
    await_list "1.0 vif1.0 pinned 0/1 2/3"
    stand vif1.0 0/1 2/3
    echo 0-3 >"$SIM_ROOT/proc/irq/$(sim irq-number vif1.0-q0-rx)/smp_affinity_list"
    await 5 stands vif1.0 0/1 2/3
    sim disconnect 1 0
    sim connect 1 0 1
    await 5 stands vif1.0 0/1
    echo broken | sim put var/lib/vifpin/ledger.json
    sim domain 2 g2 1
    sim vif 2 0 netdev=no hotplug-status=connected
    sim connect 2 0 1
    await 5 is_pinned 2 0
    sim vanish 1 0
    await 5 is_gone 1.0
}

is_gone() {
    ! places | grep -q "^$1 "
}

# in_set @SET: the system calls that systemd means by it.
in_set() {
    local line

    systemd-analyze --man=no syscall-filter "$1" | sed -n 's/^ *\([-@a-z_0-9]*\)$/\1/p' | while read -r line; do
        case $line in
        "$1") ;;
        @*) in_set "$line" ;;
        *) echo "$line" ;;
        esac
    done
}

# The trace from the moment on that vifpin runs: what unshare and setpriv do is not its own.
own_trace() {
    awk -v exec="execve(\"$VIFPIN_BIN\"" 'own { print } index($0, exec) { own = 1 }' "$SIM_DIR/trace.service"
}

@test "the service does its work with one capability and a read-only file system" {
    has CapabilityBoundingSet=CAP_SYS_NICE NoNewPrivileges=yes ProtectSystem=strict StateDirectory=vifpin \
        RuntimeDirectory=vifpin UMask=0022
    start_service
    status=/proc/$(watcher)/status
    equal "CapPrm 0000000000800000 CapEff 0000000000800000 CapBnd 0000000000800000 NoNewPrivs 1" \
        "$(sed -n 's/^\(CapPrm\|CapEff\|CapBnd\|NoNewPrivs\):\t/\1 /p' "$status" | paste -sd ' ')"
    # It is as read-only as it is meant to be.
    for dir in var/lib etc run; do
        ! nsenter --mount --target "$(watcher)" touch "$SIM_ROOT/$dir/x" 2>/dev/null || return 1
    done
    whole_life
    stop_service
    equal "" "$(grep -v "moved aside\|moves what vifpin pinned" "$SIM_DIR/watch.out")" "what it complains of"
}

@test "of system calls the service makes only those that its unit allows" {
    has SystemCallFilter=@system-service RestrictAddressFamilies=AF_UNIX MemoryDenyWriteExecute=yes \
        RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes LockPersonality=yes
    start_service
    whole_life
    stop_service
    in_set @system-service | sort -u >"$SIM_DIR/allowed"
    own_trace | sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' | sort -u >"$SIM_DIR/made"
    [ "$(wc -l <"$SIM_DIR/made")" -gt 20 ]
    equal "" "$(comm -13 "$SIM_DIR/allowed" "$SIM_DIR/made")" "calls that are not allowed"
    equal AF_UNIX "$(own_trace | sed -n 's/.* socket(\(AF_[A-Z0-9]*\).*/\1/p' | sort -u)" "families"
    equal "" "$(own_trace | grep -E '(mmap|mprotect|pkey_mprotect)\(.*PROT_WRITE\|PROT_EXEC')"
    equal "" "$(own_trace | grep -E 'CLONE_NEW|SCHED_(FIFO|RR|DEADLINE)|S_IS[UG]ID|personality\(')"
}

# What was opened to be written, made, renamed or removed, without its number: all of it in vifpin's two
# directories, and the masks.
written() {
    own_trace | grep -E 'O_WRONLY|O_RDWR|O_CREAT|(unlinkat|mkdirat|renameat2?)\(' |
        sed -nE 's/^.*(openat2?|unlinkat|mkdirat|renameat2?)\([^"]*"([^"]*)".*/\2/p'
}

@test "the service opens nothing for writing but its own files and masks" {
    start_service
    whole_life
    stop_service
    # What it has measured is there if it had the time for two readings.
    written | sed -E 's/[0-9]+/N/g' | grep -vxE '(load|work)\.json(\.tmp)?' | sort -u >"$SIM_DIR/written"
    # The ledger is moved aside.
    equal "ledger.json
ledger.json.tmp
ledger.lock
proc/N/status
proc/irq/N/smp_affinity_list
watch.lock" "$(cat "$SIM_DIR/written")"
}

# Each command, with a watcher that online starts, and one that is the service.
all_commands() {
    local d

    bare help
    bare --version
    for d in 1 2; do
        sim domain "$d" "g$d" 2
        sim vif "$d" 0 netdev=no hotplug-status=connected
        sim connect "$d" 0 2
    done
    bare online XENBUS_PATH=backend/vif/1/0 3>&- &
    online=$!
    await 10 is_pinned 1 0
    for words in "pin g2" "-N pin g2" list "list -J" "list --prometheus" cpus "cpus -J" verify "verify -J" \
        reconcile rebalance "unpin g1" "pin g1"; do
        # shellcheck disable=SC2086 # words
        bare $words
    done
    bare doctor || :
    bare irqbalance-policy /sys/devices 1 || :
    sim put var/lib/vifpin/ledger.json <<<broken
    bare reconcile
    for d in 1 2; do
        bare offline "XENBUS_PATH=backend/vif/$d/0"
        sim vanish "$d" 0
    done
    # The last vif is gone: so is the watcher.
    wait "$online"
}

@test "no shell is started, and no other program, by any command" {
    all_commands >"$SIM_DIR/out" 2>&1
    grep -h 'execve\(at\)\?(' "$SIM_DIR"/trace.* | sed 's/^[0-9]* *execve("\([^"]*\)".*/\1/' | sort | uniq -c |
        sed 's/^ *//' >"$SIM_DIR/programs"
    # Once for each command, and for the watcher. Which path sorts first depends on where the tree is.
    equal "$(printf '%s\n' "1 /proc/self/exe" "$(find "$SIM_DIR" -name 'trace.*' | wc -l) $VIFPIN_BIN" | sort)" \
        "$(sort "$SIM_DIR/programs")"
    equal "" "$(grep -hE '(vfork|posix_spawn)\(' "$SIM_DIR"/trace.*)"
}

@test "what vifpin makes: these files, of root, none of them for others to write, and no lock to open" {
    list_files() {
        (cd "$SIM_ROOT" && find run var etc -printf '%y %m %U:%G %p\n' | LC_ALL=C sort)
    }
    list_files >"$SIM_DIR/before"
    all_commands >"$SIM_DIR/out" 2>&1
    equal "d 755 0:0 run/vifpin
f 600 0:0 run/vifpin/watch.lock
d 755 0:0 var/lib/vifpin
f 644 0:0 var/lib/vifpin/ledger.json
f 644 0:0 var/lib/vifpin/ledger.json.corrupt-STAMP
f 600 0:0 var/lib/vifpin/ledger.lock" \
        "$(list_files | LC_ALL=C comm -13 "$SIM_DIR/before" - | LC_ALL=C sort -k 4 |
            sed 's/corrupt-[0-9TZ-]*$/corrupt-STAMP/')"
}
