/* SPDX-License-Identifier: MIT */
#include "token/ring.h"
#include "token/token.h"

/*
 * A token is the base64url of: version, nonce, ciphertext with its tag. The plain text is its length in two octets, big-endian, the octets
 * themselves, and zeros up to a multiple of 64. The version is authenticated with it; the purpose chooses the key.
 */
enum {
	VERSION = 1,
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	OVERHEAD = 1 + NONCE + TAG,
	BLOCK = 64,
	LENGTH = 2,
	ROOM = 1024 /* for the tokens that occur; longer ones take an allocation */
};

_Static_assert(RG__SEALED_MAX + LENGTH <= UINT16_MAX && (RG__SEALED_MAX + LENGTH) % BLOCK == 0, "the longest plain text fills its blocks");

static size_t padded(size_t n)
{
	return (n + LENGTH + BLOCK - 1) / BLOCK * BLOCK;
}

/* A keyed hash of all that makes the token: with the same nonce, two tokens are the same token. */
static void nonce_of(const struct rg__keys *keys, int purpose, const uint8_t seed[32], const uint8_t *plain, size_t n, uint8_t *nonce)
{
	const uint8_t head[] = { VERSION, (uint8_t)purpose };
	crypto_generichash_state state;

	crypto_generichash_init(&state, keys->nonce, sizeof keys->nonce, NONCE);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, seed, 32);
	crypto_generichash_update(&state, plain, n);
	crypto_generichash_final(&state, nonce, NONCE);
}

/* @p plain of @p n octets is padded already. */
static void encrypt(const struct rg__keys *keys, int purpose, const uint8_t seed[32], const uint8_t *plain, size_t n, uint8_t *bytes)
{
	bytes[0] = VERSION;
	nonce_of(keys, purpose, seed, plain, n, bytes + 1);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + 1 + NONCE, NULL, plain, n, bytes, 1, NULL, bytes + 1, keys->seal[purpose]);
}

static void add_base64(rg__buf *out, const uint8_t *bytes, size_t n, char *room, size_t size)
{
	sodium_bin2base64(room, size, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	rg__buf_add(out, rg_str_from(room));
}

rg_status rg__seal(const rg__ring *ring, int purpose, const uint8_t seed[32], rg_str plain, rg__buf *out)
{
	if (plain.n > RG__SEALED_MAX)
		return RG_ELIMIT;
	size_t n = padded(plain.n), sealed = n + OVERHEAD;
	size_t text = sodium_base64_ENCODED_LEN(sealed, sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* with a NUL */
	char room[ROOM];
	rg__scratch scratch;

	if (!rg__scratch_open(&scratch, room, sizeof room, n + sealed + text))
		return RG_ENOMEM;
	uint8_t *block = rg__scratch_take(&scratch, n), *bytes = rg__scratch_take(&scratch, sealed);
	char *letters = rg__scratch_take(&scratch, text);

	memset(block, 0, n);
	block[0] = (uint8_t)(plain.n >> 8);
	block[1] = (uint8_t)plain.n;
	if (plain.n > 0)
		memcpy(block + LENGTH, plain.p, plain.n);
	encrypt(&ring->keys[0], purpose, seed, block, n, bytes);
	add_base64(out, bytes, sealed, letters, text);
	sodium_memzero(block, n);
	rg__scratch_close(&scratch);
	return out->failed ? RG_ENOMEM : RG_OK;
}

/* True: one of the secrets has sealed it. @p block has room for its plain text of @p n octets. */
static bool decrypt(const rg__ring *ring, int purpose, const uint8_t *bytes, size_t n, uint8_t *block)
{
	for (uint32_t i = 0; i < ring->n; i++) {
		if (crypto_aead_xchacha20poly1305_ietf_decrypt(block, NULL, NULL, bytes + 1 + NONCE, n + TAG, bytes, 1, bytes + 1,
				ring->keys[i].seal[purpose]) == 0)
			return true;
	}
	return false;
}

/* sodium_base642bin() of libsodium 1.0.18 reads each octet above 0x7f as `_`. */
static bool is_ascii(rg_str text)
{
	unsigned char all = 0;

	for (size_t i = 0; i < text.n; i++)
		all |= (unsigned char)text.p[i];
	return all < 0x80;
}

rg_status rg__unseal(const rg__ring *ring, int purpose, rg_str token, rg__buf *plain)
{
	const size_t most = sodium_base64_ENCODED_LEN(RG__SEALED_MAX + LENGTH + OVERHEAD, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	size_t sealed = token.n / 4 * 3 + token.n % 4 * 3 / 4;
	char room[ROOM];
	rg__scratch scratch;

	if (token.n >= most || sealed < OVERHEAD + BLOCK || (sealed - OVERHEAD) % BLOCK != 0 || !is_ascii(token))
		return RG_ENOENT;
	size_t n = sealed - OVERHEAD, got = 0, length = 0;
	if (!rg__scratch_open(&scratch, room, sizeof room, n + sealed))
		return RG_ENOMEM;
	uint8_t *block = rg__scratch_take(&scratch, n), *bytes = rg__scratch_take(&scratch, sealed);
	bool ours = sodium_base642bin(bytes, sealed, token.p, token.n, NULL, &got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
		got == sealed && bytes[0] == VERSION && decrypt(ring, purpose, bytes, n, block);

	if (ours)
		length = (size_t)block[0] << 8 | block[1];
	ours = ours && padded(length) == n;
	if (ours)
		rg__buf_add(plain, (rg_str){ (const char *)block + LENGTH, length });
	sodium_memzero(block, n);
	rg__scratch_close(&scratch);
	if (!ours)
		return RG_ENOENT;
	return plain->failed ? RG_ENOMEM : RG_OK;
}
