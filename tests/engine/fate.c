/* SPDX-License-Identifier: MIT */
/* Commits whose outcome nobody knows, callers that give up, and the end of a registrar. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"

enum { MINUTE = 61 };
extern int clock_ahead; /* overlay_bench.h */

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
	rg_op_free(o.op);
	kit_close(&k);
}

Test(fate, a_commit_is_sent_again_after_pauses_that_double_up_to_two_seconds)
{
	static const rg_time pauses[] = { 100, 200, 400, 800, 1600, 2000, 2000, 2000 };
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	int code;
	kit k;

	open_doubtful(&k, &f, INLINE);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	cr_expect_eq(k.woken, k.now + pauses[0]);
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		uint32_t seen = f.seen;

		k.now += pauses[i] - 1;
		kit_tick(&k);
		cr_expect_eq(f.seen, seen, "not yet, pause %zu", i);
		k.now++;
		kit_tick(&k);
		cr_expect_eq(f.seen, seen + 1, "pause %zu", i);
	}
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
	rg_op_free(o.op);
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
	rg_op_free(o.op);
	kit_close(&k);
}

Test(fate, a_change_that_was_undone_meanwhile_had_landed_and_its_caller_is_told_so)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = true };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save(&k, "alice", A1 ";expires=0", 2), 200);
	tick_on(&k, 1, 200);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200, "decided again, it would be out of order");
	cr_expect_eq(kit_stat(&k, "conflicts"), 0);
	cr_expect_eq(kit_stat(&k, "undecided"), 0);
	cr_expect_str_eq(k.events, TOLD "CONTACT_DELETE alice@example.org sip:a@192.0.2.1:5060;AOR_DELETE alice@example.org;");
	rg_op_free(o.op);
	kit_close(&k);
}

Test(fate, a_second_commit_of_unknown_fate_is_in_doubt_as_the_first_one_was)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200, "another came first");
	f.after = 1;
	f.times = 1;
	f.lands = true;
	tick_on(&k, 1, 200); /* the resend conflicts, and what is decided then lands */
	cr_expect_eq(o.called, 0);
	f.times = 1;
	f.lands = false;
	f.status = RG_ESTORE;
	tick_on(&k, 1, 200);
	cr_expect_eq(o.called, 0, "that a resend did not land says nothing of what was sent before");
	tick_on(&k, 1, 500);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200);
	cr_expect(strstr(k.events, "CONTACT_INSERT alice@example.org sip:a@192.0.2.1:5060;"));
	cr_expect_eq(kit_targets(&k, "alice"), 2);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(fate, after_a_clock_set_back_a_commit_is_sent_again_for_fifty_seconds_more_and_no_longer)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	int code;
	kit k;

	open_doubtful(&k, &f, INLINE);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	k.now -= 365 * 86400000LL;
	tick_on(&k, 45, 1000);
	cr_expect_null(strstr(k.log, "never became known"));
	tick_on(&k, 15, 1000);
	cr_expect(strstr(k.log, "never became known"));
	cr_expect_eq(kit_stat(&k, "undecided"), 1);
	uint32_t seen = f.seen;
	tick_on(&k, 10, 1000);
	cr_expect_eq(f.seen, seen);
	kit_close(&k);
}

/* The store may have forgotten the commit: that it conflicts would not say that it did not land. */
Test(fate, a_commit_in_doubt_is_not_sent_again_by_a_tick_that_comes_a_minute_late)
{
	for (rg_time late = 54000; late <= 61000; late += 7000) {
		faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN, .lands = true };
		int code;
		kit k;

		open_doubtful(&k, &f, INLINE);
		cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
		uint32_t seen = f.seen;
		k.now += late;
		kit_tick(&k);
		cr_expect_eq(f.seen, seen + (late < 60000));
		cr_expect(strstr(k.log, "never became known"));
		cr_expect_eq(kit_stat(&k, "undecided"), 1);
		kit_close(&k);
	}
}

