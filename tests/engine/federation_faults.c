/* SPDX-License-Identifier: MIT */
/* Publication while stores fail, answer late, conflict, and while more changes than is remembered. */
#include "sites.h"
#include <stdio.h>

Test(federation_faults, an_hour_without_the_shared_store_does_no_harm)
{
	rg_store *shared = shared_new();
	faulty f = { .calls = CALL_ANY, .times = 0, .status = RG_ESTORE };
	rg_store *weak = faulty_new(shared, &f);
	kit k;

	site_open(&k, weak);
	kit_save(&k, "alice", A1 ";expires=86400", 1);
	kit_save(&k, "bob", A1 ";expires=86400", 1);
	settle(&k);
	cr_expect_eq(records(shared), 2);
	f.times = -1;
	kit_save(&k, "bob", GONE, 2);
	cr_expect_eq(kit_save(&k, "carol", A1 ";expires=86400", 1), 200, "saves go on as ever");
	f.seen = 0;
	live_on(&k, HOUR);
	cr_expect_leq(f.seen, 400, "it is not beleaguered: %u calls", f.seen);
	cr_expect_geq(f.seen, 60, "nor forgotten: %u calls", f.seen);
	cr_expect_gt(kit_stat(&k, "homes_failed"), 100, "%d", (int)kit_stat(&k, "homes_failed"));
	cr_expect_eq(kit_targets(&k, "carol"), 1);
	ASKS(&k, "RG_OK 1/0p " LOCAL);
	ASKS(&k, "RG_ESTORE -3/503", .uri = "sip:dave@example.org");
	f.times = 0;
	live_on(&k, 31000);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	cr_expect_str_empty(homes(shared, "bob"));
	cr_expect_str_eq(homes(shared, "carol"), "sip:" EAST);
	ASKS(&k, "RG_OK -1/404", .uri = "sip:dave@example.org");
	site_close(&k, weak);
	rg_store_unref(shared);
}

enum { OVERFLOW = 4096 + 500 };

static void save_many(kit *k, const char *contact, int cseq)
{
	for (int i = 0; i < OVERFLOW; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		cr_assert_eq(kit_save(k, user, contact, cseq), 200);
	}
}

Test(federation_faults, more_changes_than_are_remembered_are_found_by_a_scan)
{
	rg_store *shared = shared_new();
	rg_time next;
	kit k;

	site_open(&k, shared);
	settle(&k);
	save_many(&k, A1 ";expires=86400", 1);
	rg_registrar_tick(k.reg, 0, &next);
	cr_expect_leq(records(shared), 100, "a tick does no more than its part");
	cr_expect_leq(next, k.now);
	live_on(&k, 30000);
	cr_expect_eq(records(shared), OVERFLOW);
	save_many(&k, GONE, 2);
	live_on(&k, 30000);
	cr_expect_eq(records(shared), 0, "those that are gone, too");
	site_close(&k, shared);
}

/* Expiry leaves nothing behind that a scan could find here. */
Test(federation_faults, more_of_them_lapse_than_are_remembered_and_none_stays_published)
{
	faulty f = { .calls = CALL_ANY, .times = 0, .status = RG_ESTORE };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	site_open(&k, weak);
	settle(&k);
	save_many(&k, A1 ";expires=300", 1);
	live_on(&k, 60000);
	cr_expect_eq(records(shared), OVERFLOW);
	f.times = -1;
	live_on(&k, 300000);
	cr_expect_eq(kit_stat(&k, "live_aors"), 0);
	cr_expect_eq(records(shared), OVERFLOW);
	f.times = 0;
	live_on(&k, 90000);
	cr_expect_eq(records(shared), 0);
	site_close(&k, weak);
	rg_store_unref(shared);
}

Test(federation_faults, a_scan_is_paced)
{
	rg_store *shared = shared_new();
	rg_federation_options options;
	kit k;

	kit_open(&k, INLINE);
	for (int i = 0; i < 1000; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		kit_save(&k, user, A1 ";expires=86400", 1);
	}
	rg_federation_options_init(&options, sizeof options);
	options.rate = 100;
	cr_assert_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), &options, NULL), RG_OK);
	live_on(&k, 2500);
	cr_expect_leq(records(shared), 300);
	cr_expect_geq(records(shared), 200);
	live_on(&k, 8000);
	cr_expect_eq(records(shared), 1000);
	site_close(&k, shared);
}

