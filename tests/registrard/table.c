/* SPDX-License-Identifier: MIT */
/* The hash table grows and shrinks, and keeps the order of what has one hash. */
#include "table.h"

#include <criterion/criterion.h>

enum { N = 5000 };

static struct table_entry entries[N];

static void fill(struct table *table, uint64_t hashes)
{
	memset(entries, 0, sizeof entries);
	cr_assert_eq(table_init(table), 0);
	for (uint64_t i = 0; i < N; i++)
		table_add(table, &entries[i], i % hashes);
}

static size_t count(const struct table *table, uint64_t hash)
{
	size_t n = 0;

	for (struct table_entry *e = table_first(table, hash); e; e = table_next(e))
		n++;
	return n;
}

Test(table, it_grows_and_shrinks)
{
	struct table table;

	fill(&table, N);
	cr_expect_eq(table.n, N);
	cr_expect(table.size >= N && table.size <= 4 * N, "%zu", table.size);
	for (uint64_t i = 0; i < N; i++)
		cr_expect_eq(table_first(&table, i), &entries[i]);
	for (uint64_t i = 0; i < N; i++) {
		table_remove(&table, &entries[i]);
		table_remove(&table, &entries[i]);
		cr_expect_null(table_first(&table, i));
		cr_expect(table.size <= 64 || table.size <= 4 * table.n, "%zu for %zu", table.size, table.n);
	}
	cr_expect_eq(table.n, 0);
	table_deinit(&table);
}

Test(table, the_latest_of_one_hash_is_the_first)
{
	struct table table;

	fill(&table, 10);
	for (uint64_t hash = 0; hash < 10; hash++) {
		size_t at = N - 10 + (size_t)hash;

		cr_expect_eq(count(&table, hash), N / 10);
		for (struct table_entry *e = table_first(&table, hash); e; e = table_next(e), at -= 10)
			cr_assert_eq(e, &entries[at]);
	}
	table_deinit(&table);
}

Test(table, an_entry_that_was_moved_is_removed_from_there)
{
	struct table table;
	struct table_entry *list = NULL;

	fill(&table, N);
	for (size_t i = 0; i < N; i += 2)
		table_move(&entries[i], &list);
	for (uint64_t i = 0; i < N; i++)
		cr_assert_eq(table_first(&table, i), i % 2 ? &entries[i] : NULL);
	for (size_t i = 0; i < N; i++)
		table_remove(&table, &entries[i]);
	cr_expect_null(list);
	cr_expect_eq(table.n, 0);
	table_deinit(&table);
}
