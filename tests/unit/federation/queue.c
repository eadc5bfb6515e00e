/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include "federation/queue.h"

#define NOW 1000000

static rg_key key_of(const char *user)
{
	return (rg_key){ RG_STR("location"), rg_str_from(user), RG_STR("example.com") };
}

static void add(rg__dirty *d, const char *user)
{
	char copy[16];

	snprintf(copy, sizeof copy, "%s", user);
	rg_key key = key_of(copy);
	cr_assert(rg__dirty_add(d, &key));
	memset(copy, '?', sizeof copy); /* what was lent is the caller's again */
}

static void comes(rg__dirty *d, const char *user, rg__dirty_key **out)
{
	rg_key key = key_of(user);

	*out = rg__dirty_take(d, NOW);
	cr_assert_not_null(*out);
	cr_expect(rg_key_equal(&(*out)->key, &key), "%.*s, not %s", (int)(*out)->key.user.n, (*out)->key.user.p, user);
}

Test(dirty, keys_come_once_each_and_the_oldest_first)
{
	rg__dirty *d = rg__dirty_new(10);
	rg__dirty_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "a");
	cr_expect_eq(rg__dirty_count(d), 2);
	comes(d, "a", &k);
	cr_expect_eq(rg__dirty_count(d), 2);
	rg__dirty_done(d, k, false);
	comes(d, "b", &k);
	rg__dirty_done(d, k, false);
	cr_expect_null(rg__dirty_take(d, NOW));
	cr_expect_eq(rg__dirty_count(d), 0);
	rg__dirty_free(d);
}

Test(dirty, what_changes_while_it_is_worked_on_comes_again)
{
	rg__dirty *d = rg__dirty_new(10);
	rg__dirty_key *k;

	add(d, "a");
	comes(d, "a", &k);
	add(d, "a");
	add(d, "b");
	rg__dirty_done(d, k, false);
	comes(d, "b", &k);
	rg__dirty_done(d, k, true);
	comes(d, "a", &k);
	rg__dirty_done(d, k, false);
	comes(d, "b", &k);
	rg__dirty_free(d);
}

Test(dirty, past_its_room_nothing_is_added)
{
	rg__dirty *d = rg__dirty_new(3);
	rg_key more = key_of("d"), there = key_of("c");
	rg__dirty_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "c");
	cr_expect_not(rg__dirty_add(d, &more));
	cr_expect(rg__dirty_add(d, &there));
	comes(d, "a", &k);
	cr_expect_not(rg__dirty_add(d, &more), "one that is worked on has its room still");
	rg__dirty_done(d, k, false);
	cr_expect(rg__dirty_add(d, &more));
	rg__dirty_free(d);
}

Test(dirty, what_is_refused_waits_apart_and_stands_in_nobodys_way)
{
	rg__dirty *d = rg__dirty_new(4);
	rg__dirty_key *k, *other;

	add(d, "a");
	add(d, "b");
	comes(d, "a", &k);
	cr_expect(rg__dirty_refused(d, k, NOW));
	cr_expect_eq(rg__dirty_waiting(d), 1);
	add(d, "a");
	cr_expect_eq(rg__dirty_count(d), 2, "it is in the set still");
	cr_expect_eq(rg__dirty_due(d, NOW), NOW);
	comes(d, "b", &k);
	cr_expect_null(rg__dirty_take(d, NOW + RG__DIRTY_WAIT - 1));
	cr_expect_eq(rg__dirty_due(d, NOW), NOW + RG__DIRTY_WAIT);
	cr_expect_eq(rg__dirty_due(d, NOW - 1), NOW - 1, "the clock was set back");
	add(d, "c");
	other = rg__dirty_take(d, NOW + RG__DIRTY_WAIT);
	cr_expect_eq(other->key.user.p[0], 'c', "the queue comes first");
	rg__dirty_done(d, other, false);
	other = rg__dirty_take(d, NOW + RG__DIRTY_WAIT);
	cr_expect_eq(other->key.user.p[0], 'a');
	rg__dirty_done(d, other, false);
	rg__dirty_done(d, k, false);
	cr_expect_eq(rg__dirty_count(d), 0);
	cr_expect_eq(rg__dirty_due(d, NOW), RG_TIME_NEVER);
	rg__dirty_free(d);
}

Test(dirty, no_more_than_half_of_the_room_is_of_keys_that_wait)
{
	rg__dirty *d = rg__dirty_new(4);
	rg__dirty_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "c");
	comes(d, "a", &k);
	cr_expect(rg__dirty_refused(d, k, NOW));
	comes(d, "b", &k);
	cr_expect(rg__dirty_refused(d, k, NOW));
	comes(d, "c", &k);
	add(d, "c");
	cr_expect(rg__dirty_refused(d, k, NOW), "it changed meanwhile, and comes again at once");
	comes(d, "c", &k);
	cr_expect_not(rg__dirty_refused(d, k, NOW));
	cr_expect_eq(rg__dirty_count(d), 2);
	cr_expect_eq(rg__dirty_waiting(d), 2);
	rg__dirty_free(d);
}
