/* SPDX-License-Identifier: MIT */
/* One call of a store, held to the completion law. */
#ifndef RG__CALL_H
#define RG__CALL_H

#include "store/guard.h"

/* A page of keys that outlives the store's callback. */
typedef struct rg__page {
	rg_key *keys; /* one allocation, with everything they point at */
	uint32_t n;
	rg_str cursor;
	rg_time next;
} rg__page;

void rg__page_clear(rg__page *page);

enum { RG__CALL_FETCH, RG__CALL_COMMIT, RG__CALL_PAGE, RG__CALL_COUNT };

/*
 * One call of a store and its answer. rg__call_…() returns RG_PENDING when the answer is still to come: `resume` is then called once, on
 * the thread that brings it, unless the caller waits for it. Any other status is the answer.
 *
 * Take or clear `found.record` and `page` before the next call: they are overwritten. One call at a time; for_blocking is set after
 * rg__call_init().
 */
typedef struct rg__call {
	void (*resume)(struct rg__call *call);
	rg_store *store;
	bool blocking;       /* rg__call_wait() follows RG_PENDING; nothing is resumed */
	bool for_blocking;   /* part of an operation of the blocking form: the store is told so, and the call is resumed all the same */
	atomic_int state;
	atomic_int kind;
	_Atomic(void *) token;
	rg_status status;
	rg_fetched found;    /* of a fetch, and of a conflict; its record is the caller's to release */
	bool has_current;    /* a conflict came with the current record */
	rg__page page;       /* the caller's to clear */
	uint64_t records, bindings;
} rg__call;

void rg__call_init(rg__call *call, rg_store *store, void (*resume)(rg__call *call));

rg_status rg__call_fetch(rg__call *call, const rg_key *key, uint32_t flags);
rg_status rg__call_commit(rg__call *call, const rg_key *key, const rg_commit *commit);
rg_status rg__call_due(rg__call *call, rg_time now, rg_str cursor, uint32_t limit);
rg_status rg__call_find(rg__call *call, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit);
rg_status rg__call_scan(rg__call *call, rg_str domain, rg_str cursor, uint32_t limit);
rg_status rg__call_count(rg__call *call, rg_str domain); /* RG_ENOTSUP: the store does not count */

/* Waits for a blocking call. RG_OK: it is answered. RG_ETIMEOUT: not yet. */
rg_status rg__call_wait(rg__call *call, int32_t timeout_ms);

/* Ends the wait. True: the call will be resumed, and may be resumed already. False: the answer has come. */
bool rg__call_park(rg__call *call);

/* Tells the store that the answer is not needed. Cancels a commit only if @p commit is true. Any thread. */
void rg__call_cancel(rg__call *call, bool commit);

#endif
