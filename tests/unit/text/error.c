/* SPDX-License-Identifier: MIT */
#include "text/statuses.h"
#include "text/text.h"
#include <criterion/criterion.h>
#include <stdlib.h>

Test(error, every_status_has_its_name_and_text)
{
#define STATUS_CHECK(code, value, text) \
	cr_expect_str_eq(rg_status_name(value), #code); \
	cr_expect_str_eq(rg_strerror(code), text);
	RG__STATUS_MAP(STATUS_CHECK)
#undef STATUS_CHECK
	cr_expect_null(rg_status_name(-9999));
	cr_expect_str_eq(rg_strerror(-9999), "unknown status");
}

Test(error, null_is_an_error_without_failure)
{
	rg_error_free(NULL);
	cr_expect_eq(rg_error_status(NULL), RG_OK);
	cr_expect_str_eq(rg_error_text(NULL).p, "");
	cr_expect_eq(rg__fail(NULL, RG_EINVAL, "nobody listens"), RG_EINVAL);
}

Test(error, the_last_failure_is_the_one_told)
{
	rg_error *why = rg_error_new();

	cr_assert_not_null(why);
	cr_expect_eq(rg_error_status(why), RG_OK);
	cr_expect_eq(rg_error_text(why).n, 0);
	cr_expect_eq(rg__fail(why, RG_EINVAL, "first"), RG_EINVAL);
	cr_expect_eq(rg__fail(why, RG_ENOENT, "no %.*s, %d of them", 3, "abcdef", 7), RG_ENOENT);
	cr_expect_eq(rg_error_status(why), RG_ENOENT);
	cr_expect_str_eq(rg_error_text(why).p, "no abc, 7 of them");
	cr_expect_eq(rg_error_text(why).n, strlen("no abc, 7 of them"));
	rg_error_free(why);
}

Test(error, a_failure_may_quote_the_one_before)
{
	rg_error *why = rg_error_new();

	rg__fail(why, RG_EINVAL, "no number");
	rg__fail(why, RG_EINVAL, "q: %s", rg_error_text(why).p);
	cr_expect_str_eq(rg_error_text(why).p, "q: no number");
	rg_error_free(why);
}

Test(error, quoted_input_cannot_start_a_new_log_line)
{
	rg_error *why = rg_error_new();

	rg__fail(why, RG_EINVAL, "bad '%s'", "a\r\nb\x7f\t");
	cr_expect_str_eq(rg_error_text(why).p, "bad 'a?\?b?\?'");
	rg_error_free(why);
}

Test(error, text_without_end_is_cut)
{
	rg_error *why = rg_error_new();
	char *text = malloc(100001);

	memset(text, 'x', 100000);
	text[100000] = '\0';
	rg__fail(why, RG_ELIMIT, "%s", text);
	cr_expect_lt(rg_error_text(why).n, 2000);
	cr_expect_eq(strlen(rg_error_text(why).p), rg_error_text(why).n);
	free(text);
	rg_error_free(why);
}

/* The text of an error that was told @p text. */
static const char *told(rg_error *why, rg_str text)
{
	cr_assert_eq(rg_error_set(why, RG_EINVAL, text), RG_EINVAL);
	return rg_error_text(why).p;
}

Test(error, a_text_is_utf_8_on_one_line)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a\nb\t\x7f", "a?b??" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e \xf4\x8f\xbf\xbf \xed\x9f\xbf",
			"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e \xf4\x8f\xbf\xbf \xed\x9f\xbf" },
		{ "\x80 \xbf \xc3", "? ? ?" },
		{ "\xc0\xaf \xc1\xbf", "?? ??" },                          /* overlong */
		{ "\xe0\x9f\xbf \xf0\x8f\xbf\xbf", "??? ????" },         /* overlong */
		{ "\xed\xa0\x80 \xf4\x90\x80\x80 \xf5\x80", "??? ???? ??" }, /* a surrogate, and above U+10FFFF */
		{ "\xe2\x82 \xf0\x9f\x93", "?? ???" },                      /* cut */
		{ "\xe2\xc3\xa9", "?\xc3\xa9" },
	};
	rg_error *why = rg_error_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_eq(told(why, rg_str_from(cases[i].text)), cases[i].want, "case %zu", i);
	rg_error_free(why);
}

Test(error, a_text_that_is_cut_ends_with_a_whole_character)
{
	char text[1024 + 2];
	rg_error *why = rg_error_new();

	memset(text, 'a', sizeof text);
	memcpy(text + 1022, "\xe2\x82\xac", 3);
	const char *got = told(why, (rg_str){ text, sizeof text - 1 });
	cr_expect_eq(strlen(got), 1024);
	cr_expect_str_eq(got + 1021, "a??");
	rg_error_free(why);
}
