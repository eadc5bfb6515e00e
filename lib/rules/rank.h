/* SPDX-License-Identifier: MIT */
/* The order bindings are tried in. */
#ifndef RG__ORDER_H
#define RG__ORDER_H

#include "text/text.h"
#include "model/model.h"

/* What the order of a binding depends on, and which binding it is. */
typedef struct rg__rank {
	uint64_t id;
	rg_time modified, created;
	uint32_t latency;
	int16_t q;
	uint16_t index;
} rg__rank;

rg__rank rg__rank_of(const rg_contact *binding, uint32_t index);
rg__rank rg__rank_seen(const rg__glance *binding, uint32_t index);

/* -1, 0, 1 as a was touched before, with or after b: by time of modification, then creation, then id. */
int rg__rank_age(const rg__rank *a, const rg__rank *b);

/* Lookup order: q descending, bindings without q last; ties oldest first, or newest first. */
void rg__rank_sort(rg__rank *ranks, uint32_t n, bool newest_first);

/* The order of `sort-by-latency`: lowest first, never measured last; ties in lookup order. */
void rg__rank_sort_latency(rg__rank *ranks, uint32_t n, bool newest_first);

/* The most recently touched first, whatever their q. */
void rg__rank_sort_recent(rg__rank *ranks, uint32_t n);

#endif
