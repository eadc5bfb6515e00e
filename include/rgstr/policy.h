/* SPDX-License-Identifier: MIT */
/**
 * @file policy.h
 * The decision alone: pure functions from a record and a request to what should happen, for whoever tests policy.
 *
 * No store, clock, randomness or lock is touched: `now` and `seed` are arguments, and the same arguments give the same answer.
 * Every function may be called on any thread.
 */
#ifndef RGSTR_POLICY_H
#define RGSTR_POLICY_H

#include <rgstr/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of event: X(name, bit, what it says). */
#define RG_EVENT_MAP(X) \
	X(AOR_INSERT, 0, "an AoR gained its first live binding") \
	X(AOR_DELETE, 1, "an AoR lost its last live binding") \
	X(CONTACT_INSERT, 2, "a binding was added") \
	X(CONTACT_UPDATE, 3, "a binding was refreshed or changed") \
	X(CONTACT_DELETE, 4, "a binding was removed or evicted") \
	X(CONTACT_EXPIRE, 5, "a binding lapsed") \
	X(CONTACT_REFRESH, 6, "a device should be woken to refresh its binding") \
	X(LATENCY_UPDATE, 7, "the measured latency of a binding changed")

enum {
#define RG_EVENT_ENUM(name, bit, text) RG_EVENT_##name = 1 << (bit),
	RG_EVENT_MAP(RG_EVENT_ENUM)
#undef RG_EVENT_ENUM
	RG_EVENT_ALL = 255
};

/** @return the name of an event kind, as "CONTACT_INSERT"; NULL for anything but one known bit. Static. */
RG_API const char *rg_event_name(uint32_t kind);

/** Something that happened to one AoR. Borrowed: valid during the callback, or as long as the plan it was read from. */
typedef struct rg_event {
	uint32_t struct_size;     /**< sizeof(rg_event) */
	uint32_t kind;            /**< one RG_EVENT_… bit */
	rg_key key;               /**< whose */
	rg_str aor;               /**< the key as printed by rg_key_print() */
	const rg_contact *before; /**< the binding as it was; NULL for AOR_… and CONTACT_INSERT */
	const rg_contact *after;  /**< the binding as it is; NULL for AOR_…, CONTACT_DELETE, CONTACT_EXPIRE */
	/** Of a CONTACT_DELETE: "request", "star", "evicted" or "removed"; of a CONTACT_REFRESH: "ini-INVITE" and the like; else absent. */
	rg_str reason;
	rg_str callid;            /**< Call-ID of the request that caused it; absent when none did */
	rg_time at;               /**< when it was decided */
} rg_event;

/** What became of one Contact of a request. */
enum {
	RG_OUTCOME_INSERTED = 1, /**< a new binding */
	RG_OUTCOME_UPDATED = 2,  /**< an existing binding changed */
	RG_OUTCOME_REMOVED = 3,  /**< an existing binding went */
	RG_OUTCOME_REPEATED = 4, /**< an exact repeat: nothing changed */
	RG_OUTCOME_IGNORED = 5   /**< a removal of what is not there, or overruled by another Contact of the request */
};

/** The whole decision on a REGISTER. Immutable, but its response is rendered and its events are viewed in place: one thread at a time. */
typedef struct rg_plan rg_plan;

/**
 * Decides a REGISTER (RFC 3261 §10.3).
 * @param record   the AoR's current record; NULL = none. @param config  NULL = all defaults. @param options  NULL = no flags.
 * @param now      the time to decide at. @param seed  32 random bytes; the same ones give the same binding ids.
 * @return RG_OK with @p out owned by the caller, refusals included; RG_EINVAL: no request, or a record of another AoR; RG_ENOMEM.
 */
RG_API rg_status rg_merge(const rg_record *record, const rg_request *request, const rg_config *config, const rg_save_options *options,
	rg_time now, const uint8_t seed[32], rg_plan **out);

/**
 * Decides what of a REGISTER is kept that another registrar has answered (base specification §1.3.18): each Contact for as long as
 * that one granted it (the Contact's expires in the reply, else the reply's Expires, else what was asked for), whatever the bounds of @p
 * config.
 * A Contact that is not in the reply is removed. What the request knew of it is kept. Another reply to the same REGISTER counts as well:
 * what it grants is what the client is told last.
 * Other parameters and errors as rg_merge(); @p request is the REGISTER as it came from the client. The response says in
 * rg_response_rewrites() what to change in the reply, and is marked rg_response_no_reply(). RG_EINVAL also for a code that is no 2xx.
 */
RG_API rg_status rg_merge_reply(const rg_record *record, const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg_time now, const uint8_t seed[32], rg_plan **out);

/** Releases a plan. NULL is accepted. */
RG_API void rg_plan_unref(rg_plan *plan);

/** @return the response; borrowed from the plan. */
RG_API rg_response *rg_plan_response(rg_plan *plan);

/** @return 1 when something is to be committed; 0 when the record stays as it is (a query, a repeat, a refusal). */
RG_API int32_t rg_plan_commits(const rg_plan *plan);

/** @return the record to commit; NULL = delete it, if rg_plan_commits(), else no change. Borrowed from the plan. */
RG_API const rg_record *rg_plan_next(const rg_plan *plan);

/** @return the outcome of Contact value @p index of the request, RG_OUTCOME_…; 0 past the last one or for a refusal. */
RG_API int32_t rg_plan_outcome(const rg_plan *plan, uint32_t index);

/** @return how many events a commit would raise. */
RG_API uint32_t rg_plan_events(const rg_plan *plan);

/** Views event @p index, in order. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_plan_event(const rg_plan *plan, uint32_t index, rg_event *out);

/**
 * Decides where to route a request (RFC 3261 §16.5): the live bindings, in order.
 * Parameters and errors as rg_merge(); @p request gives the AoR (`aor`, else `request_uri`) and the method.
 * @return RG_OK with @p out owned by the caller, an empty result included; RG_EINVAL; RG_ENOMEM.
 */
RG_API rg_status rg_select(const rg_record *record, const rg_request *request, const rg_config *config, const rg_lookup_options *options,
	rg_time now, rg_targets **out);

#ifdef __cplusplus
}
#endif
#endif
