/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "rules/rank.h"

static void expect_order(const rg__rank *given, uint32_t n, bool newest, const char *want)
{
	rg__rank r[8], room[8];
	char got[9] = "";

	memcpy(r, given, n * sizeof *r);
	rg__rank_sort(r, n, room, newest);
	for (uint32_t i = 0; i < n; i++)
		got[i] = (char)('a' + r[i].index);
	cr_expect_str_eq(got, want);
}

Test(rank, q_first_then_age_by_modification_creation_and_id)
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

Test(rank, latency_first_then_q_and_age_with_the_unmeasured_last)
{
	static const rg__rank given[] = {
		{ .index = 0, .latency = RG_LATENCY_NONE, .q = 1000, .modified = 1 }, { .index = 1, .latency = 5, .q = 0, .modified = 2 },
		{ .index = 2, .latency = 0, .q = -1, .modified = 9 }, { .index = 3, .latency = 5, .q = 500, .modified = 8 },
		{ .index = 4, .latency = 4294967294, .q = 1000, .modified = 4 }, { .index = 5, .latency = 5, .q = 500, .modified = 7 },
		{ .index = 6, .latency = RG_LATENCY_NONE, .q = 1000, .modified = 2 },
	};
	static const char *const want[] = { "cfdbeag", "cdfbega" };

	for (int newest = 0; newest < 2; newest++) {
		rg__rank r[7], room[7];
		char got[8] = "";

		memcpy(r, given, sizeof r);
		rg__rank_sort_latency(r, 7, room, newest);
		for (int i = 0; i < 7; i++)
			got[i] = (char)('a' + r[i].index);
		cr_expect_str_eq(got, want[newest]);
	}
}

Test(rank, the_most_recent_first_whatever_else)
{
	rg__rank r[] = {
		{ .index = 0, .modified = 5, .created = 1, .q = 1000 }, { .index = 1, .modified = 5, .created = 2, .latency = 9 },
		{ .index = 2, .modified = 6, .q = -1 }, { .index = 3, .modified = 5, .created = 2, .id = 7 },
	}, room[4];

	rg__rank_sort_recent(r, 4, room);
	cr_expect(r[0].index == 2 && r[1].index == 3 && r[2].index == 1 && r[3].index == 0);
	rg__rank_sort_recent(NULL, 0, NULL);
}

static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* With few values, many ranks are equal but for their id. */
Test(rank, any_number_in_any_order_is_sorted)
{
	enum { MOST = 70 };
	uint32_t state = 1;

	for (uint32_t n = 0; n <= MOST; n++) {
		rg__rank r[MOST], room[MOST];
		bool seen[MOST] = { false };

		for (uint32_t i = 0; i < n; i++)
			r[i] = (rg__rank){ .index = (uint16_t)i, .id = i, .modified = next_number(&state) % (n % 2 ? 1000 : 5), .q = n % 3 == 0 ? 7 : -1 };
		rg__rank_sort(r, n, room, false);
		for (uint32_t i = 0; i < n; i++) {
			cr_expect_not(seen[r[i].index]);
			seen[r[i].index] = true;
			cr_expect(i == 0 || r[i - 1].modified < r[i].modified || (r[i - 1].modified == r[i].modified && r[i - 1].id < r[i].id), "%u", n);
		}
	}
}

Test(rank, a_rank_is_the_same_from_a_view_and_at_a_glance)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.com") };
	rg_revision revision = { { 1 } };
	rg_record *record = NULL;
	rg__glance seen;
	rg__rank a, b;

	rg_contact_init(&c, sizeof c);
	c.uri = RG_STR("sip:a@192.0.2.1");
	c.callid = RG_STR("one");
	c.instance = RG_STR("<urn:x:1>");
	c.user_agent = RG_STR("Phone");
	c.id = 77;
	c.expires = 9000;
	c.created = 100;
	c.modified = 200;
	c.q = -1;
	for (int measured = 0; measured < 2; measured++) {
		c.latency = measured ? 1234 : RG_LATENCY_NONE;
		cr_assert_eq(rg_record_new(&key, &revision, &c, 1, NULL, 0, RG__ABSENT, &record), RG_OK);
		rg__record_glance(record, 0, &seen);
		a = rg__rank_of(&c, 3);
		b = rg__rank_seen(&seen, 3);
		cr_expect(a.id == b.id && a.modified == b.modified && a.created == b.created && a.latency == b.latency && a.q == b.q &&
			a.index == b.index);
		cr_expect_eq(b.latency, c.latency);
		cr_expect_eq(b.q, -1);
		cr_expect(seen.has_instance && seen.methods == RG_METHODS_ALL && seen.expires == 9000);
		cr_expect(rg_str_equal(rg__record_instance(record, 0), c.instance));
		cr_expect(rg_str_equal(rg__record_user_agent(record, 0), c.user_agent));
		rg_record_unref(record);
	}
}
