/* SPDX-License-Identifier: MIT */
/* A call of the overlay under way, and what it asks main. */
#include "overlay/overlay.h"
#include "text/text.h"
#include <stdlib.h>
#include <time.h>

static rg__overlay_bucket *bucket_of_token(rg__overlay *o, const void *tok)
{
	return &o->buckets[((uintptr_t)tok * 0x9E3779B97F4A7C15u) >> 56];
}

/* An answer of main that came later. */
static bool run(rg__overlay_op *op);

static void resume(rg__call *call)
{
	rg__overlay_op *op = (rg__overlay_op *)(void *)call;

	atomic_store(&op->asking, false);
	run(op);
}

static void op_init(rg__overlay_op *op, rg__overlay *o)
{
	memset(op, 0, sizeof *op);
	op->o = o;
	atomic_init(&op->refs, 1);
	atomic_init(&op->asking, false);
	atomic_init(&op->over, false);
	atomic_init(&op->canceled, false);
	rg__call_init(&op->call, o->main, resume);
}

rg__overlay_op *rg__overlay_begin(rg__overlay *o, rg__overlay_op *here, uint32_t flags, void *tok)
{
	bool heap = !(rg_store_traits(o->main) & RG_STORE_INLINE);
	rg__overlay_op *op = heap ? malloc(sizeof *op) : here;

	if (!op)
		return NULL;
	op_init(op, o);
	op->heap = heap;
	op->flags = flags;
	op->tok = tok;
	op->call.for_blocking = (flags & RG_OP_BLOCKING) != 0;
	return op;
}

