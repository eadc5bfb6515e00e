/* SPDX-License-Identifier: MIT */
/**
 * @file registrar.h
 * The registrar: save, lookup, remove and the queries, over a store.
 *
 * **Two forms.** Each verb that touches the store comes in a blocking form and in a completion form (`…_async`).
 *
 * **Completion law.** An error return means that the callback is never called. RG_OK: it has already been called. RG_PENDING: it
 * will be, exactly once. `*op`, if asked for, is written before the operation starts, is owned by the caller (rg_op_unref()) and
 * is harmless to cancel later. Callbacks run with no lock held, may call any function of the library, and may drop the last
 * reference to anything. `free_user` of a callback's user data runs once, after the last call. On an error return nothing of the
 * caller's was called, and nothing of his is freed: the user data is still his. This holds for rg_registrar_new() and
 * rg_registrar_subscribe() too.
 *
 * **Blocking form.** Needs a store that is inline or has `wait`; otherwise RG_ENOTSUP with nothing started.
 *
 * **Threads.** Over a store with RG_STORE_THREAD_SAFE every function may be called on any thread, and callbacks run on whichever
 * thread completes them. Over any other store a registrar belongs to one thread at a time.
 *
 * **Time.** Nothing happens by itself: the host calls rg_registrar_tick() when the last tick, or env.wakeup, said.
 */
#ifndef RGSTR_REGISTRAR_H
#define RGSTR_REGISTRAR_H

#include <rgstr/message.h>
#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Levels of env.log. */
enum {
	RG_LOG_ERROR = 1,
	RG_LOG_WARNING = 2,
	RG_LOG_INFO = 3,
	RG_LOG_DEBUG = 4
};

/**
 * The answer to env.resolve: up to 8 addresses are used, none if @p status is not RG_OK. To be called once for each @p tok. A second
 * call is refused while the registrar lives; after its last operation ended and its last reference went, the behaviour is undefined.
 */
typedef void (*rg_resolve_cb)(void *tok, rg_status status, const rg_addr *addrs, uint32_t n);

/** What the host lends the registrar. Each member is optional and has a working default. Copied, bounded by `struct_size`. */
typedef struct rg_env {
	size_t struct_size; /**< sizeof(rg_env), set by rg_env_init() */

	/** The time. Default: the system's real-time clock. */
	rg_time (*now)(void *user);

	/** Random bytes, for repeatable tests only. Default: libsodium. */
	void (*random)(void *user, void *bytes, size_t n);

	/** A line of log, free of control characters. Default: nothing is logged. @param level  RG_LOG_… */
	void (*log)(void *user, int32_t level, rg_str text);

	/** Resolves a host name, under the completion law. Default: names compare as text; the library never touches DNS. */
	rg_status (*resolve)(void *user, rg_str host, rg_resolve_cb done, void *tok);

	/** The next tick is due earlier than last said. Called with no lock held, on any thread that uses the registrar. */
	void (*wakeup)(void *user, rg_time next);

	/** 1 when this node acts for bindings with ownership tag @p tag (base specification §1.4.1), else 0. Default: 1. What lapses is told
	 * by its owner; another node takes it only 10 seconds later, when the owner has not come. Not asked about bindings without a tag. */
	int32_t (*is_owner)(void *user, rg_str tag);

	/** 1 when @p host is a domain of ours, else 0: the request is then refused with 404 (RFC 3261 §10.3 step 1). The host is given as in an
	 * AoR: in lower case, without a trailing dot and realm_prefix. Default: 1. */
	int32_t (*is_local)(void *user, rg_str host);

	/** 1 when the sender may register this To, else 0: refused with 403 (RFC 3261 §10.3 step 4). Default: 1. */
	int32_t (*authorize)(void *user, rg_str from, rg_str to, rg_str identity);

	void *user;      /**< handed to each member */
	rg_free_cb free; /**< releases `user` with the registrar */
} rg_env;

/** Empties an environment. @p size is sizeof(rg_env). NULL is accepted. */
RG_API void rg_env_init(rg_env *env, size_t size);

