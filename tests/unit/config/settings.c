/* SPDX-License-Identifier: MIT */
#include "config/options.h"
#include <criterion/criterion.h>

static rg_config *config;
static rg_save_options *save;
static rg_lookup_options *lookup;

static void setup(void)
{
	save = NULL;
	lookup = NULL;
	cr_assert_eq(rg_config_new(&config), RG_OK);
}

static void teardown(void)
{
	rg_config_free(config);
	rg_save_options_unref(save);
	rg_lookup_options_unref(lookup);
}

TestSuite(settings, .init = setup, .fini = teardown);

static void set(const char *name, const char *value)
{
	cr_assert_eq(rg_config_set(config, rg_str_from(name), rg_str_from(value), NULL), RG_OK, "%s=%s", name, value);
}

static rg__save_settings with(const char *flags)
{
	rg__save_settings s;

	rg_save_options_unref(save);
	cr_assert_eq(rg_save_options_new(rg_str_from(flags), &save, NULL), RG_OK, "%s", flags);
	memset(&s, 0xa5, sizeof s);
	rg__save_settings_of(config, save, &s);
	return s;
}

static void are_defaults(const rg__save_settings *s)
{
	cr_assert(s->aor.case_sensitive && s->aor.use_domain && s->aor.realm_prefix.n == 0);
	cr_assert(s->aor.max_user == 64 && s->aor.max_host == 64 && s->aor.max_aor == 256);
	cr_assert(s->matching.mode == RG__MATCH_URI && s->matching.param.p == NULL);
	cr_assert(s->default_expires == 3600 && s->min_expires == 60 && s->max_expires == 0 && s->expires_max_deviation == 0);
	cr_assert(!s->min_expires_rejects && !s->malformed_expires_3600);
	cr_assert(s->default_q == -1 && s->max_contacts == 0);
	cr_assert(!s->force && !s->memory_only && !s->no_reply && !s->only_request_contacts && !s->path_received && !s->socket_header);
	cr_assert(!s->desc_time_order && s->eviction == RG__EVICT_OLDEST && s->path == RG__PATH_IGNORED);
	cr_assert(s->retry_after == 0 && s->cseq_code == 400 && s->too_many_code == 503);
	cr_assert(rg__eq(s->received_param, RG_STR("received")) && !s->trust_contact_received);
	cr_assert(s->max_request_contacts == 32 && s->max_contact_params == 32 && s->max_paths == 16 && s->max_contact_len == 255);
	cr_assert(s->max_received_len == 255 && s->max_callid_len == 255 && s->max_user_agent_len == 255);
	cr_assert(s->max_attr_len == 1024 && s->max_record_bytes == 65535);
}

Test(settings, nothing_given_means_defaults)
{
	rg__save_settings s = with("");

	are_defaults(&s);
	rg__save_settings_of(NULL, NULL, &s);
	cr_assert_null(s.config);
	are_defaults(&s);
}

Test(settings, config_is_read_in_full)
{
	static const char *const values[][2] = { { "default_expires", "100" }, { "min_expires", "1" }, { "max_expires", "200" },
		{ "expires_max_deviation", "7" }, { "min_expires_mode", "reject" }, { "malformed_expires", "3600" }, { "default_q", "500" },
		{ "max_contacts", "3" }, { "eviction", "lowest-q" }, { "desc_time_order", "1" }, { "retry_after", "30" }, { "cseq_code", "500" },
		{ "too_many_code", "403" }, { "received_param", "rcv" }, { "trust_contact_received", "true" }, { "max_request_contacts", "4" },
		{ "max_contact_params", "5" }, { "max_paths", "6" }, { "max_contact_len", "70" }, { "max_received_len", "80" },
		{ "max_callid_len", "90" }, { "max_user_agent_len", "91" }, { "max_attr_len", "92" }, { "max_record_bytes", "9300" },
		{ "case_sensitive", "0" }, { "use_domain", "0" }, { "realm_prefix", "sip." }, { "max_username_len", "10" },
		{ "max_domain_len", "11" }, { "max_aor_len", "12" }, { "matching_mode", "instance" } };

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		set(values[i][0], values[i][1]);
	rg__save_settings s = with("");
	cr_assert_eq(s.config, config);
	cr_assert(s.default_expires == 100 && s.min_expires == 1 && s.max_expires == 200 && s.expires_max_deviation == 7);
	cr_assert(s.min_expires_rejects && s.malformed_expires_3600);
	cr_assert(s.default_q == 500 && s.max_contacts == 3 && s.eviction == RG__EVICT_LOWEST_Q && s.desc_time_order);
	cr_assert(s.retry_after == 30 && s.cseq_code == 500 && s.too_many_code == 403 && rg__eq(s.received_param, RG_STR("rcv")));
	cr_assert(s.trust_contact_received && s.max_request_contacts == 4 && s.max_contact_params == 5 && s.max_paths == 6);
	cr_assert(s.max_contact_len == 70 && s.max_received_len == 80 && s.max_callid_len == 90 && s.max_user_agent_len == 91);
	cr_assert(s.max_attr_len == 92 && s.max_record_bytes == 9300);
	cr_assert(!s.aor.case_sensitive && !s.aor.use_domain && rg__eq(s.aor.realm_prefix, RG_STR("sip.")));
	cr_assert(s.aor.max_user == 10 && s.aor.max_host == 11 && s.aor.max_aor == 12);
	cr_assert_eq(s.matching.mode, RG__MATCH_INSTANCE);
	set("eviction", "soonest-expiry");
	s = with("");
	cr_assert_eq(s.eviction, RG__EVICT_SOONEST);
}

