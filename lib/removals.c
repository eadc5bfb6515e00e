/* SPDX-License-Identifier: MIT */
/* What is remembered of bindings that went, so that a delayed older REGISTER does not revive them. */
#include "merge.h"

static bool remembered(const rg__entry *e)
{
	return e->gone != 0 && e->before != RG__NO_BINDING && !e->lapsed;
}

static rg_removal removal_of(const rg_contact *c, const rg__entry *e, const rg__remover *by, rg_time now)
{
	rg_removal r = { .struct_size = sizeof r, .uri = c->uri, .instance = c->instance, .reg_id = c->reg_id, .at = now,
		.callid = c->callid, .cseq = c->cseq, .request_hash = c->request_hash };

	/* What was evicted or removed by the operator was not this REGISTER's to remove: its own last REGISTER is the one not to be heard
	 * again. */
	if (by && (e->gone == RG__GONE_REQUEST || e->gone == RG__GONE_STAR)) {
		r.callid = by->callid;
		r.cseq = by->cseq;
		r.request_hash = by->fingerprint;
	}
	return r;
}

uint32_t rg__removals(const rg_record *record, const rg_contact *contacts, const rg__entry *entries, uint32_t n, const rg__remover *by,
	rg_time now, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t old = rg_record_removals(record), total = 0, skip, kept = 0;
	rg_removal r;

	for (uint32_t i = 0; i < n; i++)
		total += remembered(&entries[i]);
	for (uint32_t i = 0; i < old; i++)
		total += rg_record_removal(record, i, &r) == RG_OK && rg__removal_fresh(&r, now);
	skip = total > RG_REMOVALS_MAX ? total - RG_REMOVALS_MAX : 0;
	for (uint32_t i = 0; i < old; i++) {
		if (rg_record_removal(record, i, &r) != RG_OK || !rg__removal_fresh(&r, now))
			continue;
		if (skip > 0)
			skip--;
		else
			out[kept++] = r;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!remembered(&entries[i]))
			continue;
		if (skip > 0)
			skip--;
		else
			out[kept++] = removal_of(&contacts[i], &entries[i], by, now);
	}
	return kept;
}
