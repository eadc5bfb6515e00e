/* SPDX-License-Identifier: MIT */
/* Events of one AoR over a store that performs commits late, or answers them late. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"
#define OF_AOR(kind) kind " alice@example.org;"
#define OF_CONTACT(kind, n) kind " alice@example.org sip:a@192.0.2." n ":5060;"

enum { AT_ONCE, ANSWERS_LATE, PERFORMS_LATE };

/* A memory store of which one commit of alice is late. */
typedef struct tardy {
	const rg_store_ops *ops;
	void *self;
	int next;   /* how the next commit is done */
	bool done;  /* the late one is performed */
	rg_status status;
	rg_commit commit;
	rg_commit_cb answer;
	void *tok;
} tardy;

static void performed(void *tok, rg_status status, const rg_fetched *current)
{
	tardy *t = tok;

	t->done = true;
	t->status = status;
	if (current)
		rg_record_unref(current->record);
}

static void perform(tardy *t)
{
	const rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };

	t->ops->commit(t->self, &key, &t->commit, 0, performed, t);
}

static rg_status tardy_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	tardy *t = self;
	int how = t->next;

	t->next = AT_ONCE;
	if (how == AT_ONCE)
		return t->ops->commit(t->self, key, commit, flags, done, tok);
	t->commit = *commit;
	rg_record_ref((rg_record *)(uintptr_t)commit->next);
	t->answer = done;
	t->tok = tok;
	if (how == ANSWERS_LATE)
		perform(t);
	return RG_PENDING;
}

/* The late commit is performed, unless it was, and answered. @return its status. */
static rg_status answer(tardy *t)
{
	cr_assert(t->answer, "a commit is late");
	if (!t->done)
		perform(t);
	rg_record_unref((rg_record *)(uintptr_t)t->commit.next);
	t->answer(t->tok, t->status, NULL);
	return t->status;
}

static rg_status tardy_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	tardy *t = self;

	return t->ops->fetch(t->self, key, flags, done, tok);
}

static rg_status tardy_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	tardy *t = self;

	return t->ops->due(t->self, now, cursor, limit, flags, done, tok);
}

static rg_status tardy_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	tardy *t = self;

	return t->ops->find(t->self, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status tardy_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	tardy *t = self;

	return t->ops->scan(t->self, domain, cursor, limit, flags, done, tok);
}

static void open_tardy(kit *k, tardy *t)
{
	static const rg_store_ops ops = { .struct_size = sizeof ops, .name = "tardy", .fetch = tardy_fetch, .commit = tardy_commit,
		.due = tardy_due, .find = tardy_find, .scan = tardy_scan };
	rg_store *store;

	kit_init(k);
	*t = (tardy){ 0 };
	t->ops = rg_store_members(k->memory, &t->self);
	cr_assert_eq(rg_store_new(&ops, t, &store, NULL), RG_OK);
	kit_open_over(k, store);
	kit_listen(k);
}

static void save(kit *k, const char *contact, int cseq, int code)
{
	outcome o = { 0 };

	kit_save_async(k, "alice", contact, cseq, &o);
	rg_op_free(o.op);
	cr_assert(o.called, "this one is not late");
	cr_expect_eq(o.code, code);
}

Test(order, a_deletion_without_events_is_told_before_what_comes_after_it)
{
	outcome late = { 0 };
	tardy t;
	kit k;

	open_tardy(&k, &t);
	save(&k, A1, 1, 200);
	t.next = ANSWERS_LATE;
	kit_save_async(&k, "alice", A1, 2, &late);
	save(&k, A1 ";expires=0", 3, 200);
	k.now += 33000; /* the removal is no longer remembered, and the record goes */
	kit_tick(&k);
	save(&k, A2, 4, 200);
	cr_expect_str_eq(k.events, OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "1"));
	k.events[0] = '\0';
	cr_expect_eq(answer(&t), RG_OK);
	cr_expect_str_eq(k.events, OF_CONTACT("CONTACT_UPDATE", "1") OF_CONTACT("CONTACT_DELETE", "1") OF_AOR("AOR_DELETE")
		OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "2"));
	cr_expect_eq(late.called, 1);
	rg_op_free(late.op);
	kit_close(&k);
}

Test(order, an_insertion_that_is_performed_late_is_told_after_the_deletion_that_made_room_for_it)
{
	outcome late = { 0 };
	tardy t;
	kit k;

	open_tardy(&k, &t);
	t.next = PERFORMS_LATE;
	kit_save_async(&k, "alice", A1, 1, &late);
	save(&k, A2 ";expires=60", 2, 200);
	cr_expect_str_empty(k.events, "the first may have landed and gone");
	k.now += 61000;
	kit_tick(&k); /* the binding expires, and the record goes */
	cr_expect_eq(answer(&t), RG_OK);
	cr_expect_str_eq(k.events, OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "2") OF_CONTACT("CONTACT_EXPIRE", "2")
		OF_AOR("AOR_DELETE") OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "1"));
	rg_op_free(late.op);
	kit_close(&k);
}

Test(order, an_insertion_that_is_performed_late_waits_for_the_answer_to_a_deletion)
{
	tardy first, second = { 0 };
	outcome late = { 0 };
	kit k;

	open_tardy(&k, &first);
	first.next = PERFORMS_LATE;
	kit_save_async(&k, "alice", A1, 1, &late);
	save(&k, A2 ";expires=60", 2, 200);
	second = first; /* the store keeps the second one, the deletion, in its place */
	first.next = ANSWERS_LATE;
	k.now += 61000;
	kit_tick(&k);
	cr_assert(first.done);
	cr_expect_eq(answer(&second), RG_OK);
	cr_expect_eq(answer(&first), RG_OK);
	cr_expect_str_eq(k.events, OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "2") OF_CONTACT("CONTACT_EXPIRE", "2")
		OF_AOR("AOR_DELETE") OF_AOR("AOR_INSERT") OF_CONTACT("CONTACT_INSERT", "1"));
	rg_op_free(late.op);
	kit_close(&k);
}
