/* SPDX-License-Identifier: MIT */
#include "layout.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Written out, since operators and other programs rely on them. */
Test(redis_layout, the_names_are_those_that_are_documented)
{
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.test") };
	rg__redis_names n;

	cr_assert_eq(rg__redis_names_of(RG_STR("rgstr"), 64, &key, &n), RG_OK);
	cr_expect_eq(n.bucket, 41, "%u", n.bucket);
	cr_expect(rg_str_equal(n.member, RG_STR("8:5:location/alice@example.test")));
	cr_expect(rg_str_equal(n.record, RG_STR("{rgstr:41}:r:8:5:location/alice@example.test")), "%.*s", (int)n.record.n, n.record.p);
	cr_expect(rg_str_equal(n.channel, RG_STR("{rgstr:41}:w:8:5:location/alice@example.test")));
	cr_expect(rg_str_equal(n.deadlines, RG_STR("{rgstr:41}:d")));
	cr_expect(rg_str_equal(n.tags, RG_STR("{rgstr:41}:t:8:location/")));
	rg__redis_names_free(&n);
}

Test(redis_layout, the_bucket_follows_from_the_octets_and_lengths_of_the_parts)
{
	rg_key a = { RG_STR("d"), RG_STR("ab"), RG_STR("c") }, b = { RG_STR("d"), RG_STR("a"), RG_STR("bc") };

	cr_expect_eq(rg__redis_bucket(&a, 1), 0);
	cr_expect_neq(rg__redis_bucket(&a, 1024), rg__redis_bucket(&b, 1024));
}

Test(redis_layout, buckets_are_filled_evenly)
{
	enum { KEYS = 64000, BUCKETS = 64 };
	uint32_t n[BUCKETS] = { 0 };

	for (uint32_t i = 0; i < KEYS; i++) {
		char user[16], *end = rg__redis_put_number(user, i);
		rg_key key = { RG_STR("location"), { user, (size_t)(end - user) }, RG_STR("example.test") };

		n[rg__redis_bucket(&key, BUCKETS)]++;
	}
	for (uint32_t i = 0; i < BUCKETS; i++)
		cr_expect(n[i] > 800 && n[i] < 1200, "%u", n[i]);
}

static const rg_key odd_keys[] = {
	{ { "d", 1 }, { "ab", 2 }, { "c", 1 } },
	{ { "d", 1 }, { "a", 1 }, { "bc", 2 } },
	{ { "", 0 }, { "", 0 }, { "", 0 } },
	{ { "d", 1 }, { "", 0 }, { "h", 1 } },
	{ { "d/e", 3 }, { "a@b:c/1:2:", 10 }, { "h@i", 3 } },
	{ { "d", 1 }, { "\0\r\n\xff}{", 6 }, { "h", 1 } },
};

Test(redis_layout, a_member_is_read_back_as_its_key)
{
	for (size_t i = 0; i < sizeof odd_keys / sizeof odd_keys[0]; i++) {
		rg__redis_names n;
		rg_key back;

		cr_assert_eq(rg__redis_names_of(RG_STR("p"), 8, &odd_keys[i], &n), RG_OK);
		cr_expect(rg__redis_member_read(n.member, &back) && rg_key_equal(&back, &odd_keys[i]), "%zu", i);
		/* No beginning of it is a member of the same key. */
		for (size_t cut = 0; cut < n.member.n; cut++) {
			bool read = rg__redis_member_read((rg_str){ n.member.p, cut }, &back);

			cr_expect(!read || !rg_key_equal(&back, &odd_keys[i]), "%zu cut to %zu", i, cut);
		}
		rg__redis_names_free(&n);
	}
}

Test(redis_layout, what_is_no_member_is_refused)
{
	static const char *const bad[] = { "", "1", "1:", "1:1", "1:1:", "1:1:d/", "1:1:d/a", "01:1:d/a@h", "1:01:d/a@h", "-1:1:d/a@h",
		"2:1:d/a@h",
		"1:2:d/a@h", "1:1:d:a@h", "1:1:d/a/h", " 1:1:d/a@h", "99999:99999:d/a@h", "100000:1:d/a@h", "1:18446744073709551617:d/a@h" };
	rg_key out;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_not(rg__redis_member_read(rg_str_from(bad[i]), &out), "%s", bad[i]);
}

Test(redis_layout, long_keys_have_names_until_they_are_longer_than_any_record)
{
	char *text = calloc(1, 70000);
	rg__redis_names n;
	rg_key back, key = { RG_STR("d"), { text, RG__REDIS_KEY_MAX - 2 }, RG_STR("h") };

	cr_assert(text);
	cr_assert_eq(rg__redis_names_of(RG_STR("p"), 64, &key, &n), RG_OK);
	cr_expect(rg__redis_member_read(n.member, &back) && rg_key_equal(&back, &key));
	cr_expect_eq(n.channel.n, n.record.n);
	rg__redis_names_free(&n);
	key.user.n++;
	cr_expect_eq(rg__redis_names_of(RG_STR("p"), 64, &key, &n), RG_ELIMIT);
	key.user.n = SIZE_MAX - 1;
	cr_expect_eq(rg__redis_names_of(RG_STR("p"), 64, &key, &n), RG_ELIMIT);
	free(text);
}

Test(redis_layout, a_score_is_a_double_that_is_not_above_the_time)
{
	static const struct {
		rg_time time;
		const char *text;
	} scores[] = { { 0, "0" }, { 1700000000123, "1700000000123" }, { -5, "-5" }, { RG_TIME_NEVER, "+inf" },
		{ (INT64_C(1) << 53) - 1, "9007199254740991" }, { (INT64_C(1) << 53) + 1, "9007199254740992" },
		{ (INT64_C(1) << 53) + 3, "9007199254740994" }, { -(INT64_C(1) << 53) - 1, "-9007199254740994" },
		{ RG_TIME_NEVER - 1, "9223372036854774784" }, { INT64_MIN, "-9223372036854775808" } };

	for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
		char text[RG__REDIS_SCORE_SIZE];

		rg__redis_score_print(text, scores[i].time);
		cr_expect_str_eq(text, scores[i].text);
	}
}

Test(redis_layout, a_score_is_read_as_a_time_that_is_not_after_it)
{
	static const struct {
		const char *text;
		bool fine;
		rg_time time;
	} scores[] = { { "0", true, 0 }, { "1700000000123", true, 1700000000123 }, { "-5", true, -5 }, { "1.5", true, 1 }, { "-1.5", true, -2 },
		{ "inf", true, RG_TIME_NEVER }, { "+inf", true, RG_TIME_NEVER }, { "-inf", true, INT64_MIN },
		{ "1.152921504606847e+18", true, 100000000000000000 }, { "-1e+30", true, INT64_MIN }, { "1e-5", true, 0 }, { "-1e-5", true, -1 },
		{ "", false, 0 }, { "-", false, 0 }, { "nan", false, 0 }, { "1x", false, 0 }, { "infinity", false, 0 }, { "0x10", false, 0 },
		{ "1 ", false, 0 }, { "e5", false, 0 }, { ".5", false, 0 } };

	for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
		rg_time got;
		bool fine = rg__redis_score_read(rg_str_from(scores[i].text), &got);

		cr_expect_eq(fine, scores[i].fine, "%s", scores[i].text);
		cr_expect(!fine || got == scores[i].time, "%s: %lld", scores[i].text, (long long)got);
	}
}
