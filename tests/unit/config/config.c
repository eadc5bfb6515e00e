/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "config/syntax.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static rg_config *config;
static rg_error *why;

static void setup(void)
{
	cr_assert_eq(rg_config_new(&config), RG_OK);
	why = rg_error_new();
}

static void teardown(void)
{
	rg_config_free(config);
	rg_error_free(why);
}

TestSuite(config, .init = setup, .fini = teardown);

static rg_status set(const char *name, const char *value)
{
	return rg_config_set(config, rg_str_from(name), rg_str_from(value), why);
}

static rg_str get(const char *name)
{
	rg_str value = RG_STR("?");

	cr_assert_eq(rg_config_get(config, rg_str_from(name), &value), RG_OK, "%s", name);
	return value;
}

static void is(const char *name, const char *wanted)
{
	rg_str value = get(name);

	cr_assert(wanted ? rg__eq(value, rg_str_from(wanted)) : value.p == NULL, "%s is '%.*s', not '%s'", name, (int)value.n,
		value.p ? value.p : "", wanted ? wanted : "absent");
}

static void says(const char *text)
{
	cr_assert(strstr(rg_error_text(why).p, text), "'%s' does not say '%s'", rg_error_text(why).p, text);
}

/* What @p value is refused with leaves the parameter as it was, and names parameter and value. */
static void refused(const char *name, const char *value, const char *text)
{
	rg_str before = get(name);

	cr_assert_eq(set(name, value), RG_EINVAL, "%s takes '%s'", name, value);
	says(name);
	says(text);
	cr_assert(rg__eq(get(name), before), "%s changed though '%s' was refused", name, value);
}

Test(config, has_every_parameter_of_the_base_specification)
{
	static const char *const base[] = { "default_expires", "min_expires", "max_expires", "default_q", "tcp_persistent_flag",
		"realm_prefix", "case_sensitive", "received_avp", "received_param", "expires_max_deviation", "max_contacts",
		"max_username_len", "max_domain_len", "max_aor_len", "max_contact_len", "retry_after", "sock_hdr_name", "mcontact_avp",
		"attr_avp", "gruu_secret", "disable_gruu", "pn_enable", "pn_providers", "pn_ct_match_params", "pn_pnsreg_interval",
		"pn_trigger_interval", "pn_skip_pn_interval", "pn_refresh_timeout", "pn_enable_purr" };
	uint32_t from_base = 0;

	cr_assert_eq(sizeof base / sizeof base[0], 29);
	for (uint32_t i = 0; i < rg_param_count(); i++) {
		rg_param p = { .struct_size = sizeof p };
		cr_assert_eq(rg_param_get(i, &p), RG_OK);
		cr_assert_eq(p.struct_size, sizeof p);
		if (!p.from_base)
			continue;
		cr_assert_lt(from_base, 29);
		cr_assert_str_eq(p.name, base[from_base]);
		char section[16];
		snprintf(section, sizeof section, "base 1.3.%u", ++from_base);
		cr_assert_str_eq(p.section, section);
	}
	cr_assert_eq(from_base, 29);
}

Test(config, table_ends_where_it_says)
{
	rg_param p = { .struct_size = sizeof p };

	cr_assert_eq(rg_param_get(rg_param_count(), &p), RG_ENOENT);
	cr_assert_eq(rg_param_get(UINT32_MAX, &p), RG_ENOENT);
	cr_assert_eq(rg_param_get(0, NULL), RG_EINVAL);
}

Test(config, rows_are_complete_and_names_are_unique)
{
	for (uint32_t i = 0; i < rg_param_count(); i++) {
		rg_param p = { .struct_size = sizeof p }, q = { .struct_size = sizeof q };
		rg_param_get(i, &p);
		cr_assert(p.doc && p.doc[0] && p.section && p.section[0] && p.unit, "%s", p.name);
		cr_assert_eq(p.kind == RG_PARAM_ENUM, p.choices != NULL, "%s", p.name);
		cr_assert_leq(p.min, p.max, "%s", p.name);
		for (uint32_t j = 0; j < i; j++) {
			rg_param_get(j, &q);
			cr_assert_str_neq(p.name, q.name);
		}
	}
}

