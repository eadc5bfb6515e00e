/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static const uint8_t seed[32] = { 7 }, other_seed[32] = { 8 };

static rg__ring *keys_of(const char *secrets)
{
	rg__ring *ring;

	cr_assert_eq(rg__ring_new(rg_str_from(secrets), &ring), RG_OK);
	return ring;
}

static rg__buf purr_of(const rg__ring *ring, const uint8_t *with, const rg_key *key, uint64_t binding)
{
	rg__buf token = { 0 };

	cr_assert_eq(rg__purr_seal(ring, with, key, binding, &token), RG_OK);
	return token;
}

static rg_str bytes(const rg__buf *b)
{
	return (rg_str){ b->p, b->n };
}

static rg_status status_of(rg_str token, const rg__ring *ring)
{
	rg__purr *purr = (rg__purr *)&seed;
	rg_status status = rg__purr_read(token, ring, &purr);

	cr_expect((status == RG_OK) == (purr != NULL), "only RG_OK gives something out");
	rg__purr_free(purr);
	return status;
}

#define KEY(d, u, h) { { d, sizeof d - 1 }, { u, sizeof u - 1 }, { h, sizeof h - 1 } }

Test(purr, a_token_names_the_aor_and_the_binding_it_was_sealed_for)
{
	static const rg_key keys[] = { KEY("location", "alice", "example.com"), KEY("", "alice", "example.com"), KEY("other", "alice", "example.com"),
		KEY("location", "", "example.com"), KEY("location", "alice", ""), KEY("location", "a\0\n;%@\xff", "[2001:db8::1]") };
	static const uint64_t ids[] = { 1, 0x0123456789abcdef, UINT64_MAX };
	rg__ring *ring = keys_of("s");

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
			rg__buf token = purr_of(ring, seed, &keys[i], ids[k]);
			rg__purr *purr;

			cr_assert_eq(rg__purr_read(bytes(&token), ring, &purr), RG_OK, "%zu", i);
			cr_expect_eq(purr->binding, ids[k]);
			cr_expect(rg__eq(purr->key.user, keys[i].user) && rg__eq(purr->key.host, keys[i].host), "%zu", i);
			cr_expect(rg__eq(purr->key.domain, keys[i].domain.n > 0 ? keys[i].domain : RG_STR("location")), "%zu", i);
			rg__purr_free(purr);
			rg__buf_free(&token);
		}
	}
	rg__ring_unref(ring);
}

Test(purr, each_secret_of_the_ring_opens_and_no_other)
{
	static const rg_key key = KEY("location", "alice", "example.com");
	rg__ring *before = keys_of("old"), *after = keys_of("new, old"), *foreign = keys_of("new");
	rg__buf token = purr_of(before, seed, &key, 5);

	cr_expect_eq(status_of(bytes(&token), before), RG_OK);
	cr_expect_eq(status_of(bytes(&token), after), RG_OK);
	cr_expect_eq(status_of(bytes(&token), foreign), RG_ENOENT);
	cr_expect_eq(status_of(bytes(&token), NULL), RG_ENOENT);
	rg__buf_free(&token);
	rg__ring_unref(before);
	rg__ring_unref(after);
	rg__ring_unref(foreign);
}

Test(purr, every_flipped_bit_and_every_cut_is_none_of_ours)
{
	static const rg_key key = KEY("location", "alice", "example.com");
	rg__ring *ring = keys_of("s");
	rg__buf token = purr_of(ring, seed, &key, 5);

	for (size_t i = 0; i < token.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			token.p[i] = (char)(token.p[i] ^ 1 << bit);
			cr_expect_eq(status_of(bytes(&token), ring), RG_ENOENT, "octet %zu, bit %d", i, bit);
			token.p[i] = (char)(token.p[i] ^ 1 << bit);
		}
		cr_expect_eq(status_of((rg_str){ token.p, i }, ring), RG_ENOENT, "cut to %zu", i);
	}
	cr_expect_eq(status_of(RG__ABSENT, ring), RG_ENOENT);
	cr_expect_eq(status_of(bytes(&token), ring), RG_OK);
	rg__buf_free(&token);
	rg__ring_unref(ring);
}

Test(purr, a_sealed_text_of_another_purpose_or_another_form_is_none_of_ours)
{
	static const char *const plain[] = { "", "\0", "\0""12345678", "\0""12345678\0\0\0\1a", "\0""12345678\0\0\0\1a\0\2b",
		"\0""12345678\0\0\0\1a\0\1bc", "\1""12345678\0\0\0\1a\0\1b", "\0""12345678\0\0\0\1a\0\1b" };
	static const size_t lengths[] = { 0, 1, 9, 14, 17, 18, 17, 17 };
	const size_t n = sizeof lengths / sizeof *lengths;
	rg__ring *ring = keys_of("s");

	for (size_t i = 0; i < n; i++) {
		rg__buf purr = { 0 }, gruu = { 0 };

		cr_assert_eq(rg__seal(ring, RG__SEAL_PURR, seed, (rg_str){ plain[i], lengths[i] }, &purr), RG_OK);
		cr_assert_eq(rg__seal(ring, RG__SEAL_GRUU, seed, (rg_str){ plain[i], lengths[i] }, &gruu), RG_OK);
		cr_expect_eq(status_of(bytes(&purr), ring), i == n - 1 ? RG_OK : RG_ENOENT, "%zu", i);
		cr_expect_eq(status_of(bytes(&gruu), ring), RG_ENOENT, "%zu", i);
		rg__buf_free(&purr);
		rg__buf_free(&gruu);
	}
	rg__ring_unref(ring);
}

/* Nobody learns from two PURRs whether they belong to one user. */
Test(purr, two_tokens_of_one_binding_have_nothing_in_common)
{
	static const rg_key key = KEY("location", "alice", "example.com");
	rg__ring *ring = keys_of("s");
	rg__buf a = purr_of(ring, seed, &key, 5), b = purr_of(ring, other_seed, &key, 5), c = purr_of(ring, seed, &key, 6);

	cr_assert(a.n == b.n && a.n == c.n);
	for (size_t at = 2; at + 6 <= a.n; at++) /* the first letters are the version */
		cr_expect(memcmp(a.p + at, b.p + at, 6) != 0 && memcmp(a.p + at, c.p + at, 6) != 0, "at %zu", at);
	rg__buf_free(&a);
	rg__buf_free(&b);
	rg__buf_free(&c);
	rg__ring_unref(ring);
}

Test(purr, names_too_long_for_a_token_are_refused)
{
	static char name[UINT16_MAX + 1];
	rg__ring *ring = keys_of("s");
	rg__buf out = { 0 };

	cr_expect_eq(rg__purr_seal(ring, seed, &(rg_key){ .user = { name, UINT16_MAX + 1 } }, 1, &out), RG_ELIMIT);
	cr_expect_eq(rg__purr_seal(ring, seed, &(rg_key){ .user = { name, RG__SEALED_MAX } }, 1, &out), RG_ELIMIT);
	cr_expect_eq(out.n, 0);
	rg__ring_unref(ring);
}
