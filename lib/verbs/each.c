/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

/*
 * A cursor of a walk: the cursor of a page of the store, and the key to go on behind. Layout: a byte that says which of the two there are,
 * the lengths of user and host in four bytes each, user, host, the store's cursor.
 */
enum { HAS_KEY = 1, HAS_PAGE = 2, HEAD = 9 };

typedef struct each_op {
	rg_op op;
	rg_str domain;
	char *text;
	rg_str start;      /* the store's cursor to begin at */
	rg_key behind;     /* in the first page, go on behind this key */
	bool has_behind;
	rg__buf from;      /* the cursor that the page at hand came from */
	bool from_start;
	bool skip;         /* the key at hand was given before */
	rg__buf stopped;   /* the cursor to go on at */
	rg_each_cb each;
	rg_each_done_cb done;
	void *user;
} each_op;

static uint32_t length_at(rg_str cursor, size_t at)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (uint8_t)cursor.p[at + i];
	return n;
}

static bool read_cursor(each_op *e, rg_str cursor)
{
	if (!cursor.p)
		return true;
	if (cursor.n < HEAD)
		return false;
	size_t user = length_at(cursor, 1), host = length_at(cursor, 5), rest = cursor.n - HEAD;
	if (user > rest || host > rest - user)
		return false;
	e->has_behind = (cursor.p[0] & HAS_KEY) != 0;
	e->behind = (rg_key){ e->domain, rg__sub(cursor, HEAD, HEAD + user), rg__sub(cursor, HEAD + user, HEAD + user + host) };
	if (cursor.p[0] & HAS_PAGE)
		e->start = rg__sub(cursor, HEAD + user + host, cursor.n);
	return true;
}

static void add_length(rg__buf *b, size_t n)
{
	char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	rg__buf_add(b, (rg_str){ bytes, sizeof bytes });
}

static void write_cursor(each_op *e)
{
	const rg_op *op = &e->op;
	bool page_over = op->at >= op->page.n;
	rg_str page = page_over ? op->page.cursor : e->from_start ? RG__ABSENT : (rg_str){ e->from.p ? e->from.p : "", e->from.n };
	rg_key key = page_over ? (rg_key){ 0 } : op->key;
	char kind = (char)((page_over ? 0 : HAS_KEY) | (page.p ? HAS_PAGE : 0));

	if (page_over && !page.p)
		return; /* that was all */
	rg__buf_add(&e->stopped, (rg_str){ &kind, 1 });
	add_length(&e->stopped, key.user.n);
	add_length(&e->stopped, key.host.n);
	rg__buf_add(&e->stopped, key.user);
	rg__buf_add(&e->stopped, key.host);
	rg__buf_add(&e->stopped, page);
}

static rg_status each_page(rg_op *op)
{
	each_op *e = (each_op *)op;
	rg_str cursor = op->paged ? op->page.cursor : e->start;

	if (op->paged && !cursor.p)
		return RG_ENOENT;
	if (op->paged)
		e->has_behind = false;
	e->from_start = !cursor.p;
	e->from.n = 0;
	rg__buf_add(&e->from, cursor);
	if (e->from.failed)
		return RG_ENOMEM;
	return rg__call_scan(&op->call, e->domain, cursor, RG__PAGE);
}

/* In the page where an earlier walk stopped, what that one gave is passed over. */
static bool given_before(each_op *e)
{
	rg_op *op = &e->op;
	uint32_t here = op->at - 1;

	if (!e->has_behind)
		return false;
	e->has_behind = false;
	for (uint32_t i = here; i < op->page.n; i++) {
		if (!rg_key_equal(&op->page.keys[i], &e->behind))
			continue;
		op->at = i + 1;
		return true;
	}
	return false;
}

static rg_status each_decide(rg_op *op)
{
	each_op *e = (each_op *)op;

	e->skip = given_before(e);
	return RG_OK;
}

static bool each_done_key(rg_op *op, rg_status status)
{
	each_op *e = (each_op *)op;

	if (status != RG_OK)
		return false;
	if (e->skip || rg_record_weight(op->found.record) == 0)
		return true;
	if (!rg__op_user_enter(op))
		return false;
	bool stop = e->each(e->user, op->found.record) != 0;
	rg__op_user_leave(op);
	if (stop)
		write_cursor(e);
	return !stop;
}

static void each_answer(rg_op *op, rg_status status)
{
	each_op *e = (each_op *)op;

	if (!e->done)
		return;
	if (status == RG_OK && e->stopped.failed)
		e->done(e->user, RG_ENOMEM, RG__ABSENT);
	else
		e->done(e->user, status, status == RG_OK ? (rg_str){ e->stopped.p, e->stopped.n } : RG__ABSENT);
}

static void each_clear(rg_op *op)
{
	each_op *e = (each_op *)op;

	free(e->text);
	rg__buf_free(&e->from);
	rg__buf_free(&e->stopped);
}

static const rg__verb each_verb = {
	.size = sizeof(each_op),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.page = each_page,
	.decide = each_decide,
	.done_key = each_done_key,
	.answer = each_answer,
	.clear = each_clear,
};

static rg_status each_new(rg_registrar *reg, rg_str domain, rg_str cursor, bool keeps, each_op **out)
{
	rg_str *const texts[] = { &domain, &cursor };
	rg_op *op;
	rg_status st = rg__op_new(&each_verb, reg, &op);

	if (st != RG_OK)
		return st;
	each_op *e = (each_op *)op;
	domain = rg__domain(domain);
	if (keeps && !(e->text = rg__keep(texts, 2)))
		st = RG_ENOMEM;
	e->domain = op->within = domain;
	if (st == RG_OK && !read_cursor(e, cursor))
		st = RG_EINVAL;
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = e;
	return st;
}

rg_status rg_registrar_each(rg_registrar *reg, rg_str domain, rg_each_cb each, void *user)
{
	each_op *e;

	if (!reg || !each)
		return RG_EINVAL;
	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = each_new(reg, domain, RG__ABSENT, false, &e);
	if (st != RG_OK)
		return st;
	e->each = each;
	e->user = user;
	return rg__op_block(&e->op);
}

rg_status rg_registrar_each_async(rg_registrar *reg, rg_str domain, rg_str cursor, rg_each_cb each, rg_each_done_cb done, void *user,
	rg_free_cb free_user, rg_op **handle)
{
	each_op *e;

	if (handle)
		*handle = NULL;
	if (!reg || !each || !done)
		return RG_EINVAL;
	rg_status st = each_new(reg, domain, cursor, rg__may_wait(reg), &e);
	if (st != RG_OK)
		return st;
	e->each = each;
	e->done = done;
	e->user = user;
	return rg__op_start(&e->op, user, free_user, handle);
}