Test(config, defaults_are_those_of_the_specifications)
{
	static const struct {
		const char *name, *text;
	} cases[] = { { "default_expires", "3600" }, { "min_expires", "60" }, { "max_expires", "0" }, { "default_q", NULL },
		{ "tcp_persistent_flag", NULL }, { "realm_prefix", NULL }, { "case_sensitive", "1" }, { "received_avp", NULL },
		{ "received_param", "received" }, { "expires_max_deviation", "0" }, { "max_contacts", "0" }, { "max_username_len", "64" },
		{ "max_domain_len", "64" }, { "max_aor_len", "256" }, { "max_contact_len", "255" }, { "retry_after", "0" },
		{ "sock_hdr_name", NULL }, { "mcontact_avp", NULL }, { "attr_avp", NULL }, { "gruu_secret", NULL }, { "disable_gruu", "1" },
		{ "pn_enable", "0" }, { "pn_providers", NULL }, { "pn_ct_match_params", "pn-provider, pn-prid, pn-param" },
		{ "pn_pnsreg_interval", "130" }, { "pn_trigger_interval", "120" }, { "pn_skip_pn_interval", "0" }, { "pn_refresh_timeout", "6" },
		{ "pn_enable_purr", "0" }, { "use_domain", "1" }, { "min_expires_mode", "clamp" }, { "malformed_expires", "reject" },
		{ "matching_mode", "0" }, { "eviction", "oldest" }, { "cseq_code", "400" }, { "too_many_code", "503" },
		{ "desc_time_order", "0" }, { "trust_contact_received", "0" }, { "store_timeout", "2000" }, { "max_request_contacts", "32" },
		{ "max_contact_params", "32" }, { "max_paths", "16" }, { "max_received_len", "255" }, { "max_callid_len", "255" },
		{ "max_user_agent_len", "255" }, { "max_attr_len", "1024" }, { "max_record_bytes", "65535" }, { "max_request_bytes", "65535" },
		{ "service_route", NULL }, { "nat_bflag", NULL }, { "outbound_mode", "off" }, { "flow_timer", "0" }, { "pn_retry", NULL },
		{ "latency_min_delta", "20" } };

	cr_assert_eq(sizeof cases / sizeof cases[0], rg_param_count());
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_str none;
		is(cases[i].name, cases[i].text);
		cr_assert_eq(rg_config_is_set(config, rg_str_from(cases[i].name)), 0);
		cr_assert_eq(rg_config_get(NULL, rg_str_from(cases[i].name), &none), RG_OK);
		cr_assert(rg__eq(none, rg_str_from(cases[i].text)), "%s without config", cases[i].name);
	}
}

static void number_row(const rg_param *p)
{
	char text[32], range[80];

	snprintf(range, sizeof range, "is not a whole number from %" PRId64 " to %" PRId64, p->min, p->max);
	const int64_t inside[] = { p->min, p->max };
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "%" PRId64, inside[i]);
		cr_assert_eq(set(p->name, text), RG_OK, "%s=%s", p->name, text);
		is(p->name, text);
		int64_t back = -7;
		cr_assert_eq(rg_config_get_int(config, rg_str_from(p->name), &back), RG_OK);
		cr_assert_eq(back, inside[i]);
		cr_assert_eq(rg_config_set_int(config, rg_str_from(p->name), inside[i], why), RG_OK);
	}
	const int64_t outside[] = { p->min - 1, p->max + 1 };
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "%" PRId64, outside[i]);
		refused(p->name, text, range);
		says(text);
		cr_assert_eq(rg_config_set_int(config, rg_str_from(p->name), outside[i], why), RG_EINVAL);
		says(range);
	}
	static const char *const garbage[] = { "", "abc", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "99999999999999999999",
		"18446744073709551617" };
	for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++)
		refused(p->name, garbage[i], range);
}

