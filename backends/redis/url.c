/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URL_MAX = 4096, PREFIX_MAX = 64, HOST_MAX = 253, SOCKET_PATH_MAX = 107 };

/* The parameters. */
static const struct url_parameter_row {
	const char *name;
	uint64_t least, most, standard;
	size_t at;
	uint32_t bytes; /* width of the member: 4 or 8; 0 = it is no number, but the text of prefix */
} url_parameters[] = {
	{ "db", 0, 65535, 0, offsetof(rg__redis_url, db), 4 },
	{ "buckets", 1, 1024, 64, offsetof(rg__redis_url, buckets), 4 },
	{ "timeout", 10, 60000, 1000, offsetof(rg__redis_url, timeout), 4 },
	{ "connect_timeout", 10, 60000, 1000, offsetof(rg__redis_url, connect_timeout), 4 },
	{ "cache", 0, UINT64_C(1) << 40, UINT64_C(64) << 20, offsetof(rg__redis_url, cache), 8 },
	{ "inflight", 1, 1000000, 16384, offsetof(rg__redis_url, inflight), 4 },
	{ .name = "prefix" },
};
enum { URL_DB = 0 /* its row */, URL_PARAMETERS = sizeof url_parameters / sizeof url_parameters[0] };

struct url_reader {
	rg__redis_url url;
	char *end; /* of what is written into url.room */
	uint32_t given; /* parameters: a bit for each row */
	rg_error *why;
};

static rg_status bad_url(struct url_reader *r, const char *what)
{
	char text[160];
	int n = snprintf(text, sizeof text, "address of the Redis server: %s", what);
	return rg_error_set(r->why, RG_EINVAL, (rg_str){ text, (size_t)n });
}

static void put_number(rg__redis_url *url, const struct url_parameter_row *row, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;
	memcpy((char *)url + row->at, row->bytes == 8 ? (const void *)&value : &narrow, row->bytes);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies a text and decodes its escapes. @return the absent slice for a malformed escape. */
static rg_str unescaped(struct url_reader *r, rg_str s)
{
	char *start = r->end;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			int high = s.n - i > 2 ? hex_value(s.p[i + 1]) : -1, low = s.n - i > 2 ? hex_value(s.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return (rg_str){ NULL, 0 };
			c = (char)(high << 4 | low);
			i += 2;
		}
		*r->end++ = c;
	}
	*r->end++ = 0;
	return (rg_str){ start, (size_t)(r->end - 1 - start) };
}

static bool take_digits(rg_str s, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;
	if (s.n == 0 || s.n > 15)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = value;
	return value <= most;
}

/* Takes from @p rest what stands before the first octet of @p stops, and leaves that octet there. */
static rg_str url_take_until(rg_str *rest, const char *stops)
{
	rg_str part = { rest->p, 0 };
	while (part.n < rest->n && !strchr(stops, rest->p[part.n]))
		part.n++;
	rest->p += part.n;
	rest->n -= part.n;
	return part;
}

static bool skip_text(rg_str *rest, const char *text)
{
	size_t n = strlen(text);
	if (rest->n < n || memcmp(rest->p, text, n) != 0)
		return false;
	rest->p += n;
	rest->n -= n;
	return true;
}

static rg_status read_user(struct url_reader *r, rg_str userinfo)
{
	rg_str user = url_take_until(&userinfo, ":");
	if (userinfo.n == 0)
		return bad_url(r, "a user needs a password: user:password@ or :password@");
	userinfo.p++;
	userinfo.n--;
	if (user.n > 0 && !(r->url.user = unescaped(r, user)).p)
		return bad_url(r, "the user has a malformed %-escape");
	if (!(r->url.password = unescaped(r, userinfo)).p)
		return bad_url(r, "the password has a malformed %-escape");
	return r->url.password.n > 0 ? RG_OK : bad_url(r, "the password is empty");
}

static bool is_name_octet(char c, const char *more)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr(more, c));
}

static bool names_only(rg_str s, size_t most, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_name_octet(s.p[i], more))
			return false;
	}
	return s.n > 0 && s.n <= most;
}

static rg_status url_read_host(struct url_reader *r, rg_str s)
{
	rg_addr addr;
	rg_str host;
	if (skip_text(&s, "[")) {
		host = url_take_until(&s, "]");
		if (s.n == 0 || rg_addr_parse(host, &addr) != RG_OK)
			return bad_url(r, "what stands in brackets is no IPv6 address");
		s.p++;
		s.n--;
	} else {
		host = url_take_until(&s, ":");
		if (!names_only(host, HOST_MAX, ".-_"))
			return bad_url(r, "the host is missing or malformed");
	}
	uint64_t port = 6379;
	if (s.n > 0 && (!skip_text(&s, ":") || !take_digits(s, 65535, &port) || port == 0))
		return bad_url(r, "the port must be a number from 1 to 65535");
	r->url.port = (uint16_t)port;
	r->url.host = unescaped(r, host);
	return RG_OK;
}

/* What stands before the last @ is user and password. */
static rg_status take_user(struct url_reader *r, rg_str *authority)
{
	const char *at = authority->n > 0 ? memrchr(authority->p, '@', authority->n) : NULL;
	if (!at)
		return RG_OK;
	rg_str userinfo = { authority->p, (size_t)(at - authority->p) };
	authority->n -= userinfo.n + 1;
	authority->p = at + 1;
	return read_user(r, userinfo);
}

