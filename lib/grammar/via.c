/* SPDX-License-Identifier: MIT */
#include "grammar/via.h"
#include "grammar/chars.h"
#include "grammar/header.h"

/* Takes a token off the front of @p rest, and the white space around it. */
static bool take_token(rg_str *rest, rg_str *token)
{
	rg_str s = rg__trim(*rest);
	size_t n = rg__span(s, 0, RG__C_TOKEN);

	*token = rg__sub(s, 0, n);
	*rest = rg__trim(rg__sub(s, n, s.n));
	return n > 0;
}

static bool take_octet(rg_str *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = rg__sub(*rest, 1, rest->n);
	return true;
}

/* An IPv6 address in brackets, or a token: IPv4 addresses and host names are tokens. */
static bool take_host(rg_str *rest, rg_str *host)
{
	rg_str s = rg__trim(*rest);
	const char *close = s.n > 0 && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
	size_t end = close ? (size_t)(close - s.p) : 0;
	rg_addr addr;

	if (!close)
		return take_token(rest, host);
	*host = rg__sub(s, 0, end + 1);
	*rest = rg__trim(rg__sub(s, end + 1, s.n));
	return rg__ip6_parse(rg__sub(s, 1, end), &addr);
}

static bool take_port(rg_str rest, uint16_t *port)
{
	uint64_t number;

	if (rest.n == 0)
		return true;
	if (!take_octet(&rest, ':') || rg__parse_uint(rg__trim(rest), 65536, &number) != RG_OK || number == 0 || number > 65535)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool are_via_params(rg_str rest)
{
	rg__param param;
	int more;

	while ((more = rg__via_param_next(&rest, &param)) > 0)
		;
	return more == 0;
}

rg_status rg__via_parse(rg_str value, rg__via *out)
{
	rg_str s = rg__trim(value), token;
	const char *semicolon = s.n > 0 ? memchr(s.p, ';', s.n) : NULL;
	size_t end = semicolon ? (size_t)(semicolon - s.p) : s.n;

	*out = (rg__via){ .start = rg__trim(rg__sub(s, 0, end)), .params = semicolon ? rg__sub(s, end, s.n) : RG__ABSENT };
	rg_str rest = out->start;
	bool good = take_token(&rest, &token) && take_octet(&rest, '/') && take_token(&rest, &token) && take_octet(&rest, '/') &&
		take_token(&rest, &token) && take_host(&rest, &out->host) && take_port(rest, &out->port) && are_via_params(out->params);

	if (good)
		return RG_OK;
	*out = (rg__via){ 0 };
	return RG_EINVAL;
}

int rg__via_param_next(rg_str *rest, rg__param *out)
{
	rg_str s = *rest;
	const char *next = s.n > 1 ? memchr(s.p + 1, ';', s.n - 1) : NULL;
	size_t end = next ? (size_t)(next - s.p) : s.n;
	int more = rg__param_next(rest, out);
	rg_addr addr;

	if (more >= 0)
		return more;
	rg_str param = rg__sub(s, 0, end);
	if (!take_octet(&param, ';') || !take_token(&param, &out->name) || !take_octet(&param, '=') || !rg__ip6_parse(rg__trim(param), &addr))
		return -1;
	out->value = rg__trim(param);
	*rest = next ? rg__sub(s, end, s.n) : RG__ABSENT;
	return 1;
}
