/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include "grammar/chars.h"
#include "text/text.h"

/* Skips octets of the set and well-formed escapes. Stops at a malformed escape as well; the caller then misses the delimiter it expects
 * and refuses the URI. */
static size_t skip_set(rg_str s, size_t at, unsigned set)
{
	for (at = rg__span(s, at, set); at < s.n && s.p[at] == '%'; at = rg__span(s, at + 3, set)) {
		if (s.n - at < 3 || !rg__is(s.p[at + 1], RG__C_HEX) || !rg__is(s.p[at + 2], RG__C_HEX))
			break;
	}
	return at;
}

static inline bool at_char(rg_str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

/* All octets of @p s are in RG__C_HOST. Devices call themselves by a number (GB/T 28181) or with a `_`, so both are names. A dotted name that
 * ends in a number is refused: it looks like an IPv4 address, and readers would disagree on which one. */
static bool labels_good(rg_str s)
{
	size_t label = 0, end;

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	for (;; label = end + 1) {
		const char *dot = label < s.n ? memchr(s.p + label, '.', s.n - label) : NULL;
		end = dot ? (size_t)(dot - s.p) : s.n;
		if (end == label || s.p[label] == '-' || s.p[end - 1] == '-')
			return false;
		if (end == s.n)
			return label == 0 || rg__span(s, label, RG__C_DIGIT) < s.n;
	}
}

bool rg__is_hostname(rg_str s)
{
	return rg__all(s, RG__C_HOST) && labels_good(s);
}

bool rg__is_dns_name(rg_str s)
{
	return s.n > 0 && !memchr(s.p, '_', s.n) && rg__span(s, 0, RG__C_DIGIT) < s.n - (s.p[s.n - 1] == '.');
}

/* userinfo = user [ ":" password ] "@". No later part may contain an unescaped "@", so the first one ends the userinfo. */
static bool read_userinfo(rg_str s, size_t *at, rg__uri *out)
{
	if (*at >= s.n || !memchr(s.p + *at, '@', s.n - *at))
		return true;
	size_t end = skip_set(s, *at, RG__C_USER);
	if (end == *at)
		return false;
	out->user = rg__sub(s, *at, end);
	if (at_char(s, end, ':')) {
		size_t from = end + 1;
		end = skip_set(s, from, RG__C_PASSWORD);
		out->password = rg__sub(s, from, end);
	}
	*at = end + 1;
	return at_char(s, end, '@');
}

static bool read_host(rg_str s, size_t *at, rg__uri *out)
{
	size_t from = *at, end = from;

	if (at_char(s, from, '[')) {
		const char *close = memchr(s.p + from, ']', s.n - from);
		if (!close)
			return false;
		end = (size_t)(close - s.p) + 1;
		out->host = rg__sub(s, from, end);
		out->host_kind = RG__HOST_IP6;
		*at = end;
		return rg__ip6_parse(rg__sub(s, from + 1, end - 1), &out->addr);
	}
	end = rg__span(s, from, RG__C_HOST);
	if (end == from)
		return false;
	out->host = rg__sub(s, from, end);
	*at = end;
	if (rg__is(s.p[from], RG__C_DIGIT) && rg__ip4_parse(out->host, &out->addr)) {
		out->host_kind = RG__HOST_IP4;
		return true;
	}
	out->host_kind = RG__HOST_NAME;
	return labels_good(out->host);
}

static bool read_port(rg_str s, size_t *at, rg__uri *out)
{
	size_t end = *at + 1;
	uint64_t port;

	if (!at_char(s, *at, ':'))
		return true;
	while (end < s.n && rg__is(s.p[end], RG__C_DIGIT))
		end++;
	if (rg__parse_uint(rg__sub(s, *at + 1, end), 65536, &port) != RG_OK || port == 0 || port > 65535)
		return false;
	out->port = (uint16_t)port;
	if (out->addr.family != 0)
		out->addr.port = out->port;
	*at = end;
	return true;
}

/* uri-parameters = *( ";" pname [ "=" pvalue ] ). Like other-param, every parameter may have any legal value. RFC 3261 §19.1.1 forbids a
 * name that occurs twice. */
static bool read_uri_params(rg_str s, size_t *at, rg__uri *out)
{
	size_t from = *at;
	rg__names names;

	if (!at_char(s, from, ';'))
		return true;
	rg__names_init(&names, memchr(s.p + from, '%', s.n - from) != NULL);
	while (at_char(s, *at, ';')) {
		size_t name = *at + 1, end = skip_set(s, name, RG__C_PARAM);
		if (end == name || !rg__names_add(&names, rg__sub(s, name, end)))
			return false;
		if (at_char(s, end, '=')) {
			size_t value = end + 1;
			end = skip_set(s, value, RG__C_PARAM);
			if (end == value)
				return false;
		}
		*at = end;
	}
	out->params = rg__sub(s, from, *at);
	out->n_params = (uint8_t)names.n;
	return true;
}

/* headers = "?" header *( "&" header ), header = hname "=" hvalue. Only the value may be empty. */
static bool read_headers(rg_str s, size_t *at, rg__uri *out)
{
	size_t end = *at;
	uint32_t n = 0;

	if (!at_char(s, *at, '?'))
		return true;
	do {
		size_t name = end + 1;
		end = skip_set(s, name, RG__C_HEADER);
		if (end == name || !at_char(s, end, '=') || ++n > RG__PARAMS_MAX)
			return false;
		end = skip_set(s, end + 1, RG__C_HEADER);
	} while (at_char(s, end, '&'));
	out->headers = rg__sub(s, *at + 1, end);
	*at = end;
	return true;
}

static bool read_sip(rg_str s, size_t at, rg__uri *out)
{
	return read_userinfo(s, &at, out) && read_host(s, &at, out) && read_port(s, &at, out) && read_uri_params(s, &at, out) &&
		read_headers(s, &at, out) && at == s.n;
}

/* Returns the index after the colon; 0 if there is no scheme. */
static size_t read_scheme(rg_str s, rg__uri *out)
{
	size_t end = 0;

	if (s.n >= 4 && memcmp(s.p, "sip:", 4) == 0) { /* the common case */
		out->scheme = RG__SCHEME_SIP;
		return 4;
	}
	if (s.n == 0 || !rg__is(s.p[0], RG__C_ALPHA))
		return 0;
	while (end < s.n && (rg__is(s.p[end], RG__C_ALPHA | RG__C_DIGIT) || memchr("+-.", s.p[end], 3)))
		end++;
	if (!at_char(s, end, ':'))
		return 0;
	rg_str name = rg__sub(s, 0, end);
	out->scheme = RG__SCHEME_OTHER;
	if (rg__eq_nocase(name, RG_STR("sip")))
		out->scheme = RG__SCHEME_SIP;
	else if (rg__eq_nocase(name, RG_STR("sips")))
		out->scheme = RG__SCHEME_SIPS;
	return end + 1;
}

rg_status rg__uri_parse(rg_str text, rg__uri *out)
{
	*out = (rg__uri){ .text = text };
	size_t at = read_scheme(text, out);
	bool good = at > 0;
	if (good && out->scheme == RG__SCHEME_OTHER)
		good = at < text.n && skip_set(text, at, RG__C_URIC) == text.n;
	else if (good)
		good = read_sip(text, at, out);
	if (good)
		return RG_OK;
	*out = (rg__uri){ 0 };
	return RG_EINVAL;
}

/* No URI has such an octet, and a URI that is printed could end at one. */
static bool ends_uri(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || c == '<' || c == '>';
}

/* What follows the host: a port, parameters and headers in any form. A second `@` or an IPv6 address without brackets leaves open which
 * host is meant. */
static bool loose_rest(rg_str rest, rg_str host)
{
	if (rest.n > 0 && !memchr(":;?", rest.p[0], 3))
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if (ends_uri(rest.p[i]) || rest.p[i] == '@')
			return false;
	}
	const char *colon = rest.n > 1 && rest.p[0] == ':' ? memchr(rest.p + 1, ':', rest.n - 1) : NULL;
	const char *semicolon = colon ? memchr(rest.p, ';', rest.n) : NULL;
	return !colon || (semicolon && semicolon < colon) || !rg__all(host, RG__C_HEX);
}

