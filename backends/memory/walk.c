/* SPDX-License-Identifier: MIT */
/* Walks by tag and over all keys. They visit the shards in order and hold one lock at a time. */
#include "page.h"

static uint32_t at_place(struct shard *s, const struct walk_place *place)
{
	bool found;
	uint32_t *slot = table_slot(s, &place->key, place->hash, &found);
	return found ? *slot : 0;
}

/* The member after @p link; 0 = it is the last. */
static uint32_t member_after(const struct cell *cells, uint32_t link)
{
	uint32_t next = cells[link].link_next;
	return link_first(&cells[next]) ? 0 : next;
}

/* The member at which a walk continues: the one after the last given if that still has its place, else the first one that joined later. */
static uint32_t resume_after(struct shard *s, uint32_t first, rg_str tag, const struct walk_place *place)
{
	const struct cell *cells = s->pool.cells;
	uint32_t e = at_place(s, place), n = e != 0 ? rg_record_tag_count(cells[e].record) : 0;
	for (uint32_t i = 0; i < n; i++) {
		if (link_seq(&cells[e + i]) == place->at && same_string(rg_record_tag(cells[e].record, i), tag))
			return member_after(cells, e + i);
	}
	uint32_t link = first;
	while (link != 0 && link_seq(&cells[link]) <= place->at)
		link = member_after(cells, link);
	return link;
}

static void collect_tag(struct shard *s, uint64_t hash, rg_str domain, rg_str tag, const struct walk_place *place, struct page *page)
{
	const struct cell *cells = s->pool.cells;
	uint32_t first = tags_group(s, hash, domain, tag);
	uint32_t link = first != 0 && place ? resume_after(s, first, tag, place) : first;
	while (link != 0 && page_add(page, cells[link_entry(s, link)].record, link_seq(&cells[link])))
		link = member_after(cells, link);
	page_hold(page);
}

rg_status memory_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	struct walk_place place;
	rg_status status = limit > 0 ? place_read(m, WALK_FIND, *cursor, &place) : RG_EINVAL;
	if (status == RG_OK && !place.start && !same_string(place.key.domain, *domain))
		status = RG_EINVAL;
	if (status != RG_OK)
		return status;
	struct page page = new_page(limit);
	uint64_t hash = hash_tag(m, *domain, *tag);
	for (uint32_t i = place.shard; i < m->n_shards && !page_full(&page); i++) {
		struct shard *s = &m->shards[i];
		shard_lock(s);
		collect_tag(s, hash, *domain, *tag, !place.start && i == place.shard ? &place : NULL, &page);
		shard_unlock(s);
	}
	return page_give(&page, WALK_FIND, RG_TIME_NEVER, done, tok);
}

static void collect_domain(struct shard *s, rg_str domain, const struct walk_place *place, struct page *page)
{
	if (!tally_find(s->tallies, domain))
		return;
	uint32_t e = table_after(s, place ? place->hash : 0, place ? &place->key : NULL, 0);
	for (; e != 0 && !page_full(page); e = table_after(s, 0, NULL, e)) {
		const rg_record *record = s->pool.cells[e].record;
		rg_key key;
		rg_record_key(record, &key);
		if (same_string(key.domain, domain))
			page_add(page, record, 0);
	}
	page_hold(page);
}

rg_status memory_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	struct walk_place place;
	rg_status status = limit > 0 ? place_read(m, WALK_SCAN, *cursor, &place) : RG_EINVAL;
	if (status == RG_OK && !place.start && !same_string(place.key.domain, *domain))
		status = RG_EINVAL;
	if (status != RG_OK)
		return status;
	struct page page = new_page(limit);
	for (uint32_t i = place.shard; i < m->n_shards && !page_full(&page); i++) {
		struct shard *s = &m->shards[i];
		shard_lock(s);
		collect_domain(s, *domain, !place.start && i == place.shard ? &place : NULL, &page);
		shard_unlock(s);
	}
	return page_give(&page, WALK_SCAN, RG_TIME_NEVER, done, tok);
}
