/* SPDX-License-Identifier: MIT */
#include "verbs/query_answer.h"
#include "grammar/grammar.h"
#include "message/message.h"
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

/* A binding answers when any of the filters matches it. */
typedef struct query_op {
	rg_op op;
	rg__aor aor;
	char *text;      /* what the filters borrow, when it must outlive the call */
	rg__buf hops;    /* `ip:port` of each address, each with a NUL behind it */
	rg__filter *filters;
	uint32_t n_filters;
	bool nothing;    /* the Contact asked about is not there: no binding is it */
	rg_answer *answer;
	rg_answer_cb done;
	rg_answer **out;
} query_op;

enum { ANY, CONTACT, IP };

static bool matches(const query_op *q, const rg_contact *c)
{
	for (uint32_t i = 0; i < q->n_filters; i++) {
		if (rg__filter_matches(&q->filters[i], c))
			return true;
	}
	return false;
}

static rg_status query_decide(rg_op *op)
{
	query_op *q = (query_op *)op;
	bool newest_first = rg__config_int(op->ticket.snapshot->config, RG__P_desc_time_order) != 0;
	uint16_t *live;
	uint32_t n, kept = 0;
	rg_contact c;

	rg_status st = rg__live(op->found.record, NULL, newest_first, op->now, &live, &n);
	if (st != RG_OK)
		return st;
	for (uint32_t i = 0; i < n && !q->nothing; i++) {
		rg_record_contact(op->found.record, live[i], &c);
		if (matches(q, &c))
			live[kept++] = live[i];
	}
	rg_answer_unref(q->answer);
	return rg__answer_new(&op->key, op->found.record, live, kept, &q->answer);
}

static void query_answer(rg_op *op, rg_status status)
{
	query_op *q = (query_op *)op;
	rg_answer *answer = NULL;

	if (status == RG_OK) {
		answer = q->answer;
		q->answer = NULL;
	}
	if (q->done)
		q->done(op->user, status, answer);
	else
		*q->out = answer;
}

static void query_clear(rg_op *op)
{
	query_op *q = (query_op *)op;

	rg_answer_unref(q->answer);
	rg__aor_free(&q->aor);
	rg__buf_free(&q->hops);
	free(q->text);
	free(q->filters);
}

static const rg__verb query_verb = {
	.size = sizeof(query_op),
	.fetch_flags = RG_FETCH_FRESH,
	.decide = query_decide,
	.answer = query_answer,
	.clear = query_clear,
};

static rg_status filters_new(query_op *q, uint32_t n)
{
	q->filters = calloc(n, sizeof *q->filters);
	q->n_filters = q->filters ? n : 0;
	return q->filters ? RG_OK : RG_ENOMEM;
}

static bool first_contact(const rg_request *request, rg_str *contact)
{
	rg_str rest = request->contacts[0];

	return rg__list_next(&rest, contact) > 0;
}

static rg_status ask_contact(query_op *q, const rg_query *query, const rg_request *request, bool keeps)
{
	rg_str contact = query->contact, callid = query->callid;
	rg_str *const texts[] = { &contact, &callid };
	bool own = !contact.p && !callid.p && request; /* the first Contact of the request is meant */
	rg_status st = RG_OK;

	if (own) {
		q->nothing = request->n_contacts == 0;
		if (!q->nothing && !first_contact(request, &contact))
			return RG_EINVAL;
	}
	if (keeps && !(q->text = rg__keep(texts, 2)))
		return RG_ENOMEM;
	/* Without <> its parameters are the header's there, and the URI's in what an operator typed. */
	if (contact.p)
		st = (own ? rg__filter_contact_value : rg__filter_contact)(q->filters, contact, q->op.ticket.snapshot->config);
	q->filters->has_callid = callid.p != NULL;
	q->filters->callid = callid;
	return st;
}

static rg_status add_hop(rg__buf *b, const rg_ip_port *hop)
{
	bool bare = hop->ip.n > 0 && hop->ip.p[0] != '[' && memchr(hop->ip.p, ':', hop->ip.n);

	if (hop->ip.n == 0 || hop->port < 0 || hop->port > 65535 || memchr(hop->ip.p, 0, hop->ip.n))
		return RG_EINVAL;
	rg__buf_add_text(b, bare ? "[" : "");
	rg__buf_add(b, hop->ip);
	rg__buf_add_text(b, bare ? "]" : "");
	if (hop->port > 0) {
		rg__buf_add_text(b, ":");
		rg__buf_add_int(b, hop->port);
	}
	rg__buf_add(b, (rg_str){ "", 1 });
	return b->failed ? RG_ENOMEM : RG_OK;
}

