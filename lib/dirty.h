/* SPDX-License-Identifier: MIT */
/* Layer 5: keys to be worked on, each once, the oldest first, no more than so many. Its owner locks. */
#ifndef RG__DIRTY_H
#define RG__DIRTY_H

#include <rgstr/record.h>
#include "text.h"

typedef struct rg__dirty rg__dirty;

/* A key in the set. It stays where it is until it is done with. */
typedef struct rg__dirty_key {
	struct rg__dirty_key *chain; /* in its bucket */
	struct rg__dirty_key *next;  /* in the queue */
	uint64_t hash;
	bool under_way; /* taken, and not done with */
	bool again;     /* added once more meanwhile */
	rg_key key;
	char text[];
} rg__dirty_key;

rg__dirty *rg__dirty_new(uint32_t most); /* NULL: out of memory */
void rg__dirty_free(rg__dirty *dirty);

/* False: there is no room for it. One that is in the set keeps its place. */
bool rg__dirty_add(rg__dirty *dirty, const rg_key *key);

/* The oldest that is not under way, which it then is. NULL: there is none. */
rg__dirty_key *rg__dirty_take(rg__dirty *dirty);

/* It leaves the set, unless it was added again, or @p again. Then it is the youngest. */
void rg__dirty_done(rg__dirty *dirty, rg__dirty_key *key, bool again);

uint32_t rg__dirty_count(const rg__dirty *dirty);  /* those under way included */
uint32_t rg__dirty_queued(const rg__dirty *dirty); /* without them */

#endif
