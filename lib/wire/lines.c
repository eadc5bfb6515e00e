/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 3261 §7: lines end in CRLF. RFC 3261 §7.3.1: a line that begins with white space continues the one before. */
static const char *line_end(const char *p, const char *end, rg__wire_line *line)
{
	for (;; p++) {
		p = rg__wire_control(p, end);
		if (p == end)
			return NULL;
		if (*p == '\t')
			continue;
		if (*p != '\r' || end - p < 2 || p[1] != '\n')
			return NULL;
		line->ends++;
		if (end - p < 3 || !is_blank(p[2]))
			return p;
		line->folded = true;
		p += 2;
	}
}

const char *rg__wire_line_take(const char *p, const char *end, rg__wire_line *line)
{
	const char *from = p;

	line->ends = 0;
	line->folded = false;
	while (p < end && rg__wire_is(*p, RG__WIRE_TOKEN))
		p++;
	line->name = (rg_str){ from, (size_t)(p - from) };
	const char *at = line_end(p, end, line);
	if (!at)
		return NULL;
	if (*p != ':') {
		while (p < at && rg__wire_is(*p, RG__WIRE_LWS))
			p++;
	}
	if (*p != ':' || line->name.n == 0)
		line->name = RG__WIRE_NONE;
	else
		p++;
	line->value = rg__wire_trim((rg_str){ p, (size_t)(at - p) });
	return at + 2;
}

/* The end of the logical line at @p p, whatever it holds. NULL: text that is missing may have continued it. */
static const char *rough_end(const char *p, const char *end)
{
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf || lf + 1 == end)
			return NULL;
		p = lf + 1;
		if (!is_blank(*p))
			return p;
	}
	return NULL;
}

const char *rg__wire_line_salvage(const char *p, const char *end, rg__wire_line *line)
{
	for (const char *next; (next = rough_end(p, end)) != NULL; p = next) {
		if (*p == '\r' || *p == '\n')
			return NULL;
		if (rg__wire_line_take(p, next, line) == next && line->name.p)
			return next;
	}
	return NULL;
}
