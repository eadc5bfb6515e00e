/* SPDX-License-Identifier: MIT */
/*
 * Keys to be worked on, each once, the oldest first, no more than so many. Its owner locks. A key that was refused waits apart
 * from the others, each for the same time: those that always are stand in nobody's way.
 */
#ifndef RG__QUEUE_H
#define RG__QUEUE_H

#include <rgstr/record.h>
#include "text/text.h"

typedef struct rg__queue rg__queue;

/* A key in the set. It stays where it is until it is done with. */
typedef struct rg__queue_key {
	struct rg__queue_key *chain; /* in its bucket */
	struct rg__queue_key *next;  /* in the queue, or among those that wait */
	uint64_t hash;
	rg_time until;  /* of one that waits */
	bool under_way; /* taken, and not done with */
	bool failed;    /* its owner's note, until it leaves the set */
	bool again;     /* added once more meanwhile */
	rg_key key;
	char text[];
} rg__queue_key;

#define RG__QUEUE_WAIT 30000 /* milliseconds */

rg__queue *rg__queue_new(uint32_t most); /* NULL: out of memory */
void rg__queue_free(rg__queue *queue);

/* False: there is no room for it. One that is in the set keeps its place. */
bool rg__queue_add(rg__queue *queue, const rg_key *key);

/* The oldest of the queue, else of those that have waited long enough; it is under way then. NULL: there is none. */
rg__queue_key *rg__queue_take(rg__queue *queue, rg_time now);

/* When there is one to take. RG_TIME_NEVER */
rg_time rg__queue_due(const rg__queue *queue, rg_time now);

/* It leaves the set, unless it was added again, or @p again. Then it is the youngest. */
void rg__queue_done(rg__queue *queue, rg__queue_key *key, bool again);

/* It waits, unless it was added again. False: half of the room is taken by such keys, and it has left the set. */
bool rg__queue_refused(rg__queue *queue, rg__queue_key *key, rg_time now);

uint32_t rg__queue_count(const rg__queue *queue);   /* all of them, those under way included */
uint32_t rg__queue_waiting(const rg__queue *queue);

#endif
