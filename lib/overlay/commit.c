/* SPDX-License-Identifier: MIT */
/* Commits to both parts. overlay.h explains the order. */
#include "overlay/overlay.h"

static void give_outcome(rg__overlay_op *op)
{
	rg_fetched current = op->out;
	bool says = op->status == RG_ECONFLICT && current.struct_size > 0;

	if (says)
		op->out.record = NULL;
	op->fetched(op->tok, op->status, says ? &current : NULL);
}

/* A conflict with the current record. op->main is the main part of it. */
static int end_in_conflict(rg__overlay_op *op)
{
	rg_record_unref(op->local.record);
	rg_status st = rg__local_fetch(op->o, &op->key, &op->local);

	if (st != RG_OK)
		return rg__overlay_end(op, st);
	rg__doubt_show(op->o, &op->key, &op->main, &op->local);
	st = rg__unite(&op->key, &op->main, &op->local, &op->out);
	return rg__overlay_end(op, st == RG_OK ? RG_ECONFLICT : st);
}

/* A fetch failed, so the commit did not happen. RG_EUNKNOWN would say that it may have. */
static int end_failed(rg__overlay_op *op)
{
	return rg__overlay_end(op, op->call.status == RG_EUNKNOWN ? RG_ESTORE : op->call.status);
}

static int current_fetched(rg__overlay_op *op)
{
	if (op->call.status != RG_OK)
		return end_failed(op);
	rg__overlay_take_main(op);
	if (rg_revision_equal(&op->main.base, &op->commit.revision))
		return rg__overlay_end(op, RG_OK); /* an identical commit was done before, and the local part has changed since */
	return end_in_conflict(op);
}

static int fetch_current(rg__overlay_op *op)
{
	return rg__overlay_ask_fetch(op, RG_FETCH_FRESH, current_fetched);
}

/* Main has refused the commit for certain. */
static int end_refused(rg__overlay_op *op)
{
	if (op->call.status != RG_ECONFLICT || !op->call.has_current)
		return rg__overlay_end(op, op->call.status);
	rg__overlay_take_main(op);
	return end_in_conflict(op);
}

static int ask_main_to_take(rg__overlay_op *op, const rg_commit *part, int (*then)(rg__overlay_op *))
{
	op->step = then;
	return rg__overlay_asked(op, rg__call_commit(&op->call, &op->key, part));
}

static int main_alone_answered(rg__overlay_op *op)
{
	rg__doubt *d;

	if (op->call.status == RG_EUNKNOWN)
		rg__doubt_new(op, &d); /* if that fails, a resend that no longer fits conflicts */
	return op->call.status == RG_EUNKNOWN || op->call.status == RG_OK ? rg__overlay_end(op, op->call.status) : end_refused(op);
}

static int change_main_alone(rg__overlay_op *op)
{
	const rg_commit part = { .struct_size = sizeof part, .base = op->commit.base, .revision = op->commit.revision, .next = op->main_next,
		.hint = op->commit.hint };

	return ask_main_to_take(op, &part, main_alone_answered);
}

static int change_local_alone(rg__overlay_op *op)
{
	return rg__overlay_end(op, rg__local_write(op->o, &op->key, &op->local.stored, &op->commit.revision, op->local_next));
}

static int look_at_parts(rg__overlay_op *op);

/* The outcome of the commit in doubt is known. It is this commit, or an earlier one of the key. */
static int finish_doubt(rg__overlay_op *op)
{
	rg__doubt *d = op->doubt;
	bool own = rg_revision_equal(&d->revision, &op->commit.revision), landed = d->verdict != RG__DOUBT_REFUSED;
	rg_status st = rg__doubt_finish(op->o, d, !own);

	op->entangled = false;
	if (own && landed)
		return rg__overlay_end(op, st == RG_OK ? RG_OK : RG_EUNKNOWN); /* the resend completes it */
	if (own)
		return op->first ? end_refused(op) : fetch_current(op);
	op->step = look_at_parts;
	return st == RG_OK ? RG__OVERLAY_GO : rg__overlay_end(op, st);
}

/* For a resend only success and conflict are certain. Any other answer is about this sending alone, not about an earlier one. */
static int doubt_answered(rg__overlay_op *op)
{
	rg_status said = op->call.status;
	bool own = rg_revision_equal(&op->doubt->revision, &op->commit.revision);
	bool refused = said == RG_ECONFLICT || (op->first && said != RG_OK && said != RG_EUNKNOWN);

	if (!op->first) {
		rg_record_unref(op->call.found.record);
		op->call.found.record = NULL;
	}
	rg__doubt_judge(op->o, op->doubt, refused ? RG__DOUBT_REFUSED : said == RG_OK ? RG__DOUBT_LANDED : RG__DOUBT_OPEN);
	if (refused || said == RG_OK)
		return finish_doubt(op);
	return rg__overlay_end(op, own ? RG_EUNKNOWN : RG_ESTORE);
}

static int resolve_doubt(rg__overlay_op *op);

