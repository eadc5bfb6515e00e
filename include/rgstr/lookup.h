/* SPDX-License-Identifier: MIT */
/**
 * @file lookup.h
 * Looking up: where a request for a user goes. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_LOOKUP_H
#define RGSTR_LOOKUP_H

#include <rgstr/config.h>
#include <rgstr/message.h>
#include <rgstr/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @param status  as rg_lookup() returns. @param targets  owned by the callback; NULL unless @p status is RG_OK or RG_ESTORE. */
typedef void (*rg_lookup_cb)(void *user, rg_status status, rg_targets *targets);

/**
 * Finds where to route a request (RFC 3261 §16.5; base specification §1.4.4).
 *
 * While `disable_gruu` is 0, a Request-URI, `aor` or branch may be a GRUU (RFC 5627), public or temporary. Then the bindings of the one
 * instance that it names are the targets; those of several flows are one target and its fallbacks.
 *
 * While `pn_enable` is on, a device that is asleep is no target: it must be woken before a request reaches it (RFC 8599 §5.6.2). The list
 * has such devices beside its targets (rg_targets_wake_count()). With `no-branches` only the best one is there, as a target or to be woken.
 * Before it ends, the lookup raises RG_EVENT_CONTACT_REFRESH for each such device, with the reason "ini-" and the method, or "mid-" within a
 * dialog (To has a tag). rg_targets_wait() then waits for the devices; until they come back, or the time is over, the events are raised
 * again as `pn_retry` says.
 *
 * With the flag `branch`, the targets of the AoR itself come first. Then each existing branch (rg_request.branches, at most
 * RG_BRANCHES_MAX) is replaced by the targets of the AoR that it names, which may be none. A branch of another scheme, or whose host is
 * not local (env.is_local), becomes a target itself. A malformed branch is dropped. An AoR that is named more than once is expanded at its
 * first place only.
 *
 * With the flag `global`, the targets of each AoR are followed by one for every other site that has it (rg_registrar_federate()),
 * RG_HOMES_MAX at most. A site wakes its own devices only.
 *
 * With these flags the whole lookup takes at most one store_timeout. When it times out after all bindings were found, or when the shared
 * store fails, the bindings are the result, and rg_targets_partial() is 1. Without any binding the result is then RG_ESTORE.
 * @param options  NULL = no flags.
 * @param out  becomes the targets, owned by the caller. rg_targets_result() of an empty result is −1 or −2, or 2 when all devices are asleep.
 * @return RG_OK; RG_ESTORE: the store is unavailable, @p out holds the result −3 with code 503, or NULL when out of memory; RG_EINVAL: an
 * argument is missing, or what the host says in the request is wrong (request.h); RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_lookup(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options,
	rg_targets **out, rg_error *why);

/** The completion form of rg_lookup(). @param op  may be NULL. */
RG_API rg_status rg_lookup_async(rg_registrar *registrar, const rg_request *request, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Reads a message of the host through its adaptor, looks it up as rg_lookup() does, and routes it through the adaptor when there is a
 * target. The host variable that attr_avp names becomes the texts of the targets, one value for each target, in their order.
 * @param out  becomes the targets, owned by the caller. @return as rg_lookup(), or an error of the adaptor, as rg_save_msg(); RG_ENOTSUP:
 * the adaptor has no `apply`.
 */
RG_API rg_status rg_lookup_msg(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options,
	rg_targets **out, rg_error *why);

/** The completion form of rg_lookup_msg(). @param op  may be NULL. */
RG_API rg_status rg_lookup_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_lookup_options *options, rg_lookup_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
