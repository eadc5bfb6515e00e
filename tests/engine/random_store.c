/* SPDX-License-Identifier: MIT */
#include "random_store.h"

static pending waiting[PENDING];
static uint32_t order[PENDING], n_waiting; /* the oldest first */

/* ---- what becomes of a call ---- */

static void fail_with(pending *p, rg_status status)
{
	p->performed = true;
	p->status = status;
	p->has_found = false;
}

/* The outcome is unknown: it is done, it is lost, or it is done later. */
static void fall_silent(pending *p)
{
	uint32_t how = dice(3);

	if (how == 0)
		commit_inner(p->shim, p->asked.cell, &p->commit, p);
	if (p->has_found)
		rg_record_unref(p->found.record);
	if (how == 1)
		put_off(p);
	trace("    unknown: %s", how == 0 ? "done" : how == 1 ? "late" : "lost");
	fail_with(p, RG_EUNKNOWN);
}

static void conflict(pending *p)
{
	fail_with(p, RG_ECONFLICT);
	if (dice(2)) {
		fetch_inner(p->shim, p->asked.cell, p);
		p->status = RG_ECONFLICT;
	}
}

/* From a cache, or from nothing. */
static void guess(pending *p)
{
	const part *there = part_of(p->shim, p->asked.cell);
	bool old = dice(2);

	p->performed = p->has_found = true;
	p->status = RG_OK;
	p->found = (rg_fetched){ .struct_size = sizeof p->found };
	if (old) {
		p->found.record = rg_record_ref(there->old);
		p->found.base = there->old_base;
	}
}

static void draw_fate(pending *p)
{
	static const rg_status errors[] = { RG_ESTORE, RG_ENOMEM, RG_ETIMEOUT, RG_EFULL };
	const odds *o = &p->shim->odds;
	bool commits = p->asked.kind == ASKED_COMMIT;

	if (p->shim->role == OF_LOCAL && !commits)
		return;
	if (chance(o->fails))
		fail_with(p, errors[dice(commits ? 4 : 3)]);
	else if (commits && chance(o->unknown))
		fall_silent(p);
	else if (commits && chance(o->conflicts) && may_conflict(p))
		conflict(p);
	else if (p->asked.kind == ASKED_FETCH && !(p->flags & RG_FETCH_FRESH) && chance(o->guesses))
		guess(p);
}

static void note_failure(const pending *p)
{
	w.local_failed |= p->shim->role == OF_LOCAL && p->asked.kind == ASKED_COMMIT && p->status < 0 && p->status != RG_ECONFLICT;
}

static void give_once(pending *p)
{
	rg_fetched found = p->found;

	if (p->has_found)
		rg_record_ref(found.record);
	found.hint = odd_hint(found.hint);
	if (p->nonsense) {
		rg_record_unref(p->has_found ? found.record : NULL);
		give_nonsense(p->shim, &p->asked);
	} else if (p->asked.kind <= ASKED_COMMIT) {
		p->asked.fetched(p->asked.tok, p->status, p->has_found ? &found : NULL);
	} else if (p->asked.kind == ASKED_COUNT) {
		p->asked.counted(p->asked.tok, p->status, p->records, p->bindings);
	} else {
		p->asked.paged(p->asked.tok, p->status, p->status == RG_OK ? &p->page : NULL);
	}
}

/* Performs what is not done yet, and answers. The page's keys and cursor point into @p p. */
static void give(pending *p)
{
	if (!p->performed && p->canceled && dice(2))
		fail_with(p, RG_ECANCELED);
	if (!p->performed)
		perform(p);
	note_failure(p);
	give_once(p);
	if (p->twice)
		give_once(p);
	if (p->has_found)
		rg_record_unref(p->found.record);
	rg_record_unref(p->commit.next);
}

static void answer_waiting(uint32_t nth)
{
	uint32_t which = order[nth];
	pending p = waiting[which];

	memmove(&order[nth], &order[nth + 1], (--n_waiting - nth) * sizeof *order);
	waiting[which].used = false;
	if (p.cursor_text.p)
		p.cursor_text.p = p.cursor;
	if (p.page.keys)
		p.page.keys = p.keys;
	if (p.page.cursor.p)
		p.page.cursor.p = p.next_cursor;
	trace("  answer %d", p.asked.kind);
	give(&p);
}

uint32_t answers_waiting(void)
{
	return n_waiting;
}

void answer_one(uint32_t nth)
{
	if (nth < n_waiting)
		answer_waiting(nth);
}

void answer_all(void)
{
	while (n_waiting > 0)
		answer_waiting(0);
}

static bool fits(rg_str s, size_t room)
{
	return s.n < room;
}

