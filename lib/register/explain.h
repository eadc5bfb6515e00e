/* SPDX-License-Identifier: MIT */
/* What a REGISTER was refused for, for messages to people. */
#ifndef RG__EXPLAIN_H
#define RG__EXPLAIN_H

#include <rgstr/policy.h>
#include "grammar/grammar.h"

/* The place in a REGISTER. */
typedef struct rg__spot {
	const char *header; /* its name; NULL = none can be blamed */
	uint32_t value;     /* which value of the header, from 1; 0 = the header has one, or no single one can be blamed */
	rg_str text;        /* the value; borrowed from the request */
	size_t at;          /* offset in it of the octet that cannot stand there; text.n = the value ends too early; RG__NO_STOP = unknown */
} rg__spot;

/* Explains @p reason, RG_R_…, for which the REGISTER was refused. @p request comes from rg__request_open(). It reads the REGISTER as often
 * as it has values, so do it only for somebody who wants to know. */
void rg__register_explain(const rg_request *request, int32_t reason, const rg_config *config, const rg_save_options *options,
	rg__spot *out);

#endif
