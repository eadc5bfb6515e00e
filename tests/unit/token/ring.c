/* SPDX-License-Identifier: MIT */
#include "token/token.h"
#include <criterion/criterion.h>
#include <stdio.h>

static const uint8_t seed[32] = { 1, 2, 3 };

static rg_status try_secrets(const char *secrets)
{
	rg__ring *ring = (rg__ring *)&ring;
	rg_status st = rg__ring_new(secrets ? rg_str_from(secrets) : RG__ABSENT, &ring);

	cr_expect_eq(ring == NULL, st != RG_OK, "%s", secrets);
	rg__ring_unref(ring);
	return st;
}

Test(ring, a_list_has_one_to_64_secrets_and_none_is_empty)
{
	static const char *const bad[] = { NULL, "", " ", ",", "a,", ",a", "a,,b", "a, \t,b" };
	static const char *const good[] = { "a", " a ", "a,b", "a , b", "top secret" };
	char many[200];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(try_secrets(bad[i]), RG_EINVAL, "%s", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect_eq(try_secrets(good[i]), RG_OK, "%s", good[i]);
	memset(many, 0, sizeof many);
	for (int i = 0; i < 64; i++)
		strcat(many, i ? ",s" : "s");
	cr_expect_eq(try_secrets(many), RG_OK);
	strcat(many, ",s");
	cr_expect_eq(try_secrets(many), RG_EINVAL);
}

/* 1: a token that @p sealing sealed opens with @p opening. */
static int opens(const char *sealing, const char *opening)
{
	rg__ring *seals, *reads;
	rg__buf token = { 0 }, plain = { 0 };

	cr_assert_eq(rg__ring_new(rg_str_from(sealing), &seals), RG_OK);
	cr_assert_eq(rg__ring_new(rg_str_from(opening), &reads), RG_OK);
	cr_assert_eq(rg__seal(seals, RG__SEAL_GRUU, seed, RG_STR("x"), &token), RG_OK);
	rg_status st = rg__unseal(reads, RG__SEAL_GRUU, (rg_str){ token.p, token.n }, &plain);
	cr_assert(st == RG_OK || st == RG_ENOENT);
	rg__buf_free(&token);
	rg__buf_free(&plain);
	rg__ring_unref(seals);
	rg__ring_unref(reads);
	return st == RG_OK;
}

Test(ring, the_first_secret_seals_and_each_opens)
{
	cr_expect(opens("new", "new"));
	cr_expect(opens("old", "new,old"));
	cr_expect(opens(" old ", "new, old"), "blanks around a secret do not count");
	cr_expect_not(opens("new,old", "old"), "only the first secret seals");
	cr_expect_not(opens("new", "New"));
	cr_expect_not(opens("ab", "a,b"));
	cr_expect_not(opens("a b", "ab"));
}

Test(ring, no_ring_has_references)
{
	cr_expect_null(rg__ring_ref(NULL));
	rg__ring_unref(NULL);
}
