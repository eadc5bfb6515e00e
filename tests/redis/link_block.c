/* SPDX-License-Identifier: MIT */
/* Calls of the blocking form. The false server runs on a thread of its own. */
#include "fake.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

Test(link_block, a_call_needs_no_event_loop)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_start_thread(f);
	probe_new(&p, f, "");
	for (uint32_t i = 0; i < 5; i++) {
		char want[16];
		snprintf(want, sizeof want, "call%u", i);
		cr_assert_eq(probe_ask(&p, i, true, RG_OP_BLOCKING), RG_PENDING);
		cr_expect_eq(p.times[i], 0);
		cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, i), 5000), RG_OK);
		cr_expect_str_eq(p.text[i], want);
	}
	cr_expect_eq(f->accepted, 2, "the main connection and one for all of these");
	probe_free(&p);
	fake_free(f);
}

static uint32_t inner_calls;

static void call_inside(probe *p, uint32_t call)
{
	if (call >= 8)
		return;
	inner_calls++;
	cr_expect_eq(probe_ask(p, call + 1, true, RG_OP_BLOCKING), RG_PENDING);
	cr_expect_eq(rg__redis_wait(p->r, probe_tok(p, call + 1), 5000), RG_OK);
	cr_expect_eq(p->times[call + 1], 1);
}

Test(link_block, a_call_may_be_made_within_any_callback)
{
	fake *f = fake_new();
	probe p = { .inside = call_inside };

	inner_calls = 0;
	fake_start_thread(f);
	probe_new(&p, f, "");
	probe_ask(&p, 20, false, 0);
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 5000);
	cr_expect_eq(inner_calls, 8);
	cr_expect_eq(p.calls, 10);
	probe_free(&p);
	fake_free(f);
}

Test(link_block, wait_completes_no_other_call)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	fake_start_thread(f);
	probe_ask(&p, 0, true, 0);
	probe_ask(&p, 1, true, RG_OP_BLOCKING);
	probe_ask(&p, 2, true, RG_OP_BLOCKING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 2), 5000), RG_OK);
	cr_expect_eq(p.times[0], 0);
	cr_expect_eq(p.times[1], 0);
	cr_expect_eq(p.times[2], 1);
	/* The loop completes what nobody waits for. */
	probe_run(&p, 0, 5000);
	probe_run(&p, 1, 5000);
	cr_expect_str_eq(p.text[1], "call1");
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 1), 5000), RG_OK);
	probe_free(&p);
	fake_free(f);
}

Test(link_block, a_wait_ends_in_time_and_the_call_goes_on)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_start_thread(f);
	probe_new(&p, f, "timeout=60000");
	probe_ask(&p, 0, true, RG_OP_BLOCKING);
	cr_assert_eq(rg__redis_wait(p.r, probe_tok(&p, 0), 5000), RG_OK);
	f->silent = true;
	probe_ask(&p, 1, true, RG_OP_BLOCKING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 1), 20), RG_ETIMEOUT);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 1), 0), RG_ETIMEOUT);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 1), -1), RG_ETIMEOUT);
	cr_expect_eq(p.times[1], 0);
	rg__redis_cancel(p.r, probe_tok(&p, 1));
	cr_expect_eq(p.times[1], 1);
	cr_expect_eq(p.status[1], RG_EUNKNOWN, "it was sent");
	f->silent = false;
	probe_ask(&p, 2, true, RG_OP_BLOCKING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 2), 5000), RG_OK);
	cr_expect_str_eq(p.text[2], "call2");
	probe_free(&p);
	fake_free(f);
}

