/* SPDX-License-Identifier: MIT */
/* The table of option flags of save and lookup. Parser, documentation and tests all read this one. */
#ifndef RG__FLAGS_H
#define RG__FLAGS_H

#include "config/parameters.h"

/*
 * X(id, members). The members are designated initialisers of the struct `row` in options.c. A member that a row leaves out is zero: a
 * switch, no value, in effect.
 */
#define RG__FLAG_MAP(X) \
	X(memory_only, .verb = SAVE, .name = "memory-only", .section = "base 1.4.1", \
		.doc = "Keeps the bindings on this node only.") \
	X(no_reply, .verb = SAVE, .name = "no-reply", .section = "base 1.4.1", \
		.doc = "Changes nothing about the decision, but the adaptor sends no response.") \
	X(max_contacts, .verb = SAVE, .kind = NUMBER, .name = "max-contacts", .max = 65535, .value = "number of bindings", \
		.section = "base 1.4.1", \
		.doc = "Largest number of live bindings of the address-of-record, instead of `max_contacts`. 0 turns the check off.") \
	X(force_registration, .verb = SAVE, .name = "force-registration", .section = "base 1.4.1", \
		.doc = "Removes other bindings where the request would exceed the limit. `eviction` sets the order.") \
	X(matching_mode, .verb = SAVE, .kind = MATCHING, .name = "matching-mode", .value = "0, 1, <param> or instance", \
		.section = "base 1.4.1", \
		.doc = "When a Contact matches an existing binding, instead of `matching_mode`. The angle brackets are typed.") \
	X(path_off, .verb = SAVE, .name = "path-off", .section = "base 1.4.1", \
		.doc = "Stores the Path and never returns it in the response.") \
	X(path_lazy, .verb = SAVE, .name = "path-lazy", .section = "base 1.4.1", \
		.doc = "Stores the Path, and returns it in the response when the request supports it.") \
	X(path_strict, .verb = SAVE, .name = "path-strict", .section = "base 1.4.1", \
		.doc = "Refuses a Path with 420 unless the request supports it.") \
	X(path_received, .verb = SAVE, .name = "path-received", .section = "base 1.4.1", \
		.doc = "Takes the received URI from the first Path URI, and marks the binding as behind a NAT.") \
	X(only_request_contacts, .verb = SAVE, .name = "only-request-contacts", .section = "base 1.4.1", \
		.doc = "Lists only the bindings of the request itself in the 200.") \
	X(socket_header, .verb = SAVE, .name = "socket-header", .section = "base 1.4.1", \
		.doc = "Takes the local socket from the header that `sock_hdr_name` names.") \
	X(min_expires, .verb = SAVE, .kind = NUMBER, .name = "min-expires", .max = RG__SECONDS_MAX, .value = "seconds", \
		.section = "base 1.4.1", \
		.doc = "Shortest lifetime granted, instead of `min_expires`. 0 turns the check off.") \
	X(max_expires, .verb = SAVE, .kind = NUMBER, .name = "max-expires", .max = RG__SECONDS_MAX, .value = "seconds", \
		.section = "base 1.4.1", \
		.doc = "Longest lifetime granted, instead of `max_expires`. 0 turns the check off.") \
	X(no_branches, .verb = LOOKUP, .name = "no-branches", .section = "base 1.4.4", \
		.doc = "Returns the best target only.") \
	X(to_branches_only, .verb = LOOKUP, .name = "to-branches-only", .section = "base 1.4.4", \
		.doc = "Leaves the Request-URI as it is. Every target becomes a branch.") \
	X(branch, .verb = LOOKUP, .name = "branch", .section = "base 1.4.4", \
		.doc = "Replaces each existing branch that is an address-of-record by its targets. It excludes `no-branches`.") \
	X(method_filtering, .verb = LOOKUP, .name = "method-filtering", .section = "base 1.4.4", \
		.doc = "Leaves out bindings that do not support the method of the request.") \
	X(ua_filtering, .verb = LOOKUP, .kind = PATTERN, .name = "ua-filtering", .max = 255, \
		.value = "/regexp/, with letters i and e after it", .section = "base 1.4.4", \
		.doc = "Leaves out bindings whose User-Agent does not match the POSIX regular expression. In the expression, `\\/` " \
			"is a slash, and a comma does not separate flags. Back-references are refused, and so is an expression that " \
			"repeats too much or nests too deep. The letter i ignores case; the letter e makes it an extended expression.") \
	X(case_insensitive, .verb = LOOKUP, .name = "case-insensitive", .section = "base 1.4.4", \
		.doc = "The same as the letter i of `ua-filtering`.") \
	X(extended_regexp, .verb = LOOKUP, .name = "extended-regexp", .section = "base 1.4.4", \
		.doc = "The same as the letter e of `ua-filtering`.") \
	X(global, .verb = LOOKUP, .name = "global", .section = "base 1.4.4", \
		.doc = "Adds a target for each other site where the address-of-record is registered.") \
	X(max_ping_latency, .verb = LOOKUP, .kind = NUMBER, .name = "max-ping-latency", .max = 4294967294, .value = "microseconds", \
		.section = "base 1.4.4", \
		.doc = "Leaves out bindings with a higher measured latency. A binding that was never measured passes.") \
	X(sort_by_latency, .verb = LOOKUP, .name = "sort-by-latency", .section = "base 1.4.4", \
		.doc = "Orders targets by measured latency, lowest first. Bindings that were never measured come last.")

/* The ids: RG__F_memory_only … */
enum {
#define RG__FLAG_ID(id, ...) RG__F_##id,
	RG__FLAG_MAP(RG__FLAG_ID)
#undef RG__FLAG_ID
	RG__F_COUNT
};

#endif
