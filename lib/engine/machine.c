/* SPDX-License-Identifier: MIT */
#include "engine/log.h"
#include "engine/op.h"
#include "engine/waits.h"
#include "engine/wakes.h"
#include "model/model.h"
#include "text/text.h"

/*
 * The machine of op.h. A step returns the step to run next. WAIT: the operation waits for an answer, and unless it is of the blocking
 * form another thread may run it already, so op->step is set before a call is issued. GONE: the operation has ended.
 */
enum { WAIT = -1, GONE = -2 };

static bool is_released(const rg_op *op)
{
	return atomic_load_explicit(&op->released, memory_order_acquire);
}

/* Answers the caller if it has no answer yet, and ends the operation. */
static int finish_op(rg_op *op, rg_status status)
{
	rg__op_answer(op, status);
	rg__op_let_go(op);
	return GONE;
}

/* Ends the work on a key. After an error a walk may continue with the next key. */
static int end_key(rg_op *op, rg_status status)
{
	op->key_status = status;
	return op->verb->walks ? RG__STEP_NEXT : finish_op(op, status);
}

static void count_failure(rg_op *op, rg_status status)
{
	op->tally[RG__S_STORE_ERRORS] += status != RG_ECONFLICT;
	op->cause = status;
	if (!is_released(op))
		rg__log(&op->ticket.reg->env, RG_LOG_WARNING, "store %s: %s", rg__store_name(op->call.store), rg_strerror(status));
}

static int store_failed(rg_op *op, rg_status status)
{
	count_failure(op, status);
	return end_key(op, RG_ESTORE);
}

/*
 * The blocking form gives up: its caller has waited for store_timeout. A commit under way continues, and the operation must no longer use
 * what the caller lent it.
 */
static int abandon_wait(rg_op *op)
{
	op->tally[RG__S_TIMEOUTS]++;
	op->cause = RG_ETIMEOUT;
	rg__op_answer(op, RG_ESTORE);
	if (!rg__op_own_key(op))
		op->key = (rg_key){ 0 }; /* without a key, the commit is not sent again */
	atomic_store(&op->blocking, false);
	op->call.blocking = false;
	if (!rg__call_park(&op->call))
		return op->step;
	rg__call_cancel(&op->call, true);
	return WAIT;
}

static int wait_blocking(rg_op *op)
{
	int64_t now = rg__monotonic_us();

	if (op->wait_until == 0)
		op->wait_until = now + 1000 * rg__config_int(op->ticket.snapshot->config, RG__P_store_timeout);
	int64_t left = op->wait_until > now ? (op->wait_until - now + 999) / 1000 : 0;
	return rg__call_wait(&op->call, (int32_t)left) == RG_OK ? op->step : abandon_wait(op);
}

/* Every call of the store is made here. After RG_PENDING the operation is not touched. */
static int call_store(rg_op *op, int next, rg_status (*call)(rg_op *op))
{
	op->step = (uint8_t)next;
	rg_status st = call(op);

	if (st == RG_PENDING)
		return WAIT;
	op->call.status = st;
	return next;
}

static int step_names(rg_op *op)
{
	op->step = RG__STEP_NAMED;
	return rg__resolver_ask(op->resolver, op->blocking) ? RG__STEP_NAMED : WAIT;
}

static int step_named(rg_op *op)
{
	rg_status st = op->verb->resolved ? op->verb->resolved(op) : RG_OK;

	return st == RG_OK ? RG__STEP_KEY : finish_op(op, st);
}

static rg_status issue_fetch(rg_op *op)
{
	return rg__call_fetch(&op->call, &op->key, op->fresh ? RG_FETCH_FRESH : 0);
}

static int step_fetch(rg_op *op)
{
	return call_store(op, RG__STEP_FETCHED, issue_fetch);
}

static int step_key(rg_op *op)
{
	op->conflicts = 0;
	op->fresh = (op->fetch_flags & RG_FETCH_FRESH) != 0;
	if (!op->verb->walks)
		return step_fetch(op);
	if (op->verb->next)
		return op->verb->next(op) ? RG__STEP_FETCH : finish_op(op, op->failed);
	op->wait_until = 0;
	if (op->heap && !op->blocking)
		rg__op_deadline(op);
	if (op->at < op->page.n && !op->verb->bare) {
		op->key = op->page.keys[op->at++];
		return RG__STEP_FETCH;
	}
	int next = call_store(op, RG__STEP_PAGED, op->verb->page);

	return next != WAIT && op->call.status == RG_ENOENT ? finish_op(op, op->failed) : next;
}

static int step_paged(rg_op *op)
{
	rg_status st = op->call.status;

	if (st == RG_OK && !rg__walk_accept(&op->walk, op->within, &op->call.page))
		st = RG_ECONTRACT;
	if (st != RG_OK) {
		count_failure(op, st);
		return finish_op(op, st == RG_ENOMEM ? RG_ENOMEM : RG_ESTORE);
	}
	rg__page_clear(&op->page);
	op->key = (rg_key){ 0 }; /* it was one of that page */
	op->page = op->call.page;
	op->call.page = (rg__page){ 0 };
	op->paged = true;
	op->at = 0;
	return RG__STEP_KEY;
}

