/* SPDX-License-Identifier: MIT */
/* How targets are made. */
#ifndef RG__TARGETS_H
#define RG__TARGETS_H

#include <rgstr/response.h>
#include "text/text.h"

/* A binding that becomes a target. */
typedef struct rg__choice {
	rg_str uri; /* its Contact URI, borrowed from the record */
	uint32_t index;
	uint32_t fallback_of; /* place of its principal among the choices; UINT32_MAX = none */
	bool strip; /* set by rg__targets_new(): what has no place in a Request-URI may be in it */
} rg__choice;

/* What the targets of one AoR are made of. */
typedef struct rg__choices {
	int32_t result, code;     /* RG_LOOKUP_…; the code is 0 where there are targets */
	bool branches_only;
	const rg_record *record;  /* NULL = none */
	const rg_key *key;        /* NULL = none */
	rg__choice *choice;       /* in order */
	uint32_t n;
} rg__choices;

typedef struct rg__row {
	rg_str uri; /* in the record, or behind the rows where something had to go */
	uint32_t index, fallback_of;
} rg__row;

typedef struct rg__joined rg__joined;

/* One allocation: the struct, the rows, the AoR, the URIs that had to change. */
struct rg_targets {
	int32_t result, code;
	bool branches_only, partial;
	rg_record *record;
	rg__joined *joined; /* NULL: those of one AoR. Else that is where the targets are */
	rg_str aor;
	uint32_t n;
	rg__row rows[];
};

rg_status rg__targets_new(const rg__choices *choices, rg_targets **out);

/* A part of what is joined: the targets of an AoR, or one target that is no binding. */
typedef struct rg__part {
	rg_targets *targets; /* NULL: the target below; what is not given is absent */
	rg_str uri, next_hop, aor, home;
	int32_t branch;      /* index of the existing branch it replaces; -1 = none */
} rg__part;

/* What is said of all of them. */
typedef struct rg__joint {
	int32_t result, code; /* where there is no target at all */
	bool branches_only, partial;
} rg__joint;

/* Joins parts, in order. Texts are copied; the parts' targets become the joined ones' own, unless this fails. */
rg_status rg__targets_join(const rg__joint *joint, const rg__part *parts, uint32_t n, rg_targets **out);
rg_status rg__joined_get(const rg__joined *joined, uint32_t index, rg_target *out);
void rg__joined_free(rg__joined *joined);

/* A part of the store did not answer: there may be more. */
void rg__targets_mark_partial(rg_targets *targets);

#endif