static void bool_row(const rg_param *p)
{
	static const char *const good[][2] = { { "0", "0" }, { "1", "1" }, { "false", "0" }, { "true", "1" } };
	static const char *const bad[] = { "", "2", "-1", "yes", "on", "TRUE ", "00", "truefalse" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		cr_assert_eq(set(p->name, good[i][0]), RG_OK, "%s", p->name);
		is(p->name, good[i][1]);
		int64_t back = -7;
		cr_assert_eq(rg_config_get_int(config, rg_str_from(p->name), &back), RG_OK);
		cr_assert_eq(back, good[i][1][0] - '0');
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(p->name, bad[i], "is not one of 0|1|true|false");
	cr_assert_eq(rg_config_set_int(config, rg_str_from(p->name), 2, why), RG_EINVAL);
	cr_assert_eq(rg_config_set_int(config, rg_str_from(p->name), 1, why), RG_OK);
	is(p->name, "1");
}

static void word_row(const rg_param *p)
{
	char words[128], *word = words, *end;

	snprintf(words, sizeof words, "%s", p->choices);
	cr_assert(strncmp(words, p->default_text, strlen(p->default_text)) == 0, "%s: the default is the first choice", p->name);
	for (int64_t index = 0; word; word = end, index++) {
		end = strchr(word, '|');
		if (end)
			*end++ = '\0';
		cr_assert_eq(set(p->name, word), RG_OK, "%s=%s", p->name, word);
		is(p->name, word);
		rg_param row = { .struct_size = sizeof row };
		int id = 0;
		while (rg_param_get((uint32_t)id, &row) == RG_OK && strcmp(row.name, p->name) != 0)
			id++;
		cr_assert_eq(rg__config_int(config, id), index, "%s=%s", p->name, word);
	}
	static const char *const bad[] = { "", "nonsense", "|", "<", "<>", "2", "-1" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(p->name, bad[i], p->choices);
}

/* Lengths only; what the text must look like is the business of tests/unit/config/syntax.c. */
static void text_row(const rg_param *p)
{
	char *text = malloc((size_t)p->max + 2);
	rg_str name = rg_str_from(p->name);

	memset(text, 'a', (size_t)p->max + 1);
	if (strcmp(p->name, "service_route") != 0 && strcmp(p->name, "pn_retry") != 0) {
		cr_assert_eq(rg_config_set(config, name, (rg_str){ text, (size_t)p->max }, why), RG_OK, "%s: %s", p->name, rg_error_text(why).p);
		cr_assert_eq(get(p->name).n, (size_t)p->max);
		cr_assert_eq(rg_config_set(config, name, (rg_str){ text, (size_t)p->min }, why), RG_OK, "%s", p->name);
		cr_assert_eq(get(p->name).n, (size_t)p->min);
	}
	cr_assert_eq(rg_config_set(config, name, (rg_str){ text, (size_t)p->max + 1 }, why), RG_EINVAL, "%s", p->name);
	says(p->name);
	if (p->min > 0)
		refused(p->name, "", "bytes, not of 0");
	refused(p->name, "a\r\nb", "free of control characters");
	refused(p->name, "a\tb", "free of control characters");
	refused(p->name, "\x7f", "free of control characters");
	cr_assert_eq(rg_config_set(config, name, (rg_str){ "a\0b", 3 }, why), RG_EINVAL, "%s", p->name);
	cr_assert_eq(rg_config_set_int(config, name, 1, why), RG_EINVAL);
	says("takes text, not a number");
	int64_t number;
	cr_assert_eq(rg_config_get_int(config, name, &number), RG_EINVAL);
	free(text);
}

Test(config, every_row_keeps_its_range)
{
	for (uint32_t i = 0; i < rg_param_count(); i++) {
		rg_param p = { .struct_size = sizeof p };
		rg_param_get(i, &p);
		if (p.kind == RG_PARAM_INT)
			number_row(&p);
		else if (p.kind == RG_PARAM_BOOL)
			bool_row(&p);
		else if (p.kind == RG_PARAM_ENUM)
			word_row(&p);
		else
			text_row(&p);
		cr_assert_eq(rg_config_unset(config, rg_str_from(p.name), why), RG_OK);
		is(p.name, p.default_text);
	}
}

Test(config, every_default_is_a_value_it_takes)
{
	for (uint32_t i = 0; i < rg_param_count(); i++) {
		rg_param p = { .struct_size = sizeof p };
		rg_param_get(i, &p);
		if (p.default_text)
			cr_assert_eq(set(p.name, p.default_text), RG_OK, "%s=%s: %s", p.name, p.default_text, rg_error_text(why).p);
	}
}

Test(config, numbers_are_kept_without_leading_zeros)
{
	cr_assert_eq(set("max_contacts", "0005"), RG_OK);
	is("max_contacts", "5");
}

Test(config, error_names_parameter_value_and_range)
{
	cr_assert_eq(set("max_contacts", "abc"), RG_EINVAL);
	cr_assert_str_eq(rg_error_text(why).p, "max_contacts: 'abc' is not a whole number from 0 to 65535");
	cr_assert_eq(set("eviction", "newest"), RG_EINVAL);
	cr_assert_str_eq(rg_error_text(why).p, "eviction: 'newest' is not one of oldest|soonest-expiry|lowest-q");
}

Test(config, error_never_shows_a_secret)
{
	cr_assert_eq(set("gruu_secret", "hush,,quiet"), RG_EINVAL);
	says("gruu_secret");
	cr_assert_not(strstr(rg_error_text(why).p, "hush"));
	cr_assert_not(strstr(rg_error_text(why).p, "quiet"));
}

Test(config, unknown_names_are_refused_by_name)
{
	static const char *const names[] = { "", "max_contact", "max_contactss", "MAX_CONTACTS", " max_contacts", "max-contacts" };
	rg_str value;
	int64_t number;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		rg_str name = rg_str_from(names[i]);
		cr_assert_eq(rg_config_set(config, name, RG_STR("1"), why), RG_ENOENT, "%s", names[i]);
		says(names[i]);
		cr_assert_eq(rg_config_set_int(config, name, 1, why), RG_ENOENT);
		cr_assert_eq(rg_config_unset(config, name, why), RG_ENOENT);
		cr_assert_eq(rg_config_get(config, name, &value), RG_ENOENT);
		cr_assert_null(value.p);
		cr_assert_eq(rg_config_get_int(config, name, &number), RG_ENOENT);
		cr_assert_eq(rg_config_is_set(config, name), 0);
	}
}

Test(config, setting_the_default_is_not_the_same_as_unset)
{
	rg_str name = RG_STR("max_contacts");

	cr_assert_eq(rg_config_is_set(config, name), 0);
	cr_assert_eq(set("max_contacts", "0"), RG_OK);
	cr_assert_eq(rg_config_is_set(config, name), 1);
	cr_assert_eq(rg_config_unset(config, name, why), RG_OK);
	cr_assert_eq(rg_config_is_set(config, name), 0);
}

Test(config, absent_number_has_no_value)
{
	int64_t number = 7;

	cr_assert_eq(rg_config_get_int(config, RG_STR("default_q"), &number), RG_ENOENT);
	cr_assert_eq(rg__config_int(config, RG__P_default_q), -1);
	cr_assert_eq(set("default_q", "0"), RG_OK);
	cr_assert_eq(rg_config_get_int(config, RG_STR("default_q"), &number), RG_OK);
	cr_assert_eq(number, 0);
}

Test(config, words_that_are_numbers_read_as_numbers)
{
	int64_t number = 0;

	cr_assert_eq(rg_config_set_int(config, RG_STR("too_many_code"), 403, why), RG_OK);
	cr_assert_eq(rg_config_get_int(config, RG_STR("too_many_code"), &number), RG_OK);
	cr_assert_eq(number, 403);
	cr_assert_eq(rg_config_get_int(config, RG_STR("eviction"), &number), RG_EINVAL);
	cr_assert_eq(rg_config_set_int(config, RG_STR("eviction"), 0, why), RG_EINVAL);
}

Test(config, matching_param_keeps_its_brackets)
{
	cr_assert_eq(set("matching_mode", "<rinstance>"), RG_OK);
	is("matching_mode", "<rinstance>");
	rg__matching matching;
	rg__matching_of(config, &matching);
	cr_assert_eq(matching.mode, RG__MATCH_PARAM);
	cr_assert(rg__eq(matching.param, RG_STR("rinstance")));
	refused("matching_mode", "rinstance", "<param>");
	refused("matching_mode", "<a b>", "<param>");
	refused("matching_mode", "<a;b>", "<param>");
	refused("matching_mode", "<a>b", "<param>");
}

Test(config, parameter_may_be_set_from_its_own_value)
{
	cr_assert_eq(set("received_param", "rcv"), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("received_param"), get("received_param"), why), RG_OK);
	is("received_param", "rcv");
}

