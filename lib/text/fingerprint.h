/* SPDX-License-Identifier: MIT */
/* A hash without a key, equal on every machine. */
#ifndef RG__FINGERPRINT_H
#define RG__FINGERPRINT_H

#include <rgstr/types.h>
#include <string.h>

/* Adds a value to a fingerprint, which starts at 0. Kind and length frame each value. */
uint64_t rg__fingerprint(uint64_t so_far, uint32_t kind, rg_str value);

/* The eight octets at @p p as a number, the first one lowest. */
static inline uint64_t rg__word_at(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
		(uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

#endif
