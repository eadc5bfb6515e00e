/* SPDX-License-Identifier: MIT */
#include "allocations.h"
#include "plain.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* The linker directs every call of malloc() to __wrap_malloc(), and so on; see meson.build. Shared libraries call the real functions, but
 * the linker wants them to see the wrappers. */
#define WRAPS __attribute__((visibility("default")))

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
char *__real_strndup(const char *text, size_t n);
void __real_free(void *p);
WRAPS void *__wrap_malloc(size_t n);
WRAPS void *__wrap_calloc(size_t n, size_t size);
WRAPS void *__wrap_realloc(void *p, size_t n);
WRAPS void *__wrap_aligned_alloc(size_t alignment, size_t n);
WRAPS char *__wrap_strndup(const char *text, size_t n);
WRAPS void __wrap_free(void *p);

static atomic_int fail_in, call_in;
static atomic_int run_of = 1, failing; /* so many in a row, and how many of them are left */
static int later, later_run; /* 0 = nothing is to begin */
static atomic_long kept;
static void (*hook)(void *user);
static void *hook_user;

int allocations_fail_run(int nth, int run)
{
	atomic_store(&run_of, run);
	atomic_store(&failing, 0);
	return atomic_exchange(&fail_in, nth);
}

int allocations_fail(int nth)
{
	return allocations_fail_run(nth, 1);
}

void allocations_fail_later(int nth, int run)
{
	later = nth;
	later_run = run;
}

void allocations_begin(void)
{
	if (later)
		allocations_fail_run(later, later_run);
	later = 0;
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
	if (is_over(&fail_in))
		atomic_store(&failing, atomic_load(&run_of));
	int left = atomic_load(&failing);
	while (left > 0 && !atomic_compare_exchange_weak(&failing, &left, left - 1))
		;
	return left > 0;
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

static void *grow(void *p, size_t n)
{
	return p ? __real_realloc(p, n) : count(__real_realloc(p, n));
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : grow(p, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
	return fails() ? NULL : count(__real_aligned_alloc(alignment, n));
}

char *__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : count(__real_strndup(text, n));
}

void __wrap_free(void *p)
{
	if (p)
		atomic_fetch_sub(&kept, 1);
	__real_free(p);
}

void *plain_malloc(size_t n)
{
	return count(__real_malloc(n));
}

void *plain_calloc(size_t n, size_t size)
{
	return count(__real_calloc(n, size));
}

void *plain_realloc(void *p, size_t n)
{
	return grow(p, n);
}

char *plain_strndup(const char *text, size_t n)
{
	return count(__real_strndup(text, n));
}