Test(settings, numbers_of_the_call_override_the_config_only_where_set)
{
	set("max_contacts", "3");
	set("min_expires", "30");
	set("max_expires", "300");
	rg__save_settings s = with("no-reply");
	cr_assert(s.max_contacts == 3 && s.min_expires == 30 && s.max_expires == 300);
	s = with("max-contacts=5");
	cr_assert(s.max_contacts == 5 && s.min_expires == 30 && s.max_expires == 300);
	s = with("max-contacts=0,min-expires=0,max-expires=0");
	cr_assert(s.max_contacts == 0 && s.min_expires == 0 && s.max_expires == 0);
	s = with("min-expires=10");
	cr_assert(s.max_contacts == 3 && s.min_expires == 10 && s.max_expires == 300);
	s = with("max-expires=4294967295");
	cr_assert(s.max_contacts == 3 && s.min_expires == 30 && s.max_expires == 4294967295);
}

Test(settings, matching_of_the_call_overrides_the_config_only_where_set)
{
	set("matching_mode", "<line>");
	rg__save_settings s = with("");
	cr_assert(s.matching.mode == RG__MATCH_PARAM && rg__eq(s.matching.param, RG_STR("line")));
	s = with("matching-mode=<rinstance>");
	cr_assert(s.matching.mode == RG__MATCH_PARAM && rg__eq(s.matching.param, RG_STR("rinstance")));
	s = with("matching-mode=0");
	cr_assert(s.matching.mode == RG__MATCH_URI && s.matching.param.p == NULL);
	s = with("matching-mode=1");
	cr_assert_eq(s.matching.mode, RG__MATCH_URI_CALLID);
	s = with("matching-mode=instance");
	cr_assert_eq(s.matching.mode, RG__MATCH_INSTANCE);
	rg__matching m;
	rg__matching_of(NULL, &m);
	cr_assert(m.mode == RG__MATCH_URI && m.param.p == NULL);
}

Test(settings, each_save_switch_sets_its_own_field)
{
	cr_assert(with("force-registration").force);
	cr_assert(with("memory-only").memory_only);
	cr_assert(with("no-reply").no_reply);
	cr_assert(with("only-request-contacts").only_request_contacts);
	cr_assert(with("path-received").path_received);
	cr_assert(with("socket-header").socket_header);
	cr_assert_eq(with("path-off").path, RG__PATH_OFF);
	cr_assert_eq(with("path-lazy").path, RG__PATH_LAZY);
	cr_assert_eq(with("path-strict").path, RG__PATH_STRICT);
	rg__save_settings s = with("force-registration");
	cr_assert(!s.memory_only && !s.no_reply && !s.only_request_contacts && !s.path_received && !s.socket_header);
	cr_assert_eq(s.path, RG__PATH_IGNORED);
}

Test(settings, contacts_may_be_longer_with_push_unless_said)
{
	set("pn_enable", "1");
	cr_assert_eq(with("").max_contact_len, 2048);
	set("max_contact_len", "255");
	cr_assert_eq(with("").max_contact_len, 255);
	set("pn_enable", "0");
	rg_config_unset(config, RG_STR("max_contact_len"), NULL);
	cr_assert_eq(with("").max_contact_len, 255);
}

