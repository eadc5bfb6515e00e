/* SPDX-License-Identifier: MIT */
/* Devices are woken before their bindings expire: once, by the node that owns them. */
#include "wakes.h"
#include <stdio.h>

static void wakes_once(int how)
{
	rg_time begin;
	bed b;

	bed_open(&b, how);
	begin = b.k.now;
	cr_expect_eq(bed_save(&b, "alice", ASLEEP, 1, NULL), 200);
	cr_expect_eq(b.k.woken, begin + WAKE_AFTER, "the host ticks in time");
	b.k.now = begin + WAKE_AFTER - 1;
	bed_settle(&b);
	cr_expect_str_empty(b.woken);
	b.k.now++;
	rg_time next = bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	cr_expect_eq(b.at, b.k.now);
	cr_expect(bed_is_marked(&b, "alice"));
	if (how == INLINE)
		cr_expect_eq(next, b.k.now + CLAIM, "a tick looks at the claim");
	for (b.k.now += 1000; b.k.now < begin + LAPSES_AFTER; b.k.now += 7000)
		bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	bed_close(&b);
}

Test(wakes, a_device_is_woken_once_before_its_binding_expires)
{
	wakes_once(INLINE);
	wakes_once(DEFERRED);
}

Test(wakes, over_an_inline_store_one_tick_does_it_all)
{
	rg_time next;
	bed b;

	bed_open(&b, INLINE);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	uint32_t wakeups = b.k.wakeups;
	cr_expect_eq(rg_registrar_tick(b.k.reg, 1, &next), RG_OK);
	cr_expect_str_eq(b.woken, "alice ");
	cr_expect(bed_is_marked(&b, "alice"));
	cr_expect_eq(next, b.k.now + CLAIM);
	cr_expect_eq(b.k.wakeups, wakeups, "no other tick is asked for");
	bed_close(&b);
}

Test(wakes, only_the_owner_of_a_binding_wakes_its_device)
{
	bed b, other;

	bed_open(&b, INLINE);
	b.tag = "here";
	bed_open_again(&other, &b, b.k.now);
	other.tag = "there";
	bed_save(&b, "alice", ASLEEP, 1, "here");
	bed_save(&b, "bob", ASLEEP, 1, "there");
	bed_save(&b, "carol", ASLEEP, 1, NULL);
	for (rg_time after = WAKE_AFTER; after < LAPSES_AFTER; after += 1000) {
		b.k.now = other.k.now = 1700000000000 + after;
		rg_time next = bed_settle(&b);
		cr_expect(after > WAKE_AFTER || next == b.k.now + 1000, "what another node owns is looked at again, but not at once");
		bed_settle(&other);
	}
	cr_expect(strcmp(b.woken, "alice carol ") == 0 || strcmp(b.woken, "carol alice ") == 0, "%s", b.woken);
	cr_expect_str_eq(other.woken, "bob ");
	bed_close(&other);
	bed_close(&b);
}

Test(wakes, a_device_without_its_owner_is_not_woken)
{
	bed b;

	bed_open(&b, INLINE);
	b.tag = "here";
	bed_save(&b, "bob", ASLEEP, 1, "there");
	for (rg_time after = WAKE_AFTER; after < LAPSES_AFTER; after += 1000) {
		b.k.now = 1700000000000 + after;
		cr_expect_eq(bed_settle(&b), b.k.now + 1000);
	}
	cr_expect_str_empty(b.woken);
	b.k.now = 1700000000000 + LAPSES_AFTER + 10000;
	cr_expect_eq(bed_settle(&b), RG_TIME_NEVER, "its binding is removed");
	bed_close(&b);
}

/* Ticks at this time, until no more is due. @return how often. */
static uint32_t tick_until_later(bed *b, uint32_t limit, rg_time *next)
{
	uint32_t ticks = 0;

	do {
		b->k.woken = RG_TIME_NEVER;
		rg_registrar_tick(b->k.reg, limit, next);
		if (b->k.deferred)
			deferred_answer_all(b->k.deferred);
		*next = b->k.woken < *next ? b->k.woken : *next;
	} while (++ticks < 1000 && *next <= b->k.now);
	return ticks;
}

