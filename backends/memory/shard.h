/* SPDX-License-Identifier: MIT */
/*
 * The parts of a shard of the memory store. The shard's lock guards all of them, and no callback runs under it.
 *
 * An entry reads its key, revision, deadline and tags from its record. So besides the record a key costs 40 bytes in the shard's pool, as
 * much for each tag after the first, and its part of the tables: 16 to 32 bytes for the key, 16 to 20 for the deadline, 5 to 10 for a tag that
 * no other record has.
 */
#ifndef MEMORY_SHARD_H
#define MEMORY_SHARD_H

#include <rgstr/memory.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* The range of link_index(). */
#define MAX_TAGS 32767

/* The most keys of one page, whatever the limit: bounds the memory of a page and the time that a lock is held. */
#define MAX_PAGE 4096

/* The most keys that one prefetch looks at. More lines than that would leave the cache again before they are used. */
#define MAX_PREFETCH 256

/* So many passes of a prefetch reach the third entry of a bucket. Hardly any key is behind it. */
#define PREFETCH_PASSES 5

static inline uint64_t load_word(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* rg_str_equal() without a call: each operation compares several short strings. */
static inline bool same_string(rg_str a, rg_str b)
{
	if (a.n != b.n)
		return false;
	if (a.n < 8) {
		for (size_t i = 0; i < a.n; i++) {
			if (a.p[i] != b.p[i])
				return false;
		}
		return true;
	}
	if (a.n > 32)
		return memcmp(a.p, b.p, a.n) == 0;
	uint64_t sum = (load_word(a.p) ^ load_word(b.p)) | (load_word(a.p + a.n - 8) ^ load_word(b.p + b.n - 8));
	if (a.n > 16)
		sum |= (load_word(a.p + 8) ^ load_word(b.p + 8)) | (load_word(a.p + a.n - 16) ^ load_word(b.p + b.n - 16));
	return sum == 0;
}

/* A caller reads the whole record that it fetched. Requesting its cache lines together is faster than missing on each: with a million
 * records a miss takes longer than all computation. */
static inline void prefetch_record(const rg_record *record)
{
	enum { LINE = 64, LINES = 7 };
	const char *p = (const char *)record;

#pragma GCC unroll 7
	for (int i = 0; i < LINES; i++)
		__builtin_prefetch(p + (ptrdiff_t)i * LINE);
}

static inline bool same_revision(const rg_revision *a, const rg_revision *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/*
 * An entry is a run of cells in the shard's pool: one cell, and one more for each tag after the first; some runs are longer. Cells are named
 * by their index, because that takes half of a pointer and stays when the pool grows. Cell 0 is never used, so 0 names none.
 *
 * Cell i of an entry is also its membership in the group of (domain, tag i). A group is a ring ordered by `seq`, which numbers its members as
 * they join. Its first member represents the group in the tag table. 48 bits of seq never run out.
 */
struct cell {
	const rg_record *record; /* in the first cell of an entry, as the next three */
	uint32_t next; /* in the bucket, ordered by (hash, key) */
	uint32_t hash;
	uint32_t heap_at; /* and the bit HEAP_LATE */

	uint32_t link_next, link_prev;
	uint32_t chain; /* of a first member: first member of the next group in the bucket */
	uint64_t place; /* seq << 16 | index << 1 | first. The index is that of the record's tag */
};

/* The lengths that a run can have; the longest is for MAX_TAGS. */
enum { RUN_LENGTHS = 30 };

struct cell_pool {
	struct cell *cells;
	uint32_t n, room;           /* cells that have been used, and cells there are */
	uint32_t free[RUN_LENGTHS]; /* runs that are free, linked by `next` */
};

static inline uint64_t link_seq(const struct cell *c)
{
	return c->place >> 16;
}

static inline uint32_t link_index(const struct cell *c)
{
	return (uint32_t)(c->place >> 1) & MAX_TAGS;
}

static inline bool link_first(const struct cell *c)
{
	return c->place & 1;
}

/* The record's deadline is later than that of the node. Without the bit, they are the same. */
#define HEAP_LATE 0x80000000u

struct node {
	rg_time deadline;
	uint32_t hash; /* of the entry, so that a comparison reads nodes only */
	uint32_t entry;
};

struct heap {
	struct node *nodes;
	uint32_t n, room;
};

/* `record` saves a fetch of the first entry one cache miss: with a million records that is a fifth of its time. `hash` saves any other fetch
 * a look at that record. */
struct bucket {
	const rg_record *record; /* of the first entry, as `hash` */
	uint32_t first, hash;
};

/* The top bits of the hash select the bucket. So walking the buckets in order gives the entries by hash, before a growth and after it. */
struct table {
	_Atomic(struct bucket *) buckets;
	_Atomic uint32_t bits; /* 1 << bits buckets, when there are any. This and `buckets` are read without the lock, too, for prefetches */
	uint32_t n;
};

struct tags {
	uint32_t *buckets;
	uint8_t *marks; /* per bucket one bit for each of eight classes of groups; a probe that finds its bit clear reads no further */
	uint32_t n, bits;
	uint64_t seq;
};

/* Counts of a domain within the shard. */
struct tally {
	struct tally *next;
	uint64_t keys, records, bindings; /* `keys` includes keys of weight 0 */
	size_t n;
	char domain[];
};

struct watch {
	struct watch *prev, *next; /* in the bucket, ordered by `id` */
	uint64_t id;
	struct shard *shard;
	rg_watch_cb changed;
	void *user;
	uint32_t hash;
	bool busy;  /* `changed` is running; the thread that runs it checks the next two members afterwards */
	bool again; /* another change happened meanwhile */
	bool ended; /* unwatched, and no longer in its bucket */
	rg_key key; /* bytes follow the struct */
};

struct watches {
	struct watch_list {
		struct watch *first, *last;
	} *buckets;
	uint32_t n, bits;
	uint64_t last_id;
};

/* What every operation reads comes first, in one line. */
struct shard {
	_Alignas(128) _Atomic uint32_t lock; /* LOCK_… */
	struct table table;
	struct cell_pool pool;
	struct tags tags;
	struct heap heap;
	struct tally *tallies;
	struct watches watches;
	uint64_t bytes; /* size of records and the tables above; watches are not counted */
	pthread_mutex_t mutex; /* of the threads that wait for the lock */
	pthread_cond_t freed;
};

/* A pthread_mutex_t costs a call each way: two instructions in a hundred of a lookup. LOCK_AWAITED: a thread may wait for the lock, so the
 * thread that unlocks wakes one. */
enum { LOCK_FREE, LOCK_TAKEN, LOCK_AWAITED };

/* lock.c */
bool shard_open(struct shard *s);
void shard_close(struct shard *s);
void shard_await(struct shard *s);
void shard_wake(struct shard *s);

static inline bool shard_trylock(struct shard *s)
{
	uint32_t expected = LOCK_FREE;
	return atomic_compare_exchange_strong_explicit(&s->lock, &expected, LOCK_TAKEN, memory_order_acquire, memory_order_relaxed);
}

static inline void shard_lock(struct shard *s)
{
	if (!shard_trylock(s))
		shard_await(s);
}

static inline void shard_unlock(struct shard *s)
{
	if (atomic_exchange_explicit(&s->lock, LOCK_FREE, memory_order_release) == LOCK_AWAITED)
		shard_wake(s);
}

/* Strings of at most HASH_SHORT octets in all are hashed with the factors: two for the constant, two for the lengths, and two for each word,
 * of which each of the three strings may leave one unfilled. getrandom() gives this many bytes at once. */
enum { HASH_SHORT = 80, HASH_FACTORS = 2 * (2 + HASH_SHORT / 8 + 3) };

struct secret {
	uint64_t factors[HASH_FACTORS];
	uint64_t seed[2]; /* of the hash of longer strings */
};

_Static_assert(sizeof(struct secret) <= 256, "getrandom() may give less at once");

/* Where tables come from. `BLOCK_BITS` is the size of the smallest block on large pages, `BLOCK_SIZES` the number of sizes. */
enum { BLOCK_BITS = 16, BLOCK_SIZES = 24 };

struct area {
	bool large, open;
	pthread_mutex_t lock; /* taken under that of a shard */
	struct mapping *chunks;
	char *at, *end;       /* what is left of the newest chunk */
	struct block *free[BLOCK_SIZES];
};

struct memory {
	uint64_t magic;
	struct area area;
	struct secret secret;
	uint64_t max_bytes;
	uint32_t n_shards;
	struct shard *shards;
	_Alignas(128) _Atomic uint64_t bytes; /* sum over the shards; kept only when there is a budget */
};

/* hash.c: keyed, so that a client that chooses names cannot choose buckets */
uint64_t hash_strings(const struct secret *secret, rg_str a, rg_str b, rg_str c);

static inline uint64_t hash_key(const struct memory *m, const rg_key *key)
{
	return hash_strings(&m->secret, key->domain, key->user, key->host);
}

static inline uint64_t hash_tag(const struct memory *m, rg_str domain, rg_str tag)
{
	return hash_strings(&m->secret, domain, tag, (rg_str){ NULL, 0 });
}

static inline struct shard *shard_of(const struct memory *m, uint64_t hash)
{
	return &m->shards[(hash >> 32) & (m->n_shards - 1)];
}

/* area.c: as calloc(), realloc() and free(), which are told how large the table is */
bool area_open(struct area *a, bool large); /* false: there are no large pages; area_close() is due either way */
void area_close(struct area *a);
void *area_take(struct area *a, size_t n);
void *area_grow(struct area *a, void *p, size_t had, size_t n); /* zeroes nothing */
void area_give(struct area *a, void *p, size_t n);

/* pool.c */
uint32_t pool_length(uint32_t tags); /* cells of an entry with so many tags */
size_t pool_growth(const struct cell_pool *p, uint32_t tags); /* bytes by which an entry with so many tags would make it grow */
bool pool_reserve(struct area *a, struct cell_pool *p, uint32_t tags); /* makes room for such an entry; cells move */
uint32_t pool_take(struct cell_pool *p, uint32_t tags);       /* after pool_reserve() */
void pool_give(struct cell_pool *p, uint32_t entry, uint32_t tags);
void pool_trim(struct cell_pool *p, uint32_t entry, uint32_t had, uint32_t tags); /* leaves an entry that had more tags its first cells */
void pool_clear(struct area *a, struct cell_pool *p); /* of an empty shard */

/* table.c */
/* The slot of the key, or where it belongs; NULL without buckets. It lies in the pool or in a bucket, and is lost when one of them grows. */
uint32_t *table_slot(struct shard *s, const rg_key *key, uint32_t hash, bool *found);
const rg_record *table_record(const struct shard *s, const rg_key *key, uint32_t hash); /* NULL: none */
bool table_prefetch(const struct shard *s, uint32_t hash, uint32_t pass); /* true: another pass would request more */

/* As pass 0 of table_prefetch(), without the lock: while the table grows, this may request a line that is of no use. */
static inline void table_request(const struct shard *s, uint32_t hash)
{
	uintptr_t buckets = (uintptr_t)atomic_load_explicit(&s->table.buckets, memory_order_relaxed);
	uint32_t bits = atomic_load_explicit(&s->table.bits, memory_order_relaxed);
	if (buckets)
		__builtin_prefetch((const void *)(buckets + ((uint64_t)hash << bits >> 32) * sizeof(struct bucket)));
}

void table_changed(struct shard *s, uint32_t hash); /* must follow every change of a chain or of an entry's record */
size_t table_growth(const struct table *t);         /* bytes by which the next entry makes it grow */
bool table_grow(struct area *a, struct shard *s);   /* false: out of memory, nothing changed */
int order_keys(const rg_key *a, const rg_key *b);   /* a total order */
uint32_t table_after(const struct shard *s, uint32_t hash, const rg_key *key, uint32_t previous);

/* heap.c */
size_t heap_growth(const struct heap *h);
bool heap_reserve(struct area *a, struct heap *h);          /* makes room for one more */
void heap_add(struct shard *s, uint32_t entry, rg_time deadline); /* after heap_reserve() */
void heap_remove(struct shard *s, uint32_t entry);
void heap_moved(struct shard *s, uint32_t entry, rg_time was, rg_time deadline); /* the deadline of the record changed */
void heap_renamed(struct shard *s, uint32_t old, uint32_t entry);                 /* another entry takes the place of one */
void heap_settle(struct shard *s, uint32_t at);                                   /* moves a late node to its place */
int order_nodes(const struct shard *s, const struct node *a, const struct node *b);
rg_time heap_next(const struct shard *s, rg_time now); /* a time after now that is at most the earliest deadline after now */

/* The children of a node. Many share the lines of the memory, and the way down is short: each node that moves writes to its entry. */
enum { HEAP_CHILDREN = 8 };

/* tags.c */
size_t tags_growth(const struct tags *t, uint32_t more);
bool tags_grow(struct memory *m, struct shard *s, uint32_t more);
uint32_t tags_group(const struct shard *s, uint64_t hash, rg_str domain, rg_str tag); /* the first member; 0 = none */
void tags_link(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index);
void tags_unlink(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index);
/* These two move a tag, whose group it does not leave. Between them no cell needs to hold it. */
void tags_lift(const struct memory *m, struct shard *s, uint32_t entry, uint32_t index);
void tags_put(const struct memory *m, struct shard *s, const struct cell *was, uint32_t was_at, uint32_t entry, uint32_t index);

static inline uint32_t link_entry(const struct shard *s, uint32_t link)
{
	return link - link_index(&s->pool.cells[link]);
}

/* tally.c */
struct tally *tally_find(struct tally *list, rg_str domain);
struct tally *tally_new(rg_str domain);
void tally_drop(struct shard *s, struct tally *t); /* frees it when it has no keys */
rg_status memory_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok);

/* watch.c */
rg_status memory_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);
void memory_unwatch(void *self, void *handle);
void watches_fire(struct shard *s, uint32_t hash, const rg_key *key); /* called without the lock */
void watches_end(struct shard *s);                                    /* when the store is destroyed */

/* commit.c */
rg_status memory_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok);

/* page.c, walk.c */
rg_status memory_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status memory_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok);
rg_status memory_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

#endif
