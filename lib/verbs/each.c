/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

/*
 * A cursor of a walk holds the cursor of a page of the store, and the key after which the walk resumes in that page. Layout: a byte that
 * says which of the two are present, the lengths of user and host in four bytes each, user, host, the store's cursor.
 */
enum { HAS_KEY = 1, HAS_PAGE = 2, HEAD = 9 };

/* The records to walk over, and the functions that are called. */
typedef struct each_asked {
	rg_str domain, cursor;
	rg_each_cb each;
	rg_each_done_cb done; /* NULL in the blocking form */
	void *user;
} each_asked;

typedef struct each_op {
	rg_op op;
	each_asked asked;
	rg_str start;      /* the store's cursor to begin at */
	rg_key behind;     /* in the first page, resume after this key */
	bool has_behind;
	rg__buf from;      /* the cursor that the current page came from */
	bool from_start;
	bool skip;         /* an earlier walk gave the current key */
	rg__buf stopped;   /* the cursor to resume at */
} each_op;

static uint32_t length_at(rg_str cursor, size_t at)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (uint8_t)cursor.p[at + i];
	return n;
}

static bool read_each_cursor(each_op *e)
{
	rg_str cursor = e->asked.cursor;

	if (!cursor.p)
		return true;
	if (cursor.n < HEAD)
		return false;
	size_t user = length_at(cursor, 1), host = length_at(cursor, 5), rest = cursor.n - HEAD;
	if (user > rest || host > rest - user)
		return false;
	e->has_behind = (cursor.p[0] & HAS_KEY) != 0;
	e->behind = (rg_key){ e->asked.domain, rg__sub(cursor, HEAD, HEAD + user), rg__sub(cursor, HEAD + user, HEAD + user + host) };
	if (cursor.p[0] & HAS_PAGE)
		e->start = rg__sub(cursor, HEAD + user + host, cursor.n);
	return true;
}

static void add_length(rg__buf *b, size_t n)
{
	char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	rg__buf_add(b, (rg_str){ bytes, sizeof bytes });
}

static void write_each_cursor(each_op *e)
{
	const rg_op *op = &e->op;
	bool page_over = op->at >= op->page.n;
	rg_str page = page_over ? op->page.cursor : e->from_start ? RG__ABSENT : (rg_str){ e->from.p ? e->from.p : "", e->from.n };
	rg_key key = page_over ? (rg_key){ 0 } : op->key;
	char kind = (char)((page_over ? 0 : HAS_KEY) | (page.p ? HAS_PAGE : 0));

	if (page_over && !page.p)
		return; /* the walk is complete */
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
	return rg__call_scan(&op->call, e->asked.domain, cursor, RG__PAGE);
}

/* Skips the keys that an earlier walk gave, in the page where it stopped. */
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
	bool stop = e->asked.each(op->user, op->found.record) != 0;
	rg__op_user_leave(op);
	if (stop)
		write_each_cursor(e);
	return !stop;
}

static void each_answer(rg_op *op, rg_status status)
{
	each_op *e = (each_op *)op;

	if (!e->asked.done)
		return;
	if (status == RG_OK && e->stopped.failed)
		status = RG_ENOMEM;
	const rg_str cursor = status == RG_OK ? (rg_str){ e->stopped.p, e->stopped.n } : RG__ABSENT;
	e->asked.done(op->user, status, &cursor);
}

static void each_clear(rg_op *op)
{
	each_op *e = (each_op *)op;

	rg__buf_free(&e->from);
	rg__buf_free(&e->stopped);
}

static rg_status each_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	each_op *e = (each_op *)op;
	rg_str *const texts[] = { &e->asked.domain, &e->asked.cursor };

	e->asked = *(const each_asked *)given;
	e->asked.domain = rg__domain(e->asked.domain);
	rg_status st = rg__op_keep(op, keeps, texts, 2);
	op->within = e->asked.domain;
	op->user = e->asked.user;
	return st == RG_OK && !read_each_cursor(e) ? rg__fail(why, RG_EINVAL, "cursor comes from no walk") : st;
}

static const rg__verb each_verb = {
	.size = sizeof(each_op),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.prepare = each_prepare,
	.page = each_page,
	.decide = each_decide,
	.done_key = each_done_key,
	.answer = each_answer,
	.clear = each_clear,
};

rg_status rg_each(rg_registrar *reg, rg_str domain, rg_each_cb each, void *user, rg_error *why)
{
	each_asked asked = { .domain = domain, .each = each, .user = user };

	return rg__verb_block(&each_verb, reg, &asked, each ? NULL : "each is NULL", why);
}

rg_status rg_each_async(rg_registrar *reg, rg_str domain, rg_str cursor, rg_each_cb each, rg_each_done_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	each_asked asked = { domain, cursor, each, done, user };
	const char *wrong = !each ? "each is NULL" : !done ? "done is NULL" : NULL;

	return rg__verb_start(&each_verb, reg, &asked, wrong, user, free_user, op, why);
}
