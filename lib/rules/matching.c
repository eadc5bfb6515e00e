/* SPDX-License-Identifier: MIT */
#include "rules/matching.h"

static bool parsed(rg__matchable *m)
{
	if (m->state == RG__URI_UNREAD) {
		m->state = rg__uri_parse(m->text, &m->room) == RG_OK ? RG__URI_PARSED : RG__URI_BAD;
		m->uri = &m->room;
	}
	return m->state != RG__URI_BAD;
}

bool rg__same_uri(rg__matchable *a, rg__matchable *b)
{
	if (rg__eq(a->text, b->text))
		return true;
	return parsed(a) && parsed(b) && rg__uri_equal(a->uri, b->uri);
}

rg_str rg__instance_read(rg_str value)
{
	rg_str in = rg__unquote(value);
	bool quoted = in.n + 2 == value.n, opens = in.n > 0 && in.p[0] == '<', closes = in.n > 0 && in.p[in.n - 1] == '>';

	return quoted && opens == closes && in.n > (opens ? 2u : 0u) && !memchr(in.p, '\\', in.n) ? in : RG__ABSENT;
}

rg_str rg__instance_bare(rg_str instance)
{
	if (instance.n >= 2 && instance.p[0] == '<' && instance.p[instance.n - 1] == '>')
		return rg__sub(instance, 1, instance.n - 1);
	return instance;
}

/* Length of "urn:nid:", 0 if it is no URN. */
static size_t urn_prefix(rg_str s)
{
	const char *colon;

	if (s.n < 5 || !rg__eq_nocase(rg__sub(s, 0, 4), RG_STR("urn:")))
		return 0;
	colon = memchr(s.p + 4, ':', s.n - 4);
	return colon ? (size_t)(colon - s.p) + 1 : 0;
}

bool rg__same_instance(rg_str a, rg_str b)
{
	size_t prefix;
	bool uuid;

	a = rg__instance_bare(a);
	b = rg__instance_bare(b);
	if (rg__eq(a, b))
		return true;
	prefix = urn_prefix(a);
	if (a.n != b.n || prefix == 0 || prefix != urn_prefix(b))
		return false;
	if (!rg__eq_nocase(rg__sub(a, 0, prefix), rg__sub(b, 0, prefix)))
		return false;
	uuid = rg__eq_nocase(rg__sub(a, 0, prefix), RG_STR("urn:uuid:"));
	a = rg__sub(a, prefix, a.n);
	b = rg__sub(b, prefix, b.n);
	return uuid ? rg__eq_nocase(a, b) : rg__eq(a, b);
}

/* Sets one bit in each octet, which makes upper and lower case equal. */
static uint64_t add_instance_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ (word | 0x2020202020202020)) * 0x9fb21c651e98df25;
	return hash ^ hash >> 29;
}

uint64_t rg__instance_hash(rg_str instance)
{
	uint64_t hash = 0, word = 0;
	size_t i = 0;

	instance = rg__instance_bare(instance);
	for (; i + sizeof word <= instance.n; i += sizeof word) {
		memcpy(&word, instance.p + i, sizeof word);
		hash = add_instance_word(hash, word);
	}
	word = 0;
	if (i < instance.n)
		memcpy(&word, instance.p + i, instance.n - i);
	return add_instance_word(hash, word);
}

/* Reads the parameter that mode <param> names. False: the URI lacks it. */
static bool param_of(rg__matchable *m, rg_str name, rg_str *value)
{
	return parsed(m) && m->uri->scheme != RG__SCHEME_OTHER && rg__uri_param(m->uri, name, value) && value->n > 0;
}

static bool same_device(const rg__matchable *a, const rg__matchable *b)
{
	return a->instance.n > 0 && b->instance.n > 0 && rg__same_instance(a->instance, b->instance);
}

static bool same_contact(rg__matchable *a, rg__matchable *b)
{
	if (rg__eq(a->text, b->text))
		return true;
	if (!parsed(a) || !parsed(b))
		return false;
	return a->by == RG__BY_DEVICE ? rg__pn_same_without(a->uri, b->uri) : rg__uri_equal(a->uri, b->uri);
}

/* The parameter that a mode names, but not a push parameter where these do not count. */
static bool same_param_there(const rg__matching *how, rg__matchable *a, rg__matchable *b, bool *same)
{
	rg_str x, y;
	bool there = !(a->by == RG__BY_DEVICE && rg__pn_param(how->param)) && param_of(a, how->param, &x) && param_of(b, how->param, &y);

	*same = there && rg__eq(x, y);
	return there;
}

/* Neither is a flow, or any will do. */
static bool no_flows(const rg__matchable *a, const rg__matchable *b)
{
	return a->reg_id == RG__ANY_FLOW || (a->reg_id == 0 && b->reg_id == 0);
}

/* With many bindings and many Contacts, most comparisons end at the hashes. */
static uint32_t push_hash(rg__matchable *m, const rg__push *push)
{
	if (m->state != RG__URI_HASHED)
		m->push_hash = rg__pn_hash(m->uri, push);
	m->state = RG__URI_HASHED;
	return m->push_hash;
}

static bool same_push(const rg__push *push, rg__matchable *a, rg__matchable *b)
{
	return parsed(a) && parsed(b) && push_hash(a, push) == push_hash(b, push) && rg__pn_same(a->uri, b->uri, push);
}

bool rg__matches_first(const rg__matching *how, rg__matchable *a, rg__matchable *b)
{
	if (!no_flows(a, b))
		return false;
	return a->by == RG__BY_PUSH ? same_push(how->push, a, b) : same_device(a, b);
}

bool rg__matches(const rg__matching *how, rg__matchable *a, rg__matchable *b)
{
	bool same;

	if (a->reg_id != b->reg_id && a->reg_id != RG__ANY_FLOW && b->reg_id != RG__ANY_FLOW)
		return false;
	if (a->reg_id == b->reg_id && a->reg_id != 0)
		return rg__same_instance(a->instance, b->instance);
	if (a->by != RG__BY_MODE && rg__matches_first(how, a, b))
		return true;
	if (a->by == RG__BY_PUSH)
		return same_device(a, b);
	switch (how->mode) {
	case RG__MATCH_URI_CALLID:
		return rg__eq(a->callid, b->callid) && same_contact(a, b);
	case RG__MATCH_PARAM:
		return same_param_there(how, a, b, &same) ? same : same_contact(a, b);
	case RG__MATCH_INSTANCE:
		if (a->instance.n > 0 && b->instance.n > 0)
			return rg__same_instance(a->instance, b->instance);
		return same_contact(a, b);
	default:
		return same_contact(a, b);
	}
}
