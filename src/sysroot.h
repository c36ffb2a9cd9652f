// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysroot.h - every file of the host, below one root directory.
 *
 * The only user of open() and the only place that knows paths. With the root
 * "/" the files are the kernel's; with any other (--root) they are a captured or
 * simulated host's, and nothing outside it is touched.
 */
#ifndef VIFPIN_SYSROOT_H
#define VIFPIN_SYSROOT_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* Paths, relative to the root. %u: interrupt, domid, devid; %d: PID. */
#define PATH_INTERRUPTS      "proc/interrupts"
#define PATH_IRQ             "proc/irq/%u"
#define PATH_IRQ_ACTION      "proc/irq/%u/%s"
#define PATH_IRQ_AFFINITY    "proc/irq/%u/smp_affinity_list"
#define PATH_IRQ_EFFECTIVE   "proc/irq/%u/effective_affinity_list"
#define PATH_IRQ_DEFAULT     "proc/irq/default_smp_affinity"
#define PATH_PROC            "proc"
#define PATH_PID_STAT        "proc/%d/stat"
#define PATH_PID_STATUS      "proc/%d/status"
#define PATH_PID_COMM        "proc/%d/comm"
#define PATH_PID_CMDLINE     "proc/%d/cmdline"
#define PATH_KTHREADS        "proc/2/task/2/children"
#define PATH_KTHREADD_STATUS "proc/2/status"
#define PATH_OWN_STATUS      "proc/self/status"
#define PATH_BOOT_ID         "proc/sys/kernel/random/boot_id"
#define PATH_CPUS_ONLINE     "sys/devices/system/cpu/online"
#define PATH_CPU_ONLINE      "sys/devices/system/cpu/cpu%d/online"
#define PATH_CPUS_PRESENT    "sys/devices/system/cpu/present"
#define PATH_CPUS_ISOLATED   "sys/devices/system/cpu/isolated"
#define PATH_CPUSET_ROOT     "sys/fs/cgroup/cpuset.cpus.effective"
#define PATH_HYPERVISOR      "sys/hypervisor/type"
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
#define PATH_IRQBALANCE_ARGS "etc/default/irqbalance"
#define PATH_SYSTEMD         "run/systemd/system"
#define PATH_LEDGER_DIR      "var/lib/vifpin"
#define PATH_RUN_DIR         "run/vifpin"

/* Not below any root: the running program and the bin for what nobody reads. */
#define PATH_SELF_EXE "/proc/self/exe"
#define PATH_NULL     "/dev/null"

struct sysroot {
	int fd;
	bool live; /* the root is this machine's own */
};

/* Opens the root. -errno with a sentence when it is no directory. */
int sysroot_open(const char *dir, struct sysroot *out, struct err *err);
void sysroot_close(struct sysroot *root);

/*
 * Reads a whole file, in as many pieces as it takes: *text is to be freed and
 * ends with a NUL that *len (may be NULL) does not count. -errno, outputs
 * untouched; -EFBIG beyond 64 MiB. `format` is one of PATH_*.
 */
int sysroot_read(const struct sysroot *root, char **text, size_t *len, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same below any directory that is open. */
int sysroot_read_at(int dir_fd, const char *path, char **text, size_t *len);

/* Replaces what a kernel attribute or a file holds, in one write(). -errno. */
int sysroot_write(const struct sysroot *root, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True when something is at the path. */
bool sysroot_exists(const struct sysroot *root, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* When the file was last changed, or its time set. -errno. */
int sysroot_mtime(const struct sysroot *root, struct timespec *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True when what is at the path can be run: an executable file. */
bool sysroot_is_executable(const struct sysroot *root, const char *path);

/* Makes the directory, and its parents, where it is missing, and opens it: a
 * close-on-exec descriptor or -errno. */
int sysroot_make_dir(const struct sysroot *root, const char *path);

/*
 * Calls `each` with every name in a directory but those that begin with a dot,
 * until it returns other than 0, which is then returned; -errno when the
 * directory cannot be read.
 */
int sysroot_list(const struct sysroot *root, int (*each)(const char *name, void *data), void *data,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Opens /proc/PID as a directory, whose files are gone once the thread is. */
int sysroot_open_pid(const struct sysroot *root, pid_t pid);

#endif
