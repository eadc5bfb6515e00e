/* SPDX-License-Identifier: MIT */
/* Builds targets. */
#ifndef RG__TARGETS_H
#define RG__TARGETS_H

#include <rgstr/response.h>
#include "text/text.h"

extern const rg__shape rg__target_shape;

/* A binding that is a target. */
typedef struct rg__row {
	rg_str uri;           /* its Contact URI, in the record, or after the rows when parts were removed */
	uint32_t index;       /* of the binding */
	uint32_t fallback_of; /* index of its principal among the rows; UINT32_MAX = none */
	bool strip;           /* set by rg__targets_new(): the URI may contain parts that a Request-URI must not */
} rg__row;

/* The input for the targets of one AoR. */
typedef struct rg__choices {
	int32_t result, code;     /* RG_LOOKUP_…; the code is 0 when there are targets */
	bool branches_only;
	bool (*strips)(rg_str name); /* which URI parameters the target of a binding with RG_CONTACT_PN loses; NULL = push is off */
	const rg_record *record;  /* NULL = none */
	rg_str onward;            /* not absent: the request keeps its Route, and goes to this URI, or (empty) as without a Path */
	rg__row *rows;            /* in order; written to */
	uint32_t n;
} rg__choices;

typedef struct rg__joined rg__joined;

/* The devices that sleep, and what waits for them. In an allocation of its own, because most lists have none. */
typedef struct rg__asleep {
	rg_record *record; /* NULL in a joined list, whose parts have them */
	void *held;        /* released with the targets; NULL = nothing */
	void (*release)(void *held);
	uint32_t n;
	uint16_t indexes[]; /* of their bindings in the record, in order */
} rg__asleep;

/* One allocation: the struct, the rows, the AoR, the URI of the next hop, the changed URIs. */
struct rg_targets {
	int32_t result, code;
	bool branches_only, partial;
	rg_record *record;
	rg__joined *joined; /* NULL: the targets of one AoR, in `rows`; else the targets are there */
	char *aor;   /* room for the AoR, which is printed when it is asked for */
	size_t aor_n; /* 0 = not yet */
	rg_str onward;
	rg__asleep *asleep; /* NULL = all are awake */
	uint32_t n;
	rg__row rows[];
};

rg_status rg__targets_new(const rg__choices *choices, rg_targets **out);

/* Adds the devices that sleep: the @p n > 0 bindings of @p record with these indexes. They are the result when there is no target. On
 * failure the targets are freed, and *targets is NULL. RG_OK or RG_ENOMEM. */
rg_status rg__targets_wake(rg_targets **targets, const rg_record *record, const uint16_t *indexes, uint32_t n);

/* A part of a joined list: the targets of an AoR, or one target that is no binding. */
typedef struct rg__part {
	rg_targets *targets; /* NULL: the part is the one target below, whose other fields are absent */
	rg_str uri, next_hop, aor, home;
	int32_t branch;      /* index of the existing branch that it replaces; -1 = none */
} rg__part;

/* Properties of the whole list. */
typedef struct rg__joint {
	int32_t result, code; /* used when there is no target */
	bool branches_only, partial;
} rg__joint;

/* Joins parts, in order. Texts are copied. On success the joined targets own the parts' targets; on failure the caller still does. */
rg_status rg__targets_join(const rg__joint *joint, const rg__part *parts, uint32_t n, rg_targets **out);
rg_status rg__joined_get(const rg__joined *joined, uint32_t index, rg_target *out);
void rg__joined_free(rg__joined *joined);

rg_str rg__targets_aor(const rg_targets *targets); /* of those of one AoR; absent when there are none */

/* rg_targets_get() for a struct of today's size. RG_OK or RG_ENOENT. */
rg_status rg__targets_get(const rg_targets *targets, uint32_t index, rg_target *out);

static inline bool rg__targets_any(const rg_targets *t)
{
	return t && (t->n > 0 || t->asleep);
}

/* The bindings of one record whose devices are to be woken. All is borrowed from the targets. */
typedef struct rg__wakes {
	const rg_record *record; /* it has the key; NULL = there are none */
	const uint16_t *indexes;
	uint32_t n;
} rg__wakes;

/* The wakes of part @p part, which may be none. False: the targets have no such part. Those of one AoR have one part. */
bool rg__targets_wakes(const rg_targets *targets, uint32_t part, rg__wakes *out);
bool rg__joined_wakes(const rg__joined *joined, uint32_t part, rg__wakes *out);

/* rg_targets_wake_contact() for a struct of today's size. RG_OK or RG_ENOENT. */
rg_status rg__targets_wake_contact(const rg_targets *targets, uint32_t index, rg_contact *out);

/* Makes targets with wakes own @p held: rg_targets_free() calls @p release before it drops anything else. Once for each list. */
void rg__targets_hold(rg_targets *targets, void *held, void (*release)(void *held));
void *rg__targets_held(const rg_targets *targets); /* NULL = nothing */

/* Marks that a part of the store did not answer, so that targets may be missing. */
void rg__targets_mark_partial(rg_targets *targets);

#endif
