/* SPDX-License-Identifier: MIT */
#include "overlay_shadow.h"

/* ---- sets of bindings ---- */

static const copy *find(const set *s, uint64_t id)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->copies[i].id == id)
			return &s->copies[i];
	}
	return NULL;
}

set read_set(const rg_record *record, uint32_t bit)
{
	set s = { 0 };
	rg_contact c = { .struct_size = sizeof c };

	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (bit != ANY && (c.flags & RG_CONTACT_LOCAL) != bit)
			continue;
		if (find(&s, c.id))
			wrong("two copies of a binding in one record", c.id);
		s.copies[s.n++] = (copy){ c.id, c.cseq, c.modified };
	}
	return s;
}

static bool is_newer(const copy *a, const copy *b)
{
	return a->modified != b->modified ? a->modified > b->modified : a->cseq > b->cseq;
}

static bool same_copy(const copy *a, const copy *b)
{
	return a && b && a->id == b->id && a->cseq == b->cseq;
}

remote_cell *cell_of(const shadow *s)
{
	return remote_cell_of(s->main, rg_str_from(s->user));
}

/* ---- what must be seen ---- */

void note_landed(shadow *s)
{
	if (s->pending && !s->landed)
		s->landed = remote_has_landed(s->main, rg_str_from(s->user), &s->own);
}

void settle(shadow *s)
{
	if (s->pending)
		s->local = s->landed ? s->after : s->before;
	s->pending = s->aged = false;
}

static const copy *shown_of(const copy *in_main, const copy *in_local)
{
	if (!in_main || !in_local)
		return in_main ? in_main : in_local;
	return is_newer(in_local, in_main) ? in_local : in_main;
}

static void check_exact(const set *seen, const set *main, const set *local)
{
	for (uint32_t i = 0; i < seen->n; i++) {
		uint64_t id = seen->copies[i].id;
		const copy *expected = shown_of(find(main, id), find(local, id));

		if (!expected)
			wrong("a binding is there that should be gone", id);
		if (!same_copy(expected, &seen->copies[i]))
			wrong("another copy of a binding is there than should be", id);
	}
	for (uint32_t i = 0; i < main->n + local->n; i++) {
		uint64_t id = i < main->n ? main->copies[i].id : local->copies[i - main->n].id;

		if (!find(seen, id))
			wrong("a binding is lost", id);
	}
}

/* Main's revision does not tell which of two local parts counts: what the true one has is there, and what neither has is not. */
static void check_within(const shadow *s, const set *seen, const set *main)
{
	const set *true_one = s->landed ? &s->after : &s->before;

	for (uint32_t i = 0; i < seen->n; i++) {
		const copy *c = &seen->copies[i], *m = find(main, c->id);

		if (!same_copy(c, m) && !same_copy(c, find(&s->before, c->id)) && !same_copy(c, find(&s->after, c->id)))
			wrong("a binding is there that neither state has", c->id);
		if (m && is_newer(m, c))
			wrong("an old copy of a binding is there", c->id);
	}
	for (uint32_t i = 0; i < main->n + true_one->n; i++) {
		uint64_t id = i < main->n ? main->copies[i].id : true_one->copies[i - main->n].id;

		if (!find(seen, id))
			wrong("a binding is lost while a commit is in doubt", id);
	}
}

void check_seen(const shadow *s, const rg_fetched *found)
{
	const rg_revision *at = &cell_of(s)->base;
	set seen = read_set(found->record, ANY), main = read_set(found->partial ? NULL : cell_of(s)->record, ANY);
	bool tells = !s->aged && !found->partial;

	if (s->vague)
		return;
	if (!s->pending)
		check_exact(&seen, &main, &s->local);
	else if (tells && rg_revision_equal(at, &s->own))
		check_exact(&seen, &main, &s->after);
	else if (tells && rg_revision_equal(at, &s->base))
		check_exact(&seen, &main, &s->before);
	else
		check_within(s, &seen, &main);
}

/* ---- what commits come to ---- */

/* What it saw of the local part is what is there, but for what was hidden by a newer copy in main. */
static void check_decided_on(const shadow *s, const change *c)
{
	for (uint32_t i = 0; i < c->seen_local.n; i++) {
		if (!same_copy(&c->seen_local.copies[i], find(&s->local, c->seen_local.copies[i].id)))
			wrong("a commit succeeded that did not know of an update", c->seen_local.copies[i].id);
	}
	for (uint32_t i = 0; i < s->local.n; i++) {
		const copy *there = &s->local.copies[i];

		if (!find(&c->seen_local, there->id) && !find(&c->seen_main, there->id))
			wrong("a commit succeeded that did not know of a binding", there->id);
	}
}

void landed_for_certain(shadow *s, const change *c, bool resend)
{
	bool of_pending = s->pending && rg_revision_equal(&s->own, &c->commit.revision);

	if (resend && !of_pending)
		return; /* something told before; others may have gone on */
	if (of_pending && !s->landed && !s->vague)
		wrong("a resend was answered with success, and main never took it", 0);
	if (!resend && !s->aged && !s->vague) {
		settle(s);
		check_decided_on(s, c);
	}
	s->local = c->local;
	s->pending = s->aged = s->vague = false;
}

void refused_for_certain(shadow *s, const change *c)
{
	bool of_pending = s->pending && rg_revision_equal(&s->own, &c->commit.revision);

	if (remote_has_landed(s->main, rg_str_from(s->user), &c->commit.revision))
		wrong("a commit was answered with a conflict, and main took it", 0);
	if (of_pending || !s->aged)
		settle(s);
}

/* The outcome is unknown: for a first sending every earlier one was settled. */
void in_doubt(shadow *s, const change *c, bool resend)
{
	if (resend)
		return;
	s->vague |= s->pending && s->aged;
	settle(s);
	if (!s->vague)
		check_decided_on(s, c);
	s->pending = true;
	s->landed = false;
	s->base = c->commit.base;
	s->own = c->commit.revision;
	s->before = s->local;
	s->after = c->local;
	s->landed_before = cell_of(s)->landed;
	note_landed(s);
}
