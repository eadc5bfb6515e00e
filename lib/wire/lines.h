/* SPDX-License-Identifier: MIT */
/* Header lines as they stand in a message. */
#ifndef RG__WIRE_LINES_H
#define RG__WIRE_LINES_H

#include "wire/octets.h"

typedef struct rg__wire_line {
	rg_str name;   /* what stands before the first colon, which need not be a name; absent: there is no colon */
	rg_str value;  /* trimmed; still folded when `folded` */
	uint32_t ends; /* number of its line ends */
	uint32_t head; /* a bit for each octet of name and colon, when sixteen octets can be read there and the colon is one of them; else 0 */
	bool folded;
} rg__wire_line;

/* Takes the next line apart, of a message whose framing is invalid: lines that cannot be taken are passed over. NULL: there is no further one
 * among the next @p lines, which are counted down, or the next one is empty. A line is complete only when something follows it. */
const char *rg__wire_line_salvage(const char *p, const char *end, uint32_t *lines, rg__wire_line *line);

static inline bool rg__wire_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The end of the line at which @p c stands. RFC 3261 §7: lines end in CRLF. RFC 3261 §7.3.1: a line that begins with white space continues
 * the one before. NULL: there is a control character, a lone CR or LF, or no line end. */
RG__WIRE_INLINE const char *rg__wire_line_end(rg__wire_controls *c, rg__wire_line *line)
{
	line->ends = 0;
	line->folded = false;
	for (;;) {
		const char *p = rg__wire_control(c);
		const ptrdiff_t left = c->end - p;

		if (left < 2 || memcmp(p, "\r\n", 2) != 0) {
			if (left > 0 && *p == '\t')
				continue;
			return NULL;
		}
		rg__wire_pass_control(c);
		line->ends++;
		if (left == 2 || (unsigned char)p[2] > ' ' || !rg__wire_is_blank(p[2]))
			return p;
		line->folded = true;
	}
}

/* Takes the line at @p p apart, where @p c stands. Returns the start of the next line. NULL: as rg__wire_line_end(). */
RG__WIRE_INLINE const char *rg__wire_line_take(const char *p, rg__wire_controls *c, rg__wire_line *line)
{
	const char *at = rg__wire_line_end(c, line), *colon, *value;

	if (!at)
		return NULL;
	colon = rg__wire_colon(p, at, c->end, &line->head);
	line->name = line->value = RG__WIRE_NONE;
	if (!colon)
		return at + 2;
	value = colon + 1;
	if (*value == ' ') /* most values have one space before them, and none behind */
		value++;
	line->value = (rg_str){ value, (size_t)(at - value) };
	if (value < at && (rg__wire_is_lws(*value) || rg__wire_is_lws(at[-1])))
		line->value = rg__wire_trim(line->value);
	for (; colon > p && rg__wire_is_lws(colon[-1]); colon--) /* white space before the colon */
		line->head = 0;
	line->name = (rg_str){ p, (size_t)(colon - p) };
	return at + 2;
}

#endif
