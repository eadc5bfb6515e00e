/* SPDX-License-Identifier: MIT */
/*
 * Requests within a dialog that wait for their device (RFC 8599 §6). The operation arms a wait as a lookup does. While it waits, it is not
 * among the operations that a tick looks at: the wait ends it.
 */
#include "engine/engine.h"
#include "message/message.h"
#include "model/model.h"
#include "route/route.h"
#include "rules/rules.h"

typedef struct purr_asked {
	const rg_request *request;
	rg_purr_cb done;
} purr_asked;

typedef struct purr_op {
	rg_op op;
	rg_purr_cb done;
	rg_request request;
	rg_request *copy;        /* when the request must outlive the call */
	rg__purr *purr;          /* NULL = nothing to wait for */
	rg__lookup_settings settings;
	rg_wait *wait;
	rg__lookout *lookout;
	_Atomic(rg_wait *) begun; /* the same, once it can be canceled */
	int32_t result;
	rg_targets *targets;     /* of the device; NULL = it is not known to be awake */
} purr_op;

static rg_str purr_in(rg_str text)
{
	rg_str value = RG__ABSENT;
	rg__uri uri;

	if (rg__uri_parse(text, &uri) == RG_OK && uri.scheme != RG__SCHEME_OTHER)
		rg__uri_param(&uri, RG_STR("pn-purr"), &value);
	return value;
}

static rg_str purr_in_route(const rg_request *request)
{
	rg_str rest = request->n_routes > 0 ? request->routes[0] : RG__ABSENT, first;
	rg__name_addr route;

	if (rest.n > 0 && rg__list_next(&rest, &first) > 0 && rg__name_addr_parse(first, &route) == RG_OK)
		return purr_in(route.uri);
	return RG__ABSENT;
}

/* Reads a PURR into p->purr, which stays NULL when it is none of ours. One secret may serve several domains. */
static rg_status read_purr(purr_op *p, rg_str token, const rg_config *config)
{
	rg_status st = token.n > 0 ? rg__purr_read(token, rg__config_ring(config), &p->purr) : RG_ENOENT;

	if (st == RG_OK && !rg__eq(p->purr->key.domain, rg__request_domain(&p->request))) {
		rg__purr_free(p->purr);
		p->purr = NULL;
	}
	return st == RG_ENOENT ? RG_OK : st;
}

/* A peer may have a PURR of its own in the Request-URI, while ours is in the Route. */
static rg_status find_purr(purr_op *p, const rg_config *config)
{
	rg_status st = read_purr(p, purr_in(p->request.request_uri), config);

	return st == RG_OK && !p->purr ? read_purr(p, purr_in_route(&p->request), config) : st;
}

static rg_status purr_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	const purr_asked *asked = given;
	const rg_config *config = op->ticket.snapshot->config;
	purr_op *p = (purr_op *)op;
	rg_status st = rg__request_open(asked->request, &p->request, why);

	p->done = asked->done;
	p->result = RG_PURR_NOTHING;
	rg__lookup_settings_of(config, NULL, &p->settings);
	if (st == RG_OK && p->settings.pn && rg__config_int(config, RG__P_pn_enable_purr))
		st = find_purr(p, config);
	if (st == RG_OK && !p->purr)
		rg__op_decide_at_once(op);
	if (st != RG_OK || !p->purr)
		return st;
	op->key = p->purr->key;
	if (keeps)
		st = rg__request_copy(&p->request, SIZE_MAX, &p->copy);
	if (p->copy)
		p->request = *p->copy;
	return st;
}

/* The binding that the PURR names. False: it is gone, or has expired. */
static bool named_binding(const purr_op *p, uint16_t *index, rg_contact *out)
{
	const rg_record *record = p->op.found.record;

	for (uint32_t i = 0; i < rg_record_contact_count(record) && rg__record_contact(record, i, out) == RG_OK; i++) {
		if (out->id != p->purr->binding)
			continue;
		*index = (uint16_t)i;
		return out->expires > p->op.now;
	}
	return false;
}

