/* SPDX-License-Identifier: MIT */
/* The bindings of an AoR during a decision: a REGISTER, a removal, a measurement. */
#ifndef RG__MERGE_H
#define RG__MERGE_H

#include "message/message.h"
#include "rules/rules.h"
#include "register/register.h"
#include "decide/plan.h"
#include "model/model.h"

#define RG__NOBODY UINT32_MAX

/* A binding during a decision. */
typedef struct rg__entry {
	rg__matchable match;
	rg__rank rank;         /* its id, created, modified and q */
	rg_time expires;
	uint64_t request_hash; /* of the record's binding, as cseq */
	uint32_t cseq;
	bool given;       /* its rg_contact has what the next record is to hold; else the binding stays as it is in the record */
	uint32_t own;     /* the last Contact of the request that set the binding or repeated it; RG__NOBODY */
	uint16_t before;  /* its index in the record; RG__NO_BINDING for a new one */
	uint16_t after;   /* its index in the next record */
	rg_time until;    /* when the binding lapses, if this request set or repeated it */
	uint8_t gone;     /* RG__GONE_…; 0 = it stays */
	bool lapsed, changed;
	bool regenerated; /* the request gave the binding another Call-ID or another instance than it had, or made it */
} rg__entry;

/* Each array has room for the bindings of the record and the Contacts of the request. */
typedef struct rg__merge {
	const rg__register *reg;   /* NULL = not a REGISTER */
	const rg_record *record;
	rg__dictionary *dictionary;  /* for the first record of an AoR; NULL = none */
	const rg_revision *revision; /* of the next record */
	rg_time now;
	const uint8_t *seed;
	uint32_t n;
	bool regenerates;     /* an entry is `regenerated` */
	rg_contact *contacts; /* those of the record first, then the new ones; of entries that are `given` */
	rg__entry *entries;   /* the same */
	rg__rank *ranks, *room; /* of bindings to be sorted, and room for that */
	rg__change *changes;  /* the events */
	uint16_t *kept;       /* for rg__record_next() */
	uint16_t *listed;     /* the bindings that a 200 lists */
	uint8_t *outcomes;    /* one a Contact of the request */
} rg__merge;

/* The bytes of all arrays for one binding. */
enum { RG__MERGE_EACH = sizeof(rg_contact) + sizeof(rg__entry) + 2 * sizeof(rg__rank) + sizeof(rg__change) + 2 * sizeof(uint16_t) +
	sizeof(uint8_t) };

/* merge.c: takes the arrays for @p n bindings from @p room, NULL = none, or allocates them; rg__scratch_close() ends it. False: out of
 * memory. */
bool rg__merge_open(rg__merge *m, rg__scratch *scratch, void *room, size_t size, uint32_t n);

/* merge.c: loads the entries of the record's bindings. */
void rg__merge_load(rg__merge *m);

/* merge.c: the same, and views each binding: all are `given`. */
void rg__merge_view(rg__merge *m);

/* accept.c: the plan of a draft, with a 200. Its answer has the bindings to list; the rest is filled in. It takes the reference in the draft.
 * RG_EINVAL: a token is needed and there is no secret. */
rg_status rg__merge_accept(const rg__merge *m, const rg__draft *draft, rg__answer *answer, rg_plan **out);

/* gruus.c: appends a line for each binding that a 200 lists, with the parameters of its GRUUs. RG_EINVAL: there is no secret to seal them. */
rg_status rg__merge_gruus(const rg__merge *m, const rg__answer *answer, rg__buf *out);

/* feature_caps.c: appends the values of Feature-Caps, a line each. RG_EINVAL: there is no secret to seal a PURR. */
rg_status rg__merge_feature_caps(const rg__merge *m, const rg__answer *answer, rg__buf *out);

/* evict.c: brings the bindings down to the limit if that is allowed. RG_R_FINE, or RG_R_TOO_MANY with nothing evicted. */
rg_status rg__merge_limit(rg__merge *m, int32_t *reason);

/* generation.c: gives the bindings that the request set the generations of their instances. Another binding of such an instance may get
 * another generation; it has no event for that. */
void rg__merge_generations(rg__merge *m);

/* True while a remembered removal counts. */
static inline bool rg__removal_fresh(const rg_removal *r, rg_time now)
{
	/* A clock that is set back must not make it count for longer. */
	return now < rg__add_sat(r->at, RG_REMOVAL_KEEP) && rg__add_sat(now, RG_REMOVAL_KEEP) > r->at;
}

/* The REGISTER that removes bindings. */
typedef struct rg__remover {
	rg_str callid;
	uint32_t cseq;
	uint64_t fingerprint;
} rg__remover;

/* removals.c: the fresh removals of the record and those of the entries that are gone, the newest RG_REMOVALS_MAX. Returns their number.
 * A removal has the Call-ID, CSeq and hash of @p by if the request removed the binding, and another one those that the binding had before the
 * request, unless the Call-ID is the same. */
uint32_t rg__merge_removals(const rg__merge *m, const rg__remover *by, rg_removal out[RG_REMOVALS_MAX]);

/* next_record.c: the next record, NULL when nothing is left. @p key: of the first record of an AoR. The contacts
 * that are given and stay move to the front. RG_ELIMIT: it would be too large. */
rg_status rg__merge_next(rg__merge *m, const rg_key *key, const rg__remover *by, rg_record **next);

/* next_record.c: writes the events of the entries, in order. Returns their number, at most one an entry. */
uint32_t rg__merge_changes(rg__merge *m);

/* wake.c: is the wake-up of a live binding due? */
bool rg__wake_due(const rg_contact *c, rg_time now);

/* wake.c: takes a wake-up: claims it, so that no other node makes it, or without a subscriber takes it for delivered. */
void rg__wake_take(rg_contact *c, const rg__waker *waker, rg_time now);

/* refuse.c: a response other than 200. @p reg is NULL where there is no request. */
void rg__refuse(int32_t reason, const rg__save_settings *set, const rg__register *reg, rg_time now, rg__answer *answer,
	rg__extras *extras);

#endif
