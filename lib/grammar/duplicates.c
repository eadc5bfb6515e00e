/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"

/* Names that count as equal must have the same hash. Escaped names are rare, so they all share the hash 0. */
static unsigned hash(const rg__names *names, rg_str name)
{
	unsigned h = 5381;

	if (names->escapes && memchr(name.p, '%', name.n))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		h = h * 33 + (unsigned char)rg__lower(name.p[i]);
	return (h ^ h >> 8 ^ h >> 16) & 255;
}

static bool same(const rg__names *names, rg_str a, rg_str b)
{
	/* Without escapes the two comparisons agree. */
	return names->escaped ? rg__same_nocase(a, b) : rg__eq_nocase(a, b);
}

static bool seen(const rg__names *names, rg_str name)
{
	for (uint32_t i = 0; i < names->n; i++) {
		if (same(names, names->name[i], name))
			return true;
	}
	return false;
}

static void mark(rg__names *names, unsigned h)
{
	names->bits[h >> 6] |= (uint64_t)1 << (h & 63);
}

static void begin_marks(rg__names *names)
{
	memset(names->bits, 0, sizeof names->bits);
	for (uint32_t i = 0; i < names->n; i++)
		mark(names, hash(names, names->name[i]));
}

/* False: @p name is new for certain. */
static bool may_be_seen(rg__names *names, rg_str name)
{
	if (names->n == RG__NAMES_FEW)
		begin_marks(names);
	unsigned h = hash(names, name);
	bool marked = (names->bits[h >> 6] >> (h & 63) & 1) != 0;

	/* An escaped name may equal any name, and any name may equal an escaped one. */
	if (names->escapes && (h == 0 || (names->bits[0] & 1) != 0))
		marked = true;
	mark(names, h);
	return marked;
}

bool rg__names_add(rg__names *names, rg_str name)
{
	if (names->n >= RG__PARAMS_MAX)
		return false;
	if (names->escapes && memchr(name.p, '%', name.n))
		names->escaped = true;
	if ((names->n < RG__NAMES_FEW || may_be_seen(names, name)) && seen(names, name))
		return false;
	names->name[names->n++] = name;
	return true;
}
