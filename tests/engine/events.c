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
		rg_op_free(o[i].op);
	kit_close(&k);
}

Test(events, they_come_in_commit_order_to_a_subscriber_that_comes_while_the_commits_are_under_way)
{
	outcome o[2] = { { 0 }, { 0 } };
	kit k;

	kit_open(&k, DEFERRED);
	for (int i = 0; i < 2; i++) {
		kit_save_async(&k, "alice", i ? A2 : A1, i + 1, &o[i]);
		deferred_answer(k.deferred, deferred_pending(k.deferred) - 1);
	}
	kit_listen(&k);
	deferred_answer(k.deferred, 1);
	cr_expect_str_empty(k.events);
	deferred_answer(k.deferred, 0);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;" INSERTED("1") INSERTED("2"));
	rg_op_free(o[0].op);
	rg_op_free(o[1].op);
	kit_close(&k);
}

Test(events, deletions_of_other_aors_hold_up_nothing)
{
	enum { MANY = 2000 };
	static outcome removed[MANY];
	rg_remove_filter filter;
	outcome o = { 0 };
	char aor[32];
	kit k;

	kit_open(&k, DEFERRED);
	rg_remove_filter_init(&filter, sizeof filter);
	for (int i = 0; i < MANY; i++) {
		snprintf(aor, sizeof aor, "u%d", i);
		cr_assert_eq(kit_save(&k, aor, A1 ";expires=60", 1), 200);
	}
	k.now += 60000; /* all lapse, and the next change deletes the record */
	for (int i = 0; i < MANY; i++) {
		snprintf(aor, sizeof aor, "u%d@example.org", i);
		filter.aor = rg_str_from(aor);
		cr_assert_eq(rg_remove_async(k.reg, &filter, kit_removed, &removed[i], NULL, NULL, NULL), RG_PENDING);
		deferred_answer(k.deferred, deferred_pending(k.deferred) - 1);
		cr_assert_eq(removed[i].called, 0);
	}
	kit_listen(&k);
	kit_save_async(&k, "alice", A1, 1, &o);
	deferred_answer(k.deferred, MANY);
	deferred_answer(k.deferred, MANY);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;" INSERTED("1"));
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_stat(&k, "live_aors"), 1);
	rg_op_free(o.op);
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
	rg_op_free(o.op);
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
		rg_registrar_configure(e->k->reg, NULL, NULL);
	}
	e->deep--;
}

Test(events, a_subscriber_may_call_everything_and_its_own_changes_are_told_after)
{
	ear e = { 0 };
	kit k;

	kit_open(&k, INLINE);
	e.k = &k;
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_INSERT, calls_back, &e, ear_freed, &e.subscription, NULL), RG_OK);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(e.heard, 2);
	rg_subscription_free(e.subscription);
	cr_expect_eq(e.freed, 1);
	kit_close(&k);
}

static void ends_itself(void *user, const rg_event *event)
{
	ear *e = user;

	(void)event;
	e->heard++;
	rg_subscription_free(e->subscription);
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
	rg_registrar_subscribe(k.reg, RG_EVENT_ALL, ends_itself, &e, ear_freed, &e.subscription, NULL);
	kit_save(&k, "alice", A1, 1);
	cr_assert_eq(e.heard, 1);
	cr_expect_eq(e.freed, 1);
	cr_expect(k.freed);
	kit_close(&k);
}

static void only_hears(void *user, const rg_event *event)
{
	(void)event;
	((ear *)user)->heard++;
}

/* Subscribes for another while what it is told of, and what it saves itself, are on their way. */
static void brings_another(void *user, const rg_event *event)
{
	ear *both = user;

	(void)event;
	if (both[0].heard++ > 0)
		return;
	kit_save(both->k, "bob", A1, 1);
	cr_assert_eq(rg_registrar_subscribe(both->k->reg, RG_EVENT_ALL, only_hears, &both[1], NULL, &both[1].subscription, NULL), RG_OK);
}

Test(events, a_subscription_is_told_of_what_is_committed_after_it_alone)
{
	ear both[2] = { { 0 }, { 0 } };
	kit k;

	kit_open(&k, INLINE);
	both[0].k = &k;
	rg_registrar_subscribe(k.reg, RG_EVENT_ALL, brings_another, both, NULL, &both[0].subscription, NULL);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(both[0].heard, 4, "two of each AoR");
	cr_expect_eq(both[1].heard, 0);
	kit_save(&k, "carol", A1, 1);
	cr_expect_eq(both[0].heard, 6);
	cr_expect_eq(both[1].heard, 2);
	rg_subscription_free(both[0].subscription);
	rg_subscription_free(both[1].subscription);
	kit_close(&k);
}

static kit *listener;

static rg_status commit_and_listen(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(listener->memory, &in);

	(void)self;
	kit_listen(listener);
	return ops->commit(in, key, commit, flags, done, tok);
}

