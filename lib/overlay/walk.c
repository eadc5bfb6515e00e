/* SPDX-License-Identifier: MIT */
/*
 * Walks: first the local store, then main. A page comes from one of them. A key that is in both is given once, as long as the local store
 * is not written to during the walk: then the keys that it has now are the keys that it gave.
 *
 * A cursor is a struct rg__overlay_head, followed by the cursor of the store that is walked.
 */
#include "overlay/overlay.h"
#include <stdlib.h>

enum { IN_LOCAL = 'l', AT_MAIN = 'm', IN_MAIN = 'M' };

/* @p of: `domain` is the domain of the walk, `user` the tag. */
static rg_status ask_for_page(rg__call *call, const rg__overlay_walk *w, const rg_key *of)
{
	if (w->kind == RG__OVERLAY_DUE)
		return rg__call_due(call, w->now, w->inner, w->limit);
	if (w->kind == RG__OVERLAY_FIND)
		return rg__call_find(call, of->domain, of->user, w->inner, w->limit);
	return rg__call_scan(call, of->domain, w->inner, w->limit);
}

static bool read_walk_cursor(rg__overlay *o, rg__overlay_walk *w, rg_str cursor)
{
	w->head = (struct rg__overlay_head){ .writes = atomic_load(&o->writes), .next = RG_TIME_NEVER, .part = IN_LOCAL };
	if (!cursor.p)
		return true;
	if (cursor.n < sizeof w->head)
		return false;
	memcpy(&w->head, cursor.p, sizeof w->head);
	if (w->head.part != AT_MAIN)
		w->inner = rg__sub(cursor, sizeof w->head, cursor.n);
	return w->head.part == AT_MAIN || w->head.part == IN_MAIN || w->head.part == IN_LOCAL;
}

/* @p inner: the cursor of the store; absent = the walk is over. */
static void give_page(const rg__overlay_walk *w, const rg__page *page, rg_str inner, rg_keys_cb paged, void *tok)
{
	rg_keys out = { .struct_size = sizeof out, .n = page->n, .keys = page->keys, .next = w->head.next };
	char *cursor = inner.p ? malloc(sizeof w->head + inner.n) : NULL;

	if (inner.p && !cursor) {
		paged(tok, RG_ENOMEM, NULL);
		return;
	}
	if (cursor) {
		memcpy(cursor, &w->head, sizeof w->head);
		if (inner.n > 0)
			memcpy(cursor + sizeof w->head, inner.p, inner.n);
		out.cursor = (rg_str){ cursor, sizeof w->head + inner.n };
	}
	paged(tok, RG_OK, &out);
	free(cursor);
}

static bool carries_tag(const rg_record *record, rg_str tag)
{
	for (uint32_t i = 0; i < rg_record_tag_count(record); i++) {
		if (rg__eq(rg_record_tag(record, i), tag))
			return true;
	}
	return false;
}

/* Whether the walk gave this key of main before, from the local store. */
static bool was_given(const rg__overlay_op *op, const rg_key *key)
{
	const rg__overlay_walk *w = &op->walk;
	rg__local local;

	if (rg__local_fetch(op->o, key, &local) != RG_OK)
		return false;
	bool there = local.record != NULL;
	if (w->kind == RG__OVERLAY_DUE)
		there = there && rg_record_deadline(local.record) <= w->now;
	else
		there = there && (w->kind == RG__OVERLAY_SCAN || carries_tag(local.record, op->key.user)) &&
			atomic_load(&op->o->writes) == w->head.writes;
	rg_record_unref(local.record);
	return there;
}

static void give_main_page(rg__overlay_op *op)
{
	rg__overlay_walk *w = &op->walk;
	rg__page *page = &op->call.page;
	uint32_t n = 0;

	if (op->status != RG_OK) {
		op->paged(op->tok, op->status, NULL);
		return;
	}
	for (uint32_t i = 0; i < page->n; i++) {
		if (!was_given(op, &page->keys[i]))
			page->keys[n++] = page->keys[i];
	}
	page->n = n;
	w->head.part = IN_MAIN;
	if (page->next < w->head.next && !page->cursor.p)
		w->head.next = page->next;
	give_page(w, page, page->cursor, op->paged, op->tok);
}

static int main_page_came(rg__overlay_op *op)
{
	return rg__overlay_end(op, op->call.status);
}

static int ask_main_for_page(rg__overlay_op *op)
{
	op->step = main_page_came;
	return rg__overlay_asked(op, ask_for_page(&op->call, &op->walk, &op->key));
}

static rg_status walk_main(rg__overlay *o, const rg__overlay_walk *w, const rg_key *of, uint32_t flags, rg_keys_cb paged, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(o, &here, of, flags, tok);

	if (!op)
		return RG_ENOMEM;
	op->walk = *w;
	op->paged = paged;
	return rg__overlay_start(op, ask_main_for_page, give_main_page);
}

static rg_status walk_page(rg__overlay *o, rg__overlay_walk *w, const rg_key *of, rg_str cursor, uint32_t flags,
	rg_keys_cb paged, void *tok)
{
	rg__call local;

	if (!read_walk_cursor(o, w, cursor))
		return RG_EINVAL;
	if (w->head.part != IN_LOCAL)
		return walk_main(o, w, of, flags, paged, tok);
	rg__call_init(&local, o->local, NULL);
	rg_status st = ask_for_page(&local, w, of);
	if (st != RG_OK)
		return st < 0 ? st : RG_ECONTRACT;
	bool ends = !local.page.cursor.p;
	w->head.next = local.page.next;
	w->head.part = ends ? AT_MAIN : IN_LOCAL;
	w->inner = RG__ABSENT;
	if (ends && local.page.n == 0)
		st = walk_main(o, w, of, flags, paged, tok);
	else
		give_page(w, &local.page, ends ? RG_STR("") : local.page.cursor, paged, tok);
	rg__page_clear(&local.page);
	return st;
}

rg_status rg__overlay_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	rg__overlay_walk w = { .kind = RG__OVERLAY_DUE, .now = now, .limit = limit };

	return walk_page(self, &w, &(rg_key){ 0 }, *cursor, flags, done, tok);
}

rg_status rg__overlay_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	rg__overlay_walk w = { .kind = RG__OVERLAY_FIND, .limit = limit };

	return walk_page(self, &w, &(rg_key){ .domain = *domain, .user = *tag }, *cursor, flags, done, tok);
}

rg_status rg__overlay_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	rg__overlay_walk w = { .kind = RG__OVERLAY_SCAN, .limit = limit };

	return walk_page(self, &w, &(rg_key){ .domain = *domain }, *cursor, flags, done, tok);
}

static void give_count(rg__overlay_op *op)
{
	bool good = op->status == RG_OK;

	op->counted(op->tok, op->status, good ? op->call.records + op->records : 0, good ? op->call.bindings + op->bindings : 0);
}

static int count_main(rg__overlay_op *op)
{
	op->step = main_page_came;
	return rg__overlay_asked(op, rg__call_count(&op->call, op->key.domain));
}

rg_status rg__overlay_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	rg__overlay *o = self;
	rg__overlay_op here, *op;
	rg__call local;

	rg__call_init(&local, o->local, NULL);
	rg_status st = rg__call_count(&local, *domain);
	if (st != RG_OK)
		return st < 0 ? st : RG_ECONTRACT;
	op = rg__overlay_begin(o, &here, &(rg_key){ .domain = *domain }, flags, tok);
	if (!op)
		return RG_ENOMEM;
	op->records = local.records;
	op->bindings = local.bindings;
	op->counted = done;
	return rg__overlay_start(op, count_main, give_count);
}
