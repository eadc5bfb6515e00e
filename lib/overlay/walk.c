/* SPDX-License-Identifier: MIT */
/*
 * Walks over both parts, the local one first. A key of both is given once, as far as that can be known: what the local store
 * has now it had when it was walked, if nothing was written to it since. What is due begins with the halves that are old; a key of
 * theirs may come again.
 *
 * A cursor: which part it goes on in, the count of local writes when the walk began, the next deadline of the local part, and that part's
 * own cursor. In halves that is how many were given.
 */
#include "overlay/overlay.h"
#include <stdlib.h>

enum { IN_HALVES = 'h', IN_LOCAL = 'l', AT_MAIN = 'm', IN_MAIN = 'M', HEAD = 1 + 8 + 8 };

typedef enum kind { DUE, FIND, SCAN } kind;

typedef struct rg__overlay_walk {
	kind kind;
	rg_time now, next; /* `next`: of the local part */
	uint64_t writes;
	rg_str domain, tag; /* behind it: they are looked at when main has answered */
	uint32_t limit;
	char part;
	rg_str inner;      /* of the cursor, while the member is called */
	rg_key *halves;    /* keys of this page */
	uint32_t n_halves, given;
	rg__call local;    /* the answer of the local store */
} walk;

/* What a walk asks, of either store. */
static rg_status ask(rg__call *call, const walk *w, rg_str cursor, uint32_t limit)
{
	if (w->kind == DUE)
		return rg__call_due(call, w->now, cursor, limit);
	if (w->kind == FIND)
		return rg__call_find(call, w->domain, w->tag, cursor, limit);
	return rg__call_scan(call, w->domain, cursor, limit);
}

static char *write_cursor(const walk *w, char part, rg_str inner, rg_str *out)
{
	char *room = malloc(HEAD + inner.n);

	*out = (rg_str){ room, HEAD + inner.n };
	if (!room)
		return NULL;
	room[0] = part;
	memcpy(room + 1, &w->writes, 8);
	memcpy(room + 9, &w->next, 8);
	if (inner.n > 0)
		memcpy(room + HEAD, inner.p, inner.n);
	return room;
}

static bool carries(const rg_record *record, rg_str tag)
{
	for (uint32_t i = 0; i < rg_record_tags(record); i++) {
		if (rg__eq(rg_record_tag(record, i), tag))
			return true;
	}
	return false;
}

/* Was it given with the local part? */
static bool was_given(rg__overlay *o, const walk *w, const rg_key *key)
{
	rg__local local;

	if (rg__local_fetch(o, key, &local) != RG_OK)
		return false;
	bool there = local.record != NULL;
	if (w->kind == DUE)
		there = there && rg_record_deadline(local.record) <= w->now;
	else
		there = there && (w->kind == SCAN || carries(local.record, w->tag)) && atomic_load(&o->writes) == w->writes;
	rg__local_clear(&local);
	return there;
}

static rg_time earliest(rg_time a, rg_time b, rg_time c)
{
	rg_time first = a < b ? a : b;

	return first < c ? first : c;
}

static void answer_page(rg__overlay_op *op)
{
	const walk *w = op->walk;
	const rg__page *local = &w->local.page, *main = &op->call.page;
	bool asked = op->status == RG_OK && w->limit > 0; /* main was */
	char part = asked ? IN_MAIN : w->part == IN_HALVES ? IN_HALVES : local->cursor.p ? IN_LOCAL : AT_MAIN;
	rg_str inner = asked ? main->cursor : w->part == IN_HALVES ? (rg_str){ (const char *)&w->given, sizeof w->given } : local->cursor;
	rg_keys out = { .struct_size = sizeof out, .next = w->next };
	rg_key *keys = op->status == RG_OK ? malloc((w->n_halves + local->n + main->n + 1) * sizeof *keys) : NULL;
	char *cursor = NULL;

	if (keys && (inner.p || !asked))
		cursor = write_cursor(w, part, inner, &out.cursor);
	if (!keys || ((inner.p || !asked) && !cursor)) {
		op->paged(op->tok, op->status == RG_OK ? RG_ENOMEM : op->status, NULL);
		free(keys);
		return;
	}
	if (w->n_halves > 0)
		memcpy(keys, w->halves, w->n_halves * sizeof *keys);
	if (local->n > 0)
		memcpy(keys + w->n_halves, local->keys, local->n * sizeof *keys);
	out.n = w->n_halves + local->n;
	for (uint32_t i = 0; i < main->n; i++) {
		if (!was_given(op->o, w, &main->keys[i]))
			keys[out.n++] = main->keys[i];
	}
	out.keys = keys;
	if (w->kind == DUE)
		out.next = !asked ? w->now : earliest(main->next, w->next, rg__halves_next(op->o, w->now));
	op->paged(op->tok, RG_OK, &out);
	free(keys);
	free(cursor);
}

static int main_answered(rg__overlay_op *op)
{
	return rg__overlay_end(op, op->call.status);
}

static int ask_main(rg__overlay_op *op, rg_str cursor)
{
	op->step = main_answered;
	atomic_store(&op->asking, true);
	return rg__overlay_asked(op, ask(&op->call, op->walk, cursor, op->walk->limit));
}

/* Goes on to the local part, unless they fill the page. */
static rg_status take_halves(rg__overlay *o, walk *w)
{
	rg_status st = rg__halves_due(o, w->now, w->limit, &w->halves, &w->n_halves);

	w->limit -= w->n_halves;
	w->given += w->n_halves;
	if (st == RG_OK && (w->n_halves == 0 || w->limit > 0))
		w->part = IN_LOCAL;
	return st;
}

