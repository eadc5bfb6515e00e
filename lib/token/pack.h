/* SPDX-License-Identifier: MIT */
/* The plain text of a token: numbers, big-endian, and texts with their length in two octets. */
#ifndef RG__PACK_H
#define RG__PACK_H

#include "text/text.h"

/* Each writes at @p at, where there must be room, and returns the end of what it wrote. A text has at most UINT16_MAX octets. */
char *rg__pack_number(char *at, uint64_t number, int octets);
char *rg__pack_octets(char *at, rg_str octets);
char *rg__pack_text(char *at, rg_str text);

/* Each takes a value off the front of @p rest. False: it is not there. */
bool rg__unpack_number(rg_str *rest, int octets, uint64_t *number);
bool rg__unpack_text(rg_str *rest, rg_str *text);

#endif
