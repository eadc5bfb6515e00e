/* SPDX-License-Identifier: MIT */
/* Fetch and commit of the store made of two. overlay.h tells how. */
#include "overlay/overlay.h"

enum { TRIES = 8 };

static void take_main(rg__overlay_op *op)
{
	rg_record_unref(op->main.record);
	op->main = op->call.found;
	op->call.found.record = NULL;
}

static void answer_fetch(rg__overlay_op *op)
{
	rg_fetched found = op->out;

	if (op->status == RG_OK)
		op->out.record = NULL;
	op->fetched(op->tok, op->status, op->status == RG_OK ? &found : NULL);
}

/* Without an answer of main: what this node has is better than nothing. */
static int half_an_answer(rg__overlay_op *op, rg_status status)
{
	const rg_fetched nothing = { .struct_size = sizeof nothing, .authoritative = 1, .partial = 1 };
	rg__local now;
	rg_status st = rg__local_look(op->o, &op->key, &now);

	if (st == RG_OK)
		st = rg__unite(&op->key, &nothing, &now, &op->out);
	if (st == RG_OK && rg_record_count(op->out.record) == 0)
		st = status;
	rg__local_clear(&now);
	return rg__overlay_end(op, st);
}

/* Main has a commit whose answer never came, or nobody waits for one any more: the local part follows, unless somebody is at it. */
static void catch_up(rg__overlay_op *op, bool certain)
{
	bool landed = op->local.verdict == RG__OVERLAY_UNDECIDED && rg__local_landed(&op->local, &op->main.base);

	if (!op->local.half || (!landed && !op->local.old) || !rg__overlay_try_turn(op))
		return;
	op->half = rg__half_found(op->o, &op->key, &op->local, &op->main, certain);
	if (op->half)
		rg__half_settle(op->o, op->half); /* or a later one does */
	op->half = NULL;
}

static int fetch_main(rg__overlay_op *op);

/* Main was asked between two looks at the local part. Where they differ, nobody knows which of them goes with its answer. */
static int fetched(rg__overlay_op *op)
{
	rg__local now;

	if (op->call.status != RG_OK)
		return half_an_answer(op, op->call.status);
	take_main(op);
	rg_status st = rg__local_look(op->o, &op->key, &now);
	bool same = st == RG_OK && rg__local_same(&now, &op->local);

	rg__local_clear(&op->local);
	op->local = now;
	if (st != RG_OK)
		return rg__overlay_end(op, st);
	if (!same && ++op->tries < TRIES)
		return fetch_main(op);
	st = rg__unite(&op->key, &op->main, &op->local, &op->out);
	catch_up(op, same);
	return rg__overlay_end(op, st);
}

/* What is to tell the end of an old half is asked for, and no guess. */
static int fetch_main(rg__overlay_op *op)
{
	return rg__overlay_ask_fetch(op, op->local.old ? RG_FETCH_FRESH : op->flags, fetched);
}

static int fetch_first(rg__overlay_op *op)
{
	rg_status st = rg__local_look(op->o, &op->key, &op->local);

	return st == RG_OK ? fetch_main(op) : rg__overlay_end(op, st);
}

rg_status rg__overlay_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(self, &here, flags, tok);
	rg_status st = op ? rg__overlay_own(op, key, NULL) : RG_ENOMEM;

	if (st != RG_OK) {
		if (op)
			rg__overlay_abort(op);
		return st;
	}
	op->fetched = done;
	op->answer = answer_fetch;
	op->step = fetch_first;
	return rg__overlay_start(op);
}

static void answer_commit(rg__overlay_op *op)
{
	rg_fetched current = op->out;
	bool says = op->status == RG_ECONFLICT && current.struct_size > 0;

	if (says)
		op->out.record = NULL;
	op->fetched(op->tok, op->status, says ? &current : NULL);
}

