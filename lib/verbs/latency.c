/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

/* Which bindings, what was measured, and where the answer goes. */
typedef struct latency_asked {
	rg_str domain, aor, contact;
	uint32_t microseconds;
	rg_latency_cb done; /* of the completion form */
	uint32_t *out;      /* of the blocking form; may be NULL */
} latency_asked;

typedef struct latency_op {
	rg_op op;
	latency_asked asked;
	rg__filter filter;
	rg__ping ping;
	rg__aor aor;
} latency_op;

static rg_status latency_decide(rg_op *op)
{
	latency_op *l = (latency_op *)op;
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__measure(op->found.record, &l->filter, &l->ping, op->now, &revision, &op->plan);
}

static void latency_answer(rg_op *op, rg_status status)
{
	latency_op *l = (latency_op *)op;
	uint32_t changed = status == RG_OK && rg_plan_commits(op->plan) ? rg_plan_affected_count(op->plan) : 0;

	if (l->asked.done)
		l->asked.done(op->user, status, changed);
	else if (l->asked.out)
		*l->asked.out = changed;
}

static void latency_clear(rg_op *op)
{
	rg__aor_free(&((latency_op *)op)->aor);
}

static rg_status latency_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	const rg_config *config = op->ticket.snapshot->config;
	latency_op *l = (latency_op *)op;
	latency_asked *asked = &l->asked;
	rg_str *const texts[] = { &asked->domain, &asked->aor, &asked->contact };

	*asked = *(const latency_asked *)given;
	asked->domain = rg__domain(asked->domain);
	rg_status st = rg__op_keep(op, keeps, texts, 3);
	if (st == RG_OK)
		st = rg__ping_read(asked->contact, asked->microseconds, config, &l->filter, &l->ping, why);
	if (st == RG_OK)
		st = rg__query_aor(NULL, asked->aor, "aor", config, &l->aor, why);
	op->key = (rg_key){ asked->domain, l->aor.user, l->aor.host };
	return st;
}

static const rg__verb latency_verb = {
	.size = sizeof(latency_op),
	.prepare = latency_prepare,
	.decide = latency_decide,
	.answer = latency_answer,
	.clear = latency_clear,
};

rg_status rg_set_latency(rg_registrar *reg, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	uint32_t *n_changed, rg_error *why)
{
	latency_asked asked = { domain, aor, contact, microseconds, .out = n_changed };

	if (n_changed)
		*n_changed = 0;
	return rg__verb_block(&latency_verb, reg, &asked, rg__ping_wrong(contact, microseconds), why);
}

rg_status rg_set_latency_async(rg_registrar *reg, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds, rg_latency_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	latency_asked asked = { domain, aor, contact, microseconds, .done = done };

	return rg__verb_start(&latency_verb, reg, &asked, done ? rg__ping_wrong(contact, microseconds) : "done is NULL", user, free_user, op, why);
}
