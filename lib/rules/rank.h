/* SPDX-License-Identifier: MIT */
/* The order in which bindings are tried. */
#ifndef RG__ORDER_H
#define RG__ORDER_H

#include "text/text.h"
#include "model/model.h"

/* The fields that decide the order of a binding, and its index. */
typedef struct rg__rank {
	uint64_t id;
	rg_time modified, created;
	uint32_t latency;
	int16_t q;
	uint16_t index;
} rg__rank;

rg__rank rg__rank_of(const rg_contact *binding, uint32_t index);
rg__rank rg__rank_seen(const rg__glance *binding, uint32_t index);

/* -1, 0 or 1: a was modified before, with or after b. Ties are decided by creation, then id. */
int rg__rank_age(const rg__rank *a, const rg__rank *b);

/* The functions below sort in place; @p room is for as many ranks, and is written to. */

/* Lookup order: q descending, bindings without q last. Equal ones oldest first, or newest first. */
void rg__rank_sort(rg__rank *ranks, uint32_t n, rg__rank *room, bool newest_first);

/* The order of `sort-by-latency`: lowest latency first, unmeasured bindings last. Equal ones in lookup order. */
void rg__rank_sort_latency(rg__rank *ranks, uint32_t n, rg__rank *room, bool newest_first);

/* Most recently modified first, regardless of q. */
void rg__rank_sort_recent(rg__rank *ranks, uint32_t n, rg__rank *room);

#endif
