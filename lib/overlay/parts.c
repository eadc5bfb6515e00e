/* SPDX-License-Identifier: MIT */
/* The two parts of a record: looked at, united, split, compared. */
#include "overlay/overlay.h"
#include "model/model.h"
#include <stdlib.h>

rg_status rg__local_fetch(rg__overlay *o, const rg_key *key, rg__local *out)
{
	rg__call call;

	*out = (rg__local){ 0 };
	rg__call_init(&call, o->local, NULL);
	rg_status st = rg__call_fetch(&call, key, RG_FETCH_FRESH);
	if (st != RG_OK)
		return st < 0 ? st : RG_ECONTRACT;
	out->record = call.found.record;
	out->base = call.found.base;
	return RG_OK;
}

/* The half is looked for after the fetch: what the fetch may have seen of an earlier one, a second look would not see again. */
rg_status rg__local_look(rg__overlay *o, const rg_key *key, rg__local *out)
{
	rg_status st = rg__local_fetch(o, key, out);

	if (st != RG_OK)
		return st;
	pthread_mutex_lock(&o->lock);
	const rg__half *h = rg__half_find(o, key);

	if (h) {
		rg_record_unref(out->record);
		*out = (rg__local){ .record = rg_record_ref(h->before), .base = h->local_base, .half = true, .old = h->old,
			.verdict = h->verdict, .sent = h->sent, .revision = h->revision, .after = rg_record_ref(h->after) };
	}
	pthread_mutex_unlock(&o->lock);
	return RG_OK;
}

rg_status rg__local_write(rg__overlay *o, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next)
{
	rg_commit c = { .struct_size = sizeof c, .base = *base, .revision = *own, .next = next };
	rg__call call;

	rg__call_init(&call, o->local, NULL);
	rg_status st = rg__call_commit(&call, key, &c);
	rg_record_unref(call.found.record);
	if (st == RG_OK && next)
		atomic_fetch_add(&o->writes, 1);
	return st <= 0 ? st : RG_ECONTRACT;
}

void rg__local_clear(rg__local *local)
{
	rg_record_unref(local->record);
	rg_record_unref(local->after);
	*local = (rg__local){ 0 };
}

bool rg__local_same(const rg__local *a, const rg__local *b)
{
	return rg_revision_equal(&a->base, &b->base) && a->half == b->half && a->old == b->old && a->sent == b->sent &&
		a->verdict == b->verdict && rg_revision_equal(&a->revision, &b->revision);
}

bool rg__local_landed(const rg__local *local, const rg_revision *main)
{
	if (!local->half || local->verdict != RG__OVERLAY_UNDECIDED)
		return local->half && local->verdict == RG__OVERLAY_LANDED;
	return rg_revision_equal(&local->revision, main);
}

bool rg__has_local(const rg_record *record)
{
	rg_contact c;

	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (c.flags & RG_CONTACT_LOCAL)
			return true;
	}
	return false;
}

/* Takes over what there is of a part, with or without the bit. @p hidden: bindings whose id is among those are left out. */
static uint32_t add_contacts(const rg_record *record, uint32_t bit, const rg_contact *hidden, uint32_t n_hidden, rg_contact *to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; rg_record_contact(record, i, &to[n]) == RG_OK; i++) {
		uint32_t at = 0;

		while (at < n_hidden && hidden[at].id != to[n].id)
			at++;
		if (at < n_hidden)
			continue;
		to[n].flags = (to[n].flags & ~(uint32_t)RG_CONTACT_LOCAL) | bit;
		n++;
	}
	return n;
}

static uint32_t take_removals(const rg_record *record, rg_removal out[RG_REMOVALS_MAX])
{
	uint32_t n = 0;

	while (n < RG_REMOVALS_MAX && rg_record_removal(record, n, &out[n]) == RG_OK)
		n++;
	return n;
}

