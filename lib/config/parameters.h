/* SPDX-License-Identifier: MIT */
/* The table of parameters. Parser, printer, documentation and tests all read this one. */
#ifndef RG__PARAMETERS_H
#define RG__PARAMETERS_H

#define RG__SECONDS_MAX 4294967295 /* RFC 3261 §20.19: an interval is below 2**32 */

/* The default of a row, as a number and as text. The number of a word is its place among the choices; a default is the first choice. */
#define RG__DEFAULT(n) .number = n, .text = #n
#define RG__DEFAULT_WORD(word) .text = word
#define RG__NO_DEFAULT .number = -1

/*
 * X(name, members). The name is that of the parameter; the members are designated initialisers of the struct `row` in config.c. A member
 * that a row leaves out is zero: no choices, no unit, not of the base specification, in effect, any form of text.
 */
#define RG__PARAMETER_MAP(X) \
	RG__PARAMETERS_BASE(X) \
	RG__PARAMETERS_BINDING(X) \
	RG__PARAMETERS_LIMIT(X) \
	RG__PARAMETERS_EXTENSION(X)

/* The parameters of the base specification §1.3, in its order. */
#define RG__PARAMETERS_BASE(X) \
	X(default_expires, .kind = RG_PARAM_INT, .min = 1, .max = RG__SECONDS_MAX, RG__DEFAULT(3600), .unit = "seconds", \
		.section = "base 1.3.1", .from_base = 1, \
		.doc = "Lifetime of a binding when the request states none.") \
	X(min_expires, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(60), .unit = "seconds", \
		.section = "base 1.3.2", .from_base = 1, \
		.doc = "Shortest lifetime granted. `min_expires_mode` selects what happens to a shorter one. 0 turns the check off.") \
	X(max_expires, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(0), .unit = "seconds", \
		.section = "base 1.3.3", .from_base = 1, \
		.doc = "Longest lifetime granted. A longer one is cut to it. 0 turns the check off.") \
	X(default_q, .kind = RG_PARAM_INT, .max = 1000, RG__NO_DEFAULT, .unit = "thousandths", \
		.section = "base 1.3.4", .from_base = 1, \
		.doc = "q of a Contact that states none. While it is unset, such a binding has no q and sorts after every stated q.") \
	X(tcp_persistent_flag, .kind = RG_PARAM_TEXT, .form = RG__FORM_WORD, .min = 1, .max = 64, RG__NO_DEFAULT, \
		.section = "base 1.3.5", .from_base = 1, \
		.doc = "Host variable. When it is set for a request, the response asks the host to keep the TCP connection of the " \
			"request for as long as its longest binding lives.") \
	X(realm_prefix, .kind = RG_PARAM_TEXT, .form = RG__FORM_HOST, .max = 255, RG__NO_DEFAULT, \
		.section = "base 1.3.6", .from_base = 1, \
		.doc = "Prefix that is removed from the host of an address-of-record, in any letter case.") \
	X(case_sensitive, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(1), .section = "base 1.3.7", .from_base = 1, \
		.doc = "Whether two users whose names differ only in letter case are different users.") \
	X(received_avp, .kind = RG_PARAM_TEXT, .form = RG__FORM_WORD, .min = 1, .max = 64, RG__NO_DEFAULT, \
		.section = "base 1.3.8", .from_base = 1, \
		.doc = "Host variable that holds the source of a request as a SIP URI. It becomes the received URI of the binding.") \
	X(received_param, .kind = RG_PARAM_TEXT, .form = RG__FORM_PARAM, .min = 1, .max = 64, RG__DEFAULT_WORD("received"), \
		.section = "base 1.3.9", .from_base = 1, \
		.doc = "Name of the Contact parameter in which a 200 reports the received URI.") \
	X(expires_max_deviation, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(0), .unit = "seconds", \
		.section = "base 1.3.10", .from_base = 1, \
		.doc = "Largest random change of a granted lifetime, up or down. It keeps devices from refreshing all at once.") \
	X(max_contacts, .kind = RG_PARAM_INT, .max = 65535, RG__DEFAULT(0), .unit = "bindings", \
		.section = "base 1.3.11", .from_base = 1, \
		.doc = "Largest number of live bindings of one address-of-record. 0 turns the check off.") \
	X(max_username_len, .kind = RG_PARAM_INT, .min = 1, .max = 1024, RG__DEFAULT(64), .unit = "bytes", \
		.section = "base 1.3.12", .from_base = 1, \
		.doc = "Longest user part of an address-of-record, in canonical form.") \
	X(max_domain_len, .kind = RG_PARAM_INT, .min = 1, .max = 1024, RG__DEFAULT(64), .unit = "bytes", \
		.section = "base 1.3.13", .from_base = 1, \
		.doc = "Longest host part of an address-of-record, in canonical form.") \
	X(max_aor_len, .kind = RG_PARAM_INT, .min = 1, .max = 4096, RG__DEFAULT(256), .unit = "bytes", \
		.section = "base 1.3.14", .from_base = 1, \
		.doc = "Longest address-of-record, in canonical form.") \
	X(max_contact_len, .kind = RG_PARAM_INT, .min = 1, .max = 16384, RG__DEFAULT(255), .unit = "bytes", \
		.section = "base 1.3.15", .from_base = 1, \
		.doc = "Longest URI of a Contact. While it is unset and `pn_enable` is on, the limit is 2048, because push tokens " \
			"are long.") \
	X(retry_after, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(0), .unit = "seconds", \
		.section = "base 1.3.16", .from_base = 1, \
		.doc = "Value of Retry-After in a 5xx response. 0 leaves the header out.") \
	X(sock_hdr_name, .kind = RG_PARAM_TEXT, .form = RG__FORM_TOKEN, .min = 1, .max = 64, RG__NO_DEFAULT, \
		.section = "base 1.3.17", .from_base = 1, \
		.doc = "Header from which the save flag `socket-header` takes the local socket.") \
	X(mcontact_avp, .kind = RG_PARAM_TEXT, .form = RG__FORM_WORD, .min = 1, .max = 64, RG__NO_DEFAULT, \
		.section = "base 1.3.18", .from_base = 1, \
		.doc = "Host variable that holds the Contact as it was forwarded to the main registrar. It is read when the reply of " \
			"the main registrar is saved.") \
	X(attr_avp, .kind = RG_PARAM_TEXT, .form = RG__FORM_WORD, .min = 1, .max = 64, RG__NO_DEFAULT, \
		.section = "base 1.3.19", .from_base = 1, \
		.doc = "Host variable whose text is stored with each binding. lookup and is_registered hand it back.") \
	X(gruu_secret, .kind = RG_PARAM_TEXT, .form = RG__FORM_SECRETS, .min = 1, .max = 4096, RG__NO_DEFAULT, \
		.section = "base 1.3.20", .from_base = 1, \
		.doc = "Secrets, separated by commas, that seal temporary GRUUs and PURRs: the first one seals, each of them opens. " \
			"While it is unset, each registrar has a random secret until it ends, and says so in the log.") \
	X(disable_gruu, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(1), .section = "base 1.3.21", .from_base = 1, \
		.doc = "Turns GRUUs (RFC 5627) off.") \
	X(pn_enable, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(0), .section = "base 1.3.22", .from_base = 1, \
		.doc = "Turns push notifications (RFC 8599) on.") \
	X(pn_providers, .kind = RG_PARAM_TEXT, .form = RG__FORM_TOKENS, .min = 1, .max = 1024, RG__NO_DEFAULT, \
		.section = "base 1.3.23", .from_base = 1, \
		.doc = "Supported push services, separated by commas. A Contact that names another one is refused with 555.") \
	X(pn_ct_match_params, .kind = RG_PARAM_TEXT, .form = RG__FORM_TOKENS, .min = 1, .max = 1024, \
		RG__DEFAULT_WORD("pn-provider, pn-prid, pn-param"), .section = "base 1.3.24", .from_base = 1, \
		.doc = "URI parameters, separated by commas, that match a Contact with push parameters to a binding, octet by octet. A provider " \
			"other than `apns`, `fcm` and `webpush` needs all of them.") \
	X(pn_pnsreg_interval, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(130), .unit = "seconds", \
		.section = "base 1.3.25", .from_base = 1, \
		.doc = "Time before expiry at which a device that wakes up by itself, as its `+sip.pnsreg` says, is asked to refresh. It must be " \
			"above 120 and not below `pn_trigger_interval`.") \
	X(pn_trigger_interval, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(120), .unit = "seconds", \
		.section = "base 1.3.26", .from_base = 1, \
		.doc = "Time before expiry at which a device that has not refreshed is woken.") \
	X(pn_skip_pn_interval, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(0), .unit = "seconds", \
		.section = "base 1.3.27", .from_base = 1, \
		.doc = "Time after a registration during which the device counts as awake and is not woken.") \
	X(pn_refresh_timeout, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(6), .unit = "seconds", \
		.section = "base 1.3.28", .from_base = 1, \
		.doc = "Time that a request waits for a device that was woken. A lifetime that is not above the sum of this and " \
			"`pn_trigger_interval` leaves no time to wake the device: it is raised to a second above that sum, or refused with 423, " \
			"as `min_expires_mode` says.") \
	X(pn_enable_purr, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(0), .section = "base 1.3.29", .from_base = 1, \
		.doc = "Turns PURRs on: by these references, requests within long dialogs reach a sleeping device (RFC 8599 §6).")

