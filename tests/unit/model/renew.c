/* SPDX-License-Identifier: MIT */
#include "sample_record.h"
#include <criterion/criterion.h>
#include "model/model.h"

#define ABSENT ((rg_str){ NULL, 0 })

enum { TEXT, U64, U32, I32 };

/* Another value of a field. */
typedef struct change {
	const char *name;
	size_t at; /* in rg_contact */
	int kind;
	uint64_t number;
	const char *text; /* NULL = absent */
} change;

#define OTHER_TEXT(field, value) { #field " is " #value, offsetof(rg_contact, field), TEXT, 0, value }
#define OTHER(field, kind, value) { #field " is " #value, offsetof(rg_contact, field), kind, (uint64_t)(value), NULL }

static const change changes[] = {
	{ "nothing", offsetof(rg_contact, cseq), U32, 4711, NULL },
	OTHER_TEXT(uri, "sip:user1234567@192.168.100.10:50600;transport=udp;line=a8b7c6d6"), /* the last octet */
	OTHER_TEXT(uri, "sip:user1234567@192.168.100.11:50600;transport=udp;line=a8b7c6d5"), /* one in the middle */
	OTHER_TEXT(uri, "sip:u"), OTHER_TEXT(uri, NULL), OTHER_TEXT(params, ";a=b"), OTHER_TEXT(params, NULL), OTHER_TEXT(instance, "<i>"),
	OTHER_TEXT(instance, NULL), OTHER_TEXT(callid, "8f3b9c1e-77aa-4c52-9d1f-0b6a5e4d3c2c"), OTHER_TEXT(callid, "short"),
	OTHER_TEXT(path, "<sip:p.test;lr>"), OTHER_TEXT(path, ""), OTHER_TEXT(received, "sip:198.51.100.2:50601;transport=udp"),
	OTHER_TEXT(received, NULL), OTHER_TEXT(socket, "udp:203.0.113.200:5061"), OTHER_TEXT(flow, "flow-1"),
	OTHER_TEXT(user_agent, "Sample Softphone 3.14.15 (build 9265359)"), OTHER_TEXT(attr, "a"), OTHER_TEXT(ownership_tag, "vip"),
	OTHER_TEXT(next_hop, "198.51.100.2:50601"), OTHER_TEXT(next_hop, NULL), OTHER_TEXT(extra, "\xa1z\x07"), OTHER_TEXT(extra, ""),
	OTHER(id, U64, 1), OTHER(generation, U64, 2), OTHER(request_hash, U64, 3), OTHER(cseq, U32, 4712), OTHER(q, I32, 1000), OTHER(q, I32, 0),
	OTHER(methods, U32, 5), OTHER(methods, U32, 0x80000001), OTHER(methods, U32, 0x40000000), OTHER(methods, U32, 0x4000),
	OTHER(flags, U32, RG_CONTACT_PN), OTHER(flags, U32, 0x40), OTHER(flags, U32, 0xffffffff), OTHER(branch_flags, U32, 0xffff),
	OTHER(branch_flags, U32, 0x10000), OTHER(latency, U32, 7), OTHER(reg_id, U32, 1), OTHER(wake, U64, 42),
	OTHER(expires, U64, 1700003600001), OTHER(expires, U64, RG_TIME_NEVER), OTHER(expires, U64, 1700000000999),
	OTHER(expires, U64, INT64_MIN), OTHER(modified, U64, 1699999999999), OTHER(modified, U64, INT64_MIN), OTHER(created, U64, 0),
	OTHER(created, U64, INT64_MIN), OTHER(created, U64, INT64_MAX), OTHER(created, U64, 1700000001000 - (INT64_C(1) << 48)),
	OTHER(created, U64, 1700000001001 - (INT64_C(1) << 48)), OTHER(expires, U64, 1700000001000 + UINT32_MAX),
	OTHER(expires, U64, 1700000001001 + UINT32_MAX),
};

enum { CHANGES = sizeof changes / sizeof *changes };

static void apply(const change *ch, rg_contact *c)
{
	char *at = (char *)c + ch->at;

	if (ch->kind == TEXT)
		*(rg_str *)(void *)at = ch->text ? rg_str_from(ch->text) : ABSENT;
	else if (ch->kind == U64)
		*(uint64_t *)(void *)at = ch->number;
	else if (ch->kind == U32)
		*(uint32_t *)(void *)at = (uint32_t)ch->number;
	else
		*(int32_t *)(void *)at = (int32_t)ch->number;
}

