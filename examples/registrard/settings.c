/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <string.h>

#define NO_VARIABLE "registrard has no variable for it; it has those of received_avp and tcp_persistent_flag"

/* A pattern between slashes may hold commas (base specification §1.4.4). @return what follows the flag. */
static const char *skip_flag(const char *p)
{
	const char *value = p + strcspn(p, "=,");

	value += *value == '=';
	value += strspn(value, " \t");
	if (*value == '/')
		for (value++; *value && *value != '/'; value++)
			value += *value == '\\' && value[1];
	return value + strcspn(value, ",");
}

int flag_next(const char **rest, rg_str *name)
{
	const char *p = *rest + strspn(*rest, " \t,");

	*name = (rg_str){ p, strcspn(p, "=, \t") };
	*rest = skip_flag(p);
	return name->n > 0;
}

int flag_is_given(const char *flags, const char *wanted)
{
	rg_str name;

	while (flag_next(&flags, &name))
		if (rg_str_equal(name, rg_str_from(wanted)))
			return 1;
	return 0;
}

static int is_set(const struct args *args, const char *name)
{
	return rg_config_is_set(args->config, rg_str_from(name));
}

static int64_t number_of(const struct args *args, const char *name)
{
	int64_t value = 0;

	rg_config_get_int(args->config, rg_str_from(name), &value);
	return value;
}

static int has_outbound(const struct args *args)
{
	rg_str mode = { NULL, 0 };

	rg_config_get(args->config, RG_STR("outbound_mode"), &mode);
	return !rg_str_equal(mode, RG_STR("off"));
}

static int has_limit(const struct args *args)
{
	return flag_is_given(args->save_flags, "max-contacts") || number_of(args, "max_contacts") > 0;
}

/* Why a setting does nothing. */
static const char *needs_outbound(const struct args *args)
{
	return has_outbound(args) ? NULL : "outbound_mode is off";
}

static const char *needs_token(const struct args *args)
{
	int purr = number_of(args, "pn_enable") && number_of(args, "pn_enable_purr");

	return !purr && number_of(args, "disable_gruu") ? "disable_gruu is 1, and pn_enable or pn_enable_purr is 0" : NULL;
}

static const char *needs_push(const struct args *args)
{
	return number_of(args, "pn_enable") ? NULL : "pn_enable is 0";
}

static const char *needs_limit(const struct args *args)
{
	return has_limit(args) ? NULL : "there is no limit of bindings: neither max_contacts nor --save max-contacts";
}

static const char *needs_eviction(const struct args *args)
{
	return flag_is_given(args->save_flags, "force-registration") ? needs_limit(args) : "there is no --save force-registration";
}

static const char *needs_path_received(const struct args *args)
{
	return flag_is_given(args->save_flags, "path-received") ? NULL : "there is no --save path-received";
}

static const char *needs_path(const struct args *args)
{
	int stored = flag_is_given(args->save_flags, "path-off") || flag_is_given(args->save_flags, "path-lazy") ||
		flag_is_given(args->save_flags, "path-strict");

	return stored || has_outbound(args) ? NULL : "no Path is stored without --save path-off, path-lazy or path-strict";
}

static const char *needs_received(const struct args *args)
{
	int has = is_set(args, "received_avp") || number_of(args, "trust_contact_received") || flag_is_given(args->save_flags, "path-received");

	return has ? NULL : "no binding has a received URI: neither received_avp, trust_contact_received nor --save path-received is there";
}

static const char *needs_socket_flag(const struct args *args)
{
	return flag_is_given(args->save_flags, "socket-header") ? NULL : "there is no --save socket-header";
}

static const char *needs_socket_name(const struct args *args)
{
	return is_set(args, "sock_hdr_name") ? NULL : "there is no --set sock_hdr_name";
}

static const char *needs_control(const struct args *args)
{
	return args->control ? NULL : "only the command latency of --control stores a latency";
}

static const char *needs_tcp(const struct args *args)
{
	for (size_t i = 0; i < args->n_listen; i++)
		if (strcmp(args->listen[i].proto, "udp") != 0)
			return NULL;
	return "no --listen is for connections";
}

static const char *needs_pattern(const struct args *args)
{
	return flag_is_given(args->lookup_flags, "ua-filtering") ? NULL : "there is no --lookup ua-filtering";
}

static const char *needs_sites(const struct args *args)
{
	if (!args->home)
		return "there is no --federate";
	return args->mode == MODE_REDIRECT ? "--mode redirect leaves other sites out" : NULL;
}

static const char *needs_no_max_contacts(const struct args *args)
{
	return flag_is_given(args->save_flags, "max-contacts") ? "--save max-contacts is used instead" : NULL;
}

