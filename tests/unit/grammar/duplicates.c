/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include <criterion/criterion.h>
#include <stdio.h>

Test(duplicates, a_name_is_new_once_in_any_case)
{
	rg__names names;

	rg__names_init(&names, false);
	cr_expect(rg__names_add(&names, RG_STR("transport")));
	cr_expect(rg__names_add(&names, RG_STR("transpor")));
	cr_expect_not(rg__names_add(&names, RG_STR("Transport")));
	cr_expect_eq(names.n, 2);
}

Test(duplicates, an_escaped_name_is_the_name_in_a_uri_and_another_in_a_header)
{
	rg__names names;

	for (int escapes = 0; escapes < 2; escapes++) {
		rg__names_init(&names, escapes);
		cr_expect(rg__names_add(&names, RG_STR("lr")));
		cr_expect_eq(rg__names_add(&names, RG_STR("%6Cr")), !escapes);
		rg__names_init(&names, escapes);
		cr_expect(rg__names_add(&names, RG_STR("%6cr")));
		cr_expect_eq(rg__names_add(&names, RG_STR("LR")), !escapes);
	}
}

/* The first eight are compared one by one, those that follow by their hash: none is lost on the way from one to the other. */
Test(duplicates, a_name_that_comes_back_is_found_wherever_both_stand)
{
	static char room[RG__PARAMS_MAX][8];
	rg__names names;

	for (int escapes = 0; escapes < 2; escapes++) {
		for (int n = 1; n < 20; n++) {
			for (int back = 0; back < n; back++) {
				rg__names_init(&names, escapes);
				for (int i = 0; i < n; i++) {
					snprintf(room[i], sizeof room[i], escapes && i % 5 == 2 ? "%%70%d" : "p%d", i);
					cr_assert(rg__names_add(&names, rg_str_from(room[i])), "%s", room[i]);
				}
				snprintf(room[n], sizeof room[n], "P%d", back);
				cr_expect_not(rg__names_add(&names, rg_str_from(room[n])), "%s after %d", room[n], n);
			}
		}
	}
}

/* More names than the filter has bits for two of them never to meet: the ones that meet must be compared, not believed. */
Test(duplicates, names_that_hash_alike_are_still_told_apart)
{
	static char room[40 * RG__PARAMS_MAX][16];
	rg__names names;

	for (int set = 0; set < 40; set++) {
		rg__names_init(&names, set & 1);
		for (int i = set * RG__PARAMS_MAX; i < (set + 1) * RG__PARAMS_MAX; i++) {
			snprintf(room[i], sizeof room[i], "p%d", i);
			cr_expect(rg__names_add(&names, rg_str_from(room[i])), "%s", room[i]);
		}
		cr_expect_not(rg__names_add(&names, RG_STR("one-too-many")));
	}
}
