// SPDX-License-Identifier: GPL-2.0-or-later
/* A fault for each analyzer to find: memory that there may not be, an element too many, and a division
 * by 0. */
#include <stdlib.h>

int faulty(int n);

int faulty(int n)
{
	int *p = malloc(sizeof *p);
	int v[4] = { 0 };
	int zero = 0;

	*p = v[4];
	free(p);
	return n / zero;
}
