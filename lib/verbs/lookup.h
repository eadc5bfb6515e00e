/* SPDX-License-Identifier: MIT */
/*
 * A lookup: fetch and select for each AoR, then join. The usual lookup has one AoR; the flags `branch` and `global` add branches of the
 * request, and the homes of every AoR in the shared store of the sites.
 */
#ifndef RG__LOOKUP_H
#define RG__LOOKUP_H

#include "verbs/message.h"
#include "message/message.h"
#include "rules/rules.h"
#include "engine/engine.h"

/* An AoR that is looked up, or a branch that stays as it is. */
typedef struct rg__place {
	rg__aor aor;
	rg__gruu *gruu;      /* the URI is a GRUU; NULL = it is not. The AoR may point into it */
	rg_key key;          /* absent domain: there is nothing to look up */
	rg_str uri;          /* Request-URI or branch that names it; absent: the request has its AoR apart */
	int32_t branch;      /* index among the branches; -1 = the request's own AoR */
	bool kept_as_is;     /* the branch is no AoR of ours, and becomes a target itself */
	bool sips;           /* it is asked for by a sips URI: its targets are sips bindings and sips homes only */
	bool no_sips;        /* its sips bindings are an earlier place's targets */
	bool found;          /* it has targets or wakes */
	rg_targets *targets; /* of its bindings, and the wakes */
	rg_record *homes;
	rg__lookout *spot;      /* where the wait looks; NULL = no device was asleep */
} rg__place;

/* What is asked, and where the answer goes. */
typedef struct rg__lookup_asked {
	const rg_request *request;
	const rg_lookup_options *options;
	rg_lookup_cb done;       /* of the completion form */
	rg_targets **out;        /* of the blocking form */
	rg__msg_in *message;     /* NULL = the data level; else both `done` and `out` may be NULL */
} rg__lookup_asked;

typedef struct rg__lookup {
	rg_op op;
	rg_request *copy;        /* when the request must outlive the call */
	rg__msg_ref message;     /* without ops: the data level */
	rg__place own;           /* the request's AoR */
	rg_wait *wait;           /* for devices that are asleep; NULL = none */
	bool partial;            /* a part of a store did not answer, or homes did not come */

	/* Of several records. */
	rg__place *branches;     /* NULL = none */
	uint32_t n;              /* places: the request's own AoR, then branches */
	uint32_t at;             /* the place after the current one */
	rg__sites *sites;        /* NULL = homes are not asked for */
	rg__buf homes_domain;
	bool at_homes;
	bool malformed;          /* a branch is malformed */
	atomic_bool bindings_complete; /* the bindings of every place are there */

	/* These need not begin as zero. */
	rg__lookup_asked asked;  /* request and message are good for `prepare` alone */
	const rg_request *request; /* the one of the caller, `view` or `copy` */
	rg_request view;
	rg__lookup_settings settings;
} rg__lookup;

/* lookup.c: selects the targets of a place from the record found. */
rg_status rg__lookup_select(rg__lookup *l, rg__place *p);

/* lookup.c: counts a temporary GRUU that names nobody. */
void rg__lookup_count_refused(rg__lookup *l);

/* lookup.c: whether another host is responsible for the AoR of a URI that was read. RG_ENOMEM, else RG_OK. */
rg_status rg__lookup_is_foreign(const rg__lookup *l, const rg__uri *uri, bool *foreign);

/* wait.c: follows the selection of a place. When a device is asleep, it arms a wait, and lets the operation fetch and decide once more.
 * Returns the result of `decide`. */
rg_status rg__lookup_await(rg__lookup *l, rg__place *p);

/* wait.c: wakes the devices, before the answer. The targets hold the wait. */
rg_status rg__lookup_wake(rg__lookup *l, rg_targets *targets);

/* The functions below are in lookup_many.c and serve lookups of several records. */

/* Reads the branches and the homes that are asked for. `prepare` calls it once the request's own AoR is read. */
rg_status rg__lookup_add_places(rg__lookup *l);

/* These are the verb's `next`, `decide` and `done_key`. */
bool rg__lookup_next(rg_op *op);
rg_status rg__lookup_decide_place(rg_op *op);
bool rg__lookup_done_place(rg_op *op, rg_status status);

/* Joins the targets of all places. It is called once, maybe while another thread still runs the operation. */
rg_status rg__lookup_join(rg__lookup *l, rg_status status, rg_targets **out);

/* Releases the places, with what they hold. */
void rg__lookup_clear_places(rg__lookup *l);

#endif
