/* SPDX-License-Identifier: MIT */
#include "kept.h"
#include "shims.h"
#include <stdlib.h>

typedef struct pending {
	kept answer;
	struct pending *next;
	deferred *home;
} pending;

struct deferred {
	rg_store *inner;
	pending *first;
	bool twice, deaf;
	uint32_t canceled;
};

static pending *defer(deferred *d, uint32_t kind, void *tok)
{
	pending *p = calloc(1, sizeof *p), **at = &d->first;

	p->home = d;
	p->answer.kind = kind;
	p->answer.tok = tok;
	while (*at)
		at = &(*at)->next;
	*at = p;
	return p;
}

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	pending *p = defer(self, CALL_FETCH, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.fetch = done;
	return kept_later(&p->answer, ops->fetch(in, key, flags, kept_fetched, &p->answer));
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	pending *p = defer(self, CALL_COMMIT, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.commit = done;
	return kept_later(&p->answer, ops->commit(in, key, commit, flags, kept_fetched, &p->answer));
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_DUE, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.keys = done;
	return kept_later(&p->answer, ops->due(in, now, cursor, limit, flags, kept_keys, &p->answer));
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_FIND, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.keys = done;
	return kept_later(&p->answer, ops->find(in, domain, tag, cursor, limit, flags, kept_keys, &p->answer));
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_SCAN, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.keys = done;
	return kept_later(&p->answer, ops->scan(in, domain, cursor, limit, flags, kept_keys, &p->answer));
}

static rg_status shim_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	pending *p = defer(self, CALL_COUNT, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->answer.done.count = done;
	return kept_later(&p->answer, ops->count(in, domain, flags, kept_count, &p->answer));
}

static void answer(deferred *d, pending *p)
{
	pending **at = &d->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	bool twice = d->twice; /* the store may go with the first answer */
	kept_give(&p->answer);
	if (twice)
		kept_give(&p->answer);
	kept_end(&p->answer);
	free(p);
}

static rg_status shim_wait(void *self, void *tok, int32_t timeout_ms)
{
	deferred *d = self;

	(void)timeout_ms;
	for (pending *p = d->first; p && !d->deaf; p = p->next) {
		if (p->answer.tok == tok) {
			answer(d, p);
			return RG_OK;
		}
	}
	return RG_ETIMEOUT;
}

static void shim_cancel(void *self, void *tok)
{
	(void)tok;
	((deferred *)self)->canceled++;
}

static void shim_destroy(void *self)
{
	rg_store_unref(((deferred *)self)->inner);
	free(self);
}

static const rg_store_ops members = { .struct_size = sizeof members, .name = "deferred", .fetch = shim_fetch, .commit = shim_commit,
	.due = shim_due, .find = shim_find, .scan = shim_scan, .count = shim_count, .wait = shim_wait, .cancel = shim_cancel,
	.destroy = shim_destroy };

static rg_store *defer_around(rg_store *inner, const rg_store_ops *ops, deferred **out)
{
	rg_store_ops own = *ops;
	rg_store *store = NULL;
	deferred *d = inner ? calloc(1, sizeof *d) : NULL;

	*out = NULL;
	if (!d)
		return NULL;
	d->inner = rg_store_ref(inner);
	own.count = shim_counts(inner) ? shim_count : NULL;
	if (rg_store_new(&own, d, &store, NULL) == RG_OK)
		*out = d;
	else
		shim_destroy(d);
	return store;
}

rg_store *deferred_new(rg_store *inner, deferred **out)
{
	return defer_around(inner, &members, out);
}

rg_store *waitless_new(rg_store *inner)
{
	rg_store_ops ops = members;
	deferred *d;

	ops.wait = NULL;
	return defer_around(inner, &ops, &d);
}

uint32_t deferred_pending(const deferred *d)
{
	uint32_t n = 0;

	for (pending *p = d->first; p; p = p->next)
		n++;
	return n;
}

static pending *nth(const deferred *d, uint32_t index)
{
	pending *p = d->first;

	while (p && index-- > 0)
		p = p->next;
	return p;
}

uint32_t deferred_kind(const deferred *d, uint32_t index)
{
	pending *p = nth(d, index);

	return p ? p->answer.kind : 0;
}

void deferred_answer(deferred *d, uint32_t index)
{
	pending *p = nth(d, index);

	if (p)
		answer(d, p);
}

void deferred_answer_all(deferred *d)
{
	while (d->first)
		answer(d, d->first);
}

void deferred_twice(deferred *d, bool twice)
{
	d->twice = twice;
}

void deferred_deaf(deferred *d, bool deaf)
{
	d->deaf = deaf;
}

uint32_t deferred_canceled(const deferred *d)
{
	return d->canceled;
}
