/* SPDX-License-Identifier: MIT */
/* Reads the Path of a REGISTER: RFC 3327. */
#include "register/read.h"

/* Reads a Path value, a name-addr. Its URI must be a SIP URI, because it becomes a Route. */
static bool read_hop(rg_str value, rg__uri *uri)
{
	rg__name_addr na;

	return rg__name_addr_parse(value, &na) == RG_OK && na.bracketed && rg__uri_parse(na.uri, uri) == RG_OK &&
		uri->scheme != RG__SCHEME_OTHER;
}

static bool has_param(const rg__uri *uri, rg_str name)
{
	rg_str value;

	return rg__uri_param(uri, name, &value);
}

/* Base specification, path-received: the first proxy states the client's address as it saw it, in a URI with escaped reserved
 * characters. It is unescaped in place, at the end of the text. */
static int32_t read_path_received(rg__register *reg, const rg__uri *hop)
{
	rg_str value;
	rg__uri uri;
	char *text;
	size_t n;

	if (!rg__uri_param(hop, RG_STR("received"), &value))
		return RG_R_FINE;
	reg->path_received_at = (uint32_t)reg->text.n;
	rg__buf_add(&reg->text, value);
	if (reg->text.failed)
		return RG_R_FINE;
	text = reg->text.p + reg->path_received_at;
	if (value.n == 0 || rg__unescape((rg_str){ text, value.n }, text, &n) != RG_OK || !rg__received_read((rg_str){ text, n }, &uri))
		return RG_R_PARSE_PATH;
	if (n > (size_t)reg->set->max_received_len)
		return RG_R_CONTACT_LEN;
	reg->text.n = reg->path_received_at + n;
	reg->path_received_n = (uint32_t)n;
	return RG_R_FINE;
}

/* Reads one Path value. @p index counts from the topmost. */
static bool take_path_value(rg__register *reg, rg_str value, uint32_t index, rg__uri hops[2])
{
	rg__uri uri;

	if (!read_hop(value, &uri))
		return false;
	/* RFC 3327 §5.3: the Path becomes a Route, whose first hop must be a loose router. */
	if (index == 0 && !has_param(&uri, RG_STR("lr")))
		return false;
	if (index < 2)
		hops[index] = uri;
	/* RFC 5626 §5.1: the client's first proxy wrote the last value, so the last one decides. */
	reg->path_ob = has_param(&uri, RG_STR("ob"));
	reg->path_sips = (index == 0 || reg->path_sips) && uri.scheme == RG__SCHEME_SIPS;
	if (index > 0)
		rg__buf_add(&reg->text, RG_STR("\n"));
	rg__buf_add(&reg->text, value);
	return true;
}

int32_t rg__register_path(rg__register *reg)
{
	rg__uri hops[2];
	uint32_t n = 0;

	if (reg->set->path == RG__PATH_IGNORED || reg->request->n_paths == 0)
		return RG_R_FINE;
	reg->path_at = (uint32_t)reg->text.n;
	for (uint32_t i = 0; i < reg->request->n_paths; i++) {
		rg_str rest = reg->request->paths[i], value;
		int more = 0;

		do {
			more = rg__list_next(&rest, &value);
			if (more < 0 || (more == 0 && n == 0) || (more > 0 && !take_path_value(reg, value, n++, hops)))
				return RG_R_PARSE_PATH;
		} while (rest.p);
	}
	reg->path_n = (uint32_t)reg->text.n - reg->path_at;
	reg->path_hop = hops[0];
	if (!reg->set->path_received)
		return RG_R_FINE;
	/* A proxy with two interfaces writes both of its addresses (;r2); the second one faces the client. */
	if (!has_param(&hops[0], RG_STR("r2")))
		return read_path_received(reg, &hops[0]);
	return n > 1 ? read_path_received(reg, &hops[1]) : RG_R_FINE;
}
