/* SPDX-License-Identifier: MIT */
/* What the registrar does not check, because only replies and other methods than REGISTER need it. */
#include "wire/wire.h"

static const char *skip_lws(const char *p, const char *end)
{
	while (p < end && rg__wire_is(*p, RG__WIRE_LWS))
		p++;
	return p;
}

static const char *skip_class(const char *p, const char *end, int class)
{
	while (p < end && rg__wire_is(*p, class))
		p++;
	return p;
}

/* What follows the quoted string at @p p. NULL: it is not closed. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\' && end - p > 1;
	return p < end ? p + 1 : NULL;
}

/* Takes one parameter, with its ';' at @p p. NULL: it is malformed. A value may also be an address with brackets, or one without as in
 * `received`. */
static const char *take_param(const char *p, const char *end, rg_str *name)
{
	const char *from = skip_lws(p + 1, end);

	p = skip_class(from, end, RG__WIRE_TOKEN);
	*name = (rg_str){ from, (size_t)(p - from) };
	if (p == from)
		return NULL;
	p = skip_lws(p, end);
	if (p == end || *p != '=')
		return p;
	p = skip_lws(p + 1, end);
	from = p;
	if (p < end && *p == '"')
		p = skip_string(p, end);
	else
		p = skip_class(p, end, RG__WIRE_VALUE);
	return p && p > from ? skip_lws(p, end) : NULL;
}

static const char *take_word(const char *p, const char *end, char stop)
{
	const char *from = p;

	p = skip_class(p, end, RG__WIRE_TOKEN);
	if (p == from)
		return NULL;
	p = skip_lws(p, end);
	return p < end && *p == stop ? skip_lws(p + 1, end) : NULL;
}

/* sent-protocol LWS, RFC 3261 §25.1 */
static const char *take_protocol(const char *p, const char *end)
{
	if (!(p = take_word(p, end, '/')) || !(p = take_word(p, end, '/')))
		return NULL;
	const char *from = p;
	p = skip_class(p, end, RG__WIRE_TOKEN);
	return p > from && p < end && rg__wire_is(*p, RG__WIRE_LWS) ? skip_lws(p, end) : NULL;
}

static const char *take_sent_by(const char *p, const char *end, rg_str *host)
{
	const char *from = p;
	uint32_t port = 0;

	if (p < end && *p == '[') {
		p = memchr(p, ']', (size_t)(end - p));
		rg_addr addr;
		*host = (rg_str){ from, p ? (size_t)(++p - from) : 0 };
		if (!p || rg_addr_parse(*host, &addr) != RG_OK)
			return NULL;
	} else {
		p = skip_class(p, end, RG__WIRE_TOKEN);
		*host = (rg_str){ from, (size_t)(p - from) };
	}
	if (host->n == 0)
		return NULL;
	p = skip_lws(p, end);
	if (p == end || *p != ':')
		return p;
	from = p = skip_lws(p + 1, end);
	for (; p < end && rg__wire_is(*p, RG__WIRE_DIGIT); p++)
		port = port > 65535 ? port : port * 10 + (uint32_t)(*p - '0');
	return p > from && port <= 65535 ? skip_lws(p, end) : NULL;
}

/* Takes the value at @p p. NULL: it is malformed. */
static const char *take_via(const char *p, const char *end, rg__wire_via *via)
{
	rg_str name;

	*via = (rg__wire_via){ .value = { p, 0 } };
	if (!(p = take_protocol(p, end)) || !(p = take_sent_by(p, end, &via->host)))
		return NULL;
	via->params = p;
	while (p < end && *p == ';') {
		p = take_param(p, end, &name);
		if (!p)
			return NULL;
		via->rport |= name.n == 5 && rg__wire_same_name(name, RG_STR("rport"));
		via->received |= name.n == 8 && rg__wire_same_name(name, RG_STR("received"));
	}
	if (p < end && *p != ',')
		return NULL;
	via->value.n = (size_t)(p - via->value.p);
	return p;
}

static const char *skip_commas(const char *p, const char *end)
{
	while (p < end && (*p == ',' || rg__wire_is(*p, RG__WIRE_LWS)))
		p++;
	return p;
}

