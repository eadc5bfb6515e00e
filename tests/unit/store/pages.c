/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include "store/store.h"

enum { EMPTY_PAGES_MOST = 65536 };

static const rg_str domain = { "location", 8 };

/* One key of the domain, and of the cursor the number alone. */
typedef struct page_kit {
	rg_key key;
	char text[24];
	rg__page page;
} page_kit;

static const rg__page *page_at(page_kit *kit, uint32_t cursor, uint32_t n_keys)
{
	kit->key = (rg_key){ domain, RG_STR("alice"), RG_STR("example.com") };
	snprintf(kit->text, sizeof kit->text, "%u", (unsigned)cursor);
	kit->page = (rg__page){ .keys = &kit->key, .n = n_keys, .cursor = rg_str_from(kit->text) };
	return &kit->page;
}

static bool holds_with_cursor(rg__walk *walk, rg_str cursor)
{
	return rg__walk_accept(walk, RG__ABSENT, &(rg__page){ .cursor = cursor });
}

Test(pages, every_key_must_be_of_the_domain)
{
	static const rg_str foreign[] = { { "location2", 9 }, { "locatio", 7 }, { "Location", 8 }, { "", 0 }, { "location@homes", 14 } };
	rg_key keys[3];

	for (uint32_t i = 0; i < 3; i++)
		keys[i] = (rg_key){ domain, RG_STR("alice"), RG_STR("example.com") };
	for (uint32_t at = 0; at < 3; at++) {
		for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++) {
			rg__walk walk = { 0 }, last = { 0 };

			keys[at].domain = foreign[k];
			cr_expect_not(rg__walk_accept(&walk, domain, &(rg__page){ .keys = keys, .n = 3, .cursor = RG_STR("1") }));
			cr_expect_not(rg__walk_accept(&last, domain, &(rg__page){ .keys = keys, .n = 3 }), "the last page too");
		}
		keys[at].domain = domain;
	}
	rg__walk walk = { 0 };

	cr_expect(rg__walk_accept(&walk, domain, &(rg__page){ .keys = keys, .n = 3, .cursor = RG_STR("1") }));
	cr_expect(rg__walk_accept(&walk, domain, &(rg__page){ .keys = keys, .n = 3 }));
}

Test(pages, without_a_domain_keys_of_any_domain_are_good)
{
	rg_key keys[2] = { { domain, RG_STR("alice"), RG_STR("a") }, { RG_STR("other"), RG_STR("bob"), RG_STR("b") } };
	rg__walk walk = { 0 };

	cr_expect(rg__walk_accept(&walk, RG__ABSENT, &(rg__page){ .keys = keys, .n = 2, .cursor = RG_STR("1") }));
	cr_expect(rg__walk_accept(&walk, RG__ABSENT, &(rg__page){ .keys = keys, .n = 2 }));
}

Test(pages, a_key_after_the_last_is_not_looked_at)
{
	rg_key keys[2] = { { domain, RG_STR("alice"), RG_STR("a") }, { RG_STR("other"), RG_STR("bob"), RG_STR("b") } };
	rg__walk walk = { 0 };

	cr_expect(rg__walk_accept(&walk, domain, &(rg__page){ .keys = keys, .n = 1, .cursor = RG_STR("1") }));
}

Test(pages, a_cursor_that_comes_again_at_once_is_a_breach)
{
	static const rg_str cursors[] = { { "1", 1 }, { "", 0 }, { "a\0b", 3 }, { "a longer cursor, of some store or other", 39 } };

	for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
		rg__walk walk = { 0 };

		cr_assert(holds_with_cursor(&walk, cursors[i]), "cursor %zu", i);
		cr_expect_not(holds_with_cursor(&walk, cursors[i]), "cursor %zu", i);
	}
}

