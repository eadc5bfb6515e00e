/* SPDX-License-Identifier: MIT */
#include <rgstr/reply.h>
#include <sodium/crypto_generichash.h>
#include "grammar/grammar.h"
#include "message/request.h"
#include "message/targets.h"

_Static_assert(RG_TO_KEY_BYTES >= crypto_generichash_KEYBYTES_MIN && RG_TO_KEY_BYTES <= crypto_generichash_KEYBYTES_MAX,
	"a key of this length suits the hash");

enum { TAG_BYTES = 8, SIP_PORT = 5060, ADDR_ROOM = 64 };

static bool begin_text(rg__out *out, char *room, size_t size, size_t *n)
{
	if (!n)
		return false;
	*n = 0;
	*out = (rg__out){ room, size, 0 };
	return room || size == 0;
}

/* The first value of a line, trimmed. False: the line is malformed. */
static bool topmost(rg_str line, rg_str *value, rg_str *rest)
{
	*rest = line;
	return !rg__has_control(line) && rg__list_next(rest, value) > 0;
}

static bool is_param(const rg__param *param, const char *name)
{
	return rg__eq_nocase(param->name, rg_str_from(name));
}

/* The host of the source as text, in @p room. An IPv4-mapped address is read back as IPv4. */
static rg_str source_host(const rg_addr *source, char room[ADDR_ROOM])
{
	rg_addr host = *source;

	host.port = 0;
	if (rg_addr_parse(rg_addr_print(&host, room, ADDR_ROOM), &host) != RG_OK)
		return RG__ABSENT;
	return rg_addr_print(&host, room, ADDR_ROOM);
}

static bool same_host(rg_str sent_by, rg_str source)
{
	rg_addr a, b;

	return rg_addr_parse(sent_by, &a) == RG_OK && rg_addr_parse(source, &b) == RG_OK && rg__same_ip(&a, &b);
}

/* Prints the parameters as written, except those that the host of the reply knows better. Returns whether `rport` is among them. */
static bool print_params(const rg__via *via, rg__out *out)
{
	rg_str rest = via->params, at = rest;
	rg__param param;
	bool asked = false;

	for (; rg__via_param_next(&rest, &param) > 0; at = rest) {
		bool rport = is_param(&param, "rport");
		asked = asked || rport;
		if (!rport && !is_param(&param, "received"))
			rg__out_add(out, rg__sub(at, 0, at.n - rest.n));
	}
	return asked;
}

/* The value that received the request, as the sender is to see it. Returns where the reply goes. */
static rg_addr print_via(const rg__via *via, const rg_addr *source, rg_str host, rg__out *out)
{
	rg_str start = via->start;
	rg_addr to = *source;

	if (via->params.p)
		start.n = (size_t)(via->params.p - start.p);
	rg__out_add(out, start);
	bool asked = print_params(via, out);
	if (asked || !same_host(via->host, host)) {
		rg__out_text(out, ";received=");
		rg__out_add(out, host);
	}
	if (asked)
		rg__out_text(out, ";rport");
	if (asked && source->port != 0) {
		rg__out_char(out, '=');
		rg__out_uint(out, source->port);
		return to;
	}
	to.port = via->port ? via->port : SIP_PORT;
	return to;
}

rg_status rg_via_header(rg_str via, const rg_addr *source, char *room, size_t size, size_t *n, rg_addr *to)
{
	char host_room[ADDR_ROOM];
	rg_str value, rest, host = source ? source_host(source, host_room) : RG__ABSENT;
	rg_addr known = { 0 };
	rg__via read;
	rg__out out;

	if (to)
		*to = known;
	if (!begin_text(&out, room, size, n) || !topmost(via, &value, &rest) || rg__via_parse(value, &read) != RG_OK)
		return RG_EINVAL;
	if (host.p) {
		known = print_via(&read, source, host, &out);
		rg__out_text(&out, rest.p ? ", " : "");
		rg__out_add(&out, rg__trim(rest));
	} else {
		rg__out_add(&out, rg__trim(via));
	}
	if (to)
		*to = known;
	*n = out.n;
	return RG_OK;
}

/* The length precedes each value, so no two requests hash the same text. */
static void hash_text(crypto_generichash_state *state, rg_str s)
{
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)s.n >> 8 * i);
	crypto_generichash_update(state, length, sizeof length);
	crypto_generichash_update(state, (const uint8_t *)s.p, s.n);
}

/* Of CSeq the number alone, because CANCEL differs from its request in the method only. */
static void print_tag(const rg_request *request, rg_str via, const uint8_t *key, rg__out *out)
{
	crypto_generichash_state state;
	uint8_t tag[TAG_BYTES * 2]; /* the shortest hash is twice as long */
	rg_str cseq = rg__trim(request->cseq), value, rest;

	crypto_generichash_init(&state, key, RG_TO_KEY_BYTES, sizeof tag);
	hash_text(&state, topmost(via, &value, &rest) ? value : via);
	hash_text(&state, request->from_header);
	hash_text(&state, request->callid);
	hash_text(&state, (rg_str){ cseq.p, rg__span(cseq, 0, RG__C_DIGIT) });
	crypto_generichash_final(&state, tag, sizeof tag);
	rg__out_hex(out, tag, TAG_BYTES);
}

rg_status rg_to_header(const rg_request *request, rg_str via, const uint8_t *key, char *room, size_t size, size_t *n)
{
	rg_request read;
	rg__name_addr to;
	rg__params params;
	rg__out out;
	bool tagged = false;

	if (!begin_text(&out, room, size, n) || !request || !key || rg__request_view(request, &read, NULL) != RG_OK)
		return RG_EINVAL;
	if (rg__has_control(read.to_header) || rg__name_addr_read(read.to_header, &to, &params) != RG_OK)
		return RG_EINVAL;
	for (uint32_t i = 0; i < params.n; i++)
		tagged = tagged || is_param(&params.row[i], "tag");
	rg__out_add(&out, rg__trim(read.to_header));
	if (!tagged) {
		rg__out_text(&out, ";tag=");
		print_tag(&read, via, key, &out);
	}
	*n = out.n;
	return RG_OK;
}

rg_status rg_contact_header(const rg_target *target, char *room, size_t size, size_t *n)
{
	char q[RG__Q_ROOM];
	rg_target read;
	rg__uri uri;
	rg__out out;

	if (!begin_text(&out, room, size, n) || !rg__shape_take(&rg__target_shape, target, &read))
		return RG_EINVAL;
	/* A URI has none of the characters that end the <>. */
	if (read.q < -1 || read.q > 1000 || rg__uri_parse(read.uri, &uri) != RG_OK)
		return RG_EINVAL;
	rg__out_char(&out, '<');
	rg__out_add(&out, read.uri);
	rg__out_char(&out, '>');
	if (read.q >= 0) {
		rg__out_text(&out, ";q=");
		rg__out_add(&out, rg__q_print(read.q, q));
	}
	*n = out.n;
	return RG_OK;
}
