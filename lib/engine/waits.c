/* SPDX-License-Identifier: MIT */
/* The waits of a registrar: an index by what they wait for, and a heap by when they are due. */
#include "engine/wait.h"
#include "model/model.h"
#include <stdlib.h>

rg__waits *rg__waits_new(void)
{
	rg__waits *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	atomic_init(&w->refs, 1);
	atomic_init(&w->n, 0);
	w->changed_end = &w->changed;
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void rg__waits_unref(rg__waits *w)
{
	if (!w || atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w->buckets);
	free(w->heap);
	free(w);
}

bool rg__waits_any(const rg__waits *w)
{
	return atomic_load_explicit(&w->n, memory_order_relaxed) != 0;
}

rg_status rg__waits_admit(rg_wait *wait, uint32_t most)
{
	rg__waits *w = wait->waits;
	uint32_t n = atomic_load_explicit(&w->n, memory_order_relaxed);

	if (w->closed)
		return RG_ECANCELED;
	if (n >= most)
		return RG_ELIMIT;
	if (n >= w->room) {
		uint32_t room = w->room ? 2 * w->room : 16;
		rg_wait **heap = realloc(w->heap, room * sizeof *heap);

		if (!heap)
			return RG_ENOMEM;
		w->heap = heap;
		w->room = room;
	}
	atomic_fetch_add_explicit(&w->n, 1, memory_order_relaxed);
	return RG_OK;
}

void rg__awaited_unref(rg__awaited *k)
{
	if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	rg__waits_unref(k->waits);
	free(k);
}

void rg__awaited_ref(rg__awaited *k)
{
	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
}

static void put_into_bucket(rg__awaited **buckets, uint32_t n, rg__awaited *k)
{
	k->link = &buckets[k->hash % n];
	k->chain = *k->link;
	if (k->chain)
		k->chain->link = &k->chain;
	*k->link = k;
}

/* False: there are no buckets at all. */
static bool grow_index(rg__waits *w)
{
	uint32_t n = w->n_buckets ? 2 * w->n_buckets : 64;
	rg__awaited **buckets = w->n_keys < w->n_buckets ? NULL : calloc(n, sizeof *buckets);

	if (!buckets)
		return w->n_buckets > 0; /* longer chains will do */
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		for (rg__awaited *next, *k = w->buckets[i]; k; k = next) {
			next = k->chain;
			put_into_bucket(buckets, n, k);
		}
	}
	free(w->buckets);
	w->buckets = buckets;
	w->n_buckets = n;
	return true;
}

static rg__awaited *find_awaited(const rg__waits *w, uint64_t hash, const rg_key *key)
{
	rg__awaited *k = w->n_buckets ? w->buckets[hash % w->n_buckets] : NULL;

	while (k && (k->hash != hash || !rg_key_equal(&k->key, key)))
		k = k->chain;
	return k;
}

/* With one reference. */
static rg__awaited *new_awaited(rg__waits *w, uint64_t hash, const rg_key *key)
{
	rg__awaited *k = grow_index(w) ? calloc(1, sizeof *k + key->domain.n + key->user.n + key->host.n) : NULL;

	if (!k)
		return NULL;
	char *at = (char *)(k + 1);

	k->key = (rg_key){ { at, key->domain.n }, { at + key->domain.n, key->user.n }, { at + key->domain.n + key->user.n, key->host.n } };
	memcpy(at, key->domain.p, key->domain.n);
	if (key->user.n > 0)
		memcpy(at + key->domain.n, key->user.p, key->user.n);
	if (key->host.n > 0)
		memcpy(at + key->domain.n + key->user.n, key->host.p, key->host.n);
	k->hash = hash;
	k->waits = w;
	atomic_fetch_add_explicit(&w->refs, 1, memory_order_relaxed);
	atomic_init(&k->refs, 1);
	k->watch = RG__WATCH_WANTED;
	put_into_bucket(w->buckets, w->n_buckets, k);
	w->n_keys++;
	return k;
}

static void append_lookout(rg__awaited *k, rg__lookout *s)
{
	s->before = k->last;
	s->after = NULL;
	*(k->last ? &k->last->after : &k->first) = s;
	k->last = s;
	s->changes = k->changes;
}

static void take_lookout_out(rg__awaited *k, rg__lookout *s)
{
	*(s->before ? &s->before->after : &k->first) = s->after;
	*(s->after ? &s->after->before : &k->last) = s->before;
}

