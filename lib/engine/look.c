/* SPDX-License-Identifier: MIT */
/* What makes a wait look at a key, and what it sees there. */
#include "engine/wait.h"
#include "message/message.h"
#include "model/model.h"
#include "route/route.h"

/* Called when a wait is done: ends the watch of a key at which none is left. */
void rg__lookout_unwatch(rg__lookout *s)
{
	rg_store *store = s->wait->ticket.reg->store;
	rg__awaited *k = s->at;

	if (!k)
		return;
	rg__waits_lock(s->wait);
	bool ends = k->n == 0 && k->watch == RG__WATCH_ON;

	if (ends)
		k->watch = RG__WATCH_NONE;
	rg__waits_unlock(s->wait);
	if (ends)
		store->ops.unwatch(store->self, k->handle);
}

/* A call of the store's watch. Its last one drops the reference that the watch has, and may come within another one, by an `unwatch`. */
static void awaited_changed(void *user, rg_status status)
{
	rg__awaited *k = user;

	rg__awaited_ref(k);
	pthread_mutex_lock(&k->waits->lock);
	if (status == RG_ECANCELED && k->watch != RG__WATCH_NONE)
		k->watch = RG__WATCH_WANTED;
	rg__awaited_changed(k, NULL);
	if (status == RG_ECANCELED)
		rg__awaited_unref(k);
	rg__awaited_unref(k);
}

/* With the lock held, as on return. */
static void make_watch(rg__lookout *s, rg_store *store)
{
	rg__awaited *k = s->at;
	void *handle = NULL;

	k->watch = RG__WATCH_MAKING;
	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	rg__waits_unlock(s->wait);
	rg_status st = store->ops.watch(store->self, &k->key, awaited_changed, k, &handle);

	rg__waits_lock(s->wait);
	bool ended = k->watch == RG__WATCH_WANTED; /* within the call; its last call has dropped the reference */

	k->handle = handle;
	if (!ended)
		k->watch = st == RG_OK ? RG__WATCH_ON : RG__WATCH_NONE;
	if (st != RG_OK && !ended)
		rg__awaited_unref(k);
}

/* Watches the key, if the store can. A store that refuses is not asked again: looks at half of the time and at its end have to do. */
void rg__lookout_watch(rg__lookout *s)
{
	rg_store *store = s->wait->ticket.reg->store;
	rg__awaited *k = s->at;

	if (!k)
		return;
	rg__waits_lock(s->wait);
	bool wanted = k->watch == RG__WATCH_WANTED && k->n > 0;

	if (wanted && store->ops.watch)
		make_watch(s, store);
	else if (wanted)
		k->watch = RG__WATCH_NONE;
	/* Others may have fetched the record before the watch was there. */
	if (wanted && k->watch == RG__WATCH_ON && k->n > 1)
		rg__awaited_changed(k, NULL);
	else
		rg__waits_unlock(s->wait);
	rg__lookout_unwatch(s); /* the wait may have ended meanwhile */
}

/* @p uri: of @p c, which the lookup did not see: then the device is known again by its push parameters, too. NULL = not by those. */
static bool is_same_device(const rg__push *push, const rg_contact *asleep, const rg_contact *c, const rg__uri *uri)
{
	rg__uri slept;

	if (asleep->instance.n > 0 && c->instance.n > 0 && rg__same_instance(asleep->instance, c->instance))
		return true;
	return uri && rg__uri_parse(asleep->uri, &slept) == RG_OK && rg__pn_same(uri, &slept, push);
}

/* What the lookup would answer now for the device of this binding. *out: NULL when it is no target. */
static rg_status select_device(const rg__lookout *s, const rg_record *record, uint64_t id, rg_time now, rg_targets **out)
{
	const rg_wait *w = s->wait;
	rg__lookup_settings settings = w->settings;
	rg_request request = *w->request;

	settings.gruu = s->gruu;
	settings.no_sips = s->no_sips;
	if (s->branch >= 0)
		request.request_uri = request.branches[s->branch];
	rg_status st = rg__select_device(record, &request, &settings, id, now, out);
	rg_targets *own = *out;

	if (st == RG_OK && own && s->branch >= 0) {
		rg__joint joint = { .branches_only = settings.to_branches_only };

		st = rg__targets_join(&joint, &(rg__part){ .targets = own, .branch = s->branch }, 1, out);
		if (st != RG_OK)
			rg_targets_free(own);
	}
	return st;
}

bool rg__sleeper_missing(const rg__lookout *s, const rg__sleeper *d)
{
	rg__waits_lock(s->wait);
	bool missing = !d->back && s->wait->state != RG__WAIT_DONE;
	rg__waits_unlock(s->wait);
	return missing;
}

/* A device came back. */
static void queue_branch(rg__lookout *s, rg__sleeper *d, rg_targets *targets)
{
	rg_wait *w = s->wait;

	rg__waits_lock(w);
	bool first = !d->back && w->state != RG__WAIT_DONE; /* two looks may have run at once, after one was given up */

	if (first) {
		d->back = true;
		d->targets = targets;
		if (targets) {
			*(w->first ? &w->last->next : &w->first) = d;
			w->last = d;
		}
		if (--w->missing == 0)
			rg__wait_finish(w, RG_OK);
	}
	rg__waits_unlock(w);
	if (first)
		rg__wait_count(w, RG__S_WAKEUPS_ANSWERED, 1);
	else
		rg_targets_free(targets);
}

