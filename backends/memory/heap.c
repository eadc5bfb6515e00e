/* SPDX-License-Identifier: MIT */
/* The entries of a shard by deadline: a heap in the total order (deadline, hash, key), so that a cursor can name a position. A deadline that
 * moves later, as with every refresh, does not move its node; the walk that reaches it corrects it. */
#include "shard.h"

static int order_same_hash(const struct shard *s, const struct node *a, const struct node *b)
{
	rg_key ka, kb;
	rg_record_key(s->pool.cells[a->entry].record, &ka);
	rg_record_key(s->pool.cells[b->entry].record, &kb);
	return order_keys(&ka, &kb);
}

int order_nodes(const struct shard *s, const struct node *a, const struct node *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return order_same_hash(s, a, b);
}

static uint32_t *heap_at(const struct shard *s, uint32_t entry)
{
	return &s->pool.cells[entry].heap_at;
}

static uint32_t node_of(const struct shard *s, uint32_t entry)
{
	return *heap_at(s, entry) & ~HEAP_LATE;
}

static void heap_put(struct shard *s, uint32_t at, struct node node)
{
	uint32_t *place = heap_at(s, node.entry);
	s->heap.nodes[at] = node;
	*place = (*place & HEAP_LATE) | at;
}

static void sift_up(struct shard *s, uint32_t at)
{
	struct node *nodes = s->heap.nodes, node = nodes[at];
	while (at > 0 && order_nodes(s, &node, &nodes[(at - 1) / HEAP_CHILDREN]) < 0) {
		heap_put(s, at, nodes[(at - 1) / HEAP_CHILDREN]);
		at = (at - 1) / HEAP_CHILDREN;
	}
	heap_put(s, at, node);
}

static void sift_down(struct shard *s, uint32_t at)
{
	struct node *nodes = s->heap.nodes, node = nodes[at];
	for (;;) {
		uint64_t first = (uint64_t)at * HEAP_CHILDREN + 1, end = first + HEAP_CHILDREN < s->heap.n ? first + HEAP_CHILDREN : s->heap.n;
		if (first >= end)
			break;
		uint32_t least = (uint32_t)first;
		for (uint32_t i = least + 1; i < end; i++) {
			if (order_nodes(s, &nodes[i], &nodes[least]) < 0)
				least = i;
		}
		if (order_nodes(s, &node, &nodes[least]) < 0)
			break;
		heap_put(s, at, nodes[least]);
		at = least;
	}
	heap_put(s, at, node);
}

static uint32_t grown_room(const struct heap *h)
{
	return h->n < h->room ? h->room : h->room + h->room / 8 + 16;
}

size_t heap_growth(const struct heap *h)
{
	return (size_t)(grown_room(h) - h->room) * sizeof *h->nodes;
}

bool heap_reserve(struct area *a, struct heap *h)
{
	uint32_t room = grown_room(h);
	if (room == h->room)
		return true;
	/* heap_at has 31 bits. */
	struct node *nodes = room < INT32_MAX ? area_grow(a, h->nodes, h->room * sizeof *nodes, room * sizeof *nodes) : NULL;
	if (!nodes)
		return false;
	h->nodes = nodes;
	h->room = room;
	return true;
}

void heap_add(struct shard *s, uint32_t entry, rg_time deadline)
{
	*heap_at(s, entry) = 0;
	s->heap.nodes[s->heap.n] = (struct node){ deadline, s->pool.cells[entry].hash, entry };
	sift_up(s, s->heap.n++);
}

void heap_remove(struct shard *s, uint32_t entry)
{
	struct heap *h = &s->heap;
	uint32_t at = node_of(s, entry);
	h->n--;
	if (at == h->n)
		return;
	uint32_t moved = h->nodes[h->n].entry;
	heap_put(s, at, h->nodes[h->n]);
	sift_up(s, at);
	sift_down(s, node_of(s, moved));
}

void heap_moved(struct shard *s, uint32_t entry, rg_time was, rg_time deadline)
{
	uint32_t *place = heap_at(s, entry);
	if (deadline > was)
		*place |= HEAP_LATE;
	if (deadline >= was)
		return;
	struct node *node = &s->heap.nodes[node_of(s, entry)];
	if (deadline > node->deadline)
		return;
	node->deadline = deadline;
	*place &= ~HEAP_LATE;
	sift_up(s, *place);
}

void heap_renamed(struct shard *s, uint32_t old, uint32_t entry)
{
	*heap_at(s, entry) = *heap_at(s, old);
	s->heap.nodes[node_of(s, old)].entry = entry;
}

void heap_settle(struct shard *s, uint32_t at)
{
	struct cell *entry = &s->pool.cells[s->heap.nodes[at].entry];
	s->heap.nodes[at].deadline = rg_record_deadline(entry->record);
	entry->heap_at &= ~HEAP_LATE;
	sift_down(s, at);
}

static rg_time next_below(const struct shard *s, uint64_t at, rg_time now)
{
	if (at >= s->heap.n)
		return RG_TIME_NEVER;
	const struct node *node = &s->heap.nodes[at];
	if (node->deadline > now)
		return node->deadline;
	rg_time own = rg_record_deadline(s->pool.cells[node->entry].record), least = own > now ? own : RG_TIME_NEVER;
	for (uint32_t i = 1; i <= HEAP_CHILDREN; i++) {
		rg_time below = next_below(s, at * HEAP_CHILDREN + i, now);
		least = below < least ? below : least;
	}
	return least;
}

rg_time heap_next(const struct shard *s, rg_time now)
{
	return next_below(s, 0, now);
}
