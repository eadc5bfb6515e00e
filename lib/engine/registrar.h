/* SPDX-License-Identifier: MIT */
/* The struct behind rg_registrar, and the ticket that each operation holds on it. */
#ifndef RG__REGISTRAR_H
#define RG__REGISTRAR_H

#include <rgstr/registrar.h>
#include <rgstr/reply.h>
#include <pthread.h>
#include "message/message.h"
#include "config/config.h"
#include "decide/decide.h"
#include "store/store.h"
#include "engine/agenda.h"
#include "engine/counters.h"
#include "engine/events.h"

typedef struct rg__waits rg__waits; /* waits.h */

/* Two lines of the cache: some processors fetch the other one of a pair as well. */
enum { RG__APART = 128 };

/* A configuration in use by the operations of one stripe. */
typedef struct rg__snapshot {
	_Alignas(RG__APART) rg_config *config; /* away from the snapshots of other stripes: each operation writes `uses` */
	uint64_t uses; /* under the stripe's lock */
} rg__snapshot;

/*
 * State that would cause contention between processors. An operation takes the stripe of the processor it begins on, and keeps it. It locks
 * the stripe briefly when it begins and when it ends.
 */
typedef struct rg__stripe {
	_Alignas(RG__APART) pthread_mutex_t lock;
	rg__snapshot *snapshot;
	uint64_t uses;   /* operations that hold the registrar through this stripe */
	uint64_t number; /* of operations and revisions, so far */
	uint32_t index;  /* its own among the stripes */
	bool closed;     /* after shutdown */
	bool forsaken;   /* the last reference is gone: the last use drops the stripe's pin */
	struct rg_op *ops; /* the operations that tick and shutdown can find */
	int64_t stats[RG__S_COUNT];
	int64_t rejects[RG__REASON_COUNT];
} rg__stripe;

enum { RG__STRIPES = 32 };

/* Other sites, as the engine and lookups see them. It is the first member of a federation's own struct; rg_registrar_federate() sets it. */
typedef struct rg__sites {
	rg_store *shared; /* the records of homes */
	rg_str home;      /* of this registrar */
	/* A commit of @p op landed, or may have landed. Like the others, it is called with no lock held. */
	void (*touched)(struct rg__sites *sites, const struct rg_op *op);
	/* Does at most @p limit of each kind of work that is due. Returns when to call again. */
	rg_time (*tick)(struct rg__sites *sites, uint32_t limit);
	/* Counts the AoRs to be published, and the AoRs that were refused and wait for a retry. */
	void (*gauges)(struct rg__sites *sites, int64_t *queued, int64_t *refused);
	void (*free)(struct rg__sites *sites);
} rg__sites;

struct rg_registrar {
	atomic_uint users; /* references of the host */
	atomic_uint pins;  /* one a stripe in use, and one for the users */
	rg_store *store;
	rg_env env;
	rg__events *events;
	rg__waits *waits;
	rg__slots *slots; /* tokens of env.resolve */
	uint8_t node[8];  /* first half of its revisions */
	uint8_t secret[16]; /* of its seeds */
	uint8_t to_key[RG_TO_KEY_BYTES]; /* of tags; made of the secret, which it does not give away */
	rg__ring *ring;   /* drawn at random: seals while gruu_secret is unset, and so opens after a reload what it sealed before */
	rg__agenda agenda;
	pthread_mutex_t configuring; /* held while the stripes get another configuration, so that all get the same */
	_Atomic(rg__sites *) sites; /* NULL = there is no federation; set once */
	atomic_flag told_no_secret; /* the log says that tokens are sealed with a random secret */
	atomic_flag no_sites_told; /* the log says that `global` finds nothing without a federation */
	atomic_flag told_no_overlay; /* the log says that the store keeps memory-only bindings like all others */
	rg__stripe *stripes;
};

/* What an operation holds: the registrar, a stripe, and the configuration it runs under. */
typedef struct rg__ticket {
	rg_registrar *reg;
	rg__stripe *stripe;
	rg__snapshot *snapshot;
	uint64_t number; /* unique in its stripe; becomes the first revision, and is 0 after that */
} rg__ticket;

/* RG_ECANCELED after shutdown. */
rg_status rg__enter(rg_registrar *reg, rg__ticket *ticket);

/* The same without a number, for what decides nothing: the seeds of later operations stay what they are without it. */
rg_status rg__enter_blank(rg_registrar *reg, rg__ticket *ticket);

/* The seed of the operation, while it has its number: the registrar's secret, which is the key of what rg__draw() draws, and a number that no
 * other operation of the registrar has. */
void rg__ticket_seed(const rg__ticket *ticket, uint8_t seed[32]);

/* The same, and after shutdown too: for work that the holder of ticket @p beside leaves behind, or (NULL) for a caller with a reference. */
void rg__enter_late(rg_registrar *reg, const rg__ticket *beside, rg__ticket *ticket);

/* Adds the tally to the statistics and gives the ticket back; the registrar may be gone after it. @p reason: an RG_R_… to count, or -1. */
void rg__leave(rg__ticket *ticket, const uint32_t tally[RG__S_TALLIES], int32_t reason);

rg_revision rg__revision_next(rg__ticket *ticket);
rg_time rg__now(const rg_registrar *reg);

static inline rg__sites *rg__sites_of(const rg_registrar *reg)
{
	return atomic_load_explicit(&reg->sites, memory_order_acquire);
}

/* Adds one to a statistic at once, on a thread that may not be the one running the operation (its tally is not atomic). */
void rg__count(rg__stripe *stripe, int what);

#endif
