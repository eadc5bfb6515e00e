/* SPDX-License-Identifier: MIT */
#include "message/message.h"
#include "decide/decide.h"
#include "engine/engine.h"
#include <stdlib.h>

typedef struct save_op {
	rg_op op;
	rg_request request;
	rg_request *copy;                 /* when the request must outlive the call */
	const rg_save_options *options;
	rg__register *reg;
	rg__register_room *room;          /* of the form on the caller's stack */
	rg_save_cb done;                  /* or, in the blocking form, */
	rg_response **out;
} save_op;

static rg_status save_decide(rg_op *op)
{
	save_op *s = (save_op *)op;
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__register_merge(s->reg, op->found.record, op->now, op->seed, &revision, &op->plan);
}

static rg_status save_resolved(rg_op *op)
{
	uint32_t n;
	const rg_resolved *found = rg__resolver_found(op->resolver, &n);

	rg__register_resolved(((save_op *)op)->reg, found, n);
	return RG_OK;
}

static void save_answer(rg_op *op, rg_status status)
{
	save_op *s = (save_op *)op;
	rg_response *response = NULL;

	if (status == RG_OK) {
		response = rg__plan_take_response(op->plan);
		status = response ? RG_OK : RG_ENOMEM;
	} else if (status == RG_ESTORE) {
		rg__refusal(RG_R_STORE, op->ticket.snapshot->config, s->options, s->reg, op->now, &response);
	}
	if (response)
		op->reason = rg_response_reason(response);
	op->status = status;
	if (s->done)
		s->done(op->user, status, response);
	else
		*s->out = response;
}

static void save_clear(rg_op *op)
{
	save_op *s = (save_op *)op;

	rg__register_free(s->reg);
	if (op->heap)
		rg_save_options_unref(s->options);
	rg_request_free(s->copy);
}

static const rg__verb save_verb = {
	.size = sizeof(save_op),
	.resolved = save_resolved,
	.decide = save_decide,
	.answer = save_answer,
	.clear = save_clear,
};

/* RFC 3261 §10.3 step 1. A URI without a host has no domain to ask about. */
static rg_status ask_domain(save_op *s, const rg_env *env, bool of_request_uri)
{
	rg__aor host;
	int how = rg__register_domain(s->reg, of_request_uri, &host);

	if (how == RG__AOR_NOMEM)
		return RG_ENOMEM;
	if (how == RG__AOR_OK && !env->is_local(env->user, host.host))
		rg__register_overrule(s->reg, RG_R_DOMAIN);
	rg__aor_free(&host);
	return RG_OK;
}

/* What only the host can say is asked in its place: not of a request that is refused before, and authorization (step 4) not of one for
 * somebody else's domain. */
static rg_status ask_host(save_op *s)
{
	const rg_env *env = &s->op.ticket.reg->env;
	rg_status st = RG_OK;

	for (int i = 0; env->is_local && i < 2 && st == RG_OK && rg__register_asks_domain(s->reg); i++)
		st = ask_domain(s, env, i == 0);
	if (st != RG_OK || rg__register_reason(s->reg) == RG_R_DOMAIN || !env->authorize || !rg__register_asks_authorization(s->reg))
		return st;
	if (!env->authorize(env->user, s->request.from, s->request.to, s->request.identity))
		rg__register_overrule(s->reg, RG_R_FORBIDDEN);
	return RG_OK;
}

static rg_status name_hosts(save_op *s)
{
	const rg_env *env = &s->op.ticket.reg->env;
	uint32_t n = env->resolve ? rg__register_hosts(s->reg, NULL, 0) : 0;

	if (n == 0)
		return RG_OK;
	rg_str *hosts = malloc(n * sizeof *hosts);
	if (!hosts)
		return RG_ENOMEM;
	n = rg__register_hosts(s->reg, hosts, n);
	s->op.resolver = rg__resolver_new(&s->op, hosts, n);
	free(hosts);
	if (!s->op.resolver)
		return RG_ENOMEM;
	s->op.step = RG__STEP_NAMES;
	return RG_OK;
}

/* Without an overlay the one store takes memory-only bindings: better than none, but not what was asked for. */
static void warn_of_no_overlay(rg_registrar *reg)
{
	if (!atomic_flag_test_and_set(&reg->told_no_overlay))
		rg__log(&reg->env, RG_LOG_WARNING, "store %s is no overlay: what is saved memory-only is kept like everything else",
			rg__store_name(reg->store));
}

