/* SPDX-License-Identifier: MIT */
/* Layer 1: the character sets of RFC 3261 §25.1, one bit a set. */
#ifndef RG__CHARS_H
#define RG__CHARS_H

#include "text.h"

enum {
	RG__C_USER = 1 << 0,     /* unreserved / user-unreserved */
	RG__C_PASSWORD = 1 << 1, /* what a password may have unescaped */
	RG__C_PARAM = 1 << 2,    /* unreserved / param-unreserved */
	RG__C_HEADER = 1 << 3,   /* unreserved / hnv-unreserved */
	RG__C_TOKEN = 1 << 4,
	RG__C_WORD = 1 << 5,     /* of callid */
	RG__C_URIC = 1 << 6,     /* other schemes: RFC 2396 uric and `#`, and the brackets of RFC 2732 */
	RG__C_RESERVED = 1 << 7, /* RFC 2396 §2.2: differs from its escape */
	RG__C_DIGIT = 1 << 8,
	RG__C_ALPHA = 1 << 9,
	RG__C_HEX = 1 << 10
};

extern const uint16_t rg__chars[256];

static inline bool rg__is(char c, unsigned sets)
{
	return (rg__chars[(unsigned char)c] & sets) != 0;
}

/* All of the octets of @p s are in the sets; true for an empty one. */
static inline bool rg__all(rg_str s, unsigned sets)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!rg__is(s.p[i], sets))
			return false;
	}
	return true;
}

static inline unsigned rg__hex(char c) /* of one that is RG__C_HEX */
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(rg__lower(c) - 'a' + 10);
}

#endif
