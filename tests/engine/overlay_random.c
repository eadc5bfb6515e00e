/* SPDX-License-Identifier: MIT */
/*
 * Random commits and fetches over an overlay, with a shadow model of what must be there. Main answers with success, refusals and unknown
 * outcomes of every kind, some of them done late; other nodes commit to it; the local store fails or is full; commits in doubt are sent
 * again, as the engine does; now and then a minute passes. What is held:
 *
 *  - A binding whose commit was answered RG_OK is there until its removal is answered RG_OK or another commit supersedes it.
 *  - A binding that is gone never comes back, and no record has two copies of one.
 *  - A commit in doubt is seen as a whole or not at all while main's revision tells; where it does not, nothing of what is true is lost.
 *  - A commit that succeeds was decided on what was there.
 *  - No local binding gets into main, and the local store is empty when all was removed.
 *
 * Every other sequence has a main that answers later and in any order, so that commits and fetches of one key overlap.
 *
 * A plain main, to be run under sanitizers for longer. usage: overlay_random [SEQUENCES [SEED]]; a failure prints its seed.
 */
#include <rgstr/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "overlay_shadow.h"
#include "shims.h"

enum { KEYS = 3, MOST = 10, DOUBTS = 8, STEPS = 60, IN_FLIGHT = 4, TABLES = 512 /* bytes of an empty local store, no more */ };

/* A call under way. */
typedef struct call {
	bool fetch, resend;
	uint32_t key;
	uint64_t epoch;
	change change;
} call;

static struct world {
	uint64_t seed, state, next_id, epoch;
	uint32_t step, minted, cseq, in_flight;
	rg_time now;
	bool calm; /* nothing fails any more */
	remote main;
	faulty of_local;
	deferred *deferred; /* NULL: main is inline */
	rg_store *overlay, *local;
	shadow keys[KEYS];
	change doubts[DOUBTS];
	uint32_t n_doubts;
} w;

static uint64_t tally[2][5]; /* first sendings and resends: ok, conflict, unknown, refused; and fetches compared */

static int clock_ahead; /* seconds, of the clock that the overlay goes by */

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int failed = __real_clock_gettime(clock, out);

	out->tv_sec += clock == CLOCK_MONOTONIC ? clock_ahead : 0;
	return failed;
}

static uint32_t dice(uint32_t below)
{
	w.state ^= w.state << 13;
	w.state ^= w.state >> 7;
	w.state ^= w.state << 17;
	return (uint32_t)((w.state >> 20) % below);
}

static rg_key key_of(uint32_t key)
{
	return (rg_key){ RG_STR("location"), rg_str_from(w.keys[key].user), RG_STR("example.org") };
}

void wrong(const char *what, uint64_t id)
{
	fprintf(stderr, "overlay_random: seed %llu, step %u: %s (binding %llu)\n", (unsigned long long)w.seed, w.step, what,
		(unsigned long long)id);
	exit(1);
}

static rg_revision mint(void)
{
	rg_revision r = { .b = { 7 } };

	w.minted++;
	memcpy(r.b + 1, &w.seed, 7);
	memcpy(r.b + 8, &w.minted, sizeof w.minted);
	return r;
}

/* ---- what main does ---- */

static remote_fate draw_fate(void *user)
{
	static const uint8_t weights[] = { 56, 10, 14, 10, 10 };
	static const rg_status refusals[] = { RG_ESTORE, RG_EFULL, RG_ENOMEM };
	uint32_t at = dice(100), fate = 0;

	(void)user;
	while (at >= weights[fate])
		at -= weights[fate++];
	w.main.refusal = refusals[dice(3)];
	return w.calm ? REMOTE_DOES : (remote_fate)fate;
}

static rg_status draw_fetch(void *user)
{
	(void)user;
	return !w.calm && dice(16) == 0 ? RG_ESTORE : RG_OK;
}

static void note_all(void)
{
	for (uint32_t i = 0; i < KEYS; i++)
		note_landed(&w.keys[i]);
}

/* ---- what this node asks, and what it is answered ---- */

static void compare(const shadow *s, const rg_fetched *found)
{
	tally[0][4]++;
	check_seen(s, found);
}

