/* SPDX-License-Identifier: MIT */
/**
 * @file latency.h
 * Storing what was measured of a binding. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_LATENCY_H
#define RGSTR_LATENCY_H

#include <rgstr/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @param status  as rg_set_latency() returns. @param n_changed  number of bindings whose latency changed. */
typedef void (*rg_latency_cb)(void *user, rg_status status, uint32_t n_changed);

/**
 * Stores the time that a Contact took to answer a ping, for the lookup flags `max-ping-latency` and `sort-by-latency` (base specification
 * §1.4.4).
 *
 * The value is committed for a binding that was never measured. Otherwise it is committed only when it differs from the stored one by at
 * least `latency_min_delta` percent and at least 10 ms. A commit raises LATENCY_UPDATE. A REGISTER that refreshes the binding keeps the
 * latency. This function changes nothing that a REGISTER sets. rg_measure() is its decision alone.
 * @param domain  absent = "location". @param aor  AoR, in a form that request.h lists. @param contact  URI or name-addr, matched as
 * rg_remove_filter.contact; the value applies to every live binding that matches. @param microseconds  0–4294967294.
 * @param n_changed  becomes the number of bindings whose latency changed; may be NULL.
 * @return RG_OK, also when nothing changed. RG_EINVAL: the AoR or the Contact is absent or malformed, or @p microseconds is
 * RG_LATENCY_NONE. RG_ELIMIT: the record would grow past `max_record_bytes`; it has not changed. RG_ESTORE, RG_ENOTSUP, RG_ECANCELED,
 * RG_ENOMEM.
 */
RG_API rg_status rg_set_latency(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	uint32_t *n_changed, rg_error *why);

/** The completion form of rg_set_latency(). @param op  may be NULL. */
RG_API rg_status rg_set_latency_async(rg_registrar *registrar, rg_str domain, rg_str aor, rg_str contact, uint32_t microseconds,
	rg_latency_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
