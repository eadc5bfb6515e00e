/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>

Test(buf, what_is_added_stands_one_behind_the_other)
{
	rg__buf b = { 0 };

	rg__buf_add_text(&b, "q=");
	rg__buf_add_int(&b, INT64_MIN);
	rg__buf_add(&b, RG_STR("\0x"));
	rg__buf_add(&b, RG__ABSENT);
	rg__buf_add_int(&b, 0);
	rg__buf_add_int(&b, INT64_MAX);
	rg_str all = { b.p, b.n };
	cr_expect(rg__eq(all, RG_STR("q=-9223372036854775808\0x09223372036854775807")));
	cr_expect_not(b.failed);
	rg__buf_free(&b);
	cr_expect_null(b.p);
	cr_expect_eq(b.n, 0);
}

Test(buf, it_grows_past_any_first_size)
{
	rg__buf b = { 0 };

	for (int i = 0; i < 100000; i++)
		rg__buf_add(&b, RG_STR("abc"));
	cr_assert_eq(b.n, 300000);
	for (size_t i = 0; i < b.n; i++)
		cr_assert_eq(b.p[i], "abc"[i % 3]);
	rg__buf_free(&b);
}

Test(buf, what_cannot_be_had_marks_it_failed_and_stops_it)
{
	rg__buf b = { 0 };

	rg__buf_add(&b, RG_STR("abc"));
	rg__buf_add(&b, (rg_str){ b.p, SIZE_MAX });
	cr_expect(b.failed);
	rg__buf_add(&b, RG_STR("d"));
	cr_expect_eq(b.n, 3);
	rg__buf_free(&b);
	cr_expect_not(b.failed);
}
