/* SPDX-License-Identifier: MIT */
/**
 * @file registrar.h
 * The registrar: the object, and the laws that hold for all of its verbs. The headers of the verbs are included.
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
 * rg_op_free(); it may be canceled at any time. A callback runs with no lock held. It may call any function of the library and may drop
 * the last reference to any object.
 *
 * **Errors.** RG_EINVAL tells of a mistake of the host: in an argument, or in a member of a struct that only the host fills in (request.h
 * lists them). Nothing has begun then. Nothing is stored or sent, and no refusal is counted. RG_EINVAL is always returned by the call,
 * never passed to a callback. What a client sent wrong is never an error of a save or a lookup: it is a refusal. The law of results and
 * that of words, for every `why`, are in status.h.
 *
 * **Inputs.** Requests, filters, queries, options and texts are borrowed for the call only: the caller may free them as soon as the call
 * has returned, RG_PENDING included. The exception is an rg_msg of a completion form: the message must live until the callback has been
 * called, or without one until `free_user` is called.
 *
 * **Callbacks.** `done` may be NULL in rg_save_msg_async(), rg_save_reply_msg_async(), rg_lookup_msg_async() and
 * rg_is_registered_msg_async(), for a host that wants no result. In every other completion form NULL is RG_EINVAL.
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

#include <rgstr/env.h>
#include <rgstr/events.h>
#include <rgstr/federation.h>
#include <rgstr/latency.h>
#include <rgstr/lookup.h>
#include <rgstr/op.h>
#include <rgstr/prefetch.h>
#include <rgstr/query.h>
#include <rgstr/remove.h>
#include <rgstr/save.h>
#include <rgstr/stats.h>
#include <rgstr/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 * Completes every operation in flight, and every wait (wait.h), with RG_ECANCELED, and refuses new ones with RG_ECANCELED. A commit that is
 * in flight is then *undecided*: it continues, and its events are delivered. A second call does nothing. NULL is accepted. Any thread if the
 * store is RG_STORE_THREAD_SAFE.
 */
RG_API void rg_registrar_shutdown(rg_registrar *registrar);

/**
 * Replaces the configuration atomically. An operation in flight keeps the configuration that it started with. Of two calls at once, one
 * follows the other.
 * @param config  copied; NULL = all defaults.
 * @param why  may be NULL.
 * @return RG_OK; RG_EINVAL: the config contradicts itself, or there is no registrar; RG_ENOMEM. On an error the old configuration stays.
 */
RG_API rg_status rg_registrar_configure(rg_registrar *registrar, const rg_config *config, rg_error *why);

/**
 * Does the work that is due: expiry and its events, wake-ups of devices before their bindings expire, resends of commits with an unknown
 * outcome, time-outs, federation, and the events that verbs left (rg_deliver()).
 *
 * Call it once after rg_registrar_new(): env.wakeup reports nothing about records that the store already holds. Then call it at the time
 * that the last tick or env.wakeup named. Over a store with RG_STORE_SHARED, the next tick is never more than 1 s away. Ticks may overlap,
 * on several threads or when a callback ticks: one of them works on the records, and when a tick learns of something earlier than another
 * one has said meanwhile, it calls env.wakeup.
 * @param limit  largest number of records to work on, of waits (wait.h) to look for, and of changes to report; 0 = 1000. A page of keys that
 * the store cannot fill counts as a full one, because a store may look through many records for it. When a tick ends at its limit, the next
 * one is due at once.
 * @param next  becomes the time of the next tick; RG_TIME_NEVER = wait for env.wakeup. May be NULL.
 * @return RG_OK: the work is done, or the store has not answered yet; a later failure is logged, counted and followed by another tick.
 * RG_ESTORE: the store failed, or its pages lead nowhere (rg_keys.cursor). RG_ENOMEM. RG_EINVAL: there is no registrar; @p next is then
 * RG_TIME_NEVER. In all other cases it is set.
 */
RG_API rg_status rg_registrar_tick(rg_registrar *registrar, uint32_t limit, rg_time *next);

/**
 * @return the time by the clock of the registrar, env.now within its limits: what the time of the next tick is compared with, by an event
 * loop that does not know env.now. 0 for NULL. Any thread if the store is RG_STORE_THREAD_SAFE.
 */
RG_API rg_time rg_registrar_now(const rg_registrar *registrar);

/**
 * @return the key for rg_to_header() that the registrar made from random bytes at its start: RG_TO_KEY_BYTES bytes (reply.h), which are the
 * registrar's and stay the same as long as it lives. The libraries that write whole replies take the tag of To from it, so nobody else can
 * tell a tag in advance (RFC 3261 §19.3). NULL for NULL. Any thread.
 */
RG_API const uint8_t *rg_registrar_to_key(const rg_registrar *registrar);

#ifdef __cplusplus
}
#endif
#endif
