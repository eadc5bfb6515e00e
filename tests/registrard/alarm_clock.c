/* SPDX-License-Identifier: MIT */
/* The alarm rings from Sofia's loop, never too early, and once for each setting. */
#include "alarm_clock.h"

#include <criterion/criterion.h>

struct ringing {
	struct alarm_clock *clock;
	int64_t due;
	int times;
};

static void on_ring(void *user)
{
	struct ringing *r = user;

	cr_expect_geq(alarm_clock_now(), r->due);
	r->times++;
}

static void wait_for(su_root_t *root, struct ringing *r, int64_t due)
{
	int times = r->times;

	r->due = due;
	alarm_clock_set(r->clock, due);
	while (r->times == times)
		su_root_step(root, 1000);
	cr_expect_eq(r->times, times + 1);
}

Test(alarm_clock, it_rings_from_the_loop)
{
	struct ringing r = { 0 };
	su_root_t *root;

	su_init();
	root = su_root_create(NULL);
	r.clock = alarm_clock_new(root, on_ring, &r);
	cr_assert_not_null(r.clock);
	wait_for(root, &r, alarm_clock_now() + 30);
	/* A time that has passed rings at once; a later setting replaces an earlier one. */
	wait_for(root, &r, alarm_clock_now() - 1000);
	wait_for(root, &r, 0);
	alarm_clock_set(r.clock, alarm_clock_now() - 1);
	wait_for(root, &r, alarm_clock_now() + 30);
	su_root_step(root, 0);
	cr_expect_eq(r.times, 4);
	alarm_clock_free(r.clock);
	alarm_clock_free(NULL);
	su_root_destroy(root);
	su_deinit();
}
