/* SPDX-License-Identifier: MIT */
#include "engine/op.h"
#include "text/text.h"
#include <stdlib.h>

static void resume(rg__call *call)
{
	rg__op_run((rg_op *)(void *)call);
}

bool rg__may_wait(const rg_registrar *reg)
{
	return !(rg_store_traits(reg->store) & RG_STORE_INLINE) || reg->env.resolve;
}

/* Everything but the seed and the verb's own part, which need not be empty. */
static void op_init(rg_op *op, const rg__verb *verb)
{
	memset((char *)op + sizeof op->call, 0, offsetof(rg_op, seed) - sizeof op->call);
	memset(&op->found, 0, sizeof *op - offsetof(rg_op, found));
	op->verb = verb;
	atomic_init(&op->refs, 1);
	atomic_init(&op->holds, 1);
	op->deadline = RG_TIME_NEVER;
	op->resend_at = RG_TIME_NEVER;
	op->reason = -1;
	op->step = RG__STEP_KEY;
	op->fetch_flags = verb->fetch_flags;
}

rg_status rg__op_begin(rg_op *op, const rg__verb *verb, rg_registrar *reg)
{
	op_init(op, verb);
	rg_status st = rg__enter(reg, &op->ticket, op->seed);
	if (st != RG_OK)
		return st;
	rg__call_init(&op->call, reg->store, resume);
	op->now = rg__now(reg);
	op->tally[RG__S_OPERATIONS] = 1;
	if (op->ticket.number % 16 == 0)
		op->began = rg__monotonic_us();
	return RG_OK;
}

static void *op_alloc(const rg__verb *verb)
{
	char *op = malloc(verb->size);

	if (op)
		memset(op + sizeof(rg_op), 0, verb->size - sizeof(rg_op));
	return op;
}

rg_status rg__op_new(const rg__verb *verb, rg_registrar *reg, rg_op **out)
{
	rg_op *op = op_alloc(verb);

	if (!op)
		return RG_ENOMEM;
	rg_status st = rg__op_begin(op, verb, reg);
	if (st != RG_OK) {
		free(op);
		return st;
	}
	op->heap = true;
	*out = op;
	return RG_OK;
}

rg_op *rg__op_beside(const rg__verb *verb, const rg_op *beside)
{
	rg_op *op = op_alloc(verb);

	if (!op)
		return NULL;
	op_init(op, verb);
	rg__enter_late(beside->ticket.reg, &beside->ticket, &op->ticket);
	rg__call_init(&op->call, beside->call.store, resume);
	op->now = beside->now;
	op->heap = true;
	return op;
}

void rg__op_ref(rg_op *op)
{
	atomic_fetch_add_explicit(&op->refs, 1, memory_order_relaxed);
}

/* Of its own, because link-time optimization would see it called for operations on the stack, which have no references to drop. */
static __attribute__((noinline)) void op_free(rg_op *op)
{
	free(op);
}

void rg_op_unref(rg_op *op)
{
	if (op && atomic_fetch_sub_explicit(&op->refs, 1, memory_order_acq_rel) == 1)
		op_free(op);
}

bool rg__op_hold(rg_op *op)
{
	uint32_t n = atomic_load(&op->holds);

	do {
		if (n == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&op->holds, &n, n + 1));
	rg__op_ref(op);
	return true;
}

static void op_list_remove(rg_op *op)
{
	pthread_mutex_lock(&op->ticket.stripe->lock);
	if (op->prev)
		op->prev->next = op->next;
	else
		op->ticket.stripe->ops = op->next;
	if (op->next)
		op->next->prev = op->prev;
	op->listed = false;
	pthread_mutex_unlock(&op->ticket.stripe->lock);
}

/* The last hold is gone: the verb's part, then the ticket, and with it maybe the registrar. */
static void op_clear(rg_op *op)
{
	if (op->listed)
		op_list_remove(op);
	if (op->began) {
		int64_t took = rg__monotonic_us() - op->began;

		op->tally[RG__S_TIMED] = 1;
		op->tally[RG__S_TIME] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
		op->tally[RG__S_TIME_MAX] = op->tally[RG__S_TIME];
	}
	rg_plan_unref(op->plan);
	rg_record_unref(op->found.record);
	rg_record_unref(op->call.found.record);
	rg__page_clear(&op->page);
	rg__page_clear(&op->call.page);
	if (op->verb->clear)
		op->verb->clear(op);
	rg__resolver_free(op->resolver);
	free(op->key_text);
	rg__leave(&op->ticket, op->tally, op->reason);
}

void rg__op_let_go(rg_op *op)
{
	if (!op->heap) {
		op_clear(op);
		return;
	}
	if (atomic_fetch_sub_explicit(&op->holds, 1, memory_order_acq_rel) == 1)
		op_clear(op);
	rg_op_unref(op);
}

