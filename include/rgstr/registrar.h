/* SPDX-License-Identifier: MIT */
/**
 * @file registrar.h
 * The registrar: save, lookup, remove and the queries, over a store.
 *
 * **Two forms.** Each verb that touches the store has a blocking form and a completion form (`…_async`).
 *
 * **Completion law.** It holds for every completion form:
 * - An error return: no callback has run and `free_user` will not run; the caller still owns its user data.
 * - RG_OK: the callback has already been called.
 * - RG_PENDING: the callback will be called exactly once.
 *
 * `free_user` runs once, after the last call of the callback. The rule for errors also holds for rg_registrar_new() and
 * rg_registrar_subscribe(). `*op`, if asked for, is written before the operation starts. The caller owns it and releases it with
 * rg_op_unref(); it may be canceled at any time. A callback runs with no lock held. It may call any function of the library and may drop
 * the last reference to any object.
 *
 * **Inputs.** Requests, filters, queries, options and texts are borrowed for the call only: the caller may free them as soon as the call
 * has returned, RG_PENDING included. The exception is an rg_msg of a completion form: the message must live until the callback has been
 * called, or without one until `free_user` is called.
 *
 * **Callbacks.** `done` may be NULL in rg_save_msg_async(), rg_save_reply_msg_async(), rg_lookup_msg_async() and
 * rg_is_registered_msg_async(). In every other completion form NULL is RG_EINVAL.
 *
 * **Blocking form.** It needs a store that is inline or has `wait`. Otherwise it returns RG_ENOTSUP and starts nothing. It does not wait
 * for env.resolve: a resolver that does not answer before it returns counts as one without an answer.
 *
 * **Threads.** Over a store with RG_STORE_THREAD_SAFE, every function may be called on any thread, and a callback runs on the thread that
 * completes its operation. Over any other store, a registrar belongs to one thread at a time.
 *
 * **Time.** Nothing happens by itself. The host calls rg_registrar_tick() once after it has made the registrar, and then at the time that
 * the last tick or env.wakeup named.
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
 * Answers env.resolve. The host calls it once for each @p tok. While the registrar lives, a second call is refused. After the last
 * reference to the registrar is gone and its last operation has ended, a second call is undefined behaviour.
 * @param status  RG_OK or an error, which counts as no address. @param addrs  the addresses; copied, ports are ignored. @param n  their
 * number; at most 8 are used.
 */
typedef void (*rg_resolve_cb)(void *tok, rg_status status, const rg_addr *addrs, uint32_t n);

/**
 * What the host provides to the registrar. Each member is optional and has a working default. rg_registrar_new() copies the struct,
 * bounded by `struct_size`. The members run with no lock held, on any thread that uses the registrar or completes a call of its store.
 */
typedef struct rg_env {
	size_t struct_size; /**< sizeof(rg_env), set by rg_env_init() */

	/**
	 * Returns the time. Default: the real-time clock of the system. A time before 1970 counts as 0, a time after the year 9999 as its
	 * last millisecond. The clock may be set at any time: no wait becomes longer than it was when it began.
	 */
	rg_time (*now)(void *user);

	/** Fills in random bytes. Set it only to make tests repeatable. Default: libsodium. */
	void (*random)(void *user, void *bytes, size_t n);

	/** Receives a line of log, free of control characters and borrowed. Default: nothing is logged. @param level  RG_LOG_… */
	void (*log)(void *user, int32_t level, rg_str text);

	/**
	 * Resolves a host name: the next hop of a Contact in a save, the host in a remove. It obeys the completion law towards @p done. The
	 * host name is borrowed for the call. In the blocking form, only an answer that is given before the function returns is used; a later
	 * one counts as none. In the completion form, the operation waits up to store_timeout and then continues without the answer. Default:
	 * host names are compared as text. The library never uses DNS itself. It does not ask for a host that is a number or has a `_`.
	 */
	rg_status (*resolve)(void *user, rg_str host, rg_resolve_cb done, void *tok);

	/**
	 * The next tick is due at @p next, earlier than the last tick said. Default: nothing is called, and the host has to tick at short
	 * intervals, about once a second.
	 */
	void (*wakeup)(void *user, rg_time next);

	/**
	 * Returns 1 when this node acts for bindings with ownership tag @p tag (base specification §1.4.1), else 0. Default: 1. The owner
	 * removes expired bindings and reports their events. Another node removes such a binding only 10 seconds after its expiry. The
	 * function is not called for bindings without a tag.
	 */
	int32_t (*is_owner)(void *user, rg_str tag);

	/**
	 * Returns 1 when @p host is a domain of ours, else 0. Default: 1. A save asks for the host of the Request-URI and of To; for 0 it
	 * refuses the request with 404 (RFC 3261 §10.3 step 1). A lookup with the flag `branch` asks for the host of each branch. The host is
	 * in the form of an AoR: in lower case, without a final dot and realm_prefix.
	 */
	int32_t (*is_local)(void *user, rg_str host);

	/**
	 * Returns 1 when the sender may register this To, else 0. Default: 1. For 0, a save refuses the request with 403 (RFC 3261 §10.3,
	 * step 4). The arguments are the whole values of From and To, and rg_request.identity.
	 */
	int32_t (*authorize)(void *user, rg_str from, rg_str to, rg_str identity);

	void *user;      /**< passed to each member */
	rg_free_cb free; /**< releases `user` after the registrar is gone */

	/** The highest level of a line that `log` receives, RG_LOG_…; 0 = all. A line above it is not composed, so it costs nothing. */
	int32_t log_level;
	int32_t reserved; /**< zero */
} rg_env;

