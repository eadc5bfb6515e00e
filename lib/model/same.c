/* SPDX-License-Identifier: MIT */
/* Compares two contacts or two removals. */
#include "model/layout.h"
#include "model/model.h"

static bool same_text(rg_str a, rg_str b)
{
	return (a.p == NULL) == (b.p == NULL) && rg__eq(a, b);
}

static bool same_addrs(const rg_contact *a, const rg_contact *b)
{
	for (uint32_t i = 0; i < a->n_addrs; i++) {
		if (memcmp(&a->addrs[i], &b->addrs[i], sizeof a->addrs[i]) != 0)
			return false;
	}
	return true;
}

bool rg__contact_as_registered(const rg_contact *a, const rg_contact *b)
{
	return a->modified == b->modified && a->cseq == b->cseq && a->request_hash == b->request_hash && same_text(a->callid, b->callid);
}

bool rg__contact_same(const rg_contact *a, const rg_contact *b)
{
	if (((a->flags ^ b->flags) & ~(uint32_t)RG_CONTACT_LOCAL) != 0 || a->id != b->id || a->generation != b->generation ||
		a->cseq != b->cseq || a->expires != b->expires || a->created != b->created || a->modified != b->modified ||
		a->wake != b->wake || a->request_hash != b->request_hash || a->q != b->q || a->reg_id != b->reg_id ||
		a->methods != b->methods || a->branch_flags != b->branch_flags || a->latency != b->latency || a->n_addrs != b->n_addrs)
		return false;
#define SAME(name) same_text(a->name, b->name) &&
	return RG__CONTACT_STRINGS(SAME) same_addrs(a, b);
#undef SAME
}

bool rg__removal_same(const rg_removal *a, const rg_removal *b)
{
	return a->cseq == b->cseq && a->reg_id == b->reg_id && a->request_hash == b->request_hash && a->at == b->at &&
		same_text(a->uri, b->uri) && same_text(a->instance, b->instance) && same_text(a->callid, b->callid);
}
