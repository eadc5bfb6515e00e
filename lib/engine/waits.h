/* SPDX-License-Identifier: MIT */
/*
 * Waiting for devices that were woken. A lookup arms a wait under the key of each AoR with a sleeping device, fetches the record again, and
 * then begins the wait. From the arming on, whatever may have changed a record makes the wait look: it fetches the record fresh, and compares
 * it with the one that the lookup saw. So nothing depends on the order in which changes are reported, and a report may get lost.
 *
 * A wait is armed, then waiting, then done. One lock protects the state of all waits of a registrar; it is held during no call of a store or
 * of the host.
 */
#ifndef RG__WAITS_H
#define RG__WAITS_H

#include <rgstr/wait.h>
#include "engine/op.h"

typedef struct rg__lookout rg__lookout; /* a key under which a wait looks */

/* What a lookup tells of itself, for the events and for the targets of its branches. All of it is copied. */
typedef struct rg__wait_asked {
	const rg_request *request;
	const rg_lookup_options *options; /* NULL = none */
	rg_str prefix;                    /* of the reason that the events have; the method of the request follows */
	bool whatever;                    /* a device that registers has come back, be it a target or not */
} rg__wait_asked;

/* Begins to arm a wait beside an operation. The caller owns one reference. Past pn_max_waits the wait is refused: its events are raised, and
 * it waits for nothing. RG_ECANCELED: after shutdown. RG_ENOMEM. */
rg_status rg__wait_new(const rg_op *op, const rg__wait_asked *asked, rg_wait **out);

/* Where a wait looks, as the lookup does. */
typedef struct rg__lookout_asked {
	rg_key key;
	int32_t branch; /* index of the branch of the request that is looked up; -1 = the request itself */
	bool gruu;      /* that is a GRUU */
	bool no_sips;   /* as in rg__lookup_settings */
} rg__lookout_asked;

/* Arms it: from now on a change under the key is not missed. Fetch the record fresh afterwards. RG_ENOMEM. */
rg_status rg__wait_arm(rg_wait *wait, const rg__lookout_asked *asked, rg__lookout **out);

/* What a fetch found: these bindings, of @p record, are those of sleeping devices. Called for the record as it was before the arming, and again
 * for that of the fetch after it. RG_ENOMEM. */
rg_status rg__lookout_expect(rg__lookout *spot, const rg_record *record, const uint16_t *indexes, uint32_t n);

/* That record, borrowed until the next call. */
const rg_record *rg__lookout_base(const rg__lookout *spot);

/* Raises the events and begins to wait, which may be over on return. *waits: false when there is no device to wait for. Then, and on an
 * error, drop the wait. */
rg_status rg__wait_begin(rg_wait *wait, bool *waits);

/* The caller's reference. Ends a wait that nobody has claimed. */
void rg__wait_drop(rg_wait *wait);

/* rg_targets_wait() for a wait that has begun. */
rg_status rg__wait_claim(rg_wait *wait, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user, rg_wait **handle,
	rg_error *why);

rg__waits *rg__waits_new(void); /* NULL: out of memory */
void rg__waits_unref(rg__waits *waits);

/* Is there a wait? One relaxed load. */
bool rg__waits_any(const rg__waits *waits);

/* A change lets so many lookouts look at most; ticks let the rest. So a REGISTER takes no longer, however many wait for its device. */
enum { RG__LOOKS_BY_A_COMMIT = 64 };

/* A commit landed under this key. */
void rg__waits_changed(rg_registrar *reg, const rg_key *key, const rg_revision *revision);

/* Does what is due, for @p limit waits and @p limit looks at most. Returns when the next is. */
rg_time rg__waits_tick(rg_registrar *reg, uint32_t limit);

/* Ends all with RG_ECANCELED, and lets no other begin. */
void rg__waits_cancel(rg_registrar *reg);

#endif