/* Ours: how a binding is recognised, granted, refused and ordered. */
#define RG__PARAMETERS_BINDING(X) \
	X(use_domain, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(1), .section = "ours", \
		.doc = "Whether the host is part of an address-of-record.") \
	X(min_expires_mode, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("clamp"), .choices = "clamp|reject", .section = "RFC 3261 10.3", \
		.doc = "`clamp` raises a lifetime below `min_expires` to it. `reject` refuses it with 423 if it is below an hour " \
			"too, and raises it otherwise.") \
	X(malformed_expires, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("reject"), .choices = "reject|3600", .section = "RFC 3261 10.2", \
		.doc = "`reject` refuses an expires value that is no number with 400. `3600` takes it as an hour.") \
	X(matching_mode, .kind = RG_PARAM_ENUM, .form = RG__FORM_MATCHING, RG__DEFAULT_WORD("0"), .choices = "0|1|<param>|instance", \
		.section = "base 1.4.1", \
		.doc = "When a Contact matches an existing binding. `0`: the URIs are equal. `1`: the URIs and the Call-IDs are " \
			"equal. `<param>`: both URIs have the parameter of this name with equal values; the angle brackets are typed. " \
			"`instance`: both have an equal `+sip.instance`. In the last two modes the URIs are compared where one side " \
			"lacks the value.") \
	X(eviction, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("oldest"), .choices = "oldest|soonest-expiry|lowest-q", .section = "ours", \
		.doc = "Which binding the save flag `force-registration` removes first.") \
	X(cseq_code, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("400"), .choices = "400|500", .section = "RFC 3261 10.3", \
		.doc = "SIP code for a CSeq that is not higher than the previous one of the same Call-ID.") \
	X(too_many_code, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("503"), .choices = "503|403", .section = "ours", \
		.doc = "SIP code for a request that exceeds `max_contacts`.") \
	X(desc_time_order, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(0), .section = "ours", \
		.doc = "Whether bindings of equal q are ordered newest first instead of oldest first.") \
	X(trust_contact_received, .kind = RG_PARAM_BOOL, .max = 1, RG__DEFAULT(0), .section = "ours", \
		.doc = "Whether a `received` parameter that the client put into its Contact is used.") \
	X(store_timeout, .kind = RG_PARAM_INT, .min = 1, .max = 600000, RG__DEFAULT(2000), .unit = "milliseconds", .section = "ours", \
		.doc = "Time that a caller waits for the store before the call fails with \"store unavailable\".")

