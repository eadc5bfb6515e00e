/* SPDX-License-Identifier: MIT */
/*
 * The generation of an instance: all its bindings have the same one, and its temporary GRUUs name it. A REGISTER with another Call-ID makes
 * the temporary GRUUs of the instance void (RFC 5627 §5.1), and so does the end of its last binding (§5.3). Each draws another generation.
 */
#include "decide/merge.h"

/* The generation of an instance after the request, by what became of the bindings that it had before. @p drawn: another one. */
static uint64_t generation_of(const rg__merge *m, rg_str instance, uint64_t drawn)
{
	uint64_t generation = drawn;
	rg_contact was;

	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->before == RG__NO_BINDING || e->lapsed || !rg__same_instance(rg__record_instance(m->record, e->before), instance))
			continue;
		rg__record_contact(m->record, e->before, &was);
		bool same_callid = rg__eq(was.callid, m->reg->request->callid), stays = e->gone == 0;

		if (stays && e->changed && !same_callid)
			return drawn;
		/* A device that changes its address within one Call-ID replaces its binding, and stays registered. */
		if (stays || same_callid)
			generation = was.generation;
	}
	return generation;
}

static void settle_instance(rg__merge *m, rg_str instance, uint64_t drawn)
{
	uint64_t generation = generation_of(m, instance, drawn);

	for (uint32_t i = 0; i < m->n; i++) {
		rg__entry *e = &m->entries[i];

		if (e->gone != 0 || e->lapsed || !rg__same_instance(e->match.instance, instance))
			continue;
		if (!e->given)
			e->given = rg__record_contact(m->record, e->before, &m->contacts[i]) == RG_OK;
		m->contacts[i].generation = generation;
	}
}

void rg__merge_generations(rg__merge *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];
		rg_str now = e->match.instance, before;

		if (!e->regenerated || e->gone != 0)
			continue;
		before = e->before != RG__NO_BINDING ? rg__record_instance(m->record, e->before) : RG__ABSENT;
		if (now.n > 0)
			settle_instance(m, now, m->contacts[i].generation);
		if (before.n > 0 && !rg__same_instance(before, now)) /* the request took the binding away from this instance */
			settle_instance(m, before, rg__draw_generation(m->seed, e->own, true, rg_record_revision(m->record)));
	}
}
