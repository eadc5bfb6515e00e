/* SPDX-License-Identifier: MIT */
#include "linear.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 4000000, NOTHING = -1 };

/* An operation that was placed, and what was before. */
typedef struct frame {
	rg_record *record;
	uint32_t seen[URIS];
	uint32_t act, n_told;
	uint32_t next; /* the first choice that was not tried there */
	bool forced;   /* there was no other choice */
} frame;

typedef struct search {
	const history *h;
	uint32_t n_known; /* the acts that are known come first, by their begin; then the others */
	bool *placed;
	uint32_t first, n_placed; /* of the known ones */
	rg_record *record;
	uint32_t seen[URIS];
	uint32_t told_at[NODES_MAX]; /* the next event of each node, an index of order */
	uint32_t told_end[NODES_MAX];
	uint32_t *order; /* of the events, by node */
	uint32_t *apart; /* of each act, 1 + the index of its two events, when they may be out of order; 0 = none */
	uint32_t n_heard;
	frame *frames;
	uint32_t depth, steps;
	uint64_t *failed; /* what led nowhere: a table of hashes */
	uint32_t n_failed, room;
	uint32_t best, stuck[URIS], heard[NODES_MAX]; /* how far it came, what the state was, and which events came next */
} search;

/* What a choice does. */
typedef struct outcome {
	rg_record *next;
	bool changes;
	uint32_t seen[URIS], n_told;
} outcome;

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25;
	return hash ^ hash >> 29;
}

static bool same_seen(const uint32_t a[URIS], const uint32_t b[URIS])
{
	return memcmp(a, b, URIS * sizeof *a) == 0;
}

static bool is_event(const told *t, const rg_plan *plan, uint32_t i)
{
	rg_event e = { .struct_size = sizeof e };
	told want;

	rg_plan_event(plan, i, &e);
	told_from(&e, &want);
	return t->kind == want.kind && t->before == want.before && t->after == want.after && t->uri == want.uri;
}

/* The events that a commit raises: must the node have heard them next? */
static bool events_fit(const search *s, const act *a, const rg_plan *plan, uint32_t *n)
{
	uint32_t at = s->told_at[a->node], count = rg_plan_event_count(plan), apart = s->apart[a - s->h->acts];

	*n = 0;
	if (apart)
		return count == 2 && is_event(&s->h->told[apart - 1], plan, 0) && is_event(&s->h->told[apart], plan, 1);
	for (; *n < count; ++*n) {
		if (at + *n == s->told_end[a->node])
			return s->h->killed[a->node];
		if (!is_event(&s->h->told[s->order[at + *n]], plan, *n))
			return false;
	}
	return true;
}

static bool answer_fits(const act *a, rg_plan *plan, const outcome *o)
{
	if (!act_known(a))
		return o->changes;
	if (!act_registers(a))
		return a->removed == rg_plan_affected_count(plan);
	if (rg_response_code(rg_plan_response(plan)) != a->code)
		return false;
	return a->code != 200 || same_seen(a->seen, o->seen);
}

static rg_plan *decide(const search *s, const act *a)
{
	uint8_t seed[32] = { 0 };
	act_text text;
	rg_plan *plan = NULL;
	rg_request request;
	rg_remove_filter filter;

	memcpy(seed, &a->tag, sizeof a->tag);
	if (act_registers(a)) {
		act_request(a, &text, &request);
		rg_merge(s->record, &request, NULL, NULL, a->now, seed, &plan, NULL);
	} else {
		act_filter(a, &text, &filter);
		rg_prune(s->record, &filter, NULL, a->now, seed, &plan, NULL);
	}
	return plan;
}

/* A cheap look: a commit without an answer has events, and there is what a REGISTER cannot have changed. */
static bool may_fit(const search *s, const act *a)
{
	bool heard = s->told_at[a->node] < s->told_end[a->node] || s->apart[a - s->h->acts] || s->h->killed[a->node];

	if (!act_known(a) && !heard)
		return false;
	for (uint32_t i = 0; act_registers(a) && a->kind != ACT_STAR && act_known(a) && a->code == 200 && i < URIS; i++) {
		bool own = i == a->uris[0] || (a->kind == ACT_SWAP && i == a->uris[1]);

		if (!own && a->seen[i] != s->seen[i])
			return false;
	}
	return true;
}

