/* SPDX-License-Identifier: MIT */
/* The tables of the memory store: large pages, and entries of all lengths. */
#include <criterion/criterion.h>
#include <errno.h>
#include <rgstr/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "check/check.h"

static const rg_revision zero;

static bool small_pages; /* the system has no others */
static void *refused;    /* what was to be put on large ones, in vain */

int __wrap_madvise(void *p, size_t n, int advice);

/* Stands in for a system with or without large pages. What its kernel gives is no matter of these tests. */
int __wrap_madvise(void *p, size_t n, int advice)
{
	(void)advice;
	refused = small_pages ? p : NULL;
	return small_pages || !p || n == 0 ? -1 : 0;
}

static rg_status open_large(void *user, rg_store **out)
{
	return rg_memory_store_new(user, out, NULL);
}

static void tell(void *user, const rg_str *name, const rg_str *wrong)
{
	(void)user;
	cr_expect(wrong->n == 0, "%.*s: %.*s", (int)name->n, name->p, (int)wrong->n, wrong->p);
}

static void hold_large(uint32_t shards, uint32_t many)
{
	rg_memory_options memory;
	rg_store_check_options o = { .struct_size = sizeof o, .seed = 1, .many = many, .open = open_large, .report = tell, .user = &memory };
	uint32_t failed = 99;

	rg_memory_options_init(&memory, sizeof memory);
	memory.shards = shards;
	memory.large_pages = 1;
	cr_assert_eq(rg_store_check(&o, &failed), RG_OK);
	cr_assert_eq(failed, 0);
}

Test(memory_tables, keep_the_store_contract_on_large_pages)
{
	hold_large(0, 0);
	hold_large(1, 20000);
}

static rg_status open_with(uint32_t large_pages, uint32_t reserved, const char *expected)
{
	rg_memory_options o;
	rg_error *why = rg_error_new();
	rg_store *store = NULL;

	rg_memory_options_init(&o, sizeof o);
	o.large_pages = large_pages;
	o.reserved = reserved;
	rg_status status = rg_memory_store_new(&o, &store, why);
	cr_expect_eq(store == NULL, status != RG_OK);
	cr_expect(strstr(rg_error_text(why).p, expected) != NULL, "%s", rg_error_text(why).p);
	rg_error_free(why);
	rg_store_unref(store);
	return status;
}

Test(memory_tables, has_large_pages_or_says_that_there_are_none)
{
	cr_expect_eq(open_with(2, 0, "large_pages"), RG_EINVAL);
	cr_expect_eq(open_with(0, 1, "reserved"), RG_EINVAL);
	cr_expect_eq(open_with(1, 0, ""), RG_OK);
	small_pages = true;
	cr_expect_eq(open_with(1, 0, "large pages"), RG_ENOTSUP);
	cr_expect_eq(open_with(0, 0, ""), RG_OK);
	small_pages = false;
}

/* A record of @p n bindings with the tags from @p first on. */
static rg_record *tagged(const rg_key *key, const rg_revision *revision, uint32_t first, uint32_t n)
{
	enum { MANY = 600 };
	rg_contact contacts[MANY];
	char hops[MANY][16];
	rg_record *out = NULL;

	for (uint32_t i = 0; i < n; i++) {
		rg_contact_init(&contacts[i], sizeof contacts[i]);
		contacts[i].id = i + 1;
		contacts[i].expires = 5000;
		contacts[i].next_hop = (rg_str){ hops[i], (size_t)snprintf(hops[i], sizeof hops[i], "hop-%u", (unsigned)(first + i)) };
	}
	cr_assert_eq(rg_record_new(key, revision, contacts, n, NULL, 0, (rg_str){ NULL, 0 }, &out), RG_OK);
	return out;
}

/* Commits a record of @p n bindings with the tags from @p first on, or none. */
static rg_status put_tagged(rg__check *ck, uint32_t key, rg_revision *has, uint32_t first, uint32_t n)
{
	rg__check_label label;
	rg_key *name = rg__check_name(&label, RG__CHECK_DOMAIN, key);
	rg_revision own = rg__check_mint(ck);
	rg_record *next = n > 0 ? tagged(name, &own, first, n) : NULL;
	rg__check_answer *a = rg__check_commit(ck, name, has, &own, next);
	rg_status status = a->status;

	if (status == RG_OK)
		*has = n > 0 ? own : zero;
	rg__check_forget(a);
	rg_record_unref(next);
	return status;
}

