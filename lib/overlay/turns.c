/* SPDX-License-Identifier: MIT */
/* Commits of one key take turns; and what is known of those that are not done in both parts. */
#include "overlay/overlay.h"
#include "rules/rules.h"
#include <stdlib.h>
#include <time.h>

/* How long a commit over an inline main, on a thread of its own, waits for another thread's. It then is a conflict. */
enum { PATIENCE_MS = 100 };

rg__overlay_bucket *rg__overlay_bucket_of(rg__overlay *o, const rg_key *key)
{
	uint64_t hash = rg__key_hash(key);

	return &o->buckets[hash % RG__OVERLAY_BUCKETS];
}

static rg__overlay_op *whose_turn(const rg__overlay_op *op)
{
	rg__overlay_op *at = op->bucket->turns;

	while (at && !rg_key_equal(&at->key, &op->key))
		at = at->next_turn;
	return at;
}

static void give_turn(rg__overlay_op *op)
{
	op->turn = true;
	op->thread = pthread_self();
	op->next_turn = op->bucket->turns;
	op->bucket->turns = op;
}

int rg__overlay_sleep(rg__overlay *o, const struct timespec *until)
{
	o->n_asleep++;
	int late = pthread_cond_timedwait(&o->moved, &o->lock, until);
	o->n_asleep--;
	return late;
}

void rg__overlay_moves(rg__overlay *o)
{
	if (o->n_asleep > 0)
		pthread_cond_broadcast(&o->moved);
}

