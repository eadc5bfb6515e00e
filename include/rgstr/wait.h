/* SPDX-License-Identifier: MIT */
/**
 * @file wait.h
 * Waiting for devices that a push notification wakes (RFC 8599 §5.6.2). The laws that registrar.h states for verbs hold here.
 *
 * A lookup finds that a device is asleep, raises RG_EVENT_CONTACT_REFRESH for it, and counts it in rg_targets_wake_count(). A subscriber
 * sends the push notification, and the device registers again. rg_targets_wait() hands over one list of targets for each device that does,
 * until the time `pn_refresh_timeout`, counted from the event, is over. rg_pn_process_purr() does the same for a request within a dialog.
 *
 * A device registers here, or through another registrar over the same store. The store's member `watch` reports the latter at once. Without
 * this member, or when a report gets lost, the registrar finds the change at half of `pn_refresh_timeout`, or at its end.
 */
#ifndef RGSTR_WAIT_H
#define RGSTR_WAIT_H

#include <rgstr/op.h>
#include <rgstr/request.h>
#include <rgstr/response.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A wait for the devices that one lookup woke. The handle is reference-counted; its functions may be called on any thread if the store is
 * RG_STORE_THREAD_SAFE. */
typedef struct rg_wait rg_wait;

/**
 * A device came back.
 * @param targets  the target of the device, and the other flows of its instance as fallbacks. The callback owns it.
 */
typedef void (*rg_branch_cb)(void *user, rg_targets *targets);

/**
 * The wait is over.
 * @param status  RG_OK: every device came back. RG_ETIMEOUT: the time is over. RG_ECANCELED: rg_wait_cancel() or rg_registrar_shutdown()
 * was called. RG_ESTORE: the time is over, and the store did not tell whether more devices came back.
 */
typedef void (*rg_wait_done_cb)(void *user, rg_status status);

/**
 * Waits for the devices that a lookup woke, those of rg_targets_wake_count(). Works after each form of the lookup, over any store.
 *
 * `on_branch` is called once for each device that comes back and passes what the lookup filters by, and `on_done` once, after the last
 * `on_branch`. They never run at the same time. A device that came back before this call counts, too; its `on_branch`, and maybe `on_done`,
 * then runs within this call. When many wait for one device, its REGISTER gives some of them their branch, and the ticks that follow at once
 * give it to the rest. A device whose binding was removed, or has expired, is waited for all the same. The time is over when a tick
 * finds it over; if the store then does not answer, store_timeout later.
 *
 * The targets may be freed at once. Freeing them without this call ends what the lookup began.
 * @param targets  of a lookup; still the caller's. @param on_branch, on_done  mandatory. @param free_user  is called after `on_done`.
 * @param wait  becomes a handle, owned by the caller and released with rg_wait_free(); written before any callback runs; may be NULL.
 * @param why  may be NULL.
 * @return RG_OK: `on_done` has been called. RG_PENDING: it will be, exactly once. An error, after which no callback runs. RG_EINVAL: a
 * callback is NULL, the targets woke no device, they are not of a lookup of a registrar, or they are waited for already. RG_ELIMIT:
 * `pn_max_waits` others were waiting when the lookup ended; the events were raised all the same.
 */
RG_API rg_status rg_targets_wait(rg_targets *targets, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user,
	rg_wait **wait, rg_error *why);

/**
 * Ends a wait with RG_ECANCELED, unless `on_done` has been called. `on_branch` is not called again. When this returns, `on_done` has been
 * called, except inside a callback of this wait, or while one runs on another thread: then `on_done` follows it. NULL is accepted.
 */
RG_API void rg_wait_cancel(rg_wait *wait);

/** Releases the handle. The wait goes on. NULL is accepted. */
RG_API void rg_wait_free(rg_wait *wait);

/** Results of rg_pn_process_purr(). A later version may add some. Positive values are a success, negative ones are not. */
enum {
	RG_PURR_RESUMED = 1, /**< the device came back, or the time to wait for it is over: the request can go on */
	RG_PURR_NOTHING = 2, /**< there is nothing to wait for: the request can go on */
	RG_PURR_ERROR = -1   /**< no decision could be made */
};

/**
 * @param status  RG_OK, or an error as rg_lookup() returns. @param result  RG_PURR_…; RG_PURR_ERROR unless @p status is RG_OK.
 * @param targets  how to reach the device: its target, and the other flows of its instance as fallbacks. The callback owns them. NULL when
 * the device is not known to be awake, and when no binding of it is a target, as one that is not sips for a sips Request-URI.
 */
typedef void (*rg_purr_cb)(void *user, rg_status status, int32_t result, rg_targets *targets);

/**
 * Holds a request within a dialog until its device is awake (RFC 8599 §6, base specification §1.5.1). The parameter `pn-purr` of the
 * Request-URI names the binding, which rg_request.domain has; when that is none of ours, the one of the topmost Route of
 * rg_request.routes does.
 *
 * If the device of the binding is asleep, RG_EVENT_CONTACT_REFRESH is raised for it, with the reason "mid-" and the method, and the
 * operation completes when it registers again, or `pn_refresh_timeout` later. There is nothing to wait for when the request has no PURR, the
 * PURR is forged or of another secret or domain, its binding is gone, the device is awake, `pn_enable` or `pn_enable_purr` is off, or
 * `pn_max_waits` others are waiting; in the last case the event is raised all the same. Nor does an ACK wait: its device has just answered.
 *
 * The device may have come back at another address or over another connection than those of the dialog. So when the host has no Route value
 * left after its own, the request goes to the targets: with its Request-URI as it is (RFC 3261 §12.2.1.1), by way of the next hop, Path,
 * socket and flow of the target. With Route values left, or without targets, it goes the way of its dialog.
 *
 * There is no blocking form: the wait needs the ticks of the host.
 * @param done  mandatory. @param op  may be NULL. @return under the completion law; RG_EINVAL: an argument is missing, or what the host says
 * in the request is wrong (request.h); RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_pn_process_purr(rg_registrar *registrar, const rg_request *request, rg_purr_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
