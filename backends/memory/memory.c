/* SPDX-License-Identifier: MIT */
#include "shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SHARDS = 64, SHARDS_MAX = 4096 };

#define MAGIC UINT64_C(0x72676d656d6f7279) /* another store may have the same name */

static rg_status memory_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	uint64_t hash = hash_key(m, key);
	struct shard *s = shard_of(m, hash);
	rg_fetched out = { .struct_size = sizeof out, .authoritative = 1, .hint = hash };
	shard_lock(s);
	out.record = rg_record_ref(table_record(s, key, (uint32_t)hash));
	shard_unlock(s);
	out.base = *rg_record_revision(out.record);
	done(tok, RG_OK, &out);
	return RG_OK;
}

/* A store of fewer buckets stays in the caches with its records, and a step towards one of them would cost more than it saves. */
#define FAR_BUCKETS 8192

/* As told by one shard: the hash spreads the keys evenly. */
static bool is_far(const struct memory *m)
{
	return (uint64_t)m->n_shards << atomic_load_explicit(&m->shards[0].table.bits, memory_order_relaxed) >= FAR_BUCKETS;
}

/* The first step requests the bucket, the next one what the bucket names. */
static uint64_t memory_approach(void *self, const rg_key *key, uint64_t hint)
{
	const struct memory *m = self;
	if (hint == 0) {
		if (!is_far(m))
			return 0;
		uint64_t hash = hash_key(m, key);
		table_request(shard_of(m, hash), (uint32_t)hash);
		return hash;
	}
	struct shard *s = shard_of(m, hint);
	if (shard_trylock(s)) {
		table_prefetch(s, (uint32_t)hint, 1);
		shard_unlock(s);
	}
	return hint;
}

/* In passes, because each step needs what the one before requested: when a pass begins, that has mostly arrived. A shard that is
 * locked is passed over, so that a hint never waits. */
static void memory_prefetch(void *self, const rg_key *keys, uint32_t n)
{
	struct memory *m = self;
	uint64_t hashes[MAX_PREFETCH];
	uint32_t left = n < MAX_PREFETCH ? n : MAX_PREFETCH;
	for (uint32_t i = 0; i < left; i++)
		hashes[i] = hash_key(m, &keys[i]);
	for (uint32_t pass = 0; left > 0 && pass < PREFETCH_PASSES; pass++) {
		uint32_t kept = 0;
		for (uint32_t i = 0; i < left; i++) {
			struct shard *s = shard_of(m, hashes[i]);
			if (!shard_trylock(s))
				continue;
			bool more = table_prefetch(s, (uint32_t)hashes[i], pass);
			shard_unlock(s);
			hashes[kept] = hashes[i];
			kept += more;
		}
		left = kept;
	}
}

static void empty_shard(struct area *a, struct shard *s)
{
	watches_end(s);
	for (uint32_t i = 0; i < s->heap.n; i++)
		rg_record_unref(s->pool.cells[s->heap.nodes[i].entry].record);
	for (struct tally *next, *t = s->tallies; t; t = next) {
		next = t->next;
		free(t);
	}
	area_give(a, s->table.buckets, sizeof *s->table.buckets << s->table.bits);
	area_give(a, s->tags.buckets, sizeof *s->tags.buckets << s->tags.bits);
	free(s->tags.marks);
	area_give(a, s->heap.nodes, s->heap.room * sizeof *s->heap.nodes);
	pool_clear(a, &s->pool);
	shard_close(s);
}

static void memory_destroy(void *self)
{
	struct memory *m = self;
	for (uint32_t i = 0; i < m->n_shards; i++)
		empty_shard(&m->area, &m->shards[i]);
	area_close(&m->area);
	free(m->shards);
	free(m);
}

