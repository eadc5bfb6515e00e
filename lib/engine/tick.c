/* SPDX-License-Identifier: MIT */
#include "engine/op.h"
#include "engine/waits.h"
#include "engine/wakes.h"
#include "model/model.h"
#include "decide/decide.h"
#include <stdlib.h>

enum { LIMIT = 1000, GATHERED = 64 };

/* The walk over the records that are due. */
typedef struct due_op {
	rg_op op;
	uint32_t left;  /* keys that this tick may still ask for */
	uint32_t worked;
	bool stuck;     /* a record stays due */
	bool empty;     /* a page held no key, so a walk that starts anew may not come as far as this one */
	bool cut;       /* more is due than this tick may process */
	rg_str resume;  /* where the walk begins, owned; absent = at the start */
	rg_time as_of;  /* when it began, an earlier tick included */
	rg_time next;   /* the earliest deadline of the rest, by the store */
	atomic_int outcome; /* as answered; RG_PENDING = not answered yet */
} due_op;

/* A store looks through many records to fill a page, so each page counts as a full one. */
static rg_status due_page(rg_op *op)
{
	due_op *d = (due_op *)op;

	if (op->paged) {
		d->next = op->page.next;
		if (!op->page.cursor.p)
			return RG_ENOENT;
		d->empty |= op->page.n == 0;
		if (d->left == 0) {
			d->cut = true;
			return RG_ENOENT;
		}
	}
	uint32_t n = d->left < RG__PAGE ? d->left : RG__PAGE;
	d->left -= n;
	return rg__call_due(&op->call, d->as_of, op->paged ? op->page.cursor : d->resume, n);
}

static rg_status due_decide(rg_op *op)
{
	const rg_registrar *reg = op->ticket.reg;
	rg__keeper keeper = { reg->env.is_owner, reg->env.user, { .config = op->ticket.snapshot->config } };
	rg_revision revision;

	if (!op->found.record)
		return RG_OK;
	if (rg__config_int(keeper.waker.config, RG__P_pn_enable))
		keeper.waker.heard = rg__events_heard(reg->events, RG_EVENT_CONTACT_REFRESH);
	revision = rg__revision_next(&op->ticket);
	return rg__expire(op->found.record, &keeper, op->now, &revision, &op->plan);
}

static bool due_done(rg_op *op, rg_status status)
{
	due_op *d = (due_op *)op;

	d->worked++;
	if (status != RG_OK || !op->plan || !rg_plan_commits(op->plan))
		d->stuck = true;
	return true;
}

/* Records that stay due, and pages that hold no key, stand before what this walk did not reach: the next walk continues behind them. False:
 * out of memory. */
static bool pause_walk(const due_op *d)
{
	rg_str cursor = d->op.page.cursor;
	char *copy = malloc(cursor.n + 1);

	if (!copy)
		return false;
	if (cursor.n > 0)
		memcpy(copy, cursor.p, cursor.n);
	rg__walk_pause(d->op.ticket.reg,
		&(rg__paused){ .cursor = { copy, cursor.n }, .pages = d->op.walk, .as_of = d->as_of, .stuck = d->stuck });
	return true;
}

/* Ends a walk that came through: says when the store is to be asked again. */
static void end_walk(const due_op *d)
{
	rg_registrar *reg = d->op.ticket.reg;
	bool ahead = d->next > d->as_of, onward = d->cut && (d->stuck || d->empty);

	if (onward && pause_walk(d))
		return;
	if (d->cut && !onward)
		rg__walk_end(reg, d->op.now, 0);
	else if (d->stuck || onward)
		rg__walk_end(reg, ahead ? d->next : RG_TIME_NEVER, RG__TICK_AGAIN);
	else if (ahead)
		rg__walk_end(reg, d->next, 0);
	else
		rg__walk_end(reg, RG_TIME_NEVER, d->worked > 0 ? 1 : RG__TICK_AGAIN);
}

