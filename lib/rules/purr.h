/* SPDX-License-Identifier: MIT */
/* PURRs (RFC 8599 §6): references by which a request within a long dialog names the binding of a sleeping device. Each is a sealed token. */
#ifndef RG__PURR_H
#define RG__PURR_H

#include <rgstr/record.h>
#include "token/token.h"

/* What a PURR names. */
typedef struct rg__purr {
	rg_key key;
	uint64_t binding; /* rg_contact.id */
	rg__buf text;     /* what the slices point into */
} rg__purr;

/* Appends the PURR of a binding. Another seed gives a token that has nothing in common with it. RG_ELIMIT: the names are too long for a
 * token. RG_ENOMEM. */
rg_status rg__purr_seal(const rg__ring *ring, const uint8_t seed[32], const rg_key *key, uint64_t binding, rg__buf *out);

/* Reads a token; free *out with rg__purr_free(). RG_ENOENT: no secret of the ring has sealed it, or @p ring is NULL. RG_ENOMEM. */
rg_status rg__purr_read(rg_str token, const rg__ring *ring, rg__purr **out);
void rg__purr_free(rg__purr *purr); /* NULL is accepted */

#endif
