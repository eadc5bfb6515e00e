/* SPDX-License-Identifier: MIT */
/* The table of parameters. Parser, printer, documentation and tests all read this one. */
#ifndef RG__PARAMETERS_H
#define RG__PARAMETERS_H

#define RG__SECONDS_MAX 4294967295 /* RFC 3261 §20.19: an interval is below 2**32 */

/* The default as a number and as text. A word's number is its place among the choices, so the default word is the first one. */
#define RG__NUMBER(n) n, #n
#define RG__WORD(text) 0, text
#define RG__NONE -1, NULL

/*
 * X(name, kind, form, min, max, default, choices, unit, section, from_base, in_effect, doc).
 * kind is that of RG_PARAM_…; form says what a text must look like (form.h); in_effect 0 is "accepted and validated only".
 */
#define RG__PARAMETER_MAP(X) \
	RG__PARAMETERS_BASE(X) \
	RG__PARAMETERS_BINDING(X) \
	RG__PARAMETERS_LIMIT(X) \
	RG__PARAMETERS_EXTENSION(X)

/* The base specification's own, §1.3, in its order. */
#define RG__PARAMETERS_BASE(X) \
	X(default_expires, INT, ANY, 1, RG__SECONDS_MAX, RG__NUMBER(3600), NULL, "seconds", "base 1.3.1", 1, 1, \
		"Lifetime of a binding for which the request states none.") \
	X(min_expires, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(60), NULL, "seconds", "base 1.3.2", 1, 1, \
		"Shortest lifetime granted; `min_expires_mode` says what becomes of a shorter one. 0 turns the check off.") \
	X(max_expires, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(0), NULL, "seconds", "base 1.3.3", 1, 1, \
		"Longest lifetime granted; longer ones are cut to it. 0 turns the check off.") \
	X(default_q, INT, ANY, 0, 1000, RG__NONE, NULL, "thousandths", "base 1.3.4", 1, 1, \
		"q of a Contact that states none. Unset, such a binding has no q and sorts after every stated one.") \
	X(tcp_persistent_flag, TEXT, WORD, 1, 64, RG__NONE, NULL, "", "base 1.3.5", 1, 1, \
		"Host variable which, when set, asks that a TCP connection be kept for as long as its binding lives.") \
	X(realm_prefix, TEXT, HOST, 0, 255, RG__NONE, NULL, "", "base 1.3.6", 1, 1, \
		"Prefix taken off the host of an address-of-record, whatever its case.") \
	X(case_sensitive, BOOL, ANY, 0, 1, RG__NUMBER(1), NULL, "", "base 1.3.7", 1, 1, \
		"Whether users whose names differ only by case are different users.") \
	X(received_avp, TEXT, WORD, 1, 64, RG__NONE, NULL, "", "base 1.3.8", 1, 1, \
		"Host variable that holds the source of a request as a SIP URI, kept as the binding's received URI.") \
	X(received_param, TEXT, PARAM, 1, 64, RG__WORD("received"), NULL, "", "base 1.3.9", 1, 1, \
		"Name of the Contact parameter by which a 200 tells the received URI.") \
	X(expires_max_deviation, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(0), NULL, "seconds", "base 1.3.10", 1, 1, \
		"Most that a granted lifetime is moved at random, either way, so that devices do not refresh all at once.") \
	X(max_contacts, INT, ANY, 0, 65535, RG__NUMBER(0), NULL, "bindings", "base 1.3.11", 1, 1, \
		"Most live bindings of one address-of-record. 0 turns the check off.") \
	X(max_username_len, INT, ANY, 1, 1024, RG__NUMBER(64), NULL, "bytes", "base 1.3.12", 1, 1, \
		"Longest user part of an address-of-record, in canonical form.") \
	X(max_domain_len, INT, ANY, 1, 1024, RG__NUMBER(64), NULL, "bytes", "base 1.3.13", 1, 1, \
		"Longest host part of an address-of-record, in canonical form.") \
	X(max_aor_len, INT, ANY, 1, 4096, RG__NUMBER(256), NULL, "bytes", "base 1.3.14", 1, 1, \
		"Longest address-of-record, in canonical form.") \
	X(max_contact_len, INT, ANY, 1, 16384, RG__NUMBER(255), NULL, "bytes", "base 1.3.15", 1, 1, \
		"Longest URI of a Contact. Unset, it is 2048 while `pn_enable` is on: push tokens are long.") \
	X(retry_after, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(0), NULL, "seconds", "base 1.3.16", 1, 1, \
		"Retry-After of a 5xx answer. 0 leaves the header out.") \
	X(sock_hdr_name, TEXT, TOKEN, 1, 64, RG__NONE, NULL, "", "base 1.3.17", 1, 1, \
		"Header that tells the local socket when the save flag `socket-header` is given.") \
	X(mcontact_avp, TEXT, WORD, 1, 64, RG__NONE, NULL, "", "base 1.3.18", 1, 1, \
		"Host variable that holds the Contact as it was forwarded to another registrar, for saving from its reply.") \
	X(attr_avp, TEXT, WORD, 1, 64, RG__NONE, NULL, "", "base 1.3.19", 1, 1, \
		"Host variable whose text is kept with each binding and handed back by lookup and is_registered.") \
	X(gruu_secret, TEXT, SECRETS, 1, 4096, RG__NONE, NULL, "", "base 1.3.20", 1, 0, \
		"Secrets, separated by commas, that seal temporary GRUUs and PURRs: the first seals, all open. Unset, a random one is made.") \
	X(disable_gruu, BOOL, ANY, 0, 1, RG__NUMBER(1), NULL, "", "base 1.3.21", 1, 0, \
		"Turns GRUUs off.") \
	X(pn_enable, BOOL, ANY, 0, 1, RG__NUMBER(0), NULL, "", "base 1.3.22", 1, 0, \
		"Turns push notifications on, RFC 8599.") \
	X(pn_providers, TEXT, TOKENS, 1, 1024, RG__NONE, NULL, "", "base 1.3.23", 1, 0, \
		"Push services that are supported, separated by commas.") \
	X(pn_ct_match_params, TEXT, TOKENS, 1, 1024, RG__WORD("pn-provider, pn-prid, pn-param"), NULL, "", "base 1.3.24", 1, 0, \
		"URI parameters, separated by commas, by which a Contact with push parameters is matched.") \
	X(pn_pnsreg_interval, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(130), NULL, "seconds", "base 1.3.25", 1, 0, \
		"How long before expiry a device that wakes up by itself is asked to refresh. Above 120, and not below `pn_trigger_interval`.") \
	X(pn_trigger_interval, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(120), NULL, "seconds", "base 1.3.26", 1, 0, \
		"How long before expiry a device that did not refresh is woken.") \
	X(pn_skip_pn_interval, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(0), NULL, "seconds", "base 1.3.27", 1, 0, \
		"How long after it registered a device counts as awake and is not woken.") \
	X(pn_refresh_timeout, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(6), NULL, "seconds", "base 1.3.28", 1, 0, \
		"How long a request waits for a device that was woken.") \
	X(pn_enable_purr, BOOL, ANY, 0, 1, RG__NUMBER(0), NULL, "", "base 1.3.29", 1, 0, \
		"Turns on the references by which requests within long dialogs find a sleeping device, RFC 8599 §6.")

