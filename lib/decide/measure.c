/* SPDX-License-Identifier: MIT */
/* How long a binding takes to answer a ping. The host measures often; what has hardly moved is not worth a commit. */
#include "decide/merge.h"
#include <stdlib.h>

/* In microseconds: a smaller change is noise, whatever part it is of what was stored. */
enum { LEAST_DELTA = 10000 };

/* The bindings of a record while some are measured. */
typedef struct measuring {
	rg_contact *contacts;
	rg__entry *entries;
	rg__change *changes;
	uint32_t n, changed;
} measuring;

void rg__ping_of(const rg_config *config, uint32_t latency, rg__ping *out)
{
	*out = (rg__ping){ .latency = latency, .min_delta = rg__config_int(config, RG__P_latency_min_delta),
		.max_record_bytes = rg__config_int(config, RG__P_max_record_bytes) };
}

static bool moved(uint32_t before, const rg__ping *ping)
{
	int64_t delta = (int64_t)ping->latency - before;

	if (before == RG_LATENCY_NONE)
		return true;
	delta = delta < 0 ? -delta : delta;
	return delta >= LEAST_DELTA && delta * 100 >= before * ping->min_delta;
}

static bool is_news(const rg_contact *c, const rg__filter *filter, const rg__ping *ping, rg_time now)
{
	return c->expires > now && moved(c->latency, ping) && rg__filter_matches(filter, c);
}

static bool any_news(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now)
{
	rg_contact c;

	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (is_news(&c, filter, ping, now))
			return true;
	}
	return false;
}

static rg_status load(measuring *m, const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now)
{
	uint32_t n = rg_record_count(record);
	char *all = malloc(n * (sizeof *m->contacts + sizeof *m->entries + sizeof *m->changes));

	*m = (measuring){ .contacts = (rg_contact *)(void *)all, .n = n };
	if (!all)
		return RG_ENOMEM;
	m->entries = (rg__entry *)(void *)(m->contacts + n);
	m->changes = (rg__change *)(void *)(m->entries + n);
	for (uint32_t i = 0; i < n; i++) {
		rg_contact *c = &m->contacts[i];

		rg_record_contact(record, i, c);
		m->entries[i] = (rg__entry){ .own = RG__NOBODY, .before = (uint16_t)i, .lapsed = c->expires <= now,
			.changed = is_news(c, filter, ping, now) };
		if (m->entries[i].changed)
			c->latency = ping->latency;
		m->changed += m->entries[i].changed;
	}
	return RG_OK;
}

/* Whoever was not measured has not changed, so that every update is one of the latency. */
static uint32_t name_changes(measuring *m)
{
	uint32_t n = rg__merge_changes(m->entries, m->n, m->changes);

	for (uint32_t i = 0; i < n; i++) {
		if (m->changes[i].kind == RG_EVENT_CONTACT_UPDATE)
			m->changes[i].kind = RG_EVENT_LATENCY_UPDATE;
	}
	return n;
}

static rg_status commit(measuring *m, const rg_record *record, const rg__ping *ping, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	rg__draft draft = { .before = record, .commits = true, .revision = revision, .now = now, .affected = m->changed,
		.changes = m->changes };
	rg_status status;
	rg_key key;

	rg_record_key(record, &key);
	status = rg__merge_next(m->contacts, m->entries, m->n, &key, record, revision, NULL, now, &draft.next);
	if (status != RG_OK)
		return status;
	if (rg_record_size(draft.next) > (uint64_t)ping->max_record_bytes && rg_record_size(draft.next) > rg_record_size(record)) {
		rg_record_unref(draft.next);
		return RG_ELIMIT;
	}
	draft.n_changes = name_changes(m);
	return rg__plan_new(&draft, out);
}

rg_status rg__measure(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	measuring m;
	rg_status status;

	*out = NULL;
	if (!any_news(record, filter, ping, now))
		return rg__plan_new(&(rg__draft){ .revision = revision, .now = now }, out);
	status = load(&m, record, filter, ping, now);
	if (status == RG_OK)
		status = commit(&m, record, ping, now, revision, out);
	free(m.contacts);
	return status;
}
