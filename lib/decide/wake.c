/* SPDX-License-Identifier: MIT */
/* Waking devices: for a request that they are to receive (RFC 8599 §5.6.2), and to refresh their bindings (§5.5). */
#include "decide/merge.h"
#include "model/model.h"
#include <stdlib.h>

rg_status rg__wake(const rg_record *record, const uint16_t *indexes, uint32_t n, rg_str reason, rg_str callid, rg_time now, rg_plan **out)
{
	static const rg_revision none = { { 0 } };
	rg__change *changes = malloc(n * sizeof *changes + 1);

	*out = NULL;
	if (!changes)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		changes[i] = (rg__change){ RG_EVENT_CONTACT_REFRESH, 0, indexes[i], indexes[i] };
	rg_status status = rg__plan_new(&(rg__draft){ .before = record, .revision = &none, .callid = callid, .reason = reason, .now = now,
		.changes = changes, .n_changes = n }, out);

	free(changes);
	return status;
}

bool rg__wake_due(const rg_contact *c, rg_time now)
{
	return c->wake != 0 && c->wake <= now && c->expires > now;
}

/* The repeats count from the time at which the registration was to be refreshed; none comes at its expiry or later. */
static void mark_woken(rg_contact *c, const rg_config *config, rg_time now)
{
	rg_time begun = rg__sub_sat(c->expires, 1000 * rg__config_int(config, RG__P_pn_trigger_interval));
	rg_time next = rg__retry_after(config, begun, now);

	c->wake = next < c->expires ? next : 0;
	c->flags |= RG_CONTACT_WOKEN;
}

void rg__wake_take(rg_contact *c, const rg__waker *waker, rg_time now)
{
	if (waker->heard)
		c->wake = rg__add_sat(now, RG__WAKE_CLAIM);
	else
		mark_woken(c, waker->config, now);
}

uint32_t rg__plan_wakes(const rg_plan *plan)
{
	const rg__change *change;
	uint32_t n = 0;

	for (uint32_t i = 0; (change = rg__plan_change(plan, i)) != NULL; i++)
		n += change->kind == RG_EVENT_CONTACT_REFRESH;
	return n;
}

/* Is a binding as the claim left it? Each REGISTER changes one of the members compared, and the claim of another node changes `wake`. */
static bool is_as_claimed(const rg_contact *c, const rg_plan *claim)
{
	const rg__change *change;
	rg_contact was;

	for (uint32_t i = 0; (change = rg__plan_change(claim, i)) != NULL; i++) {
		if (change->kind != RG_EVENT_CONTACT_REFRESH || rg__record_contact(rg_plan_next(claim), change->after, &was) != RG_OK)
			continue;
		if (was.id == c->id)
			return was.wake == c->wake && rg__contact_as_registered(&was, c);
	}
	return false;
}

static rg_status plan_sent(rg__merge *m, const rg_plan *claim, const rg_config *config, rg_plan **out)
{
	rg__draft draft = { .before = m->record, .revision = m->revision, .now = m->now };

	for (uint32_t i = 0; i < m->n; i++) {
		m->entries[i].lapsed = false; /* a tick removes it, and tells of that */
		if (!is_as_claimed(&m->contacts[i], claim))
			continue;
		mark_woken(&m->contacts[i], config, m->now);
		draft.commits = true;
	}
	if (!draft.commits)
		return rg__plan_new(&draft, out);
	rg_status status = rg__merge_next(m, NULL, NULL, &draft.next);
	return status == RG_OK ? rg__plan_new(&draft, out) : status;
}

rg_status rg__wake_sent(const rg_record *record, const rg_plan *claim, const rg_config *config, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	rg__merge m = { .record = record, .revision = revision, .now = now };
	rg__scratch scratch;

	*out = NULL;
	if (!rg__merge_open(&m, &scratch, NULL, 0, rg_record_contact_count(record)))
		return RG_ENOMEM;
	rg__merge_view(&m);
	rg_status status = plan_sent(&m, claim, config, out);

	rg__scratch_close(&scratch);
	return status;
}
