/* SPDX-License-Identifier: MIT */
/*
 * An operation under way. One shape for every verb:
 *
 *   prepare → (names → ) [page of keys, or one that the verb names →] fetch → decide → commit → on a conflict decide again …
 *     → next key → finish
 *
 * The blocking form over an inline store runs it on the caller's stack. Everywhere else an operation is allocated, and whichever
 * thread brings an answer goes on with it.
 */
#ifndef RG__OP_H
#define RG__OP_H

#include "decide/decide.h"
#include "store/store.h"
#include "engine/registrar.h"
#include "engine/resolve.h"

enum { RG__CONFLICTS_MAX = 32, RG__PAGE = 100 };
#define RG__RESEND_FOR 50000   /* milliseconds: a remote store remembers revisions for 60 s */
#define RG__RESEND_FIRST 100
#define RG__RESEND_MOST 2000

/* What a verb is. Members get the operation that is the first member of the verb's own struct. */
typedef struct rg__verb {
	size_t size;           /* of that struct */
	uint32_t fetch_flags;
	bool walks;            /* over several keys: pages of them, or those that `next` names */
	bool bare;             /* of a walk: the keys are all it wants, no record is fetched */
	bool converges;        /* it is begun anew until it came true: a commit of unknown fate is not sent again */
	bool takes_partial;    /* decides on a record of which a part may be missing, too */

	/* Walks: issues the call for the next page. RG_ENOENT: there are no more. */
	rg_status (*page)(rg_op *op);

	/* Instead of pages: names the next key in op->key, and in op->call.store where it is. False: there are no more. All keys share the
	 * caller's one store_timeout. */
	bool (*next)(rg_op *op);

	/* The names are resolved, before the first fetch. NULL: nothing to do. */
	rg_status (*resolved)(rg_op *op);

	/* Decides on op->found: sets op->plan when there may be something to commit, else keeps what it came for. */
	rg_status (*decide)(rg_op *op);

	/* Walks: a key is done with, and op->plan, if it commits, is committed when @p status is RG_OK. False: the walk ends here. */
	bool (*done_key)(rg_op *op, rg_status status);

	/* Hands the result to whoever waits; what it says for errors comes from what does not change after the start. */
	void (*answer)(rg_op *op, rg_status status);

	/* Releases what the verb holds. */
	void (*clear)(rg_op *op);
} rg__verb;

struct rg_op {
	rg__call call; /* first: what is resumed is the operation */
	const rg__verb *verb;
	rg__ticket ticket;

	atomic_uint refs;   /* memory */
	atomic_uint holds;  /* on ticket and verb; one is the machine's */
	atomic_uint user_refs; /* of the caller's user data */
	atomic_int released;   /* the caller has its answer */
	atomic_int canceled;   /* of the blocking form: its own thread answers */

	/* Under the stripe's lock. */
	rg_op *prev, *next;
	rg_time deadline;  /* when the caller is told that the store does not answer; RG_TIME_NEVER */
	rg_time resend_at; /* of a commit of unknown fate; RG_TIME_NEVER */
	bool listed, swept;

	bool heap;
	atomic_bool blocking;
	int64_t wait_until; /* of the blocking form, by the monotonic clock, in microseconds; 0 = not waiting yet */
	uint8_t step;
	uint32_t fetch_flags;
	bool fresh;        /* what was found must be authoritative */
	bool in_doubt;     /* the commit under way was sent before */
	int32_t conflicts;
	int32_t reason;    /* RG_R_… to count, or -1 */
	rg_status status;  /* as answered */
	rg_status failed;  /* the first error of a walk that went on */
	rg_status key_status; /* of the key that is done */

	rg_key key;
	char *key_text;    /* when the key is the operation's own */
	rg_time now;
	uint8_t seed[32];
	rg_fetched found;
	rg_plan *plan;
	rg_commit commit;
	rg__batch *batch;
	rg_time doubt_until, doubt_pause;
	rg__page page;
	uint32_t at;
	bool paged;        /* the first page came */
	rg__walk walk;
	rg_str within;     /* the domain of a walk's keys; absent = any */
	int64_t began;     /* microseconds; 0 = not measured */
	rg__resolver *resolver;
	uint32_t tally[RG__S_TALLIES];

