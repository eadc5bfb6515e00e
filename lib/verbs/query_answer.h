/* SPDX-License-Identifier: MIT */
/* The answer to a query. */
#ifndef RG__ANSWER_H
#define RG__ANSWER_H

#include <rgstr/registrar.h>
#include "text/text.h"

/* Of a key and the bindings of its record that match, whose indexes become the answer's own. RG_ENOMEM. */
rg_status rg__answer_new(const rg_key *key, const rg_record *record, uint16_t *indexes, uint32_t n, rg_answer **out);

#endif
