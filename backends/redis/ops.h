/* SPDX-License-Identifier: MIT */
/* What the operations share. */
#ifndef REDIS_OPS_H
#define REDIS_OPS_H

#include "cache.h"
#include "layout.h"
#include "redis_store.h"
#include "value.h"

/* What is known of the deadlines of a bucket. */
typedef struct rg__redis_kept {
	rg_time next;  /* the earliest deadline, apart from those that a walk has given and what other nodes have committed since; 0 = not known */
	int64_t until; /* by rg__redis_clock(): until then the bucket is asked only from `next` on; 0 = it is asked */
} rg__redis_kept;

typedef struct rg__redis_watcher rg__redis_watcher; /* watch.c */

struct rg__redis_ops {
	rg__redis_cache *cache;
	rg__redis_kept *kept; /* one for each bucket */
	rg__redis_watcher *watchers;
	int64_t broken_told; /* rg__redis_clock() of the last line of log about a broken value */
};

/* The status of an answer to a command that reads, with that of an error reply. @return RG_OK: there is a reply, and it is no error. */
rg_status rg__redis_answer(rg_status status, const redisReply *reply);

/* Reads the value of a key; a broken one is logged. */
rg_status rg__redis_current(rg__redis *r, const rg_key *key, const redisReply *reply, rg_fetched *out);

/* What was seen of a key goes into the cache. */
void rg__redis_remember(rg__redis *r, const rg_key *key, const rg_record *record);

/* A copy of a slice at the end of a struct. @p room moves behind it. */
rg_str rg__redis_keep(char **room, rg_str text);
rg_key rg__redis_keep_key(char **room, const rg_key *key);

void rg__redis_watchers_end(rg__redis *r);

#endif
