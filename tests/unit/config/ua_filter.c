/* SPDX-License-Identifier: MIT */
#include "config/options.h"
#include <criterion/criterion.h>
#include <stdio.h>

static bool matches(const char *flags, const char *user_agent)
{
	rg_lookup_options *options;
	rg__lookup_settings settings;
	rg_error *why = rg_error_new();

	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, why), RG_OK, "'%s': %s", flags, rg_error_text(why).p);
	rg__lookup_settings_of(NULL, options, &settings);
	cr_assert_not_null(settings.ua_regex);
	bool found = rg__automaton_finds(settings.ua_regex, rg_str_from(user_agent));
	rg_lookup_options_unref(options);
	rg_error_free(why);
	return found;
}

Test(ua_filter, value_is_a_posix_expression_between_slashes)
{
	static const struct {
		const char *flags, *user_agent;
		bool found;
	} cases[] = {
		{ "ua-filtering=/phone/", "my phone 1.0", true },
		{ "ua-filtering=/phone/", "my Phone 1.0", false },
		{ "ua-filtering=/phone/i", "my Phone 1.0", true },
		{ "ua-filtering=/phone/,case-insensitive", "my Phone 1.0", true },
		{ "case-insensitive,ua-filtering=/phone/", "my Phone 1.0", true },
		{ "ua-filtering=/a+b/", "a+b", true },
		{ "ua-filtering=/a+b/", "aab", false },
		{ "ua-filtering=/a+b/e", "aab", true },
		{ "ua-filtering=/a+b/,extended-regexp", "aab", true },
		{ "ua-filtering=/A+b/ie", "aab", true },
		{ "ua-filtering=/A+b/ei", "aab", true },
		{ "ua-filtering=/A+b/iie", "aab", true },
		{ "ua-filtering=/x\\/1,2/", "x/1,2", true },
		{ "ua-filtering=/x,y/ , method-filtering", "x,y", true },
		{ "ua-filtering=/^a\\.b$/", "a.b", true },
		{ "ua-filtering=/^a\\.b$/", "axb", false },
		{ "ua-filtering=/a\\\\/", "a\\", true },
		{ "ua-filtering=/^a\\{3\\}$/", "aaa", true },
		{ "ua-filtering=/^a\\{3\\}$/", "aa", false },
		{ "ua-filtering=/^a{3}$/e", "aaa", true },
		{ "ua-filtering=/=/", "a=b", true },
		{ "ua-filtering=/./", "", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_assert_eq(matches(cases[i].flags, cases[i].user_agent), cases[i].found, "'%s' on '%s'", cases[i].flags, cases[i].user_agent);
}

static void refused(rg_str flags, const char *says)
{
	rg_lookup_options *options;
	rg_error *why = rg_error_new();

	cr_assert_eq(rg_lookup_options_new(flags, &options, why), RG_EINVAL, "'%.*s' is taken", (int)flags.n, flags.p);
	cr_assert_null(options);
	cr_assert(strstr(rg_error_text(why).p, says), "'%s' does not say '%s'", rg_error_text(why).p, says);
	cr_assert(strstr(rg_error_text(why).p, "ua-filtering"), "'%s' does not name the flag", rg_error_text(why).p);
	rg_error_free(why);
}

Test(ua_filter, what_is_no_expression_is_refused)
{
	static const struct {
		const char *flags, *says;
	} cases[] = {
		{ "ua-filtering=phone", "is not /regexp/" },
		{ "ua-filtering=/phone", "is not /regexp/" },
		{ "ua-filtering=/", "is not /regexp/" },
		{ "ua-filtering=/phone\\/", "is not /regexp/" },
		{ "ua-filtering=//", "1 to 255 bytes" },
		{ "ua-filtering=/phone/x", "letters i and e" },
		{ "ua-filtering=/phone/i e", "letters i and e" },
		{ "ua-filtering=/a/b/", "letters i and e" },
		{ "ua-filtering=/a\\(b/", "not a regular expression" },
		{ "ua-filtering=/(/e", "not a regular expression" },
		{ "ua-filtering=/[a/", "not a regular expression" },
		{ "ua-filtering=/\\(a\\)\\1/", "back-references" },
		{ "ua-filtering=/(a)\\1/e", "back-references" },
		{ "ua-filtering=/(a)\\9/e", "back-references" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refused(rg_str_from(cases[i].flags), cases[i].says);
}

Test(ua_filter, escaped_backslash_before_a_digit_is_no_back_reference)
{
	cr_assert(matches("ua-filtering=/a\\\\1/", "a\\1"));
}

Test(ua_filter, size_is_bounded)
{
	char text[300] = "ua-filtering=/";

	memset(text + 14, 'a', 255);
	memcpy(text + 14 + 255, "/", 2);
	cr_assert_not(matches(text, "a"));
	memset(text + 14, 'a', 256);
	memcpy(text + 14 + 256, "/", 2);
	refused(rg_str_from(text), "1 to 255 bytes");
}

static void taken(const char *const *expressions, size_t n)
{
	char flags[300];

	for (size_t i = 0; i < n; i++) {
		snprintf(flags, sizeof flags, "ua-filtering=%s", expressions[i]);
		cr_assert_not(matches(flags, "nothing of the kind"), "%s", flags);
	}
}

Test(ua_filter, repeats_that_multiply_are_refused)
{
	static const char *const bad[] = { "/(a{200}){200}/e", "/(a{1,40}){2,40}/e", "/a\\{1025\\}/", "/a{99999999999999999999}/e",
		"/\\(a\\{40\\}\\)\\{40\\}/", "/((a*)*b?){1000}/e", "/[0-9]{1025}/e", "/a{600}b{600}/e", "/a{40}{40}/e",
		"/a{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}/e", "/(((a{10}b){10}c){10}d){10}/e" };
	static const char *const good[] = { "/^[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}$/e",
		"/(a{30}){30}/", "/a\\{1025\\}/e", "/[{]{200}/e", "/[0-9]{300}/e", "/[]x]{300}/e", "/[[:alpha:]]{300}/e",
		"/[(a{999})]/e", "/(a{10}b{10}){10}/e", "/Z{,5}Q/e" };
	char flags[128];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(flags, sizeof flags, "ua-filtering=%s", bad[i]);
		refused(rg_str_from(flags), "repeats too much");
	}
	taken(good, sizeof good / sizeof *good);
	cr_assert(matches("ua-filtering=/^[0-9]{1,3}\\.[0-9]{1,3}$/e", "1.22"));
}

Test(ua_filter, nesting_is_bounded)
{
	char flags[300] = "ua-filtering=/";

	memset(flags + 14, '(', 65);
	memset(flags + 14 + 65, ')', 65);
	memcpy(flags + 14 + 130, "/e", 3);
	refused(rg_str_from(flags), "nests too deep");
}

Test(ua_filter, what_would_take_a_backtracker_or_the_C_library_for_ever_is_taken_at_once)
{
	static const char *const good[] = { "/^Acme Phone [0-9]+\\.[0-9]+(\\.[0-9]+)*/e", "/y++++/e", "/y\\+\\+\\+\\+/", "/(y+)+/e",
		"/([0-9]+\\.)+[0-9]+/e", "/y++++++++++++++++++++/", "/y++++++++++++++++++++++++++++++/e", "/[++++++++++++++++++++]/e",
		"/y{2,}b{3,}/e", "/Za?*/e", "/^(([0-9]+\\.)*[0-9]+)?$/e", "/Z([0-9]+(\\.[0-9]+)*)*/e", "/((((((((((y+)+)+)+)+)+)+)+)+)+)/e",
		"/(((((y+)+){1,4}+)+){4,}+)+/e", "/y{1,1}+?+*+{1}+*+?+{0,}+*+{1,}+Z/e",
		"/(((y*)*b?c*)*d*?Z){20}/e", "/Z\\(\\(a*b*c*\\)*\\(d*\\)*\\)\\{40\\}/",
		"/Z\\<(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*/e",
		"/Z\\b(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)/e",
		"/Z(|a)*(a|b|)*()*(|a)*(a|b|)*()*(|a)*(a|b|)*()*(|a)*(a|b|)*()*(|a)*(a|b|)*()*(|a)*(a|b|)*()*(|a)*(a|b|)*()*/e" };

	taken(good, sizeof good / sizeof *good);
	cr_assert(matches("ua-filtering=/^Acme Phone [0-9]+\\.[0-9]+(\\.[0-9]+)*/e", "Acme Phone 3.11.2"));
	cr_assert(matches("ua-filtering=/^(Acme|Other)( [a-z]+)*( v?[0-9]+(\\.[0-9]+)*)?$/e", "Acme desk phone v1.22.3"));
	cr_assert(matches("ua-filtering=/^a\\+$/", "aaa"));
}

Test(ua_filter, a_digit_in_brackets_is_a_byte)
{
	cr_assert(matches("ua-filtering=/[\\1]/", "1"), "no back-reference there");
}
