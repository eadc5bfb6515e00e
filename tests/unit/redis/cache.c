/* SPDX-License-Identifier: MIT */
#include "cache.h"
#include "sample_record.h"
#include <criterion/criterion.h>
#include <stdio.h>

static rg_record *numbered(uint32_t number, uint8_t version, size_t agent)
{
	static const char filler[4000];
	rg_contact c = sample_contact();
	rg_revision revision = { { version } };
	char user[20];
	rg_record *record = NULL;

	c.user_agent = (rg_str){ filler, agent };
	rg_key key = { RG_STR("location"), { user, (size_t)snprintf(user, sizeof user, "u%u", number) }, RG_STR("example.test") };
	cr_assert_eq(rg_record_new(&key, &revision, &c, 1, NULL, 0, (rg_str){ NULL, 0 }, &record), RG_OK);
	return record;
}

static void keep_numbered(rg__redis_cache *cache, uint32_t number, uint8_t version, size_t agent)
{
	rg_record *record = numbered(number, version, agent);

	rg__redis_cache_put(cache, record);
	rg_record_unref(record);
}

/* @return the version; 0 = none. */
static uint8_t look_for(rg__redis_cache *cache, uint32_t number)
{
	char user[20];
	rg_key key = { RG_STR("location"), { user, (size_t)snprintf(user, sizeof user, "u%u", number) }, RG_STR("example.test") };
	rg_record *record = rg__redis_cache_get(cache, &key);
	uint8_t version = rg_record_revision(record)->b[0];

	rg_record_unref(record);
	return version;
}

Test(redis_cache, the_record_seen_last_is_found)
{
	enum { MANY = 3000 };
	rg__redis_cache *cache = rg__redis_cache_new(UINT64_C(1) << 30);

	cr_assert(cache);
	cr_expect_eq(look_for(cache, 1), 0);
	for (uint32_t i = 0; i < MANY; i++)
		keep_numbered(cache, i, 1, 10);
	for (uint32_t i = 0; i < MANY; i += 2)
		keep_numbered(cache, i, 2, 500);
	for (uint32_t i = 0; i < MANY; i++)
		cr_expect_eq(look_for(cache, i), i % 2 ? 1 : 2, "%u", i);
	cr_expect_eq(rg__redis_cache_records(cache), MANY);
	rg__redis_cache_free(cache);
}

Test(redis_cache, it_never_exceeds_its_bytes_and_drops_what_was_used_longest_ago)
{
	enum { BOUND = 20000 };
	rg__redis_cache *cache = rg__redis_cache_new(BOUND);

	for (uint32_t i = 0; i < 200; i++) {
		keep_numbered(cache, i, 1, i % 7 * 100);
		cr_expect(rg__redis_cache_bytes(cache) <= BOUND);
		cr_expect_eq(look_for(cache, i), 1, "what came last stays");
		cr_expect_eq(look_for(cache, 0), 1, "what is used stays");
	}
	cr_expect_eq(look_for(cache, 1), 0);
	cr_expect_eq(look_for(cache, 199), 1);
	cr_expect_gt(rg__redis_cache_records(cache), 5);
	cr_expect_gt(rg__redis_cache_bytes(cache), BOUND / 2);
	rg__redis_cache_free(cache);
}

Test(redis_cache, a_record_that_is_too_large_drops_what_was_known_of_its_key)
{
	rg__redis_cache *cache = rg__redis_cache_new(2000);

	keep_numbered(cache, 1, 1, 10);
	keep_numbered(cache, 1, 2, 3000);
	cr_expect_eq(look_for(cache, 1), 0);
	cr_expect_eq(rg__redis_cache_bytes(cache), 0);
	rg__redis_cache_free(cache);
}

Test(redis_cache, a_growing_record_pushes_out_others)
{
	rg__redis_cache *cache = rg__redis_cache_new(4000);

	for (uint32_t i = 0; i < 4; i++)
		keep_numbered(cache, i, 1, 10);
	keep_numbered(cache, 0, 2, 3400);
	cr_expect_eq(look_for(cache, 0), 2);
	cr_expect_eq(rg__redis_cache_records(cache), 1);
	cr_expect(rg__redis_cache_bytes(cache) <= 4000);
	rg__redis_cache_free(cache);
}

Test(redis_cache, without_room_it_stays_empty)
{
	rg__redis_cache *cache = rg__redis_cache_new(0);
	rg_key key = sample_key();

	keep_numbered(cache, 1, 1, 10);
	rg__redis_cache_drop(cache, &key);
	rg__redis_cache_clear(cache);
	cr_expect_eq(look_for(cache, 1), 0);
	cr_expect_eq(rg__redis_cache_records(cache), 0);
	rg__redis_cache_free(cache);
	rg__redis_cache_free(NULL);
}

Test(redis_cache, dropped_and_cleared_records_are_gone)
{
	rg__redis_cache *cache = rg__redis_cache_new(UINT64_C(1) << 20);
	char user[] = "u5";
	rg_key key = { RG_STR("location"), { user, 2 }, RG_STR("example.test") };

	for (uint32_t i = 0; i < 100; i++)
		keep_numbered(cache, i, 1, 10);
	rg__redis_cache_drop(cache, &key);
	rg__redis_cache_drop(cache, &key);
	cr_expect_eq(look_for(cache, 5), 0);
	cr_expect_eq(look_for(cache, 6), 1);
	cr_expect_eq(rg__redis_cache_records(cache), 99);
	rg__redis_cache_clear(cache);
	cr_expect_eq(look_for(cache, 6), 0);
	cr_expect_eq(rg__redis_cache_bytes(cache), 0);
	keep_numbered(cache, 6, 2, 10);
	cr_expect_eq(look_for(cache, 6), 2);
	rg__redis_cache_free(cache);
}

/* Parts of a key that are split elsewhere, and parts that are longer than what is hashed at once. */
Test(redis_cache, keys_are_kept_apart)
{
	static char longest[600];
	const rg_key keys[] = { { RG_STR("d"), RG_STR("ab"), RG_STR("c") }, { RG_STR("d"), RG_STR("a"), RG_STR("bc") },
		{ RG_STR("da"), RG_STR("b"), RG_STR("c") }, { RG_STR("d"), RG_STR(""), RG_STR("abc") }, { RG_STR("d"), { longest, 599 }, RG_STR("c") },
		{ RG_STR("d"), { longest, 600 }, RG_STR("c") }, { RG_STR("d"), { longest, 240 }, RG_STR("c") },
		{ RG_STR("d"), { longest, 241 }, RG_STR("c") } };
	enum { N = sizeof keys / sizeof keys[0] };
	rg__redis_cache *cache = rg__redis_cache_new(UINT64_C(1) << 20);
	rg_contact c = sample_contact();

	memset(longest, 'x', sizeof longest);
	for (uint8_t i = 0; i < N; i++) {
		rg_revision revision = { { (uint8_t)(i + 1) } };
		rg_record *record = NULL;

		cr_assert_eq(rg_record_new(&keys[i], &revision, &c, 1, NULL, 0, (rg_str){ NULL, 0 }, &record), RG_OK);
		rg__redis_cache_put(cache, record);
		rg_record_unref(record);
	}
	for (uint8_t i = 0; i < N; i++) {
		rg_record *record = rg__redis_cache_get(cache, &keys[i]);

		cr_expect_eq(rg_record_revision(record)->b[0], i + 1, "key %u", i);
		rg_record_unref(record);
	}
	rg__redis_cache_free(cache);
}
