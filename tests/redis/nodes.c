/* SPDX-License-Identifier: MIT */
#include "nodes.h"
#include <stdlib.h>

typedef struct nodes {
	rg_store *each[NODES], *fresh;
	unsigned turn;
} nodes;

static const rg_store_ops *next_node(nodes *n, void **self)
{
	return rg_store_members(n->each[n->turn++ % NODES], self);
}

static rg_status nodes_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = next_node(self, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_status nodes_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	nodes *n = self;
	void *in;
	const rg_store_ops *ops = next_node(n, &in);
	rg_status st = ops->commit(in, key, commit, flags, done, tok);

	for (int i = 0; i < NODES; i++)
		prompt_settle(n->each[i]);
	return st;
}

/* A walk stays with its node. */
static rg_status nodes_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	nodes *n = self;
	void *in;

	if (!cursor->p) {
		rg_store_unref(n->fresh);
		n->fresh = redis_prompt(redis_store_beside(), PROMPT_INLINE);
	}
	const rg_store_ops *ops = rg_store_members(n->fresh, &in);
	return ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status nodes_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = next_node(self, &in);

	return ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status nodes_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = next_node(self, &in);

	return ops->scan(in, domain, cursor, limit, flags, done, tok);
}

/* The first node watches, whoever commits. */
static rg_status nodes_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((nodes *)self)->each[0], &in);

	return ops->watch(in, key, changed, user, handle);
}

static void nodes_unwatch(void *self, void *handle)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((nodes *)self)->each[0], &in);

	ops->unwatch(in, handle);
}

/* Each member completes before it returns. */
static rg_status nodes_wait(void *self, void *tok, int32_t timeout_ms)
{
	(void)self;
	(void)tok;
	(void)timeout_ms;
	return RG_OK;
}

static void nodes_destroy(void *self)
{
	nodes *n = self;

	for (int i = 0; i < NODES; i++)
		rg_store_unref(n->each[i]);
	rg_store_unref(n->fresh);
	free(n);
}

rg_store *nodes_new(bool cluster)
{
	static const rg_store_ops members = { .struct_size = sizeof members, .name = "nodes", .fetch = nodes_fetch,
		.commit = nodes_commit, .due = nodes_due, .find = nodes_find, .scan = nodes_scan, .watch = nodes_watch,
		.unwatch = nodes_unwatch, .wait = nodes_wait, .destroy = nodes_destroy };
	nodes *n = calloc(1, sizeof *n);
	rg_store *out = NULL;

	for (int i = 0; i < NODES; i++)
		n->each[i] = redis_prompt(i == 0 ? redis_store(cluster, NULL) : redis_store_beside(), PROMPT_INLINE);
	if (rg_store_new(&members, n, &out, NULL) != RG_OK)
		abort();
	return out;
}
