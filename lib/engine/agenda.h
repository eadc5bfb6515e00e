/* SPDX-License-Identifier: MIT */
/*
 * When the next tick is needed, and what the host was told about it. Several ticks may be under way at once: of several threads, or one
 * within a callback of another. Each tick looks at all operations and sites; only one at a time walks over the records that are due.
 */
#ifndef RG__AGENDA_H
#define RG__AGENDA_H

#include <rgstr/registrar.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "store/store.h"

/* A walk that ended at its limit, for the next one, which continues it. */
typedef struct rg__paused {
	rg_str cursor;  /* a copy, owned; absent = the next walk starts anew */
	rg__walk pages; /* those so far */
	rg_time as_of;  /* what was due at this time is walked over, so that the end knows the earliest deadline after it */
	bool stuck;     /* a record stays due */
} rg__paused;

typedef struct rg__agenda {
	pthread_mutex_t lock;
	_Atomic rg_time soon;    /* of operations and sites, by the announcements since the last tick began */
	_Atomic rg_time records; /* the earliest deadline, by the announcements since the last walk began */
	rg_time walked;          /* the earliest deadline before that: no record needs a tick earlier, `records` aside */
	rg_time promised;        /* when the host was told to tick next */
	uint64_t promises;       /* how often ticks told it so far */
	rg_time again;           /* milliseconds after which another walk is due, because the last one left something; 0 = none */
	rg_time retry;           /* the time of that, by the clock as it was at its end */
	bool walking;
	bool early;              /* the walk under way began before `retry`, and no record has become due since the last one */
	rg__paused paused;
} rg__agenda;

#define RG__TICK_AGAIN 1000 /* milliseconds after which a tick is repeated that could not do all it should */

void rg__agenda_init(rg__agenda *agenda);
void rg__agenda_destroy(rg__agenda *agenda);

/* The next tick must not be later than @p at: calls env.wakeup if the host was told a later time. The first is for operations and sites, the
 * second for the deadline of a record. */
void rg__announce(rg_registrar *reg, rg_time at);
void rg__announce_record(rg_registrar *reg, rg_time at);

/* A tick begins. Announcements made before are forgotten, so it must look at all operations and sites afterwards. Returns what
 * rg__promise() has to know. */
uint64_t rg__tick_begin(rg_registrar *reg);

/* Ends a tick: returns when the host must tick again, at @p at or earlier. @p begun: as returned by rg__tick_begin(). */
rg_time rg__promise(rg_registrar *reg, rg_time at, uint64_t begun);

/* Begins a walk over the records that are due. False: one is under way. */
bool rg__walk_begin(rg_registrar *reg);

/* For the walk that has begun: takes what it continues, with the cursor to be freed. */
rg__paused rg__walk_resume(rg_registrar *reg);

/* Ends it at its limit, with records behind it that stay due, or pages that held no key. The next walk, due at once, continues it; the cursor
 * is taken over. Unless this one began early: a tick for something else begins no round, and the next walk is the one that was due. */
void rg__walk_pause(rg_registrar *reg, const rg__paused *paused);

/* Ends it. No record of before it has a deadline earlier than @p next, except what the walk could not do. For that another walk is due in
 * @p again milliseconds, by the clock as it is then; 0 = it did all. */
void rg__walk_end(rg_registrar *reg, rg_time next, rg_time again);

/* The same after a failure: what was known of the records still holds, and what is due is tried again. */
void rg__walk_failed(rg_registrar *reg);

#endif