Test(events, a_subscription_made_while_an_inline_store_commits_is_told_of_it)
{
	rg_store *store = NULL;
	void *self;
	kit k;

	kit_init(&k);
	listener = &k;
	rg_store_ops ops = *rg_store_members(k.memory, &self);
	ops.commit = commit_and_listen;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, self, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	kit_save(&k, "alice", A1, 1);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;" INSERTED("1"));
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

typedef struct saver {
	kit *k;
	atomic_int *state;
} saver;

static void *save_alice(void *user)
{
	saver *s = user;
	int untold = 0;

	kit_save(s->k, "alice", A1, 1);
	atomic_compare_exchange_strong(s->state, &untold, 3);
	return NULL;
}

Test(events, no_call_is_under_way_when_the_end_returns)
{
	atomic_int state = 0;
	rg_subscription *subscription;
	pthread_t thread;
	kit k;

	kit_open(&k, INLINE);
	rg_registrar_subscribe(k.reg, RG_EVENT_AOR_INSERT, slow, &state, NULL, &subscription, NULL);
	saver s = { &k, &state };
	pthread_create(&thread, NULL, save_alice, &s);
	while (atomic_load(&state) == 0)
		usleep(100);
	rg_subscription_free(subscription);
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
	cr_expect_eq(rg_registrar_subscribe(k.reg, 0, calls_back, &e, ear_freed, &e.subscription, NULL), RG_EINVAL);
	cr_expect_eq(rg_registrar_subscribe(k.reg, RG_EVENT_ALL, NULL, &e, ear_freed, &e.subscription, NULL), RG_EINVAL);
	cr_expect_eq(e.freed, 0);
	rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_DELETE, calls_back, &e, ear_freed, &e.subscription, NULL);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(e.heard, 1);
	kit_save(&k, "alice", A1 ";expires=0", 2);
	cr_expect_eq(e.heard, 2);
	rg_subscription_free(e.subscription);
	kit_close(&k);
}

enum { CROWD = 200, OF_A_VERB = 64 };

static void hears_a_crowd(void *user, const rg_event *event)
{
	ear *e = user;
	char aor[32];

	if (e->heard++ > 0)
		return;
	cr_expect_eq(event->kind, RG_EVENT_AOR_INSERT);
	cr_expect_eq(rg_deliver(e->k->reg, 0), 0, "one delivery at a time");
	for (int i = 0; i < CROWD; i++) {
		snprintf(aor, sizeof aor, "u%d", i);
		cr_expect_eq(kit_save(e->k, aor, A1, 1), 200);
	}
	cr_expect_eq(e->heard, 1);
}

/* While alice is saved, a crowd is saved, too: by the subscriber here, by other threads in life. */
static void save_amid_a_crowd(kit *k, ear *e)
{
	kit_open(k, INLINE);
	e->k = k;
	cr_assert_eq(kit_tick(k), RG_TIME_NEVER);
	cr_assert_eq(rg_registrar_subscribe(k->reg, RG_EVENT_AOR_INSERT, hears_a_crowd, e, NULL, &e->subscription, NULL), RG_OK);
	cr_assert_eq(kit_save(k, "alice", A1, 1), 200);
}

Test(events, of_others_do_not_keep_a_verb)
{
	ear e = { 0 };
	kit k;

	save_amid_a_crowd(&k, &e);
	cr_expect_eq(e.heard, OF_A_VERB);
	cr_expect_eq(kit_stat(&k, "events_queued"), 1 + CROWD - OF_A_VERB);
	cr_expect_eq(k.woken, k.now, "the rest is for a tick");
	cr_expect_eq(kit_save(&k, "bob", A1, 1), 200);
	cr_expect_eq(e.heard, 2 * OF_A_VERB, "those that came first come first");
	cr_expect_eq(kit_stat(&k, "events_queued"), 2 + CROWD - 2 * OF_A_VERB);
	kit_tick(&k);
	cr_expect_eq(e.heard, 2 + CROWD);
	cr_expect_eq(kit_stat(&k, "events_queued"), 0);
	rg_subscription_free(e.subscription);
	kit_close(&k);
}

Test(events, that_a_tick_leaves_are_due_at_once)
{
	rg_time next = 0;
	ear e = { 0 };
	kit k;

	save_amid_a_crowd(&k, &e);
	cr_expect_eq(rg_registrar_tick(k.reg, 10, &next), RG_OK);
	cr_expect_eq(next, k.now);
	cr_expect_eq(e.heard, OF_A_VERB + 10);
	cr_expect_gt(kit_tick(&k), k.now);
	cr_expect_eq(e.heard, 1 + CROWD);
	rg_subscription_free(e.subscription);
	kit_close(&k);
}

Test(events, are_delivered_on_request_as_many_as_asked)
{
	ear e = { 0 };
	kit k;

	cr_expect_eq(rg_deliver(NULL, 1), 0);
	save_amid_a_crowd(&k, &e);
	k.now += 5;
	k.woken = 0;
	cr_expect_eq(rg_deliver(k.reg, 7), 7);
	cr_expect_eq(e.heard, OF_A_VERB + 7);
	cr_expect_eq(rg_deliver(k.reg, 0), 1 + CROWD - OF_A_VERB - 7);
	cr_expect_eq(e.heard, 1 + CROWD);
	cr_expect_eq(rg_deliver(k.reg, 0), 0);
	cr_expect_eq(k.woken, 0, "a tick is due already");
	rg_subscription_free(e.subscription);
	kit_close(&k);
}

Test(events, that_are_left_come_at_the_latest_with_the_end_of_the_registrar)
{
	ear e = { 0 };
	kit k;

	save_amid_a_crowd(&k, &e);
	rg_registrar_unref(k.reg);
	k.reg = NULL;
	cr_expect_eq(e.heard, 1 + CROWD);
	cr_expect(k.freed);
	rg_subscription_free(e.subscription);
	kit_close(&k);
}

Test(events, of_an_ended_subscription_are_not_delivered_any_more)
{
	ear e = { 0 };
	kit k;

	save_amid_a_crowd(&k, &e);
	rg_subscription_free(e.subscription);
	kit_tick(&k);
	cr_expect_eq(e.heard, OF_A_VERB);
	cr_expect_eq(kit_stat(&k, "events_queued"), 0);
	kit_close(&k);
}
