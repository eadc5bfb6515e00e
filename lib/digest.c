/* SPDX-License-Identifier: MIT */
#include "digest.h"

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

static void put_le64(uint8_t *at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

/* The hash so far, kind and length are the key of the next step, so no value can pretend to be two. The fingerprint is stored and
 * compared by other nodes: its bytes have one order on every machine. */
uint64_t rg__fingerprint(uint64_t so_far, uint32_t kind, rg_str value)
{
	uint8_t key[16], hash[8];
	uint64_t out = 0;

	put_le64(key, so_far);
	put_le64(key + 8, (uint64_t)kind << 56 | (value.n & 0xffffffffffffffu));
	crypto_shorthash(hash, (const uint8_t *)(value.p ? value.p : ""), value.n, key);
	for (int i = 0; i < 8; i++)
		out |= (uint64_t)hash[i] << 8 * i;
	return out;
}
