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
