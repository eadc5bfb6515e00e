/* SPDX-License-Identifier: MIT */
#include "route/wakes.h"
#include "model/model.h"

/* No time is compared: nodes that share a store have clocks of their own, and a clock may be set. */
static bool came_back(const rg_record *before, const rg_record *record, uint32_t index)
{
	rg_contact then, c;

	return rg__record_contact(record, index, &c) == RG_OK &&
		!(rg__record_find(before, c.id, index, &then) && rg__contact_as_registered(&then, &c));
}

bool rg__wakes_asleep(const rg__lookup_settings *set, const rg_record *record, uint32_t index, rg_time now)
{
	if (!(rg__record_flags(record, index) & RG_CONTACT_PN) || set->only_binding != 0)
		return false;
	if (set->asleep_in && came_back(set->asleep_in, record, index))
		return false;
	if (set->pn_awake_for == 0)
		return true;
	rg__glance glance;

	rg__record_glance(record, index, &glance);
	rg_time modified = glance.modified;

	/* After a clock has stepped back, a registration that lies far ahead is as good as one that is long ago. */
	return now > rg__add_sat(modified, set->pn_awake_for) || modified > rg__add_sat(now, set->pn_awake_for);
}

/* The instance of the binding with this id, live or not. */
static rg_str instance_of(const rg_record *record, uint64_t id)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.id == id)
			return c.instance;
	}
	return RG__ABSENT;
}

void rg__wakes_keep_device(const rg_record *record, uint64_t id, rg__lot *lot)
{
	rg_str device = instance_of(record, id);
	uint32_t n = lot->n;

	lot->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		rg_str instance = rg__record_instance(record, lot->ranks[i].index);

		if (lot->ranks[i].id == id || (device.n > 0 && instance.n > 0 && rg__same_instance(device, instance)))
			lot->ranks[lot->n++] = lot->ranks[i];
	}
}

void rg__wakes_divide(const rg__lookup_settings *set, const rg_record *record, rg_time now, rg__lot *lot)
{
	uint32_t n = lot->n, principal = UINT32_MAX; /* the one kept last */

	lot->n = lot->n_wakes = 0;
	for (uint32_t i = 0; i < n; i++) {
		const rg__rank rank = lot->ranks[i];
		bool is_fallback = lot->fallback_of && lot->fallback_of[i] != UINT32_MAX;
		bool asleep = rg__wakes_asleep(set, record, rank.index, now);

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
