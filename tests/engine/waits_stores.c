/* SPDX-License-Identifier: MIT */
/* Waits over stores: what other registrars write, watches that fail, and stores that fail or answer later. */
#include "allocations.h"
#include "waiting.h"

/* Two registrars over one store: the lookups are here, the REGISTERs there. */
typedef struct two {
	kit here, there;
	watching watch;
	waiting w;
} two;

static void register_there(two *t, int cseq)
{
	cr_expect_eq(push_save(&t->there, "alice", 1, cseq), 200);
}

/* `here` is over @p store, which is over the memory; NULL = over the memory itself. Alice's phone is waited for. */
static void two_open(two *t, rg_store *(*over)(two *t))
{
	kit_init(&t->here);
	kit_init(&t->there);
	push_open_over(&t->here, over ? over(t) : rg_store_ref(t->here.memory));
	push_open_over(&t->there, rg_store_ref(t->here.memory));
	register_there(t, 1);
	cr_assert_eq(push_lookup(&t->w, &t->here, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&t->w), RG_PENDING);
}

static void two_close(two *t)
{
	push_end(&t->w);
	kit_close(&t->here);
	kit_close(&t->there);
	cr_expect_eq(t->watch.live, 0);
}

static rg_store *watched(two *t)
{
	return watching_new(t->here.memory, &t->watch);
}

Test(waits_stores, a_register_through_another_registrar_wakes_the_waiter_here)
{
	two t = { .w.done = 0 };

	two_open(&t, NULL);
	register_there(&t, 2);
	EXPECT_SEEN(t.w, "2|1;");
	cr_expect_eq(t.w.status, RG_OK);
	two_close(&t);
}

