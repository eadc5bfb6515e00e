/* SPDX-License-Identifier: MIT */
#include "verbs/save.h"
#include "verbs/refusal.h"
#include "message/message.h"
#include "decide/decide.h"
#include "engine/engine.h"
#include <stdlib.h>

typedef struct save_op {
	rg_op op;
	rg__save_asked asked;             /* request, upstream and message are good for `prepare` alone */
	rg_request *copy;                 /* when the request must outlive the call */
	rg__register *reg;

	/* These need not begin as zero. */
	rg_msg msg;
	const rg_request *request;        /* the one of the caller, `view` or `copy` */
	rg_request view;
	uint8_t seed[32];
	rg__register_room room;
} save_op;

_Static_assert(sizeof(save_op) <= RG__OP_ROOM, "a blocking save over an inline store runs on the stack");

static rg_status save_decide(rg_op *op)
{
	save_op *s = (save_op *)op;
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__register_merge(s->reg, op->found.record, op->call.store->dictionary, op->now, s->seed, &revision, &op->plan);
}

static rg_status save_resolved(rg_op *op)
{
	uint32_t n;
	const rg_resolved *found = rg__resolver_found(op->resolver, &n);

	rg__register_resolved(((save_op *)op)->reg, found, n);
	return RG_OK;
}

/* Only for a host that wants to know: the REGISTER is read again. The request is valid until the answer is given. A fault of the store says
 * nothing about the REGISTER. */
static void tell_refusal(const save_op *s, int32_t reason)
{
	const rg_config *config = s->op.ticket.snapshot->config;
	rg__spot spot = { .at = RG__NO_STOP };

	if (rg__register_reason(s->reg) == reason && !s->asked.upstream)
		rg__register_explain(s->request, reason, config, s->asked.options, &spot);
	rg__log_refusal(&s->op.ticket.reg->env, s->request, rg__register_key(s->reg), reason, &spot);
}

static void save_answer(rg_op *op, rg_status status)
{
	save_op *s = (save_op *)op;
	rg_response *response = NULL;

	if (status == RG_OK) {
		response = rg__plan_take_response(op->plan);
		op->plan = NULL;
	} else if (status == RG_ESTORE) {
		rg__refusal(RG_R_STORE, op->ticket.snapshot->config, s->asked.options, s->reg, op->now, &response);
	}
	if (response)
		op->reason = rg_response_reason(response);
	if (response && op->reason != RG_R_FINE && s->reg && rg__log_wants(&op->ticket.reg->env, RG_LOG_DEBUG))
		tell_refusal(s, op->reason);
	if (s->asked.apply && response)
		status = s->asked.apply(op, &s->msg, status, response);
	op->status = status;
	if (status != RG_OK && status != RG_ESTORE) {
		rg_response_free(response);
		response = NULL;
	}
	if (s->asked.done)
		s->asked.done(op->user, status, response);
	else if (s->asked.out)
		*s->asked.out = response;
	else
		rg_response_free(response);
}

static void save_clear(rg_op *op)
{
	save_op *s = (save_op *)op;

	rg__register_free(s->reg);
	if (!op->heap)
		return;
	rg_save_options_unref(s->asked.options);
	rg_request_free(s->copy);
}

/* RFC 3261 §10.3 step 1. A URI without a host has no domain to ask about. */
static rg_status ask_domain(save_op *s, const rg_env *env, bool of_request_uri)
{
	rg__aor host;
	int how = rg__register_domain(s->reg, of_request_uri, &host);

	if (how == RG__AOR_NOMEM)
		return RG_ENOMEM;
	if (how == RG__AOR_OK && !env->is_local(env->user, &host.host))
		rg__register_overrule(s->reg, RG_R_DOMAIN);
	rg__aor_free(&host);
	return RG_OK;
}

/* The host is asked in the order of RFC 3261 §10.3: not about a request that is refused before, and about authorization (step 4) only
 * when the domain is local. */