/* Can the operation stand here? @p o has a reference to the next record then. */
static bool can_stand(const search *s, const act *a, outcome *o)
{
	*o = (outcome){ 0 };
	memcpy(o->seen, s->seen, sizeof o->seen);
	if (a->kind == ACT_WIPE) {
		memset(o->seen, 0, sizeof o->seen);
		o->changes = true;
		return true;
	}
	if (!act_writes(a))
		return same_seen(a->seen, s->seen);
	if (!may_fit(s, a))
		return false;
	rg_plan *plan = decide(s, a);
	bool good = plan != NULL;

	if (good && rg_plan_commits(plan)) {
		o->changes = true;
		good = rg_plan_apply(plan, s->record, &o->next, NULL) == RG_OK && events_fit(s, a, plan, &o->n_told);
		seen_in_record(o->next, o->seen);
	}
	good = good && answer_fits(a, plan, o);
	rg_plan_free(plan);
	if (!good)
		rg_record_unref(o->next);
	return good;
}

/* The time at which the first of the known operations that are not placed ends: none that begins later may come before it. */
static uint64_t horizon(const search *s)
{
	uint64_t end = UINT64_MAX;

	for (uint32_t i = s->first; i < s->n_known && s->h->acts[i].begin <= end; i++) {
		if (!s->placed[i] && s->h->acts[i].end < end)
			end = s->h->acts[i].end;
	}
	return end;
}

static void place(search *s, uint32_t i, const outcome *o, bool forced)
{
	const act *a = &s->h->acts[i];
	frame *f = &s->frames[s->depth++];

	*f = (frame){ .record = s->record, .act = i, .n_told = o->n_told, .forced = forced };
	memcpy(f->seen, s->seen, sizeof f->seen);
	s->record = o->changes ? o->next : rg_record_ref(s->record);
	memcpy(s->seen, o->seen, sizeof s->seen);
	s->placed[i] = true;
	s->n_placed += i < s->n_known;
	s->told_at[a->node] += o->n_told;
	s->n_heard += o->n_told + (s->apart[i] ? 2 : 0);
	while (s->first < s->n_known && s->placed[s->first])
		s->first++;
	s->steps++;
	if (s->n_placed >= s->best) {
		s->best = s->n_placed;
		memcpy(s->stuck, s->seen, sizeof s->stuck);
		memcpy(s->heard, s->told_at, sizeof s->heard);
	}
}

static frame take_back(search *s)
{
	frame f = s->frames[--s->depth];

	rg_record_unref(s->record);
	s->record = f.record;
	memcpy(s->seen, f.seen, sizeof s->seen);
	s->placed[f.act] = false;
	s->n_placed -= f.act < s->n_known;
	s->told_at[s->h->acts[f.act].node] -= f.n_told;
	s->n_heard -= f.n_told + (s->apart[f.act] ? 2 : 0);
	if (f.act < s->first)
		s->first = f.act;
	return f;
}

/* A removal that changes nothing here may change something elsewhere, and its answer would be the same: where it stands is a choice. */
static bool may_be_either(const act *a)
{
	return (a->kind == ACT_UNSET || a->kind == ACT_STAR) && a->code == 200;
}

/* Places all that changes nothing wherever it fits. */
static void place_forced(search *s)
{
	bool more = true;

	while (more) {
		uint64_t end = horizon(s);

		more = false;
		for (uint32_t i = s->first; i < s->n_known && s->h->acts[i].begin <= end; i++) {
			outcome o;

			if (s->placed[i] || may_be_either(&s->h->acts[i]) || !can_stand(s, &s->h->acts[i], &o))
				continue;
			if (o.changes)
				rg_record_unref(o.next);
			else
				place(s, i, &o, true);
			more = more || !o.changes;
		}
	}
}

/*
 * The choices are the operations that change something, and then those that may do so elsewhere. They are counted through.
 * @return whether one of the choices from @p next on fits; it is placed then.
 */
