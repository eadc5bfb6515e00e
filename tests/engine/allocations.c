/* SPDX-License-Identifier: MIT */
#include "allocations.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* The linker directs every call of malloc() to __wrap_malloc(), and so on; see meson.build. Shared libraries call the real functions, but
 * the linker wants them to see the wrappers. */
#define WRAPS __attribute__((visibility("default")))

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
void __real_free(void *p);
WRAPS void *__wrap_malloc(size_t n);
WRAPS void *__wrap_calloc(size_t n, size_t size);
WRAPS void *__wrap_realloc(void *p, size_t n);
WRAPS void *__wrap_aligned_alloc(size_t alignment, size_t n);
WRAPS void __wrap_free(void *p);

static atomic_int fail_in, call_in;
static atomic_long kept;
static void (*hook)(void *user);
static void *hook_user;

int allocations_fail(int nth)
{
	return atomic_exchange(&fail_in, nth);
}

void allocations_call(int nth, void (*function)(void *user), void *user)
{
	hook = function;
	hook_user = user;
	atomic_store(&call_in, nth);
}

long allocations_kept(void)
{
	return atomic_load(&kept);
}

/* Counts down to nothing. @return whether it came to that now. */
static bool is_over(atomic_int *count)
{
	int n = atomic_load(count);

	while (n > 0 && !atomic_compare_exchange_weak(count, &n, n - 1))
		;
	return n == 1;
}

static bool fails(void)
{
	if (is_over(&call_in))
		hook(hook_user);
	return is_over(&fail_in);
}

static void *count(void *p)
{
	if (p)
		atomic_fetch_add(&kept, 1);
	return p;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : count(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __real_realloc(p, n) : count(__real_realloc(p, n));
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
	return fails() ? NULL : count(__real_aligned_alloc(alignment, n));
}

void __wrap_free(void *p)
{
	if (p)
		atomic_fetch_sub(&kept, 1);
	__real_free(p);
}
