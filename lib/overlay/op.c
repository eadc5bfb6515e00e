/* SPDX-License-Identifier: MIT */
/* Operations: calls of the overlay that wait for main or for their turn. */
#include "overlay/overlay.h"
#include <stdlib.h>
#include <time.h>

/* How often a blocking caller checks whether its operation has its turn. Nanoseconds. */
enum { LOOK_AGAIN = 200000 };

void rg__overlay_release(rg__overlay *o)
{
	if (atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	for (int i = 0; i < RG__OVERLAY_BUCKETS; i++)
		pthread_mutex_destroy(&o->buckets[i].lock);
	pthread_mutex_destroy(&o->watch_lock);
	free(o);
}

static rg__overlay_bucket *lock_by_token(rg__overlay *o, const void *tok)
{
	return rg__overlay_lock(o, ((uintptr_t)tok * 0x9E3779B97F4A7C15u) >> 56);
}

static bool run_overlay(rg__overlay_op *op);

static void resume_overlay(rg__call *call)
{
	rg__overlay_op *op = (rg__overlay_op *)(void *)call;

	atomic_store(&call->token, NULL);
	run_overlay(op);
}

static rg_str append_text(char **room, rg_str s)
{
	rg_str copy = { *room, s.n };

	if (s.n > 0)
		memcpy(*room, s.p, s.n);
	*room += s.n;
	return copy;
}

rg_key rg__overlay_copy_key(char *room, const rg_key *key)
{
	rg_key copy;

	copy.domain = append_text(&room, key->domain);
	copy.user = append_text(&room, key->user);
	copy.host = append_text(&room, key->host);
	return copy;
}

rg__overlay_op *rg__overlay_begin(rg__overlay *o, rg__overlay_op *here, const rg_key *key, uint32_t flags, void *tok)
{
	bool heap = !(rg_store_traits(o->main) & RG_STORE_INLINE);
	rg__overlay_op *op = heap ? malloc(sizeof *op + key->domain.n + key->user.n + key->host.n) : here;

	if (!op)
		return NULL;
	memset(op, 0, sizeof *op);
	op->o = o;
	op->heap = heap;
	op->key = heap ? rg__overlay_copy_key((char *)(op + 1), key) : *key;
	op->flags = flags;
	op->tok = tok;
	atomic_init(&op->canceled, false);
	rg__call_init(&op->call, o->main, resume_overlay);
	op->call.for_blocking = (flags & RG_OP_BLOCKING) != 0;
	return op;
}

void rg__overlay_free(rg__overlay_op *op)
{
	rg_record_unref(op->out.record);
	rg_record_unref(op->main.record);
	rg_record_unref(op->call.found.record);
	rg__page_clear(&op->call.page);
	rg_record_unref(op->local.record);
	rg_record_unref(op->commit.next);
	rg_record_unref(op->main_next);
	rg_record_unref(op->local_next);
	if (op->heap)
		free(op);
}

static void open_op(rg__overlay_op *op)
{
	rg__overlay_bucket *b = lock_by_token(op->o, op->tok);

	atomic_fetch_add(&op->o->refs, 1);
	op->next_open = b->open;
	b->open = op;
	pthread_mutex_unlock(&b->lock);
}

static void close_op(rg__overlay_op *op)
{
	rg__overlay_bucket *b = lock_by_token(op->o, op->tok);
	rg__overlay_op **at = &b->open;

	while (*at != op)
		at = &(*at)->next_open;
	*at = op->next_open;
	pthread_mutex_unlock(&b->lock);
}

/* The answer may release the last reference to the store. rg__overlay_wait() finds the operation until the answer was given. */
static void give_answer(rg__overlay_op *op)
{
	rg__overlay *o = op->o;
	bool heap = op->heap;

	op->answer(op);
	if (heap)
		close_op(op);
	rg__overlay_free(op);
	if (heap)
		rg__overlay_release(o);
}

/* Runs an operation, then those that get the turn. All answers are given at the end. @return whether @p op is over. */
static bool run_overlay(rg__overlay_op *op)
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
		give_answer(over);
	}
	return done;
}

rg_status rg__overlay_start(rg__overlay_op *op, int (*step)(rg__overlay_op *), void (*answer)(rg__overlay_op *))
{
	op->step = step;
	op->answer = answer;
	if (op->heap)
		open_op(op);
	return run_overlay(op) ? RG_OK : RG_PENDING;
}

int rg__overlay_end(rg__overlay_op *op, rg_status status)
{
	op->status = status;
	return RG__OVERLAY_OVER;
}

/* After RG_PENDING another thread may own the operation. */
int rg__overlay_asked(rg__overlay_op *op, rg_status status)
{
	if (status == RG_PENDING)
		return RG__OVERLAY_WAIT;
	atomic_store(&op->call.token, NULL);
	op->call.status = status;
	return RG__OVERLAY_GO;
}

int rg__overlay_ask_fetch(rg__overlay_op *op, uint32_t flags, int (*then)(rg__overlay_op *))
{
	op->step = then;
	return rg__overlay_asked(op, rg__call_fetch(&op->call, &op->key, flags & RG_FETCH_FRESH));
}

void rg__overlay_take_main(rg__overlay_op *op)
{
	rg_record_unref(op->main.record);
	op->main = op->call.found;
	op->call.found.record = NULL;
}

/* Whether an operation with this token is open. @p token: that of its call of main; NULL while it runs or waits for its turn. */
static bool find_open(rg__overlay *o, const void *tok, bool cancel, void **token)
{
	rg__overlay_bucket *b = lock_by_token(o, tok);
	rg__overlay_op *op = b->open;

	while (op && op->tok != tok)
		op = op->next_open;
	*token = op ? atomic_load(&op->call.token) : NULL;
	if (op && cancel)
		atomic_store(&op->canceled, true);
	pthread_mutex_unlock(&b->lock);
	return op != NULL;
}

rg_status rg__overlay_wait(void *self, void *tok, int32_t timeout_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	rg__overlay *o = self;
	void *main, *token, *last = NULL;
	const rg_store_ops *ops = rg_store_members(o->main, &main);
	int64_t left, until = rg__monotonic_us() + (int64_t)timeout_ms * 1000;
	rg_status st = RG_OK;
	bool open;

	while ((open = find_open(o, tok, false, &token)) && st == RG_OK && (left = until - rg__monotonic_us()) > 0) {
		bool asks = token && token != last;

		if (asks)
			st = ops->wait(main, token, (int32_t)((left + 999) / 1000));
		else
			nanosleep(&pause, NULL);
		last = asks ? token : NULL;
	}
	return open ? RG_ETIMEOUT : RG_OK;
}

void rg__overlay_cancel(void *self, void *tok)
{
	rg__overlay *o = self;
	void *main, *token;
	const rg_store_ops *ops = rg_store_members(o->main, &main);

	if (find_open(o, tok, true, &token) && token && ops->cancel)
		ops->cancel(main, token);
}
