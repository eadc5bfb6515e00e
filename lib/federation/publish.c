/* SPDX-License-Identifier: MIT */
/*
 * One AoR is looked at, and the home's entry made to agree. Whatever was committed is held against the AoR as it is then: of two nodes
 * of a site that act on different moments, the later one to look finds what the other did.
 *
 * What fails because of the AoR is its own affair: it waits apart. Only a store that does not answer, and want of memory, stop all.
 */
#include "federation/federation.h"
#include "decide/decide.h"
#include "engine/engine.h"
#include <stdlib.h>

/* An AoR that comes and goes faster than that is left for later. */
enum { ROUNDS = 4 };

typedef struct publish_op {
	rg_op op;
	rg__federation *f;
	rg__queue_key *key; /* until this is answered */
	rg_str domain, homes; /* of the AoR, and of its homes; slices of one text */
	uint32_t turn;      /* looks at the AoR and at its homes, by turns */
	bool at_homes, live, committed, agrees, grows;
	atomic_int refused; /* why the store would not have it, or would not had it been asked; RG_OK */
	int what;
} publish_op;

static bool publish_next(rg_op *op)
{
	publish_op *p = (publish_op *)op;

	p->at_homes = p->turn++ % 2 == 1;
	op->key.domain = p->at_homes ? p->homes : p->domain;
	op->call.store = p->at_homes ? p->f->sites.shared : op->ticket.reg->store;
	return true;
}

/* A full store is tried now and then only; what needs no more room than it has is renewed meanwhile. */
static bool has_room(publish_op *p)
{
	const rg_plan *plan = p->op.plan;

	p->grows = rg_plan_commits(plan) && rg_record_size(rg_plan_next(plan)) > rg_record_size(p->op.found.record);
	if (!p->grows)
		return true;
	pthread_mutex_lock(&p->f->lock);
	bool has = p->f->room.not_before <= p->op.now;
	pthread_mutex_unlock(&p->f->lock);
	return has;
}

static rg_status publish_decide(rg_op *op)
{
	publish_op *p = (publish_op *)op;

	if (!p->at_homes) {
		bool live = rg__homes_wanted(op->found.record, op->now);

		p->agrees = p->committed && live == p->live;
		p->live = live;
		return RG_OK;
	}
	const rg__publication say = { .key = &op->key, .home = p->f->sites.home, .tag = p->f->tag, .present = p->live, .now = op->now,
		.until = rg__add_sat(op->now, p->f->lifetime) };
	rg_revision revision = rg__revision_next(&op->ticket);
	rg_status st = rg__homes_plan(op->found.record, &say, &revision, &p->what, &op->plan);

	if (st == RG_OK && !has_room(p)) {
		atomic_store(&p->refused, RG_EFULL); /* as it was a moment ago: not asked again yet */
		st = RG_ELIMIT;
	}
	return st;
}

static void note_room(publish_op *p, rg_status status)
{
	pthread_mutex_lock(&p->f->lock);
	rg__federation_tried(&p->f->room, status, p->op.now);
	pthread_mutex_unlock(&p->f->lock);
}

/* The store works, and will not have this one. */
static void note_refusal(publish_op *p)
{
	rg_status said = p->op.call.status;

	if (!p->at_homes || (said != RG_EFULL && said != RG_ELIMIT))
		return;
	atomic_store(&p->refused, said);
	if (said == RG_EFULL && p->grows)
		note_room(p, said);
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
		note_room(p, RG_OK);
	if (p->committed && p->what != RG__HOME_KEPT)
		rg__count(op->ticket.stripe, p->what == RG__HOME_PUT ? RG__S_HOMES_PUBLISHED : RG__S_HOMES_WITHDRAWN);
	return p->committed && p->turn < 2 * ROUNDS;
}

/* What stands in the way of this AoR alone: RG_OK = nothing. */
static rg_status obstacle(publish_op *p, rg_status status)
{
	if (status == RG_OK)
		return p->agrees ? RG_OK : RG_ECONFLICT; /* it comes and goes */
	if (status == RG_ECANCELED)
		return RG_OK; /* a shutdown, whatever came before it */
	rg_status refused = (rg_status)atomic_load(&p->refused);

	return refused == RG_OK && status == RG_ELIMIT ? RG_ELIMIT : refused;
}

