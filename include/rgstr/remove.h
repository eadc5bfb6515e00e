/* SPDX-License-Identifier: MIT */
/**
 * @file remove.h
 * Removing bindings without a REGISTER. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_REMOVE_H
#define RGSTR_REMOVE_H

#include <rgstr/op.h>
#include <rgstr/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @param status  as rg_remove() returns. @param n_removed  number of live bindings that were removed, also before an error. */
typedef void (*rg_remove_cb)(void *user, rg_status status, uint32_t n_removed);

/**
 * Removes bindings of one AoR (base specification §1.4.2). rg_prune() is its decision alone.
 * @param n_removed  becomes the number of live bindings that were removed; may be NULL. Expired bindings that match are removed, too, but
 * not counted.
 * @return RG_OK, also when nothing was removed; RG_EINVAL: the filter has no AoR, or a malformed value; RG_ESTORE, RG_ENOTSUP,
 * RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_remove(rg_registrar *registrar, const rg_remove_filter *filter, uint32_t *n_removed, rg_error *why);

/** The completion form of rg_remove(). @param op  may be NULL. */
RG_API rg_status rg_remove_async(rg_registrar *registrar, const rg_remove_filter *filter, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Removes every binding with a given next hop (base specification §1.4.3). Without an AoR it costs O(matches).
 * @param domain  absent = "location". @param ip  IPv4 or IPv6 address, or a host name. @param port  1–65535.
 * @param aor  AoR, in a form that request.h lists; absent = every AoR of the domain.
 * @param n_removed  becomes the number of live bindings that were removed, also before an error; may be NULL. @return as rg_remove().
 */
RG_API rg_status rg_remove_ip_port(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor,
	uint32_t *n_removed, rg_error *why);

/** The completion form of rg_remove_ip_port(). @param op  may be NULL. */
RG_API rg_status rg_remove_ip_port_async(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str aor, rg_remove_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Removes every binding of a flow, in every AoR of the domain, in O(matches). Call it when a connection has ended (RFC 5626; ours). A
 * binding that was refreshed over another flow meanwhile stays.
 * @param domain  absent = "location". @param flow  the text of rg_request.flow, 1–255 bytes; it is compared octet by octet.
 * @param n_removed  becomes the number of live bindings that were removed, also before an error; may be NULL.
 * @return RG_OK, also when nothing was removed; RG_EINVAL: @p flow is absent, empty or too long; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED,
 * RG_ENOMEM.
 */
RG_API rg_status rg_remove_flow(rg_registrar *registrar, rg_str domain, rg_str flow, uint32_t *n_removed, rg_error *why);

/** The completion form of rg_remove_flow(). @param op  may be NULL. */
RG_API rg_status rg_remove_flow_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * @param status  as rg_remove() returns. @param n_removed  number of live bindings that this part removed, also before an error.
 * @param cursor  where the next part starts; absent = nothing is left, or an error. Borrowed for the call.
 */
typedef void (*rg_remove_part_cb)(void *user, rg_status status, uint32_t n_removed, const rg_str *cursor);

/**
 * Does a part of rg_remove_ip_port_async() without an AoR. A host with one thread serves other work between the parts: over an inline store
 * a completion form completes before it returns, however many AoRs match.
 * @param cursor  where to start, from the part before it, of a removal with the same arguments; absent = the first part. A malformed cursor
 * is RG_EINVAL. @param limit  number of AoRs after which the part ends; it ends with a page of the store, so a part may look at up to 99
 * more. A limit below 100 is kept exactly if the store keeps its page limit. 0 = 100. @param op  may be NULL.
 */
RG_API rg_status rg_remove_ip_port_part_async(rg_registrar *registrar, rg_str domain, rg_str ip, int32_t port, rg_str cursor,
	uint32_t limit, rg_remove_part_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/** Does a part of rg_remove_flow_async(). Everything else as rg_remove_ip_port_part_async(). */
RG_API rg_status rg_remove_flow_part_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_str cursor, uint32_t limit,
	rg_remove_part_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