static const rg_store_ops memory_ops = {
	.struct_size = sizeof memory_ops,
	.name = "memory",
	.traits = RG_STORE_INLINE | RG_STORE_THREAD_SAFE | RG_STORE_RESIDENT,
	.fetch = memory_fetch,
	.commit = memory_commit,
	.due = memory_due,
	.find = memory_find,
	.scan = memory_scan,
	.count = memory_count,
	.watch = memory_watch,
	.unwatch = memory_unwatch,
	.destroy = memory_destroy,
	.prefetch = memory_prefetch,
	.approach = memory_approach,
};

static const uint32_t options_sizes[] = { sizeof(rg_memory_options) };

void rg_memory_options_init(rg_memory_options *options, uint32_t size)
{
	if (!options || size < sizeof size)
		return;
	memset(options, 0, size);
	options->struct_size = size;
}

/* Drawn once, so that nobody can predict which names share a bucket. */
static bool draw_secret(struct secret *secret)
{
	ssize_t n;
	do {
		n = getrandom(secret, sizeof *secret, 0);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof *secret;
}

static struct memory *new_memory(uint32_t shards, uint64_t max_bytes)
{
	struct memory *m = aligned_alloc(_Alignof(struct memory), sizeof *m);
	struct shard *all = aligned_alloc(_Alignof(struct shard), shards * sizeof *all);
	if (!m || !all) {
		free(m);
		free(all);
		return NULL;
	}
	memset(m, 0, sizeof *m);
	memset(all, 0, shards * sizeof *all);
	m->magic = MAGIC;
	m->max_bytes = max_bytes;
	m->shards = all;
	/* n_shards counts the shards that have a lock, so that memory_destroy() stops there. */
	while (m->n_shards < shards && shard_open(&all[m->n_shards]))
		m->n_shards++;
	if (m->n_shards == shards)
		return m;
	memory_destroy(m);
	return NULL;
}

rg_status rg_memory_store_new(const rg_memory_options *options, rg_store **out, rg_error *why)
{
	rg_memory_options o;
	if (!out)
		return rg_error_set(why, RG_EINVAL, RG_STR("out is NULL"));
	*out = NULL;
	rg_memory_options_init(&o, sizeof o);
	if (options && !rg_struct_fits(options, options_sizes, sizeof options_sizes / sizeof options_sizes[0]))
		return rg_error_set(why, RG_EINVAL, RG_STR("rg_memory_options.struct_size is no size that this library knows: call rg_memory_options_init()"));
	if (options)
		memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
	uint32_t shards = o.shards ? o.shards : SHARDS;
	if (shards > SHARDS_MAX || (shards & (shards - 1)) != 0)
		return rg_error_set(why, RG_EINVAL, RG_STR("memory store: shards must be a power of two up to 4096"));
	if (o.large_pages > 1 || o.reserved != 0)
		return rg_error_set(why, RG_EINVAL, RG_STR("memory store: large_pages must be 0 or 1, and reserved 0"));
	struct memory *m = new_memory(shards, o.max_bytes);
	if (!m)
		return rg_error_set(why, RG_ENOMEM, RG_STR("memory store: out of memory"));
	rg_status status = RG_OK;
	if (!draw_secret(&m->secret))
		status = rg_error_set(why, RG_ENOTSUP, RG_STR("memory store: the system gives no random bytes"));
	else if (!area_open(&m->area, o.large_pages == 1))
		status = rg_error_set(why, RG_ENOTSUP, RG_STR("memory store: the system gives no large pages"));
	if (status == RG_OK)
		status = rg_store_new(&memory_ops, m, out, why);
	if (status != RG_OK)
		memory_destroy(m);
	return status;
}

uint64_t rg_memory_store_size(const rg_store *store)
{
	struct memory *m = rg_store_self(store, memory_ops.name);
	if (!m || m->magic != MAGIC)
		return 0;
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < m->n_shards; i++) {
		shard_lock(&m->shards[i]);
		bytes += m->shards[i].bytes;
		shard_unlock(&m->shards[i]);
	}
	return bytes;
}
