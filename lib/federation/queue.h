/* SPDX-License-Identifier: MIT */
/*
 * A bounded set of keys to work on, the oldest first. The caller locks. A refused key waits apart from the others, so that it does
 * not delay them.
 */
#ifndef RG__QUEUE_H
#define RG__QUEUE_H

#include <rgstr/record.h>
#include "text/text.h"

typedef struct rg__queue rg__queue;

/* A key in the set. Its address stays until it leaves the set. */
typedef struct rg__queue_key {
	struct rg__queue_key *chain; /* in its bucket */
	struct rg__queue_key *next;  /* in its list */
	uint64_t hash;
	rg_time until;  /* when a refused key is ready again */
	bool under_way; /* taken, and not yet done */
	bool again;     /* added again while it was under way */
	bool failed;    /* for the caller; false in a new key */
	rg_key key;
	char text[];
} rg__queue_key;

#define RG__QUEUE_WAIT 30000 /* how long a refused key waits, in milliseconds */

rg__queue *rg__queue_new(uint32_t most); /* NULL: out of memory */
void rg__queue_free(rg__queue *queue);

/* A key that is in the set keeps its place. False: there is no room. */
bool rg__queue_add(rg__queue *queue, const rg_key *key);

/* Takes the oldest key that is ready, else a refused one that has waited; it is under way from then on. NULL: there is none. */
rg__queue_key *rg__queue_take(rg__queue *queue, rg_time now);

/* When there is a key to take; RG_TIME_NEVER: there is none. */
rg_time rg__queue_due(const rg__queue *queue, rg_time now);

/* The key leaves the set. If @p again, or if it was added again, it becomes the youngest that is ready instead. */
void rg__queue_done(rg__queue *queue, rg__queue_key *key, bool again);

/* The key waits; if it was added again it is ready at once. False: half of the set waits already, and the key has left it. */
bool rg__queue_refused(rg__queue *queue, rg__queue_key *key, rg_time now);

uint32_t rg__queue_count(const rg__queue *queue); /* all keys, those under way included */
uint32_t rg__queue_waiting(const rg__queue *queue);

#endif
