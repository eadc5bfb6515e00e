/* SPDX-License-Identifier: MIT */
/* The life of one wait: it is armed, looks, calls the host back, and ends. */
#include "engine/wait.h"
#include "message/message.h"
#include "model/model.h"
#include <stdlib.h>

void rg__wait_ref(rg_wait *w)
{
	atomic_fetch_add_explicit(&w->refs, 1, memory_order_relaxed);
}

static void free_spot(rg__lookout *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		rg_targets_free(s->sleepers[i].targets);
	free(s->sleepers);
	rg_record_unref(s->base);
	rg_record_unref(s->seen);
	rg__gruu_free(s->gruu);
	rg__awaited_unref(s->at);
	free(s);
}

void rg__wait_unref(rg_wait *w)
{
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (rg__lookout *next, *s = w->spots; s; s = next) {
		next = s->next;
		free_spot(s);
	}
	rg_request_free(w->request);
	rg_lookup_options_unref(w->options);
	rg__buf_free(&w->text);
	rg__waits_unref(w->waits);
	free(w);
}

void rg__wait_count(const rg_wait *w, int what, uint32_t n)
{
	while (n-- > 0)
		rg__count(w->ticket.stripe, what);
}

/* With the lock held, as on return. True: `on_done` was called. */
static bool call_host(rg_wait *w)
{
	rg__sleeper *back;

	w->calling = true;
	while (w->status != RG_ECANCELED && (back = w->first) != NULL) {
		rg_targets *targets = back->targets;

		back->targets = NULL;
		w->first = back->next;
		rg__waits_unlock(w);
		w->on_branch(w->user, targets);
		rg__waits_lock(w);
	}
	bool last = w->state == RG__WAIT_DONE && !w->told;

	if (last) {
		w->told = true;
		rg_status status = w->status;

		rg__waits_unlock(w);
		w->on_done(w->user, status);
		if (w->free_user)
			w->free_user(w->user);
		rg__waits_lock(w);
	}
	w->calling = false;
	return last;
}

bool rg__wait_settle(rg_wait *w)
{
	bool told = false;

	w->uses++;
	if (w->state == RG__WAIT_DONE && w->holds) {
		uint32_t late = w->late;

		w->late = 0;
		rg__waits_unlock(w);
		rg__wait_count(w, RG__S_WAKEUPS_TIMED_OUT, late);
		for (rg__lookout *s = w->spots; s; s = s->next)
			rg__lookout_unwatch(s);
		rg__waits_lock(w);
	}
	if (w->claimed && !w->calling)
		told = call_host(w);
	bool leaves = --w->uses == 0 && w->state == RG__WAIT_DONE && w->holds;

	if (leaves)
		w->holds = false;
	rg__waits_unlock(w);
	if (leaves) {
		rg__leave(&w->ticket, NULL, -1);
		rg__wait_unref(w);
	}
	return told;
}

void rg__wait_finish(rg_wait *w, rg_status status)
{
	if (w->state == RG__WAIT_DONE)
		return;
	w->state = RG__WAIT_DONE;
	w->status = status;
	if (status == RG_ETIMEOUT || status == RG_ESTORE)
		w->late = w->missing;
	if (!w->refused)
		rg__waits_remove(w);
}

/* Branches that are still in the queue are not handed over. */
void rg__wait_cancel(rg_wait *w)
{
	rg__wait_finish(w, RG_ECANCELED);
	if (!w->told)
		w->status = RG_ECANCELED;
	rg__wait_settle(w);
}

static void free_new_wait(rg_wait *w)
{
	rg__leave(&w->ticket, NULL, -1);
	rg__wait_unref(w);
}

static rg_status copy_asked(rg_wait *w, const rg__wait_asked *asked)
{
	size_t n = asked->prefix.n + asked->request->method.n;

	rg__buf_add(&w->text, asked->prefix);
	rg__buf_add(&w->text, asked->request->method);
	rg__buf_add(&w->text, asked->request->callid);
	if (w->text.failed)
		return RG_ENOMEM;
	w->reason = (rg_str){ w->text.p, n };
	w->callid = (rg_str){ asked->request->callid.p ? w->text.p + n : NULL, asked->request->callid.n };
	w->whatever = asked->whatever;
	w->options = rg_lookup_options_ref(asked->options);
	rg__lookup_settings_of(w->ticket.snapshot->config, asked->options, &w->settings);
	return rg__request_copy(asked->request, SIZE_MAX, &w->request);
}

