/* SPDX-License-Identifier: MIT */
/**
 * @file policy.h
 * The decision alone: pure functions from a record and what happens to it to a decision. With them a test checks registration policy
 * without a store or a network. rg_plan_apply() chains decisions, and rg_plan_text() is a decision to compare with an expected text.
 *
 * An argument `why` says what is wrong; it may be NULL (status.h).
 *
 * The functions use no store, clock, source of randomness or lock: `now` and `seed` are arguments. The same arguments give the same result.
 * Every function may be called on any thread.
 */
#ifndef RGSTR_POLICY_H
#define RGSTR_POLICY_H

#include <rgstr/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of event, a bit each. A later version may add kinds. */
enum {
	RG_EVENT_AOR_INSERT = 1,       /**< an AoR gained its first live binding */
	RG_EVENT_AOR_DELETE = 2,       /**< an AoR lost its last live binding */
	RG_EVENT_CONTACT_INSERT = 4,   /**< a binding was added */
	RG_EVENT_CONTACT_UPDATE = 8,   /**< a binding was refreshed or changed */
	RG_EVENT_CONTACT_DELETE = 16,  /**< a binding was removed or evicted */
	RG_EVENT_CONTACT_EXPIRE = 32,  /**< a binding expired */
	RG_EVENT_CONTACT_REFRESH = 64, /**< a device should be woken to refresh its binding; events.h says how often */
	RG_EVENT_LATENCY_UPDATE = 128  /**< the measured latency of a binding changed */
};

/** The mask of all kinds of event, also of those that a later version adds. */
#define RG_EVENT_ALL UINT32_MAX

/** @return the name of an event kind, as "CONTACT_INSERT"; NULL unless @p kind is one known bit. Static. */
RG_API const char *rg_event_name(uint32_t kind);

/** An event of one AoR. It is borrowed: valid during the callback, or as long as the plan that it was read from. */
typedef struct rg_event {
	uint32_t struct_size;     /**< set by rg_event_init(); that of the library in an event that a callback gets */
	uint32_t kind;            /**< one RG_EVENT_… bit */
	rg_key key;               /**< key of the AoR */
	rg_str aor;               /**< the key as rg_key_print() prints it */
	const rg_contact *before; /**< the binding before; NULL for AOR_… and CONTACT_INSERT */
	const rg_contact *after;  /**< the binding after; NULL for AOR_…, CONTACT_DELETE and CONTACT_EXPIRE */
	/**
	 * CONTACT_DELETE: "request" (a Contact with expires 0), "star" (Contact: *), "evicted" or "removed" (rg_remove() and the like).
	 * CONTACT_REFRESH: "reg-refresh" (the registration is about to expire), or the request that is for the device: "ini-INVITE" and the
	 * like for an initial one, "mid-BYE" and the like for one within a dialog. Absent for other kinds.
	 */
	rg_str reason;
	rg_str callid;            /**< Call-ID of the request that caused the event; absent when none did, as for "reg-refresh" */
	rg_time at;               /**< time of the decision */
} rg_event;

/** Empties an event. @p size is sizeof(rg_event). NULL is accepted. */
RG_API void rg_event_init(rg_event *event, uint32_t size);

/** The outcome of one Contact value of a request. A later version may add outcomes. */
enum {
	RG_OUTCOME_INSERTED = 1, /**< it added a binding */
	RG_OUTCOME_UPDATED = 2,  /**< it changed an existing binding */
	RG_OUTCOME_REMOVED = 3,  /**< it removed an existing binding */
	RG_OUTCOME_REPEATED = 4, /**< it is an exact repeat: nothing changed */
	RG_OUTCOME_IGNORED = 5   /**< it removes a binding that does not exist, or another Contact of the request overruled it */
};

/**
 * The whole decision on a REGISTER, an expiry, a removal or a measurement. Only that on a REGISTER has a response and outcomes. One thread
 * at a time uses a plan: it never changes, but rendering its response and viewing its events write into it.
 */
