/* SPDX-License-Identifier: MIT */
#include "srv.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

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

/* A question for a.b, then two records: one with a pointer and 300 s, one with its own name and the time in question. */
#define HEAD "\0\0\x81\x80\0\1\0\2\0\0\0\0"
#define QUESTION "\1a\1b\0\0\x21\0\1"
#define FIRST "\xc0\x0c\0\x21\0\1\0\0\1\x2c\0\3xyz"
#define SECOND(ttl) "\1a\1b\0\0\x21\0\1" ttl "\0\0"
#define TEXT(literal) (literal), sizeof(literal) - 1

Test(srv, the_shortest_lifetime_counts)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t seconds;
	} cases[] = {
		{ TEXT(HEAD QUESTION FIRST SECOND("\0\0\0\5")), 5 }, { TEXT(HEAD QUESTION FIRST SECOND("\0\0\0\0")), 0 },
		{ TEXT(HEAD QUESTION FIRST SECOND("\xff\xff\xff\xfe")), 300 }, { TEXT(HEAD QUESTION FIRST), 300 },
		{ TEXT(HEAD QUESTION), UINT32_MAX },
		{ TEXT(HEAD), UINT32_MAX }, { TEXT(""), UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(srv_lifetime((const unsigned char *)cases[i].bytes, cases[i].n), cases[i].seconds, "%zu", i);
}

/* An exact copy, so that a sanitizer sees a read behind the end. */
Test(srv, a_message_may_be_cut_anywhere_and_hold_any_byte)
{
	static const char whole[] = HEAD QUESTION FIRST SECOND("\0\0\0\5");

	for (size_t n = 0; n < sizeof whole; n++)
		for (int byte = 0; byte < 256; byte += 17) {
			unsigned char *copy = malloc(n + 1);

			memcpy(copy, whole, n);
			copy[n] = (unsigned char)byte;
			cr_expect_geq(srv_lifetime(copy, n + 1), n + 1 == sizeof whole ? 5 : n < 45 ? 300 : 0, "%zu", n);
			free(copy);
		}
}
