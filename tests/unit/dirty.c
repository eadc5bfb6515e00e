/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include "dirty.h"

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

	*out = rg__dirty_take(d);
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
	cr_expect_eq(rg__dirty_queued(d), 1);
	cr_expect_eq(rg__dirty_count(d), 2);
	rg__dirty_done(d, k, false);
	comes(d, "b", &k);
	rg__dirty_done(d, k, false);
	cr_expect_null(rg__dirty_take(d));
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
	cr_expect_eq(rg__dirty_queued(d), 1);
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
