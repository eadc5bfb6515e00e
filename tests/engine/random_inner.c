/* SPDX-License-Identifier: MIT */
#include "random_store.h"

typedef struct late {
	int64_t since; /* microseconds of the monotonic clock */
	shim *shim;
	cell *cell;
	rg_commit commit;
} late;

static late lates[LATE];
static uint32_t n_lates;

static bool same(const char *text, rg_str s)
{
	return strlen(text) == s.n && (s.n == 0 || memcmp(text, s.p, s.n) == 0);
}

static void keep(char *room, size_t size, rg_str s)
{
	if (s.n >= size)
		wrong("a key is longer than any that was given", "store");
	memset(room, 0, size);
	if (s.n > 0)
		memcpy(room, s.p, s.n);
}

cell *cell_of(const rg_key *key)
{
	cell *c = w.cells;

	for (uint32_t i = 0; i < w.n_cells; i++, c++) {
		if (same(c->domain, key->domain) && same(c->user, key->user) && same(c->host, key->host))
			return c;
	}
	if (w.n_cells == CELLS)
		wrong("there are more keys than were given", "store");
	w.n_cells++;
	*c = (cell){ .n_states = 1 };
	states[c - w.cells][0].n = 0;
	keep(c->domain, sizeof c->domain, key->domain);
	keep(c->user, sizeof c->user, key->user);
	keep(c->host, sizeof c->host, key->host);
	return c;
}

static rg_key key_of(const cell *c)
{
	return (rg_key){ rg_str_from(c->domain), rg_str_from(c->user), rg_str_from(c->host) };
}

part *part_of(const shim *s, cell *c)
{
	return &c->parts[s->role == OF_LOCAL];
}

/* ---- what the inner store does ---- */

static void keep_fetched(void *tok, rg_status status, const rg_fetched *found)
{
	pending *p = tok;

	p->status = status;
	p->has_found = found != NULL;
	if (found)
		p->found = *found;
}

static void keep_keys(void *tok, rg_status status, const rg_keys *page)
{
	pending *p = tok;

	p->status = status;
	if (!page)
		return;
	p->page = *page;
	for (uint32_t i = 0; i < page->n; i++)
		p->keys[i] = key_of(cell_of(&page->keys[i]));
	p->page.keys = p->keys;
	if (page->cursor.n > sizeof p->next_cursor)
		wrong("a cursor is too long", "store");
	if (page->cursor.n > 0)
		memcpy(p->next_cursor, page->cursor.p, page->cursor.n);
	p->page.cursor.p = page->cursor.p ? p->next_cursor : NULL;
}

static void keep_count(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	pending *p = tok;

	p->status = status;
	p->records = records;
	p->bindings = bindings;
}

static bool remembers(const part *p, const rg_revision *revision)
{
	for (uint32_t i = 0; i < RING && i < p->landed; i++) {
		if (rg_revision_equal(&p->ring[i], revision))
			return true;
	}
	return false;
}

void fetch_inner(const shim *s, const cell *c, pending *p)
{
	const part *there = &c->parts[s->role == OF_LOCAL];
	rg_key key = key_of(c);
	void *in;

	rg_status st = rg_store_members(s->inner, &in)->fetch(in, &key, RG_FETCH_FRESH, keep_fetched, p);
	if (st < 0)
		p->status = st;
	if (p->has_found && !p->found.record && s->buries)
		p->found.base = there->base;
}

/* A commit that conflicted is not done after all. */
static void forget_late(const rg_revision *revision)
{
	for (uint32_t i = n_lates; i-- > 0;) {
		if (!rg_revision_equal(&lates[i].commit.revision, revision))
			continue;
		rg_record_unref(lates[i].commit.next);
		lates[i] = lates[--n_lates];
	}
}

static void has_landed(const shim *s, cell *c, const rg_commit *commit)
{
	part *p = part_of(s, c);

	p->present = commit->next != NULL;
	p->base = p->present || s->buries ? commit->revision : (rg_revision){ { 0 } };
	p->deadline = rg_record_deadline(commit->next);
	read_state(commit->next, &p->state);
	/* The local part keeps the old copy of a binding that moves until main has the new one. */
	if (!w.hostile && s->role != OF_LOCAL)
		check_generations(commit->next, c->user);
	p->ring[p->landed++ % RING] = commit->revision;
	trace("    landed %s %s/%s: %u bindings", s->role == OF_LOCAL ? "local" : "main", c->domain, c->user, p->state.n);
	state_changed(c);
}