	void *user;
	rg_free_cb free_user;
};

/* Begins an operation on memory the caller has: on its stack, or allocated by rg__op_new(). */
rg_status rg__op_begin(rg_op *op, const rg__verb *verb, rg_registrar *reg);

/* Allocates and begins one; the verb's own part is all zero. */
rg_status rg__op_new(const rg__verb *verb, rg_registrar *reg, rg_op **out);

/* One for what another leaves behind, whether or not the registrar was shut down meanwhile. NULL: out of memory. */
rg_op *rg__op_beside(const rg__verb *verb, const rg_op *beside);

/* Runs the machine. The operation may be gone when it returns, unless the caller has a reference. */
void rg__op_run(rg_op *op);

/* Ends an operation that was begun and is not to run. */
void rg__op_abort(rg_op *op);

/* Answers the caller, unless that was done. */
void rg__op_answer(rg_op *op, rg_status status);

/* The caller's user data stays for the time of a call of one of its functions. False: nobody wants the call any more. */
bool rg__op_user_enter(rg_op *op);
void rg__op_user_leave(rg_op *op);

void rg__op_ref(rg_op *op);
bool rg__op_hold(rg_op *op);  /* with a reference. False: it has ended */
void rg__op_let_go(rg_op *op); /* of hold and reference */

/* Starts an allocated operation under the completion law and writes the caller's handle. */
rg_status rg__op_start(rg_op *op, void *user, rg_free_cb free_user, rg_op **handle);

/* Runs an operation of the blocking form to its end, whatever it is on. */
rg_status rg__op_block(rg_op *op);

/* Gives the machine's key to the operation itself. */
bool rg__op_own_key(rg_op *op);

/* Copies texts into one allocation and has them point there. NULL: out of memory. */
char *rg__keep(rg_str *const *texts, uint32_t n);

/* A commit of the operation landed, or may have: other sites may have to be told. */
static inline void rg__op_touch_sites(const rg_op *op)
{
	rg__sites *sites = rg__sites_of(op->ticket.reg);

	if (sites)
		sites->touched(sites, op);
}

/* Is the call under way one of the registrar's own store? Of other stores' records no events are told. */
static inline bool rg__op_is_home(const rg_op *op)
{
	return op->call.store == op->ticket.reg->store;
}

/* Can the registrar's own store, or a name, keep an answer waiting? Then whatever an operation needs must be its own. */
bool rg__may_wait(const rg_registrar *reg);

void rg__ops_cancel(rg_registrar *reg);  /* all that are listed */
void rg__ops_forsake(rg_registrar *reg); /* gives up the resends that no tick will make */

/* resend.c: nobody knows what became of the commit under way. The operation waits for a tick to send it again, and may be another
 * thread's; or another operation does; or it is too late. */
enum { RG__RESEND_WAITS, RG__RESEND_ELSEWHERE, RG__RESEND_GIVEN_UP };
int rg__resend_later(rg_op *op);

/* When the caller is told that the store does not answer: store_timeout from now. */
void rg__op_deadline(rg_op *op);

/* Is listed for tick and shutdown; the other way round when it ends. */
void rg__op_list(rg_op *op);

void rg__op_settle(rg_op *op, bool landed); /* its batch of events */

/* The steps of machine.c, in the order of the diagram above. */
enum {
	RG__STEP_NAMES,     /* asks for the addresses of names */
	RG__STEP_NAMED,
	RG__STEP_KEY,       /* takes the next key, or asks for a page of keys */
	RG__STEP_PAGED,
	RG__STEP_FETCH,
	RG__STEP_FETCHED,
	RG__STEP_DECIDE,
	RG__STEP_COMMIT,
	RG__STEP_COMMITTED,
	RG__STEP_RESEND,    /* of a commit of unknown fate */
	RG__STEP_GIVE_UP,   /* its fate stays unknown */
	RG__STEP_NEXT       /* of a walk: the key is done */
};

#endif
