/* SPDX-License-Identifier: MIT */
/* Any bytes, as a token and as what is sealed. No token opens that was not sealed; what was sealed comes back, and not when it was changed:
 * a bit flipped, cut short, sealed by a foreign key, for another purpose or in another version. */
#include "token/token.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static rg__ring *ring_of(rg_str secrets)
{
	rg__ring *ring;

	must(rg__ring_new(secrets, &ring) == RG_OK);
	return ring;
}

static void must_be_foreign(const rg__ring *ring, int purpose, rg_str token)
{
	rg__buf plain = { 0 };

	must(rg__unseal(ring, purpose, token, &plain) == RG_ENOENT && plain.n == 0 && !plain.p);
}

static void change(const rg__ring *ring, int purpose, rg__buf *token, size_t at, int how)
{
	rg_str whole = { token->p, token->n };

	must_be_foreign(ring, !purpose, whole);
	must_be_foreign(ring, purpose, rg__sub(whole, 0, at));
	must_be_foreign(ring, purpose, rg__sub(whole, at + 1, whole.n));
	token->p[at] = (char)(token->p[at] ^ 1 << how);
	must_be_foreign(ring, purpose, whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg__ring *ring = ring_of(RG_STR("new,old")), *old = ring_of(RG_STR("old")), *foreign = ring_of(RG_STR("other"));
	rg_str plain = { (const char *)data, size };
	rg__buf token = { 0 }, back = { 0 };
	int purpose = size > 0 && data[0] & 1;
	uint8_t seed[32] = { 0 };

	memcpy(seed, data, size < sizeof seed ? size : sizeof seed);
	must_be_foreign(ring, RG__SEAL_GRUU, plain);
	must_be_foreign(ring, RG__SEAL_PURR, plain);
	if (size > RG__SEALED_MAX)
		must(rg__seal(old, purpose, seed, plain, &token) == RG_ELIMIT && token.n == 0);
	else {
		must(rg__seal(old, purpose, seed, plain, &token) == RG_OK);
		must(rg__unseal(ring, purpose, (rg_str){ token.p, token.n }, &back) == RG_OK && rg__eq((rg_str){ back.p, back.n }, plain));
		must_be_foreign(foreign, purpose, (rg_str){ token.p, token.n });
		change(ring, purpose, &token, (size > 1 ? data[1] * 31u : 7u) % token.n, size > 2 ? data[2] % 8 : 0);
	}
	rg__buf_free(&token);
	rg__buf_free(&back);
	rg__ring_unref(ring);
	rg__ring_unref(old);
	rg__ring_unref(foreign);
	return 0;
}
