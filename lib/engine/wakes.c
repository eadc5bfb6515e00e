/* SPDX-License-Identifier: MIT */
#include "engine/wakes.h"
#include "text/text.h"
#include <stdlib.h>

/* Marks the wake-ups of a claim as sent. */
typedef struct sent_op {
	rg_op op;
	rg_plan *plan;    /* the claim's, with the key of the operation */
	rg__batch *claim; /* until the answer */
} sent_op;

static rg_status sent_decide(rg_op *op)
{
	if (!op->found.record)
		return RG_OK;
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__wake_sent(op->found.record, ((sent_op *)op)->plan, op->ticket.snapshot->config, op->now, &revision, &op->plan);
}

/* A later tick tries again what failed. The claim may have lapsed by then, and the device been woken again. */
static void sent_answer(rg_op *op, rg_status status)
{
	sent_op *s = (sent_op *)op;
	rg_registrar *reg = op->ticket.reg;

	if (status == RG_OK || status == RG_ECANCELED)
		return;
	rg__claim_return(reg->events, s->claim);
	s->claim = NULL;
	if (!op->blocking)
		rg__announce(reg, rg__add_sat(rg__now(reg), RG__TICK_AGAIN));
}

static void sent_clear(rg_op *op)
{
	sent_op *s = (sent_op *)op;

	if (s->claim)
		rg__claim_free(s->claim);
	rg_plan_free(s->plan);
}

static const rg__verb sent_verb = {
	.size = sizeof(sent_op),
	.decide = sent_decide,
	.answer = sent_answer,
	.clear = sent_clear,
};

static void sent_begin(sent_op *s, rg__batch *claim)
{
	s->claim = claim;
	s->plan = rg__plan_ref(rg__claim_plan(claim));
	rg__plan_key(s->plan, &s->op.key);
}

/* Over an inline store the claim is marked on return, or the status says why not. Over any other store that has begun. */
static rg_status mark_claim(rg_registrar *reg, rg__batch *claim)
{
	rg_status st;

	if (rg_store_traits(reg->store) & RG_STORE_INLINE) {
		sent_op s;

		st = rg__op_begin(&s.op, &sent_verb, reg);
		if (st == RG_OK) {
			sent_begin(&s, claim);
			return rg__op_block(&s.op);
		}
	} else {
		rg_op *op;

		st = rg__op_new(&sent_verb, reg, &op);
		if (st == RG_OK) {
			sent_begin((sent_op *)op, claim);
			rg__op_start(op, NULL, NULL, NULL);
			return RG_OK;
		}
	}
	rg__claim_return(reg->events, claim);
	return st;
}

rg_time rg__wakes_mark(rg_registrar *reg, uint32_t limit)
{
	rg__batch *claim;

	for (; (claim = rg__claim_take(reg->events)) != NULL; limit--) {
		if (limit == 0) {
			rg__claim_return(reg->events, claim);
			return rg__now(reg);
		}
		rg_status st = mark_claim(reg, claim);

		if (st == RG_ECANCELED) { /* the registrar was shut down */
			rg__wakes_drop(reg);
			return RG_TIME_NEVER;
		}
		if (st != RG_OK)
			return rg__add_sat(rg__now(reg), RG__TICK_AGAIN);
	}
	return RG_TIME_NEVER;
}

void rg__wakes_drop(rg_registrar *reg)
{
	rg__batch *claim;

	while ((claim = rg__claim_take(reg->events)) != NULL)
		rg__claim_free(claim);
}

/* Which statistic an event counts for; -1 = none. */
static int wake_statistic(const rg_event *e)
{
	bool woken = e->before && (e->before->flags & RG_CONTACT_WOKEN);

	if (e->kind == RG_EVENT_CONTACT_REFRESH)
		return RG__S_WAKEUPS_SENT;
	if (!woken)
		return -1;
	if (e->kind == RG_EVENT_CONTACT_EXPIRE)
		return RG__S_WAKEUPS_TIMED_OUT;
	/* A device that registers or de-registers has answered; what else removes a binding says nothing of the device. */
	if (e->kind == RG_EVENT_CONTACT_UPDATE ||
		(e->kind == RG_EVENT_CONTACT_DELETE && e->callid.p && !rg__eq(e->reason, RG_STR("evicted"))))
		return RG__S_WAKEUPS_ANSWERED;
	return -1;
}

void rg__wakes_count(rg_op *op)
{
	rg__event_room room;
	rg_event e;

	for (uint32_t i = 0; rg__plan_event(op->plan, i, &room, &e) == RG_OK; i++) {
		int what = wake_statistic(&e);

		if (what >= 0)
			rg__count(op->ticket.stripe, what);
	}
}