typedef struct rg_plan rg_plan;

/**
 * Decides a REGISTER (RFC 3261 §10.3).
 * @param record   the current record of the AoR; NULL = none. @param config  NULL = all defaults. @param options  NULL = no flags.
 * @param now      the time of the decision. @param seed  32 random bytes; the same bytes give the same binding ids.
 * @return RG_OK with @p out owned by the caller, also for a refusal; RG_EINVAL: there is no request or no seed, what the host says in the
 * request is wrong (request.h), the record belongs to another AoR, the config contradicts itself (rg_config_check()), or the 200 needs a
 * temporary GRUU (RFC 5627) or a PURR (RFC 8599 §6) and the config has no `gruu_secret`; RG_ENOMEM.
 */
RG_API rg_status rg_merge(const rg_record *record, const rg_request *request, const rg_config *config, const rg_save_options *options,
	rg_time now, const uint8_t seed[32], rg_plan **out, rg_error *why);

/**
 * Decides a REGISTER that the main registrar has answered (base specification §1.3.18).
 *
 * Each Contact of the request is stored for the lifetime that the main registrar granted: the expires of this Contact in the reply, else
 * the Expires of the reply, else the lifetime that the request asked for. `min_expires`, `max_expires` and `expires_max_deviation` do not
 * apply. A Contact that is missing in the reply is removed. All other values of a binding come from the request. A second reply to the
 * same REGISTER is applied too, because the client sees its lifetimes last.
 *
 * Nobody here wakes the device of such a binding (RFC 8599), because the client sees the Feature-Caps of the main registrar and not ours:
 * it has no RG_CONTACT_PN, and its lifetime is not raised. While `pn_enable` is on, its push parameters match it all the same.
 *
 * rg_response_rewrite_count() of the response lists what to change in the reply. rg_response_no_reply() is 1.
 * @param request  the REGISTER as it came from the client. @param upstream  the reply of the main registrar. Other parameters and errors
 * as rg_merge(). RG_EINVAL also when the code of @p upstream is not 2xx, or an entry of its `modified` is no URI.
 */
RG_API rg_status rg_merge_reply(const rg_record *record, const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg_time now, const uint8_t seed[32], rg_plan **out, rg_error *why);

/**
 * Decides what time does, as a tick does: removes the bindings that have expired (RFC 3261 §10.3) and the removals that are forgotten, and
 * while `pn_enable` is on claims the wake-ups that are due (rg_contact.wake; RFC 8599). The plan commits nothing when there are none.
 *
 * A wake-up is a CONTACT_REFRESH of reason "reg-refresh". Its commit moves `wake` ahead by 10 seconds, so that no other node wakes the
 * device. After the delivery a registrar sets RG_CONTACT_WOKEN by a second commit, and `wake` to the next repeat by `pn_retry` or to 0.
 * @param foreign  the ownership tags for which env.is_owner returns 0: a binding with one of them is removed only 10 seconds after its
 * expiry, and its device is not woken. They are compared octet by octet. May be NULL when @p n_foreign is 0.
 * @param config  NULL = all defaults. `pn_enable` decides whether devices are woken.
 * @param seed  32 random bytes, of which the revision of the next record is made.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: there is no seed, or the config contradicts itself; RG_ENOMEM.
 */
RG_API rg_status rg_expire(const rg_record *record, const rg_str *foreign, uint32_t n_foreign, const rg_config *config, rg_time now,
	const uint8_t seed[32], rg_plan **out, rg_error *why);

