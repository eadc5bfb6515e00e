/* SPDX-License-Identifier: MIT */
/* Publication over a shared store whose answers come late, or never. */
#include "sites.h"
#include <stdio.h>

/* Answers nothing until it is told to. */
typedef struct hung {
	uint32_t calls;
	uint32_t answered; /* the first ones of them */
	struct waiting {
		rg_fetch_cb fetched;
		rg_commit_cb committed;
		rg_keys_cb listed;
		void *tok;
	} waiting[256];
} hung;

static rg_status keep_waiting(void *self, struct waiting asked)
{
	hung *h = self;

	cr_assert_lt(h->calls, 256);
	h->waiting[h->calls++] = asked;
	return RG_PENDING;
}

static rg_status hung_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)key, (void)flags;
	return keep_waiting(self, (struct waiting){ .fetched = done, .tok = tok });
}

static rg_status hung_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)key, (void)commit, (void)flags;
	return keep_waiting(self, (struct waiting){ .committed = done, .tok = tok });
}

static rg_status hung_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)now, (void)*cursor, (void)limit, (void)flags;
	return keep_waiting(self, (struct waiting){ .listed = done, .tok = tok });
}

static rg_status hung_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)*domain, (void)*tag, (void)*cursor, (void)limit, (void)flags;
	return keep_waiting(self, (struct waiting){ .listed = done, .tok = tok });
}

static rg_status hung_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return hung_find(self, domain, cursor, cursor, limit, flags, done, tok);
}

static void hung_answer(hung *h, uint32_t call)
{
	struct waiting *w = &h->waiting[call];

	if (w->fetched)
		w->fetched(w->tok, RG_ESTORE, NULL);
	else if (w->committed)
		w->committed(w->tok, RG_ESTORE, NULL);
	else
		w->listed(w->tok, RG_ESTORE, NULL);
}

/* Answers the calls that were not answered. */
static void hung_answer_all(hung *h)
{
	for (uint32_t i = h->answered; i < h->calls; i++)
		hung_answer(h, i);
}

/* A federation with a hundred AoRs whose shared store hangs. It has no `cancel`: calls stay open until they are answered. */
static rg_store *hang(kit *k, hung *h)
{
	rg_store_ops ops = { .struct_size = sizeof ops, .name = "hung", .fetch = hung_fetch, .commit = hung_commit, .due = hung_due,
		.find = hung_find, .scan = hung_scan };
	rg_store *store;

	cr_assert_eq(rg_store_new(&ops, h, &store, NULL), RG_OK);
	kit_open(k, INLINE);
	federate(k, store, EAST);
	for (int i = 0; i < 100; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		kit_save(k, user, A1 ";expires=864000", 1);
	}
	return store;
}

static rg_store *hang_for_a_day(kit *k, hung *h)
{
	rg_store *store = hang(k, h);

	live_on(k, 24 * HOUR);
	return store;
}

Test(federation_late, a_store_that_never_answers_is_not_asked_without_end)
{
	hung h = { .calls = 0 };
	kit k;
	rg_store *store = hang_for_a_day(&k, &h);

	cr_expect_eq(kit_stat(&k, "homes_queued"), 100, "every one is still to be told of");
	cr_expect_leq(h.calls, 3 * 64, "%u calls", h.calls);
	cr_expect_geq(h.calls, 64);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	hung_answer_all(&h);
	site_close(&k, store);
}

/* Nothing but the answer of an abandoned operation makes room for the next one, so that answer has to wake the host. */
Test(federation_late, the_answer_that_makes_room_for_another_call_wakes_the_host)
{
	hung h = { .calls = 0 };
	kit k;
	rg_store *store = hang_for_a_day(&k, &h);
	uint32_t asked = h.calls;

	cr_assert_eq(asked, 3 * 64, "each job has as many calls open as it may: %u in all", asked);
	live_on(&k, HOUR);
	cr_assert_eq(h.calls, asked);
	k.woken = 0;
	hung_answer(&h, h.answered++);
	cr_assert_neq(k.woken, 0);
	cr_expect_leq(k.woken, k.now);
	kit_tick(&k);
	cr_expect_eq(h.calls, asked + 1);
	k.woken = 0;
	live_on(&k, HOUR);
	cr_expect_eq(h.calls, asked + 1, "one answer makes room for one call");
	hung_answer_all(&h);
	site_close(&k, store);
}

static void answer_the_find(deferred *d)
{
	for (uint32_t i = 0; i < deferred_pending(d); i++) {
		if (deferred_kind(d, i) == CALL_FIND) {
			deferred_answer(d, i);
			return;
		}
	}
	cr_assert_fail("no search for entries is open");
}