/* An ACK has no transaction in which it could wait, and goes to a device that has just answered. */
static bool has_to_wait(const purr_op *p, uint16_t index)
{
	return !rg_str_equal(p->request.method, RG_STR("ACK")) && rg__wakes_asleep(&p->settings, p->op.found.record, index, p->op.now);
}

static void purr_back(void *user, rg_targets *targets)
{
	purr_op *p = user;

	p->targets = targets;
}

static void purr_over(void *user, rg_status status)
{
	purr_op *p = user;

	p->result = RG_PURR_RESUMED;
	rg__op_answer(&p->op, status == RG_ETIMEOUT ? RG_OK : status);
	rg__op_let_go(&p->op);
}

/* From here on the wait answers. */
static rg_status begin_waiting(purr_op *p)
{
	bool waits;

	rg__op_unlist(&p->op);
	rg_status st = rg__wait_begin(p->wait, &waits);

	if (st != RG_OK)
		return st;
	rg__op_hold(&p->op);
	st = rg__wait_claim(p->wait, purr_back, purr_over, p, NULL, NULL, NULL);
	if (st < 0) { /* too many others wait */
		rg__op_let_go(&p->op);
		return RG_OK;
	}
	atomic_store(&p->begun, p->wait);
	if (atomic_load(&p->op.released))
		rg_wait_cancel(p->wait);
	return RG_PENDING;
}

static rg_status purr_decide(rg_op *op)
{
	purr_op *p = (purr_op *)op;
	rg_contact binding;
	uint16_t index;
	rg_status st;

	if (!p->purr || !named_binding(p, &index, &binding))
		return RG_OK;
	if (!has_to_wait(p, index))
		return rg__select_device(op->found.record, &p->request, &p->settings, binding.id, op->now, &p->targets);
	if (!p->wait) {
		st = rg__wait_new(op, &(rg__wait_asked){ .request = &p->request, .prefix = RG_STR("mid-"), .whatever = true }, &p->wait);
		if (st == RG_OK)
			st = rg__wait_arm(p->wait, &(rg__lookout_asked){ .key = op->key, .branch = -1 }, &p->lookout);
		if (st == RG_OK)
			st = rg__lookout_expect(p->lookout, op->found.record, &index, 1);
		if (st != RG_OK)
			return st;
		p->settings.asleep_in = rg__lookout_base(p->lookout);
		return RG__AGAIN;
	}
	st = rg__lookout_expect(p->lookout, op->found.record, &index, 1);
	return st == RG_OK ? begin_waiting(p) : st;
}

static void purr_answer(rg_op *op, rg_status status)
{
	purr_op *p = (purr_op *)op;
	rg_targets *targets = NULL;

	if (status == RG_OK) { /* else the wait may go on, and find targets */
		targets = p->targets;
		p->targets = NULL;
	}
	p->done(op->user, status, status == RG_OK ? p->result : RG_PURR_ERROR, targets);
	rg_wait_cancel(atomic_load(&p->begun));
}

static void purr_clear(rg_op *op)
{
	purr_op *p = (purr_op *)op;

	if (p->wait)
		rg__wait_drop(p->wait);
	rg__purr_free(p->purr);
	rg_targets_free(p->targets);
	rg_request_free(p->copy);
}

static const rg__verb purr_verb = {
	.size = sizeof(purr_op),
	.fetch_flags = RG_FETCH_FRESH,
	.prepare = purr_prepare,
	.decide = purr_decide,
	.answer = purr_answer,
	.clear = purr_clear,
};

rg_status rg_pn_process_purr(rg_registrar *reg, const rg_request *request, rg_purr_cb done, void *user, rg_free_cb free_user, rg_op **op,
	rg_error *why)
{
	const char *wrong = !request ? "request is NULL" : !done ? "done is NULL" : NULL;

	return rg__verb_start(&purr_verb, reg, &(purr_asked){ request, done }, wrong, user, free_user, op, why);
}