bool rg__waits_join(rg__lookout *s, const rg_key *key)
{
	rg__waits *w = s->wait->waits;
	uint64_t hash = rg__key_hash(key);
	rg__awaited *k = find_awaited(w, hash, key);

	if (k)
		rg__awaited_ref(k);
	else
		k = new_awaited(w, hash, key);
	if (!k)
		return false;
	s->at = k;
	s->joined = true;
	append_lookout(k, s);
	k->n++;
	return true;
}

static void queue_changed(rg__awaited *k)
{
	rg__waits *w = k->waits;

	k->queued = w->changed_end;
	k->later = NULL;
	*w->changed_end = k;
	w->changed_end = &k->later;
}

static void unqueue_changed(rg__awaited *k)
{
	if (!k->queued)
		return;
	*k->queued = k->later;
	if (k->later)
		k->later->queued = k->queued;
	else
		k->waits->changed_end = k->queued;
	k->queued = NULL;
}

static void leave_key(rg__lookout *s)
{
	rg__awaited *k = s->at;

	if (!s->joined)
		return;
	s->joined = false;
	take_lookout_out(k, s);
	if (--k->n > 0)
		return;
	unqueue_changed(k);
	*k->link = k->chain;
	if (k->chain)
		k->chain->link = k->link;
	k->waits->n_keys--;
}

static void put_at(rg__waits *w, uint32_t place, rg_wait *wait)
{
	w->heap[place] = wait;
	wait->place = place;
}

