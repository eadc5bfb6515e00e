/* SPDX-License-Identifier: MIT */
/* Octets of a message, and searches in them. */
#ifndef RG__WIRE_OCTETS_H
#define RG__WIRE_OCTETS_H

#include <rgstr/types.h>
#include <stdbool.h>
#include <string.h>

#define RG__WIRE_NONE ((rg_str){ NULL, 0 })

/* Classes of octets. LWS: with CR and LF. VALUE: what the value of a parameter may have without quotes. WORD: RFC 3261 §25.1.
 * IPV6: of an address between brackets. */
enum { RG__WIRE_TOKEN = 1, RG__WIRE_DIGIT = 2, RG__WIRE_LWS = 4, RG__WIRE_VALUE = 8, RG__WIRE_WORD = 16, RG__WIRE_IPV6 = 32 };

extern const uint8_t rg__wire_class[256];

static inline bool rg__wire_is(char c, int class)
{
	return (rg__wire_class[(unsigned char)c] & class) != 0;
}

/* Without LWS at both ends. */
static inline rg_str rg__wire_trim(rg_str s)
{
	while (s.n > 0 && rg__wire_is(s.p[0], RG__WIRE_LWS))
		s.p++, s.n--;
	while (s.n > 0 && rg__wire_is(s.p[s.n - 1], RG__WIRE_LWS))
		s.n--;
	return s;
}

bool rg__wire_is_token(rg_str s);            /* RFC 3261 §25.1 */
bool rg__wire_same_name(rg_str a, rg_str b); /* ASCII in any case, in every locale */

static inline bool rg__wire_is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return u < ' ' || u == 0x7f;
}

/* Sixteen octets at once: a line of a message is only a few of them. */
typedef uint8_t rg__sixteen __attribute__((vector_size(16)));

/* The first of the sixteen octets that is marked with 0xff; 16: all others are 0. */
static inline unsigned rg__wire_first_mark(rg__sixteen marked)
{
#if defined(__SSE2__)
	typedef char signs __attribute__((vector_size(16)));

	return (unsigned)__builtin_ctz((unsigned)__builtin_ia32_pmovmskb128((signs)marked) | 1u << 16);
#else
	typedef uint64_t two_words __attribute__((vector_size(16)));
	const two_words w = (two_words)marked;
	unsigned i = w[0] | w[1] ? 0 : 16;

	while (i < 16 && !marked[i])
		i++;
	return i;
#endif
}

/* The first control character from @p p on, HTAB included; @p end: there is none. */
static inline const char *rg__wire_control(const char *p, const char *end)
{
	for (rg__sixteen v; (size_t)(end - p) >= sizeof v; p += sizeof v) {
		memcpy(&v, p, sizeof v);
		unsigned at = rg__wire_first_mark((rg__sixteen)(v < ' ') | (rg__sixteen)(v == 0x7f));
		if (at < sizeof v)
			return p + at;
	}
	while (p < end && !rg__wire_is_control(*p))
		p++;
	return p;
}

/* The first colon; NULL: there is none. */
static inline const char *rg__wire_colon(const char *p, const char *end)
{
	rg__sixteen v;

	if ((size_t)(end - p) >= sizeof v) {
		memcpy(&v, p, sizeof v);
		unsigned at = rg__wire_first_mark((rg__sixteen)(v == ':'));
		if (at < sizeof v)
			return p + at;
		p += sizeof v;
	}
	return memchr(p, ':', (size_t)(end - p));
}

#endif