rg_status rg__wait_new(const rg_op *op, const rg__wait_asked *asked, rg_wait **out)
{
	rg_registrar *reg = op->ticket.reg;
	rg_wait *w = calloc(1, sizeof *w);

	*out = NULL;
	if (!w)
		return RG_ENOMEM;
	w->waits = reg->waits;
	atomic_fetch_add_explicit(&w->waits->refs, 1, memory_order_relaxed);
	atomic_init(&w->refs, 1);
	w->end = w->half = w->retry = w->again = RG_TIME_NEVER;
	rg__enter_late(reg, &op->ticket, &w->ticket);
	rg_status st = copy_asked(w, asked);

	if (st == RG_OK) {
		rg__waits_lock(w);
		st = rg__waits_admit(w, (uint32_t)rg__config_int(w->ticket.snapshot->config, RG__P_pn_max_waits));
		rg__waits_unlock(w);
	}
	if (st != RG_OK && st != RG_ELIMIT) {
		free_new_wait(w);
		return st;
	}
	w->refused = st == RG_ELIMIT;
	w->holds = true;
	rg__wait_ref(w);
	*out = w;
	return RG_OK;
}

/* The GRUU that is looked up. */
static rg_status read_looked_up_gruu(rg__lookout *s)
{
	rg_request request = *s->wait->request;
	int32_t code;
	rg__aor aor;

	if (s->branch >= 0) {
		request.request_uri = request.branches[s->branch];
		request.aor = RG__ABSENT;
	}
	rg_status st = rg__lookup_aor(&request, s->wait->ticket.snapshot->config, &aor, &s->gruu, &code);

	rg__aor_free(&aor);
	return st;
}

rg_status rg__wait_arm(rg_wait *w, const rg__lookout_asked *asked, rg__lookout **out)
{
	rg__lookout *s = calloc(1, sizeof *s);

	*out = s;
	if (!s)
		return RG_ENOMEM;
	s->wait = w;
	s->branch = asked->branch;
	s->no_sips = asked->no_sips;
	rg__waits_lock(w);
	s->next = w->spots;
	w->spots = s;
	bool joined = w->refused || rg__waits_join(s, &asked->key);
	rg__waits_unlock(w);
	if (!joined || (asked->gruu && read_looked_up_gruu(s) != RG_OK))
		return RG_ENOMEM;
	rg__lookout_watch(s);
	return RG_OK;
}

rg_status rg__lookout_expect(rg__lookout *s, const rg_record *record, const uint16_t *indexes, uint32_t n)
{
	rg__sleeper *sleepers = calloc(n ? n : 1, sizeof *sleepers);
	rg_contact c = { .id = 0 };

	if (!sleepers)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		rg__record_contact(record, indexes[i], &c);
		sleepers[i].index = indexes[i];
		sleepers[i].id = c.id;
	}
	free(s->sleepers);
	rg_record_unref(s->base);
	s->sleepers = sleepers;
	s->n = n;
	s->base = rg_record_ref(record);
	rg__waits_lock(s->wait);
	rg_record *old = s->seen;

	s->seen = rg_record_ref(record);
	rg__waits_unlock(s->wait);
	rg_record_unref(old);
	return RG_OK;
}

/* The index of the device's binding in @p record; -1 = it is gone: it was removed, so its device is not to be woken. */
static int32_t index_now(const rg__sleeper *d, const rg_record *record)
{
	rg_contact c;

	for (uint32_t i = 0; i < rg_record_contact_count(record) && rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.id == d->id)
			return (int32_t)i;
	}
	return -1;
}

const rg_record *rg__lookout_base(const rg__lookout *s)
{
	return s->base;
}

/* Raises the events of the devices of a spot that are missing. */
static rg_status wake_devices(rg__lookout *s)
{
	rg_wait *w = s->wait;
	rg_registrar *reg = w->ticket.reg;
	uint16_t *indexes = malloc(s->n * sizeof *indexes + 1);
	uint32_t n = 0;
	bool left = false;
	rg_plan *plan = NULL;

	if (!indexes)
		return RG_ENOMEM;
	rg__waits_lock(w);
	rg_record *record = rg_record_ref(s->seen);

	rg__waits_unlock(w);
	for (uint32_t i = 0; i < s->n; i++) {
		int32_t index = rg__sleeper_missing(s, &s->sleepers[i]) ? index_now(&s->sleepers[i], record) : -1;

		if (index >= 0)
			indexes[n++] = (uint16_t)index;
	}
	rg_status st = n > 0 ? rg__wake(record, indexes, n, w->reason, w->callid, rg__now(reg), &plan) : RG_OK;

	free(indexes);
	rg_record_unref(record);
	if (plan)
		st = rg__events_tell(reg->events, plan, &left);
	rg_plan_free(plan);
	if (st == RG_OK)
		rg__wait_count(w, RG__S_WAKEUPS_SENT, n);
	if (left)
		rg__announce(reg, rg__now(reg));
	return st;
}

