/* SPDX-License-Identifier: MIT */
/* Every verb with good arguments, each of which is freed when the call returns: for tests of all of them. */
#ifndef EVERY_VERB_H
#define EVERY_VERB_H

#include "kit.h"

/* What a call borrows: an allocation each, so that a sanitizer sees who reads it later. */
typedef struct lent {
	void *rooms[64];
	uint32_t n;
} lent;

void lent_give_back(lent *l);

/* A call of a verb and what the host keeps for it. */
typedef struct verb_call {
	kit *k;
	outcome *o;
	lent given;   /* until the call returns */
	lent message; /* until the callback */
	bool blocking;
} verb_call;

typedef struct verb_row {
	const char *name;
	rg_status (*run)(verb_call *c); /* the blocking form puts its result into the outcome, too */
} verb_row;

/* The verbs, then variants of some, then the tick, whose callbacks count as called. */
extern const verb_row every_verb[];
extern const size_t n_every_verb;

/* Bindings that the calls find: of Alice, Bob and Carol over one flow and from one address, which expire in 60 and 3600 seconds, and one of
 * Dave at a host name. */
void every_verb_bind(kit *k);

#endif
