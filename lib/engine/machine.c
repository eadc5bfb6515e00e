/* SPDX-License-Identifier: MIT */
#include "engine/log.h"
#include "engine/op.h"
#include "text/text.h"

/*
 * The machine of op.h. When a step says WAIT, the operation waits for an answer and may be another thread's already, unless it is of the
 * blocking form; so the next step is always set before a call is issued. GONE: it has ended.
 */
enum { GO, WAIT, GONE };
enum { NAMED = RG__STEP_GIVE_UP + 1, PAGED, FETCH, FETCHED, COMMIT, COMMITTED, END };

static bool is_released(const rg_op *op)
{
	return atomic_load_explicit(&op->released, memory_order_acquire) != 0;
}

static int finish(rg_op *op, rg_status status)
{
	if (!is_released(op))
		rg__op_answer(op, status);
	op->step = END;
	return GO;
}

/* This key came to an error; others of a walk may fare better. */
static int fail_key(rg_op *op, rg_status status)
{
	if (!op->verb->walks || is_released(op))
		return finish(op, status);
	if (op->failed == RG_OK)
		op->failed = status;
	if (!op->verb->done_key(op, status))
		return finish(op, status);
	op->step = RG__STEP_KEY;
	return GO;
}

static void note_failure(rg_op *op, rg_status status)
{
	op->tally[RG__S_STORE_ERRORS] += status != RG_ECONFLICT;
	if (!is_released(op))
		rg__log(&op->ticket.reg->env, RG_LOG_WARNING, "store %s: %s", rg__store_name(op->call.store), rg_strerror(status));
}

static int store_failed(rg_op *op, rg_status status)
{
	note_failure(op, status);
	return fail_key(op, RG_ESTORE);
}

static int key_done(rg_op *op)
{
	if (!op->verb->walks)
		return finish(op, RG_OK);
	if (!is_released(op) && !op->verb->done_key(op, RG_OK))
		return finish(op, RG_OK);
	op->step = RG__STEP_KEY;
	return GO;
}

/*
 * The blocking form gives up: its caller has waited for store_timeout. A commit under way runs on, and from here on the operation
 * must not look at what the caller lent it.
 */
static int abandon(rg_op *op)
{
	op->tally[RG__S_TIMEOUTS]++;
	rg__op_answer(op, RG_ESTORE);
	if (!rg__op_own_key(op))
		op->key = (rg_key){ 0 }; /* then it is not sent again */
	atomic_store(&op->blocking, false);
	op->call.blocking = false;
	if (!rg__call_park(&op->call))
		return GO;
	rg__call_cancel(&op->call, true);
	return WAIT;
}

/* A call was issued. After RG_PENDING the operation is not looked at. */
static int issued(rg_op *op, rg_status status)
{
	if (status == RG_PENDING)
		return WAIT;
	op->call.status = status;
	return GO;
}

static int wait_for_it(rg_op *op)
{
	int64_t now = rg__monotonic_us();

	if (op->wait_until == 0)
		op->wait_until = now + 1000 * rg__config_int(op->ticket.snapshot->config, RG__P_store_timeout);
	int64_t left = op->wait_until > now ? (op->wait_until - now + 999) / 1000 : 0;
	return rg__call_wait(&op->call, (int32_t)left) == RG_OK ? GO : abandon(op);
}

static int step_names(rg_op *op)
{
	op->step = NAMED;
	return rg__resolver_ask(op->resolver, op->blocking) ? GO : WAIT;
}

static int step_named(rg_op *op)
{
	rg_status st = is_released(op) ? RG_ECANCELED : op->verb->resolved ? op->verb->resolved(op) : RG_OK;

	if (st != RG_OK)
		return finish(op, st);
	op->step = RG__STEP_KEY;
	return GO;
}

static int next_key(rg_op *op)
{
	if (is_released(op))
		return finish(op, RG_ECANCELED);
	if (!op->verb->next(op))
		return finish(op, op->failed);
	op->step = FETCH;
	return GO;
}

static int step_key(rg_op *op)
{
	op->conflicts = 0;
	op->fresh = (op->fetch_flags & RG_FETCH_FRESH) != 0;
	if (!op->verb->walks) {
		op->step = FETCH;
		return GO;
	}
	if (op->verb->next)
		return next_key(op);
	if (is_released(op))
		return finish(op, RG_ECANCELED);
	op->wait_until = 0;
	if (op->heap && !op->blocking)
		rg__op_deadline(op);
	if (op->at < op->page.n && !op->verb->bare) {
		op->key = op->page.keys[op->at++];
		op->step = FETCH;
		return GO;
	}
	op->step = PAGED;
	rg_status st = op->verb->page(op);
	if (st == RG_ENOENT)
		return finish(op, op->failed);
	return issued(op, st);
}

