/* SPDX-License-Identifier: MIT */
#include "model/model.h"

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