Test(settings, push_is_that_of_the_config_itself)
{
	rg_config *copy;

	cr_assert_null(with("").push);
	set("pn_providers", "apns, fcm");
	cr_assert_null(with("").push);
	set("pn_enable", "1");
	const rg__push *push = with("matching-mode=1").push;
	cr_assert(push && with("matching-mode=1").matching.push == push);
	cr_assert_eq(push->n_providers, 2);
	cr_assert_eq(push->n_match, 3);
	cr_assert_eq(push->least, 127);
	cr_assert_eq(rg_config_copy(config, &copy), RG_OK);
	rg_config_unset(config, RG_STR("pn_providers"), NULL);
	cr_assert_eq(push->n_providers, 0);
	push = rg__config_push(copy);
	cr_assert(push && push->n_providers == 2 && rg__eq(push->providers[1], RG_STR("fcm")));
	rg_config_free(copy);
	set("pn_enable", "0");
	cr_assert_null(with("").push);
	cr_assert_null(rg__config_push(NULL));
}

static rg__lookup_settings looking(const char *flags)
{
	rg__lookup_settings s;

	rg_lookup_options_unref(lookup);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &lookup, NULL), RG_OK, "%s", flags);
	memset(&s, 0xa5, sizeof s);
	rg__lookup_settings_of(config, lookup, &s);
	return s;
}

Test(settings, each_lookup_flag_sets_its_own_field)
{
	rg__lookup_settings s = looking("");

	cr_assert(!s.no_branches && !s.to_branches_only && !s.branch && !s.global && !s.method_filtering && !s.sort_by_latency);
	cr_assert(!s.desc_time_order && s.max_ping_latency == -1 && s.ua_regex == NULL && !s.gruu);
	rg__aor_rules aor;
	rg__aor_rules_of(NULL, &aor);
	cr_assert(aor.case_sensitive && aor.max_aor == 256);
	cr_assert(looking("no-branches").no_branches);
	cr_assert(looking("to-branches-only").to_branches_only);
	cr_assert(looking("branch").branch);
	cr_assert(looking("global").global);
	cr_assert(looking("method-filtering").method_filtering);
	cr_assert(looking("sort-by-latency").sort_by_latency);
	cr_assert_eq(looking("max-ping-latency=0").max_ping_latency, 0);
	cr_assert_eq(looking("max-ping-latency=500").max_ping_latency, 500);
	cr_assert_not_null(looking("ua-filtering=/a/").ua_regex);
	cr_assert_null(looking("case-insensitive,extended-regexp").ua_regex);
	set("desc_time_order", "1");
	set("case_sensitive", "0");
	s = looking("no-branches");
	rg__aor_rules_of(config, &aor);
	cr_assert(s.desc_time_order && !aor.case_sensitive && !s.branch);
	rg__lookup_settings_of(NULL, NULL, &s);
	cr_assert(!s.desc_time_order && s.max_ping_latency == -1 && s.ua_regex == NULL);
}

Test(settings, lookup_filters_when_a_flag_names_a_filter)
{
	cr_assert(!looking("").filters && !looking("no-branches,sort-by-latency,case-insensitive").filters);
	cr_assert(looking("method-filtering").filters && looking("ua-filtering=/a/").filters && looking("max-ping-latency=0").filters);
}

Test(settings, lookup_follows_each_change_of_the_config)
{
	cr_assert(!looking("").pn);
	set("pn_enable", "1");
	set("pn_skip_pn_interval", "7");
	cr_assert(looking("").pn && looking("").pn_awake_for == 7000 && !looking("").asleep_in);
	set("pn_enable", "0");
	cr_assert(!looking("").pn && looking("").pn_awake_for == 0);
}

Test(settings, copy_of_a_config_borrows_from_nobody)
{
	rg_config *copy;
	rg__save_settings s;

	set("received_param", "rcv");
	set("matching_mode", "<line>");
	set("realm_prefix", "sip.");
	cr_assert_eq(rg_config_copy(config, &copy), RG_OK);
	rg_config_free(config);
	config = NULL;
	rg__save_settings_of(copy, NULL, &s);
	cr_assert_eq(s.config, copy);
	cr_assert(rg__eq(s.received_param, RG_STR("rcv")) && rg__eq(s.matching.param, RG_STR("line")));
	cr_assert(rg__eq(s.aor.realm_prefix, RG_STR("sip.")));
	rg_config_free(copy);
}

Test(settings, follow_every_change_of_the_config)
{
	rg__matching m;

	set("max_contacts", "3");
	set("max_contacts", "4");
	cr_assert_eq(with("").max_contacts, 4);
	rg_config_unset(config, RG_STR("max_contacts"), NULL);
	cr_assert_eq(with("").max_contacts, 0);
	set("matching_mode", "<a>");
	set("matching_mode", "<bc>");
	rg__matching_of(config, &m);
	cr_assert(rg__eq(m.param, RG_STR("bc")));
	cr_assert_eq(rg_config_set(config, RG_STR("matching_mode"), RG_STR("nonsense"), NULL), RG_EINVAL);
	rg__matching_of(config, &m);
	cr_assert(rg__eq(m.param, RG_STR("bc")));
}
