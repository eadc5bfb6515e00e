/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"

/* The keys that the stack has room for. A host has rarely more requests at hand. */
enum { PREFETCH_BATCH = 32 };

void rg_prefetch(rg_registrar *reg, const rg_key *keys, uint32_t n)
{
	if (reg && keys)
		rg__store_prefetch(reg->store, keys, n);
}

static void prefetch_batch(const rg__ticket *ticket, rg_str domain, const rg_str *aors, uint32_t n)
{
	rg__aor read[PREFETCH_BATCH];
	rg_key keys[PREFETCH_BATCH];
	rg__aor_rules room;
	const rg__aor_rules *rules = rg__aor_rules_in(ticket->snapshot->config, &room);
	uint32_t n_keys = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (rg__aor_from_text(aors[i], rules, &read[n_keys]) != RG__AOR_OK)
			continue;
		keys[n_keys] = (rg_key){ domain, read[n_keys].user, read[n_keys].host };
		n_keys++;
	}
	rg__store_prefetch(ticket->reg->store, keys, n_keys);
	for (uint32_t i = 0; i < n_keys; i++)
		rg__aor_free(&read[i]);
}

/* The configuration says how an AoR is read. */
void rg_prefetch_aors(rg_registrar *reg, rg_str domain, const rg_str *aors, uint32_t n)
{
	rg__ticket ticket;

	if (!reg || !aors || n == 0 || !rg__store_prefetches(reg->store) || rg__enter_blank(reg, &ticket) != RG_OK)
		return;
	for (uint32_t at = 0; at < n; at += PREFETCH_BATCH)
		prefetch_batch(&ticket, rg__domain(domain), aors + at, n - at < PREFETCH_BATCH ? n - at : PREFETCH_BATCH);
	rg__leave(&ticket, NULL, -1);
}