static struct timespec patience(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += PATIENCE_MS * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* One that is called from within a commit of the same key, by a watch, would wait for itself: it is a part of that turn. */
static void wait_for_turn(rg__overlay_op *op)
{
	struct timespec until = patience();
	rg__overlay_op *before;
	int late = 0;

	while ((before = whose_turn(op)) != NULL && !pthread_equal(before->thread, pthread_self()) && late == 0)
		late = rg__overlay_sleep(op->o, &until);
	if (!before)
		give_turn(op);
	else
		op->busy = !pthread_equal(before->thread, pthread_self()) || before->half;
}

int rg__overlay_take_turn(rg__overlay_op *op)
{
	int next = RG__OVERLAY_GO;

	op->bucket = rg__overlay_bucket_of(op->o, &op->key);
	pthread_mutex_lock(&op->o->lock);
	rg__overlay_op *before = whose_turn(op);

	if (!before) {
		give_turn(op);
	} else if (!op->heap) {
		wait_for_turn(op);
	} else if (before->n_waiting >= RG__OVERLAY_WAITING_MAX) {
		op->busy = true;
	} else {
		*(before->last_waiting ? &before->last_waiting->next_waiting : &before->first_waiting) = op;
		before->last_waiting = op;
		before->n_waiting++;
		next = RG__OVERLAY_WAIT;
	}
	pthread_mutex_unlock(&op->o->lock);
	return next;
}

bool rg__overlay_try_turn(rg__overlay_op *op)
{
	op->bucket = rg__overlay_bucket_of(op->o, &op->key);
	pthread_mutex_lock(&op->o->lock);
	bool free = whose_turn(op) == NULL;

	if (free)
		give_turn(op);
	pthread_mutex_unlock(&op->o->lock);
	return free;
}

rg__overlay_op *rg__overlay_end_turn(rg__overlay_op *op)
{
	if (!op->turn)
		return NULL;
	pthread_mutex_lock(&op->o->lock);
	rg__overlay_op **at = &op->bucket->turns, *next = op->first_waiting;

	while (*at != op)
		at = &(*at)->next_turn;
	*at = op->next_turn;
	op->turn = false;
	if (next) {
		next->first_waiting = next->next_waiting;
		next->last_waiting = next->next_waiting ? op->last_waiting : NULL;
		next->n_waiting = op->n_waiting - 1;
		give_turn(next);
	}
	rg__overlay_moves(op->o);
	pthread_mutex_unlock(&op->o->lock);
	return next;
}

rg__half *rg__half_find(rg__overlay *o, const rg_key *key)
{
	rg__half *at = o->n_halves > 0 ? rg__overlay_bucket_of(o, key)->halves : NULL;

	while (at && !rg_key_equal(&at->key, key))
		at = at->next;
	return at;
}

static rg_str keep(char **room, rg_str s)
{
	rg_str kept = { *room, s.n };

	if (s.n > 0)
		memcpy(*room, s.p, s.n);
	*room += s.n;
	return kept;
}

rg_key rg__half_keep(char **room, const rg_key *key)
{
	rg_str domain = keep(room, key->domain), user = keep(room, key->user), host = keep(room, key->host);

	return (rg_key){ domain, user, host };
}

rg_status rg__half_new(rg__overlay *o, const rg__half *made, rg__half **out)
{
	const rg_key *key = &made->key;
	rg__half *h = malloc(sizeof *h + key->domain.n + key->user.n + key->host.n);

	*out = h;
	if (!h)
		return RG_ENOMEM;
	*h = *made;
	char *room = (char *)(h + 1);
	h->key = rg__half_keep(&room, key);
	h->due = RG_TIME_NEVER;
	rg_record_ref(h->main);
	rg_record_ref(h->before);
	rg_record_ref(h->after);
	pthread_mutex_lock(&o->lock);
	bool room_for_it = o->n_halves < RG__OVERLAY_HALVES_MAX;

	if (room_for_it) {
		rg__overlay_bucket *b = rg__overlay_bucket_of(o, key);

		h->next = b->halves;
		b->halves = h;
		o->n_halves++;
	}
	pthread_mutex_unlock(&o->lock);
	if (room_for_it)
		return RG_OK;
	rg__half_free(h);
	return RG_EFULL;
}

void rg__half_free(rg__half *h)
{
	rg_record_unref(h->main);
	rg_record_unref(h->before);
	rg_record_unref(h->after);
	free(h);
}

void rg__half_judge(rg__overlay *o, rg__half *h, int verdict)
{
	pthread_mutex_lock(&o->lock);
	h->verdict = verdict;
	pthread_mutex_unlock(&o->lock);
}

void rg__half_drop(rg__overlay *o, rg__half *h)
{
	pthread_mutex_lock(&o->lock);
	rg__half **at = &rg__overlay_bucket_of(o, &h->key)->halves;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	o->n_halves--;
	pthread_mutex_unlock(&o->lock);
	rg__half_free(h);
}

/* The part as it was, under a revision that was never there: a store may take a commit that it remembers for done. */
static rg_status put_back(rg__overlay *o, const rg__half *h)
{
	rg_revision own = h->revision;
	rg_record *record;

	own.b[0] ^= 0x80;
	rg_status st = rg__local_again(&h->key, &own, h->before, &record);
	if (st == RG_OK)
		st = rg__local_write(o, &h->key, &h->revision, &own, record);
	rg_record_unref(record);
	return st;
}

rg_status rg__half_settle(rg__overlay *o, rg__half *h)
{
	rg_status st = RG_OK;

	if (h->verdict == RG__OVERLAY_LANDED && !h->written)
		st = rg__local_write(o, &h->key, &h->local_base, &h->revision, h->after);
	else if (h->verdict == RG__OVERLAY_FAILED && h->written)
		st = put_back(o, h);
	if (st == RG_OK)
		rg__half_drop(o, h);
	return st;
}

rg_status rg__half_reserve(rg__overlay *o, rg__half *h)
{
	if (rg_record_size(h->after) <= rg_record_size(h->before) && rg_record_tags(h->after) <= rg_record_tags(h->before))
		return RG_OK;
	rg_status st = rg__local_write(o, &h->key, &h->local_base, &h->revision, h->after);
	h->written = st == RG_OK;
	return st;
}
