/* SPDX-License-Identifier: MIT */
/* The entries of a shard by key. */
#include "shard.h"

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

static int order_entry(const struct cell *e, uint32_t hash, const rg_key *key)
{
	if (e->hash != hash)
		return e->hash < hash ? -1 : 1;
	rg_key own;
	rg_record_key(e->record, &own);
	return order_keys(&own, key);
}

static struct bucket *bucket_of(const struct table *t, uint32_t hash)
{
	return &t->buckets[hash >> (32 - t->bits)];
}

uint32_t *table_slot(struct shard *s, const rg_key *key, uint32_t hash, bool *found)
{
	*found = false;
	if (!s->table.buckets)
		return NULL;
	uint32_t *p = &bucket_of(&s->table, hash)->first;
	for (struct cell *e; *p != 0; p = &e->next) {
		e = &s->pool.cells[*p];
		if (e->hash < hash)
			continue;
		*found = e->hash == hash && rg_record_is_of(e->record, key);
		if (*found || order_entry(e, hash, key) > 0)
			break;
	}
	return p;
}

const rg_record *table_record(const struct shard *s, const rg_key *key, uint32_t hash)
{
	const struct bucket *b = s->table.buckets ? bucket_of(&s->table, hash) : NULL;
	if (!b || b->first == 0)
		return NULL;
	const struct cell *e = &s->pool.cells[b->first];
	if (b->hash == hash) {
		prefetch_record(b->record);
		__builtin_prefetch(e); /* a commit often follows a fetch, and needs the entry */
		if (rg_record_is_of(b->record, key))
			return b->record;
	}
	while (e->next != 0) {
		e = &s->pool.cells[e->next];
		if (e->hash != hash)
			continue;
		prefetch_record(e->record);
		if (rg_record_is_of(e->record, key))
			return e->record;
	}
	return NULL;
}

/* Pass 0 requests the bucket, pass 1 its first entry, and the record if it is that of the hash. In a full table every third key is behind the
 * first of its bucket: for these, each further pass reads an entry and requests the next one, or the record. */
bool table_prefetch(const struct shard *s, uint32_t hash, uint32_t pass)
{
	const struct bucket *b = s->table.buckets ? bucket_of(&s->table, hash) : NULL;
	if (!b || pass == 0) {
		__builtin_prefetch(b);
		return b;
	}
	if (b->first == 0)
		return false;
	const struct cell *e = &s->pool.cells[b->first];
	if (pass == 1) {
		__builtin_prefetch(e);
		if (b->hash == hash)
			prefetch_record(b->record);
		return b->hash < hash;
	}
	for (uint32_t i = 2; i < pass && e->next != 0; i++)
		e = &s->pool.cells[e->next];
	if (e->hash == hash)
		prefetch_record(e->record);
	if (e->hash >= hash || e->next == 0)
		return false;
	__builtin_prefetch(&s->pool.cells[e->next]);
	return true;
}

static void set_bucket(const struct shard *s, struct bucket *b)
{
	const struct cell *e = b->first != 0 ? &s->pool.cells[b->first] : NULL;
	b->record = e ? e->record : NULL;
	b->hash = e ? e->hash : 0;
}

void table_changed(struct shard *s, uint32_t hash)
{
	set_bucket(s, bucket_of(&s->table, hash));
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

/* Moves a chain into the two buckets that take the place of its own. It is ordered, so appending keeps both parts ordered. */
static void split_chain(struct shard *s, uint32_t first, struct bucket *lower, uint32_t bits)
{
	uint32_t *end[2] = { &lower[0].first, &lower[1].first };
	for (uint32_t next, id = first; id != 0; id = next) {
		struct cell *e = &s->pool.cells[id];
		uint32_t upper = e->hash >> (32 - bits) & 1;
		next = e->next;
		*end[upper] = id;
		e->next = 0;
		end[upper] = &e->next;
	}
	set_bucket(s, &lower[0]);
	set_bucket(s, &lower[1]);
}

bool table_grow(struct area *a, struct shard *s)
{
	struct table *t = &s->table;
	uint32_t bits = table_grown_bits(t);
	if (t->buckets && bits == t->bits)
		return true;
	struct bucket *buckets = area_take(a, sizeof *buckets << bits);
	if (!buckets)
		return false;
	for (uint32_t i = 0; t->buckets && i < 1u << t->bits; i++)
		split_chain(s, t->buckets[i].first, &buckets[2 * (size_t)i], bits);
	area_give(a, t->buckets, sizeof *buckets << t->bits);
	t->buckets = buckets;
	t->bits = bits;
	return true;
}

/* The entry after @p previous; or the first one after (hash, key); or the very first one if there is neither. */
uint32_t table_after(const struct shard *s, uint32_t hash, const rg_key *key, uint32_t previous)
{
	const struct table *t = &s->table;
	const struct cell *cells = s->pool.cells;
	if (!t->buckets)
		return 0;
	uint32_t at = 0, e = t->buckets[0].first;
	if (previous != 0) {
		at = cells[previous].hash >> (32 - t->bits);
		e = cells[previous].next;
	} else if (key) {
		at = hash >> (32 - t->bits);
		for (e = t->buckets[at].first; e != 0 && order_entry(&cells[e], hash, key) <= 0;)
			e = cells[e].next;
	}
	while (e == 0 && ++at < 1u << t->bits)
		e = t->buckets[at].first;
	return e;
}
