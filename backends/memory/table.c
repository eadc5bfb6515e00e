/* SPDX-License-Identifier: MIT */
/* The entries of a shard by key. */
#include "shard.h"

#include <stdlib.h>
#include <string.h>

static int order_strings(rg_str a, rg_str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

int order_keys(const rg_key *a, const rg_key *b)
{
	int by_user = order_strings(a->user, b->user);
	if (by_user != 0)
		return by_user;
	int by_host = order_strings(a->host, b->host);
	return by_host != 0 ? by_host : order_strings(a->domain, b->domain);
}

static int order_entry(const struct entry *e, uint32_t hash, const rg_key *key)
{
	if (e->hash != hash)
		return e->hash < hash ? -1 : 1;
	rg_key own;
	rg_record_key(e->record, &own);
	return order_keys(&own, key);
}

static inline bool entry_has(const struct entry *e, const rg_key *key)
{
	rg_key own;
	rg_record_key(e->record, &own);
	return same_key(&own, key);
}

struct entry **table_slot(struct table *t, const rg_key *key, uint32_t hash, bool *found)
{
	*found = false;
	if (!t->buckets)
		return NULL;
	struct entry **p = &t->buckets[hash >> (32 - t->bits)].first;
	for (; *p; p = &(*p)->next) {
		if ((*p)->hash < hash)
			continue;
		*found = (*p)->hash == hash && entry_has(*p, key);
		if (*found || order_entry(*p, hash, key) > 0)
			break;
	}
	return p;
}

/* A caller reads the whole record that it fetched. Requesting its cache lines together is faster than missing on each: with a million
 * records a miss takes longer than all computation. */
static void prefetch_record(const rg_record *record)
{
	enum { LINE = 64, LINES = 8 };
	const char *p = (const char *)record;

	for (int i = 0; i < LINES; i++)
		__builtin_prefetch(p + (ptrdiff_t)i * LINE);
}

const rg_record *table_record(const struct table *t, const rg_key *key, uint32_t hash)
{
	const struct bucket *b = t->buckets ? &t->buckets[hash >> (32 - t->bits)] : NULL;
	if (!b || !b->first)
		return NULL;
	prefetch_record(b->record);
	__builtin_prefetch(b->first); /* a commit often follows a fetch, and needs the entry */
	rg_key own;
	rg_record_key(b->record, &own);
	if (same_key(&own, key))
		return b->record;
	for (const struct entry *e = b->first->next; e; e = e->next) {
		if (e->hash == hash && entry_has(e, key))
			return e->record;
	}
	return NULL;
}

void table_prefetch(const struct table *t, uint32_t hash)
{
	if (t->buckets)
		__builtin_prefetch(&t->buckets[hash >> (32 - t->bits)]);
}

void table_prefetch_record(const struct table *t, uint32_t hash)
{
	const struct bucket *b = t->buckets ? &t->buckets[hash >> (32 - t->bits)] : NULL;
	if (!b || !b->first)
		return;
	prefetch_record(b->record);
	__builtin_prefetch(b->first);
}

/* In a full table every third key is behind another one. */
void table_prefetch_chained(const struct table *t, uint32_t hash)
{
	const struct bucket *b = t->buckets ? &t->buckets[hash >> (32 - t->bits)] : NULL;
	const struct entry *e = b ? b->first : NULL;
	if (!e || e->hash == hash)
		return;
	while ((e = e->next) != NULL && e->hash < hash)
		;
	if (e && e->hash == hash)
		prefetch_record(e->record);
}

void table_changed(struct table *t, uint32_t hash)
{
	struct bucket *b = &t->buckets[hash >> (32 - t->bits)];
	b->record = b->first ? b->first->record : NULL;
}

static uint32_t table_grown_bits(const struct table *t)
{
	if (!t->buckets)
		return 4;
	return t->n >= 1u << t->bits && t->bits < 30 ? t->bits + 1 : t->bits;
}

size_t table_growth(const struct table *t)
{
	size_t had = t->buckets ? sizeof *t->buckets << t->bits : 0;
	return (sizeof *t->buckets << table_grown_bits(t)) - had;
}

bool table_grow(struct table *t)
{
	uint32_t bits = table_grown_bits(t);
	if (t->buckets && bits == t->bits)
		return true;
	struct bucket *buckets = calloc((size_t)1 << bits, sizeof *buckets);
	if (!buckets)
		return false;
	for (uint32_t i = 0; t->buckets && i < 1u << t->bits; i++) {
		/* A chain is ordered and splits into two at most, so appending keeps both parts ordered. */
		struct entry *e = t->buckets[i].first, **end = NULL;
		for (uint32_t last = UINT32_MAX; e;) {
			uint32_t at = e->hash >> (32 - bits);
			if (at != last) {
				end = &buckets[at].first;
				buckets[at].record = e->record;
			}
			last = at;
			*end = e;
			end = &e->next;
			e = e->next;
			*end = NULL;
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->bits = bits;
	return true;
}

/* The entry after @p previous; or the first one after (hash, key); or the very first one if both are NULL. */
struct entry *table_after(struct table *t, uint32_t hash, const rg_key *key, const struct entry *previous)
{
	if (!t->buckets)
		return NULL;
	uint32_t at = 0;
	struct entry *e = t->buckets[0].first;
	if (previous) {
		at = previous->hash >> (32 - t->bits);
		e = previous->next;
	} else if (key) {
		at = hash >> (32 - t->bits);
		for (e = t->buckets[at].first; e && order_entry(e, hash, key) <= 0;)
			e = e->next;
	}
	while (!e && ++at < 1u << t->bits)
		e = t->buckets[at].first;
	return e;
}
