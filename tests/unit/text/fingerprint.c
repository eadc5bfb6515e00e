/* SPDX-License-Identifier: MIT */
#include "page.h"
#include "text/text.h"

Test(fingerprint, values_are_framed)
{
	uint64_t split = rg__fingerprint(rg__fingerprint(0, 1, RG_STR("ab")), 1, RG_STR("c"));

	cr_expect_neq(split, rg__fingerprint(rg__fingerprint(0, 1, RG_STR("a")), 1, RG_STR("bc")));
	cr_expect_neq(split, rg__fingerprint(0, 1, RG_STR("abc")));
	cr_expect_neq(rg__fingerprint(0, 1, RG_STR("a")), rg__fingerprint(0, 2, RG_STR("a")));
	cr_expect_neq(rg__fingerprint(0, 1, RG_STR("")), 0);
}

/* Phones that count something up in their Contact differ in a few bits. */
Test(fingerprint, contacts_that_differ_in_one_bit_have_fingerprints_far_apart)
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
Test(fingerprint, it_is_the_same_on_every_machine)
{
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("abc")), 0x92bc4dcb89046d34u);
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("abcdefghijk")), 0x36a6be5c8f772956u);
	cr_expect_eq(rg__fingerprint(0, 1, RG_STR("")), rg__fingerprint(0, 1, (rg_str){ NULL, 0 }));
}

Test(fingerprint, it_is_that_of_the_page_on_the_format)
{
	char *text = page_text(), *at = text, *block = page_block(&at, "add"), *line;
	uint32_t n = 0;

	for (; (line = page_line(&block)) != NULL; n++) {
		char *open = strchr(line, '"'), *close = strrchr(line, '"');

		cr_assert(open && close > open);
		rg_str value = { open + 1, (size_t)(close - open - 1) };
		uint64_t got = rg__fingerprint(0, (uint32_t)strtoul(line, NULL, 10), value);
		cr_expect_eq(got, strtoull(close + 1, NULL, 16), "%s: %016llx", line, (unsigned long long)got);
	}
	cr_expect_geq(n, 8);
	free(text);
}
