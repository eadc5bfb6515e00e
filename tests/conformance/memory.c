/* SPDX-License-Identifier: MIT */
/* The memory store: the contract of every store, and what is its own. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <rgstr/memory.h>
#include <stdlib.h>
#include "check/check.h"

static const rg_revision zero;

/* The allocator of everything linked in here, which fails when told to. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
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

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static rg_status open_memory(void *user, rg_store **out)
{
	return rg_memory_store_new(user, out, NULL);
}

static void report(void *user, const rg_str *name, const rg_str *wrong)
{
	(void)user;
	cr_expect(wrong->n == 0, "%.*s: %.*s", (int)name->n, name->p, (int)wrong->n, wrong->p);
}

static void hold_to_contract(uint32_t shards, uint32_t seed, uint32_t many)
{
	rg_memory_options memory;
	rg_store_check_options o = { .struct_size = sizeof o, .seed = seed, .many = many, .open = open_memory, .report = report,
		.user = &memory };
	uint32_t failed = 99;

	rg_memory_options_init(&memory, sizeof memory);
	memory.shards = shards;
	cr_assert_eq(rg_store_check(&o, &failed), RG_OK);
	cr_assert_eq(failed, 0);
}

Test(memory, keeps_the_store_contract)
{
	hold_to_contract(0, 0, 0);
}

Test(memory, keeps_it_in_one_shard_whose_tables_grow_under_every_walk)
{
	for (uint32_t seed = 1; seed <= 10; seed++)
		hold_to_contract(1, seed, 5000);
}

Test(memory, keeps_it_in_very_many_shards)
{
	hold_to_contract(4096, 3, 5000);
}

Test(memory, options_of_the_check_of_a_size_that_no_release_had_are_refused)
{
	struct {
		rg_store_check_options known;
		uint64_t later;
	} o = { { .open = open_memory }, 1 };
	uint32_t failed = 42;

	for (uint32_t size = 0; size <= sizeof o; size++) {
		o.known.struct_size = size;
		if (size != sizeof o.known)
			cr_expect_eq(rg_store_check(&o.known, &failed), RG_EINVAL, "%u", size);
	}
	cr_expect_eq(failed, 0);
	cr_expect_eq(rg_store_check(NULL, NULL), RG_EINVAL);
}

/* A store and the means to use it. Every use ends with all well. */
static rg__check start(uint64_t max_bytes)
{
	static const rg_store_check_options options = { .struct_size = sizeof options };
	rg_memory_options memory;
	rg__check ck = { .options = &options, .random = 1 };

	rg_memory_options_init(&memory, sizeof memory);
	memory.max_bytes = max_bytes;
	memory.shards = 1;
	cr_assert_eq(rg_memory_store_new(&memory, &ck.store, NULL), RG_OK);
	ck.ops = rg_store_members(ck.store, &ck.self);
	return ck;
}

static void finish(rg__check *ck)
{
	rg__check_settled(ck);
	rg_store_unref(ck->store);
	cr_expect(rg__check_ok(ck), "%s", ck->wrong);
	rg__check_free_answers(ck);
}

static rg__check_draft numbered(rg__check_label *name, uint64_t number)
{
	return rg__check_sample(rg__check_name(name, RG__CHECK_DOMAIN, number), 5000, RG_STR("192.0.2.1:5060"));
}

static rg_status put(rg__check *ck, const rg__check_draft *s, const rg_revision *base, rg_revision *own)
{
	rg_revision r = rg__check_mint(ck);
	rg_record *record = rg__check_record(ck, s, &r);
	rg__check_answer *a = rg__check_commit(ck, &s->key, base, &r, record);
	rg_status status = a->status;

	rg_record_unref(record);
	rg__check_forget(a);
	if (status == RG_OK)
		*own = r;
	return status;
}

