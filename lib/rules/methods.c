/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "rules/methods.h"
#include <rgstr/request.h>

/* Equal bits are added to another sum than they are united to. */
#define METHOD_SUM(name, bit) + (UINT64_C(1) << (bit))
#define METHOD_UNION(name, bit) | (UINT64_C(1) << (bit))
_Static_assert((0 RG__METHOD_MAP(METHOD_SUM)) == (0 RG__METHOD_MAP(METHOD_UNION)), "each method has a bit of its own");
_Static_assert((0 RG__METHOD_MAP(METHOD_SUM)) <= UINT32_MAX, "methods are bits of one uint32_t");
#undef METHOD_SUM
#undef METHOD_UNION

#define METHOD_IN_HEADER(name, bit) _Static_assert(RG_METHOD_##name == (bit), "the enumeration and the table agree");
RG__METHOD_MAP(METHOD_IN_HEADER)
#undef METHOD_IN_HEADER

const char *rg_method_name(uint32_t number)
{
	static const char *const names[32] = {
#define METHOD_NAME(name, bit) [bit] = #name,
		RG__METHOD_MAP(METHOD_NAME)
#undef METHOD_NAME
	};

	return number < sizeof names / sizeof *names ? names[number] : NULL;
}

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