/* The cells of so many records do not fit into one mapping. */
Test(memory_tables, give_back_what_large_pages_were_refused_for)
{
	enum { TAGS = 600, MOST = 700 };
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg__check ck = { .options = &options, .random = 1 };
	rg_status status = RG_OK;
	rg_memory_options one;
	uint32_t n = 0;

	rg_memory_options_init(&one, sizeof one);
	one.shards = one.large_pages = 1;
	cr_assert_eq(rg_memory_store_new(&one, &ck.store, NULL), RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	small_pages = true;
	while (n < MOST && status == RG_OK) {
		rg_revision has = zero;
		status = put_tagged(&ck, n++, &has, 0, TAGS);
	}
	cr_expect_eq(status, RG_ENOMEM);
	cr_assert_not_null(refused);
	cr_expect(msync(refused, 1, MS_ASYNC) < 0 && errno == ENOMEM, "it is still mapped");
	small_pages = false;
	rg_store_unref(ck.store);
	cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
	rg__check_free_answers(&ck);
}

/* The cells of an entry are used again for entries of other lengths. */
Test(memory_tables, finds_records_whose_number_of_tags_goes_up_and_down)
{
	enum { KEYS = 50, TAGS = 40, STEPS = 6000, CHECKED = 500 };
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg__check ck = { .options = &options, .random = 1 };
	rg_revision has[KEYS] = { 0 };
	uint32_t n_tags[KEYS] = { 0 }, state = 1;
	rg_memory_options one;
	uint64_t most = 0;

	rg_memory_options_init(&one, sizeof one);
	one.shards = 1;
	cr_assert_eq(rg_memory_store_new(&one, &ck.store, NULL), RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	for (uint32_t step = 1; step <= STEPS; step++) {
		rg__check_label name;
		uint32_t k = (state = state * 1664525 + 1013904223) >> 8 & 63, n = (state >> 14) % (TAGS + 1);
		rg_revision own = rg__check_mint(&ck);

		if (k >= KEYS)
			continue;
		n = step % 3 ? n % 4 : n;
		rg_key *key = rg__check_name(&name, RG__CHECK_DOMAIN, k);
		rg_record *next = n > 0 ? tagged(key, &own, 0, n) : NULL;
		rg__check_answer *a = rg__check_commit(&ck, key, &has[k], &own, next);
		cr_assert_eq(a->status, RG_OK);
		rg__check_forget(a);
		rg_record_unref(next);
		has[k] = n > 0 ? own : zero;
		n_tags[k] = n;
		most = rg_memory_store_size(ck.store) > most ? rg_memory_store_size(ck.store) : most;
		for (uint32_t tag = 0; tag < TAGS && step % CHECKED == 0; tag++) {
			char hop[16];
			rg_str text = { hop, (size_t)snprintf(hop, sizeof hop, "hop-%u", (unsigned)tag) };
			rg__check_walk w = { .kind = RG__CHECK_FIND, .limit = 3, .domain = RG__CHECK_DOMAIN, .tag = text };
			uint8_t seen[KEYS];

			rg__check_collect(&ck, &w, seen, KEYS, NULL);
			for (uint32_t i = 0; i < KEYS; i++)
				cr_assert_eq(seen[i], n_tags[i] > tag, "key %u, tag %u", (unsigned)i, (unsigned)tag);
		}
	}
	cr_expect_lt(most, 400000, "%d bytes", (int)most);
	rg_store_unref(ck.store);
	cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
	rg__check_free_answers(&ck);
}

/* What a REGISTER with Expires: 0 leaves has no tag, and must fit into a store that is full. */
Test(memory_tables, let_records_lose_their_tags_when_the_store_is_full)
{
	enum { KEYS = 2000 };
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg__check ck = { .options = &options, .random = 1 };
	rg_memory_options o;
	rg_revision *has = calloc(KEYS, sizeof *has);
	uint32_t n = 0;

	rg_memory_options_init(&o, sizeof o);
	o.shards = 1;
	o.max_bytes = 100000;
	cr_assert(has && rg_memory_store_new(&o, &ck.store, NULL) == RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	for (bool full = false; !full && n < KEYS; n += !full) {
		rg__check_label name;
		rg_key *key = rg__check_name(&name, RG__CHECK_DOMAIN, n);
		rg_revision own = rg__check_mint(&ck);
		rg_record *next = tagged(key, &own, 0, 1);
		rg__check_answer *a = rg__check_commit(&ck, key, &zero, &own, next);

		full = a->status == RG_EFULL;
		cr_assert(full || a->status == RG_OK);
		has[n] = own;
		rg__check_forget(a);
		rg_record_unref(next);
	}
	cr_assert(n > 50 && n < KEYS);
	for (uint32_t i = 0; i < n; i++) {
		rg__check_label name;
		rg_key *key = rg__check_name(&name, RG__CHECK_DOMAIN, i);
		rg_revision own = rg__check_mint(&ck);
		rg_record *next = tagged(key, &own, 0, 0);
		rg__check_answer *a = rg__check_commit(&ck, key, &has[i], &own, next);

		cr_expect_eq(a->status, RG_OK);
		rg__check_forget(a);
		rg_record_unref(next);
	}
	rg_store_unref(ck.store);
	cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
	rg__check_free_answers(&ck);
	free(has);
}

/* In a full store a record becomes no larger, and keeps some of its tags. It has fewer of them, or as many. */
Test(memory_tables, need_no_room_for_what_becomes_smaller)
{
	enum { KEYS = 100, TAGS = 30, STEPS = 400, FIRST = 10 };
	static const rg_store_check_options options = { .struct_size = sizeof options };

	for (uint32_t budget = 12000; budget < 14000; budget += 200) {
		rg__check ck = { .options = &options, .random = 1 };
		rg_revision has[KEYS] = { 0 };
		uint32_t first[KEYS] = { 0 }, n[KEYS] = { 0 }, keys = 0, state = budget;
		rg_memory_options one;

		rg_memory_options_init(&one, sizeof one);
		one.shards = 1;
		one.max_bytes = budget;
		cr_assert_eq(rg_memory_store_new(&one, &ck.store, NULL), RG_OK);
		ck.ops = rg_store_members(ck.store, &ck.self);
		while (keys < KEYS && put_tagged(&ck, keys, &has[keys], FIRST, 1 + keys % 12) == RG_OK) {
			first[keys] = FIRST;
			n[keys] = 1 + keys % 12;
			keys++;
		}
		cr_assert(keys > 10 && keys < KEYS);
		for (uint32_t step = 0; step < STEPS; step++) {
			state = state * 1664525 + 1013904223;
			uint32_t k = (state >> 8) % keys, fewer = step % 4 == 0, then = FIRST + (state >> 20) % (TAGS - 12);

			if (n[k] == 0)
				continue;
			cr_expect_eq(put_tagged(&ck, k, &has[k], then, n[k] - fewer), RG_OK, "%u bytes: %u tags of %u", budget, n[k] - fewer, n[k]);
			first[k] = then;
			n[k] -= fewer;
		}
		cr_expect_leq(rg_memory_store_size(ck.store), budget);
		for (uint32_t tag = FIRST; tag < FIRST + TAGS; tag++) {
			char hop[16];
			rg_str text = { hop, (size_t)snprintf(hop, sizeof hop, "hop-%u", (unsigned)tag) };
			rg__check_walk w = { .kind = RG__CHECK_FIND, .limit = 3, .domain = RG__CHECK_DOMAIN, .tag = text };
			uint8_t seen[KEYS];

			rg__check_collect(&ck, &w, seen, KEYS, NULL);
			for (uint32_t i = 0; i < keys; i++)
				cr_assert_eq(seen[i], tag >= first[i] && tag - first[i] < n[i], "key %u, tag %u", (unsigned)i, (unsigned)tag);
		}
		for (uint32_t k = 0; k < keys; k++)
			cr_expect_eq(put_tagged(&ck, k, &has[k], 0, 0), RG_OK);
		rg_store_unref(ck.store);
		cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
		rg__check_free_answers(&ck);
	}
}

/* As many records as make a page of `due` stop before it is full, nearly all of them refreshed since. */
Test(memory_tables, give_what_is_due_among_many_deadlines_that_have_moved)
{
	enum { KEYS = 5000, APART = 1000 };
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg__check ck = { .options = &options, .random = 1 };
	rg__check_walk w = { .kind = RG__CHECK_DUE, .limit = 10, .now = 6000 };
	rg_memory_options one;
	rg_revision *has = calloc(KEYS, sizeof *has);
	uint8_t *seen = calloc(KEYS, 1);
	rg_time next;

	rg_memory_options_init(&one, sizeof one);
	one.shards = 1;
	cr_assert(has && seen && rg_memory_store_new(&one, &ck.store, NULL) == RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < KEYS; i++) {
			rg__check_label name;
			rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, i), round ? 9000 : 5000, RG_STR("t"));

			if (round == 0)
				has[i] = rg__check_new(&ck, &s);
			else if (i % APART != 0)
				has[i] = rg__check_put(&ck, &s, &has[i]);
		}
	}
	cr_expect_eq(rg__check_collect(&ck, &w, seen, KEYS, &next), KEYS / APART);
	for (uint32_t i = 0; i < KEYS; i++)
		cr_expect_eq(seen[i], i % APART == 0);
	cr_expect_eq(next, 9000);
	rg_store_unref(ck.store);
	cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
	rg__check_free_answers(&ck);
	free(has);
	free(seen);
}
