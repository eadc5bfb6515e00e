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

bool rg__msg_is_whole(const rg_msg *msg)
{
	return msg && rg__shape_fits(&msg_ops_shape, msg->ops) && msg->ops->read && msg->ops->reply;
}

static rg_status read_through(const rg_config *config, int param, rg__msg_in *in)
{
	const rg_msg *msg = &in->ref.msg;
	rg_status st = msg->ops->read(msg->self, msg->msg, config, &in->request);
	rg_str name = param >= 0 ? rg__config_text(config, param) : RG__ABSENT;

	if (st != RG_OK) {
		rg_request_init(&in->request, sizeof in->request);
		return st;
	}
	if (name.n > 0)
		in->ref.variable = strndup(name.p, name.n);
	return name.n > 0 && !in->ref.variable ? RG_ENOMEM : RG_OK;
}

rg_status rg__msg_open(rg_registrar *reg, const rg_msg *msg, int param, rg__msg_in *in)
{
	rg__ticket ticket;

	*in = (rg__msg_in){ .ref.variable = NULL };
	rg_request_init(&in->request, sizeof in->request);
	if (!reg || !rg__msg_is_whole(msg))
		return RG_EINVAL;
	in->ref.msg = *msg;
	rg_status st = rg__enter(reg, &ticket, NULL);
	if (st != RG_OK)
		return st;
	st = read_through(ticket.snapshot->config, param, in);
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

	if (!reg || !rg__msg_is_whole(msg))
		return RG_EINVAL;
	if (!msg->ops->add_header)
		return RG_ENOTSUP;
	if (!rg__is_token(name))
		return RG_EINVAL;
	rg_status st = rg__msg_open(reg, msg, -1, &in);
	if (st == RG_OK)
		st = rg_socket_header(in.request.socket, room, sizeof room, &value);
	if (st == RG_OK)
		st = msg->ops->add_header(msg->self, msg->msg, &name, &value);
	return rg__msg_close(&in, st);
}
