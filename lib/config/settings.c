/* SPDX-License-Identifier: MIT */
#include "config/options.h"

/* A push token and its parameters take some hundred bytes, so the base specification's 255 would refuse most of them. */
enum { PUSH_CONTACT_LEN = 2048 };

static int64_t number(const rg_config *config, int id)
{
	return rg__config_int(config, id);
}

static bool on(const rg_config *config, int id)
{
	return rg__config_int(config, id) != 0;
}

static void prepare_aor(const rg_config *config, rg__aor_rules *out)
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

static void prepare_matching(const rg_config *config, rg__matching *out)
{
	*out = (rg__matching){ .mode = (uint8_t)number(config, RG__P_matching_mode), .push = rg__config_push(config) };
	if (out->mode == RG__MATCH_PARAM) {
		rg_str text = rg__config_text(config, RG__P_matching_mode);
		out->param = rg__sub(text, 1, text.n - 1);
	}
}

static void prepare_expiry(const rg_config *config, rg__save_settings *out)
{
	out->default_expires = number(config, RG__P_default_expires);
	out->min_expires = number(config, RG__P_min_expires);
	out->max_expires = number(config, RG__P_max_expires);
	out->expires_max_deviation = number(config, RG__P_expires_max_deviation);
	out->min_expires_rejects = on(config, RG__P_min_expires_mode);
	out->malformed_expires_3600 = on(config, RG__P_malformed_expires);
}

/* RFC 5626 needs Path to work, so a call that names no Path mode gets the lazy one. */
static void prepare_extensions(const rg_config *config, rg__save_settings *out)
{
	int64_t bit = number(config, RG__P_nat_bflag);

	out->outbound = (uint8_t)number(config, RG__P_outbound_mode);
	out->path = out->outbound != RG__OUTBOUND_OFF ? RG__PATH_LAZY : RG__PATH_IGNORED;
	out->gruu = !on(config, RG__P_disable_gruu);
	out->push = rg__config_push(config);
	out->flow_timer = number(config, RG__P_flow_timer);
	out->service_route = rg__config_text(config, RG__P_service_route);
	out->nat_bflag = bit >= 0 ? (uint32_t)1 << bit : 0;
}

static void prepare_limits(const rg_config *config, rg__save_settings *out)
{
	bool push = rg__config_push(config) && !rg__config_has(config, RG__P_max_contact_len);

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

void rg__settings_prepare(const rg_config *config, rg__save_settings *out)
{
	*out = (rg__save_settings){ .config = config };
	prepare_aor(config, &out->aor);
	prepare_matching(config, &out->matching);
	prepare_expiry(config, out);
	prepare_limits(config, out);
	prepare_extensions(config, out);
	out->default_q = (int32_t)number(config, RG__P_default_q);
	out->max_contacts = number(config, RG__P_max_contacts);
	out->eviction = (uint8_t)number(config, RG__P_eviction);
	out->desc_time_order = on(config, RG__P_desc_time_order);
	out->retry_after = number(config, RG__P_retry_after);
	out->cseq_code = on(config, RG__P_cseq_code) ? 500 : 400;
	out->too_many_code = on(config, RG__P_too_many_code) ? 403 : 503;
	out->received_param = rg__config_text(config, RG__P_received_param);
	out->trust_contact_received = on(config, RG__P_trust_contact_received);
}

const rg__aor_rules *rg__aor_rules_in(const rg_config *config, rg__aor_rules *room)
{
	const rg__save_settings *prepared = rg__config_prepared(config);

	if (prepared)
		return &prepared->aor;
	prepare_aor(NULL, room);
	return room;
}

void rg__aor_rules_of(const rg_config *config, rg__aor_rules *out)
{
	const rg__aor_rules *rules = rg__aor_rules_in(config, out);

	if (rules != out)
		*out = *rules;
}

void rg__matching_of(const rg_config *config, rg__matching *out)
{
	const rg__save_settings *prepared = rg__config_prepared(config);

	if (prepared)
		*out = prepared->matching;
	else
		prepare_matching(NULL, out);
}

/* The rule: an option of the call overrides the config. */
static void override(const rg__flags *flags, int flag, int64_t *value)
{
	if (flags->seen[flag])
		*value = flags->number[flag];
}

void rg__save_settings_of(const rg_config *config, const rg_save_options *options, rg__save_settings *out)
{
	const rg__save_settings *prepared = rg__config_prepared(config);

	if (prepared)
		*out = *prepared;
	else
		rg__settings_prepare(NULL, out);
	if (!options)
		return;
	const rg__flags *flags = &options->flags;
	override(flags, RG__F_max_contacts, &out->max_contacts);
	override(flags, RG__F_min_expires, &out->min_expires);
	override(flags, RG__F_max_expires, &out->max_expires);
	if (flags->seen[RG__F_matching_mode])
		out->matching = (rg__matching){ options->matching.mode, options->matching.param, out->push };
	out->force = flags->seen[RG__F_force_registration];
	out->memory_only = flags->seen[RG__F_memory_only];
	out->no_reply = flags->seen[RG__F_no_reply];
	out->only_request_contacts = flags->seen[RG__F_only_request_contacts];
	out->path_received = flags->seen[RG__F_path_received];
	out->socket_header = flags->seen[RG__F_socket_header];
	if (options->path != RG__PATH_IGNORED)
		out->path = options->path;
}

void rg__lookup_settings_prepare(const rg_config *config, rg__lookup_settings *out)
{
	*out = (rg__lookup_settings){ .desc_time_order = on(config, RG__P_desc_time_order), .max_ping_latency = -1,
		.pn = on(config, RG__P_pn_enable) };
	if (out->pn)
		out->pn_awake_for = 1000 * number(config, RG__P_pn_skip_pn_interval);
}

void rg__lookup_settings_of(const rg_config *config, const rg_lookup_options *options, rg__lookup_settings *out)
{
	const rg__lookup_settings *prepared = rg__config_prepared_lookup(config);

	if (prepared)
		*out = *prepared;
	else
		rg__lookup_settings_prepare(NULL, out);
	if (!options)
		return;
	const rg__flags *flags = &options->flags;
	out->no_branches = flags->seen[RG__F_no_branches];
	out->to_branches_only = flags->seen[RG__F_to_branches_only];
	out->branch = flags->seen[RG__F_branch];
	out->global = flags->seen[RG__F_global];
	out->method_filtering = flags->seen[RG__F_method_filtering];
	out->sort_by_latency = flags->seen[RG__F_sort_by_latency];
	override(flags, RG__F_max_ping_latency, &out->max_ping_latency);
	if (flags->seen[RG__F_ua_filtering])
		out->ua_regex = options->ua;
	out->filters = out->method_filtering || out->ua_regex || out->max_ping_latency >= 0;
}
