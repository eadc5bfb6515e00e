/* SPDX-License-Identifier: MIT */
/* Cached registrations (base specification §1.3.18): what the main registrar's reply grants to the Contacts of a REGISTER. */
#include "expiry.h"
#include "matching.h"
#include "register.h"

#include <stdlib.h>

enum { MOST_VALUES = 256 };

/* A Contact value of the reply. */
typedef struct granted {
	rg__matchable match;
	int64_t expires; /* -1 = not stated */
	bool taken;      /* by a Contact of the request */
} granted;

typedef struct reply {
	granted *values;
	uint32_t n;
	int64_t expires; /* of the header; -1 = none */
} reply;

/* Seconds; -1 for what is no number: then somebody else has the word. */
static int64_t seconds_of(rg_str value)
{
	uint64_t n;

	return value.p && rg__parse_uint(value, (uint64_t)RG__EXPIRES_MAX, &n) == RG_OK ? (int64_t)n : -1;
}

static rg__matchable matchable_of(rg_str uri)
{
	return (rg__matchable){ .text = uri, .state = RG__URI_UNREAD };
}

static bool read_value(rg_str value, granted *out)
{
	rg__name_addr na;
	rg__params params;
	rg__uri uri;

	if (rg__name_addr_read(value, &na, &params) != RG_OK || rg__uri_parse(na.uri, &uri) != RG_OK)
		return false;
	*out = (granted){ .match = matchable_of(na.uri), .expires = -1 };
	for (uint32_t i = 0; i < params.n; i++) {
		if (rg__eq_nocase(params.row[i].name, RG_STR("expires")))
			out->expires = seconds_of(params.row[i].value);
	}
	return true;
}

/* Walks the values of all lines; stores them if there is room. RG_R_FINE, RG_R_TOO_LARGE or RG_R_PARSE_CONT. */
static int32_t read_lines(const rg_upstream *upstream, reply *r, bool store)
{
	r->n = 0;
	if (upstream->n_contacts > MOST_VALUES)
		return RG_R_TOO_LARGE;
	for (uint32_t i = 0; i < upstream->n_contacts; i++) {
		rg_str rest = upstream->contacts[i], value;
		int more;

		while ((more = rg__list_next(&rest, &value)) != 0) {
			if (r->n == MOST_VALUES)
				return RG_R_TOO_LARGE;
			if (more < 0 || (store && !read_value(value, &r->values[r->n])))
				return RG_R_PARSE_CONT;
			r->n++;
		}
	}
	return RG_R_FINE;
}

/* How a Contact of the request was forwarded; a URI, or one in <>. */
static bool forwarded_as(const rg__wanted *w, const rg_upstream *upstream, uint32_t k, rg__matchable *out)
{
	rg_str text = k < upstream->n_modified ? rg__trim(upstream->modified[k]) : RG__ABSENT;
	rg__name_addr na;

	*out = matchable_of(w->uri.text);
	if (text.n == 0)
		return true;
	if (memchr(text.p, '<', text.n)) {
		if (rg__name_addr_parse(text, &na) != RG_OK)
			return false;
		text = na.uri;
	}
	*out = matchable_of(text);
	return rg__uri_parse(text, &out->uri) == RG_OK;
}

/* The value of the reply that means a Contact: the one with the same octets, else an equal one. Each means one only. */
static granted *find(reply *r, rg__matchable *wanted)
{
	for (int exact = 1; exact >= 0; exact--) {
		for (uint32_t i = 0; i < r->n; i++) {
			granted *g = &r->values[i];

			if (!g->taken && (exact ? rg__eq(g->match.text, wanted->text) : rg__same_uri(&g->match, wanted)))
				return g;
		}
	}
	return NULL;
}

static void grant(rg__register *reg, reply *r, uint32_t k, rg__matchable *forwarded)
{
	rg__wanted *w = &reg->wanted[k];
	granted *g = find(r, forwarded);

	w->upstream = 0; /* dropped, or removed as was asked */
	if (!g)
		return;
	g->taken = true;
	w->upstream = g->expires >= 0 ? g->expires : r->expires;
	if (!rg__eq(g->match.text, w->uri.text))
		reg->rewrites[reg->n_rewrites++] = (rg__rewrite){ (uint32_t)(g - r->values), w->uri.text };
}

static int32_t grant_all(rg__register *reg, const rg_upstream *upstream, reply *r)
{
	int32_t reason = read_lines(upstream, r, true);
	rg__matchable forwarded;

	if (reason != RG_R_FINE)
		return reason;
	for (uint32_t k = 0; k < reg->n; k++) {
		if (!forwarded_as(&reg->wanted[k], upstream, k, &forwarded))
			return RG_R_PARSE;
		grant(reg, r, k, &forwarded);
	}
	return RG_R_FINE;
}

rg_status rg__register_reply(rg__register *reg, const rg_upstream *upstream, int32_t *reason)
{
	reply r = { .expires = seconds_of(upstream->expires) };

	*reason = read_lines(upstream, &r, false);
	if (*reason != RG_R_FINE || reg->star || reg->n == 0)
		return RG_OK;
	r.values = malloc((r.n + 1) * sizeof *r.values);
	reg->rewrites = malloc(reg->n * sizeof *reg->rewrites);
	if (r.values && reg->rewrites)
		*reason = grant_all(reg, upstream, &r);
	rg_status status = r.values && reg->rewrites ? RG_OK : RG_ENOMEM;

	free(r.values);
	return status;
}