static rg_store *overlay_over(two *t)
{
	rg_store *local, *over;

	cr_assert_eq(rg_memory_store_new(NULL, &local, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(t->here.memory, local, &over, NULL), RG_OK);
	rg_store_unref(local);
	return over;
}

Test(waits_stores, an_overlay_is_watched_in_both_parts)
{
	two t = { .w.done = 0 };

	two_open(&t, overlay_over);
	register_there(&t, 2);
	EXPECT_SEEN(t.w, "2|1;");
	push_end(&t.w);
	cr_expect_eq(push_save_memory_only(&t.here, 2, 3), 200);
	cr_expect_eq(push_lookup(&t.w, &t.here, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_wake_count(t.w.targets), 2);
	cr_expect_eq(push_wait(&t.w), RG_PENDING);
	cr_expect_eq(push_save_memory_only(&t.here, 2, 4), 200);
	register_there(&t, 5);
	EXPECT_SEEN(t.w, "2|2;1;");
	two_close(&t);
}

/* Without a word of the store: at half of the time, and at its end. */
static void expect_found_late(bool none)
{
	for (int half = 0; half < 2; half++) {
		two t = { .watch = { .none = none, .deaf = true } };

		two_open(&t, watched);
		if (!half)
			push_later(&t.here, 3000);
		register_there(&t, 2);
		EXPECT_SEEN(t.w, "2|");
		push_later(&t.here, 2999);
		EXPECT_SEEN(t.w, "2|");
		push_later(&t.here, 1);
		EXPECT_SEEN(t.w, "2|1;");
		cr_expect_eq(t.w.status, RG_OK);
		two_close(&t);
	}
}

Test(waits_stores, without_a_watch_a_device_is_found_at_half_of_the_time_or_at_the_end)
{
	expect_found_late(true);
}

Test(waits_stores, so_is_one_of_which_the_watch_lost_the_message)
{
	expect_found_late(false);
}

Test(waits_stores, a_watch_that_ends_makes_the_wait_look_and_watch_again)
{
	two t = { .watch.deaf = true };

	two_open(&t, watched);
	register_there(&t, 2);
	EXPECT_SEEN(t.w, "2|");
	watching_end(&t.watch);
	EXPECT_SEEN(t.w, "2|1;");
	cr_expect_eq(t.w.status, RG_OK);
	push_end(&t.w);
	cr_assert_eq(push_lookup(&t.w, &t.here, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&t.w), RG_PENDING);
	watching_end(&t.watch);
	cr_expect_eq(t.here.woken, t.here.now + 1000);
	register_there(&t, 3);
	cr_expect_eq(t.watch.watches, 2);
	push_later(&t.here, 1000);
	EXPECT_SEEN(t.w, "2|1;");
	cr_expect_eq(t.watch.watches, 3);
	cr_expect_eq(t.watch.unwatches, 1);
	two_close(&t);
}

Test(waits_stores, a_store_that_refuses_to_watch_is_not_asked_again)
{
	two t = { .watch.refuses = RG_ENOMEM };

	two_open(&t, watched);
	push_later(&t.here, 3000);
	cr_expect_eq(t.watch.watches, 1);
	register_there(&t, 2);
	push_later(&t.here, 3000);
	EXPECT_SEEN(t.w, "2|1;");
	two_close(&t);
}

Test(waits_stores, a_watch_may_call_and_end_inside_watch)
{
	for (int i = 0; i < 3; i++) {
		two t = { .watch = { .at_once = true, .ends_at_once = i > 0, .refuses = i == 2 ? RG_ESTORE : RG_OK } };

		two_open(&t, watched);
		push_later(&t.here, 1000);
		cr_expect_eq(t.watch.watches, i == 0 ? 1 : 2);
		t.watch.ends_at_once = false;
		t.watch.refuses = RG_OK;
		push_later(&t.here, 1000);
		register_there(&t, 2);
		EXPECT_SEEN(t.w, "2|1;");
		two_close(&t);
	}
}

Test(waits_stores, a_watch_may_call_after_it_was_ended_and_end_late)
{
	two t = { .watch = { .noisy = true, .late = true } };

	two_open(&t, watched);
	register_there(&t, 2);
	EXPECT_SEEN(t.w, "2|1;");
	push_end(&t.w);
	cr_expect_eq(t.watch.live, 1);
	watching_let_go(&t.watch);
	cr_expect_eq(t.watch.live, 0);
	cr_assert_eq(push_lookup(&t.w, &t.here, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&t.w), RG_PENDING);
	two_close(&t); /* the last call comes with the end of the store */
}

Test(waits_stores, a_watch_ends_with_the_targets_that_nobody_waits_for)
{
	two t = { .watch.refuses = RG_OK };

	two_open(&t, watched);
	push_end(&t.w);
	cr_expect_eq(t.watch.live, 1);
	cr_assert_eq(push_save(&t.there, "bob", 2, 1), 200);
	cr_assert_eq(push_lookup(&t.w, &t.here, "bob", NULL), RG_OK);
	cr_expect_eq(t.watch.live, 2);
	rg_targets_free(t.w.targets);
	t.w.targets = NULL;
	cr_expect_eq(t.watch.live, 1);
	two_close(&t);
}

Test(waits_stores, a_look_that_fails_is_repeated)
{
	faulty f = { .calls = CALL_FETCH, .status = RG_ESTORE };
	waiting w;
	kit k;

	kit_init(&k);
	push_open_over(&k, faulty_new(k.memory, &f));
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_assert_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&w), RG_PENDING);
	f = (faulty){ .calls = CALL_FETCH, .status = RG_ESTORE, .after = 1, .times = 2 };
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(k.woken, k.now + 1000);
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(kit_tick(&k), k.now + 1000);
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|1;");
	push_end(&w);
	kit_close(&k);
}

