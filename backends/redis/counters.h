/* SPDX-License-Identifier: MIT */
/* The statistics of a store: one table. */
#ifndef REDIS_COUNTERS_H
#define REDIS_COUNTERS_H

#include <rgstr/stats.h>

/* The verbs: each has two counters, its calls and its round trips. */
#define RG__REDIS_VERBS(X) X(fetch, FETCH) X(commit, COMMIT) X(due, DUE) X(find, FIND) X(scan, SCAN) X(watch, WATCH)

#define RG__REDIS_COUNTERS(X) \
	X(cache_hits, "fetches answered from the cache") \
	X(conflicts, "commits whose base was not the current revision") \
	X(resends_recognised, "commits that the server had already") \
	X(noscript_reloads, "scripts sent again as a whole, since the server did not have them") \
	X(repeated, "calls sent again after a lost connection") \
	X(refused, "calls refused while there was no connection, or while too many were in flight") \
	X(timeouts, "calls that the server did not answer in time") \
	X(reconnects, "connections made after the first one") \
	X(connect_failures, "attempts to connect that failed") \
	X(emptied_servers, "times that the server had another data set than before") \
	X(messages, "messages of watches received")

enum rg__redis_verb {
#define RG__REDIS_VERB(name, NAME) RG__REDIS_##NAME,
	RG__REDIS_VERBS(RG__REDIS_VERB)
#undef RG__REDIS_VERB
	RG__REDIS_VERBS_END,
	RG__REDIS_OWN = RG__REDIS_VERBS_END /* the store's own commands, which are not counted */
};

typedef struct rg__redis_counters {
	uint64_t calls[RG__REDIS_VERBS_END], round_trips[RG__REDIS_VERBS_END];
#define RG__REDIS_COUNTER(name, doc) uint64_t name;
	RG__REDIS_COUNTERS(RG__REDIS_COUNTER)
#undef RG__REDIS_COUNTER
} rg__redis_counters;

/* Fills in statistic @p index; RG_ENOENT past the last one. */
rg_status rg__redis_counter(const rg__redis_counters *counters, uint32_t index, rg_statistic *out);

#endif