static void keep_view(shadow *s, const rg_fetched *found)
{
	view *v = &s->views[dice(VIEWS)];

	rg_record_unref(v->record);
	*v = (view){ .good = !found->partial, .base = found->base, .record = found->record,
		.local_base = found->record ? *rg_record_local_revision(found->record) : found->local_base };
}

static void forget_change(change *c)
{
	rg_record_unref(c->commit.next);
}

static void commit_came(void *tok, rg_status status, const rg_fetched *current)
{
	call *c = tok;
	shadow *s = &w.keys[c->key];
	bool unknown = status == RG_EUNKNOWN || (c->resend && status != RG_OK && status != RG_ECONFLICT);

	w.in_flight--;
	w.epoch++;
	note_all();
	tally[c->resend][status == RG_OK ? 0 : status == RG_ECONFLICT ? 1 : unknown ? 2 : 3]++;
	if (status == RG_OK)
		landed_for_certain(s, &c->change, c->resend);
	else if (status == RG_ECONFLICT)
		refused_for_certain(s, &c->change);
	else if (unknown)
		in_doubt(s, &c->change, c->resend);
	else if (remote_has_landed(&w.main, rg_str_from(s->user), &c->change.commit.revision))
		wrong("a commit was answered with an error, and main took it", 0);
	if (current && !w.deferred)
		compare(s, current);
	if (current)
		keep_view(s, current);
	if (unknown && w.n_doubts < DOUBTS && dice(10) > 0)
		w.doubts[w.n_doubts++] = c->change; /* else the engine gave up */
	else
		forget_change(&c->change);
	free(c);
}

static void fetch_came(void *tok, rg_status status, const rg_fetched *found)
{
	call *c = tok;

	w.in_flight--;
	note_all();
	if (status == RG_OK) {
		read_set(found->record, ANY);
		if (c->epoch == w.epoch && w.in_flight == 0)
			compare(&w.keys[c->key], found);
		keep_view(&w.keys[c->key], found);
	}
	free(c);
}

static void answer_some(uint32_t leave)
{
	while (w.deferred && w.in_flight > leave)
		deferred_answer(w.deferred, dice(deferred_pending(w.deferred)));
}

static call *new_call(uint32_t key, bool fetch)
{
	call *c = calloc(1, sizeof *c);

	c->key = key;
	c->fetch = fetch;
	c->epoch = w.in_flight == 0 ? w.epoch : UINT64_MAX;
	w.in_flight++;
	return c;
}

static void fetch_one(uint32_t key)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(w.overlay, &self);
	rg_key k = key_of(key);

	ops->fetch(self, &k, dice(2) ? RG_FETCH_FRESH : 0, fetch_came, new_call(key, true));
}

static void send(const change *what, bool resend)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(w.overlay, &self);
	rg_key k = key_of(what->key);
	call *c = new_call(what->key, false);

	w.epoch++;
	c->resend = resend;
	c->change = *what;
	rg_status st = ops->commit(self, &k, &what->commit, 0, commit_came, c);
	if (st < 0)
		commit_came(c, st, NULL);
}

/* ---- what this node and others do ---- */

/* Makes a few changes of bindings. @return how many there are. */
static uint32_t mutate(rg_contact *c, uint32_t n, bool may_be_local, uint32_t *removed)
{
	static const char filler[400];

	for (uint32_t left = 1 + dice(3); left > 0; left--) {
		uint32_t what = dice(10), at = n > 0 ? dice(n) : 0;

		if (what == 0 && n > 0) {
			*removed += n;
			n = 0;
		} else if (what < 4 && n > 0) {
			c[at] = c[--n];
			++*removed;
		} else if (what < 7 && n > 0) {
			c[at].cseq = ++w.cseq;
			c[at].modified = w.now;
			c[at].attr = (rg_str){ filler, dice(2) ? dice(sizeof filler) : 0 };
			c[at].flags ^= may_be_local && dice(2) ? RG_CONTACT_LOCAL : 0;
		} else if (n < MOST) {
			rg_contact_init(&c[n], sizeof c[n]);
			c[n].id = ++w.next_id;
			c[n].uri = RG_STR("sip:phone@192.0.2.1");
			c[n].callid = RG_STR("call");
			c[n].cseq = ++w.cseq;
			c[n].created = c[n].modified = w.now;
			c[n].expires = w.now + 3600000;
			c[n++].flags = may_be_local && dice(2) ? RG_CONTACT_LOCAL : 0;
		}
	}
	w.now += dice(3);
	return n;
}

