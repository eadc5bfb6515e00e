/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>

enum { SIZE_MIN = 64 };

static void entry_link(struct table_entry **head, struct table_entry *entry)
{
	entry->next = *head;
	entry->at = head;
	if (entry->next)
		entry->next->at = &entry->next;
	*head = entry;
}

static void entry_unlink(struct table_entry *entry)
{
	*entry->at = entry->next;
	if (entry->next)
		entry->next->at = entry->at;
	entry->next = NULL;
	entry->at = NULL;
}

int table_init(struct table *table)
{
	*table = (struct table){ .buckets = calloc(SIZE_MIN, sizeof *table->buckets), .size = SIZE_MIN };
	return table->buckets ? 0 : -1;
}

void table_deinit(struct table *table)
{
	free(table->buckets);
	*table = (struct table){ 0 };
}

static struct table_entry **bucket_of(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

/* The entries of a bucket keep their order, so that the latest of one hash stays the first. */
static void table_resize(struct table *table, size_t size)
{
	struct table larger = { .buckets = calloc(size, sizeof *larger.buckets), .size = size, .n = table->n };

	if (!larger.buckets)
		return;
	for (size_t i = 0; i < table->size; i++) {
		struct table_entry *reversed = NULL;

		while (table->buckets[i])
			table_move(table->buckets[i], &reversed);
		while (reversed)
			table_move(reversed, bucket_of(&larger, reversed->hash));
	}
	free(table->buckets);
	*table = larger;
}

void table_add(struct table *table, struct table_entry *entry, uint64_t hash)
{
	if (table->n >= table->size)
		table_resize(table, table->size * 2);
	entry->hash = hash;
	entry_link(bucket_of(table, hash), entry);
	table->n++;
}

void table_remove(struct table *table, struct table_entry *entry)
{
	if (!entry->at)
		return;
	entry_unlink(entry);
	table->n--;
	if (table->size > SIZE_MIN && table->n < table->size / 4)
		table_resize(table, table->size / 2);
}

static struct table_entry *same_hash(struct table_entry *entry, uint64_t hash)
{
	while (entry && entry->hash != hash)
		entry = entry->next;
	return entry;
}

struct table_entry *table_first(const struct table *table, uint64_t hash)
{
	return same_hash(*bucket_of(table, hash), hash);
}

struct table_entry *table_next(const struct table_entry *entry)
{
	return same_hash(entry->next, entry->hash);
}

void table_move(struct table_entry *entry, struct table_entry **list)
{
	entry_unlink(entry);
	entry_link(list, entry);
}
