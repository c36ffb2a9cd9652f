// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exit.c - linked into what `make coverage` builds, with --wrap=_exit: who ends by _exit() has also
 * counted what it has run.
 */
void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
