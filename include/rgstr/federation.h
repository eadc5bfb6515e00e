/* SPDX-License-Identifier: MIT */
/**
 * @file federation.h
 * Sites that tell each other, in a store that they share, which users are registered with them.
 * The laws that registrar.h states for verbs hold here.
 *
 * Sites that keep separate bindings share a second store. In this store, each site publishes which AoRs have a live binding there. A
 * lookup with the flag `global` (base specification §1.4.4) adds a target for each other site that has the AoR.
 *
 * In the shared store, the homes of an AoR are the contacts of one record, under the same user and host in domain `<domain>@homes`. The
 * URI of such a contact is the URI of a site. The contact expires unless the site renews it. Homes raise no events.
 *
 * A lookup ignores an entry of another site when its URI is no SIP URI, or contains headers or blanks. It also ignores an entry that
 * expires in more than 30 days and an hour; the next publication for this AoR removes it.
 */
#ifndef RGSTR_FEDERATION_H
#define RGSTR_FEDERATION_H

#include <rgstr/op.h>
#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The largest number of homes of one AoR that become targets of a lookup. A later version may raise it. */
enum { RG_HOMES_MAX = 64 };

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
RG_API rg_status rg_registrar_federate(rg_registrar *registrar, rg_store *shared, rg_str home,
	const rg_federation_options *options, rg_error *why);

/**
 * Lets a scan begin with the next tick, which publishes again what the shared store lacks. For a shared store that has lost its data, as
 * rg_redis_options.emptied tells. Without it the store is complete again after half a `lifetime`. It does nothing for a registrar without a
 * federation, and for NULL. Threads as rg_registrar_federate(). It may be called in any callback.
 */
RG_API void rg_registrar_publish(rg_registrar *registrar);

#ifdef __cplusplus
}
#endif
#endif