static rg_status read_tcp(struct url_reader *r, rg_str *rest)
{
	rg_str authority = url_take_until(rest, "/?#");
	rg_status status = take_user(r, &authority);
	if (status == RG_OK)
		status = url_read_host(r, authority);
	if (status != RG_OK || !skip_text(rest, "/"))
		return status;
	rg_str db = url_take_until(rest, "?#");
	uint64_t number;
	if (db.n == 0)
		return RG_OK;
	if (!take_digits(db, url_parameters[URL_DB].most, &number))
		return bad_url(r, "the number of the database must be from 0 to 65535");
	put_number(&r->url, &url_parameters[URL_DB], number);
	r->given |= 1u << URL_DB;
	return RG_OK;
}

static rg_status read_unix(struct url_reader *r, rg_str *rest)
{
	if (skip_text(rest, "//")) {
		rg_str authority = url_take_until(rest, "/?#");
		rg_status status = take_user(r, &authority);
		if (status != RG_OK)
			return status;
		if (authority.n > 0)
			return bad_url(r, "unix: takes no host, only a path");
	}
	rg_str path = url_take_until(rest, "?#");
	r->url.path = unescaped(r, path);
	if (!r->url.path.p || path.n == 0 || path.p[0] != '/' || memchr(r->url.path.p, 0, r->url.path.n))
		return bad_url(r, "unix: needs an absolute path");
	return r->url.path.n <= SOCKET_PATH_MAX ? RG_OK : bad_url(r, "the path is longer than the 107 bytes that a socket may have");
}

static rg_status read_prefix(struct url_reader *r, rg_str value)
{
	if (!names_only(value, PREFIX_MAX, "-_.:"))
		return bad_url(r, "prefix must be 1 to 64 letters, digits, - _ . and :");
	r->url.prefix = unescaped(r, value);
	return RG_OK;
}

static rg_status url_read_number(struct url_reader *r, const struct url_parameter_row *row, rg_str value)
{
	char text[120];
	uint64_t number;
	snprintf(text, sizeof text, "%s must be a number from %llu to %llu", row->name, (unsigned long long)row->least,
		(unsigned long long)row->most);
	if (!take_digits(value, row->most, &number) || number < row->least)
		return bad_url(r, text);
	put_number(&r->url, row, number);
	return RG_OK;
}

static rg_status bad_parameter(struct url_reader *r)
{
	char text[120] = "there is a parameter other than ";
	size_t n = strlen(text);
	for (uint32_t i = 0; i < URL_PARAMETERS && n < sizeof text; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i == 0 ? "" : i + 1 < URL_PARAMETERS ? ", " : " and ", url_parameters[i].name);
	return bad_url(r, text);
}

static rg_status url_read_parameter(struct url_reader *r, rg_str pair)
{
	rg_str name = url_take_until(&pair, "=");
	rg_str value = { pair.n > 0 ? pair.p + 1 : pair.p, pair.n > 0 ? pair.n - 1 : 0 };
	char text[120];
	for (uint32_t i = 0; i < URL_PARAMETERS; i++) {
		const struct url_parameter_row *row = &url_parameters[i];
		if (!rg_str_equal(name, rg_str_from(row->name)))
			continue;
		snprintf(text, sizeof text, "%s is given twice", row->name);
		if (r->given & 1u << i)
			return bad_url(r, text);
		r->given |= 1u << i;
		return row->bytes > 0 ? url_read_number(r, row, value) : read_prefix(r, value);
	}
	return bad_parameter(r);
}

static rg_status read_rest(struct url_reader *r, rg_str rest)
{
	if (rest.n == 0)
		return RG_OK;
	if (!skip_text(&rest, "?"))
		return bad_url(r, "it has a fragment");
	while (rest.n > 0) {
		rg_status status = url_read_parameter(r, url_take_until(&rest, "&"));
		if (status != RG_OK)
			return status;
		if (skip_text(&rest, "&") && rest.n == 0)
			return bad_url(r, "it ends in &");
	}
	return RG_OK;
}

static rg_status read_url(struct url_reader *r, rg_str text)
{
	rg_str rest = text;
	rg_status status;
	if (skip_text(&rest, "redis://") || (r->url.tls = skip_text(&rest, "rediss://")))
		status = read_tcp(r, &rest);
	else if (skip_text(&rest, "unix:"))
		status = read_unix(r, &rest);
	else
		status = bad_url(r, "it must begin with redis://, rediss:// or unix:");
	return status == RG_OK ? read_rest(r, rest) : status;
}

rg_status rg__redis_url_parse(rg_str text, rg__redis_url *out, rg_error *why)
{
	struct url_reader r = { .why = why };
	memset(out, 0, sizeof *out);
	if (text.n == 0)
		return bad_url(&r, "it is missing");
	if (text.n > URL_MAX)
		return bad_url(&r, "it is longer than 4096 bytes");
	/* A decoded text is never longer than it was, and each has a NUL of its own: there are at most 6. */
	r.url.room = r.end = malloc(text.n + 6);
	if (!r.end)
		return rg_error_set(why, RG_ENOMEM, RG_STR("address of the Redis server: out of memory"));
	for (uint32_t i = 0; i < URL_PARAMETERS; i++)
		if (url_parameters[i].bytes > 0)
			put_number(&r.url, &url_parameters[i], url_parameters[i].standard);
	r.url.prefix = RG_STR("rgstr");
	rg_status status = read_url(&r, text);
	if (status == RG_OK)
		*out = r.url;
	else
		free(r.url.room);
	return status;
}

void rg__redis_url_free(rg__redis_url *url)
{
	free(url->room);
	memset(url, 0, sizeof *url);
}