/* userinfo whose password has any form. A `:`, `;`, `?` or `/` in it leaves open what is the password. */
static bool loose_userinfo(rg_str s, size_t *at, rg__uri *out)
{
	size_t from = *at;

	if (read_userinfo(s, at, out))
		return true;
	size_t colon = skip_set(s, from, RG__C_USER), end = colon + 1;
	if (colon == from || !at_char(s, colon, ':'))
		return false;
	while (end < s.n && s.p[end] != '@' && !ends_uri(s.p[end]) && !memchr(":;?/", s.p[end], 4))
		end++;
	out->password = RG__ABSENT;
	*at = end + 1;
	return at_char(s, end, '@');
}

rg_status rg__uri_read_address(rg_str text, rg__uri *out)
{
	if (rg__uri_parse(text, out) == RG_OK)
		return RG_OK;
	*out = (rg__uri){ .text = text };
	size_t at = read_scheme(text, out);

	if (at > 0 && out->scheme != RG__SCHEME_OTHER && loose_userinfo(text, &at, out) && read_host(text, &at, out) &&
		loose_rest(rg__sub(text, at, text.n), out->host))
		return RG_OK;
	*out = (rg__uri){ 0 };
	return RG_EINVAL;
}

bool rg__has_stray_octet(rg_str uri)
{
	for (size_t i = 0; i < uri.n; i++) {
		if (ends_uri(uri.p[i]) || uri.p[i] == '"')
			return true;
	}
	return false;
}

