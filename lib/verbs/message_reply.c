/* SPDX-License-Identifier: MIT */
/* Cached registrations at the message level: a REGISTER and the main registrar's reply to it. */
#include "verbs/save.h"
#include "message/message.h"
#include "grammar/grammar.h"
#include <stdlib.h>

enum { MOST_MODIFIED = 1024 };

/* Both messages, and what the reply says. */
typedef struct pair {
	rg__msg_in request, reply;
	rg_str *modified;
	rg_upstream upstream;
} pair;

static bool has_one_contact(const rg_request *request)
{
	uint32_t n = 0;
	rg_str one;

	for (uint32_t i = 0; i < request->n_contacts && n < 2; i++) {
		for (rg_str line = request->contacts[i]; n < 2 && rg__list_next(&line, &one) > 0;)
			n++;
	}
	return n == 1;
}

/* The value is one URI, as a script sets it, commas included; or a list with an element for each Contact. False: it is neither. */
static bool split_modified(const rg_request *request, rg_str value, rg_str *out, uint32_t most, uint32_t *n)
{
	rg__uri uri;
	int more = 1;

	*n = 0;
	if (has_one_contact(request) && rg__uri_parse(rg__trim(value), &uri) == RG_OK) {
		out[0] = rg__trim(value);
		*n = 1;
		return true;
	}
	while (*n < most && (more = rg__list_next(&value, &out[*n])) > 0)
		++*n;
	return more >= 0;
}

/* The URIs that the host put into the forwarded request, from its host variable. */
static rg_status read_modified(pair *p, rg_upstream *upstream, rg_error *why)
{
	const rg_msg *msg = &p->request.ref.msg;
	rg_str value = RG__ABSENT, name = rg_str_from(p->request.ref.variable);
	uint32_t most = 1;

	if (!name.p || !msg->ops->get_var || msg->ops->get_var(msg->self, msg->msg, &name, &value) != RG_OK || !value.p)
		return RG_OK;
	for (size_t i = 0; i < value.n && most < MOST_MODIFIED; i++)
		most += value.p[i] == ',';
	p->modified = malloc(most * sizeof *p->modified);
	if (!p->modified)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	if (!split_modified(&p->request.request, value, p->modified, most, &upstream->n_modified))
		return rg__fail(why, RG_EINVAL, "the host variable of mcontact_avp is no list: '%.*s'", RG__SHOWN(value));
	upstream->modified = p->modified;
	return RG_OK;
}

static rg_status read_upstream(pair *p, rg_error *why)
{
	const rg_request *reply = &p->reply.request;
	rg_upstream upstream;

	/* A reply that cannot be read is refused like a request that cannot be read. */
	if (p->request.request.defect == RG_R_FINE)
		p->request.request.defect = reply->defect;
	rg_upstream_init(&upstream, sizeof upstream);
	upstream.code = reply->reply_code;
	upstream.contacts = reply->contacts;
	upstream.n_contacts = reply->n_contacts;
	upstream.expires = reply->expires;
	rg_status st = read_modified(p, &upstream, why);
	return st == RG_OK ? rg__upstream_open(&upstream, &p->upstream, why) : st;
}

static rg_status pair_open(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, const char *wrong, pair *p, rg_error *why)
{
	*p = (pair){ .modified = NULL };
	rg_status st = rg__msg_check(reply, "reply is NULL", why);

	if (st == RG_OK)
		st = rg__msg_open(reg, request, "request is NULL", wrong, RG__P_mcontact_avp, &p->request, why);
	if (st == RG_OK)
		st = rg__msg_open(reg, reply, "reply is NULL", NULL, -1, &p->reply, why);
	return st == RG_OK ? read_upstream(p, why) : st;
}

static rg_status pair_close(pair *p, rg_status status)
{
	free(p->modified);
	rg__msg_close(&p->reply, status);
	return rg__msg_close(&p->request, status);
}

/* The client finds its own Contacts in the reply, instead of those that were forwarded. */
static rg_status rewrite_reply(rg_op *op, const rg_msg *reply, rg_status status, rg_response *response)
{
	const rg_msg_ops *ops = reply->ops;
	rg_rewrite one = { .struct_size = sizeof one };

	if (!ops->rewrite)
		return status;
	for (uint32_t i = 0; rg_response_rewrite(response, i, &one) == RG_OK; i++) {
		rg_status st = ops->rewrite(reply->self, reply->msg, one.contact, &one.uri);

		if (status == RG_OK && st != RG_OK)
			status = rg__op_adaptor_failed(op, "rewrite", st);
	}
	return status;
}

static rg__save_asked save_of(pair *p, const rg_save_options *options)
{
	return (rg__save_asked){ .request = &p->request.request, .upstream = &p->upstream, .options = options, .apply = rewrite_reply,
		.message = &p->reply };
}

rg_status rg_save_reply_msg(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_response **out, rg_error *why)
{
	pair p;
	rg__save_asked asked = save_of(&p, options);

	asked.out = out;
	if (out)
		*out = NULL;
	rg_status st = pair_open(reg, request, reply, out ? NULL : "out is NULL", &p, why);
	return pair_close(&p, st == RG_OK ? rg__save_block(reg, &asked, why) : st);
}

rg_status rg_save_reply_msg_async(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	pair p;
	rg__save_asked asked = save_of(&p, options);

	asked.done = done;
	if (op)
		*op = NULL;
	rg_status st = pair_open(reg, request, reply, NULL, &p, why);
	return pair_close(&p, st == RG_OK ? rg__save_start(reg, &asked, user, free_user, op, why) : st);
}
