/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "rules/draw.h"

Test(draw, the_same_seed_draws_the_same_and_each_purpose_something_else)
{
	uint8_t seed[32] = { 1 }, other[32] = { 1, [31] = 1 };

	cr_expect_eq(rg__draw(seed, 1, 2, 3), rg__draw(seed, 1, 2, 3));
	cr_expect_neq(rg__draw(seed, 1, 2, 3), rg__draw(seed, 2, 2, 3));
	cr_expect_neq(rg__draw(seed, 1, 2, 3), rg__draw(seed, 1, 3, 3));
	cr_expect_neq(rg__draw(seed, 1, 2, 3), rg__draw(seed, 1, 2, 4));
	cr_expect_neq(rg__draw(seed, 1, 2, 3), rg__draw(other, 1, 2, 3));
}

Test(draw, values_are_framed)
{
	uint64_t split = rg__fingerprint(rg__fingerprint(0, 1, RG_STR("ab")), 1, RG_STR("c"));

	cr_expect_neq(split, rg__fingerprint(rg__fingerprint(0, 1, RG_STR("a")), 1, RG_STR("bc")));
	cr_expect_neq(split, rg__fingerprint(0, 1, RG_STR("abc")));
	cr_expect_neq(rg__fingerprint(0, 1, RG_STR("a")), rg__fingerprint(0, 2, RG_STR("a")));
	cr_expect_neq(rg__fingerprint(0, 1, RG_STR("")), 0);
}

/* Phones that count something up in their Contact differ in a few bits. */
Test(draw, contacts_that_differ_in_one_bit_have_fingerprints_far_apart)
{
	char text[48];
	uint64_t plain;

	memset(text, 'a', sizeof text);
	plain = rg__fingerprint(0, 1, (rg_str){ text, sizeof text });
	for (size_t i = 0; i < 8 * sizeof text; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		int far = __builtin_popcountll(plain ^ rg__fingerprint(0, 1, (rg_str){ text, sizeof text }));
		text[i / 8] ^= (char)(1 << i % 8);
		cr_expect(far >= 12 && far <= 52, "bit %zu turns %d", i, far);
	}
}

/* Other nodes compare what this one stored. */
Test(draw, a_fingerprint_is_the_same_on_every_machine)
{
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("abc")), 0x92bc4dcb89046d34u);
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("abcdefghijk")), 0x36a6be5c8f772956u);
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("")), rg__fingerprint(0, 1, (rg_str){ NULL, 0 }));
}