/** Empties an environment: all members have their defaults. @p size is sizeof(rg_env). NULL is accepted. */
RG_API void rg_env_init(rg_env *env, size_t size);

/** A registrar. It is reference-counted. */
typedef struct rg_registrar rg_registrar;

/** A handle of an operation in flight. */
typedef struct rg_op rg_op;

/**
 * Makes a registrar. Call rg_registrar_tick() once afterwards.
 * @param config  copied; NULL = all defaults. @param store  the registrar takes a reference. @param env  copied; NULL = all defaults.
 * @param why  says what is wrong; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: the config contradicts itself, or there is no store; RG_ENOTSUP: the system
 * provides no random bytes; RG_ENOMEM. On an error `env->free` is not called.
 */
RG_API rg_status rg_registrar_new(const rg_config *config, rg_store *store, const rg_env *env, rg_registrar **out, rg_error *why);

/** Takes a reference. @return @p registrar. NULL is accepted. Any thread. */
RG_API rg_registrar *rg_registrar_ref(rg_registrar *registrar);

/**
 * Drops a reference. The last one calls rg_registrar_shutdown(); the memory of the registrar, its reference to the store and `env.user` are
 * released when the last operation has ended. NULL is accepted. Any thread if the store is RG_STORE_THREAD_SAFE.
 */
RG_API void rg_registrar_unref(rg_registrar *registrar);

/**
 * Completes every operation in flight with RG_ECANCELED, and refuses new ones with RG_ECANCELED. A commit that is in flight is then
 * *undecided*: it continues, and its events are delivered. A second call does nothing. NULL is accepted. Any thread if the store is
 * RG_STORE_THREAD_SAFE.
 */
RG_API void rg_registrar_shutdown(rg_registrar *registrar);

/**
 * Replaces the configuration atomically. An operation in flight keeps the configuration that it started with. Of two calls at once, one
 * follows the other.
 * @param config  copied; NULL = all defaults.
 * @return RG_OK; RG_EINVAL: the config contradicts itself (rg_config_check() says how), or there is no registrar; RG_ENOMEM. On an error
 * the old configuration stays.
 */
RG_API rg_status rg_registrar_configure(rg_registrar *registrar, const rg_config *config);

/**
 * Does the work that is due: expiry and its events, resends of commits with an unknown outcome, time-outs, federation, and the events that
 * verbs left (rg_deliver()).
 *
 * Call it once after rg_registrar_new(): env.wakeup reports nothing about records that the store already holds. Then call it at the time
 * that the last tick or env.wakeup named. Over a store with RG_STORE_SHARED, the next tick is never more than 1 s away. Ticks may overlap,
 * on several threads or when a callback ticks: one of them works on the records, and when a tick learns of something earlier than another
 * one has said meanwhile, it calls env.wakeup.
 * @param limit  largest number of records to work on, and of changes to report; 0 = 1000.
 * @param next  becomes the time of the next tick; RG_TIME_NEVER = wait for env.wakeup. May be NULL.
 * @return RG_OK: the work is done, or the store has not answered yet; a later failure is logged, counted and followed by another tick.
 * RG_ESTORE: the store failed. RG_ENOMEM. RG_EINVAL: there is no registrar. @p next is set in all cases but the last.
 */
RG_API rg_status rg_registrar_tick(rg_registrar *registrar, uint32_t limit, rg_time *next);

