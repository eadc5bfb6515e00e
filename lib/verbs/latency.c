/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

typedef struct latency_op {
	rg_op op;
	rg__filter filter;
	rg__ping ping;
	rg__aor aor;
	char *text; /* what filter and key borrow, when it must outlive the call */
	rg_latency_cb done;
	uint32_t *out;
} latency_op;

/* Whose. */
typedef struct wanted {
	rg_str domain, aor, contact;
} wanted;

static rg_status latency_decide(rg_op *op)
{
	latency_op *l = (latency_op *)op;
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__measure(op->found.record, &l->filter, &l->ping, op->now, &revision, &op->plan);
}

static void latency_answer(rg_op *op, rg_status status)
{
	latency_op *l = (latency_op *)op;
	uint32_t changed = status == RG_OK && rg_plan_commits(op->plan) ? rg__plan_affected(op->plan) : 0;

	if (l->done)
		l->done(op->user, status, changed);
	else
		*l->out = changed;
}

static void latency_clear(rg_op *op)
{
	latency_op *l = (latency_op *)op;

	rg__aor_free(&l->aor);
	free(l->text);
}

static const rg__verb latency_verb = {
	.size = sizeof(latency_op),
	.decide = latency_decide,
	.answer = latency_answer,
	.clear = latency_clear,
};

static rg_status latency_prepare(latency_op *l, wanted *w, uint32_t microseconds, bool keeps)
{
	rg_str *const texts[] = { &w->domain, &w->aor, &w->contact };
	const rg_config *config = l->op.ticket.snapshot->config;
	rg__aor_rules rules;

	w->domain = rg__domain(w->domain);
	if (keeps && !(l->text = rg__keep(texts, 3)))
		return RG_ENOMEM;
	rg_status st = rg__filter_contact(&l->filter, w->contact, config);
	if (st != RG_OK)
		return st;
	rg__aor_rules_of(config, &rules);
	int what = rg__aor_from_text(w->aor, &rules, &l->aor);
	if (what != RG__AOR_OK)
		return what == RG__AOR_NOMEM ? RG_ENOMEM : RG_EINVAL;
	l->op.key = (rg_key){ w->domain, l->aor.user, l->aor.host };
	rg__ping_of(config, microseconds, &l->ping);
	return RG_OK;
}

static rg_status latency_on_heap(rg_registrar *reg, wanted *w, uint32_t microseconds, bool keeps, latency_op **out)
{
	rg_op *op;
	rg_status st = rg__op_new(&latency_verb, reg, &op);

	if (st != RG_OK)
		return st;
	st = latency_prepare((latency_op *)op, w, microseconds, keeps && rg__may_wait(reg));
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = (latency_op *)op;
	return st;
}

rg_status rg_set_latency(rg_registrar *reg, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds, uint32_t *n_changed)
{
	wanted w = { domain, aor, contact };
	uint32_t unwanted;
	latency_op *l;

	if (!n_changed)
		n_changed = &unwanted;
	*n_changed = 0;
	if (!reg || !contact.p || microseconds == RG_LATENCY_NONE)
		return RG_EINVAL;
	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = latency_on_heap(reg, &w, microseconds, false, &l);
	if (st != RG_OK)
		return st;
	l->out = n_changed;
	return rg__op_block(&l->op);
}

rg_status rg_set_latency_async(rg_registrar *reg, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds, rg_latency_cb done,
	void *user, rg_free_cb free_user, rg_op **op)
{
	wanted w = { domain, aor, contact };
	latency_op *l;

	if (op)
		*op = NULL;
	if (!reg || !done || !contact.p || microseconds == RG_LATENCY_NONE)
		return RG_EINVAL;
	rg_status st = latency_on_heap(reg, &w, microseconds, true, &l);
	if (st != RG_OK)
		return st;
	l->done = done;
	return rg__op_start(&l->op, user, free_user, op);
}