static const char *needs_no_min_expires(const struct args *args)
{
	return flag_is_given(args->save_flags, "min-expires") ? "--save min-expires is used instead" : NULL;
}

static const char *needs_no_max_expires(const struct args *args)
{
	return flag_is_given(args->save_flags, "max-expires") ? "--save max-expires is used instead" : NULL;
}

static const char *needs_min_expires(const struct args *args)
{
	int has = flag_is_given(args->save_flags, "min-expires") || number_of(args, "min_expires") > 0;

	return has ? NULL : "min_expires is 0";
}

static const char *has_no_attr(const struct args *args)
{
	(void)args;
	return "no binding has a text of attr_avp";
}

static const char *has_one_store(const struct args *args)
{
	return args->store.address ? NULL : "there is one store, which keeps such bindings like all others";
}

static const char *has_no_branches(const struct args *args)
{
	(void)args;
	return "no request comes with branches";
}

static const char *has_branches_only(const struct args *args)
{
	(void)args;
	return "every target gets a branch of its own in any case";
}

#define PARAMETER(id, ...) { SETTING_PARAMETER, #id, __VA_ARGS__ }
#define SAVE(id, ...) { SETTING_SAVE, id, __VA_ARGS__ }
#define LOOKUP(id, ...) { SETTING_LOOKUP, id, __VA_ARGS__ }

static const struct setting settings[] = {
	PARAMETER(default_expires, NULL, NULL),
	PARAMETER(min_expires, NULL, needs_no_min_expires),
	PARAMETER(max_expires, NULL, needs_no_max_expires),
	PARAMETER(default_q, NULL, NULL),
	PARAMETER(tcp_persistent_flag, NULL, needs_tcp),
	PARAMETER(realm_prefix, NULL, NULL),
	PARAMETER(case_sensitive, NULL, NULL),
	PARAMETER(received_avp, NULL, NULL),
	PARAMETER(received_param, NULL, needs_received),
	PARAMETER(expires_max_deviation, NULL, NULL),
	PARAMETER(max_contacts, NULL, needs_no_max_contacts),
	PARAMETER(max_username_len, NULL, NULL),
	PARAMETER(max_domain_len, NULL, NULL),
	PARAMETER(max_aor_len, NULL, NULL),
	PARAMETER(max_contact_len, NULL, NULL),
	PARAMETER(retry_after, NULL, NULL),
	PARAMETER(sock_hdr_name, NULL, needs_socket_flag),
	PARAMETER(mcontact_avp, NO_VARIABLE, NULL),
	PARAMETER(attr_avp, NO_VARIABLE, NULL),
	PARAMETER(gruu_secret, NULL, needs_token),
	PARAMETER(disable_gruu, NULL, NULL),
	PARAMETER(pn_enable, NULL, NULL),
	PARAMETER(pn_providers, NULL, needs_push),
	PARAMETER(pn_ct_match_params, NULL, needs_push),
	PARAMETER(pn_pnsreg_interval, NULL, needs_push),
	PARAMETER(pn_trigger_interval, NULL, needs_push),
	PARAMETER(pn_skip_pn_interval, NULL, needs_push),
	PARAMETER(pn_refresh_timeout, NULL, needs_push),
	PARAMETER(pn_enable_purr, NULL, needs_push),
	PARAMETER(use_domain, NULL, NULL),
	PARAMETER(min_expires_mode, NULL, needs_min_expires),
	PARAMETER(malformed_expires, NULL, NULL),
	PARAMETER(matching_mode, NULL, NULL),
	PARAMETER(eviction, NULL, needs_eviction),
	PARAMETER(cseq_code, NULL, NULL),
	PARAMETER(too_many_code, NULL, needs_limit),
	PARAMETER(desc_time_order, NULL, NULL),
	PARAMETER(trust_contact_received, NULL, NULL),
	PARAMETER(store_timeout, NULL, NULL),
	PARAMETER(max_request_contacts, NULL, NULL),
	PARAMETER(max_contact_params, NULL, NULL),
	PARAMETER(max_paths, NULL, NULL),
	PARAMETER(max_received_len, NULL, needs_received),
	PARAMETER(max_callid_len, NULL, NULL),
	PARAMETER(max_user_agent_len, NULL, NULL),
	PARAMETER(max_attr_len, NULL, has_no_attr),
	PARAMETER(max_record_bytes, NULL, NULL),
	PARAMETER(max_request_bytes, NULL, NULL),
	PARAMETER(service_route, NULL, NULL),
	PARAMETER(nat_bflag, NULL, needs_path_received),
	PARAMETER(outbound_mode, NULL, NULL),
	PARAMETER(flow_timer, NULL, needs_outbound),
	PARAMETER(pn_retry, NULL, needs_push),
	PARAMETER(pn_max_waits, NULL, needs_push),
	PARAMETER(latency_min_delta, NULL, needs_control),
	SAVE("memory-only", NULL, has_one_store),
	SAVE("no-reply", "registrard answers each REGISTER, or the phone would send it again", NULL),
	SAVE("max-contacts", NULL, NULL),
	SAVE("force-registration", NULL, needs_limit),
	SAVE("matching-mode", NULL, NULL),
	SAVE("path-off", NULL, NULL),
	SAVE("path-lazy", NULL, NULL),
	SAVE("path-strict", NULL, NULL),
	SAVE("path-received", NULL, needs_path),
	SAVE("only-request-contacts", NULL, NULL),
	SAVE("socket-header", NULL, needs_socket_name),
	SAVE("min-expires", NULL, NULL),
	SAVE("max-expires", NULL, NULL),
	LOOKUP("no-branches", NULL, NULL),
	LOOKUP("to-branches-only", NULL, has_branches_only),
	LOOKUP("branch", NULL, has_no_branches),
	LOOKUP("method-filtering", NULL, NULL),
	LOOKUP("ua-filtering", NULL, NULL),
	LOOKUP("case-insensitive", NULL, needs_pattern),
	LOOKUP("extended-regexp", NULL, needs_pattern),
	LOOKUP("global", NULL, needs_sites),
	LOOKUP("max-ping-latency", NULL, needs_control),
	LOOKUP("sort-by-latency", NULL, needs_control),
};

