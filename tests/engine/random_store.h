/* SPDX-License-Identifier: MIT */
/* A call of the store of a random sequence: random_store.c gives its answer, random_inner.c performs it. */
#ifndef RANDOM_STORE_H
#define RANDOM_STORE_H

#include "random.h"

typedef struct pending {
	bool used, performed, canceled, twice, nonsense;
	shim *shim;
	asked asked;
	uint32_t flags, limit;
	rg_time now;
	rg_commit commit;
	char domain[24], tag[64], cursor[128];
	rg_str cursor_text;
	/* the answer */
	rg_status status;
	bool has_found;
	rg_fetched found;
	uint32_t n_keys;
	rg_key keys[CELLS];
	char next_cursor[128];
	rg_keys page;
	uint64_t records, bindings;
} pending;

/* random_inner.c */
part *part_of(const shim *s, cell *c);
void fetch_inner(const shim *s, const cell *c, pending *p);
void commit_inner(const shim *s, cell *c, const rg_commit *asked_for, pending *p);
void perform(pending *p);
void put_off(const pending *p);
bool may_conflict(const pending *p);

#endif
