/* SPDX-License-Identifier: MIT */
/* RFC 3261 §19.1.4. */
#include "grammar/uri.h"
#include "text/text.h"
#include <stdlib.h>

typedef struct params {
	uint32_t n;
	rg__param row[RG__PARAMS_MAX];
} params;

/* A parameter of these names makes two URIs different when only one of them has it. The RFC names all but transport. An absent transport
 * leaves the choice to the resolver, and the RFC's own example has `sip:bob@biloxi.com` and `sip:bob@biloxi.com;transport=udp` differ. A GRUU
 * (RFC 5627), which has `gr`, names one device of its AoR. */
static bool counts_alone(rg_str name)
{
	static const rg_str names[] = { { "transport", 9 }, { "user", 4 }, { "ttl", 3 }, { "method", 6 }, { "maddr", 5 }, { "gr", 2 } };

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

static int by_name_and_value(const void *a, const void *b)
{
	const rg__param *x = a, *y = b;
	int order = rg__order_nocase(x->name, y->name);

	return order != 0 ? order : rg__order(x->value, y->value);
}

/* The parameters of a URI by name, so that comparing the many Contacts of a request with many bindings needs no sorting. */
typedef struct index_by_name {
	params list;
	uint32_t hash[RG__PARAMS_MAX];
	bool met[RG__PARAMS_MAX];
	uint8_t slot[2 * RG__PARAMS_MAX]; /* open addressing: 1 + place in the list, 0 = free */
} index_by_name;

/* The slot of @p name, or the free one where it belongs. */
static uint32_t param_slot(const index_by_name *in, rg_str name, uint32_t hash)
{
	uint32_t at = hash;

	for (;; at++) {
		uint32_t i = in->slot[at %= sizeof in->slot];

		if (i == 0 || (in->hash[i - 1] == hash && rg__same_nocase(in->list.row[i - 1].name, name)))
			return at;
	}
}

static void index_params(rg_str rest, const rg_str *without, uint32_t n_without, index_by_name *out)
{
	params *list = &out->list;

	list->n = 0;
	memset(out->slot, 0, sizeof out->slot);
	while (list->n < RG__PARAMS_MAX && rg__uri_param_next(&rest, &list->row[list->n])) {
		rg_str name = list->row[list->n].name;

		if (listed(name, without, n_without))
			continue;
		out->hash[list->n] = rg__hash_nocase(name);
		out->met[list->n] = false;
		uint8_t *slot = &out->slot[param_slot(out, name, out->hash[list->n])];
		*slot = (uint8_t)++list->n;
	}
}

static bool same_value(rg_str a, rg_str b)
{
	return (a.p != NULL) == (b.p != NULL) && rg__same_nocase(a, b);
}

/* Skips the parameters with which both start, compared octet by octet. */
static void skip_common(rg_str *a, rg_str *b)
{
	size_t least = a->n < b->n ? a->n : b->n, n = 0;
	uint64_t x, y;

	for (; least - n >= sizeof x; n += sizeof x) {
		memcpy(&x, a->p + n, sizeof x);
		memcpy(&y, b->p + n, sizeof y);
		if (x != y)
			break;
	}
	while (n < least && a->p[n] == b->p[n])
		n++;
	if ((n < a->n && a->p[n] != ';') || (n < b->n && b->p[n] != ';'))
		while (n > 0 && a->p[--n] != ';')
			;
	if (n == 0)
		return;
	*a = rg__sub(*a, n, a->n);
	*b = rg__sub(*b, n, b->n);
}

static bool params_equal(const rg__uri *a, const rg__uri *b, const rg_str *without, uint32_t n_without)
{
	rg_str x = a->params, y = b->params;
	index_by_name in;
	rg__param p;

	skip_common(&x, &y);
	if (x.n == 0 && y.n == 0)
		return true;
	index_params(y, without, n_without, &in);
	while (rg__uri_param_next(&x, &p)) {
		if (listed(p.name, without, n_without))
			continue;
		uint32_t i = in.slot[param_slot(&in, p.name, rg__hash_nocase(p.name))];
		if (i == 0 ? counts_alone(p.name) : !same_value(p.value, in.list.row[i - 1].value))
			return false;
		if (i != 0)
			in.met[i - 1] = true;
	}
	for (uint32_t i = 0; i < in.list.n; i++) {
		if (!in.met[i] && counts_alone(in.list.row[i].name))
			return false;
	}
	return true;
}

/* Reads the next header. */
static bool next_header(rg_str *rest, rg__param *out)
{
	if (rest->n == 0)
		return false;
	const char *ampersand = memchr(rest->p, '&', rest->n);
	size_t end = ampersand ? (size_t)(ampersand - rest->p) : rest->n;
	const char *equals = memchr(rest->p, '=', end);
	size_t name_end = equals ? (size_t)(equals - rest->p) : end;
	out->name = rg__sub(*rest, 0, name_end);
	out->value = equals ? rg__sub(*rest, name_end + 1, end) : RG__ABSENT;
	*rest = ampersand ? rg__sub(*rest, end + 1, rest->n) : RG__ABSENT;
	return true;
}

/* Independent of the order of the headers, so that most URIs with different headers are found different without sorting. */
static uint64_t sum_of(rg_str headers)
{
	uint64_t sum = 0;
	rg__param p;

	while (next_header(&headers, &p))
		sum += ((uint64_t)rg__hash_nocase(p.name) << 32 | rg__hash_nocase(p.value)) * 0x9e3779b97f4a7c15u;
	return sum;
}

static void collect_headers(rg_str rest, params *out)
{
	out->n = 0;
	while (out->n < RG__PARAMS_MAX && next_header(&rest, &out->row[out->n]))
		out->n++;
	qsort(out->row, out->n, sizeof out->row[0], by_name_and_value);
}

/* Headers are always compared. A name may occur more than once, so both URIs must have the same headers equally often. Values are
 * compared octet by octet: a header's own rule may call more values equal, but none that are equal here different. */
static bool headers_equal(const rg__uri *a, const rg__uri *b)
{
	params x, y;

	if (rg__eq(a->headers, b->headers))
		return true;
	if (sum_of(a->headers) != sum_of(b->headers))
		return false;
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

/* Absent differs from empty: RFC 3261 lets no omitted component match a present one. */
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