/* Conflicts with what is there now; op->main is main's part of it. */
static int conflict(rg__overlay_op *op)
{
	rg__local now;
	rg_status st = rg__local_look(op->o, &op->key, &now);

	if (st == RG_OK)
		st = rg__unite(&op->key, &op->main, &now, &op->out);
	rg__local_clear(&now);
	return rg__overlay_end(op, st == RG_OK ? RG_ECONFLICT : st);
}

static int conflict_fetched(rg__overlay_op *op)
{
	if (op->call.status != RG_OK)
		return rg__overlay_end(op, op->call.status);
	take_main(op);
	return conflict(op);
}

/* What main said to a commit that it did not take. */
static int refused(rg__overlay_op *op)
{
	if (op->call.status != RG_ECONFLICT || !op->call.has_current)
		return rg__overlay_end(op, op->call.status);
	take_main(op);
	return conflict(op);
}

static int write_local(rg__overlay_op *op)
{
	return rg__overlay_end(op, rg__local_write(op->o, &op->key, &op->local.base, &op->commit.revision, op->local_next));
}

static bool local_fits(const rg__overlay_op *op)
{
	const rg_revision *base = &op->commit.local_base;

	return rg_revision_equal(base, &op->local.base) || (!op->local.record && rg_revision_is_zero(base));
}

static int main_alone(rg__overlay_op *op)
{
	return op->call.status == RG_OK ? rg__overlay_end(op, RG_OK) : refused(op);
}

/* Main takes a commit for done that is not what it has now: it had it, and others went on. So did the local part, unless it waits. */
static int main_had_it(rg__overlay_op *op)
{
	if (op->call.status != RG_OK)
		return refused(op);
	if (!local_fits(op) || rg__same_part(op->local.record, op->local_next))
		return rg__overlay_end(op, RG_OK);
	return write_local(op);
}

/* What main said to the commit of a half. */
static int half_done(rg__overlay_op *op)
{
	rg_status said = op->call.status;

	if (said == RG_EUNKNOWN) {
		rg__half_sent(op->o, op->half);
		return rg__overlay_end(op, said);
	}
	rg__half_judge(op->o, op->half, said == RG_OK ? RG__OVERLAY_LANDED : RG__OVERLAY_FAILED);
	rg_status st = rg__half_settle(op->o, op->half);
	op->half = NULL;
	if (said != RG_OK)
		return refused(op);
	/* Main has it: the rest is made up for when it is sent again. */
	return rg__overlay_end(op, st == RG_OK ? RG_OK : RG_EUNKNOWN);
}

static int change_both(rg__overlay_op *op)
{
	const rg__half made = { .key = op->key, .base = op->commit.base, .revision = op->commit.revision,
		.local_base = op->local.base, .main = op->main_next, .before = op->local.record, .after = op->local_next };
	rg_status st = rg__half_new(op->o, &made, &op->half);

	if (st != RG_OK)
		return rg__overlay_end(op, st);
	st = rg__half_reserve(op->o, op->half);
	if (st != RG_OK) {
		rg__half_drop(op->o, op->half);
		return rg__overlay_end(op, st);
	}
	return rg__overlay_ask_commit(op, &op->commit.base, &op->commit.revision, op->main_next, half_done);
}

/* Which parts change is told by what there is. */
static int compare_parts(rg__overlay_op *op)
{
	const rg_revision *base = &op->main.base, *own = &op->commit.revision;
	bool same_local = rg__same_part(op->local.record, op->local_next);

	if (op->local.record && rg_revision_equal(&op->local.base, own))
		return rg__overlay_end(op, RG_OK); /* sent again */
	if (!rg_revision_equal(base, &op->commit.base))
		return rg__overlay_ask_commit(op, &op->commit.base, own, op->main_next, main_had_it);
	if (!local_fits(op))
		return conflict(op);
	if (same_local)
		return rg__overlay_ask_commit(op, base, own, op->main_next, main_alone);
	return rg__same_part(op->main.record, op->main_next) ? write_local(op) : change_both(op);
}

static int look(rg__overlay_op *op);

