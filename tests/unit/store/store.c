/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>
#include "store/store.h"

static rg_status no_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self, (void)key, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)self, (void)key, (void)commit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)now, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*tag, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

Test(store, its_members_and_its_name_are_copied)
{
	for (uint32_t traits = 0; traits <= RG_STORE_INLINE; traits += RG_STORE_INLINE) {
		char name[] = "shelf";
		rg_store_ops ops = { .struct_size = sizeof ops, .name = name, .traits = traits, .fetch = no_fetch, .commit = no_commit,
			.due = no_due, .find = no_find, .scan = no_scan };
		rg_store *store = NULL;
		void *self = NULL;

		cr_assert_eq(rg_store_new(&ops, &ops, &store, NULL), RG_OK);
		memset(name, 'x', strlen(name));
		ops.fetch = NULL;
		cr_expect_str_eq(rg__store_name(store), "shelf");
		cr_expect_eq(rg_store_self(store, "shelf"), &ops);
		cr_expect_null(rg_store_self(store, name));
		cr_expect_str_eq(rg_store_members(store, &self)->name, "shelf");
		cr_expect(rg_store_members(store, &self)->fetch == no_fetch);
		rg_store_unref(store);
	}
}

/* The answer of a store that knows rg_fetched with so many bytes, and what stands behind those that the library knows. */
static uint32_t fetched_size;
static int fetched_tail;

static rg_status fetch_of_size(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	rg_fetched room[2];

	(void)self, (void)key, (void)flags;
	memset(room, fetched_tail, sizeof room);
	room[0] = (rg_fetched){ .struct_size = fetched_size, .authoritative = 1, .base = { { 7 } }, .hint = UINT64_MAX };
	done(tok, RG_OK, room);
	return RG_OK;
}

static const rg_store_ops sized_ops = { .struct_size = sizeof sized_ops, .name = "sized", .traits = RG_STORE_INLINE,
	.fetch = fetch_of_size, .commit = no_commit, .due = no_due, .find = no_find, .scan = no_scan };

Test(store, an_answer_of_a_size_that_no_release_had_breaks_the_contract)
{
	static const struct {
		uint32_t size;
		int tail;
		rg_status status;
	} rows[] = {
		{ sizeof(rg_fetched), 0xff, RG_OK }, { sizeof(rg_fetched) + 8, 0, RG_OK }, { sizeof(rg_fetched) + 8, 1, RG_ECONTRACT },
		{ 0, 0, RG_ECONTRACT }, { offsetof(rg_fetched, local_base), 0, RG_ECONTRACT }, { offsetof(rg_fetched, hint), 0, RG_ECONTRACT },
		{ sizeof(rg_fetched) - 1, 0, RG_ECONTRACT }, { UINT32_MAX, 0, RG_ECONTRACT },
	};
	const rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };
	rg_store *store = NULL;

	cr_assert_eq(rg_store_new(&sized_ops, NULL, &store, NULL), RG_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg__call call;

		fetched_size = rows[i].size;
		fetched_tail = rows[i].tail;
		rg__call_init(&call, store, NULL);
		cr_expect_eq(rg__call_fetch(&call, &key, 0), rows[i].status, "%zu", i);
		if (rows[i].status != RG_OK)
			continue;
		cr_expect_eq(call.found.struct_size, sizeof(rg_fetched));
		cr_expect_eq(call.found.base.b[0], 7);
		cr_expect_eq(call.found.hint, UINT64_MAX);
	}
	cr_expect_eq(rg__store_breaches(store), 6);
	rg_store_unref(store);
}

static uint32_t prefetched;

static void count_prefetched(void *self, const rg_key *keys, uint32_t n)
{
	(void)self, (void)keys;
	prefetched += n;
}

static uint64_t next_step(void *self, const rg_key *key, uint64_t hint)
{
	(void)self;
	return key->user.n + hint;
}

Test(store, a_step_towards_a_key_goes_to_the_member_if_there_is_one)
{
	const rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };

	for (int whole = 0; whole < 2; whole++) {
		rg_store_ops ops = sized_ops;
		rg_store *store = NULL;

		ops.approach = whole ? next_step : NULL;
		cr_assert_eq(rg_store_new(&ops, NULL, &store, NULL), RG_OK);
		cr_expect_eq(rg__store_approach(store, &key, 0), whole ? 5 : 0);
		cr_expect_eq(rg__store_approach(store, &key, 5), whole ? 10 : 0);
		rg_store_unref(store);
	}
}

Test(store, a_prefetch_goes_to_the_member_if_there_is_one_and_there_are_keys)
{
	const rg_key keys[2] = { { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") } };

	for (int whole = 0; whole < 2; whole++) {
		rg_store_ops ops = sized_ops;
		rg_store *store = NULL;
		void *self;

		ops.prefetch = whole ? count_prefetched : NULL;
		prefetched = 0;
		cr_assert_eq(rg_store_new(&ops, NULL, &store, NULL), RG_OK);
		cr_expect_eq(rg_store_members(store, &self)->prefetch != NULL, whole);
		rg__store_prefetch(store, keys, 2);
		rg__store_prefetch(store, NULL, 0);
		cr_expect_eq(prefetched, whole ? 2 : 0);
		rg_store_unref(store);
	}
}