Test(config, copy_is_independent)
{
	rg_config *copy;

	cr_assert_eq(set("received_param", "rcv"), RG_OK);
	cr_assert_eq(set("max_contacts", "3"), RG_OK);
	cr_assert_eq(rg_config_copy(config, &copy), RG_OK);
	cr_assert_eq(set("received_param", "other"), RG_OK);
	rg_config_unset(config, RG_STR("max_contacts"), why);
	cr_assert(rg__eq(rg__config_text(copy, RG__P_received_param), RG_STR("rcv")));
	cr_assert_eq(rg__config_int(copy, RG__P_max_contacts), 3);
	cr_assert(rg__config_has(copy, RG__P_max_contacts));
	cr_assert_not(rg__config_has(copy, RG__P_max_aor_len));
	rg_config_free(copy);
	cr_assert_eq(rg_config_copy(NULL, &copy), RG_OK);
	cr_assert_eq(rg__config_int(copy, RG__P_default_expires), 3600);
	rg_config_free(copy);
}

Test(config, reference_keeps_it_alive)
{
	rg_config *mine, *shared;

	rg_config_new(&mine);
	shared = rg__config_ref(mine);
	cr_assert_eq(shared, mine);
	rg_config_free(mine);
	cr_assert_eq(rg__config_int(shared, RG__P_min_expires), 60);
	rg_config_free(shared);
	rg_config_free(NULL);
	cr_assert_null(rg__config_ref(NULL));
}