static void expect_same_record(const rg_record *a, const rg_record *b, const char *what)
{
	rg_contact x, y;
	rg_key ka, kb;

	rg_record_key(a, &ka);
	rg_record_key(b, &kb);
	cr_expect(rg_key_equal(&ka, &kb), "%s: the key", what);
	cr_expect_eq(rg_record_size(a), rg_record_size(b), "%s: the size", what);
	cr_expect_eq(rg_record_deadline(a), rg_record_deadline(b), "%s: the deadline", what);
	cr_expect(rg_revision_equal(rg_record_revision(a), rg_record_revision(b)), "%s: the revision", what);
	cr_expect(rg_str_equal(rg_record_extra(a), rg_record_extra(b)), "%s: extra", what);
	cr_assert_eq(rg_record_contact_count(a), rg_record_contact_count(b), "%s", what);
	cr_expect_eq(rg_record_removal_count(a), rg_record_removal_count(b), "%s", what);
	cr_assert_eq(rg_record_tag_count(a), rg_record_tag_count(b), "%s", what);
	for (uint32_t i = 0; i < rg_record_tag_count(a); i++)
		cr_expect(rg_str_equal(rg_record_tag(a, i), rg_record_tag(b, i)), "%s: tag %u", what, i);
	for (uint32_t i = 0; i < rg_record_contact_count(a); i++) {
		cr_assert(rg__record_contact(a, i, &x) == RG_OK && rg__record_contact(b, i, &y) == RG_OK);
		cr_expect(rg__contact_same(&x, &y) && x.flags == y.flags, "%s: binding %u", what, i);
	}
}

/* Every pair of changes: one that @p before has and one that the next record has, each in one of two bindings. */
Test(renew, gives_the_record_that_is_built_anew)
{
	rg_key key = sample_key();
	rg_revision revision = { { 9, 9 } };

	for (int i = 0; i < CHANGES; i++) {
		rg_contact c[2] = { sample_contact(), sample_contact() };
		rg_record *before, *next, *anew;

		apply(&changes[i], &c[i & 1]);
		cr_assert_eq(rg__record_new(&key, &sample_revision, c, 2, NULL, 0, ABSENT, &before), RG_OK);
		for (int k = 0; k < CHANGES; k++) {
			rg_contact then[2] = { c[0], c[1] };
			uint16_t at = k >> 1 & 1, kept[2] = { RG__GIVEN, RG__GIVEN };

			apply(&changes[k], &then[at]);
			cr_assert_eq(rg__record_new(&key, &revision, then, 2, NULL, 0, ABSENT, &anew), RG_OK);
			for (int keeps = 0; keeps < 2; keeps++) {
				kept[1 - at] = keeps ? (uint16_t)(1 - at) : RG__GIVEN;
				cr_assert_eq(rg__record_next(before, NULL, &key, &revision, then, kept, 2, NULL, 0, &next), RG_OK);
				expect_same_record(next, anew, changes[k].name);
				rg_record_unref(next);
			}
			rg_record_unref(anew);
		}
		rg_record_unref(before);
	}
}

Test(renew, looks_at_key_number_of_bindings_removals_and_addresses)
{
	const rg_addr addrs[2] = { { .ip = { 192, 0, 2, 9 }, .port = 5070, .family = 4 }, { .ip = { 192, 0, 2, 8 }, .port = 5070, .family = 4 } };
	rg_contact c[2] = { sample_contact(), sample_contact() };
	rg_removal gone = sample_removal();
	rg_str extra = RG_STR("\xa1z\x07");
	rg_key key = sample_key();
	const uint16_t given[2] = { RG__GIVEN, RG__GIVEN };
	rg_record *before, *next, *anew;

	c[0].addrs = &addrs[0];
	c[0].n_addrs = 1;
	cr_assert_eq(rg__record_new(&key, &sample_revision, c, 1, NULL, 0, extra, &before), RG_OK);
	for (int i = 0; i < 7; i++) {
		rg_key then = key;
		uint32_t n = i == 1 ? 2 : 1, n_gone = i == 2;

		if (i == 3)
			then.user = RG_STR("user1234568");
		else if (i == 4)
			then.host = RG_STR("");
		else if (i == 5)
			then.domain = RG_STR("locatiom");
		c[0].addrs = &addrs[i == 6];
		cr_assert_eq(rg__record_new(&then, &sample_revision, c, n, &gone, n_gone, extra, &anew), RG_OK);
		cr_assert_eq(rg__record_next(before, NULL, &then, &sample_revision, c, given, n, &gone, n_gone, &next), RG_OK);
		expect_same_record(next, anew, "case");
		rg_record_unref(next);
		rg_record_unref(anew);
	}
	rg_record_unref(before);
}

