/* SPDX-License-Identifier: MIT */
/*
 * What a shard of the memory store is made of. Everything in a shard is guarded by its lock; no callback runs under it.
 *
 * An entry reads its key, revision, deadline and tags off the record it holds, so that a binding costs one small allocation beside
 * its record: 24 bytes and 32 for each tag.
 */
#ifndef MEMORY_SHARD_H
#define MEMORY_SHARD_H

#include <rgstr/memory.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* As many as link.index can number. */
#define MAX_TAGS 32767

/* Keys of one page, whatever limit was asked for: bounds the memory of a page and the time a lock is held. */
#define MAX_PAGE 4096

/*
 * Membership of an entry in the group of one (domain, tag). A group is a ring in the order of `seq`, the order in which its members
 * came; its first member stands for the group in the tag table. 48 bits of seq outlast any process.
 */
struct link {
	struct link *next, *prev;
	struct link *chain; /* of a first member: the next group in the bucket */
	uint64_t place;     /* seq << 16 | index << 1 | first; the index: which tag of the record, and which link of the entry */
};

static inline uint64_t link_seq(const struct link *l)
{
	return l->place >> 16;
}

static inline uint32_t link_index(const struct link *l)
{
	return (uint32_t)(l->place >> 1) & MAX_TAGS;
}

static inline bool link_first(const struct link *l)
{
	return l->place & 1;
}

struct entry {
	struct entry *next; /* in the bucket, in the order of (hash, key) */
	const rg_record *record;
	uint32_t hash;
	uint32_t heap_at;
	struct link links[]; /* as many as the record has tags, in their order */
};

/* A node may lag behind a deadline that moved later (never before one that moved earlier); whoever pops it finds out. */
struct node {
	rg_time deadline;
	struct entry *entry;
};

struct heap {
	struct node *nodes;
	uint32_t n, room;
};

/* A fetch finds most records at once, one line of memory earlier than by way of the entry: at a million that is a fifth of its time. */
struct bucket {
	struct entry *first;
	const rg_record *record; /* of the first entry */
};

/* Buckets are the top bits of the hash, so that walking them in order is walking the entries by hash, before a growth and after. */
struct table {
	struct bucket *buckets;
	uint32_t n, bits; /* 1 << bits buckets, if any */
};

struct tags {
	struct link **buckets;
	uint8_t *marks; /* a bit for each group of the bucket, of eight; a probe that finds it clear reads no further */
	uint32_t n, bits;
	uint64_t seq;
};

/* What a domain has in the shard. */
struct tally {
	struct tally *next;
	uint64_t keys, records, bindings; /* keys: of weight 0 too */
	size_t n;
	char domain[];
};

struct watch {
	struct watch *next; /* in the bucket, in the order of `id` */
	uint64_t id;
	struct shard *shard;
	rg_watch_cb changed;
	void *user;
	uint32_t hash;
	bool busy;  /* `changed` runs; whoever runs it looks at the next two afterwards */
	bool again; /* another change came meanwhile */
	bool ended; /* unwatched; no longer in its bucket */
	rg_key key; /* bytes follow the struct */
};

struct watches {
	struct watch **buckets;
	uint32_t n, bits;
	uint64_t last_id;
};

struct shard {
	_Alignas(128) pthread_mutex_t lock;
	struct table table;
	struct tags tags;
	struct heap heap;
	struct tally *tallies;
	struct watches watches;
	uint64_t bytes; /* of records, entries and the tables above; watches are the caller's and not counted */
};

struct memory {
	uint64_t magic;
	uint64_t seed[2];
	uint64_t max_bytes;
	uint32_t n_shards;
	struct shard *shards;
	_Alignas(128) _Atomic uint64_t bytes; /* kept only when there is a budget: the sum over the shards */
};

/* hash.c: keyed, so that who chooses names cannot choose buckets */
uint64_t hash_strings(const uint64_t seed[2], rg_str a, rg_str b, rg_str c);

static inline uint64_t hash_key(const struct memory *m, const rg_key *key)
{
	return hash_strings(m->seed, key->domain, key->user, key->host);
}

static inline uint64_t hash_tag(const struct memory *m, rg_str domain, rg_str tag)
{
	return hash_strings(m->seed, domain, tag, (rg_str){ NULL, 0 });
}

static inline struct shard *shard_of(const struct memory *m, uint64_t hash)
{
	return &m->shards[(hash >> 32) & (m->n_shards - 1)];
}

/* table.c */
/* Where it is or would be; NULL without buckets. */
struct entry **table_slot(struct table *t, const rg_key *key, uint32_t hash, bool *found);
const rg_record *table_record(const struct table *t, const rg_key *key, uint32_t hash); /* NULL: none */
void table_changed(struct table *t, uint32_t hash); /* after every change of a chain, or of the record of an entry */
size_t table_growth(const struct table *t);                                   /* bytes the next entry makes it grow by */
bool table_grow(struct table *t);                                             /* false: no memory, unchanged */
int order_keys(const rg_key *a, const rg_key *b);                             /* a total order */
struct entry *table_after(struct table *t, uint32_t hash, const rg_key *key, const struct entry *previous);

/* heap.c */
size_t heap_growth(const struct heap *h);
bool heap_reserve(struct heap *h);                                   /* room for one more */
void heap_add(struct heap *h, struct entry *e, rg_time deadline);    /* reserved before */
void heap_remove(struct heap *h, struct entry *e);
void heap_earlier(struct heap *h, struct entry *e, rg_time deadline); /* it moved earlier */
void heap_settle(struct heap *h, uint32_t at);                        /* the node lags: it is put where it belongs */
int order_nodes(const struct node *a, const struct node *b);
rg_time heap_next(const struct heap *h, rg_time now);                 /* the earliest deadline after now, or an earlier time after now */

/* tags.c */
size_t tags_growth(const struct tags *t, uint32_t more);
bool tags_grow(const struct memory *m, struct tags *t, uint32_t more);
struct link *tags_group(const struct tags *t, uint64_t hash, rg_str domain, rg_str tag); /* its first member; NULL */
void tags_link(const struct memory *m, struct tags *t, struct entry *e, uint32_t index);
void tags_unlink(const struct memory *m, struct tags *t, struct entry *e, uint32_t index);
void tags_move(const struct memory *m, struct tags *t, struct entry *from, uint32_t from_index, struct entry *to, uint32_t to_index);
bool same_tags(const rg_record *a, const rg_record *b);

static inline struct entry *link_entry(struct link *l)
{
	return (struct entry *)((char *)(l - link_index(l)) - offsetof(struct entry, links));
}

static inline size_t entry_size(uint32_t tags)
{
	return sizeof(struct entry) + tags * sizeof(struct link);
}

/* tally.c */
struct tally *tally_find(struct tally *list, rg_str domain);
struct tally *tally_new(rg_str domain);
void tally_drop(struct shard *s, struct tally *t); /* frees it when nothing is left */
rg_status memory_count(void *self, rg_str domain, uint32_t flags, rg_count_cb done, void *tok);

/* watch.c */
rg_status memory_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);
void memory_unwatch(void *self, void *handle);
void watches_fire(struct shard *s, uint32_t hash, const rg_key *key); /* lock not held */
void watches_end(struct shard *s);                                    /* on destroy */

/* commit.c */
rg_status memory_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok);

/* page.c, walk.c */
rg_status memory_due(void *self, rg_time now, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status memory_find(void *self, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status memory_scan(void *self, rg_str domain, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

#endif
