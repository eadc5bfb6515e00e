/* SPDX-License-Identifier: MIT */
#include "engine/seeds.h"
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof((rg__seeds *)0)->stream + sizeof((rg__seeds *)0)->block <= crypto_stream_chacha20_ietf_NONCEBYTES,
	"stream and block fit into a nonce");

enum { SEED = 32, AHEAD = sizeof((rg__seeds *)0)->bytes / SEED };

void rg__seed_next(rg__seeds *seeds, const uint8_t key[32], uint8_t out[32])
{
	if (seeds->left == 0) {
		/* Stream and block make each nonce unique. */
		uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES] = { 0 };

		memcpy(nonce, &seeds->stream, sizeof seeds->stream);
		memcpy(nonce + sizeof seeds->stream, &seeds->block, sizeof seeds->block);
		seeds->block++;
		crypto_stream_chacha20_ietf(seeds->bytes, sizeof seeds->bytes, nonce, key);
		seeds->left = AHEAD;
	}
	uint8_t *at = seeds->bytes + (size_t)SEED * --seeds->left;

	memcpy(out, at, SEED);
	memset(at, 0, SEED);
}
