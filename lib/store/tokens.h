/* SPDX-License-Identifier: MIT */
/*
 * The tokens given to a store or a resolver. A token names a slot and its generation, so a second or late answer is recognised and never
 * reaches memory that is gone, as long as the table lives and fewer than a quarter of a million tokens were taken since.
 */
#ifndef RG__TOKENS_H
#define RG__TOKENS_H

#include "text/text.h"

typedef struct rg__slots rg__slots;

rg__slots *rg__slots_new(void *owner); /* NULL: out of memory */
void rg__slots_unref(rg__slots *slots); /* the memory lives until every token is spent or dropped */

/* A token for @p what, which must not be NULL. NULL: out of memory. */
void *rg__slot_take(rg__slots *slots, void *what);

/* Tokens are odd addresses, so that a token is told from the address of a struct. */
static inline bool rg__slot_is_token(const void *address)
{
	return ((uintptr_t)address & 1) != 0;
}

/* The answer came: spends the token. False: it was spent before; this is counted. *what is NULL when the token was abandoned. */
bool rg__slot_spend(void *token, void **what);

/* The answer will never come. False: it has come already, or the token was abandoned. */
bool rg__slot_drop(void *token);

/* The answer is no longer needed. False: it has come already. */
bool rg__slot_abandon(void *token);

/* The owner of a token's table, as given to rg__slots_new(); of a spent token, too. */
void *rg__slot_owner(void *token);

/* How many answers were refused so far. */
uint64_t rg__slots_refused(rg__slots *slots);

#endif
