/* SPDX-License-Identifier: MIT */
#include "random.h"

/* ---- states ---- */

static uint64_t mix_bytes(uint64_t h, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
	return h;
}

static uint64_t mix_text(uint64_t h, rg_str s)
{
	return mix_bytes(mix_bytes(h, &s.n, sizeof s.n), s.p, s.n);
}

uint32_t hash_text(rg_str text)
{
	return (uint32_t)mix_text(14695981039346656037u, text) | 1;
}

static copy copy_of(const rg_contact *c)
{
	const rg_str texts[] = { c->uri, c->params, c->instance, c->callid, c->path, c->received, c->socket, c->flow, c->user_agent, c->attr,
		c->ownership_tag, c->next_hop, c->extra };
	/* Without the generation and the state of the wake-up: they may change without an event. */
	const uint64_t numbers[] = { c->flags & ~(uint32_t)RG_CONTACT_WOKEN, c->id, c->n_addrs, c->cseq, (uint64_t)c->expires,
		(uint64_t)c->created, (uint64_t)c->modified, c->request_hash, (uint64_t)(int64_t)c->q, c->reg_id, c->methods, c->branch_flags,
			c->latency };
	uint64_t h = mix_bytes(14695981039346656037u, numbers, sizeof numbers);

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		h = mix_text(h, texts[i]);
	return (copy){ .id = c->id, .hash = h, .expires = c->expires, .last = c->expires, .modified = c->modified, .cseq = c->cseq,
		.uri = hash_text(c->uri), .instance = c->instance.n > 0 ? hash_text(c->instance) : 0, .generation = c->generation,
		.is_flow = c->reg_id != 0, .is_local = (c->flags & RG_CONTACT_LOCAL) != 0 };
}

static const copy *find(const state *s, uint64_t id)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->copies[i].id == id)
			return &s->copies[i];
	}
	return NULL;
}

static bool has_id(const uint64_t *ids, uint32_t n, uint64_t id)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

void read_state(const rg_record *record, state *out)
{
	rg_contact c = { .struct_size = sizeof c };

	out->n = 0;
	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (out->n < MOST)
			out->copies[out->n] = copy_of(&c);
		out->n++;
	}
}

static bool same_device(const rg_contact *a, const rg_contact *b)
{
	return a->instance.n > 0 && rg_str_equal(a->instance, b->instance);
}

/* What no event tells: the live bindings of an instance have one generation. */
void check_generations(const rg_record *record, const char *user)
{
	rg_contact a = { .struct_size = sizeof a }, b = { .struct_size = sizeof b };

	for (uint32_t i = 0; rg_record_contact(record, i, &a) == RG_OK; i++) {
		for (uint32_t k = 0; k < i && rg_record_contact(record, k, &b) == RG_OK; k++) {
			if (a.expires > w.now && b.expires > w.now && same_device(&a, &b) && a.generation != b.generation)
				wrong("two bindings of an instance differ in their generation", user);
		}
	}
}

uint32_t count_live(const state *s, rg_time now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n && i < MOST; i++)
		n += s->copies[i].expires > now;
	return n;
}

static state *nth_state(const cell *c, uint32_t n)
{
	return &states[c - w.cells][n];
}

const state *state_now(const cell *c)
{
	return nth_state(c, c->n_states - 1);
}

/* A commit that the library has given up may have landed without a word. Without memory it cannot even log that. Over an overlay the
 * outcome is unknown, too, when main has the commit and the write to the local part fails. */
static bool hears_all(void)
{
	return w.undecided == 0 && !(w.short_of_memory && (w.shims[OF_MAIN].odds.unknown || w.local_failed));
}

bool can_follow(const cell *c)
{
	return !w.hostile && !c->vague;
}

static bool is_newer(const copy *a, const copy *b)
{
	return a->modified != b->modified ? a->modified > b->modified : a->cseq > b->cseq;
}

/* What the local part keeps goes by the generation that its instance has in main. */
static void take_generations(state *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const copy *newest = NULL;

		for (uint32_t k = 0; k < s->n && s->copies[i].is_local && s->copies[i].instance; k++) {
			const copy *other = &s->copies[k];

			if (!other->is_local && other->instance == s->copies[i].instance && (!newest || other->modified >= newest->modified))
				newest = other;
		}
		if (newest)
			s->copies[i].generation = newest->generation;
	}
}

static void unite(const cell *c, state *out)
{
	const state *local = &c->parts[1].state;

	*out = c->parts[0].state;
	for (uint32_t i = 0; i < local->n; i++) {
		const copy *k = &local->copies[i];
		copy *there = (copy *)find(out, k->id);
		rg_time last = there && there->last > k->last ? there->last : k->last;

		if (there && is_newer(k, there))
			*there = *k;
		else if (!there && out->n < MOST)
			out->copies[out->n++] = *k;
		if (there)
			there->last = last;
	}
	take_generations(out);
}

