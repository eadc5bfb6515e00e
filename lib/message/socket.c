/* SPDX-License-Identifier: MIT */
#include "message/socket.h"
#include <rgstr/request.h>

static const rg_str protos[] = { { "udp", 3 }, { "tcp", 3 }, { "tls", 3 }, { "ws", 2 }, { "wss", 3 }, { "sctp", 4 } };

static bool proto_of(rg_str text, rg_str *proto)
{
	for (size_t i = 0; i < sizeof protos / sizeof *protos; i++) {
		if (!rg__eq_nocase(text, protos[i]))
			continue;
		*proto = protos[i];
		return true;
	}
	return false;
}

bool rg__socket_parse(rg_str text, rg__socket *out)
{
	const char *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;

	*out = (rg__socket){ 0 };
	if (!colon)
		return false;
	size_t at = (size_t)(colon - text.p);
	/* The port is mandatory, so IPv6 is only read in brackets. */
	return proto_of(rg__sub(text, 0, at), &out->proto) && rg_addr_parse(rg__sub(text, at + 1, text.n), &out->addr) == RG_OK &&
		out->addr.port != 0;
}

rg_status rg_socket_header(rg_str socket, char *room, size_t size, rg_str *value)
{
	rg__socket read;

	if (!value)
		return RG_EINVAL;
	*value = RG__ABSENT;
	if (!rg__socket_parse(socket, &read) || (!room && size > 0))
		return RG_EINVAL;
	size_t at = read.proto.n + 1;
	rg_str addr = size > at ? rg_addr_print(&read.addr, room + at, size - at) : RG__ABSENT;
	if (!addr.p)
		return RG_ELIMIT;
	memcpy(room, read.proto.p, read.proto.n);
	room[read.proto.n] = ':';
	*value = (rg_str){ room, at + addr.n };
	return RG_OK;
}
