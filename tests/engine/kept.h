/* SPDX-License-Identifier: MIT */
/* The answer to a call of a store, kept for shims that give it later. */
#ifndef KEPT_H
#define KEPT_H

#include <rgstr/store.h>
#include <stdbool.h>

typedef struct kept {
	uint32_t kind; /* CALL_… */
	union {
		rg_fetch_cb fetch;
		rg_commit_cb commit;
		rg_keys_cb keys;
		rg_count_cb count;
	} done;
	void *tok;
	bool answered; /* what follows is set */
	rg_status status;
	bool has_found;
	rg_fetched found;
	rg_keys page;
	char *memory;
	uint64_t records, bindings;
} kept;

/* Callbacks of a member whose token is a kept. */
void kept_fetched(void *tok, rg_status status, const rg_fetched *found);
void kept_keys(void *tok, rg_status status, const rg_keys *page);
void kept_count(void *tok, rg_status status, uint64_t records, uint64_t bindings);
/* A member that refuses by its return has not called back. @return RG_PENDING. */
rg_status kept_later(kept *k, rg_status returned);

void kept_give(const kept *k); /* to `done`, with a reference of its own */
void kept_end(kept *k);        /* releases what it has */

#endif