/* Ours: how a binding is recognised, granted, refused and ordered. */
#define RG__PARAMETERS_BINDING(X) \
	X(use_domain, BOOL, ANY, 0, 1, RG__NUMBER(1), NULL, "", "ours", 0, 1, \
		"Whether the host is part of an address-of-record.") \
	X(min_expires_mode, ENUM, ANY, 0, 0, RG__WORD("clamp"), "clamp|reject", "", "RFC 3261 10.3", 0, 1, \
		"A lifetime below `min_expires` is raised to it (`clamp`), or refused with 423 if it is below an hour too (`reject`).") \
	X(malformed_expires, ENUM, ANY, 0, 0, RG__WORD("reject"), "reject|3600", "", "RFC 3261 10.2", 0, 1, \
		"An Expires that is no number is refused with 400 (`reject`), or taken as an hour (`3600`).") \
	X(matching_mode, ENUM, MATCHING, 0, 0, RG__WORD("0"), "0|1|<param>|instance", "", "base 1.4.1", 0, 1, \
		"When a Contact is that of an existing binding: equal URIs (`0`); equal URIs and Call-IDs (`1`); an equal URI parameter, whose " \
		"name stands in angle brackets; an equal `+sip.instance` (`instance`).") \
	X(eviction, ENUM, ANY, 0, 0, RG__WORD("oldest"), "oldest|soonest-expiry|lowest-q", "", "ours", 0, 1, \
		"Which binding makes room first under the save flag `force-registration`.") \
	X(cseq_code, ENUM, ANY, 0, 0, RG__WORD("400"), "400|500", "", "RFC 3261 10.3", 0, 1, \
		"SIP code for a CSeq that is not higher than the one before it.") \
	X(too_many_code, ENUM, ANY, 0, 0, RG__WORD("503"), "503|403", "", "ours", 0, 1, \
		"SIP code for a request that exceeds `max_contacts`.") \
	X(desc_time_order, BOOL, ANY, 0, 1, RG__NUMBER(0), NULL, "", "ours", 0, 1, \
		"Whether bindings of equal q are ordered newest first instead of oldest first.") \
	X(trust_contact_received, BOOL, ANY, 0, 1, RG__NUMBER(0), NULL, "", "ours", 0, 1, \
		"Whether a `received` parameter that the client wrote into its Contact is believed.") \
	X(store_timeout, INT, ANY, 1, 600000, RG__NUMBER(2000), NULL, "milliseconds", "ours", 0, 1, \
		"How long a caller waits for the store before it is told that the store is unavailable.")

