/* SPDX-License-Identifier: MIT */
#include "engine/op.h"
#include "text/text.h"
#include <stdlib.h>

static void continue_op(rg__call *call)
{
	rg__op_run((rg_op *)(void *)call);
}

static bool is_inline(const rg_registrar *reg)
{
	return (reg->store->ops.traits & RG_STORE_INLINE) != 0;
}

/* Can the registrar's own store, or a name, keep an answer waiting? */
static bool may_wait(const rg_registrar *reg)
{
	return !is_inline(reg) || reg->env.resolve;
}

/* Everything but the call, and what the verb fills in itself. */
static void blank_op(rg_op *op, const rg__verb *verb)
{
	memset((char *)op + sizeof op->call, 0, (verb->zeroed ? verb->zeroed : verb->size) - sizeof op->call);
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
	blank_op(op, verb);
	rg_status st = rg__enter(reg, &op->ticket);
	if (st != RG_OK)
		return st;
	rg__call_init(&op->call, reg->store, continue_op);
	op->now = rg__now(reg);
	op->tally[RG__S_OPERATIONS] = 1;
	if (op->ticket.number % 16 == 0)
		op->began = rg__monotonic_us();
	return RG_OK;
}

rg_status rg__op_new(const rg__verb *verb, rg_registrar *reg, rg_op **out)
{
	rg_op *op = malloc(verb->size);

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
	rg_op *op = malloc(verb->size);

	if (!op)
		return NULL;
	blank_op(op, verb);
	rg__enter_late(beside->ticket.reg, &beside->ticket, &op->ticket);
	rg__call_init(&op->call, beside->call.store, continue_op);
	op->now = beside->now;
	op->heap = true;
	return op;
}

void rg__op_ref(rg_op *op)
{
	atomic_fetch_add_explicit(&op->refs, 1, memory_order_relaxed);
}

/* Not inlined: with link-time optimization gcc would warn of free() on operations on the stack, whose references are never dropped. */
static RG__NOINLINE void free_op(rg_op *op)
{
	free(op);
}

void rg_op_free(rg_op *op)
{
	if (op && atomic_fetch_sub_explicit(&op->refs, 1, memory_order_acq_rel) == 1)
		free_op(op);
}

/* The reference comes first: once the hold counts, whoever lets go of another one no longer ends the operation, and only drops a reference. */
bool rg__op_hold(rg_op *op)
{
	uint32_t n = atomic_load(&op->holds);

	rg__op_ref(op);
	do {
		if (n == 0) {
			rg_op_free(op);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&op->holds, &n, n + 1));
	return true;
}

void rg__op_unlist(rg_op *op)
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

/* The last hold is gone: ends the verb's part, then the ticket, and with it maybe the registrar. */
static void end_op(rg_op *op)
{
	if (op->listed)
		rg__op_unlist(op);
	if (op->began) {
		int64_t took = rg__monotonic_us() - op->began;

		op->tally[RG__S_TIMED] = 1;
		op->tally[RG__S_TIME] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
		op->tally[RG__S_TIME_MAX] = op->tally[RG__S_TIME];
	}
	/* Most operations have few of these: calls that would do nothing are left out. */
	if (op->plan)
		rg_plan_free(op->plan);
	rg_record_unref(op->found.record);
	if (op->call.found.record)
		rg_record_unref(op->call.found.record);
	rg__page_clear(&op->page);
	rg__page_clear(&op->call.page);
	if (op->verb->clear)
		op->verb->clear(op);
	if (op->resolver)
		rg__resolver_free(op->resolver);
	if (op->heap) {
		free(op->key_text);
		free(op->text);
	}
	rg__leave(&op->ticket, op->tally, op->reason);
}

void rg__op_let_go(rg_op *op)
{
	if (!op->heap) {
		end_op(op);
		return;
	}
	if (atomic_fetch_sub_explicit(&op->holds, 1, memory_order_acq_rel) == 1)
		end_op(op);
	rg_op_free(op);
}

void rg__op_abort(rg_op *op)
{
	atomic_store(&op->released, true);
	rg__op_let_go(op);
}

