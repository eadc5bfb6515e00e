/* SPDX-License-Identifier: MIT */
/* RFC 3261 §19.1.4. */
#include "addr.h"
#include "uri.h"
#include <stdlib.h>

typedef struct params {
	uint32_t n;
	rg__param row[RG__PARAMS_MAX];
} params;

/* Present in one URI only, these make it another URI. The RFC names all but transport, whose absence leaves the choice to the
 * resolver: its own example has `sip:bob@biloxi.com` and `sip:bob@biloxi.com;transport=udp` differ. */
static bool counts_alone(rg_str name)
{
	static const rg_str names[] = { { "transport", 9 }, { "user", 4 }, { "ttl", 3 }, { "method", 6 }, { "maddr", 5 } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (rg__same_nocase(name, names[i]))
			return true;
	}
	return false;
}

static bool listed(rg_str name, const rg_str *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (rg__same_nocase(name, list[i]))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return rg__order_nocase(((const rg__param *)a)->name, ((const rg__param *)b)->name);
}

static int by_name_and_value(const void *a, const void *b)
{
	const rg__param *x = a, *y = b;
	int order = rg__order_nocase(x->name, y->name);

	return order != 0 ? order : rg__order(x->value, y->value);
}

static void collect_params(rg_str rest, const rg_str *without, uint32_t n_without, params *out)
{
	out->n = 0;
	while (out->n < RG__PARAMS_MAX && rg__uri_param_next(&rest, &out->row[out->n])) {
		if (!listed(out->row[out->n].name, without, n_without))
			out->n++;
	}
	qsort(out->row, out->n, sizeof out->row[0], by_name);
}

static bool same_value(rg_str a, rg_str b)
{
	return (a.p != NULL) == (b.p != NULL) && rg__same_nocase(a, b);
}

static bool params_equal(const rg__uri *a, const rg__uri *b, const rg_str *without, uint32_t n_without)
{
	params x, y;
	uint32_t i = 0, j = 0;

	if (rg__eq(a->params, b->params))
		return true;
	collect_params(a->params, without, n_without, &x);
	collect_params(b->params, without, n_without, &y);
	while (i < x.n || j < y.n) {
		int order = i == x.n ? 1 : j == y.n ? -1 : by_name(&x.row[i], &y.row[j]);
		if (order == 0 && !same_value(x.row[i].value, y.row[j].value))
			return false;
		if (order != 0 && counts_alone(order < 0 ? x.row[i].name : y.row[j].name))
			return false;
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

static void collect_headers(rg_str rest, params *out)
{
	out->n = 0;
	while (rest.n > 0 && out->n < RG__PARAMS_MAX) {
		const char *ampersand = memchr(rest.p, '&', rest.n);
		size_t end = ampersand ? (size_t)(ampersand - rest.p) : rest.n;
		const char *equals = memchr(rest.p, '=', end);
		size_t name_end = equals ? (size_t)(equals - rest.p) : end;
		out->row[out->n].name = rg__sub(rest, 0, name_end);
		out->row[out->n++].value = equals ? rg__sub(rest, name_end + 1, end) : RG__ABSENT;
		rest = ampersand ? rg__sub(rest, end + 1, rest.n) : RG__ABSENT;
	}
	qsort(out->row, out->n, sizeof out->row[0], by_name_and_value);
}

/* Headers are never ignored. A name may come more than once, so both URIs must have the same ones the same number of times; values are
 * compared octet by octet, which no header's own rule contradicts in the direction that matters: never equal when different. */
static bool headers_equal(const rg__uri *a, const rg__uri *b)
{
	params x, y;

	if (rg__eq(a->headers, b->headers))
		return true;
	collect_headers(a->headers, &x);
	collect_headers(b->headers, &y);
	if (x.n != y.n)
		return false;
	for (uint32_t i = 0; i < x.n; i++) {
		if (by_name_and_value(&x.row[i], &y.row[i]) != 0)
			return false;
	}
	return true;
}

/* Absent and empty differ: a component left out never matches one that is there. */
static bool userinfo_equal(const rg__uri *a, const rg__uri *b)
{
	return (a->user.p != NULL) == (b->user.p != NULL) && rg__same(a->user, b->user) &&
		(a->password.p != NULL) == (b->password.p != NULL) && rg__same(a->password, b->password);
}

static rg_str without_dot(rg_str host)
{
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	return host;
}

static bool host_equal(const rg__uri *a, const rg__uri *b)
{
	if (a->addr.family != 0 || b->addr.family != 0)
		return rg__same_ip(&a->addr, &b->addr);
	return rg__eq_nocase(without_dot(a->host), without_dot(b->host));
}

bool rg__uri_equal_without(const rg__uri *a, const rg__uri *b, const rg_str *without, uint32_t n)
{
	if (a->scheme != b->scheme)
		return false;
	if (rg__eq(a->text, b->text))
		return true;
	if (a->scheme == RG__SCHEME_OTHER)
		return false;
	return a->port == b->port && userinfo_equal(a, b) && host_equal(a, b) && params_equal(a, b, without, n) && headers_equal(a, b);
}

bool rg__uri_equal(const rg__uri *a, const rg__uri *b)
{
	return rg__uri_equal_without(a, b, NULL, 0);
}
