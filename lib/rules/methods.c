/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "rules/methods.h"
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