static rg_record *next_of(uint32_t key, const rg_record *now, const rg_revision *revision, bool may_be_local)
{
	rg_contact c[BINDINGS];
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n = 0, n_removals = 0, removed = 0;
	rg_key k = key_of(key);
	rg_record *out = NULL;

	for (; n < rg_record_contact_count(now); n++) {
		rg_contact_init(&c[n], sizeof c[n]);
		rg_record_contact(now, n, &c[n]);
	}
	for (; dice(2) && n_removals < rg_record_removal_count(now); n_removals++) {
		rg_removal_init(&removals[n_removals], sizeof removals[n_removals]);
		rg_record_removal(now, n_removals, &removals[n_removals]);
	}
	n = mutate(c, n, may_be_local, &removed);
	if (removed > 0 && dice(2) && n_removals < RG_REMOVALS_MAX)
		removals[n_removals++] = (rg_removal){ .struct_size = sizeof(rg_removal), .cseq = ++w.cseq, .uri = RG_STR("sip:gone@192.0.2.1"),
			.callid = RG_STR("call"), .at = w.now };
	if (n + n_removals > 0 && rg_record_new(&k, revision, c, n, removals, n_removals, (rg_str){ NULL, 0 }, &out) != RG_OK)
		wrong("a record could not be made", 0);
	return out;
}

static void commit_one(uint32_t key, bool clears)
{
	const view *v = &w.keys[key].views[dice(VIEWS)];
	change c = { .commit = { .struct_size = sizeof c.commit, .base = v->base, .revision = mint(), .local_base = v->local_base },
		.key = key };

	if (!v->good)
		return;
	c.commit.next = clears ? NULL : next_of(key, v->record, &c.commit.revision, true);
	c.local = read_set(c.commit.next, RG_CONTACT_LOCAL);
	c.seen_local = read_set(v->record, RG_CONTACT_LOCAL);
	c.seen_main = read_set(v->record, 0);
	send(&c, false);
}

static void resend_one(void)
{
	if (w.n_doubts == 0)
		return;
	uint32_t at = dice(w.n_doubts);
	change c = w.doubts[at];

	w.doubts[at] = w.doubts[--w.n_doubts];
	send(&c, true);
}

/* Another node commits to main. Not so often that main forgets a commit in doubt. */
static void commit_elsewhere(uint32_t key)
{
	shadow *s = &w.keys[key];
	remote_cell *cell = cell_of(s);
	rg_commit c = { .struct_size = sizeof c, .base = cell->base, .revision = mint() };
	rg_key k = key_of(key);

	if (s->pending && cell->landed - s->landed_before > REMOTE_REMEMBERED - 3)
		return;
	rg_record *next = next_of(key, cell->record, &c.revision, false);
	c.next = next;
	w.epoch++;
	remote_take(&w.main, &k, &c);
	rg_record_unref(next);
}

static void do_late(void)
{
	w.epoch++;
	if (w.main.n_late > 0)
		remote_do_late(&w.main, dice(w.main.n_late));
	note_all();
}

/* Nothing is sent again after a minute, and nothing is done so late. */
static void let_a_minute_pass(void)
{
	answer_some(0);
	while (w.main.n_late > 0)
		do_late();
	while (w.n_doubts > 0)
		forget_change(&w.doubts[--w.n_doubts]);
	clock_ahead += 61;
	for (uint32_t i = 0; i < KEYS; i++) {
		w.keys[i].aged = w.keys[i].pending;
		for (uint32_t k = 0; k < VIEWS; k++)
			w.keys[i].views[k].good = false;
	}
}

static void take_step(void)
{
	uint32_t what = dice(100), key = dice(KEYS);

	if (what < 30)
		fetch_one(key);
	else if (what < 62)
		commit_one(key, what < 33);
	else if (what < 76)
		resend_one();
	else if (what < 86)
		commit_elsewhere(key);
	else if (what < 92)
		do_late();
	else if (what < 99)
		w.of_local.times = (int32_t)dice(3);
	else
		let_a_minute_pass();
	answer_some(dice(IN_FLIGHT));
}

/* ---- one sequence ---- */

