/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <stdlib.h>

/* A watch of the shim, over one of the inner store. */
typedef struct shim_watch {
	struct shim_watch *next;
	watching *w;
	rg_watch_cb changed;
	void *user;
	void *inner; /* handle */
	bool told, over; /* of its end; the inner one has ended */
} shim_watch;

typedef struct shim {
	rg_store *inner;
	watching *w;
} shim;

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->commit(in, key, commit, flags, done, tok);
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->scan(in, domain, cursor, limit, flags, done, tok);
}

static void free_when_over(shim_watch *h)
{
	if (h->told && h->over)
		free(h);
}

static void tell_end(shim_watch *h)
{
	h->told = true;
	h->w->live--;
	h->changed(h->user, RG_ECANCELED);
	free_when_over(h);
}

static void inner_changed(void *user, rg_status status)
{
	shim_watch *h = user;

	if (status == RG_ECANCELED) {
		h->over = true;
		free_when_over(h);
	} else if (!h->w->deaf && !h->told) {
		h->changed(h->user, RG_OK);
	}
}

static void *take_watch(shim_watch **list, shim_watch *h)
{
	while (*list != h)
		list = &(*list)->next;
	*list = h->next;
	return h;
}

static void end_inner(shim *s, shim_watch *h)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);

	if (!h->over)
		ops->unwatch(in, h->inner);
}

static rg_status shim_watch_key(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	shim *s = self;
	watching *w = s->w;
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);

	w->watches++;
	if (w->at_once)
		changed(user, RG_OK);
	if (w->ends_at_once)
		changed(user, RG_ECANCELED);
	if (w->refuses != RG_OK || w->ends_at_once) {
		*handle = s; /* nothing that may be unwatched */
		return w->refuses;
	}
	shim_watch *h = calloc(1, sizeof *h);

	*h = (shim_watch){ .next = w->first, .w = w, .changed = changed, .user = user };
	rg_status st = ops->watch(in, key, inner_changed, h, &h->inner);

	if (st != RG_OK) {
		free(h);
		return st;
	}
	w->first = h;
	w->live++;
	*handle = h;
	if (w->hook)
		w->hook(w->user);
	return RG_OK;
}

static void shim_unwatch(void *self, void *handle)
{
	shim *s = self;
	watching *w = s->w;
	shim_watch *h = take_watch((shim_watch **)&w->first, handle);

	w->unwatches++;
	if (w->noisy)
		h->changed(h->user, RG_OK);
	if (w->late) {
		h->next = w->held;
		w->held = h;
	}
	end_inner(s, h);
	if (!w->late)
		tell_end(h);
}

void watching_let_go(watching *w)
{
	for (shim_watch *next, *h = w->held; h; h = next) {
		next = h->next;
		tell_end(h);
	}
	w->held = NULL;
}

void watching_end(watching *w)
{
	shim_watch *h;

	while ((h = w->first) != NULL) {
		w->first = h->next;
		h->next = NULL;
		shim *s = w->shim;

		h->told = true;
		w->live--;
		h->changed(h->user, RG_ECANCELED);
		end_inner(s, h); /* frees it */
	}
}

static void shim_destroy(void *self)
{
	shim *s = self;

	watching_let_go(s->w);
	rg_store_unref(s->inner);
	free(s);
}

rg_store *watching_new(rg_store *inner, watching *w)
{
	rg_store_ops ops = { .struct_size = sizeof ops, .traits = RG_STORE_INLINE, .name = "watching", .fetch = shim_fetch, .commit = shim_commit,
		.due = shim_due, .find = shim_find, .scan = shim_scan, .destroy = shim_destroy };
	shim *s = calloc(1, sizeof *s);
	rg_store *store = NULL;

	if (!w->none) {
		ops.watch = shim_watch_key;
		ops.unwatch = shim_unwatch;
	}
	*s = (shim){ rg_store_ref(inner), w };
	w->shim = s;
	rg_store_new(&ops, s, &store, NULL);
	return store;
}
