/* SPDX-License-Identifier: MIT */
/* What is remembered of bindings that went, so that a delayed older REGISTER does not revive them. */
#include "decide/merge.h"

static bool by_request(const rg__entry *e, const rg__remover *by)
{
	/* What was evicted or removed by the operator was not this REGISTER's to remove. */
	return by && (e->gone == RG__GONE_REQUEST || e->gone == RG__GONE_STAR);
}

/* How many removals are kept of an entry: its own last REGISTER is not to be heard again, nor is the one that removed it. Under one
 * Call-ID the latter stands for both. */
static uint32_t remembered(const rg_contact *c, const rg__entry *e, const rg__remover *by)
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

uint32_t rg__removals(const rg_record *record, const rg_contact *contacts, const rg__entry *entries, uint32_t n, const rg__remover *by,
	rg_time now, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t old = rg_record_removals(record), total = 0, skip, kept = 0;
	rg_removal r;

	for (uint32_t i = 0; i < n; i++)
		total += remembered(&contacts[i], &entries[i], by);
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
		for (uint32_t left = remembered(&contacts[i], &entries[i], by); left > 0; left--) {
			bool own = left == 2 || !by_request(&entries[i], by);

			if (skip > 0)
				skip--;
			else
				out[kept++] = removal_of(&contacts[i], own ? NULL : by, now);
		}
	}
	return kept;
}
