/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define SAME(slice, literal) cr_expect(rg__eq(slice, RG_STR(literal)), "got '%.*s'", (int)(slice).n, (slice).p)

Test(text, ascii_letters_fold_and_nothing_else_does)
{
	cr_expect(rg__eq_nocase(RG_STR("aZ9-"), RG_STR("Az9-")));
	cr_expect(rg__eq_nocase(RG__ABSENT, RG_STR("")));
	cr_expect_not(rg__eq_nocase(RG_STR("ab"), RG_STR("abc")));
	cr_expect_not(rg__eq_nocase(RG_STR("["), RG_STR("{")));
	cr_expect_not(rg__eq_nocase(RG_STR("@"), RG_STR("`")));
	cr_expect_not(rg__eq_nocase(RG_STR("\xc3\x89"), RG_STR("\xc3\xa9")));
}

Test(text, octets_are_the_same_when_none_differs_whatever_their_number)
{
	for (size_t n = 0; n < 40; n++) {
		char *a = malloc(n + 1), *b = malloc(n + 1); /* so that a sanitizer sees a read past them */

		cr_assert(a && b);
		memset(a, 'x', n + 1);
		memset(b, 'x', n + 1);
		a[0] = '?';
		cr_expect(rg__same_octets(a + 1, b + 1, n), "%zu", n);
		for (size_t i = 1; i <= n; i++) {
			b[i] = 'y';
			cr_expect_not(rg__same_octets(a + 1, b + 1, n), "%zu of %zu", i, n);
			b[i] = 'x';
		}
		free(a);
		free(b);
	}
	cr_expect(rg__same_octets(NULL, NULL, 0));
}

Test(text, trimming_takes_spaces_and_tabs_only)
{
	SAME(rg__trim(RG_STR(" \t a b\t ")), "a b");
	SAME(rg__trim(RG_STR(" \t ")), "");
	SAME(rg__trim(RG_STR("\ra\n")), "\ra\n");
	cr_expect_eq(rg__trim(RG__ABSENT).n, 0);
}

Test(text, control_characters_are_found_but_tab_is_allowed)
{
	cr_expect_not(rg__has_control(RG_STR("a\tb \xc3\xa9~")));
	cr_expect(rg__has_control(RG_STR("a\0b")));
	cr_expect(rg__has_control(RG_STR("a\r")));
	cr_expect(rg__has_control(RG_STR("\x1f")));
	cr_expect(rg__has_control(RG_STR("\x7f")));
}

/* Sixteen octets are looked at at once, so each one stands at each place of texts of each length. */
Test(text, a_control_character_is_found_wherever_it_stands)
{
	for (size_t n = 1; n <= 40; n++) {
		char *room = malloc(n); /* of this length, so that a sanitizer sees a read past it */

		for (size_t at = 0; at < n; at++) {
			for (int c = 0; c < 256; c++) {
				if (c > 0x30 && c < 0x7c && c % 8 > 0)
					continue;
				memset(room, n % 2 ? 0x7e : 0xff, n);
				room[at] = (char)c;
				cr_assert_eq(rg__has_control((rg_str){ room, n }), (c < 0x20 && c != '\t') || c == 0x7f, "0x%02x at %zu of %zu", c, at, n);
			}
		}
		free(room);
	}
	cr_expect_not(rg__has_control(RG__ABSENT));
}

Test(text, numbers_saturate_at_the_limit)
{
	static const struct {
		const char *text;
		uint64_t max;
		rg_status status;
		uint64_t value;
	} cases[] = {
		{ "0", 100, RG_OK, 0 }, { "99", 100, RG_OK, 99 }, { "100", 100, RG_OK, 100 }, { "101", 100, RG_OK, 100 },
		{ "00000000000000000000000007", 100, RG_OK, 7 }, { "5", 0, RG_OK, 0 }, { "7", 5, RG_OK, 5 },
		{ "18446744073709551615", UINT64_MAX, RG_OK, UINT64_MAX }, { "18446744073709551616", UINT64_MAX, RG_OK, UINT64_MAX },
		{ "4294967296", UINT32_MAX, RG_OK, UINT32_MAX }, { "99999999999999999999999999", UINT64_MAX, RG_OK, UINT64_MAX },
		{ "", 9, RG_EINVAL, 0 }, { "-1", 9, RG_EINVAL, 0 }, { "+1", 9, RG_EINVAL, 0 }, { " 1", 9, RG_EINVAL, 0 }, { "1 ", 9, RG_EINVAL, 0 },
		{ "99999x", 9, RG_EINVAL, 0 }, { "\"7\"", 9, RG_EINVAL, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t value = 77;
		cr_expect_eq(rg__parse_uint(rg_str_from(cases[i].text), cases[i].max, &value), cases[i].status, "%s", cases[i].text);
		cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
	}
}

Test(text, arithmetic_saturates_at_both_ends)
{
	cr_expect_eq(rg__add_sat(2, 3), 5);
	cr_expect_eq(rg__add_sat(INT64_MAX, 1), INT64_MAX);
	cr_expect_eq(rg__add_sat(1, INT64_MAX), INT64_MAX);
	cr_expect_eq(rg__add_sat(INT64_MIN, -1), INT64_MIN);
	cr_expect_eq(rg__add_sat(INT64_MAX, INT64_MIN), -1);
	cr_expect_eq(rg__sub_sat(2, 3), -1);
	cr_expect_eq(rg__sub_sat(0, INT64_MIN), INT64_MAX);
	cr_expect_eq(rg__sub_sat(INT64_MAX, -1), INT64_MAX);
	cr_expect_eq(rg__sub_sat(INT64_MIN, 1), INT64_MIN);
	cr_expect_eq(rg__sub_sat(-2, INT64_MAX), INT64_MIN);
	cr_expect_eq(rg__sub_sat(INT64_MIN, INT64_MIN), 0);
	cr_expect_eq(rg__mul_sat(-4, 3), -12);
	cr_expect_eq(rg__mul_sat(INT64_MAX, 1000), INT64_MAX);
	cr_expect_eq(rg__mul_sat(INT64_MIN, -1), INT64_MAX);
	cr_expect_eq(rg__mul_sat(INT64_MAX, -2), INT64_MIN);
	cr_expect_eq(rg__mul_sat(INT64_MIN, 2), INT64_MIN);
}

Test(text, one_to_eight_digits_are_a_number_at_once)
{
	static const char text[] = "90817263";
	uint32_t want = 0, got;

	for (size_t n = 1; n <= 8; n++) {
		want = want * 10 + (uint32_t)(text[n - 1] - '0');
		cr_expect(rg__few_digits(text, n, &got));
		cr_expect_eq(got, want);
		for (int octet = 0; octet < 256; octet++) {
			char changed[sizeof text];

			memcpy(changed, text, sizeof text);
			changed[n - 1] = (char)octet;
			cr_expect_eq(rg__few_digits(changed, n, &got), octet >= '0' && octet <= '9', "%d behind %zu digits", octet, n - 1);
		}
	}
}