static rg_status give_branch(rg__lookout *s, rg__sleeper *d, const rg_record *record, uint64_t id, rg_time now)
{
	rg_targets *targets = NULL;
	rg_status st = select_device(s, record, id, now, &targets);

	if (st == RG_OK && (targets || s->wait->whatever))
		queue_branch(s, d, targets);
	return st;
}

/* Binding @p c has changed since the lookup, or the lookup did not see it: is its device waited for? A binding that is waited for tells by
 * its id, so that a look at many devices that are back stays short. */
static rg_status meet_binding(rg__lookout *s, const rg_record *record, const rg_contact *c, bool seen, rg_time now)
{
	const rg__push *push = rg__config_push(s->wait->ticket.snapshot->config);
	rg_status st = RG_OK;
	rg_contact asleep;
	rg__uri uri;

	for (uint32_t i = 0; seen && i < s->n; i++) {
		if (s->sleepers[i].id == c->id)
			return rg__sleeper_missing(s, &s->sleepers[i]) ? give_branch(s, &s->sleepers[i], record, c->id, now) : RG_OK;
	}
	bool by_push = !seen && push && rg__uri_parse(c->uri, &uri) == RG_OK;

	for (uint32_t i = 0; st == RG_OK && i < s->n; i++) {
		rg__sleeper *d = &s->sleepers[i];

		if (rg__sleeper_missing(s, d) && rg__record_contact(s->base, d->index, &asleep) == RG_OK &&
			is_same_device(push, &asleep, c, by_push ? &uri : NULL))
			st = give_branch(s, d, record, c->id, now);
	}
	return st;
}

typedef struct look_op {
	rg_op op;
	rg__lookout *spot;
} look_op;

static rg_status look_decide(rg_op *op)
{
	rg__lookout *s = ((look_op *)op)->spot;
	rg_time now = rg__now(op->ticket.reg);
	const rg_record *record = op->found.record;
	rg_contact c, before;
	rg_status st = RG_OK;

	for (uint32_t i = 0; st == RG_OK && i < rg_record_contact_count(record) && rg__record_contact(record, i, &c) == RG_OK; i++) {
		bool seen = rg__record_find(s->base, c.id, i, &before);

		if (c.expires > now && !(seen && rg__contact_as_registered(&before, &c)))
			st = meet_binding(s, record, &c, seen, now);
	}
	rg__waits_lock(s->wait);
	bool again = st == RG_OK && s->again && s->wait->state != RG__WAIT_DONE;

	s->again = false;
	s->looking = again;
	rg_record *old = op->found.partial ? NULL : s->seen;

	if (!op->found.partial)
		s->seen = rg_record_ref(record);
	rg__waits_unlock(s->wait);
	rg_record_unref(old);
	if (again)
		return RG__AGAIN;
	return st == RG_OK && op->found.partial ? RG_ESTORE : st; /* the other part may have what is missing */
}

static void end_look(rg__lookout *s, rg_status status)
{
	rg_wait *w = s->wait;
	rg_registrar *reg = w->ticket.reg;
	rg_time at = RG_TIME_NEVER, now = rg__now(reg);

	rg__waits_lock(w);
	if (status != RG_OK) {
		s->looking = s->again = false;
		w->failed = status;
	}
	if (w->state == RG__WAIT_WAITING && (status != RG_OK || s->at->watch == RG__WATCH_WANTED)) {
		rg_time again = rg__add_sat(now, RG__TICK_AGAIN);

		w->again = again < w->again ? again : w->again;
		rg__waits_schedule(w);
		at = w->at;
	}
	rg__waits_unlock(w);
	if (at != RG_TIME_NEVER)
		rg__announce(reg, at);
	rg__waits_lock(w);
	if (--w->looks == 0 && w->state == RG__WAIT_ENDING)
		rg__wait_finish(w, w->failed == RG_OK ? RG_ETIMEOUT : RG_ESTORE);
	rg__wait_settle(w);
}

static void look_answer(rg_op *op, rg_status status)
{
	end_look(((look_op *)op)->spot, status);
}

/* A look that took too long is answered while it may still decide: it needs the ticket until it is gone. */
static void leave_wait(rg_wait *w)
{
	rg__waits_lock(w);
	w->uses--;
	rg__wait_settle(w);
	rg__wait_unref(w);
}

static void look_clear(rg_op *op)
{
	leave_wait(((look_op *)op)->spot->wait);
}

static const rg__verb look_verb = {
	.size = sizeof(look_op),
	.fetch_flags = RG_FETCH_FRESH,
	.takes_partial = true,
	.decide = look_decide,
	.answer = look_answer,
	.clear = look_clear,
};

void rg__lookout_look(rg__lookout *s)
{
	rg_wait *w = s->wait;
	bool looks = !s->looking && (w->state == RG__WAIT_WAITING || w->state == RG__WAIT_ENDING);
	rg_op *op;

	if (looks) {
		s->looking = true;
		w->looks++;
		w->uses++;
		rg__wait_ref(w);
	} else {
		s->again = true;
	}
	rg__waits_unlock(w);
	if (!looks)
		return;
	rg_status st = rg__op_new(&look_verb, w->ticket.reg, &op);

	if (st == RG_OK) {
		((look_op *)op)->spot = s;
		op->key = s->at->key;
		rg__op_start(op, NULL, NULL, NULL);
	} else {
		end_look(s, st);
		leave_wait(w);
	}
}