static void deferred_roles(int local, bool shared_later)
{
	rg_store *memory = shared_new(), *shared = rg_store_ref(memory);
	deferred *d = NULL;
	kit k;

	if (shared_later) {
		rg_store_unref(shared);
		shared = deferred_new(memory, &d);
	}
	kit_open(&k, local);
	federate(&k, shared, EAST);
	kit_save(&k, "alice", A1, 1);
	for (int i = 0; i < 20; i++) {
		kit_tick(&k);
		if (d)
			deferred_answer_all(d);
		if (k.deferred)
			deferred_answer_all(k.deferred);
	}
	cr_expect_str_eq(homes(memory, "alice"), "sip:" EAST);
	ASKS(&k, "RG_OK 1/0 " LOCAL);
	kit_save(&k, "alice", GONE, 2);
	for (int i = 0; i < 20; i++) {
		kit_tick(&k);
		if (d)
			deferred_answer_all(d);
		if (k.deferred)
			deferred_answer_all(k.deferred);
	}
	cr_expect_str_empty(homes(memory, "alice"));
	cr_expect_eq(kit_stat(&k, "homes_failed"), 0);
	site_close(&k, shared);
	rg_store_unref(memory);
}

Test(federation_faults, either_store_may_answer_later)
{
	deferred_roles(INLINE, true);
	deferred_roles(DEFERRED, false);
	deferred_roles(DEFERRED, true);
}

Test(federation_faults, completions_go_on_by_themselves_and_ask_for_a_tick_when_more_is_to_do)
{
	rg_store *memory = shared_new();
	deferred *d;
	rg_store *shared = deferred_new(memory, &d);
	kit k;

	site_open(&k, shared);
	settle(&k);
	deferred_answer_all(d);
	settle(&k);
	for (int i = 0; i < 40; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		kit_save(&k, user, A1, 1);
	}
	kit_tick(&k);
	cr_expect_eq(deferred_pending(d), 16, "so many at once");
	k.woken = 0;
	deferred_answer_all(d);
	cr_expect_eq(k.woken, k.now);
	cr_expect_eq(records(memory), 16);
	for (int i = 0; i < 2; i++) {
		kit_tick(&k);
		deferred_answer_all(d);
	}
	cr_expect_eq(records(memory), 40);
	site_close(&k, shared);
	rg_store_unref(memory);
}

/* The AoR changes while its entry is on its way. */
static void changes_meanwhile(bool comes, int answers)
{
	rg_store *memory = shared_new();
	deferred *d;
	rg_store *shared = deferred_new(memory, &d);
	kit k, other;

	kit_open(&k, INLINE);
	kit_init(&other);
	kit_open_over(&other, rg_store_ref(k.memory)); /* another node of the site, which tells nobody */
	federate(&k, shared, EAST);
	for (int i = 0; i < 5; i++) {
		kit_tick(&k);
		deferred_answer_all(d);
	}
	kit_save(&k, "alice", A1, 1);
	if (comes) {
		kit_tick(&k);
		deferred_answer_all(d);
		kit_save(&k, "alice", GONE, 2);
	}
	kit_tick(&k);
	for (int i = 0; i < answers; i++)
		deferred_answer(d, 0);
	cr_expect_eq(kit_save(&other, "alice", comes ? A1 : GONE, 9), 200);
	deferred_answer_all(d);
	cr_expect_str_eq(homes(memory, "alice"), comes ? "sip:" EAST : "", "%d answers", answers);
	kit_close(&k);
	site_close(&other, shared);
	rg_store_unref(memory);
}

Test(federation_faults, what_was_committed_is_held_against_what_is_there_then)
{
	for (int answers = 0; answers < 2; answers++) {
		changes_meanwhile(false, answers);
		changes_meanwhile(true, answers);
	}
}

Test(federation_faults, conflicts_are_decided_again_and_a_storm_of_them_later)
{
	rg_store *shared = shared_new();
	conflicting c = { 0 };
	rg_store *stormy = conflicting_new(shared, &c);
	kit k;

	site_open(&k, stormy);
	settle(&k);
	c.times = 5;
	kit_save(&k, "alice", A1, 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	cr_expect_eq(kit_stat(&k, "homes_failed"), 0);
	c.times = -1;
	c.commits = 0;
	kit_save(&k, "bob", A1, 1);
	settle(&k);
	cr_expect_str_empty(homes(shared, "bob"));
	cr_expect_eq(c.commits, 33, "and then it is left alone for a while");
	cr_expect_eq(kit_stat(&k, "homes_failed"), 1);
	c.times = 0;
	live_on(&k, 2000);
	cr_expect_str_eq(homes(shared, "bob"), "sip:" EAST);
	site_close(&k, stormy);
	rg_store_unref(shared);
}

Test(federation_faults, a_commit_of_unknown_fate_is_made_anew)
{
	for (int lands = 0; lands < 2; lands++) {
		rg_store *shared = shared_new();
		faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = lands };
		rg_store *weak = faulty_new(shared, &f);
		kit k;

		site_open(&k, weak);
		kit_save(&k, "alice", A1, 1);
		settle(&k);
		live_on(&k, 2000);
		cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
		cr_expect_eq(kit_stat(&k, "homes_failed"), 1);
		cr_expect_eq(kit_stat(&k, "homes_published"), !lands, "what landed agrees");
		cr_expect_eq(kit_stat(&k, "retries"), 0);
		cr_expect_eq(kit_stat(&k, "operations_in_flight"), 0);
		site_close(&k, weak);
		rg_store_unref(shared);
	}
}

