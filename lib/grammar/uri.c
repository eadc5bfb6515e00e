/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include "grammar/chars.h"
#include "text/text.h"

/* Where a URI is being read. `next` is the octet at `at`, or -1 behind the last one. */
typedef struct uri_place {
	rg_str s;
	rg__stops stops;
	size_t at;
	int next;
} uri_place;

RG__INLINE void go_to(uri_place *r, size_t at)
{
	r->at = at;
	r->next = at < r->s.n ? (unsigned char)r->s.p[at] : -1;
}

RG__INLINE uri_place start_of(rg_str s, size_t at)
{
	uri_place r = { .s = s, .stops = rg__stops_of(s) };

	go_to(&r, at);
	return r;
}

/* Skips octets of a set that has all letters and digits. */
RG__INLINE void skip_run(uri_place *r, unsigned set)
{
	size_t at = r->at;

	for (; at < RG__STOPS; at++) {
		at = rg__next_stop(r->stops, at);
		r->at = at;
		if (at == r->s.n) {
			r->next = -1;
			return;
		}
		r->next = (unsigned char)r->s.p[at];
		if (!rg__is(r->s.p[at], set))
			return;
	}
	go_to(r, rg__span(r->s, at, set));
}

/* Goes on behind a `%`. Returns where it ends. */
static size_t skip_escaped(rg_str s, size_t at, unsigned set)
{
	for (; at < s.n && s.p[at] == '%'; at = rg__span(s, at + 3, set)) {
		if (s.n - at < 3 || !rg__is(s.p[at + 1], RG__C_HEX) || !rg__is(s.p[at + 2], RG__C_HEX))
			break;
	}
	return at;
}

/* Skips octets of the set and well-formed escapes. Stops at a malformed escape as well; the caller then misses the delimiter it expects
 * and refuses the URI. */
RG__INLINE void skip_set(uri_place *r, unsigned set)
{
	skip_run(r, set);
	if (r->next == '%')
		go_to(r, skip_escaped(r->s, r->at, set));
}

RG__INLINE rg_str since(const uri_place *r, size_t from)
{
	return rg__sub(r->s, from, r->at);
}

/* False: there is no host name. Devices call themselves by a number (GB/T 28181) or with a `_`, so both are names. A dotted name that ends in a
 * number is refused: it looks like an IPv4 address, and readers would disagree on which one. */
RG__INLINE bool skip_hostname(uri_place *r)
{
	const char *p = r->s.p;
	size_t from = r->at;

	for (size_t label = from;; label = r->at) {
		skip_run(r, RG__C_LABEL);
		size_t end = r->at;

		if (end == label || p[label] == '-' || p[end - 1] == '-')
			return false;
		if (r->next == '.') {
			go_to(r, end + 1);
			if (r->next >= 0 && rg__is((char)r->next, RG__C_HOST))
				continue;
		}
		/* The last label; the name may end in a dot. */
		return label == from || !rg__is(p[label], RG__C_DIGIT) || rg__span(r->s, label, RG__C_DIGIT) < end;
	}
}

bool rg__is_hostname(rg_str s)
{
	uri_place r = start_of(s, 0);

	return s.n > 0 && skip_hostname(&r) && r.next < 0;
}

bool rg__is_dns_name(rg_str s)
{
	return s.n > 0 && !memchr(s.p, '_', s.n) && rg__span(s, 0, RG__C_DIGIT) < s.n - (s.p[s.n - 1] == '.');
}

/* userinfo = user [ ":" password ] "@". No later part may contain an unescaped "@", so the first one ends the userinfo. */
RG__INLINE bool read_userinfo(uri_place *r, rg__uri *out)
{
	size_t from = r->at;

	skip_run(r, RG__C_USER);
	size_t plain = r->at;
	if (r->next == '%')
		go_to(r, skip_escaped(r->s, plain, RG__C_USER));
	if (r->next != '@' && (r->next < 0 || !memchr(r->s.p + r->at, '@', r->s.n - r->at))) {
		go_to(r, from);
		return true;
	}
	if (r->at == from)
		return false;
	out->user = since(r, from);
	out->user_escaped = r->at > plain;
	if (r->next == ':') {
		go_to(r, r->at + 1);
		from = r->at;
		skip_set(r, RG__C_PASSWORD);
		out->password = since(r, from);
	}
	if (r->next != '@')
		return false;
	go_to(r, r->at + 1);
	return true;
}

static bool read_ip6(rg_str s, size_t *at, rg__uri *out)
{
	const char *close = memchr(s.p + *at, ']', s.n - *at);

	if (!close)
		return false;
	size_t from = *at, end = (size_t)(close - s.p) + 1;
	out->host = rg__sub(s, from, end);
	out->host_kind = RG__HOST_IP6;
	*at = end;
	return rg__ip6_parse(rg__sub(s, from + 1, end - 1), &out->addr);
}

