/* SPDX-License-Identifier: MIT */
/* What a message says, read from its bytes by neither of the two adaptors. */
#ifndef RG_TEST_RAW_H
#define RG_TEST_RAW_H

#include <rgstr/types.h>
#include <stdbool.h>

bool raw_is_blank(char c);
bool raw_has_text(rg_str bytes, rg_str part);
uint32_t raw_commas_in(rg_str s);
rg_str raw_head_of(rg_str bytes); /* start line and headers, without the empty line */

/* The first line from @p at on that has the header @p name, or its compact form. NULL: there is none. */
const char *raw_find_line(rg_str head, const char *at, const char *name, char compact);
rg_str raw_folded_line(rg_str head, const char *p); /* the line at @p p with its continuation lines */
uint32_t raw_count_lines(rg_str bytes, const char *name, char compact);
/* The value of the header line at @p p, without folds, in @p room of @p size octets. False: there is none, or no room. */
bool raw_read_line(rg_str head, const char *p, char *room, size_t size, rg_str *value);
bool raw_has_blank_continuation(rg_str head); /* a continuation line of nothing but white space, which is continued itself */

/* Values as a save judges them. */
bool raw_is_sound_address(rg_str value); /* From, To */
bool raw_is_sound_cseq(rg_str value);
bool raw_is_sound_call_id(rg_str value);
bool raw_has_sound_uri(rg_str bytes);     /* the Request-URI */
bool raw_has_other_scheme(rg_str value);  /* of From or To: the URI is no SIP URI */

#endif
