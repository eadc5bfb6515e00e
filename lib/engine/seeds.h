/* SPDX-License-Identifier: MIT */
/* Seeds. A key drawn once gives each operation 32 bytes of its own without a system call. */
#ifndef RG__RANDOM_H
#define RG__RANDOM_H

#include <stdint.h>

typedef struct rg__seeds {
	uint64_t stream;    /* which of the key's streams this is */
	uint64_t block;     /* how much of it was drawn */
	uint32_t left;      /* seeds not handed out */
	uint8_t bytes[512]; /* drawn ahead: a cipher is far cheaper by the block */
} rg__seeds;

void rg__seed_next(rg__seeds *seeds, const uint8_t key[32], uint8_t out[32]);

#endif
