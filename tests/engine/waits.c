/* SPDX-License-Identifier: MIT */
/* Lookups that wait for devices that a push notification wakes (RFC 8599 §5.6.2): over the inline memory store, one registrar. */
#include "allocations.h"
#include "waiting.h"
#include <stdio.h>

#define WOKE "CONTACT_REFRESH alice@example.org sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1;"

Test(waits, a_device_that_registers_again_gives_a_branch_with_its_target)
{
	waiting w;
	kit k;

	push_open(&k);
	kit_listen(&k);
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	k.events[0] = 0;
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	EXPECT_EVENTS(k, WOKE);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(k.woken, k.now + 3000); /* half of pn_refresh_timeout */
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_save(&k, "bob", 1, 1), 200);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.done, 1);
	cr_expect_eq(w.status, RG_OK);
	cr_expect_eq(w.freed, 1);
	cr_expect_eq(kit_stat(&k, "wakeups_sent"), 1);
	cr_expect_eq(kit_stat(&k, "wakeups_answered"), 1);
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 0);
	push_end(&w);
	kit_close(&k);
	cr_expect(k.freed);
}

Test(waits, the_time_is_over_after_pn_refresh_timeout)
{
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "pn_refresh_timeout 4");
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_code(w.targets), 480);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(kit_tick(&k), k.now + 2000);
	push_later(&k, 2000);
	cr_expect_eq(kit_tick(&k), k.now + 2000);
	push_later(&k, 1999);
	cr_expect_eq(w.done, 0);
	push_later(&k, 1);
	cr_expect_eq(w.done, 1);
	cr_expect_eq(w.status, RG_ETIMEOUT);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(kit_stat(&k, "wakeups_sent"), 1); /* that nobody listens is no matter of the device */
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 1);
	push_end(&w);
	kit_close(&k);
}

Test(waits, a_canceled_wait_gets_no_branch)
{
	waiting w;
	kit k;

	push_open(&k);
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	rg_wait_cancel(w.wait);
	cr_expect_eq(w.status, RG_ECANCELED);
	cr_expect_eq(w.freed, 1);
	rg_wait_cancel(w.wait);
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	push_later(&k, 6000);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 0);
	push_end(&w);
	kit_close(&k);
}

/* Opens a registrar with phones 1 to @p n of alice, and looks her up. */
static void call_alice(waiting *w, kit *k, int n)
{
	push_open(k);
	for (int i = 1; i <= n; i++)
		cr_assert_eq(push_save(k, "alice", i, i), 200);
	cr_assert_eq(push_lookup(w, k, "alice", NULL), RG_OK);
	cr_assert_eq(rg_targets_wake_count(w->targets), (uint32_t)n);
}

static void hang_up(waiting *w, kit *k)
{
	push_end(w);
	kit_close(k);
	cr_expect(k->freed);
}

Test(waits, branches_that_come_before_the_wait_are_kept_for_it)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 2);
	k.now++;
	cr_expect_eq(push_save(&k, "alice", 2, 8), 200);
	cr_expect_eq(push_save(&k, "alice", 1, 9), 200);
	cr_expect_eq(push_wait(&w), RG_OK);
	EXPECT_SEEN(w, "2|2;1;");
	cr_expect_eq(w.status, RG_OK);
	hang_up(&w, &k);
}

Test(waits, the_end_before_the_wait_is_told_to_it)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 2);
	cr_expect_eq(push_save(&k, "alice", 2, 8), 200);
	push_later(&k, 6000);
	cr_expect_eq(push_save(&k, "alice", 1, 9), 200);
	cr_expect_eq(push_wait(&w), RG_OK);
	EXPECT_SEEN(w, "2|2;");
	cr_expect_eq(w.status, RG_ETIMEOUT);
	hang_up(&w, &k);
}

Test(waits, end_with_the_targets_that_nobody_waits_for)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 1);
	PUSH_CONFIGURE(&k, "pn_max_waits 1");
	push_end(&w);
	cr_expect_neq(kit_tick(&k), k.now + 3000);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING); /* there was room */
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	cr_expect_eq(w.done, 1);
	cr_expect_eq(kit_stat(&k, "wakeups_answered"), 1);
	hang_up(&w, &k);
}

Test(waits, need_neither_the_targets_nor_the_handle)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 2);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	push_end(&w);
	cr_expect_eq(push_save(&k, "alice", 2, 8), 200);
	cr_expect_eq(push_save(&k, "alice", 1, 9), 200);
	EXPECT_SEEN(w, "2|2;1;");
	cr_expect_eq(w.done, 1);
	hang_up(&w, &k);
}