static int old_doubt_fetched(rg__overlay_op *op)
{
	bool own = rg_revision_equal(&op->doubt->revision, &op->commit.revision);

	if (op->call.status != RG_OK)
		return rg__overlay_end(op, own ? RG_EUNKNOWN : RG_ESTORE);
	rg__overlay_take_main(op);
	op->entangled = false;
	op->doubt = rg__doubt_find(op->o, &op->key, &op->commit.revision, &op->main);
	return op->doubt ? resolve_doubt(op) : look_at_parts(op);
}

/* Rule (c). A commit in doubt is resolved before another commit of the key goes on. */
static int resolve_doubt(rg__overlay_op *op)
{
	rg__doubt *d = op->doubt;

	op->entangled = true;
	if (d->verdict != RG__DOUBT_OPEN)
		return finish_doubt(op);
	if (rg__doubt_is_old(d))
		return rg__overlay_ask_fetch(op, RG_FETCH_FRESH, old_doubt_fetched);
	rg__doubt_judge(op->o, d, RG__DOUBT_OPEN);
	const rg_commit part = { .struct_size = sizeof part, .base = d->base, .revision = d->revision, .next = d->main, .hint = d->hint };
	return ask_main_to_take(op, &part, doubt_answered);
}

static int change_both_parts(rg__overlay_op *op)
{
	rg_status st = rg__doubt_new(op, &op->doubt);

	if (st != RG_OK)
		return rg__overlay_end(op, st);
	op->entangled = op->first = true;
	st = rg__change_begin(op->o, &op->key, &op->commit.revision, &op->doubt->change);
	if (st == RG_OK)
		return resolve_doubt(op);
	rg__doubt_drop(op->o, op->doubt);
	return rg__overlay_end(op, st);
}

/* The current main part was fetched. Comparing it tells which parts the commit changes. Main may have the commit already, from a sending
 * that is not remembered. */
static int compare_parts(rg__overlay_op *op)
{
	if (op->call.status != RG_OK)
		return end_failed(op);
	rg__overlay_take_main(op);
	bool landed = rg_revision_equal(&op->main.base, &op->commit.revision);
	if (!landed && !rg_revision_equal(&op->main.base, &op->commit.base))
		return end_in_conflict(op);
	const rg_record *before = op->local.record, *after = op->local_next;
	op->change = (rg__local_change){ .before = op->local.record, .after = op->local_next, .stands = op->local.stored,
		.adds = rg__lacks(before, after, true), .removes = rg__lacks(after, before, false) };
	if (!op->change.adds && !op->change.removes)
		return landed ? rg__overlay_end(op, RG_OK) : change_main_alone(op);
	return landed || rg__same_part(op->main.record, op->main_next) ? change_local_alone(op) : change_both_parts(op);
}

/* The operation has its turn. Without a local part, main is asked as often as without an overlay. */
static int look_at_parts(rg__overlay_op *op)
{
	if (atomic_load(&op->canceled))
		return rg__overlay_end(op, RG_ECANCELED);
	op->doubt = rg__doubt_find(op->o, &op->key, &op->commit.revision, NULL);
	if (op->doubt)
		return resolve_doubt(op);
	rg_record_unref(op->local.record);
	rg_status st = rg__local_fetch(op->o, &op->key, &op->local);
	if (st != RG_OK)
		return rg__overlay_end(op, st);
	if (rg_revision_equal(&op->local.revision, &op->commit.revision))
		return rg__overlay_end(op, RG_OK); /* an identical commit was done before */
	if (!rg_revision_equal(&op->local.revision, &op->commit.local_base))
		return fetch_current(op);
	if (!op->local.record && !op->local_next)
		return change_main_alone(op);
	return rg__overlay_ask_fetch(op, RG_FETCH_FRESH, compare_parts);
}

/* An inline store waits for its turn only a short time. Without a turn the commit conflicts, as if the other one had come first. */
static int turn_came(rg__overlay_op *op)
{
	if (!op->busy)
		return look_at_parts(op);
	if (op->heap)
		return rg__overlay_end(op, RG_EFULL);
	op->flags |= RG_FETCH_FRESH;
	op->read_as = RG_ECONFLICT;
	return rg__overlay_read(op);
}

static int begin_commit(rg__overlay_op *op)
{
	op->step = turn_came;
	return rg__overlay_take_turn(op);
}

rg_status rg__overlay_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	rg__overlay_op here, *op;

	if (commit->struct_size != sizeof *commit && !rg__shape_fits(&rg__commit_shape, commit))
		return RG_EINVAL;
	op = rg__overlay_begin(self, &here, key, flags, tok);
	if (!op)
		return RG_ENOMEM;
	if (commit->struct_size == sizeof *commit)
		op->commit = *commit;
	else
		rg__shape_take(&rg__commit_shape, commit, &op->commit);
	rg_record_ref(op->commit.next);
	op->fetched = done;
	rg_status st = rg__split(&op->key, &op->commit, &op->main_next, &op->local_next);
	if (st == RG_OK)
		return rg__overlay_start(op, begin_commit, give_outcome);
	rg__overlay_free(op);
	return st;
}
