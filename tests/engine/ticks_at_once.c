/* SPDX-License-Identifier: MIT */
/* Several ticks under way at once: whatever the host was told last, it is told to come no later than something is due. */
#include "kit.h"

#include "sites.h"
#include <pthread.h>
#include <stdio.h>

#define AT "<sip:a@192.0.2.1:5060>;expires="

/*
 * A store with a hook in each call for keys that are due: `before` the inner store looks, or after that and before its answer is given. The
 * hook does what another thread could do at that time.
 */
typedef struct hooked {
	rg_store *inner;
	void (*before)(kit *k), (*after)(kit *k);
	kit *k;
	rg_status fails; /* what `due` returns instead of an answer */
	rg_keys_cb done;
	void *tok;
} hooked;

static hooked hook; /* one test runs at a time */
static rg_time told; /* the earliest of what the host was told since it last ticked by itself */

static void hear(rg_time next)
{
	told = next < told ? next : told;
}

static void run_once(void (**what)(kit *k))
{
	void (*run)(kit *k) = *what;

	*what = NULL;
	if (run)
		run(hook.k);
}

static void pass_page(void *tok, rg_status status, const rg_keys *page)
{
	(void)tok;
	run_once(&hook.after);
	hook.done(hook.tok, status, page);
}

static rg_status hooked_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(hook.inner, &in);

	(void)self;
	hook.done = done;
	hook.tok = tok;
	run_once(&hook.before);
	if (hook.fails == RG_OK)
		return ops->due(in, now, cursor, limit, flags, pass_page, NULL);
	run_once(&hook.after);
	return hook.fails;
}

static void woken(void *user, rg_time next)
{
	(void)user;
	hear(next);
}

static void open_hooked(kit *k)
{
	rg_store *store = NULL;
	void *in;

	kit_init(k);
	hook = (hooked){ .inner = k->memory, .k = k };
	rg_store_ops ops = *rg_store_members(k->memory, &in);
	ops.due = hooked_due;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, in, &store, NULL), RG_OK);
	k->env.wakeup = woken;
	kit_open_over(k, store);
}

static void tick_too(kit *k)
{
	rg_time next = 0;

	cr_expect_geq(rg_registrar_tick(k->reg, 0, &next), RG_OK);
	hear(next);
}

static void *tick_in_thread(void *user)
{
	tick_too(user);
	return NULL;
}

static void tick_on_a_thread(kit *k)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, tick_in_thread, k), 0);
	pthread_join(thread, NULL);
}

static void save_bob(kit *k)
{
	cr_assert_eq(kit_save(k, "bob", AT "100", 1), 200);
}

static void save_and_tick(kit *k)
{
	save_bob(k);
	tick_too(k);
}

static void save_and_tick_elsewhere(kit *k)
{
	save_bob(k);
	tick_on_a_thread(k);
}

static void tick_save_and_tick(kit *k)
{
	tick_too(k);
	save_bob(k);
	tick_too(k);
	tick_on_a_thread(k);
}

/* The host's own tick: what it was told before is forgotten. */
static rg_time host_ticks(kit *k)
{
	rg_time next = 0;

	told = RG_TIME_NEVER;
	rg_registrar_tick(k->reg, 0, &next);
	hear(next);
	return next;
}

static void (*const meanwhile[])(kit *k) = { save_and_tick, save_and_tick_elsewhere, tick_save_and_tick };

Test(ticks_at_once, a_deadline_announced_during_a_walk_is_not_forgotten)
{
	for (size_t i = 0; i < 2 * sizeof meanwhile / sizeof *meanwhile; i++) {
		for (int due = 0; due < 2; due++) {
			kit k;

			open_hooked(&k);
			if (due)
				kit_save(&k, "alice", AT "60", 1);
			k.now += due * 61000;
			rg_time bobs = k.now + 100000;
			*(i % 2 ? &hook.after : &hook.before) = meanwhile[i / 2];
			rg_time next = host_ticks(&k);
			cr_expect_leq(told, bobs, "%zu, %d due: told %lld, after %lld", i, due, (long long)told, (long long)bobs);
			cr_expect_leq(next, bobs, "%zu, %d due: the first tick says %lld", i, due, (long long)next);
			cr_expect_gt(next, k.now, "and does not call at once for what another walk is doing");
			k.now = bobs;
			cr_expect_eq(host_ticks(&k), RG_TIME_NEVER);
			cr_expect_eq(kit_targets(&k, "bob"), 0);
			kit_close(&k);
		}
	}
}

