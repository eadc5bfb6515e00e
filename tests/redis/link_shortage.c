/* SPDX-License-Identifier: MIT */
/*
 * The connections when memory runs out: each allocation on the way of calls, a subscription and a reconnection fails in turn, alone and
 * with those after it, the ones of hiredis included. Each call still completes once, and nothing is left behind.
 */
#include "fake.h"
#include "../unit/failing_malloc.h"

#include <criterion/criterion.h>

static uint32_t shortage_told;

static void on_shortage_told(void *user)
{
	(void)user;
	shortage_told++;
}

static void count_reply(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	(void)index;
	(void)status;
	(void)reply;
	++*(uint32_t *)user;
}

/* @return how many commands were accepted. */
static uint32_t send_three(rg__redis *r, uint32_t *done)
{
	static const char *const echo[] = { "ECHO", "a" }, *const script[] = { "0", "b" };
	static const size_t echo_lens[] = { 4, 1 }, script_lens[] = { 1, 1 };
	const rg__redis_command commands[] = { { NULL, 2, echo, echo_lens }, { &rg__redis_scripts[0], 2, script, script_lens } };
	uint32_t accepted = 0;

	accepted += rg__redis_send(r, RG__REDIS_FETCH, 0, false, commands, 1, count_reply, done, done) == RG_PENDING;
	accepted += 2 * (rg__redis_send(r, RG__REDIS_DUE, 0, true, commands, 2, count_reply, done, done) == RG_PENDING);
	return accepted;
}

static void run_shortage(fake *f, rg_store *store, const uint32_t *done, uint32_t want)
{
	for (int i = 0; i < 400 && *done < want; i++) {
		fake_turn(f);
		rg_redis_store_run(store, 1);
	}
}

static void scenario(fake *f)
{
	rg_redis_options o = { .struct_size = sizeof o, .address = rg_str_from(f->address) };
	rg__redis_subscription *sub = NULL;
	rg_store *store;
	uint32_t done = 0, accepted;

	if (rg_redis_store_new(&o, &store, NULL) != RG_OK)
		return;
	rg__redis *r = rg_store_self(store, RG__REDIS_NAME);
	accepted = send_three(r, &done);
	if (rg__redis_subscribe(r, "c", 1, on_shortage_told, NULL, &sub) != RG_OK)
		sub = NULL;
	run_shortage(f, store, &done, accepted);
	cr_expect_eq(done, accepted, "allocation %d, run of %d", fail_at, fail_run);
	f->on = "EVALSHA";
	f->say = "-NOSCRIPT none\r\n";
	f->only = 1;
	accepted += send_three(r, &done);
	run_shortage(f, store, &done, accepted);
	fake_hang_up(f);
	accepted += send_three(r, &done);
	run_shortage(f, store, &done, accepted);
	cr_expect_eq(done, accepted, "allocation %d, run of %d", fail_at, fail_run);
	accepted += send_three(r, &done);
	if (sub)
		rg__redis_unsubscribe(r, sub);
	rg_store_unref(store);
	cr_expect_eq(done, accepted, "allocation %d, run of %d", fail_at, fail_run);
}

/* @return whether every allocation was made. */
static bool run_with(int nth, int run)
{
	fake *f = fake_new();

	snprintf(f->address, sizeof f->address, "unix:%s?timeout=200&connect_timeout=200", f->path);
	made = 0;
	fail_at = nth;
	fail_run = run;
	long before = kept;
	counts = true;
	scenario(f);
	counts = false;
	cr_expect_eq(kept, before, "allocation %d, run of %d: %ld blocks are left", nth, run, kept - before);
	fake_free(f);
	return made < nth;
}

Test(link_shortage, each_allocation_may_fail)
{
	static const int runs[] = { 1, 2, 5, 1000000 };

	run_with(0, 0);
	cr_assert_gt(made, 40);
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
		for (int nth = 1; !run_with(nth, runs[i]); nth++)
			cr_assert_lt(nth, 5000);
}