/* Returns the index after an IPv4 address; 0: what is there is no such address, but maybe a name like `192.0.2.1.example`. */
RG__INLINE size_t read_ip4(const uri_place *r, rg__uri *out)
{
	size_t end = r->next >= '0' && r->next <= '9' ? rg__ip4_read(r->s, r->at, out->addr.ip) : 0;

	if (end > r->at && (end == r->s.n || !rg__is(r->s.p[end], RG__C_HOST)))
		return end;
	memset(out->addr.ip, 0, sizeof out->addr.ip);
	return 0;
}

RG__INLINE bool read_host(uri_place *r, rg__uri *out)
{
	size_t from = r->at, end;

	if (r->next == '[') {
		size_t at = from;
		bool good = read_ip6(r->s, &at, out);

		go_to(r, at);
		return good;
	}
	end = read_ip4(r, out);
	if (end > 0) {
		out->host_kind = RG__HOST_IP4;
		out->addr.family = 4;
		go_to(r, end);
	} else {
		out->host_kind = RG__HOST_NAME;
		if (!skip_hostname(r))
			return false;
	}
	out->host = since(r, from);
	return true;
}

/* Reads digits until the number is too large for a port. Returns where they end. */
static size_t read_port_digits(rg_str s, size_t at, uint32_t *port)
{
	uint32_t digit;

	*port = 0;
	for (; at < s.n && (digit = (uint32_t)(unsigned char)s.p[at] - '0') <= 9 && *port <= 65535; at++)
		*port = *port * 10 + digit;
	return at;
}

RG__INLINE bool read_port(uri_place *r, rg__uri *out)
{
	enum { AT_ONCE = 8, LAST_STOP = RG__STOPS - 1 }; /* the last one may be a digit */
	uint32_t port;

	if (r->next != ':')
		return true;
	size_t from = r->at + 1, end = from < LAST_STOP ? rg__next_stop(r->stops, from) : LAST_STOP;
	if (r->s.n - from < AT_ONCE || end - from - 1 >= AT_ONCE || end == LAST_STOP || !rg__few_digits(r->s.p + from, end - from, &port))
		end = read_port_digits(r->s, from, &port);
	if (port == 0 || port > 65535)
		return false;
	out->port = (uint16_t)port;
	if (out->addr.family != 0)
		out->addr.port = out->port;
	go_to(r, end);
	return true;
}

/* False: a name of @p params, which are well-formed, occurs twice. @p escapes: one has an escape. */
static bool have_distinct_names(rg_str params, bool escapes)
{
	rg__names names;
	rg__param param;

	rg__names_init(&names, escapes);
	while (rg__uri_param_next(&params, &param)) {
		if (!rg__names_add(&names, param.name))
			return false;
	}
	return true;
}

/* uri-parameters = *( ";" pname [ "=" pvalue ] ). Like other-param, every parameter may have any legal value. RFC 3261 §19.1.1 forbids a
 * name that occurs twice. */
RG__INLINE bool read_uri_params(uri_place *r, rg__uri *out)
{
	size_t from = r->at, n = 0;
	rg__shapes shapes = { 0 };
	bool escapes = false;

	if (r->next != ';')
		return true;
	for (; r->next == ';'; n++) {
		size_t name = r->at + 1;

		r->at = name;
		skip_run(r, RG__C_PARAM);
		if (r->next == '%') {
			escapes = true;
			go_to(r, skip_escaped(r->s, r->at, RG__C_PARAM));
		}
		if (r->at == name)
			return false;
		rg__shapes_add(&shapes, since(r, name));
		if (r->next == '=') {
			size_t value = r->at + 1;

			r->at = value;
			skip_set(r, RG__C_PARAM);
			if (r->at == value)
				return false;
		}
	}
	out->params = since(r, from);
	out->n_params = (uint8_t)n;
	return n <= RG__PARAMS_MAX && ((!escapes && !shapes.collide) || have_distinct_names(out->params, escapes));
}

/* headers = "?" header *( "&" header ), header = hname "=" hvalue. Only the value may be empty. */
RG__INLINE bool read_headers(uri_place *r, rg__uri *out)
{
	size_t from = r->at + 1;
	uint32_t n = 0;

	if (r->next != '?')
		return true;
	do {
		size_t name = ++r->at;

		skip_set(r, RG__C_HEADER);
		if (r->at == name || r->next != '=' || ++n > RG__PARAMS_MAX)
			return false;
		r->at++;
		skip_set(r, RG__C_HEADER);
	} while (r->next == '&');
	out->headers = since(r, from);
	return true;
}

/* Not by one assignment, of which compilers make a slow string instruction. */
static inline void start_uri(rg__uri *out, rg_str text)
{
	out->text = text;
	out->user = RG__ABSENT;
	out->password = RG__ABSENT;
	out->host = RG__ABSENT;
	out->params = RG__ABSENT;
	out->headers = RG__ABSENT;
	memset(out->addr.ip, 0, sizeof out->addr.ip);
	out->addr.family = out->addr.reserved = 0;
	out->addr.port = out->port = 0;
	out->scheme = out->host_kind = out->n_params = 0;
	out->user_escaped = false;
}

