/* SPDX-License-Identifier: MIT */
#include "verbs/message.h"
#include "grammar/grammar.h"
#include <stdlib.h>

#define STANDS_AT(member, place) _Static_assert(offsetof(rg_msg_ops, member) == (place), "members are only ever appended")
STANDS_AT(struct_size, 0);
STANDS_AT(name, 8);
STANDS_AT(read, 8 + sizeof(void *));
STANDS_AT(header, 8 + 2 * sizeof(void *));
STANDS_AT(get_var, 8 + 3 * sizeof(void *));
STANDS_AT(set_var, 8 + 4 * sizeof(void *));
STANDS_AT(add_header, 8 + 5 * sizeof(void *));
STANDS_AT(reply, 8 + 6 * sizeof(void *));
STANDS_AT(apply, 8 + 7 * sizeof(void *));
STANDS_AT(rewrite, 8 + 8 * sizeof(void *));

static const rg__shape msg_ops_shape = RG__SHAPE(rg_msg_ops, NULL, sizeof(rg_msg_ops));

void rg_msg_ops_init(rg_msg_ops *ops, uint32_t size)
{
	rg__shape_init(&msg_ops_shape, ops, size);
}

rg_status rg__msg_check(const rg_msg *msg, const char *name, rg_error *why)
{
	const rg_msg_ops *ops = msg ? msg->ops : NULL;

	if (!ops)
		return rg__fail(why, RG_EINVAL, "%s", msg ? "rg_msg.ops is NULL" : name);
	if (!rg__shape_fits(&msg_ops_shape, ops))
		return rg__shape_refuse(&msg_ops_shape, ops, why);
	if (!ops->read || !ops->reply)
		return rg__fail(why, RG_EINVAL, "rg_msg_ops.%s is NULL", ops->read ? "reply" : "read");
	return RG_OK;
}

rg_status rg__msg_read(rg__msg_in *in, const rg_config *config, int param, rg_error *why)
{
	const rg_msg *msg = &in->ref.msg;

	in->read = true;
	rg_status st = msg->ops->read(msg->self, msg->msg, config, &in->request);
	rg_str name = param >= 0 ? rg__config_text(config, param) : RG__ABSENT;

	if (st != RG_OK) {
		rg_request_init(&in->request, sizeof in->request);
		return rg__fail(why, st, "the adaptor's member read: %s", rg_strerror(st));
	}
	if (name.n > 0)
		in->ref.variable = strndup(name.p, name.n);
	return name.n > 0 && !in->ref.variable ? rg__fail(why, RG_ENOMEM, "out of memory") : RG_OK;
}

rg_status rg__msg_begin(rg_registrar *reg, const rg_msg *msg, const char *name, const char *wrong, rg__msg_in *in, rg_error *why)
{
	in->ref = (rg__msg_ref){ .variable = NULL };
	in->read = false;
	rg_request_init(&in->request, sizeof in->request);
	if (!reg || wrong)
		return rg__fail(why, RG_EINVAL, "%s", reg ? wrong : "registrar is NULL");
	rg_status st = rg__msg_check(msg, name, why);
	if (st != RG_OK)
		return st;
	in->ref.msg = *msg;
	return RG_OK;
}

rg_status rg__msg_open(rg_registrar *reg, const rg_msg *msg, const char *name, const char *wrong, int param, rg__msg_in *in, rg_error *why)
{
	rg__ticket ticket;
	rg_status st = rg__msg_begin(reg, msg, name, wrong, in, why);

	if (st != RG_OK)
		return st;
	st = rg__enter(reg, &ticket);
	if (st != RG_OK)
		return rg__fail(why, st, "the registrar was shut down");
	st = rg__msg_read(in, ticket.snapshot->config, param, why);
	rg__leave(&ticket, NULL, -1);
	return st;
}

rg_status rg__msg_close(rg__msg_in *in, rg_status status)
{
	rg_request_free(&in->request);
	free(in->ref.variable);
	return status;
}

rg_status rg__msg_set_attr(const rg__msg_ref *ref, uint32_t index, rg_str attr)
{
	const rg_msg *msg = &ref->msg;

	if (!ref->variable || !msg->ops->set_var)
		return RG_OK;
	const rg_str name = rg_str_from(ref->variable);
	rg_status st = msg->ops->set_var(msg->self, msg->msg, &name, index, &attr);
	return st == RG_ENOTSUP ? RG_OK : st;
}

rg_status rg_add_socket_header(rg_registrar *reg, const rg_msg *msg, rg_str name, rg_error *why)
{
	char room[RG_SOCKET_ROOM];
	rg__msg_in in;
	rg_str value;

	if (!reg)
		return rg__fail(why, RG_EINVAL, "registrar is NULL");
	rg_status st = rg__msg_check(msg, "msg is NULL", why);
	if (st != RG_OK)
		return st;
	if (!msg->ops->add_header)
		return rg__fail(why, RG_ENOTSUP, "the adaptor has no member add_header");
	if (!rg__is_token(name))
		return rg__fail(why, RG_EINVAL, "name is no token: '%.*s'", RG__SHOWN(name));
	st = rg__msg_open(reg, msg, "msg is NULL", NULL, -1, &in, why);
	if (st == RG_OK && rg_socket_header(in.request.socket, room, sizeof room, &value) != RG_OK)
		st = rg__fail(why, RG_EINVAL, "rg_request.socket is no socket: '%.*s'", RG__SHOWN(in.request.socket));
	else if (st == RG_OK && (st = msg->ops->add_header(msg->self, msg->msg, &name, &value)) != RG_OK)
		rg__fail(why, st, "the adaptor's member add_header: %s", rg_strerror(st));
	return rg__msg_close(&in, st);
}
