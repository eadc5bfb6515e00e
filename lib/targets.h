/* SPDX-License-Identifier: MIT */
/* Layer 3: how targets are made. */
#ifndef RG__TARGETS_H
#define RG__TARGETS_H

#include <rgstr/response.h>
#include "text.h"

/* A binding that becomes a target. */
typedef struct rg__choice {
	rg_str uri; /* its Contact URI, borrowed from the record */
	uint32_t index;
	uint32_t fallback_of; /* place of its principal among the choices; UINT32_MAX = none */
	bool strip; /* set by rg__targets_new(): what has no place in a Request-URI may be in it */
} rg__choice;

/* What the targets of one AoR are made of. */
typedef struct rg__choices {
	int32_t result, code;     /* RG_LOOKUP_…; the code is 0 where there are targets */
	bool branches_only;
	const rg_record *record;  /* NULL = none */
	const rg_key *key;        /* NULL = none */
	rg__choice *choice;       /* in order */
	uint32_t n;
} rg__choices;

rg_status rg__targets_new(const rg__choices *choices, rg_targets **out);

#endif
