/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "order.h"

static void expect_order(const rg__rank *given, uint32_t n, bool newest, const char *want)
{
	rg__rank r[8];
	char got[9] = "";

	memcpy(r, given, n * sizeof *r);
	rg__rank_sort(r, n, newest);
	for (uint32_t i = 0; i < n; i++)
		got[i] = (char)('a' + r[i].index);
	cr_expect_str_eq(got, want);
}

Test(order, q_first_then_age_by_modification_creation_and_id)
{
	static const rg__rank r[] = {
		{ .index = 0, .q = -1, .modified = 1 }, { .index = 1, .q = 0, .modified = 2 }, { .index = 2, .q = 1000, .modified = 9 },
		{ .index = 3, .q = 500, .modified = 5, .created = 2, .id = 1 }, { .index = 4, .q = 500, .modified = 5, .created = 1, .id = 9 },
		{ .index = 5, .q = 500, .modified = 5, .created = 2, .id = 2 }, { .index = 6, .q = 500, .modified = 4 },
	};

	expect_order(r, 7, false, "cgedfba");
	expect_order(r, 7, true, "cfdegba");
	expect_order(r, 0, true, "");
	expect_order(r, 1, true, "a");
}