static void tick_from_event(void *user, const rg_event *e)
{
	kit *k = user;

	if (e->kind == RG_EVENT_CONTACT_EXPIRE)
		save_and_tick(k);
}

Test(ticks_at_once, a_tick_within_an_event_of_a_walk_does_not_forget_either)
{
	kit k;

	open_hooked(&k);
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_ALL, tick_from_event, &k, NULL, &k.subscription, NULL), RG_OK);
	kit_save(&k, "alice", AT "60", 1);
	k.now += 61000;
	rg_time next = host_ticks(&k);
	cr_expect_eq(next, k.now + 100000, "%lld", (long long)(next - k.now));
	cr_expect_leq(told, next);
	kit_close(&k);
}

Test(ticks_at_once, what_comes_due_during_a_walk_is_due_at_its_end)
{
	outcome o = { 0 };
	kit k;

	kit_init(&k);
	k.env.wakeup = woken;
	kit_open_over(&k, deferred_new(k.memory, &k.deferred));
	cr_assert_eq(kit_tick(&k), k.now + 2000);
	cr_assert_eq(deferred_kind(k.deferred, 0), CALL_DUE);
	kit_save_async(&k, "bob", AT "60", 1, &o);
	deferred_answer(k.deferred, 1);
	deferred_answer(k.deferred, 1);
	cr_assert_eq(o.called, 1);
	/* The clock jumps past Bob's deadline while the walk still waits for a page that does not have him. */
	k.now += 1999;
	rg_time bobs = k.now + 58001;
	cr_expect_leq(kit_tick(&k), bobs);
	k.now = bobs;
	told = RG_TIME_NEVER;
	kit_tick(&k); /* at store_timeout, the walk ends */
	hear(kit_tick(&k));
	cr_expect_leq(told, k.now + 1000, "%lld", (long long)(told - k.now));
	deferred_answer_all(k.deferred);
	hear(kit_tick(&k));
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_targets(&k, "bob"), 0);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(ticks_at_once, a_page_that_comes_after_a_second_tick_tells_the_host_of_what_it_missed)
{
	outcome o = { 0 };
	kit k;

	kit_init(&k);
	k.env.wakeup = woken;
	kit_open_over(&k, deferred_new(k.memory, &k.deferred));
	kit_tick(&k);
	kit_save_async(&k, "bob", AT "60", 1, &o);
	deferred_answer(k.deferred, 1);
	deferred_answer(k.deferred, 1);
	rg_time bobs = k.now + 60000;
	k.now += 1000;
	told = RG_TIME_NEVER;
	hear(kit_tick(&k));
	cr_expect_eq(told, k.now + 1000, "the walk's own store_timeout");
	told = RG_TIME_NEVER; /* the host has come again, and heard nothing yet */
	deferred_answer_all(k.deferred);
	hear(kit_tick(&k));
	cr_expect_leq(told, bobs);
	deferred_answer_all(k.deferred);
	k.now = bobs;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_targets(&k, "bob"), 0);
	rg_op_free(o.op);
	kit_close(&k);
}

/* A walk that fails has learned nothing: what was announced before it still holds. */
Test(ticks_at_once, a_walk_that_fails_forgets_no_deadline)
{
	static const rg_time ahead[] = { 300, 999, 60000 };

	for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
		kit k;

		open_hooked(&k);
		kit_save(&k, "alice", AT "60", 1);
		rg_time deadline = k.now + 60000;
		k.now = deadline - ahead[i];
		hook.fails = RG_ETIMEOUT;
		cr_expect_leq(host_ticks(&k), deadline, "%lld ms ahead", (long long)ahead[i]);
		cr_expect_leq(host_ticks(&k), deadline, "nor do two");
		k.now = deadline;
		cr_expect_eq(host_ticks(&k), deadline + 1000, "what is due is tried again later, not at once");
		hook.fails = RG_OK;
		k.now += 1000;
		cr_expect_eq(host_ticks(&k), RG_TIME_NEVER);
		cr_expect_eq(kit_targets(&k, "alice"), 0);
		kit_close(&k);
	}
}

