/* SPDX-License-Identifier: MIT */
/* The answer to a query. */
#ifndef RG__QUERY_ANSWER_H
#define RG__QUERY_ANSWER_H

#include <rgstr/registrar.h>
#include "text/text.h"

/* An answer about a key: the bindings of its record with these indexes, an allocation that becomes the answer's. RG_ENOMEM. */
rg_status rg__answer_new(const rg_key *key, const rg_record *record, uint16_t *indexes, uint32_t n, rg_answer **out);

#endif
