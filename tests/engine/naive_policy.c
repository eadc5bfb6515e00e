/* SPDX-License-Identifier: MIT */
/* Path, Outbound and Push in the simplest words. */
#include "naive.h"

static int path_mode(const naive_rules *rules)
{
	return rules->path ? rules->path : rules->outbound ? 2 : 0;
}

static int32_t outbound(naive_request *r, const naive_rules *rules, naive_answer *out)
{
	bool kept = r->path == 0 || r->ob;
	uint32_t set = 0, flows = 0, applied = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		naive_contact *c = &r->contacts[i];
		bool asked = c->instance && c->reg_id;

		if (asked && !kept && r->says_outbound)
			return RG_R_OB_EDGE;
		c->flow = asked && kept ? c->reg_id : 0;
		applied += c->flow != 0;
		set += c->expires != 0;
		flows += c->expires != 0 && c->flow;
	}
	if (rules->outbound == 2 && flows < set)
		return RG_R_OB_REQUIRED;
	if (flows && set > 1)
		return RG_R_OB_MULTI;
	out->requires_outbound = applied && r->says_outbound;
	return RG_R_FINE;
}

static int32_t push(const naive_request *r, naive_answer *out)
{
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->contacts[i].expires != 0 && r->contacts[i].push == PUSH_UNKNOWN)
			return RG_R_PNS_UNSUP;
		out->offers_push = out->offers_push || (r->contacts[i].expires != 0 && r->contacts[i].push != PUSH_NONE);
	}
	return RG_R_FINE;
}

int32_t naive_policy(naive_request *r, const naive_rules *rules, naive_answer *out)
{
	int mode = path_mode(rules);

	out->requires_outbound = false;
	out->shows_path = 0;
	out->offers_push = false;
	if (mode == 3 && r->path && !r->says_path)
		return RG_R_PATH_UNSUP;
	if (mode > 1 && r->says_path)
		out->shows_path = r->path;
	if (mode == 0)
		r->path = 0;
	int32_t reason = rules->outbound && !r->star ? outbound(r, rules, out) : RG_R_FINE;
	return reason == RG_R_FINE ? push(r, out) : reason;
}
