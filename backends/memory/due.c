/* SPDX-License-Identifier: MIT */
/* Keys that are due, in the order of (shard, deadline, hash, key). Nothing is removed from a heap: a frontier descends from its top, so
 * a page costs as much as the nodes that it visits. */
#include "page.h"

#include <stdlib.h>

/* A heap of positions in the heap: the unvisited children of visited nodes. */
struct frontier {
	const struct shard *of;
	uint32_t *at;
	uint32_t n, room;
};

static int order_places(const struct frontier *f, uint32_t a, uint32_t b)
{
	return order_nodes(f->of, &f->of->heap.nodes[f->at[a]], &f->of->heap.nodes[f->at[b]]);
}

static void swap_places(struct frontier *f, uint32_t a, uint32_t b)
{
	uint32_t was = f->at[a];
	f->at[a] = f->at[b];
	f->at[b] = was;
}

static bool frontier_push(struct frontier *f, uint32_t at)
{
	__builtin_prefetch(&f->of->pool.cells[f->of->heap.nodes[at].entry]);
	if (f->n == f->room) {
		uint32_t room = f->room * 2 + 16;
		uint32_t *grown = realloc(f->at, room * sizeof *grown);
		if (!grown)
			return false;
		f->at = grown;
		f->room = room;
	}
	uint32_t i = f->n++;
	for (f->at[i] = at; i > 0 && order_places(f, i, (i - 1) / 2) < 0; i = (i - 1) / 2)
		swap_places(f, i, (i - 1) / 2);
	return true;
}

static uint32_t frontier_pop(struct frontier *f)
{
	uint32_t least = f->at[0], i = 0;
	f->at[0] = f->at[--f->n];
	for (uint32_t child; (child = 2 * i + 1) < f->n; i = child) {
		if (child + 1 < f->n && order_places(f, child + 1, child) < 0)
			child++;
		if (order_places(f, i, child) < 0)
			break;
		swap_places(f, i, child);
	}
	return least;
}

static bool push_children(struct frontier *f, uint32_t at, rg_time now)
{
	const struct heap *h = &f->of->heap;
	uint64_t first = (uint64_t)at * HEAP_CHILDREN + 1;
	for (uint64_t i = first; i < first + HEAP_CHILDREN && i < h->n; i++) {
		if (h->nodes[i].deadline <= now && !frontier_push(f, (uint32_t)i))
			return false;
	}
	return true;
}

static bool is_past(const struct shard *s, const struct walk_place *place, const struct node *node)
{
	if (!place || (rg_time)place->at != node->deadline)
		return !place || node->deadline > (rg_time)place->at;
	if (node->hash != place->hash)
		return node->hash > place->hash;
	rg_key key;
	rg_record_key(s->pool.cells[node->entry].record, &key);
	return order_keys(&key, &place->key) > 0;
}

/* The caller fetches and commits these keys next, so what that reads is prefetched. */
static void give_due(struct shard *s, const struct node *node, struct page *page)
{
	const rg_record *record = s->pool.cells[node->entry].record;
	prefetch_record(record);
	table_prefetch(s, node->hash, 0);
	page_add(page, record, (uint64_t)node->deadline);
}

static void pause_after(struct shard *s, const struct node *node, struct page *page)
{
	page->pause = (struct item){ rg_record_ref(s->pool.cells[node->entry].record), (uint64_t)node->deadline };
}

/* The most late nodes that a page corrects: this bounds its time when few of the deadlines that have come are still in force. Three take the
 * place of four keys, as one takes less time than what a caller does with a key, but with its reads from memory not by much. */
static uint32_t max_late(const struct page *page)
{
	enum { LEAST = 64 };
	return LEAST + (page->n < page->limit ? (page->limit - page->n) / 4 * 3 : 0);
}

static void collect_due(struct shard *s, rg_time now, const struct walk_place *place, struct page *page)
{
	struct frontier f = { .of = s };
	struct node *nodes = s->heap.nodes;
	page->failed = s->heap.n > 0 && nodes[0].deadline <= now && !frontier_push(&f, 0);
	while (!page_full(page) && f.n > 0) {
		uint32_t i = frontier_pop(&f);
		if (s->pool.cells[nodes[i].entry].heap_at & HEAP_LATE) {
			if (++page->late > max_late(page))
				pause_after(s, &nodes[i], page);
			heap_settle(s, i); /* moves only nodes below this one, and none of those is in the frontier */
			page->failed = nodes[i].deadline <= now && !frontier_push(&f, i);
			continue;
		}
		if (is_past(s, place, &nodes[i]))
			give_due(s, &nodes[i], page);
		if (!page_full(page))
			page->failed = !push_children(&f, i, now);
	}
	page_hold(page);
	free(f.at);
}

/* Runs after the last page, when every key that is due now has been given. */
static rg_time next_deadline(struct memory *m, rg_time now)
{
	rg_time next = RG_TIME_NEVER;
	for (uint32_t i = 0; i < m->n_shards; i++) {
		struct shard *s = &m->shards[i];
		shard_lock(s);
		rg_time of_shard = heap_next(s, now);
		shard_unlock(s);
		next = of_shard < next ? of_shard : next;
	}
	return next;
}

rg_status memory_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	struct walk_place place;
	rg_status status = limit > 0 ? place_read(m, WALK_DUE, *cursor, &place) : RG_EINVAL;
	if (status != RG_OK)
		return status;
	struct page page = new_page(limit);
	for (uint32_t i = place.shard; i < m->n_shards && !page_full(&page); i++) {
		struct shard *s = &m->shards[i];
		shard_lock(s);
		collect_due(s, now, !place.start && i == place.shard ? &place : NULL, &page);
		shard_unlock(s);
	}
	rg_time next = page.n > page.limit ? (rg_time)page.items[page.limit].at :
		page.pause.record ? (rg_time)page.pause.at : next_deadline(m, now);
	return page_give(&page, WALK_DUE, next, done, tok);
}
