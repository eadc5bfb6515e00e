/* SPDX-License-Identifier: MIT */
/* Walks by tag and over all keys. They visit the shards in order and hold one lock at a time. */
#include "page.h"

static struct entry *at_place(struct shard *s, const struct walk_place *place)
{
	bool found;
	struct entry **slot = table_slot(&s->table, &place->key, place->hash, &found);
	return found ? *slot : NULL;
}

/* The member at which a walk continues: the one after the last given if that still has its place, else the first one that joined later. */
static struct link *resume_after(struct shard *s, struct link *first, rg_str tag, const struct walk_place *place)
{
	struct entry *e = at_place(s, place);
	uint32_t n = e ? rg_record_tag_count(e->record) : 0;
	for (uint32_t i = 0; i < n; i++) {
		if (link_seq(&e->links[i]) == place->at && same_string(rg_record_tag(e->record, i), tag))
			return link_first(e->links[i].next) ? NULL : e->links[i].next;
	}
	struct link *l = first;
	while (link_seq(l) <= place->at) {
		l = l->next;
		if (l == first)
			return NULL;
	}
	return l;
}

static void collect_tag(struct shard *s, uint64_t hash, rg_str domain, rg_str tag, const struct walk_place *place, struct page *page)
{
	struct link *first = tags_group(&s->tags, hash, domain, tag);
	struct link *l = first && place ? resume_after(s, first, tag, place) : first;
	while (l && page_add(page, link_entry(l)->record, link_seq(l)))
		l = link_first(l->next) ? NULL : l->next;
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
		pthread_mutex_lock(&s->lock);
		collect_tag(s, hash, *domain, *tag, !place.start && i == place.shard ? &place : NULL, &page);
		pthread_mutex_unlock(&s->lock);
	}
	return page_give(&page, WALK_FIND, RG_TIME_NEVER, done, tok);
}

static void collect_domain(struct shard *s, rg_str domain, const struct walk_place *place, struct page *page)
{
	if (!tally_find(s->tallies, domain))
		return;
	struct entry *e = table_after(&s->table, place ? place->hash : 0, place ? &place->key : NULL, NULL);
	for (; e; e = table_after(&s->table, 0, NULL, e)) {
		rg_key key;
		rg_record_key(e->record, &key);
		if (same_string(key.domain, domain) && !page_add(page, e->record, 0))
			return;
	}
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
		pthread_mutex_lock(&s->lock);
		collect_domain(s, *domain, !place.start && i == place.shard ? &place : NULL, &page);
		pthread_mutex_unlock(&s->lock);
	}
	return page_give(&page, WALK_SCAN, RG_TIME_NEVER, done, tok);
}
