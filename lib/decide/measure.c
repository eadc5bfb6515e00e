/* SPDX-License-Identifier: MIT */
/* How long a binding takes to answer a ping. The host measures often, and a small change is not worth a commit. */
#include "decide/merge.h"
#include "model/model.h"
#include <stdlib.h>

/* In microseconds: a smaller change is noise, whatever its percentage. */
enum { LEAST_DELTA = 10000 };

rg_status rg__ping_read(rg_str contact, uint32_t latency, const rg_config *config, rg__filter *filter, rg__ping *out, rg_error *why)
{
	*out = (rg__ping){ .latency = latency, .min_delta = rg__config_int(config, RG__P_latency_min_delta),
		.max_record_bytes = rg__config_int(config, RG__P_max_record_bytes) };
	const char *wrong = rg__ping_wrong(contact, latency);

	return wrong ? rg__fail(why, RG_EINVAL, "%s", wrong) : rg__filter_contact(filter, contact, config, "contact", why);
}

static bool latency_moved(uint32_t before, const rg__ping *ping)
{
	int64_t delta = (int64_t)ping->latency - before;

	if (before == RG_LATENCY_NONE)
		return true;
	delta = delta < 0 ? -delta : delta;
	return delta >= LEAST_DELTA && delta * 100 >= before * ping->min_delta;
}

static bool is_news(const rg_contact *c, const rg__filter *filter, const rg__ping *ping, rg_time now)
{
	return c->expires > now && latency_moved(c->latency, ping) && rg__filter_matches(filter, c);
}

static bool any_news(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (is_news(&c, filter, ping, now))
			return true;
	}
	return false;
}

/* Sets the latency where it is news. Returns the number of bindings that changed. */
static uint32_t set_latency(rg__merge *m, const rg__filter *filter, const rg__ping *ping)
{
	uint32_t changed = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		m->entries[i].changed = is_news(&m->contacts[i], filter, ping, m->now);
		if (m->entries[i].changed)
			m->contacts[i].latency = ping->latency;
		changed += m->entries[i].changed;
	}
	return changed;
}

/* Only a measured binding has changed, so every update is an update of the latency. */
static uint32_t latency_changes(rg__merge *m)
{
	uint32_t n = rg__merge_changes(m);

	for (uint32_t i = 0; i < n; i++) {
		if (m->changes[i].kind == RG_EVENT_CONTACT_UPDATE)
			m->changes[i].kind = RG_EVENT_LATENCY_UPDATE;
	}
	return n;
}

static rg_status plan_measured(rg__merge *m, uint32_t changed, const rg__ping *ping, rg_plan **out)
{
	rg__draft draft = { .before = m->record, .commits = true, .revision = m->revision, .now = m->now, .affected = changed,
		.changes = m->changes };
	rg_status status;

	status = rg__merge_next(m, NULL, NULL, &draft.next);
	if (status == RG_OK)
		status = rg__record_within(draft.next, m->record, (uint64_t)ping->max_record_bytes);
	if (status != RG_OK) {
		rg_record_unref(draft.next);
		return status;
	}
	draft.n_changes = latency_changes(m);
	return rg__plan_new(&draft, out);
}

rg_status rg__measure(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	rg__merge m = { .record = record, .revision = revision, .now = now };
	rg__scratch scratch;

	*out = NULL;
	if (!any_news(record, filter, ping, now))
		return rg__plan_new(&(rg__draft){ .before = record, .revision = revision, .now = now }, out);
	if (!rg__merge_open(&m, &scratch, NULL, 0, rg_record_contact_count(record)))
		return RG_ENOMEM;
	rg__merge_view(&m);
	uint32_t changed = set_latency(&m, filter, ping);
	rg_status status = plan_measured(&m, changed, ping, out);

	rg__scratch_close(&scratch);
	return status;
}

rg_status rg_measure(const rg_record *record, rg_str contact, uint32_t microseconds, const rg_config *config, rg_time now,
	const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	rg__filter filter = { 0 };
	rg__ping ping;
	rg_status st = rg__pure_begin(config, seed, out, why);

	if (st == RG_OK)
		st = rg__ping_read(contact, microseconds, config, &filter, &ping, why);
	if (st != RG_OK)
		return st;
	rg_revision revision = rg__draw_revision(seed, rg_record_revision(record));
	return rg__pure_end(rg__measure(record, &filter, &ping, now, &revision, out), why);
}
