/* SPDX-License-Identifier: MIT */
#include "engine/log.h"
#include "engine/op.h"
#include "text/text.h"

/*
 * Commits of unknown fate. Ticks resend the identical commit until the store tells its fate, or until the store may have forgotten it. When
 * the operation that issued the commit must return to a caller, an operation of its own resends it: the orphan.
 */

static void no_answer(rg_op *op, rg_status status)
{
	(void)op;
	(void)status;
}

static rg_status no_decision(rg_op *op)
{
	(void)op;
	return RG_ECANCELED;
}

static const rg__verb orphan_verb = {
	.size = sizeof(rg_op),
	.decide = no_decision,
	.answer = no_answer,
};

static bool can_wait(const rg_op *op)
{
	return op->heap && !op->blocking && !op->verb->walks && op->call.store->slots;
}

/* Waits for the tick at @p at. False: no tick will come any more. */
static bool wait_for_tick(rg_op *op, rg_time at)
{
	rg__stripe *s = op->ticket.stripe;
	rg_registrar *reg = op->ticket.reg;

	rg__op_hold(op);
	op->step = RG__STEP_RESEND;
	pthread_mutex_lock(&s->lock);
	bool waits = atomic_load(&reg->users) > 0;

	if (waits)
		op->resend_at = at;
	pthread_mutex_unlock(&s->lock);
	if (waits)
		rg__announce(reg, at);
	rg__op_let_go(op);
	return waits;
}

static rg_op *orphan_of(rg_op *from)
{
	rg_op *op = from->key.domain.p ? rg__op_beside(&orphan_verb, from) : NULL;

	if (!op)
		return NULL;
	op->key = from->key;
	if (!rg__op_own_key(op)) {
		rg__op_abort(op);
		return NULL;
	}
	atomic_store(&op->released, true);
	op->plan = rg__plan_ref(from->plan);
	op->commit = from->commit;
	op->batch = from->batch;
	from->batch = NULL;
	op->in_doubt = true;
	rg__op_list(op);
	return op;
}

void rg__op_lose_commit(rg_op *op, const char *how)
{
	bool proved = op->batch && rg__batch_proved(op->ticket.reg->events, op->batch);

	if (!proved) {
		op->tally[RG__S_UNKNOWN]++;
		rg__log(&op->ticket.reg->env, RG_LOG_ERROR, "store %s: the outcome of a commit %s", rg__store_name(op->call.store), how);
	}
	rg__op_touch_sites(op);
	rg__op_settle(op, proved);
}

int rg__resend_later(rg_op *op)
{
	rg_time now = rg__now(op->ticket.reg);
	bool own = op->verb == &orphan_verb || can_wait(op);
	rg_op *waiter = own ? op : orphan_of(op);

	if (!waiter) {
		rg__op_lose_commit(op, "is not known, and it cannot be sent again");
		return RG__RESEND_ELSEWHERE;
	}
	rg_time last = rg__add_sat(now, RG__RESEND_FOR);
	if (waiter->doubt_until == 0) {
		waiter->in_doubt = true;
		waiter->doubt_since = rg__monotonic_us();
		waiter->doubt_pause = RG__RESEND_FIRST;
	}
	if (waiter->doubt_until == 0 || waiter->doubt_until > last) /* the clock may have been set back */
		waiter->doubt_until = last;
	rg_time at = rg__add_sat(now, waiter->doubt_pause);
	waiter->doubt_pause = waiter->doubt_pause * 2 > RG__RESEND_MOST ? RG__RESEND_MOST : waiter->doubt_pause * 2;
	bool waits = waiter->key.domain.p && at <= waiter->doubt_until && wait_for_tick(waiter, at);
	if (own)
		return waits ? RG__RESEND_WAITS : RG__RESEND_GIVEN_UP;
	if (!waits) {
		waiter->step = RG__STEP_GIVE_UP;
		rg__op_run(waiter);
	}
	return RG__RESEND_ELSEWHERE;
}
