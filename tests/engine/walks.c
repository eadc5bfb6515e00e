/* SPDX-License-Identifier: MIT */
/* Walks over all records: where they are stopped, and how they go on. */
#include "kit.h"
#include <stdio.h>
#include <unistd.h>

#define A1 "<sip:a@192.0.2.1:5060>"

/* Goes on from where @p o was stopped, or begins; @p o is what came of it then. */
static void walk(kit *k, outcome *o, int32_t stop_after)
{
	char cursor[sizeof o->cursor];
	rg_str from = { o->cursor_n ? cursor : NULL, o->cursor_n };

	memcpy(cursor, o->cursor, sizeof cursor);
	*o = (outcome){ .stop_after = stop_after };
	rg_status st = rg_each_async(k->reg, RG_STR("location"), from, kit_each, kit_each_done, o, NULL, &o->op, NULL);
	memset(cursor, '?', sizeof cursor); /* what was lent is the caller's again */
	if (st == RG_PENDING)
		deferred_answer_all(k->deferred);
	else
		cr_assert_eq(st, RG_OK);
	cr_expect_eq(o->called, 1);
	cr_expect_eq(o->status, RG_OK);
	rg_op_free(o->op);
}

/* The record itself goes when it need not remember the removal any more. */
static void remove_user(kit *k, const char *user)
{
	rg_remove_filter filter;
	char aor[64];
	uint32_t n;

	snprintf(aor, sizeof aor, "%s@example.org", user);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = rg_str_from(aor);
	cr_assert_eq(rg_remove(k->reg, &filter, &n, NULL), RG_OK);
	cr_assert_eq(n, 1);
	k->now += 60000;
	kit_tick(k);
	if (k->deferred)
		deferred_answer_all(k->deferred);
}

/* With one shard the store gives all keys in one page. */
static void open_in_one_page(kit *k, int how)
{
	rg_memory_options options;

	kit_init(k);
	rg_store_unref(k->memory);
	rg_memory_options_init(&options, sizeof options);
	options.shards = 1;
	cr_assert_eq(rg_memory_store_new(&options, &k->memory, NULL), RG_OK);
	kit_open_over(k, how == INLINE ? rg_store_ref(k->memory) : deferred_new(k->memory, &k->deferred));
}

/* Stops after so many records, and goes on when the last of these is gone. */
static void stop_at_one_that_goes(int how, int32_t stop_after)
{
	static const char *const users[] = { "u1", "u2", "u3", "u4", "u5", "u6" };
	char last[4] = "", before[sizeof((outcome *)NULL)->seen];
	outcome o = { 0 };
	kit k;

	open_in_one_page(&k, how);
	for (size_t i = 0; i < sizeof users / sizeof *users; i++)
		cr_assert_eq(kit_save(&k, users[i], A1, 1), 200);
	walk(&k, &o, stop_after);
	cr_assert_eq(o.n, (uint32_t)stop_after);
	cr_assert_gt(o.cursor_n, 0);
	memcpy(before, o.seen, sizeof before);
	memcpy(last, o.seen + 3 * (stop_after - 1), 2); /* "u1 u2 u3 " */
	remove_user(&k, last);
	walk(&k, &o, 0);
	cr_expect_eq(o.cursor_n, 0, "that was all");
	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		if (strcmp(users[i], last) == 0)
			cr_expect_null(strstr(o.seen, users[i]), "%s is gone", users[i]);
		else
			cr_expect(strstr(before, users[i]) || strstr(o.seen, users[i]), "%s is neither in %s nor in %s", users[i], before, o.seen);
	}
	kit_close(&k);
}

Test(walks, every_record_left_is_given_though_the_one_where_it_was_stopped_is_gone)
{
	for (int32_t stop_after = 1; stop_after <= 5; stop_after++) {
		stop_at_one_that_goes(INLINE, stop_after);
		stop_at_one_that_goes(DEFERRED, stop_after);
	}
}

