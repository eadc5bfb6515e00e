/* SPDX-License-Identifier: MIT */
#include "verbs/lookup.h"
#include "message/message.h"
#include "rules/rules.h"
#include "route/route.h"
#include <stdlib.h>

/* Selects for a branch as if it were the Request-URI. */
static rg_status select_branch(rg__lookup *l, rg__place *p)
{
	rg__lookup_settings settings = l->settings;
	rg_request request = *l->request;

	request.request_uri = p->uri;
	settings.no_sips = p->no_sips;
	return rg__select(l->op.found.record, &request, &settings, l->op.now, &p->targets);
}

void rg__lookup_count_refused(rg__lookup *l)
{
	rg__count(l->op.ticket.stripe, RG__S_TOKENS_REFUSED);
}

static rg_status select_gruu(rg__lookup *l, rg__place *p)
{
	rg_status status;

	l->settings.gruu = p->gruu;
	if (p->branch >= 0)
		status = select_branch(l, p);
	else
		status = rg__select(l->op.found.record, l->request, &l->settings, l->op.now, &p->targets);
	l->settings.gruu = NULL;
	if (p->gruu->temporary && rg_targets_code(p->targets) == 404)
		rg__lookup_count_refused(l);
	return status;
}

rg_status rg__lookup_select(rg__lookup *l, rg__place *p)
{
	rg_targets_free(p->targets);
	p->targets = NULL;
	if (p->gruu)
		return select_gruu(l, p);
	if (p->branch >= 0)
		return select_branch(l, p);
	return rg__select(l->op.found.record, l->request, &l->settings, l->op.now, &p->targets);
}

static rg_status lookup_decide(rg_op *op)
{
	rg__lookup *l = (rg__lookup *)op;

	l->partial = op->found.partial != 0;
	if (!l->own.key.domain.p)
		return RG_OK;
	if (!l->settings.pn)
		return rg__lookup_select(l, &l->own);
	rg_status st = rg__lookup_select(l, &l->own);
	return st == RG_OK ? rg__lookup_await(l, &l->own) : st;
}

/* The host variable takes the attr of each target, and the message is routed. */
static rg_status route_message(rg_op *op, const rg__msg_ref *message, const rg_targets *targets)
{
	const rg_msg *msg = &message->msg;
	rg_status st = RG_OK;
	rg_target target;

	for (uint32_t i = 0; st == RG_OK && rg__targets_get(targets, i, &target) == RG_OK; i++)
		st = rg__msg_set_attr(message, i, target.attr);
	if (st != RG_OK)
		return rg__op_adaptor_failed(op, "set_var", st);
	st = msg->ops->apply(msg->self, msg->msg, targets);
	return st == RG_OK ? RG_OK : rg__op_adaptor_failed(op, "apply", st);
}

static void give_targets(rg__lookup *l, rg_status status, rg_targets *targets)
{
	if (status == RG_OK && targets->partial && !rg__targets_any(targets)) {
		/* The part that did not answer may have bindings: a broken store is never reported as "not registered". */
		rg_targets_free(targets);
		targets = NULL;
		status = RG_ESTORE;
	}
	if (status == RG_ESTORE)
		rg__targets_failed(RG_LOOKUP_ERROR, 503, &targets);
	if (status == RG_OK && l->wait)
		status = rg__lookup_wake(l, targets);
	if (status == RG_OK && l->message.msg.ops && rg_targets_result(targets) == RG_LOOKUP_FOUND)
		status = route_message(&l->op, &l->message, targets);
	l->op.status = status;
	if (status != RG_OK && status != RG_ESTORE) {
		rg_targets_free(targets);
		targets = NULL;
	}
	if (l->asked.done)
		l->asked.done(l->op.user, status, targets);
	else if (l->asked.out)
		*l->asked.out = targets;
	else
		rg_targets_free(targets);
}

static void lookup_answer(rg_op *op, rg_status status)
{
	rg__lookup *l = (rg__lookup *)op;
	rg_targets *targets = NULL;

	if (status == RG_OK) {
		targets = l->own.targets;
		l->own.targets = NULL;
	}
	if (targets && l->partial)
		rg__targets_mark_partial(targets);
	give_targets(l, status, targets);
}