static bool place_choice(search *s, uint32_t next)
{
	uint64_t end = horizon(s);

	for (uint32_t c = next; c < 2 * s->h->n_acts; c++) {
		uint32_t i = c % s->h->n_acts;
		bool changes = c < s->h->n_acts;
		const act *a = &s->h->acts[i];
		outcome o;

		if (i < s->first || s->placed[i] || a->begin > end || (!changes && !may_be_either(a)) || !can_stand(s, a, &o))
			continue;
		if (o.changes == changes) {
			place(s, i, &o, false);
			s->frames[s->depth - 1].next = c + 1;
			return true;
		}
		rg_record_unref(o.next);
	}
	return false;
}

/* What is placed, and to which state it led. The order of the bindings is a part of it: it is that of their events when all are removed. */
static uint64_t hash_of(const search *s)
{
	uint64_t hash = mix(0x243f6a8885a308d3, s->first);
	rg_removal r = { .struct_size = sizeof r };
	rg_contact c = { .struct_size = sizeof c };

	for (uint32_t i = s->first; i < s->h->n_acts; i++) {
		if (s->placed[i])
			hash = mix(hash, i);
	}
	for (uint32_t i = 0; rg_record_contact(s->record, i, &c) == RG_OK; i++)
		hash = mix(hash, tag_of(c.attr));
	for (uint32_t i = 0; i < NODES_MAX; i++)
		hash = mix(hash, s->told_at[i]);
	for (uint32_t i = 0; rg_record_removal(s->record, i, &r) == RG_OK; i++)
		hash = mix(mix(mix(hash, r.cseq), uri_of(r.uri)), r.request_hash);
	return hash ? hash : 1;
}

static uint64_t *slot_of(const search *s, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash & (s->room - 1));

	while (s->failed[i] && s->failed[i] != hash)
		i = (i + 1) & (s->room - 1);
	return &s->failed[i];
}

static void remember_failed(search *s, uint64_t hash)
{
	if (2 * s->n_failed >= s->room) {
		search old = *s;

		s->room *= 2;
		s->failed = calloc(s->room, sizeof *s->failed);
		for (uint32_t i = 0; i < old.room; i++) {
			if (old.failed[i])
				*slot_of(s, old.failed[i]) = old.failed[i];
		}
		free(old.failed);
	}
	uint64_t *slot = slot_of(s, hash);

	s->n_failed += *slot == 0;
	*slot = hash;
}

static bool explained(const search *s)
{
	return s->n_placed == s->n_known && s->n_heard == s->h->n_told;
}

/* Goes back to the last place where there was a choice. @return the first choice that was not tried there; NOTHING = there is none. */
static int64_t go_back(search *s)
{
	while (s->depth > 0) {
		frame f = take_back(s);

		if (!f.forced)
			return f.next;
	}
	return NOTHING;
}

static int explore(search *s)
{
	int64_t next = 0;

	for (;;) {
		if (next == 0)
			place_forced(s);
		if (explained(s))
			return LINEAR_GOOD;
		if (s->steps > STEPS_MAX)
			return LINEAR_UNDECIDED;
		uint64_t hash = hash_of(s);

		if (*slot_of(s, hash) == 0 && place_choice(s, (uint32_t)next)) {
			next = 0;
			continue;
		}
		remember_failed(s, hash);
		next = go_back(s);
		if (next == NOTHING)
			return LINEAR_WRONG;
	}
}

/* Known ones first, by their begin. */
static int by_begin(const void *x, const void *y)
{
	const act *a = x, *b = y;
	int unknown = (int)act_known(b) - (int)act_known(a);

	if (unknown)
		return unknown;
	return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/* What says nothing is left out: an unanswered query, and what was refused at once. */
static void sort_acts(search *s, history *h)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->n_acts; i++) {
		if (act_known(&h->acts[i]) || (act_writes(&h->acts[i]) && !h->acts[i].refused))
			h->acts[n++] = h->acts[i];
	}
	h->n_acts = n;
	qsort(h->acts, n, sizeof *h->acts, by_begin);
	while (s->n_known < n && act_known(&h->acts[s->n_known]))
		s->n_known++;
}