/* The record in the store is the one to decide on. */
static void take_found(rg_op *op)
{
	rg_record_unref(op->found.record);
	op->found = op->call.found;
	op->call.found.record = NULL;
}

static int step_fetched(rg_op *op)
{
	if (op->call.status != RG_OK)
		return store_failed(op, op->call.status);
	take_found(op);
	return RG__STEP_DECIDE;
}

/*
 * A record of another key breaks the contract. A record of which a part may be missing is good enough for a lookup only: another verb
 * could delete the part that it does not see.
 */
static rg_status can_decide(const rg_op *op)
{
	if (op->found.record && !rg__record_is_of(op->found.record, &op->key))
		return RG_ECONTRACT;
	return op->found.partial && !op->verb->takes_partial ? RG_ESTORE : RG_OK;
}

static int not_decided(rg_op *op, rg_status status)
{
	if (status == RG__AGAIN)
		return RG__STEP_FETCH;
	if (status != RG_PENDING)
		return end_key(op, status);
	rg__op_let_go(op);
	return GONE;
}

static int step_decide(rg_op *op)
{
	rg_status st = can_decide(op);

	if (st != RG_OK)
		return store_failed(op, st);
	rg_plan_free(op->plan);
	op->plan = NULL;
	st = op->verb->decide(op);
	if (st != RG_OK)
		return not_decided(op, st);
	if (op->plan && rg_plan_commits(op->plan))
		return RG__STEP_COMMIT;
	/* A successful commit confirms a record that came from a cache. A decision without a commit needs an authoritative record. */
	if (!op->found.authoritative && !op->fresh) {
		op->fresh = true;
		return RG__STEP_FETCH;
	}
	return end_key(op, RG_OK);
}

/* NULL: out of memory. */
static rg__batch *announce_events(rg_op *op)
{
	const rg_registrar *reg = op->ticket.reg;
	bool overlay = (rg_store_traits(reg->store) & RG_STORE_OVERLAY) != 0;

	return rg__batch_new(reg->events, op->plan, &op->key, &op->commit, overlay);
}

static rg_status issue_commit(rg_op *op)
{
	return rg__call_commit(&op->call, &op->key, &op->commit);
}

static int step_commit(rg_op *op)
{
	rg_registrar *reg = op->ticket.reg;

	op->commit.struct_size = sizeof op->commit;
	op->commit.base = op->found.base;
	op->commit.revision = *rg__plan_revision(op->plan);
	op->commit.local_base = op->found.record ? *rg_record_local_revision(op->found.record) : op->found.local_base;
	op->commit.next = rg_plan_next(op->plan);
	op->commit.hint = op->found.hint;
	op->in_doubt = false;
	op->doubt_until = 0;
	/* While a store that is not inline works on the commit, a subscriber may appear. */
	if (rg__op_is_home(op) && (rg__events_wanted(reg->events) || reg->store->slots)) {
		op->batch = announce_events(op);
		if (!op->batch)
			return end_key(op, RG_ENOMEM);
	}
	return call_store(op, RG__STEP_COMMITTED, issue_commit);
}

/* The store may have forgotten the commit, and would call it a conflict: the tick came late, or the clock was set back meanwhile. */
static bool is_too_late(const rg_op *op)
{
	int64_t most = 1000 * (RG__RESEND_FOR + RG__RESEND_LATE);

	return rg__now(op->ticket.reg) > rg__add_sat(op->doubt_until, RG__RESEND_LATE) || rg__monotonic_us() - op->doubt_since > most;
}

static int step_resend(rg_op *op)
{
	if (is_too_late(op))
		return RG__STEP_GIVE_UP;
	op->tally[RG__S_RETRIES]++;
	return call_store(op, RG__STEP_COMMITTED, issue_commit);
}

void rg__op_settle(rg_op *op, bool landed)
{
	rg_registrar *reg = op->ticket.reg;
	rg__batch *batch = op->batch;

	/* A subscriber may have appeared while an inline store worked on the commit. */
	if (!batch && landed && rg__op_is_home(op) && rg__events_wanted(reg->events))
		batch = announce_events(op);
	op->batch = NULL;
	if (batch && rg__batch_settle(reg->events, batch, landed))
		rg__announce(reg, rg__now(reg));
}

/* When a tick must look at the new record. A binding that is due and was left to its owner is looked at again later, not at once. */
static rg_time next_look(const rg_op *op)
{
	enum { LATER = 1000 };
	rg_time deadline = rg_record_deadline(op->commit.next);

	return deadline > op->now ? deadline : rg__add_sat(op->now, LATER);
}

