/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include "federation/queue.h"

#define NOW 1000000

static rg_key key_of(const char *user)
{
	return (rg_key){ RG_STR("location"), rg_str_from(user), RG_STR("example.com") };
}

static void add(rg__queue *d, const char *user)
{
	char copy[16];

	snprintf(copy, sizeof copy, "%s", user);
	rg_key key = key_of(copy);
	cr_assert(rg__queue_add(d, &key));
	memset(copy, '?', sizeof copy); /* what was lent is the caller's again */
}

static void comes(rg__queue *d, const char *user, rg__queue_key **out)
{
	rg_key key = key_of(user);

	*out = rg__queue_take(d, NOW);
	cr_assert_not_null(*out);
	cr_expect(rg_key_equal(&(*out)->key, &key), "%.*s, not %s", (int)(*out)->key.user.n, (*out)->key.user.p, user);
}

Test(queue, keys_come_once_each_and_the_oldest_first)
{
	rg__queue *d = rg__queue_new(10);
	rg__queue_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "a");
	cr_expect_eq(rg__queue_count(d), 2);
	comes(d, "a", &k);
	cr_expect_eq(rg__queue_count(d), 2);
	rg__queue_done(d, k, false);
	comes(d, "b", &k);
	rg__queue_done(d, k, false);
	cr_expect_null(rg__queue_take(d, NOW));
	cr_expect_eq(rg__queue_count(d), 0);
	rg__queue_free(d);
}

Test(queue, what_changes_while_it_is_worked_on_comes_again)
{
	rg__queue *d = rg__queue_new(10);
	rg__queue_key *k;

	add(d, "a");
	comes(d, "a", &k);
	add(d, "a");
	add(d, "b");
	rg__queue_done(d, k, false);
	comes(d, "b", &k);
	rg__queue_done(d, k, true);
	comes(d, "a", &k);
	rg__queue_done(d, k, false);
	comes(d, "b", &k);
	rg__queue_free(d);
}

Test(queue, past_its_room_nothing_is_added)
{
	rg__queue *d = rg__queue_new(3);
	rg_key more = key_of("d"), there = key_of("c");
	rg__queue_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "c");
	cr_expect_not(rg__queue_add(d, &more));
	cr_expect(rg__queue_add(d, &there));
	comes(d, "a", &k);
	cr_expect_not(rg__queue_add(d, &more), "one that is worked on has its room still");
	rg__queue_done(d, k, false);
	cr_expect(rg__queue_add(d, &more));
	rg__queue_free(d);
}

Test(queue, what_is_refused_waits_apart_and_stands_in_nobodys_way)
{
	rg__queue *d = rg__queue_new(4);
	rg__queue_key *k, *other;

	add(d, "a");
	add(d, "b");
	comes(d, "a", &k);
	cr_expect(rg__queue_refused(d, k, NOW));
	cr_expect_eq(rg__queue_waiting(d), 1);
	add(d, "a");
	cr_expect_eq(rg__queue_count(d), 2, "it is in the set still");
	cr_expect_eq(rg__queue_due(d, NOW), NOW);
	comes(d, "b", &k);
	cr_expect_null(rg__queue_take(d, NOW + RG__QUEUE_WAIT - 1));
	cr_expect_eq(rg__queue_due(d, NOW), NOW + RG__QUEUE_WAIT);
	cr_expect_eq(rg__queue_due(d, NOW - 1), NOW - 1, "the clock was set back");
	add(d, "c");
	other = rg__queue_take(d, NOW + RG__QUEUE_WAIT);
	cr_expect_eq(other->key.user.p[0], 'c', "the queue comes first");
	rg__queue_done(d, other, false);
	other = rg__queue_take(d, NOW + RG__QUEUE_WAIT);
	cr_expect_eq(other->key.user.p[0], 'a');
	rg__queue_done(d, other, false);
	rg__queue_done(d, k, false);
	cr_expect_eq(rg__queue_count(d), 0);
	cr_expect_eq(rg__queue_due(d, NOW), RG_TIME_NEVER);
	rg__queue_free(d);
}

Test(queue, no_more_than_half_of_the_room_is_of_keys_that_wait)
{
	rg__queue *d = rg__queue_new(4);
	rg__queue_key *k;

	add(d, "a");
	add(d, "b");
	add(d, "c");
	comes(d, "a", &k);
	cr_expect(rg__queue_refused(d, k, NOW));
	comes(d, "b", &k);
	cr_expect(rg__queue_refused(d, k, NOW));
	comes(d, "c", &k);
	add(d, "c");
	cr_expect(rg__queue_refused(d, k, NOW), "it changed meanwhile, and comes again at once");
	comes(d, "c", &k);
	cr_expect_not(rg__queue_refused(d, k, NOW));
	cr_expect_eq(rg__queue_count(d), 2);
	cr_expect_eq(rg__queue_waiting(d), 2);
	rg__queue_free(d);
}

Test(queue, at_the_end_of_time_too_there_is_no_key_to_take_from_an_empty_one)
{
	static const rg_time times[] = { INT64_MIN, -1, 0, NOW, INT64_MAX - 1, INT64_MAX };
	rg__queue *d = rg__queue_new(4);
	rg__queue_key *k;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		cr_expect_null(rg__queue_take(d, times[i]));
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		add(d, "a");
		k = rg__queue_take(d, times[i]);
		cr_assert_not_null(k);
		cr_expect(rg__queue_refused(d, k, times[i]));
		k = rg__queue_take(d, INT64_MAX);
		cr_assert_not_null(k);
		rg__queue_done(d, k, false);
	}
	rg__queue_free(d);
}
