/* SPDX-License-Identifier: MIT */
/* Commits whose outcome nobody knows, callers that give up, and the end of a registrar. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"

static void open_doubtful(kit *k, faulty *f, int how)
{
	kit_init(k);
	rg_store *shim = faulty_new(k->memory, f);

	if (how == INLINE) {
		kit_open_over(k, shim);
	} else {
		kit_open_over(k, deferred_new(shim, &k->deferred));
		rg_store_unref(shim);
	}
	kit_listen(k);
}

static void tick_on(kit *k, int times, rg_time step)
{
	for (int i = 0; i < times; i++) {
		k->now += step;
		kit_tick(k);
		if (k->deferred)
			deferred_answer_all(k->deferred);
	}
}

#define TOLD "AOR_INSERT alice@example.org;CONTACT_INSERT alice@example.org sip:a@192.0.2.1:5060;"

static void fate(int how, bool lands)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = lands };
	int code;
	kit k;

	open_doubtful(&k, &f, how);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	cr_expect_str_empty(k.events);
	cr_expect(k.wakeups > 0, "a tick is wanted for sending it again");
	cr_expect_leq(k.woken, k.now + 2000);
	tick_on(&k, 1, 200);
	cr_expect_str_eq(k.events, TOLD);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	cr_expect_eq(kit_stat(&k, "retries"), 1);
	tick_on(&k, 3, 1000);
	cr_expect_str_eq(k.events, TOLD, "told once");
	kit_close(&k);
}

Test(fate, a_commit_of_unknown_fate_is_sent_again_and_its_events_are_told)
{
	fate(INLINE, true);
	fate(INLINE, false);
	fate(DEFERRED, true);
	fate(DEFERRED, false);
}

Test(fate, a_caller_still_waiting_gets_the_answer_of_the_resend)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	cr_expect_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 0);
	tick_on(&k, 1, 200);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200);
	rg_op_unref(o.op);
	kit_close(&k);
}

Test(fate, a_caller_is_told_503_after_store_timeout_and_the_resends_end_after_fifty_seconds)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	tick_on(&k, 1, 1999);
	cr_expect_eq(o.called, 0);
	tick_on(&k, 1, 1);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.status, RG_ESTORE);
	cr_expect_eq(o.code, 503);
	cr_expect_eq(o.freed, 1);
	tick_on(&k, 60, 1000);
	uint32_t seen = f.seen;
	cr_expect(seen > 20 && seen < 60, "sent %u times", seen);
	cr_expect(strstr(k.log, "never became known"));
	cr_expect_eq(kit_stat(&k, "undecided"), 1);
	tick_on(&k, 10, 1000);
	cr_expect_eq(f.seen, seen);
	cr_expect_str_empty(k.events);
	rg_op_unref(o.op);
	kit_close(&k);
}

Test(fate, a_resend_that_conflicts_did_not_land_and_is_decided_again_for_who_waits)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200, "another came first");
	tick_on(&k, 1, 200);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200);
	cr_expect_eq(kit_targets(&k, "alice"), 2, "decided on what the other left");
	cr_expect_eq(kit_stat(&k, "conflicts"), 1);
	rg_op_unref(o.op);
	kit_close(&k);
}

Test(fate, a_store_that_does_not_answer_is_a_503_after_store_timeout)
{
	outcome o = { 0 }, found = { 0 };
	rg_request request;
	kit k;

	kit_open(&k, DEFERRED);
	cr_expect_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	cr_expect_eq(k.woken, k.now + 2000);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	rg_lookup_async(k.reg, &request, NULL, kit_looked_up, &found, kit_freed, NULL);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_eq(o.status, RG_ESTORE);
	cr_expect_eq(o.code, 503);
	cr_expect_eq(found.status, RG_ESTORE);
	cr_expect_eq(found.code, 503);
	cr_expect(deferred_canceled(k.deferred) >= 2);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.freed, 1);
	cr_expect_eq(kit_targets(&k, "alice"), 0, "it had not come to a commit");
	rg_op_unref(o.op);
	kit_close(&k);
}

Test(fate, the_blocking_form_gives_up_after_store_timeout_and_its_commit_runs_on)
{
	int code;
	kit k;

	kit_open(&k, DEFERRED);
	kit_listen(&k);
	deferred_deaf(k.deferred, true);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	deferred_answer_all(k.deferred);
	cr_expect_str_empty(k.events, "given up before the commit");
	kit_close(&k);
}

static void cancel_at(int phase)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_listen(&k);
	kit_save_async(&k, "alice", A1, 1, &o);
	for (int i = 0; i < phase; i++)
		deferred_answer(k.deferred, 0);
	rg_op_cancel(o.op);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.status, phase < 2 ? RG_ECANCELED : RG_OK);
	cr_expect_eq(o.freed, 1);
	rg_op_cancel(o.op);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_str_eq(k.events, phase == 0 ? "" : TOLD, "once issued, a commit is undecided and its events are told");
	rg_op_unref(o.op);
	kit_close(&k);
}

Test(fate, an_operation_can_be_cancelled_at_every_phase)
{
	cancel_at(0);
	cancel_at(1);
	cancel_at(2);
}

Test(fate, a_shutdown_cancels_what_is_under_way_and_refuses_what_is_new)
{
	outcome early = { 0 }, late = { 0 };
	int code;
	kit k;

	kit_open(&k, DEFERRED);
	kit_listen(&k);
	kit_save_async(&k, "alice", A1, 1, &late);
	deferred_answer(k.deferred, 0);
	kit_save_async(&k, "bob", A1, 1, &early);
	rg_registrar_shutdown(k.reg);
	rg_registrar_shutdown(k.reg);
	cr_expect_eq(early.status, RG_ECANCELED);
	cr_expect_eq(late.status, RG_ECANCELED);
	cr_expect_eq(kit_save_status(&k, "alice", A2, 2, &code), RG_ECANCELED);
	cr_expect_eq(code, 0);
	deferred_answer_all(k.deferred);
	cr_expect_str_eq(k.events, TOLD);
	cr_expect_eq(early.called + late.called, 2);
	rg_op_unref(early.op);
	rg_op_unref(late.op);
	kit_close(&k);
}

Test(fate, memory_lives_until_the_last_answer_came)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	rg_op_unref(o.op);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_eq(o.status, RG_ECANCELED);
	cr_expect_not(k.freed);
	deferred_answer_all(k.deferred);
	cr_expect(k.freed);
	kit_close(&k);
}

Test(fate, what_no_tick_will_send_again_is_given_up_with_the_registrar)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	rg_op_unref(o.op);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_eq(o.called, 1);
	cr_expect(k.freed);
	kit_close(&k);
}

static void drop_everything(outcome *o)
{
	kit *k = o->k;

	rg_op_cancel(o->op);
	rg_op_unref(o->op);
	kit_save(k, "carol", A1, 1);
	kit_tick(k);
	kit_stat(k, "commits");
	rg_registrar_configure(k->reg, NULL);
	rg_subscription_end(k->subscription);
	k->subscription = NULL;
	rg_registrar_unref(k->reg);
	k->reg = NULL;
	o->then = NULL;
}

Test(fate, a_callback_may_call_everything_and_drop_the_last_reference)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		outcome o = { .then = drop_everything };
		kit k;

		kit_open(&k, how);
		kit_listen(&k);
		kit_save_async(&k, "alice", A1, 1, &o);
		if (k.deferred)
			deferred_answer_all(k.deferred); /* those of the walk that the tick began, too */
		cr_expect_eq(o.called, 1);
		cr_expect_eq(o.freed, 1);
		cr_expect(k.freed);
		kit_close(&k);
	}
}

static void cancel_itself(outcome *o)
{
	rg_op_cancel(o->op);
}

Test(fate, a_walk_may_be_cancelled_from_its_own_callback)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		outcome o = { .then = cancel_itself };
		kit k;

		kit_open(&k, how);
		kit_save(&k, "alice", A1, 1);
		kit_save(&k, "bob", A1, 1);
		rg_registrar_each_async(k.reg, RG_STR("location"), (rg_str){ NULL, 0 }, kit_each, kit_each_done, &o, kit_freed, &o.op);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.n, 1);
		cr_expect_eq(o.status, RG_ECANCELED);
		cr_expect_eq(o.called, 1);
		cr_expect_eq(o.freed, 1);
		rg_op_unref(o.op);
		kit_close(&k);
	}
}
