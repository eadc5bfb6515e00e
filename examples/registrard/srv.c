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

/* RFC 1035 §4.1.4: a name is labels with their lengths, and ends with an empty label or a pointer of two bytes. */
static size_t behind_name(const unsigned char *bytes, size_t n, size_t at)
{
	while (at < n && bytes[at] > 0 && bytes[at] < 0xc0)
		at += 1 + (size_t)bytes[at];
	return at + (at < n && bytes[at] ? 2 : 1);
}

uint32_t srv_lifetime(const unsigned char *bytes, size_t n)
{
	enum { HEADER = 12, QUESTION = 4, RECORD = 10 };
	unsigned questions = n < HEADER ? 0 : bytes[4] << 8 | bytes[5], answers = n < HEADER ? 0 : bytes[6] << 8 | bytes[7];
	uint32_t shortest = UINT32_MAX;
	size_t at = HEADER;

	for (; questions > 0; questions--)
		at = behind_name(bytes, n, at) + QUESTION;
	for (; answers > 0; answers--) {
		const unsigned char *record;
		uint32_t seconds;

		at = behind_name(bytes, n, at);
		if (at + RECORD > n)
			break;
		record = bytes + at;
		seconds = (uint32_t)record[4] << 24 | (uint32_t)record[5] << 16 | (uint32_t)record[6] << 8 | record[7];
		shortest = seconds < shortest ? seconds : shortest;
		at += RECORD + (size_t)(record[8] << 8 | record[9]);
	}
	return shortest;
}
