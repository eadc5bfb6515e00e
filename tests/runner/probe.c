/* SPDX-License-Identifier: MIT */
/* Tests for our own runner to run: some pass, and the others fail in each way there is. probe.py says what must come of each. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int opened, closed;

static void open_fixture(void)
{
	opened++;
}

static void close_fixture(void)
{
	closed++;
}

static void say_closed(void)
{
	fputs("closed\n", stderr);
}

static void refuse_to_open(void)
{
	cr_assert_fail("not opened");
}

TestSuite(fixture, .init = open_fixture, .fini = close_fixture);

Test(fixture, is_opened_before_a_test)
{
	cr_expect_eq(opened, 1);
	cr_expect_eq(closed, 0);
}

Test(fixture, is_opened_and_closed_around_each, .init = open_fixture)
{
	cr_expect_eq(opened, 3);
	cr_expect_eq(closed, 1);
}

Test(good, every_check_that_holds)
{
	const char *none = NULL;
	int one = 1, evaluated = 0;

	cr_expect(one, "text");
	cr_expect_not(!one);
	cr_expect_null(none);
	cr_expect_not_null(&one);
	cr_expect_eq(one, 1, "%d", one);
	cr_expect_neq(one, 2);
	cr_expect_lt(one, 2);
	cr_expect_leq(one, 1);
	cr_expect_gt(one, 0);
	cr_expect_geq(one, 1);
	cr_expect_str_eq("a", "a");
	cr_expect_str_neq("a", none);
	cr_expect_str_empty("");
	cr_expect_arr_eq("ab", "ac", 1);
	cr_assert_eq(evaluated++, 0, "%d", evaluated++);
	cr_assert_eq(evaluated, 1);
}

Test(bad, every_check_that_does_not_hold)
{
	const char *none = NULL;
	int one = 1;

	cr_expect(!one);
	cr_expect_not(one);
	cr_expect_null(&one);
	cr_expect_not_null(none);
	cr_expect_eq(one, 2);
	cr_expect_neq(one, 1);
	cr_expect_lt(one, 1);
	cr_expect_leq(one, 0);
	cr_expect_gt(one, 1);
	cr_expect_geq(one, 2);
	cr_expect_str_eq("a", none);
	cr_expect_str_neq("a", "a");
	cr_expect_str_empty("a");
	cr_expect_arr_eq("ab", "ac", 2);
	cr_expect_fail("number %d", 15);
}

Test(assert, leaves_the_test, .fini = say_closed)
{
	cr_assert_eq(opened, -1, "number %d", 7);
	fputs("went on\n", stderr);
}

Test(assert, the_next_one_runs)
{
	cr_assert(true);
}

Test(unopened, does_not_run, .init = refuse_to_open, .fini = say_closed)
{
	fputs("went on\n", stderr);
}

Test(empty, asserts_nothing)
{
}

Test(closed, what_fails_is_told_all_the_same)
{
	close(STDERR_FILENO);
	cr_expect(false, "number %d", 9);
}

Test(crash, ends_the_program)
{
	abort();
}

Test(leaving, ends_the_program)
{
	cr_expect(true);
	exit(0);
}

Test(slow, ends_the_program, .timeout = 0.02)
{
	pause();
}
