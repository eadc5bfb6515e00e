/* SPDX-License-Identifier: MIT */
/* What the registrar does not check, because only replies and other methods than REGISTER need it. */
#include "wire/wire.h"

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static const char *skip_lws(const char *p, const char *end)
{
	while (p < end && rg__wire_is_lws(*p))
		p++;
	return p;
}

static const char *skip_class(const char *p, const char *end, int class)
{
	while (p < end && rg__wire_is(*p, class))
		p++;
	return p;
}

/* The same for a long token or value of a parameter: sixteen octets at once as long as they are plain. */
static const char *skip_long(const char *p, const char *end, int class)
{
	while ((size_t)(end - p) >= sizeof(rg__sixteen)) {
		const unsigned n = rg__wire_first_mark(~rg__wire_mark_plain(rg__wire_sixteen(p)));
		p += n;
		if (n < sizeof(rg__sixteen))
			break;
	}
	return skip_class(p, end, class);
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
static const char *take_wire_param(const char *p, const char *end, rg_str *name)
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
		p = skip_long(p, end, RG__WIRE_VALUE);
	return p && p > from ? skip_lws(p, end) : NULL;
}

static const char *take_token_before(const char *p, const char *end, char stop)
{
	const char *from = p;

	p = skip_class(p, end, RG__WIRE_TOKEN);
	if (p == from)
		return NULL;
	p = skip_lws(p, end);
	return p < end && *p == stop ? skip_lws(p + 1, end) : NULL;
}

/* RFC 3261 §25.1; @p p is at the '('. NULL: it is not closed. */
static const char *skip_comment(const char *p, const char *end)
{
	uint32_t depth = 0;

	for (; p < end; p++) {
		depth += *p == '(';
		depth -= *p == ')';
		if (depth == 0)
			return skip_lws(p + 1, end);
		p += *p == '\\' && end - p > 1;
	}
	return NULL;
}

/* sent-protocol LWS, RFC 3261 §25.1 */
static const char *take_protocol(const char *p, const char *end)
{
	if (end - p > 12 && (memcmp(p, "SIP/2.0/UDP ", 12) == 0 || memcmp(p, "SIP/2.0/TCP ", 12) == 0 ||
		memcmp(p, "SIP/2.0/TLS ", 12) == 0))
		return skip_lws(p + 12, end);
	if (end - p > 8 && memcmp(p, "SIP/2.0/", 8) == 0)
		p = skip_lws(p + 8, end);
	else if (!(p = take_token_before(p, end, '/')) || !(p = take_token_before(p, end, '/')))
		return NULL;
	const char *from = p;
	p = skip_class(p, end, RG__WIRE_TOKEN);
	return p > from ? skip_lws(p, end) : NULL;
}

/* In brackets any octets of an IPv6 address are taken: only a comparison with the source address needs its value. */
static const char *take_via_host(const char *p, const char *end, rg_str *host)
{
	const char *from = p;

	if (p == end || *p != '[') {
		p = skip_long(p, end, RG__WIRE_TOKEN);
	} else {
		do
			p++;
		while (p < end && rg__wire_is(*p, RG__WIRE_IPV6));
		p = p < end && *p == ']' ? p + 1 : from;
	}
	*host = (rg_str){ from, (size_t)(p - from) };
	return p > from ? skip_lws(p, end) : NULL;
}

static const char *take_sent_by(const char *p, const char *end, rg__wire_via *via)
{
	uint32_t port = 0;

	p = take_via_host(p, end, &via->host);
	if (!p || p == end || *p != ':')
		return p;
	const char *from = p = skip_lws(p + 1, end);
	while (p < end && is_digit(*p) && port <= UINT16_MAX)
		port = port * 10 + (uint32_t)(*p++ - '0');
	via->port = (uint16_t)port;
	return p > from && port <= UINT16_MAX ? skip_lws(p, end) : NULL;
}

static bool is_rport(rg_str name)
{
	return name.n == 5 && (memcmp(name.p, "rport", 5) == 0 || rg__wire_same_name(name, RG_STR("rport")));
}

static bool is_received(rg_str name)
{
	return name.n == 8 && rg__wire_same_name(name, RG_STR("received"));
}

/* Takes the ordinary parameters of a request, as far as they stand first and as clients write them. */
static const char *take_usual_params(const char *p, const char *end, rg__wire_via *via)
{
	static const char branch[] = ";branch=", rport[] = ";rport";
	const size_t n = sizeof branch - 1, m = sizeof rport - 1;

	if ((size_t)(end - p) > n && memcmp(p, branch, n) == 0) {
		const char *to = skip_long(p + n, end, RG__WIRE_VALUE);
		if (to == p + n || (to < end && *to != ';'))
			return p;
		p = to;
	}
	if ((size_t)(end - p) >= m && memcmp(p, rport, m) == 0 && ((size_t)(end - p) == m || p[m] == ';')) {
		via->rport = true;
		via->known = (rg_str){ p, m };
		p += m;
	}
	return p;
}

