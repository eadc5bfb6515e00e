/* SPDX-License-Identifier: MIT */
#include "srv.h"

#include <criterion/criterion.h>

static uint32_t lowest(uint32_t below)
{
	(void)below;
	return 0;
}

static uint32_t highest(uint32_t below)
{
	return below - 1;
}

/* The hosts in the order in which they are chosen. */
static void choose(struct srv_record *records, size_t n, uint32_t (*chance)(uint32_t below), char *order)
{
	struct srv_record *one;

	while ((one = srv_next(records, n, chance)) != NULL) {
		*order++ = *one->host;
		one->host = NULL;
	}
	*order = '\0';
}

Test(srv, priority_goes_before_weight)
{
	struct srv_record records[] = { { "c", 20, 100, 1 }, { "a", 10, 0, 1 }, { "b", 15, 65535, 1 } };
	char order[4];

	choose(records, 3, highest, order);
	cr_assert_str_eq(order, "abc");
}

Test(srv, weight_divides_the_chance)
{
	struct srv_record low[] = { { "a", 1, 10, 1 }, { "b", 1, 20, 1 }, { "c", 1, 30, 1 } };
	struct srv_record high[] = { { "a", 1, 10, 1 }, { "b", 1, 20, 1 }, { "c", 1, 30, 1 } };
	char order[4];

	choose(low, 3, lowest, order);
	cr_assert_str_eq(order, "abc");
	choose(high, 3, highest, order);
	cr_assert_str_eq(order, "cba");
}

Test(srv, weights_of_zero_and_the_largest)
{
	struct srv_record records[64];
	char order[65];

	for (size_t i = 0; i < 64; i++)
		records[i] = (struct srv_record){ "x", 65535, (uint16_t)(i % 2 ? 65535 : 0), 1 };
	choose(records, 64, highest, order);
	cr_assert_eq(order[63], 'x');
	cr_assert_eq(order[64], '\0');
	cr_assert_null(srv_next(records, 64, lowest));
	cr_assert_null(srv_next(NULL, 0, lowest));
}