static void due_answer(rg_op *op, rg_status status)
{
	rg_registrar *reg = op->ticket.reg;

	atomic_store(&((due_op *)op)->outcome, status);
	/* A walk that failed may still run on another thread, so its members are not read. */
	if (status == RG_OK)
		end_walk((due_op *)op);
	else if (status == RG_ECANCELED)
		rg__walk_end(reg, RG_TIME_NEVER, 0);
	else
		rg__walk_failed(reg);
}

static void due_clear(rg_op *op)
{
	free((char *)((due_op *)op)->resume.p);
}

static const rg__verb due_verb = {
	.size = sizeof(due_op),
	.walks = true,
	.page = due_page,
	.decide = due_decide,
	.done_key = due_done,
	.answer = due_answer,
	.clear = due_clear,
};

static void due_begin(due_op *d, uint32_t limit)
{
	rg__paused paused = rg__walk_resume(d->op.ticket.reg);
	bool resumes = paused.cursor.p != NULL;

	d->left = limit;
	d->worked = 0;
	d->empty = d->cut = false;
	d->stuck = paused.stuck;
	d->resume = paused.cursor;
	d->op.walk = paused.pages;
	d->as_of = resumes && paused.as_of < d->op.now ? paused.as_of : d->op.now;
	d->next = RG_TIME_NEVER;
	atomic_init(&d->outcome, RG_PENDING);
}

/* Begins a walk. Returns its status if it has ended; else RG_OK. */
static rg_status begin_due_walk(rg_op *op)
{
	rg_op *handle;

	rg__op_start(op, NULL, NULL, &handle);
	rg_status st = atomic_load(&((due_op *)handle)->outcome);
	rg_op_free(handle);
	return st == RG_PENDING || st == RG_ECANCELED ? RG_OK : st;
}

/* Over an inline store the walk is complete on return. Over any other store it has begun, and continues as the store answers. */
static rg_status walk_due(rg_registrar *reg, uint32_t limit)
{
	rg_status st;

	if (!rg__walk_begin(reg))
		return RG_OK;
	if (rg_store_traits(reg->store) & RG_STORE_INLINE) {
		due_op d;

		st = rg__op_begin(&d.op, &due_verb, reg);
		if (st == RG_OK) {
			due_begin(&d, limit);
			return rg__op_block(&d.op);
		}
	} else {
		rg_op *op;

		st = rg__op_new(&due_verb, reg, &op);
		if (st == RG_OK) {
			due_begin((due_op *)op, limit);
			return begin_due_walk(op);
		}
	}
	if (st == RG_ECANCELED) { /* after shutdown only resends are left */
		rg__walk_end(reg, RG_TIME_NEVER, 0);
		return RG_OK;
	}
	rg__walk_failed(reg);
	return st;
}

typedef struct found_due {
	rg_op *op;
	bool resend; /* false: its caller has waited for store_timeout */
} found_due;

/* After the clock was set back, no wait becomes longer. */
static void cap_wait(rg_time *what, rg_time most)
{
	if (*what != RG_TIME_NEVER && *what > most)
		*what = most;
}

