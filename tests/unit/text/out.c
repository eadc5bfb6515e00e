/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>

static void print_all(rg__out *out)
{
	rg__out_char(out, '<');
	rg__out_add(out, RG_STR("a"));
	rg__out_add(out, RG__ABSENT);
	rg__out_text(out, "b");
	rg__out_uint(out, 0);
	rg__out_uint(out, 65535);
	rg__out_uint(out, UINT32_MAX);
	rg__out_hex(out, (const uint8_t[]){ 0x0f, 0xa0 }, 2);
}

Test(out, counts_the_whole_text_and_writes_what_fits)
{
	static const char whole[] = "<ab06553542949672950fa0";
	const size_t n = sizeof whole - 1;

	for (size_t size = 0; size <= n + 1; size++) {
		char room[sizeof whole + 2];
		rg__out out = { size ? room : NULL, size, 0 };

		memset(room, '#', sizeof room);
		print_all(&out);
		cr_expect_eq(out.n, n);
		cr_expect_eq(memcmp(room, whole, size < n ? size : n), 0, "%zu", size);
		for (size_t i = size < n ? size : n; i < sizeof room; i++)
			cr_expect_eq(room[i], '#', "%zu: octet %zu is written", size, i);
	}
}