Test(config, nothing_given_is_an_error_not_a_crash)
{
	rg_status status = rg_config_set(NULL, RG_STR("max_contacts"), RG_STR("1"), NULL);

	cr_assert_eq(status, RG_EINVAL);
	cr_assert_eq(rg_config_unset(NULL, RG_STR("max_contacts"), NULL), RG_EINVAL);
	cr_assert_eq(rg_config_new(NULL), RG_EINVAL);
	cr_assert_eq(rg_config_copy(config, NULL), RG_EINVAL);
	cr_assert_eq(rg_config_get(config, RG_STR("max_contacts"), NULL), RG_EINVAL);
	cr_assert_eq(rg_config_get_int(config, RG_STR("max_contacts"), NULL), RG_EINVAL);
	cr_assert_eq(rg_config_set(config, RG_STR("max_contacts"), (rg_str){ NULL, 0 }, NULL), RG_EINVAL);
	cr_assert_eq(rg_config_check(NULL, NULL), RG_OK);
}

Test(config, check_finds_parameters_that_contradict_each_other)
{
	static const struct {
		const char *name[3], *value[3], *says;
	} cases[] = {
		{ { "min_expires", "max_expires" }, { "60", "0" }, NULL },
		{ { "min_expires", "max_expires" }, { "60", "60" }, NULL },
		{ { "min_expires", "max_expires" }, { "61", "60" }, "min_expires (61) is above max_expires (60)" },
		{ { "default_expires", "max_expires" }, { "7200", "600" }, NULL },
		{ { "default_expires", "max_expires" }, { "7200", "30" }, NULL }, /* below the default minimum, which nobody asked for */
		{ { "pn_pnsreg_interval", "pn_trigger_interval" }, { "121", "121" }, NULL },
		{ { "pn_pnsreg_interval", "pn_trigger_interval" }, { "120", "100" }, "pn_pnsreg_interval (120) is not above 120" },
		{ { "pn_pnsreg_interval", "pn_trigger_interval" }, { "130", "131" }, "pn_trigger_interval (131)" },
		{ { "max_expires", "pn_enable" }, { "127", "1" }, NULL },
		{ { "max_expires", "pn_enable" }, { "126", "0" }, NULL },
		{ { "max_expires", "pn_enable" }, { "126", "1" }, "max_expires (126) is not above pn_trigger_interval and pn_refresh_timeout together (126)" },
		{ { "max_expires", "pn_refresh_timeout", "pn_enable" }, { "200", "80", "1" }, "together (200)" },
		{ { "pn_refresh_timeout", "pn_enable" }, { "4294967174", "1" }, NULL },
		{ { "pn_refresh_timeout", "pn_enable" }, { "4294967175", "1" }, "together are not below 4294967295" },
		{ { "pn_refresh_timeout", "pn_enable" }, { "4294967295", "0" }, NULL },
	};

	cr_assert_eq(rg_config_check(config, why), RG_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int j = 0; j < 3 && cases[i].name[j]; j++)
			cr_assert_eq(set(cases[i].name[j], cases[i].value[j]), RG_OK);
		cr_assert_eq(rg_config_check(config, why), cases[i].says ? RG_EINVAL : RG_OK, "case %zu", i);
		if (cases[i].says)
			says(cases[i].says);
		for (int j = 0; j < 3 && cases[i].name[j]; j++)
			rg_config_unset(config, rg_str_from(cases[i].name[j]), why);
	}
}

