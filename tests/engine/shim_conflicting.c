/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <stdlib.h>

typedef struct shim {
	rg_store *inner;
	conflicting *c;
} shim;

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

typedef struct pass_on {
	rg_commit_cb done;
	void *tok;
} pass_on;

static void as_conflict(void *tok, rg_status status, const rg_fetched *found)
{
	pass_on *p = tok;

	p->done(p->tok, status == RG_OK ? RG_ECONFLICT : status, found);
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	shim *s = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);
	pass_on p = { done, tok };

	s->c->commits++;
	if (s->c->times == 0)
		return ops->commit(in, key, commit, flags, done, tok);
	s->c->times -= s->c->times > 0;
	if (!s->c->silent)
		return ops->fetch(in, key, RG_FETCH_FRESH, as_conflict, &p);
	done(tok, RG_ECONFLICT, NULL);
	return RG_OK;
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

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->scan(in, domain, cursor, limit, flags, done, tok);
}

static void shim_destroy(void *self)
{
	rg_store_unref(((shim *)self)->inner);
	free(self);
}

rg_store *conflicting_new(rg_store *inner, conflicting *c)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "conflicting", .traits = RG_STORE_INLINE, .fetch = shim_fetch,
		.commit = shim_commit, .due = shim_due, .find = shim_find, .scan = shim_scan, .destroy = shim_destroy };
	shim *s = inner ? malloc(sizeof *s) : NULL;
	rg_store *out = NULL;

	if (!s)
		return NULL;
	*s = (shim){ rg_store_ref(inner), c };
	if (rg_store_new(&ops, s, &out, NULL) != RG_OK)
		shim_destroy(s);
	return out;
}
