/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "decide/merge.h"

#define N 4

/* Four bindings of a record, of which the second is gone, the third lapsed and the fourth new. */
static void four(rg_contact contacts[N], rg__entry entries[N])
{
	static const char *const uris[N] = { "sip:0@192.0.2.1", "sip:1@192.0.2.1", "sip:2@192.0.2.1", "sip:3@192.0.2.1" };

	for (uint16_t i = 0; i < N; i++) {
		rg_contact_init(&contacts[i], sizeof contacts[i]);
		contacts[i].id = i + 1;
		contacts[i].uri = rg_str_from(uris[i]);
		contacts[i].callid = RG_STR("c");
		contacts[i].expires = START + 1000;
		entries[i] = (rg__entry){ .own = RG__NOBODY, .before = i };
	}
	entries[1].gone = RG__GONE_REQUEST;
	entries[2].lapsed = true;
	entries[3].before = RG__NO_BINDING;
	entries[3].given = entries[3].changed = true;
}

static const rg_key key = { { "location", 8 }, { "alice", 5 }, { "example.com", 11 } };
static const rg_revision revision = { { 1 } };

static rg__merge merge_of(rg_contact contacts[N], rg__entry entries[N], uint16_t kept[N], rg__change changes[N])
{
	return (rg__merge){ .revision = &revision, .now = START, .n = N, .contacts = contacts, .entries = entries, .kept = kept, .changes = changes };
}

Test(next_record, what_stays_keeps_its_order_and_what_changed_is_told)
{
	rg_contact contacts[N], c = { .struct_size = sizeof c };
	rg__entry entries[N];
	rg__change changes[N];
	uint16_t kept[N];
	rg__merge m = merge_of(contacts, entries, kept, changes);
	rg_record *before, *next = NULL;

	four(contacts, entries);
	cr_assert_eq(rg_record_new(&key, &revision, contacts, N - 1, NULL, 0, RG__ABSENT, &before), RG_OK);
	m.record = before;
	cr_assert_eq(rg__merge_next(&m, &key, NULL, &next), RG_OK);
	cr_expect_eq(rg_record_contact_count(next), 2);
	cr_expect_eq(rg_record_removal_count(next), 1);
	cr_assert_eq(rg_record_contact(next, 0, &c), RG_OK);
	cr_expect_eq(c.id, 1);
	cr_assert_eq(rg_record_contact(next, 1, &c), RG_OK);
	cr_expect_eq(c.id, 4);
	cr_assert_eq(rg__merge_changes(&m), 3);
	cr_expect_eq(changes[0].kind, RG_EVENT_CONTACT_DELETE);
	cr_expect_eq(changes[0].before, 1);
	cr_expect_eq(changes[1].kind, RG_EVENT_CONTACT_EXPIRE);
	cr_expect_eq(changes[2].kind, RG_EVENT_CONTACT_INSERT);
	cr_expect_eq(changes[2].before, RG__NO_BINDING);
	cr_expect_eq(changes[2].after, 1);
	rg_record_unref(next);
	rg_record_unref(before);
}

Test(next_record, nothing_left_and_nothing_remembered_is_no_record)
{
	rg_contact contacts[N];
	rg__entry entries[N];
	uint16_t kept[N];
	rg__merge m = merge_of(contacts, entries, kept, NULL);
	rg_record *next = NULL;

	four(contacts, entries);
	for (int i = 0; i < N; i++)
		entries[i] = (rg__entry){ .before = (uint16_t)i, .lapsed = true };
	cr_assert_eq(rg__merge_next(&m, &key, NULL, &next), RG_OK);
	cr_expect_null(next);
}
