/* SPDX-License-Identifier: MIT */
/* What the engine hands to a store: revisions that never repeat, and the flag of calls that are waited for. */
#include "kit.h"
#include <sched.h>
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1:5060>"

enum { MOST = 64 };

/* A memory store that notes what it is given. */
typedef struct notes {
	rg_store *inner;
	int32_t conflicts; /* so many commits are told that they came too late */
	rg_revision revisions[MOST];
	uint32_t n;
	uint32_t blocking, calls; /* calls with RG_OP_BLOCKING, and all */
} notes;

static void note_flags(notes *s, uint32_t flags)
{
	s->calls++;
	s->blocking += (flags & RG_OP_BLOCKING) != 0;
}

static rg_status note_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((notes *)self)->inner, &in);

	note_flags(self, flags);
	return ops->fetch(in, key, flags, done, tok);
}

static rg_status note_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	notes *s = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);

	note_flags(self, flags);
	cr_assert_lt(s->n, MOST);
	s->revisions[s->n++] = commit->revision;
	if (s->conflicts == 0)
		return ops->commit(in, key, commit, flags, done, tok);
	s->conflicts--;
	done(tok, RG_ECONFLICT, NULL);
	return RG_OK;
}

static rg_status note_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((notes *)self)->inner, &in);

	note_flags(self, flags);
	return ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status note_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((notes *)self)->inner, &in);

	note_flags(self, flags);
	return ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status note_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((notes *)self)->inner, &in);

	note_flags(self, flags);
	return ops->scan(in, domain, cursor, limit, flags, done, tok);
}

static rg_status note_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((notes *)self)->inner, &in);

	note_flags(self, flags);
	return ops->count(in, domain, flags, done, tok);
}

static rg_status note_wait(void *self, void *tok, int32_t timeout_ms)
{
	(void)self, (void)tok, (void)timeout_ms;
	return RG_ETIMEOUT;
}

/* It answers within each call, and says so with INLINE only. */
static void open_noting(kit *k, notes *s, int how)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "noting", .traits = how == INLINE ? RG_STORE_INLINE : 0,
		.fetch = note_fetch, .commit = note_commit, .due = note_due, .find = note_find, .scan = note_scan, .count = note_count,
		.wait = note_wait };
	rg_store *store = NULL;

	kit_init(k);
	*s = (notes){ .inner = k->memory };
	cr_assert_eq(rg_store_new(&ops, s, &store, NULL), RG_OK);
	kit_open_over(k, store);
}

static void expect_all_different(const notes *s)
{
	static const rg_revision none;

	for (uint32_t i = 0; i < s->n; i++) {
		cr_expect_not(rg_revision_equal(&s->revisions[i], &none), "commit %u", i);
		for (uint32_t j = 0; j < i; j++)
			cr_expect_not(rg_revision_equal(&s->revisions[i], &s->revisions[j]), "commits %u and %u", j, i);
	}
}

Test(revisions, none_comes_twice_in_conflicts_and_in_walks)
{
	uint32_t n = 0;
	notes s;
	kit k;

	open_noting(&k, &s, INLINE);
	s.conflicts = 5;
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "bob", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "carol", A1, 1), 200);
	cr_expect_eq(rg_remove_ip_port(k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	cr_expect_eq(n, 3);
	cr_expect_eq(s.n, 5 + 3 + 3);
	expect_all_different(&s);
	kit_close(&k);
}

Test(revisions, none_comes_twice_on_different_processors)
{
	cpu_set_t all, one;
	notes s;
	kit k;

	open_noting(&k, &s, INLINE);
	cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && s.n < 8; cpu++) {
		char aor[8];

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
		snprintf(aor, sizeof aor, "u%d", cpu);
		cr_expect_eq(kit_save(&k, aor, A1, 1), 200);
	}
	sched_setaffinity(0, sizeof all, &all);
	cr_expect_gt(s.n, 0);
	expect_all_different(&s);
	kit_close(&k);
}

Test(revisions, a_store_that_can_be_waited_for_is_told_which_calls_are_waited_for)
{
	rg_remove_filter filter;
	outcome o[2] = { { 0 }, { 0 } };
	uint32_t n = 0;
	notes s;
	kit k;

	open_noting(&k, &s, DEFERRED);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	cr_expect_eq(rg_each(k.reg, RG_STR("location"), kit_each, &o[0], NULL), RG_OK);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
	cr_expect_eq(rg_remove_ip_port(k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	kit_stat(&k, "commits");
	cr_expect_geq(s.calls, 9);
	cr_expect_eq(s.blocking, s.calls);
	s.blocking = s.calls = 0;
	kit_save_async(&k, "alice", A1, 2, &o[1]);
	kit_tick(&k);
	cr_expect_geq(s.calls, 3);
	cr_expect_eq(s.blocking, 0);
	rg_op_free(o[1].op);
	kit_close(&k);
}