static rg_status ask_ips(query_op *q, const rg_query *query)
{
	rg_status st = RG_OK;

	for (uint32_t i = 0; i < query->n_ips && st == RG_OK; i++)
		st = add_hop(&q->hops, &query->ips[i]);
	size_t at = 0;
	for (uint32_t i = 0; i < query->n_ips && st == RG_OK; i++) {
		rg_str hop = { q->hops.p + at, strlen(q->hops.p + at) };

		st = rg__filter_next_hop(&q->filters[i], hop);
		at += hop.n + 1;
	}
	return st;
}

static rg_str query_domain(const rg_query *query, const rg_request *request)
{
	return query->domain.n == 0 && request ? rg__request_domain(request) : rg__domain(query->domain);
}

static rg_status query_prepare(query_op *q, const rg_query *query, int what, bool keeps)
{
	const rg_config *config = q->op.ticket.snapshot->config;
	rg_request view;
	const rg_request *request = query->request ? &view : NULL;

	if (request)
		rg__request_view(query->request, &view);
	rg_status st = rg__query_aor(request, query->aor, config, &q->aor);
	if (st == RG_OK)
		st = filters_new(q, what == IP ? query->n_ips : 1);
	if (st != RG_OK)
		return st;
	q->op.key = (rg_key){ query_domain(query, request), q->aor.user, q->aor.host };
	if (what == CONTACT)
		st = ask_contact(q, query, request, keeps);
	else if (what == IP)
		st = ask_ips(q, query);
	if (st == RG_OK && keeps && !rg__op_own_key(&q->op))
		st = RG_ENOMEM;
	return st;
}

static rg_status query_new(rg_registrar *reg, const rg_query *given, int what, bool keeps, query_op **out)
{
	rg_query query = { 0 };
	rg_op *op;

	if (!given)
		return RG_EINVAL;
	memcpy(&query, given, given->struct_size < sizeof query ? given->struct_size : sizeof query);
	if (what == IP && (query.n_ips == 0 || !query.ips))
		return RG_EINVAL;
	rg_status st = rg__op_new(&query_verb, reg, &op);
	if (st != RG_OK)
		return st;
	st = query_prepare((query_op *)op, &query, what, keeps);
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = (query_op *)op;
	return st;
}

static rg_status block(rg_registrar *reg, const rg_query *query, int what, rg_answer **out)
{
	query_op *q;

	if (!out)
		return RG_EINVAL;
	*out = NULL;
	if (!reg)
		return RG_EINVAL;
	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = query_new(reg, query, what, false, &q);
	if (st != RG_OK)
		return st;
	q->out = out;
	return rg__op_block(&q->op);
}

static rg_status start(rg_registrar *reg, const rg_query *query, int what, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **handle)
{
	query_op *q;

	if (handle)
		*handle = NULL;
	if (!reg || !done)
		return RG_EINVAL;
	rg_status st = query_new(reg, query, what, rg__may_wait(reg), &q);
	if (st != RG_OK)
		return st;
	q->done = done;
	return rg__op_start(&q->op, user, free_user, handle);
}

void rg_query_init(rg_query *query, uint32_t size)
{
	rg__struct_init(query, size);
}

rg_status rg_is_registered(rg_registrar *reg, const rg_query *query, rg_answer **out)
{
	return block(reg, query, ANY, out);
}

rg_status rg_is_contact_registered(rg_registrar *reg, const rg_query *query, rg_answer **out)
{
	return block(reg, query, CONTACT, out);
}

rg_status rg_is_ip_registered(rg_registrar *reg, const rg_query *query, rg_answer **out)
{
	return block(reg, query, IP, out);
}

rg_status rg_is_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user, rg_op **op)
{
	return start(reg, query, ANY, done, user, free_user, op);
}

rg_status rg_is_contact_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op)
{
	return start(reg, query, CONTACT, done, user, free_user, op);
}

rg_status rg_is_ip_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op)
{
	return start(reg, query, IP, done, user, free_user, op);
}
