/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_FIRST = 64, SLOT_BYTES = 2 * sizeof(void *) /* a share of the table */ };

struct cached {
	struct cached *next;          /* in its chain */
	struct cached *newer, *older; /* by last use */
	uint64_t hash;
	rg_record *record;
};

struct rg__redis_cache {
	struct cached **table; /* NULL while it was never filled */
	size_t mask;
	struct cached *newest, *oldest;
	uint32_t n;
	uint64_t bytes, bound;
	uint8_t seed[crypto_shorthash_KEYBYTES];
};

rg__redis_cache *rg__redis_cache_new(uint64_t bytes)
{
	if (sodium_init() < 0)
		return NULL;
	rg__redis_cache *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->bound = bytes;
	crypto_shorthash_keygen(c->seed);
	return c;
}

void rg__redis_cache_free(rg__redis_cache *c)
{
	if (!c)
		return;
	rg__redis_cache_clear(c);
	free(c->table);
	free(c);
}

/* One hash over the three parts, with their lengths in front, so that keys whose parts are split elsewhere differ. A long part is hashed
 * before. */
static uint64_t cache_hash(const rg__redis_cache *c, const rg_key *key)
{
	enum { PART_MAX = 96 };
	const rg_str parts[3] = { key->domain, key->user, key->host };
	const uint32_t lengths[3] = { (uint32_t)parts[0].n, (uint32_t)parts[1].n, (uint32_t)parts[2].n };
	unsigned char room[sizeof lengths + 3 * PART_MAX], out[crypto_shorthash_BYTES], *at = room + sizeof lengths;
	uint64_t hash;
	memcpy(room, lengths, sizeof lengths);
	for (int i = 0; i < 3; i++) {
		uint32_t n = lengths[i];
		if (n > PART_MAX) {
			crypto_shorthash(at, (const unsigned char *)parts[i].p, n, c->seed);
			n = crypto_shorthash_BYTES;
		} else if (n > 0) {
			memcpy(at, parts[i].p, n);
		}
		at += n;
	}
	crypto_shorthash(out, room, (size_t)(at - room), c->seed);
	memcpy(&hash, out, sizeof hash);
	return hash;
}

static uint64_t cached_bytes(const rg_record *record)
{
	return rg_record_size(record) + sizeof(struct cached) + SLOT_BYTES;
}

static struct cached **chain_slot(rg__redis_cache *c, uint64_t hash, const rg_key *key)
{
	struct cached **slot = &c->table[hash & c->mask];
	for (; *slot; slot = &(*slot)->next) {
		rg_key own;
		if ((*slot)->hash != hash)
			continue;
		rg_record_key((*slot)->record, &own);
		if (rg_key_equal(&own, key))
			break;
	}
	return slot;
}

static void use_unlink(rg__redis_cache *c, struct cached *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void use_link(rg__redis_cache *c, struct cached *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void cache_remove(rg__redis_cache *c, struct cached **slot)
{
	struct cached *e = *slot;
	*slot = e->next;
	use_unlink(c, e);
	c->bytes -= cached_bytes(e->record);
	c->n--;
	rg_record_unref(e->record);
	free(e);
}

static void cache_shrink(rg__redis_cache *c)
{
	while (c->bytes > c->bound) {
		struct cached **slot = &c->table[c->oldest->hash & c->mask];
		while (*slot != c->oldest)
			slot = &(*slot)->next;
		cache_remove(c, slot);
	}
}

/* A table that cannot grow only gets longer chains. @return false when there is none. */
static bool cache_reserve(rg__redis_cache *c)
{
	if (c->table && c->n <= c->mask)
		return true;
	size_t size = c->table ? (c->mask + 1) * 2 : CACHE_FIRST;
	struct cached **table = calloc(size, sizeof(struct cached *));
	if (!table)
		return c->table != NULL;
	for (size_t i = 0; c->table && i <= c->mask; i++) {
		for (struct cached *next, *e = c->table[i]; e; e = next) {
			next = e->next;
			e->next = table[e->hash & (size - 1)];
			table[e->hash & (size - 1)] = e;
		}
	}
	free(c->table);
	c->table = table;
	c->mask = size - 1;
	return true;
}

static void cache_replace(rg__redis_cache *c, struct cached *e, const rg_record *record)
{
	rg_record *was = e->record;
	c->bytes += cached_bytes(record) - cached_bytes(was);
	e->record = rg_record_ref(record);
	rg_record_unref(was);
	use_unlink(c, e);
	use_link(c, e);
	cache_shrink(c);
}

rg_record *rg__redis_cache_get(rg__redis_cache *c, const rg_key *key)
{
	struct cached *e = c->n > 0 ? *chain_slot(c, cache_hash(c, key), key) : NULL;
	if (!e)
		return NULL;
	use_unlink(c, e);
	use_link(c, e);
	return rg_record_ref(e->record);
}

void rg__redis_cache_put(rg__redis_cache *c, const rg_record *record)
{
	rg_key key;
	if (c->bound == 0)
		return;
	rg_record_key(record, &key);
	uint64_t bytes = cached_bytes(record), hash = cache_hash(c, &key);
	struct cached **slot = c->n > 0 ? chain_slot(c, hash, &key) : NULL;
	if (slot && *slot && bytes <= c->bound) {
		cache_replace(c, *slot, record);
		return;
	}
	if (slot && *slot)
		cache_remove(c, slot);
	struct cached *e = bytes <= c->bound && cache_reserve(c) ? malloc(sizeof *e) : NULL;
	if (!e)
		return;
	*e = (struct cached){ .next = c->table[hash & c->mask], .hash = hash, .record = rg_record_ref(record) };
	c->table[hash & c->mask] = e;
	use_link(c, e);
	c->n++;
	c->bytes += bytes;
	cache_shrink(c);
}

void rg__redis_cache_drop(rg__redis_cache *c, const rg_key *key)
{
	struct cached **slot = c->n > 0 ? chain_slot(c, cache_hash(c, key), key) : NULL;
	if (slot && *slot)
		cache_remove(c, slot);
}

void rg__redis_cache_clear(rg__redis_cache *c)
{
	while (c->oldest) {
		struct cached *e = c->oldest;
		use_unlink(c, e);
		rg_record_unref(e->record);
		free(e);
	}
	if (c->table)
		memset(c->table, 0, (c->mask + 1) * sizeof(struct cached *));
	c->n = 0;
	c->bytes = 0;
}

uint32_t rg__redis_cache_records(const rg__redis_cache *c)
{
	return c->n;
}

uint64_t rg__redis_cache_bytes(const rg__redis_cache *c)
{
	return c->bytes;
}
