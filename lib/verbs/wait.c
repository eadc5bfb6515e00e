/* SPDX-License-Identifier: MIT */
/* Waits of lookups, and what the host does with them. */
#include "verbs/lookup.h"

/* RFC 3261 §12: a request is within a dialog when its To has a tag. */
static bool is_within_dialog(const rg_request *request)
{
	rg__name_addr to;
	rg__param param;

	if (rg__name_addr_parse(request->to_header, &to) != RG_OK)
		return false;
	while (rg__param_next(&to.params, &param) > 0) {
		if (rg__eq_nocase(param.name, RG_STR("tag")))
			return true;
	}
	return false;
}

rg_status rg__lookup_await(rg__lookup *l, rg__place *p)
{
	rg_status st = RG_OK;
	rg__wakes wakes;

	rg__targets_wakes(p->targets, 0, &wakes);
	if (p->spot) {
		l->settings.asleep_in = NULL;
		return rg__lookout_expect(p->spot, wakes.record, wakes.indexes, wakes.n);
	}
	if (wakes.n == 0)
		return RG_OK;
	if (!l->wait)
		st = rg__wait_new(&l->op, &(rg__wait_asked){ .request = l->request, .options = l->asked.options,
			.prefix = is_within_dialog(l->request) ? RG_STR("mid-") : RG_STR("ini-") }, &l->wait);
	if (st == RG_OK)
		st = rg__wait_arm(l->wait, &(rg__lookout_asked){ .key = l->op.key, .branch = p->branch, .gruu = p->gruu != NULL,
			.no_sips = p->no_sips }, &p->spot);
	if (st == RG_OK)
		st = rg__lookout_expect(p->spot, wakes.record, wakes.indexes, wakes.n);
	if (st != RG_OK)
		return st;
	l->settings.asleep_in = rg__lookout_base(p->spot);
	return RG__AGAIN;
}

static void release_wait(void *held)
{
	rg__wait_drop(held);
}

rg_status rg__lookup_wake(rg__lookup *l, rg_targets *targets)
{
	rg_wait *wait = l->wait;
	bool waits;

	l->wait = NULL;
	rg_status st = rg__wait_begin(wait, &waits);

	if (st == RG_OK && waits)
		rg__targets_hold(targets, wait, release_wait);
	else
		rg__wait_drop(wait);
	return st;
}

rg_status rg_targets_wait(rg_targets *targets, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user,
	rg_wait **wait, rg_error *why)
{
	if (wait)
		*wait = NULL;
	if (!targets || !on_branch || !on_done)
		return rg__fail(why, RG_EINVAL, "%s is NULL", !targets ? "targets" : !on_branch ? "on_branch" : "on_done");
	rg_wait *held = rg__targets_held(targets);

	if (!held)
		return rg__fail(why, RG_EINVAL, "no lookup woke a device of these targets");
	return rg__wait_claim(held, on_branch, on_done, user, free_user, wait, why);
}
