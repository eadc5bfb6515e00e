/* SPDX-License-Identifier: MIT */
#include "verbs/query_answer.h"
#include "model/model.h"
#include "verbs/message.h"
#include "grammar/grammar.h"
#include "message/message.h"
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

enum { ANY, CONTACT, IP };

/* What is asked, and where the answer goes. */
typedef struct query_asked {
	rg_query query;
	int about;         /* ANY, CONTACT or IP */
	rg_answer_cb done; /* of the completion form */
	rg_answer **out;   /* of the blocking form */
	rg__msg_ref *message; /* NULL = the data level; else both `done` and `out` may be NULL */
} query_asked;

/* A binding answers when any of the filters matches it. */
typedef struct query_op {
	rg_op op;
	query_asked asked; /* the query's own pointers are good for `prepare` alone */
	rg__msg_ref message;
	rg__aor aor;
	rg__buf hops;    /* `ip:port` of each address, each with a NUL behind it */
	rg__filter *filters;
	uint32_t n_filters;
	bool nothing;    /* there is no Contact to ask about: no binding matches */
	rg_answer *answer;
} query_op;

static bool matches_any(const query_op *q, const rg_contact *c)
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
		rg__record_contact(op->found.record, live[i], &c);
		if (matches_any(q, &c))
			live[kept++] = live[i];
	}
	rg_answer_free(q->answer);
	return rg__answer_new(&op->key, op->found.record, live, kept, &q->answer);
}

/* The host variable takes the attr of each binding. */
static rg_status set_attrs(rg_op *op, const rg__msg_ref *message, const rg_answer *answer)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_status st = RG_OK;

	for (uint32_t i = 0; st == RG_OK && rg_answer_contact(answer, i, &c) == RG_OK; i++)
		st = rg__msg_set_attr(message, i, c.attr);
	return st == RG_OK ? RG_OK : rg__op_adaptor_failed(op, "set_var", st);
}

static void query_answer(rg_op *op, rg_status status)
{
	query_op *q = (query_op *)op;
	rg_answer *answer = NULL;

	if (status == RG_OK) {
		answer = q->answer;
		q->answer = NULL;
	}
	if (q->message.msg.ops && status == RG_OK)
		status = set_attrs(op, &q->message, answer);
	op->status = status;
	if (status != RG_OK) {
		rg_answer_free(answer);
		answer = NULL;
	}
	if (q->asked.done)
		q->asked.done(op->user, status, answer);
	else if (q->asked.out)
		*q->asked.out = answer;
	else
		rg_answer_free(answer);
}

static void query_clear(rg_op *op)
{
	query_op *q = (query_op *)op;

	rg_answer_free(q->answer);
	rg__aor_free(&q->aor);
	rg__buf_free(&q->hops);
	free(q->filters);
	free(q->message.variable);
}

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

static rg_status ask_contact(query_op *q, const rg_query *query, const rg_request *request, bool keeps, rg_error *why)
{
	rg_str contact = query->contact, callid = query->callid;
	rg_str *const texts[] = { &contact, &callid };
	bool own = !contact.p && !callid.p && request; /* the query is about the first Contact of the request */

	if (own) {
		q->nothing = request->n_contacts == 0;
		if (!q->nothing && !first_contact(request, &contact))
			return rg__fail(why, RG_EINVAL, "rg_request.contacts[0] is no Contact: '%.*s'", RG__SHOWN(request->contacts[0]));
	}
	rg_status st = rg__op_keep(&q->op, keeps, texts, 2);
	/* Parameters of a Contact without <> are the header's in a request, and the URI's in what an operator typed. */
	if (st == RG_OK && contact.p && own)
		st = rg__filter_contact_value(q->filters, contact, q->op.ticket.snapshot->config, "rg_request.contacts[0]", why);
	else if (st == RG_OK && contact.p)
		st = rg__filter_contact(q->filters, contact, q->op.ticket.snapshot->config, "rg_query.contact", why);
	q->filters->has_callid = callid.p != NULL;
	q->filters->callid = callid;
	return st;
}

/* A NUL ends each hop. */
static rg_status add_hop(rg__buf *b, const rg_ip_port *hop)
{
	rg_status st = rg__hop_print(b, hop->ip, hop->port);

	rg__buf_add(b, (rg_str){ "", 1 });
	return st == RG_OK && b->failed ? RG_ENOMEM : st;
}

static rg_status ask_ips(query_op *q, const rg_query *query, rg_error *why)
{
	rg_status st = RG_OK;

	for (uint32_t i = 0; i < query->n_ips && st == RG_OK; i++) {
		st = add_hop(&q->hops, &query->ips[i]);
		if (st == RG_EINVAL)
			rg__fail(why, st, "rg_query.ips[%u] is no address: '%.*s', %d", i, RG__SHOWN(query->ips[i].ip), (int)query->ips[i].port);
	}
	size_t at = 0;
	for (uint32_t i = 0; i < query->n_ips && st == RG_OK; i++) {
		rg_str hop = { q->hops.p + at, strlen(q->hops.p + at) };

		st = rg__filter_next_hop(&q->filters[i], hop, "rg_query.ips", why);
		at += hop.n + 1;
	}
	return st;
}