/* What main said to an earlier commit of another's, which this one had to send again to know. */
static int earlier_sent(rg__overlay_op *op)
{
	rg_status said = op->call.status;

	if (op->call.has_current)
		rg_record_unref(op->call.found.record);
	op->call.found.record = NULL;
	if (said == RG_EUNKNOWN)
		rg__half_sent(op->o, op->half);
	if (said != RG_OK && said != RG_ECONFLICT)
		return rg__overlay_end(op, said == RG_EUNKNOWN ? RG_ESTORE : said);
	rg__half_judge(op->o, op->half, said == RG_OK ? RG__OVERLAY_LANDED : RG__OVERLAY_FAILED);
	rg_status st = rg__half_settle(op->o, op->half);
	op->step = look;
	return st == RG_OK ? RG__OVERLAY_GO : rg__overlay_end(op, st);
}

/* A half is there: of this very commit, or of an earlier one. */
static int finish_half(rg__overlay_op *op)
{
	rg__half *h = op->half;
	bool own = rg_revision_equal(&h->revision, &op->commit.revision);

	if (h->verdict == RG__OVERLAY_UNDECIDED && rg_revision_equal(&h->revision, &op->main.base))
		rg__half_judge(op->o, h, RG__OVERLAY_LANDED);
	if (!own)
		rg__half_judge_old(op->o, h, &op->main);
	if (h->verdict == RG__OVERLAY_UNDECIDED) {
		rg__half_sent(op->o, h);
		return rg__overlay_ask_commit(op, &h->base, &h->revision, h->main, own ? half_done : earlier_sent);
	}
	bool landed = h->verdict == RG__OVERLAY_LANDED;
	rg_status st = rg__half_settle(op->o, h);
	if (own && landed)
		return rg__overlay_end(op, st == RG_OK ? RG_OK : RG_EUNKNOWN);
	op->step = look;
	return st == RG_OK ? RG__OVERLAY_GO : rg__overlay_end(op, st);
}

static int looked(rg__overlay_op *op)
{
	if (op->call.status != RG_OK)
		return rg__overlay_end(op, op->call.status == RG_EUNKNOWN ? RG_ESTORE : op->call.status);
	take_main(op);
	return op->half ? finish_half(op) : compare_parts(op);
}

/* Its turn has come. For a key without a local part main is asked as often as without an overlay. */
static int look(rg__overlay_op *op)
{
	if (atomic_load(&op->canceled))
		return rg__overlay_end(op, RG_ECANCELED);
	rg__local_clear(&op->local);
	rg_status st = rg__local_fetch(op->o, &op->key, &op->local);
	if (st != RG_OK)
		return rg__overlay_end(op, st);
	pthread_mutex_lock(&op->o->lock);
	op->half = rg__half_find(op->o, &op->key);
	pthread_mutex_unlock(&op->o->lock);
	if (op->half || op->local.record || op->local_next || !local_fits(op))
		return rg__overlay_ask_fetch(op, RG_FETCH_FRESH, looked);
	return rg__overlay_ask_commit(op, &op->commit.base, &op->commit.revision, op->main_next, main_alone);
}

/* An inline store cannot wait for long, least of all for itself: then others came first, as far as anybody can tell. */
static int turn_came(rg__overlay_op *op)
{
	if (!op->busy)
		return look(op);
	if (op->heap)
		return rg__overlay_end(op, RG_EFULL);
	return rg__overlay_ask_fetch(op, RG_FETCH_FRESH, conflict_fetched);
}

static int commit_first(rg__overlay_op *op)
{
	op->step = turn_came;
	return rg__overlay_take_turn(op);
}

rg_status rg__overlay_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(self, &here, flags, tok);
	rg_status st = op ? rg__overlay_own(op, key, commit) : RG_ENOMEM;

	if (st == RG_OK)
		st = rg__split(&op->key, &op->commit, &op->main_next, &op->local_next);
	if (st != RG_OK) {
		if (op)
			rg__overlay_abort(op);
		return st;
	}
	op->fetched = done;
	op->answer = answer_commit;
	op->step = commit_first;
	return rg__overlay_start(op);
}