/* Without an overlay a binding that was there and went does not come back. */
static void check_not_revived(const cell *c, const state *s)
{
	const state *before = state_now(c);

	for (uint32_t i = 0; i < s->n; i++) {
		if (find(before, s->copies[i].id))
			continue;
		for (uint32_t k = 0; k + 1 < c->n_states; k++) {
			if (find(nth_state(c, k), s->copies[i].id))
				wrong("a binding that was gone is there again", c->user);
		}
	}
}

void state_changed(cell *c)
{
	if (c->vague || c->n_states == STATES || c->parts[0].state.n > MOST || c->parts[1].state.n > MOST) {
		c->vague = true;
		return;
	}
	state *s = nth_state(c, c->n_states);

	unite(c, s);
	if (!w.overlay && !w.hostile && !strstr(c->domain, "@homes"))
		check_not_revived(c, s);
	c->n_states++;
}

/* ---- answers ---- */

/* Is it there, and not expired, in every state since @p from? What the local part of an overlay has, the overlay may have to undo yet. */
static bool always_there(const cell *c, uint32_t from, const copy *k, rg_time now)
{
	for (uint32_t i = from; i < c->n_states; i++) {
		const copy *there = find(nth_state(c, i), k->id);

		if (!there || there->expires <= now || (w.overlay && there->is_local))
			return false;
	}
	return true;
}

/* A commit that moves a binding is under way while both parts have a copy. The overlay knows which copy counts; here either may. After a
 * conflict it need not be the newer one: the commit goes by the time when its request came. */
static bool ever_there(const cell *c, uint32_t from, uint64_t id, rg_time now)
{
	for (uint32_t i = from; i < c->n_states; i++) {
		const copy *there = find(nth_state(c, i), id);

		if (there && there->last > now)
			return true;
	}
	return false;
}

static bool lists_all_of(const state *s, const uint64_t *ids, uint32_t n, rg_time now)
{
	uint32_t listed = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->copies[i].expires <= now)
			continue;
		if (has_id(ids, n, s->copies[i].id))
			listed++;
		else if (!s->copies[i].is_flow)
			return false;
	}
	return listed == n;
}

/* The answer is what there was at one moment since the call began; of an overlay, whose parts are read one after the other, nothing else
 * is listed than what was there at some moment, and all that was there all the time. */
void check_listed(const call *c, const uint64_t *ids, uint32_t n, bool partial)
{
	const cell *of = c->cell;
	bool fits = false;

	if (!of || !can_follow(of))
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!ever_there(of, c->from, ids[i], c->now))
			wrong("an answer lists a binding that is not there", c->verb);
	}
	const state *first = nth_state(of, c->from);
	for (uint32_t i = 0; i < first->n && !partial; i++) {
		const copy *k = &first->copies[i];

		if (!k->is_flow && !has_id(ids, n, k->id) && always_there(of, c->from, k, c->now))
			wrong("an answer lacks a binding that is there", c->verb);
	}
	for (uint32_t i = c->from; i < of->n_states && !fits; i++)
		fits = lists_all_of(nth_state(of, i), ids, n, c->now);
	if (!fits && !partial && !w.overlay)
		wrong("an answer is no moment's", c->verb);
}

static bool is_named(const call *c, const copy *k)
{
	return k->expires > c->now && k->instance == c->names.instance && (c->names.kind == NAMES_PUBLIC || k->generation == c->names.generation);
}

/* An overlay may show a copy that another one covers here, see ever_there(), and a binding of the one part with the generation that the
 * other part had at another moment. */
static bool ever_named(const call *c, uint64_t id)
{
	for (uint32_t i = w.overlay ? 0 : c->from; i < c->cell->n_states; i++) {
		const state *s = nth_state(c->cell, i);

		for (uint32_t k = 0; k < s->n; k++) {
			if ((s->copies[k].id == id || w.overlay) && is_named(c, &s->copies[k]))
				return true;
		}
	}
	return false;
}

static bool always_named(const call *c, uint64_t id)
{
	for (uint32_t i = c->from; i < c->cell->n_states; i++) {
		const copy *there = find(nth_state(c->cell, i), id);

		if (!there || !is_named(c, there) || (w.overlay && there->is_local))
			return false;
	}
	return true;
}

