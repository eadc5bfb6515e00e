/* SPDX-License-Identifier: MIT */
/* Making a plan. */
#ifndef RG__PLAN_H
#define RG__PLAN_H

#include "decide/decide.h"
#include "message/message.h"

/* Why a binding was removed: X(name, rg_event.reason). */
#define RG__GONE_MAP(X) X(REQUEST, "request") X(STAR, "star") X(EVICTED, "evicted") X(REMOVED, "removed")

enum {
	RG__GONE_NOT, /* it was not */
#define RG__GONE_ENUM(name, text) RG__GONE_##name,
	RG__GONE_MAP(RG__GONE_ENUM)
#undef RG__GONE_ENUM
};

#define RG__NO_BINDING UINT16_MAX

/* An event not yet built: the binding before and after, as indexes into the two records. */
typedef struct rg__change {
	uint8_t kind;   /* RG_EVENT_… bit */
	uint8_t reason; /* RG__GONE_…, of a CONTACT_DELETE; else 0 */
	uint16_t before, after;
} rg__change;

_Static_assert(RG__EVENTS_KNOWN <= UINT8_MAX, "rg__change.kind has a bit for each event");

/* The parts of a plan. */
typedef struct rg__draft {
	const rg_record *before;    /* NULL = none */
	rg_record *next;            /* the plan takes the reference; NULL = delete, if commits */
	bool commits;
	bool claims;                /* wake-ups, each to be marked once its event is delivered */
	const rg_revision *revision;
	const rg__answer *answer;   /* the content of the response; NULL = none */
	rg_str callid;              /* of the request; copied */
	rg_str reason;              /* of the events CONTACT_REFRESH; copied */
	rg_time now;
	uint32_t affected;
	const uint8_t *outcomes;    /* copied */
	uint32_t n_outcomes;
	const rg__change *changes;  /* of bindings, in order; copied. The plan adds the events of the AoR */
	uint32_t n_changes;
} rg__draft;

/* For the text of a plan. @return change @p index, which is that of event @p index; NULL past the last one. */
const rg__change *rg__plan_change(const rg_plan *plan, uint32_t index);
rg_time rg__plan_at(const rg_plan *plan);

/* Takes the reference in the draft, on failure too. */
rg_status rg__plan_new(const rg__draft *draft, rg_plan **out);

/* The beginning of a public decision: empties @p out, and checks what all of them need. RG_EINVAL. */
rg_status rg__pure_begin(const rg_config *config, const uint8_t seed[32], rg_plan **out, rg_error *why);

/* Its end: says into @p why what a decision leaves to say, which is that memory or a record is too small. Returns @p status. */
rg_status rg__pure_end(rg_status status, rg_error *why);

#endif
