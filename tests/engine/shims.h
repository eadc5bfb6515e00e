/* SPDX-License-Identifier: MIT */
/* Stores that misbehave on purpose, each around a store that does not. They take a reference to it. Around NULL there is none: NULL. */
#ifndef SHIMS_H
#define SHIMS_H

#include <rgstr/store.h>
#include <stdbool.h>

/* @return whether the store has a member `count`. The shim over it has one, too. */
static inline bool shim_counts(const rg_store *inner)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(inner, &in);

	return ops && ops->count;
}

enum { CALL_FETCH = 1, CALL_COMMIT = 2, CALL_DUE = 4, CALL_FIND = 8, CALL_SCAN = 16, CALL_COUNT = 32, CALL_ANY = 63 };

/* Fails calls of an inline store. */
typedef struct faulty {
	uint32_t calls;    /* which kinds count, CALL_… */
	int32_t after;     /* let so many through first */
	int32_t times;     /* then fail so many; -1 = all */
	rg_status status;
	bool lands;        /* do the work all the same */
	bool by_return;    /* as the member's own return, else through the callback */
	bool guesses;      /* answer what is not asked fresh with "absent" */
	uint32_t traits;   /* beside RG_STORE_INLINE */
	uint32_t seen;     /* calls that counted */
} faulty;

rg_store *faulty_new(rg_store *inner, faulty *f);

/* Answers later, in any order: the work is done at once, the answer waits. */
typedef struct deferred deferred;

rg_store *deferred_new(rg_store *inner, deferred **out); /* valid for as long as the store */
rg_store *waitless_new(rg_store *inner); /* deferred, and nobody can wait for it */
uint32_t deferred_pending(const deferred *d);
uint32_t deferred_kind(const deferred *d, uint32_t index);  /* CALL_… of a waiting answer, the oldest first */
void deferred_answer(deferred *d, uint32_t index);          /* gives it */
void deferred_answer_all(deferred *d);                      /* until none waits any more */
void deferred_twice(deferred *d, bool twice);               /* every answer is given twice */
void deferred_deaf(deferred *d, bool deaf);                 /* `wait` brings nothing */
uint32_t deferred_canceled(const deferred *d);              /* calls of `cancel` */

/* Gives keys one at a time, with an empty page before each but the first. Inline. */
rg_store *sparse_new(rg_store *inner);

/*
 * Answers each call at once but one, the target, whose answer is held or given as `when` says. Up to STAGED_IN_TIME,
 * the blocking form gets it before its wait is over.
 */
typedef enum staged_when {
	STAGED_AT_ONCE,      /* inside the call, which returns RG_PENDING all the same */
	STAGED_IN_WAIT,      /* inside `wait` */
	STAGED_BY_THREAD,    /* by another thread, for which `wait` waits */
	STAGED_IN_TIME = STAGED_BY_THREAD,
	STAGED_IN_CANCEL,    /* inside `cancel`, after a `wait` that timed out */
	STAGED_BY_LATE_THREAD, /* by another thread, for which `wait` does not wait */
	STAGED_HELD          /* by staged_release() */
} staged_when;

typedef struct staged staged;

enum { STAGED_NONE = -1, STAGED_MOST = 64 };

rg_store *staged_new(rg_store *inner, staged **out); /* valid for as long as the store */
void staged_set(staged *s, int64_t target, staged_when when); /* calls are counted from 0 again */
int64_t staged_calls(const staged *s);
uint32_t staged_kind(const staged *s, int64_t call); /* CALL_… of one of the first STAGED_MOST */
void staged_release(staged *s); /* gives what is held, and what follows; waits for the thread */
void staged_release_by_thread(staged *s); /* the same on another thread */

/* Answers on threads of its own. The last reference must not go on one of them. */
rg_store *threaded_new(rg_store *inner);

/* Says "conflict" to so many commits, with what is there now. */
typedef struct conflicting {
	int32_t times;    /* -1 = all */
	bool silent;      /* without saying what is there */
	uint32_t commits; /* seen */
} conflicting;

rg_store *conflicting_new(rg_store *inner, conflicting *c);

/* Gives another hint with each answer, and checks that a commit carries the hint of an answer for its key with its base, and a resend that
 * of the commit. */
enum { HINTING_KEY = 64, HINTING_ANSWERS = 256 };

typedef struct hinting {
	bool none;         /* gives none */
	bool deaf;         /* has no prefetch */
	int32_t conflicts, silent_conflicts, unknown; /* so many of the next commits end like this; none of them lands */
	uint32_t commits, wrong, without, resends;    /* seen. wrong: with another hint. without: with 0 */
	uint32_t prefetches, prefetched;              /* calls and keys */
	const rg_key *last_prefetched;
	uint64_t steps;    /* how many steps towards a key have a next one; each returns its number */
	uint32_t approaches, strayed; /* steps taken. strayed: with a hint that is not that of the step before, for this key */
	char approached[HINTING_KEY]; /* the key of the last first step */
	char names[4096]; /* of the keys, "domain user host;" each */
	struct {
		char key[HINTING_KEY];
		rg_revision base;
		uint64_t hint;
	} answers[HINTING_ANSWERS]; /* the last ones; a ring */
	uint32_t n_answers;
	uint64_t given; /* the last hint */
	rg_revision revision; /* of the last commit */
	uint64_t hint;
} hinting;

rg_store *hinting_new(rg_store *inner, hinting *h);

/* Has watches that misbehave, over those of an inline store. */
typedef struct watching {
	bool none;         /* has no watch */
	bool deaf;         /* loses every message */
	bool at_once;      /* tells of a change inside `watch` */
	bool ends_at_once; /* and of the end */
	bool noisy;        /* tells of a change inside `unwatch` */
	bool late;         /* holds the last call of what is unwatched until watching_let_go() */
	void (*hook)(void *user); /* called inside `watch`, once it watches */
	void *user;
	rg_status refuses; /* what `watch` returns; RG_OK = it watches */
	uint32_t watches, unwatches, live; /* calls of the members; watches that have not told their end */
	void *first, *held, *shim; /* its own */
} watching;

rg_store *watching_new(rg_store *inner, watching *w);
void watching_end(watching *w); /* ends all that are on, as a store does that lost its connection */
void watching_let_go(watching *w);

#endif
