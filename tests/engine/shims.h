/* SPDX-License-Identifier: MIT */
/* Stores that misbehave on purpose, each around a store that does not. They take a reference to it. */
#ifndef SHIMS_H
#define SHIMS_H

#include <rgstr/store.h>
#include <stdbool.h>

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

/* Answers on threads of its own. The last reference must not go on one of them. */
rg_store *threaded_new(rg_store *inner);

/* Says "conflict" to so many commits, with what is there now. */
typedef struct conflicting {
	int32_t times;    /* -1 = all */
	bool silent;      /* without saying what is there */
	uint32_t commits; /* seen */
} conflicting;

rg_store *conflicting_new(rg_store *inner, conflicting *c);

#endif
