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

Test(draw, a_revision_depends_on_the_seed_and_on_the_revision_before)
{
	uint8_t seed[32] = { 1 }, other[32] = { 2 };
	rg_revision none = { { 0 } }, first = rg__draw_revision(seed, &none), second = rg__draw_revision(seed, &first);
	rg_revision elsewhere = rg__draw_revision(other, &none), again = rg__draw_revision(seed, &none);

	cr_expect(rg_revision_equal(&first, &again));
	cr_expect_not(rg_revision_equal(&first, &second));
	cr_expect_not(rg_revision_equal(&first, &elsewhere));
	for (int i = 0; i < 100; i++) {
		seed[3] = (uint8_t)i;
		first = rg__draw_revision(seed, &none);
		cr_expect_not(rg_revision_is_zero(&first));
	}
}