/* Ours: limits. Each is checked before work is done in proportion to what it limits. */
#define RG__PARAMETERS_LIMIT(X) \
	X(max_request_contacts, .kind = RG_PARAM_INT, .min = 1, .max = 1024, RG__DEFAULT(32), .unit = "values", .section = "ours", \
		.doc = "Largest number of Contact values in one request.") \
	X(max_contact_params, .kind = RG_PARAM_INT, .max = 128, RG__DEFAULT(32), .unit = "parameters", .section = "ours", \
		.doc = "Largest number of header parameters of one Contact value, and of parameters of its URI.") \
	X(max_paths, .kind = RG_PARAM_INT, .max = 1024, RG__DEFAULT(16), .unit = "values", .section = "ours", \
		.doc = "Largest number of Path values in one request.") \
	X(max_received_len, .kind = RG_PARAM_INT, .min = 1, .max = 4096, RG__DEFAULT(255), .unit = "bytes", .section = "ours", \
		.doc = "Longest received URI.") \
	X(max_callid_len, .kind = RG_PARAM_INT, .min = 1, .max = 4096, RG__DEFAULT(255), .unit = "bytes", .section = "ours", \
		.doc = "Longest Call-ID.") \
	X(max_user_agent_len, .kind = RG_PARAM_INT, .max = 4096, RG__DEFAULT(255), .unit = "bytes", .section = "ours", \
		.doc = "Longest User-Agent that is stored. A longer one is cut, not refused.") \
	X(max_attr_len, .kind = RG_PARAM_INT, .max = 16384, RG__DEFAULT(1024), .unit = "bytes", .section = "ours", \
		.doc = "Longest text of `attr_avp`.") \
	X(max_record_bytes, .kind = RG_PARAM_INT, .min = 512, .max = 65535, RG__DEFAULT(65535), .unit = "bytes", .section = "ours", \
		.doc = "Largest record of one address-of-record, counted with all its strings. A commit that grows a record past it is refused.") \
	X(max_request_bytes, .kind = RG_PARAM_INT, .min = 512, .max = 1048576, RG__DEFAULT(65535), .unit = "bytes", .section = "ours", \
		.doc = "Longest message that an adaptor reads.")