Test(waits_stores, the_end_says_when_the_store_cannot_tell_who_came_back)
{
	faulty f = { .calls = CALL_FETCH, .status = RG_ESTORE };
	waiting w;
	kit k;

	kit_init(&k);
	push_open_over(&k, faulty_new(k.memory, &f));
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_assert_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&w), RG_PENDING);
	f.times = 3; /* at half, and after it once; then it answers */
	for (int i = 0; i < 4; i++)
		push_later(&k, i == 0 ? 3000 : 999);
	f.times = -1;
	push_later(&k, 3);
	cr_expect_eq(w.status, RG_ESTORE);
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 1);
	push_end(&w);
	kit_close(&k);
}

static void lookup_later(waiting *w, kit *k, rg_op **op)
{
	rg_request request;

	*w = (waiting){ .k = k };
	push_invite(&request, "sip:alice@example.org");
	cr_assert_eq(rg_lookup_async(k->reg, &request, NULL, push_wait_targets, w, NULL, op, NULL), RG_PENDING);
}

static void open_deferred(kit *k)
{
	static const char *const none = NULL;
	kit over;

	kit_open(k, DEFERRED);
	push_configure(k, &none);
	kit_init(&over);
	rg_store_unref(over.memory);
	over.memory = rg_store_ref(k->memory);
	push_open_over(&over, rg_store_ref(k->memory));
	cr_assert_eq(push_save(&over, "alice", 1, 1), 200);
	kit_close(&over);
}

static void save_at_once(kit *k, int cseq)
{
	outcome o = { 0 };

	cr_expect_eq(kit_save_async(k, "alice", push_contact(1), cseq, &o), RG_PENDING);
	deferred_answer_all(k->deferred);
	cr_expect_eq(o.code, 200);
	rg_op_free(o.op);
}

Test(waits_stores, a_store_that_answers_later_gives_the_branch_later)
{
	outcome o = { 0 };
	rg_op *op;
	waiting w;
	kit k;

	open_deferred(&k);
	lookup_later(&w, &k, &op);
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer(k.deferred, 0);
	cr_expect_eq(deferred_pending(k.deferred), 1, "the second fetch, after the arming");
	EXPECT_SEEN(w, "");
	deferred_answer(k.deferred, 0);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(w.done, 0);
	cr_expect_eq(kit_save_async(&k, "alice", push_contact(1), 2, &o), RG_PENDING);
	deferred_answer(k.deferred, 0); /* fetch */
	deferred_answer(k.deferred, 0); /* commit */
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer_all(k.deferred);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.status, RG_OK);
	deferred_answer_all(k.deferred);
	rg_op_free(o.op);
	rg_op_free(op);
	push_end(&w);
	kit_close(&k);
}

static void register_between(void *user)
{
	register_there(user, 2);
}

/* The clock of the other registrar may be behind, and the device may register in the millisecond in which the lookup began. */
static void expect_target_at_once(rg_time behind)
{
	two t = { .watch = { .hook = register_between, .user = &t } };

	kit_init(&t.here);
	kit_init(&t.there);
	push_open_over(&t.here, watched(&t));
	push_open_over(&t.there, rg_store_ref(t.here.memory));
	kit_listen(&t.here);
	register_there(&t, 1);
	t.there.now -= behind;
	cr_assert_eq(push_lookup(&t.w, &t.here, "alice", NULL), RG_OK);
	EXPECT_SEEN(t.w, "1 1|");
	EXPECT_EVENTS(t.here, "");
	cr_expect_eq(push_wait(&t.w), RG_EINVAL);
	cr_expect_eq(t.watch.live, 0);
	two_close(&t);
}

Test(waits_stores, a_device_that_registers_after_the_arming_is_a_target_at_once)
{
	expect_target_at_once(-1);
	expect_target_at_once(0);
	expect_target_at_once(500);
}

static void register_at_the_second(void *user)
{
	two *t = user;

	if (t->watch.watches == 2)
		register_there(t, 2 + !t->watch.deaf);
}

