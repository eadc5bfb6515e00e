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