Test(memory, past_its_budget_refuses_what_grows_and_loses_nothing)
{
	rg__check ck = start(200000);
	rg__check_label name;
	rg__check_draft s;
	rg_revision r[5000];
	uint64_t n, full, max;

	for (n = 0; n < 5000; n++) {
		s = numbered(&name, n);
		if (put(&ck, &s, &zero, &r[n]) == RG_EFULL)
			break;
	}
	max = n;
	full = rg_memory_store_size(ck.store);
	cr_assert(max > 100 && max < 5000, "%d records fit", (int)max);
	cr_assert(full <= 200000 && full > 100000, "%d bytes are in use", (int)full);
	/* What was refused left no trace. */
	rg__check_holds(&ck, &s.key, &zero);
	cr_assert_eq(rg__check_count(&ck, RG__CHECK_DOMAIN)->records, max);
	cr_assert_eq(rg_memory_store_size(ck.store), full);
	/* Refreshes, and what shrinks, go on. */
	for (n = 0; n < max; n++) {
		s = numbered(&name, n);
		s.n_tags = n % 3 > 0;
		r[n] = rg__check_put(&ck, &s, &r[n]);
	}
	cr_assert_lt(rg_memory_store_size(ck.store), full);
	for (n = 0; n < max; n++)
		r[n] = rg__check_drop(&ck, rg__check_name(&name, RG__CHECK_DOMAIN, n), &r[n]);
	s = numbered(&name, 0);
	cr_assert_eq(put(&ck, &s, &zero, &r[0]), RG_OK);
	finish(&ck);
}

Test(memory, past_its_budget_refuses_a_larger_record_and_keeps_the_old_one)
{
	rg__check ck = start(2000);
	rg__check_label name, other;
	rg__check_draft s = numbered(&name, 0), more;
	rg_revision r = rg__check_new(&ck, &s), ignored;
	uint64_t n = 0;

	do {
		more = numbered(&other, ++n);
	} while (put(&ck, &more, &zero, &ignored) == RG_OK && n < 50);
	for (s.n_tags = 1; s.n_tags < 4; s.n_tags++)
		s.tags[s.n_tags] = RG_STR("a-rather-long-host-name.of-a-rather-long-domain.example.org:5060");
	cr_assert_eq(put(&ck, &s, &r, &ignored), RG_EFULL);
	rg__check_holds(&ck, &s.key, &r);
	s.n_tags = 1;
	rg__check_put(&ck, &s, &r);
	finish(&ck);
}

Test(memory, counts_the_same_bytes_however_often_it_was_filled_and_emptied)
{
	enum { N = 700, DOMAINS = 7 };
	rg__check ck = start(0);
	rg_revision r[N];
	uint64_t filled = 0, empty = 0;

	cr_assert_eq(rg_memory_store_size(ck.store), 0);
	for (int round = 0; round < 4; round++) {
		rg__check_label name;

		for (uint64_t i = 0; i < N; i++) {
			char domain[2] = { (char)('a' + i % DOMAINS), 0 };
			rg__check_draft s = rg__check_sample(rg__check_name(&name, rg_str_from(domain), i), 5000, RG_STR("tag"));

			r[i] = rg__check_new(&ck, &s);
		}
		cr_assert(round == 0 || rg_memory_store_size(ck.store) == filled);
		filled = rg_memory_store_size(ck.store);
		for (uint64_t i = 0; i < N; i++) {
			char domain[2] = { (char)('a' + i % DOMAINS), 0 };

			rg__check_drop(&ck, rg__check_name(&name, rg_str_from(domain), i), &r[i]);
		}
		cr_assert(round == 0 || rg_memory_store_size(ck.store) == empty);
		empty = rg_memory_store_size(ck.store);
	}
	cr_assert(empty < filled / 4, "an empty store still counts %d of %d bytes", (int)empty, (int)filled);
	finish(&ck);
}

Test(memory, refuses_options_that_make_no_sense_and_says_which)
{
	static const uint32_t bad[] = { 3, 63, 8192, UINT32_MAX };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rg_memory_options o;
		rg_error *why = rg_error_new();
		rg_store *store = NULL;

		rg_memory_options_init(&o, sizeof o);
		o.shards = bad[i];
		cr_expect_eq(rg_memory_store_new(&o, &store, why), RG_EINVAL);
		cr_expect_null(store);
		cr_expect(strstr(rg_error_text(why).p, "shards") != NULL);
		rg_error_free(why);
	}
}

