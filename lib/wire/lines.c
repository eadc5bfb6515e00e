/* SPDX-License-Identifier: MIT */
#include "wire/lines.h"

/* The end of the logical line at @p p, whatever it holds. NULL: text that is missing may have continued it. */
static const char *rough_end(const char *p, const char *end)
{
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf || lf + 1 == end)
			return NULL;
		p = lf + 1;
		if (!rg__wire_is_blank(*p))
			return p;
	}
	return NULL;
}

const char *rg__wire_line_salvage(const char *p, const char *end, uint32_t *lines, rg__wire_line *line)
{
	for (const char *next; *lines > 0 && (next = rough_end(p, end)) != NULL; p = next) {
		--*lines;
		if (*p == '\r' || *p == '\n')
			return NULL;
		rg__wire_controls controls = rg__wire_controls_of(p, next);
		if (rg__wire_line_take(p, &controls, line) == next && line->name.p)
			return next;
	}
	return NULL;
}
