/* SPDX-License-Identifier: MIT */
/* From decided bindings to the next record and its events. */
#include "decide/merge.h"

static bool stays(const rg__entry *e)
{
	return e->gone == 0 && !e->lapsed;
}

/* Moves the bindings that stay to the front, in their order. */
static uint32_t compact(rg_contact *contacts, rg__entry *entries, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		entries[i].after = RG__NO_BINDING;
		if (!stays(&entries[i]))
			continue;
		if (kept != i)
			contacts[kept] = contacts[i];
		entries[i].after = (uint16_t)kept++;
	}
	return kept;
}

rg_status rg__merge_next(rg_contact *contacts, rg__entry *entries, uint32_t n, const rg_key *key, const rg_record *record,
	const rg_revision *revision, const rg__remover *by, rg_time now, rg_record **next)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = rg__removals(record, contacts, entries, n, by, now, removals);
	uint32_t kept = compact(contacts, entries, n);

	*next = NULL;
	if (kept == 0 && n_removals == 0)
		return RG_OK;
	if (kept >= RG__NO_BINDING)
		return RG_ELIMIT;
	return rg_record_new(key, revision, contacts, kept, removals, n_removals, rg_record_extra(record), next);
}

uint32_t rg__merge_changes(const rg__entry *entries, uint32_t n, rg__change *changes)
{
	rg__change *to = changes;

	for (uint32_t i = 0; i < n; i++) {
		const rg__entry *e = &entries[i];
		bool old = e->before != RG__NO_BINDING;

		if (e->lapsed)
			*to++ = (rg__change){ RG_EVENT_CONTACT_EXPIRE, 0, e->before, RG__NO_BINDING };
		else if (e->gone != 0 && old)
			*to++ = (rg__change){ RG_EVENT_CONTACT_DELETE, e->gone, e->before, RG__NO_BINDING };
		else if (e->gone == 0 && e->changed)
			*to++ = (rg__change){ old ? RG_EVENT_CONTACT_UPDATE : RG_EVENT_CONTACT_INSERT, 0, e->before, e->after };
	}
	return (uint32_t)(to - changes);
}
