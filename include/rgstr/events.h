/* SPDX-License-Identifier: MIT */
/**
 * @file events.h
 * What happened to bindings, told in the order in which it happened. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_EVENTS_H
#define RGSTR_EVENTS_H

#include <rgstr/op.h>
#include <rgstr/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 * CONTACT_REFRESH asks the subscriber to wake a device by its push service (RFC 8599): `pn-provider`, `pn-prid` and `pn-param` of the URI
 * of `after` name it. The wake-up before an expiry comes from a tick of the node that owns the binding, once for each registration, and
 * again at the times of `pn_retry` while no REGISTER comes. It is reported at least once. When the node ends, or the store fails for 10
 * seconds, between the report and its note in the store, it is reported again, 10 seconds after the first report.
 *
 * A commit queues its change. Then the thread of the verb reports changes from the queue, the oldest first, but at most 64 of them, and
 * none while another thread delivers. So a verb may return before its own events are delivered. The rest is due for the next tick, which
 * env.wakeup announces. A subscriber that is slower than the commits makes the queue, and its memory, grow without a limit; the statistic
 * `events_queued` shows it.
 * @param mask  RG_EVENT_… bits. @param out  becomes the subscription, owned by the caller. @param why  may be NULL.
 * @return RG_OK; RG_EINVAL: the mask has no known bit, or there is no callback; RG_ENOMEM. On an error @p free_user is not called.
 */
RG_API rg_status rg_registrar_subscribe(rg_registrar *registrar, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out, rg_error *why);

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
 * While another thread is in this callback, rg_subscription_free() waits until the call has returned. So the caller must not hold a lock
 * that the callback takes. On the thread that delivers events, and so inside a callback, it does not wait. `free_user` may run later, on
 * the thread that delivers events. NULL is accepted. Any thread.
 */
RG_API void rg_subscription_free(rg_subscription *subscription);

#ifdef __cplusplus
}
#endif
#endif
