/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include <criterion/criterion.h>

Test(escape, escapes_are_undone_in_place)
{
	char room[] = "a%40b%C3%a9%25";
	size_t n;

	cr_expect_eq(rg__unescape((rg_str){ room, strlen(room) }, room, &n), RG_OK);
	rg_str got = { room, n };
	cr_expect(rg__eq(got, RG_STR("a@b\xc3\xa9%")));
}

Test(escape, bad_escapes_and_control_characters_are_refused)
{
	static const char *const cases[] = { "%", "%4", "a%zz", "%4g", "%%41", "%00", "a%0d", "%0A", "%09", "%1f", "%7F", "a\tb", "\x7f" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char room[16];
		size_t n;
		cr_expect_eq(rg__unescape(rg_str_from(cases[i]), room, &n), RG_EINVAL, "%s", cases[i]);
	}
}

Test(escape, every_octet_comes_back_and_is_escaped_only_when_it_must)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/";

	for (int c = 0; c < 256; c++) {
		char octet = (char)c, text[3], room[3];
		size_t n = rg__escape_octet(octet, text);
		rg_str escaped = { text, n };
		cr_expect_eq(n, c && strchr(plain, c) ? 1 : 3, "octet %d", c);
		bool control = c < 0x20 || c == 0x7f;
		cr_expect_eq(rg__unescape(escaped, room, &n), control ? RG_EINVAL : RG_OK, "octet %d", c);
		if (!control)
			cr_expect(n == 1 && room[0] == octet, "octet %d", c);
	}
}

Test(escape, escapes_are_printed_in_capitals)
{
	char text[3];
	size_t n = rg__escape_octet('\xff', text);

	cr_expect(rg__eq(((rg_str){ text, n }), RG_STR("%FF")));
}

Test(escape, only_unreserved_octets_equal_their_escapes)
{
	static const struct {
		const char *a, *b;
		bool same, same_nocase;
	} cases[] = {
		{ "a", "%61", true, true }, { "a", "%41", false, true }, { "a", "A", false, true }, { " ", "%20", true, true },
		{ "%c3", "\xc3", true, true },
		{ ";", "%3b", false, false }, { "@", "%40", false, false }, { "+", "%2B", false, false }, { "%3b", "%3B", true, true },
		{ "%2f", "/", false, false },
		{ "ab", "a", false, false }, { "", "", true, true }, { "%25", "%25", true, true }, { "%zz", "%zz", true, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_str a = rg_str_from(cases[i].a), b = rg_str_from(cases[i].b);
		cr_expect_eq(rg__same(a, b), cases[i].same, "%s %s", cases[i].a, cases[i].b);
		cr_expect_eq(rg__same_nocase(a, b), cases[i].same_nocase, "%s %s", cases[i].a, cases[i].b);
		if (cases[i].same_nocase)
			cr_expect_eq(rg__hash_nocase(a), rg__hash_nocase(b), "%s %s", cases[i].a, cases[i].b);
		cr_expect_eq(rg__order(a, b), -rg__order(b, a), "%s %s", cases[i].a, cases[i].b);
		cr_expect_eq(rg__order_nocase(a, b), -rg__order_nocase(b, a), "%s %s", cases[i].a, cases[i].b);
	}
}