/** What to remove. A binding is removed when it meets all given conditions; without conditions, every binding of the AoR is removed. */
typedef struct rg_remove_filter {
	uint32_t struct_size;  /**< set by rg_remove_filter_init() */
	uint32_t branch_flags; /**< bits, of which a binding must have one; 0 = any */
	rg_str domain;         /**< name of the table; absent = "location" */
	rg_str aor;            /**< AoR, in a form that request.h lists; mandatory */
	rg_str contact;        /**< Contact URI or name-addr; absent = any. It matches as in a REGISTER (`matching_mode`, and while `pn_enable`
	                        *   is on the push parameters), except that Call-ID and reg-id are not compared */
	rg_str next_hop;       /**< IP address or host name of the next hop, with or without port; absent = any */
	rg_str instance;       /**< +sip.instance, with or without <>; absent = any */
} rg_remove_filter;

/** Empties a filter: no AoR, no conditions. @p size is sizeof(rg_remove_filter). NULL is accepted. */
RG_API void rg_remove_filter_init(rg_remove_filter *filter, uint32_t size);

/**
 * Decides a removal without a REGISTER, as rg_remove() does. Expired bindings that match are removed, too, but rg_plan_affected_count()
 * counts the live ones only. A plan that commits also removes all other expired bindings.
 *
 * A host name in `next_hop` is compared with the host names of the bindings. rg_remove() also compares the addresses that env.resolve finds
 * for it.
 * @param record  the current record of the AoR; NULL = none. @param config  NULL = all defaults. @param seed  as rg_expire().
 * @return RG_OK with @p out owned by the caller, also when nothing is removed; RG_EINVAL: there is no seed or no filter, the filter has no
 * AoR or a malformed value, the record belongs to another AoR, or the config contradicts itself; RG_ENOMEM.
 */
RG_API rg_status rg_prune(const rg_record *record, const rg_remove_filter *filter, const rg_config *config, rg_time now,
	const uint8_t seed[32], rg_plan **out, rg_error *why);

/**
 * Decides whether a measured latency is worth a commit, as rg_set_latency() does. A plan that commits also removes expired bindings.
 * rg_plan_affected_count() is the number of bindings whose latency changes.
 * @param record  the current record of the AoR; NULL = none. @param contact, microseconds  as rg_set_latency().
 * @param config  NULL = all defaults. @param seed  as rg_expire().
 * @return RG_OK with @p out owned by the caller, also when nothing changes; RG_EINVAL: there is no seed, the Contact is absent or
 * malformed, @p microseconds is RG_LATENCY_NONE, or the config contradicts itself; RG_ELIMIT: the record would grow past
 * `max_record_bytes`; RG_ENOMEM.
 */
RG_API rg_status rg_measure(const rg_record *record, rg_str contact, uint32_t microseconds, const rg_config *config, rg_time now,
	const uint8_t seed[32], rg_plan **out, rg_error *why);

/** Releases a plan. NULL is accepted. */
RG_API void rg_plan_free(rg_plan *plan);

/** @return the response, borrowed from the plan; NULL when the decision is not on a REGISTER, and for NULL. */
RG_API rg_response *rg_plan_response(rg_plan *plan);

/** @return 1 when the plan changes the record; 0 when the record stays as it is (a query, a repeat, a refusal). */
RG_API int32_t rg_plan_commits(const rg_plan *plan);

/** @return the record to commit, borrowed from the plan. NULL = delete the record when rg_plan_commits() is 1, else no change. */
RG_API const rg_record *rg_plan_next(const rg_plan *plan);

/**
 * Applies a plan to the record that it was made from, for a chain of decisions without a store.
 * @param record  the record that the plan was made from, or one of the same AoR and revision; NULL = none.
 * @param out  becomes a reference to the next record, owned by the caller, which is @p record when the plan commits nothing; NULL when the
 * record is deleted, when there is none, and on every error.
 * @return RG_OK; RG_EINVAL: there is no plan, @p out is NULL, or the record belongs to another AoR; RG_ECONFLICT: the plan was made from
 * another revision of the record.
 */
RG_API rg_status rg_plan_apply(const rg_plan *plan, const rg_record *record, rg_record **out, rg_error *why);