static rg_status ask_host(save_op *s)
{
	const rg_env *env = &s->op.ticket.reg->env;
	rg_status st = RG_OK;

	for (int i = 0; env->is_local && i < 2 && st == RG_OK && rg__register_asks_domain(s->reg); i++)
		st = ask_domain(s, env, i == 0);
	if (st != RG_OK || rg__register_reason(s->reg) == RG_R_DOMAIN || !env->authorize || !rg__register_asks_authorization(s->reg))
		return st;
	if (!env->authorize(env->user, &s->request->from_header, &s->request->to_header, &s->request->identity))
		rg__register_overrule(s->reg, RG_R_FORBIDDEN);
	return RG_OK;
}

static rg_status resolve_hosts(save_op *s)
{
	const rg_env *env = &s->op.ticket.reg->env;
	uint32_t n = env->resolve ? rg__register_hosts(s->reg, NULL, 0) : 0;

	if (n == 0)
		return RG_OK;
	rg_str *hosts = malloc(n * sizeof *hosts);
	if (!hosts)
		return RG_ENOMEM;
	n = rg__register_hosts(s->reg, hosts, n);
	rg_status st = rg__op_resolve_first(&s->op, hosts, n);
	free(hosts);
	return st;
}

/* Without an overlay the one store keeps memory-only bindings like all others, which is not what the flag asks for. */
static void warn_of_no_overlay(rg_registrar *reg)
{
	if (!atomic_flag_test_and_set(&reg->told_no_overlay))
		rg__log(&reg->env, RG_LOG_WARNING, "store %s is no overlay: what is saved memory-only is kept like everything else",
			rg__store_name(reg->store));
}

/* Takes over the request and the options. */
static rg_status take_request(save_op *s, const rg__save_asked *asked, bool keeps, rg_error *why)
{
	rg_status st = RG_OK;

	s->asked = *asked;
	if (s->op.heap)
		rg_save_options_ref(asked->options);
	if (asked->message) {
		s->msg = asked->message->ref.msg;
		if (!asked->message->read)
			st = rg__msg_read(asked->message, s->op.ticket.snapshot->config, -1, why);
		if (st != RG_OK) {
			rg__op_uncount(&s->op);
			return st;
		}
	}
	st = rg__request_borrow(asked->request, &s->view, &s->request, why);
	if (st == RG_OK)
		st = rg__homes_spared(s->request->domain, why);
	if (st == RG_OK && keeps) {
		int64_t most = rg__config_int(s->op.ticket.snapshot->config, RG__P_max_request_bytes);

		st = rg__request_copy(s->request, (size_t)most, &s->copy);
		if (st == RG_OK)
			s->request = s->copy;
	}
	if (st == RG_ELIMIT) {
		/* Refused at once, so it need not outlive the call. */
		s->view = *s->request;
		s->view.defect = RG_R_TOO_LARGE;
		s->request = &s->view;
		st = RG_OK;
	}
	return st;
}

/* Between the parts of reading, the store requests the record from slow memory. */
static rg_status read_request(save_op *s, rg_error *why)
{
	const rg_config *config = s->op.ticket.snapshot->config;
	const rg_store *store = s->op.call.store;
	rg_status st = rg__register_begin(s->request, config, s->asked.options, &s->room, &s->reg, why);

	if (st != RG_OK)
		return st;
	const rg_key *key = rg__register_key(s->reg);
	uint64_t hint = key->domain.p ? rg__store_approach(store, key, 0) : 0;
	st = rg__register_list(&s->reg, config, s->asked.options, why);
	if (st != RG_OK)
		return st;
	if (hint != 0)
		rg__store_approach(store, rg__register_key(s->reg), hint);
	return rg__register_finish(s->reg, why);
}

static rg_status save_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	const rg_config *config = op->ticket.snapshot->config;
	const rg__save_asked *asked = given;
	save_op *s = (save_op *)op;
	rg_status st = take_request(s, asked, keeps, why);

	rg__ticket_seed(&op->ticket, s->seed);
	if (st == RG_OK && asked->upstream)
		st = rg__register_read_answered(s->request, asked->upstream, config, s->asked.options, &s->reg, why);
	else if (st == RG_OK)
		st = read_request(s, why);
	if (st == RG_OK)
		st = ask_host(s);
	if (st != RG_OK)
		return st;
	if (rg__register_reason(s->reg) != RG_R_FINE) {
		rg__op_decide_at_once(op); /* a refusal, whatever the record */
		return RG_OK;
	}
	op->key = *rg__register_key(s->reg);
	if (rg__register_memory_only(s->reg) && !(rg_store_traits(op->ticket.reg->store) & RG_STORE_OVERLAY))
		warn_of_no_overlay(op->ticket.reg);
	if (rg__register_is_query(s->reg))
		op->fetch_flags |= RG_FETCH_FRESH;
	return resolve_hosts(s);
}

