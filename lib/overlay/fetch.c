/* SPDX-License-Identifier: MIT */
/* Fetch and prefetch over both parts, and the record in the conflict of a commit that did not get its turn. */
#include "overlay/overlay.h"

enum { FETCH_TRIES = 4 };

static void give_fetched(rg__overlay_op *op)
{
	rg_fetched found = op->out;

	op->out.record = NULL;
	op->fetched(op->tok, op->status, op->status == RG_OK ? &found : NULL);
}

/* Main did not answer. A fetch then returns the local part alone, as a partial result. */
static int end_without_main(rg__overlay_op *op, rg_status status)
{
	const rg_fetched nothing = { .struct_size = sizeof nothing, .authoritative = 1, .partial = 1 };

	if (op->read_as != RG_OK)
		return rg__overlay_end(op, status == RG_EUNKNOWN ? RG_ESTORE : status); /* the commit did not happen */
	rg__doubt_show(op->o, &op->key, NULL, &op->local);
	if (!op->local.record)
		return rg__overlay_end(op, status);
	return rg__overlay_end(op, rg__unite(&op->key, &nothing, &op->local, &op->out));
}

/* The count is read before the part. A write in between then causes a needless second look; it is never missed. */
static rg_status look_at_local(rg__overlay_op *op)
{
	op->writes = atomic_load(&op->o->writes);
	rg_record_unref(op->local.record);
	return rg__local_fetch(op->o, &op->key, &op->local);
}

/* The outcome of a commit in doubt is known. Unless a commit of the key runs, the local part is written now. */
static bool finish_seen_doubt(rg__overlay_op *op)
{
	if (!rg__overlay_try_turn(op))
		return false;
	rg__doubt *d = rg__doubt_find(op->o, &op->key, NULL, &op->main);
	op->entangled = true;
	return d && d->verdict != RG__DOUBT_OPEN && rg__doubt_finish(op->o, d, true) == RG_OK;
}

static int ask_main(rg__overlay_op *op);

/* Main was asked between two looks at the local part. If the looks differ, it is not known which one goes with the answer of main. */
static int main_answered(rg__overlay_op *op)
{
	rg_revision before = op->local.revision;
	rg_status st = op->call.status;

	if (st != RG_OK)
		return end_without_main(op, st);
	rg__overlay_take_main(op);
	if (atomic_load(&op->o->writes) != op->writes)
		st = look_at_local(op);
	if (st != RG_OK)
		return rg__overlay_end(op, st);
	bool torn = !rg_revision_equal(&before, &op->local.revision);
	if (torn && ++op->tries < FETCH_TRIES)
		return ask_main(op);
	if (rg__doubt_show(op->o, &op->key, &op->main, &op->local) && finish_seen_doubt(op))
		st = look_at_local(op);
	if (st == RG_OK)
		st = rg__unite(&op->key, &op->main, &op->local, &op->out);
	op->out.partial |= torn;
	return rg__overlay_end(op, st == RG_OK ? op->read_as : st);
}

static int ask_main(rg__overlay_op *op)
{
	return rg__overlay_ask_fetch(op, op->flags, main_answered);
}

int rg__overlay_read(rg__overlay_op *op)
{
	rg_status st = look_at_local(op);

	return st == RG_OK ? ask_main(op) : rg__overlay_end(op, st);
}

void rg__overlay_prefetch(void *self, const rg_key *keys, uint32_t n)
{
	const rg__overlay *o = self;

	rg__store_prefetch(o->main, keys, n);
	rg__store_prefetch(o->local, keys, n);
}

/* Hints are those of main. */
uint64_t rg__overlay_approach(void *self, const rg_key *key, uint64_t hint)
{
	return rg__store_approach(((const rg__overlay *)self)->main, key, hint);
}

rg_status rg__overlay_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	rg__overlay_op here, *op = rg__overlay_begin(self, &here, key, flags, tok);

	if (!op)
		return RG_ENOMEM;
	op->fetched = done;
	return rg__overlay_start(op, rg__overlay_read, give_fetched);
}