static void lookup_many_answer(rg_op *op, rg_status status)
{
	rg__lookup *l = (rg__lookup *)op;
	rg_targets *targets = NULL;

	status = rg__lookup_join(l, status, &targets);
	give_targets(l, status, targets);
}

static void lookup_clear(rg_op *op)
{
	rg__lookup *l = (rg__lookup *)op;

	rg__aor_free(&l->own.aor);
	if (l->own.gruu)
		rg__gruu_free(l->own.gruu);
	if (l->own.targets) /* the answer did not take them */
		rg_targets_free(l->own.targets);
	if (l->wait)
		rg__wait_drop(l->wait);
	if (l->message.variable)
		free(l->message.variable);
	if (!op->heap)
		return;
	rg__lookup_clear_places(l);
	rg_lookup_options_unref(l->asked.options);
	rg_request_free(l->copy);
}

/* Are there no more branches than are expanded? */
static rg_status check_branches(const rg_request *request, const rg_lookup_options *options, rg_error *why)
{
	if (!options->flags.seen[RG__F_branch] || request->n_branches <= RG_BRANCHES_MAX)
		return RG_OK;
	return rg__fail(why, RG_EINVAL, "rg_request.n_branches is %u: a lookup with the flag branch takes at most %d", request->n_branches,
		RG_BRANCHES_MAX);
}

rg_status rg__lookup_is_foreign(const rg__lookup *l, const rg__uri *uri, bool *foreign)
{
	const rg_env *env = &l->op.ticket.reg->env;
	rg__aor_rules rules;
	rg__aor host;

	*foreign = uri->scheme == RG__SCHEME_OTHER;
	if (*foreign || !env->is_local)
		return RG_OK;
	rg__aor_rules_of(l->op.ticket.snapshot->config, &rules);
	if (rg__aor_host(uri, &rules, &host) != RG__AOR_OK)
		return RG_ENOMEM; /* nothing else is wrong with a URI that was read */
	*foreign = !env->is_local(env->user, &host.host);
	rg__aor_free(&host);
	return RG_OK;
}

/* A GRUU of another domain is none of ours, also where the AoR has no host (use_domain 0). @p code: becomes 404 for such a one. */
static rg_status refuse_foreign_gruu(const rg__lookup *l, int32_t *code)
{
	const rg__gruu *gruu = l->own.gruu;
	bool foreign = false;
	rg_status st = gruu ? rg__lookup_is_foreign(l, &gruu->uri, &foreign) : RG_OK;

	if (foreign)
		*code = 404;
	return st;
}

/* The AoR that the request itself is about. */
static rg_status read_own(rg__lookup *l)
{
	rg__place *p = &l->own;
	int32_t code;
	rg_status st = rg__lookup_aor(l->request, l->op.ticket.snapshot->config, &p->aor, &p->gruu, &code);

	if (st == RG_OK && code == 0)
		st = refuse_foreign_gruu(l, &code);
	if (st == RG_OK && code == 404 && l->request->defect == RG_R_FINE && !(p->gruu && !p->gruu->temporary))
		rg__lookup_count_refused(l);
	if (st != RG_OK || code != 0)
		return st != RG_OK ? st : rg__targets_unread(code, &l->settings, &p->targets);
	p->key = (rg_key){ rg__request_domain(l->request), p->aor.user, p->aor.host };
	l->op.key = p->key;
	return RG_OK;
}

/* Without `apply` nothing could be done with the targets, so the lookup does not start. */
static rg_status read_to_route(rg__lookup *l, rg__msg_in *in, rg_error *why)
{
	rg_status st = rg__msg_read(in, l->op.ticket.snapshot->config, RG__P_attr_avp, why);

	if (st == RG_OK && !in->ref.msg.ops->apply)
		st = rg__fail(why, RG_ENOTSUP, "the adaptor has no member apply");
	if (st != RG_OK)
		rg__op_uncount(&l->op);
	rg__msg_take(&in->ref, &l->message);
	return st;
}

