/* SPDX-License-Identifier: MIT */
/* The table of option flags of save and lookup. Parser, documentation and tests all read this one. */
#ifndef RG__FLAGS_H
#define RG__FLAGS_H

#include "config/parameters.h"

/* X(id, verb, kind, name, min, max, value in words, section, in_effect, doc); in_effect 0 is "accepted and validated only". */
#define RG__FLAG_MAP(X) \
	X(memory_only, SAVE, SWITCH, "memory-only", 0, 0, NULL, "base 1.4.1", 1, \
		"Keeps the bindings on this node only.") \
	X(no_reply, SAVE, SWITCH, "no-reply", 0, 0, NULL, "base 1.4.1", 1, \
		"Decides as ever, but the adaptor sends no response.") \
	X(max_contacts, SAVE, NUMBER, "max-contacts", 0, 65535, "number of bindings", "base 1.4.1", 1, \
		"Most live bindings of the address-of-record, instead of `max_contacts`. 0 turns the check off.") \
	X(force_registration, SAVE, SWITCH, "force-registration", 0, 0, NULL, "base 1.4.1", 1, \
		"Removes older bindings to make room, in the order that `eviction` says, where the request would be refused.") \
	X(matching_mode, SAVE, MATCHING, "matching-mode", 0, 0, "0, 1, <param> or instance", "base 1.4.1", 1, \
		"When a Contact is that of an existing binding, instead of `matching_mode`. The angle brackets are typed.") \
	X(path_off, SAVE, SWITCH, "path-off", 0, 0, NULL, "base 1.4.1", 1, \
		"Keeps the Path and never answers it.") \
	X(path_lazy, SAVE, SWITCH, "path-lazy", 0, 0, NULL, "base 1.4.1", 1, \
		"Keeps the Path, and answers it when the request supports it.") \
	X(path_strict, SAVE, SWITCH, "path-strict", 0, 0, NULL, "base 1.4.1", 1, \
		"Refuses a Path with 420 unless the request supports it.") \
	X(path_received, SAVE, SWITCH, "path-received", 0, 0, NULL, "base 1.4.1", 1, \
		"Takes the received URI from the first Path URI, and marks the binding as behind a NAT.") \
	X(only_request_contacts, SAVE, SWITCH, "only-request-contacts", 0, 0, NULL, "base 1.4.1", 1, \
		"Lists no bindings in the 200 but those of the request itself.") \
	X(socket_header, SAVE, SWITCH, "socket-header", 0, 0, NULL, "base 1.4.1", 1, \
		"Takes the local socket from the header that `sock_hdr_name` names.") \
	X(min_expires, SAVE, NUMBER, "min-expires", 0, RG__SECONDS_MAX, "seconds", "base 1.4.1", 1, \
		"Shortest lifetime granted, instead of `min_expires`. 0 turns the check off.") \
	X(max_expires, SAVE, NUMBER, "max-expires", 0, RG__SECONDS_MAX, "seconds", "base 1.4.1", 1, \
		"Longest lifetime granted, instead of `max_expires`. 0 turns the check off.") \
	X(no_branches, LOOKUP, SWITCH, "no-branches", 0, 0, NULL, "base 1.4.4", 1, \
		"Hands out the best target only.") \
	X(to_branches_only, LOOKUP, SWITCH, "to-branches-only", 0, 0, NULL, "base 1.4.4", 1, \
		"Leaves the Request-URI alone; every target becomes a branch.") \
	X(branch, LOOKUP, SWITCH, "branch", 0, 0, NULL, "base 1.4.4", 1, \
		"Replaces existing branches that are addresses-of-record by their targets. Not together with `no-branches`.") \
	X(method_filtering, LOOKUP, SWITCH, "method-filtering", 0, 0, NULL, "base 1.4.4", 1, \
		"Leaves out bindings that do not support the method of the request.") \
	X(ua_filtering, LOOKUP, PATTERN, "ua-filtering", 0, 255, "/regexp/, with letters i and e after it", "base 1.4.4", 1, \
		"Leaves out bindings whose User-Agent the POSIX regular expression does not match. `\\/` is a slash in it; a comma in it does " \
		"not separate; back-references, and repeats that multiply, are refused. The letter i ignores case, e makes it an extended expression.") \
	X(case_insensitive, LOOKUP, SWITCH, "case-insensitive", 0, 0, NULL, "base 1.4.4", 1, \
		"As the letter i of `ua-filtering`.") \
	X(extended_regexp, LOOKUP, SWITCH, "extended-regexp", 0, 0, NULL, "base 1.4.4", 1, \
		"As the letter e of `ua-filtering`.") \
	X(global, LOOKUP, SWITCH, "global", 0, 0, NULL, "base 1.4.4", 1, \
		"Adds a target for each other site where the address-of-record is registered.") \
	X(max_ping_latency, LOOKUP, NUMBER, "max-ping-latency", 0, 4294967294, "microseconds", "base 1.4.4", 1, \
		"Leaves out bindings with a higher measured latency. One that was never measured passes.") \
	X(sort_by_latency, LOOKUP, SWITCH, "sort-by-latency", 0, 0, NULL, "base 1.4.4", 1, \
		"Orders targets by measured latency, lowest first; unmeasured ones come last.")

/* The ids: RG__F_memory_only … */
enum {
#define RG__FLAG_ID(id, ...) RG__F_##id,
	RG__FLAG_MAP(RG__FLAG_ID)
#undef RG__FLAG_ID
	RG__F_COUNT
};

#endif