/* Moves a wait up or down to where it belongs. */
static void settle_place(rg__waits *w, rg_wait *wait)
{
	uint32_t at = wait->place;

	while (at > 0 && w->heap[(at - 1) / 2]->at > wait->at) {
		put_at(w, at, w->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (uint32_t child; (child = 2 * at + 1) < w->n_heap; at = child) {
		if (child + 1 < w->n_heap && w->heap[child + 1]->at < w->heap[child]->at)
			child++;
		if (w->heap[child]->at >= wait->at)
			break;
		put_at(w, at, w->heap[child]);
	}
	put_at(w, at, wait);
}

static bool is_in_heap(const rg__waits *w, const rg_wait *wait)
{
	return wait->place < w->n_heap && w->heap[wait->place] == wait;
}

static rg_time earlier_of(rg_time a, rg_time b)
{
	return a < b ? a : b;
}

void rg__waits_schedule(rg_wait *wait)
{
	rg__waits *w = wait->waits;

	wait->at = earlier_of(earlier_of(wait->end, wait->half), earlier_of(wait->retry, wait->again));
	if (!is_in_heap(w, wait))
		wait->place = w->n_heap++;
	settle_place(w, wait);
}

void rg__waits_remove(rg_wait *wait)
{
	rg__waits *w = wait->waits;

	atomic_fetch_sub_explicit(&w->n, 1, memory_order_relaxed);
	for (rg__lookout *s = wait->spots; s; s = s->next)
		leave_key(s);
	if (!is_in_heap(w, wait))
		return;
	rg_wait *last = w->heap[--w->n_heap];

	if (last != wait) {
		last->place = wait->place;
		settle_place(w, last);
	}
}

static void move_time(rg_time *t, rg_time by)
{
	if (*t != RG_TIME_NEVER)
		*t += by;
}

/* The clock may be set back: no wait becomes longer by that. All are moved alike, so that the heap stays one. A reading that is little earlier
 * than the last one is no such case: threads use their readings out of order. */
void rg__waits_clock(rg__waits *w, rg_time now)
{
	enum { OUT_OF_ORDER = 100 };
	rg_time by = now - w->clock;

	if (by < 0 && by >= -OUT_OF_ORDER)
		return;
	w->clock = now;
	if (by >= 0)
		return;
	for (uint32_t i = 0; i < w->n_heap; i++) {
		rg_wait *wait = w->heap[i];

		wait->begun += by;
		move_time(&wait->end, by);
		move_time(&wait->half, by);
		move_time(&wait->retry, by);
		move_time(&wait->again, by);
		move_time(&wait->at, by);
	}
}

static bool is_to_look(const rg__awaited *k)
{
	return k->first && k->first->changes != k->changes;
}

/* With the lock held, as on return. Lets @p most lookouts look, and returns what is left of that number. Only one thread does so at a key, and
 * no callback inside: a host that saves inside each callback would need as deep a stack as there are waits. */
static uint32_t let_look(rg__awaited *k, uint32_t most)
{
	rg__waits *w = k->waits;

	unqueue_changed(k);
	if (k->looking)
		return most;
	k->looking = true;
	for (; most > 0 && is_to_look(k); most--) {
		rg__lookout *s = k->first;
		rg_wait *wait = s->wait;

		take_lookout_out(k, s);
		append_lookout(k, s);
		if (!rg_revision_is_zero(&k->landed) && s->seen && rg_revision_equal(rg_record_revision(s->seen), &k->landed))
			continue;
		rg__wait_ref(wait);
		rg__lookout_look(s);
		rg__wait_unref(wait);
		pthread_mutex_lock(&w->lock);
	}
	k->looking = false;
	if (is_to_look(k))
		queue_changed(k);
	return most;
}

/* The store's watch may have told of a commit before the commit is known to have landed, so that some have seen what it made. */
void rg__awaited_changed(rg__awaited *k, const rg_revision *revision)
{
	rg__waits *w = k->waits;
	bool alone = revision && !k->looking && !is_to_look(k);
	rg_wait *wait = NULL;

	k->changes++;
	k->landed = alone ? *revision : (rg_revision){ { 0 } };
	let_look(k, RG__LOOKS_BY_A_COMMIT);
	if (k->queued)
		wait = k->first->wait;
	if (!wait) {
		pthread_mutex_unlock(&w->lock);
		return;
	}
	rg__wait_ref(wait);
	wait->uses++;
	pthread_mutex_unlock(&w->lock);
	rg__announce(wait->ticket.reg, rg__now(wait->ticket.reg));
	pthread_mutex_lock(&w->lock);
	wait->uses--;
	rg__wait_settle(wait);
	rg__wait_unref(wait);
}

void rg__waits_changed(rg_registrar *reg, const rg_key *key, const rg_revision *revision)
{
	rg__waits *w = reg->waits;
	uint64_t hash = rg__key_hash(key);
	bool one_part = !(rg_store_traits(reg->store) & RG_STORE_OVERLAY); /* of two parts the other may have changed, too */

	pthread_mutex_lock(&w->lock);
	rg__awaited *k = find_awaited(w, hash, key);

	if (!k) {
		pthread_mutex_unlock(&w->lock);
		return;
	}
	rg__awaited_ref(k);
	rg__awaited_changed(k, one_part ? revision : NULL);
	rg__awaited_unref(k);
}

/* With the lock held, as on return. */
static void look_at_changed(rg__waits *w, uint32_t limit)
{
	rg__awaited *k;

	while (limit > 0 && (k = w->changed) != NULL) {
		rg__awaited_ref(k);
		limit = let_look(k, limit);
		pthread_mutex_unlock(&w->lock);
		rg__awaited_unref(k);
		pthread_mutex_lock(&w->lock);
	}
}

rg_time rg__waits_tick(rg_registrar *reg, uint32_t limit)
{
	rg__waits *w = reg->waits;
	rg_time now, next = RG_TIME_NEVER;

	if (!rg__waits_any(w))
		return next;
	now = rg__now(reg);
	pthread_mutex_lock(&w->lock);
	rg__waits_clock(w, now);
	look_at_changed(w, limit);
	/* Each once at most: if the clock was set meanwhile, a wait may be due again at once. */
	for (uint32_t left = limit < w->n_heap ? limit : w->n_heap; left > 0 && w->n_heap > 0 && w->heap[0]->at <= now; left--) {
		rg_wait *wait = w->heap[0];

		rg__wait_ref(wait);
		rg__wait_step(wait, now);
		rg__wait_unref(wait);
		pthread_mutex_lock(&w->lock);
	}
	if (w->n_heap > 0)
		next = w->heap[0]->at;
	if (w->changed)
		next = now;
	pthread_mutex_unlock(&w->lock);
	return next;
}

void rg__waits_cancel(rg_registrar *reg)
{
	rg__waits *w = reg->waits;

	pthread_mutex_lock(&w->lock);
	w->closed = true;
	while (w->n_heap > 0) {
		rg_wait *wait = w->heap[0];

		rg__wait_ref(wait);
		rg__wait_cancel(wait);
		rg__wait_unref(wait);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
}
