/* SPDX-License-Identifier: MIT */
/* Cached registrations (base specification §1.3.18): applies the main registrar's reply to the Contacts of a REGISTER. */
#include "register/read.h"
#include "rules/rules.h"
#include <stdlib.h>

enum { MOST_VALUES = 256 };

/* A Contact value of the reply. */
typedef struct granted {
	rg__matchable match;
	uint32_t reg_id; /* as stated; 0 = none */
	int64_t expires; /* -1 = not stated */
	bool taken;      /* matched to a Contact of the request */
} granted;

typedef struct reply {
	granted *values;
	uint32_t n;
	int64_t expires; /* Expires header; -1 = none */
} reply;

/* Seconds; -1 when @p value is no number, so that the next source decides. */
static int64_t seconds_of(rg_str value)
{
	uint64_t n;

	return value.p && rg__parse_uint(value, (uint64_t)RG__EXPIRES_MAX, &n) == RG_OK ? (int64_t)n : -1;
}

static rg__matchable uri_matchable(rg_str uri)
{
	return (rg__matchable){ .text = uri, .state = RG__URI_UNREAD };
}

static void take_param(granted *g, const rg__param *p)
{
	uint64_t n;

	if (rg__eq_nocase(p->name, RG_STR("expires")))
		g->expires = seconds_of(p->value);
	else if (rg__eq_nocase(p->name, RG_STR("+sip.instance")))
		g->match.instance = rg__instance_read(p->value);
	else if (rg__eq_nocase(p->name, RG_STR("reg-id")) && rg__parse_uint(p->value, UINT32_MAX, &n) == RG_OK)
		g->reg_id = (uint32_t)n;
}

static bool read_granted(rg_str value, granted *out)
{
	rg__name_addr na;
	rg__params params;
	rg__uri uri;

	if (rg__name_addr_read(value, &na, &params) != RG_OK || rg__uri_parse(na.uri, &uri) != RG_OK)
		return false;
	*out = (granted){ .match = uri_matchable(na.uri), .expires = -1 };
	for (uint32_t i = 0; i < params.n; i++)
		take_param(out, &params.row[i]);
	return true;
}

/* Reads the values of all lines, and stores them if @p store is set. RG_R_FINE, RG_R_TOO_LARGE or RG_R_PARSE_CONT. */
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
			if (more < 0 || (store && !read_granted(value, &r->values[r->n])))
				return RG_R_PARSE_CONT;
			r->n++;
		}
	}
	return RG_R_FINE;
}

/* The URI under which a Contact was forwarded, as `modified` states it with or without <>. */
static bool forwarded_as(const rg__wanted *w, const rg_upstream *upstream, uint32_t k, rg__matchable *out)
{
	rg_str text = k < upstream->n_modified ? rg__trim(upstream->modified[k]) : RG__ABSENT;
	rg__name_addr na;

	*out = uri_matchable(w->uri.text);
	if (text.n == 0)
		return true;
	if (memchr(text.p, '<', text.n)) {
		if (rg__name_addr_parse(text, &na) != RG_OK)
			return false;
		text = na.uri;
	}
	*out = uri_matchable(text);
	return rg__uri_parse(text, &out->room) == RG_OK;
}

/* Two flows of a device may share a URI; then reg-id and instance tell them apart (RFC 5626 §6). A missing reg-id matches either flow,
 * unless @p surely. */
static bool may_be(const granted *g, const rg__wanted *w, bool surely)
{
	if (g->reg_id == 0 || w->reg_id == 0)
		return !surely || g->reg_id == w->reg_id;
	return g->reg_id == w->reg_id && (g->match.instance.n == 0 || w->instance.n == 0 || rg__same_instance(g->match.instance, w->instance));
}

/* How well a value matches a Contact, best first. */
enum { EXACT_FLOW, EQUAL_FLOW, EXACT, EQUAL, HOWS };

static granted *find_granted(reply *r, const rg__wanted *w, rg__matchable *forwarded, int how, bool taken)
{
	bool exact = how == EXACT_FLOW || how == EXACT;

	for (uint32_t i = 0; i < r->n; i++) {
		granted *g = &r->values[i];

		if (g->taken != taken || !may_be(g, w, how <= EQUAL_FLOW))
			continue;
		if (exact ? rg__eq(g->match.text, forwarded->text) : rg__same_uri(&g->match, forwarded))
			return g;
	}
	return NULL;
}

static void grant(rg__register *reg, const reply *r, rg__wanted *w, granted *g)
{
	g->taken = true;
	w->upstream = g->expires >= 0 ? g->expires : r->expires;
	w->granted = true;
	if (!rg__eq(g->match.text, w->uri.text))
		reg->rewrites[reg->n_rewrites++] = (rg__rewrite){ (uint32_t)(g - r->values), w->uri.text };
}

/* All Contacts are tried with one kind of match before the next weaker kind. A value belongs to one Contact. A Contact without a value
 * that equals one with a value was taken for the same by the main registrar: it is neither granted nor removed by itself. */
static void grant_each(rg__register *reg, reply *r, rg__matchable *forwarded)
{
	for (int how = 0; how < HOWS; how++) {
		for (uint32_t k = 0; k < reg->n; k++) {
			rg__wanted *w = &reg->wanted[k];
			granted *g = w->granted ? NULL : find_granted(r, w, &forwarded[k], how, false);

			if (g)
				grant(reg, r, w, g);
		}
	}
	for (uint32_t k = 0; k < reg->n; k++) {
		rg__wanted *w = &reg->wanted[k];

		if (w->granted)
			continue;
		w->upstream = 0; /* dropped, or removed on request */
		w->moot = find_granted(r, w, &forwarded[k], EQUAL, true) != NULL;
	}
}

static rg_status grant_all(rg__register *reg, const rg_upstream *upstream, reply *r, rg__matchable *forwarded, int32_t *reason, rg_error *why)
{
	*reason = read_lines(upstream, r, true);
	for (uint32_t k = 0; k < reg->n && *reason == RG_R_FINE; k++) {
		if (!forwarded_as(&reg->wanted[k], upstream, k, &forwarded[k]))
			return rg__fail(why, RG_EINVAL, "rg_upstream.modified[%u] is no URI: '%.*s'", k, RG__SHOWN(upstream->modified[k]));
	}
	if (*reason == RG_R_FINE)
		grant_each(reg, r, forwarded);
	return RG_OK;
}

rg_status rg__register_reply(rg__register *reg, const rg_upstream *upstream, int32_t *reason, rg_error *why)
{
	reply r = { .expires = seconds_of(upstream->expires) };
	rg__matchable *forwarded;

	*reason = read_lines(upstream, &r, false);
	if (*reason != RG_R_FINE || reg->star || reg->n == 0)
		return RG_OK;
	r.values = malloc((r.n + 1) * sizeof *r.values);
	forwarded = malloc(reg->n * sizeof *forwarded);
	reg->rewrites = malloc(reg->n * sizeof *reg->rewrites);
	rg_status status = RG_ENOMEM;

	if (r.values && forwarded && reg->rewrites)
		status = grant_all(reg, upstream, &r, forwarded, reason, why);
	free(r.values);
	free(forwarded);
	return status;
}
