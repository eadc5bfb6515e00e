/* SPDX-License-Identifier: MIT */
/* GRUUs in the simplest words: a phone has eras, and a temporary GRUU is good in the era that gave it. */
#include "naive.h"

static const naive_binding *same_turn(const naive_aor *aor, uint32_t turn)
{
	for (uint32_t i = 0; i < aor->n; i++)
		if (aor->bindings[i].turn == turn)
			return &aor->bindings[i];
	return NULL;
}

/* RFC 5627 §5.1 and §5.3: another Call-ID ends the era that updates a binding of the phone, and so does the end of its last binding. */
static bool goes_on(const naive_aor *before, const naive_aor *after, const naive_request *r, rg_time now, int instance)
{
	bool on = false;
	for (uint32_t i = 0; i < before->n; i++) {
		const naive_binding *b = &before->bindings[i], *then;
		if (b->instance != instance || b->expires <= now)
			continue;
		then = same_turn(after, b->turn);
		bool same = strcmp(b->callid, r->callid) == 0;
		if (then && then->own && !same)
			return false;
		on = on || then || same;
	}
	return on;
}

void naive_eras(const naive_aor *before, naive_aor *after, const naive_request *r, rg_time now)
{
	for (int i = 1; i < NAIVE_PHONES; i++)
		if (!goes_on(before, after, r, now, i))
			after->eras[i]++;
}

uint32_t naive_of_gruu(const naive_aor *aor, const naive_gruu *gruu, naive_binding *list, uint32_t n)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++)
		if (list[i].instance == gruu->instance && (!gruu->temporary || gruu->era == aor->eras[gruu->instance]))
			list[kept++] = list[i];
	return kept;
}

int naive_is_known(const naive_aor *aor, rg_time now)
{
	if (aor->n > 0)
		return 1;
	for (uint32_t i = 0; i < aor->n_gone; i++)
		if (aor->gone[i].modified + RG_REMOVAL_KEEP > now)
			return 1;
	return aor->n_gone > 0 ? -1 : 0;
}