/* The verb's part of an operation that was begun. @p upstream is NULL unless the main registrar has answered. */
static rg_status save_prepare(save_op *s, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options)
{
	const rg_config *config = s->op.ticket.snapshot->config;

	s->options = options;
	if (s->copy)
		s->request = *s->copy;
	else
		rg__request_view(request, &s->request);
	if (rg__homes_domain(s->request.domain))
		return RG_EINVAL;
	rg_status st = upstream ? rg__register_read_answered(&s->request, upstream, config, options, &s->reg)
		: rg__register_read(&s->request, config, options, s->room, &s->reg);
	if (st != RG_OK)
		return st;
	st = ask_host(s);
	if (st != RG_OK)
		return st;
	if (rg__register_reason(s->reg) != RG_R_FINE) {
		/* Refused whatever the record is: the store is not asked. */
		s->op.found.authoritative = 1;
		s->op.step = RG__STEP_DECIDE;
		return RG_OK;
	}
	s->op.key = *rg__register_key(s->reg);
	if (rg__register_memory_only(s->reg) && !(rg_store_traits(s->op.ticket.reg->store) & RG_STORE_OVERLAY))
		warn_of_no_overlay(s->op.ticket.reg);
	if (rg__register_is_query(s->reg))
		s->op.fetch_flags |= RG_FETCH_FRESH;
	return name_hosts(s);
}

static void save_empty(save_op *s)
{
	s->copy = NULL;
	s->reg = NULL;
	s->room = NULL;
	s->done = NULL;
	s->out = NULL;
	s->options = NULL;
}

static rg_status save_on_heap(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	bool keeps, save_op **out)
{
	rg_op *op;
	rg_status st = rg__op_new(&save_verb, reg, &op);

	if (st != RG_OK)
		return st;
	save_op *s = (save_op *)op;
	rg_request view;

	rg__request_view(request, &view);
	if (keeps && rg__may_wait(reg)) {
		int64_t most = rg__config_int(op->ticket.snapshot->config, RG__P_max_request_bytes);

		st = rg__request_copy(&view, (size_t)most, &s->copy);
		if (st == RG_ELIMIT) {
			view.defect = RG_R_TOO_LARGE; /* refused at once, so it need not outlive the call */
			st = RG_OK;
		}
	}
	if (st == RG_OK)
		st = save_prepare(s, &view, upstream, rg_save_options_ref(options));
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = s;
	return st;
}

static rg_status save_waiting(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_response **out)
{
	save_op *s;

	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = save_on_heap(reg, request, upstream, options, false, &s);
	if (st != RG_OK)
		return st;
	s->out = out;
	return rg__op_block(&s->op);
}

rg_status rg_save(rg_registrar *reg, const rg_request *request, const rg_save_options *options, rg_response **out)
{
	rg__register_room room;
	save_op s;

	if (!out)
		return RG_EINVAL;
	*out = NULL;
	if (!reg || !request)
		return RG_EINVAL;
	if (!(rg_store_traits(reg->store) & RG_STORE_INLINE))
		return save_waiting(reg, request, NULL, options, out);
	rg_status st = rg__op_begin(&s.op, &save_verb, reg);
	if (st != RG_OK)
		return st;
	save_empty(&s);
	s.room = &room;
	s.out = out;
	st = save_prepare(&s, request, NULL, options);
	if (st == RG_OK)
		return rg__op_block(&s.op);
	rg__op_abort(&s.op);
	return st;
}

static rg_status save_start(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_save_cb done, void *user, rg_free_cb free_user, rg_op **handle)
{
	save_op *s;

	if (handle)
		*handle = NULL;
	if (!reg || !request || !done)
		return RG_EINVAL;
	rg_status st = save_on_heap(reg, request, upstream, options, true, &s);
	if (st != RG_OK)
		return st;
	s->done = done;
	return rg__op_start(&s->op, user, free_user, handle);
}

rg_status rg_save_async(rg_registrar *reg, const rg_request *request, const rg_save_options *options, rg_save_cb done, void *user,
	rg_free_cb free_user, rg_op **handle)
{
	return save_start(reg, request, NULL, options, done, user, free_user, handle);
}

rg_status rg_save_reply(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_response **out)
{
	rg_upstream view;

	if (!out)
		return RG_EINVAL;
	*out = NULL;
	if (!reg || !request || !rg__upstream_view(upstream, &view))
		return RG_EINVAL;
	return save_waiting(reg, request, &view, options, out);
}

rg_status rg_save_reply_async(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_save_cb done, void *user, rg_free_cb free_user, rg_op **handle)
{
	rg_upstream view;

	if (!rg__upstream_view(upstream, &view)) {
		if (handle)
			*handle = NULL;
		return RG_EINVAL;
	}
	return save_start(reg, request, &view, options, done, user, free_user, handle);
}