/** @name Federation
 *
 * Sites that keep separate bindings share a second store. In this store, each site publishes which AoRs have a live binding there. A
 * lookup with the flag `global` (base specification §1.4.4) adds a target for each other site that has the AoR.
 *
 * In the shared store, the homes of an AoR are the contacts of one record, under the same user and host in domain `<domain>@homes`. The
 * URI of such a contact is the URI of a site. The contact expires unless the site renews it. Homes raise no events.
 *
 * A lookup ignores an entry of another site when its URI is no SIP URI, or contains headers or blanks. It also ignores an entry that
 * expires in more than 30 days and an hour; the next publication for this AoR removes it.
 * @{ */

/** The largest number of homes of one AoR that become targets of a lookup. */
#define RG_HOMES_MAX 64

/** Options of rg_registrar_federate(). */
typedef struct rg_federation_options {
	uint32_t struct_size;  /**< set by rg_federation_options_init() */
	uint32_t rate;         /**< largest number of AoRs that a scan reads in a second, up to 1000000; 0 = 1000. A scan of all AoRs must
	                        *   take less than half a `lifetime` */
	int64_t lifetime;      /**< time after which an entry expires, in milliseconds, 10 s – 30 days; 0 = 3600000 (an hour) */
	const rg_str *domains; /**< tables that scans read. A commit that publishes or withdraws an AoR of another table adds this table, up
	                        *   to 64 in all */
	uint32_t n_domains;    /**< number of tables; 0 = "location" alone */
	uint32_t reserved;     /**< zero */
} rg_federation_options;

/** Empties options: all have their defaults. @p size is sizeof(rg_federation_options). NULL is accepted. */
RG_API void rg_federation_options_init(rg_federation_options *options, uint32_t size);

/**
 * Makes the registrar a site of a federation: it publishes in @p shared which AoRs have a live binding here, and its lookups with the flag
 * `global` read @p shared.
 *
 * rg_registrar_tick() does the work, a bounded part at a time:
 * - When an AoR gains its first live binding, or loses its last, the next tick publishes or withdraws it.
 * - A scan publishes the AoRs that the store already holds.
 * - Published entries are renewed well before they expire.
 * - While @p shared does not answer, saves continue. Publication is retried and catches up.
 * - An AoR that @p shared has no room for is retried every 30 s. It does not delay other AoRs or renewals. When there are very many such
 *   AoRs, the next scan finds them again.
 *
 * Nodes of one site that share a store of bindings use the same @p home. The registrar belongs to one thread at a time unless both of its
 * stores are RG_STORE_THREAD_SAFE. A shutdown withdraws nothing; published entries stay until they expire.
 * @param shared  the registrar takes a reference.
 * @param home  how other sites reach this site: a SIP URI, or a host or IP address with or without port. Copied.
 * @param options  copied; NULL = all defaults. @param why  says what is wrong; may be NULL.
 * @return RG_OK; RG_EINVAL: the home or an option is invalid, there is no store, or the registrar already is a site, which it stays for
 * life; RG_ENOMEM. Any thread, before the first operation or while others are in flight.
 */
RG_API rg_status rg_registrar_federate(rg_registrar *registrar, rg_store *shared, rg_str home, const rg_federation_options *options,
	rg_error *why);

/** @} */
/** @name Saving
 * @{ */

/** @param status  as rg_save() returns. @param response  owned by the callback; NULL unless @p status is RG_OK or RG_ESTORE. */
typedef void (*rg_save_cb)(void *user, rg_status status, rg_response *response);

/**
 * Decides a REGISTER and commits the decision (RFC 3261 §10.3; base specification §1.4.1).
 * @param options  NULL = no flags. @param out  becomes the response, owned by the caller.
 * @return RG_OK: there is a decision, which may be a refusal. RG_ESTORE: the store is unavailable, its budget is used up, or there were
 * more than 32 conflicts; @p out then holds a complete 503 response, or NULL when out of memory. RG_EINVAL: there is no request, its
 * domain ends in "@homes", or @p out is NULL. RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM. @p out is NULL for all other errors.
 */
RG_API rg_status rg_save(rg_registrar *registrar, const rg_request *request, const rg_save_options *options, rg_response **out);

/**
 * The completion form of rg_save(). Over a store that is not inline, and with env.resolve, it copies the request; a request with more than
 * `max_request_bytes` of text is then refused with 413.
 * @param op  may be NULL.
 */
