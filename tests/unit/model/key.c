/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>
#include <rgstr/record.h>

static void prints(rg_str user, rg_str host, const char *text)
{
	const rg_key key = { RG_STR("location"), user, host };
	char room[64];
	size_t n = rg_key_print(&key, room, sizeof room);

	cr_expect_eq(n, strlen(text), "%s", text);
	cr_expect_eq(memcmp(room, text, n), 0, "%s: %.*s", text, (int)n, room);
}

Test(key, it_prints_what_it_has)
{
	prints(RG_STR("alice"), RG_STR("h"), "alice@h");
	prints(RG__ABSENT, RG_STR("h"), "h");
	prints(RG_STR("alice"), RG__ABSENT, "alice");
	prints(RG__ABSENT, RG__ABSENT, "");
}

Test(key, what_could_be_misread_is_escaped)
{
	prints(RG_STR("a@b:c%"), RG_STR("h"), "a%40b%3Ac%25@h");
	prints(RG_STR("a\r\nb\0<>\""), RG_STR("h"), "a%0D%0Ab%00%3C%3E%22@h");
	prints(RG_STR("\xc3\xa9 +1;x=y"), RG_STR("[::1]"), "%C3%A9%20+1;x=y@[::1]");
}

Test(key, a_small_room_is_filled_and_the_whole_length_told)
{
	const rg_key key = { RG_STR("location"), RG_STR("a b"), RG_STR("h") };
	char room[8] = "xxxxxxx";

	cr_expect_eq(rg_key_print(&key, NULL, 0), 7);
	cr_expect_eq(rg_key_print(&key, room, 3), 7);
	cr_expect_str_eq(room, "a%2xxxx");
}

Test(key, without_a_key_or_a_room_nothing_is_printed)
{
	const rg_key plain = { RG_STR("location"), RG_STR("alice"), RG_STR("h") }, escaped = { RG_STR("location"), RG_STR("a b"), RG_STR("h") };
	char room[8] = "xxxxxxx";

	cr_expect_eq(rg_key_print(NULL, room, sizeof room), 0);
	cr_expect_eq(rg_key_print(NULL, NULL, 0), 0);
	cr_expect_str_eq(room, "xxxxxxx");
	cr_expect_eq(rg_key_print(&plain, NULL, 100), 7);
	cr_expect_eq(rg_key_print(&escaped, NULL, 100), 7);
}

Test(key, equal_means_every_part)
{
	const rg_key a = { RG_STR("location"), RG_STR("ab"), RG_STR("c") };
	rg_key b = a;

	cr_expect_eq(rg_key_equal(&a, &b), 1);
	b.user = RG_STR("a");
	b.host = RG_STR("bc");
	cr_expect_eq(rg_key_equal(&a, &b), 0);
	b = a;
	b.domain = RG_STR("other");
	cr_expect_eq(rg_key_equal(&a, &b), 0);
	b = a;
	b.host = RG__ABSENT;
	cr_expect_eq(rg_key_equal(&a, &b), 0);
}