/* Devices of another node, and one of this node anywhere among them. */
static void passed_over(int how, uint32_t limit)
{
	enum { FOREIGN = 250 };
	rg_time next;
	uint32_t ticks;
	bed b;

	bed_open(&b, how);
	b.tag = "here";
	for (int i = 0; i < FOREIGN; i++) {
		char aor[16];

		snprintf(aor, sizeof aor, "u%d", i);
		bed_save(&b, aor, ASLEEP, 1, "there");
	}
	b.k.now += 1;
	bed_save(&b, "alice", ASLEEP, 1, "here");
	b.k.now += WAKE_AFTER;
	ticks = tick_until_later(&b, limit, &next);
	cr_expect_str_eq(b.woken, "alice ");
	cr_expect_eq(next, b.k.now + 1000);
	cr_expect_leq(ticks, FOREIGN / limit + 3, "limit %u takes %u ticks", limit, ticks);
	cr_expect_geq(ticks, FOREIGN / limit, "no tick exceeds its limit");
	bed_save(&b, "bob", ASLEEP, 1, "here");
	b.k.now += 5000;
	bed_save(&b, "carol", "<sip:c@192.0.2.1>;expires=61", 1, NULL);
	b.k.now += 61000;
	tick_until_later(&b, limit, &next);
	cr_expect_eq(kit_targets(&b.k, "carol"), 0);
	cr_expect_eq(kit_stat(&b.k, "live_aors"), FOREIGN + 2, "all but carol are there");
	bed_close(&b);
}

Test(wakes, what_another_node_owns_neither_uses_up_the_ticks_nor_makes_them_spin)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		passed_over(how, 1);
		passed_over(how, 10);
		passed_over(how, 100);
		passed_over(how, 10000);
	}
}

Test(wakes, a_device_whose_time_came_while_no_registrar_ran_is_woken_at_the_start)
{
	bed b, again;

	bed_open(&b, INLINE);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	bed_open_again(&again, &b, b.k.now + WAKE_AFTER + 50000);
	bed_close(&b);
	bed_settle(&again);
	cr_expect_str_eq(again.woken, "alice ");
	cr_expect(bed_is_marked(&again, "alice"));
	bed_close(&again);
}

static void hear_update(void *user, const rg_event *e)
{
	cr_expect_eq(e->kind, RG_EVENT_CONTACT_UPDATE);
	++*(int *)user;
}

Test(wakes, without_a_subscriber_one_commit_marks_the_wake_up)
{
	int updates = 0;
	bed b;

	bed_open(&b, INLINE);
	rg_subscription_free(b.ear);
	b.ear = NULL;
	cr_assert_eq(rg_registrar_subscribe(b.k.reg, RG_EVENT_CONTACT_UPDATE, hear_update, &updates, NULL, &b.k.subscription, NULL), RG_OK);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	int64_t commits = kit_stat(&b.k, "commits");
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect(bed_is_marked(&b, "alice"));
	cr_expect_eq(kit_stat(&b.k, "commits"), commits + 1);
	cr_expect_eq(updates, 0, "it is no update of the binding");
	bed_close(&b);
}

static void tick_inside(void *user, const rg_event *e)
{
	bed *b = user;

	(void)e;
	kit_tick(&b->k);
	b->k.woken = RG_TIME_NEVER;
	cr_expect_str_empty(b->woken, "the claim waits for this event");
}

Test(wakes, a_claim_that_no_tick_delivers_asks_for_a_tick)
{
	bed b;

	bed_open(&b, INLINE);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	cr_assert_eq(rg_registrar_subscribe(b.k.reg, RG_EVENT_AOR_INSERT, tick_inside, &b, NULL, &b.k.subscription, NULL), RG_OK);
	b.k.now += WAKE_AFTER;
	bed_save(&b, "bob", "<sip:b@192.0.2.1>", 1, NULL);
	cr_expect_str_eq(b.woken, "alice ");
	cr_expect_not(bed_is_marked(&b, "alice"));
	cr_expect_eq(b.k.woken, b.k.now);
	kit_tick(&b.k);
	cr_expect(bed_is_marked(&b, "alice"));
	bed_close(&b);
}

