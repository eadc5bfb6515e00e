/* SPDX-License-Identifier: MIT */
/* A commit that waits for its turn in vain, while the commit before it goes on: what its conflict says is there. */
#include "overlay_bench.h"
#include "allocations.h"
#include <pthread.h>

/* A main whose first commit waits until another thread has read main, and whose reader then waits until that commit is over. */
typedef struct gate {
	rg_store *inner;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool armed, holding, read, over;
	bench *bench;
	seen on;
} gate;

static void note(gate *g, bool *what)
{
	pthread_mutex_lock(&g->lock);
	*what = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* Until that, or until the commit is over. */
static void await(gate *g, const bool *what)
{
	pthread_mutex_lock(&g->lock);
	while (!*what && !g->over)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static rg_status gate_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	gate *g = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(g->inner, &in);

	if (g->armed) {
		note(g, &g->holding);
		await(g, &g->read);
	}
	return ops->commit(in, key, commit, flags, done, tok);
}

static void keep_found(void *tok, rg_status status, const rg_fetched *found)
{
	cr_expect_eq(status, RG_OK);
	*(rg_fetched *)tok = *found;
}

static rg_status gate_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	gate *g = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(g->inner, &in);
	rg_fetched found = { 0 };
	rg_status st = ops->fetch(in, key, flags, keep_found, &found);

	if (st < 0)
		return st;
	if (g->armed && g->holding && !g->read) {
		note(g, &g->read);
		await(g, &g->over);
	}
	done(tok, RG_OK, &found);
	return RG_OK;
}

static rg_status gate_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

static rg_status gate_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)now;
	return gate_scan(self, cursor, cursor, limit, flags, done, tok);
}

static rg_status gate_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)tag;
	return gate_scan(self, domain, cursor, limit, flags, done, tok);
}

static void gate_destroy(void *self)
{
	rg_store_unref(((gate *)self)->inner);
}

static void gate_open(gate *g, bench *b)
{
	static const rg_store_ops ops = { .struct_size = sizeof ops, .name = "gate", .traits = RG_STORE_INLINE | RG_STORE_THREAD_SAFE,
		.fetch = gate_fetch, .commit = gate_commit, .due = gate_due, .find = gate_find, .scan = gate_scan, .destroy = gate_destroy };
	rg_store *main_store = NULL;

	*g = (gate){ .bench = b, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	*b = (bench){ .fate = REMOTE_DOES };
	clock_ahead = 0;
	cr_assert_eq(rg_memory_store_new(NULL, &g->inner, NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &b->local, NULL), RG_OK);
	allocations_begin();
	cr_assert_eq(rg_store_new(&ops, g, &main_store, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(main_store, b->local, &b->overlay, NULL), RG_OK);
	rg_store_unref(main_store);
	b->ops = rg_store_members(b->overlay, &b->self);
}

static void *move_to_main(void *user)
{
	gate *g = user;

	cr_expect_eq(put(g->bench, 2, &g->on, "xy"), RG_OK);
	note(g, &g->over);
	return NULL;
}

Test(overlay_busy, a_commit_without_a_turn_is_told_of_a_binding_that_moves_meanwhile)
{
	pthread_t mover;
	gate g;
	bench b;

	gate_open(&g, &b);
	seen before = look(&b);
	cr_assert_eq(put(&b, 1, &before, "xY"), RG_OK);
	g.on = look(&b);
	g.armed = true;
	cr_assert_eq(pthread_create(&mover, NULL, move_to_main, &g), 0);
	await(&g, &g.holding);
	seen told = put_under(&b, &pair_alice, 3, &g.on, "xYz");
	note(&g, &g.read); /* if memory was short, it was not */
	pthread_join(mover, NULL);
	cr_expect_eq(told.status, RG_ECONFLICT);
	cr_expect_eq(told.found.partial, 0);
	cr_expect_str_eq(told.text, "xy", "it says: %s", told.text);
	cr_expect_eq(put(&b, 4, &told, "xyz"), RG_OK, "it can be committed on");
	cr_expect_str_eq(look(&b).text, "xyz");
	bench_close(&b);
}
