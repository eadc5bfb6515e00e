/* SPDX-License-Identifier: MIT */
/*
 * Keys to be worked on, each once, the oldest first, no more than so many. Its owner locks. A key that was refused waits apart
 * from the others, each for the same time: those that always are stand in nobody's way.
 */
#ifndef RG__DIRTY_H
#define RG__DIRTY_H

#include <rgstr/record.h>
#include "text/text.h"

typedef struct rg__dirty rg__dirty;

/* A key in the set. It stays where it is until it is done with. */
typedef struct rg__dirty_key {
	struct rg__dirty_key *chain; /* in its bucket */
	struct rg__dirty_key *next;  /* in the queue, or among those that wait */
	uint64_t hash;
	rg_time until;  /* of one that waits */
	bool under_way; /* taken, and not done with */
	bool failed;    /* its owner's note, until it leaves the set */
	bool again;     /* added once more meanwhile */
	rg_key key;
	char text[];
} rg__dirty_key;

#define RG__DIRTY_WAIT 30000 /* milliseconds */

rg__dirty *rg__dirty_new(uint32_t most); /* NULL: out of memory */
void rg__dirty_free(rg__dirty *dirty);

/* False: there is no room for it. One that is in the set keeps its place. */
bool rg__dirty_add(rg__dirty *dirty, const rg_key *key);

/* The oldest of the queue, else of those that have waited long enough; it is under way then. NULL: there is none. */
rg__dirty_key *rg__dirty_take(rg__dirty *dirty, rg_time now);

/* When there is one to take. RG_TIME_NEVER */
rg_time rg__dirty_due(const rg__dirty *dirty, rg_time now);

/* It leaves the set, unless it was added again, or @p again. Then it is the youngest. */
void rg__dirty_done(rg__dirty *dirty, rg__dirty_key *key, bool again);

/* It waits, unless it was added again. False: half of the room is taken by such keys, and it has left the set. */
bool rg__dirty_refused(rg__dirty *dirty, rg__dirty_key *key, rg_time now);

uint32_t rg__dirty_count(const rg__dirty *dirty);   /* all of them, those under way included */
uint32_t rg__dirty_waiting(const rg__dirty *dirty);

#endif
