/* SPDX-License-Identifier: MIT */
/* The cells of a shard: one array, so that a cell costs nothing besides itself. A run that is given back is used again for a run of the same
 * length or, cut, for a shorter one. */
#include "shard.h"

#include <stdlib.h>

static uint32_t *free_list(struct pool *p, uint32_t cells)
{
	return cells <= FREE_RUNS ? &p->free[cells] : &p->longer;
}

/* The slot of a free run of at least so many cells; NULL = none was found. Runs of more than FREE_RUNS cells are rare, and only a few are
 * looked at. */
static uint32_t *find_run(struct pool *p, uint32_t cells)
{
	enum { LOOKS = 16 };
	for (uint32_t i = cells; i <= FREE_RUNS; i++) {
		if (p->free[i] != 0)
			return &p->free[i];
	}
	uint32_t *slot = &p->longer;
	for (int i = 0; i < LOOKS && *slot != 0; i++) {
		if (p->cells[*slot].hash >= cells)
			return slot;
		slot = &p->cells[*slot].next;
	}
	return NULL;
}

static uint64_t grown_cells(const struct pool *p, uint32_t cells)
{
	uint64_t need = (p->room == 0 ? 1 : (uint64_t)p->n) + cells;
	return need <= p->room ? p->room : need + need / 8 + 8;
}

size_t pool_growth(struct pool *p, uint32_t cells)
{
	return find_run(p, cells) ? 0 : (size_t)(grown_cells(p, cells) - p->room) * sizeof *p->cells;
}

bool pool_reserve(struct pool *p, uint32_t cells)
{
	if (find_run(p, cells))
		return true;
	uint64_t room = grown_cells(p, cells);
	if (room == p->room)
		return true;
	struct cell *grown = room < UINT32_MAX ? realloc(p->cells, (size_t)room * sizeof *grown) : NULL;
	if (!grown)
		return false;
	if (p->room == 0)
		p->n = 1;
	p->cells = grown;
	p->room = (uint32_t)room;
	return true;
}

uint32_t pool_take(struct pool *p, uint32_t cells)
{
	uint32_t *slot = find_run(p, cells), run;
	if (!slot) {
		run = p->n;
		p->n += cells;
		return run;
	}
	run = *slot;
	uint32_t length = p->cells[run].hash;
	*slot = p->cells[run].next;
	if (length > cells)
		pool_give(p, run + cells, length - cells);
	return run;
}

void pool_give(struct pool *p, uint32_t entry, uint32_t cells)
{
	uint32_t *list = free_list(p, cells);
	p->cells[entry].next = *list;
	p->cells[entry].hash = cells;
	*list = entry;
}

void pool_clear(struct pool *p)
{
	free(p->cells);
	*p = (struct pool){ 0 };
}