#define REFUSED(w, why, status, words) \
	do { \
		cr_expect_eq(push_wait_why(w, why), status); \
		cr_expect_str_eq(rg_error_text(why).p, words); \
	} while (0)

Test(waits, are_for_the_targets_of_a_lookup_that_woke_a_device_and_once)
{
	rg_error *why = rg_error_new();
	waiting w, other = { 0 };
	rg_wait *handle = NULL;
	kit k;

	call_alice(&w, &k, 1);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	handle = w.wait;
	w.wait = NULL;
	REFUSED(&w, why, RG_EINVAL, "the targets are waited for already");
	w.wait = handle;
	cr_expect_eq(push_lookup(&other, &k, "bob", NULL), RG_OK);
	REFUSED(&other, why, RG_EINVAL, "no lookup woke a device of these targets");
	push_end(&other);
	REFUSED(&other, why, RG_EINVAL, "targets is NULL");
	cr_expect_eq(rg_targets_wait(w.targets, NULL, NULL, NULL, NULL, NULL, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "on_branch is NULL");
	rg_error_free(why);
	rg_wait_cancel(NULL);
	rg_wait_free(NULL);
	hang_up(&w, &k);
	cr_expect_eq(w.status, RG_ECANCELED);
}

static void cancel(waiting *w)
{
	rg_wait_cancel(w->wait);
	cr_expect_eq(w->done, w->inside > 0 && w->branches > 0 && w->freed == 0 && w->on_done == cancel ? 1 : 0);
}

Test(waits, end_when_they_are_canceled_inside_a_branch)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 3);
	cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
	cr_expect_eq(push_save(&k, "alice", 2, 9), 200);
	w.on_branch = cancel;
	cr_expect_eq(push_wait(&w), RG_OK);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.status, RG_ECANCELED);
	hang_up(&w, &k);
}

Test(waits, may_be_canceled_inside_their_end)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 1);
	w.on_done = cancel;
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.status, RG_OK);
	hang_up(&w, &k);
}

static void end(waiting *w)
{
	rg_targets_free(w->targets);
	rg_wait_free(w->wait);
	w->targets = NULL;
	w->wait = NULL;
}

Test(waits, may_be_released_inside_their_callbacks)
{
	for (int where = 0; where < 2; where++) {
		waiting w;
		kit k;

		call_alice(&w, &k, 2);
		*(where == 0 ? &w.on_branch : &w.on_done) = end;
		cr_expect_eq(push_wait(&w), RG_PENDING);
		cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
		cr_expect_eq(push_save(&k, "alice", 2, 9), 200);
		EXPECT_SEEN(w, "2|1;2;");
		cr_expect_eq(w.freed, 1);
		hang_up(&w, &k);
	}
}

static void drop_registrar(waiting *w)
{
	rg_registrar *reg = w->k->reg;

	w->k->reg = NULL;
	rg_registrar_unref(reg);
}

/* A tick finds the branch, so that no verb holds the registrar. */
Test(waits, outlive_the_last_reference_to_the_registrar)
{
	for (int where = 0; where < 2; where++) {
		waiting w;
		kit k, other;

		call_alice(&w, &k, 2);
		*(where == 0 ? &w.on_branch : &w.on_done) = drop_registrar;
		cr_expect_eq(push_wait(&w), RG_PENDING);
		kit_init(&other);
		push_open_over(&other, rg_store_ref(k.memory));
		cr_expect_eq(push_save(&other, "alice", 1, 8), 200);
		cr_expect_eq(k.freed, where == 0);
		if (where == 1)
			push_later(&k, 6000);
		EXPECT_SEEN(w, "2|1;");
		cr_expect_eq(w.status, where == 0 ? RG_ECANCELED : RG_ETIMEOUT);
		cr_expect(k.freed);
		hang_up(&w, &k);
		kit_close(&other);
	}
}

Test(waits, end_with_the_registrar)
{
	for (int claimed = 0; claimed < 2; claimed++) {
		waiting w, late;
		kit k;

		call_alice(&w, &k, 2);
		if (claimed)
			cr_expect_eq(push_wait(&w), RG_PENDING);
		rg_registrar_shutdown(k.reg);
		cr_expect_eq(w.done, claimed);
		if (!claimed)
			cr_expect_eq(push_wait(&w), RG_OK);
		cr_expect_eq(w.status, RG_ECANCELED);
		cr_expect_eq(push_lookup(&late, &k, "alice", NULL), RG_ECANCELED);
		hang_up(&w, &k);
	}
}

