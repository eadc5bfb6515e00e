/* SPDX-License-Identifier: MIT */
/* The limit on the bindings of one AoR, and the choice of the bindings to evict. */
#include "decide/merge.h"
#include "rules/rules.h"
#include <stdlib.h>

/* A binding that may be evicted. The lowest is evicted first. */
typedef struct candidate {
	rg__rank rank;
	int64_t first; /* by the policy; the oldest of equals comes first */
	uint32_t entry;
} candidate;

static int evicted_first(const void *x, const void *y)
{
	const candidate *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return rg__rank_age(&a->rank, &b->rank);
}

static int64_t criterion(const rg__entry *e, uint8_t policy)
{
	switch (policy) {
	case RG__EVICT_SOONEST:
		return e->expires;
	case RG__EVICT_LOWEST_Q:
		return e->rank.q; /* a binding without q is below all others */
	default:
		return e->rank.modified;
	}
}

static rg_status evict_bindings(rg__merge *m, uint32_t n_candidates, uint32_t excess)
{
	candidate *candidates = malloc(n_candidates * sizeof *candidates);
	uint32_t n = 0;

	if (!candidates)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->gone == 0 && !e->lapsed && e->own == RG__NOBODY)
			candidates[n++] = (candidate){ e->rank, criterion(e, m->reg->set->eviction), i };
	}
	qsort(candidates, n, sizeof *candidates, evicted_first);
	for (uint32_t i = 0; i < excess; i++)
		m->entries[candidates[i].entry].gone = RG__GONE_EVICTED;
	free(candidates);
	return RG_OK;
}

rg_status rg__merge_limit(rg__merge *m, int32_t *reason)
{
	const rg__save_settings *set = m->reg->set;
	uint32_t live = 0, own = 0;
	bool grows = false;

	*reason = RG_R_FINE;
	if (set->max_contacts <= 0)
		return RG_OK;
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->gone != 0 || e->lapsed)
			continue;
		live++;
		own += e->own != RG__NOBODY;
		grows = grows || e->before == RG__NO_BINDING;
	}
	if (live <= set->max_contacts)
		return RG_OK;
	/* Without a new binding the request is a refresh: it is never refused, but with `force` the excess is evicted. */
	if (set->force ? own > set->max_contacts : grows) {
		*reason = RG_R_TOO_MANY;
		return RG_OK;
	}
	return set->force ? evict_bindings(m, live - own, (uint32_t)(live - set->max_contacts)) : RG_OK;
}
