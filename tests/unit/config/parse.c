/* SPDX-License-Identifier: MIT */
#include "config/parse.h"
#include <criterion/criterion.h>

Test(parse, whole_numbers_within_their_range)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool good;
		int64_t value;
	} cases[] = {
		{ "0", 0, 9, true, 0 }, { "9", 0, 9, true, 9 }, { "10", 0, 9, false, 0 }, { "4", 5, 9, false, 0 }, { "5", 5, 9, true, 5 },
		{ "", 0, 9, false, 0 }, { "-0", 0, 9, false, 0 }, { "007", 0, 9, true, 7 }, { "4294967295", 0, 4294967295, true, 4294967295 },
		{ "4294967296", 0, 4294967295, false, 0 }, { "18446744073709551615", 0, 4294967295, false, 0 },
		{ "99999999999999999999999", 0, 4294967295, false, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t value = -7;
		rg_status status = rg__value_int(RG_STR("n"), rg_str_from(cases[i].text), cases[i].min, cases[i].max, &value, NULL);
		cr_assert_eq(status, cases[i].good ? RG_OK : RG_EINVAL, "'%s'", cases[i].text);
		cr_assert_eq(value, cases[i].good ? cases[i].value : -7, "'%s'", cases[i].text);
	}
}

Test(parse, long_values_are_shown_cut)
{
	char text[500];
	rg_error *why = rg_error_new();
	int64_t value;

	memset(text, 'x', sizeof text);
	cr_assert_eq(rg__value_int(RG_STR("n"), (rg_str){ text, sizeof text }, 0, 1, &value, why), RG_EINVAL);
	cr_assert_lt(rg_error_text(why).n, 150);
	rg_error_free(why);
}

Test(parse, matching_modes)
{
	static const struct {
		const char *text;
		int mode; /* -1 = none */
		const char *param;
	} cases[] = {
		{ "0", RG__MATCH_URI, NULL }, { "1", RG__MATCH_URI_CALLID, NULL }, { "instance", RG__MATCH_INSTANCE, NULL },
		{ "<rinstance>", RG__MATCH_PARAM, "rinstance" }, { "<instance>", RG__MATCH_PARAM, "instance" }, { "<0>", RG__MATCH_PARAM, "0" },
		{ "", -1, NULL }, { "2", -1, NULL }, { "<>", -1, NULL }, { "<a", -1, NULL }, { "a>", -1, NULL }, { "<a=b>", -1, NULL },
		{ "<a>>", -1, NULL }, { "Instance", -1, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__matching m;
		cr_assert_eq(rg__value_matching(rg_str_from(cases[i].text), &m), cases[i].mode >= 0, "'%s'", cases[i].text);
		if (cases[i].mode < 0)
			continue;
		cr_assert_eq(m.mode, cases[i].mode, "'%s'", cases[i].text);
		cr_assert(rg__eq(m.param, rg_str_from(cases[i].param)), "'%s'", cases[i].text);
	}
}
