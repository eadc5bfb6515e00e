/* SPDX-License-Identifier: MIT */
/* Whether a Contact refers to a binding. Save, remove, queries and limits use this one matcher. */
#ifndef RG__MATCHING_H
#define RG__MATCHING_H

#include "rules/push.h"

/* A Contact or binding as the matcher sees it. Its URI is parsed on first use, and only once. */
typedef struct rg__matchable {
	rg_str text;     /* URI */
	rg_str callid;
	rg_str instance; /* as rg__instance_read() returns it */
	uint32_t reg_id; /* of a flow, when outbound applies; 0 = none; RG__ANY_FLOW */
	uint8_t state;
	uint8_t by;      /* RG__BY_…, of a Contact */
	uint32_t push_hash; /* rg__pn_hash(), when state is RG__URI_HASHED */
	const rg__uri *uri; /* when state is RG__URI_PARSED or RG__URI_HASHED */
	rg__uri room;       /* of one that is parsed here */
} rg__matchable;

/* What a Contact matches by. A binding has the first. */
enum {
	RG__BY_MODE = 0, /* the matching mode */
	RG__BY_PUSH,     /* its push parameters, else its instance */
	RG__BY_DEVICE    /* its instance, else the matching mode without the push parameters: it removes a device without naming its pn-prid */
};

/* What a Contact that removes a binding, and has push parameters, matches by. */
static inline uint8_t rg__pn_removes_by(const rg__pn *pn)
{
	return pn->prid ? RG__BY_PUSH : RG__BY_DEVICE;
}

enum { RG__URI_UNREAD = 0, RG__URI_PARSED = 1, RG__URI_BAD = 2, RG__URI_HASHED = 3 };

/* A Contact or binding whose URI was not parsed yet. It matches by the mode. */
static inline void rg__matchable_unread(rg__matchable *m, rg_str uri, rg_str callid, rg_str instance, uint32_t reg_id)
{
	m->text = uri;
	m->callid = callid;
	m->instance = instance;
	m->reg_id = reg_id;
	m->by = RG__BY_MODE;
	m->state = RG__URI_UNREAD;
}

/* One whose URI was parsed elsewhere. @p uri outlives it. */
static inline void rg__matchable_read(rg__matchable *m, const rg__uri *uri, rg_str callid, rg_str instance, uint32_t reg_id)
{
	rg__matchable_unread(m, uri->text, callid, instance, reg_id);
	m->uri = uri;
	m->state = RG__URI_PARSED;
}

/* Matches any flow: an operator names a Contact, not a flow. No valid reg-id reaches 2^31. */
#define RG__ANY_FLOW UINT32_MAX

/* Flows match by instance and reg-id alone, and match only flows (RFC 5626 §6). Everything else matches as @p contact says, and then as
 * @p how says. */
bool rg__matches(const rg__matching *how, rg__matchable *contact, rg__matchable *binding);

/* True of a Contact and a binding that match whenever their URIs have the same octets. False: rg__matches() decides. */
static inline bool rg__octets_match(const rg__matching *how, const rg__matchable *contact, const rg__matchable *binding)
{
	return contact->by == RG__BY_MODE && contact->reg_id == 0 && binding->reg_id == 0 &&
		(how->mode == RG__MATCH_URI || how->mode == RG__MATCH_PARAM);
}

/* The same of a Contact that does not go by the mode, but only by what comes first: the push parameters of RG__BY_PUSH, the instance of
 * RG__BY_DEVICE. Flows do not match so. */
bool rg__matches_first(const rg__matching *how, rg__matchable *contact, rg__matchable *binding);

/* Compares the two URIs by RFC 3261 §19.1.4. */
bool rg__same_uri(rg__matchable *a, rg__matchable *b);

/* The instance that a value of +sip.instance states: the content of its quoted string (RFC 5626 §4.1), with the <> or without. Absent for
 * any other value: that is a generic parameter, and the Contact has no instance. */
rg_str rg__instance_read(rg_str value);

rg_str rg__instance_bare(rg_str instance); /* without <> */

/* Compares instances as URNs, with or without <>: RFC 8141 §3.1; urn:uuid: in any case, RFC 9562 §4. */
bool rg__same_instance(rg_str a, rg_str b);

/* Equal for equal instances, and rarely for others. */
uint64_t rg__instance_hash(rg_str instance);

#endif
