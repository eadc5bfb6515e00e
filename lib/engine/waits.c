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

static void put_into_bucket(rg__lookout **buckets, uint32_t n, rg__lookout *s)
{
	s->link = &buckets[s->hash % n];
	s->chain = *s->link;
	if (s->chain)
		s->chain->link = &s->chain;
	*s->link = s;
}

/* False: there are no buckets at all. */
static bool grow_index(rg__waits *w)
{
	uint32_t n = w->n_buckets ? 2 * w->n_buckets : 64;
	rg__lookout **buckets = w->n_spots < w->n_buckets ? NULL : calloc(n, sizeof *buckets);

	if (!buckets)
		return w->n_buckets > 0; /* longer chains will do */
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		for (rg__lookout *next, *s = w->buckets[i]; s; s = next) {
			next = s->chain;
			put_into_bucket(buckets, n, s);
		}
	}
	free(w->buckets);
	w->buckets = buckets;
	w->n_buckets = n;
	return true;
}

bool rg__waits_index(rg__lookout *s)
{
	rg__waits *w = s->wait->waits;

	if (!grow_index(w))
		return false;
	put_into_bucket(w->buckets, w->n_buckets, s);
	s->indexed = true;
	w->n_spots++;
	return true;
}

static void leave_index(rg__waits *w, rg__lookout *s)
{
	if (!s->indexed)
		return;
	*s->link = s->chain;
	if (s->chain)
		s->chain->link = s->link;
	s->indexed = false;
	w->n_spots--;
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
		leave_index(w, s);
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

/* The clock may be set back: no wait becomes longer by that. All are moved alike, so that the heap stays one. */
void rg__waits_clock(rg__waits *w, rg_time now)
{
	rg_time by = now - w->clock;

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

/* Those are gathered first, because the index changes while they look. One that another thread has gathered looks later than now. */
void rg__waits_changed(rg_registrar *reg, const rg_key *key)
{
	rg__waits *w = reg->waits;
	uint64_t hash = rg__key_hash(key);
	rg__lookout *todo = NULL, *s;

	pthread_mutex_lock(&w->lock);
	for (s = w->n_buckets ? w->buckets[hash % w->n_buckets] : NULL; s; s = s->chain) {
		if (s->hash != hash || s->queued || !rg_key_equal(&s->key, key))
			continue;
		rg__wait_ref(s->wait);
		s->queued = true;
		s->todo = todo;
		todo = s;
	}
	while ((s = todo) != NULL) {
		rg_wait *wait = s->wait;

		todo = s->todo;
		s->queued = false;
		rg__lookout_look(s);
		rg__wait_unref(wait);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
}

rg_time rg__waits_tick(rg_registrar *reg)
{
	rg__waits *w = reg->waits;
	rg_time now, next = RG_TIME_NEVER;

	if (!rg__waits_any(w))
		return next;
	now = rg__now(reg);
	pthread_mutex_lock(&w->lock);
	rg__waits_clock(w, now);
	/* Each once at most: if the clock was set meanwhile, a wait may be due again at once. */
	for (uint32_t left = w->n_heap; left > 0 && w->n_heap > 0 && w->heap[0]->at <= now; left--) {
		rg_wait *wait = w->heap[0];

		rg__wait_ref(wait);
		rg__wait_step(wait, now);
		rg__wait_unref(wait);
		pthread_mutex_lock(&w->lock);
	}
	if (w->n_heap > 0)
		next = w->heap[0]->at;
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