Test(pages, cursors_that_differ_in_one_octet_or_in_length_are_different)
{
	static const rg_str cursors[] = { { "a\0b", 3 }, { "a\0c", 3 }, { "b\0c", 3 }, { "a", 1 }, { "a\0", 2 }, { "", 0 }, { "\0", 1 } };

	for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
		for (size_t k = 0; k < sizeof cursors / sizeof *cursors; k++) {
			rg__walk walk = { 0 };

			cr_assert(holds_with_cursor(&walk, cursors[i]));
			cr_expect_eq(holds_with_cursor(&walk, cursors[k]), i != k, "%zu after %zu", k, i);
		}
	}
}

/* The store gives @p lead cursors once, and then @p length cursors over and over. Returns the pages until the walk is refused. */
static uint32_t pages_until_refused(uint32_t lead, uint32_t length, uint32_t n_keys, uint32_t most)
{
	rg__walk walk = { 0 };
	page_kit kit;

	for (uint32_t i = 0; i < most; i++) {
		uint32_t cursor = i < lead ? i : lead + (i - lead) % length;

		if (!rg__walk_accept(&walk, domain, page_at(&kit, cursor, n_keys)))
			return i + 1;
	}
	return UINT32_MAX;
}

Test(pages, a_circle_of_cursors_is_found_whatever_its_length_and_wherever_it_begins)
{
	static const uint32_t lengths[] = { 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100, 255, 256, 257, 1000 };
	static const uint32_t leads[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 64, 100, 1000 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (size_t k = 0; k < sizeof leads / sizeof *leads; k++) {
			uint32_t lead = leads[k], length = lengths[i], longer = lead > length ? lead : length;
			uint32_t pages = pages_until_refused(lead, length, 1, 10 * (lead + length) + 10);

			cr_expect_gt(pages, lead + length, "%u after %u: refused before a cursor came again", length, lead);
			/* The mark is in the circle after less than twice the longer of the two, and is met again one round later. */
			cr_expect_leq(pages, 2 * longer + length + 2, "%u after %u: found on page %u", length, lead, pages);
		}
	}
}

Test(pages, a_long_walk_without_a_circle_is_good)
{
	rg__walk walk = { 0 };
	page_kit kit;

	for (uint32_t i = 0; i < 200000; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 1)), "page %u", i);
}

Test(pages, the_first_cursor_may_be_any)
{
	/* Its FNV-1a hash is 0, like the mark before the first page. */
	rg_str zero = { "\xd5\x6b\xb9\x53\x42\x87\x08\x36", 8 };
	rg__walk walk = { 0 };

	cr_assert(holds_with_cursor(&walk, zero));
	cr_expect_not(holds_with_cursor(&walk, zero));
}

Test(pages, pages_without_a_key_are_limited)
{
	rg__walk walk = { 0 };
	page_kit kit;
	uint32_t i;

	for (i = 0; i < EMPTY_PAGES_MOST; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)), "page %u", i);
	cr_expect_not(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)));
}

Test(pages, a_page_with_a_key_begins_the_count_anew)
{
	rg__walk walk = { 0 };
	page_kit kit;
	uint32_t i, end;

	for (i = 0; i < EMPTY_PAGES_MOST; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)), "page %u", i);
	cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i++, 1)));
	for (end = i + EMPTY_PAGES_MOST; i < end; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)), "page %u", i);
	cr_expect_not(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)));
}

Test(pages, the_last_page_ends_the_walk_and_the_next_walk_starts_fresh)
{
	rg__walk walk = { 0 };
	page_kit kit;

	for (uint32_t i = 0; i < EMPTY_PAGES_MOST; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)));
	cr_assert(rg__walk_accept(&walk, domain, &(rg__page){ .next = 1 }), "an empty page without a cursor is the end, not one more");
	cr_expect_eq(walk.pages, 0);
	cr_expect_eq(walk.empty, 0);
	cr_expect_eq(walk.mark, 0);
	for (uint32_t i = 0; i < EMPTY_PAGES_MOST; i++)
		cr_assert(rg__walk_accept(&walk, domain, page_at(&kit, i, 0)), "the same cursors in the next walk, page %u", i);
}