Test(waits, keep_the_configuration_of_their_lookup)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 2);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	PUSH_CONFIGURE(&k, "pn_refresh_timeout 60");
	push_later(&k, 5000);
	cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.status, RG_ETIMEOUT);
	push_end(&w);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	push_later(&k, 59999);
	cr_expect_eq(w.done, 0);
	push_later(&k, 1);
	cr_expect_eq(w.status, RG_ETIMEOUT);
	hang_up(&w, &k);
}

Test(waits, wake_a_device_again_as_pn_retry_says)
{
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "pn_retry 1,2,9", "pn_refresh_timeout 8");
	kit_listen(&k);
	for (int i = 1; i <= 2; i++)
		cr_assert_eq(push_save(&k, "alice", i, i), 200);
	k.events[0] = 0;
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	k.events[0] = 0;
	push_later(&k, 999);
	EXPECT_EVENTS(k, "");
	cr_expect_eq(kit_tick(&k), k.now + 1);
	push_later(&k, 1);
	cr_expect_not_null(strstr(k.events, "192.0.2.2"));
	cr_expect_eq(push_save(&k, "alice", 2, 8), 200);
	k.events[0] = 0;
	push_later(&k, 2000);
	EXPECT_EVENTS(k, WOKE);
	push_later(&k, 4999);
	EXPECT_EVENTS(k, "");
	cr_expect_eq(kit_stat(&k, "wakeups_sent"), 5);
	hang_up(&w, &k);
}

/* What is gone is not woken again; if it registers all the same, it is a branch. */
Test(waits, wake_no_device_again_that_un_registered)
{
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "pn_retry 1,2");
	kit_listen(&k);
	for (int i = 1; i <= 2; i++)
		cr_assert_eq(push_save(&k, "alice", i, i), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(kit_save(&k, "alice", "<sip:p@192.0.2.2;pn-provider=acme;pn-prid=t2>;expires=0", 3), 200);
	k.events[0] = 0;
	push_later(&k, 1000);
	EXPECT_EVENTS(k, WOKE);
	cr_expect_eq(push_save(&k, "alice", 2, 4), 200);
	EXPECT_SEEN(w, "2|2;");
	k.events[0] = 0;
	push_later(&k, 2000);
	EXPECT_EVENTS(k, WOKE);
	hang_up(&w, &k);
}

Test(waits, past_pn_max_waits_a_device_is_woken_and_not_waited_for)
{
	rg_error *why = rg_error_new();
	waiting w, second;
	kit k;

	call_alice(&w, &k, 1);
	PUSH_CONFIGURE(&k, "pn_max_waits 1");
	kit_listen(&k);
	cr_expect_eq(push_lookup(&second, &k, "alice", NULL), RG_OK);
	EXPECT_EVENTS(k, WOKE);
	EXPECT_SEEN(second, "2|");
	REFUSED(&second, why, RG_ELIMIT, "pn_max_waits requests were waiting when the lookup ended");
	push_end(&second);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	rg_wait_cancel(w.wait);
	cr_expect_eq(push_lookup(&second, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&second), RG_PENDING);
	push_end(&second);
	rg_error_free(why);
	hang_up(&w, &k);
}

static void save_second(waiting *w)
{
	if (w->branches == 1)
		cr_expect_eq(push_save(w->k, "alice", 2, 20), 200);
	cr_expect_eq(w->branches, strchr(w->seen, '2') == strrchr(w->seen, '2') ? 1 : 2);
}

Test(waits, a_branch_that_comes_inside_a_branch_follows_it)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 2);
	w.on_branch = save_second;
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
	EXPECT_SEEN(w, "2|1;2;");
	cr_expect_eq(w.done, 1);
	hang_up(&w, &k);
}

Test(waits, become_no_longer_when_the_clock_is_set)
{
	waiting w;
	kit k;

	call_alice(&w, &k, 1);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	push_later(&k, 1000);
	k.now -= 365LL * 86400000;
	cr_expect_leq(kit_tick(&k), k.now + 2000);
	push_later(&k, 4999);
	cr_expect_eq(w.done, 0);
	push_later(&k, 1);
	cr_expect_eq(w.status, RG_ETIMEOUT);
	push_end(&w);
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	push_later(&k, 365LL * 86400000);
	cr_expect_eq(w.status, RG_ETIMEOUT);
	hang_up(&w, &k);
}

