/* SPDX-License-Identifier: MIT */
/* The store made of two: the contract of every store, over main stores of each kind. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <stdlib.h>
#include "check/check.h"
#include "model/layout.h"
#include "shims.h"

/* What is allocated by malloc fails when told to; the shim's own answers are not. */
void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

static _Atomic int fail_in; /* allocations; 0: never */

static bool fails(void)
{
	return atomic_load(&fail_in) > 0 && atomic_fetch_sub(&fail_in, 1) == 1;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

typedef struct stores {
	bool deferred;
	deferred *shim;
} stores;

static rg_status open_overlay(void *user, rg_store **out)
{
	stores *s = user;
	rg_store *main = NULL, *local = NULL;
	rg_status st = rg_memory_store_new(NULL, &main, NULL);

	if (st == RG_OK)
		st = rg_memory_store_new(NULL, &local, NULL);
	if (st == RG_OK && s->deferred) {
		rg_store *inner = main;

		main = deferred_new(inner, &s->shim);
		rg_store_unref(inner);
	}
	if (st == RG_OK)
		st = rg_store_overlay(main, local, out, NULL);
	rg_store_unref(main);
	rg_store_unref(local);
	return st;
}

/* A main store that is not inline is to remember revisions, which the shim, over a memory store, does not. */
static void report(void *user, const rg_str *name, const rg_str *wrong)
{
	static const char *const beyond_the_shim[] = { "a commit sent again changes nothing that came after it", "a delete may be sent again" };
	bool expected = false;

	for (size_t i = 0; i < 2; i++)
		expected |= ((stores *)user)->deferred && rg_str_equal(*name, rg_str_from(beyond_the_shim[i]));
	cr_expect(expected || wrong->n == 0, "%.*s: %.*s", (int)name->n, name->p, (int)wrong->n, wrong->p);
}

static rg_status check(stores *s, uint32_t seed, uint32_t many, uint32_t *failed)
{
	rg_store_check_options o = { .struct_size = sizeof o, .seed = seed, .many = many, .open = open_overlay, .report = report, .user = s };

	return rg_store_check(&o, failed);
}

Test(overlay, keeps_the_store_contract_over_an_inline_main)
{
	stores s = { .deferred = false };
	uint32_t failed = 99;

	cr_expect_eq(check(&s, 1, 0, &failed), RG_OK);
	cr_expect_eq(failed, 0);
	cr_expect_eq(check(&s, 7, 2000, &failed), RG_OK);
}

Test(overlay, keeps_it_over_a_main_that_answers_later_as_far_as_that_one_does)
{
	stores s = { .deferred = true };
	uint32_t failed = 99;

	check(&s, 3, 2000, &failed);
	cr_expect_leq(failed, 2, "%u cases failed", failed);
}

Test(overlay, is_made_of_main_and_the_memory_of_this_node_only)
{
	static const uint32_t unfit[] = { RG_STORE_THREAD_SAFE, RG_STORE_INLINE | RG_STORE_SHARED, RG_STORE_INLINE | RG_STORE_OVERLAY };
	rg_store *memory = NULL, *other = NULL, *out = NULL;
	rg_error *why = rg_error_new();

	cr_assert_eq(rg_memory_store_new(NULL, &memory, NULL), RG_OK);
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
		void *self;
		rg_store_ops ops = *rg_store_members(memory, &self);

		ops.traits = unfit[i];
		ops.destroy = NULL;
		cr_assert_eq(rg_store_new(&ops, self, &other, NULL), RG_OK);
		cr_expect_eq(rg_store_overlay(memory, other, &out, why), RG_EINVAL);
		cr_expect(strstr(rg_error_text(why).p, "memory"));
		cr_expect_null(out);
		cr_expect_eq(rg_store_overlay(other, memory, &out, why), RG_OK, "main may be anything");
		cr_expect_eq(rg_store_traits(out), RG_STORE_OVERLAY | (unfit[i] & ~(uint32_t)RG_STORE_THREAD_SAFE) |
			(unfit[i] & RG_STORE_THREAD_SAFE));
		rg_store_unref(out);
		rg_store_unref(other);
	}
	cr_expect_eq(rg_store_overlay(memory, memory, &out, why), RG_EINVAL);
	cr_expect_eq(rg_store_overlay(NULL, memory, &out, why), RG_EINVAL);
	cr_expect_eq(rg_store_overlay(memory, NULL, &out, NULL), RG_EINVAL);
	rg_error_free(why);
	rg_store_unref(memory);
}

static rg_status open_pretender(void *user, rg_store **out)
{
	rg_store *memory = NULL;
	void *self;
	rg_status st = rg_memory_store_new(NULL, &memory, NULL);

	if (st != RG_OK)
		return st;
	rg_store_ops ops = *rg_store_members(memory, &self);
	ops.traits |= RG_STORE_OVERLAY;
	ops.watch = NULL;
	ops.unwatch = NULL;
	ops.destroy = NULL;
	rg_store_unref(*(rg_store **)user); /* of the case before */
	*(rg_store **)user = memory;
	return rg_store_new(&ops, self, out, NULL);
}

static void note_overlay(void *user, const rg_str *name, const rg_str *wrong)
{
	(void)user;
	cr_expect_eq(wrong->n > 0, memmem(name->p, name->n, "overlay", 7) != NULL, "%.*s: %.*s", (int)name->n, name->p, (int)wrong->n,
		wrong->p);
}