/** A registrar, counted by references. */
typedef struct rg_registrar rg_registrar;

/** An operation under way. */
typedef struct rg_op rg_op;

/**
 * Makes a registrar.
 * @param config  copied; NULL = all defaults. @param store  a reference is taken. @param env  copied; NULL = all defaults.
 * @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a config that contradicts itself, or no store; RG_ENOTSUP: the system
 * gives no random bytes; RG_ENOMEM. On an error `env->free` is not called.
 */
RG_API rg_status rg_registrar_new(const rg_config *config, rg_store *store, const rg_env *env, rg_registrar **out, rg_error *why);

/** Takes a reference. @return @p registrar. NULL is accepted. */
RG_API rg_registrar *rg_registrar_ref(rg_registrar *registrar);

/** Drops a reference; the last one shuts down. NULL is accepted. */
RG_API void rg_registrar_unref(rg_registrar *registrar);

/**
 * Completes every operation in flight with RG_ECANCELED and refuses new ones with RG_ECANCELED. A commit already issued is then
 * *undecided*: it runs on, and its events are delivered. Idempotent.
 */
RG_API void rg_registrar_shutdown(rg_registrar *registrar);

/**
 * Replaces the configuration, atomically: each operation runs under the one it began with.
 * @return RG_OK; RG_EINVAL: it contradicts itself, rg_config_check() says how, and the old one stays; RG_ENOMEM.
 */
RG_API rg_status rg_registrar_configure(rg_registrar *registrar, const rg_config *config);

/**
 * Does what is due: expiry and its events, resends of commits of unknown fate, time-outs.
 * @param limit  records to work on at most; 0 = 1000. @param next  when to call again, RG_TIME_NEVER = when woken; may be NULL.
 * @return RG_OK, also while the store has not answered yet: a failure that comes later is logged, counted and followed by a tick.
 * RG_ESTORE: the store failed; RG_ENOMEM; RG_EINVAL: no registrar. @p next is set all the same, but for the last.
 */
RG_API rg_status rg_registrar_tick(rg_registrar *registrar, uint32_t limit, rg_time *next);

/** @name Federation
 *
 * Sites that keep their bindings apart tell one another, in a store that all of them share, who is registered where. A lookup with the
 * flag `global` (base specification §1.4.4) then adds a target for each other site that has the AoR.
 *
 * In the shared store the homes of an AoR are the contacts of a record of their own, under the same user and host in domain
 * `<domain>@homes`: the URI of a site, good until that site renews it. No events are raised for them. What another site wrote that is no
 * SIP URI, or has headers in it, is passed over; so is what would be good for more than 30 days, which goes with the next publication.
 * @{ */

/** So many homes of one AoR become targets of a lookup, at most. */
#define RG_HOMES_MAX 64

/** Options of rg_registrar_federate(). */
typedef struct rg_federation_options {
	uint32_t struct_size;  /**< set by rg_federation_options_init() */
	uint32_t rate;         /**< AoRs that a scan looks at in a second, at most; 0 = 1000. All must be through in half a `lifetime` */
	int64_t lifetime;      /**< how long an entry is good for, in milliseconds, 10 s – 30 days; 0 = 3600000 (an hour) */
	const rg_str *domains; /**< tables whose present AoRs are published; one that a commit is made in later is added, up to 64 in all */
	uint32_t n_domains;    /**< how many; 0 = "location" alone */
	uint32_t reserved;     /**< zero */
} rg_federation_options;

/** Empties options. @p size is sizeof(rg_federation_options). NULL is accepted. */
RG_API void rg_federation_options_init(rg_federation_options *options, uint32_t size);

