/* SPDX-License-Identifier: MIT */
/* The next record and the events of a decision. */
#include "decide/merge.h"
#include "model/model.h"

static bool stays(const rg__entry *e)
{
	return e->gone == 0 && !e->lapsed;
}

/* Moves the contacts that stay to the front, in their order. */
static uint32_t compact_contacts(rg__merge *m)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		m->entries[i].after = RG__NO_BINDING;
		if (!stays(&m->entries[i]))
			continue;
		if (kept != i)
			m->contacts[kept] = m->contacts[i];
		m->entries[i].after = (uint16_t)kept++;
	}
	return kept;
}

rg_status rg__merge_next(rg__merge *m, const rg_key *key, const rg__remover *by, rg_record **next)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = rg__merge_removals(m, by, removals);
	uint32_t kept = compact_contacts(m);

	*next = NULL;
	if (kept == 0 && n_removals == 0)
		return RG_OK;
	if (kept >= RG__NO_BINDING)
		return RG_ELIMIT;
	return rg__record_next(m->record, key, m->revision, m->contacts, kept, removals, n_removals, next);
}

uint32_t rg__merge_changes(rg__merge *m)
{
	rg__change *to = m->changes;

	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];
		bool old = e->before != RG__NO_BINDING;

		if (e->lapsed)
			*to++ = (rg__change){ RG_EVENT_CONTACT_EXPIRE, 0, e->before, RG__NO_BINDING };
		else if (e->gone != 0 && old)
			*to++ = (rg__change){ RG_EVENT_CONTACT_DELETE, e->gone, e->before, RG__NO_BINDING };
		else if (e->gone == 0 && e->changed)
			*to++ = (rg__change){ old ? RG_EVENT_CONTACT_UPDATE : RG_EVENT_CONTACT_INSERT, 0, e->before, e->after };
	}
	return (uint32_t)(to - m->changes);
}