static rg_str query_domain(const rg_query *query, const rg_request *request)
{
	return query->domain.n == 0 && request ? rg__request_domain(request) : rg__domain(query->domain);
}

static rg_status query_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	const query_asked *asked = given;
	const rg_query *query = &asked->query;
	query_op *q = (query_op *)op;
	rg_request view;
	const rg_request *request = query->request ? &view : NULL;

	q->asked = *asked;
	rg__msg_take(asked->message, &q->message);
	rg_status st = request ? rg__request_open(query->request, &view, why) : RG_OK;

	if (st == RG_OK)
		st = rg__query_aor(request, query->aor, asked->message ? "aor" : "rg_query.aor", op->ticket.snapshot->config, &q->aor, why);
	if (st == RG_OK)
		st = filters_new(q, asked->about == IP ? query->n_ips : 1);
	if (st != RG_OK)
		return st;
	op->key = (rg_key){ query_domain(query, request), q->aor.user, q->aor.host };
	if (asked->about == CONTACT)
		st = ask_contact(q, query, request, keeps, why);
	else if (asked->about == IP)
		st = ask_ips(q, query, why);
	return st == RG_OK && keeps && !rg__op_own_key(op) ? RG_ENOMEM : st;
}

static const rg__verb query_verb = {
	.size = sizeof(query_op),
	.fetch_flags = RG_FETCH_FRESH,
	.prepare = query_prepare,
	.decide = query_decide,
	.answer = query_answer,
	.clear = query_clear,
};

static const rg__shape query_shape = RG__SHAPE(rg_query, NULL, sizeof(rg_query));

/* Reads a caller's struct. Returns what is wrong with it; NULL = nothing. */
static const char *read_query(const rg_query *given, query_asked *asked)
{
	rg_query *query = &asked->query;

	if (!given)
		return "query is NULL";
	if (!rg__shape_take(&query_shape, given, query))
		return "rg_query.struct_size is no size that this library knows: call rg_query_init()";
	if (asked->about != IP)
		return NULL;
	return query->n_ips == 0 ? "rg_query.n_ips is 0" : query->ips ? NULL : "rg_query.ips is NULL";
}

static rg_status block_query(rg_registrar *reg, const rg_query *query, int about, rg_answer **out, rg_error *why)
{
	query_asked asked = { .about = about, .out = out };
	const char *wrong = out ? read_query(query, &asked) : "out is NULL";

	if (out)
		*out = NULL;
	return rg__verb_block(&query_verb, reg, &asked, wrong, why);
}

static rg_status start_query(rg_registrar *reg, const rg_query *query, int about, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	query_asked asked = { .about = about, .done = done };
	const char *wrong = done ? read_query(query, &asked) : "done is NULL";

	return rg__verb_start(&query_verb, reg, &asked, wrong, user, free_user, op, why);
}

void rg_query_init(rg_query *query, uint32_t size)
{
	rg__shape_init(&query_shape, query, size);
}

rg_status rg_is_registered(rg_registrar *reg, const rg_query *query, rg_answer **out, rg_error *why)
{
	return block_query(reg, query, ANY, out, why);
}

rg_status rg_is_contact_registered(rg_registrar *reg, const rg_query *query, rg_answer **out, rg_error *why)
{
	return block_query(reg, query, CONTACT, out, why);
}

rg_status rg_is_ip_registered(rg_registrar *reg, const rg_query *query, rg_answer **out, rg_error *why)
{
	return block_query(reg, query, IP, out, why);
}

rg_status rg_is_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	return start_query(reg, query, ANY, done, user, free_user, op, why);
}

rg_status rg_is_contact_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	return start_query(reg, query, CONTACT, done, user, free_user, op, why);
}

rg_status rg_is_ip_registered_async(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	return start_query(reg, query, IP, done, user, free_user, op, why);
}

static rg_query query_about(const rg_request *request, rg_str aor)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.request = request;
	query.aor = aor;
	return query;
}

rg_status rg_is_registered_msg(rg_registrar *reg, const rg_msg *msg, rg_str aor, rg_answer **out, rg_error *why)
{
	rg__msg_in in;
	query_asked asked = { .query = query_about(&in.request, aor), .about = ANY, .out = out, .message = &in.ref };

	if (out)
		*out = NULL;
	rg_status st = rg__msg_open(reg, msg, "msg is NULL", out ? NULL : "out is NULL", RG__P_attr_avp, &in, why);
	return rg__msg_close(&in, st == RG_OK ? rg__verb_block(&query_verb, reg, &asked, NULL, why) : st);
}

rg_status rg_is_registered_msg_async(rg_registrar *reg, const rg_msg *msg, rg_str aor, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	rg__msg_in in;
	query_asked asked = { .query = query_about(&in.request, aor), .about = ANY, .done = done, .message = &in.ref };

	if (op)
		*op = NULL;
	rg_status st = rg__msg_open(reg, msg, "msg is NULL", NULL, RG__P_attr_avp, &in, why);
	return rg__msg_close(&in, st == RG_OK ? rg__verb_start(&query_verb, reg, &asked, NULL, user, free_user, op, why) : st);
}
