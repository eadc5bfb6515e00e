/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(str, a_slice_of_null_is_absent)
{
	cr_expect_null(rg_str_from(NULL).p);
	cr_expect_eq(rg_str_from(NULL).n, 0);
	cr_expect_not_null(rg_str_from("").p);
	cr_expect_eq(rg_str_from("abc").n, 3);
}

Test(str, slices_are_equal_octet_by_octet)
{
	cr_expect_eq(rg_str_equal(RG_STR("a\0b"), RG_STR("a\0b")), 1);
	cr_expect_eq(rg_str_equal(RG_STR("a\0b"), RG_STR("a\0c")), 0);
	cr_expect_eq(rg_str_equal(RG_STR("a"), RG_STR("A")), 0);
	cr_expect_eq(rg_str_equal(RG__ABSENT, RG_STR("")), 1);
}

Test(str, the_version_is_three_numbers)
{
	int major, minor, patch;

	cr_expect_eq(sscanf(rg_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

Test(str, null_may_be_released)
{
	void *p = malloc(1); /* a sanitizer sees that it is released */

	cr_assert_not_null(p);
	rg_mem_free(p);
	rg_mem_free(NULL);
}
