/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "rules/expiry.h"

#define A "<sip:a@192.0.2.7>"

Test(expiry, the_contact_says_it_before_the_header_before_the_default)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=300" }, .expires = "200");
	cr_expect_eq(answered(&w), 300);
	save(&w, .contact = { A }, .expires = "200", .cseq = "2 REGISTER");
	cr_expect_eq(answered(&w), 200);
	save(&w, .contact = { A }, .cseq = "3 REGISTER");
	cr_expect_eq(answered(&w), 3600);
	cr_expect_eq(binding(&w, 0).expires, START + 3600000);
	set(&w, "default_expires", "1800");
	save(&w, .contact = { A }, .cseq = "4 REGISTER");
	cr_expect_eq(answered(&w), 1800);
	end_world(&w);
}

Test(expiry, large_numbers_are_just_large)
{
	static const char *const large[] = { "4294967295", "4294967296", "9223372036854775808", "18446744073709551616",
		"99999999999999999999" };

	for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
		world w = new_world();

		cr_expect_eq(save(&w, .contact = { A }, .expires = large[i]), 200, "%s", large[i]);
		cr_expect_eq(answered(&w), UINT32_MAX, "%s", large[i]);
		end_world(&w);
	}
}

Test(expiry, nonzero_values_are_clamped_and_calls_override_the_config)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=1" });
	cr_expect_eq(answered(&w), 60);
	set(&w, "max_expires", "7200");
	save(&w, .contact = { A ";expires=2147483648" }, .cseq = "2 REGISTER");
	cr_expect_eq(answered(&w), 7200);
	flags(&w, "min-expires=100,max-expires=200");
	save(&w, .contact = { A ";expires=1" }, .cseq = "3 REGISTER");
	cr_expect_eq(answered(&w), 100);
	save(&w, .contact = { A ";expires=9999" }, .cseq = "4 REGISTER");
	cr_expect_eq(answered(&w), 200);
	end_world(&w);
}

Test(expiry, too_brief_is_refused_where_configured_and_below_an_hour)
{
	world w = new_world();

	set(&w, "min_expires_mode", "reject");
	set(&w, "min_expires", "7200");
	cr_expect_eq(save(&w, .contact = { A ";expires=3599" }), 423);
	same_text(header(&w, "Min-Expires"), "7200");
	cr_expect_null(w.record);
	cr_expect_eq(save(&w, .contact = { A ";expires=3600" }), 200);
	cr_expect_eq(answered(&w), 7200);
	cr_expect_eq(save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER"), 200);
	end_world(&w);
}

Test(expiry, malformed_values_are_refused_or_an_hour_but_never_a_removal)
{
	static const char *const bad[] = { "-1", "abc", "\"7\"", "", "1.5", "0x10", "Thu, 01 Dec 1994 16:00:00 GMT", "00 1" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		world w = new_world();
		char contact[100];

		snprintf(contact, sizeof contact, A ";expires=%s", i == 3 || i > 5 ? "x" : bad[i]);
		cr_expect_eq((save(&w, .contact = { A }, .expires = bad[i]), reason(&w)), RG_R_PARSE_EXP, "%s", bad[i]);
		cr_expect_eq((save(&w, .contact = { contact }), reason(&w)), RG_R_INV_EXP, "%s", contact);
		set(&w, "malformed_expires", "3600");
		cr_expect_eq(save(&w, .contact = { A }, .expires = bad[i]), 200);
		cr_expect_eq(answered(&w), 3600, "%s", bad[i]);
		cr_expect_eq(save(&w, .contact = { contact }, .cseq = "2 REGISTER"), 200);
		cr_expect_eq(answered(&w), 3600, "%s", contact);
		end_world(&w);
	}
}

Test(expiry, a_malformed_header_is_refused_in_a_query_too)
{
	world w = new_world();

	cr_expect_eq(save(&w, .expires = "abc"), 400);
	end_world(&w);
}

Test(expiry, deviation_stays_within_both_bounds_and_what_is_stored_is_answered)
{
	world w = new_world();
	bool below = false, above = false;
	char cseq[32];

	set(&w, "expires_max_deviation", "10");
	set(&w, "min_expires", "95");
	set(&w, "max_expires", "108");
	for (int i = 1; i < 200; i++) {
		snprintf(cseq, sizeof cseq, "%d REGISTER", i);
		cr_assert_eq(save(&w, .contact = { A ";expires=100" }, .cseq = cseq), 200);
		cr_expect(answered(&w) >= 95 && answered(&w) <= 108, "%u", answered(&w));
		cr_expect_eq(binding(&w, 0).expires, START + 1000 * (int64_t)answered(&w));
		below = below || answered(&w) < 100;
		above = above || answered(&w) > 100;
	}
	cr_expect(below && above);
	end_world(&w);
}

Test(expiry, deviation_is_uniform_over_its_whole_range_and_never_removes)
{
	rg__save_settings s = { .expires_max_deviation = 2 };

	for (uint64_t i = 0; i < 5; i++)
		cr_expect_eq(rg__expires_deviate(10, &s, i), 8 + (int64_t)i);
	s.expires_max_deviation = INT64_MAX;
	cr_expect_eq(rg__expires_deviate(10, &s, 0), 1);
	cr_expect_eq(rg__expires_deviate(0, &s, 3), 0);
}

Test(expiry, time_saturates)
{
	cr_expect_eq(rg__expires_at(INT64_MAX - 5, 10), INT64_MAX);
	cr_expect_eq(rg__expires_at(START, INT64_MAX), INT64_MAX);
}
