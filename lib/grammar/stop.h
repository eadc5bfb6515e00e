/* SPDX-License-Identifier: MIT */
/* Where a text stops to be what it should be, for messages to people. It asks the parsers themselves, so that it never differs from them:
 * the octet to name is the first one with which nothing can be read any more, whatever follows. It costs some hundred parses. */
#ifndef RG__STOP_H
#define RG__STOP_H

#include "grammar/uri.h"

/* The text is good, or memory is short. */
#define RG__NO_STOP SIZE_MAX

/* Each returns the offset of this octet; text.n when the text ends too early; RG__NO_STOP. */
size_t rg__uri_stop(rg_str text);
size_t rg__address_stop(rg_str text); /* name-addr / addr-spec, its URI included */
size_t rg__callid_stop(rg_str text);
size_t rg__cseq_stop(rg_str text);
size_t rg__q_stop(rg_str text);
size_t rg__digits_stop(rg_str text);

#endif
