// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paths.h - every path of the host that vifpin knows.
 */
#pragma once

/* Paths, relative to the root. %u: interrupt, domid, devid; %d: PID. */
#define PATH_INTERRUPTS      "proc/interrupts"
#define PATH_IRQ             "proc/irq/%u"
#define PATH_IRQ_ACTION      "proc/irq/%u/%s"
#define PATH_IRQ_AFFINITY    "proc/irq/%u/smp_affinity_list"
#define PATH_IRQ_EFFECTIVE   "proc/irq/%u/effective_affinity_list"
#define PATH_IRQ_DEFAULT     "proc/irq/default_smp_affinity"
#define PATH_IRQ_PER_CPU     "sys/kernel/irq/%u/per_cpu_count"
#define PATH_PROC            "proc"
#define PATH_PROC_STAT       "proc/stat"
#define PATH_PID_STAT        "proc/%d/stat"
#define PATH_PID_SCHEDSTAT   "proc/%d/schedstat"
#define PATH_PID_STATUS      "proc/%d/status"
#define PATH_PID_COMM        "proc/%d/comm"
#define PATH_PID_CMDLINE     "proc/%d/cmdline"
#define PATH_KTHREADS        "proc/2/task/2/children"
#define PATH_KTHREADD_STATUS "proc/2/status"
#define PATH_OWN_STATUS      "proc/self/status"
#define PATH_BOOT_ID         "proc/sys/kernel/random/boot_id"
#define PATH_OSRELEASE       "proc/sys/kernel/osrelease"
#define PATH_CPUS_ONLINE     "sys/devices/system/cpu/online"
#define PATH_CPU_ONLINE      "sys/devices/system/cpu/cpu%d/online"
#define PATH_CPUS_PRESENT    "sys/devices/system/cpu/present"
#define PATH_CPUS_ISOLATED   "sys/devices/system/cpu/isolated"
#define PATH_CPUSET_ROOT     "sys/fs/cgroup/cpuset.cpus.effective"
#define PATH_HYPERVISOR      "sys/hypervisor/type"
#define PATH_CAPABILITIES    "proc/xen/capabilities"
#define PATH_NETBACK         "sys/module/xen_netback"
#define PATH_NETBACK_PARAM   "sys/module/xen_netback/parameters/%s"
#define PATH_VIF_NETDEVS     "sys/bus/xen-backend/devices/vif-%u-%u/net"
#define PATH_NETDEVS         "sys/class/net"
#define PATH_NETDEV          "sys/class/net/%s"
#define PATH_CONFIG          "etc/xen/vifpin.conf"
#define PATH_XL_CONFIG       "etc/xen/xl.conf"
#define PATH_SCRIPTS         "etc/xen/scripts"
#define PATH_SCRIPTS_COMMON  "etc/xen/scripts/xen-hotplug-common.sh"
#define PATH_HOOKS           "etc/xen/scripts/vif-post.d"
#define PATH_IRQBALANCE      "usr/sbin/irqbalance"
#define PATH_IRQBALANCE_ARGS "etc/default/irqbalance"
#define PATH_SYSTEMD         "run/systemd/system"
#define PATH_LEDGER_DIR      "var/lib/vifpin"
#define PATH_RUN_DIR         "run/vifpin"
#define PATH_WORK            "run/vifpin/work.json"
#define PATH_LOAD            "run/vifpin/load.json"

/* Lists, for initializers: where a program is that is called without a path, and where `make
 * install` may have put vifpin's policy script. */
#define PATH_PROGRAM_DIRS "usr/local/sbin", "usr/sbin", "sbin"
#define PATH_POLICIES     "usr/lib/vifpin/irqbalance-policy", "usr/local/lib/vifpin/irqbalance-policy"

/* Not below any root: the running program and the bin for what nobody reads. */
#define PATH_SELF_EXE "/proc/self/exe"
#define PATH_LOCKS    "/proc/locks"
#define PATH_PROCESS  "/proc/%d"
#define PATH_NULL     "/dev/null"
