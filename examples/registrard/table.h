/* SPDX-License-Identifier: MIT */
/* A hash table whose entries stand within the structs that it holds. It grows and shrinks with the number of entries. The hash of an entry
 * is keyed, so that no stranger can choose entries that share a bucket. */
#ifndef REGISTRARD_TABLE_H
#define REGISTRARD_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed while it is in no table. */
struct table_entry {
	struct table_entry *next, **at;
	uint64_t hash;
};

struct table {
	struct table_entry **buckets;
	size_t size; /* number of buckets: a power of two */
	size_t n;    /* number of entries */
};

/* @return 0, or -1 when out of memory. */
int table_init(struct table *table);

/* Frees the buckets. The entries belong to their owners. */
void table_deinit(struct table *table);

/* Adds an entry. Several may have one hash; the latest is found first. It cannot fail: without memory the table stays as large as it is. */
void table_add(struct table *table, struct table_entry *entry, uint64_t hash);

/* Does nothing for an entry that is in no table. */
void table_remove(struct table *table, struct table_entry *entry);

/* The first entry with this hash, and the one after @p entry. NULL = none. */
struct table_entry *table_first(const struct table *table, uint64_t hash);
struct table_entry *table_next(const struct table_entry *entry);

/* Moves an entry to a list of the caller. table_remove() takes it from there, too. */
void table_move(struct table_entry *entry, struct table_entry **list);

#endif
