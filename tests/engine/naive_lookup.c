/* SPDX-License-Identifier: MIT */
#include "naive.h"
#include <string.h>

/* Touched before it. */
static bool older(const naive_binding *a, const naive_binding *b)
{
	if (a->modified != b->modified)
		return a->modified < b->modified;
	return a->created != b->created ? a->created < b->created : a->turn < b->turn;
}

static bool better(const naive_binding *a, const naive_binding *b, const naive_flags *flags, const naive_rules *rules)
{
	if (flags->by_latency && a->latency != b->latency)
		return a->latency < b->latency;
	if (a->q != b->q)
		return a->q > b->q;
	return rules->newest_first ? older(b, a) : older(a, b);
}

static uint32_t keep(naive_binding *list, uint32_t n, bool (*keeps)(const naive_binding *, const naive_flags *), const naive_flags *flags)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++)
		if (keeps(&list[i], flags))
			list[kept++] = list[i];
	return kept;
}

static bool takes_method(const naive_binding *b, const naive_flags *flags)
{
	return !flags->by_method || b->allow == 0 || (b->allow & flags->method);
}

static bool passes(const naive_binding *b, const naive_flags *flags)
{
	if (flags->by_agent && b->agent != flags->agent)
		return false;
	return flags->max_latency < 0 || b->latency == RG_LATENCY_NONE || b->latency <= flags->max_latency;
}

/* Is another flow of the same phone younger? */
static bool stands_back(const naive_binding *list, uint32_t n, uint32_t i)
{
	for (uint32_t k = 0; k < n; k++)
		if (list[i].instance && list[k].instance == list[i].instance && older(&list[i], &list[k]))
			return true;
	return false;
}

static void add(naive_targets *out, const naive_binding *b, uint32_t fallback_of)
{
	out->targets[out->n].binding = *b;
	out->targets[out->n++].fallback_of = fallback_of;
}

/* The other flows of the phone of list[i], the youngest first. */
static void add_fallbacks(naive_targets *out, const naive_binding *list, uint32_t n, uint32_t i)
{
	const naive_binding *last = &list[i];
	uint32_t principal = out->n - 1;
	while (last) {
		const naive_binding *next = NULL;
		for (uint32_t k = 0; k < n; k++)
			if (list[i].instance && list[k].instance == list[i].instance && older(&list[k], last) && (!next || older(next, &list[k])))
				next = &list[k];
		if (next)
			add(out, next, principal);
		last = next;
	}
}

void naive_lookup(const naive_aor *aor, const naive_flags *flags, const naive_rules *rules, rg_time now, naive_targets *out)
{
	naive_binding list[NAIVE_MAX];
	uint32_t live = naive_live(aor, now, list);
	if (flags->gruu)
		live = naive_of_gruu(aor, flags->gruu, list, live);
	int known = flags->gruu && !flags->gruu->temporary ? naive_is_known(aor, now) : 0;
	uint32_t able = keep(list, live, takes_method, flags), n = keep(list, able, passes, flags);
	memset(out, 0, sizeof *out);
	out->live = live;
	out->vague = !live && known < 0;
	out->result = n ? RG_LOOKUP_FOUND : live && !able ? RG_LOOKUP_METHOD : RG_LOOKUP_NONE;
	out->code = n ? 0 : !live ? (known > 0 ? 480 : 404) : able ? 480 : 405;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1; k < n; k++)
			if (better(&list[k], &list[i], flags, rules)) {
				naive_binding other = list[i];
				list[i] = list[k];
				list[k] = other;
			}
	for (uint32_t i = 0; i < n; i++)
		if (!stands_back(list, n, i)) {
			add(out, &list[i], UINT32_MAX);
			add_fallbacks(out, list, n, i);
		}
	if (flags->no_branches && n)
		out->n = 1;
}
