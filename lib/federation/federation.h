/* SPDX-License-Identifier: MIT */
/*
 * Publication of this registrar's AoRs to other sites. All sites share a store of homes. A registrar keeps an entry of its own home
 * there for every AoR that has a live binding.
 *
 *   own commit ─► queue ─┐              ┌─► local record, fresh ─► record of homes ─► plan ─► commit ─┐
 *   scan, find ──────────┴─► publish ───┴──────────────── until both agree ───────────────────────────┘
 *
 * Publication is level-triggered: a commit only adds its AoR to the queue, and the publication compares what is there by then.
 * Ticks do all work, in three jobs: pages of a scan, publications, prunes of expired homes. federation.c alone takes the lock. The
 * operation of a job gets a copy of its task, and hands in a result when it is answered.
 */
#ifndef RG__FEDERATION_H
#define RG__FEDERATION_H

#include "engine/engine.h"
#include "federation/queue.h"

/* A pause after failures. */
typedef struct rg__retry {
	_Atomic rg_time not_before; /* changed under the lock, read without it too */
	int64_t pause;
} rg__retry;

/* What one operation works on. */
typedef struct rg__task {
	uint32_t limit;         /* of a prune: records */
	rg__queue_key *key;     /* of a publication */
	rg_str domain, cursor;  /* of a page; valid while the operation is prepared. No cursor: the first page */
	bool of_entries;        /* of a page: this home's entries, not the records here */
	rg__walk walk;          /* of a page */
} rg__task;

enum { RG__ROOM_UNKNOWN, RG__ROOM_FOUND, RG__ROOM_LACKING };

/* What an operation came to. A member that belongs to another job is zero. */
typedef struct rg__result {
	rg_status status;       /* anything but RG_OK delays the job */
	rg_time began;          /* `now` of the operation */
	rg__queue_key *key;     /* of a publication: as in the task */
	rg_status refused;      /* of a publication: why this AoR alone has to wait; RG_OK: it has not */
	int room;               /* of a publication: RG__ROOM_…, of the shared store for something larger */
	const rg__page *page;   /* of a page; NULL: it did not come */
	rg__walk walk;          /* of a page that came */
	bool anew;              /* of a page that did not come: the scan cannot go on from its cursor */
	rg_time next;           /* of a prune: when the next home expires, as the store says */
} rg__result;

/* A kind of work. Its functions are called with the lock held, but for `prepare`. */
typedef struct rg__job {
	struct rg__federation *f;
	const rg__verb *verb;
	uint32_t most;          /* operations under way at a time */
	uint32_t most_a_tick;   /* operations that one tick starts */
	int64_t longest;        /* pause between operations, in milliseconds, unless a result makes it shorter; 0: none */
	rg_time (*ready)(const struct rg__federation *f, rg_time now);       /* when there is a task. NULL: always */
	void (*take)(struct rg__federation *f, rg__task *task, rg_time now); /* takes a task that is ready. NULL: nothing to take */
	bool (*prepare)(rg_op *op, const rg__task *task);                    /* copies the task. False: out of memory */
	void (*take_in)(struct rg__federation *f, const rg__result *result, rg_time now);
	uint32_t under_way;     /* operations that are not answered */
	uint32_t unfinished;    /* operations that have not ended, abandoned ones included */
	rg_time next;           /* nothing starts before */
	rg__retry retry;        /* each job has its own: one that always fails stops no other */
} rg__job;

/* A walk over the records of each domain here and, when it is whole, over the entries of this home in that domain. */
typedef struct rg__scan {
	bool active, whole;
	bool restarted;  /* the page under way belongs to an earlier scan */
	uint32_t domain; /* of the next page: its index */
	bool of_entries; /* the next page lists entries */
	bool more;       /* the next page begins at `cursor`, else it is the first one */
	rg__buf cursor;
	rg__walk walk;
} rg__scan;

enum { RG__JOB_PAGE, RG__JOB_PUBLISH, RG__JOB_PRUNE, RG__JOBS };
enum { RG__FEDERATION_DOMAINS = 64 };

typedef struct rg__federation {
	rg__sites sites;   /* first: what the engine sees */
	rg_registrar *reg; /* whose part it is */
	rg_str tag;        /* of the home */
	rg__buf texts[2];  /* the home and its tag */
	int64_t lifetime;  /* of an entry, in milliseconds */
	int64_t rate;      /* keys that a scan reads in a second */

	pthread_mutex_t lock; /* guards what follows */
	rg__job jobs[RG__JOBS];
	rg__queue *queue;
	rg_str domains[RG__FEDERATION_DOMAINS];
	uint32_t n_domains;
	bool domains_full;  /* a domain had no room, and the log says so */
	rg__scan scan;
	rg_time scan_at;    /* when the next scan begins */
	bool missed;        /* a change had no room in the queue: a whole scan is needed soon */
	bool left;          /* a refused AoR had no room in the queue: the next scan is a whole one */
	rg__retry room;     /* the pause before the next growing commit, after the shared store was full */
	rg_time log_at;     /* when a refusal may be logged again */
	uint64_t refusals;  /* since the last one that was logged */
	uint32_t ticking;   /* ticks under way; each returns the time of the next tick */
	bool closed;        /* after a shutdown */
} rg__federation;

static inline const rg__federation *rg__job_federation(const rg_op *op)
{
	return ((const rg__job *)op->user)->f;
}

/* An operation of the job is answered, or could not start. Returns how many refusals are to be logged now, this one included. */
uint64_t rg__job_done(rg__job *job, const rg__result *result);

/* The `clear` of a job's verb: the operation has ended, which may be long after its answer. */
void rg__job_ended(rg_op *op);

/* publish.c: makes the entry of one AoR agree. */
extern const rg__verb rg__publish_verb;
bool rg__publish_prepare(rg_op *op, const rg__task *task);
/* A commit of @p op landed, or may have. True: it is of a publication that had timed out. Meanwhile another one may have found that the
 * entry of the AoR @p key agrees, so this has to be looked at again. */
bool rg__publish_landed_late(const rg_op *op, rg_key *key);

/* scan.c: a page of a scan; a walk over the homes that expired, those of dead sites included. */
extern const rg__verb rg__page_verb, rg__prune_verb;
bool rg__page_prepare(rg_op *op, const rg__task *task);
bool rg__prune_prepare(rg_op *op, const rg__task *task);

#endif
