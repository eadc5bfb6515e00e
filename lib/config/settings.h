/* SPDX-License-Identifier: MIT */
/* The values of rg_config and the options, as the decisions use them. */
#ifndef RG__SETTINGS_H
#define RG__SETTINGS_H

#include <rgstr/config.h>
#include "regex/regex.h"
#include "grammar/grammar.h"
#include "token/token.h"
#include "config/push.h"

/* Ids of the parameters, RG__P_<name>, from the one table. */
#include "config/parameters.h"

int64_t rg__config_int(const rg_config *config, int id); /* value or default; NULL config = defaults */
rg_str rg__config_text(const rg_config *config, int id); /* absent when it is neither set nor has a default */
bool rg__config_has(const rg_config *config, int id);
rg_config *rg__config_ref(const rg_config *config);      /* a registrar's configs are shared and never change */

/* The keys that seal and open tokens, those of `gruu_secret`. While that is unset, the keys that were lent; NULL = none. */
const rg__ring *rg__config_ring(const rg_config *config);
void rg__config_lend_ring(rg_config *config, const rg__ring *ring); /* before the config is shared; a copy of it does not have them */

enum { RG__MATCH_URI = 0, RG__MATCH_URI_CALLID = 1, RG__MATCH_PARAM = 2, RG__MATCH_INSTANCE = 3 };
enum { RG__EVICT_OLDEST, RG__EVICT_SOONEST, RG__EVICT_LOWEST_Q };
enum { RG__PATH_IGNORED, RG__PATH_OFF, RG__PATH_LAZY, RG__PATH_STRICT };
enum { RG__OUTBOUND_OFF, RG__OUTBOUND_ON, RG__OUTBOUND_REQUIRED };

/* How Contacts match bindings. */
typedef struct rg__matching {
	uint8_t mode;
	rg_str param; /* of RG__MATCH_PARAM; borrowed from config or options */
	const rg__push *push; /* NULL = push notifications are off */
} rg__matching;

/* The settings in effect for one save: options where set, else config, else defaults. Times in seconds. Borrows from both. */
typedef struct rg__save_settings {
	const rg_config *config;
	rg__aor_rules aor;
	rg__matching matching;
	int64_t default_expires, min_expires, max_expires, expires_max_deviation;
	bool min_expires_rejects;     /* min_expires_mode=reject */
	bool malformed_expires_3600;  /* malformed_expires=3600 */
	int32_t default_q;            /* -1 = unset */
	int64_t max_contacts;         /* 0 = no limit */
	bool force, memory_only, no_reply, only_request_contacts, path_received, socket_header, desc_time_order;
	uint8_t eviction, path, outbound;
	bool gruu;                    /* GRUUs are on */
	const rg__push *push;         /* that of `matching` */
	int64_t retry_after, cseq_code, too_many_code, flow_timer;
	uint32_t nat_bflag;           /* as a bit mask; 0 = unset */
	rg_str received_param, service_route;
	bool trust_contact_received;
	int64_t max_request_contacts, max_contact_params, max_paths, max_contact_len, max_received_len, max_callid_len,
		max_user_agent_len, max_attr_len, max_record_bytes;
} rg__save_settings;

/* The one function in which the options of a call override the config. */
void rg__save_settings_of(const rg_config *config, const rg_save_options *options, rg__save_settings *out);

typedef struct rg__lookup_settings {
	const struct rg__gruu *gruu; /* set by a lookup for a GRUU: only the bindings that it names count; NULL = all */
	bool no_sips; /* set by a lookup that already has the sips bindings, never by options */
	bool no_branches, to_branches_only, branch, global, method_filtering, sort_by_latency, desc_time_order;
	bool filters; /* any of method_filtering and the next two is set */
	int64_t max_ping_latency; /* microseconds; -1 = unset */
	const rg__automaton *ua_regex; /* compiled with the options; NULL = no filter */
	bool pn;               /* push is on: a PN binding is asleep unless one of the next three says otherwise */
	int64_t pn_awake_for;  /* milliseconds after a REGISTER in which the device is awake; 0 = it is asleep at once */
	const rg_record *asleep_in; /* set by a wait: a device that registered after this record is awake; NULL = none */
	uint64_t only_binding; /* set by a wait: only the bindings of this one's device count, all of them as awake; 0 = all bindings */
} rg__lookup_settings;

void rg__lookup_settings_of(const rg_config *config, const rg_lookup_options *options, rg__lookup_settings *out);

/* Derives the settings of the config alone. A config keeps the result, so that an operation copies it instead of reading fifty values. */
void rg__settings_prepare(const rg_config *config, rg__save_settings *out);
void rg__lookup_settings_prepare(const rg_config *config, rg__lookup_settings *out);
/* NULL for NULL */
const rg__save_settings *rg__config_prepared(const rg_config *config);
const rg__lookup_settings *rg__config_prepared_lookup(const rg_config *config);

void rg__aor_rules_of(const rg_config *config, rg__aor_rules *out);
const rg__aor_rules *rg__aor_rules_in(const rg_config *config, rg__aor_rules *room); /* those of the config itself, or in @p room */
void rg__matching_of(const rg_config *config, rg__matching *out);

#endif
