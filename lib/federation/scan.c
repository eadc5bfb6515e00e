/* SPDX-License-Identifier: MIT */
/* What there is: pages of keys for the queue, and homes that lapsed. */
#include "federation/federation.h"
#include "decide/decide.h"
#include <stdlib.h>

#define PRUNE_SOON 1000

/* One record that cannot be pruned does not stop the others; a store that is away ends the walk. */
enum { FAILURES_MOST = 4 };

typedef struct page_op {
	rg_op op;
	rg__federation *f;
	rg__buf domain;  /* that of bindings; of entries, with its suffix */
	rg__buf cursor;
	bool more, of_entries;
	uint64_t turn;
	uint32_t n;      /* keys of the page */
} page_op;

/* With the lock held: where the page that came leaves off. */
static void move_on(rg__federation *f, page_op *p)
{
	rg__scan *s = &f->scan;
	rg_str cursor = p->op.page.cursor;

	s->walk = p->op.walk;
	s->cursor.n = 0;
	rg__buf_add(&s->cursor, cursor);
	s->more = cursor.p && !s->cursor.failed;
	if (cursor.p) {
		f->missed |= s->cursor.failed; /* and begins anew */
		return;
	}
	if (s->whole && !s->of_entries) {
		s->of_entries = true;
		return;
	}
	s->of_entries = false;
	s->domain++;
	if (s->domain < f->n_domains)
		return;
	s->active = false;
	if (f->missed)
		f->renew_at = rg__add_sat(p->op.now, PRUNE_SOON);
}

static void take_keys(page_op *p)
{
	rg__federation *f = p->f;

	rg__federation_lock(f);
	for (uint32_t i = 0; i < p->op.page.n; i++) {
		rg_key key = p->op.page.keys[i];

		if (p->of_entries)
			key.domain.n -= RG__HOMES_SUFFIX.n;
		rg__federation_add(f, &key, p->op.now);
	}
	if (f->scan.turn == p->turn)
		move_on(f, p);
	p->n = p->op.page.n;
	rg__federation_unlock(f, p->op.now);
}

static rg_status page_page(rg_op *op)
{
	page_op *p = (page_op *)op;
	rg_str domain = { p->domain.p, p->domain.n }, cursor = p->more ? (rg_str){ p->cursor.p ? p->cursor.p : "", p->cursor.n } : RG__ABSENT;

	if (op->paged) {
		take_keys(p);
		return RG_ENOENT;
	}
	if (p->of_entries)
		return rg__call_find(&op->call, domain, p->f->tag, cursor, RG__FEDERATION_PAGE);
	return rg__call_scan(&op->call, domain, cursor, RG__FEDERATION_PAGE);
}

/* After a failure the part at hand begins anew: nobody knows what a cursor is worth then, and looking twice changes nothing. */
static void page_answer(rg_op *op, rg_status status)
{
	page_op *p = (page_op *)op;
	rg__federation *f = p->f;
	rg__scan *s = &f->scan;
	rg_time now = rg__now(f->reg);

	rg__federation_lock(f);
	s->page_under_way = false;
	if (status == RG_OK) {
		s->next = rg__add_sat(now, (int64_t)p->n * 1000 / f->rate);
	} else {
		s->turn++;
		s->more = false;
		s->walk = (rg__walk){ 0 };
	}
	rg__federation_ended(f, status);
	rg__federation_tried(&s->retry, status, now);
	rg__federation_unlock(f, now);
}

static void page_clear(rg_op *op)
{
	rg__federation_gone(((page_op *)op)->f, RG__OUT_PAGE);
	rg__buf_free(&((page_op *)op)->domain);
	rg__buf_free(&((page_op *)op)->cursor);
}

static const rg__verb page_verb = {
	.size = sizeof(page_op),
	.walks = true,
	.bare = true,
	.page = page_page,
	.answer = page_answer,
	.clear = page_clear,
};

