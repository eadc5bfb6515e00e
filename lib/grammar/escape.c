/* SPDX-License-Identifier: MIT */
#include "grammar/chars.h"
#include "grammar/uri.h"

static bool is_escape(rg_str s, size_t at)
{
	return s.p[at] == '%' && s.n - at >= 3 && rg__is(s.p[at + 1], RG__C_HEX) && rg__is(s.p[at + 2], RG__C_HEX);
}

static unsigned escaped_octet(rg_str s, size_t at)
{
	return rg__hex(s.p[at + 1]) << 4 | rg__hex(s.p[at + 2]);
}

/* The next octet, unescaped. RFC 3261 §19.1.4: only characters outside the reserved set of RFC 2396 equal their escapes. */
static unsigned next_unit(rg_str s, size_t *at)
{
	size_t from = *at;

	if (!is_escape(s, from)) {
		*at = from + 1;
		return (unsigned char)s.p[from];
	}
	unsigned octet = escaped_octet(s, from);
	*at = from + 3;
	return rg__is((char)octet, RG__C_RESERVED) ? octet | 256 : octet;
}

static unsigned fold_unit(unsigned unit)
{
	return unit >= 'A' && unit <= 'Z' ? unit + 32 : unit;
}

int rg__order(rg_str a, rg_str b)
{
	size_t i = 0, j = 0;

	while (i < a.n && j < b.n) {
		unsigned x = next_unit(a, &i), y = next_unit(b, &j);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a.n) - (j < b.n);
}

int rg__order_nocase(rg_str a, rg_str b)
{
	size_t i = 0, j = 0;

	while (i < a.n && j < b.n) {
		unsigned x = fold_unit(next_unit(a, &i)), y = fold_unit(next_unit(b, &j));
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a.n) - (j < b.n);
}

bool rg__same(rg_str a, rg_str b)
{
	return rg__order(a, b) == 0;
}

bool rg__same_nocase(rg_str a, rg_str b)
{
	size_t i = 0, j = 0;

	while (i < a.n && j < b.n) {
		if (fold_unit(next_unit(a, &i)) != fold_unit(next_unit(b, &j)))
			return false;
	}
	return i >= a.n && j >= b.n;
}

uint32_t rg__hash_nocase(rg_str s)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < s.n;)
		h = h * 33 + fold_unit(next_unit(s, &i));
	return h;
}

rg_status rg__unescape(rg_str s, char *room, size_t *n)
{
	size_t to = 0;

	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned octet = (unsigned char)s.p[i];
		if (octet == '%') {
			if (!is_escape(s, i))
				return RG_EINVAL;
			octet = escaped_octet(s, i);
			i += 2;
		}
		if (octet < 0x20 || octet == 0x7f)
			return RG_EINVAL;
		room[to++] = (char)octet;
	}
	*n = to;
	return RG_OK;
}

size_t rg__escape_octet(char c, char out[3])
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned octet = (unsigned char)c;

	if (rg__is(c, RG__C_USER)) {
		out[0] = c;
		return 1;
	}
	out[0] = '%';
	out[1] = digits[octet >> 4];
	out[2] = digits[octet & 15];
	return 3;
}
