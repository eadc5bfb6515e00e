/* SPDX-License-Identifier: MIT */
#include "config/options.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

enum { SAVE = 1, LOOKUP = 2 };

static rg_error *why;

static void setup(void)
{
	why = rg_error_new();
}

static void teardown(void)
{
	rg_error_free(why);
}

TestSuite(options, .init = setup, .fini = teardown);

static rg_status read_as(uint32_t verb, rg_str text)
{
	rg_save_options *save = NULL;
	rg_lookup_options *lookup = NULL;
	rg_status status = verb == SAVE ? rg_save_options_new(text, &save, why) : rg_lookup_options_new(text, &lookup, why);

	cr_assert_eq(status == RG_OK, verb == SAVE ? save != NULL : lookup != NULL);
	rg_save_options_unref(save);
	rg_lookup_options_unref(lookup);
	return status;
}

static void taken(uint32_t verb, const char *text)
{
	rg_status status = read_as(verb, rg_str_from(text));

	cr_assert_eq(status, RG_OK, "'%s': %s", text, rg_error_text(why).p);
}

static void refused(uint32_t verb, const char *text, const char *says)
{
	cr_assert_eq(read_as(verb, rg_str_from(text)), RG_EINVAL, "'%s' is taken", text);
	cr_assert(strstr(rg_error_text(why).p, says), "'%s': '%s' does not say '%s'", text, rg_error_text(why).p, says);
}

Test(options, flags_are_those_of_the_base_specification)
{
	static const struct {
		uint32_t verb;
		const char *name;
		int takes_value;
	} flags[] = { { SAVE, "memory-only", 0 }, { SAVE, "no-reply", 0 }, { SAVE, "max-contacts", 1 },
		{ SAVE, "force-registration", 0 }, { SAVE, "matching-mode", 1 }, { SAVE, "path-off", 0 }, { SAVE, "path-lazy", 0 },
		{ SAVE, "path-strict", 0 }, { SAVE, "path-received", 0 }, { SAVE, "only-request-contacts", 0 },
		{ SAVE, "socket-header", 0 }, { SAVE, "min-expires", 1 }, { SAVE, "max-expires", 1 }, { LOOKUP, "no-branches", 0 },
		{ LOOKUP, "to-branches-only", 0 }, { LOOKUP, "branch", 0 }, { LOOKUP, "method-filtering", 0 },
		{ LOOKUP, "ua-filtering", 1 }, { LOOKUP, "case-insensitive", 0 }, { LOOKUP, "extended-regexp", 0 },
		{ LOOKUP, "global", 0 }, { LOOKUP, "max-ping-latency", 1 }, { LOOKUP, "sort-by-latency", 0 } };
	rg_flag f = { .struct_size = sizeof f };

	cr_assert_eq(rg_flag_count(), sizeof flags / sizeof flags[0]);
	for (uint32_t i = 0; i < rg_flag_count(); i++) {
		cr_assert_eq(rg_flag_get(i, &f), RG_OK);
		cr_assert_eq(f.struct_size, sizeof f);
		cr_assert_eq(f.verb, flags[i].verb);
		cr_assert_str_eq(f.name, flags[i].name);
		cr_assert_eq(f.value != NULL, flags[i].takes_value, "%s", f.name);
		cr_assert_eq(f.in_effect, 1, "%s", f.name);
		cr_assert(f.doc[0] && f.section[0]);
	}
	cr_assert_eq(rg_flag_get(rg_flag_count(), &f), RG_ENOENT);
	cr_assert_eq(rg_flag_get(0, NULL), RG_EINVAL);
}

Test(options, every_switch_stands_alone_and_takes_no_value)
{
	char text[64];

	for (uint32_t i = 0; i < rg_flag_count(); i++) {
		rg_flag f = { .struct_size = sizeof f };
		rg_flag_get(i, &f);
		if (f.value) {
			refused(f.verb, f.name, "needs a value");
			refused(f.verb, f.name, f.name);
			snprintf(text, sizeof text, "%s=", f.name);
			refused(f.verb, text, "needs a value");
			continue;
		}
		taken(f.verb, f.name);
		snprintf(text, sizeof text, "%s=1", f.name);
		refused(f.verb, text, "takes no value");
		snprintf(text, sizeof text, "%s=", f.name);
		refused(f.verb, text, "takes no value");
	}
}

Test(options, flag_of_the_other_verb_is_unknown)
{
	for (uint32_t i = 0; i < rg_flag_count(); i++) {
		rg_flag f = { .struct_size = sizeof f };
		rg_flag_get(i, &f);
		refused(f.verb == SAVE ? LOOKUP : SAVE, f.name, f.verb == SAVE ? "is not a flag of lookup" : "is not a flag of save");
	}
}

Test(options, numbers_keep_their_range)
{
	static const struct {
		uint32_t verb;
		const char *name;
		int64_t max;
	} numbers[] = { { SAVE, "max-contacts", 65535 }, { SAVE, "min-expires", 4294967295 }, { SAVE, "max-expires", 4294967295 },
		{ LOOKUP, "max-ping-latency", 4294967294 } };
	static const char *const garbage[] = { "abc", "-1", "1.5", "1 2", "0x1", "99999999999999999999" };
	char text[96];

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		snprintf(text, sizeof text, "%s=0", numbers[i].name);
		taken(numbers[i].verb, text);
		snprintf(text, sizeof text, "%s=%" PRId64, numbers[i].name, numbers[i].max);
		taken(numbers[i].verb, text);
		snprintf(text, sizeof text, "%s=%" PRId64, numbers[i].name, numbers[i].max + 1);
		refused(numbers[i].verb, text, "is not a whole number from 0 to");
		for (size_t j = 0; j < sizeof garbage / sizeof garbage[0]; j++) {
			snprintf(text, sizeof text, "%s=%s", numbers[i].name, garbage[j]);
			refused(numbers[i].verb, text, "is not a whole number from 0 to");
			refused(numbers[i].verb, text, numbers[i].name);
		}
	}
}