const struct setting *setting_get(size_t index)
{
	return index < sizeof settings / sizeof *settings ? &settings[index] : NULL;
}

static const char *argument_of(int kind)
{
	return kind == SETTING_PARAMETER ? "--set" : kind == SETTING_SAVE ? "--save" : "--lookup";
}

/* Was it given? A parameter that has its default value does not ask for anything. */
static int is_given(const struct args *args, const struct setting *setting)
{
	rg_param param = { .struct_size = sizeof param };
	rg_str value = { NULL, 0 };

	if (setting->kind != SETTING_PARAMETER)
		return flag_is_given(setting->kind == SETTING_SAVE ? args->save_flags : args->lookup_flags, setting->name);
	if (!is_set(args, setting->name))
		return 0;
	rg_config_get(args->config, rg_str_from(setting->name), &value);
	for (uint32_t i = 0; rg_param_get(i, &param) == RG_OK; i++)
		if (strcmp(param.name, setting->name) == 0)
			return !rg_str_equal(value, rg_str_from(param.default_text));
	return 1;
}

/* Does this version of the library act on it? */
static int is_in_effect(const struct setting *setting)
{
	rg_param param = { .struct_size = sizeof param };
	rg_flag flag = { .struct_size = sizeof flag };

	for (uint32_t i = 0; setting->kind == SETTING_PARAMETER && rg_param_get(i, &param) == RG_OK; i++)
		if (strcmp(param.name, setting->name) == 0)
			return (int)param.in_effect;
	for (uint32_t i = 0; setting->kind != SETTING_PARAMETER && rg_flag_get(i, &flag) == RG_OK; i++)
		if ((int)flag.verb == setting->kind && strcmp(flag.name, setting->name) == 0)
			return (int)flag.in_effect;
	return 1;
}

/* The host tells two variables apart by their names. */
static int has_one_name_for_two(const struct args *args)
{
	rg_str received = { NULL, 0 }, persistent = { NULL, 0 };

	rg_config_get(args->config, RG_STR("received_avp"), &received);
	rg_config_get(args->config, RG_STR("tcp_persistent_flag"), &persistent);
	if (!received.p || !rg_str_equal(received, persistent))
		return 0;
	complain("--set tcp_persistent_flag=%.*s: received_avp has this name too; expected another one", (int)persistent.n, persistent.p);
	return 1;
}

int settings_check(const struct args *args)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (settings[i].refusal && is_given(args, &settings[i])) {
			complain("%s %s: %s", argument_of(settings[i].kind), settings[i].name, settings[i].refusal);
			return 0;
		}
	return !has_one_name_for_two(args);
}

void settings_tell(const struct args *args, struct log *log)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const struct setting *setting = &settings[i];
		const char *why = NULL;

		if (!is_given(args, setting))
			continue;
		if (!is_in_effect(setting))
			why = "this version of the library only checks it";
		else if (setting->idle)
			why = setting->idle(args);
		if (why)
			log_line(log, RG_LOG_WARNING, "%s %s does nothing: %s", argument_of(setting->kind), setting->name, why);
	}
}
