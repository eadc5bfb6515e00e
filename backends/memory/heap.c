/* SPDX-License-Identifier: MIT */
/* The entries of a shard by deadline: a binary heap in the total order (deadline, hash, key), so that a cursor can name a position. A
 * deadline that moves later, as with every refresh, does not move its node. */
#include "shard.h"

#include <stdlib.h>

int order_nodes(const struct node *a, const struct node *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline ? -1 : 1;
	if (a->entry->hash != b->entry->hash)
		return a->entry->hash < b->entry->hash ? -1 : 1;
	rg_key ka, kb;
	rg_record_key(a->entry->record, &ka);
	rg_record_key(b->entry->record, &kb);
	return order_keys(&ka, &kb);
}

static void heap_put(struct heap *h, uint32_t at, struct node node)
{
	h->nodes[at] = node;
	node.entry->heap_at = at;
}

static void sift_up(struct heap *h, uint32_t at)
{
	struct node node = h->nodes[at];
	while (at > 0 && order_nodes(&node, &h->nodes[(at - 1) / 2]) < 0) {
		heap_put(h, at, h->nodes[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(h, at, node);
}

static void sift_down(struct heap *h, uint32_t at)
{
	struct node node = h->nodes[at];
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= h->n)
			break;
		if (child + 1 < h->n && order_nodes(&h->nodes[child + 1], &h->nodes[child]) < 0)
			child++;
		if (order_nodes(&node, &h->nodes[child]) < 0)
			break;
		heap_put(h, at, h->nodes[child]);
		at = child;
	}
	heap_put(h, at, node);
}

static uint32_t grown_room(const struct heap *h)
{
	return h->n < h->room ? h->room : h->room + h->room / 2 + 16;
}

size_t heap_growth(const struct heap *h)
{
	return (size_t)(grown_room(h) - h->room) * sizeof *h->nodes;
}

bool heap_reserve(struct heap *h)
{
	uint32_t room = grown_room(h);
	if (room == h->room)
		return true;
	/* heap_at has 32 bits, and 2 * at + 1 must not wrap around. */
	struct node *nodes = room < INT32_MAX ? realloc(h->nodes, room * sizeof *nodes) : NULL;
	if (!nodes)
		return false;
	h->nodes = nodes;
	h->room = room;
	return true;
}

void heap_add(struct heap *h, struct entry *e, rg_time deadline)
{
	heap_put(h, h->n, (struct node){ deadline, e });
	sift_up(h, h->n++);
}

void heap_remove(struct heap *h, struct entry *e)
{
	uint32_t at = e->heap_at;
	h->n--;
	if (at == h->n)
		return;
	heap_put(h, at, h->nodes[h->n]);
	sift_up(h, at);
	sift_down(h, h->nodes[at].entry->heap_at);
}

void heap_earlier(struct heap *h, struct entry *e, rg_time deadline)
{
	if (deadline >= h->nodes[e->heap_at].deadline)
		return;
	h->nodes[e->heap_at].deadline = deadline;
	sift_up(h, e->heap_at);
}

void heap_settle(struct heap *h, uint32_t at)
{
	h->nodes[at].deadline = rg_record_deadline(h->nodes[at].entry->record);
	sift_down(h, at);
}

static rg_time next_below(const struct heap *h, uint32_t at, rg_time now)
{
	if (at >= h->n)
		return RG_TIME_NEVER;
	if (h->nodes[at].deadline > now)
		return h->nodes[at].deadline;
	rg_time own = rg_record_deadline(h->nodes[at].entry->record);
	rg_time left = next_below(h, 2 * at + 1, now);
	rg_time right = next_below(h, 2 * at + 2, now);
	rg_time least = left < right ? left : right;
	return own > now && own < least ? own : least;
}

rg_time heap_next(const struct heap *h, rg_time now)
{
	return next_below(h, 0, now);
}