/* What a token says that the ring of @p from has sealed, as the ring of @p to opens it; "" = not at all. */
static const char *opened(const rg_config *from, const rg_config *to)
{
	static const uint8_t seed[32] = { 5 };
	static char text[64];
	rg__buf token = { 0 }, plain = { 0 };

	cr_assert_eq(rg__seal(rg__config_ring(from), RG__SEAL_GRUU, seed, RG_STR("alice"), &token), RG_OK);
	rg_status st = rg__unseal(rg__config_ring(to), RG__SEAL_GRUU, (rg_str){ token.p, token.n }, &plain);
	snprintf(text, sizeof text, "%.*s", st == RG_OK ? (int)plain.n : 0, st == RG_OK ? plain.p : "");
	rg__buf_free(&token);
	rg__buf_free(&plain);
	return text;
}

Test(config, secrets_become_keys_once_which_copies_share)
{
	rg_config *copy, *other;

	cr_expect_null(rg__config_ring(config));
	cr_assert_eq(set("gruu_secret", "old"), RG_OK);
	cr_assert_eq(rg_config_copy(config, &copy), RG_OK);
	cr_expect_eq(rg__config_ring(copy), rg__config_ring(config));
	cr_assert_eq(set("gruu_secret", "new,old"), RG_OK);
	cr_expect_str_eq(opened(copy, config), "alice"); /* an old token after the change */
	cr_expect_str_eq(opened(config, copy), "");
	cr_assert_eq(rg_config_new(&other), RG_OK);
	cr_assert_eq(rg_config_set(other, RG_STR("gruu_secret"), RG_STR("new"), NULL), RG_OK);
	cr_expect_str_eq(opened(config, other), "alice"); /* the first seals */
	cr_expect_str_eq(opened(copy, other), "");
	cr_assert_eq(rg_config_unset(config, RG_STR("gruu_secret"), why), RG_OK);
	cr_expect_null(rg__config_ring(config));
	rg_config_free(copy);
	rg_config_free(other);
}

Test(config, keys_that_are_lent_give_way_to_a_secret_and_are_not_copied)
{
	rg__ring *ring;
	rg_config *copy;

	cr_assert_eq(rg__ring_new(RG_STR("lent"), &ring), RG_OK);
	rg__config_lend_ring(config, ring);
	cr_expect_eq(rg__config_ring(config), ring);
	cr_assert_eq(rg_config_copy(config, &copy), RG_OK);
	cr_expect_null(rg__config_ring(copy));
	cr_assert_eq(set("gruu_secret", "own"), RG_OK);
	cr_expect_neq(rg__config_ring(config), ring);
	const rg__ring *own = rg__config_ring(config);
	rg__config_lend_ring(config, ring);
	cr_expect_eq(rg__config_ring(config), own);
	rg__ring_unref(ring);
	rg_config_free(copy);
}

Test(config, more_secrets_than_a_ring_holds_change_nothing)
{
	char many[2 * RG__SECRETS_MAX + 2] = "";

	cr_assert_eq(set("gruu_secret", "first"), RG_OK);
	const rg__ring *ring = rg__config_ring(config);
	for (int i = 0; i <= RG__SECRETS_MAX; i++)
		strcat(many, i ? ",s" : "s");
	cr_assert_eq(set("gruu_secret", many), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "gruu_secret: the value has more than 64 secrets");
	is("gruu_secret", "first");
	cr_expect_eq(rg__config_ring(config), ring);
}
