/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>

#define OF(literal) { literal, sizeof(literal) - 1 }

static const char *printed(rg__print *p, char *room)
{
	room[p->out.n] = '\0';
	return room;
}

Test(print, a_value_is_one_line_whatever_it_holds)
{
	static const struct {
		rg_str value;
		const char *line;
	} rows[] = {
		{ { "", 0 }, "v:\n" },
		{ { NULL, 0 }, "" },
		{ OF("two words"), "v: two words\n" },
		{ OF(" ends "), "v: \\x20ends\\x20\n" },
		{ OF(" "), "v: \\x20\n" },
		{ OF("a\r\nevent: X"), "v: a\\x0d\\x0aevent: X\n" },
		{ OF("\\x0a"), "v: \\\\x0a\n" },
		{ OF("a\0b\t\x7f"), "v: a\\x00b\\x09\\x7f\n" },
		{ OF("\xc3\xa9\xc2\x85\xe2\x80\xa8\xff"), "v: \\xc3\\xa9\\xc2\\x85\\xe2\\x80\\xa8\\xff\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char room[256];
		rg__print p;
		size_t n = 7;

		cr_assert(rg__print_open(&p, 0, room, sizeof room, &n));
		cr_expect_eq(n, 0);
		rg__print_text(&p, "v", rows[i].value);
		cr_expect_str_eq(printed(&p, room), rows[i].line);
	}
}

Test(print, numbers_and_depths)
{
	char room[256];
	rg__print p;
	size_t n;

	cr_assert(rg__print_open(&p, 0, room, sizeof room, &n));
	rg__print_mark(&p, "top");
	p.depth = 2;
	rg__print_int(&p, "least", INT64_MIN);
	rg__print_int(&p, "most", INT64_MAX);
	p.depth = 1;
	rg__print_hex(&p, "hex", UINT64_C(0xfedcba9876543210));
	rg__print_hex(&p, "small", 15);
	rg__print_word(&p, "word", "so");
	cr_expect_str_eq(printed(&p, room),
		"top\n"
		"    least: -9223372036854775808\n"
		"    most: 9223372036854775807\n"
		"  hex: fedcba9876543210\n"
		"  small: 000000000000000f\n"
		"  word: so\n");
}

Test(print, a_part_that_is_empty_leaves_no_space)
{
	char room[256];
	rg__print p;
	size_t n;

	cr_assert(rg__print_open(&p, 0, room, sizeof room, &n));
	rg__print_begin(&p, "header");
	rg__print_value(&p, RG_STR("Name"));
	rg__print_value(&p, (rg_str){ "", 0 });
	rg__print_value(&p, RG_STR(" x"));
	rg__print_end(&p);
	cr_expect_str_eq(printed(&p, room), "header: Name \\x20x\n");
}

Test(print, a_size_needs_a_room_and_a_length_a_place)
{
	char room[1];
	rg__print p;
	size_t n = 7;

	cr_expect_not(rg__print_open(&p, 0, NULL, 1, &n));
	cr_expect_eq(n, 0);
	cr_expect_not(rg__print_open(&p, 0, room, 1, NULL));
	cr_expect(rg__print_open(&p, 0, NULL, 0, &n));
}