static void read_place(page_op *p, rg__federation *f)
{
	rg__scan *s = &f->scan;

	pthread_mutex_lock(&f->lock);
	p->f = f;
	p->turn = ++s->turn;
	p->of_entries = s->of_entries;
	p->more = s->more;
	p->op.walk = s->walk;
	rg__buf_add(&p->domain, f->domains[s->domain]);
	if (s->of_entries)
		rg__buf_add(&p->domain, RG__HOMES_SUFFIX);
	rg__buf_add(&p->cursor, (rg_str){ s->cursor.p, s->cursor.n });
	pthread_mutex_unlock(&f->lock);
}

rg_status rg__scan_page(rg__federation *f)
{
	rg_op *op;
	rg_status st = rg__op_new(&page_verb, f->reg, &op);

	if (st != RG_OK)
		return st;
	page_op *p = (page_op *)op;
	read_place(p, f);
	rg__federation_begun(f, RG__OUT_PAGE);
	if (p->domain.failed || p->cursor.failed) {
		rg__op_abort(op);
		return RG_ENOMEM;
	}
	op->within = (rg_str){ p->domain.p, p->domain.n };
	if (p->of_entries)
		op->call.store = f->sites.shared;
	rg__op_start(op, NULL, NULL, NULL);
	return RG_OK;
}

typedef struct prune_op {
	rg_op op;
	rg__federation *f;
	uint32_t left, failures;
	rg_time next; /* what the store said of the rest */
} prune_op;

static rg_status prune_page(rg_op *op)
{
	prune_op *p = (prune_op *)op;

	if (op->paged) {
		p->next = op->page.next;
		if (!op->page.cursor.p)
			return RG_ENOENT;
		if (p->left == 0) {
			p->next = op->now; /* more is due than this walk may do */
			return RG_ENOENT;
		}
	}
	return rg__call_due(&op->call, op->now, op->page.cursor, p->left < RG__PAGE ? p->left : RG__PAGE);
}

/* The store may hold other records as well, which are others' to prune. */
static rg_status prune_decide(rg_op *op)
{
	if (!op->found.record || !rg__homes_domain(op->key.domain))
		return RG_OK;
	rg_revision revision = rg__revision_next(&op->ticket);
	return rg__homes_prune(op->found.record, op->now, &revision, &op->plan);
}

static bool prune_done(rg_op *op, rg_status status)
{
	prune_op *p = (prune_op *)op;

	p->left -= p->left > 0;
	p->failures += status != RG_OK;
	return p->failures < FAILURES_MOST;
}

static void prune_answer(rg_op *op, rg_status status)
{
	prune_op *p = (prune_op *)op;
	rg__federation *f = p->f;
	rg_time now = rg__now(f->reg), soon = rg__add_sat(now, PRUNE_SOON);

	rg__federation_lock(f);
	f->pruning = false;
	if (status == RG_OK && p->next < f->prune_at)
		f->prune_at = p->next > soon ? p->next : soon;
	rg__federation_ended(f, status);
	rg__federation_tried(&f->prune_retry, status, now);
	rg__federation_unlock(f, now);
}

static void prune_clear(rg_op *op)
{
	rg__federation_gone(((prune_op *)op)->f, RG__OUT_PRUNE);
}

static const rg__verb prune_verb = {
	.size = sizeof(prune_op),
	.walks = true,
	.converges = true,
	.page = prune_page,
	.decide = prune_decide,
	.done_key = prune_done,
	.answer = prune_answer,
	.clear = prune_clear,
};

rg_status rg__scan_prune(rg__federation *f, uint32_t limit)
{
	rg_op *op;
	rg_status st = rg__op_new(&prune_verb, f->reg, &op);

	if (st != RG_OK)
		return st;
	prune_op *p = (prune_op *)op;
	p->f = f;
	rg__federation_begun(f, RG__OUT_PRUNE);
	p->left = limit;
	p->next = RG_TIME_NEVER;
	op->call.store = f->sites.shared;
	rg__op_start(op, NULL, NULL, NULL);
	return RG_OK;
}