/* Ours: limits, each checked before work is done in proportion to what it limits. */
#define RG__PARAMETERS_LIMIT(X) \
	X(max_request_contacts, INT, ANY, 1, 1024, RG__NUMBER(32), NULL, "values", "ours", 0, 1, \
		"Most Contact values in one request.") \
	X(max_contact_params, INT, ANY, 0, 128, RG__NUMBER(32), NULL, "parameters", "ours", 0, 1, \
		"Most parameters of one Contact value.") \
	X(max_paths, INT, ANY, 0, 1024, RG__NUMBER(16), NULL, "values", "ours", 0, 1, \
		"Most Path values in one request.") \
	X(max_received_len, INT, ANY, 1, 4096, RG__NUMBER(255), NULL, "bytes", "ours", 0, 1, \
		"Longest received URI.") \
	X(max_callid_len, INT, ANY, 1, 4096, RG__NUMBER(255), NULL, "bytes", "ours", 0, 1, \
		"Longest Call-ID.") \
	X(max_user_agent_len, INT, ANY, 0, 4096, RG__NUMBER(255), NULL, "bytes", "ours", 0, 1, \
		"Longest User-Agent kept; a longer one is cut, not refused.") \
	X(max_attr_len, INT, ANY, 0, 16384, RG__NUMBER(1024), NULL, "bytes", "ours", 0, 1, \
		"Longest text of `attr_avp`.") \
	X(max_record_bytes, INT, ANY, 512, 65535, RG__NUMBER(65535), NULL, "bytes", "ours", 0, 1, \
		"Most that the bindings of one address-of-record may take. May only be lowered.") \
	X(max_request_bytes, INT, ANY, 512, 1048576, RG__NUMBER(65535), NULL, "bytes", "ours", 0, 1, \
		"Longest message that an adaptor reads.")

/* Ours: extensions. */
#define RG__PARAMETERS_EXTENSION(X) \
	X(service_route, TEXT, ROUTES, 1, 4096, RG__NONE, NULL, "", "RFC 3608", 0, 1, \
		"Service-Route of every 200: `<uri>` values of loose routers, separated by commas.") \
	X(nat_bflag, INT, ANY, 0, 31, RG__NONE, NULL, "bit", "ours", 0, 1, \
		"Branch flag that says a binding is behind a NAT, set by the save flag `path-received`.") \
	X(outbound_mode, ENUM, ANY, 0, 0, RG__WORD("off"), "off|on|required", "", "RFC 5626", 0, 1, \
		"Whether a device may keep several flows, or must be able to.") \
	X(flow_timer, INT, ANY, 0, RG__SECONDS_MAX, RG__NUMBER(0), NULL, "seconds", "RFC 5626 4.4", 0, 1, \
		"Flow-Timer of a 200 on a direct flow. 0 leaves the header out.") \
	X(latency_min_delta, INT, ANY, 0, 1000, RG__NUMBER(20), NULL, "percent", "ours", 0, 1, \
		"Least change of a measured latency, relative to the stored one, that is worth storing; one of less than 10 ms never is.")

/* The ids: RG__P_default_expires … */
enum {
#define RG__PARAMETER_ID(name, ...) RG__P_##name,
	RG__PARAMETER_MAP(RG__PARAMETER_ID)
#undef RG__PARAMETER_ID
	RG__P_COUNT
};

#endif
