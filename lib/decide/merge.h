/* SPDX-License-Identifier: MIT */
/* The bindings of an AoR while a REGISTER is being decided. */
#ifndef RG__MERGE_H
#define RG__MERGE_H

#include "message/message.h"
#include "rules/rules.h"
#include "register/register.h"
#include "decide/plan.h"

#define RG__NOBODY UINT32_MAX

/* What is known of a binding beside its rg_contact, which has the same index. */
typedef struct rg__entry {
	rg__matchable match;
	uint32_t own;     /* the last Contact of the request that set it or met its repeat; RG__NOBODY */
	uint16_t before;  /* its index in the record; RG__NO_BINDING for a new one */
	uint16_t after;   /* its index in the next record */
	rg_time until;    /* when what this request set or met lapses */
	uint8_t gone;     /* RG__GONE_…; 0 = it stays */
	bool lapsed, changed;
} rg__entry;

typedef struct rg__merge {
	const rg__register *reg;
	const rg_record *record;
	rg_time now;
	const uint8_t *seed;
	rg_contact *contacts; /* those of the record first, then the new ones */
	rg__entry *entries;
	uint32_t n, n_before;
	uint8_t *outcomes;    /* one a Contact of the request */
} rg__merge;

/* merge_answer.c: a 200, but for its list. */
void rg__merge_answer(const rg__merge *m, rg__answer *answer);

/* evict.c: brings the bindings down to the limit if that is allowed. RG_R_FINE, or RG_R_TOO_MANY with nothing evicted. */
rg_status rg__merge_limit(rg__merge *m, int32_t *reason);

/* True when a remembered removal still counts. */
static inline bool rg__removal_fresh(const rg_removal *r, rg_time now)
{
	/* A clock that stepped back must not keep it for longer. */
	return now < rg__add_sat(r->at, RG_REMOVAL_KEEP) && rg__add_sat(now, RG_REMOVAL_KEEP) > r->at;
}

/* The REGISTER that removes bindings. */
typedef struct rg__remover {
	rg_str callid;
	uint32_t cseq;
	uint64_t fingerprint;
} rg__remover;

/* removals.c: the fresh removals of @p record and those of the entries that are gone, the newest RG_REMOVALS_MAX; returns how many.
 * Each keeps the Call-ID, CSeq and hash of @p by, if that removed it, and those of its binding unless the Call-ID is the same. */
uint32_t rg__removals(const rg_record *record, const rg_contact *contacts, const rg__entry *entries, uint32_t n, const rg__remover *by,
	rg_time now, rg_removal out[RG_REMOVALS_MAX]);

/* commit.c: the next record, NULL when nothing is left; @p contacts and @p entries are moved up to it. RG_ELIMIT: it would be too large. */
rg_status rg__merge_next(rg_contact *contacts, rg__entry *entries, uint32_t n, const rg_key *key, const rg_record *record,
	const rg_revision *revision, const rg__remover *by, rg_time now, rg_record **next);

/* The events of what the entries say, in order; returns how many. At most one an entry. */
uint32_t rg__merge_changes(const rg__entry *entries, uint32_t n, rg__change *changes);

/* refusal.c: a non-200 response. @p reg is NULL where there is no request to speak of. */
rg_status rg__refuse(int32_t reason, const rg__save_settings *set, const rg__register *reg, rg_time now, rg_response **out);

#endif
