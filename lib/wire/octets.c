/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

#define T RG__WIRE_TOKEN
#define D (RG__WIRE_TOKEN | RG__WIRE_DIGIT)
#define L RG__WIRE_LWS

const uint8_t rg__wire_class[256] = {
	['\t'] = L, ['\n'] = L, ['\r'] = L, [' '] = L,
	['!'] = T, ['%'] = T, ['\''] = T, ['*'] = T, ['+'] = T, ['-'] = T, ['.'] = T, ['_'] = T, ['`'] = T, ['~'] = T,
	['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
	['A'] = T, ['B'] = T, ['C'] = T, ['D'] = T, ['E'] = T, ['F'] = T, ['G'] = T, ['H'] = T, ['I'] = T, ['J'] = T, ['K'] = T, ['L'] = T,
	['M'] = T, ['N'] = T, ['O'] = T, ['P'] = T, ['Q'] = T, ['R'] = T, ['S'] = T, ['T'] = T, ['U'] = T, ['V'] = T, ['W'] = T, ['X'] = T,
	['Y'] = T, ['Z'] = T,
	['a'] = T, ['b'] = T, ['c'] = T, ['d'] = T, ['e'] = T, ['f'] = T, ['g'] = T, ['h'] = T, ['i'] = T, ['j'] = T, ['k'] = T, ['l'] = T,
	['m'] = T, ['n'] = T, ['o'] = T, ['p'] = T, ['q'] = T, ['r'] = T, ['s'] = T, ['t'] = T, ['u'] = T, ['v'] = T, ['w'] = T, ['x'] = T,
	['y'] = T, ['z'] = T,
};

static bool is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return u < ' ' || u == 0x7f;
}

/* Has any of the eight octets the high bit clear and a value below 0x20, or the value 0x7f? A borrow may also mark an octet above such a
 * one, never one without. */
static uint64_t control_marks(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t del = w ^ (ones * 0x7f);

	return (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & high;
}

const char *rg__wire_control(const char *p, const char *end)
{
	for (uint64_t w; (size_t)(end - p) >= sizeof w; p += sizeof w) {
		memcpy(&w, p, sizeof w);
		if (control_marks(w))
			break;
	}
	while (p < end && !is_control(*p))
		p++;
	return p;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool rg__wire_same_name(rg_str a, rg_str b)
{
	size_t i = 0;

	if (a.n != b.n)
		return false;
	while (i < a.n && to_lower(a.p[i]) == to_lower(b.p[i]))
		i++;
	return i == a.n;
}

bool rg__wire_is_token(rg_str s)
{
	size_t i = 0;

	while (i < s.n && rg__wire_is(s.p[i], RG__WIRE_TOKEN))
		i++;
	return s.n > 0 && i == s.n;
}

rg_str rg__wire_trim(rg_str s)
{
	while (s.n > 0 && rg__wire_is(s.p[0], RG__WIRE_LWS))
		s.p++, s.n--;
	while (s.n > 0 && rg__wire_is(s.p[s.n - 1], RG__WIRE_LWS))
		s.n--;
	return s;
}
