/* SPDX-License-Identifier: MIT */
/* How a plan is made. */
#ifndef RG__PLAN_H
#define RG__PLAN_H

#include "decide/decide.h"

/* Why a binding went. */
enum { RG__GONE_REQUEST = 1, RG__GONE_STAR, RG__GONE_EVICTED, RG__GONE_REMOVED };

#define RG__NO_BINDING UINT16_MAX

/* One event in the making: the binding before and after, as indexes into the two records. */
typedef struct rg__change {
	uint8_t kind;   /* RG_EVENT_… bit */
	uint8_t reason; /* RG__GONE_…, of a CONTACT_DELETE; else 0 */
	uint16_t before, after;
} rg__change;

/* What a plan is made of. */
typedef struct rg__draft {
	const rg_record *before;    /* NULL = none */
	rg_record *next;            /* its reference goes to the plan; NULL = delete, if commits */
	bool commits;
	const rg_revision *revision;
	rg_response *response;      /* goes to the plan; NULL = none */
	rg_str callid;              /* of the request that caused it; copied */
	rg_time now;
	uint32_t affected;
	const uint8_t *outcomes;    /* copied */
	uint32_t n_outcomes;
	const rg__change *changes;  /* of bindings, in order; copied. AoR events are added here */
	uint32_t n_changes;
} rg__draft;

/* On failure the references in the draft are released all the same. */
rg_status rg__plan_new(const rg__draft *draft, rg_plan **out);

#endif