/* Alice is looked up first; her phone registers while bob is looked up. */
Test(waits_stores, a_device_that_registers_while_other_aors_are_looked_up_is_a_branch)
{
	two t = { .watch = { .hook = register_at_the_second, .user = &t, .deaf = true } };
	rg_str branch = RG_STR("sip:bob@example.org");
	rg_request request;

	kit_init(&t.here);
	kit_init(&t.there);
	push_open_over(&t.here, watched(&t));
	push_open_over(&t.there, rg_store_ref(t.here.memory));
	register_there(&t, 1);
	cr_expect_eq(push_save(&t.there, "bob", 2, 1), 200);
	push_invite(&request, "sip:alice@example.org");
	request.branches = &branch;
	request.n_branches = 1;
	cr_assert_eq(push_request(&t.w, &t.here, &request, "branch"), RG_OK);
	cr_expect_eq(t.watch.watches, 2);
	cr_expect_eq(push_wait(&t.w), RG_PENDING);
	EXPECT_SEEN(t.w, "2|");
	rg_wait_cancel(t.w.wait);
	push_end(&t.w);
	t.watch.deaf = false;
	t.watch.watches = 0;
	cr_assert_eq(push_request(&t.w, &t.here, &request, "branch"), RG_OK);
	cr_expect_eq(push_wait(&t.w), RG_PENDING);
	EXPECT_SEEN(t.w, "2|1;");
	two_close(&t);
}

/* Two changes while a look is under way: it looks again. */
Test(waits_stores, a_change_during_a_look_is_not_missed)
{
	outcome first = { 0 }, second = { 0 };
	rg_op *op;
	waiting w;
	kit k;

	open_deferred(&k);
	lookup_later(&w, &k, &op);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save_async(&k, "alice", "<sip:p@192.0.2.7>", 2, &first), RG_PENDING);
	deferred_answer(k.deferred, 0);
	deferred_answer(k.deferred, 0);
	cr_expect_eq(deferred_pending(k.deferred), 1); /* the look, which does not know of the next */
	cr_expect_eq(kit_save_async(&k, "alice", push_contact(1), 3, &second), RG_PENDING);
	deferred_answer(k.deferred, 1);
	deferred_answer(k.deferred, 1);
	cr_expect_eq(second.code, 200);
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer(k.deferred, 0);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer(k.deferred, 0);
	EXPECT_SEEN(w, "2|1;");
	deferred_answer_all(k.deferred);
	rg_op_free(first.op);
	rg_op_free(second.op);
	rg_op_free(op);
	push_end(&w);
	kit_close(&k);
}

Test(waits_stores, a_wait_may_be_canceled_at_each_step)
{
	for (int step = 0; step < 4; step++) {
		rg_op *op;
		waiting w;
		kit k;

		open_deferred(&k);
		lookup_later(&w, &k, &op);
		for (int i = 0; i < step && i < 2; i++)
			deferred_answer(k.deferred, 0);
		if (step == 3) {
			k.now += 3000;
			kit_tick(&k);
			cr_expect_gt(deferred_pending(k.deferred), 0); /* the look at half */
		}
		if (step < 2)
			rg_op_free(op); /* push_wait_targets() takes no error: the shutdown would give one */
		if (step >= 2) {
			rg_wait_cancel(w.wait);
			cr_expect_eq(w.status, RG_ECANCELED);
			rg_op_free(op);
		}
		deferred_answer_all(k.deferred);
		cr_expect_eq(w.done, step >= 2);
		push_end(&w);
		cr_expect_eq(w.done, step >= 2);
		kit_close(&k);
		cr_expect_eq(w.done, 1);
		cr_expect_eq(w.status, RG_ECANCELED);
		cr_expect(k.freed);
	}
}

static void lookup_failed(void *user, rg_status status, rg_targets *targets)
{
	*(rg_status *)user = status;
	rg_targets_free(targets);
}

