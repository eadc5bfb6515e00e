/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

static bool begins_fold(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 3261 §7: lines end in CRLF. RFC 3261 §7.3.1: a line that begins with white space continues the one before. */
const char *rg__wire_line_end(const char *p, const char *end, rg__wire_line *line)
{
	line->ends = 0;
	line->folded = false;
	for (;; p++) {
		p = rg__wire_control(p, end);
		if (p == end)
			return NULL;
		if (*p == '\t')
			continue;
		if (*p != '\r' || end - p < 2 || p[1] != '\n')
			return NULL;
		line->ends++;
		if (end - p < 3 || !begins_fold(p[2]))
			return p;
		line->folded = true;
		p += 2;
	}
}

const char *rg__wire_line_take(const char *p, const char *end, rg__wire_line *line)
{
	const char *at = rg__wire_line_end(p, end, line), *colon;

	if (!at)
		return NULL;
	colon = rg__wire_colon(p, at);
	line->name = line->value = RG__WIRE_NONE;
	if (!colon)
		return at + 2;
	line->value = rg__wire_trim((rg_str){ colon + 1, (size_t)(at - colon - 1) });
	while (colon > p && rg__wire_is(colon[-1], RG__WIRE_LWS)) /* white space before the colon */
		colon--;
	line->name = (rg_str){ p, (size_t)(colon - p) };
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
		if (!begins_fold(*p))
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
