/* SPDX-License-Identifier: MIT */
/* Clocks that say anything: every verb, the tick and a federation. */
#include "every_verb.h"
#include "sites.h"
#include <stdio.h>

/* What a clock says, and what it counts as. */
static const struct {
	rg_time says, counts;
} times[] = {
	{ INT64_MIN, 0 }, { INT64_MIN + 1, 0 }, { -1, 0 }, { 0, 0 }, { 1, 1 }, { 1700000000000, 1700000000000 },
	{ 253402300799999, 253402300799999 }, { 253402300800000, 253402300799999 }, { INT64_MAX - 3600000, 253402300799999 },
	{ INT64_MAX - 1, 253402300799999 }, { INT64_MAX, 253402300799999 },
};

enum { TIMES = sizeof times / sizeof *times };

/* Everything that came of all verbs, as text. */
typedef struct account {
	char text[8192];
	size_t n;
} account;

static void note(account *a, const char *what, const outcome *o)
{
	a->n += (size_t)snprintf(a->text + a->n, a->n < sizeof a->text ? sizeof a->text - a->n : 0, "%s: %s %d %u %d/%d\n", what,
		rg_strerror(o->status), o->code, o->n, o->called, o->freed);
	cr_assert_lt(a->n, sizeof a->text);
}

static void answer_all(kit *k)
{
	if (k->deferred)
		deferred_answer_all(k->deferred);
}

static void run_verb(kit *k, const verb_row *verb, bool blocking, account *a)
{
	outcome o = { 0 };
	verb_call c = { .k = k, .o = &o, .blocking = blocking };
	rg_status st = verb->run(&c);

	lent_give_back(&c.given);
	answer_all(k);
	if (blocking)
		o.status = st;
	else
		cr_expect(o.called == 1 && o.freed == 1, "%s", verb->name);
	lent_give_back(&c.message);
	rg_op_free(o.op);
	note(a, verb->name, &o);
}

/* The next tick, as a distance from what the clock counts as. */
static void tick_twice(kit *k, size_t at, account *a)
{
	for (int i = 0; i < 2; i++) {
		rg_time next = kit_tick(k);
		outcome o = { 0 };

		answer_all(k);
		o.n = next == RG_TIME_NEVER ? 0 : (uint32_t)(next - times[at].counts);
		note(a, "next", &o);
	}
}

/* The row of the tick moves the clock. */
static bool keeps_time(const verb_row *verb)
{
	return strcmp(verb->name, "tick") != 0;
}

/* Bindings are made at @p from, and the clock jumps to @p to and back. @p counts: it says what its time counts as. */
static void run_all(int how, size_t from, size_t to, bool counts, account *a)
{
	size_t at[] = { from, to, from };
	kit k;

	*a = (account){ 0 };
	kit_init(&k);
	k.now = counts ? times[from].counts : times[from].says;
	kit_open_over(&k, how == INLINE ? rg_store_ref(k.memory) : deferred_new(k.memory, &k.deferred));
	federate(&k, k.store, EAST);
	tick_twice(&k, from, a);
	every_verb_bind(&k);
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		k.now = counts ? times[at[i]].counts : times[at[i]].says;
		tick_twice(&k, at[i], a);
		for (size_t verb = 0; verb < n_every_verb; verb++) {
			for (int blocking = 0; blocking < 2; blocking++) {
				if (keeps_time(&every_verb[verb]))
					run_verb(&k, &every_verb[verb], blocking, a);
			}
		}
		tick_twice(&k, at[i], a);
	}
	kit_close(&k);
	cr_expect(k.freed);
}

/* So a clock out of range is defined by one within. */
Test(clock, every_time_counts_as_one_of_the_calendar)
{
	static account said, counted;

	for (int how = INLINE; how <= DEFERRED; how++) {
		for (size_t from = 0; from < TIMES; from++) {
			for (size_t to = 0; to < TIMES; to++) {
				run_all(how, from, to, false, &said);
				run_all(how, from, to, true, &counted);
				cr_expect_str_eq(said.text, counted.text, "from %lld to %lld", (long long)times[from].says, (long long)times[to].says);
			}
		}
	}
}