uint32_t rg__wire_via_read(rg_str line, rg__wire_via *first)
{
	const char *end = line.p + line.n, *p = skip_commas(line.p, end);
	rg__wire_via further;
	uint32_t n = 0;

	first->host.p = NULL;
	for (; p < end; p = skip_commas(p, end), n++) {
		p = take_via(p, end, n ? &further : first);
		if (!p)
			return 0;
	}
	return n;
}

rg_str rg__wire_via_param(const char **at, const rg__wire_via *via)
{
	const char *end = via->value.p + via->value.n, *from = *at;
	rg_str name, param = RG__WIRE_NONE;

	while (!param.p && from < end) {
		const char *next = take_param(from, end, &name);
		if (!rg__wire_same_name(name, RG_STR("rport")) && !rg__wire_same_name(name, RG_STR("received")))
			param = (rg_str){ from, (size_t)(next - from) };
		from = next;
	}
	*at = from;
	return param;
}

int32_t rg__wire_cseq_fault(rg_str cseq, rg_str method)
{
	const char *end = cseq.p + cseq.n, *p = cseq.p;
	uint64_t number = 0;

	for (; p < end && rg__wire_is(*p, RG__WIRE_DIGIT); p++)
		number = number > UINT32_MAX ? number : number * 10 + (uint64_t)(*p - '0');
	const char *name = skip_lws(p, end);
	if (p == cseq.p || number > UINT32_MAX || name == p || skip_class(name, end, RG__WIRE_TOKEN) != end || name == end)
		return RG_R_INV_CSEQ;
	return rg_str_equal((rg_str){ name, (size_t)(end - name) }, method) ? RG_R_FINE : RG_R_PARSE; /* RFC 3261 §8.1.1.5 */
}

bool rg__wire_length_read(rg_str length, size_t *stated)
{
	const size_t most = SIZE_MAX / 16;

	*stated = 0;
	for (size_t i = 0; i < length.n; i++) {
		if (!rg__wire_is(length.p[i], RG__WIRE_DIGIT))
			return false;
		if (*stated < most)
			*stated = *stated * 10 + (size_t)(length.p[i] - '0');
	}
	return length.n > 0;
}

bool rg__wire_call_id_is_sound(rg_str id)
{
	const char *end = id.p + id.n, *p = skip_class(id.p, end, RG__WIRE_WORD);

	if (p == id.p || p == end)
		return p > id.p;
	return *p == '@' && p + 1 < end && skip_class(p + 1, end, RG__WIRE_WORD) == end;
}

/* A scheme, a colon, and something behind it without white space. */
static bool looks_like_uri(const char *p, const char *end)
{
	const char *colon = skip_class(p, end, RG__WIRE_TOKEN);

	if (colon == p || end - colon < 2 || *colon != ':')
		return false;
	while (colon < end && !rg__wire_is(*colon, RG__WIRE_LWS))
		colon++;
	return colon == end;
}

/* name-addr or addr-spec, RFC 3261 §20.10: without <> the parameters are those of the header. */
bool rg__wire_address_read(rg_str value, bool *tagged)
{
	const char *end = value.p + value.n, *p = value.p, *from, *open;
	rg_str name;

	*tagged = false;
	for (open = p; open && open < end && *open != '<';)
		open = *open == '"' ? skip_string(open, end) : open + 1;
	if (!open)
		return false;
	if (open < end) {
		from = open + 1;
		p = memchr(open, '>', (size_t)(end - open));
		if (!p || !looks_like_uri(from, p))
			return false;
		p = skip_lws(p + 1, end);
	} else {
		for (from = p; p < end && *p != ';' && !rg__wire_is(*p, RG__WIRE_LWS); p++)
			;
		if (!looks_like_uri(from, p))
			return false;
		p = skip_lws(p, end);
	}
	while (p && p < end && *p == ';') {
		p = take_param(p, end, &name);
		*tagged |= p && name.n == 3 && rg__wire_same_name(name, RG_STR("tag"));
	}
	return p == end;
}
