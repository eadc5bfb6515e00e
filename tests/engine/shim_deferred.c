/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <stdlib.h>
#include <string.h>

typedef struct pending {
	struct pending *next;
	deferred *home;
	uint32_t kind;
	union {
		rg_fetch_cb fetch;
		rg_commit_cb commit;
		rg_keys_cb keys;
		rg_count_cb count;
	} done;
	void *tok;
	rg_status status;
	bool has_found;
	rg_fetched found;
	rg_keys page;
	char *memory;
	uint64_t records, bindings;
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
	p->kind = kind;
	p->tok = tok;
	while (*at)
		at = &(*at)->next;
	*at = p;
	return p;
}

static void keep_fetched(void *tok, rg_status status, const rg_fetched *found)
{
	pending *p = tok;

	p->status = status;
	p->has_found = found != NULL;
	if (found)
		p->found = *found;
}

static char *put(char *at, rg_str from, rg_str *to)
{
	*to = (rg_str){ from.p ? at : NULL, from.n };
	if (from.n)
		memcpy(at, from.p, from.n);
	return at + from.n;
}

static void keep_keys(void *tok, rg_status status, const rg_keys *page)
{
	pending *p = tok;
	size_t room = 1;

	p->status = status;
	if (!page)
		return;
	for (uint32_t i = 0; i < page->n; i++)
		room += page->keys[i].domain.n + page->keys[i].user.n + page->keys[i].host.n;
	rg_key *keys = malloc(sizeof *keys * page->n + room + page->cursor.n);
	char *at = (char *)(keys + page->n);
	for (uint32_t i = 0; i < page->n; i++) {
		at = put(at, page->keys[i].domain, &keys[i].domain);
		at = put(at, page->keys[i].user, &keys[i].user);
		at = put(at, page->keys[i].host, &keys[i].host);
	}
	p->page = *page;
	p->page.keys = keys;
	p->memory = (char *)keys;
	put(at, page->cursor, &p->page.cursor);
}

static void keep_count(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	pending *p = tok;

	p->status = status;
	p->records = records;
	p->bindings = bindings;
}

/* An inner store that refuses by its return has not called back. */
static rg_status later(pending *p, rg_status status)
{
	if (status < 0)
		p->status = status;
	return RG_PENDING;
}

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	pending *p = defer(self, CALL_FETCH, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.fetch = done;
	return later(p, ops->fetch(in, key, flags, keep_fetched, p));
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	pending *p = defer(self, CALL_COMMIT, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.commit = done;
	return later(p, ops->commit(in, key, commit, flags, keep_fetched, p));
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_DUE, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.keys = done;
	return later(p, ops->due(in, now, cursor, limit, flags, keep_keys, p));
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_FIND, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.keys = done;
	return later(p, ops->find(in, domain, tag, cursor, limit, flags, keep_keys, p));
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending *p = defer(self, CALL_SCAN, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.keys = done;
	return later(p, ops->scan(in, domain, cursor, limit, flags, keep_keys, p));
}

static rg_status shim_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	pending *p = defer(self, CALL_COUNT, tok);
	void *in;
	const rg_store_ops *ops = rg_store_members(p->home->inner, &in);

	p->done.count = done;
	return later(p, ops->count(in, domain, flags, keep_count, p));
}

static void give(pending *p)
{
	rg_fetched found = p->found;

	if (p->has_found && found.record)
		rg_record_ref(found.record);
	switch (p->kind) {
	case CALL_FETCH:
		p->done.fetch(p->tok, p->status, p->has_found ? &found : NULL);
		break;
	case CALL_COMMIT:
		p->done.commit(p->tok, p->status, p->has_found ? &found : NULL);
		break;
	case CALL_COUNT:
		p->done.count(p->tok, p->status, p->records, p->bindings);
		break;
	default:
		p->done.keys(p->tok, p->status, p->status == RG_OK ? &p->page : NULL);
	}
}

static void answer(deferred *d, pending *p)
{
	pending **at = &d->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	bool twice = d->twice; /* the store may go with the first answer */
	give(p);
	if (twice)
		give(p);
	rg_record_unref(p->found.record);
	free(p->memory);
	free(p);
}

static rg_status shim_wait(void *self, void *tok, int32_t timeout_ms)
{
	deferred *d = self;

	(void)timeout_ms;
	for (pending *p = d->first; p && !d->deaf; p = p->next) {
		if (p->tok == tok) {
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
	rg_store *store = NULL;
	deferred *d = inner ? calloc(1, sizeof *d) : NULL;

	*out = NULL;
	if (!d)
		return NULL;
	d->inner = rg_store_ref(inner);
	if (rg_store_new(ops, d, &store, NULL) == RG_OK)
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

	return p ? p->kind : 0;
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
