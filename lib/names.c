/* SPDX-License-Identifier: MIT */
#include "uri.h"

/* Must not tell apart what counts as the same name; escaped names are rare, and all hash alike. */
static unsigned hash(const rg__names *names, rg_str name)
{
	unsigned h = 5381;

	if (names->escapes && memchr(name.p, '%', name.n))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		h = h * 33 + (unsigned char)rg__lower(name.p[i]);
	return (h ^ h >> 8 ^ h >> 16) & 255;
}

bool rg__names_add(rg__names *names, rg_str name)
{
	unsigned h = hash(names, name);
	uint64_t bit = (uint64_t)1 << (h & 63);
	/* An escaped name may be any of the others, and any other may be an escaped one. */
	bool compare = (names->bits[h >> 6] & bit) != 0 || (names->escapes && (h == 0 || (names->bits[0] & 1) != 0));

	if (names->n >= RG__PARAMS_MAX)
		return false;
	for (uint32_t i = 0; compare && i < names->n; i++) {
		rg_str other = names->name[i];
		if (names->escapes ? rg__same_nocase(other, name) : rg__eq_nocase(other, name))
			return false;
	}
	names->bits[h >> 6] |= bit;
	names->name[names->n++] = name;
	return true;
}