/* A lookup by a GRUU finds the bindings of one instance, and of a temporary one those that have its generation. */
void check_listed_by_gruu(const call *c, const uint64_t *ids, uint32_t n, bool partial)
{
	const cell *of = c->cell;

	if (!can_follow(of) || c->names.kind == NAMES_NOBODY)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!ever_there(of, c->from, ids[i], c->now) || !ever_named(c, ids[i]))
			wrong("a GRUU leads to a binding that it does not name", c->verb);
	}
	const state *first = nth_state(of, c->from);
	for (uint32_t i = 0; i < first->n && !partial; i++) {
		if (!has_id(ids, n, first->copies[i].id) && always_named(c, first->copies[i].id))
			wrong("a GRUU does not lead to a binding that it names", c->verb);
	}
}

void check_walked(uint32_t from, const rg_record *record)
{
	state s;
	rg_key key;

	rg_record_key(record, &key);
	read_state(record, &s);
	cell *c = w.hostile ? NULL : cell_of(&key);

	if (!c || !can_follow(c) || from > c->n_states)
		return;
	for (uint32_t i = 0; i < s.n; i++) {
		bool there = false;

		for (uint32_t k = 0; k < c->n_states && !there; k++)
			there = find(nth_state(c, k), s.copies[i].id) != NULL;
		if (!there)
			wrong("a walk shows a binding that never was there", c->user);
	}
}

/* All that a removal meant was gone at some moment. */
void check_gone(const call *c)
{
	const cell *of = c->cell;

	if (!of || !can_follow(of))
		return;
	const state *first = nth_state(of, c->from);
	for (uint32_t i = 0; i < first->n; i++) {
		const copy *k = &first->copies[i];

		/* A flow may get another URI meanwhile. */
		if ((c->uri == 0 || (c->uri == k->uri && !k->is_flow)) && always_there(of, c->from, k, c->now))
			wrong("a binding is there that was removed", c->verb);
	}
}

/* ---- events ---- */

static bool same_state(const state *a, const state *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const copy *there = find(b, a->copies[i].id);

		if (!there || there->hash != a->copies[i].hash)
			return false;
	}
	return true;
}

/* The states that the events have come to are passed in their order. */
static void pass_states(cell *c)
{
	while (c->heard_at + 1 < c->n_states && same_state(&c->heard, nth_state(c, c->heard_at + 1)))
		c->heard_at++;
}

static void hear_of_binding(cell *c, const rg_event *e)
{
	state *s = &c->heard;
	copy before = e->before ? copy_of(e->before) : (copy){ 0 }, after = e->after ? copy_of(e->after) : (copy){ 0 };
	copy *there = (copy *)find(s, e->before ? before.id : after.id);

	if (e->before && !there)
		wrong("an event tells of a change to a binding that is not there", rg_event_name(e->kind));
	if (e->before && there->hash != before.hash)
		wrong("an event does not follow on the last one", rg_event_name(e->kind));
	if (!e->before && there)
		wrong("a binding comes twice", rg_event_name(e->kind));
	if (!c->aor_there)
		wrong("an event of a binding comes without its AoR", rg_event_name(e->kind));
	if (e->after && !e->before && s->n == MOST)
		c->vague = true;
	else if (e->after)
		*(there ? there : &s->copies[s->n++]) = after;
	else
		*there = s->copies[--s->n];
}

void event_heard(const rg_event *e)
{
	cell *c = w.hostile ? NULL : cell_of(&e->key);

	/* A lookup wakes what it found. That is no commit, and the events of one may follow. */
	if (!c || !can_follow(c) || !hears_all() || (e->reason.n > 4 && memcmp(e->reason.p, "ini-", 4) == 0))
		return;
	if (!w.overlay)
		pass_states(c); /* to what landed without an event */
	if (e->kind == RG_EVENT_AOR_INSERT || e->kind == RG_EVENT_AOR_DELETE) {
		bool comes = e->kind == RG_EVENT_AOR_INSERT;

		if (c->heard.n > 0 || c->aor_there == comes)
			wrong("an AoR comes or goes that does not", rg_event_name(e->kind));
		c->aor_there = comes;
	} else {
		hear_of_binding(c, e);
	}
	if (!w.overlay)
		pass_states(c);
}

/* Nothing is under way: the events have told of all that is there, and of nothing else. */
void check_heard(cell *c, const state *there)
{
	if (!can_follow(c) || !hears_all())
		return;
	if (!w.overlay)
		pass_states(c);
	if (!w.overlay && !same_state(there, state_now(c)))
		wrong("a fetch finds something else than what landed", c->user);
	if (!same_state(&c->heard, there))
		wrong("the events have not told of what is there", c->user);
	if (c->aor_there != (c->heard.n > 0))
		wrong("the last event of an AoR itself is not true", c->user);
	if (!w.overlay && c->heard_at != c->n_states - 1)
		wrong("the events came in another order than the commits", c->user);
}