Test(federation_faults, a_save_whose_fate_became_known_late_is_published)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN };
	rg_store *shared = shared_new();
	int code;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	federate(&k, shared, EAST);
	settle(&k);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	live_on(&k, 5000);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	site_close(&k, shared);
}

Test(federation_faults, a_store_that_answers_twice_is_counted_and_does_no_harm)
{
	rg_store *memory = shared_new();
	deferred *d;
	rg_store *shared = deferred_new(memory, &d);
	kit k;

	site_open(&k, shared);
	deferred_twice(d, true);
	kit_save(&k, "alice", A1, 1);
	for (int i = 0; i < 5; i++) {
		kit_tick(&k);
		deferred_answer_all(d);
	}
	cr_expect_str_eq(homes(memory, "alice"), "sip:" EAST);
	cr_expect_eq(kit_stat(&k, "homes_published"), 1);
	deferred_twice(d, false);
	site_close(&k, shared);
	rg_store_unref(memory);
}

/* Every call of either store fails in turn, in every way; publication comes right all the same. */
Test(federation_faults, each_call_fails_in_turn_and_it_comes_right)
{
	static const rg_status failures[] = { RG_ESTORE, RG_EUNKNOWN, RG_EFULL };

	for (int nth = 0; nth < 12; nth++) {
		for (int way = 0; way < 12; way++) {
			faulty f = { .calls = CALL_ANY, .times = 0, .status = failures[way % 3], .by_return = way / 3 & 1 };
			rg_store *memory = shared_new(), *weak = faulty_new(way < 6 ? memory : NULL, &f);
			kit k;

			kit_init(&k);
			if (way < 6) {
				kit_open_over(&k, rg_store_ref(k.memory));
			} else {
				rg_store_unref(weak);
				kit_open_over(&k, faulty_new(k.memory, &f));
				weak = rg_store_ref(memory);
			}
			kit_save(&k, "alice", A1 ";expires=86400", 1);
			f.after = nth;
			f.times = 3;
			federate(&k, weak, EAST);
			kit_save(&k, "bob", A1 ";expires=86400", 1);
			live_on(&k, 20000);
			f.times = 0;
			kit_save(&k, "bob", A1 ";expires=86400", 2);
			live_on(&k, 60000);
			cr_expect_str_eq(homes(memory, "alice"), "sip:" EAST, "call %d, way %d", nth, way);
			cr_expect_str_eq(homes(memory, "bob"), "sip:" EAST, "call %d, way %d", nth, way);
			site_close(&k, weak);
			rg_store_unref(memory);
		}
	}
}

Test(federation_faults, a_clock_set_back_stops_nothing)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	kit_save(&k, "alice", A1 ";expires=86400", 1);
	settle(&k);
	k.now -= 365LL * 86400000;
	kit_save(&k, "bob", A1 ";expires=86400", 1);
	live_on(&k, HOUR);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	cr_expect_str_eq(homes(shared, "bob"), "sip:" EAST);
	kit_save(&k, "alice", GONE, 2);
	settle(&k);
	cr_expect_str_empty(homes(shared, "alice"));
	site_close(&k, shared);
}

/* More than are published at once. */
enum { FILLED = 20 };