RG_API rg_status rg_save_async(rg_registrar *registrar, const rg_request *request, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Reads a message of the host through its adaptor, saves it as rg_save() does, and replies to it through the adaptor.
 * @param out  becomes the response, owned by the caller; may be NULL. @return as rg_save(), or an error of the adaptor.
 */
RG_API rg_status rg_save_msg(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_response **out);

/** The completion form of rg_save_msg(). The adaptor replies before @p done is called. @param op  may be NULL. */
RG_API rg_status rg_save_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Saves the bindings that the main registrar granted (cached registrations; base specification §1.3.18, §1.4.1 in a reply route).
 * rg_merge_reply() describes the decision.
 * @param request  the REGISTER as it came from the client. @param upstream  the reply of the main registrar.
 * @param options  NULL = no flags.
 * @param out  becomes the decision, owned by the caller. It is not to be sent: rg_response_rewrites() lists what to change in the reply. A
 * code other than 200 says why nothing was stored.
 * @return as rg_save(); RG_EINVAL also when the code of @p upstream is not 2xx.
 */
RG_API rg_status rg_save_reply(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_response **out);

/** The completion form of rg_save_reply(). @param op  may be NULL. */
RG_API rg_status rg_save_reply_async(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op);

/**
 * Reads two messages of the host through their adaptors, saves them as rg_save_reply() does, and rewrites the Contacts of the reply
 * through the member `rewrite` of its adaptor, if there is one.
 *
 * The host variable that mcontact_avp names, read from the request, holds the forwarded Contact URI. For a REGISTER with several Contacts
 * it holds a list separated by commas, one entry for each Contact. An empty entry stands for a Contact that was forwarded unchanged. A
 * URI with a comma stands in <>.
 * @param out  may be NULL. @return as rg_save_reply(), or an error of an adaptor.
 */
RG_API rg_status rg_save_reply_msg(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_response **out);

/** The completion form of rg_save_reply_msg(). The adaptor rewrites the reply before @p done is called. @param op  may be NULL. */
RG_API rg_status rg_save_reply_msg_async(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op);

/**
 * Adds a header to a message of the host that reports the socket on which the message arrived (base specification §1.4.8, add_sock_hdr).
 * The registrar to which the host forwards the message uses it as its local socket when it has sock_hdr_name and the save flag
 * `socket-header`. The host must first remove a header of this name that the client sent.
 * @param msg  the adaptor reads `socket` from it. @param name  name of the header, a token. Its value is that of rg_socket_header().
 * @return RG_OK; RG_ENOTSUP: the adaptor has no `add_header`; RG_EINVAL: @p name is no token, or the host gave no valid socket;
 * RG_ECANCELED; RG_ENOMEM; or an error of the adaptor. On an error nothing is added. The function completes before it returns.
 */
RG_API rg_status rg_add_socket_header(rg_registrar *registrar, const rg_msg *msg, rg_str name);

/** @} */
/** @name Looking up
 * @{ */

/** @param status  as rg_lookup() returns. @param targets  owned by the callback; NULL unless @p status is RG_OK or RG_ESTORE. */
typedef void (*rg_lookup_cb)(void *user, rg_status status, rg_targets *targets);

/**
 * Finds where to route a request (RFC 3261 §16.5; base specification §1.4.4).
 *
 * With the flag `branch`, the targets of the AoR itself come first. Then each existing branch (rg_request.branches, at most
 * RG_BRANCHES_MAX) is replaced by the targets of the AoR that it names, which may be none. A branch of another scheme, or whose host is
 * not local (env.is_local), becomes a target itself. A malformed branch is dropped. An AoR that is named more than once is expanded at its
 * first place only.
 *
 * With the flag `global`, the targets of each AoR are followed by one for every other site that has it (rg_registrar_federate()),
 * RG_HOMES_MAX at most.
 *
 * With these flags the whole lookup takes at most one store_timeout. When it times out after all bindings were found, or when the shared
 * store fails, the bindings are the result, and rg_targets_partial() is 1. Without any binding the result is then RG_ESTORE.
 * @param options  NULL = no flags.
 * @param out  becomes the targets, owned by the caller. rg_targets_result() of an empty result is −1 or −2.
 * @return RG_OK; RG_ESTORE: the store is unavailable, @p out holds the result −3 with code 503, or NULL when out of memory; RG_EINVAL:
 * there is no request, it has too many branches, or @p out is NULL; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM. @p out is NULL for all other
 * errors.
 */
RG_API rg_status rg_lookup(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options, rg_targets **out);

/** The completion form of rg_lookup(). @param op  may be NULL. */
RG_API rg_status rg_lookup_async(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Reads a message of the host through its adaptor, looks it up as rg_lookup() does, and routes it through the adaptor when there is a
 * target. The host variable that attr_avp names becomes the texts of the targets, one value for each target, in their order.
 * @param out  becomes the targets, owned by the caller; may be NULL. @return as rg_lookup(), or an error of the adaptor.
 */
RG_API rg_status rg_lookup_msg(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options, rg_targets **out);

/** The completion form of rg_lookup_msg(). @param op  may be NULL. */
RG_API rg_status rg_lookup_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Removing
 * @{ */

/** What to remove. A binding is removed when it meets all given conditions; without conditions, every binding of the AoR is removed. */
typedef struct rg_remove_filter {
	uint32_t struct_size;  /**< set by rg_remove_filter_init() */
	uint32_t branch_flags; /**< bits, of which a binding must have one; 0 = any */
	rg_str domain;         /**< name of the table; absent = "location" */
	rg_str aor;            /**< AoR, in a form that request.h lists; mandatory */
	rg_str contact;        /**< Contact URI or name-addr; absent = any. It matches as in a REGISTER (`matching_mode`), except that
	                        *   Call-ID and reg-id are not compared */
	rg_str next_hop;       /**< IP address or host name of the next hop, with or without port; absent = any */
	rg_str instance;       /**< +sip.instance, with or without <>; absent = any */
} rg_remove_filter;

/** Empties a filter: no AoR, no conditions. @p size is sizeof(rg_remove_filter). NULL is accepted. */
RG_API void rg_remove_filter_init(rg_remove_filter *filter, uint32_t size);

/** @param status  as rg_remove() returns. @param n_removed  number of live bindings that were removed, also before an error. */
typedef void (*rg_remove_cb)(void *user, rg_status status, uint32_t n_removed);

/**
 * Removes bindings of one AoR (base specification §1.4.2).
 * @param n_removed  becomes the number of live bindings that were removed; may be NULL. Expired bindings that match are removed, too, but
 * not counted.
 * @return RG_OK, also when nothing was removed; RG_EINVAL: the filter has no AoR, or a malformed value; RG_ESTORE, RG_ENOTSUP,
 * RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_remove(rg_registrar *registrar, const rg_remove_filter *filter, uint32_t *n_removed);

/** The completion form of rg_remove(). @param op  may be NULL. */
RG_API rg_status rg_remove_async(rg_registrar *registrar, const rg_remove_filter *filter, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/**
 * Removes every binding with a given next hop (base specification §1.4.3). Without an AoR it costs O(matches).
 * @param domain  absent = "location". @param ip  IPv4 or IPv6 address, or a host name. @param port  1–65535.
 * @param aor  AoR, in a form that request.h lists; absent = every AoR of the domain.
 * @param n_removed  becomes the number of live bindings that were removed, also before an error; may be NULL. @return as rg_remove().
 */
RG_API rg_status rg_remove_ip_port(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor, uint32_t *n_removed);

/** The completion form of rg_remove_ip_port(). @param op  may be NULL. */
RG_API rg_status rg_remove_ip_port_async(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor, rg_remove_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/**
 * Removes every binding of a flow, in every AoR of the domain, in O(matches). Call it when a connection has ended (RFC 5626; ours). A
 * binding that was refreshed over another flow meanwhile stays.
 * @param domain  absent = "location". @param flow  the text of rg_request.flow, 1–255 bytes; it is compared octet by octet.
 * @param n_removed  becomes the number of live bindings that were removed, also before an error; may be NULL.
 * @return RG_OK, also when nothing was removed; RG_EINVAL: @p flow is absent, empty or too long; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED,
 * RG_ENOMEM.
 */
RG_API rg_status rg_remove_flow(rg_registrar *registrar, rg_str domain, rg_str flow, uint32_t *n_removed);

/** The completion form of rg_remove_flow(). @param op  may be NULL. */
RG_API rg_status rg_remove_flow_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/**
 * @param status  as rg_remove() returns. @param n_removed  number of live bindings that this part removed, also before an error.
 * @param cursor  where the next part starts; absent = nothing is left, or an error. Borrowed for the call.
 */
typedef void (*rg_remove_part_cb)(void *user, rg_status status, uint32_t n_removed, rg_str cursor);

/**
 * Does a part of rg_remove_ip_port_async() without an AoR. A host with one thread serves other work between the parts: over an inline store
 * a completion form completes before it returns, however many AoRs match.
 * @param cursor  where to start, from the part before it, of a removal with the same arguments; absent = the first part. A malformed cursor
 * is RG_EINVAL. @param limit  number of AoRs after which the part ends; it ends with a page of the store, so a part may look at up to 99
 * more. A limit below 100 is kept exactly if the store keeps its page limit. 0 = 100. @param op  may be NULL.
 */
RG_API rg_status rg_remove_ip_port_part_async(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str cursor,
	uint32_t limit, rg_remove_part_cb done, void *user, rg_free_cb free_user, rg_op **op);

/** Does a part of rg_remove_flow_async(). Everything else as rg_remove_ip_port_part_async(). */
RG_API rg_status rg_remove_flow_part_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_str cursor, uint32_t limit,
	rg_remove_part_cb done, void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Measuring
 * @{ */

/** @param status  as rg_set_latency() returns. @param n_changed  number of bindings whose latency changed. */
typedef void (*rg_latency_cb)(void *user, rg_status status, uint32_t n_changed);

/**
 * Stores the time that a Contact took to answer a ping, for the lookup flags `max-ping-latency` and `sort-by-latency` (base specification
 * §1.4.4).
 *
 * The value is committed for a binding that was never measured. Otherwise it is committed only when it differs from the stored one by at
 * least `latency_min_delta` percent and at least 10 ms. A commit raises LATENCY_UPDATE. A REGISTER that refreshes the binding keeps the
 * latency. This function changes nothing that a REGISTER sets.
 * @param domain  absent = "location". @param aor  AoR, in a form that request.h lists. @param contact  URI or name-addr, matched as
 * rg_remove_filter.contact; the value applies to every live binding that matches. @param microseconds  0–4294967294.
 * @param n_changed  becomes the number of bindings whose latency changed; may be NULL.
 * @return RG_OK, also when nothing changed. RG_EINVAL: the AoR or the Contact is absent or malformed, or @p microseconds is
 * RG_LATENCY_NONE. RG_ELIMIT: the record would grow past `max_record_bytes`; it has not changed. RG_ESTORE, RG_ENOTSUP, RG_ECANCELED,
 * RG_ENOMEM.
 */
RG_API rg_status rg_set_latency(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	uint32_t *n_changed);

/** The completion form of rg_set_latency(). @param op  may be NULL. */
RG_API rg_status rg_set_latency_async(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	rg_latency_cb done, void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Asking
 * @{ */

/** An address to look for (base specification §1.4.7, IPvar and PORTvar). */
typedef struct rg_ip_port {
	rg_str ip;         /**< IPv4 or IPv6 address, or a host name, which is compared as text */
	int32_t port;      /**< 1–65535; 0 = any */
	uint32_t reserved; /**< zero */
} rg_ip_port;

/** A query. */
typedef struct rg_query {
	uint32_t struct_size;      /**< set by rg_query_init() */
	uint32_t n_ips;            /**< number of `ips` */
	rg_str domain;             /**< name of the table; absent = that of the request, else "location" */
	rg_str aor;                /**< AoR, in a form that request.h lists; absent = rg_request.aor, else To of a REGISTER, else From */
	const rg_request *request; /**< may be NULL when `aor` is given */
	rg_str contact;            /**< for rg_is_contact_registered(): Contact URI or name-addr, matched as rg_remove_filter.contact */
	rg_str callid;             /**< for rg_is_contact_registered(): Call-ID; absent = any */
	const rg_ip_port *ips;     /**< for rg_is_ip_registered(): addresses, of which one must match */
} rg_query;

/** Empties a query. @p size is sizeof(rg_query). NULL is accepted. */
RG_API void rg_query_init(rg_query *query, uint32_t size);

/** The answer to a query: yes or no, and the bindings that match. It holds a reference to the record. */
typedef struct rg_answer rg_answer;

/** Releases an answer. NULL is accepted. */
RG_API void rg_answer_unref(rg_answer *answer);

/** @return 1 = registered, 0 = not; 0 for NULL. */
RG_API int32_t rg_answer_result(const rg_answer *answer);

/** @return the number of live bindings that match; 0 for NULL. */
RG_API uint32_t rg_answer_count(const rg_answer *answer);

/**
 * Fills in a view of matching binding @p index, in lookup order; borrowed from the answer.
 * @return RG_OK, or RG_ENOENT past the last one and for NULL.
 */
RG_API rg_status rg_answer_contact(const rg_answer *answer, uint32_t index, rg_contact *out);

/** @return the AoR of the query, as rg_key_print() prints it; borrowed from the answer. Absent for NULL. */
RG_API rg_str rg_answer_aor(const rg_answer *answer);

/** @param status  as rg_is_registered() returns. @param answer  owned by the callback; NULL unless @p status is RG_OK. */
typedef void (*rg_answer_cb)(void *user, rg_status status, rg_answer *answer);

/**
 * Asks whether the AoR is registered (base specification §1.4.5). The answer holds every live binding, with its attr.
 * @return RG_OK; RG_EINVAL: there is no AoR (as for a reply without `aor`), or it is malformed; RG_ESTORE: the store is unavailable, so
 * the answer is unknown; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_is_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/**
 * Asks whether the AoR has a binding with this Contact and this Call-ID (base specification §1.4.6). A value that is absent matches any.
 * When both are absent, the first Contact of the request is meant; a request without a Contact has no match, and without a request every
 * live binding matches. @return as rg_is_registered().
 */
RG_API rg_status rg_is_contact_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/**
 * Asks whether the AoR is registered from one of these addresses (base specification §1.4.7). They are compared with the next hop of each
 * binding: its first Path URI, else its received URI, else its Contact URI. env.resolve is not called.
 * @return as rg_is_registered(); RG_EINVAL also when there is no address or a malformed one.
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
 * Reads a message of the host through its adaptor and asks rg_is_registered(). The host variable that attr_avp names becomes the texts of
 * the live bindings (base specification §1.3.19), one value for each binding, in the order of the answer.
 * @param aor  AoR, in a form that request.h lists; absent = that of the message. @param out  may be NULL.
 * @return as rg_is_registered(), or an error of the adaptor.
 */
RG_API rg_status rg_is_registered_msg(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer **out);

/** The completion form of rg_is_registered_msg(). @param op  may be NULL. */
RG_API rg_status rg_is_registered_msg_async(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** @param record  a record of a walk, as it is in the store now; borrowed. @return 0 to continue, anything else to stop. */
typedef int32_t (*rg_each_cb)(void *user, const rg_record *record);

/** The end of a walk. @param cursor  where to continue after a stop; absent = the walk is complete. Borrowed for the call. */
typedef void (*rg_each_done_cb)(void *user, rg_status status, rg_str cursor);

/**
 * Walks the records of a domain that have bindings, including expired ones that have not been pruned yet, page by page. A record that
 * exists during the whole walk is passed at least once, and only once unless the store grows meanwhile.
 * @param domain  absent = "location".
 * @return RG_OK, also after a stop by the callback; RG_EINVAL: there is no callback; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_registrar_each(rg_registrar *registrar, rg_str domain, rg_each_cb each, void *user);

/**
 * The completion form of rg_registrar_each(). Both callbacks get @p user.
 * @param cursor  where to start, from an earlier walk of this domain; absent = at the beginning. A malformed cursor is RG_EINVAL.
 * @param op  may be NULL.
 */
RG_API rg_status rg_registrar_each_async(rg_registrar *registrar, rg_str domain, rg_str cursor, rg_each_cb each, rg_each_done_cb done,
	void *user, rg_free_cb free_user, rg_op **op);

/** @} */
/** @name Operations
 * @{ */

/**
 * Cancels an operation. An operation that has not completed completes with RG_ECANCELED before this returns; its commit, if one is in
 * flight, is undecided and continues. It does nothing for an operation that has completed, and for NULL. Any thread.
 */
RG_API void rg_op_cancel(rg_op *op);

/** Releases the handle. The operation continues. NULL is accepted. Any thread. */
RG_API void rg_op_unref(rg_op *op);

/** @} */
/** @name Events
 * @{ */

/** @param event  an event; borrowed for the call. */
typedef void (*rg_event_cb)(void *user, const rg_event *event);

/** A subscription. */
typedef struct rg_subscription rg_subscription;

/**
 * Subscribes to events.
 *
 * The events of one AoR come in commit order. While the outcome of a commit is not known, the events of later commits of its AoR wait.
 * One thread at a time delivers events, with no lock held. Each committed change is reported exactly once while the process lives; the last
 * reports may come when the registrar is released.
 *
 * A commit queues its change. Then the thread of the verb reports changes from the queue, the oldest first, but at most 64 of them, and
 * none while another thread delivers. So a verb may return before its own events are delivered. The rest is due for the next tick, which
 * env.wakeup announces. A subscriber that is slower than the commits makes the queue, and its memory, grow without a limit; the statistic
 * `events_queued` shows it.
 * @param mask  RG_EVENT_… bits. @param out  becomes the subscription, owned by the caller.
 * @return RG_OK; RG_EINVAL: the mask has no known bit, or there is no callback; RG_ENOMEM. On an error @p free_user is not called.
 */
RG_API rg_status rg_registrar_subscribe(rg_registrar *registrar, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

/**
 * Delivers events that wait in the queue, as rg_registrar_subscribe() describes. rg_registrar_tick() does this, too; the function is for
 * hosts that give a thread to the subscribers.
 * @param limit  largest number of changes to report; 0 = 1000.
 * @return the number of changes whose events were delivered: @p limit if there may be more, less if the queue is empty or another thread
 * delivers; 0 for NULL. Any thread if the store is RG_STORE_THREAD_SAFE.
 */
RG_API uint32_t rg_deliver(rg_registrar *registrar, uint32_t limit);

/**
 * Ends a subscription and releases it. No call of its callback starts after this returns.
 *
 * While another thread is in this callback, rg_subscription_end() waits until the call has returned. So the caller must not hold a lock
 * that the callback takes. On the thread that delivers events, and so inside a callback, it does not wait. `free_user` may run later, on
 * the thread that delivers events. NULL is accepted. Any thread.
 */
RG_API void rg_subscription_end(rg_subscription *subscription);

/** @} */
/** @name Statistics
 * @{ */

/** A snapshot of the statistics. */
typedef struct rg_stats rg_stats;

/** One statistic. Its texts are static. */
typedef struct rg_stat {
	uint32_t struct_size; /**< sizeof(rg_stat), set by rg_stats_get() */
	uint32_t gauge;       /**< 1: a current value or a maximum; 0: a counter that only grows */
	const char *name;     /**< name in the base specification §1.6, or a name of our own */
	const char *doc;      /**< what it counts, and its unit */
	int64_t value;        /**< value at the time of the snapshot */
} rg_stat;

/** @param status  as rg_registrar_stats() returns. @param stats  owned by the callback; NULL unless @p status is RG_OK. */
typedef void (*rg_stats_cb)(void *user, rg_status status, rg_stats *stats);

/**
 * Takes a snapshot of the statistics. The gauges `live_aors` and `live_contacts` are what the store's `count` says; they are never
 * estimated. When the store has no `count`, or it fails or does not answer within store_timeout, the snapshot is complete but for these
 * two: rg_stats_get() skips them, rg_stats_find() returns RG_ENOENT, and rg_stats_prometheus() does not write them.
 * @param domain  domain of these two gauges; absent = "location".
 * @return RG_OK with @p out owned by the caller, also when the store fails; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_registrar_stats(rg_registrar *registrar, rg_str domain, rg_stats **out);

/** The completion form of rg_registrar_stats(). @param op  may be NULL. */
RG_API rg_status rg_registrar_stats_async(rg_registrar *registrar, rg_str domain, rg_stats_cb done, void *user,
	rg_free_cb free_user, rg_op **op);

/** Releases a snapshot. NULL is accepted. */
RG_API void rg_stats_unref(rg_stats *stats);

/** @return the number of statistics; 0 for NULL. */
RG_API uint32_t rg_stats_count(const rg_stats *stats);

/** Fills in statistic @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_stats_get(const rg_stats *stats, uint32_t index, rg_stat *out);

/** Finds a statistic by its name; `default_expires` is accepted for `defaults_expires`. @return RG_OK, or RG_ENOENT. */
RG_API rg_status rg_stats_find(const rg_stats *stats, rg_str name, int64_t *value);

/** A label on every line of rg_stats_prometheus(). */
typedef struct rg_stats_label {
	rg_str name;  /**< letters, digits and `_`; no digit at the start, no `__` at the start, and not `reason` */
	rg_str value; /**< UTF-8 without control characters other than LF; may be empty. The function escapes it */
} rg_stats_label;

/** The largest number of labels for rg_stats_prometheus(). */
#define RG_STATS_LABELS_MAX 16

/**
 * Writes a snapshot in the text format of Prometheus, version 0.0.4. Serve it as `text/plain; version=0.0.4`.
 *
 * A gauge is the metric `rgstr_<name>`, a counter is `rgstr_<name>_total`. All refusals are one metric,
 * `rgstr_rejects_total{reason="inv_cseq"}` and so on. The values are those of rg_stats_find(), in the units that the names state:
 * microseconds are not converted to seconds. A statistic that the snapshot does not contain has no line.
 * @param labels  labels on every line, as `site="x"`; may be NULL when @p n_labels is 0.
 * @param room  a buffer of @p size bytes; may be NULL when @p size is 0.
 * @param n  becomes the length of the whole text in bytes. At most @p size bytes are written, without a NUL. When it is above @p size,
 * call again with a larger buffer.
 * @return RG_OK; RG_EINVAL: there is no snapshot, or a label is invalid or given twice; RG_ELIMIT: there are too many labels. On an error
 * nothing is written. Any thread.
 */
RG_API rg_status rg_stats_prometheus(const rg_stats *stats, const rg_stats_label *labels, uint32_t n_labels, char *room, size_t size,
	size_t *n);

/** @} */

#ifdef __cplusplus
}
#endif
#endif