Test(fate, a_clock_set_back_does_not_hide_that_a_minute_has_passed)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN, .lands = true };
	int code;
	kit k;

	open_doubtful(&k, &f, INLINE);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	uint32_t seen = f.seen;
	k.now -= 3600000;
	clock_ahead = MINUTE;
	tick_on(&k, 2, 2000);
	clock_ahead = 0;
	cr_expect_eq(f.seen, seen);
	cr_expect(strstr(k.log, "never became known"));
	cr_expect_eq(kit_stat(&k, "undecided"), 1);
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
	rg_lookup_async(k.reg, &request, NULL, kit_looked_up, &found, kit_freed, NULL, NULL);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_eq(o.status, RG_ESTORE);
	cr_expect_eq(o.code, 503);
	cr_expect_eq(found.status, RG_ESTORE);
	cr_expect_eq(found.code, 503);
	cr_expect(deferred_canceled(k.deferred) >= 2);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_stat(&k, "timeouts"), 2);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.freed, 1);
	cr_expect_eq(kit_targets(&k, "alice"), 0, "it had not come to a commit");
	rg_op_free(o.op);
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
	cr_expect_eq(deferred_canceled(k.deferred), 1, "the store is told that the answer is not wanted");
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
	cr_expect_eq(deferred_canceled(k.deferred), phase == 0, "of a commit the outcome is wanted");
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.status, phase < 2 ? RG_ECANCELED : RG_OK);
	cr_expect_eq(o.freed, 1);
	rg_op_cancel(o.op);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_str_eq(k.events, phase == 0 ? "" : TOLD, "once issued, a commit is undecided and its events are told");
	rg_op_free(o.op);
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
	rg_op_free(early.op);
	rg_op_free(late.op);
	kit_close(&k);
}

Test(fate, memory_lives_until_the_last_answer_came)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	rg_op_free(o.op);
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
	rg_op_free(o.op);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_eq(o.called, 1);
	cr_expect(k.freed);
	kit_close(&k);
}

Test(fate, a_commit_whose_fate_is_unknown_after_the_registrar_went_is_given_up_at_once)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer(k.deferred, 0);
	cr_expect_eq(deferred_kind(k.deferred, 0), CALL_COMMIT);
	rg_op_free(o.op);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_eq(o.status, RG_ECANCELED);
	cr_expect_not(k.freed, "the commit is under way");
	deferred_answer_all(k.deferred);
	cr_expect(k.freed);
	cr_expect(strstr(k.log, "never became known"));
	kit_close(&k);
}

Test(fate, what_a_later_change_was_built_on_is_not_given_up_as_unknown)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = true };
	outcome o = { 0 };
	kit k;

	open_doubtful(&k, &f, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	rg_op_free(o.op);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_str_eq(k.events, TOLD "CONTACT_INSERT alice@example.org sip:a@192.0.2.2:5060;");
	cr_expect_null(strstr(k.log, "never became known"));
	cr_expect(k.freed);
	kit_close(&k);
}

/* The host shuts down while a call of the blocking form waits. */
static struct {
	kit *k;
	const rg_store_ops *inner;
} shutting;

static rg_status shut_down_and_wait(void *self, void *tok, int32_t timeout_ms)
{
	rg_registrar_shutdown(shutting.k->reg);
	return shutting.inner->wait(self, tok, timeout_ms);
}

Test(fate, a_shutdown_ends_a_call_of_the_blocking_form)
{
	rg_store *later, *store = NULL;
	void *self;
	int code;
	kit k;

	kit_open(&k, DEFERRED);
	later = k.store;
	rg_registrar_unref(k.reg);
	shutting.k = &k;
	shutting.inner = rg_store_members(later, &self);
	rg_store_ops ops = *shutting.inner;
	ops.wait = shut_down_and_wait;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, self, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ECANCELED);
	cr_expect_eq(code, 0);
	kit_close(&k);
	rg_store_unref(later);
}

static void drop_everything(outcome *o)
{
	kit *k = o->k;

	rg_op_cancel(o->op);
	rg_op_free(o->op);
	kit_save(k, "carol", A1, 1);
	kit_tick(k);
	kit_stat(k, "commits");
	rg_registrar_configure(k->reg, NULL, NULL);
	rg_subscription_free(k->subscription);
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
		rg_each_async(k.reg, RG_STR("location"), (rg_str){ NULL, 0 }, kit_each, kit_each_done, &o, kit_freed, &o.op, NULL);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.n, 1);
		cr_expect_eq(o.status, RG_ECANCELED);
		cr_expect_eq(o.called, 1);
		cr_expect_eq(o.freed, 1);
		rg_op_free(o.op);
		kit_close(&k);
	}
}
