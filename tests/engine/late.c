/* SPDX-License-Identifier: MIT */
/* Answers of the store that come when the caller has its own answer already. */
#include "kit.h"

#define A1 "<sip:1@192.0.2.1>"

/* A deferred store whose calls of @p kind fail as @p f says. */
static void open_failing(kit *k, faulty *f)
{
	kit_init(k);

	rg_store *failing = faulty_new(k->memory, f);

	kit_open_over(k, deferred_new(failing, &k->deferred));
	rg_store_unref(failing);
}

/* The caller is answered by a tick at store_timeout. */
static void time_out(kit *k, outcome *o)
{
	k->now += 2000;
	kit_tick(k);
	cr_assert_eq(o->called, 1);
	cr_expect_eq(o->status, RG_ESTORE);
	k->log[0] = 0;
}

static void expect_counted_once_and_not_logged(kit *k, const outcome *o)
{
	cr_expect_eq(kit_stat(k, "store_errors"), 0);
	deferred_answer_all(k->deferred);
	cr_expect_eq(kit_stat(k, "store_errors"), 1);
	cr_expect_eq(kit_stat(k, "timeouts"), 1);
	cr_expect_str_empty(k->log);
	cr_expect_eq(o->called, 1);
	cr_expect_eq(o->freed, 1);
}

Test(late, a_failed_fetch_is_counted)
{
	faulty f = { .calls = CALL_FETCH, .times = 1, .status = RG_ETIMEOUT };
	outcome o = { 0 };
	kit k;

	open_failing(&k, &f);
	cr_assert_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	time_out(&k, &o);
	expect_counted_once_and_not_logged(&k, &o);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(late, a_failed_page_is_counted)
{
	faulty f = { .calls = CALL_SCAN, .times = 1, .status = RG_ETIMEOUT };
	outcome o = { 0 };
	kit k;

	open_failing(&k, &f);
	o.k = &k;
	cr_assert_eq(rg_each_async(k.reg, RG_STR("location"), (rg_str){ 0 }, kit_each, kit_each_done, &o, kit_freed, &o.op, NULL), RG_PENDING);
	time_out(&k, &o);
	expect_counted_once_and_not_logged(&k, &o);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(late, a_failed_commit_is_counted)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EFULL };
	outcome o = { 0 };
	kit k;

	open_failing(&k, &f);
	cr_assert_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	deferred_answer(k.deferred, 0);
	time_out(&k, &o);
	expect_counted_once_and_not_logged(&k, &o);
	rg_op_free(o.op);
	kit_close(&k);
}

/* @p phase 0: a fetch is answered late; 1: a commit, with a conflict. No further call of the store follows. */
static void expect_no_further_call(uint32_t phase, bool silent)
{
	conflicting c = { .times = -1, .silent = silent };
	outcome o = { 0 };
	kit k;

	kit_init(&k);

	rg_store *conflicts = conflicting_new(k.memory, &c);

	kit_open_over(&k, deferred_new(conflicts, &k.deferred));
	rg_store_unref(conflicts);
	cr_assert_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	for (uint32_t i = 0; i < phase; i++)
		deferred_answer(k.deferred, 0);
	time_out(&k, &o);
	deferred_answer(k.deferred, 0);
	cr_expect_eq(deferred_pending(k.deferred), 1);
	cr_expect_eq(deferred_kind(k.deferred, 0), CALL_DUE, "of the tick");
	deferred_answer_all(k.deferred);
	cr_expect_eq(c.commits, phase);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.freed, 1);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(late, a_fetch_is_not_decided_on)
{
	expect_no_further_call(0, false);
}

Test(late, a_conflict_is_not_decided_on)
{
	expect_no_further_call(1, false);
	expect_no_further_call(1, true);
}
