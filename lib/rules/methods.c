/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "rules/methods.h"
#include "grammar/grammar.h"
#include <rgstr/request.h>

uint32_t rg__method_bit(rg_str name)
{
	/* RFC 3261 §7.1: methods are case-sensitive. */
#define METHOD_CHOICE(method, bit) rg__eq(name, RG_STR(#method)) ? UINT32_C(1) << RG_METHOD_##method :
	return RG__METHOD_MAP(METHOD_CHOICE) UINT32_C(1) << RG_METHOD_OTHER;
#undef METHOD_CHOICE
}

uint32_t rg__methods_of(rg_str list)
{
	uint32_t bits = 0;

	while (list.n > 0) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;
		rg_str name = rg__trim(rg__sub(list, 0, n));

		if (name.n > 0)
			bits |= rg__method_bit(name);
		list = rg__sub(list, n + (comma ? 1 : 0), list.n);
	}
	return bits;
}

static inline size_t skip_blank(rg_str s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	return at;
}

/* rg__span() for RG__C_TOKEN. */
static inline size_t skip_name(rg_str s, rg__stops stops, size_t at)
{
	for (; at < RG__STOPS; at++) {
		at = rg__next_stop(stops, at);
		if (at == s.n || !rg__is(s.p[at], RG__C_TOKEN))
			return at;
	}
	return rg__span(s, at, RG__C_TOKEN);
}

bool rg__methods_read(rg_str list, uint32_t *bits)
{
	rg__stops stops = rg__stops_of(list);
	uint32_t sum = *bits;

	for (size_t at = 0;; at++) {
		size_t from = skip_blank(list, at);

		at = skip_name(list, stops, from);
		if (at > from)
			sum |= rg__method_bit(rg__sub(list, from, at));
		if (at < list.n && list.p[at] == ',')
			continue;
		at = skip_blank(list, at);
		*bits = sum;
		if (at == list.n || list.p[at] != ',')
			return at == list.n;
	}
}