Test(waits_stores, a_lookup_that_ends_before_its_answer_leaves_nothing_behind)
{
	for (int step = 0; step < 2; step++) {
		for (int how = 0; how < 3; how++) {
			rg_status status = RG_PENDING;
			rg_request request;
			rg_op *op;
			kit k;

			open_deferred(&k);
			push_invite(&request, "sip:alice@example.org");
			cr_assert_eq(rg_lookup_async(k.reg, &request, NULL, lookup_failed, &status, NULL, &op, NULL), RG_PENDING);
			if (step == 1)
				deferred_answer(k.deferred, 0);
			if (how == 0)
				rg_op_cancel(op);
			else if (how == 1)
				rg_registrar_shutdown(k.reg);
			else
				push_later(&k, 2000);
			cr_expect_eq(status, how == 2 ? RG_ESTORE : RG_ECANCELED);
			rg_op_free(op);
			deferred_answer_all(k.deferred);
			cr_expect_geq(kit_tick(&k), k.now);
			deferred_answer_all(k.deferred);
			kit_close(&k);
			cr_expect(k.freed);
		}
	}
}

/* The last look is under way when the registrar ends. */
Test(waits_stores, the_registrar_may_end_during_the_last_look)
{
	rg_op *op;
	waiting w;
	kit k;

	open_deferred(&k);
	lookup_later(&w, &k, &op);
	deferred_answer_all(k.deferred);
	k.now += 6000;
	kit_tick(&k);
	cr_expect_eq(w.done, 0);
	rg_registrar_shutdown(k.reg);
	cr_expect_eq(w.status, RG_ECANCELED);
	deferred_answer_all(k.deferred);
	rg_op_free(op);
	push_end(&w);
	kit_close(&k);
	cr_expect(k.freed);
}

/* The store does not answer the last look: store_timeout ends it. */
Test(waits_stores, the_last_look_takes_store_timeout_at_most)
{
	rg_op *op;
	waiting w;
	kit k;

	open_deferred(&k);
	lookup_later(&w, &k, &op);
	deferred_answer_all(k.deferred);
	save_at_once(&k, 1); /* a repeat changes nothing */
	EXPECT_SEEN(w, "2|");
	k.now += 6000;
	rg_time next = kit_tick(&k);
	cr_expect_leq(next, k.now + 2000);
	push_later(&k, 2000);
	cr_expect_eq(w.status, RG_ESTORE);
	deferred_answer_all(k.deferred);
	rg_op_free(op);
	push_end(&w);
	kit_close(&k);
	cr_expect(k.freed);
}

static void give_up_look(void *user)
{
	kit *k = user;

	PUSH_CONFIGURE(k, "pn_refresh_timeout 7");
	push_later(k, 2000);
}

/* Another thread gives up the last look while it decides: it keeps the configuration until it is gone. */
Test(waits_stores, a_look_that_is_given_up_while_it_decides_gives_no_branch)
{
	kit k, there;
	rg_op *op;
	waiting w;

	open_deferred(&k);
	kit_init(&there);
	rg_store_unref(there.memory);
	there.memory = rg_store_ref(k.memory);
	push_open_over(&there, rg_store_ref(k.memory));
	lookup_later(&w, &k, &op);
	deferred_answer_all(k.deferred);
	cr_assert_eq(push_save(&there, "alice", 1, 2), 200);
	k.now += 6000;
	kit_tick(&k);
	while (deferred_pending(k.deferred) > 1 && deferred_kind(k.deferred, 0) != CALL_FETCH)
		deferred_answer(k.deferred, 0);
	allocations_call(1, give_up_look, &k);
	deferred_answer(k.deferred, 0);
	allocations_call(0, NULL, NULL);
	cr_expect_eq(w.status, RG_ESTORE);
	EXPECT_SEEN(w, "2|");
	deferred_answer_all(k.deferred);
	rg_op_free(op);
	push_end(&w);
	kit_close(&k);
	kit_close(&there);
	cr_expect(k.freed);
}
