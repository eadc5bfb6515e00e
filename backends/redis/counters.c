/* SPDX-License-Identifier: MIT */
#include "links.h"

#include <string.h>

/* Where each counter stands, in the order of the indexes. */
static const struct counter_row {
	const char *name, *doc;
	size_t at;
} counter_rows[] = {
#define RG__REDIS_VERB(name, NAME) \
	{ #name "_calls", "calls of " #name, offsetof(rg__redis_counters, calls[RG__REDIS_##NAME]) }, \
	{ #name "_round_trips", "round trips of " #name, offsetof(rg__redis_counters, round_trips[RG__REDIS_##NAME]) },
	RG__REDIS_VERBS(RG__REDIS_VERB)
#undef RG__REDIS_VERB
#define RG__REDIS_COUNTER(name, doc) { #name, doc, offsetof(rg__redis_counters, name) },
	RG__REDIS_COUNTERS(RG__REDIS_COUNTER)
#undef RG__REDIS_COUNTER
};

enum { COUNTER_ROWS = sizeof counter_rows / sizeof counter_rows[0] };

uint32_t rg_redis_store_statistic_count(const rg_store *store)
{
	return rg__redis_of(store) ? COUNTER_ROWS : 0;
}

rg_status rg__redis_counter(const rg__redis_counters *counters, uint32_t index, rg_statistic *out)
{
	uint32_t size = out->struct_size;
	rg_statistic row = { .struct_size = size };
	uint64_t value;

	if (index < COUNTER_ROWS) {
		memcpy(&value, (const char *)counters + counter_rows[index].at, sizeof value);
		row.name = counter_rows[index].name;
		row.doc = counter_rows[index].doc;
		row.value = (int64_t)value;
	}
	memcpy(out, &row, size < sizeof row ? size : sizeof row);
	return row.name ? RG_OK : RG_ENOENT;
}