Test(overlay, a_store_that_only_says_it_is_one_is_found_out)
{
	rg_store *last = NULL;
	rg_store_check_options o = { .struct_size = sizeof o, .many = 500, .open = open_pretender, .report = note_overlay, .user = &last };
	uint32_t failed = 0;

	cr_expect_eq(rg_store_check(&o, &failed), RG_ECONTRACT);
	cr_expect_eq(failed, 2);
	rg_store_unref(last);
}

enum { KEYS = 90 };

/* Of three keys one is in main, one here, and one in both. */
static void fill(rg__check *ck, rg_time deadline)
{
	for (uint64_t i = 0; i < KEYS; i++) {
		rg__check_label name;
		rg__check_draft s = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, i), .deadline = deadline, .tags = { RG_STR("t"),
			RG_STR("t") },
			.n_tags = i % 3 == 2 ? 2 : 1, .n_local = i % 3 == 0 ? 0 : 1 };

		rg__check_new(ck, &s);
	}
}

Test(overlay, a_walk_gives_each_key_once_whichever_part_it_is_in)
{
	static const uint32_t limits[] = { 1, 7, 29, 30, 31, 59, 60, 61, KEYS, 1000 };

	for (int later = 0; later < 2; later++) {
		static const rg_store_check_options options = { .struct_size = sizeof options };
		rg__check ck = { .options = &options, .random = 1 };
		stores s = { .deferred = later };

		cr_assert_eq(open_overlay(&s, &ck.store), RG_OK);
		ck.ops = rg_store_members(ck.store, &ck.self);
		fill(&ck, 5000);
		for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
			for (int kind = RG__CHECK_FIND; kind <= RG__CHECK_DUE; kind++) {
				rg__check_walk w = { .kind = (rg__check_walk_kind)kind, .limit = limits[i], .domain = RG__CHECK_DOMAIN, .tag = RG_STR("t"),
					.now = 9000 };
				uint8_t seen[KEYS];
				rg_time next = 0;

				cr_expect_eq(rg__check_collect(&ck, &w, seen, KEYS, &next), KEYS, "limit %u", limits[i]);
				for (int k = 0; k < KEYS; k++)
					cr_expect_eq(seen[k], 1, "key %d of walk %d", k, kind);
				w.now = 4000;
				if (kind != RG__CHECK_DUE)
					continue;
				cr_expect_eq(rg__check_collect(&ck, &w, seen, KEYS, &next), 0);
				cr_expect_eq(next, 5000);
			}
		}
		cr_expect_eq(rg__check_count(&ck, RG__CHECK_DOMAIN)->bindings, KEYS / 3 * 4);
		rg__check_settled(&ck);
		rg_store_unref(ck.store);
		cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
		rg__check_free_answers(&ck);
	}
}

static void on_commit(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	rg_record_unref(current ? current->record : NULL);
}

static void on_fetch(void *tok, rg_status status, const rg_fetched *found)
{
	*(rg_status *)tok = status;
	rg_record_unref(found ? found->record : NULL);
}

static rg_status answered(const stores *s, rg_status returned, const rg_status *given)
{
	if (returned == RG_PENDING)
		deferred_answer_all(s->shim);
	atomic_store(&fail_in, 0);
	return returned < 0 ? returned : *given;
}

/* @return how often memory was short before the commit was done. */
static int commit_short_of_memory(rg__check *ck, const stores *s, const rg_key *key, const rg_commit *c)
{
	rg_status status = RG_ESTORE;
	int nth = 0;

	do {
		atomic_store(&fail_in, ++nth);
		rg_status returned = ck->ops->commit(ck->self, key, c, 0, on_commit, &status);

		status = answered(s, returned, &status);
		cr_assert(status == RG_OK || status == RG_ENOMEM || status == RG_EUNKNOWN, "it was %d", status);
		if (status == RG_ENOMEM)
			cr_assert_eq(atomic_load(&c->next->refs), 1, "the record is its owner's, at allocation %d", nth);
	} while (status != RG_OK && nth < 50);
	cr_expect_eq(status, RG_OK);
	return nth - 1;
}

static void short_of_memory(bool later, uint32_t n_local)
{
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg__check ck = { .options = &options, .random = 1 };
	stores s = { .deferred = later };
	rg_status status = RG_ESTORE;
	rg__check_label name;

	cr_assert_eq(open_overlay(&s, &ck.store), RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	rg__check_draft sample = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, 1), .deadline = 5000, .tags = { RG_STR("t"), RG_STR("u") },
		.n_tags = 2, .n_local = n_local };
	rg_commit c = { .struct_size = sizeof c, .revision = rg__check_mint(&ck) };
	rg_record *record = rg__check_record(&ck, &sample, &c.revision);
	c.next = record;
	cr_expect_geq(commit_short_of_memory(&ck, &s, &sample.key, &c), later ? 2 : n_local > 0);
	cr_expect_eq(rg__check_count(&ck, RG__CHECK_DOMAIN)->bindings, rg_record_contact_count(record));
	rg_record_unref(record);
	for (int nth = 1; status != RG_OK && nth < 50; nth++) {
		atomic_store(&fail_in, nth);
		rg_status returned = ck.ops->fetch(ck.self, &sample.key, 0, on_fetch, &status);

		status = answered(&s, returned, &status);
		cr_assert(status == RG_OK || status == RG_ENOMEM);
	}
	cr_expect_eq(status, RG_OK);
	rg__check_settled(&ck);
	rg_store_unref(ck.store);
	cr_expect(rg__check_ok(&ck), "%s", ck.wrong);
	rg__check_free_answers(&ck);
}

Test(overlay, short_of_memory_takes_no_reference_it_was_not_given)
{
	for (uint32_t n_local = 0; n_local < 3; n_local++) {
		short_of_memory(false, n_local);
		short_of_memory(true, n_local);
	}
}
