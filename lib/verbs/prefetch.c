/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"

/* As many keys as there is room for on the stack. A host has rarely more at hand. */
enum { TOLD_AT_ONCE = 32 };

void rg_prefetch(rg_registrar *reg, const rg_key *keys, uint32_t n)
{
	if (reg && keys)
		rg__store_prefetch(reg->store, keys, n);
}

static void tell_aors(const rg__ticket *ticket, rg_str domain, const rg_str *aors, uint32_t n)
{
	rg__aor read[TOLD_AT_ONCE];
	rg_key keys[TOLD_AT_ONCE];
	rg__aor_rules room;
	const rg__aor_rules *rules = rg__aor_rules_in(ticket->snapshot->config, &room);
	uint32_t told = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (rg__aor_from_text(aors[i], rules, &read[told]) != RG__AOR_OK)
			continue;
		keys[told] = (rg_key){ domain, read[told].user, read[told].host };
		told++;
	}
	rg__store_prefetch(ticket->reg->store, keys, told);
	for (uint32_t i = 0; i < told; i++)
		rg__aor_free(&read[i]);
}

/* The configuration says how an AoR is read. */
void rg_prefetch_aors(rg_registrar *reg, rg_str domain, const rg_str *aors, uint32_t n)
{
	rg__ticket ticket;

	if (!reg || !aors || n == 0 || !rg__store_prefetches(reg->store) || rg__enter_blank(reg, &ticket) != RG_OK)
		return;
	for (uint32_t at = 0; at < n; at += TOLD_AT_ONCE)
		tell_aors(&ticket, rg__domain(domain), aors + at, n - at < TOLD_AT_ONCE ? n - at : TOLD_AT_ONCE);
	rg__leave(&ticket, NULL, -1);
}