Test(memory, knows_its_own_stores_only)
{
	rg__check ck = start(0);
	rg_store_ops ops = *ck.ops;
	_Alignas(128) uint64_t other[32] = { 0 }; /* as a memory store is: one of that name is looked into */
	rg_store *stranger;

	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, other, &stranger, NULL), RG_OK);
	cr_expect_eq(rg_memory_store_size(stranger), 0);
	cr_expect_eq(rg_memory_store_size(NULL), 0);
	rg_store_unref(stranger);
	finish(&ck);
}

Test(memory, refuses_a_record_that_is_not_of_the_key_or_revision_it_comes_with)
{
	rg__check ck = start(0);
	rg__check_label name, other;
	rg__check_draft s = numbered(&name, 0);
	rg_revision own = rg__check_mint(&ck), wrong = rg__check_mint(&ck);
	rg_record *record = rg__check_record(&ck, &s, &own);

	cr_expect_eq(rg__check_commit(&ck, rg__check_name(&other, RG__CHECK_DOMAIN, 1), &zero, &own, record)->status, RG_EINVAL);
	cr_expect_eq(rg__check_commit(&ck, &s.key, &zero, &wrong, record)->status, RG_EINVAL);
	cr_expect_eq(rg__check_commit(&ck, &s.key, &zero, &zero, NULL)->status, RG_EINVAL);
	cr_expect_eq(rg_memory_store_size(ck.store), 0);
	rg_record_unref(record);
	finish(&ck);
}

Test(memory, gives_pages_of_bounded_size_whatever_the_limit)
{
	rg__check ck = start(0);
	rg__check_walk w = { .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = RG_STR("192.0.2.1:5060"), .limit = UINT32_MAX };
	uint8_t *seen = calloc(1, 10000);

	for (uint64_t i = 0; i < 10000; i++) {
		rg__check_label name;
		rg__check_draft s = numbered(&name, i);

		rg__check_put(&ck, &s, &zero);
	}
	cr_expect_eq(rg__check_page(&ck, &w, RG__CHECK_ABSENT)->n, 4096);
	cr_expect_eq(rg__check_collect(&ck, &w, seen, 10000, NULL), 10000);
	free(seen);
	finish(&ck);
}

/* Two stores with seeds of their own, so that a hint of one is garbage for the other. */
Test(memory, takes_the_hint_of_another_store_and_that_of_another_key_for_none)
{
	enum { N = 300 };
	rg__check ck = start(0), other = start(0);
	uint64_t hints[N];
	rg_revision r[N];
	rg__check_label name;

	for (uint64_t i = 0; i < N; i++) {
		rg__check_draft s = numbered(&name, i);

		rg__check_new(&other, &s);
		r[i] = rg__check_new(&ck, &s);
	}
	for (uint64_t i = 0; i < N; i++)
		hints[i] = rg__check_fetch(i % 2 ? &ck : &other, rg__check_name(&name, RG__CHECK_DOMAIN, i))->found.hint;
	for (uint64_t i = 0; i < N; i++) {
		rg__check_draft s = numbered(&name, i);

		cr_assert_neq(hints[i], 0);
		ck.hint = hints[(i + i % 3) % N];
		s.n_tags = i % 4 > 0;
		r[i] = rg__check_put(&ck, &s, &r[i]);
	}
	for (uint64_t i = 0; i < N; i++)
		rg__check_holds(&ck, rg__check_name(&name, RG__CHECK_DOMAIN, i), &r[i]);
	for (uint64_t i = 0; i < N; i++) {
		ck.hint = hints[(i + i % 3) % N];
		rg__check_drop(&ck, rg__check_name(&name, RG__CHECK_DOMAIN, i), &r[i]);
	}
	cr_expect_eq(rg__check_count(&ck, RG__CHECK_DOMAIN)->records, 0);
	finish(&other);
	finish(&ck);
}