/* The scan had passed the records when another node of the site saved one. The scan that begins again must not pass them unread. */
Test(federation_late, a_page_of_a_scan_that_began_again_does_not_move_the_new_one_on)
{
	rg_store *memory = shared_new();
	deferred *d;
	rg_store *shared = deferred_new(memory, &d);
	kit k, other;

	kit_open(&k, INLINE);
	kit_init(&other);
	kit_open_over(&other, rg_store_ref(k.memory));
	federate(&k, shared, EAST);
	kit_tick(&k);
	kit_tick(&k);
	kit_save(&other, "alice", A1 ";expires=864000", 1);
	k.now -= 2 * HOUR;
	kit_tick(&k);
	answer_the_find(d);
	for (int i = 0; i < 10; i++) {
		k.now += 100;
		kit_tick(&k);
		deferred_answer_all(d);
	}
	cr_expect_str_eq(homes(memory, "alice"), "sip:" EAST);
	cr_expect_gt(kit_tick(&k), k.now + 1000, "and the new one comes to its end");
	deferred_answer_all(d);
	kit_close(&k);
	site_close(&other, shared);
	rg_store_unref(memory);
}

/* Operations that were under way together count as one failure. */
Test(federation_late, sixteen_that_fail_together_make_one_pause)
{
	hung h = { .calls = 0 };
	kit k;
	rg_store *store = hang(&k, &h);
	uint32_t fetches = 0;

	live_on(&k, 2000 + 1000 + 100);
	for (uint32_t i = 0; i < h.calls; i++)
		fetches += h.waiting[i].fetched != NULL;
	cr_expect_eq(fetches, 2 * 16, "the second sixteen are asked for after a second: %u", fetches);
	hung_answer_all(&h);
	site_close(&k, store);
}

/* A shared store that keeps the first commit to itself for long, and performs it in the end. */
static struct slow {
	const rg_store_ops *inner;
	void *self;
	rg_key key;
	rg_commit commit;
	rg_commit_cb done;
	void *tok;
	bool held;
} slow;

static rg_status hold_first_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	if (slow.held)
		return slow.inner->commit(self, key, commit, flags, done, tok);
	slow.held = true;
	slow.key = (rg_key){ RG_STR("location@homes"), RG_STR("alice"), RG_STR("example.org") };
	cr_assert(rg_key_equal(key, &slow.key));
	slow.commit = *commit;
	rg_record_ref(commit->next);
	slow.done = done;
	slow.tok = tok;
	return RG_PENDING;
}

static void landed(void *tok, rg_status status, const rg_fetched *current)
{
	(void)current;
	*(rg_status *)tok = status;
}

static void perform_held(rg_status says)
{
	rg_status st = RG_PENDING;

	slow.inner->commit(slow.self, &slow.key, &slow.commit, 0, landed, &st);
	cr_assert_eq(st, RG_OK);
	rg_record_unref(slow.commit.next);
	slow.done(slow.tok, says, NULL);
}

Test(federation_late, a_publication_that_lands_when_all_is_over_is_looked_at_again)
{
	static const rg_status says[] = { RG_OK, RG_EUNKNOWN };

	for (int i = 0; i < 2; i++) {
		rg_store *memory = shared_new(), *shared = NULL;
		kit k;

		slow = (struct slow){ .held = false };
		slow.inner = rg_store_members(memory, &slow.self);
		rg_store_ops ops = *slow.inner;
		ops.traits = 0;
		ops.commit = hold_first_commit;
		ops.destroy = NULL;
		cr_assert_eq(rg_store_new(&ops, slow.self, &shared, NULL), RG_OK);
		kit_open(&k, INLINE);
		federate(&k, shared, EAST);
		kit_save(&k, "alice", A1, 1);
		live_on(&k, 3000);
		cr_assert(slow.held);
		kit_save(&k, "alice", GONE, 2);
		live_on(&k, 60000);
		cr_assert_str_empty(homes(memory, "alice"));
		perform_held(says[i]);
		cr_assert_str_eq(homes(memory, "alice"), "sip:" EAST);
		live_on(&k, 1000);
		cr_expect_str_empty(homes(memory, "alice"), "no other site sends its requests here");
		site_close(&k, shared);
		rg_store_unref(memory);
	}
}

/* What is held of the store here: the first answer, and those of walks over what expired. */
static void answer_publications(deferred *d)
{
	for (uint32_t i = 1; i < deferred_pending(d); i++) {
		if (deferred_kind(d, i) != CALL_DUE) {
			deferred_answer(d, i);
			i = 0;
		}
	}
}

Test(federation_late, a_save_that_was_under_way_while_what_it_replaces_expired_is_published)
{
	rg_store *shared = shared_new();
	outcome first = { 0 }, second = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	federate(&k, shared, EAST);
	kit_save_async(&k, "alice", A1 ";expires=60", 1, &first);
	deferred_answer_all(k.deferred);
	cr_assert_eq(first.code, 200);
	k.now += 59500;
	cr_assert_eq(kit_save_async(&k, "alice", "<sip:a@192.0.2.2:5060>", 2, &second), RG_PENDING);
	k.now += 1000;
	for (int i = 0; i < 3; i++) {
		kit_tick(&k);
		answer_publications(k.deferred);
	}
	cr_assert_eq(kit_stat(&k, "homes_queued"), 0);
	cr_assert_str_empty(homes(shared, "alice"), "no binding is live");
	deferred_answer_all(k.deferred);
	cr_assert_eq(second.code, 200);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	rg_op_free(first.op);
	rg_op_free(second.op);
	site_close(&k, shared);
}
