/* SPDX-License-Identifier: MIT */
#include "verbs/lookup_many.h"
#include "message/message.h"
#include "rules/rules.h"
#include "route/route.h"
#include <stdlib.h>

typedef struct lookup_op {
	rg_op op;
	rg_request request;
	rg_request *copy;
	const rg_lookup_options *options;
	rg__lookup_settings settings;
	rg__aor aor;
	int32_t code; /* of an answer that needs no record; else 0 */
	rg__wide *wide; /* of several records; else NULL */
	rg_targets *targets;
	rg_lookup_cb done;
	rg_targets **out;
} lookup_op;

/* A part of the store did not answer. That nobody is there cannot be told from the rest. */
static rg_status decide_on_part(lookup_op *l)
{
	rg_status st = rg__select(l->op.found.record, &l->op.key, &l->request, &l->settings, l->op.now, &l->targets);

	if (st != RG_OK)
		return st;
	if (rg_targets_count(l->targets) == 0)
		return RG_ESTORE;
	rg__targets_mark_partial(l->targets);
	return RG_OK;
}

static rg_status lookup_decide(rg_op *op)
{
	lookup_op *l = (lookup_op *)op;

	rg_targets_unref(l->targets);
	l->targets = NULL;
	if (l->code)
		return rg__targets_failed(RG_LOOKUP_NONE, l->code, &l->targets);
	if (op->found.partial)
		return decide_on_part(l);
	return rg__select(op->found.record, &op->key, &l->request, &l->settings, op->now, &l->targets);
}

static void lookup_answer(rg_op *op, rg_status status)
{
	lookup_op *l = (lookup_op *)op;
	rg_targets *targets = NULL;

	if (status == RG_OK) {
		targets = l->targets;
		l->targets = NULL;
	} else if (status == RG_ESTORE) {
		rg__targets_failed(RG_LOOKUP_ERROR, 503, &targets);
	}
	if (l->done)
		l->done(op->user, status, targets);
	else
		*l->out = targets;
}

static void lookup_clear(rg_op *op)
{
	lookup_op *l = (lookup_op *)op;

	rg_targets_unref(l->targets);
	rg__aor_free(&l->aor);
	if (op->heap)
		rg_lookup_options_unref(l->options);
	rg_request_free(l->copy);
}

/* Of several records. */

static bool wide_next(rg_op *op)
{
	return rg__wide_next(((lookup_op *)op)->wide);
}

static rg_status wide_decide(rg_op *op)
{
	return rg__wide_decide(((lookup_op *)op)->wide);
}

static bool wide_done(rg_op *op, rg_status status)
{
	return rg__wide_done(((lookup_op *)op)->wide, status);
}

static void wide_answer(rg_op *op, rg_status status)
{
	lookup_op *l = (lookup_op *)op;
	rg_targets *targets;

	status = op->status = rg__wide_answer(l->wide, status, &targets);
	if (l->done)
		l->done(op->user, status, targets);
	else
		*l->out = targets;
}

static void wide_clear(rg_op *op)
{
	rg__wide_free(((lookup_op *)op)->wide);
	lookup_clear(op);
}

static const rg__verb wide_verb = {
	.size = sizeof(lookup_op),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.takes_partial = true,
	.next = wide_next,
	.decide = wide_decide,
	.done_key = wide_done,
	.answer = wide_answer,
	.clear = wide_clear,
};

static const rg__verb lookup_verb = {
	.size = sizeof(lookup_op),
	.fetch_flags = RG_FETCH_FRESH,
	.takes_partial = true,
	.decide = lookup_decide,
	.answer = lookup_answer,
	.clear = lookup_clear,
};

static rg_status lookup_prepare(lookup_op *l, const rg_request *request, const rg_lookup_options *options)
{
	const rg_config *config = l->op.ticket.snapshot->config;

	l->options = options;
	if (l->copy)
		l->request = *l->copy;
	else
		rg__request_view(request, &l->request);
	rg__lookup_settings_of(config, options, &l->settings);
	int what = rg__lookup_aor(&l->request, config, &l->aor);
	if (what == RG__AOR_NOMEM)
		return RG_ENOMEM;
	if (what != RG__AOR_OK) {
		/* A Request-URI that names nobody here: RFC 3261 §8.2.2.1 for the scheme. */
		l->code = what == RG__AOR_SCHEME ? 416 : 404;
		l->op.found.authoritative = 1;
		l->op.step = RG__STEP_DECIDE;
		return RG_OK;
	}
	l->op.key = (rg_key){ rg__request_domain(&l->request), l->aor.user, l->aor.host };
	return RG_OK;
}

static rg_status wide_prepare(lookup_op *l, const rg_request *request, const rg_lookup_options *options)
{
	l->options = options;
	l->request = l->copy ? *l->copy : *request;
	rg__lookup_settings_of(l->op.ticket.snapshot->config, options, &l->settings);
	return rg__wide_new(&l->op, &l->request, &l->settings, &l->wide);
}

static void lookup_empty(lookup_op *l)
{
	l->copy = NULL;
	l->options = NULL;
	l->aor = (rg__aor){ 0 };
	l->code = 0;
	l->targets = NULL;
	l->done = NULL;
	l->out = NULL;
}

static rg_status lookup_on_heap(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, bool keeps, lookup_op **out)
{
	bool wide = rg__wide_wanted(options);
	rg_status st = wide ? rg__wide_check(reg, options, request, !keeps) : RG_OK;
	rg_op *op;

	if (st == RG_OK)
		st = rg__op_new(wide ? &wide_verb : &lookup_verb, reg, &op);
	if (st != RG_OK)
		return st;
	lookup_op *l = (lookup_op *)op;
	rg_request view;

	rg__request_view(request, &view);
	if (keeps && (wide || rg__may_wait(reg)))
		st = rg__request_copy(&view, SIZE_MAX, &l->copy);
	if (st == RG_OK)
		st = (wide ? wide_prepare : lookup_prepare)(l, &view, rg_lookup_options_ref(options));
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = l;
	return st;
}

static rg_status lookup_waiting(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, rg_targets **out)
{
	lookup_op *l;

	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = lookup_on_heap(reg, request, options, false, &l);
	if (st != RG_OK)
		return st;
	l->out = out;
	return rg__op_block(&l->op);
}

rg_status rg_lookup(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, rg_targets **out)
{
	lookup_op l;

	if (!out)
		return RG_EINVAL;
	*out = NULL;
	if (!reg || !request)
		return RG_EINVAL;
	if (!(rg_store_traits(reg->store) & RG_STORE_INLINE) || rg__wide_wanted(options))
		return lookup_waiting(reg, request, options, out);
	rg_status st = rg__op_begin(&l.op, &lookup_verb, reg);
	if (st != RG_OK)
		return st;
	lookup_empty(&l);
	l.out = out;
	st = lookup_prepare(&l, request, options);
	if (st == RG_OK)
		return rg__op_block(&l.op);
	rg__op_abort(&l.op);
	return st;
}

rg_status rg_lookup_async(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, rg_lookup_cb done, void *user,
	rg_free_cb free_user, rg_op **handle)
{
	lookup_op *l;

	if (handle)
		*handle = NULL;
	if (!reg || !request || !done)
		return RG_EINVAL;
	rg_status st = lookup_on_heap(reg, request, options, true, &l);
	if (st != RG_OK)
		return st;
	l->done = done;
	return rg__op_start(&l->op, user, free_user, handle);
}
