/* SPDX-License-Identifier: MIT */
/* The removals that a record remembers, so that a delayed older REGISTER does not revive a removed binding. */
#include "decide/merge.h"

static bool by_request(const rg__entry *e, const rg__remover *by)
{
	/* A binding that was evicted, or removed by the operator, was not removed by a Contact of the request. */
	return by && (e->gone == RG__GONE_REQUEST || e->gone == RG__GONE_STAR);
}

/* How many removals an entry leaves. They block a repeat of its last REGISTER, and of the REGISTER that removed it. Under one Call-ID the
 * second blocks both. */
static uint32_t removals_left(const rg_contact *c, const rg__entry *e, const rg__remover *by)
{
	if (e->gone == 0 || e->before == RG__NO_BINDING || e->lapsed)
		return 0;
	return by_request(e, by) && !rg__eq(c->callid, by->callid) ? 2 : 1;
}

static rg_removal removal_of(const rg_contact *c, const rg__remover *by, rg_time now)
{
	return (rg_removal){ .struct_size = sizeof(rg_removal), .uri = c->uri, .instance = c->instance, .reg_id = c->reg_id, .at = now,
		.callid = by ? by->callid : c->callid, .cseq = by ? by->cseq : c->cseq, .request_hash = by ? by->fingerprint : c->request_hash };
}

uint32_t rg__merge_removals(const rg__merge *m, const rg__remover *by, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t old = rg_record_removals(m->record), total = 0, skip, kept = 0;
	rg_removal r;

	for (uint32_t i = 0; i < m->n; i++)
		total += removals_left(&m->contacts[i], &m->entries[i], by);
	for (uint32_t i = 0; i < old; i++)
		total += rg_record_removal(m->record, i, &r) == RG_OK && rg__removal_fresh(&r, m->now);
	skip = total > RG_REMOVALS_MAX ? total - RG_REMOVALS_MAX : 0;
	for (uint32_t i = 0; i < old; i++) {
		if (rg_record_removal(m->record, i, &r) != RG_OK || !rg__removal_fresh(&r, m->now))
			continue;
		if (skip > 0)
			skip--;
		else
			out[kept++] = r;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		for (uint32_t left = removals_left(&m->contacts[i], &m->entries[i], by); left > 0; left--) {
			bool own = left == 2 || !by_request(&m->entries[i], by);

			if (skip > 0)
				skip--;
			else
				out[kept++] = removal_of(&m->contacts[i], own ? NULL : by, m->now);
		}
	}
	return kept;
}