rg_status rg__uri_parse_bare(rg_str text, rg__uri *out)
{
	*out = (rg__uri){ .text = text, .scheme = RG__SCHEME_SIP };
	if (read_sip(text, 0, out))
		return RG_OK;
	*out = (rg__uri){ 0 };
	return RG_EINVAL;
}

bool rg__uri_param_next(rg_str *rest, rg__param *out)
{
	*out = (rg__param){ 0 };
	if (rest->n == 0)
		return false;
	size_t from = rest->p[0] == ';' ? 1 : 0;
	const char *semicolon = memchr(rest->p + from, ';', rest->n - from);
	size_t end = semicolon ? (size_t)(semicolon - rest->p) : rest->n;
	const char *equals = memchr(rest->p + from, '=', end - from);
	size_t name_end = equals ? (size_t)(equals - rest->p) : end;
	out->name = rg__sub(*rest, from, name_end);
	if (equals)
		out->value = rg__sub(*rest, name_end + 1, end);
	*rest = end < rest->n ? rg__sub(*rest, end, rest->n) : RG__ABSENT;
	return true;
}

bool rg__uri_param(const rg__uri *uri, rg_str name, rg_str *value)
{
	rg_str rest = uri->params;
	rg__param param;

	while (rg__uri_param_next(&rest, &param)) {
		if (rg__same_nocase(param.name, name)) {
			*value = param.value;
			return true;
		}
	}
	*value = RG__ABSENT;
	return false;
}

uint16_t rg__uri_port(const rg__uri *uri)
{
	rg_str transport;

	if (uri->port != 0)
		return uri->port;
	if (uri->scheme == RG__SCHEME_SIPS)
		return 5061;
	if (!rg__uri_param(uri, RG_STR("transport"), &transport))
		return 5060;
	return rg__same_nocase(transport, RG_STR("tls")) || rg__same_nocase(transport, RG_STR("wss")) ? 5061 : 5060;
}

void rg__uri_hop(const rg__uri *uri, rg__buf *b)
{
	uint16_t port = rg__uri_port(uri);

	/* IPv4 is only read in its canonical form, so its text needs no printing. */
	if (uri->addr.family != 0 && uri->host_kind != RG__HOST_IP4) {
		char room[64];
		rg_addr addr = uri->addr;
		addr.port = port;
		rg__buf_add(b, rg_addr_print(&addr, room, sizeof room));
		return;
	}
	size_t from = b->n;
	rg_str host = uri->host;
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	rg__buf_add(b, host);
	for (size_t i = from; i < b->n && uri->host_kind == RG__HOST_NAME; i++)
		b->p[i] = rg__lower(b->p[i]);
	rg__buf_add(b, RG_STR(":"));
	rg__buf_add_int(b, port);
}