static rg_status refuse_uri(rg__uri *out)
{
	start_uri(out, RG__ABSENT);
	return RG_EINVAL;
}

/* What follows the scheme. @p user: there may be a user. */
static rg_status read_sip(rg_str s, size_t at, bool user, rg__uri *out)
{
	uri_place r = start_of(s, at);

	if ((!user || read_userinfo(&r, out)) && read_host(&r, out) && read_port(&r, out) && read_uri_params(&r, out) && read_headers(&r, out) &&
		r.next < 0)
		return RG_OK;
	return refuse_uri(out);
}

static bool is_uric(rg_str s, size_t at)
{
	uri_place r = start_of(s, at);

	skip_set(&r, RG__C_URIC);
	return at < s.n && r.next < 0;
}

/* Returns the index after the colon; 0 if there is no scheme. */
static size_t read_any_scheme(rg_str s, rg__uri *out)
{
	size_t end = 0;

	if (s.n == 0 || !rg__is(s.p[0], RG__C_ALPHA))
		return 0;
	while (end < s.n && (rg__is(s.p[end], RG__C_ALPHA | RG__C_DIGIT) || memchr("+-.", s.p[end], 3)))
		end++;
	if (end == s.n || s.p[end] != ':')
		return 0;
	rg_str name = rg__sub(s, 0, end);
	out->scheme = RG__SCHEME_OTHER;
	if (rg__eq_nocase(name, RG_STR("sip")))
		out->scheme = RG__SCHEME_SIP;
	else if (rg__eq_nocase(name, RG_STR("sips")))
		out->scheme = RG__SCHEME_SIPS;
	return end + 1;
}

static inline size_t read_scheme(rg_str s, rg__uri *out)
{
	if (s.n < 4 || memcmp(s.p, "sip:", 4) != 0)
		return read_any_scheme(s, out);
	out->scheme = RG__SCHEME_SIP; /* the common case */
	return 4;
}

rg_status rg__uri_parse(rg_str text, rg__uri *out)
{
	start_uri(out, text);
	size_t at = read_scheme(text, out);

	if (at > 0 && out->scheme != RG__SCHEME_OTHER)
		return read_sip(text, at, true, out);
	return at > 0 && is_uric(text, at) ? RG_OK : refuse_uri(out);
}

rg_status rg__uri_parse_hop(rg_str text, rg__uri *out)
{
	if (text.n > 4 && memcmp(text.p, "sip:", 4) == 0 && rg__is(text.p[4], RG__C_DIGIT)) {
		start_uri(out, text);
		out->scheme = RG__SCHEME_SIP;
		if (read_sip(text, 4, false, out) == RG_OK)
			return RG_OK;
	}
	return rg__uri_parse(text, out);
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
static bool loose_userinfo(uri_place *r, rg__uri *out)
{
	const char *p = r->s.p;
	size_t from = r->at;

	if (read_userinfo(r, out))
		return true;
	go_to(r, from);
	skip_set(r, RG__C_USER);
	size_t end = r->at + 1;
	if (r->at == from || r->next != ':')
		return false;
	while (end < r->s.n && p[end] != '@' && !ends_uri(p[end]) && !memchr(":;?/", p[end], 4))
		end++;
	out->password = RG__ABSENT;
	if (end == r->s.n || p[end] != '@')
		return false;
	go_to(r, end + 1);
	return true;
}

static bool read_loosely(rg_str s, size_t at, rg__uri *out)
{
	uri_place r = start_of(s, at);

	return loose_userinfo(&r, out) && read_host(&r, out) && loose_rest(rg__sub(s, r.at, s.n), out->host);
}

rg_status rg__uri_read_address(rg_str text, rg__uri *out)
{
	if (rg__uri_parse(text, out) == RG_OK)
		return RG_OK;
	start_uri(out, text);
	size_t at = read_scheme(text, out);

	return at > 0 && out->scheme != RG__SCHEME_OTHER && read_loosely(text, at, out) ? RG_OK : refuse_uri(out);
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
	start_uri(out, text);
	out->scheme = RG__SCHEME_SIP;
	return read_sip(text, 0, true, out);
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

rg_str rg__uri_hop_slice(const rg__uri *uri)
{
	uint16_t port = uri->port;
	size_t digits = port >= 10000 ? 5 : port >= 1000 ? 4 : port >= 100 ? 3 : port >= 10 ? 2 : 1;

	/* IPv4 is only read in its canonical form. */
	if (uri->host_kind != RG__HOST_IP4 || port == 0 || uri->host.p[uri->host.n + 1] == '0')
		return RG__ABSENT;
	return (rg_str){ uri->host.p, uri->host.n + 1 + digits };
}

void rg__uri_hop(const rg__uri *uri, rg__buf *b)
{
	uint16_t port = rg__uri_port(uri);

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
