/* SPDX-License-Identifier: MIT */
#include "sample_record.h"
#include <criterion/criterion.h>
#include "overlay/overlay.h"

#define ABSENT ((rg_str){ NULL, 0 })

static const rg_revision main_revision = { { 1 } }, local_revision = { { 2 } }, own_revision = { { 3 } };

/* Bindings numbered from @p id on, with these flags. */
static rg_record *record(const rg_revision *revision, uint64_t id, uint32_t n, uint32_t flags, const rg_removal *removal)
{
	rg_key key = sample_key();
	rg_contact c[4];
	rg_record *r;

	for (uint32_t i = 0; i < n; i++) {
		c[i] = sample_contact();
		c[i].id = id + i;
		c[i].flags = flags;
	}
	cr_assert_eq(rg_record_new(&key, revision, c, n, removal, removal != NULL, ABSENT, &r), RG_OK);
	return r;
}

static uint32_t flags_of(const rg_record *r, uint64_t id)
{
	rg_contact c = { .struct_size = sizeof c };

	for (uint32_t i = 0; rg_record_contact(r, i, &c) == RG_OK; i++) {
		if (c.id == id)
			return c.flags;
	}
	return UINT32_MAX;
}

static rg_fetched unite(rg_record *main, const rg__local *local)
{
	rg_key key = sample_key();
	rg_fetched found = { .struct_size = sizeof found, .authoritative = 1, .record = main, .base = *rg_record_revision(main) }, out;

	cr_assert_eq(rg__unite(&key, &found, local, &out), RG_OK);
	return out;
}

Test(parts, a_record_without_a_local_part_is_handed_on_as_it_is)
{
	rg_record *main = record(&main_revision, 1, 2, RG_CONTACT_PN, NULL);
	rg_fetched f = unite(main, &(rg__local){ .record = NULL });

	cr_expect_eq(f.record, main, "no copy");
	cr_expect(rg_revision_equal(&f.base, &main_revision));
	cr_expect(rg_revision_is_zero(&f.local_base));
	rg_record_unref(f.record);
	rg_record_unref(main);
}

Test(parts, the_revision_of_a_local_part_that_went_is_carried)
{
	rg_record *main = record(&main_revision, 1, 2, RG_CONTACT_PN, NULL);
	const rg__local gone = { .revision = local_revision };
	rg_fetched f = unite(main, &gone);

	cr_expect_eq(rg_record_contact_count(f.record), 2);
	cr_expect_eq(flags_of(f.record, 1), RG_CONTACT_PN);
	cr_expect(rg_revision_equal(rg_record_local_revision(f.record), &local_revision));
	cr_expect(rg_revision_equal(&f.local_base, &local_revision));
	rg_record_unref(f.record);
	rg_record_unref(main);
	f = unite(NULL, &gone);
	cr_expect_null(f.record);
	cr_expect(rg_revision_equal(&f.local_base, &local_revision));
}

Test(parts, a_union_marks_what_is_local_whatever_the_parts_say_of_it)
{
	rg_record *main = record(&main_revision, 1, 2, RG_CONTACT_LOCAL | RG_CONTACT_PN, NULL), *local = record(&local_revision, 2, 2, 0, NULL);
	rg_fetched f = unite(main, &(rg__local){ .record = local, .revision = local_revision });

	cr_expect_eq(rg_record_contact_count(f.record), 3, "what both have is taken once");
	cr_expect_eq(flags_of(f.record, 1), RG_CONTACT_PN);
	cr_expect_eq(flags_of(f.record, 2), RG_CONTACT_PN, "from main");
	cr_expect_eq(flags_of(f.record, 3), RG_CONTACT_LOCAL);
	cr_expect(rg_revision_equal(rg_record_revision(f.record), &main_revision));
	cr_expect(rg_revision_equal(rg_record_local_revision(f.record), &local_revision));
	rg_record_unref(f.record);
	rg_record_unref(main);
	rg_record_unref(local);
}

Test(parts, of_two_copies_the_newer_one_is_taken_and_mains_on_a_tie)
{
	static const struct {
		int modified, cseq; /* of the local copy, beside main's */
		bool local;
	} rows[] = { { 0, 0, false }, { 1, 0, true }, { -1, 0, false }, { 0, 1, true }, { 0, -1, false }, { 1, -1, true }, { -1, 1, false } };
	rg_key key = sample_key();
	rg_record *main = record(&main_revision, 7, 1, 0, NULL), *local = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_contact c = sample_contact(), got = { .struct_size = sizeof got };

		c.id = 7;
		c.modified += rows[i].modified;
		c.cseq = (uint32_t)((int)c.cseq + rows[i].cseq);
		c.attr = RG_STR("local");
		cr_assert_eq(rg_record_new(&key, &local_revision, &c, 1, NULL, 0, ABSENT, &local), RG_OK);
		rg_fetched f = unite(main, &(rg__local){ .record = local, .revision = local_revision });

		cr_expect_eq(rg_record_contact_count(f.record), 1, "row %zu", i);
		cr_assert_eq(rg_record_contact(f.record, 0, &got), RG_OK);
		cr_expect_eq((got.flags & RG_CONTACT_LOCAL) != 0, rows[i].local, "row %zu", i);
		cr_expect_eq(rg_str_equal(got.attr, RG_STR("local")) != 0, rows[i].local, "row %zu", i);
		rg_record_unref(f.record);
		rg_record_unref(local);
	}
	rg_record_unref(main);
}

