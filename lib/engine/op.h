/* SPDX-License-Identifier: MIT */
/*
 * An operation under way. One shape for every verb:
 *
 *   prepare → (names →) [page of keys, or a key that the verb names →] fetch → decide → commit → on a conflict decide again …
 *     → next key → finish
 *
 * The blocking form of a verb that looks at one record runs on the caller's stack when the store is inline. Every other operation is
 * allocated, and the thread that brings an answer continues it.
 */
#ifndef RG__OP_H
#define RG__OP_H

#include "decide/decide.h"
#include "store/store.h"
#include "engine/registrar.h"
#include "engine/resolve.h"

enum { RG__CONFLICTS_MAX = 32, RG__PAGE = 100 };
enum { RG__AGAIN = RG_PENDING + 1 }; /* of rg__verb.decide alone */
#define RG__RESEND_FOR 50000   /* milliseconds: a remote store remembers revisions for 60 s */
#define RG__RESEND_LATE 5000    /* milliseconds that the tick of the last resend may be late */
#define RG__RESEND_FIRST 100
#define RG__RESEND_MOST 2000

/*
 * What a verb is. Each has a struct of its own, with the operation as its first member; the functions below get that operation.
 *
 * Mandatory are `size` and `answer`; `prepare`, unless the operation is made by rg__op_new() or rg__op_beside(); `decide`, unless no key
 * is ever fetched; of a walk, `page` or `next`, and `done_key` unless no key is fetched. All others may be NULL or zero.
 */
typedef struct rg__verb {
	size_t size;           /* of that struct */
	size_t zeroed;         /* of its bytes, how many are zero before `prepare`; 0 = all */
	uint32_t fetch_flags;
	bool walks;            /* over several keys: pages of them, or the keys that `next` names */
	bool bare;             /* a walk that needs the keys alone: no record is fetched */
	bool converges;        /* the caller retries the whole operation: a commit of unknown fate is not sent again */
	bool takes_partial;    /* also decides on a record of which a part may be missing */

	/* Can the blocking form wait for all that it asks? NULL: it asks the registrar's store alone. */
	bool (*can_block)(const rg_registrar *reg, const void *asked);

	/* Reads what the caller asks, in a struct of the verb's own. @p keeps: copies what it borrows, which is gone before the operation
	 * ends. On an error the operation is aborted. Says into @p why what is wrong, except that memory is short. Later steps return no
	 * RG_EINVAL. */
	rg_status (*prepare)(rg_op *op, const void *asked, bool keeps, rg_error *why);

	/* Walks: issues the call for the next page. RG_ENOENT: there are no more. */
	rg_status (*page)(rg_op *op);

	/* Instead of pages: puts the next key into op->key, and its store into op->call.store. False: there are no more. All keys share one
	 * store_timeout. It may name another store than the registrar's, so inputs are copied and a deadline is set even over an inline
	 * store. */
	bool (*next)(rg_op *op);

	/* The names are resolved; called before the first fetch. NULL: nothing to do. */
	rg_status (*resolved)(rg_op *op);

	/* Decides on op->found: sets op->plan when there may be something to commit, else keeps the result. RG__AGAIN: the record is fetched
	 * and decided on once more. RG_PENDING: the verb has unlisted the operation and taken a hold on it, and answers it later. */
	rg_status (*decide)(rg_op *op);

	/* Walks: a key is finished. On RG_OK the changes of op->plan, if it has any, are committed. False: the walk ends here. */
	bool (*done_key)(rg_op *op, rg_status status);

	/* Hands the result to the caller. After an error it reads only what does not change once the operation has started. */
	void (*answer)(rg_op *op, rg_status status);

	/* Releases what the verb holds. NULL: nothing. */
	void (*clear)(rg_op *op);
} rg__verb;

struct rg_op {
	rg__call call; /* first member: a call is resumed as its operation */
	const rg__verb *verb;
	rg__ticket ticket;

	atomic_uint refs;   /* memory */
	atomic_uint holds;  /* on ticket and verb; one is the machine's */
	atomic_uint user_refs; /* of the caller's user data */
	atomic_bool released;  /* the caller has its answer */
	atomic_bool canceled;  /* of the blocking form: the waiting thread answers */

	/* Under the stripe's lock. */
	rg_op *prev, *next;
	rg_time deadline;  /* when the caller is told that the store does not answer; RG_TIME_NEVER = not at all */
	rg_time resend_at; /* when a commit of unknown fate is sent again; RG_TIME_NEVER = not at all */
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
	rg_status cause;   /* what the store answered before a RG_ESTORE; RG_OK = only a part of what was asked */
	const char *member; /* of the adaptor: the one that failed; NULL = none */
	rg_error *why;     /* of the blocking form: takes the words of an error; may be NULL */

