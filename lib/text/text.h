/* SPDX-License-Identifier: MIT */
/* Slices, numbers, growing buffers, errors. */
#ifndef RG__TEXT_H
#define RG__TEXT_H

#include <rgstr/status.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include "text/addr.h"
#include "text/clock.h"
#include "text/fingerprint.h"
#include "text/octets.h"
#include "text/out.h"
#include "text/print.h"
#include "text/scratch.h"
#include "text/shape.h"

/* Of the parsers, the parts that every request passes through. gcc leaves some of those with two callers out of line, which costs a refresh
 * one instruction in a hundred. */
#define RG__INLINE static inline __attribute__((always_inline))
#define RG__NOINLINE __attribute__((noinline))

#define RG__ABSENT ((rg_str){ NULL, 0 })

/* Compares 8 to 16 octets. */
static inline bool rg__same_few(const char *a, const char *b, size_t n)
{
	uint64_t w[4];

	memcpy(&w[0], a, sizeof w[0]);
	memcpy(&w[1], b, sizeof w[1]);
	memcpy(&w[2], a + n - sizeof w[0], sizeof w[0]);
	memcpy(&w[3], b + n - sizeof w[0], sizeof w[0]);
	return ((w[0] ^ w[1]) | (w[2] ^ w[3])) == 0;
}

/* Compares @p n octets; 4 to 16 in two words that may overlap, without a call. */
static inline bool rg__same_octets(const char *a, const char *b, size_t n)
{
	uint32_t v[4];

	if (n - 8 <= 16 - 8)
		return rg__same_few(a, b, n);
	if (n - 4 > 7 - 4)
		return n == 0 || memcmp(a, b, n) == 0;
	memcpy(&v[0], a, sizeof v[0]);
	memcpy(&v[1], b, sizeof v[1]);
	memcpy(&v[2], a + n - sizeof v[0], sizeof v[0]);
	memcpy(&v[3], b + n - sizeof v[0], sizeof v[0]);
	return ((v[0] ^ v[1]) | (v[2] ^ v[3])) == 0;
}

/* The same; 4 to 64 octets without a call. It is longer, so it is for few places. */
RG__INLINE bool rg__same_text(const char *a, const char *b, size_t n)
{
	rg__words x[4], y[4], sum;

	if (n < 16 || n > 64)
		return rg__same_octets(a, b, n);
	memcpy(&x[0], a, sizeof x[0]);
	memcpy(&y[0], b, sizeof y[0]);
	memcpy(&x[1], a + n - sizeof x[1], sizeof x[1]);
	memcpy(&y[1], b + n - sizeof y[1], sizeof y[1]);
	sum = (x[0] ^ y[0]) | (x[1] ^ y[1]);
	if (n > 32) {
		memcpy(&x[2], a + 16, sizeof x[2]);
		memcpy(&y[2], b + 16, sizeof y[2]);
		memcpy(&x[3], a + n - 32, sizeof x[3]);
		memcpy(&y[3], b + n - 32, sizeof y[3]);
		sum |= (x[2] ^ y[2]) | (x[3] ^ y[3]);
	}
	return (sum[0] | sum[1]) == 0;
}

static inline bool rg__eq(rg_str a, rg_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline rg_str rg__sub(rg_str s, size_t from, size_t to) /* [from, to) */
{
	return (rg_str){ s.p + from, to - from };
}

bool rg__differ_in_case(const char *a, const char *b, size_t n); /* false when other than the case differs */

static inline bool rg__eq_nocase(rg_str a, rg_str b) /* ASCII, in every locale */
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0 || rg__differ_in_case(a.p, b.p, a.n));
}

rg_str rg__trim_ends(rg_str s);

static inline rg_str rg__trim(rg_str s) /* removes SP and HTAB at both ends */
{
	return s.n > 0 && ((unsigned char)s.p[0] <= ' ' || (unsigned char)s.p[s.n - 1] <= ' ') ? rg__trim_ends(s) : s;
}

bool rg__octets_have_control(const char *p, size_t n);

static inline bool rg__has_control(rg_str s) /* any octet below 0x20 except HTAB, or 0x7f */
{
	return s.n > 0 && rg__octets_have_control(s.p, s.n);
}

static inline char rg__lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Makes a text for people, which often quotes a stranger, one line of UTF-8: a control character, and an octet that is no UTF-8, becomes `?`. */
void rg__defuse(char *text, size_t n);

/* Accepts one or more digits and nothing else (RG_EINVAL). A value above @p max becomes @p max, with RG_OK. */
rg_status rg__parse_uint(rg_str s, uint64_t max, uint64_t *out);

/* Reads @p n digits, one to eight, all at once. Eight octets at @p p may be read. False: one of the n is no digit. */
static inline bool rg__few_digits(const char *p, size_t n, uint32_t *out)
{
	/* What is not wanted goes out at the low end, as if there were zeros before the first digit. */
	uint64_t v = (rg__word_at(p) ^ 0x3030303030303030) << (64 - 8 * n);

	if (((v | (v + 0x7676767676767676)) & 0x8080808080808080) != 0) /* an octet above 9 */
		return false;
	/* Pairs of neighbours become numbers, the first of them the higher one. */
	v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff;
	v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff;
	*out = (uint32_t)(v * 10000 + (v >> 32));
	return true;
}

#define RG__TIME_LAST INT64_C(253402300799999) /* the last millisecond of the year 9999 */

/* Saturating arithmetic on times and counts. */
int64_t rg__add_sat(int64_t a, int64_t b);
int64_t rg__sub_sat(int64_t a, int64_t b);
int64_t rg__mul_sat(int64_t a, int64_t b);

/* A buffer that grows by malloc() and realloc(), so a caller may free its bytes with rg_mem_free(). After the first failed growth
 * `failed` is set and appending does nothing. */
typedef struct rg__buf {
	char *p;
	size_t n, room;
	bool failed;
} rg__buf;

void rg__buf_add(rg__buf *b, rg_str s);
void rg__buf_add_text(rg__buf *b, const char *z);
void rg__buf_add_int(rg__buf *b, int64_t v);
void rg__buf_free(rg__buf *b); /* leaves it empty, ready for use */

/* Reports into @p why (may be NULL) and returns @p status. The format is printf's, with %.*s for slices. Control characters become `?`. */
rg_status rg__fail(rg_error *why, rg_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* For %.*s: the first bytes of a typed value, enough for an error text. */
#define RG__SHOWN(s) ((s).n > 64 ? 64 : (int)(s).n), ((s).p ? (s).p : "")

#endif