/* With the lock held. Is the refusal to be logged? */
static bool refuse(rg__federation *f, rg__queue_key *key, rg_time now)
{
	f->left |= !rg__queue_refused(f->queue, key, now);
	f->refusals++;
	if (f->tell_at > now)
		return false;
	f->tell_at = rg__add_sat(now, RG__TELL_EVERY);
	return true;
}

static void tell(const publish_op *p, rg_status why, uint64_t refusals)
{
	const rg_key *key = &p->op.key;

	rg__log(&p->f->reg->env, RG_LOG_WARNING, "federation: %.*s%s%.*s of %.*s is not published: %s (%llu refusals since this was last said)",
		(int)key->user.n, key->user.p, key->host.n > 0 ? "@" : "", (int)key->host.n, key->host.p, (int)p->domain.n, p->domain.p,
		rg_strerror(why), (unsigned long long)refusals);
}

/* It may still be under way on another thread: of what that one writes, nothing is read unless it went well. */
static void publish_answer(rg_op *op, rg_status status)
{
	publish_op *p = (publish_op *)op;
	rg__federation *f = p->f;
	rg_time now = rg__now(f->reg);
	rg_status why = obstacle(p, status);
	bool logs = false, good = status == RG_OK && why == RG_OK;
	uint64_t refusals = 0;

	if (!good && status != RG_ECANCELED)
		rg__count(op->ticket.stripe, RG__S_HOMES_FAILED);
	rg__federation_lock(f);
	f->publishing--;
	if (why != RG_OK) {
		logs = refuse(f, p->key, now);
		refusals = f->refusals;
		f->refusals = logs ? 0 : f->refusals;
		status = RG_OK; /* of the store */
	} else if (status == RG_ESTORE && p->key->failed) {
		f->left |= !rg__queue_refused(f->queue, p->key, now); /* of a store that fails for some keys alone, others come first */
	} else {
		p->key->failed |= status == RG_ESTORE;
		rg__queue_done(f->queue, p->key, !good);
	}
	rg__federation_ended(f, status);
	rg__federation_tried(&f->publish_retry, status, now);
	rg__federation_unlock(f, now);
	if (logs)
		tell(p, why, refusals);
}

static void publish_clear(rg_op *op)
{
	rg__federation_gone(((publish_op *)op)->f, RG__OUT_PUBLISH);
}

static const rg__verb publish_verb = {
	.size = sizeof(publish_op),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.converges = true,
	.next = publish_next,
	.decide = publish_decide,
	.done_key = publish_done,
	.answer = publish_answer,
	.clear = publish_clear,
};

/* The key may outlive its place in the set. */
static bool own_key(publish_op *p, const rg_key *key)
{
	rg_str suffix = RG__HOMES_SUFFIX, homes = { NULL, key->domain.n + suffix.n };
	char *at = malloc(homes.n + key->user.n + key->host.n + 1);

	p->op.key_text = at;
	if (!at)
		return false;
	memcpy(at, key->domain.p, key->domain.n);
	memcpy(at + key->domain.n, suffix.p, suffix.n);
	memcpy(at + homes.n, key->user.p, key->user.n);
	memcpy(at + homes.n + key->user.n, key->host.p, key->host.n);
	p->homes = (rg_str){ at, homes.n };
	p->domain = (rg_str){ at, key->domain.n };
	p->op.key.user = (rg_str){ at + homes.n, key->user.n };
	p->op.key.host = (rg_str){ at + homes.n + key->user.n, key->host.n };
	return true;
}

rg_status rg__publish(rg__federation *f, rg__queue_key *key)
{
	rg_op *op;
	rg_status st = rg__op_new(&publish_verb, f->reg, &op);

	if (st != RG_OK)
		return st;
	publish_op *p = (publish_op *)op;
	p->f = f;
	p->key = key;
	rg__federation_begun(f, RG__OUT_PUBLISH);
	if (!own_key(p, &key->key)) {
		rg__op_abort(op);
		return RG_ENOMEM;
	}
	rg__op_start(op, NULL, NULL, NULL);
	return RG_OK;
}