	rg_key key;
	char *key_text;    /* the key's, when the operation has a copy; else NULL */
	char *text;        /* copies of what else it was lent; NULL = none */
	rg_time now;
	rg_fetched found;
	rg_plan *plan;
	rg_commit commit;
	rg__batch *batch;
	rg_time doubt_until, doubt_pause;
	int64_t doubt_since; /* microseconds of the monotonic clock, which is never set back */
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

/* Room on the stack for the struct of a verb; a larger one is allocated. */
enum { RG__OP_ROOM = 3584 };

/* The front end of the blocking form. @p asked goes to `prepare`. @p wrong says what is wrong with an argument, RG_EINVAL; NULL = nothing. */
rg_status rg__verb_block(const rg__verb *verb, rg_registrar *reg, const void *asked, const char *wrong, rg_error *why);

/* The front end of the completion form, under the completion law; writes the caller's handle. */
rg_status rg__verb_start(const rg__verb *verb, rg_registrar *reg, const void *asked, const char *wrong, void *user, rg_free_cb free_user,
	rg_op **handle, rg_error *why);

/* For `answer`. The status of a verb whose adaptor failed in @p member with @p status. RG_EINVAL tells of arguments, and before an operation
 * starts, so what an adaptor says later becomes RG_ECONTRACT. */
rg_status rg__op_adaptor_failed(rg_op *op, const char *member, rg_status status);

/* For `prepare`. Copies texts into one allocation of the operation's and points them there, if it @p keeps them. The copies lie one behind
 * the other, in the order given; an absent text stays absent. RG_ENOMEM. */
rg_status rg__op_keep(rg_op *op, bool keeps, rg_str *const *texts, uint32_t n);

/* For `prepare`. The operation resolves names before its first fetch; they must outlive it. RG_ENOMEM. */
rg_status rg__op_resolve_first(rg_op *op, const rg_str *hosts, uint32_t n);

/* For `prepare`. The decision is the same for every record, so that none is fetched. */
void rg__op_decide_at_once(rg_op *op);

/* Begins an operation in memory of verb->size bytes. */
rg_status rg__op_begin(rg_op *op, const rg__verb *verb, rg_registrar *reg);

/* Allocates and begins one. */
rg_status rg__op_new(const rg__verb *verb, rg_registrar *reg, rg_op **out);

/* Allocates one that finishes the work of @p beside, after a shutdown of the registrar too. NULL: out of memory. */
rg_op *rg__op_beside(const rg__verb *verb, const rg_op *beside);

/* Runs the machine. The operation may be gone when it returns, unless the caller has a reference. */
void rg__op_run(rg_op *op);

/* Ends an operation that was begun and is not to run. */
void rg__op_abort(rg_op *op);

/* For `prepare`: there was nothing to operate on, so the statistics leave it out. */
void rg__op_uncount(rg_op *op);

/* Answers the caller, unless that was done. */
void rg__op_answer(rg_op *op, rg_status status);

/* The caller's user data stays for the time of a call of one of its functions. False: the caller is released and wants no more calls. */
bool rg__op_user_enter(rg_op *op);
void rg__op_user_leave(rg_op *op);

void rg__op_ref(rg_op *op);
bool rg__op_hold(rg_op *op);  /* takes a hold and a reference. False: the operation has ended */
void rg__op_let_go(rg_op *op); /* drops the hold and the reference */

/* Starts an allocated operation under the completion law and writes the caller's handle. */
rg_status rg__op_start(rg_op *op, void *user, rg_free_cb free_user, rg_op **handle);

/* Runs an operation of the blocking form to its end, on the stack or allocated. */
rg_status rg__op_block(rg_op *op);

/* Gives the operation a copy of its key; once it has one, a further call does nothing. The key must not change after that. Not for an
 * operation on the stack, whose copy is never freed. False: out of memory. */
bool rg__op_own_key(rg_op *op);

/* A commit of the operation landed, or may have: the federation decides whether other sites have to know. */
static inline void rg__op_touch_sites(const rg_op *op)
{
	rg__sites *sites = rg__sites_of(op->ticket.reg);

	if (sites)
		sites->touched(sites, op);
}

/* Is the call under way one of the registrar's own store? Changes of records in other stores cause no events. */
static inline bool rg__op_is_home(const rg_op *op)
{
	return op->call.store == op->ticket.reg->store;
}

void rg__ops_cancel(rg_registrar *reg);  /* all that are listed */
void rg__ops_forsake(rg_registrar *reg); /* gives up the resends that no tick will make */

/* resend.c: the fate of the commit under way is unknown. WAITS: the operation waits for a tick to send it again, and another thread may
 * already run it. ELSEWHERE: this operation is done with the commit: another one resends it, or it was counted and logged as lost.
 * GIVEN_UP: it is too late. */
enum { RG__RESEND_WAITS, RG__RESEND_ELSEWHERE, RG__RESEND_GIVEN_UP };
int rg__resend_later(rg_op *op);

/* resend.c: the fate of the commit under way stays unknown: counts and logs that, unless a later commit proves that it landed. @p how
 * completes the line "the outcome of a commit …". */
void rg__op_lose_commit(rg_op *op, const char *how);

/* When the caller is told that the store does not answer: store_timeout from now. */
void rg__op_deadline(rg_op *op);

/* Puts the operation where tick and shutdown find it, until it ends, or until the second call. False: the shutdown was before. */
bool rg__op_list(rg_op *op);
void rg__op_unlist(rg_op *op);

void rg__op_settle(rg_op *op, bool landed); /* its batch of events */

/* The steps of machine.c, in the order of the diagram above. needs_caller() depends on it: up to DECIDE a step needs the caller, and from
 * COMMIT to GIVE_UP a step sees a commit to its end. */
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