/* Ours: extensions. */
#define RG__PARAMETERS_EXTENSION(X) \
	X(service_route, .kind = RG_PARAM_TEXT, .form = RG__FORM_ROUTES, .min = 1, .max = 4096, RG__NO_DEFAULT, .section = "RFC 3608", \
		.doc = "Service-Route of every 200: `<uri>` values of loose routers, separated by commas.") \
	X(nat_bflag, .kind = RG_PARAM_INT, .max = 31, RG__NO_DEFAULT, .unit = "bit", .section = "ours", \
		.doc = "Branch flag that marks a binding behind a NAT. The save flag `path-received` sets it.") \
	X(outbound_mode, .kind = RG_PARAM_ENUM, RG__DEFAULT_WORD("off"), .choices = "off|on|required", .section = "RFC 5626", \
		.doc = "`on`: a device may register several flows. `required`: a Contact that does not register a flow is refused " \
			"with 421.") \
	X(flow_timer, .kind = RG_PARAM_INT, .max = RG__SECONDS_MAX, RG__DEFAULT(0), .unit = "seconds", .section = "RFC 5626 4.4", \
		.doc = "Flow-Timer of a 200 on a direct flow. 0 leaves the header out.") \
	X(pn_retry, .kind = RG_PARAM_TEXT, .form = RG__FORM_PAUSES, .min = 1, .max = 255, RG__NO_DEFAULT, .unit = "seconds", .section = "ours", \
		.doc = "Pauses, separated by commas, at most 16 of them, after which a device that does not answer is woken again: `10, 30` " \
			"wakes it 10 and 40 seconds after the first time. While it is unset, a device is woken once.") \
	X(pn_max_waits, .kind = RG_PARAM_INT, .max = 16777216, RG__DEFAULT(65536), .unit = "requests", .section = "ours", \
		.doc = "Largest number of requests that wait at once for a device that was woken. A further one wakes the device, but does " \
			"not wait for it.") \
	X(latency_min_delta, .kind = RG_PARAM_INT, .max = 1000, RG__DEFAULT(20), .unit = "percent", .section = "ours", \
		.doc = "Smallest change of a measured latency, relative to the stored one, that is stored. A change below 10 ms is " \
			"never stored.")

/* The ids: RG__P_default_expires … */
enum {
#define RG__PARAMETER_ID(name, ...) RG__P_##name,
	RG__PARAMETER_MAP(RG__PARAMETER_ID)
#undef RG__PARAMETER_ID
	RG__P_COUNT
};

#endif