Test(options, examples_of_the_base_specification_are_taken)
{
	static const struct {
		uint32_t verb;
		const char *text;
	} examples[] = { { SAVE, "" }, { SAVE, "memory-only, max-contacts=5" }, { SAVE, "memory-only, no-reply" },
		{ SAVE, "matching-mode=<rinstance>" }, { SAVE, "matching-mode=0" }, { SAVE, "matching-mode=1" }, { LOOKUP, "" },
		{ LOOKUP, "method-filtering" }, { LOOKUP, "branch" }, { LOOKUP, "ua-filtering=/phone/i" } };

	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
		taken(examples[i].verb, examples[i].text);
}

Test(options, blanks_around_commas_are_free_and_empty_flags_are_refused)
{
	taken(SAVE, "  no-reply  ,\tmax-contacts=5  ");
	taken(SAVE, "no-reply,max-contacts=5");
	taken(SAVE, "max-contacts = 5");
	taken(SAVE, "   ");
	refused(SAVE, "no-reply,", "empty flag");
	refused(SAVE, ",no-reply", "empty flag");
	refused(SAVE, "no-reply,,max-contacts=5", "empty flag");
	refused(SAVE, ",", "empty flag");
	refused(SAVE, "=5", "empty flag");
	refused(SAVE, "no-reply max-contacts=5", "is not a flag of save");
	refused(SAVE, "No-Reply", "is not a flag of save");
	refused(SAVE, "no-reply\r\nmax-contacts=5", "control character");
	cr_assert_eq(read_as(SAVE, (rg_str){ "no-reply\0", 9 }), RG_EINVAL);
	cr_assert_eq(read_as(SAVE, (rg_str){ NULL, 0 }), RG_OK);
}

Test(options, contradictions_are_refused_and_repetition_is_harmless)
{
	taken(SAVE, "no-reply,no-reply,max-contacts=5,max-contacts=05,path-lazy,path-lazy,matching-mode=1,matching-mode=1");
	taken(LOOKUP, "ua-filtering=/a/,ua-filtering=/a/");
	refused(SAVE, "max-contacts=5,max-contacts=6", "max-contacts: given twice");
	refused(SAVE, "matching-mode=1,matching-mode=0", "matching-mode: given twice");
	refused(LOOKUP, "ua-filtering=/a/,ua-filtering=/a/i", "ua-filtering: given twice");
	refused(SAVE, "path-off,path-lazy", "exclude one another");
	refused(SAVE, "path-strict,no-reply,path-lazy", "exclude one another");
	refused(LOOKUP, "branch,no-branches", "branch and no-branches");
	refused(LOOKUP, "no-branches,branch", "branch and no-branches");
	refused(SAVE, "min-expires=61,max-expires=60", "min-expires is above max-expires");
	taken(SAVE, "min-expires=60,max-expires=60");
	taken(SAVE, "min-expires=60,max-expires=0");
	taken(SAVE, "path-lazy,path-received");
}

Test(options, matching_mode_wants_typed_brackets)
{
	taken(SAVE, "matching-mode=instance");
	taken(SAVE, "matching-mode=<line>");
	refused(SAVE, "matching-mode=line", "0, 1, <param> or instance");
	refused(SAVE, "matching-mode=2", "matching-mode: '2'");
	refused(SAVE, "matching-mode=<>", "matching-mode");
}

Test(options, long_strings_are_refused)
{
	static char text[5000];

	memset(text, ' ', sizeof text);
	memcpy(text, "no-reply", 8);
	cr_assert_eq(read_as(SAVE, (rg_str){ text, 4096 }), RG_OK);
	cr_assert_eq(read_as(SAVE, (rg_str){ text, 4097 }), RG_EINVAL);
	cr_assert_eq(read_as(LOOKUP, (rg_str){ text, 5000 }), RG_EINVAL);
	cr_assert(strstr(rg_error_text(why).p, "longer than 4096 bytes"));
}

Test(options, text_of_the_caller_may_go_away)
{
	char text[] = "matching-mode=<line>";
	rg_save_options *options;

	cr_assert_eq(rg_save_options_new(rg_str_from(text), &options, NULL), RG_OK);
	memset(text, 'x', sizeof text);
	cr_assert(rg__eq(options->matching.param, RG_STR("line")));
	rg_save_options *again = rg_save_options_ref(options);
	rg_save_options_unref(options);
	cr_assert_eq(again->matching.mode, RG__MATCH_PARAM);
	rg_save_options_unref(again);
}

Test(options, nothing_is_accepted_where_nothing_may_be)
{
	cr_assert_eq(rg_save_options_new(RG_STR(""), NULL, why), RG_EINVAL);
	cr_assert_eq(rg_lookup_options_new(RG_STR(""), NULL, why), RG_EINVAL);
	cr_assert_null(rg_save_options_ref(NULL));
	cr_assert_null(rg_lookup_options_ref(NULL));
	rg_save_options_unref(NULL);
	rg_lookup_options_unref(NULL);
}
