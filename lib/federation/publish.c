/* SPDX-License-Identifier: MIT */
/*
 * Makes the entry of one AoR agree with its record. After a commit the record is read again: of two nodes of a site that read
 * different states, the one that reads last finds what the other committed.
 *
 * A failure that belongs to the AoR delays that AoR alone. Only a store that does not answer, and lack of memory, delay the job;
 * a second failure of the same AoR delays it alone.
 */
#include "federation/federation.h"
#include "decide/decide.h"

enum { ROUNDS = 4 }; /* after this many commits, an AoR that keeps changing is postponed */

typedef struct publish_op {
	rg_op op;
	rg__queue_key *key;   /* until the answer */
	rg_str domain, homes; /* of the AoR, and of its record of homes; slices of one text */
	uint32_t turn;        /* even turns read the AoR's record, odd ones its homes */
	bool at_homes, live, committed, agrees, grows;
	atomic_int refused;   /* why the shared store refuses this AoR; RG_OK: it does not */
	atomic_int room;      /* RG__ROOM_… */
	int what;             /* RG__HOME_… */
} publish_op;

static bool publish_next(rg_op *op)
{
	publish_op *p = (publish_op *)op;

	p->at_homes = p->turn++ % 2 == 1;
	op->key.domain = p->at_homes ? p->homes : p->domain;
	op->call.store = p->at_homes ? rg__job_federation(op)->sites.shared : op->ticket.reg->store;
	return true;
}

/* After the store was full, a commit that grows waits for a pause. Other commits continue. */
static bool room_may_suffice(publish_op *p)
{
	const rg_plan *plan = p->op.plan;

	p->grows = rg_plan_commits(plan) && rg_record_size(rg_plan_next(plan)) > rg_record_size(p->op.found.record);
	return !p->grows || rg__job_federation(&p->op)->room.not_before <= p->op.now;
}

static rg_status publish_decide(rg_op *op)
{
	publish_op *p = (publish_op *)op;
	const rg__federation *f = rg__job_federation(op);

	if (!p->at_homes) {
		bool live = rg__homes_wanted(op->found.record, op->now);

		p->agrees = p->committed && live == p->live;
		p->live = live;
		return RG_OK;
	}
	const rg__publication say = { .key = &op->key, .home = f->sites.home, .tag = f->tag, .present = p->live, .now = op->now,
		.until = rg__add_sat(op->now, f->lifetime) };
	rg_revision revision = rg__revision_next(&op->ticket);
	rg_status st = rg__homes_plan(op->found.record, &say, &revision, &p->what, &op->plan);

	/* The commit is not tried: the shared store was full a moment ago, and this one needs more room. */
	if (st == RG_OK && !room_may_suffice(p)) {
		atomic_store(&p->refused, RG_EFULL);
		st = RG_ELIMIT;
	}
	return st;
}

/* The store works, and refuses this record. */
static void note_refusal(publish_op *p)
{
	rg_status said = p->op.call.status;

	if (!p->at_homes || (said != RG_EFULL && said != RG_ELIMIT))
		return;
	atomic_store(&p->refused, said);
	if (said == RG_EFULL && p->grows)
		atomic_store(&p->room, RG__ROOM_LACKING);
}

static bool publish_done(rg_op *op, rg_status status)
{
	publish_op *p = (publish_op *)op;

	if (status != RG_OK) {
		if (status == RG_ESTORE)
			note_refusal(p);
		return false;
	}
	if (!p->at_homes)
		return !p->agrees;
	p->committed = rg_plan_commits(op->plan);
	p->agrees = !p->committed;
	if (p->committed && p->grows)
		atomic_store(&p->room, RG__ROOM_FOUND);
	if (p->committed && p->what != RG__HOME_KEPT)
		rg__count(op->ticket.stripe, p->what == RG__HOME_PUT ? RG__S_HOMES_PUBLISHED : RG__S_HOMES_WITHDRAWN);
	return p->committed && p->turn < 2 * ROUNDS;
}

/* Why this AoR alone has to wait. RG_OK: it has not. */
static rg_status refusal_of(publish_op *p, rg_status status)
{
	if (status == RG_OK)
		return p->agrees ? RG_OK : RG_ECONFLICT; /* it keeps changing */
	if (status == RG_ECANCELED)
		return RG_OK; /* a shutdown replaces an earlier refusal as the result */
	rg_status refused = (rg_status)atomic_load(&p->refused);

	return refused == RG_OK && status == RG_ELIMIT ? RG_ELIMIT : refused;
}

static void log_refusal(const publish_op *p, rg_status why, uint64_t refusals)
{
	const rg_key *key = &p->op.key;

	rg__log(&p->op.ticket.reg->env, RG_LOG_WARNING,
		"federation: %.*s%s%.*s of %.*s is not published: %s (%llu refusals since this was last said)", (int)key->user.n, key->user.p,
		key->host.n > 0 ? "@" : "", (int)key->host.n, key->host.p, (int)p->domain.n, p->domain.p, rg_strerror(why),
		(unsigned long long)refusals);
}

/* After a failure the operation may still run on another thread: only members that are constant or atomic are read then. */
static void publish_answer(rg_op *op, rg_status status)
{
	publish_op *p = (publish_op *)op;
	rg_status why = refusal_of(p, status);
	rg__result result = { .status = why == RG_OK ? status : RG_OK, .began = op->now, .key = p->key, .refused = why,
		.room = atomic_load(&p->room) };

	if (why != RG_OK || (status != RG_OK && status != RG_ECANCELED))
		rg__count(op->ticket.stripe, RG__S_HOMES_FAILED);
	uint64_t refusals = rg__job_done(op->user, &result);
	if (refusals > 0)
		log_refusal(p, why, refusals);
}

const rg__verb rg__publish_verb = {
	.size = sizeof(publish_op),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.converges = true,
	.next = publish_next,
	.decide = publish_decide,
	.done_key = publish_done,
	.answer = publish_answer,
	.clear = rg__job_ended,
};

/* The key in the queue may go before the operation ends. */
bool rg__publish_prepare(rg_op *op, const rg__task *task)
{
	publish_op *p = (publish_op *)op;
	rg_str suffix = RG__HOMES_SUFFIX;
	rg_str *const texts[] = { &p->domain, &suffix, &op->key.user, &op->key.host };

	p->key = task->key;
	op->key = task->key->key;
	p->domain = op->key.domain;
	rg_status st = rg__op_keep(op, true, texts, 4);
	p->homes = (rg_str){ p->domain.p, p->domain.n + suffix.n }; /* the copies lie one behind the other */
	return st == RG_OK;
}

bool rg__publish_landed_late(const rg_op *op, rg_key *key)
{
	const publish_op *p = (const publish_op *)op;

	if (op->verb != &rg__publish_verb || !atomic_load(&op->released))
		return false;
	*key = (rg_key){ p->domain, op->key.user, op->key.host };
	return true;
}
