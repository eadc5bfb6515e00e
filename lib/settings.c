/* SPDX-License-Identifier: MIT */
#include "options.h"

/* A push token and its parameters alone take some hundred bytes; the base specification's 255 would refuse most. */
enum { PUSH_CONTACT_LEN = 2048 };

static int64_t number(const rg_config *config, int id)
{
	return rg__config_int(config, id);
}

static bool on(const rg_config *config, int id)
{
	return rg__config_int(config, id) != 0;
}

static bool given(const rg_save_options *options, int flag)
{
	return options && options->flags.seen[flag];
}

/* The rule: what the call sets overrides the config. */
static int64_t chosen(const rg_config *config, int id, const rg_save_options *options, int flag)
{
	return given(options, flag) ? options->flags.number[flag] : number(config, id);
}

void rg__aor_rules_of(const rg_config *config, rg__aor_rules *out)
{
	*out = (rg__aor_rules){
		.case_sensitive = on(config, RG__P_case_sensitive),
		.use_domain = on(config, RG__P_use_domain),
		.realm_prefix = rg__config_text(config, RG__P_realm_prefix),
		.max_user = (uint64_t)number(config, RG__P_max_username_len),
		.max_host = (uint64_t)number(config, RG__P_max_domain_len),
		.max_aor = (uint64_t)number(config, RG__P_max_aor_len),
	};
}

void rg__matching_of(const rg_config *config, rg__matching *out)
{
	*out = (rg__matching){ .mode = (uint8_t)number(config, RG__P_matching_mode) };
	if (out->mode == RG__MATCH_PARAM) {
		rg_str text = rg__config_text(config, RG__P_matching_mode);
		out->param = rg__sub(text, 1, text.n - 1);
	}
}

static void set_expiry(const rg_config *config, const rg_save_options *options, rg__save_settings *out)
{
	out->default_expires = number(config, RG__P_default_expires);
	out->min_expires = chosen(config, RG__P_min_expires, options, RG__F_min_expires);
	out->max_expires = chosen(config, RG__P_max_expires, options, RG__F_max_expires);
	out->expires_max_deviation = number(config, RG__P_expires_max_deviation);
	out->min_expires_rejects = on(config, RG__P_min_expires_mode);
	out->malformed_expires_3600 = on(config, RG__P_malformed_expires);
}

static void set_flags(const rg_save_options *options, rg__save_settings *out)
{
	out->force = given(options, RG__F_force_registration);
	out->memory_only = given(options, RG__F_memory_only);
	out->no_reply = given(options, RG__F_no_reply);
	out->only_request_contacts = given(options, RG__F_only_request_contacts);
	out->path_received = given(options, RG__F_path_received);
	out->socket_header = given(options, RG__F_socket_header);
	out->path = options ? options->path : RG__PATH_IGNORED;
}

static void set_limits(const rg_config *config, rg__save_settings *out)
{
	bool push = on(config, RG__P_pn_enable) && !rg__config_has(config, RG__P_max_contact_len);

	out->max_request_contacts = number(config, RG__P_max_request_contacts);
	out->max_contact_params = number(config, RG__P_max_contact_params);
	out->max_paths = number(config, RG__P_max_paths);
	out->max_contact_len = push ? PUSH_CONTACT_LEN : number(config, RG__P_max_contact_len);
	out->max_received_len = number(config, RG__P_max_received_len);
	out->max_callid_len = number(config, RG__P_max_callid_len);
	out->max_user_agent_len = number(config, RG__P_max_user_agent_len);
	out->max_attr_len = number(config, RG__P_max_attr_len);
	out->max_record_bytes = number(config, RG__P_max_record_bytes);
}

void rg__save_settings_of(const rg_config *config, const rg_save_options *options, rg__save_settings *out)
{
	*out = (rg__save_settings){ .config = config };
	rg__aor_rules_of(config, &out->aor);
	if (given(options, RG__F_matching_mode))
		out->matching = options->matching;
	else
		rg__matching_of(config, &out->matching);
	set_expiry(config, options, out);
	set_flags(options, out);
	set_limits(config, out);
	out->default_q = (int32_t)number(config, RG__P_default_q);
	out->max_contacts = chosen(config, RG__P_max_contacts, options, RG__F_max_contacts);
	out->eviction = (uint8_t)number(config, RG__P_eviction);
	out->desc_time_order = on(config, RG__P_desc_time_order);
	out->retry_after = number(config, RG__P_retry_after);
	out->cseq_code = on(config, RG__P_cseq_code) ? 500 : 400;
	out->too_many_code = on(config, RG__P_too_many_code) ? 403 : 503;
	out->received_param = rg__config_text(config, RG__P_received_param);
	out->trust_contact_received = on(config, RG__P_trust_contact_received);
}

static bool asked(const rg_lookup_options *options, int flag)
{
	return options && options->flags.seen[flag];
}

void rg__lookup_settings_of(const rg_config *config, const rg_lookup_options *options, rg__lookup_settings *out)
{
	*out = (rg__lookup_settings){
		.no_branches = asked(options, RG__F_no_branches),
		.to_branches_only = asked(options, RG__F_to_branches_only),
		.branch = asked(options, RG__F_branch),
		.global = asked(options, RG__F_global),
		.method_filtering = asked(options, RG__F_method_filtering),
		.sort_by_latency = asked(options, RG__F_sort_by_latency),
		.desc_time_order = on(config, RG__P_desc_time_order),
		.max_ping_latency = asked(options, RG__F_max_ping_latency) ? options->flags.number[RG__F_max_ping_latency] : -1,
		.ua_regex = asked(options, RG__F_ua_filtering) ? &options->ua : NULL,
	};
	rg__aor_rules_of(config, &out->aor);
}
