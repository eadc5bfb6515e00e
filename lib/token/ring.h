/* SPDX-License-Identifier: MIT */
/* The keys of a ring. */
#ifndef RG__RING_H
#define RG__RING_H

#include <sodium.h>
#include <stdatomic.h>
#include "token/token.h"

struct rg__keys {
	uint8_t seal[RG__SEALS][crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	uint8_t nonce[2][crypto_shorthash_siphashx24_KEYBYTES]; /* derived as one */
};

struct rg__ring {
	atomic_uint refs;
	uint32_t n;             /* at least 1 */
	struct rg__keys keys[]; /* the first seals, each opens */
};

#endif
