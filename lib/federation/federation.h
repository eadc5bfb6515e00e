/* SPDX-License-Identifier: MIT */
/*
 * What a registrar tells other sites. It keeps, in a store that all of them share, an entry of its home for every AoR that has a
 * live binding here. Nothing is told of a change as such: an AoR that may have changed is looked at, and the entry made to agree.
 *
 *   own commit ─► queue ─────┐                     local record, fresh ─► homes' record ─► plan ─► commit, and the local record again
 *   scan, find ──────────────┴─► at ticks: publish
 */
#ifndef RG__FEDERATION_H
#define RG__FEDERATION_H

#include "engine/engine.h"
#include "federation/queue.h"

/* After failures nothing of the kind is tried before. Each kind of work has its own, so that one that always fails stops no other. */
typedef struct rg__retry {
	rg_time not_before;
	int64_t pause;
} rg__retry;

/* A scan of what there is: of the records of each domain here and, when changes may have been missed, of the entries of this home. */
typedef struct rg__scan {
	bool active, page_under_way;
	bool whole;      /* the entries too */
	bool of_entries; /* it is at those */
	uint32_t domain; /* index of the one it is at */
	rg__buf cursor;  /* of the next page; `more` says whether it is one */
	bool more;
	rg__walk walk;
	rg_time next;    /* when the next page may come */
	rg__retry retry;
	uint64_t turn;   /* of the page that may move all this on: one that was given up comes too late */
} rg__scan;

typedef struct rg__federation {
	rg__sites sites;   /* first: what the engine has of it */
	rg_registrar *reg; /* whose part it is */
	rg_str tag;        /* of the home */
	rg__buf texts[2];  /* behind them */
	int64_t lifetime;  /* of an entry, in milliseconds */
	int64_t rate;      /* keys of a scan in a second */

	pthread_mutex_t lock; /* of what follows */
	rg__queue *queue;
	rg_str *domains;
	uint32_t n_domains;
	bool domains_full;  /* that was told */
	bool missed;        /* a change had no room: a whole scan is needed */
	rg__scan scan;
	rg_time renew_at;   /* when the next scan begins */
	bool left;          /* an AoR that was refused was let go of: the next scan is to be a whole one */
	uint32_t publishing;
	rg__retry publish_retry, prune_retry;
	rg__retry room;     /* the shared store was full: nothing is added to it before */
	rg_time tell_at;    /* when a refusal may be logged again */
	uint64_t refusals;  /* since the last that was */
	bool pruning;
	uint32_t out[3];    /* operations of each kind that have not ended, those that were given up included */
	rg_time prune_at;
	uint32_t ticking;   /* ticks under way, which say themselves when the next one is due */
	bool closed;
} rg__federation;

enum { RG__OUT_PUBLISH, RG__OUT_PAGE, RG__OUT_PRUNE };
#define RG__OUT_MOST 64 /* of one kind: a store may never answer, nor be able to cancel */
#define RG__TELL_EVERY 60000 /* milliseconds */
enum { RG__FEDERATION_PAGE = RG__PAGE, RG__PUBLISHING_MOST = 16 };
#define RG__FEDERATION_QUEUE 4096
#define RG__FEDERATION_DOMAINS 64

/* With the lock held: something went well or failed, which says when to try again. */
void rg__federation_tried(rg__retry *retry, rg_status status, rg_time now);

/* With the lock held: an operation ended. After RG_ECANCELED, which is a shutdown, nothing is done any more: what has no handle is
 * canceled by nobody else. */
void rg__federation_ended(rg__federation *f, rg_status status);

/* With the lock held: adds a key, or remembers that it had no room. */
void rg__federation_add(rg__federation *f, const rg_key *key, rg_time now);

/* Takes the lock for whoever ends a piece of work, and gives it back: the host is woken for what is left, unless a tick is under way. */
void rg__federation_lock(rg__federation *f);
void rg__federation_unlock(rg__federation *f, rg_time now);

/* An operation of the kind was begun; and it has ended, which may be long after it was answered. Without the lock. */
void rg__federation_begun(rg__federation *f, int kind);
void rg__federation_gone(rg__federation *f, int kind);

/* publish.c: makes the entry of a key that was taken agree. RG_OK: begun. */
rg_status rg__publish(rg__federation *f, rg__queue_key *key);

/* scan.c: asks for the next page. RG_OK: begun. And takes lapsed homes away, those of dead sites too. */
rg_status rg__scan_page(rg__federation *f);
rg_status rg__scan_prune(rg__federation *f, uint32_t limit);

#endif