/* Many waits, each of its own length, some canceled: each ends when its time is over, and no tick is asked for later. */
Test(waits, each_ends_at_its_own_time)
{
	enum { MANY = 60 };
	static waiting w[MANY];
	rg_time ends[MANY];
	kit k;

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	rg_time begun = k.now;
	for (int i = 0; i < MANY; i++) {
		char timeout[64];
		int seconds = 2 + i * 37 % 53;

		snprintf(timeout, sizeof timeout, "pn_refresh_timeout %d", seconds);
		PUSH_CONFIGURE(&k, timeout);
		ends[i] = begun + 1000 * seconds;
		cr_assert_eq(push_lookup(&w[i], &k, "alice", NULL), RG_OK);
		cr_assert_eq(push_wait(&w[i]), RG_PENDING);
	}
	for (int i = 0; i < MANY; i += 7)
		rg_wait_cancel(w[i].wait);
	for (rg_time next = kit_tick(&k); k.now < begun + 60000; next = kit_tick(&k)) {
		for (int i = 0; i < MANY; i++) {
			cr_expect_eq(w[i].done, i % 7 == 0 || ends[i] <= k.now, "wait %d at %d", i, (int)(k.now - begun));
			cr_expect(w[i].done || next <= ends[i], "wait %d: no tick before its end", i);
		}
		cr_assert_gt(next, k.now);
		k.now = next < begun + 60000 ? next : begun + 60000;
	}
	for (int i = 0; i < MANY; i++)
		push_end(&w[i]);
	kit_close(&k);
}

typedef struct listener {
	kit *k;
	char text[512];
	bool registers;
} listener;

static void hear_wake(void *user, const rg_event *e)
{
	listener *l = user;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof l->text - n, "%.*s %.*s;", (int)e->reason.n, e->reason.p, (int)e->callid.n, e->callid.p);
	if (l->registers)
		cr_expect_eq(push_save(l->k, "alice", 1, 50), 200);
}

Test(waits, events_say_what_for_and_a_device_may_come_back_inside_them)
{
	rg_subscription *heard;
	rg_request request;
	waiting w;
	kit k;
	listener l = { .k = &k };

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_REFRESH, hear_wake, &l, NULL, &heard, NULL), RG_OK);
	push_invite(&request, "sip:alice@example.org");
	cr_expect_eq(push_request(&w, &k, &request, NULL), RG_OK);
	push_end(&w);
	request.method = RG_STR("BYE");
	request.callid = RG_STR("other");
	request.to_header = RG_STR("\"a\" <sip:callee@example.org;tag=no>;x;TAG=1");
	cr_expect_eq(push_request(&w, &k, &request, NULL), RG_OK);
	push_end(&w);
	request.to_header = RG_STR("<sip:callee@example.org;tag=no>");
	l.registers = true;
	cr_expect_eq(push_request(&w, &k, &request, NULL), RG_OK);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_wait(&w), RG_OK);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_str_eq(l.text, "ini-INVITE call;mid-BYE other;ini-BYE other;", "%s", l.text);
	rg_subscription_free(heard);
	hang_up(&w, &k);
}

Test(waits, nothing_waits_while_a_device_is_awake_or_push_is_off)
{
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "pn_skip_pn_interval 10");
	kit_listen(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	k.events[0] = 0;
	k.now += 10000;
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	EXPECT_SEEN(w, "1 1|");
	cr_expect_eq(push_wait(&w), RG_EINVAL);
	push_end(&w);
	EXPECT_EVENTS(k, "");
	k.now++;
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	EXPECT_SEEN(w, "2|");
	EXPECT_EVENTS(k, WOKE);
	hang_up(&w, &k);
}

/* Each allocation of a lookup and its wait fails once: no answer is half, and a branch is late at most. */
Test(waits, no_allocation_that_fails_loses_a_branch)
{
	long kept = allocations_kept();
	int failed = 0, late = 0, left = 0;

	for (int nth = 1; left == 0; nth++) {
		watching none = { .none = true }; /* else a second look makes up for the first at once */
		waiting w;
		kit k;

		kit_init(&k);
		push_open_over(&k, watching_new(k.memory, &none));
		kit_listen(&k);
		cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
		cr_assert_eq(kit_save(&k, "alice", "<sip:p@192.0.2.7>", 2), 200);
		k.events[0] = 0;
		allocations_fail(nth);
		rg_status st = push_lookup(&w, &k, "alice", NULL);
		if (st == RG_OK)
			st = push_wait(&w);
		cr_expect(st == RG_PENDING || st == RG_ENOMEM, "%d: %s", nth, rg_status_name(st));
		int code = st == RG_PENDING ? push_save(&k, "alice", 1, 3) : 0;
		left = allocations_fail(0);
		failed += st == RG_ENOMEM;
		if (st == RG_PENDING && code == 200) {
			late += w.branches == 0;
			push_later(&k, 1000);
			EXPECT_SEEN(w, "1 7|1;");
		}
		push_end(&w);
		kit_close(&k);
		cr_assert_lt(nth, 200);
	}
	cr_expect(failed > 5 && late > 0, "%d %d", failed, late);
	cr_expect_eq(allocations_kept(), kept);
}
