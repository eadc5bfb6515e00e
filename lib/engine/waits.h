/* SPDX-License-Identifier: MIT */
/*
 * Waiting for devices that were woken. A lookup arms a wait under the key of each AoR with a sleeping device, fetches the record again, and
 * then begins the wait. From the arming on, whatever may have changed a record makes the wait look: it fetches the record fresh, and compares
 * it with the one that the lookup saw.
 *
 * A wait is armed, then waiting, then done. All states of all waits of a registrar are under one lock, which is held during no call of a store
 * or of the host.
 */
#ifndef RG__WAITS_H
#define RG__WAITS_H

#include <rgstr/wait.h>
#include "engine/op.h"
#include "message/message.h"
#include "message/targets.h"

/* What a lookup tells of itself, for the targets of its branches. All of it is copied. */
typedef struct rg__wait_asked {
	const rg_request *request;        /* its Call-ID goes into the events */
	const rg_lookup_options *options; /* NULL = none */
	const char *reason;               /* of the events: "ini-" or "mid-", and the method follows */
	bool bare;                        /* devices are waited for, and nobody wants their targets */
} rg__wait_asked;

/* Begins to arm a wait beside an operation. The caller owns one reference. Past pn_max_waits the wait is refused: its events are raised, and
 * it waits for nothing. RG_ECANCELED: after shutdown. RG_ENOMEM. */
rg_status rg__wait_new(const rg_op *op, const rg__wait_asked *asked, rg_wait **out);

/* Where a wait looks. @p uri: the Request-URI or branch; @p branch: its index among the branches, or -1. */
typedef struct rg__spot_asked {
	const rg_key *key;
	rg_str uri;
	int32_t branch;
	bool gruu, no_sips;
} rg__spot_asked;

/* Arms it: from now on a change under the key is not missed. Fetch the record fresh afterwards. RG_ENOMEM. */
rg_status rg__wait_arm(rg_wait *wait, const rg__spot_asked *asked, rg__spot **out);

/* What that fetch found: these devices are asleep. @p spot keeps a reference to the record. RG_ENOMEM. */
rg_status rg__spot_expect(rg__spot *spot, const rg_record *record, const uint16_t *indexes, uint32_t n);

/* Raises the events and begins to wait. *waits: false when there is no device to wait for. On an error, and then, drop the wait. */
rg_status rg__wait_begin(rg_wait *wait, bool *waits);

/* Ends a wait that nobody has claimed, and drops the reference. Does nothing more to a wait that is claimed. */
void rg__wait_drop(rg_wait *wait);

/* rg_targets_wait() for a wait that has begun. RG_ENOENT: nobody wants its branches. */
rg_status rg__wait_claim(rg_wait *wait, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user, rg_wait **handle,
	rg_error *why);

/* The waits of a registrar. */
rg__waits *rg__waits_new(void); /* NULL: out of memory */
void rg__waits_unref(rg__waits *waits);

/* A commit landed under this key. */
void rg__waits_changed(rg_registrar *reg, const rg_key *key);

/* Does what is due. Returns when the next is. */
rg_time rg__waits_tick(rg_registrar *reg);

/* Shutdown: ends all with RG_ECANCELED. */
void rg__waits_cancel(rg_registrar *reg);

#endif