static rg_status unite_both(const rg_key *key, const rg_fetched *main, const rg_record *local, rg_record **out)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = take_removals(main->record, removals);
	rg_contact *contacts = malloc((rg_record_count(main->record) + rg_record_count(local) + 1) * sizeof *contacts);

	if (!contacts)
		return RG_ENOMEM;
	uint32_t n = add_contacts(main->record, 0, NULL, 0, contacts);
	n += add_contacts(local, RG_CONTACT_LOCAL, contacts, n, contacts + n);
	rg_status st = rg__record_unite(key, &main->base, rg_record_revision(local), contacts, n, removals, n_removals,
		rg_record_extra(main->record), out);
	free(contacts);
	return st;
}

rg_status rg__unite(const rg_key *key, const rg_fetched *main, const rg__local *local, rg_fetched *out)
{
	bool landed = rg__local_landed(local, &main->base);
	const rg_record *part = landed ? local->after : local->record;

	*out = (rg_fetched){ .struct_size = sizeof *out, .authoritative = main->authoritative, .base = main->base,
		.partial = main->partial };
	if (!part && !rg__has_local(main->record)) {
		out->record = rg_record_ref(main->record);
		out->local_base = landed ? (rg_revision){ { 0 } } : local->base;
		return RG_OK;
	}
	rg_status st = unite_both(key, main, part, &out->record);
	if (st != RG_ELIMIT)
		return st;
	/* More than one record holds: what the other nodes know of, too, is better than nothing. */
	out->record = rg_record_ref(main->record);
	out->partial = 1;
	return RG_OK;
}

static rg_status new_part(const rg_key *key, const rg_commit *commit, uint32_t bit, rg_contact *contacts, rg_record **out)
{
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n_removals = bit ? 0 : take_removals(commit->next, removals), n = 0;
	rg_str extra = bit ? RG__ABSENT : rg_record_extra(commit->next);

	for (uint32_t i = 0; rg_record_contact(commit->next, i, &contacts[n]) == RG_OK; i++)
		n += (contacts[n].flags & RG_CONTACT_LOCAL) == bit;
	if (n == 0 && n_removals == 0)
		return RG_OK;
	return rg_record_new(key, &commit->revision, contacts, n, removals, n_removals, extra, out);
}

rg_status rg__split(const rg_key *key, const rg_commit *commit, rg_record **main, rg_record **local)
{
	*main = *local = NULL;
	if (!rg__has_local(commit->next)) {
		*main = rg_record_ref(commit->next);
		return RG_OK;
	}
	rg_contact *contacts = malloc((rg_record_count(commit->next) + 1) * sizeof *contacts);
	if (!contacts)
		return RG_ENOMEM;
	rg_status st = new_part(key, commit, 0, contacts, main);
	if (st == RG_OK)
		st = new_part(key, commit, RG_CONTACT_LOCAL, contacts, local);
	free(contacts);
	return st;
}

rg_status rg__local_again(const rg_key *key, const rg_revision *own, const rg_record *record, rg_record **out)
{
	*out = NULL;
	if (!record)
		return RG_OK;
	rg_contact *contacts = malloc((rg_record_count(record) + 1) * sizeof *contacts);
	if (!contacts)
		return RG_ENOMEM;
	uint32_t n = add_contacts(record, RG_CONTACT_LOCAL, NULL, 0, contacts);
	rg_status st = rg_record_new(key, own, contacts, n, NULL, 0, RG__ABSENT, out);
	free(contacts);
	return st;
}

bool rg__same_part(const rg_record *a, const rg_record *b)
{
	rg_contact one, other;
	rg_removal gone, went;

	if (!a != !b || rg_record_count(a) != rg_record_count(b) || rg_record_removals(a) != rg_record_removals(b) ||
		!rg__eq(rg_record_extra(a), rg_record_extra(b)))
		return false;
	for (uint32_t i = 0; rg_record_contact(a, i, &one) == RG_OK; i++) {
		rg_record_contact(b, i, &other);
		if (!rg__contact_same(&one, &other))
			return false;
	}
	for (uint32_t i = 0; rg_record_removal(a, i, &gone) == RG_OK; i++) {
		rg_record_removal(b, i, &went);
		if (!rg__removal_same(&gone, &went))
			return false;
	}
	return true;
}