static rg_status lookup_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	const rg__lookup_asked *asked = given;
	rg__lookup *l = (rg__lookup *)op;
	rg_status st = RG_OK;

	l->own.branch = -1;
	l->asked = *asked;
	if (op->heap)
		rg_lookup_options_ref(asked->options);
	if (asked->message)
		st = read_to_route(l, asked->message, why);
	if (st == RG_OK)
		st = rg__request_borrow(asked->request, &l->view, &l->request, why);
	if (st == RG_OK && op->verb->walks)
		st = check_branches(l->request, asked->options, why);
	if (st == RG_OK && keeps)
		st = rg__request_copy(l->request, SIZE_MAX, &l->copy);
	if (st != RG_OK)
		return st;
	if (keeps)
		l->request = l->copy;
	rg__lookup_settings_of(op->ticket.snapshot->config, l->asked.options, &l->settings);
	st = read_own(l);
	if (st == RG_OK && op->verb->walks)
		return rg__lookup_add_places(l);
	if (st == RG_OK && !l->own.key.domain.p)
		rg__op_decide_at_once(op);
	return st;
}

/* Homes are in another store, which the blocking form must be able to wait for, too. */
static bool many_can_block(const rg_registrar *reg, const void *asked)
{
	const rg__sites *sites = ((const rg__lookup_asked *)asked)->options->flags.seen[RG__F_global] ? rg__sites_of(reg) : NULL;

	return rg__store_can_block(reg->store) && (!sites || rg__store_can_block(sites->shared));
}

static const rg__verb lookup_verb = {
	.size = sizeof(rg__lookup),
	.zeroed = offsetof(rg__lookup, asked),
	.fetch_flags = RG_FETCH_FRESH,
	.takes_partial = true,
	.prepare = lookup_prepare,
	.decide = lookup_decide,
	.answer = lookup_answer,
	.clear = lookup_clear,
};

static const rg__verb lookup_many_verb = {
	.size = sizeof(rg__lookup),
	.zeroed = offsetof(rg__lookup, asked),
	.fetch_flags = RG_FETCH_FRESH,
	.walks = true,
	.takes_partial = true,
	.can_block = many_can_block,
	.prepare = lookup_prepare,
	.next = rg__lookup_next,
	.decide = rg__lookup_decide_place,
	.done_key = rg__lookup_done_place,
	.answer = lookup_many_answer,
	.clear = lookup_clear,
};

static const rg__verb *verb_with(const rg_lookup_options *options)
{
	bool many = options && (options->flags.seen[RG__F_branch] || options->flags.seen[RG__F_global]);

	return many ? &lookup_many_verb : &lookup_verb;
}

static rg_status block_lookup(rg_registrar *reg, const rg__lookup_asked *asked, rg_error *why)
{
	const char *wrong = !asked->request ? "request is NULL" : !asked->out ? "out is NULL" : NULL;

	return rg__verb_block(verb_with(asked->options), reg, asked, wrong, why);
}

static rg_status start_lookup(rg_registrar *reg, const rg__lookup_asked *asked, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	const char *wrong = !asked->request ? "request is NULL" : !asked->done && !asked->message ? "done is NULL" : NULL;

	return rg__verb_start(verb_with(asked->options), reg, asked, wrong, user, free_user, op, why);
}

rg_status rg_lookup(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, rg_targets **out, rg_error *why)
{
	if (out)
		*out = NULL;
	return block_lookup(reg, &(rg__lookup_asked){ .request = request, .options = options, .out = out }, why);
}

rg_status rg_lookup_async(rg_registrar *reg, const rg_request *request, const rg_lookup_options *options, rg_lookup_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	return start_lookup(reg, &(rg__lookup_asked){ .request = request, .options = options, .done = done }, user, free_user, op, why);
}

rg_status rg_lookup_msg(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options, rg_targets **out, rg_error *why)
{
	rg__msg_in in;
	rg__lookup_asked asked = { .request = &in.request, .options = options, .out = out, .message = &in };

	if (out)
		*out = NULL;
	rg_status st = rg__msg_begin(reg, msg, "msg is NULL", out ? NULL : "out is NULL", &in, why);
	return rg__msg_close(&in, st == RG_OK ? block_lookup(reg, &asked, why) : st);
}

rg_status rg_lookup_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	rg__msg_in in;
	rg__lookup_asked asked = { .request = &in.request, .options = options, .done = done, .message = &in };

	if (op)
		*op = NULL;
	rg_status st = rg__msg_begin(reg, msg, "msg is NULL", NULL, &in, why);
	return rg__msg_close(&in, st == RG_OK ? start_lookup(reg, &asked, user, free_user, op, why) : st);
}
