/* SPDX-License-Identifier: MIT */
/* The message level: read through the adaptor, decide, answer or route through it. */
#include "verb_msg.h"
#include "header.h"
#include <stdlib.h>

typedef struct msg_save {
	rg_msg msg;
	rg_save_cb done;
	void *user;
	rg_free_cb free_user;
} msg_save;

typedef struct msg_lookup {
	rg_msg msg;
	rg_lookup_cb done;
	void *user;
	rg_free_cb free_user;
	char *attr_avp; /* host variable that gets the targets' attr; NULL = none */
} msg_lookup;

/* The size of the first version. An adaptor built against it stays good: of a member appended later, struct_size says whether it is there. */
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

	status = msg_reply(&m->msg, status, response);
	if (m->done)
		m->done(m->user, status, response);
	else
		rg_response_unref(response);
}

static void msg_save_free(void *user)
{
	msg_save *m = user;

	if (m->free_user)
		m->free_user(m->user);
	free(m);
}

rg_status rg_save_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_save_options *options, rg_save_cb done, void *user,
	rg_free_cb free_user, rg_op **op)
{
	rg_request request;

	if (op)
		*op = NULL;
	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	msg_save *m = malloc(sizeof *m);
	rg_status st = m ? rg__msg_read(reg, msg, &request, 0, NULL) : RG_ENOMEM;
	if (st != RG_OK) {
		free(m);
		return st;
	}
	*m = (msg_save){ .msg = *msg, .done = done, .user = user, .free_user = free_user };
	st = rg_save_async(reg, &request, options, msg_saved, m, msg_save_free, op);
	rg_request_free(&request);
	if (st < 0)
		free(m);
	return st;
}

static rg_status msg_route(const rg_msg *msg, const char *attr_avp, rg_status status, const rg_targets *targets)
{
	rg_target target;

	if (status != RG_OK || rg_targets_result(targets) != RG_LOOKUP_FOUND)
		return status;
	for (uint32_t i = 0; attr_avp && msg->ops->set_var && rg_targets_get(targets, i, &target) == RG_OK; i++) {
		status = msg->ops->set_var(msg->self, msg->msg, rg_str_from(attr_avp), i, target.attr);
		if (status != RG_OK && status != RG_ENOTSUP)
			return status;
	}
	return msg->ops->apply(msg->self, msg->msg, targets);
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

	status = msg_route(&m->msg, m->attr_avp, status, targets);
	if (m->done)
		m->done(m->user, status, targets);
	else
		rg_targets_unref(targets);
}

static void msg_lookup_free(void *user)
{
	msg_lookup *m = user;

	if (m->free_user)
		m->free_user(m->user);
	free(m->attr_avp);
	free(m);
}

rg_status rg_lookup_msg_async(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done, void *user,
	rg_free_cb free_user, rg_op **op)
{
	char *attr_avp = NULL;
	rg_request request;

	if (op)
		*op = NULL;
	if (!rg__msg_is_whole(reg, msg))
		return RG_EINVAL;
	msg_lookup *m = malloc(sizeof *m);
	rg_status st = m ? rg__msg_read(reg, msg, &request, RG__P_attr_avp, &attr_avp) : RG_ENOMEM;
	if (st != RG_OK) {
		free(m);
		return st;
	}
	*m = (msg_lookup){ .msg = *msg, .done = done, .user = user, .free_user = free_user, .attr_avp = attr_avp };
	st = rg_lookup_async(reg, &request, options, msg_looked_up, m, msg_lookup_free, op);
	rg_request_free(&request);
	if (st < 0) {
		free(m);
		free(attr_avp);
	}
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
