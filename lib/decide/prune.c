/* SPDX-License-Identifier: MIT */
/* Changes bindings without a REGISTER: removes those that lapsed and those that a filter matches, and takes wake-ups that are due. */
#include "decide/merge.h"
#include "model/model.h"
#include "rules/rules.h"
#include <stdlib.h>

static rg_status plan_nothing(const rg_record *record, const rg_revision *revision, rg_time now, rg_plan **out)
{
	return rg__plan_new(&(rg__draft){ .before = record, .revision = revision, .now = now }, out);
}

/* Lapsed, and to be removed by this node. */
static bool is_due(const rg_contact *c, bool owned, rg_time now)
{
	return c->expires <= now && (owned || rg__add_sat(c->expires, RG__OWNER_FIRST) <= now);
}

/* What to do, and to how many bindings it was done. */
typedef struct pruning {
	const rg__filter *filter; /* NULL = none */
	const bool *owned;        /* NULL: all are */
	const rg__waker *waker;   /* NULL: nobody is woken */
	uint32_t removed, lapsed, woken;
} pruning;

/* Marks what is to go, and takes the wake-ups. */
static void mark_gone(rg__merge *m, pruning *p)
{
	for (uint32_t i = 0; i < m->n; i++) {
		rg__entry *e = &m->entries[i];
		bool matches = p->filter && rg__filter_matches(p->filter, &m->contacts[i]), owned = !p->owned || p->owned[i];

		e->lapsed = is_due(&m->contacts[i], owned, m->now);
		if (e->lapsed) {
			p->lapsed += !p->filter || matches;
		} else if (matches) {
			e->gone = RG__GONE_REMOVED;
			p->removed++;
		} else if (p->waker && owned && rg__wake_due(&m->contacts[i], m->now)) {
			rg__wake_take(&m->contacts[i], p->waker, m->now);
			e->changed = true;
			p->woken++;
		}
	}
}

/* In a record that an overlay united, only the shared part is examined. */
static bool only_removals(const rg_record *record)
{
	rg_contact c;

	if (rg_record_contact_count(record) > 0 && rg_revision_is_zero(rg_record_local_revision(record)))
		return false;
	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (!(c.flags & RG_CONTACT_LOCAL))
			return false;
	}
	return rg_record_contact_count(record) == 0 || rg_record_removal_count(record) > 0;
}

/* True of a record that holds nothing but removals, none of which counts any more. */
static bool only_stale_removals(const rg_record *record, rg_time now)
{
	rg_removal r;

	if (!record || !only_removals(record))
		return false;
	for (uint32_t i = 0; rg__record_removal(record, i, &r) == RG_OK; i++) {
		if (rg__removal_fresh(&r, now))
			return false;
	}
	return true;
}

/* Only a wake-up has changed a binding that stays. */
static uint32_t list_changes(rg__merge *m)
{
	uint32_t n = rg__merge_changes(m);

	for (uint32_t i = 0; i < n; i++) {
		if (m->changes[i].kind == RG_EVENT_CONTACT_UPDATE)
			m->changes[i].kind = RG_EVENT_CONTACT_REFRESH;
	}
	return n;
}

static rg_status plan_pruned(rg__merge *m, const pruning *p, rg_plan **out)
{
	rg__draft draft = { .before = m->record, .commits = true, .revision = m->revision, .now = m->now, .affected = p->removed,
		.changes = m->changes, .reason = RG_STR("reg-refresh"), .claims = p->woken > 0 && p->waker->heard };
	rg_status status;

	status = rg__merge_next(m, NULL, NULL, &draft.next);
	if (status != RG_OK)
		return status;
	draft.n_changes = list_changes(m);
	return rg__plan_new(&draft, out);
}

static bool any_due(const rg_record *record, const bool *owned, const rg__waker *waker, rg_time now)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		bool is_ours = !owned || owned[i];

		if (is_due(&c, is_ours, now) || (waker && is_ours && rg__wake_due(&c, now)))
			return true;
	}
	return false;
}