void rg__op_uncount(rg_op *op)
{
	op->tally[RG__S_OPERATIONS] = 0;
	op->began = 0;
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

rg_status rg__op_adaptor_failed(rg_op *op, const char *member, rg_status status)
{
	op->member = member;
	return status == RG_EINVAL ? RG_ECONTRACT : status;
}

/* The words of an error that a blocking operation ended with. */
static void tell_failure(const rg_op *op)
{
	const char *store = rg__store_name(op->call.store), *cause = op->cause == RG_OK ? "a part did not answer" : rg_strerror(op->cause);

	if (op->member)
		rg__fail(op->why, op->status, "the adaptor's member %s: %s", op->member, rg_strerror(op->status));
	else if (op->status == RG_ESTORE)
		rg__fail(op->why, op->status, "store %s: %s", store, cause);
	else if (op->status == RG_ECANCELED)
		rg__fail(op->why, op->status, "the operation was canceled, or the registrar shut down");
	else if (op->status == RG_ELIMIT)
		rg__fail(op->why, op->status, "the record would grow past max_record_bytes");
	else
		rg__fail(op->why, op->status, "%s", rg_strerror(op->status));
}

void rg__op_answer(rg_op *op, rg_status status)
{
	if (!op->heap)
		op->released = true;
	else if (atomic_exchange(&op->released, true))
		return;
	op->status = status;
	op->verb->answer(op, status);
	if (op->why && op->status != RG_OK)
		tell_failure(op);
	rg__op_user_leave(op);
}

bool rg__op_list(rg_op *op)
{
	rg__stripe *s = op->ticket.stripe;

	pthread_mutex_lock(&s->lock);
	op->listed = true;
	op->next = s->ops;
	if (op->next)
		op->next->prev = op;
	s->ops = op;
	const bool open = !s->closed;
	pthread_mutex_unlock(&s->lock);
	return open;
}

void rg__op_deadline(rg_op *op)
{
	int64_t timeout = rg__config_int(op->ticket.snapshot->config, RG__P_store_timeout);
	rg_time at = rg__add_sat(rg__now(op->ticket.reg), timeout);

	pthread_mutex_lock(&op->ticket.stripe->lock);
	op->deadline = at;
	pthread_mutex_unlock(&op->ticket.stripe->lock);
}

static void cancel_op(rg_op *op)
{
	if (op->blocking) {
		atomic_store(&op->canceled, true); /* the waiting thread answers */
		rg__call_cancel(&op->call, false);
		return;
	}
	rg__op_answer(op, RG_ECANCELED);
	if (op->resolver)
		rg__resolver_expire(op->resolver);
	rg__call_cancel(&op->call, false);
}

/* A shutdown while it was prepared, as when its message was read, did not find it. */
static void list_or_cancel(rg_op *op)
{
	if (!rg__op_list(op))
		cancel_op(op);
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
	if (may_wait(reg) || op->verb->next || !rg__op_is_home(op)) {
		rg__op_deadline(op);
		deadline = op->deadline;
	}
	list_or_cancel(op);
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
	list_or_cancel(op);
	rg__op_run(op);
	rg_status st = op->status;
	rg__op_let_go(op);
	return st;
}

/* Of `prepare`: the words that it leaves to the front end. */
static rg_status tell_no_preparation(rg_error *why, rg_status status)
{
	return status == RG_ENOMEM ? rg__fail(why, status, "out of memory") : status;
}

static rg_status tell_no_start(rg_error *why, rg_status status)
{
	return status == RG_ECANCELED ? rg__fail(why, status, "the registrar was shut down") : tell_no_preparation(why, status);
}

static rg_status prepare_and_block(rg_op *op, const void *asked, rg_error *why)
{
	rg_status st = op->verb->prepare(op, asked, false, why);

	op->why = why;
	if (st == RG_OK)
		return rg__op_block(op);
	rg__op_abort(op);
	return tell_no_preparation(why, st);
}

static rg_status block_on_stack(const rg__verb *verb, rg_registrar *reg, const void *asked, rg_error *why)
{
	_Alignas(rg_op) char room[RG__OP_ROOM];
	rg_op *op = (rg_op *)(void *)room;
	rg_status st = rg__op_begin(op, verb, reg);

	return st == RG_OK ? prepare_and_block(op, asked, why) : tell_no_start(why, st);
}

static rg_status tell_no_block(const rg_registrar *reg, rg_error *why)
{
	if (rg__store_can_block(reg->store)) /* the verb asks another one, too */
		return rg__fail(why, RG_ENOTSUP, "the store of rg_registrar_federate() has no member wait: use the completion form");
	return rg__fail(why, RG_ENOTSUP, "store %s has no member wait: use the completion form", rg__store_name(reg->store));
}

/* The one place that decides between stack and heap. A walk may take long and call functions of the caller's: it is allocated, because a
 * shutdown has to find it. */
rg_status rg__verb_block(const rg__verb *verb, rg_registrar *reg, const void *asked, const char *wrong, rg_error *why)
{
	rg_op *op;

	if (!reg || wrong)
		return rg__fail(why, RG_EINVAL, "%s", reg ? wrong : "registrar is NULL");
	if (is_inline(reg) && !verb->walks && verb->size <= RG__OP_ROOM)
		return block_on_stack(verb, reg, asked, why);
	if (!(verb->can_block ? verb->can_block(reg, asked) : rg__store_can_block(reg->store)))
		return tell_no_block(reg, why);
	rg_status st = rg__op_new(verb, reg, &op);
	return st == RG_OK ? prepare_and_block(op, asked, why) : tell_no_start(why, st);
}

rg_status rg__verb_start(const rg__verb *verb, rg_registrar *reg, const void *asked, const char *wrong, void *user, rg_free_cb free_user,
	rg_op **handle, rg_error *why)
{
	rg_op *op;

	if (handle)
		*handle = NULL;
	if (!reg || wrong)
		return rg__fail(why, RG_EINVAL, "%s", reg ? wrong : "registrar is NULL");
	rg_status st = rg__op_new(verb, reg, &op);
	if (st != RG_OK)
		return tell_no_start(why, st);
	st = verb->prepare(op, asked, verb->next || may_wait(reg), why);
	if (st == RG_OK)
		return rg__op_start(op, user, free_user, handle);
	rg__op_abort(op);
	return tell_no_preparation(why, st);
}

/* Copies texts into one allocation and points them there. NULL: out of memory. */
static char *copy_texts(rg_str *const *texts, uint32_t n)
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

rg_status rg__op_keep(rg_op *op, bool keeps, rg_str *const *texts, uint32_t n)
{
	if (keeps)
		op->text = copy_texts(texts, n);
	return keeps && !op->text ? RG_ENOMEM : RG_OK;
}

bool rg__op_own_key(rg_op *op)
{
	rg_str *const parts[] = { &op->key.domain, &op->key.user, &op->key.host };

	if (!op->key_text)
		op->key_text = copy_texts(parts, 3);
	return op->key_text != NULL;
}

rg_status rg__op_resolve_first(rg_op *op, const rg_str *hosts, uint32_t n)
{
	op->resolver = rg__resolver_new(op, hosts, n);
	op->step = RG__STEP_NAMES;
	return op->resolver ? RG_OK : RG_ENOMEM;
}

void rg__op_decide_at_once(rg_op *op)
{
	op->found.authoritative = 1;
	op->step = RG__STEP_DECIDE;
}

void rg_op_cancel(rg_op *op)
{
	if (!op || !rg__op_hold(op))
		return;
	cancel_op(op);
	rg__op_let_go(op);
}

/* Up to @p max listed operations that this sweep did not have yet. */
static uint32_t list_unswept(rg__stripe *s, rg_op **out, uint32_t max)
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
		while ((n = list_unswept(&reg->stripes[i], some, 64)) > 0) {
			for (uint32_t k = 0; k < n; k++) {
				cancel_op(some[k]);
				rg__op_let_go(some[k]);
			}
		}
	}
}