static int step_paged(rg_op *op)
{
	rg_status st = op->call.status;

	/* What a walk looks for may be gone with its caller. */
	if (st == RG_OK && !is_released(op) && !rg__walk_holds(&op->walk, op->within, &op->call.page))
		st = RG_ECONTRACT;
	if (st != RG_OK) {
		note_failure(op, st);
		return finish(op, st == RG_ENOMEM ? RG_ENOMEM : RG_ESTORE);
	}
	rg__page_clear(&op->page);
	op->page = op->call.page;
	op->call.page = (rg__page){ 0 };
	op->paged = true;
	op->at = 0;
	op->step = RG__STEP_KEY;
	return GO;
}

static int step_fetch(rg_op *op)
{
	op->step = FETCHED;
	return issued(op, rg__call_fetch(&op->call, &op->key, op->fresh ? RG_FETCH_FRESH : 0));
}

static bool is_ours(const rg_op *op, const rg_fetched *found)
{
	rg_key key;

	if (!found->record)
		return true;
	rg_record_key(found->record, &key);
	return rg_key_equal(&key, &op->key);
}

/* What the store has now is what is decided on. */
static void take_found(rg_op *op)
{
	rg_record_unref(op->found.record);
	op->found = op->call.found;
	op->call.found.record = NULL;
}

/*
 * Another key's record is a breach. What may not be all there is does for a lookup alone: a decision on it could take away what it
 * does not see.
 */
static rg_status can_decide(const rg_op *op)
{
	if (!is_ours(op, &op->found))
		return RG_ECONTRACT;
	return op->found.partial && !op->verb->takes_partial ? RG_ESTORE : RG_OK;
}

static int step_fetched(rg_op *op)
{
	if (op->call.status != RG_OK)
		return store_failed(op, op->call.status);
	take_found(op);
	if (is_released(op))
		return finish(op, RG_ECANCELED);
	rg_status st = can_decide(op);
	if (st != RG_OK)
		return store_failed(op, st);
	op->step = RG__STEP_DECIDE;
	return GO;
}

static int step_decide(rg_op *op)
{
	rg_plan_unref(op->plan);
	op->plan = NULL;
	rg_status st = op->verb->decide(op);
	if (st != RG_OK)
		return fail_key(op, st);
	if (op->plan && rg_plan_commits(op->plan)) {
		op->step = COMMIT;
		return GO;
	}
	/* Only a commit makes a guess true: what commits nothing is decided on what the store itself says. */
	if (!op->found.authoritative && !op->fresh) {
		op->fresh = true;
		op->step = FETCH;
		return GO;
	}
	return key_done(op);
}

/* NULL: out of memory. */
static rg__batch *announce_events(rg_op *op)
{
	const rg_registrar *reg = op->ticket.reg;
	bool overlay = (rg_store_traits(reg->store) & RG_STORE_OVERLAY) != 0;

	return rg__batch_new(reg->events, op->plan, &op->commit.base, overlay ? &op->commit.local_base : NULL, &op->commit.revision);
}

static int step_commit(rg_op *op)
{
	rg_registrar *reg = op->ticket.reg;

	op->commit.struct_size = sizeof op->commit;
	op->commit.base = op->found.base;
	op->commit.revision = *rg__plan_revision(op->plan);
	op->commit.local_base = op->found.record ? *rg_record_local_revision(op->found.record) : op->found.local_base;
	op->commit.next = rg_plan_next(op->plan);
	op->in_doubt = false;
	op->doubt_until = 0;
	/* Where an answer can be long in coming, somebody may begin to listen meanwhile. */
	if (rg__op_is_home(op) && (rg__events_wanted(reg->events) || reg->store->slots)) {
		op->batch = announce_events(op);
		if (!op->batch)
			return fail_key(op, RG_ENOMEM);
	}
	op->step = COMMITTED;
	return issued(op, rg__call_commit(&op->call, &op->key, &op->commit));
}

static int step_resend(rg_op *op)
{
	op->tally[RG__S_RETRIES]++;
	op->step = COMMITTED;
	return issued(op, rg__call_commit(&op->call, &op->key, &op->commit));
}