void rg__op_abort(rg_op *op)
{
	atomic_store(&op->released, 1);
	rg__op_let_go(op);
}

bool rg__op_user_enter(rg_op *op)
{
	uint32_t n = atomic_load(&op->user_refs);

	if (!op->heap || op->blocking)
		return true; /* the caller is waiting */
	do {
		if (n == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&op->user_refs, &n, n + 1));
	return true;
}

void rg__op_user_leave(rg_op *op)
{
	if (!op->heap || op->blocking)
		return;
	if (atomic_fetch_sub_explicit(&op->user_refs, 1, memory_order_acq_rel) == 1 && op->free_user)
		op->free_user(op->user);
}

void rg__op_answer(rg_op *op, rg_status status)
{
	if (!op->heap)
		op->released = 1;
	else if (atomic_exchange(&op->released, 1))
		return;
	op->status = status;
	op->verb->answer(op, status);
	rg__op_user_leave(op);
}

void rg__op_list(rg_op *op)
{
	rg__stripe *s = op->ticket.stripe;

	pthread_mutex_lock(&s->lock);
	op->listed = true;
	op->next = s->ops;
	if (op->next)
		op->next->prev = op;
	s->ops = op;
	pthread_mutex_unlock(&s->lock);
}

void rg__op_deadline(rg_op *op)
{
	int64_t timeout = rg__config_int(op->ticket.snapshot->config, RG__P_store_timeout);
	rg_time at = rg__add_sat(rg__now(op->ticket.reg), timeout);

	pthread_mutex_lock(&op->ticket.stripe->lock);
	op->deadline = at;
	pthread_mutex_unlock(&op->ticket.stripe->lock);
}

rg_status rg__op_start(rg_op *op, void *user, rg_free_cb free_user, rg_op **handle)
{
	rg_registrar *reg = op->ticket.reg;
	rg_time deadline = RG_TIME_NEVER;

	op->user = user;
	op->free_user = free_user;
	atomic_init(&op->user_refs, 1);
	if (handle) {
		rg__op_ref(op);
		*handle = op;
	}
	rg__op_hold(op);
	if (rg__may_wait(reg) || op->verb->next || !rg__op_is_home(op)) {
		rg__op_deadline(op);
		deadline = op->deadline;
	}
	rg__op_list(op);
	rg__op_run(op);
	bool released = atomic_load(&op->released);
	if (!released)
		rg__announce(reg, deadline);
	rg__op_let_go(op);
	return released ? RG_OK : RG_PENDING;
}

rg_status rg__op_block(rg_op *op)
{
	op->blocking = true;
	op->call.blocking = true;
	if (!op->heap) {
		rg__op_run(op);
		return op->status;
	}
	rg__op_hold(op);
	rg__op_list(op);
	rg__op_run(op);
	rg_status st = op->status;
	rg__op_let_go(op);
	return st;
}

char *rg__keep(rg_str *const *texts, uint32_t n)
{
	size_t room = 1;

	for (uint32_t i = 0; i < n; i++)
		room += texts[i]->n;
	char *text = malloc(room);
	if (!text)
		return NULL;
	char *at = text;
	for (uint32_t i = 0; i < n; i++) {
		if (!texts[i]->p)
			continue;
		if (texts[i]->n)
			memcpy(at, texts[i]->p, texts[i]->n);
		texts[i]->p = at;
		at += texts[i]->n;
	}
	return text;
}

bool rg__op_own_key(rg_op *op)
{
	rg_str *const parts[] = { &op->key.domain, &op->key.user, &op->key.host };

	if (!op->key_text)
		op->key_text = rg__keep(parts, 3);
	return op->key_text != NULL;
}

static void cancel(rg_op *op)
{
	if (op->blocking) {
		atomic_store(&op->canceled, 1); /* its own thread answers */
		rg__call_cancel(&op->call, false);
		return;
	}
	rg__op_answer(op, RG_ECANCELED);
	rg__call_cancel(&op->call, false);
}

void rg_op_cancel(rg_op *op)
{
	if (!op || !rg__op_hold(op))
		return;
	cancel(op);
	rg__op_let_go(op);
}

/* Up to @p max listed operations that this sweep did not have yet. */
static uint32_t gather(rg__stripe *s, rg_op **out, uint32_t max)
{
	uint32_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (rg_op *op = s->ops; op && n < max; op = op->next) {
		if (op->swept || !rg__op_hold(op))
			continue;
		op->swept = true;
		out[n++] = op;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

void rg__ops_cancel(rg_registrar *reg)
{
	rg_op *some[64];
	uint32_t n;

	for (size_t i = 0; i < RG__STRIPES; i++) {
		while ((n = gather(&reg->stripes[i], some, 64)) > 0) {
			for (uint32_t k = 0; k < n; k++) {
				cancel(some[k]);
				rg__op_let_go(some[k]);
			}
		}
	}
}
