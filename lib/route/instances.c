/* SPDX-License-Identifier: MIT */
/* Several flows of a device count as one target (RFC 5626 §7): a request goes to the flow used last, and to another one when that fails. */
#include "route/instances.h"
#include "rules/rules.h"

/* A binding and its group. The number of a group is the index of its first binding. A binding without instance is a group by itself. */
typedef struct member {
	rg_str instance;
	uint64_t hash;
	uint32_t group, principal; /* principal and size are valid in the first member of a group */
	uint32_t size;
} member;

/* Up to FEW bindings need no allocation. EACH: the bytes for one. */
enum { FEW = 8, EACH = 2 * sizeof(rg__rank) + sizeof(member) };

/* Compares hashes pair by pair: a record has room for a few hundred bindings only. */
static uint32_t group_of(const member *members, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		const member *m = &members[k];

		if (m->group == k && m->hash == members[i].hash && m->instance.n > 0 && rg__same_instance(m->instance, members[i].instance))
			return k;
	}
	return i;
}

/* Returns whether any two bindings share an instance. */
static bool find_groups(const rg_record *record, const rg__rank *ranks, uint32_t n, member *members)
{
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		member *m = &members[i], *first;

		m->instance = rg__record_instance(record, ranks[i].index);
		m->group = m->principal = i;
		m->size = 1;
		m->hash = 0;
		if (m->instance.n == 0)
			continue;
		m->hash = rg__instance_hash(m->instance);
		m->group = group_of(members, i);
		if (m->group == i)
			continue;
		any = true;
		first = &members[m->group];
		first->size++;
		if (rg__rank_age(&ranks[i], &ranks[first->principal]) > 0)
			first->principal = i;
	}
	return any;
}

/* The output: the bindings in their new order. */
typedef struct places {
	rg__rank *ranks, *room; /* room to sort in */
	uint32_t *fallback_of;
	uint32_t n;
} places;

/* Appends the other members of the group of @p principal, which was appended last. */
static void add_fallbacks(const rg__rank *from, const member *members, uint32_t n, uint32_t principal, places *to)
{
	uint32_t first = to->n;

	for (uint32_t i = 0; i < n; i++) {
		if (i == principal || members[i].group != members[principal].group)
			continue;
		to->fallback_of[to->n] = first - 1;
		to->ranks[to->n++] = from[i];
	}
	rg__rank_sort_recent(to->ranks + first, to->n - first, to->room);
}

static void rearrange(const rg__rank *from, const member *members, uint32_t n, places *to)
{
	for (uint32_t i = 0; i < n; i++) {
		const member *first = &members[members[i].group];

		if (first->principal != i)
			continue;
		to->ranks[to->n++] = from[i];
		if (first->size > 1)
			add_fallbacks(from, members, n, i, to);
	}
}

rg_status rg__instances_group(const rg_record *record, rg__rank *ranks, uint32_t n, uint32_t *fallback_of)
{
	_Alignas(rg__rank) char few[FEW * EACH];
	rg__scratch scratch;

	if (!rg__scratch_open(&scratch, few, sizeof few, n * EACH))
		return RG_ENOMEM;
	rg__rank *before = rg__scratch_take(&scratch, n * sizeof *before);
	rg__rank *room = rg__scratch_take(&scratch, n * sizeof *room);
	member *members = rg__scratch_take(&scratch, n * sizeof *members);
	memset(fallback_of, 0xff, n * sizeof *fallback_of);
	if (find_groups(record, ranks, n, members)) {
		memcpy(before, ranks, n * sizeof *ranks);
		rearrange(before, members, n, &(places){ ranks, room, fallback_of, 0 });
	}
	rg__scratch_close(&scratch);
	return RG_OK;
}
