/* SPDX-License-Identifier: MIT */
#include "rules/rank.h"
#include <stdlib.h>

rg__rank rg__rank_of(const rg_contact *binding, uint32_t index)
{
	return (rg__rank){ .id = binding->id, .modified = binding->modified, .created = binding->created,
		.latency = binding->latency, .q = (int16_t)binding->q, .index = (uint16_t)index };
}

rg__rank rg__rank_seen(const rg__glance *binding, uint32_t index)
{
	return (rg__rank){ .id = binding->id, .modified = binding->modified, .created = binding->created, .latency = binding->latency,
		.q = binding->q, .index = (uint16_t)index };
}

int rg__rank_age(const rg__rank *a, const rg__rank *b)
{
	if (a->modified != b->modified)
		return a->modified < b->modified ? -1 : 1;
	if (a->created != b->created)
		return a->created < b->created ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int oldest_first(const void *x, const void *y)
{
	const rg__rank *a = x, *b = y;

	/* A binding without q has -1, below every stated q. RFC 3261 §16.6: higher q first. */
	return a->q != b->q ? (a->q < b->q ? 1 : -1) : rg__rank_age(a, b);
}

static int newest_first(const void *x, const void *y)
{
	const rg__rank *a = x, *b = y;

	return a->q != b->q ? (a->q < b->q ? 1 : -1) : rg__rank_age(b, a);
}

/* RG_LATENCY_NONE is greater than any measured latency. */
static int fastest_oldest_first(const void *x, const void *y)
{
	const rg__rank *a = x, *b = y;

	return a->latency != b->latency ? (a->latency < b->latency ? -1 : 1) : oldest_first(a, b);
}

static int fastest_newest_first(const void *x, const void *y)
{
	const rg__rank *a = x, *b = y;

	return a->latency != b->latency ? (a->latency < b->latency ? -1 : 1) : newest_first(a, b);
}

static int most_recent_first(const void *x, const void *y)
{
	return rg__rank_age(y, x);
}

void rg__rank_sort(rg__rank *ranks, uint32_t n, bool newest)
{
	if (n > 1)
		qsort(ranks, n, sizeof *ranks, newest ? newest_first : oldest_first);
}

void rg__rank_sort_latency(rg__rank *ranks, uint32_t n, bool newest)
{
	if (n > 1)
		qsort(ranks, n, sizeof *ranks, newest ? fastest_newest_first : fastest_oldest_first);
}

void rg__rank_sort_recent(rg__rank *ranks, uint32_t n)
{
	if (n > 1)
		qsort(ranks, n, sizeof *ranks, most_recent_first);
}
