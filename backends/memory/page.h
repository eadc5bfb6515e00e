/* SPDX-License-Identifier: MIT */
/* Pages of keys, and the cursors between them. */
#ifndef MEMORY_PAGE_H
#define MEMORY_PAGE_H

#include "shard.h"

/* The position of a walk: the last key that it gave, and that key's rank in the order of the walk (`find`: seq; `due`: deadline; `scan`:
 * none). A cursor comes from outside, so every byte of it may be wrong. */
struct walk_place {
	bool start;   /* the walk has not begun, and no other member is set */
	rg_key key;   /* borrowed from the cursor */
	uint64_t at;
	uint32_t shard, hash; /* of the key */
};

enum walk { WALK_DUE = 'd', WALK_FIND = 'f', WALK_SCAN = 's' };

/* RG_EINVAL: no walk of this kind wrote the cursor. */
rg_status place_read(const struct memory *m, enum walk walk, rg_str cursor, struct walk_place *out);

struct item {
	const rg_record *record; /* a reference, once it is held */
	uint64_t at;
};

/* Collects one item more than the limit, to know whether there is a next page. */
struct page {
	struct item *items;
	uint32_t n, room, limit;
	uint32_t held;     /* so many of the items have taken their reference */
	struct item pause; /* where the walk continues, if it stops before the page is full; a reference, or no record */
	uint32_t late;     /* nodes that `due` corrected */
	bool failed;       /* out of memory */
};

static inline struct page new_page(uint32_t limit)
{
	return (struct page){ .limit = limit < MAX_PAGE ? limit : MAX_PAGE };
}

/* Takes no reference yet, so that the record need not have arrived from the memory. @return false when the page is full. */
bool page_add(struct page *p, const rg_record *record, uint64_t at);
void page_hold(struct page *p); /* takes the references; before the lock under which items were added is released */
static inline bool page_full(const struct page *p)
{
	return p->failed || p->n > p->limit || p->pause.record;
}

/* Passes the page to @p done and frees it. The cursor of the last page is absent. */
rg_status page_give(struct page *p, enum walk walk, rg_time next, rg_keys_cb done, void *tok);

#endif
