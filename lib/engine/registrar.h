/* SPDX-License-Identifier: MIT */
/* What a registrar is made of. */
#ifndef RG__REGISTRAR_H
#define RG__REGISTRAR_H

#include <rgstr/registrar.h>
#include <pthread.h>
#include "config/config.h"
#include "store/store.h"
#include "engine/counters.h"
#include "engine/events.h"
#include "engine/seeds.h"

/* A configuration in use by the operations of one stripe. */
typedef struct rg__snapshot {
	rg_config *config;
	uint64_t uses; /* under the stripe's lock */
} rg__snapshot;

/*
 * What operations on different processors must not fight over: each takes the stripe of the processor it begins on, and keeps it.
 * One short lock on the way in and one on the way out guard everything here.
 */
typedef struct rg__stripe {
	_Alignas(64) pthread_mutex_t lock;
	rg__snapshot *snapshot;
	uint64_t uses;   /* operations that hold the registrar through this stripe */
	uint64_t number; /* of operations and revisions, so far */
	bool closed;     /* after shutdown */
	bool forsaken;   /* nobody has a reference any more: the last use drops the stripe's pin */
	struct rg_op *ops; /* those that may be found by tick, and by shutdown */
	rg__seeds seeds;
	int64_t stats[RG__S_COUNT];
	int64_t rejects[RG_R_COUNT];
} rg__stripe;

enum { RG__STRIPES = 32 };

/* Other sites, as the engine and lookups see them: the first member of a federation's own struct, set by rg_registrar_federate(). */
typedef struct rg__sites {
	rg_store *shared; /* the records of homes */
	rg_str home;      /* of this registrar */
	/* A commit of @p op landed, or may have. Called with no lock held, as the others are. */
	void (*touched)(struct rg__sites *sites, const struct rg_op *op);
	/* Does at most @p limit of each kind of work that is due. Returns when to call again. */
	rg_time (*tick)(struct rg__sites *sites, uint32_t limit);
	/* AoRs that are to be published, and AoRs that were refused and wait. */
	void (*gauges)(struct rg__sites *sites, int64_t *queued, int64_t *refused);
	void (*free)(struct rg__sites *sites);
} rg__sites;

struct rg_registrar {
	atomic_uint users; /* references of the host's */
	atomic_uint pins;  /* one for each stripe in use, one for the users */
	rg_store *store;
	rg_env env;
	rg__events *events;
	rg__slots *slots; /* tokens of env.resolve */
	uint8_t node[8];  /* first half of its revisions */
	uint8_t key[32];  /* of its seeds */
	_Atomic rg_time earliest; /* when a tick is needed, of what came up since the last one began */
	_Atomic rg_time promised; /* when the host was told to tick next */
	atomic_flag walking;       /* a walk over what is due is under way */
	_Atomic(rg__sites *) sites; /* NULL = there is no federation; set once */
	atomic_flag no_sites_told; /* that `global` finds nothing without one */
	atomic_flag told_no_overlay; /* that its store keeps memory-only bindings like all others */
	rg__stripe *stripes;
};

/* An operation's hold on the registrar, and the configuration it runs under. */
typedef struct rg__ticket {
	rg_registrar *reg;
	rg__stripe *stripe;
	rg__snapshot *snapshot;
	uint64_t number; /* unique in its stripe; becomes its first revision, and is 0 then */
} rg__ticket;

/* RG_ECANCELED after shutdown. @p seed may be NULL. */
rg_status rg__enter(rg_registrar *reg, rg__ticket *ticket, uint8_t seed[32]);

/* The same after shutdown too: beside another ticket, for what that one's work leaves behind, or (NULL) for a caller with a reference. */
void rg__enter_late(rg_registrar *reg, const rg__ticket *beside, rg__ticket *ticket);

/* Hands in what was counted; the registrar may be gone after it. @p reason is an RG_R_… to count, or -1. */
void rg__leave(rg__ticket *ticket, const uint32_t tally[RG__S_TALLIES], int32_t reason);

rg_revision rg__revision_next(rg__ticket *ticket);
rg_time rg__now(const rg_registrar *reg);

/* The next tick must not be later than @p at: the host is woken if it was told otherwise. */
void rg__announce(rg_registrar *reg, rg_time at);

static inline rg__sites *rg__sites_of(const rg_registrar *reg)
{
	return atomic_load_explicit(&reg->sites, memory_order_acquire);
}

/* Counts outside an operation. */
void rg__count(rg__stripe *stripe, int what);

/* The end of a tick: when the host is told to call again, at @p at or earlier. */
rg_time rg__promise(rg_registrar *reg, rg_time at);

#endif
