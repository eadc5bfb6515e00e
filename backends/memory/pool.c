/* SPDX-License-Identifier: MIT */
/* The cells of a shard: one array, so that a cell costs nothing besides itself. Runs have the lengths 1, 2, 3, 4, 6, 8, 12, 16 and so on. A run
 * that is given back is used again for one of the same length only, so the array is never larger than the most runs of each length at one
 * time. Only where it cannot grow is a run cut: always doing so would leave more and more short ones. */
#include "shard.h"

static uint32_t length_of(uint32_t class)
{
	if (class < 2)
		return class + 1;
	return class % 2 ? 2u << (class - 1) / 2 : 3u << (class - 2) / 2;
}

static uint32_t class_of(uint32_t tags)
{
	uint32_t class = 0;
	while (length_of(class) < tags)
		class++;
	return class;
}

uint32_t pool_length(uint32_t tags)
{
	return tags <= 4 ? tags + (tags == 0) : length_of(class_of(tags)); /* quick for nearly all */
}

static uint64_t grown_cells(const struct cell_pool *p, uint32_t class)
{
	if (p->free[class] != 0)
		return p->room;
	uint64_t need = (p->room == 0 ? 1 : (uint64_t)p->n) + length_of(class);
	return need <= p->room ? p->room : need + need / 8 + 8;
}

size_t pool_growth(const struct cell_pool *p, uint32_t tags)
{
	return (size_t)(grown_cells(p, class_of(tags)) - p->room) * sizeof *p->cells;
}

bool pool_reserve(struct area *a, struct cell_pool *p, uint32_t tags)
{
	uint64_t room = grown_cells(p, class_of(tags));
	if (room == p->room)
		return true;
	struct cell *grown = room < UINT32_MAX ? area_grow(a, p->cells, p->room * sizeof *grown, (size_t)room * sizeof *grown) : NULL;
	if (!grown)
		return false;
	if (p->room == 0)
		p->n = 1;
	p->cells = grown;
	p->room = (uint32_t)room;
	return true;
}

uint32_t pool_take(struct cell_pool *p, uint32_t tags)
{
	uint32_t class = class_of(tags), run = p->free[class];
	if (run != 0) {
		p->free[class] = p->cells[run].next;
		return run;
	}
	run = p->n;
	p->n += length_of(class);
	return run;
}

void pool_give(struct cell_pool *p, uint32_t entry, uint32_t tags)
{
	uint32_t class = class_of(tags);
	p->cells[entry].next = p->free[class];
	p->free[class] = entry;
}

void pool_trim(struct cell_pool *p, uint32_t entry, uint32_t had, uint32_t tags)
{
	uint32_t at = entry + pool_length(tags), end = entry + pool_length(had);
	for (uint32_t class = RUN_LENGTHS - 1; at < end;) {
		while (length_of(class) > end - at)
			class--;
		p->cells[at].next = p->free[class];
		p->free[class] = at;
		at += length_of(class);
	}
}

void pool_clear(struct area *a, struct cell_pool *p)
{
	area_give(a, p->cells, p->room * sizeof *p->cells);
	*p = (struct cell_pool){ 0 };
}
