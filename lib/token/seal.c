/* SPDX-License-Identifier: MIT */
#include "grammar/grammar.h"
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
	DISTINCT = crypto_shorthash_siphashx24_BYTES, /* of the nonce */
	HASHED = 2 + 32, /* version, purpose and seed, which the nonce depends on as well */
	ROOM = 1024 /* for the tokens that occur; longer ones take an allocation */
};

_Static_assert(NONCE == DISTINCT + crypto_shorthash_siphash24_BYTES, "two hashes make a nonce");
_Static_assert(RG__SEALED_MAX + LENGTH <= UINT16_MAX && (RG__SEALED_MAX + LENGTH) % BLOCK == 0, "the longest plain text fills its blocks");

static size_t padded(size_t n)
{
	return (n + LENGTH + BLOCK - 1) / BLOCK * BLOCK;
}

/*
 * A keyed hash of all that makes the token. Two tokens with the same nonce are the same token: 128 bits do not meet by chance. SipHash takes
 * a fifth of the time of BLAKE2b here. @p block starts with room for HASHED octets.
 */
static void nonce_of(const struct rg__keys *keys, int purpose, const uint8_t seed[32], uint8_t *block, size_t n, uint8_t nonce[NONCE])
{
	block[0] = VERSION;
	block[1] = (uint8_t)purpose;
	memcpy(block + 2, seed, 32);
	crypto_shorthash_siphashx24(nonce, block, HASHED + n, keys->nonce[0]);
	crypto_shorthash_siphash24(nonce + DISTINCT, nonce, DISTINCT, keys->nonce[1]); /* the rest only has to look random */
}

/* @p block is HASHED octets and the plain text, of @p n octets and padded already. */
static void encrypt(const struct rg__keys *keys, int purpose, const uint8_t seed[32], uint8_t *block, size_t n, uint8_t *bytes)
{
	bytes[0] = VERSION;
	nonce_of(keys, purpose, seed, block, n, bytes + 1);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + 1 + NONCE, NULL, block + HASHED, n, bytes, 1, NULL, bytes + 1, keys->seal[purpose]);
}

/* What is encoded is no secret, so this need not take constant time, as sodium_bin2base64() does. */
static size_t print_base64(const uint8_t *bytes, size_t n, char *letters)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *at = letters;
	size_t i = 0;

	for (; n - i >= 3; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = digits[bits >> 6 & 63];
		*at++ = digits[bits & 63];
	}
	if (i < n) {
		uint32_t bits = (uint32_t)bytes[i] << 16 | (n - i == 2 ? (uint32_t)bytes[i + 1] << 8 : 0);

		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		if (n - i == 2)
			*at++ = digits[bits >> 6 & 63];
	}
	return (size_t)(at - letters);
}

rg_status rg__seal(const rg__ring *ring, int purpose, const uint8_t seed[32], rg_str plain, rg__buf *out)
{
	if (plain.n > RG__SEALED_MAX)
		return RG_ELIMIT;
	size_t n = padded(plain.n), sealed = n + OVERHEAD;
	size_t text = sealed / 3 * 4 + 3;
	char room[ROOM];
	rg__scratch scratch;

	if (!rg__scratch_open(&scratch, room, sizeof room, HASHED + n + sealed + text))
		return RG_ENOMEM;
	uint8_t *block = rg__scratch_take(&scratch, HASHED + n), *padded_plain = block + HASHED;
	uint8_t *bytes = rg__scratch_take(&scratch, sealed);
	char *letters = rg__scratch_take(&scratch, text);

	memset(padded_plain, 0, n);
	padded_plain[0] = (uint8_t)(plain.n >> 8);
	padded_plain[1] = (uint8_t)plain.n;
	if (plain.n > 0)
		memcpy(padded_plain + LENGTH, plain.p, plain.n);
	encrypt(&ring->keys[0], purpose, seed, block, n, bytes);
	rg__buf_add(out, (rg_str){ letters, print_base64(bytes, sealed, letters) });
	sodium_memzero(block, HASHED + n);
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

rg_status rg__unseal_escaped(const rg__ring *ring, int purpose, rg_str token, rg__buf *plain)
{
	rg__buf room = { 0 };

	if (!ring)
		return RG_ENOENT;
	if (token.n == 0 || !memchr(token.p, '%', token.n))
		return rg__unseal(ring, purpose, token, plain);
	rg__buf_add(&room, token);
	rg_status status = room.failed ? RG_ENOMEM : rg__unescape(token, room.p, &room.n) == RG_OK ? RG_OK : RG_ENOENT;

	if (status == RG_OK)
		status = rg__unseal(ring, purpose, (rg_str){ room.p, room.n }, plain);
	rg__buf_free(&room);
	return status;
}
