/* SPDX-License-Identifier: MIT */
/* The entries of a shard by tag. A million entries under one tag form one group, so a probe for another tag skips them at once. */
#include "shard.h"

#include <stdlib.h>
#include <string.h>

static uint8_t mark_of(uint64_t hash)
{
	return (uint8_t)(1u << (hash >> 61));
}

static uint64_t hash_link(const struct memory *m, struct link *l)
{
	const rg_record *record = link_entry(l)->record;
	rg_key key;
	rg_record_key(record, &key);
	return hash_tag(m, key.domain, rg_record_tag(record, link_index(l)));
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
	return (sizeof(struct link *) + 1) << bits;
}

size_t tags_growth(const struct tags *t, uint32_t more)
{
	return more == 0 ? 0 : bytes_of(tags_grown_bits(t, more)) - (t->buckets ? bytes_of(t->bits) : 0);
}

static void insert_group(struct tags *t, struct link *first, uint64_t hash)
{
	size_t at = hash & (((size_t)1 << t->bits) - 1);
	first->chain = t->buckets[at];
	t->buckets[at] = first;
	t->marks[at] |= mark_of(hash);
}

bool tags_grow(const struct memory *m, struct tags *t, uint32_t more)
{
	uint32_t bits = tags_grown_bits(t, more);
	if (more == 0 || (t->buckets && bits == t->bits))
		return true;
	struct tags grown = *t;
	grown.bits = bits;
	grown.buckets = calloc((size_t)1 << bits, sizeof *grown.buckets);
	grown.marks = calloc((size_t)1 << bits, 1);
	if (!grown.buckets || !grown.marks) {
		free(grown.buckets);
		free(grown.marks);
		return false;
	}
	for (size_t i = 0; t->buckets && i < (size_t)1 << t->bits; i++) {
		for (struct link *next, *l = t->buckets[i]; l; l = next) {
			next = l->chain;
			insert_group(&grown, l, hash_link(m, l));
		}
	}
	free(t->buckets);
	free(t->marks);
	*t = grown;
	return true;
}

struct link *tags_group(const struct tags *t, uint64_t hash, rg_str domain, rg_str tag)
{
	if (!t->buckets)
		return NULL;
	size_t at = hash & (((size_t)1 << t->bits) - 1);
	if (!(t->marks[at] & mark_of(hash)))
		return NULL;
	for (struct link *l = t->buckets[at]; l; l = l->chain) {
		const rg_record *record = link_entry(l)->record;
		rg_key key;
		rg_record_key(record, &key);
		if (same_string(rg_record_tag(record, link_index(l)), tag) && same_string(key.domain, domain))
			return l;
	}
	return NULL;
}

void tags_link(const struct memory *m, struct tags *t, struct entry *e, uint32_t index)
{
	struct link *l = &e->links[index];
	rg_str tag = rg_record_tag(e->record, index);
	rg_key key;
	rg_record_key(e->record, &key);
	uint64_t hash = hash_tag(m, key.domain, tag);
	struct link *first = tags_group(t, hash, key.domain, tag);
	*l = (struct link){ .next = l, .prev = l, .place = ++t->seq << 16 | index << 1 };
	if (!first) {
		l->place |= 1;
		insert_group(t, l, hash);
		t->n++;
		return;
	}
	l->next = first;
	l->prev = first->prev;
	first->prev->next = l;
	first->prev = l;
}

/* Puts @p other (NULL: nothing) in place of the first member @p l in its bucket. */
static void replace_first(const struct memory *m, struct tags *t, struct link *l, struct link *other)
{
	size_t at = hash_link(m, l) & (((size_t)1 << t->bits) - 1);
	struct link **p = &t->buckets[at];
	while (*p != l)
		p = &(*p)->chain;
	*p = other ? other : l->chain;
	if (other) {
		other->chain = l->chain;
		other->place |= 1;
	}
	if (!t->buckets[at])
		t->marks[at] = 0;
}

void tags_unlink(const struct memory *m, struct tags *t, struct entry *e, uint32_t index)
{
	struct link *l = &e->links[index];
	if (link_first(l)) {
		replace_first(m, t, l, l->next == l ? NULL : l->next);
		t->n -= l->next == l;
	}
	l->prev->next = l->next;
	l->next->prev = l->prev;
}

/* Moves a link to the new entry of the same key. It keeps its place in the group. */
void tags_move(const struct memory *m, struct tags *t, struct entry *from, uint32_t from_index, struct entry *to, uint32_t to_index)
{
	struct link *old = &from->links[from_index], *l = &to->links[to_index];
	*l = *old;
	l->place = link_seq(old) << 16 | to_index << 1;
	if (link_first(old))
		replace_first(m, t, old, l);
	if (old->next == old)
		l->next = l->prev = l;
	l->prev->next = l;
	l->next->prev = l;
}

bool same_tags(const rg_record *a, const rg_record *b)
{
	uint32_t n = rg_record_tag_count(a);
	if (n != rg_record_tag_count(b))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!same_string(rg_record_tag(a, i), rg_record_tag(b, i)))
			return false;
	}
	return true;
}