static const rg__verb save_verb = {
	.size = sizeof(save_op),
	.zeroed = offsetof(save_op, msg),
	.prepare = save_prepare,
	.resolved = save_resolved,
	.decide = save_decide,
	.answer = save_answer,
	.clear = save_clear,
};

rg_status rg__save_block(rg_registrar *reg, const rg__save_asked *asked, rg_error *why)
{
	const char *wrong = !asked->request ? "request is NULL" : !asked->out ? "out is NULL" : NULL;

	if (asked->out)
		*asked->out = NULL;
	return rg__verb_block(&save_verb, reg, asked, wrong, why);
}

rg_status rg__save_start(rg_registrar *reg, const rg__save_asked *asked, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	const char *wrong = !asked->request ? "request is NULL" : !asked->done && !asked->message ? "done is NULL" : NULL;

	return rg__verb_start(&save_verb, reg, asked, wrong, user, free_user, op, why);
}

rg_status rg_save(rg_registrar *reg, const rg_request *request, const rg_save_options *options, rg_response **out, rg_error *why)
{
	return rg__save_block(reg, &(rg__save_asked){ .request = request, .options = options, .out = out }, why);
}

rg_status rg_save_async(rg_registrar *reg, const rg_request *request, const rg_save_options *options, rg_save_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	return rg__save_start(reg, &(rg__save_asked){ .request = request, .options = options, .done = done }, user, free_user, op, why);
}

rg_status rg_save_reply(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_response **out, rg_error *why)
{
	rg_upstream view;
	rg__save_asked asked = { .request = request, .upstream = &view, .options = options, .out = out };

	if (out)
		*out = NULL;
	rg_status st = rg__upstream_open(upstream, &view, why);
	return st == RG_OK ? rg__save_block(reg, &asked, why) : st;
}

rg_status rg_save_reply_async(rg_registrar *reg, const rg_request *request, const rg_upstream *upstream, const rg_save_options *options,
	rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	rg_upstream view;
	rg__save_asked asked = { .request = request, .upstream = &view, .options = options, .done = done };

	if (op)
		*op = NULL;
	rg_status st = rg__upstream_open(upstream, &view, why);
	return st == RG_OK ? rg__save_start(reg, &asked, user, free_user, op, why) : st;
}

static rg_status send_reply(rg_op *op, const rg_msg *msg, rg_status status, rg_response *response)
{
	rg_status st = msg->ops->reply(msg->self, msg->msg, response);

	return status != RG_OK || st == RG_OK ? status : rg__op_adaptor_failed(op, "reply", st);
}

rg_status rg_save_msg(rg_registrar *reg, const rg_msg *msg, const rg_save_options *options, rg_response **out, rg_error *why)
{
	rg__msg_in in;
	rg__save_asked asked = { .request = &in.request, .options = options, .out = out, .apply = send_reply, .message = &in };

	if (out)
		*out = NULL;
	rg_status st = rg__msg_begin(reg, msg, "msg is NULL", out ? NULL : "out is NULL", &in, why);
	return rg__msg_close(&in, st == RG_OK ? rg__save_block(reg, &asked, why) : st);
}

rg_status rg_save_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_save_options *options, rg_save_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	rg__msg_in in;
	rg__save_asked asked = { .request = &in.request, .options = options, .done = done, .apply = send_reply, .message = &in };

	if (op)
		*op = NULL;
	rg_status st = rg__msg_begin(reg, msg, "msg is NULL", NULL, &in, why);
	return rg__msg_close(&in, st == RG_OK ? rg__save_start(reg, &asked, user, free_user, op, why) : st);
}
