/* SPDX-License-Identifier: MIT */
/* Taking bindings away without a REGISTER: what lapsed, and what a filter names. */
#include "decide/merge.h"
#include "rules/rules.h"
#include <stdlib.h>

/* The bindings of a record while some are taken away. */
typedef struct pruning {
	rg_contact *contacts;
	rg__entry *entries;
	rg__change *changes;
	uint32_t n, removed, lapsed;
} pruning;

static rg_status nothing(const rg_revision *revision, rg_time now, rg_plan **out)
{
	return rg__plan_new(&(rg__draft){ .revision = revision, .now = now }, out);
}

/* Lapsed, and for this node to take away. */
static bool is_due(const rg_contact *c, bool owned, rg_time now)
{
	return c->expires <= now && (owned || rg__add_sat(c->expires, RG__OWNER_FIRST) <= now);
}

static rg_status load(pruning *p, const rg_record *record, const rg__filter *filter, const bool *owned, rg_time now)
{
	uint32_t n = rg_record_count(record);
	char *all = malloc(n * (sizeof *p->contacts + sizeof *p->entries + sizeof *p->changes) + 1);

	*p = (pruning){ .contacts = (rg_contact *)(void *)all, .n = n };
	if (!all)
		return RG_ENOMEM;
	p->entries = (rg__entry *)(void *)(p->contacts + n);
	p->changes = (rg__change *)(void *)(p->entries + n);
	for (uint32_t i = 0; i < n; i++) {
		rg_contact *c = &p->contacts[i];

		rg_record_contact(record, i, c);
		p->entries[i] = (rg__entry){ .own = RG__NOBODY, .before = (uint16_t)i, .lapsed = is_due(c, !owned || owned[i], now) };
		if (p->entries[i].lapsed) {
			p->lapsed += filter == NULL || rg__filter_matches(filter, c);
		} else if (filter && rg__filter_matches(filter, c)) {
			p->entries[i].gone = RG__GONE_REMOVED;
			p->removed++;
		}
	}
	return RG_OK;
}

/* Of a record that an overlay united, the part that holds the removals may be due for them while bindings stand in the other. */
static bool only_removals(const rg_record *record)
{
	rg_contact c;

	if (rg_record_count(record) > 0 && rg_revision_is_zero(rg_record_local_revision(record)))
		return false;
	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (!(c.flags & RG_CONTACT_LOCAL))
			return false;
	}
	return rg_record_count(record) == 0 || rg_record_removals(record) > 0;
}

/* A record that only remembers removals, and none of them counts any more. */
static bool forgotten(const rg_record *record, rg_time now)
{
	rg_removal r;

	if (!record || !only_removals(record))
		return false;
	for (uint32_t i = 0; rg_record_removal(record, i, &r) == RG_OK; i++) {
		if (rg__removal_fresh(&r, now))
			return false;
	}
	return true;
}

static rg_status commit(pruning *p, const rg_record *record, rg_time now, const rg_revision *revision, rg_plan **out)
{
	rg__draft draft = { .before = record, .commits = true, .revision = revision, .now = now, .affected = p->removed,
		.changes = p->changes };
	rg_status status;
	rg_key key;

	rg_record_key(record, &key);
	status = rg__merge_next(p->contacts, p->entries, p->n, &key, record, revision, NULL, now, &draft.next);
	if (status != RG_OK)
		return status;
	draft.n_changes = rg__merge_changes(p->entries, p->n, p->changes);
	return rg__plan_new(&draft, out);
}

static bool any_due(const rg_record *record, const bool *owned, rg_time now)
{
	rg_contact c;

	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (is_due(&c, !owned || owned[i], now))
			return true;
	}
	return false;
}

static rg_status prune(const rg_record *record, const rg__filter *filter, const bool *owned, rg_time now, const rg_revision *revision,
	rg_plan **out)
{
	pruning p;
	rg_status status = load(&p, record, filter, owned, now);

	if (status == RG_OK) {
		bool commits = p.removed > 0 || p.lapsed > 0 || (!filter && forgotten(record, now));

		status = commits ? commit(&p, record, now, revision, out) : nothing(revision, now, out);
	}
	free(p.contacts);
	return status;
}

rg_status rg__prune_expired(const rg_record *record, const bool *owned, rg_time now, const rg_revision *revision, rg_plan **out)
{
	*out = NULL;
	if (!any_due(record, owned, now) && !forgotten(record, now))
		return nothing(revision, now, out);
	return prune(record, NULL, owned, now, revision, out);
}

rg_status rg__prune(const rg_record *record, const rg__filter *filter, rg_time now, const rg_revision *revision, rg_plan **out)
{
	*out = NULL;
	return record ? prune(record, filter, NULL, now, revision, out) : nothing(revision, now, out);
}

rg_status rg__live(const rg_record *record, const rg__filter *filter, bool desc_time_order, rg_time now, uint16_t **out, uint32_t *n)
{
	uint32_t count = rg_record_count(record);
	rg__rank *ranks = malloc(count * sizeof *ranks + 1);
	rg_contact c;

	*n = 0;
	*out = malloc(count * sizeof **out + 1);
	if (!ranks || !*out) {
		free(ranks);
		free(*out);
		*out = NULL;
		return RG_ENOMEM;
	}
	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (c.expires > now && (!filter || rg__filter_matches(filter, &c)))
			ranks[(*n)++] = rg__rank_of(&c, i);
	}
	rg__rank_sort(ranks, *n, desc_time_order);
	for (uint32_t i = 0; i < *n; i++)
		(*out)[i] = ranks[i].index;
	free(ranks);
	return RG_OK;
}
