/* SPDX-License-Identifier: MIT */
/*
 * The part of Criterion's interface that the tests use, over a runner that executes all tests of a program in one process. Criterion
 * starts a process a test, which costs little as built for use and most of the time under a sanitizer or valgrind.
 *
 * cr_expect_…() records a failure and goes on; cr_assert_…() records it and leaves the test. A message may follow the operands, as for
 * printf(). The operands are evaluated once. A cr_assert_…() must be on the thread that runs the test.
 */
#ifndef RUNNER_CRITERION_H
#define RUNNER_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct runner_extra {
	int unused; /* a first member to initialise, so that the list of options may be empty */
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* seconds; 0 = none */
} runner_extra;

typedef struct runner_suite {
	const char *name;
	runner_extra extra;
	struct runner_suite *next;
} runner_suite;

typedef struct runner_test {
	const char *suite, *name, *file;
	int line;
	void (*run)(void);
	runner_extra extra;
	struct runner_test *next;
} runner_test;

enum { RUNNER_EXPECT, RUNNER_ASSERT };

void runner_add_suite(runner_suite *suite);
void runner_add_test(runner_test *test);
void runner_count(void);
void runner_fail(int kind, const char *file, int line, const char *text, const char *format, ...) __attribute__((format(printf, 5, 6)));
bool runner_same_text(const char *a, const char *b);

/* Options: .init, .fini (run around each test of the suite). */
#define TestSuite(Name, ...) \
	static runner_suite runner_suite_##Name = { .name = #Name, .extra = { .unused = 0, __VA_ARGS__ } }; \
	__attribute__((constructor)) static void runner_add_suite_##Name(void) \
	{ \
		runner_add_suite(&runner_suite_##Name); \
	} \
	typedef int runner_after_suite_##Name

/* Options: .init, .fini, .timeout. */
#define Test(Suite, Name, ...) \
	static void Suite##_##Name##_test(void); \
	static runner_test Suite##_##Name##_entry = { .suite = #Suite, .name = #Name, .file = __FILE__, .line = __LINE__, \
		.run = Suite##_##Name##_test, .extra = { .unused = 0, __VA_ARGS__ } }; \
	__attribute__((constructor)) static void Suite##_##Name##_add(void) \
	{ \
		runner_add_test(&Suite##_##Name##_entry); \
	} \
	static void Suite##_##Name##_test(void)

/* What the message takes is evaluated after the operands, and only on failure. The blank is there so that the format is never empty. */
#define RUNNER_CHECK(kind, holds, text, ...) \
	(runner_count(), (holds) ? (void)0 : runner_fail(kind, __FILE__, __LINE__, text, " " __VA_ARGS__))

#define cr_assert_fail(...) RUNNER_CHECK(RUNNER_ASSERT, false, "this point is not reached", __VA_ARGS__)
#define cr_assert(a, ...) RUNNER_CHECK(RUNNER_ASSERT, a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...) RUNNER_CHECK(RUNNER_ASSERT, !(a), "!(" #a ")", __VA_ARGS__)
#define cr_assert_null(a, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) == NULL, #a " == NULL", __VA_ARGS__)
#define cr_assert_not_null(a, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) != NULL, #a " != NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, runner_same_text(a, b), #a " is the text " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) RUNNER_CHECK(RUNNER_ASSERT, !runner_same_text(a, b), #a " is not the text " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...) RUNNER_CHECK(RUNNER_ASSERT, runner_same_text(a, ""), #a " is the empty text", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) RUNNER_CHECK(RUNNER_ASSERT, memcmp(a, b, n) == 0, #a " has the bytes of " #b, __VA_ARGS__)

#define cr_expect_fail(...) RUNNER_CHECK(RUNNER_EXPECT, false, "this point is not reached", __VA_ARGS__)
#define cr_expect(a, ...) RUNNER_CHECK(RUNNER_EXPECT, a, #a, __VA_ARGS__)
#define cr_expect_not(a, ...) RUNNER_CHECK(RUNNER_EXPECT, !(a), "!(" #a ")", __VA_ARGS__)
#define cr_expect_null(a, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) == NULL, #a " == NULL", __VA_ARGS__)
#define cr_expect_not_null(a, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) != NULL, #a " != NULL", __VA_ARGS__)
#define cr_expect_eq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, runner_same_text(a, b), #a " is the text " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) RUNNER_CHECK(RUNNER_EXPECT, !runner_same_text(a, b), #a " is not the text " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) RUNNER_CHECK(RUNNER_EXPECT, runner_same_text(a, ""), #a " is the empty text", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) RUNNER_CHECK(RUNNER_EXPECT, memcmp(a, b, n) == 0, #a " has the bytes of " #b, __VA_ARGS__)

#endif
