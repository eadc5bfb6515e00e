/* SPDX-License-Identifier: MIT */
#include "engine/registrar.h"
#include <criterion/criterion.h>

enum { SEQUENCES = 3000, STEPS = 120, THINGS = 4, TICKS = 3 };

/* Operations and records with their deadlines, ticks in any order of their parts, and a host that follows what it is told. */
typedef struct world {
	rg_registrar reg;
	rg_time now;
	rg_time timer; /* of the host */
	rg_time ops[THINGS], records[THINGS];
	struct {
		bool under_way, looked;
		uint64_t begun;
		rg_time at;
		uint32_t in_hand; /* bits of operations that have no deadline until the tick ends */
	} ticks[TICKS];
	bool walking, looked;
	rg_time left; /* as the walk saw the records */
	rg_time retry; /* what is due waits for another walk until then */
	uint32_t dice;
} world;

static uint32_t roll(world *w, uint32_t n)
{
	w->dice = w->dice * 1664525 + 1013904223;
	return (w->dice >> 16) % n;
}

static rg_time world_now(void *user)
{
	return ((world *)user)->now;
}

static void world_wakeup(void *user, rg_time next)
{
	world *w = user;

	w->timer = next < w->timer ? next : w->timer;
}

static rg_time earliest_of(const rg_time *things)
{
	rg_time at = RG_TIME_NEVER;

	for (int i = 0; i < THINGS; i++)
		at = things[i] < at ? things[i] : at;
	return at;
}

static void set_op(world *w, uint32_t i)
{
	w->ops[i] = w->now + roll(w, 5000);
	rg__announce(&w->reg, w->ops[i]);
}

static void set_record(world *w, uint32_t i)
{
	w->records[i] = w->now + 1 + roll(w, 5000);
	rg__announce_record(&w->reg, w->records[i]);
}

/* One part of a walk: it begins, looks at the records, and ends, maybe with a failure. */
static void step_walk(world *w)
{
	if (!w->walking) {
		w->walking = rg__walk_begin(&w->reg);
		cr_assert(w->walking);
		w->looked = false;
		return;
	}
	cr_expect_not(rg__walk_begin(&w->reg), "there is one walk at a time");
	if (!w->looked && roll(w, 8) > 0) {
		for (int i = 0; i < THINGS; i++)
			w->records[i] = w->records[i] <= w->now ? RG_TIME_NEVER : w->records[i];
		w->left = earliest_of(w->records);
		w->looked = true;
		return;
	}
	w->walking = false;
	if (w->looked)
		rg__walk_end(&w->reg, w->left, 0);
	else
		rg__walk_failed(&w->reg);
	w->retry = w->looked ? 0 : w->now + RG__TICK_AGAIN;
}

/* One part of a tick: it begins, takes what is due of the operations and looks at the rest, and ends. */
static void step_tick(world *w, int i)
{
	if (!w->ticks[i].under_way) {
		w->ticks[i].under_way = true;
		w->ticks[i].looked = false;
		w->ticks[i].in_hand = 0;
		w->ticks[i].begun = rg__tick_begin(&w->reg);
		return;
	}
	if (!w->ticks[i].looked) {
		for (int k = 0; k < THINGS; k++) {
			if (w->ops[k] > w->now)
				continue;
			w->ops[k] = RG_TIME_NEVER;
			w->ticks[i].in_hand |= 1u << k;
		}
		w->ticks[i].at = earliest_of(w->ops);
		w->ticks[i].looked = true;
		return;
	}
	for (int k = 0; k < THINGS; k++) {
		if ((w->ticks[i].in_hand >> k & 1) && roll(w, 2) && w->ops[k] == RG_TIME_NEVER) {
			w->ops[k] = w->now + 1 + roll(w, 3000); /* told to nobody but this tick */
			w->ticks[i].at = w->ops[k] < w->ticks[i].at ? w->ops[k] : w->ticks[i].at;
		}
	}
	w->ticks[i].under_way = false;
	w->timer = rg__promise(&w->reg, w->ticks[i].at, w->ticks[i].begun);
}

static bool ticks_are_over(const world *w)
{
	for (int i = 0; i < TICKS; i++) {
		if (w->ticks[i].under_way)
			return false;
	}
	return true;
}

/* With all ticks over, the host comes no later than something is due. What is due while a walk is under way waits for its end, which
 * the host is told. */
static void expect_in_time(const world *w, int sequence)
{
	rg_time op = earliest_of(w->ops), record = earliest_of(w->records);

	rg_time retry = w->walking ? w->now + RG__TICK_AGAIN : w->retry;

	record = record < retry ? retry : record;
	cr_assert_leq(w->timer, op, "sequence %d: the host comes %lld later than an operation", sequence, (long long)(w->timer - op));
	cr_assert_leq(w->timer, record, "sequence %d: the host comes %lld later than a record", sequence, (long long)(w->timer - record));
}

static void run_sequence(int sequence)
{
	world w = { .now = 1700000000000, .timer = RG_TIME_NEVER, .dice = (uint32_t)sequence };

	rg__agenda_init(&w.reg.agenda);
	w.reg.env = (rg_env){ .now = world_now, .wakeup = world_wakeup, .user = &w };
	for (int i = 0; i < THINGS; i++)
		w.ops[i] = w.records[i] = RG_TIME_NEVER;
	for (int step = 0; step < STEPS; step++) {
		switch (roll(&w, 8)) {
		case 0:
			set_op(&w, roll(&w, THINGS));
			break;
		case 1:
			set_record(&w, roll(&w, THINGS));
			break;
		case 2:
		case 3:
			step_walk(&w);
			break;
		case 4:
			w.now += roll(&w, 1500);
			break;
		default:
			step_tick(&w, (int)roll(&w, TICKS));
		}
		if (ticks_are_over(&w))
			expect_in_time(&w, sequence);
	}
	rg__agenda_destroy(&w.reg.agenda);
}

Test(agenda, however_ticks_and_a_walk_overlap_the_host_is_told_in_time)
{
	for (int sequence = 1; sequence <= SEQUENCES; sequence++)
		run_sequence(sequence);
}

/* A tick within a callback may be told its time for nothing, so the host that heard the other one is woken. */
Test(agenda, a_tick_that_knows_of_something_earlier_than_one_that_ended_meanwhile_wakes_the_host)
{
	static const struct {
		rg_time first, second, woken;
	} rows[] = {
		{ 500, RG_TIME_NEVER, 500 }, { 500, 900, 500 }, { 500, 500, RG_TIME_NEVER }, { 900, 500, RG_TIME_NEVER },
		{ RG_TIME_NEVER, RG_TIME_NEVER, RG_TIME_NEVER },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = { .timer = RG_TIME_NEVER };

		rg__agenda_init(&w.reg.agenda);
		w.reg.env = (rg_env){ .now = world_now, .wakeup = world_wakeup, .user = &w };
		uint64_t first = rg__tick_begin(&w.reg), second = rg__tick_begin(&w.reg);
		cr_expect_eq(rg__promise(&w.reg, rows[i].second, second), rows[i].second);
		cr_expect_leq(rg__promise(&w.reg, rows[i].first, first), rows[i].first);
		cr_expect_eq(w.timer, rows[i].woken, "row %zu: %lld", i, (long long)w.timer);
		rg__agenda_destroy(&w.reg.agenda);
	}
}
