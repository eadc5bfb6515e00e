/* SPDX-License-Identifier: MIT */
/* Seeds: a key that is drawn once gives each operation 32 random bytes without a system call. */
#ifndef RG__SEEDS_H
#define RG__SEEDS_H

#include <stdint.h>

typedef struct rg__seeds {
	uint64_t block;     /* blocks drawn from it */
	uint32_t stream;    /* number of this stream of the key */
	uint32_t left;      /* seeds in `bytes` that are not handed out */
	uint8_t bytes[512]; /* drawn ahead: a cipher is much cheaper by the block */
} rg__seeds;

void rg__seed_next(rg__seeds *seeds, const uint8_t key[32], uint8_t out[32]);

#endif
