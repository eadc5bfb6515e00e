/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <stdlib.h>
#include <string.h>

/* A cursor is that of the inner store behind one octet. */
#define EMPTY_FIRST 'e'
#define KEY_NEXT 'k'

typedef struct sparse {
	rg_store *inner;
} sparse;

typedef struct page_call {
	rg_keys_cb done;
	void *tok;
} page_call;

static void give_page(const page_call *c, const rg_keys *page, char kind, rg_str inner_cursor)
{
	rg_keys out = *page;
	char *text = malloc(inner_cursor.n + 1);

	text[0] = kind;
	memcpy(text + 1, inner_cursor.p, inner_cursor.n);
	out.cursor = (rg_str){ text, inner_cursor.n + 1 };
	c->done(c->tok, RG_OK, &out);
	free(text);
}

static void pass_one_key(void *tok, rg_status status, const rg_keys *page)
{
	const page_call *c = tok;

	if (status == RG_OK && page->cursor.p)
		give_page(c, page, EMPTY_FIRST, page->cursor);
	else
		c->done(c->tok, status, page);
}

/* True: the page was given. Else @p cursor becomes that of the inner store. */
static bool gives_empty_page(const page_call *c, rg_str *cursor)
{
	const rg_keys none = { .struct_size = sizeof none };

	if (!cursor->p)
		return false;
	rg_str rest = { cursor->p + 1, cursor->n - 1 };
	bool empty = cursor->p[0] == EMPTY_FIRST;

	*cursor = rest;
	if (empty)
		give_page(c, &none, KEY_NEXT, rest);
	return empty;
}

static rg_status sparse_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_status sparse_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return ops->commit(in, key, commit, flags, done, tok);
}

static rg_status sparse_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	page_call c = { done, tok };
	rg_str from = *cursor;
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return gives_empty_page(&c, &from) ? RG_OK : ops->due(in, now, &from, limit < 1 ? limit : 1, flags, pass_one_key, &c);
}

static rg_status sparse_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	page_call c = { done, tok };
	rg_str from = *cursor;
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return gives_empty_page(&c, &from) ? RG_OK : ops->find(in, domain, tag, &from, limit < 1 ? limit : 1, flags, pass_one_key, &c);
}

static rg_status sparse_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	page_call c = { done, tok };
	rg_str from = *cursor;
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return gives_empty_page(&c, &from) ? RG_OK : ops->scan(in, domain, &from, limit < 1 ? limit : 1, flags, pass_one_key, &c);
}

static rg_status sparse_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((sparse *)self)->inner, &in);

	return ops->count(in, domain, flags, done, tok);
}

static void sparse_destroy(void *self)
{
	rg_store_unref(((sparse *)self)->inner);
	free(self);
}

rg_store *sparse_new(rg_store *inner)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "sparse", .traits = RG_STORE_INLINE, .fetch = sparse_fetch,
		.commit = sparse_commit, .due = sparse_due, .find = sparse_find, .scan = sparse_scan, .count = shim_counts(inner) ? sparse_count : NULL,
		.destroy = sparse_destroy };
	sparse *s = inner ? malloc(sizeof *s) : NULL;
	rg_store *out = NULL;

	if (!s)
		return NULL;
	s->inner = rg_store_ref(inner);
	if (rg_store_new(&ops, s, &out, NULL) != RG_OK)
		sparse_destroy(s);
	return out;
}
