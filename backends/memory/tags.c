/* SPDX-License-Identifier: MIT */
/* The entries of a shard by tag. A million entries under one tag form one group, so a probe for another tag skips them at once. */
#include "shard.h"

#include <stdlib.h>
#include <string.h>

static uint8_t mark_of(uint64_t hash)
{
	return (uint8_t)(1u << (hash >> 61));
}

static const rg_record *link_record(const struct shard *s, uint32_t link)
{
	return s->pool.cells[link_entry(s, link)].record;
}

static uint64_t hash_link(const struct memory *m, const struct shard *s, uint32_t link)
{
	const rg_record *record = link_record(s, link);
	rg_key key;
	rg_record_key(record, &key);
	return hash_tag(m, key.domain, rg_record_tag(record, link_index(&s->pool.cells[link])));
}

static uint32_t tags_grown_bits(const struct tags *t, uint32_t more)
{
	uint32_t bits = t->buckets ? t->bits : 4;
	while (bits < 30 && (uint64_t)t->n + more > (uint64_t)1 << bits)
		bits++;
	return bits;
}

static size_t bytes_of(uint32_t bits)
{
	return (sizeof(uint32_t) + 1) << bits;
}

size_t tags_growth(const struct tags *t, uint32_t more)
{
	return more == 0 ? 0 : bytes_of(tags_grown_bits(t, more)) - (t->buckets ? bytes_of(t->bits) : 0);
}

static void insert_group(struct tags *t, struct cell *cells, uint32_t first, uint64_t hash)
{
	size_t at = hash & (((size_t)1 << t->bits) - 1);
	cells[first].chain = t->buckets[at];
	t->buckets[at] = first;
	t->marks[at] |= mark_of(hash);
}

bool tags_grow(struct memory *m, struct shard *s, uint32_t more)
{
	struct tags *t = &s->tags;
	struct cell *cells = s->pool.cells;
	uint32_t bits = tags_grown_bits(t, more);
	if (more == 0 || (t->buckets && bits == t->bits))
		return true;
	struct tags grown = *t;
	grown.bits = bits;
	grown.buckets = area_take(&m->area, sizeof *grown.buckets << bits);
	grown.marks = calloc((size_t)1 << bits, 1);
	if (!grown.buckets || !grown.marks) {
		area_give(&m->area, grown.buckets, sizeof *grown.buckets << bits);
		free(grown.marks);
		return false;
	}
	for (size_t i = 0; t->buckets && i < (size_t)1 << t->bits; i++) {
		for (uint32_t next, link = t->buckets[i]; link != 0; link = next) {
			next = cells[link].chain;
			insert_group(&grown, cells, link, hash_link(m, s, link));
		}
	}
	area_give(&m->area, t->buckets, sizeof *t->buckets << t->bits);
	free(t->marks);
	*t = grown;
	return true;
}

uint32_t tags_group(const struct shard *s, uint64_t hash, rg_str domain, rg_str tag)
{
	const struct tags *t = &s->tags;
	if (!t->buckets)
		return 0;
	size_t at = hash & (((size_t)1 << t->bits) - 1);
	if (!(t->marks[at] & mark_of(hash)))
		return 0;
	for (uint32_t link = t->buckets[at]; link != 0; link = s->pool.cells[link].chain) {
		const rg_record *record = link_record(s, link);
		rg_key key;
		rg_record_key(record, &key);
		if (same_string(rg_record_tag(record, link_index(&s->pool.cells[link])), tag) && same_string(key.domain, domain))
			return link;
	}
	return 0;
}

void tags_link(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index)
{
	struct cell *cells = s->pool.cells;
	uint32_t link = entry + index;
	struct cell *l = &cells[link];
	const rg_record *record = cells[entry].record;
	rg_str tag = rg_record_tag(record, index);
	rg_key key;
	rg_record_key(record, &key);
	uint64_t hash = hash_tag(m, key.domain, tag);
	uint32_t first = tags_group(s, hash, key.domain, tag);
	l->link_next = l->link_prev = link;
	l->chain = 0;
	l->place = ++s->tags.seq << 16 | index << 1;
	if (first == 0) {
		l->place |= 1;
		insert_group(&s->tags, cells, link, hash);
		s->tags.n++;
		return;
	}
	l->link_next = first;
	l->link_prev = cells[first].link_prev;
	cells[l->link_prev].link_next = link;
	cells[first].link_prev = link;
}

/* Puts @p other (0: nothing) in place of the first member @p link in its bucket. */
static void replace_first(const struct memory *m, struct shard *s, uint32_t link, uint32_t other)
{
	struct tags *t = &s->tags;
	struct cell *cells = s->pool.cells;
	size_t at = hash_link(m, s, link) & (((size_t)1 << t->bits) - 1);
	uint32_t *p = &t->buckets[at];
	while (*p != link)
		p = &cells[*p].chain;
	*p = other != 0 ? other : cells[link].chain;
	if (other != 0) {
		cells[other].chain = cells[link].chain;
		cells[other].place |= 1;
	}
	if (t->buckets[at] == 0)
		t->marks[at] = 0;
}

void tags_unlink(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index)
{
	struct cell *cells = s->pool.cells, *l = &cells[entry + index];
	bool alone = l->link_next == entry + index;
	if (link_first(l)) {
		replace_first(m, s, entry + index, alone ? 0 : l->link_next);
		s->tags.n -= alone;
	}
	cells[l->link_prev].link_next = l->link_next;
	cells[l->link_next].link_prev = l->link_prev;
}

void tags_lift(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index)
{
	if (link_first(&s->pool.cells[entry + index]))
		replace_first(m, s, entry + index, 0);
}

void tags_put(const struct memory *m, struct shard *s, const struct cell *was, uint32_t was_at, uint32_t entry, uint32_t index)
{
	struct cell *cells = s->pool.cells, *l = &cells[entry + index];
	uint32_t link = entry + index;
	bool alone = was->link_next == was_at;
	l->link_next = alone ? link : was->link_next;
	l->link_prev = alone ? link : was->link_prev;
	l->chain = 0;
	l->place = link_seq(was) << 16 | index << 1 | link_first(was);
	if (link_first(was))
		insert_group(&s->tags, cells, link, hash_link(m, s, link));
	cells[l->link_prev].link_next = link;
	cells[l->link_next].link_prev = link;
}
