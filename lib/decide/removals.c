/* SPDX-License-Identifier: MIT */
/* The removals that a record remembers, so that a delayed older REGISTER does not revive a removed binding. */
#include "decide/merge.h"
#include "model/model.h"

static bool by_request(const rg__entry *e, const rg__remover *by)
{
	/* A binding that was evicted, or removed by the operator, was not removed by a Contact of the request. */
	return by && (e->gone == RG__GONE_REQUEST || e->gone == RG__GONE_STAR);
}

/* The binding as it was before the request, which may have set it first and then removed it. False: there was none that lives. */
static bool binding_before(const rg__merge *m, const rg__entry *e, rg_contact *out)
{
	return e->gone != 0 && !e->lapsed && e->before != RG__NO_BINDING && rg__record_contact(m->record, e->before, out) == RG_OK;
}

static rg_removal removal_of(const rg_contact *c, const rg__remover *by, rg_time now)
{
	return (rg_removal){ .struct_size = sizeof(rg_removal), .uri = c->uri, .instance = c->instance, .reg_id = c->reg_id, .at = now,
		.callid = by ? by->callid : c->callid, .cseq = by ? by->cseq : c->cseq, .request_hash = by ? by->fingerprint : c->request_hash };
}

/* The removals that an entry leaves. They block a repeat of its last REGISTER, and of the REGISTER that removed it. Under one Call-ID the
 * second blocks both. */
static uint32_t removals_left(const rg__merge *m, const rg__entry *e, const rg__remover *by, rg_removal out[2])
{
	uint32_t n = 0;
	rg_contact c;

	if (!binding_before(m, e, &c))
		return 0;
	if (!by_request(e, by) || !rg__eq(c.callid, by->callid))
		out[n++] = removal_of(&c, NULL, m->now);
	if (by_request(e, by))
		out[n++] = removal_of(&c, by, m->now);
	return n;
}

uint32_t rg__merge_removals(const rg__merge *m, const rg__remover *by, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t old = rg_record_removal_count(m->record), total = 0, skip, kept = 0;
	rg_removal r, left[2];

	for (uint32_t i = 0; i < m->n; i++)
		total += removals_left(m, &m->entries[i], by, left);
	for (uint32_t i = 0; i < old; i++)
		total += rg__record_removal(m->record, i, &r) == RG_OK && rg__removal_fresh(&r, m->now);
	skip = total > RG_REMOVALS_MAX ? total - RG_REMOVALS_MAX : 0;
	for (uint32_t i = 0; i < old; i++) {
		if (rg__record_removal(m->record, i, &r) != RG_OK || !rg__removal_fresh(&r, m->now))
			continue;
		if (skip > 0)
			skip--;
		else
			out[kept++] = r;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		uint32_t n = removals_left(m, &m->entries[i], by, left);

		for (uint32_t k = 0; k < n; k++) {
			if (skip > 0)
				skip--;
			else
				out[kept++] = left[k];
		}
	}
	return kept;
}
