/* SPDX-License-Identifier: MIT */
/*
 * A store whose calls are over when they return, over one that answers when it is driven: it drives until the answer is there, and gives it
 * after that. So tests that were written for a store in memory run over a server.
 *
 * A change that a call makes is told to the watches before the call returns. A watch that has just begun tells of no change.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include <rgstr/store.h>
#include <stdbool.h>

typedef struct prompt_inner {
	rg_store *store;
	bool (*drive)(rg_store *store, bool waits); /* waits for an event at most some seconds; @return whether there was any */
} prompt_inner;

typedef enum prompt_form {
	PROMPT_INLINE,  /* with RG_STORE_INLINE. Calls of the blocking form are driven by `wait`, which is not seen, the others by the loop */
	PROMPT_DRIVEN,  /* without. Calls of the blocking form are those of the inner store, with its `wait`; the others return RG_PENDING */
	PROMPT_LOOPING, /* as PROMPT_DRIVEN, but for `wait`: it drives by the loop. No call of the inner store is of the blocking form */
} prompt_form;

/* It has the traits of the inner store but for RG_STORE_SHARED, which would let a registrar tick every second. Takes a reference. */
rg_store *prompt_new(const prompt_inner *inner, prompt_form form);
void prompt_settle(rg_store *prompt); /* tells its watches of what the server has sent by now */
rg_store *prompt_of(rg_store *prompt, prompt_form form); /* another one over the same inner store */

#endif
