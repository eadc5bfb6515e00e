/* SPDX-License-Identifier: MIT */
/* A memory store behind members of its own, which get it right. A fault takes the place of one of them. */
#ifndef BROKEN_H
#define BROKEN_H

#include <rgstr/memory.h>
#include <stdlib.h>

struct broken {
	rg_store *inner;
	const rg_store_ops *ops;
	void *self;
	rg_record *stale;
};

/* A call on its way through; on the stack, for the memory store answers before it returns. */
struct relay {
	struct broken *b;
	void *tok;
	rg_fetch_cb fetched;
	rg_commit_cb committed;
	rg_keys_cb keys;
	rg_count_cb counted;
	rg_status status;
	rg_fetched found;
};

static rg_status right_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->fetch(b->self, key, flags, done, tok);
}

static rg_status right_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->commit(b->self, key, c, flags, done, tok);
}

static rg_status right_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->due(b->self, now, cursor, limit, flags, done, tok);
}

static rg_status right_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->find(b->self, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status right_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->scan(b->self, domain, cursor, limit, flags, done, tok);
}

static rg_status right_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	struct broken *b = self;
	return b->ops->count(b->self, domain, flags, done, tok);
}

static rg_status right_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	struct broken *b = self;
	return b->ops->watch(b->self, key, changed, user, handle);
}

static void right_unwatch(void *self, void *handle)
{
	struct broken *b = self;
	b->ops->unwatch(b->self, handle);
}

static void right_prefetch(void *self, const rg_key *keys, uint32_t n)
{
	struct broken *b = self;
	b->ops->prefetch(b->self, keys, n);
}

static uint64_t right_approach(void *self, const rg_key *key, uint64_t hint)
{
	struct broken *b = self;
	return b->ops->approach(b->self, key, hint);
}

static void right_destroy(void *self)
{
	struct broken *b = self;
	rg_store_unref(b->inner);
	rg_record_unref(b->stale);
	free(b);
}

#endif
