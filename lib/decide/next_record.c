/* SPDX-License-Identifier: MIT */
/* The next record and the events of a decision. */
#include "decide/merge.h"
#include "model/model.h"

static bool stays(const rg__entry *e)
{
	return e->gone == 0 && !e->lapsed;
}

/* Lists the bindings that stay, in their order, and moves the contacts of those that are given there. */
RG__INLINE uint32_t list_kept(rg__merge *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		rg__entry *e = &m->entries[i];

		e->after = RG__NO_BINDING;
		if (!stays(e))
			continue;
		if (e->given && n != i)
			m->contacts[n] = m->contacts[i];
		m->kept[n] = e->given ? RG__GIVEN : e->before;
		e->after = (uint16_t)n++;
	}
	return n;
}

rg_status rg__merge_next(rg__merge *m, const rg_key *key, const rg__remover *by, rg_record **next)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n = list_kept(m), n_removals = 0;

	*next = NULL;
	if (n < m->n || rg_record_removal_count(m->record) > 0)
		n_removals = rg__merge_removals(m, by, removals);
	if (n == 0 && n_removals == 0)
		return RG_OK;
	if (n >= RG__NO_BINDING)
		return RG_ELIMIT;
	return rg__record_next(m->record, m->dictionary, m->record ? NULL : key, m->revision, m->contacts, m->kept, n, removals, n_removals, next);
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