static rg_status wake_all(rg_wait *w)
{
	rg_status st = RG_OK;

	for (rg__lookout *s = w->spots; s && st == RG_OK; s = s->next)
		st = wake_devices(s);
	return st;
}

/* With the lock held. */
static void set_times(rg_wait *w, rg_time now)
{
	const rg_config *config = w->ticket.snapshot->config;
	int64_t timeout = 1000 * rg__config_int(config, RG__P_pn_refresh_timeout);

	rg__waits_clock(w->waits, now);
	w->begun = now;
	w->half = rg__add_sat(now, timeout / 2);
	w->end = rg__add_sat(now, timeout);
	w->retry = rg__retry_after(config, now, now);
	rg__waits_schedule(w);
}

rg_status rg__wait_begin(rg_wait *w, bool *waits)
{
	rg_registrar *reg = w->ticket.reg;
	rg_time now = rg__now(reg), at = RG_TIME_NEVER;

	for (rg__lookout *s = w->spots; s; s = s->next)
		w->missing += s->n;
	*waits = w->missing > 0;
	if (!*waits)
		return RG_OK;
	rg__waits_lock(w);
	bool closed = w->waits->closed;

	if (!closed && !w->refused) {
		w->state = RG__WAIT_WAITING;
		set_times(w, now);
		at = w->at;
	}
	w->uses++;
	rg__waits_unlock(w);
	rg_status st = closed ? RG_ECANCELED : wake_all(w);

	if (at != RG_TIME_NEVER)
		rg__announce(reg, at);
	for (rg__lookout *s = w->spots; s; s = s->next) {
		rg__waits_lock(w);
		if (s->again)
			rg__lookout_look(s);
		else
			rg__waits_unlock(w);
	}
	rg__waits_lock(w);
	w->uses--;
	if (w->refused)
		rg__wait_finish(w, RG_ELIMIT);
	rg__wait_settle(w);
	return st;
}

void rg__wait_drop(rg_wait *w)
{
	rg__waits_lock(w);
	if (!w->claimed)
		rg__wait_finish(w, RG_ECANCELED);
	rg__wait_settle(w);
	rg__wait_unref(w);
}

void rg__wait_step(rg_wait *w, rg_time now)
{
	bool ends = w->end <= now, looks = ends || w->half <= now || w->again <= now, wakes = !ends && w->retry <= now;

	if (ends) {
		w->state = RG__WAIT_ENDING;
		w->failed = RG_OK;
		w->end = w->half = w->again = w->retry = RG_TIME_NEVER;
	}
	if (looks)
		w->again = RG_TIME_NEVER;
	if (w->half <= now)
		w->half = RG_TIME_NEVER;
	if (wakes)
		w->retry = rg__retry_after(w->ticket.snapshot->config, w->begun, now);
	rg__waits_schedule(w);
	w->uses++;
	w->looks++;
	rg__waits_unlock(w);
	for (rg__lookout *s = w->spots; s && (looks || wakes); s = s->next) {
		if (!ends)
			rg__lookout_watch(s);
		rg__waits_lock(w);
		rg__lookout_look(s);
	}
	if (wakes)
		wake_all(w);
	rg__waits_lock(w);
	w->uses--;
	if (--w->looks == 0 && w->state == RG__WAIT_ENDING)
		rg__wait_finish(w, w->failed == RG_OK ? RG_ETIMEOUT : RG_ESTORE);
	rg__wait_settle(w);
}

rg_status rg__wait_claim(rg_wait *w, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user, rg_wait **handle,
	rg_error *why)
{
	rg__waits_lock(w);
	bool claimed = w->claimed;

	if (claimed || w->refused) {
		rg__waits_unlock(w);
		return claimed ? rg__fail(why, RG_EINVAL, "the targets are waited for already") :
			rg__fail(why, RG_ELIMIT, "pn_max_waits requests were waiting when the lookup ended");
	}
	w->claimed = true;
	w->on_branch = on_branch;
	w->on_done = on_done;
	w->user = user;
	w->free_user = free_user;
	rg__wait_ref(w); /* a callback may free the targets */
	if (handle) {
		rg__wait_ref(w);
		*handle = w;
	}
	bool told = rg__wait_settle(w);

	rg__wait_unref(w);
	return told ? RG_OK : RG_PENDING;
}

void rg_wait_cancel(rg_wait *w)
{
	if (!w)
		return;
	rg__wait_ref(w);
	rg__waits_lock(w);
	rg__wait_cancel(w);
	rg__wait_unref(w);
}

void rg_wait_free(rg_wait *w)
{
	if (w)
		rg__wait_unref(w);
}
