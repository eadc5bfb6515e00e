/* SPDX-License-Identifier: MIT */
#include "rules/rank.h"

rg__rank rg__rank_of(const rg_contact *binding, uint32_t index)
{
	return (rg__rank){ .id = binding->id, .modified = binding->modified, .created = binding->created,
		.latency = binding->latency, .q = (int16_t)binding->q, .index = (uint16_t)index };
}

rg__rank rg__rank_seen(const rg__glance *binding, uint32_t index)
{
	return (rg__rank){ .id = binding->id, .modified = binding->modified, .created = binding->created, .latency = binding->latency,
		.q = binding->q, .index = (uint16_t)index };
}

int rg__rank_age(const rg__rank *a, const rg__rank *b)
{
	if (a->modified != b->modified)
		return a->modified < b->modified ? -1 : 1;
	if (a->created != b->created)
		return a->created < b->created ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* An order: whether a comes behind b. */
typedef bool is_behind(const rg__rank *a, const rg__rank *b);

/* A binding without q has -1, below every stated q. RFC 3261 §16.6: higher q first. */
static bool oldest_first(const rg__rank *a, const rg__rank *b)
{
	return a->q != b->q ? a->q < b->q : rg__rank_age(a, b) > 0;
}

static bool newest_first(const rg__rank *a, const rg__rank *b)
{
	return a->q != b->q ? a->q < b->q : rg__rank_age(a, b) < 0;
}

/* RG_LATENCY_NONE is greater than any measured latency. */
static bool fastest_oldest_first(const rg__rank *a, const rg__rank *b)
{
	return a->latency != b->latency ? a->latency > b->latency : oldest_first(a, b);
}

static bool fastest_newest_first(const rg__rank *a, const rg__rank *b)
{
	return a->latency != b->latency ? a->latency > b->latency : newest_first(a, b);
}

static bool most_recent_first(const rg__rank *a, const rg__rank *b)
{
	return rg__rank_age(a, b) < 0;
}

/* Where the run that begins at @p at ends: from there to its end nothing is behind what follows. */
static uint32_t run_end(const rg__rank *ranks, uint32_t at, uint32_t n, is_behind *behind)
{
	while (++at < n && !behind(&ranks[at - 1], &ranks[at]))
		;
	return at;
}

/* Merges two neighbouring runs into @p to. */
static void merge_runs(const rg__rank *a, const rg__rank *b, const rg__rank *end, rg__rank *to, is_behind *behind)
{
	const rg__rank *middle = b;

	while (a < middle && b < end)
		*to++ = behind(a, b) ? *b++ : *a++;
	while (a < middle)
		*to++ = *a++;
	while (b < end)
		*to++ = *b++;
}

/* Merges each pair of runs of @p from into one of @p to. Returns the number of pairs. */
static uint32_t merge_pass(const rg__rank *from, rg__rank *to, uint32_t n, is_behind *behind)
{
	uint32_t pairs = 0;

	for (uint32_t at = 0, middle, end; at < n; at = end, pairs++) {
		middle = run_end(from, at, n, behind);
		end = middle < n ? run_end(from, middle, n, behind) : n;
		merge_runs(from + at, from + middle, from + end, to + at, behind);
	}
	return pairs;
}

/* Merges the runs that are there. Phones refresh one after the other, so bindings lie in two runs by their age, from the one refreshed last
 * on: one pass sorts them. */
static void sort_by(rg__rank *ranks, uint32_t n, rg__rank *room, is_behind *behind)
{
	if (run_end(ranks, 0, n, behind) == n)
		return;
	while (merge_pass(ranks, room, n, behind) > 1) {
		if (merge_pass(room, ranks, n, behind) == 1)
			return;
	}
	memcpy(ranks, room, n * sizeof *ranks);
}

void rg__rank_sort(rg__rank *ranks, uint32_t n, rg__rank *room, bool newest)
{
	if (n > 1)
		sort_by(ranks, n, room, newest ? newest_first : oldest_first);
}

void rg__rank_sort_latency(rg__rank *ranks, uint32_t n, rg__rank *room, bool newest)
{
	if (n > 1)
		sort_by(ranks, n, room, newest ? fastest_newest_first : fastest_oldest_first);
}

void rg__rank_sort_recent(rg__rank *ranks, uint32_t n, rg__rank *room)
{
	if (n > 1)
		sort_by(ranks, n, room, most_recent_first);
}