static int commit_landed(rg_op *op)
{
	op->tally[RG__S_COMMITS]++;
	if (rg__config_int(op->ticket.snapshot->config, RG__P_pn_enable) && rg__op_is_home(op))
		rg__wakes_count(op);
	if (op->commit.next && rg__op_is_home(op))
		rg__announce_record(op->ticket.reg, next_look(op));
	rg__op_touch_sites(op);
	if (op->batch || rg__events_wanted(op->ticket.reg->events))
		rg__op_settle(op, true);
	if (rg__waits_any(op->ticket.reg->waits) && rg__op_is_home(op))
		rg__waits_changed(op->ticket.reg, &op->key, &op->commit.revision);
	return end_key(op, RG_OK);
}

static int commit_conflicted(rg_op *op)
{
	op->tally[RG__S_CONFLICTS]++;
	rg__op_settle(op, false);
	op->in_doubt = false;
	if (op->call.has_current)
		take_found(op);
	if (++op->conflicts > RG__CONFLICTS_MAX)
		return store_failed(op, RG_ECONFLICT);
	if (op->call.has_current)
		return RG__STEP_DECIDE;
	op->fresh = true;
	return RG__STEP_FETCH;
}

static int commit_doubtful(rg_op *op)
{
	op->cause = RG_EUNKNOWN;
	if (op->verb->converges) {
		rg__op_touch_sites(op);
		rg__op_settle(op, false);
		return store_failed(op, RG_EUNKNOWN);
	}
	switch (rg__resend_later(op)) {
	case RG__RESEND_WAITS:
		return WAIT;
	case RG__RESEND_ELSEWHERE:
		return end_key(op, RG_ESTORE);
	default:
		return RG__STEP_GIVE_UP;
	}
}

static int step_committed(rg_op *op)
{
	rg_status st = op->call.status;

	/* When a later commit was built on this change, the change landed, even if the store has forgotten it. */
	if (st == RG_OK || (op->in_doubt && op->batch && rg__batch_proved(op->ticket.reg->events, op->batch))) {
		if (op->call.has_current)
			rg_record_unref(op->call.found.record);
		op->call.found.record = NULL;
		return commit_landed(op);
	}
	if (st == RG_ECONFLICT)
		return commit_conflicted(op);
	if (st == RG_EUNKNOWN || op->in_doubt)
		return commit_doubtful(op);
	rg__op_settle(op, false);
	return store_failed(op, st);
}

static int step_give_up(rg_op *op)
{
	rg__op_lose_commit(op, "never became known");
	return finish_op(op, RG_ESTORE);
}

/* Of a walk: the key is done. */
static int step_next(rg_op *op)
{
	if (op->failed == RG_OK)
		op->failed = op->key_status;
	return op->verb->done_key(op, op->key_status) ? RG__STEP_KEY : finish_op(op, op->key_status);
}

/* The caller has its answer, so the operation ends before @p step. A failed call is still counted. */
static int finish_late(rg_op *op, int step)
{
	if ((step == RG__STEP_PAGED || step == RG__STEP_FETCHED) && op->call.status != RG_OK)
		count_failure(op, op->call.status);
	return finish_op(op, RG_ECANCELED);
}

/* These steps need the caller. The others see a commit under way to its end. */
static bool needs_caller(int step)
{
	return step <= RG__STEP_DECIDE || step == RG__STEP_NEXT;
}

static inline int run_step(rg_op *op, int step)
{
	switch (step) {
	case RG__STEP_NAMES:
		return step_names(op);
	case RG__STEP_NAMED:
		return step_named(op);
	case RG__STEP_KEY:
		return step_key(op);
	case RG__STEP_PAGED:
		return step_paged(op);
	case RG__STEP_FETCH:
		return step_fetch(op);
	case RG__STEP_FETCHED:
		return step_fetched(op);
	case RG__STEP_DECIDE:
		return step_decide(op);
	case RG__STEP_COMMIT:
		return step_commit(op);
	case RG__STEP_COMMITTED:
		return step_committed(op);
	case RG__STEP_RESEND:
		return step_resend(op);
	case RG__STEP_GIVE_UP:
		return step_give_up(op);
	default:
		return step_next(op);
	}
}

/* Nobody else knows of an operation on the stack: nothing cancels it, and its caller waits. */
static int run_steps(rg_op *op, int step)
{
	const bool known = op->heap;

	while (step >= 0) {
		if (known && op->canceled)
			rg__op_answer(op, RG_ECANCELED);
		step = known && needs_caller(step) && is_released(op) ? finish_late(op, step) : run_step(op, step);
	}
	return step;
}

void rg__op_run(rg_op *op)
{
	bool blocking = op->blocking; /* only the thread that runs the operation ends the blocking form */
	int step = run_steps(op, op->step);

	while (step == WAIT && blocking) {
		step = wait_blocking(op);
		if (step == WAIT)
			return;
		blocking = op->blocking;
		step = run_steps(op, step);
	}
}