static void on_commit(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	rg_record_unref(current ? current->record : NULL);
}

/* The hint of a caller that was built when rg_commit ended before it is not read. */
Test(memory, reads_no_hint_behind_the_end_of_a_shorter_commit)
{
	rg__check ck = start(0);
	rg__check_label name;
	rg__check_draft s = numbered(&name, 0);
	rg_commit c = { .struct_size = offsetof(rg_commit, hint), .base = rg__check_new(&ck, &s), .revision = rg__check_mint(&ck) };
	size_t whole = offsetof(rg_commit, hint);
	rg_commit *shorter = malloc(whole); /* a sanitizer sees who reads more */
	rg_status status = RG_ESTORE;

	memcpy(shorter, &c, whole);
	cr_expect_eq(ck.ops->commit(ck.self, &s.key, shorter, 0, on_commit, &status), RG_OK);
	cr_expect_eq(status, RG_OK);
	rg__check_holds(&ck, &s.key, &zero);
	free(shorter);
	finish(&ck);
}

Test(memory, a_prefetch_of_more_keys_than_it_looks_at_changes_nothing)
{
	enum { N = 5000 };
	rg__check ck = start(0);
	rg__check_label *names = calloc(N, sizeof *names);
	rg_key *keys = calloc(N, sizeof *keys);
	rg__check_draft s;

	for (uint64_t i = 0; i < N; i++)
		keys[i] = *rg__check_name(&names[i], RG__CHECK_DOMAIN, i);
	ck.ops->prefetch(ck.self, keys, N);
	cr_expect_eq(rg_memory_store_size(ck.store), 0);
	s = rg__check_sample(&keys[7], 5000, RG__CHECK_ABSENT);
	rg_revision r = rg__check_new(&ck, &s);
	uint64_t bytes = rg_memory_store_size(ck.store);

	ck.ops->prefetch(ck.self, keys, N);
	cr_expect_eq(rg_memory_store_size(ck.store), bytes);
	rg__check_holds(&ck, &keys[7], &r);
	free(names);
	free(keys);
	finish(&ck);
}

/* How a commit ends during which the nth allocation fails. */
static rg_status commit_failing(rg__check *ck, const rg_key *key, const rg_commit *c, int nth)
{
	rg_status status = RG_OK, returned;

	atomic_store(&fail_in, nth);
	returned = ck->ops->commit(ck->self, key, c, 0, on_commit, &status);
	nth = atomic_exchange(&fail_in, 0);
	cr_assert(returned == RG_OK || nth == 0, "the commit failed without cause");
	return returned != RG_OK ? returned : status;
}

/* 200 records in 50 domains make the tables of the one shard grow. Longer chains are no failure, so not every lack of memory is told. */
Test(memory, short_of_memory_changes_nothing)
{
	rg__check ck = start(0);
	unsigned refused = 0;

	for (uint64_t i = 0; i < 400; i++) {
		rg__check_label name;
		rg__check_draft s = numbered(&name, i % 200);
		char domain[2] = { (char)('A' + i % 50), 0 };

		s.key.domain = rg_str_from(domain);
		rg__check_answer *a = rg__check_fetch(&ck, &s.key);
		rg_commit c = { .struct_size = sizeof c, .base = a->found.base, .revision = rg__check_mint(&ck) };
		rg_record *record;
		char tag[3] = { (char)('a' + i % 26), (char)('a' + i / 26), 0 };

		s.tags[0] = rg_str_from(tag);
		c.next = record = rg__check_record(&ck, &s, &c.revision);
		for (int nth = 1;; nth++) {
			uint64_t bytes = rg_memory_store_size(ck.store);
			rg_status status = commit_failing(&ck, &s.key, &c, nth);

			if (status == RG_OK)
				break;
			cr_assert_eq(status, RG_ENOMEM);
			cr_assert_leq(nth, 8);
			rg__check_holds(&ck, &s.key, &c.base);
			cr_assert_geq(rg_memory_store_size(ck.store), bytes);
			refused++;
		}
		rg__check_holds(&ck, &s.key, &c.revision);
		rg__check_forget(a);
		rg_record_unref(record);
	}
	cr_assert_gt(refused, 40, "%u", refused);
	finish(&ck);
}

