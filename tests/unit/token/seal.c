/* SPDX-License-Identifier: MIT */
#include "token/token.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static const uint8_t seed[32] = { 1, 2, 3 }, other_seed[32] = { 1, 2, 4 };

static rg__ring *ring_of(const char *secrets)
{
	rg__ring *ring;

	cr_assert_eq(rg__ring_new(rg_str_from(secrets), &ring), RG_OK);
	return ring;
}

static rg_str sealed(const rg__ring *ring, int purpose, const uint8_t *with, rg_str plain)
{
	rg__buf b = { 0 };

	cr_assert_eq(rg__seal(ring, purpose, with, plain, &b), RG_OK);
	return (rg_str){ b.p, b.n };
}

static rg_status unsealed(const rg__ring *ring, int purpose, rg_str token, rg__buf *plain)
{
	*plain = (rg__buf){ 0 };
	rg_status st = rg__unseal(ring, purpose, token, plain);
	cr_expect(st == RG_OK || (plain->n == 0 && !plain->failed), "an error gives nothing out");
	return st;
}

static rg_str octets(size_t n)
{
	char *p = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 7);
	return (rg_str){ p, n };
}

Test(seal, what_was_sealed_comes_back_at_every_length)
{
	static const size_t lengths[] = { 0, 1, 61, 62, 63, 125, 126, 127, 600, 700, 4096, RG__SEALED_MAX - 1, RG__SEALED_MAX };
	rg__ring *ring = ring_of("s");
	rg__buf back;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		rg_str plain = octets(lengths[i]), token = sealed(ring, RG__SEAL_PURR, seed, plain);

		cr_expect_eq(unsealed(ring, RG__SEAL_PURR, token, &back), RG_OK, "%zu", lengths[i]);
		cr_expect(rg__eq((rg_str){ back.p, back.n }, plain), "%zu", lengths[i]);
		for (size_t k = 0; k < token.n; k++)
			cr_assert(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", token.p[k]) && token.p[k], "%zu", k);
		rg__buf_free(&back);
		free((char *)token.p);
		free((char *)plain.p);
	}
	rg__ring_unref(ring);
}

Test(seal, too_much_is_not_sealed)
{
	rg__ring *ring = ring_of("s");
	rg_str plain = octets(RG__SEALED_MAX + 1);
	rg__buf out = { 0 };

	cr_expect_eq(rg__seal(ring, RG__SEAL_GRUU, seed, plain, &out), RG_ELIMIT);
	cr_expect_eq(out.n, 0);
	free((char *)plain.p);
	rg__ring_unref(ring);
}

Test(seal, a_token_tells_its_length_to_a_multiple_of_64_and_nothing_else)
{
	rg__ring *ring = ring_of("s");
	rg_str first = sealed(ring, RG__SEAL_GRUU, seed, RG_STR("")), same = sealed(ring, RG__SEAL_GRUU, seed, RG_STR(""));

	cr_expect(rg__eq(first, same), "the same arguments give the same token");
	free((char *)same.p);
	for (size_t n = 0; n < 400; n++) {
		rg_str plain = octets(n), token = sealed(ring, RG__SEAL_GRUU, seed, plain);
		rg_str again = sealed(ring, RG__SEAL_GRUU, other_seed, plain), purr = sealed(ring, RG__SEAL_PURR, seed, plain);
		size_t alike[2] = { 0 };

		cr_expect_eq(token.n, ((n + 2 + 63) / 64 * 64 + 41) * 4 / 3 + (((n + 2 + 63) / 64 * 64 + 41) * 4 % 3 > 0), "%zu", n);
		cr_assert(again.n == token.n && purr.n == token.n);
		for (size_t i = 2; i < token.n; i++) {
			alike[0] += token.p[i] == again.p[i];
			alike[1] += token.p[i] == purr.p[i];
		}
		/* One place in 64 agrees by chance; a third of the places do not. */
		cr_expect_lt(alike[0] * 3, token.n, "%zu: another seed", n);
		cr_expect_lt(alike[1] * 3, token.n, "%zu: another purpose", n);
		free((char *)plain.p);
		free((char *)token.p);
		free((char *)again.p);
		free((char *)purr.p);
	}
	free((char *)first.p);
	rg__ring_unref(ring);
}

