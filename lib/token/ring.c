/* SPDX-License-Identifier: MIT */
#include "token/ring.h"
#include <stdlib.h>

/* The next secret of a list, trimmed. False: there is none left. */
static bool next_secret(rg_str *rest, rg_str *secret)
{
	if (!rest->p)
		return false;
	const char *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
	size_t n = comma ? (size_t)(comma - rest->p) : rest->n;

	*secret = rg__trim(rg__sub(*rest, 0, n));
	*rest = comma ? rg__sub(*rest, n + 1, rest->n) : RG__ABSENT;
	return true;
}

/* One key a purpose and a key for the nonces, each a function of the secret that tells nothing about the others. */
static void derive(rg_str secret, struct rg__keys *keys)
{
	static const char context[crypto_kdf_CONTEXTBYTES] = { 'r', 'g', ' ', 't', 'o', 'k', 'e', 'n' };
	uint8_t master[crypto_kdf_KEYBYTES];

	crypto_generichash(master, sizeof master, (const uint8_t *)secret.p, secret.n, NULL, 0);
	for (int purpose = 0; purpose < RG__SEALS; purpose++)
		crypto_kdf_derive_from_key(keys->seal[purpose], sizeof keys->seal[purpose], 1 + (uint64_t)purpose, context, master);
	crypto_kdf_derive_from_key(keys->nonce[0], sizeof keys->nonce, 1000, context, master);
	sodium_memzero(master, sizeof master);
}

rg_status rg__ring_new(rg_str secrets, rg__ring **out)
{
	rg_str rest = secrets, secret;
	uint32_t n = 0;

	*out = NULL;
	while (next_secret(&rest, &secret)) {
		if (secret.n == 0 || ++n > RG__SECRETS_MAX)
			return RG_EINVAL;
	}
	if (n == 0)
		return RG_EINVAL;
	rg__ring *ring = malloc(sizeof *ring + n * sizeof *ring->keys);
	if (!ring)
		return RG_ENOMEM;
	atomic_init(&ring->refs, 1);
	ring->n = 0;
	for (rest = secrets; next_secret(&rest, &secret);)
		derive(secret, &ring->keys[ring->n++]);
	*out = ring;
	return RG_OK;
}

rg__ring *rg__ring_ref(const rg__ring *ring)
{
	rg__ring *shared = (rg__ring *)ring;

	if (shared)
		atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
	return shared;
}

void rg__ring_unref(const rg__ring *ring)
{
	rg__ring *shared = (rg__ring *)ring;

	if (!shared || atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1)
		return;
	sodium_memzero(shared->keys, shared->n * sizeof *shared->keys);
	free(shared);
}
