/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "rules/retry.h"

Test(retry, the_pauses_follow_each_other)
{
	static const struct {
		rg_time now, next;
	} cases[] = {
		{ START - 5000, START + 10000 },
		{ START, START + 10000 },
		{ START + 9999, START + 10000 },
		{ START + 10000, START + 40000 },
		{ START + 39999, START + 40000 },
		{ START + 40000, START + 41000 },
		{ START + 41000, RG_TIME_NEVER },
		{ RG_TIME_NEVER, RG_TIME_NEVER },
	};
	world w = new_world();

	set(&w, "pn_retry", "10, 30 ,1");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(rg__retry_after(w.config, START, cases[i].now), cases[i].next, "case %zu", i);
	end_world(&w);
}

Test(retry, nothing_is_repeated_unless_that_is_asked_for)
{
	world w = new_world();

	cr_expect_eq(rg__retry_after(NULL, START, START), RG_TIME_NEVER);
	cr_expect_eq(rg__retry_after(w.config, START, START), RG_TIME_NEVER);
	end_world(&w);
}

Test(retry, no_time_is_too_late_to_reckon_with)
{
	world w = new_world();

	set(&w, "pn_retry", "4294967295");
	cr_expect_eq(rg__retry_after(w.config, RG_TIME_NEVER - 1000, START), RG_TIME_NEVER);
	end_world(&w);
}
