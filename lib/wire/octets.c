/* SPDX-License-Identifier: MIT */
#include "wire/octets.h"

#define T (RG__WIRE_TOKEN | RG__WIRE_VALUE | RG__WIRE_WORD)
#define D (T | RG__WIRE_DIGIT | RG__WIRE_IPV6)
#define X (T | RG__WIRE_IPV6)
#define H (RG__WIRE_VALUE | RG__WIRE_WORD)
#define W RG__WIRE_WORD

const uint8_t rg__wire_class[256] = {
	['!'] = T, ['%'] = T, ['\''] = T, ['*'] = T, ['+'] = T, ['-'] = T, ['.'] = X, ['_'] = T, ['`'] = T, ['~'] = T,
	['['] = H, [']'] = H, [':'] = H | RG__WIRE_IPV6, ['/'] = H, ['$'] = RG__WIRE_VALUE,
	['('] = W, [')'] = W, ['<'] = W, ['>'] = W, ['\\'] = W, ['"'] = W, ['?'] = W, ['{'] = W, ['}'] = W,
	['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
	['A'] = X, ['B'] = X, ['C'] = X, ['D'] = X, ['E'] = X, ['F'] = X, ['G'] = T, ['H'] = T, ['I'] = T, ['J'] = T, ['K'] = T, ['L'] = T,
	['M'] = T, ['N'] = T, ['O'] = T, ['P'] = T, ['Q'] = T, ['R'] = T, ['S'] = T, ['T'] = T, ['U'] = T, ['V'] = T, ['W'] = T, ['X'] = T,
	['Y'] = T, ['Z'] = T,
	['a'] = X, ['b'] = X, ['c'] = X, ['d'] = X, ['e'] = X, ['f'] = X, ['g'] = T, ['h'] = T, ['i'] = T, ['j'] = T, ['k'] = T, ['l'] = T,
	['m'] = T, ['n'] = T, ['o'] = T, ['p'] = T, ['q'] = T, ['r'] = T, ['s'] = T, ['t'] = T, ['u'] = T, ['v'] = T, ['w'] = T, ['x'] = T,
	['y'] = T, ['z'] = T,
};

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
