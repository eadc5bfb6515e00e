/* SPDX-License-Identifier: MIT */
/* The two parts of a record: united, split, compared. */
#include "overlay/overlay.h"
#include "model/model.h"
#include "rules/rules.h"
#include <stdlib.h>

static bool has_local_bit(const rg_record *record)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.flags & RG_CONTACT_LOCAL)
			return true;
	}
	return false;
}

static uint32_t take_removals(const rg_record *record, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t n = 0;

	while (n < RG_REMOVALS_MAX && rg__record_removal(record, n, &out[n]) == RG_OK)
		n++;
	return n;
}

/* Rule (e). */
static bool is_newer_copy(const rg_contact *a, const rg_contact *b)
{
	return a->modified != b->modified ? a->modified > b->modified : a->cseq > b->cseq;
}

/* Adds the bindings of a record to @p n others, with the bit or without it. One with the same id is replaced: always, or if it is older. */
static uint32_t add_bindings(rg_contact *to, uint32_t n, const rg_record *record, uint32_t bit, bool always)
{
	for (uint32_t i = 0; rg__record_contact(record, i, &to[n]) == RG_OK; i++) {
		uint32_t at = 0;

		to[n].flags = (to[n].flags & ~(uint32_t)RG_CONTACT_LOCAL) | bit;
		while (to[at].id != to[n].id)
			at++;
		if (at == n)
			n++;
		else if (always || is_newer_copy(&to[n], &to[at]))
			to[at] = to[n];
	}
	return n;
}

/* Rule (f). Of several bindings of main the one modified last has the generation of the instance. */
static void take_generations(rg_contact *all, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		rg_time newest = INT64_MIN;

		if (!(all[i].flags & RG_CONTACT_LOCAL) || all[i].instance.n == 0)
			continue;
		for (uint32_t k = 0; k < n; k++) {
			if ((all[k].flags & RG_CONTACT_LOCAL) || all[k].modified < newest || !rg__same_instance(all[k].instance, all[i].instance))
				continue;
			newest = all[k].modified;
			all[i].generation = all[k].generation;
		}
	}
}

static rg_contact *room_for_bindings(const rg_record *a, const rg_record *b)
{
	return malloc((rg_record_contact_count(a) + rg_record_contact_count(b) + 1) * sizeof(rg_contact));
}

rg_status rg__lay_over(const rg_key *key, const rg_revision *own, const rg_record *under, const rg_record *over, rg_record **out)
{
	rg_contact *all = room_for_bindings(under, over);

	*out = NULL;
	if (!all)
		return RG_ENOMEM;
	uint32_t n = add_bindings(all, 0, under, RG_CONTACT_LOCAL, true);
	n = add_bindings(all, n, over, RG_CONTACT_LOCAL, true);
	rg_status st = rg__record_new(key, own, all, n, NULL, 0, RG__ABSENT, out);
	free(all);
	return st;
}

static rg_status unite_records(const rg_key *key, const rg_fetched *main, const rg__local *local, rg_record **out)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = take_removals(main->record, removals);
	rg_contact *all = room_for_bindings(main->record, local->record);

	if (!all)
		return RG_ENOMEM;
	uint32_t n = add_bindings(all, 0, main->record, 0, true);
	n = add_bindings(all, n, local->record, RG_CONTACT_LOCAL, false);
	take_generations(all, n);
	rg_status st = rg__record_unite(key, &main->base, &local->revision, all, n, removals, n_removals, rg_record_extra(main->record), out);
	free(all);
	return st;
}

rg_status rg__unite(const rg_key *key, const rg_fetched *main, const rg__local *local, rg_fetched *out)
{
	*out = (rg_fetched){ .struct_size = sizeof *out, .authoritative = main->authoritative, .base = main->base,
		.local_base = local->revision, .partial = main->partial, .hint = main->hint };
	if (!local->record && (!main->record || (rg_revision_is_zero(&local->revision) && !has_local_bit(main->record)))) {
		out->record = rg_record_ref(main->record);
		return RG_OK;
	}
	rg_status st = unite_records(key, main, local, &out->record);
	if (st != RG_ELIMIT)
		return st;
	/* The union is too large for a record. The record of main is a partial result. */
	out->record = rg_record_ref(main->record);
	out->partial = 1;
	return RG_OK;
}

static rg_status new_part(const rg_key *key, const rg_commit *commit, uint32_t bit, rg_contact *contacts, rg_record **out)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = bit ? 0 : take_removals(commit->next, removals), n = 0;
	rg_str extra = bit ? RG__ABSENT : rg_record_extra(commit->next);

	for (uint32_t i = 0; rg__record_contact(commit->next, i, &contacts[n]) == RG_OK; i++)
		n += (contacts[n].flags & RG_CONTACT_LOCAL) == bit;
	if (n == 0 && n_removals == 0)
		return RG_OK;
	return rg__record_new(key, &commit->revision, contacts, n, removals, n_removals, extra, out);
}

rg_status rg__split(const rg_key *key, const rg_commit *commit, rg_record **main, rg_record **local)
{
	*main = *local = NULL;
	if (!has_local_bit(commit->next)) {
		*main = rg_record_ref(commit->next);
		return RG_OK;
	}
	rg_contact *contacts = room_for_bindings(commit->next, NULL);
	if (!contacts)
		return RG_ENOMEM;
	rg_status st = new_part(key, commit, 0, contacts, main);
	if (st == RG_OK)
		st = new_part(key, commit, RG_CONTACT_LOCAL, contacts, local);
	free(contacts);
	return st;
}

static bool has_binding(const rg_record *record, const rg_contact *wanted, bool same)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.id == wanted->id)
			return !same || rg__contact_same(&c, wanted);
	}
	return false;
}

bool rg__lacks(const rg_record *record, const rg_record *other, bool same)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(other, i, &c) == RG_OK; i++) {
		if (!has_binding(record, &c, same))
			return true;
	}
	return false;
}

bool rg__same_part(const rg_record *a, const rg_record *b)
{
	rg_removal gone, went;

	if (!a != !b || rg_record_contact_count(a) != rg_record_contact_count(b) || rg_record_removal_count(a) != rg_record_removal_count(b) ||
		!rg__eq(rg_record_extra(a), rg_record_extra(b)) || rg__lacks(a, b, true))
		return false;
	for (uint32_t i = 0; rg__record_removal(a, i, &gone) == RG_OK; i++) {
		rg__record_removal(b, i, &went);
		if (!rg__removal_same(&gone, &went))
			return false;
	}
	return true;
}
