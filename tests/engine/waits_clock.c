/* SPDX-License-Identifier: MIT */
/* Waits whose clock is set, or read on several threads. */
#include "waiting.h"

/* Bindings of before the clock was set back lie in the future. */
Test(waits_clock, a_device_sleeps_after_the_clock_was_set_back)
{
	waiting w;
	kit k;

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	k.now -= 365LL * 86400000;
	cr_assert_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	EXPECT_SEEN(w, "2|1;");
	push_end(&w);
	kit_close(&k);
}

/* The clock of a registrar whose threads use a reading after a later one of another thread. */
typedef struct shaky {
	kit k;
	uint32_t readings;
} shaky;

static rg_time reading_in_turn(void *user)
{
	shaky *s = user;

	return s->k.now - s->readings++ / 3 % 2;
}

Test(waits_clock, readings_that_overtake_each_other_shorten_no_wait)
{
	enum { MANY = 100 };
	static waiting w[MANY];
	shaky s = { .readings = 0 };

	kit_init(&s.k);
	s.k.env.now = reading_in_turn;
	push_open_over(&s.k, rg_store_ref(s.k.memory));
	cr_assert_eq(push_save(&s.k, "alice", 1, 1), 200);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_eq(push_lookup(&w[i], &s.k, "alice", NULL), RG_OK);
		cr_assert_eq(push_wait(&w[i]), RG_PENDING);
	}
	push_later(&s.k, 5990);
	for (uint32_t i = 0; i < MANY; i++)
		cr_expect_eq(w[i].done, 0);
	push_later(&s.k, 20);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_expect_eq(w[i].status, RG_ETIMEOUT);
		push_end(&w[i]);
	}
	kit_close(&s.k);
}
