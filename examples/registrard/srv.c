/* SPDX-License-Identifier: MIT */
#include "srv.h"

struct srv_record *srv_next(struct srv_record *records, size_t n, uint32_t (*chance)(uint32_t below))
{
	unsigned priority = UINT32_MAX, pick;
	uint32_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i].host && records[i].priority < priority)
			priority = records[i].priority;
	for (size_t i = 0; i < n; i++)
		total += records[i].host && records[i].priority == priority ? records[i].weight : 0;
	pick = chance(total + 1);
	for (size_t i = 0; i < n; i++) {
		if (!records[i].host || records[i].priority != priority)
			continue;
		if (pick <= records[i].weight)
			return &records[i];
		pick -= records[i].weight;
	}
	return NULL;
}