/* Another site has filled the records of some: they are refused, and nobody else is kept waiting. */
Test(federation_faults, who_cannot_be_published_keeps_nobody_waiting)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	settle(&k);
	kit_save(&k, "bob", A1 ";expires=864000", 1);
	settle(&k);
	for (int i = 0; i < FILLED; i++) {
		char user[16];

		snprintf(user, sizeof user, "p%d", i);
		fill_homes(shared, user, "west.example", k.now + 8 * HOUR);
		kit_save(&k, user, A1 ";expires=864000", 1);
	}
	settle(&k);
	cr_expect_eq(kit_stat(&k, "homes_failed"), FILLED);
	cr_expect_eq(kit_stat(&k, "homes_refused"), FILLED);
	cr_expect_eq(kit_stat(&k, "homes_queued"), 0);
	cr_expect(strstr(k.log, "federation: p0@example.org of location is not published"), "%s", k.log);
	cr_expect_null(strstr(k.log, "p1@"), "told once a minute: %s", k.log);
	kit_save(&k, "alice", A1 ";expires=864000", 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST, "at the next tick");
	for (int i = 0; i < 70; i++) {
		live_on(&k, HOUR / 10);
		ASKS(&k, "RG_OK 1/0 " LOCAL);
		cr_assert_str_eq(homes(shared, "bob"), "sip:" EAST, "after %d minutes", 6 * i);
	}
	live_on(&k, HOUR + HOUR / 10);
	cr_expect_str_eq(homes(shared, "p7"), "sip:" EAST, "they are tried again");
	site_close(&k, shared);
}

static rg_store *small_new(uint64_t bytes)
{
	rg_memory_options o;
	rg_store *store;

	rg_memory_options_init(&o, sizeof o);
	o.max_bytes = bytes;
	o.shards = 1;
	cr_assert_eq(rg_memory_store_new(&o, &store, NULL), RG_OK);
	return store;
}

/* More are refused than are remembered, which must not end the scans that renew the others. */
Test(federation_faults, a_full_shared_store_renews_what_it_has)
{
	rg_store *small = small_new(10000);
	conflicting c = { 0 };
	rg_store *shared = conflicting_new(small, &c);
	uint64_t had;
	kit k;

	site_open(&k, shared);
	kit_save(&k, "alice", A1 ";expires=864000", 1);
	settle(&k);
	save_many(&k, A1 ";expires=864000", 1);
	live_on(&k, HOUR / 10);
	had = records(small);
	cr_assert(had > 5 && had < 100, "%d", (int)had);
	cr_expect_leq(c.commits, had + 30, "nor is it beleaguered: %u commits", c.commits);
	cr_expect(strstr(k.log, "is not published: a budget is used up"), "%s", k.log);
	for (int i = 0; i < 15; i++) {
		live_on(&k, HOUR / 10);
		cr_assert_str_eq(homes(small, "alice"), "sip:" EAST, "after %d minutes", 6 * i);
		cr_assert_eq(records(small), had);
	}
	kit_save(&k, "alice", GONE, 2);
	live_on(&k, 61000);
	cr_expect_str_empty(homes(small, "alice"));
	cr_expect_eq(records(small), had, "another one takes its place");
	site_close(&k, shared);
	rg_store_unref(small);
}

Test(federation_faults, a_store_that_may_guess_is_asked_for_what_is_there)
{
	rg_store *shared = shared_new();
	faulty f = { .calls = CALL_ANY, .guesses = true };
	rg_store *hasty = faulty_new(shared, &f);
	kit k;

	site_open(&k, hasty);
	put_homes(shared, "alice", "west.example", 1, k.now + 8 * HOUR);
	kit_save(&k, "alice", A1 ";expires=86400", 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:0.west.example sip:" EAST);
	cr_expect_eq(kit_stat(&k, "conflicts"), 0);
	site_close(&k, hasty);
	rg_store_unref(shared);
}

static void put_expired(rg_store *shared, const kit *k, char first)
{
	for (int i = 0; i < 10; i++) {
		const char user[] = { first, (char)('0' + i), 0 };

		put_homes(shared, user, "west.example", 1, k->now - 1000);
	}
}

/* A few records that fail do not keep the others; many do, for a while. */
Test(federation_faults, a_prune_goes_on_after_three_failures_and_ends_with_the_fourth)
{
	rg_store *shared = shared_new();
	faulty f = { .calls = CALL_COMMIT, .times = 3, .status = RG_ESTORE };
	rg_store *weak = faulty_new(shared, &f);
	kit k;

	kit_open(&k, INLINE);
	put_expired(shared, &k, 'u');
	federate(&k, weak, EAST);
	kit_tick(&k);
	cr_expect_eq(records(shared), 3);
	f.times = 0;
	live_on(&k, 61000);
	cr_expect_eq(records(shared), 0);
	put_expired(shared, &k, 'v');
	f.times = -1;
	f.seen = 0;
	k.now += 60000;
	kit_tick(&k);
	cr_expect_eq(f.seen, 4, "%u", f.seen);
	site_close(&k, weak);
	rg_store_unref(shared);
}
