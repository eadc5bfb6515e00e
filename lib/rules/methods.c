/* SPDX-License-Identifier: MIT */
#include "rules/methods.h"
#include <rgstr/request.h>

/* Bit numbers, one for each row of the public table. */
enum {
#define METHOD_BIT(name) METHOD_##name,
	RG_METHOD_MAP(METHOD_BIT)
#undef METHOD_BIT
	METHOD_COUNT
};

_Static_assert(METHOD_COUNT <= 32, "methods are bits of one uint32_t");

uint32_t rg__method_bit(rg_str name)
{
	/* RFC 3261 §7.1: methods are case-sensitive. */
#define METHOD_CHOICE(method) rg__eq(name, RG_STR(#method)) ? 1u << METHOD_##method :
	return RG_METHOD_MAP(METHOD_CHOICE) 1u << METHOD_OTHER;
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