/* Performs a commit as the store that it is. */
void commit_inner(const shim *s, cell *c, const rg_commit *asked_for, pending *p)
{
	part *there = part_of(s, c);
	rg_commit commit = *asked_for;
	rg_key key = key_of(c);
	pending before = { 0 };
	void *in;

	p->status = RG_OK;
	p->has_found = false;
	if (s->remembers ? remembers(there, &commit.revision) : there->present && rg_revision_equal(&there->base, &commit.revision))
		return;
	if (s->buries && !there->present && !rg_revision_equal(&commit.base, &there->base)) {
		fetch_inner(s, c, p);
		p->status = RG_ECONFLICT;
		forget_late(&commit.revision);
		return;
	}
	if (s->buries && !there->present)
		commit.base = (rg_revision){ { 0 } };
	fetch_inner(s, c, &before);
	rg_status st = rg_store_members(s->inner, &in)->commit(in, &key, &commit, 0, keep_fetched, p);
	if (st < 0)
		p->status = st;
	if (p->has_found && !p->found.record && s->buries)
		p->found.base = there->base;
	if (p->status == RG_ECONFLICT)
		forget_late(&asked_for->revision);
	if (p->status != RG_OK) {
		rg_record_unref(before.found.record);
		return;
	}
	rg_record_unref(there->old);
	there->old = before.found.record;
	there->old_base = before.found.base;
	has_landed(s, c, asked_for);
}

void perform(pending *p)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(p->shim->inner, &in);
	rg_str domain = rg_str_from(p->domain), tag = rg_str_from(p->tag);

	rg_status st = RG_OK;

	p->performed = true;
	switch (p->asked.kind) {
	case ASKED_FETCH:
		fetch_inner(p->shim, p->asked.cell, p);
		break;
	case ASKED_COMMIT:
		commit_inner(p->shim, p->asked.cell, &p->commit, p);
		break;
	case ASKED_DUE:
		st = ops->due(in, p->now, &p->cursor_text, p->limit, 0, keep_keys, p);
		break;
	case ASKED_FIND:
		st = ops->find(in, &domain, &tag, &p->cursor_text, p->limit, 0, keep_keys, p);
		break;
	case ASKED_SCAN:
		st = ops->scan(in, &domain, &p->cursor_text, p->limit, 0, keep_keys, p);
		break;
	default:
		st = ops->count(in, &domain, 0, keep_count, p);
	}
	if (st < 0)
		p->status = st;
}

/* ---- commits that are performed late ---- */

/* A commit is performed later, or never. */
void put_off(const pending *p)
{
	if (n_lates == LATE)
		return;
	lates[n_lates++] = (late){ w.monotonic, p->shim, p->asked.cell, p->commit };
	rg_record_ref(p->commit.next);
}

/* A commit that landed, or that may yet land, is in no conflict. */
bool may_conflict(const pending *p)
{
	for (uint32_t i = 0; i < n_lates; i++) {
		if (rg_revision_equal(&lates[i].commit.revision, &p->commit.revision))
			return false;
	}
	return !remembers(part_of(p->shim, p->asked.cell), &p->commit.revision);
}

static void end_late(uint32_t which, bool perform_it)
{
	late l = lates[which];
	pending p = { 0 };

	lates[which] = lates[--n_lates];
	if (perform_it) {
		trace("  a commit is done late");
		commit_inner(l.shim, l.cell, &l.commit, &p);
	}
	if (p.has_found)
		rg_record_unref(p.found.record);
	rg_record_unref(l.commit.next);
}

void perform_late(void)
{
	if (n_lates > 0)
		end_late(dice(n_lates), true);
}

void end_lates(bool perform_them)
{
	while (n_lates > 0)
		end_late(0, perform_them);
}

void end_old_lates(int64_t monotonic)
{
	enum { SECONDS = 4000000 };

	for (uint32_t i = n_lates; i-- > 0;) {
		if (i < n_lates && monotonic - lates[i].since > SECONDS)
			end_late(i, dice(2));
	}
}

void forget_stores(void)
{
	end_lates(false);
	for (uint32_t i = 0; i < w.n_cells; i++) {
		rg_record_unref(w.cells[i].parts[0].old);
		rg_record_unref(w.cells[i].parts[1].old);
	}
}