/* Halves and the local part up to its end or the limit; then main. `limit` is what is left for main, 0 when it is not asked. */
static int walk_first(rg__overlay_op *op)
{
	walk *w = op->walk;

	if (w->part == IN_HALVES) {
		rg_status taken = take_halves(op->o, w);

		if (taken != RG_OK || w->part == IN_HALVES)
			return rg__overlay_end(op, taken);
	}
	if (w->part == IN_MAIN)
		return ask_main(op, w->inner);
	if (w->part == AT_MAIN)
		return ask_main(op, (rg_str){ NULL, 0 });
	rg_status st = ask(&w->local, w, w->inner, w->limit);
	if (st != RG_OK)
		return rg__overlay_end(op, st < 0 ? st : RG_ECONTRACT);
	w->next = w->local.page.next;
	w->limit -= w->local.page.n < w->limit ? w->local.page.n : w->limit;
	if (!w->local.page.cursor.p && w->limit > 0)
		return ask_main(op, (rg_str){ NULL, 0 });
	w->limit = 0;
	return rg__overlay_end(op, RG_OK);
}

static bool is_part(char part, kind walked)
{
	return part == IN_LOCAL || part == AT_MAIN || part == IN_MAIN || (part == IN_HALVES && walked == DUE);
}

static bool read_cursor(rg__overlay *o, walk *w, rg_str cursor)
{
	w->part = w->kind == DUE ? IN_HALVES : IN_LOCAL;
	w->next = RG_TIME_NEVER;
	w->writes = atomic_load(&o->writes);
	if (!cursor.p)
		return true;
	if (cursor.n < HEAD || !is_part(cursor.p[0], w->kind))
		return false;
	w->part = cursor.p[0];
	memcpy(&w->writes, cursor.p + 1, 8);
	memcpy(&w->next, cursor.p + 9, 8);
	w->inner = (rg_str){ cursor.p + HEAD, cursor.n - HEAD };
	if (w->part != IN_HALVES)
		return true;
	if (w->inner.n != sizeof w->given)
		return false;
	memcpy(&w->given, w->inner.p, sizeof w->given);
	w->inner = RG__ABSENT;
	return true;
}

static walk *walk_new(rg__overlay *o, const walk *wanted)
{
	walk *w = malloc(sizeof *w + wanted->domain.n + wanted->tag.n);

	if (!w)
		return NULL;
	*w = *wanted;
	char *room = (char *)(w + 1);
	if (w->domain.n > 0)
		memcpy(room, w->domain.p, w->domain.n);
	w->domain.p = room;
	room += w->domain.n;
	if (w->tag.n > 0)
		memcpy(room, w->tag.p, w->tag.n);
	w->tag.p = room;
	rg__call_init(&w->local, o->local, NULL);
	return w;
}

void rg__overlay_walk_free(walk *w)
{
	if (!w)
		return;
	rg__page_clear(&w->local.page);
	free(w->halves);
	free(w);
}

static rg_status start(rg__overlay *o, const walk *wanted, rg_str cursor, uint32_t flags, rg_keys_cb done, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(o, &here, flags, tok);

	if (!op)
		return RG_ENOMEM;
	op->walk = walk_new(o, wanted);
	if (!op->walk || !read_cursor(o, op->walk, cursor)) {
		rg_status st = op->walk ? RG_EINVAL : RG_ENOMEM;

		rg__overlay_abort(op);
		return st;
	}
	op->paged = done;
	op->answer = answer_page;
	op->step = walk_first;
	return rg__overlay_start(op);
}

rg_status rg__overlay_due(void *self, rg_time now, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return start(self, &(walk){ .kind = DUE, .now = now, .limit = limit }, cursor, flags, done, tok);
}

rg_status rg__overlay_find(void *self, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done,
	void *tok)
{
	return start(self, &(walk){ .kind = FIND, .domain = domain, .tag = tag, .limit = limit }, cursor, flags, done, tok);
}

rg_status rg__overlay_scan(void *self, rg_str domain, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return start(self, &(walk){ .kind = SCAN, .domain = domain, .limit = limit }, cursor, flags, done, tok);
}

static void answer_count(rg__overlay_op *op)
{
	bool good = op->status == RG_OK;
	const rg__call *local = &op->walk->local;

	op->counted(op->tok, op->status, good ? op->call.records + local->records : 0, good ? op->call.bindings + local->bindings : 0);
}

static int count_first(rg__overlay_op *op)
{
	rg_status st = rg__call_count(&op->walk->local, op->walk->domain);

	if (st != RG_OK)
		return rg__overlay_end(op, st < 0 ? st : RG_ECONTRACT);
	op->step = main_answered;
	atomic_store(&op->asking, true);
	return rg__overlay_asked(op, rg__call_count(&op->call, op->walk->domain));
}

rg_status rg__overlay_count(void *self, rg_str domain, uint32_t flags, rg_count_cb done, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(self, &here, flags, tok);

	if (!op)
		return RG_ENOMEM;
	op->walk = walk_new(self, &(walk){ .domain = domain });
	if (!op->walk) {
		rg__overlay_abort(op);
		return RG_ENOMEM;
	}
	op->counted = done;
	op->answer = answer_count;
	op->step = count_first;
	return rg__overlay_start(op);
}
