/* SPDX-License-Identifier: MIT */
/* An allocator that fails, for one program, that of the shared libraries included. While `counts` is set, allocation number `fail_at` fails, and
 * with it the `fail_run` - 1 that follow; `kept` is the number of allocations that are not freed. */
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t n), *__libc_calloc(size_t n, size_t size), *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);

#define SEEN __attribute__((visibility("default"))) /* by the shared libraries */

static long made, kept;
static int fail_at, fail_run;
static bool counts;

static bool fails(void)
{
	if (!counts)
		return false;
	made++;
	bool now = fail_at > 0 && made >= fail_at && made < fail_at + fail_run;
	if (now)
		errno = ENOMEM;
	return now;
}

static void *count(void *p)
{
	kept += p != NULL;
	return p;
}

SEEN void *malloc(size_t n)
{
	return fails() ? NULL : count(__libc_malloc(n));
}

SEEN void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(__libc_calloc(n, size));
}

SEEN void *realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __libc_realloc(p, n) : count(__libc_realloc(p, n));
}

SEEN void *aligned_alloc(size_t alignment, size_t n)
{
	return fails() ? NULL : count(__libc_memalign(alignment, n));
}

SEEN void free(void *p)
{
	kept -= p != NULL;
	__libc_free(p);
}

#endif
