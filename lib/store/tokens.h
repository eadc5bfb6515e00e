/* SPDX-License-Identifier: MIT */
/* The tokens handed to strangers. A token is a slot and its generation, so that a second or a late answer is told from
 * a good one and never touches what is gone: not while the table lives, and not before a quarter of a million more tokens were taken. */
#ifndef RG__SLOTS_H
#define RG__SLOTS_H

#include "text/text.h"

typedef struct rg__slots rg__slots;

rg__slots *rg__slots_new(void *owner); /* NULL: out of memory */
void rg__slots_unref(rg__slots *slots); /* the memory lives until the last token was answered, or dropped */

/* A token for @p what, which must not be NULL. NULL: out of memory. */
void *rg__slot_take(rg__slots *slots, void *what);

/* The answer came: the token is spent. False: it was spent before; that is counted. What it stood for is NULL when it was abandoned. */
bool rg__slot_spend(void *token, void **what);

/* The answer will never come. False: it has come already. */
bool rg__slot_drop(void *token);

/* Nobody waits for the answer any more. False: it has come already. */
bool rg__slot_abandon(void *token);

/* Whose table a token is of, spent or not: the owner given to rg__slots_new(). */
void *rg__slot_owner(void *token);

/* How many answers were refused so far. */
uint64_t rg__slots_refused(rg__slots *slots);

#endif