static uint32_t gather_due(rg__stripe *s, rg_time now, found_due *out, rg_time *next)
{
	uint32_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (rg_op *op = s->ops; op && n < GATHERED; op = op->next) {
		cap_wait(&op->deadline, rg__add_sat(now, rg__config_int(op->ticket.snapshot->config, RG__P_store_timeout)));
		cap_wait(&op->resend_at, rg__add_sat(now, RG__RESEND_MOST));
		bool resend = op->resend_at <= now;
		rg_time *what = resend ? &op->resend_at : &op->deadline;

		if (*what <= now && rg__op_hold(op)) {
			*what = RG_TIME_NEVER;
			out[n++] = (found_due){ op, resend };
		}
		*next = op->resend_at < *next ? op->resend_at : *next;
		*next = op->deadline < *next ? op->deadline : *next;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* A caller has waited for store_timeout. If it waits for names, the operation continues without them; if for the store, it fails. */
static void time_out(rg_op *op)
{
	if (atomic_load(&op->released))
		return;
	if (op->resolver && rg__resolver_expire(op->resolver)) {
		rg__op_deadline(op);
		return;
	}
	rg__count(op->ticket.stripe, RG__S_TIMEOUTS);
	rg__op_answer(op, RG_ESTORE);
	rg__call_cancel(&op->call, false);
}

/* Handles every operation that is due. Returns when the next one is. */
static rg_time handle_due(rg_registrar *reg)
{
	rg_time now = rg__now(reg), next = RG_TIME_NEVER;
	found_due found[GATHERED];

	for (size_t i = 0; i < RG__STRIPES; i++) {
		uint32_t n;

		do {
			rg_time here = RG_TIME_NEVER;

			n = gather_due(&reg->stripes[i], now, found, &here);
			for (uint32_t k = 0; k < n; k++) {
				if (found[k].resend)
					rg__op_run(found[k].op);
				else
					time_out(found[k].op);
				rg__op_let_go(found[k].op);
			}
			if (n == 0 && here < next)
				next = here;
		} while (n > 0);
	}
	return next;
}

rg_status rg_registrar_tick(rg_registrar *reg, uint32_t limit, rg_time *next)
{
	if (next)
		*next = RG_TIME_NEVER;
	if (!reg)
		return RG_EINVAL;
	rg_registrar_ref(reg);
	uint64_t begun = rg__tick_begin(reg);
	rg__events_tick_begin(reg->events);
	rg_time due = handle_due(reg);
	rg_status st = walk_due(reg, limit ? limit : LIMIT);
	rg_time waits_due = rg__waits_tick(reg, limit ? limit : LIMIT);
	if (waits_due < due)
		due = waits_due;
	rg__sites *sites = rg__sites_of(reg);
	rg_time sites_due = sites ? sites->tick(sites, limit ? limit : LIMIT) : RG_TIME_NEVER;
	if (sites_due < due)
		due = sites_due;
	rg_time now = rg__now(reg);
	uint32_t delivered;
	bool left = rg__events_deliver(reg->events, limit ? limit : LIMIT, &delivered);
	rg__events_tick_end(reg->events);
	rg_time wakes_due = rg__wakes_mark(reg, limit ? limit : LIMIT);
	if (wakes_due < due)
		due = wakes_due;
	if (left)
		due = now;
	if (((rg_store_traits(reg->store) & RG_STORE_SHARED) || st != RG_OK) && due > rg__add_sat(now, RG__TICK_AGAIN))
		due = rg__add_sat(now, RG__TICK_AGAIN);
	rg_time said = rg__promise(reg, due, begun);
	if (next)
		*next = said;
	rg_registrar_unref(reg);
	return st;
}

/* No tick will come any more: the fate of these commits stays unknown. */
void rg__ops_forsake(rg_registrar *reg)
{
	found_due found[GATHERED];

	for (size_t i = 0; i < RG__STRIPES; i++) {
		rg__stripe *s = &reg->stripes[i];
		uint32_t n;

		do {
			n = 0;
			pthread_mutex_lock(&s->lock);
			for (rg_op *op = s->ops; op && n < GATHERED; op = op->next) {
				if (op->resend_at == RG_TIME_NEVER || !rg__op_hold(op))
					continue;
				op->resend_at = RG_TIME_NEVER;
				found[n++] = (found_due){ op, true };
			}
			pthread_mutex_unlock(&s->lock);
			for (uint32_t k = 0; k < n; k++) {
				found[k].op->step = RG__STEP_GIVE_UP;
				rg__op_run(found[k].op);
				rg__op_let_go(found[k].op);
			}
		} while (n > 0);
	}
}
