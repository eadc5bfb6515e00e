/* SPDX-License-Identifier: MIT */
/* Whether a Contact means a binding. One matcher for save, remove, queries and limits. */
#ifndef RG__MATCHING_H
#define RG__MATCHING_H

#include "config/config.h"

/* A Contact or binding as the matcher sees it. Its URI is parsed when first needed, and once. */
typedef struct rg__matchable {
	rg_str text;     /* URI */
	rg_str callid;
	rg_str instance; /* with <>, or absent */
	uint32_t reg_id; /* of a flow, where outbound applies; 0 = none; RG__ANY_FLOW */
	rg__uri uri;     /* when state is RG__URI_PARSED */
	uint8_t state;
} rg__matchable;

enum { RG__URI_UNREAD = 0, RG__URI_PARSED = 1, RG__URI_BAD = 2 };

/* What an operator names is meant whatever flow it is: no reg-id is 2^31 or more. */
#define RG__ANY_FLOW UINT32_MAX

/* Flows match by instance and reg-id alone, and only each other (RFC 5626 §6); everything else as @p how says. */
bool rg__matches(const rg__matching *how, rg__matchable *a, rg__matchable *b);

/* RFC 3261 §19.1.4 over the two URIs. */
bool rg__same_uri(rg__matchable *a, rg__matchable *b);

/* Instances compare as URNs (RFC 8141 §3.1; urn:uuid: case-insensitively, RFC 9562 §4); with or without <>. */
bool rg__same_instance(rg_str a, rg_str b);

/* Equal for instances that are the same, and seldom for others. */
uint64_t rg__instance_hash(rg_str instance);

#endif