/** @return the number of bindings that rg_prune() removed, as rg_remove() counts them, or rg_measure() changed; 0 for other plans. */
RG_API uint32_t rg_plan_affected_count(const rg_plan *plan);

/** @return the number of Contact values of the request; 0 for a refusal and for NULL. */
RG_API uint32_t rg_plan_outcome_count(const rg_plan *plan);

/** @return the outcome of Contact value @p index of the request, RG_OUTCOME_…; 0 past the last one or for a refusal. */
RG_API int32_t rg_plan_outcome(const rg_plan *plan, uint32_t index);

/** @return the number of events that a commit of the plan raises. */
RG_API uint32_t rg_plan_event_count(const rg_plan *plan);

/** Fills in a view of event @p index, in order; borrowed from the plan. @return as rg_record_contact(), or RG_ENOMEM with @p out emptied. */
RG_API rg_status rg_plan_event(const rg_plan *plan, uint32_t index, rg_event *out);

/**
 * Writes the whole decision as text, for people and for the expected texts of tests, in the form of rg_record_text():
 *
 *     at: 1700000000000
 *     response: 200 OK
 *     reason: FINE
 *     header: Contact: <sip:alice@192.0.2.1>;expires=600
 *     header: Date: Tue, 14 Nov 2023 22:13:20 GMT
 *     outcome: INSERTED
 *     commit: record
 *     event: AOR_INSERT
 *       callid: a84b4c76e66710
 *     event: CONTACT_INSERT
 *       callid: a84b4c76e66710
 *       binding: 0
 *     record: alice@example.com
 *       domain: location
 *       binding: 0
 *         uri: sip:alice@192.0.2.1
 *         …
 *
 * - `response`, `reason`, the headers in order, `no_reply: yes`, `connection_lifetime` and each `rewrite` with the index of its Contact
 *   are only in a decision on a REGISTER. `outcome` has a line for each Contact of the request, `RG_OUTCOME_…` without its prefix.
 * - `affected` is rg_plan_affected_count() when it is not 0.
 * - `commit` is `nothing`, `record` or `delete`. The text ends with the next record when it is `record`.
 * - An event has its `reason` and `callid`. A binding that remains has `binding`, its index in the next record, and under `before` the
 *   values that it had before and that have changed; `no: attr` says that there was no attr, and `another: generation` that the generation
 *   is redrawn. A binding that does not remain has all its values under `before`.
 *
 * Without RG_TEXT_OPAQUE the token of a temporary GRUU and a PURR are `TOKEN`, and the text is the same for each seed, but for an expiry
 * that `expires_max_deviation` draws.
 * @param flags  RG_TEXT_… @param room, size, n  as rg_record_text().
 * @return RG_OK; RG_EINVAL: there is no plan or no room, or @p n is NULL; RG_ENOMEM. It renders the headers of the response.
 */
RG_API rg_status rg_plan_text(rg_plan *plan, uint32_t flags, char *room, size_t size, size_t *n);

/**
 * Decides where to route a request (RFC 3261 §16.5): to the live bindings of the AoR, in order. The flags `branch` and `global` have no
 * effect here. While `pn_enable` is on, devices that are asleep are no targets (rg_targets_wake_count()).
 * @param record  the current record of the AoR; NULL = none. @param request  gives the AoR (`aor`, else `request_uri`) and the method.
 * @param config  NULL = all defaults. @param options  NULL = no flags. @param now  the time of the decision.
 * @return RG_OK with @p out owned by the caller, also for an empty result; RG_EINVAL: there is no request, what the host says in it is
 * wrong (request.h), the record belongs to another AoR, or the config contradicts itself (rg_config_check()); RG_ENOMEM.
 */
RG_API rg_status rg_select(const rg_record *record, const rg_request *request, const rg_config *config, const rg_lookup_options *options,
	rg_time now, rg_targets **out, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