/* Takes the value at @p p. NULL: it is malformed. */
static const char *take_via(const char *p, const char *end, rg__wire_via *via)
{
	const char *to;
	rg_str name;

	*via = (rg__wire_via){ .value = { p, 0 } };
	if (!(p = take_protocol(p, end)) || !(p = take_sent_by(p, end, via)))
		return NULL;
	p = take_usual_params(p, end, via);
	while (p < end && *p == ';') {
		const char *from = p;
		p = take_wire_param(p, end, &name);
		if (!p)
			return NULL;
		const bool rport = is_rport(name);
		via->rport |= rport;
		if (!via->known.p && (rport || is_received(name)))
			via->known = (rg_str){ from, (size_t)(p - from) };
	}
	for (to = p; rg__wire_is_lws(to[-1]);)
		to--;
	via->value.n = (size_t)(to - via->value.p);
	if (p < end && *p == '(')
		p = skip_comment(p, end);
	return p && (p == end || *p == ',') ? p : NULL;
}

static const char *skip_commas(const char *p, const char *end)
{
	while (p < end && (*p == ',' || rg__wire_is_lws(*p)))
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

rg_str rg__wire_via_param(const char **at, const char *end)
{
	const char *from = *at;
	rg_str name, param = RG__WIRE_NONE;

	while (!param.p && from < end) {
		const char *next = take_wire_param(from, end, &name);
		if (!is_rport(name) && !is_received(name))
			param = (rg_str){ from, (size_t)(next - from) };
		from = next;
	}
	*at = from;
	return param;
}

int32_t rg__wire_cseq_fault(rg_str cseq, rg_str method, uint64_t *out)
{
	const char *end = cseq.p + cseq.n, *p = cseq.p;
	uint64_t number = 0;

	for (unsigned digit; p < end && (digit = (unsigned)(unsigned char)*p - '0') < 10 && number <= UINT32_MAX; p++)
		number = number * 10 + digit;
	*out = number;
	const char *name = skip_lws(p, end);
	const size_t n = (size_t)(end - name);
	if (p == cseq.p || number > UINT32_MAX || name == p || n == 0)
		return RG_R_INV_CSEQ;
	if (n == method.n && (n == 8 ? memcmp(name, method.p, 8) : memcmp(name, method.p, n)) == 0) /* REGISTER: without a call */
		return RG_R_FINE;
	return skip_class(name, end, RG__WIRE_TOKEN) != end ? RG_R_INV_CSEQ : RG_R_PARSE; /* RFC 3261 §8.1.1.5 */
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
	const char *end = id.p + id.n, *p = skip_long(id.p, end, RG__WIRE_WORD);

	if (p == id.p || p == end)
		return p > id.p;
	return *p == '@' && p + 1 < end && skip_long(p + 1, end, RG__WIRE_WORD) == end;
}

/* Takes name-addr or addr-spec with its parameters, RFC 3261 §20.10: without <> they are those of the header. Before a '<' any text may
 * stand but @p stop, which ends the value. Where the URI decides anything, the registrar reads it; without <>, any text that does not begin
 * as a quoted display name is taken for one. NULL: it is malformed. */
static const char *take_address(const char *p, const char *end, char stop, rg_str *uri, bool *tagged)
{
	const char *from = p, *open = p;
	rg_str name;

	*uri = RG__WIRE_NONE;
	*tagged = false;
	while (open && open < end && *open != '<' && *open != stop)
		open = *open == '"' ? skip_string(open, end) : open + 1;
	if (open && open < end && *open == '<') {
		from = open + 1;
		p = memchr(open, '>', (size_t)(end - open));
	} else if (p < end && *p != '"') {
		while (p < end && *p != ';' && *p != stop && !rg__wire_is_lws(*p))
			p++;
	}
	if (!open || !p || p == from)
		return NULL;
	*uri = (rg_str){ from, (size_t)(p - from) };
	p = skip_lws(p + (p < end && *p == '>'), end);
	while (p && p < end && *p == ';') {
		p = take_wire_param(p, end, &name);
		*tagged |= p && name.n == 3 && rg__wire_same_name(name, RG_STR("tag"));
	}
	return p;
}

bool rg__wire_address_read(rg_str value, bool *tagged)
{
	const char *end = value.p + value.n;
	rg_str uri;

	return value.n > 0 && take_address(value.p, end, '\0', &uri, tagged) == end;
}

bool rg__wire_address_is_sound(rg_str value)
{
	static const uint8_t key[RG_TO_KEY_BYTES];
	const char *end = value.p + value.n;
	rg_request request;
	rg_target target;
	bool tagged;
	size_t n;

	rg_request_init(&request, sizeof request);
	rg_target_init(&target, sizeof target);
	request.to_header = value;
	return value.n > 0 && take_address(value.p, end, '\0', &target.uri, &tagged) == end &&
		rg_to_header(&request, RG__WIRE_NONE, key, NULL, 0, &n) == RG_OK && rg_contact_header(&target, NULL, 0, &n) == RG_OK;
}

bool rg__wire_path_is_sound(rg_str list)
{
	const char *end = list.p + list.n, *p = skip_commas(list.p, end);
	bool tagged, sound = p < end;
	rg_str uri;

	while (sound && p < end) {
		p = take_address(p, end, ',', &uri, &tagged);
		sound = p && (p == end || *p == ',');
		if (sound)
			p = skip_commas(p, end);
	}
	return sound;
}