/**
 * From now on publishes in @p shared which AoRs have a live binding here, and has lookups with the flag `global` look there.
 *
 * The work is done by rg_registrar_tick(), a bounded part at a time. An AoR that gained its first live binding, or lost its last, is
 * published or withdrawn at the next tick; what is published is renewed well before it lapses; what is in the store already is
 * published too. While @p shared does not answer, saves go on as ever, and publication is tried again and catches up. An AoR that the
 * store has no room for is tried again every half minute, or found by the next scan when there are very many, and keeps no other
 * waiting; entries that are there are renewed all the same. Nodes of one
 * site that share a store of bindings name the same @p home. A registrar whose stores are not both RG_STORE_THREAD_SAFE belongs to
 * one thread at a time. What was published stays after a shutdown, until it lapses.
 * @param shared  a reference is taken.
 * @param home  SIP URI of this site, or its host or IP address with or without port, as other sites are to reach it. Copied.
 * @param options  copied; NULL = all defaults. @param why  may be NULL.
 * @return RG_OK; RG_EINVAL: a home or an option that is none, no store, or the registrar has a home already (it keeps it for life);
 * RG_ENOMEM. Any thread, before the first operation or while others run.
 */
RG_API rg_status rg_registrar_federate(rg_registrar *registrar, rg_store *shared, rg_str home, const rg_federation_options *options,
	rg_error *why);

/** @} */
/** @name Saving
 * @{ */

/** @param status  as rg_save() returns. @param response  owned by the callback; NULL unless status is RG_OK or RG_ESTORE. */
typedef void (*rg_save_cb)(void *user, rg_status status, rg_response *response);

/**
 * Decides a REGISTER and commits the decision (RFC 3261 §10.3; base specification §1.4.1).
 * @param options  NULL = no flags. @param out  the response, owned by the caller.
 * @return RG_OK: decided, refusals included. RG_ESTORE: the store is unreachable, its budget is used up or too many conflicts came;
 * @p out then holds a complete 503 response. RG_EINVAL (no request, or a domain of homes), RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM: nothing
 * is in @p out.
 */
RG_API rg_status rg_save(rg_registrar *registrar, const rg_request *request, const rg_save_options *options, rg_response **out);

