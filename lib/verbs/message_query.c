/* SPDX-License-Identifier: MIT */
/* The message level of is_registered: read through the adaptor, asked, and what it found told to the host's variable. */
#include "verbs/message.h"
#include <stdlib.h>

typedef struct msg_query {
	rg__msg_call call;
	rg_answer_cb done;
} msg_query;

static rg_status tell(const rg_msg *msg, const char *attr_avp, rg_status status, const rg_answer *answer)
{
	rg_contact c;

	for (uint32_t i = 0; status == RG_OK && rg_answer_contact(answer, i, &c) == RG_OK; i++)
		status = rg__msg_tell_attr(msg, attr_avp, i, c.attr);
	return status;
}

/* The query a message stands for; it borrows from the request. */
static rg_query query_of(const rg_request *request, rg_str aor)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.request = request;
	query.aor = aor;
	return query;
}

rg_status rg_is_registered_msg(rg_registrar *reg, const rg_msg *msg, rg_str aor, rg_answer **out)
{
	rg_answer *answer = NULL;
	char *attr_avp = NULL;
	rg_request request;

	if (out)
		*out = NULL;
	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	rg_status st = rg__msg_read(reg, msg, &request, RG__P_attr_avp, &attr_avp);
	if (st != RG_OK)
		return st;
	rg_query query = query_of(&request, aor);

	st = rg_is_registered(reg, &query, &answer);
	st = tell(msg, attr_avp, st, answer);
	rg_request_free(&request);
	free(attr_avp);
	if (out)
		*out = answer;
	else
		rg_answer_unref(answer);
	return st;
}

static void answered(void *user, rg_status status, rg_answer *answer)
{
	msg_query *m = user;

	status = tell(&m->call.msg, m->call.avp, status, answer);
	if (m->done)
		m->done(m->call.user, status, answer);
	else
		rg_answer_unref(answer);
}

rg_status rg_is_registered_msg_async(rg_registrar *reg, const rg_msg *msg, rg_str aor, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op)
{
	rg_request request;
	msg_query *m;

	if (op)
		*op = NULL;
	rg_status st = rg__msg_call_new(reg, msg, sizeof *m, RG__P_attr_avp, user, free_user, &request, &m);
	if (st != RG_OK)
		return st;
	rg_query query = query_of(&request, aor);

	m->done = done;
	st = rg_is_registered_async(reg, &query, answered, m, rg__msg_call_free, op);
	rg_request_free(&request);
	if (st < 0)
		rg__msg_call_drop(&m->call);
	return st;
}
