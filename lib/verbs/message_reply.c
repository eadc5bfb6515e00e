/* SPDX-License-Identifier: MIT */
/* Cached registrations at the message level: a REGISTER and the main registrar's reply to it. */
#include "verbs/message.h"
#include "grammar/grammar.h"
#include <stdlib.h>

enum { MOST_MODIFIED = 1024 };

/* Both messages as read, for as long as the call. */
typedef struct pair {
	rg_request request, reply;
	rg_str *modified;
	rg_upstream upstream;
} pair;

typedef struct reply_save {
	rg_msg reply;
	rg_save_cb done;
	void *user;
	rg_free_cb free_user;
} reply_save;

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

/* One URI as a script would put it there, commas and all, or a list, an element for each Contact. */
static uint32_t split(const rg_request *request, rg_str value, rg_str *out, uint32_t most)
{
	rg__uri uri;
	rg_str one;
	uint32_t n = 0;

	if (has_one_contact(request) && rg__uri_parse(rg__trim(value), &uri) == RG_OK) {
		if (most > 0)
			out[0] = rg__trim(value);
		return 1;
	}
	while (rg__list_next(&value, &one) > 0 && n < MOST_MODIFIED) {
		if (n < most)
			out[n] = one;
		n++;
	}
	return n;
}

static rg_status read_modified(const rg_msg *msg, const char *avp, pair *p)
{
	rg_str value = RG__ABSENT;

	if (!avp || !msg->ops->get_var || msg->ops->get_var(msg->self, msg->msg, rg_str_from(avp), &value) != RG_OK || !value.p)
		return RG_OK;
	p->upstream.n_modified = split(&p->request, value, NULL, 0);
	p->modified = calloc(p->upstream.n_modified + 1, sizeof *p->modified);
	if (!p->modified)
		return RG_ENOMEM;
	split(&p->request, value, p->modified, p->upstream.n_modified);
	p->upstream.modified = p->modified;
	return RG_OK;
}

static void pair_free(pair *p)
{
	rg_request_free(&p->request);
	rg_request_free(&p->reply);
	free(p->modified);
}

static rg_status pair_read(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, pair *p)
{
	char *avp = NULL;

	*p = (pair){ .modified = NULL };
	rg_upstream_init(&p->upstream, sizeof p->upstream);
	if (!rg__msg_is_whole(reg, request) || !rg__msg_is_whole(reg, reply))
		return RG_EINVAL;
	rg_status st = rg__msg_read(reg, request, &p->request, RG__P_mcontact_avp, &avp);
	if (st == RG_OK)
		st = rg__msg_read(reg, reply, &p->reply, 0, NULL);
	if (st == RG_OK)
		st = read_modified(request, avp, p);
	free(avp);
	/* What the reply says is as little to be guessed at as what the request says. */
	if (p->request.defect == RG_R_FINE)
		p->request.defect = p->reply.defect;
	p->upstream.code = p->reply.reply_code;
	p->upstream.contacts = p->reply.contacts;
	p->upstream.n_contacts = p->reply.n_contacts;
	p->upstream.expires = p->reply.expires;
	return st;
}

/* The client is to find its own Contacts in the reply. */
static rg_status rewrite(const rg_msg *reply, rg_status status, const rg_response *response)
{
	const rg_msg_ops *ops = reply->ops;
	rg_rewrite one;

	if (ops->struct_size < offsetof(rg_msg_ops, rewrite) + sizeof ops->rewrite || !ops->rewrite)
		return status;
	for (uint32_t i = 0; rg_response_rewrite(response, i, &one) == RG_OK; i++) {
		rg_status st = ops->rewrite(reply->self, reply->msg, one.contact, one.uri);

		if (status == RG_OK)
			status = st;
	}
	return status;
}

rg_status rg_save_reply_msg(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_response **out)
{
	rg_response *response = NULL;
	pair p;

	if (out)
		*out = NULL;
	rg_status st = pair_read(reg, request, reply, &p);
	if (st == RG_OK)
		st = rg_save_reply(reg, &p.request, &p.upstream, options, &response);
	if (response)
		st = rewrite(reply, st, response);
	pair_free(&p);
	if (out)
		*out = response;
	else
		rg_response_unref(response);
	return st;
}

static void saved(void *user, rg_status status, rg_response *response)
{
	reply_save *s = user;

	if (response)
		status = rewrite(&s->reply, status, response);
	if (s->done)
		s->done(s->user, status, response);
	else
		rg_response_unref(response);
}

static void reply_save_free(void *user)
{
	reply_save *s = user;

	if (s->free_user)
		s->free_user(s->user);
	free(s);
}

rg_status rg_save_reply_msg_async(rg_registrar *reg, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op)
{
	reply_save *s;
	pair p;

	if (op)
		*op = NULL;
	rg_status st = pair_read(reg, request, reply, &p);
	s = st == RG_OK ? malloc(sizeof *s) : NULL;
	if (st == RG_OK && !s)
		st = RG_ENOMEM;
	if (st == RG_OK) {
		*s = (reply_save){ .reply = *reply, .done = done, .user = user, .free_user = free_user };
		st = rg_save_reply_async(reg, &p.request, &p.upstream, options, saved, s, reply_save_free, op);
		if (st < 0)
			free(s);
	}
	pair_free(&p);
	return st;
}