void rg__op_settle(rg_op *op, bool landed)
{
	rg_registrar *reg = op->ticket.reg;
	rg__batch *batch = op->batch;

	/* Somebody began to listen while an inline store was at it. */
	if (!batch && landed && rg__op_is_home(op) && rg__events_wanted(reg->events))
		batch = announce_events(op);
	op->batch = NULL;
	if (batch)
		rg__batch_settle(reg->events, batch, landed);
}

/* What is due and was left, because another node is to come first, is looked at again a little later and not at once. */
static rg_time deadline_of(const rg_op *op)
{
	enum { LATER = 1000 };
	rg_time deadline = rg_record_deadline(op->commit.next);

	return deadline > op->now ? deadline : rg__add_sat(op->now, LATER);
}

static int landed(rg_op *op)
{
	op->tally[RG__S_COMMITS]++;
	if (op->commit.next && rg__op_is_home(op))
		rg__announce(op->ticket.reg, deadline_of(op));
	rg__op_touch_sites(op);
	rg__op_settle(op, true);
	return key_done(op);
}

static int conflicted(rg_op *op)
{
	op->tally[RG__S_CONFLICTS]++;
	rg__op_settle(op, false);
	op->in_doubt = false;
	if (op->call.has_current)
		take_found(op);
	if (is_released(op))
		return finish(op, RG_ECANCELED);
	if (++op->conflicts > RG__CONFLICTS_MAX)
		return store_failed(op, RG_ECONFLICT);
	if (!op->call.has_current) {
		op->fresh = true;
		op->step = FETCH;
		return GO;
	}
	rg_status st = can_decide(op);
	if (st != RG_OK)
		return store_failed(op, st);
	op->step = RG__STEP_DECIDE;
	return GO;
}

static int doubtful(rg_op *op)
{
	if (op->verb->converges) {
		rg__op_settle(op, false);
		return store_failed(op, RG_EUNKNOWN);
	}
	switch (rg__resend_later(op)) {
	case RG__RESEND_WAITS:
		return WAIT;
	case RG__RESEND_ELSEWHERE:
		return fail_key(op, RG_ESTORE);
	default:
		op->step = RG__STEP_GIVE_UP;
		return GO;
	}
}

static int step_committed(rg_op *op)
{
	rg_status st = op->call.status;

	/* A change that a later one was built on did land, whatever the store remembers of it. */
	if (st == RG_OK || (op->in_doubt && op->batch && rg__batch_proved(op->ticket.reg->events, op->batch))) {
		if (op->call.has_current)
			rg_record_unref(op->call.found.record);
		op->call.found.record = NULL;
		return landed(op);
	}
	if (st == RG_ECONFLICT)
		return conflicted(op);
	if (st == RG_EUNKNOWN || op->in_doubt)
		return doubtful(op);
	rg__op_settle(op, false);
	return store_failed(op, st);
}

static int step_give_up(rg_op *op)
{
	bool proved = op->batch && rg__batch_proved(op->ticket.reg->events, op->batch);

	if (!proved) {
		op->tally[RG__S_UNKNOWN]++;
		rg__log(&op->ticket.reg->env, RG_LOG_ERROR, "store %s: the outcome of a commit never became known",
			rg__store_name(op->call.store));
	}
	rg__op_touch_sites(op);
	rg__op_settle(op, proved);
	return finish(op, RG_ESTORE);
}

static int step_end(rg_op *op)
{
	rg__op_let_go(op);
	return GONE;
}

void rg__op_run(rg_op *op)
{
	static int (*const steps[])(rg_op *op) = {
		[RG__STEP_NAMES] = step_names,
		[RG__STEP_KEY] = step_key,
		[RG__STEP_RESEND] = step_resend,
		[RG__STEP_GIVE_UP] = step_give_up,
		[NAMED] = step_named,
		[PAGED] = step_paged,
		[FETCH] = step_fetch,
		[FETCHED] = step_fetched,
		[RG__STEP_DECIDE] = step_decide,
		[COMMIT] = step_commit,
		[COMMITTED] = step_committed,
		[END] = step_end,
	};

	for (int next = GO; next == GO;) {
		bool blocking = op->blocking; /* the operation is ours up to here, and a blocking one stays so */

		if (blocking && op->canceled && !is_released(op))
			rg__op_answer(op, RG_ECANCELED);
		next = steps[op->step](op);
		if (next == WAIT && blocking)
			next = wait_for_it(op);
	}
}