Test(seal, every_flipped_bit_every_cut_and_every_added_letter_is_foreign)
{
	rg__ring *ring = ring_of("a,b");
	rg_str token = sealed(ring, RG__SEAL_GRUU, seed, RG_STR("alice@example.org"));
	char *text = malloc(token.n + 8);
	rg__buf back;

	for (size_t i = 0; i < token.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(text, token.p, token.n);
			text[i] = (char)(text[i] ^ 1 << bit);
			cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ text, token.n }, &back), RG_ENOENT, "octet %zu, bit %d", i, bit);
		}
	}
	for (size_t n = 0; n < token.n; n++)
		cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ token.p, n }, &back), RG_ENOENT, "cut to %zu", n);
	for (size_t more = 1; more <= 8; more++) {
		memcpy(text, token.p, token.n);
		memset(text + token.n, 'A', more);
		cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ text, token.n + more }, &back), RG_ENOENT, "%zu more", more);
	}
	free(text);
	free((char *)token.p);
	rg__ring_unref(ring);
}

Test(seal, another_ring_another_purpose_and_another_version_do_not_open)
{
	rg__ring *ring = ring_of("a"), *foreign = ring_of("b,c,d");
	rg_str token = sealed(ring, RG__SEAL_GRUU, seed, RG_STR("x"));
	char *text = malloc(token.n);
	rg__buf back;

	cr_expect_eq(unsealed(ring, RG__SEAL_PURR, token, &back), RG_ENOENT);
	cr_expect_eq(unsealed(foreign, RG__SEAL_GRUU, token, &back), RG_ENOENT);
	memcpy(text, token.p, token.n);
	cr_assert_eq(memcmp(text, "AQ", 1), 0, "the first octet is the version");
	for (char c = 'B'; c <= 'Z'; c++) {
		text[0] = c;
		cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ text, token.n }, &back), RG_ENOENT, "version %c", c);
	}
	free(text);
	free((char *)token.p);
	rg__ring_unref(ring);
	rg__ring_unref(foreign);
}

Test(seal, what_is_no_token_costs_no_work)
{
	rg__ring *ring = ring_of("a");
	char *text = malloc(1 << 20);
	rg__buf back;

	memset(text, 'A', 1 << 20);
	for (size_t n = 0; n < 4096; n++)
		cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ text, n }, &back), RG_ENOENT);
	cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, (rg_str){ text, 1 << 20 }, &back), RG_ENOENT);
	cr_expect_eq(unsealed(ring, RG__SEAL_GRUU, RG__ABSENT, &back), RG_ENOENT);
	free(text);
	rg__ring_unref(ring);
}

/* With one nonce for two plain texts, their difference would be there to be read. */
Test(seal, two_plain_texts_under_one_seed_share_no_nonce)
{
	static const uint8_t one[32] = { 1 };
	rg__buf a = { 0 }, b = { 0 };
	rg__ring *ring;

	cr_assert_eq(rg__ring_new(RG_STR("secret"), &ring), RG_OK);
	cr_assert_eq(rg__seal(ring, RG__SEAL_GRUU, one, RG_STR("alice"), &a), RG_OK);
	cr_assert_eq(rg__seal(ring, RG__SEAL_GRUU, one, RG_STR("alicf"), &b), RG_OK);
	for (size_t at = 2; at + 8 <= a.n; at++) /* the first letters are the version */
		cr_expect_neq(memcmp(a.p + at, b.p + at, 8), 0, "at %zu", at);
	rg__buf_free(&a);
	rg__buf_free(&b);
	rg__ring_unref(ring);
}