static rg_status prune_record(const rg_record *record, pruning *p, rg_time now, const rg_revision *revision, rg_plan **out)
{
	rg__merge m = { .record = record, .revision = revision, .now = now };
	rg__scratch scratch;

	if (!rg__merge_open(&m, &scratch, NULL, 0, rg_record_contact_count(record)))
		return RG_ENOMEM;
	rg__merge_view(&m);
	mark_gone(&m, p);
	bool commits = p->removed > 0 || p->lapsed > 0 || p->woken > 0 || (!p->filter && only_stale_removals(record, now));
	rg_status status = commits ? plan_pruned(&m, p, out) : plan_nothing(record, revision, now, out);

	rg__scratch_close(&scratch);
	return status;
}

rg_status rg__prune_expired(const rg_record *record, const bool *owned, const rg__waker *waker, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	pruning p = { .owned = owned, .waker = waker };

	*out = NULL;
	if (!any_due(record, owned, waker, now) && !only_stale_removals(record, now))
		return plan_nothing(record, revision, now, out);
	return prune_record(record, &p, now, revision, out);
}

rg_status rg__prune(const rg_record *record, const rg__filter *filter, rg_time now, const rg_revision *revision, rg_plan **out)
{
	pruning p = { .filter = filter };

	*out = NULL;
	return record ? prune_record(record, &p, now, revision, out) : plan_nothing(record, revision, now, out);
}

/* True when the record is that of the AoR which a filter names. */
static rg_status is_of_filter(const rg_record *record, const rg_remove_filter *asked, const rg_config *config, rg_error *why)
{
	rg_status status;
	rg_key key;
	rg__aor aor;

	status = rg__query_aor(NULL, asked->aor, "rg_remove_filter.aor", config, &aor, why);
	if (status == RG_OK && record) {
		rg_record_key(record, &key);
		if (!rg_key_equal(&key, &(rg_key){ rg__domain(asked->domain), aor.user, aor.host }))
			status = rg__fail(why, RG_EINVAL, "record belongs to another AoR than the filter");
	}
	rg__aor_free(&aor);
	return status;
}

rg_status rg_prune(const rg_record *record, const rg_remove_filter *filter, const rg_config *config, rg_time now, const uint8_t seed[32],
	rg_plan **out, rg_error *why)
{
	rg__filter read = { 0 };
	rg_remove_filter asked;
	rg_status st = rg__pure_begin(config, seed, out, why);

	if (st == RG_OK)
		st = rg__remove_filter_view(filter, &asked, why);
	if (st == RG_OK)
		st = rg__filter_read(&read, &asked, config, "rg_remove_filter.next_hop", why);
	if (st == RG_OK)
		st = is_of_filter(record, &asked, config, why);
	if (st != RG_OK)
		return rg__pure_end(st, why);
	rg_revision revision = rg__draw_revision(seed, rg_record_revision(record));
	return rg__pure_end(rg__prune(record, &read, now, &revision, out), why);
}

rg_status rg__live(const rg_record *record, const rg__filter *filter, bool desc_time_order, rg_time now, uint16_t **out, uint32_t *n)
{
	uint32_t count = rg_record_contact_count(record);
	rg__rank *ranks = malloc(2 * count * sizeof *ranks + 1);
	rg_contact c;

	*n = 0;
	*out = malloc(count * sizeof **out + 1);
	if (!ranks || !*out) {
		free(ranks);
		free(*out);
		*out = NULL;
		return RG_ENOMEM;
	}
	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.expires > now && (!filter || rg__filter_matches(filter, &c)))
			ranks[(*n)++] = rg__rank_of(&c, i);
	}
	rg__rank_sort(ranks, *n, ranks + count, desc_time_order);
	for (uint32_t i = 0; i < *n; i++)
		(*out)[i] = ranks[i].index;
	free(ranks);
	return RG_OK;
}