/* Threads that watch and stop watching a key that others change. */
struct watching {
	rg__check *ck;
	atomic_uint ends, late;
	atomic_bool ended;
};

static void on_change(void *user, rg_status status)
{
	struct watching *w = user;

	if (atomic_load(&w->ended))
		atomic_fetch_add(&w->late, 1);
	if (status == RG_ECANCELED) {
		atomic_store(&w->ended, true);
		atomic_fetch_add(&w->ends, 1);
	}
}

static void *change_often(void *user)
{
	rg__check ck = *(rg__check *)user;
	rg__check_label name;
	rg__check_draft s = numbered(&name, 0);

	ck.answers = NULL;
	for (int i = 0; i < 3000; i++) {
		rg__check_answer *a = rg__check_fetch(&ck, &s.key);
		rg_revision base = a->found.base, ignored;

		rg__check_forget(a);
		put(&ck, &s, &base, &ignored);
	}
	rg__check_free_answers(&ck);
	return NULL;
}

Test(memory, ends_each_watch_once_while_its_key_changes)
{
	enum { N = 2000 };
	rg__check ck = start(0), mine[2];
	struct watching *w = calloc(N, sizeof *w);
	pthread_t threads[2];
	rg__check_label name;

	for (int i = 0; i < 2; i++) {
		mine[i] = ck;
		mine[i].random = (uint64_t)i + 10;
		pthread_create(&threads[i], NULL, change_often, &mine[i]);
	}
	for (int i = 0; i < N; i++) {
		void *handle;

		cr_assert_eq(ck.ops->watch(ck.self, rg__check_name(&name, RG__CHECK_DOMAIN, 0), on_change, &w[i], &handle), RG_OK);
		ck.ops->unwatch(ck.self, handle);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < N; i++)
		cr_expect(atomic_load(&w[i].ends) == 1 && atomic_load(&w[i].late) == 0);
	free(w);
	finish(&ck);
}

struct stepping {
	rg__check ck;
	_Atomic bool *grown;
	uint64_t taken, keys;
};

static void *step_often(void *user)
{
	struct stepping *s = user;
	rg__check_label name;

	for (uint64_t i = 0; !atomic_load(s->grown) || i < s->keys; i++) {
		const rg_key *key = rg__check_name(&name, RG__CHECK_DOMAIN, i % s->keys);
		uint64_t hint = s->ck.ops->approach(s->ck.self, key, 0);

		s->taken += hint != 0 && s->ck.ops->approach(s->ck.self, key, hint) == hint;
	}
	return NULL;
}

/* A small store asks for no steps; in a large one they meet tables that grow. */
Test(memory, steps_towards_keys_while_the_tables_grow)
{
	enum { KEYS = 12000, STEPPERS = 2 };
	rg__check ck = start(0);
	_Atomic bool grown = false;
	struct stepping steppers[STEPPERS];
	pthread_t threads[STEPPERS];
	rg__check_label name;

	rg__check_draft first = numbered(&name, 0);
	rg__check_new(&ck, &first);
	cr_expect_eq(ck.ops->approach(ck.self, &first.key, 0), 0);
	for (int i = 0; i < STEPPERS; i++) {
		steppers[i] = (struct stepping){ ck, &grown, 0, KEYS };
		pthread_create(&threads[i], NULL, step_often, &steppers[i]);
	}
	for (uint64_t i = 1; i < KEYS; i++) {
		rg__check_draft s = numbered(&name, i);

		rg__check_new(&ck, &s);
	}
	uint64_t bytes = rg_memory_store_size(ck.store);
	atomic_store(&grown, true);
	for (int i = 0; i < STEPPERS; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_gt(steppers[i].taken, 0);
	}
	cr_expect_eq(rg_memory_store_size(ck.store), bytes);
	cr_expect_eq(rg__check_count(&ck, RG__CHECK_DOMAIN)->records, KEYS);
	finish(&ck);
}
