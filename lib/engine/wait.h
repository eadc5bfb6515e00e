/* SPDX-License-Identifier: MIT */
/* A wait as its files see it: wait.c has the life of one wait, look.c what makes it look, waits.c finds waits by key and by time. */
#ifndef RG__WAIT_H
#define RG__WAIT_H

#include "engine/waits.h"
#include "config/config.h"
#include "rules/rules.h"

/* ENDING: the time is over, and the last look is under way. */
enum { RG__WAIT_ARMED, RG__WAIT_WAITING, RG__WAIT_ENDING, RG__WAIT_DONE };

/* WANTED: not yet, or the store has ended it. MAKING: the store is being asked. */
enum { RG__WATCH_NONE, RG__WATCH_WANTED, RG__WATCH_MAKING, RG__WATCH_ON };

/* A device that is waited for, and then its branch in the queue. */
typedef struct rg__sleeper {
	uint64_t id;             /* of its binding */
	uint16_t index;          /* of that in the record that the lookup saw */
	bool back;
	rg_targets *targets;     /* until `on_branch` takes them */
	struct rg__sleeper *next;
} rg__sleeper;

/* A key under which waits look, with the one watch that they share. One allocation: the struct and the texts of the key. */
typedef struct rg__awaited {
	atomic_uint refs;        /* one of each lookout, one of the watch until its last call */
	rg__waits *waits;
	uint64_t hash;
	rg_key key;

	/* Under the lock. */
	struct rg__awaited *chain, **link;   /* in the index: the next, and what points here */
	struct rg__awaited *later, **queued; /* among those with lookouts that are still to look; NULL = not there */
	rg__lookout *first, *last; /* those that have not looked since the last change come first */
	uint32_t n;
	uint64_t changes;        /* so far */
	rg_revision landed;      /* of the last change; zero = not known, or others are still to be looked at */
	bool looking;            /* a thread lets the lookouts look */
	uint8_t watch;
	void *handle;            /* of the watch */
} rg__awaited;

struct rg__lookout {
	rg_wait *wait;
	rg__lookout *next;          /* of the wait */
	rg__awaited *at;            /* NULL = of a wait that was refused */
	rg__lookout *before, *after; /* at that key */
	bool joined;
	uint64_t changes;        /* of the key, when it last was to look */
	rg__gruu *gruu;          /* NULL = none */
	int32_t branch;
	bool no_sips;
	bool looking, again;     /* a look is under way; and another one has to follow */
	rg_record *base;         /* what the lookup saw */
	rg_record *seen;         /* what the last look found, under the lock; until there is one, the same */
	rg__sleeper *sleepers;
	uint32_t n;
};

struct rg_wait {
	atomic_uint refs;        /* one is the wait's own until it gives back the ticket */
	rg__waits *waits;
	rg__ticket ticket;       /* with the configuration under which the lookup began */
	rg__lookout *spots;         /* complete once it waits */
	rg_request *request;
	bool whatever;           /* as in rg__wait_asked */
	rg_lookup_options *options;
	rg__lookup_settings settings;
	rg__buf text;
	rg_str reason, callid;   /* in it */

	/* Under the lock. */
	uint8_t state;
	bool refused;            /* too many others wait */
	bool holds;              /* the ticket */
	uint32_t uses;           /* who needs the ticket: looks, and threads at work */
	uint32_t looks;          /* under way */
	uint32_t missing;        /* devices */
	uint32_t place;          /* in the heap */
	rg_time begun, end, half, retry, again; /* RG_TIME_NEVER = not at all */
	rg_time at;              /* the first of those */
	rg_status status;        /* for `on_done` */
	rg_status failed;        /* of a last look */
	uint32_t late;           /* devices to count as timed out */
	bool claimed, calling, told;
	rg__sleeper *first, *last; /* the queue of branches */
	rg_branch_cb on_branch;
	rg_wait_done_cb on_done;
	void *user;
	rg_free_cb free_user;
};

struct rg__waits {
	atomic_uint refs;
	atomic_uint n;           /* that are armed, waiting or ending */
	pthread_mutex_t lock;
	bool closed;
	rg_time clock;           /* the latest reading; times of before a setback are moved with it */
	rg__awaited **buckets;
	uint32_t n_buckets, n_keys;
	rg__awaited *changed, **changed_end; /* keys with lookouts that are to look at the next tick */
	rg_wait **heap;          /* by `at` */
	uint32_t n_heap, room;
};

static inline void rg__waits_lock(const rg_wait *w)
{
	pthread_mutex_lock(&w->waits->lock);
}

static inline void rg__waits_unlock(const rg_wait *w)
{
	pthread_mutex_unlock(&w->waits->lock);
}

/* All of these are called with the lock held, and keep it. */
rg_status rg__waits_admit(rg_wait *wait, uint32_t most); /* a new one. RG_ELIMIT, RG_ECANCELED, RG_ENOMEM */
bool rg__waits_join(rg__lookout *spot, const rg_key *key); /* from now on it is told of changes. False: out of memory */
void rg__waits_schedule(rg_wait *wait);  /* its times are set, for the first time or anew */
void rg__waits_remove(rg_wait *wait);    /* it is done */
void rg__waits_clock(rg__waits *waits, rg_time now);
void rg__wait_finish(rg_wait *wait, rg_status status); /* it is done, unless it was */

/* These are called with the lock held, and give it back. The caller has a reference to the wait, or to the key. */
void rg__awaited_changed(rg__awaited *key, const rg_revision *revision); /* NULL = not known */
void rg__lookout_look(rg__lookout *spot);
void rg__wait_step(rg_wait *wait, rg_time now); /* it is due */
void rg__wait_cancel(rg_wait *wait);

/* So is this, after every change of the state. It releases what a wait that is done holds, and calls the host back, unless another thread
 * does. True: this call called `on_done`. */
bool rg__wait_settle(rg_wait *wait);

/* The rest is called without the lock, by whoever keeps the wait from giving back its ticket. */
void rg__lookout_watch(rg__lookout *spot); /* asks the store to watch the key, if that is wanted */
void rg__lookout_unwatch(rg__lookout *spot);
bool rg__sleeper_missing(const rg__lookout *spot, const rg__sleeper *sleeper);
void rg__wait_count(const rg_wait *wait, int what, uint32_t n); /* adds to a statistic */

void rg__awaited_ref(rg__awaited *key);
void rg__awaited_unref(rg__awaited *key);
void rg__wait_ref(rg_wait *wait);
void rg__wait_unref(rg_wait *wait);

#endif
