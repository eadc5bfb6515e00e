/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

#define T (RG__WIRE_TOKEN | RG__WIRE_VALUE | RG__WIRE_WORD)
#define D (T | RG__WIRE_DIGIT | RG__WIRE_IPV6)
#define X (T | RG__WIRE_IPV6)
#define H (RG__WIRE_VALUE | RG__WIRE_WORD)
#define W RG__WIRE_WORD
#define L RG__WIRE_LWS

const uint8_t rg__wire_class[256] = {
	['\t'] = L, ['\n'] = L, ['\r'] = L, [' '] = L,
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

static bool is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return u < ' ' || u == 0x7f;
}

/* Sixteen octets at once, in what the processor has for it: a line of a message is only a few of them. */
typedef uint8_t sixteen __attribute__((vector_size(16)));
typedef uint64_t two_words __attribute__((vector_size(16)));

/* The first of the sixteen octets that is marked. 16: none is. */
static inline unsigned first_mark(sixteen marked)
{
	two_words w = (two_words)marked;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (w[0])
		return (unsigned)__builtin_ctzll(w[0]) / 8;
	return w[1] ? 8 + (unsigned)__builtin_ctzll(w[1]) / 8 : 16;
#else
	unsigned i = w[0] | w[1] ? 0 : 16;
	while (i < 16 && !marked[i])
		i++;
	return i;
#endif
}

const char *rg__wire_control(const char *p, const char *end)
{
	for (sixteen v; (size_t)(end - p) >= sizeof v; p += sizeof v) {
		memcpy(&v, p, sizeof v);
		unsigned at = first_mark((sixteen)(v < ' ') | (sixteen)(v == 0x7f));
		if (at < sizeof v)
			return p + at;
	}
	while (p < end && !is_control(*p))
		p++;
	return p;
}

const char *rg__wire_colon(const char *p, const char *end)
{
	sixteen v;

	if ((size_t)(end - p) >= sizeof v) {
		memcpy(&v, p, sizeof v);
		unsigned at = first_mark((sixteen)(v == ':'));
		if (at < sizeof v)
			return p + at;
		p += sizeof v;
	}
	return memchr(p, ':', (size_t)(end - p));
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
