/* SPDX-License-Identifier: MIT */
#include "engine/op.h"
#include "grammar/grammar.h"
#include <sched.h>
#include <stdlib.h>

enum { ADDRS = 8 };

typedef struct host_answer {
	rg__resolver *resolver;
	_Atomic(void *) token;
	rg_addr addrs[ADDRS];
} host_answer;

struct rg__resolver {
	rg_op *op;
	uint32_t n;
	atomic_uint pending; /* the names not answered, plus one while asking */
	atomic_bool expired; /* no name is waited for */
	rg_resolved *found;
	host_answer answers[];
};

rg__resolver *rg__resolver_new(rg_op *op, const rg_str *hosts, uint32_t n)
{
	rg__resolver *r = calloc(1, sizeof *r + n * sizeof *r->answers);

	if (!r)
		return NULL;
	r->found = calloc(n ? n : 1, sizeof *r->found);
	if (!r->found) {
		free(r);
		return NULL;
	}
	r->op = op;
	r->n = n;
	atomic_init(&r->pending, 0);
	atomic_init(&r->expired, false);
	for (uint32_t i = 0; i < n; i++) {
		r->answers[i].resolver = r;
		atomic_init(&r->answers[i].token, NULL);
		r->found[i] = (rg_resolved){ .host = hosts[i], .addrs = r->answers[i].addrs };
	}
	return r;
}

void rg__resolver_free(rg__resolver *r)
{
	if (r)
		free(r->found);
	free(r);
}

static void host_resolved(void *token, rg_status status, const rg_addr *addrs, uint32_t n)
{
	void *what;

	if (!rg__slot_spend(token, &what) || !what)
		return;
	host_answer *a = what;
	rg__resolver *r = a->resolver;
	rg_resolved *found = &r->found[a - r->answers];

	/* env.resolve may give anything; a record takes addresses with a family only. */
	for (uint32_t i = 0; status == RG_OK && addrs && i < n && found->n_addrs < ADDRS; i++) {
		if (addrs[i].family == 4 || addrs[i].family == 6)
			a->addrs[found->n_addrs++] = addrs[i];
	}
	if (atomic_fetch_sub(&r->pending, 1) == 1)
		rg__op_run(r->op);
}

static void ask_host_name(rg__resolver *r, host_answer *a)
{
	rg_registrar *reg = r->op->ticket.reg;
	void *token = rg__is_dns_name(r->found[a - r->answers].host) ? rg__slot_take(reg->slots, a) : NULL;

	if (!token) {
		atomic_fetch_sub(&r->pending, 1);
		return;
	}
	atomic_store(&a->token, token);
	/* An expiry meanwhile abandons the token, or is seen here. */
	rg_status st = atomic_load(&r->expired) ? RG_ETIMEOUT
		: reg->env.resolve(reg->env.user, &r->found[a - r->answers].host, host_resolved, token);
	/* `pending` stays above 0 while names are asked for, so no answer continues the operation yet. An expiry counted what it abandoned. */
	if (st != RG_PENDING && rg__slot_drop(token))
		atomic_fetch_sub(&r->pending, 1);
}

static uint32_t abandon_answers(rg__resolver *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		void *token = atomic_exchange(&r->answers[i].token, NULL);

		n += token && rg__slot_abandon(token);
	}
	return n;
}

bool rg__resolver_ask(rg__resolver *r, bool blocking)
{
	atomic_store(&r->pending, r->n + 1);
	for (uint32_t i = 0; i < r->n; i++)
		ask_host_name(r, &r->answers[i]);
	if (!blocking)
		return atomic_fetch_sub(&r->pending, 1) == 1;
	atomic_fetch_sub(&r->pending, abandon_answers(r));
	while (atomic_load(&r->pending) > 1)
		sched_yield(); /* another thread is copying an answer */
	return true;
}

bool rg__resolver_expire(rg__resolver *r)
{
	bool first = !atomic_exchange(&r->expired, true);
	uint32_t n = abandon_answers(r);

	if (n == 0)
		return first && atomic_load(&r->pending) > 0;
	if (atomic_fetch_sub(&r->pending, n) == n)
		rg__op_run(r->op);
	return true;
}

const rg_resolved *rg__resolver_found(const rg__resolver *r, uint32_t *n)
{
	*n = r->n;
	return r->found;
}
