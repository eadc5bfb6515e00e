/* SPDX-License-Identifier: MIT */
/* The decisions, as the engine drives them. Pure: no store, no clock, no lock. */
#ifndef RG__POLICY_H
#define RG__POLICY_H

#include <rgstr/policy.h>
#include "register/register.h"
#include "decide/homes.h"

/* Decides. @p revision becomes that of the next record. A register that was refused gives a plan with that refusal. */
rg_status rg__register_merge(const rg__register *reg, const rg_record *record, rg_time now, const uint8_t seed[32],
	const rg_revision *revision, rg_plan **out);


/* A refusal for a reason no record has a say in (RG_R_STORE and the like). @p reg may be NULL. */
rg_status rg__refusal(int32_t reason, const rg_config *config, const rg_save_options *options, const rg__register *reg, rg_time now,
	rg_response **out);

/* Takes the response out of a plan: the caller owns it. NULL when it was taken, or the plan has none. */
rg_response *rg__plan_take_response(rg_plan *plan);
const rg_key *rg__plan_key(const rg_plan *plan);
const rg_revision *rg__plan_revision(const rg_plan *plan); /* the one given: of `next`, or of the deletion */
uint32_t rg__plan_affected(const rg_plan *plan);            /* bindings that a prune by filter took away, or a ping changed */
rg_plan *rg__plan_ref(rg_plan *plan);                      /* plans are shared between an operation and its event batch */

/* Takes lapsed bindings and stale removals away. The plan commits nothing when none is due. @p owned says of each binding whether this
 * node acts for it (NULL: for all): what another node owns is left to that one for RG__OWNER_FIRST, and taken if that has not come. */
enum { RG__OWNER_FIRST = 10000 }; /* milliseconds: a node with a shared store looks every second */
rg_status rg__prune_expired(const rg_record *record, const bool *owned, rg_time now, const rg_revision *revision, rg_plan **out);

/* Bytes a flow may have (rg_request.flow). */
enum { RG__FLOW_MAX = 255 };

/* A remove filter read and validated; borrows the caller's text, and copies what it changes. */
typedef struct rg__filter {
	bool has_contact, has_next_hop, has_instance, has_callid, has_flow;
	rg__uri contact;
	rg_str contact_text;
	rg_str contact_instance;   /* of the value it stood in, with <>; absent */
	rg__matching matching;
	rg_str host;               /* of next_hop: its name in lower case … */
	rg_addr addrs[8];          /* … or addresses, its own or those it resolved to */
	uint32_t n_addrs;
	uint16_t port;             /* 0 = any */
	rg_str instance;           /* without <> */
	rg_str callid;
	rg_str flow;
	uint32_t branch_flags;     /* 0 = any */
} rg__filter;

rg_status rg__filter_contact(rg__filter *f, rg_str contact, const rg_config *config);  /* URI or name-addr; RG_EINVAL */
rg_status rg__filter_contact_value(rg__filter *f, rg_str value, const rg_config *config); /* of a Contact header; RG_EINVAL */
rg_status rg__filter_next_hop(rg__filter *f, rg_str host_and_port);                    /* RG_EINVAL */
rg_status rg__filter_instance(rg__filter *f, rg_str instance);                         /* RG_EINVAL */
rg_status rg__filter_flow(rg__filter *f, rg_str flow);                                 /* RG_EINVAL */
bool rg__filter_matches(const rg__filter *f, const rg_contact *binding);               /* ANDed; one without conditions matches all */

/* Takes the bindings away that match (lapsed ones too) and leaves removals behind. */
rg_status rg__prune(const rg_record *record, const rg__filter *filter, rg_time now, const rg_revision *revision, rg_plan **out);

/* What a ping said, and when that is worth a commit. */
typedef struct rg__ping {
	uint32_t latency;   /* microseconds */
	int64_t min_delta;  /* percent of what is stored */
	int64_t max_record_bytes;
} rg__ping;

void rg__ping_of(const rg_config *config, uint32_t latency, rg__ping *out);

/* Sets the latency of the live bindings that match, as far as it has moved enough; commits nothing when none has. What has lapsed goes
 * with such a commit. RG_ELIMIT: the record would be too large. */
rg_status rg__measure(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now, const rg_revision *revision,
	rg_plan **out);

/* Indexes of the live bindings that match, in lookup order. *out is released with rg_mem_free(). */
rg_status rg__live(const rg_record *record, const rg__filter *filter, bool desc_time_order, rg_time now, uint16_t **out, uint32_t *n);

#endif
