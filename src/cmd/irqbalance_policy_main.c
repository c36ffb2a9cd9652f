// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance-policy [--root DIR] PATH IRQ: the policy script for irqbalance.
 *
 * Does the same as `vifpin irqbalance-policy` with no library but json-c: irqbalance runs it for
 * each interrupt of the host.
 */
#include "policy.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *dir = "/";
	struct sysroot root;
	unsigned long irq;
	struct err err;

	sysroot_open_standard();
	if (argc > 2 && strcmp(argv[1], "--root") == 0) {
		dir = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 3 || !parse_number(argv[2], NULL, UINT_MAX, &irq)) {
		fputs("irqbalance-policy: usage: irqbalance-policy [--root DIR] PATH IRQ\n",
			stderr);
		return 2;
	}
	if (sysroot_open(dir, &root, &err) < 0) {
		fprintf(stderr, "irqbalance-policy: %s\n", err.msg);
		return 1;
	}
	if (policy_bans(&root, (unsigned int)irq))
		puts("ban=true");
	sysroot_close(&root);
	return fflush(stdout) == 0 ? 0 : 1;
}
