/* SPDX-License-Identifier: MIT */
#include "route/wakes.h"
#include "model/model.h"

bool rg__wakes_asleep(const rg__lookup_settings *set, rg_time modified, rg_time now)
{
	if (set->only_binding != 0 || modified >= set->awake_since)
		return false;
	if (set->pn_awake_for == 0)
		return true;
	/* After a clock has stepped back, a registration that lies far ahead is as good as one that is long ago. */
	return now > rg__add_sat(modified, set->pn_awake_for) || modified > rg__add_sat(now, set->pn_awake_for);
}

void rg__wakes_divide(const rg__lookup_settings *set, const rg_record *record, rg_time now, rg__lot *lot)
{
	uint32_t n = lot->n, principal = UINT32_MAX; /* the one kept last */

	lot->n = lot->n_wakes = 0;
	for (uint32_t i = 0; i < n; i++) {
		const rg__rank rank = lot->ranks[i];
		bool is_fallback = lot->fallback_of && lot->fallback_of[i] != UINT32_MAX;
		bool asleep = rg__wakes_apply(set, rg__record_flags(record, rank.index)) && rg__wakes_asleep(set, rank.modified, now);

		if (!is_fallback)
			principal = asleep ? UINT32_MAX : lot->n;
		if (!is_fallback && asleep)
			lot->wakes[lot->n_wakes++] = rank.index;
		if (asleep || principal == UINT32_MAX)
			continue;
		lot->ranks[lot->n] = rank;
		if (lot->fallback_of)
			lot->fallback_of[lot->n] = is_fallback ? principal : UINT32_MAX;
		lot->n++;
	}
}