static void open_world(uint64_t seed)
{
	rg_memory_options options;
	rg_store *memory = NULL, *main_store, *of_local;

	w = (struct world){ .seed = seed, .state = seed * 0x9E3779B97F4A7C15u | 1, .now = 1000000 };
	w.main.fate = draw_fate;
	w.main.fetching = draw_fetch;
	w.of_local = (faulty){ .calls = CALL_COMMIT, .status = seed % 3 ? RG_ENOMEM : RG_EFULL };
	rg_memory_options_init(&options, sizeof options);
	options.shards = 1;
	options.max_bytes = seed % 4 ? 0 : 5000;
	rg_memory_store_new(&options, &w.local, NULL);
	of_local = faulty_new(w.local, &w.of_local);
	main_store = remote_new(&w.main);
	if (seed % 2) {
		memory = main_store;
		main_store = deferred_new(memory, &w.deferred);
	}
	if (rg_store_overlay(main_store, of_local, &w.overlay, NULL) != RG_OK)
		wrong("the overlay could not be made", 0);
	rg_store_unref(memory);
	rg_store_unref(main_store);
	rg_store_unref(of_local);
	for (uint32_t i = 0; i < KEYS; i++) {
		w.keys[i].main = &w.main;
		snprintf(w.keys[i].user, sizeof w.keys[i].user, "user%u", i);
	}
}

static void held_locally(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	(void)status;
	*(uint64_t *)tok = records + bindings;
}

static void look_anew(uint32_t key)
{
	view *views = w.keys[key].views;

	for (uint32_t i = 0; i < VIEWS; i++)
		views[i].good = false;
	while (!views[0].good || !views[1].good) {
		fetch_one(key);
		answer_some(0);
	}
}

/* Nothing fails any more: every doubt ends, what is there is exactly what must be, and all can be removed. */
static void come_to_rest(void)
{
	uint64_t held = 1;
	void *self;
	const rg_store_ops *ops = rg_store_members(w.local, &self);

	answer_some(0);
	w.calm = true;
	w.of_local.times = 0;
	while (w.main.n_late > 0)
		do_late();
	for (int i = 0; i < 4 * DOUBTS && w.n_doubts > 0; i++) {
		resend_one();
		answer_some(0);
	}
	if (w.n_doubts > 0)
		wrong("a commit stays in doubt", 0);
	for (uint32_t key = 0; key < KEYS; key++) {
		for (uint32_t i = 0; i < 4; i++) {
			bool full = w.seed % 4 == 0 && i < 3;
			uint64_t done = tally[0][0];

			/* The first one may have to undo what an earlier one left. */
			for (uint32_t tries = 0; tries < 2 && tally[0][0] == done; tries++) {
				look_anew(key);
				commit_one(key, i == 3);
				answer_some(0);
			}
			if (tally[0][0] == done && !full)
				wrong("a commit on what is there did not succeed", 0);
		}
	}
	if (ops->count(self, &RG_STR("location"), 0, held_locally, &held) != RG_OK || held > 0)
		wrong("something stays in the local store", 0);
	if (rg_memory_store_size(w.local) > TABLES)
		wrong("the budget is not given back", 0);
	if (w.main.leaks > 0)
		wrong("a local binding got into main", 0);
}

static void close_world(void)
{
	for (uint32_t i = 0; i < KEYS * VIEWS; i++)
		rg_record_unref(w.keys[i / VIEWS].views[i % VIEWS].record);
	rg_store_unref(w.overlay);
	rg_store_unref(w.local);
	remote_clear(&w.main);
}

int main(int argc, char **argv)
{
	uint64_t sequences = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	for (uint64_t i = 0; i < sequences; i++) {
		open_world(seed + i);
		for (w.step = 0; w.step < STEPS; w.step++)
			take_step();
		come_to_rest();
		close_world();
	}
	printf("overlay_random: %llu sequences; commits ok %llu, conflict %llu, unknown %llu, refused %llu; resends ok %llu, conflict %llu, "
		"unknown %llu; %llu fetches compared\n", (unsigned long long)sequences, (unsigned long long)tally[0][0],
		(unsigned long long)tally[0][1], (unsigned long long)tally[0][2], (unsigned long long)tally[0][3], (unsigned long long)tally[1][0],
		(unsigned long long)tally[1][1], (unsigned long long)tally[1][2], (unsigned long long)tally[0][4]);
	return tally[0][0] == 0 || tally[1][0] == 0 || tally[1][1] == 0 || tally[0][4] == 0;
}
