/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>
#include <stdio.h>

Test(addr, one_address_has_one_canonical_text)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" }, { "192.0.2.1:5060", "192.0.2.1:5060" }, { "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255:65535", "255.255.255.255:65535" },
		{ "::", "::" }, { "::1", "::1" }, { "[::1]", "::1" }, { "[::1]:5060", "[::1]:5060" }, { "1::", "1::" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" }, { "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, { "1:0:0:2:0:0:0:3", "1:0:0:2::3" }, { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6::", "1:2:3:4:5:6::" }, { "::ffff:192.0.2.1", "192.0.2.1" }, { "[::ffff:c000:201]:80", "192.0.2.1:80" },
		{ "::192.0.2.1", "::c000:201" }, { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" }, { "fe80:0:0:0:a00:0:0:10", "fe80::a00:0:0:10" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char room[64];
		rg_addr addr, again;
		cr_assert_eq(rg_addr_parse(rg_str_from(cases[i].text), &addr), RG_OK, "%s", cases[i].text);
		rg_str printed = rg_addr_print(&addr, room, sizeof room);
		cr_expect(rg__eq(printed, rg_str_from(cases[i].printed)), "%s: %.*s", cases[i].text, (int)printed.n, printed.p);
		cr_expect_eq(rg_addr_parse(printed, &again), RG_OK);
		cr_expect_arr_eq(&addr, &again, sizeof addr);
	}
}

Test(addr, what_is_no_address_is_refused_and_leaves_nothing)
{
	static const char *const cases[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "01.2.3.4", "1..2.3", "1.2.3.", ".1.2.3.4",
		"1.2.3.4 ", " 1.2.3.4",
		"1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:5060x", "1.2.3.4:99999999999999999999", "[1.2.3.4]",
		"[1.2.3.4]:5060",
		":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "[::1", "::1]", "[]", "[", "[::1]5060", "[::1]:",
		"[::1]:0", "fe80::1%eth0",
		"0x7f.0.0.1", "localhost", "+1.2.3.4", "1000.2.3.4" };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static const rg_addr none = { 0 };
		rg_addr addr;
		memset(&addr, 0xff, sizeof addr);
		cr_expect_eq(rg_addr_parse(rg_str_from(cases[i]), &addr), RG_EINVAL, "%s", cases[i]);
		cr_expect_arr_eq(&addr, &none, sizeof addr, "%s", cases[i]);
	}
	rg_addr addr;
	cr_expect_eq(rg_addr_parse(RG_STR("::1\0"), &addr), RG_EINVAL);
	cr_expect_eq(rg_addr_parse(RG__ABSENT, &addr), RG_EINVAL);
}

Test(addr, each_number_of_an_ip4_address_is_at_most_255_and_has_no_leading_zero)
{
	char text[64];

	for (int value = 0; value <= 1100; value++) {
		for (int zeros = 0; zeros < 2; zeros++) {
			for (int part = 0; part < 4; part++) {
				size_t n = 0;
				rg_addr addr;

				for (int i = 0; i < 4; i++)
					n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%d", i ? "." : "", zeros && i == part ? "0" : "", i == part ? value : i);
				bool good = rg__ip4_parse((rg_str){ text, n }, &addr);
				cr_assert_eq(good, zeros == 0 && value <= 255, "%s", text);
				cr_assert_eq(addr.ip[part], good ? value : 0, "%s", text);
				cr_assert_eq(addr.family, good ? 4 : 0, "%s", text);
			}
		}
	}
}

Test(addr, too_small_a_room_prints_nothing)
{
	rg_addr addr;
	char room[10];

	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.10"), &addr), RG_OK);
	cr_expect_eq(rg_addr_print(&addr, room, 10).n, 10);
	cr_expect_null(rg_addr_print(&addr, room, 9).p);
	cr_expect_null(rg_addr_print(&addr, NULL, 0).p);
	cr_expect_null(rg_addr_print(&addr, NULL, sizeof room).p);
	cr_expect_null(rg_addr_print(NULL, room, sizeof room).p);
	addr.family = 0;
	cr_expect_null(rg_addr_print(&addr, room, sizeof room).p);
}

static int match(const char *a, const char *b)
{
	rg_addr x, y;

	rg_addr_parse(rg_str_from(a), &x);
	rg_addr_parse(rg_str_from(b), &y);
	cr_expect_eq(rg_addr_match(&x, &y), rg_addr_match(&y, &x));
	return rg_addr_match(&x, &y);
}

Test(addr, port_zero_matches_any_port)
{
	cr_expect_eq(match("1.2.3.4:5060", "1.2.3.4:5060"), 1);
	cr_expect_eq(match("1.2.3.4:5060", "1.2.3.4"), 1);
	cr_expect_eq(match("1.2.3.4:5060", "1.2.3.4:5061"), 0);
	cr_expect_eq(match("1.2.3.4", "1.2.3.5"), 0);
	cr_expect_eq(match("::1", "[0:0::1]:5060"), 1);
	cr_expect_eq(match("::ffff:1.2.3.4", "1.2.3.4"), 1);
	cr_expect_eq(match("102:304::", "1.2.3.4"), 0);
}

Test(addr, none_matches_nothing)
{
	cr_expect_eq(match("", ""), 0);
	cr_expect_eq(match("", "0.0.0.0"), 0);
}