/* One page, which gives a key twice, as a store may that is written to while it is walked. */
static rg_status scan_twice(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	const rg_str host = RG_STR("example.org");
	const rg_key keys[] = { { *domain, RG_STR("alice"), host }, { *domain, RG_STR("bob"), host }, { *domain, RG_STR("alice"), host },
		{ *domain, RG_STR("carol"), host } };
	const rg_keys page = { .struct_size = sizeof page, .n = 4, .keys = keys, .next = RG_TIME_NEVER };

	(void)self, (void)limit, (void)flags;
	cr_expect_null(cursor->p);
	done(tok, RG_OK, &page);
	return RG_OK;
}

Test(walks, a_key_that_comes_twice_hides_none_of_those_between)
{
	rg_store *store = NULL;
	outcome o = { 0 };
	void *self;
	kit k;

	kit_init(&k);
	rg_store_ops ops = *rg_store_members(k.memory, &self);
	ops.scan = scan_twice;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, self, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	kit_save(&k, "alice", A1, 1);
	kit_save(&k, "bob", A1, 1);
	kit_save(&k, "carol", A1, 1);
	walk(&k, &o, 1);
	cr_expect_str_eq(o.seen, "alice ");
	walk(&k, &o, 0);
	cr_expect_str_eq(o.seen, "bob alice carol ");
	kit_close(&k);
}

static const rg_store_ops *inner; /* of the store that counts; one test runs at a time */
static int32_t least;            /* milliseconds that a wait was given */
static int waits;

/* Takes its time, and notes how long it might have taken. */
static rg_status slow_wait(void *self, void *tok, int32_t timeout_ms)
{
	waits++;
	least = timeout_ms < least ? timeout_ms : least;
	usleep(2000);
	return inner->wait(self, tok, timeout_ms);
}

Test(walks, the_blocking_form_gives_each_record_a_store_timeout_of_its_own)
{
	rg_store *later, *store = NULL;
	outcome o = { 0 };
	void *self;
	kit k;

	kit_open(&k, DEFERRED);
	later = k.store;
	for (int i = 0; i < 5; i++) {
		char aor[4] = { 'u', (char)('0' + i), '\0' };

		kit_save(&k, aor, A1, 1);
	}
	rg_registrar_unref(k.reg);
	inner = rg_store_members(later, &self);
	rg_store_ops ops = *inner;
	ops.wait = slow_wait;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, self, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	waits = 0;
	least = INT32_MAX;
	cr_expect_eq(rg_each(k.reg, RG_STR("location"), kit_each, &o, NULL), RG_OK);
	cr_expect_eq(o.n, 5);
	cr_expect_eq(waits, 6, "the page, and each record");
	cr_expect_eq(least, 2000);
	kit_close(&k);
	rg_store_unref(later);
}

Test(walks, the_completion_form_gives_each_record_a_store_timeout_of_its_own)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save(&k, "alice", A1, 1);
	kit_save(&k, "bob", A1, 1);
	cr_expect_eq(rg_each_async(k.reg, RG_STR("location"), (rg_str){ NULL, 0 }, kit_each, kit_each_done, &o, NULL, &o.op, NULL),
		RG_PENDING);
	for (int answers = 0; answers < 3; answers++) {
		k.now += 1999;
		rg_registrar_tick(k.reg, 0, NULL);
		cr_expect_eq(o.called, 0, "after %d answers", answers);
		deferred_answer(k.deferred, deferred_kind(k.deferred, 0) == CALL_DUE); /* the tick's own walk may wait */
	}
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.n, 2);
	cr_expect_eq(o.status, RG_OK);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(walks, a_record_that_only_remembers_removals_is_not_given)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	kit_save(&k, "bob", A1, 1);
	cr_expect_eq(kit_save(&k, "alice", A1 ";expires=0", 2), 200);
	walk(&k, &o, 0);
	cr_expect_str_eq(o.seen, "bob ");
	kit_close(&k);
}
