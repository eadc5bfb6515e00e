/* SPDX-License-Identifier: MIT */
/* The door of token/: sealed tokens. Whoever holds a secret opens what any node with this secret has sealed; nobody else makes one, or
 * reads or links them. Temporary GRUUs (RFC 5627) and PURRs (RFC 8599) are such tokens. */
#ifndef RG__TOKEN_H
#define RG__TOKEN_H

#include "text/text.h"
#include "token/pack.h"

/* A key for each, so that a token of one purpose never opens as one of the other. */
enum { RG__SEAL_GRUU, RG__SEAL_PURR, RG__SEALS };

/* The most secrets in a list. */
enum { RG__SECRETS_MAX = 64 };

/* More plain octets are not sealed (RG_ELIMIT), and a longer token is not opened. */
enum { RG__SEALED_MAX = 8190 };

/* The keys of a list of secrets, the newest first. Immutable and reference-counted; any thread. */
typedef struct rg__ring rg__ring;

/* Derives the keys of @p secrets, which are separated by commas; blanks around one do not count. RG_EINVAL: a secret is empty, or there
 * are more than RG__SECRETS_MAX. */
rg_status rg__ring_new(rg_str secrets, rg__ring **out);

rg__ring *rg__ring_ref(const rg__ring *ring); /* NULL is accepted */
void rg__ring_unref(const rg__ring *ring);    /* the last one wipes the keys; NULL is accepted */

/*
 * Appends the token of @p plain: letters, digits, `-` and `_`, which are legal in the user part of a URI and in the value of a parameter.
 * The first secret seals. The same arguments give the same token, so a decision stays a pure function; another seed gives a token that has
 * nothing in common with it. What can be told from a token is the length of @p plain plus two, rounded up to a multiple of 64.
 */
rg_status rg__seal(const rg__ring *ring, int purpose, const uint8_t seed[32], rg_str plain, rg__buf *out);

/* Appends what was sealed. RG_ENOENT: no secret of the ring has sealed this text for this purpose. */
rg_status rg__unseal(const rg__ring *ring, int purpose, rg_str token, rg__buf *plain);

/* The same for a token in a URI, where each of its characters equals its escape (RFC 3261 §19.1.4). @p ring NULL: nothing has sealed it. */
rg_status rg__unseal_escaped(const rg__ring *ring, int purpose, rg_str token, rg__buf *plain);

#endif
