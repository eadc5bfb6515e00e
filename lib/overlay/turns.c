/* SPDX-License-Identifier: MIT */
/*
 * Commits of one key take turns. The compare-and-swap of each part is not enough: a commit of main alone and a commit of the local part
 * alone, both decided on the same record, would both succeed. A phone that registers with and without the flag at the same time would
 * then have two bindings.
 */
#include "overlay/overlay.h"
#include "model/model.h"
#include <time.h>

/* How long a commit over an inline main waits for its turn, and how often it checks. Microseconds. */
enum { PATIENCE = 100000, LOOK_EVERY = 20 };

rg__overlay_bucket *rg__overlay_lock(rg__overlay *o, uint64_t key_hash)
{
	rg__overlay_bucket *b = &o->buckets[key_hash % RG__OVERLAY_BUCKETS];

	pthread_mutex_lock(&b->lock);
	return b;
}

static rg__overlay_op *turn_of_key(const rg__overlay_bucket *b, const rg_key *key)
{
	rg__overlay_op *at = b->turns;

	while (at && !rg_key_equal(&at->key, key))
		at = at->next_turn;
	return at;
}

bool rg__overlay_turn_taken(const rg__overlay_bucket *b, const rg_key *key)
{
	return turn_of_key(b, key) != NULL;
}

static void give_turn(rg__overlay_op *op)
{
	op->turn = true;
	op->thread = pthread_self();
	op->next_turn = op->bucket->turns;
	op->bucket->turns = op;
}

/*
 * With the lock, which is released while waiting. A commit that a watch issues inside a commit of the same key would wait for itself. It
 * goes on without a turn, unless the outer commit is between its two parts.
 */
static void wait_for_turn(rg__overlay_op *op)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY * 1000 };
	int64_t until = rg__monotonic_us() + PATIENCE;

	for (rg__overlay_op *before; (before = turn_of_key(op->bucket, &op->key)) != NULL;) {
		bool own = pthread_equal(before->thread, pthread_self());

		op->busy = own ? before->entangled : rg__monotonic_us() > until;
		if (own || op->busy)
			return;
		pthread_mutex_unlock(&op->bucket->lock);
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&op->bucket->lock);
	}
	give_turn(op);
}

static int queue_for_turn(rg__overlay_op *op, rg__overlay_op *before)
{
	op->busy = before->n_waiting >= RG__OVERLAY_WAITING_MAX;
	if (op->busy)
		return RG__OVERLAY_GO;
	*(before->last_waiting ? &before->last_waiting->next_waiting : &before->first_waiting) = op;
	before->last_waiting = op;
	before->n_waiting++;
	return RG__OVERLAY_WAIT;
}

int rg__overlay_take_turn(rg__overlay_op *op)
{
	rg__overlay_bucket *b = op->bucket = rg__overlay_lock(op->o, rg__key_hash(&op->key));
	int next = RG__OVERLAY_GO;
	rg__overlay_op *before = turn_of_key(b, &op->key);

	if (!before)
		give_turn(op);
	else if (op->heap)
		next = queue_for_turn(op, before);
	else
		wait_for_turn(op);
	pthread_mutex_unlock(&b->lock);
	return next;
}

bool rg__overlay_try_turn(rg__overlay_op *op)
{
	op->bucket = rg__overlay_lock(op->o, rg__key_hash(&op->key));
	if (!turn_of_key(op->bucket, &op->key))
		give_turn(op);
	pthread_mutex_unlock(&op->bucket->lock);
	return op->turn;
}

rg__overlay_op *rg__overlay_end_turn(rg__overlay_op *op)
{
	rg__overlay_op *next = NULL;

	if (!op->turn)
		return NULL;
	pthread_mutex_lock(&op->bucket->lock);
	rg__overlay_op **at = &op->bucket->turns;

	while (*at != op)
		at = &(*at)->next_turn;
	*at = op->next_turn;
	op->turn = false;
	next = op->first_waiting;
	if (next) {
		next->first_waiting = next->next_waiting;
		next->last_waiting = next->next_waiting ? op->last_waiting : NULL;
		next->n_waiting = op->n_waiting - 1;
		give_turn(next);
	}
	pthread_mutex_unlock(&op->bucket->lock);
	return next;
}