Test(parts, one_part_laid_over_another_has_the_bindings_of_both_and_the_upper_copies)
{
	rg_key key = sample_key();
	rg_record *under = record(&main_revision, 1, 3, RG_CONTACT_LOCAL | RG_CONTACT_PN, NULL), *both = NULL;
	rg_record *over = record(&local_revision, 3, 2, RG_CONTACT_LOCAL, NULL);

	cr_assert_eq(rg__lay_over(&key, &own_revision, under, over, &both), RG_OK);
	cr_expect_eq(rg_record_contact_count(both), 4);
	cr_expect_eq(flags_of(both, 1), RG_CONTACT_LOCAL | RG_CONTACT_PN);
	cr_expect_eq(flags_of(both, 3), RG_CONTACT_LOCAL, "the upper one, though none is newer");
	cr_expect(rg_revision_equal(rg_record_revision(both), &own_revision));
	cr_expect(rg__lacks(under, over, false) && rg__lacks(over, under, false));
	cr_expect(rg__lacks(both, under, true) && !rg__lacks(both, under, false), "it has another copy of one");
	cr_expect_not(rg__lacks(both, over, true));
	cr_expect(!rg__lacks(NULL, NULL, true) && !rg__lacks(over, NULL, true) && rg__lacks(NULL, over, false));
	rg_record_unref(both);
	rg_record_unref(over);
	rg_record_unref(under);
}

Test(parts, a_split_gives_removals_to_main_and_nothing_where_nothing_is)
{
	const rg_removal gone = { .struct_size = sizeof gone, .uri = RG_STR("sip:x@y"), .callid = RG_STR("c"), .at = 5 };
	rg_key key = sample_key();
	rg_record *main, *local;
	rg_commit c = { .struct_size = sizeof c, .revision = own_revision };

	cr_expect_eq(rg__split(&key, &c, &main, &local), RG_OK);
	cr_expect(!main && !local);
	rg_record *next = record(&own_revision, 1, 2, RG_CONTACT_LOCAL, NULL);
	c.next = next;
	cr_expect_eq(rg__split(&key, &c, &main, &local), RG_OK);
	cr_expect_null(main);
	cr_expect_eq(rg_record_contact_count(local), 2);
	cr_expect(rg__same_part(local, next));
	rg_record_unref(local);
	rg_record_unref(next);
	c.next = next = record(&own_revision, 1, 1, RG_CONTACT_LOCAL, &gone);
	cr_expect_eq(rg__split(&key, &c, &main, &local), RG_OK);
	cr_expect_eq(rg_record_contact_count(main), 0);
	cr_expect_eq(rg_record_removal_count(main), 1);
	cr_expect_eq(rg_record_removal_count(local), 0);
	cr_expect_not(rg__same_part(local, next));
	rg_record_unref(main);
	rg_record_unref(local);
	rg_record_unref(next);
	c.next = next = record(&own_revision, 1, 2, 0, NULL);
	cr_expect_eq(rg__split(&key, &c, &main, &local), RG_OK);
	cr_expect(main == next && !local, "no copy");
	rg_record_unref(main);
	rg_record_unref(next);
}

Test(parts, every_field_of_a_binding_makes_another_part_but_the_local_bit)
{
	rg_key key = sample_key();
	rg_contact c = sample_contact(), d = c;
	rg_record *a = NULL, *b = NULL;

	cr_assert_eq(rg_record_new(&key, &main_revision, &c, 1, NULL, 0, ABSENT, &a), RG_OK);
#define CHANGED(change, same) \
	d = c; \
	change; \
	cr_assert_eq(rg_record_new(&key, &own_revision, &d, 1, NULL, 0, ABSENT, &b), RG_OK); \
	cr_expect_eq(rg__same_part(a, b), same, #change); \
	rg_record_unref(b)
	CHANGED(d.flags |= RG_CONTACT_LOCAL, true);
	CHANGED(d.flags ^= RG_CONTACT_PN, false);
	CHANGED(d.id++, false);
	CHANGED(d.generation++, false);
	CHANGED(d.cseq++, false);
	CHANGED(d.expires++, false);
	CHANGED(d.created++, false);
	CHANGED(d.modified++, false);
	CHANGED(d.wake++, false);
	CHANGED(d.request_hash++, false);
	CHANGED(d.q = 300, false);
	CHANGED(d.reg_id++, false);
	CHANGED(d.methods = 1, false);
	CHANGED(d.branch_flags++, false);
	CHANGED(d.latency = 3, false);
	CHANGED(d.path = RG_STR(""), false);
	CHANGED(d.attr = RG_STR("other"), false);
	CHANGED(d.extra = RG_STR("\xa1z\x07"), false);
#undef CHANGED
	cr_expect_not(rg__same_part(a, NULL));
	cr_expect(rg__same_part(NULL, NULL));
	rg_record_unref(a);
}
