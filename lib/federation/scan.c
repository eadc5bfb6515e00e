/* SPDX-License-Identifier: MIT */
/* Two walks: one page of keys for the queue, and the homes that expired. */
#include "federation/federation.h"
#include "decide/decide.h"

typedef struct page_op {
	rg_op op;
	rg_str cursor;   /* behind op.within, the domain, in op.text */
	bool of_entries;
} page_op;

static rg_status page_ask(rg_op *op)
{
	page_op *p = (page_op *)op;

	if (op->paged)
		return RG_ENOENT; /* one page is all */
	if (p->of_entries)
		return rg__call_find(&op->call, op->within, rg__job_federation(op)->tag, p->cursor, RG__PAGE);
	return rg__call_scan(&op->call, op->within, p->cursor, RG__PAGE);
}

/* After a failure the operation may still run on another thread: its page is not read then. */
static void page_answer(rg_op *op, rg_status status)
{
	rg__result result = { .status = status, .began = op->now, .anew = status != RG_OK };

	if (status == RG_OK) {
		result.page = &op->page;
		result.walk = op->walk;
	}
	rg__job_done(op->user, &result);
}

const rg__verb rg__page_verb = {
	.size = sizeof(page_op),
	.walks = true,
	.bare = true,
	.page = page_ask,
	.answer = page_answer,
	.clear = rg__job_ended,
};

bool rg__page_prepare(rg_op *op, const rg__task *task)
{
	page_op *p = (page_op *)op;
	rg_str suffix = task->of_entries ? RG__HOMES_SUFFIX : RG__ABSENT;
	rg_str *const texts[] = { &op->within, &suffix, &p->cursor };

	p->of_entries = task->of_entries;
	p->cursor = task->cursor;
	op->walk = task->walk;
	op->within = task->domain;
	rg_status st = rg__op_keep(op, true, texts, 3);
	op->within.n += suffix.n; /* the copies lie one behind the other */
	if (p->of_entries)
		op->call.store = rg__job_federation(op)->sites.shared;
	return st == RG_OK;
}

/* One record that cannot be pruned does not stop the others; a store that fails ends the walk. */
enum { FAILURES_MOST = 4 };

typedef struct prune_op {
	rg_op op;
	uint32_t left; /* records to look at */
	uint32_t failures;
	rg_time next;  /* when the next home expires, as the store says */
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

/* Other records that the store may hold are left to their owners. */
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
	rg__result result = { .status = status, .began = op->now, .next = status == RG_OK ? ((prune_op *)op)->next : RG_TIME_NEVER };

	rg__job_done(op->user, &result);
}

const rg__verb rg__prune_verb = {
	.size = sizeof(prune_op),
	.walks = true,
	.converges = true,
	.page = prune_page,
	.decide = prune_decide,
	.done_key = prune_done,
	.answer = prune_answer,
	.clear = rg__job_ended,
};

bool rg__prune_prepare(rg_op *op, const rg__task *task)
{
	prune_op *p = (prune_op *)op;

	p->left = task->limit;
	p->next = RG_TIME_NEVER;
	op->call.store = rg__job_federation(op)->sites.shared;
	return true;
}
