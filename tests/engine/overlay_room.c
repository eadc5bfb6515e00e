/* SPDX-License-Identifier: MIT */
/* What an overlay does when a record, or what it remembers of a key, comes to its limit. */
#include <rgstr/memory.h>
#include "allocations.h"
#include "pair.h"

enum { LARGE = 40000, MANY = 40 };

static const rg_key one_key = { { "location", 8 }, { "alice", 5 }, { "example.org", 11 } };

typedef struct room {
	rg_store *memory, *main, *local, *overlay;
	const rg_store_ops *ops;
	void *self;
	faulty of_main;
} room;

static void room_open(room *r)
{
	*r = (room){ .of_main = { .calls = CALL_COMMIT, .status = RG_EUNKNOWN, .lands = true } };
	r->memory = kit_store();
	cr_assert_eq(rg_memory_store_new(NULL, &r->local, NULL), RG_OK);
	allocations_begin();
	r->main = faulty_new(r->memory, &r->of_main);
	cr_assert_eq(rg_store_overlay(r->main, r->local, &r->overlay, NULL), RG_OK);
	r->ops = rg_store_members(r->overlay, &r->self);
}

static void room_close(room *r)
{
	rg_store_unref(r->overlay);
	rg_store_unref(r->main);
	rg_store_unref(r->memory);
	rg_store_unref(r->local);
}

static void on_room_fetch(void *tok, rg_status status, const rg_fetched *found)
{
	cr_assert_eq(status, RG_OK);
	*(rg_fetched *)tok = *found;
}

static void on_room_commit(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	if (current)
		rg_record_unref(current->record);
}

/* The number of the memory-only binding that is there; 0: none. */
static uint64_t local_id(room *r)
{
	rg_fetched found = { 0 };
	uint64_t id = 0;
	rg_contact c = { .struct_size = sizeof c };

	r->ops->fetch(r->self, &one_key, RG_FETCH_FRESH, on_room_fetch, &found);
	for (uint32_t i = 0; rg_record_contact(found.record, i, &c) == RG_OK; i++)
		id = c.flags & RG_CONTACT_LOCAL ? c.id : id;
	rg_record_unref(found.record);
	return id;
}

/* Puts binding 1 into main anew, and memory-only binding @p number, with @p attr, in place of whatever is there. */
static rg_status replace(room *r, uint8_t number, rg_str attr)
{
	rg_contact contacts[2];
	rg_record *next = NULL;
	rg_fetched found = { 0 };
	rg_status status = RG_PENDING;

	r->ops->fetch(r->self, &one_key, RG_FETCH_FRESH, on_room_fetch, &found);
	rg_commit c = { .struct_size = sizeof c, .base = found.base, .revision = { { number, 1 } },
		.local_base = found.record ? *rg_record_local_revision(found.record) : found.local_base };
	for (uint32_t i = 0; i < 2; i++) {
		rg_contact_init(&contacts[i], sizeof contacts[i]);
		contacts[i].id = i == 0 ? 1 : number;
		contacts[i].uri = RG_STR("sip:a@192.0.2.1");
		contacts[i].callid = RG_STR("call");
		contacts[i].expires = 1700000100000;
		contacts[i].modified = number;
	}
	contacts[1].flags = RG_CONTACT_LOCAL;
	contacts[1].attr = attr;
	cr_assert_eq(rg_record_new(&one_key, &c.revision, contacts, 2, NULL, 0, (rg_str){ NULL, 0 }, &next), RG_OK);
	c.next = next;
	r->ops->commit(r->self, &one_key, &c, 0, on_room_commit, &status);
	rg_record_unref(next);
	rg_record_unref(found.record);
	return status;
}

Test(overlay_room, a_large_binding_is_replaced_by_another_though_both_together_are_too_large)
{
	static char a[LARGE], b[LARGE]; /* a record holds equal texts once */
	room r;

	memset(a, 'a', sizeof a);
	memset(b, 'b', sizeof b);
	room_open(&r);
	cr_expect_eq(replace(&r, 2, (rg_str){ a, LARGE }), RG_OK);
	cr_expect_eq(replace(&r, 3, (rg_str){ b, LARGE }), RG_OK);
	cr_expect_eq(local_id(&r), 3);
	r.of_main.times = 1;
	r.of_main.lands = false;
	r.of_main.status = RG_ESTORE;
	cr_expect_eq(replace(&r, 4, (rg_str){ a, LARGE }), RG_ESTORE);
	cr_expect_eq(local_id(&r), 3, "main refused, so the binding before is there");
	r.of_main.seen = 0;
	cr_expect_eq(replace(&r, 5, (rg_str){ a, LARGE }), RG_OK);
	cr_expect_eq(local_id(&r), 5);
	room_close(&r);
}

Test(overlay_room, a_key_takes_commits_however_many_of_its_earlier_ones_are_never_sent_again)
{
	room r;

	room_open(&r);
	for (uint8_t i = 2; i < MANY; i++) {
		r.of_main.times = 1;
		r.of_main.seen = 0;
		cr_expect_eq(replace(&r, i, RG_STR("x")), RG_EUNKNOWN, "commit %u", i);
		cr_expect_eq(local_id(&r), i, "it landed, and a fetch sees it");
	}
	r.of_main.times = 0;
	cr_expect_eq(replace(&r, MANY, RG_STR("x")), RG_OK);
	cr_expect_eq(local_id(&r), MANY);
	room_close(&r);
}