/** The completion form of rg_save(). @param op  may be NULL. */
RG_API rg_status rg_save_async(rg_registrar *registrar, const rg_request *request, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * rg_save() on a message of the host: read through its adaptor, decided, replied to.
 * @param out  the response as well, owned by the caller; may be NULL. @return as rg_save(), or what the adaptor returned.
 */
RG_API rg_status rg_save_msg(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_response **out);

/** The completion form of rg_save_msg(); the reply is made before @p done is called. @param op  may be NULL. */
RG_API rg_status rg_save_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Saves from the reply of another registrar (cached registrations; base specification §1.3.18, §1.4.1 in a reply route).
 * @param request   the REGISTER as it came from the client. @param upstream  what became of it. @param options  NULL = no flags.
 * @param out       the decision, owned by the caller: what is to be rewritten in the reply, see rg_response_rewrites(). There is nothing to
 *                  send; a code that is not 200 says that nothing was kept, and why.
 * @return as rg_save(); RG_EINVAL also for an @p upstream that is no 2xx.
 */
RG_API rg_status rg_save_reply(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_response **out);

/** The completion form of rg_save_reply(). @param op  may be NULL. */
RG_API rg_status rg_save_reply_async(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op);

/**
 * rg_save_reply() on two messages of the host: both are read through their adaptors, and the reply's Contacts are rewritten through the
 * member `rewrite` of the reply's adaptor, if it has that. How Contacts were forwarded says the host variable that mcontact_avp names,
 * read of the request: a URI; or, of a REGISTER with more than one Contact, a list of them separated by commas, one for each (an empty one
 * was not changed;
 * one with a comma in it stands in <>).
 * @param out  may be NULL. @return as rg_save_reply(), or what an adaptor returned.
 */
RG_API rg_status rg_save_reply_msg(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_response **out);

/** The completion form of rg_save_reply_msg(); the reply is rewritten before @p done is called. Both messages must live until then.
 * @param op  may be NULL. */
RG_API rg_status rg_save_reply_msg_async(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op);

/**
 * Adds to a message of the host a header that tells the socket it came in on (base specification §1.4.8, add_sock_hdr), for the registrar
 * it is forwarded to: that one takes it for its own where sock_hdr_name and the save flag `socket-header` say so. What a client may have
 * sent under the same name is the host's to remove first.
 * @param msg  read through its adaptor for `socket`. @param name  of the header: a token. The value is that of rg_socket_header().
 * @return RG_OK; RG_ENOTSUP: the adaptor has no `add_header`; RG_EINVAL: @p name is no header name, or the host gave no socket or one that
 * is none; RG_ECANCELED, RG_ENOMEM, or what the adaptor returned. On an error nothing is added. Completes before it returns.
 */
RG_API rg_status rg_add_socket_header(rg_registrar *registrar, const rg_msg *msg, rg_str name);

/** @} */
/** @name Looking up
 * @{ */

/** @param status  as rg_lookup() returns. @param targets  owned by the callback; NULL unless status is RG_OK or RG_ESTORE. */
typedef void (*rg_lookup_cb)(void *user, rg_status status, rg_targets *targets);

/**
 * Finds where to route a request (RFC 3261 §16.5; base specification §1.4.4).
 *
 * With the flag `branch`, first come the targets of the AoR itself, then in the place of each existing branch (rg_request.branches, at
 * most RG_BRANCHES_MAX) those of the AoR that it is, which may be none. A branch whose host env.is_local disowns, or that is no SIP
 * URI, comes back as a target of its own. An AoR that is named more than once is expanded where it comes first. With `global`, each
 * AoR's targets are followed by one for every other site that has it (rg_registrar_federate()), RG_HOMES_MAX at most. All of it takes no
 * longer than one
 * store_timeout; when that, or the store that sites share, fails after the bindings were found, they are the answer, marked by
 * rg_targets_partial().
 * @param out  the targets, owned by the caller: an empty result has rg_targets_result() −1 or −2.
 * @return RG_OK; RG_ESTORE: @p out then says −3 with suggested code 503; RG_EINVAL (too many branches, too), RG_ENOTSUP,
 * RG_ECANCELED, RG_ENOMEM: nothing is in @p out.
 */
RG_API rg_status rg_lookup(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options, rg_targets **out);

/** The completion form of rg_lookup(). @param op  may be NULL. */
RG_API rg_status rg_lookup_async(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * rg_lookup() on a message of the host: read through its adaptor, looked up, and routed if there is a target. An attr_avp of the
 * config is set from the targets, one value a target, in their order.
 * @param out  the targets as well, owned by the caller; may be NULL. @return as rg_lookup(), or what the adaptor returned.
 */
RG_API rg_status rg_lookup_msg(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options, rg_targets **out);

/** The completion form of rg_lookup_msg(). @param op  may be NULL. */
RG_API rg_status rg_lookup_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Removing
 * @{ */

/** What to remove. Conditions that are present are ANDed; with none the whole record goes. */
typedef struct rg_remove_filter {
	uint32_t struct_size;  /**< set by rg_remove_filter_init() */
	uint32_t branch_flags; /**< bindings must carry one of these bits; 0 = any */
	rg_str domain;         /**< absent = "location" */
	rg_str aor;            /**< SIP URI, or `user@host` alone; mandatory */
	rg_str contact;        /**< Contact URI or name-addr, matched as a REGISTER would; absent = any */
	rg_str next_hop;       /**< IP address or host name of the next hop, with or without port; absent = any */
	rg_str instance;       /**< +sip.instance, with or without <>; absent = any */
} rg_remove_filter;

/** Empties a filter. @p size is sizeof(rg_remove_filter). */
RG_API void rg_remove_filter_init(rg_remove_filter *filter, uint32_t size);

/** @param n_removed  how many bindings went. */
typedef void (*rg_remove_cb)(void *user, rg_status status, uint32_t n_removed);

/**
 * Removes bindings of one AoR (base specification §1.4.2). An unknown AoR is a success with 0 removed.
 * @return RG_OK; RG_EINVAL: no AoR, or something unreadable; RG_ESTORE; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_remove(rg_registrar *registrar, const rg_remove_filter *filter, uint32_t *n_removed);

/** The completion form of rg_remove(). @param op  may be NULL. */
RG_API rg_status rg_remove_async(rg_registrar *registrar, const rg_remove_filter *filter, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/**
 * Removes every binding whose next hop is an address (base specification §1.4.3), in O(matches).
 * @param domain  absent = "location". @param ip  IPv4 or IPv6 address, or a host name. @param port  1–65535.
 * @param aor  absent = every AoR. Returns as rg_remove().
 */
RG_API rg_status rg_remove_ip_port(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor, uint32_t *n_removed);

/** The completion form of rg_remove_ip_port(). @param op  may be NULL. */
RG_API rg_status rg_remove_ip_port_async(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor, rg_remove_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Removes every binding whose current flow it is, in every AoR of the domain, in O(matches): for when a connection died (RFC 5626; ours).
 * A binding that was refreshed over another flow meanwhile stays.
 * @param domain  absent = "location". @param flow  as in rg_request.flow: octet by octet, 1–255 bytes.
 * @param n_removed  how many went, before an error too; may be NULL.
 * @return RG_OK, also when there was none; RG_EINVAL: no flow is called that; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_remove_flow(rg_registrar *registrar, rg_str domain, rg_str flow, uint32_t *n_removed);

/** The completion form of rg_remove_flow(). @param op  may be NULL. */
RG_API rg_status rg_remove_flow_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Measuring
 * @{ */

/** @param n_changed  how many bindings have another latency now. */
typedef void (*rg_latency_cb)(void *user, rg_status status, uint32_t n_changed);

/**
 * Tells how long a Contact took to answer a ping, for the lookup flags `max-ping-latency` and `sort-by-latency` (base specification
 * §1.4.4). Committed for a binding that was never measured, and where the value moved by `latency_min_delta` percent of the stored one
 * and by 10 ms, both at least; otherwise nothing is written. Raises LATENCY_UPDATE; a REGISTER that refreshes the binding keeps the
 * value, and this call leaves alone all that a REGISTER sets.
 * @param domain  absent = "location". @param aor  SIP URI, or `user@host` alone. @param contact  URI or name-addr, matched as by
 * rg_remove(); every live binding that matches is measured. @param microseconds  0 … 4294967294.
 * @param n_changed  how many bindings have another latency now; may be NULL.
 * @return RG_OK, also with 0 changed: an AoR that is not registered, a Contact that matches nothing, a value that hardly moved.
 * RG_EINVAL: no AoR or no Contact, one that is unreadable, or RG_LATENCY_NONE. RG_ELIMIT: the record would grow past `max_record_bytes`,
 * and is left as it was. RG_ESTORE; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_set_latency(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	uint32_t *n_changed);

/** The completion form of rg_set_latency(). @param op  may be NULL. */
RG_API rg_status rg_set_latency_async(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	rg_latency_cb done, void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Asking
 * @{ */

/** An address to look for: base specification §1.4.7, IPvar and PORTvar. */
typedef struct rg_ip_port {
	rg_str ip;         /**< IPv4 or IPv6 address, or a host name */
	int32_t port;      /**< 1–65535; 0 = any */
	uint32_t reserved; /**< zero */
} rg_ip_port;

/** What is asked. */
typedef struct rg_query {
	uint32_t struct_size;      /**< set by rg_query_init() */
	uint32_t n_ips;            /**< how many */
	rg_str domain;             /**< absent = the request's, else "location" */
	rg_str aor;                /**< absent = To of a REGISTER, From of any other request */
	const rg_request *request; /**< may be NULL when aor is given */
	rg_str contact;            /**< of is_contact_registered: Contact URI or name-addr; absent = not asked */
	rg_str callid;             /**< of is_contact_registered: absent = not asked */
	const rg_ip_port *ips;     /**< of is_ip_registered: any of them */
} rg_query;

/** Empties a query. @p size is sizeof(rg_query). */
RG_API void rg_query_init(rg_query *query, uint32_t size);

/** An answer: yes or no, and the bindings that make it so. Holds a reference to the record. */
typedef struct rg_answer rg_answer;

/** Releases an answer. NULL is accepted. */
RG_API void rg_answer_unref(rg_answer *answer);

/** @return 1 = registered, 0 = not; 0 for NULL. */
RG_API int32_t rg_answer_result(const rg_answer *answer);

/** @return how many live bindings match, in lookup order. */
RG_API uint32_t rg_answer_count(const rg_answer *answer);

/** Views matching binding @p index; borrowed from the answer. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_answer_contact(const rg_answer *answer, uint32_t index, rg_contact *out);

/** @return the AoR asked about, as printed by rg_key_print(); borrowed from the answer. */
RG_API rg_str rg_answer_aor(const rg_answer *answer);

/** @param answer  owned by the callback; NULL unless status is RG_OK. */
typedef void (*rg_answer_cb)(void *user, rg_status status, rg_answer *answer);

/**
 * Is the AoR registered? (base specification §1.4.5) The answer holds every live binding, with its attr.
 * @return RG_OK; RG_EINVAL: no AoR to be had (a reply without `aor`), or it is unreadable; RG_ESTORE: not known;
 * RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_is_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/**
 * Is this Contact, this Call-ID, or both of one binding, registered for the AoR? (base specification §1.4.6) With neither it is the first
 * Contact of the request, and without a request any live binding. Contacts match as in a REGISTER. Returns as rg_is_registered().
 */
RG_API rg_status rg_is_contact_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/**
 * Is the AoR registered from one of these addresses? (base specification §1.4.7) They are compared with the next hop of each binding,
 * as everywhere: its first Path URI, else the received URI, else the Contact URI. Returns as rg_is_registered(); RG_EINVAL: no address
 * is given, or one is none.
 */
RG_API rg_status rg_is_ip_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/** The completion form of rg_is_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** The completion form of rg_is_contact_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_contact_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** The completion form of rg_is_ip_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_ip_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/**
 * rg_is_registered() for a message of the host, read through its adaptor. An attr_avp of the config is set from the live bindings (base
 * specification §1.3.19), one value a binding, in the order of the answer.
 * @param aor  absent = as the message says. @param out  may be NULL. @return as rg_is_registered(), or what the adaptor returned.
 */
RG_API rg_status rg_is_registered_msg(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer **out);

/** The completion form of rg_is_registered_msg(). The message must live until @p done is called. @param op  may be NULL. */
RG_API rg_status rg_is_registered_msg_async(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** A record of a walk, as it is in the store now. Borrowed. @return 0 to go on, anything else to stop. */
typedef int32_t (*rg_each_cb)(void *user, const rg_record *record);

/** The end of a walk. @param cursor  where to go on after a stop; absent = everything was seen. Borrowed for the call. */
typedef void (*rg_each_done_cb)(void *user, rg_status status, rg_str cursor);

/**
 * Walks the records of a domain that have bindings, page by page. A record that is there from beginning to end is given at least
 * once, and once only unless the store grows meanwhile.
 * @param domain  absent = "location".
 * @return RG_OK, a stop by the callback included; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_registrar_each(rg_registrar *registrar, rg_str domain, rg_each_cb each, void *user);

/** The completion form; both callbacks get @p user. @param cursor  where to start, as an earlier walk said; absent = at the beginning. */
RG_API rg_status rg_registrar_each_async(rg_registrar *registrar, rg_str domain, rg_str cursor, rg_each_cb each, rg_each_done_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Operations
 * @{ */

/** Cancels: if it has not completed it completes with RG_ECANCELED, now. Harmless on one that has. Any thread. */
RG_API void rg_op_cancel(rg_op *op);

/** Drops the caller's reference; the operation goes on. NULL is accepted. Any thread. */
RG_API void rg_op_unref(rg_op *op);

/** @} */
/** @name Events
 * @{ */

/** An event. Borrowed for the call. */
typedef void (*rg_event_cb)(void *user, const rg_event *event);

/** A subscription. */
typedef struct rg_subscription rg_subscription;

/**
 * Subscribes to events. Those of one AoR come in commit order; one thread at a time delivers, with no lock held; a verb may return
 * while its events wait behind a running delivery. A committed change is told exactly once while the process lives.
 * @param mask  RG_EVENT_… bits. @param out  owned by the caller.
 * @return RG_OK; RG_EINVAL: no known bit, or no callback; RG_ENOMEM. On an error @p free_user is not called.
 */
RG_API rg_status rg_registrar_subscribe(rg_registrar *registrar, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

/** Ends a subscription and releases it; NULL is accepted. No call begins after this returns, unless this is called from within one. */
RG_API void rg_subscription_end(rg_subscription *subscription);

/** @} */
/** @name Statistics
 * @{ */

/** A snapshot of the statistics. */
typedef struct rg_stats rg_stats;

/** One statistic. `name` is static. */
typedef struct rg_stat {
	uint32_t struct_size; /**< sizeof(rg_stat), set by rg_stats_get() */
	uint32_t gauge;       /**< 1: a value of the moment, or a maximum; 0: only counts up */
	const char *name;     /**< as in the base specification §1.6, or ours */
	const char *doc;      /**< what it counts, and its unit */
	int64_t value;        /**< as of the snapshot */
} rg_stat;

/** @param stats  owned by the callback; NULL unless status is RG_OK. */
typedef void (*rg_stats_cb)(void *user, rg_status status, rg_stats *stats);

/**
 * Takes a snapshot. Gauges of live AoRs and contacts are in it where the store counts; they are never guessed.
 * @param domain  of the gauges; absent = "location".
 * @return RG_OK with @p out owned by the caller; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_registrar_stats(rg_registrar *registrar, rg_str domain, rg_stats **out);

/** The completion form of rg_registrar_stats(). @param op  may be NULL. */
RG_API rg_status rg_registrar_stats_async(rg_registrar *registrar, rg_str domain, rg_stats_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** Releases a snapshot. NULL is accepted. */
RG_API void rg_stats_unref(rg_stats *stats);

/** @return how many statistics it holds. */
RG_API uint32_t rg_stats_count(const rg_stats *stats);

/** Views statistic @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_stats_get(const rg_stats *stats, uint32_t index, rg_stat *out);

/** Finds a statistic by name; `default_expires` is accepted for `defaults_expires`. @return RG_OK, or RG_ENOENT. */
RG_API rg_status rg_stats_find(const rg_stats *stats, rg_str name, int64_t *value);

/** A label that every line of rg_stats_prometheus() carries. */
typedef struct rg_stats_label {
	rg_str name;  /**< letters, digits and `_`, no digit first; not `reason`, and no `__` in front, which are taken */
	rg_str value; /**< UTF-8 without control characters but LF; may be empty; escaped where the format asks for it */
} rg_stats_label;

/** The most labels rg_stats_prometheus() takes. */
#define RG_STATS_LABELS_MAX 16

/**
 * Writes a snapshot in the text format of Prometheus, version 0.0.4: serve it as `text/plain; version=0.0.4`.
 * Each statistic is the metric `rgstr_<name>`, `rgstr_<name>_total` where it only counts up; the refusals are one,
 * `rgstr_rejects_total{reason="inv_cseq"}` and so on. Units are those in the names: microseconds are not made into seconds, so that
 * a metric has the value that rg_stats_find() gives.
 * @param labels  on every line, as `site="x"`; may be NULL when @p n_labels is 0. @param room  may be NULL when @p size is 0.
 * @param n  the length of the whole text in bytes. At most @p size of them are written, without NUL: call again with more room when it
 * is greater.
 * @return RG_OK; RG_EINVAL: no snapshot, or a label that cannot be one or comes twice; RG_ELIMIT: too many labels. Nothing is written
 * on an error. Any thread.
 */
RG_API rg_status rg_stats_prometheus(const rg_stats *stats, const rg_stats_label *labels, uint32_t n_labels, char *room, size_t size,
	size_t *n);

/** @} */

#ifdef __cplusplus
}
#endif
#endif