/* The walk that fails began before the clock was set back. */
Test(ticks_at_once, a_walk_that_fails_after_the_clock_was_set_back_is_repeated_within_a_second_of_it)
{
	faulty f = { .calls = CALL_DUE, .status = RG_ETIMEOUT };
	outcome o = { 0 };
	kit k;

	kit_init(&k);
	k.env.wakeup = woken;
	rg_store *failing = faulty_new(k.memory, &f);
	kit_open_over(&k, deferred_new(failing, &k.deferred));
	rg_store_unref(failing);
	kit_save_async(&k, "alice", AT "60", 1, &o);
	deferred_answer_all(k.deferred);
	k.now += HOUR;
	f.times = 2;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	kit_tick(&k);
	k.now -= HOUR - 61000;
	told = RG_TIME_NEVER;
	hear(kit_tick(&k));
	cr_expect_eq(deferred_pending(k.deferred), 1, "the walk is under way");
	deferred_answer(k.deferred, 0);
	cr_expect_eq(f.seen, 2);
	cr_expect_leq(told, k.now + 1000);
	k.now += 1000;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	rg_op_free(o.op);
	kit_close(&k);
}

static void shut_down(kit *k)
{
	rg_registrar_shutdown(k->reg);
}

Test(ticks_at_once, after_a_shutdown_no_record_asks_for_a_tick)
{
	for (int when = 0; when < 3; when++) {
		kit k;

		open_hooked(&k);
		kit_save(&k, "alice", AT "60", 1);
		k.now += 61000;
		if (when == 0)
			rg_registrar_shutdown(k.reg);
		else
			*(when == 1 ? &hook.before : &hook.after) = shut_down;
		host_ticks(&k);
		cr_expect_eq(host_ticks(&k), RG_TIME_NEVER, "%d", when);
		kit_close(&k);
	}
}

static void tick_in_log(void *user, int32_t level, const rg_str *line)
{
	(void)level, (void)line;
	tick_too(user);
}

/* The first tick handles the operation, and the log makes it tick again meanwhile. */
Test(ticks_at_once, an_operation_in_the_hands_of_one_tick_is_not_missed_by_another)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	kit_init(&k);
	rg_store *failing = faulty_new(k.memory, &f);
	k.env.wakeup = woken;
	k.env.log = tick_in_log;
	kit_open_over(&k, deferred_new(failing, &k.deferred));
	rg_store_unref(failing);
	kit_save_async(&k, "bob", AT "60", 1, &o);
	deferred_answer(k.deferred, 0);
	deferred_answer(k.deferred, 0);
	for (int i = 0; i < 20; i++) {
		rg_time now = k.now, next = host_ticks(&k);

		cr_expect_leq(told, next);
		cr_assert_leq(told, now + 2000, "the commit is sent again for as long as its fate is unknown: %lld", (long long)(told - now));
		while (deferred_pending(k.deferred) > 0)
			deferred_answer(k.deferred, 0);
		k.now = told > k.now ? told : k.now;
	}
	f.times = 0;
	k.now += 60000;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	k.now += 60000;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	rg_op_free(o.op);
	kit_close(&k);
}

/* In a federation, a store that sites share is asked within a tick, too. */
static void tick_by_shared(kit *k)
{
	tick_too(k);
}

Test(ticks_at_once, a_tick_within_one_of_a_federation_misses_nothing_of_it)
{
	rg_store *shared = shared_new();
	kit k;

	open_hooked(&k);
	federate(&k, shared, EAST);
	kit_save(&k, "alice", AT "600", 1);
	for (int i = 0; i < 50; i++) {
		hook.before = tick_by_shared;
		rg_time next = host_ticks(&k);
		cr_expect_leq(told, next);
		if (records(shared) == 1)
			break;
		cr_assert_neq(told, RG_TIME_NEVER, "Alice's home is to be published");
		k.now = told > k.now ? told : k.now;
	}
	cr_expect_eq(records(shared), 1);
	kit_close(&k);
	rg_store_unref(shared);
}
