/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <stdlib.h>

typedef struct shim {
	rg_store *inner;
	faulty *f;
} shim;

static const rg_store_ops *inner_of(shim *s, void **self)
{
	return rg_store_members(s->inner, self);
}

static bool fails(faulty *f, uint32_t call)
{
	if (!(f->calls & call) || f->times == 0)
		return false;
	f->seen++;
	if (f->after > 0) {
		f->after--;
		return false;
	}
	f->times -= f->times > 0;
	return true;
}

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	shim *s = self;
	void *in;
	const rg_store_ops *ops = inner_of(s, &in);

	if (fails(s->f, CALL_FETCH)) {
		if (s->f->by_return)
			return s->f->status;
		done(tok, s->f->status, NULL);
		return RG_OK;
	}
	if (s->f->guesses && !(flags & RG_FETCH_FRESH)) {
		rg_fetched absent = { .struct_size = sizeof absent };

		done(tok, RG_OK, &absent);
		return RG_OK;
	}
	return ops->fetch(in, key, flags, done, tok);
}

static void swallow(void *tok, rg_status status, const rg_fetched *current)
{
	(void)tok;
	(void)status;
	if (current)
		rg_record_unref(current->record);
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	shim *s = self;
	void *in;
	const rg_store_ops *ops = inner_of(s, &in);

	if (!fails(s->f, CALL_COMMIT))
		return ops->commit(in, key, commit, flags, done, tok);
	if (s->f->lands)
		ops->commit(in, key, commit, flags, swallow, NULL);
	if (s->f->by_return)
		return s->f->status;
	done(tok, s->f->status, NULL);
	return RG_OK;
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = inner_of(self, &in);

	return fails(((shim *)self)->f, CALL_DUE) ? ((shim *)self)->f->status : ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = inner_of(self, &in);

	return fails(((shim *)self)->f, CALL_FIND) ? ((shim *)self)->f->status : ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = inner_of(self, &in);

	return fails(((shim *)self)->f, CALL_SCAN) ? ((shim *)self)->f->status : ops->scan(in, domain, cursor, limit, flags, done, tok);
}

static rg_status shim_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = inner_of(self, &in);

	return fails(((shim *)self)->f, CALL_COUNT) ? ((shim *)self)->f->status : ops->count(in, domain, flags, done, tok);
}

static void shim_destroy(void *self)
{
	rg_store_unref(((shim *)self)->inner);
	free(self);
}

rg_store *faulty_new(rg_store *inner, faulty *f)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "faulty", .traits = RG_STORE_INLINE | f->traits, .fetch = shim_fetch,
		.commit = shim_commit, .due = shim_due, .find = shim_find, .scan = shim_scan, .count = shim_counts(inner) ? shim_count : NULL, .destroy = shim_destroy };
	shim *s = inner ? malloc(sizeof *s) : NULL;
	rg_store *out = NULL;

	if (!s)
		return NULL;
	*s = (shim){ rg_store_ref(inner), f };
	if (rg_store_new(&ops, s, &out, NULL) != RG_OK)
		shim_destroy(s);
	return out;
}
