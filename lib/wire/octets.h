/* SPDX-License-Identifier: MIT */
/* Octets of a message, and searches in them. */
#ifndef RG__WIRE_OCTETS_H
#define RG__WIRE_OCTETS_H

#include <rgstr/types.h>
#include <stdbool.h>
#include <string.h>

#define RG__WIRE_NONE ((rg_str){ NULL, 0 })

/* Part of the loops over the octets and lines of a message. */
#define RG__WIRE_INLINE static inline __attribute__((always_inline))

/* Classes of octets. VALUE: what the value of a parameter may have without quotes. WORD: RFC 3261 §25.1.
 * IPV6: of an address between brackets. */
enum { RG__WIRE_TOKEN = 1, RG__WIRE_DIGIT = 2, RG__WIRE_VALUE = 4, RG__WIRE_WORD = 8, RG__WIRE_IPV6 = 16 };

extern const uint8_t rg__wire_class[256];

static inline bool rg__wire_is(char c, int class)
{
	return (rg__wire_class[(unsigned char)c] & class) != 0;
}

/* LWS, in a line that was taken: such a line has no other control characters than HTAB and those of its folds. */
static inline bool rg__wire_is_lws(char c)
{
	return (unsigned char)c <= ' ';
}

/* Without LWS at both ends. */
RG__WIRE_INLINE rg_str rg__wire_trim(rg_str s)
{
	while (s.n > 0 && rg__wire_is_lws(s.p[0]))
		s.p++, s.n--;
	while (s.n > 0 && rg__wire_is_lws(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool rg__wire_is_token(rg_str s);            /* RFC 3261 §25.1 */
bool rg__wire_same_name(rg_str a, rg_str b); /* ASCII in any case, in every locale */

typedef uint8_t rg__sixteen __attribute__((vector_size(16)));

static inline rg__sixteen rg__wire_sixteen(const char *p)
{
	rg__sixteen v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* A bit for each octet that is marked with 0xff; all others are 0. */
static inline uint32_t rg__wire_marks(rg__sixteen marked)
{
#if defined(__SSE2__)
	typedef char signs __attribute__((vector_size(16)));

	return (uint32_t)__builtin_ia32_pmovmskb128((signs)marked);
#else
	uint32_t bits = 0;

	for (unsigned i = 0; i < sizeof marked; i++)
		bits |= (uint32_t)(marked[i] & 1) << i;
	return bits;
#endif
}

/* The first mark; 16: there is none. */
static inline unsigned rg__wire_first_mark(rg__sixteen marked)
{
	return (unsigned)__builtin_ctz(rg__wire_marks(marked) | 1u << 16);
}

/* Letters, digits, '-' and '.', which are most octets of tokens and of values. */
static inline rg__sixteen rg__wire_mark_plain(rg__sixteen v)
{
	return (rg__sixteen)((v | 0x20) - 'a' < 26) | (rg__sixteen)(v - '0' < 10) | (rg__sixteen)(v - '-' < 2);
}

/* The control characters of a text from its start to `end`, HTAB included. */
typedef struct rg__wire_controls {
	const char *start, *at, *next, *end; /* the marks are those from `at` to `next` */
	uint64_t marks;
} rg__wire_controls;

static inline rg__wire_controls rg__wire_controls_of(const char *p, const char *end)
{
	return (rg__wire_controls){ p, p, p, end, 0 };
}

static inline uint64_t rg__wire_mark_controls(const char *p)
{
	uint64_t marks = 0;

	for (unsigned i = 0; i < 4; i++) {
		const rg__sixteen v = rg__wire_sixteen(p + 16 * i);
		marks |= (uint64_t)rg__wire_marks((rg__sixteen)(v < ' ') | (rg__sixteen)(v == 0x7f)) << 16 * i;
	}
	return marks;
}

static inline uint64_t rg__wire_mark_few_controls(const char *p, size_t n)
{
	char text[64];

	memset(text, ' ', sizeof text);
	memcpy(text, p, n);
	return rg__wire_mark_controls(text);
}

/* The next one; `end`: there is none. */
RG__WIRE_INLINE const char *rg__wire_control(rg__wire_controls *c)
{
	enum { STEP = 64 };

	while (c->marks == 0) {
		const size_t left = (size_t)(c->end - c->next);

		if (left == 0)
			return c->end;
		c->at = c->next;
		c->next = left > STEP ? c->at + STEP : c->end;
		if (left >= STEP)
			c->marks = rg__wire_mark_controls(c->at);
		else if (c->at > c->start) /* the last ones of the step that ends here */
			c->marks = rg__wire_mark_controls(c->end - STEP) >> (STEP - left);
		else
			c->marks = rg__wire_mark_few_controls(c->at, left);
	}
	const char *p = c->at + __builtin_ctzll(c->marks);
	c->marks &= c->marks - 1;
	return p;
}

/* Passes over the octet behind the control character that was taken last. It is one, too. */
static inline void rg__wire_pass_control(rg__wire_controls *c)
{
	if (c->marks != 0)
		c->marks &= c->marks - 1;
	else
		c->next++; /* it is the first one that has no mark yet */
}

/* The first colon of a line; NULL: there is none. @p end is that of the text which the line is a part of. @p head: as in rg__wire_line. */
RG__WIRE_INLINE const char *rg__wire_colon(const char *p, const char *line_end, const char *end, uint32_t *head)
{
	*head = 0;
	if ((size_t)(end - p) >= sizeof(rg__sixteen)) {
		const uint32_t colons = rg__wire_marks((rg__sixteen)(rg__wire_sixteen(p) == ':'));
		if (colons != 0) {
			const char *colon = p + __builtin_ctz(colons);
			if (colon >= line_end)
				return NULL;
			*head = colons ^ (colons - 1);
			return colon;
		}
	}
	return memchr(p, ':', (size_t)(line_end - p));
}

#endif
