/* SPDX-License-Identifier: MIT */
#include "message/reasons.h"
#include <criterion/criterion.h>
#include <rgstr/response.h>
#include <string.h>
#include <strings.h>

Test(reason, numbers_are_without_gaps_and_every_row_is_full)
{
	cr_assert_eq(rg_reason_count(), RG__REASON_COUNT);
	for (int32_t i = 0; i < rg_reason_count(); i++) {
		cr_assert_not_null(rg_reason_name(i), "%d", i);
		cr_assert_not(strncmp(rg_reason_name(i), "RG_", 3) == 0);
		cr_assert_not_null(rg_reason_text(i));
		cr_assert_str_neq(rg_sip_phrase(rg_reason_code(i)), "Unknown", "%d", rg_reason_code(i));
	}
}

Test(reason, a_refusal_and_its_statistic_have_one_name)
{
	static const char *const statistics[] = {
#define STATISTIC(name, value, code, statistic, text) [value] = statistic,
		RG__REASON_MAP(STATISTIC)
#undef STATISTIC
	};

	cr_expect_str_eq(statistics[RG_R_FINE], "accepted_regs");
	for (int32_t i = RG_R_FINE + 1; i < rg_reason_count(); i++) {
		cr_assert(strncmp(statistics[i], "rejects_", 8) == 0, "%s", statistics[i]);
		cr_expect_eq(strcasecmp(statistics[i] + 8, rg_reason_name(i)), 0, "%s", statistics[i]);
		cr_expect_eq(strpbrk(statistics[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), NULL, "%s", statistics[i]);
	}
}

Test(reason, samples_are_those_of_the_table)
{
	cr_assert_str_eq(rg_reason_name(RG_R_FINE), "FINE");
	cr_assert_str_eq(rg_reason_name(RG_R_INV_CSEQ), "INV_CSEQ");
	cr_assert_str_eq(rg_reason_text(RG_R_STAR_EXP), "* used in contact and expires is not zero");
	cr_assert_eq(rg_reason_code(RG_R_TOO_MANY), 503);
	cr_assert_eq(rg_reason_code(RG_R_PNS_UNSUP), 555);
}

Test(reason, unknown_numbers_are_told)
{
	const int32_t unknown[] = { -1, rg_reason_count(), INT32_MAX, INT32_MIN };

	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		cr_assert_null(rg_reason_name(unknown[i]));
		cr_assert_null(rg_reason_text(unknown[i]));
		cr_assert_eq(rg_reason_code(unknown[i]), 0);
		cr_assert_str_eq(rg_sip_phrase(unknown[i]), "Unknown");
	}
}

Test(reason, phrases_are_the_standard_ones)
{
	cr_assert_str_eq(rg_sip_phrase(200), "OK");
	cr_assert_str_eq(rg_sip_phrase(420), "Bad Extension");
	cr_assert_str_eq(rg_sip_phrase(480), "Temporarily Unavailable");
	cr_assert_str_eq(rg_sip_phrase(503), "Service Unavailable");
	cr_assert_str_eq(rg_sip_phrase(0), "Unknown");
}
