/* SPDX-License-Identifier: MIT */
#include "store/tokens.h"
#include <criterion/criterion.h>

enum { MANY = 1000, VERY_MANY = 250000 };

Test(tokens, a_token_is_spent_once)
{
	rg__slots *slots = rg__slots_new(NULL);
	int what;
	void *got, *token = rg__slot_take(slots, &what);

	cr_assert(rg__slot_spend(token, &got));
	cr_expect_eq(got, &what);
	cr_expect_not(rg__slot_spend(token, &got));
	cr_expect_null(got);
	cr_expect_not(rg__slot_drop(token));
	cr_expect_eq(rg__slots_refused(slots), 1, "what was dropped is not counted");
	rg__slots_unref(slots);
}

Test(tokens, a_token_says_whose_it_is_when_it_is_spent_too)
{
	int one, other, what;
	rg__slots *slots = rg__slots_new(&one), *others = rg__slots_new(&other);
	void *got, *token = rg__slot_take(slots, &what), *theirs = rg__slot_take(others, &what);

	cr_expect_eq(rg__slot_owner(token), &one);
	cr_expect_eq(rg__slot_owner(theirs), &other);
	cr_expect(rg__slot_spend(token, &got));
	cr_expect(rg__slot_drop(theirs));
	cr_expect_eq(rg__slot_owner(token), &one);
	rg__slots_unref(slots);
	rg__slots_unref(others);
}

Test(tokens, an_old_token_is_not_taken_for_a_new_one)
{
	rg__slots *slots = rg__slots_new(NULL);
	int what;
	void *got, *old = rg__slot_take(slots, &what);

	rg__slot_drop(old);
	for (int i = 0; i < VERY_MANY; i++) {
		void *token = rg__slot_take(slots, &what);

		cr_assert_neq(token, old);
		cr_assert_not(rg__slot_spend(old, &got));
		cr_assert(rg__slot_drop(token));
	}
	rg__slots_unref(slots);
}

Test(tokens, many_are_out_at_once_and_each_stands_for_its_own)
{
	rg__slots *slots = rg__slots_new(NULL);
	static char what[MANY];
	void *tokens[MANY], *got;

	for (int i = 0; i < MANY; i++)
		cr_assert_not_null(tokens[i] = rg__slot_take(slots, &what[i]));
	for (int i = MANY - 1; i >= 0; i--) {
		cr_assert(rg__slot_spend(tokens[i], &got));
		cr_assert_eq(got, &what[i]);
	}
	rg__slots_unref(slots);
}

Test(tokens, an_abandoned_token_may_be_answered_after_its_owner_is_gone)
{
	rg__slots *slots = rg__slots_new(NULL);
	int what;
	void *got, *token = rg__slot_take(slots, &what);

	cr_expect(rg__slot_abandon(token));
	rg__slots_unref(slots);
	cr_expect(rg__slot_spend(token, &got));
	cr_expect_null(got);
}

Test(tokens, a_token_that_was_abandoned_is_spent_by_a_drop_that_tells_so)
{
	rg__slots *slots = rg__slots_new(NULL);
	int what;
	void *got, *token = rg__slot_take(slots, &what);

	cr_expect(rg__slot_abandon(token));
	cr_expect_not(rg__slot_drop(token), "whoever abandoned it has counted it");
	cr_expect_not(rg__slot_abandon(token), "its slot is free");
	cr_expect_not(rg__slot_spend(token, &got));
	rg__slots_unref(slots);
}