Test(wakes, a_subscriber_that_comes_late_is_told_of_the_next_wake_up)
{
	bed b;

	bed_open(&b, INLINE);
	bed_set(&b, "pn_retry", "10");
	rg_subscription_free(b.ear);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	bed_listen(&b);
	b.k.now += 10000;
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	bed_close(&b);
}

Test(wakes, a_device_that_does_not_answer_is_woken_again_at_the_times_of_pn_retry)
{
	rg_time begin, next, seen = 0, times[8];
	size_t n = 0;
	bed b;

	bed_open(&b, INLINE);
	bed_set(&b, "pn_retry", "10,30");
	begin = b.k.now;
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	for (next = bed_settle(&b); next < begin + LAPSES_AFTER && n < 8; next = bed_settle(&b)) {
		if (b.at != seen)
			times[n++] = seen = b.at;
		b.k.now = next;
	}
	cr_expect_eq(n, 3);
	cr_expect_eq(times[0], begin + WAKE_AFTER);
	cr_expect_eq(times[1], begin + WAKE_AFTER + 10000);
	cr_expect_eq(times[2], begin + WAKE_AFTER + 40000);
	cr_expect_str_eq(b.woken, "alice alice alice ");
	bed_close(&b);
}

Test(wakes, while_push_is_off_nobody_is_woken_and_no_tick_spins)
{
	rg_config *config;
	bed b;

	bed_open(&b, INLINE);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	rg_registrar_configure(b.k.reg, config, NULL);
	b.k.now += WAKE_AFTER;
	cr_expect_eq(bed_settle(&b), b.k.now + 1000);
	cr_expect_str_empty(b.woken);
	bed_set(&b, NULL, NULL);
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	rg_config_free(config);
	bed_close(&b);
}

static uint32_t remove_alice(bed *b)
{
	rg_remove_filter filter;
	uint32_t n = 0;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(b->k.reg, &filter, &n, NULL), RG_OK);
	return n;
}

Test(wakes, what_comes_of_them_is_counted)
{
	bed b;

	bed_open(&b, INLINE);
	for (int cseq = 1; cseq <= 4; cseq++) {
		bed_save(&b, "alice", ASLEEP, cseq, NULL);
		cr_expect_eq(kit_stat(&b.k, "wakeups_answered"), cseq - 1, "each REGISTER after the first is an answer");
		b.k.now += WAKE_AFTER;
		bed_settle(&b);
		cr_expect_eq(kit_stat(&b.k, "wakeups_sent"), cseq);
	}
	bed_save(&b, "alice", SLEEPER("a") ";expires=0", 5, NULL);
	cr_expect_eq(kit_stat(&b.k, "wakeups_answered"), 4, "and so is the one that de-registers");
	bed_save(&b, "alice", ASLEEP, 6, NULL);
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect_eq(remove_alice(&b), 1);
	cr_expect_eq(kit_stat(&b.k, "wakeups_answered"), 4, "but not what the host removes");
	bed_save(&b, "alice", ASLEEP, 7, NULL);
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect_eq(kit_stat(&b.k, "wakeups_timed_out"), 0);
	b.k.now += LAPSES_AFTER - WAKE_AFTER;
	bed_settle(&b);
	cr_expect_eq(kit_stat(&b.k, "wakeups_timed_out"), 1);
	bed_save(&b, "alice", "<sip:a@192.0.2.1>;expires=60", 8, NULL);
	bed_save(&b, "alice", "<sip:a@192.0.2.1>;expires=60", 9, NULL);
	b.k.now += 60000;
	bed_settle(&b);
	cr_expect_eq(kit_stat(&b.k, "wakeups_sent"), 6);
	cr_expect_eq(kit_stat(&b.k, "wakeups_answered"), 4);
	cr_expect_eq(kit_stat(&b.k, "wakeups_timed_out"), 1);
	bed_close(&b);
}
