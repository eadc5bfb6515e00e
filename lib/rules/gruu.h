/* SPDX-License-Identifier: MIT */
/*
 * GRUUs (RFC 5627). The public one is the AoR with the instance as parameter `gr`. The temporary one has `gr` without a value, and a sealed
 * token for a user, which names an AoR, an instance and the generation of this instance.
 */
#ifndef RG__GRUU_H
#define RG__GRUU_H

#include <rgstr/record.h>
#include "grammar/grammar.h"
#include "token/token.h"

/* Whom a GRUU names. */
typedef struct rg__gruu {
	bool temporary;
	rg__uri uri;         /* as it was read; borrowed */
	rg_str instance;     /* without <> */
	uint64_t generation; /* of a temporary one */
	rg_key key;          /* of a temporary one; a public one has its AoR in its URI */
	rg_str host;         /* canonical, of the URI of a temporary one; to be sealed: absent when it is that of the AoR */
	rg__buf text;        /* what the slices point into */
} rg__gruu;

/* True of a URI with parameter `gr`. @p value: absent in a temporary GRUU. */
bool rg__is_gruu(const rg__uri *uri, rg_str *value);

/* Whether a binding with this instance gets GRUUs: it has one, without control characters and not too long for a token. */
bool rg__gruu_instance(rg_str instance);

/* Appends the value of `gr` for an instance. */
void rg__gruu_add_value(rg__buf *out, rg_str instance);

/* Appends the token of a temporary GRUU. RG_ELIMIT: the names are too long for a token. */
rg_status rg__gruu_seal(const rg__ring *ring, const uint8_t seed[32], const rg__gruu *gruu, rg__buf *out);

/* Reads a URI, which *out borrows. *out: NULL when it is no GRUU; free it with rg__gruu_free(). RG_ENOENT: a GRUU that names nobody; its token
 * is none of ours. @p ring NULL: no token is. */
rg_status rg__gruu_read(const rg__uri *uri, const rg__ring *ring, rg__gruu **out);
void rg__gruu_free(rg__gruu *gruu);

/* Whether the GRUU names the binding with this instance and generation. */
bool rg__gruu_names(const rg__gruu *gruu, rg_str instance, uint64_t generation);

#endif