void rg__overlay_release(rg__overlay *o)
{
	if (atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	pthread_cond_destroy(&o->moved);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

rg_status rg__overlay_own(rg__overlay_op *op, const rg_key *key, const rg_commit *commit)
{
	op->key = *key;
	if (commit)
		memcpy(&op->commit, commit, commit->struct_size < sizeof op->commit ? commit->struct_size : sizeof op->commit);
	if (!op->heap)
		return RG_OK;
	rg_record_ref(op->commit.next); /* first: whoever lets the operation go, for want of memory too, gives it back */
	char *text = malloc(key->domain.n + key->user.n + key->host.n + 1), *at = text;
	if (!text)
		return RG_ENOMEM;
	rg_str *parts[] = { &op->key.domain, &op->key.user, &op->key.host };
	for (int i = 0; i < 3; i++) {
		if (parts[i]->n > 0)
			memcpy(at, parts[i]->p, parts[i]->n);
		parts[i]->p = at;
		at += parts[i]->n;
	}
	op->text = text;
	return RG_OK;
}

static void op_unref(rg__overlay_op *op)
{
	if (atomic_fetch_sub(&op->refs, 1) != 1)
		return;
	rg_record_unref(op->out.record);
	rg_record_unref(op->main.record);
	rg_record_unref(op->call.found.record);
	rg__page_clear(&op->call.page);
	rg__local_clear(&op->local);
	rg_record_unref(op->main_next);
	rg_record_unref(op->local_next);
	rg__overlay_walk_free(op->walk);
	if (!op->heap)
		return;
	rg_record_unref(op->commit.next);
	free(op->text);
	free(op);
}

void rg__overlay_abort(rg__overlay_op *op)
{
	op_unref(op);
}

static void open_op(rg__overlay_op *op)
{
	rg__overlay_bucket *b = bucket_of_token(op->o, op->tok);

	atomic_fetch_add(&op->o->refs, 1);

	pthread_mutex_lock(&op->o->lock);
	op->next_open = b->open;
	b->open = op;
	pthread_mutex_unlock(&op->o->lock);
}

static void close_op(rg__overlay_op *op)
{
	rg__overlay_op **at = &bucket_of_token(op->o, op->tok)->open;

	pthread_mutex_lock(&op->o->lock);
	while (*at != op)
		at = &(*at)->next_open;
	*at = op->next_open;
	rg__overlay_moves(op->o);
	pthread_mutex_unlock(&op->o->lock);
}

/* The store may go with the answer, for its last token is spent. Who waits for the answer sees the operation until it was given. */
static void answer(rg__overlay_op *op)
{
	rg__overlay *o = op->o;
	bool heap = op->heap;

	op->answer(op);
	atomic_store(&op->over, true);
	if (heap)
		close_op(op);
	op_unref(op);
	if (heap)
		rg__overlay_release(o);
}

/*
 * Runs an operation, and those whose turn comes with its end; answers are given when none of them can go on. True: @p op itself is over.
 */
static bool run(rg__overlay_op *op)
{
	rg__overlay_op *first = op, *over = NULL, **last = &over;

	while (op) {
		int what = RG__OVERLAY_GO;

		while (what == RG__OVERLAY_GO)
			what = op->step(op);
		if (what == RG__OVERLAY_WAIT)
			break;
		rg__overlay_op *next = rg__overlay_end_turn(op);
		*last = op;
		last = &op->next_over;
		op = next;
	}
	bool done = over == first;
	for (rg__overlay_op *next; over; over = next) {
		next = over->next_over;
		answer(over);
	}
	return done;
}

rg_status rg__overlay_start(rg__overlay_op *op)
{
	if (op->heap)
		open_op(op);
	return run(op) ? RG_OK : RG_PENDING;
}

int rg__overlay_end(rg__overlay_op *op, rg_status status)
{
	op->status = status;
	return RG__OVERLAY_OVER;
}

/* After RG_PENDING the operation may be another thread's. */
int rg__overlay_asked(rg__overlay_op *op, rg_status status)
{
	if (status == RG_PENDING)
		return RG__OVERLAY_WAIT;
	atomic_store(&op->asking, false);
	op->call.status = status;
	return RG__OVERLAY_GO;
}

int rg__overlay_ask_fetch(rg__overlay_op *op, uint32_t flags, int (*then)(rg__overlay_op *))
{
	rg_record_unref(op->main.record);
	op->main = (rg_fetched){ 0 };
	op->step = then;
	atomic_store(&op->asking, true);
	return rg__overlay_asked(op, rg__call_fetch(&op->call, &op->key, flags & RG_FETCH_FRESH));
}

int rg__overlay_ask_commit(rg__overlay_op *op, const rg_revision *base, const rg_revision *own, const rg_record *next,
	int (*then)(rg__overlay_op *))
{
	rg_commit c = { .struct_size = sizeof c, .base = *base, .revision = *own, .next = next };

	op->step = then;
	atomic_store(&op->asking, true);
	return rg__overlay_asked(op, rg__call_commit(&op->call, &op->key, &c));
}

/* With a reference; of several with one token the one that came last. NULL: its answer was given. */
static rg__overlay_op *find_open(rg__overlay *o, const void *tok)
{
	pthread_mutex_lock(&o->lock);
	rg__overlay_op *op = bucket_of_token(o, tok)->open;

	while (op && op->tok != tok)
		op = op->next_open;
	if (op)
		atomic_fetch_add(&op->refs, 1);
	pthread_mutex_unlock(&o->lock);
	return op;
}

/* Until it moves, for a moment: it waits for its turn, or another thread is at it. */
static void pause_for(rg__overlay *o, int64_t us)
{
	struct timespec t;

	us = us > 1000 ? 1000 : us;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += us * 1000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&o->lock);
	rg__overlay_sleep(o, &t);
	pthread_mutex_unlock(&o->lock);
}

rg_status rg__overlay_wait(void *self, void *tok, int32_t timeout_ms)
{
	rg__overlay *o = self;
	void *main;
	const rg_store_ops *ops = rg_store_members(o->main, &main);
	int64_t left = (int64_t)timeout_ms * 1000, until = rg__monotonic_us() + left;
	rg_status st = RG_OK;
	rg__overlay_op *op = find_open(o, tok);

	while (op && !atomic_load(&op->over) && left > 0) {
		void *token = atomic_load(&op->call.token);
		bool asking = atomic_load(&op->asking);

		st = asking && token ? ops->wait(main, token, (int32_t)((left + 999) / 1000)) : RG_OK;
		if (st != RG_OK && token == atomic_load(&op->call.token))
			break;
		left = until - rg__monotonic_us();
		if (!atomic_load(&op->over) && token == atomic_load(&op->call.token) && left > 0)
			pause_for(o, left);
	}
	bool over = !op || atomic_load(&op->over);
	if (op)
		op_unref(op);
	return over ? RG_OK : RG_ETIMEOUT;
}

void rg__overlay_cancel(void *self, void *tok)
{
	rg__overlay *o = self;
	rg__overlay_op *op = find_open(o, tok);

	if (!op)
		return;
	atomic_store(&op->canceled, true);
	if (atomic_load(&op->asking))
		rg__call_cancel(&op->call, true);
	op_unref(op);
}
