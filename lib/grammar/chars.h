/* SPDX-License-Identifier: MIT */
/* The character sets of RFC 3261 §25.1, one bit for each set. */
#ifndef RG__CHARS_H
#define RG__CHARS_H

#include "text/text.h"

enum {
	RG__C_USER = 1 << 0,     /* unreserved / user-unreserved */
	RG__C_PASSWORD = 1 << 1, /* allowed unescaped in a password */
	RG__C_PARAM = 1 << 2,    /* unreserved / param-unreserved */
	RG__C_HEADER = 1 << 3,   /* unreserved / hnv-unreserved */
	RG__C_TOKEN = 1 << 4,
	RG__C_WORD = 1 << 5,     /* of callid */
	RG__C_URIC = 1 << 6,     /* other schemes: RFC 2396 uric and `#`, and the brackets of RFC 2732 */
	RG__C_RESERVED = 1 << 7, /* RFC 2396 §2.2: such a character differs from its escape */
	RG__C_DIGIT = 1 << 8,
	RG__C_ALPHA = 1 << 9,
	RG__C_HEX = 1 << 10,
	RG__C_HOST = 1 << 11,    /* alphanum, `-`, `.` and `_` */
	RG__C_LIST = 1 << 12,    /* ends the search for the next comma of a list */
	RG__C_LABEL = 1 << 13,   /* RG__C_HOST without `.` */
	RG__C_CONTROL = 1 << 14, /* of rg__has_control() */
	RG__C_UNPLAIN = 1 << 15  /* ends a run of plain octets in a quoted string: RG__C_CONTROL, `"` and a backslash */
};

extern const uint16_t rg__chars[256];

static inline bool rg__is(char c, unsigned sets)
{
	return (rg__chars[(unsigned char)c] & sets) != 0;
}

/* The index of the first octet from @p at on that is in none of the sets, or s.n. Reading a request spends most of its time here, so the end
 * is compared once for four octets. */
RG__INLINE size_t rg__span(rg_str s, size_t at, unsigned sets)
{
	for (; at + 4 <= s.n; at += 4) {
		if (!rg__is(s.p[at], sets))
			return at;
		if (!rg__is(s.p[at + 1], sets))
			return at + 1;
		if (!rg__is(s.p[at + 2], sets))
			return at + 2;
		if (!rg__is(s.p[at + 3], sets))
			return at + 3;
	}
	while (at < s.n && rg__is(s.p[at], sets))
		at++;
	return at;
}

/* How many octets rg__stops tells of. */
enum { RG__STOPS = 64 };

/* Of the first RG__STOPS octets of a text those that are neither an ASCII letter nor a digit, a bit each, and the bits behind the end of a
 * shorter text; the highest bit is always set, so that a search ends there. Every set of a URI has all letters and digits, so a run of
 * these is skipped at once. */
typedef uint64_t rg__stops;

RG__INLINE rg__stops rg__stops_of(rg_str s)
{
	enum { STEP = sizeof(rg__octets), HALF = STEP / 2 };
	size_t n = s.n < RG__STOPS ? s.n : RG__STOPS;
	uint64_t runs = 0;
	rg__octets v;

	if (n < HALF)
		return UINT64_MAX;
	if (n < STEP) {
		memcpy(&v, s.p, HALF);
		memcpy((char *)&v + HALF, s.p + n - HALF, HALF);
		runs = rg__mark_bits(rg__mark_alnum(v));
		return ~((runs & ((1 << HALF) - 1)) | runs >> HALF << (n - HALF));
	}
	for (size_t at = 0; at < n - STEP; at += STEP)
		runs |= (uint64_t)rg__mark_bits(rg__mark_alnum(rg__octets_at(s.p + at))) << at;
	runs |= (uint64_t)rg__mark_bits(rg__mark_alnum(rg__octets_at(s.p + n - STEP))) << (n - STEP);
	return ~runs | (rg__stops)1 << (RG__STOPS - 1);
}

/* The first stop from @p at on, which is below RG__STOPS. */
RG__INLINE size_t rg__next_stop(rg__stops stops, size_t at)
{
	return (unsigned)at + (unsigned)__builtin_ctzll(stops >> at);
}

/* Whether all octets of @p s are in the set; true for an empty slice. */
static inline bool rg__all(rg_str s, unsigned set)
{
	return rg__span(s, 0, set) == s.n;
}

static inline unsigned rg__hex(char c) /* @p c is in RG__C_HEX */
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(rg__lower(c) - 'a' + 10);
}

#endif