/* Did another write of its node run at the same time, or may it have? */
static bool had_company(const history *h, const act *a)
{
	for (uint32_t i = 0; i < h->n_acts; i++) {
		const act *b = &h->acts[i];

		if (b != a && b->node == a->node && act_writes(b) && (!act_known(a) || b->begin < a->end) && (!act_known(b) || a->begin < b->end))
			return true;
	}
	return false;
}

/*
 * A registrar cannot know where the creation of a record belongs that it had to send again, when it wrote something else meanwhile: it tells
 * it first. So the two events of such a creation may stand anywhere among those of their node.
 */
static uint32_t creation_at(const history *h, const act *a)
{
	if (!h->resends || a->kind == ACT_WIPE || !had_company(h, a))
		return 0;
	for (uint32_t i = 0; i + 1 < h->n_told; i++) {
		const told *aor = &h->told[i], *contact = &h->told[i + 1];

		if (aor->node == a->node && aor->kind == RG_EVENT_AOR_INSERT && contact->kind == RG_EVENT_CONTACT_INSERT && contact->after == a->tag)
			return i + 1;
	}
	return 0;
}

static void order_events(search *s)
{
	uint32_t n = 0;
	bool *taken = calloc(s->h->n_told + 1, sizeof *taken);

	for (uint32_t i = 0; i < s->h->n_acts; i++) {
		s->apart[i] = creation_at(s->h, &s->h->acts[i]);
		if (s->apart[i])
			taken[s->apart[i] - 1] = taken[s->apart[i]] = true;
	}
	for (uint32_t node = 0; node < NODES_MAX; node++) {
		s->told_at[node] = n;
		for (uint32_t i = 0; i < s->h->n_told; i++) {
			if (s->h->told[i].node == node && !taken[i])
				s->order[n++] = i;
		}
		s->told_end[node] = n;
	}
	free(taken);
}

static void say_why(const search *s, int result, char *why, size_t size)
{
	int n = snprintf(why, size, "%s: %u of %u known operations explained, state %u %u %u %u", result == LINEAR_WRONG ? "no order explains it" :
		"undecided", s->best, s->n_known, s->stuck[0], s->stuck[1], s->stuck[2], s->stuck[3]);
	uint32_t from = s->best > 8 ? s->best - 8 : 0;

	for (uint32_t i = from; i < s->n_known && i < s->best + 8 && n > 0 && (size_t)n + 3 < size; i++) {
		n += snprintf(why + n, size - (size_t)n, "\n  ");
		n += act_print(&s->h->acts[i], why + n, size - (size_t)n);
	}
	for (uint32_t i = s->n_known; i < s->h->n_acts && n > 0 && (size_t)n + 12 < size; i++) {
		n += snprintf(why + n, size - (size_t)n, "\n  unknown ");
		n += act_print(&s->h->acts[i], why + n, size - (size_t)n);
	}
}

static void say_events(const search *s, char *why, size_t size)
{
	size_t n = 0;

	*why = '\0';
	for (uint32_t node = 0; node < NODES_MAX; node++) {
		for (uint32_t i = s->heard[node]; i < s->told_end[node] && i < s->heard[node] + 4 && n + 100 < size; i++) {
			const told *t = &s->h->told[s->order[i]];

			n += (size_t)snprintf(why + n, size - n, "node %u heard next: %s p%u t%u to t%u\n  ", node, rg_event_name(t->kind), t->uri, t->before,
				t->after);
		}
	}
}

int linear_check(history *h, char *why, size_t size)
{
	search s = { .h = h, .room = 1024 };

	sort_acts(&s, h);
	s.placed = calloc(h->n_acts + 1, sizeof *s.placed);
	s.order = calloc(h->n_told + 1, sizeof *s.order);
	s.apart = calloc(h->n_acts + 1, sizeof *s.apart);
	s.frames = calloc(h->n_acts + 1, sizeof *s.frames);
	s.failed = calloc(s.room, sizeof *s.failed);
	order_events(&s);
	int result = explore(&s);

	if (result != LINEAR_GOOD) {
		say_events(&s, why, size);
		say_why(&s, result, why + strlen(why), size - strlen(why));
	}
	while (s.depth > 0)
		take_back(&s);
	rg_record_unref(s.record);
	free(s.placed);
	free(s.order);
	free(s.apart);
	free(s.frames);
	free(s.failed);
	return result;
}
