/* SPDX-License-Identifier: MIT */
/* The message level: read through the adaptor, decide, answer or route through it. */
#include "verbs/message.h"
#include "grammar/grammar.h"
#include <stdlib.h>

typedef struct msg_save {
	rg__msg_call call;
	rg_save_cb done;
} msg_save;

typedef struct msg_lookup {
	rg__msg_call call;
	rg_lookup_cb done;
} msg_lookup;

/* The size of the first version. An adaptor built against it stays good: of a member appended later, struct_size says whether it is
 * there. */
enum { FIRST_SIZE = offsetof(rg_msg_ops, apply) + sizeof(((rg_msg_ops *)NULL)->apply) };

_Static_assert(offsetof(rg_msg_ops, read) == sizeof(size_t) + sizeof(void *), "members are only ever appended");
_Static_assert(FIRST_SIZE == sizeof(size_t) + 8 * sizeof(void *), "members are only ever appended");

bool rg__msg_is_whole(const rg_registrar *reg, const rg_msg *msg)
{
	return reg && msg && msg->ops && msg->ops->struct_size >= FIRST_SIZE && msg->ops->read && msg->ops->reply && msg->ops->apply;
}

rg_status rg__msg_read(rg_registrar *reg, const rg_msg *msg, rg_request *out, int param, char **value)
{
	rg__ticket ticket;
	rg_status st = rg__enter(reg, &ticket, NULL);

	if (st != RG_OK)
		return st;
	rg_request_init(out, sizeof *out);
	st = msg->ops->read(msg->self, msg->msg, ticket.snapshot->config, out);
	rg_str text = value ? rg__config_text(ticket.snapshot->config, param) : RG__ABSENT;
	if (st == RG_OK && text.n > 0) {
		*value = strndup(text.p, text.n);
		if (!*value) {
			rg_request_free(out);
			st = RG_ENOMEM;
		}
	}
	rg__leave(&ticket, NULL, -1);
	return st;
}

rg_status rg__msg_call_new(rg_registrar *reg, const rg_msg *msg, size_t size, int param, void *user, rg_free_cb free_user,
	rg_request *request, void *out)
{
	char *avp = NULL;
	rg__msg_call *call;

	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	call = calloc(1, size);
	rg_status st = call ? rg__msg_read(reg, msg, request, param, param >= 0 ? &avp : NULL) : RG_ENOMEM;
	if (st != RG_OK) {
		free(call);
		return st;
	}
	*call = (rg__msg_call){ .msg = *msg, .avp = avp, .user = user, .free_user = free_user };
	*(rg__msg_call **)out = call;
	return RG_OK;
}

void rg__msg_call_free(void *call)
{
	rg__msg_call *c = call;

	if (c->free_user)
		c->free_user(c->user);
	rg__msg_call_drop(c);
}

void rg__msg_call_drop(rg__msg_call *call)
{
	free(call->avp);
	free(call);
}

rg_status rg__msg_tell_attr(const rg_msg *msg, const char *avp, uint32_t index, rg_str attr)
{
	rg_status st = avp && msg->ops->set_var ? msg->ops->set_var(msg->self, msg->msg, rg_str_from(avp), index, attr) : RG_OK;

	return st == RG_ENOTSUP ? RG_OK : st;
}

static rg_status msg_reply(const rg_msg *msg, rg_status status, rg_response *response)
{
	if (!response)
		return status;
	rg_status st = msg->ops->reply(msg->self, msg->msg, response);
	return status != RG_OK ? status : st;
}

rg_status rg_save_msg(rg_registrar *reg, const rg_msg *msg, const rg_save_options *options, rg_response **out)
{
	rg_response *response = NULL;
	rg_request request;

	if (out)
		*out = NULL;
	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	rg_status st = rg__msg_read(reg, msg, &request, 0, NULL);
	if (st != RG_OK)
		return st;
	st = rg_save(reg, &request, options, &response);
	st = msg_reply(msg, st, response);
	rg_request_free(&request);
	if (out)
		*out = response;
	else
		rg_response_unref(response);
	return st;
}

static void msg_saved(void *user, rg_status status, rg_response *response)
{
	msg_save *m = user;

	status = msg_reply(&m->call.msg, status, response);
	if (m->done)
		m->done(m->call.user, status, response);
	else
		rg_response_unref(response);
}

rg_status rg_save_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_save_options *options, rg_save_cb done, void *user,
	rg_free_cb free_user, rg_op **op)
{
	rg_request request;
	msg_save *m;

	if (op)
		*op = NULL;
	rg_status st = rg__msg_call_new(reg, msg, sizeof *m, -1, user, free_user, &request, &m);
	if (st != RG_OK)
		return st;
	m->done = done;
	st = rg_save_async(reg, &request, options, msg_saved, m, rg__msg_call_free, op);
	rg_request_free(&request);
	if (st < 0)
		rg__msg_call_drop(&m->call);
	return st;
}

static rg_status msg_route(const rg_msg *msg, const char *attr_avp, rg_status status, const rg_targets *targets)
{
	rg_target target;

	if (status != RG_OK || rg_targets_result(targets) != RG_LOOKUP_FOUND)
		return status;
	for (uint32_t i = 0; status == RG_OK && rg_targets_get(targets, i, &target) == RG_OK; i++)
		status = rg__msg_tell_attr(msg, attr_avp, i, target.attr);
	return status != RG_OK ? status : msg->ops->apply(msg->self, msg->msg, targets);
}

rg_status rg_lookup_msg(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options, rg_targets **out)
{
	rg_targets *targets = NULL;
	char *attr_avp = NULL;
	rg_request request;

	if (out)
		*out = NULL;
	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	rg_status st = rg__msg_read(reg, msg, &request, RG__P_attr_avp, &attr_avp);
	if (st != RG_OK)
		return st;
	st = rg_lookup(reg, &request, options, &targets);
	st = msg_route(msg, attr_avp, st, targets);
	rg_request_free(&request);
	free(attr_avp);
	if (out)
		*out = targets;
	else
		rg_targets_unref(targets);
	return st;
}

static void msg_looked_up(void *user, rg_status status, rg_targets *targets)
{
	msg_lookup *m = user;

	status = msg_route(&m->call.msg, m->call.avp, status, targets);
	if (m->done)
		m->done(m->call.user, status, targets);
	else
		rg_targets_unref(targets);
}

rg_status rg_lookup_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done, void *user,
	rg_free_cb free_user, rg_op **op)
{
	rg_request request;
	msg_lookup *m;

	if (op)
		*op = NULL;
	rg_status st = rg__msg_call_new(reg, msg, sizeof *m, RG__P_attr_avp, user, free_user, &request, &m);
	if (st != RG_OK)
		return st;
	m->done = done;
	st = rg_lookup_async(reg, &request, options, msg_looked_up, m, rg__msg_call_free, op);
	rg_request_free(&request);
	if (st < 0)
		rg__msg_call_drop(&m->call);
	return st;
}

rg_status rg_add_socket_header(rg_registrar *reg, const rg_msg *msg, rg_str name)
{
	char room[RG_SOCKET_ROOM];
	rg_request request;
	rg_str value;

	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	if (!msg->ops->add_header)
		return RG_ENOTSUP;
	if (!rg__is_token(name))
		return RG_EINVAL;
	rg_status st = rg__msg_read(reg, msg, &request, 0, NULL);
	if (st != RG_OK)
		return st;
	st = rg_socket_header(request.socket, room, sizeof room, &value);
	if (st == RG_OK)
		st = msg->ops->add_header(msg->self, msg->msg, name, value);
	rg_request_free(&request);
	return st;
}