Test(link_block, a_silent_server_costs_one_call_its_time_and_the_next_one_nothing)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_start_thread(f);
	probe_new(&p, f, "timeout=60000");
	probe_ask(&p, 0, true, RG_OP_BLOCKING);
	cr_assert_eq(rg__redis_wait(p.r, probe_tok(&p, 0), 5000), RG_OK);
	f->silent = true;
	p.r->url.timeout = 50;
	probe_ask(&p, 1, true, RG_OP_BLOCKING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 1), 5000), RG_OK);
	cr_expect_eq(p.status[1], RG_EUNKNOWN);
	cr_expect_eq(probe_count(&p, "timeouts"), 1);
	cr_expect_eq(probe_ask(&p, 2, true, RG_OP_BLOCKING), RG_ESTORE);
	cr_expect_eq(p.times[2], 0);
	f->silent = false;
	p.r->url.timeout = 60000;
	rg_status status = RG_ESTORE;
	for (int i = 0; i < 1000 && status == RG_ESTORE; i++) {
		usleep(1000);
		status = probe_ask(&p, 3, true, RG_OP_BLOCKING);
	}
	cr_assert_eq(status, RG_PENDING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 3), 5000), RG_OK);
	cr_expect_str_eq(p.text[3], "call3");
	probe_free(&p);
	fake_free(f);
}

Test(link_block, a_connection_that_was_lost_while_idle_is_made_again)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_start_thread(f);
	probe_new(&p, f, "");
	for (uint32_t i = 0; i < 4; i++) {
		probe_ask(&p, i, true, RG_OP_BLOCKING);
		cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, i), 5000), RG_OK);
		cr_expect_eq(p.status[i], RG_OK, "call %u: %d", i, p.status[i]);
		fake_hang_up(f);
	}
	probe_free(&p);
	fake_free(f);
}

Test(link_block, a_server_that_is_gone_is_told_at_once)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	fake_deny(f);
	rg_status status = probe_ask(&p, 0, true, RG_OP_BLOCKING);
	cr_expect_eq(status, RG_ESTORE);
	cr_expect_eq(p.times[0], 0, "an error return calls nobody");
	cr_expect_eq(probe_ask(&p, 0, true, RG_OP_BLOCKING), RG_ESTORE);
	probe_free(&p);
	fake_free(f);
}

Test(link_block, connections_are_bounded_and_used_again)
{
	fake *f = fake_new();
	probe p = { 0 };
	uint32_t n = 0;

	fake_start_thread(f);
	probe_new(&p, f, "timeout=60000");
	while (n < 50 && probe_ask(&p, n, false, RG_OP_BLOCKING) == RG_PENDING)
		n++;
	cr_expect_eq(n, 16);
	cr_expect_eq(probe_ask(&p, 60, false, RG_OP_BLOCKING), RG_EFULL);
	for (uint32_t i = 0; i < n; i++)
		cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, i), 5000), RG_OK);
	cr_expect_eq(probe_ask(&p, 60, false, RG_OP_BLOCKING), RG_PENDING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 60), 5000), RG_OK);
	cr_expect_eq(p.calls, n + 1);
	probe_free(&p);
	fake_free(f);
}

static void drop_inside(probe *p, uint32_t call)
{
	(void)call;
	probe_free(p);
}

Test(link_block, the_store_may_be_dropped_within_wait)
{
	fake *f = fake_new();
	probe p = { .inside = drop_inside };

	fake_start_thread(f);
	probe_new(&p, f, "");
	probe_ask(&p, 0, true, RG_OP_BLOCKING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 0), 5000), RG_OK);
	cr_expect_eq(p.calls, 1);
	cr_expect_null(p.store);
	fake_free(f);
}

static uint32_t told;

static void count_told(void *user)
{
	(void)user;
	told++;
}

Test(link_block, a_wait_serves_the_watches)
{
	fake *f = fake_new();
	probe p = { 0 };
	rg__redis_subscription *sub;

	told = 0;
	fake_start_thread(f);
	probe_new(&p, f, "");
	cr_assert_eq(rg__redis_subscribe(p.r, "c", 1, count_told, NULL, &sub), RG_OK);
	for (uint32_t i = 0; i < 60 && told == 0; i++) {
		probe_ask(&p, i, false, RG_OP_BLOCKING);
		rg__redis_wait(p.r, probe_tok(&p, i), 5000);
	}
	cr_expect_eq(told, 1);
	probe_free(&p);
	fake_free(f);
}