/* As where an AoR has no domain: neither part may reach memcmp(), which takes no NULL even for no octets. */
Test(renew, compares_absent_parts_of_the_key)
{
	rg_contact c = sample_contact();
	const uint16_t given = RG__GIVEN;
	rg_key key = sample_key();
	rg_record *before, *next;

	key.host = ABSENT;
	cr_assert_eq(rg__record_new(&key, &sample_revision, &c, 1, NULL, 0, ABSENT, &before), RG_OK);
	c.cseq++;
	cr_assert_eq(rg__record_next(before, NULL, &key, &sample_revision, &c, &given, 1, NULL, 0, &next), RG_OK);
	cr_expect_eq(rg_record_size(next), rg_record_size(before));
	rg_record_unref(next);
	rg_record_unref(before);
}

Test(renew, refuses_what_a_record_cannot_hold)
{
	rg_contact c = sample_contact();
	rg_key key = sample_key();
	const uint16_t given = RG__GIVEN;
	rg_record *before, *next;

	cr_assert_eq(rg__record_new(&key, &sample_revision, &c, 1, NULL, 0, ABSENT, &before), RG_OK);
	c.q = 1001;
	cr_expect_eq(rg__record_next(before, NULL, &key, &sample_revision, &c, &given, 1, NULL, 0, &next), RG_EINVAL);
	cr_expect_null(next);
	c.q = -2;
	cr_expect_eq(rg__record_next(before, NULL, &key, &sample_revision, &c, &given, 1, NULL, 0, &next), RG_EINVAL);
	rg_record_unref(before);
}

Test(renew, leaves_the_record_before_as_it_is)
{
	rg_contact c = sample_contact(), got;
	const uint16_t given = RG__GIVEN;
	rg_key key = sample_key();
	rg_record *before, *next;

	cr_assert_eq(rg__record_new(&key, &sample_revision, &c, 1, NULL, 0, ABSENT, &before), RG_OK);
	cr_assert_eq(rg__record_contact(before, 0, &c), RG_OK);
	c.cseq++;
	cr_assert_eq(rg__record_next(before, NULL, &key, &sample_revision, &c, &given, 1, NULL, 0, &next), RG_OK);
	rg_record_unref(before);
	cr_assert_eq(rg__record_contact(next, 0, &got), RG_OK);
	cr_expect(got.cseq == 4712 && rg_str_equal(got.uri, sample_contact().uri));
	rg_record_unref(next);
}

Test(renew, keeps_the_key_unless_another_is_given)
{
	rg_contact c = sample_contact();
	const uint16_t given = RG__GIVEN;
	rg_key key = sample_key();
	rg_record *before, *next, *anew;

	cr_assert_eq(rg__record_new(&key, &sample_revision, &c, 1, NULL, 0, ABSENT, &before), RG_OK);
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			c.user_agent = RG_STR("another agent");
		cr_assert_eq(rg__record_new(&key, &sample_revision, &c, 1, NULL, 0, ABSENT, &anew), RG_OK);
		cr_assert_eq(rg__record_next(before, NULL, NULL, &sample_revision, &c, &given, 1, NULL, 0, &next), RG_OK);
		expect_same_record(next, anew, "key");
		rg_record_unref(next);
		rg_record_unref(anew);
	}
	rg_record_unref(before);
}

Test(renew, takes_bindings_from_other_places_of_the_record_before)
{
	rg_contact c[3] = { sample_contact(), sample_contact(), sample_contact() };
	const uint16_t kept[3] = { 2, RG__GIVEN, 0 };
	rg_key key = sample_key();
	rg_record *before, *next, *anew;

	for (uint32_t i = 0; i < 3; i++)
		c[i].id = 10 + i;
	cr_assert_eq(rg__record_new(&key, &sample_revision, c, 3, NULL, 0, ABSENT, &before), RG_OK);
	rg_contact then[3] = { c[2], c[1], c[0] }, room[3] = { { 0 }, c[1], { 0 } };
	cr_assert_eq(rg__record_new(&key, &sample_revision, then, 3, NULL, 0, ABSENT, &anew), RG_OK);
	cr_assert_eq(rg__record_next(before, NULL, &key, &sample_revision, room, kept, 3, NULL, 0, &next), RG_OK);
	expect_same_record(next, anew, "other places");
	rg_record_unref(next);
	rg_record_unref(anew);
	rg_record_unref(before);
}
