/* SPDX-License-Identifier: MIT */
/* Events: their order, who is told, and until when. */
#include "kit.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"
#define A3 "<sip:a@192.0.2.3:5060>"
#define INSERTED(n) "CONTACT_INSERT alice@example.org sip:a@192.0.2." n ":5060;"

Test(events, they_come_in_commit_order_whatever_order_the_answers_come_in)
{
	outcome o[3] = { { 0 }, { 0 }, { 0 } };
	kit k;

	kit_open(&k, DEFERRED);
	kit_listen(&k);
	const char *contacts[] = { A1, A2, A3 };
	for (int i = 0; i < 3; i++) {
		kit_save_async(&k, "alice", contacts[i], i + 1, &o[i]);
		deferred_answer(k.deferred, deferred_pending(k.deferred) - 1); /* the fetch; the commit lands, unanswered */
		cr_assert_eq(deferred_kind(k.deferred, (uint32_t)i), CALL_COMMIT);
	}
	deferred_answer(k.deferred, 2);
	deferred_answer(k.deferred, 1);
	cr_expect_str_empty(k.events, "both wait for the first");
	cr_expect_eq(o[2].code, 200);
	deferred_answer(k.deferred, 0);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;" INSERTED("1") INSERTED("2") INSERTED("3"));
	for (int i = 0; i < 3; i++)
		rg_op_unref(o[i].op);
	kit_close(&k);
}

Test(events, a_commit_that_others_built_on_landed_whatever_the_store_says)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = true };
	outcome o = { 0 };
	kit k;

	kit_init(&k);
	rg_store *shim = faulty_new(k.memory, &f);
	kit_open_over(&k, deferred_new(shim, &k.deferred));
	rg_store_unref(shim);
	kit_listen(&k);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	cr_expect_str_empty(k.events);
	k.now += 200;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;" INSERTED("1") INSERTED("2"));
	cr_expect_eq(o.code, 200);
	rg_op_unref(o.op);
	kit_close(&k);
}

typedef struct ear {
	kit *k;
	rg_subscription *subscription;
	int heard, freed, deep;
} ear;

static void ear_freed(void *user)
{
	((ear *)user)->freed++;
}

static void calls_back(void *user, const rg_event *event)
{
	ear *e = user;

	(void)event;
	cr_expect_eq(e->deep, 0, "one delivery at a time");
	e->deep++;
	if (e->heard++ == 0) {
		kit_save(e->k, "bob", A1, 1);
		kit_targets(e->k, "alice");
		kit_tick(e->k);
		kit_stat(e->k, "commits");
		rg_registrar_configure(e->k->reg, NULL);
	}
	e->deep--;
}

Test(events, a_subscriber_may_call_everything_and_its_own_changes_are_told_after)
{
	ear e = { 0 };
	kit k;

	kit_open(&k, INLINE);
	e.k = &k;
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_INSERT, calls_back, &e, ear_freed, &e.subscription), RG_OK);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(e.heard, 2);
	rg_subscription_end(e.subscription);
	cr_expect_eq(e.freed, 1);
	kit_close(&k);
}

static void ends_itself(void *user, const rg_event *event)
{
	ear *e = user;

	(void)event;
	e->heard++;
	rg_subscription_end(e->subscription);
	rg_registrar_unref(e->k->reg);
	e->k->reg = NULL;
	cr_expect_eq(e->freed, 0, "its data is needed until it returns");
}

Test(events, a_subscriber_may_end_itself_and_drop_the_registrar)
{
	ear e = { 0 };
	kit k;

	kit_open(&k, INLINE);
	e.k = &k;
	rg_registrar_subscribe(k.reg, RG_EVENT_ALL, ends_itself, &e, ear_freed, &e.subscription);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(e.heard, 1);
	cr_expect_eq(e.freed, 1);
	cr_expect(k.freed);
	kit_close(&k);
}

static void slow(void *user, const rg_event *event)
{
	atomic_int *state = user;

	(void)event;
	atomic_store(state, 1);
	usleep(50000);
	atomic_store(state, 2);
}

static void *save_alice(void *user)
{
	kit_save(user, "alice", A1, 1);
	return NULL;
}

Test(events, no_call_is_under_way_when_the_end_returns)
{
	atomic_int state = 0;
	rg_subscription *subscription;
	pthread_t thread;
	kit k;

	kit_open(&k, INLINE);
	rg_registrar_subscribe(k.reg, RG_EVENT_AOR_INSERT, slow, &state, NULL, &subscription);
	pthread_create(&thread, NULL, save_alice, &k);
	while (atomic_load(&state) == 0)
		usleep(100);
	rg_subscription_end(subscription);
	cr_expect_eq(atomic_load(&state), 2);
	pthread_join(thread, NULL);
	kit_close(&k);
}

Test(events, a_mask_says_what_is_told)
{
	ear e = { 0 };
	kit k;

	kit_open(&k, INLINE);
	e.k = &k;
	e.heard = 1; /* so that it does not call back */
	cr_expect_eq(rg_registrar_subscribe(k.reg, 0, calls_back, &e, ear_freed, &e.subscription), RG_EINVAL);
	cr_expect_eq(rg_registrar_subscribe(k.reg, RG_EVENT_ALL, NULL, &e, ear_freed, &e.subscription), RG_EINVAL);
	cr_expect_eq(e.freed, 0);
	rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_DELETE, calls_back, &e, ear_freed, &e.subscription);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(e.heard, 1);
	kit_save(&k, "alice", A1 ";expires=0", 2);
	cr_expect_eq(e.heard, 2);
	rg_subscription_end(e.subscription);
	kit_close(&k);
}
