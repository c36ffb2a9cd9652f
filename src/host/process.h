// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.h - other processes of this host.
 */
#pragma once

#include "sysroot.h"

/*
 * The PID of a process of this name (/proc/PID/comm), 0 when there is none. A name is
 * anybody's word: good enough for a hint.
 */
pid_t process_find(const struct sysroot *root, const char *name);

/*
 * By system call: the C library has had functions for these only since glibc 2.36, and 2.34.
 *
 * process_open() gives a descriptor that stands for the process (pidfd_open(2)), whoever gets the
 * PID after it; process_signal() sends it a signal. -1 and errno, as the system calls.
 */
int process_open(pid_t pid);
int process_signal(int pid_fd, int signal);

/* Closes all descriptors from `first` on, one by one before Linux 5.9. */
void process_close_from(unsigned int first);
