/* SPDX-License-Identifier: MIT */
#include "rules/push.h"

static bool stated(const rg__uri *uri, rg_str name, rg_str *value)
{
	return rg__uri_param(uri, name, value) && value->n > 0;
}

static bool find_provider(const rg__push *push, rg_str provider, uint32_t *index)
{
	for (*index = 0; *index < push->n_providers; ++*index) {
		if (rg__same_nocase(provider, push->providers[*index]))
			return true;
	}
	return false;
}

/* RFC 8599 §10 to §12: what the services that it defines need beside pn-prid. The config says what another one needs. */
static bool has_all(const rg__uri *uri, const rg__push *push, rg_str provider)
{
	rg_str param, value;
	bool any = rg__uri_param(uri, RG_STR("pn-param"), &param);

	if (rg__eq_nocase(provider, RG_STR("apns")) || rg__eq_nocase(provider, RG_STR("fcm")))
		return param.n > 0;
	if (rg__eq_nocase(provider, RG_STR("webpush")))
		return !any;
	for (uint32_t i = 0; i < push->n_match; i++) {
		if (!stated(uri, push->match[i], &value))
			return false;
	}
	return true;
}

void rg__pn_read(const rg__uri *uri, const rg__push *push, rg__pn *out)
{
	rg_str prid;

	*out = (rg__pn){ .asks = RG__PN_NONE };
	if (uri->scheme == RG__SCHEME_OTHER || uri->params.n == 0 || !rg__uri_param(uri, RG_STR("pn-provider"), &out->provider))
		return;
	out->prid = stated(uri, RG_STR("pn-prid"), &prid);
	if (out->provider.n == 0)
		out->asks = RG__PN_ALL;
	else if (!find_provider(push, out->provider, &out->index))
		out->asks = RG__PN_BAD;
	else if (!out->prid)
		out->asks = RG__PN_ONE;
	else
		out->asks = has_all(uri, push, push->providers[out->index]) ? RG__PN_WAKE : RG__PN_BAD;
}

/* An octet of a name may be written as its escape. */
bool rg__pn_param(rg_str name)
{
	static const char prefix[] = "pn-";
	size_t at = 0;

	for (size_t i = 0; i < sizeof prefix - 1; i++) {
		size_t n = at < name.n && name.p[at] == '%' ? 3 : 1;

		if (n > name.n - at || !rg__same_nocase(rg__sub(name, at, at + n), (rg_str){ prefix + i, 1 }))
			return false;
		at += n;
	}
	return true;
}

static bool same_param(const rg__uri *a, const rg__uri *b, rg_str name, bool *missing)
{
	rg_str x, y;
	bool there = rg__uri_param(a, name, &x);

	*missing |= !there;
	return there == rg__uri_param(b, name, &y) && rg__eq(x, y);
}

bool rg__pn_same(const rg__uri *contact, const rg__uri *binding, const rg__push *push)
{
	bool missing = false;

	if (binding->scheme == RG__SCHEME_OTHER || binding->params.n == 0)
		return false;
	for (uint32_t i = 0; i < push->n_match; i++) {
		if (!same_param(contact, binding, push->match[i], &missing))
			return false;
	}
	/* Without a parameter, the rest of the list may not tell two devices apart. */
	return !missing || (same_param(contact, binding, RG_STR("pn-provider"), &missing) &&
		same_param(contact, binding, RG_STR("pn-prid"), &missing));
}

uint32_t rg__pn_hash(const rg__uri *uri, const rg__push *push)
{
	uint64_t hash = 0;
	rg_str value;

	for (uint32_t i = 0; i < push->n_match && uri->scheme != RG__SCHEME_OTHER; i++) {
		rg__uri_param(uri, push->match[i], &value);
		hash = rg__fingerprint(hash, i, value);
	}
	return (uint32_t)hash;
}

bool rg__pn_same_without(const rg__uri *a, const rg__uri *b)
{
	rg_str names[RG__PARAMS_MAX], rest = a->params;
	rg__param param;
	uint32_t n = 0;

	while (rg__uri_param_next(&rest, &param)) {
		if (n < RG__PARAMS_MAX && rg__pn_param(param.name))
			names[n++] = param.name;
	}
	return rg__uri_equal_without(a, b, names, n);
}

/* RFC 6809 §6: the tags of +sip.pns stand in a quoted string. */
static bool names_provider(rg_str value, rg_str provider, uint32_t *left)
{
	rg_str rest = rg__unquote(value), tag;

	if (rest.n + 2 != value.n)
		return false;
	for (; *left > 0 && rg__list_next(&rest, &tag) > 0; --*left) {
		if (tag.n > 0 && rg__same_nocase(provider, tag))
			return true;
	}
	return false;
}

/* A value is `*` with parameters. */
static bool value_names(rg_str value, rg_str provider, uint32_t *left)
{
	rg__param param;
	bool named = false;
	int more = 1;

	if (value.n == 0 || value.p[0] != '*')
		return false;
	value = rg__trim(rg__sub(value, 1, value.n));
	for (; *left > 0 && (more = rg__param_next(&value, &param)) > 0; --*left) {
		named = named || (rg__eq_nocase(param.name, RG_STR("+sip.pns")) && names_provider(param.value, provider, left));
		if (*left == 0)
			return false;
	}
	return named && more == 0;
}

bool rg__pn_handled(const rg_str *lines, uint32_t n, rg_str provider)
{
	uint32_t left = RG__PN_READ_MAX;

	for (uint32_t i = 0; i < n; i++) {
		rg_str rest = lines[i], value;

		while (left > 0 && rg__list_next(&rest, &value) > 0) {
			uint32_t before = left;

			if (value_names(value, provider, &left))
				return true;
			left -= left == before; /* a value without parameters counts as one */
		}
	}
	return false;
}
