/* SPDX-License-Identifier: MIT */
#include "engine/seeds.h"
#include <sodium.h>
#include <string.h>

enum { SEED = 32, AHEAD = sizeof((rg__seeds *)0)->bytes / SEED };

void rg__seed_next(rg__seeds *seeds, const uint8_t key[32], uint8_t out[32])
{
	if (seeds->left == 0) {
		/* Stream and block make each nonce unique. */
		uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = { 0 };

		memcpy(nonce, &seeds->stream, sizeof seeds->stream);
		memcpy(nonce + 8, &seeds->block, sizeof seeds->block);
		seeds->block++;
		crypto_stream_xchacha20(seeds->bytes, sizeof seeds->bytes, nonce, key);
		seeds->left = AHEAD;
	}
	uint8_t *at = seeds->bytes + (size_t)SEED * --seeds->left;

	memcpy(out, at, SEED);
	memset(at, 0, SEED);
}
