/* SPDX-License-Identifier: MIT */
/*
 * Objects as text, for people and for expected texts in tests: one value a line, `name: value`, indented by its depth. The text is printable
 * ASCII: any other octet and a space at an end of a value are `\xHH`, a backslash is doubled. So a value is one line whatever it holds.
 */
#ifndef RG__PRINT_H
#define RG__PRINT_H

#include <stdbool.h>
#include "text/out.h"

typedef struct rg__print {
	rg__out out;
	uint32_t depth;
	uint32_t flags; /* RG_TEXT_… */
} rg__print;

void rg__print_mark(rg__print *p, const char *name);               /* the name alone */
void rg__print_text(rg__print *p, const char *name, rg_str value); /* nothing for an absent value */
void rg__print_word(rg__print *p, const char *name, const char *value);
void rg__print_int(rg__print *p, const char *name, int64_t value);
void rg__print_hex(rg__print *p, const char *name, uint64_t value); /* 16 digits */

/* The parts of a line that has more than one. */
void rg__print_begin(rg__print *p, const char *name); /* with the colon */
void rg__print_part(rg__print *p, rg_str value);      /* escaped */
void rg__print_value(rg__print *p, rg_str value);     /* the same behind a space; nothing when it is empty */
void rg__print_end(rg__print *p);

/* Starts a text in the room of a caller. False: the arguments contradict each other. Sets *n, which may be NULL, to 0. */
static inline bool rg__print_open(rg__print *p, uint32_t flags, char *room, size_t size, size_t *n)
{
	*p = (rg__print){ .out = { room, size, 0 }, .flags = flags };
	if (n)
		*n = 0;
	return n && (room || size == 0);
}

#endif