/* One call: answered at once, refused by the return, or put off. */
static rg_status ask(pending *p)
{
	shim *s = p->shim;
	rg_status returned;

	rg_record_ref(p->commit.next);
	if (chance(s->odds.breaks) && break_contract(s, &p->asked, &returned)) {
		rg_record_unref(p->commit.next);
		return returned;
	}
	draw_fate(p);
	if (p->performed && p->status < 0 && !p->has_found && p->status != RG_ECONFLICT && dice(2)) {
		note_failure(p);
		rg_record_unref(p->commit.next);
		return p->status;
	}
	if (s->is_inline || n_waiting == PENDING || w.calm || !chance(s->odds.defers)) {
		bool says_pending = !s->is_inline && !w.calm && dice(8) == 7;

		give(p);
		return says_pending ? RG_PENDING : RG_OK;
	}
	if (!p->performed && dice(2))
		perform(p);
	p->twice = chance(s->odds.breaks);
	p->nonsense = chance(s->odds.breaks);
	uint32_t at = 0;
	while (waiting[at].used)
		at++;
	waiting[at] = *p;
	waiting[at].used = true;
	order[n_waiting++] = at;
	return RG_PENDING;
}

/* ---- the members ---- */

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .asked = { .kind = ASKED_FETCH, .cell = cell_of(key), .fetched = done, .tok = tok } };

	return ask(&p);
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .commit = *commit,
		.asked = { .kind = ASKED_COMMIT, .cell = cell_of(key), .fetched = done, .tok = tok } };

	return ask(&p);
}

static rg_status ask_page(pending *p, rg_str domain, rg_str tag, rg_str cursor, rg_keys_cb done, void *tok)
{
	if (!fits(domain, sizeof p->domain) || !fits(tag, sizeof p->tag) || cursor.n > sizeof p->cursor)
		wrong("a page is asked for with a text that nobody gave", "store");
	if (domain.n > 0)
		memcpy(p->domain, domain.p, domain.n);
	if (tag.n > 0)
		memcpy(p->tag, tag.p, tag.n);
	if (cursor.n > 0)
		memcpy(p->cursor, cursor.p, cursor.n);
	p->cursor_text = (rg_str){ cursor.p ? p->cursor : NULL, cursor.n };
	p->limit = p->limit > CELLS ? CELLS : p->limit;
	p->asked.paged = done;
	p->asked.tok = tok;
	return ask(p);
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .limit = limit, .now = now, .asked = { .kind = ASKED_DUE } };

	return ask_page(&p, (rg_str){ NULL, 0 }, (rg_str){ NULL, 0 }, *cursor, done, tok);
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .limit = limit, .asked = { .kind = ASKED_FIND } };

	return ask_page(&p, *domain, *tag, *cursor, done, tok);
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .limit = limit, .asked = { .kind = ASKED_SCAN } };

	return ask_page(&p, *domain, (rg_str){ NULL, 0 }, *cursor, done, tok);
}

static rg_status shim_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	pending p = { .shim = self, .flags = flags, .asked = { .kind = ASKED_COUNT, .counted = done, .tok = tok } };

	memcpy(p.domain, domain->p, domain->n < sizeof p.domain ? domain->n : sizeof p.domain - 1);
	return ask(&p);
}

/* Also answers others before, or is deaf. */
static rg_status shim_wait(void *self, void *tok, int32_t timeout_ms)
{
	(void)self;
	if (!w.calm && dice(8) == 7)
		answer_one(dice(PENDING));
	if (!w.calm && dice(8) == 7) {
		w.monotonic += 1000 * (int64_t)timeout_ms;
		return RG_ETIMEOUT;
	}
	for (uint32_t i = 0; i < n_waiting; i++) {
		if (waiting[order[i]].asked.tok == tok) {
			answer_waiting(i);
			return RG_OK;
		}
	}
	return RG_ETIMEOUT;
}

static void shim_cancel(void *self, void *tok)
{
	(void)self;
	for (uint32_t i = 0; i < n_waiting; i++) {
		pending *p = &waiting[order[i]];

		if (p->asked.tok != tok)
			continue;
		p->canceled = true;
		if (!w.calm && dice(8) == 7)
			answer_waiting(i);
		return;
	}
}

static void shim_destroy(void *self)
{
	rg_store_unref(((shim *)self)->inner);
}

rg_store *shim_new(shim *s)
{
	static const rg_store_ops members = { .struct_size = sizeof members, .name = "random", .fetch = shim_fetch, .commit = shim_commit,
		.due = shim_due, .find = shim_find, .scan = shim_scan, .count = shim_count, .cancel = shim_cancel, .destroy = shim_destroy };
	rg_store_ops ops = members;
	rg_store *out = NULL;

	if (s->is_inline)
		ops.traits |= RG_STORE_INLINE;
	else if (w.has_wait)
		ops.wait = shim_wait;
	if (s->role != OF_LOCAL && w.shared_trait)
		ops.traits |= RG_STORE_SHARED;
	if (rg_store_new(&ops, s, &out, NULL) != RG_OK)
		wrong("a store cannot be made", "store");
	return out;
}