Test(clock, a_binding_made_at_any_time_is_found_at_that_time_and_expires)
{
	for (size_t at = 0; at < TIMES; at++) {
		outcome o = { 0 };
		rg_time next;
		kit k;

		kit_open(&k, INLINE);
		k.now = times[at].says;
		cr_expect_eq(kit_save(&k, "alice", A1 ";expires=60", 1), 200);
		kit_save_async(&k, "bob", A1, 1, &o);
		cr_expect_eq(o.code, 200);
		rg_op_free(o.op);
		next = kit_tick(&k);
		cr_expect_eq(next, times[at].counts + 60000);
		cr_expect_eq(kit_targets(&k, "alice"), 1, "at %lld", (long long)k.now);
		cr_expect_eq(kit_targets(&k, "bob"), 1);
		kit_close(&k);
	}
}

Test(clock, a_registrar_says_what_its_clock_counts_as)
{
	for (size_t at = 0; at < TIMES; at++) {
		kit k;

		kit_open(&k, INLINE);
		k.now = times[at].says;
		cr_expect_eq(rg_registrar_now(k.reg), times[at].counts);
		kit_close(&k);
	}
}

/* Says another time at each call. */
static rg_time erratic(void *user)
{
	static uint32_t n;

	(void)user;
	n = n * 1664525 + 1013904223;
	return times[(n >> 16) % TIMES].says;
}

Test(clock, one_that_jumps_within_an_operation_breaks_nothing)
{
	account a;

	for (int how = INLINE; how <= DEFERRED; how++) {
		kit k;

		kit_init(&k);
		k.env.now = erratic;
		kit_open_over(&k, how == INLINE ? rg_store_ref(k.memory) : deferred_new(k.memory, &k.deferred));
		federate(&k, k.store, EAST);
		kit_listen(&k);
		every_verb_bind(&k);
		for (int round = 0; round < 50; round++) {
			a = (account){ 0 };
			for (size_t verb = 0; verb < n_every_verb; verb++) {
				for (int blocking = 0; blocking < 2; blocking++) {
					if (keeps_time(&every_verb[verb]))
						run_verb(&k, &every_verb[verb], blocking, &a);
				}
			}
			k.events[0] = '\0';
		}
		kit_close(&k);
		cr_expect(k.freed, "every operation has ended");
	}
}

static void expect_pause(kit *k, size_t at)
{
	rg_time next = 0;

	for (int i = 0; i < 50 && next <= times[at].counts; i++)
		next = kit_tick(k);
	cr_expect_gt(next, times[at].counts, "a pause at %lld", (long long)k->now);
}

/* The shared store fails, and works again after a jump. */
static void publish_after_a_failure(size_t from, size_t to)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ETIMEOUT };
	rg_store *shared = shared_new(), *failing = faulty_new(shared, &f);
	bool lives = times[to].counts < times[from].counts + HOUR, moves = times[to].counts < times[TIMES - 1].counts;
	kit k;

	kit_open(&k, INLINE);
	k.now = times[from].says;
	federate(&k, failing, EAST);
	kit_save(&k, "alice", A1, 1);
	expect_pause(&k, from);
	k.now = times[to].says;
	expect_pause(&k, to);
	f.times = 0;
	for (int i = 0; i < 70 && records(shared) == 0; i++) {
		k.now = times[to].counts + 1000 * i;
		kit_tick(&k);
	}
	if (moves) /* at the end of the calendar no pause ends */
		cr_expect_eq(records(shared), lives, "from %lld to %lld", (long long)times[from].says, (long long)times[to].says);
	kit_close(&k);
	rg_store_unref(failing);
	rg_store_unref(shared);
}

Test(clock, a_federation_whose_store_fails_pauses_at_any_time)
{
	for (size_t from = 0; from < TIMES; from++) {
		for (size_t to = 0; to < TIMES; to++)
			publish_after_a_failure(from, to);
	}
}
