// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alloc.c - preloaded into vifpin: makes one of its allocations fail, as when memory is out.
 *
 *	ALLOC_LOG  gets, at the end, a line for each allocation: a number that tells by which calls
 *	           it was made, and " careless" where it was made by a library that does not look
 *	           whether it got it
 *	ALLOC_AT   the number of the one that fails, from 1
 *
 * Only the process that was started counts, with the libraries that it uses.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGGED 200000
#define DEPTH  24

/* The C library's own: ours are in front of them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static const char *log_name;
static uint64_t logged[LOGGED];
static bool careless[LOGGED];
static unsigned int n, at;
static pid_t counted; /* 0: nobody */
static __thread bool inside __attribute__((tls_model("initial-exec")));

static bool is_careless(const char *function)
{
	return strcmp(function, "json_tokener_parse_ex") == 0 || strncmp(function, "xlu_", 4) == 0;
}

/* The same wherever the program and its libraries lie. */
static uint64_t where(bool *by_careless)
{
	uint64_t hash = 14695981039346656037u;
	void *frames[DEPTH];
	int depth;

	inside = true;
	depth = backtrace(frames, DEPTH);
	for (int i = 2; i < depth; i++) {
		Dl_info info = { .dli_fbase = NULL };

		if (dladdr(frames[i], &info) && info.dli_sname)
			*by_careless |= is_careless(info.dli_sname);
		hash = (hash ^ (uint64_t)((char *)frames[i] - (char *)info.dli_fbase)) *
		       1099511628211u;
	}
	inside = false;
	return hash;
}

static bool fails(void)
{
	unsigned int number;

	if (!counted || inside)
		return false;
	number = __atomic_add_fetch(&n, 1, __ATOMIC_SEQ_CST);
	if (log_name && number <= LOGGED)
		logged[number - 1] = where(&careless[number - 1]);
	if (number != at || getpid() != counted)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

__attribute__((constructor)) static void begin(void)
{
	const char *number = getenv("ALLOC_AT");
	void *frame;

	log_name = getenv("ALLOC_LOG");
	at = number ? (unsigned int)atoi(number) : 0;
	/* It allocates when it is called first. */
	backtrace(&frame, 1);
	counted = getpid();
}

__attribute__((destructor)) static void end(void)
{
	FILE *log;

	if (getpid() != counted || !log_name)
		return;
	counted = 0;
	log = fopen(log_name, "w");
	for (unsigned int i = 0; log && i < n && i < LOGGED; i++)
		fprintf(log, "%016llx%s\n", (unsigned long long)logged[i],
			careless[i] ? " careless" : "");
	if (log)
		fclose(log);
}
