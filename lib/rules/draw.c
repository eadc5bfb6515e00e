/* SPDX-License-Identifier: MIT */
#include "rules/draw.h"
#include <sodium/crypto_shorthash.h>

_Static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16, "a hash is one uint64_t under a key of 16 bytes");

uint64_t rg__draw(const uint8_t seed[32], uint32_t purpose, uint32_t contact, uint32_t attempt)
{
	uint8_t text[28];
	uint64_t out;

	memcpy(text, seed + 16, 16);
	memcpy(text + 16, &purpose, 4);
	memcpy(text + 20, &contact, 4);
	memcpy(text + 24, &attempt, 4);
	crypto_shorthash((uint8_t *)&out, text, sizeof text, seed);
	return out;
}

uint64_t rg__draw_generation(const uint8_t seed[32], uint32_t contact, bool of_before, const rg_revision *base)
{
	uint32_t before;

	memcpy(&before, base->b, sizeof before);
	return rg__draw(seed, RG__DRAW_GENERATION, 2 * contact + of_before, before);
}

rg_revision rg__draw_revision(const uint8_t seed[32], const rg_revision *base)
{
	rg_revision revision;
	uint32_t before;
	uint64_t half[2];

	memcpy(&before, base->b, sizeof before);
	half[0] = rg__draw(seed, RG__DRAW_REVISION, 0, before) | 1;
	half[1] = rg__draw(seed, RG__DRAW_REVISION, 1, before);
	memcpy(revision.b, half, sizeof revision.b);
	return revision;
}
