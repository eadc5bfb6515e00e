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
	rg_contact c;

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

Test(overlay_part, a_record_without_a_local_part_is_handed_on_as_it_is)
{
	rg_record *main = record(&main_revision, 1, 2, RG_CONTACT_PN, NULL);
	rg_fetched f = unite(main, &(rg__local){ .base = local_revision });

	cr_expect_eq(f.record, main, "no copy");
	cr_expect(rg_revision_equal(&f.base, &main_revision));
	cr_expect(rg_revision_equal(&f.local_base, &local_revision), "of a deletion that is remembered");
	rg_record_unref(f.record);
	rg_record_unref(main);
}

Test(overlay_part, a_union_marks_what_is_local_whatever_the_parts_say_of_it)
{
	rg_record *main = record(&main_revision, 1, 2, RG_CONTACT_LOCAL | RG_CONTACT_PN, NULL), *local = record(&local_revision, 2, 2, 0, NULL);
	rg_fetched f = unite(main, &(rg__local){ .record = local, .base = local_revision });

	cr_expect_eq(rg_record_count(f.record), 3, "what both have is taken once");
	cr_expect_eq(flags_of(f.record, 1), RG_CONTACT_PN);
	cr_expect_eq(flags_of(f.record, 2), RG_CONTACT_PN, "from main");
	cr_expect_eq(flags_of(f.record, 3), RG_CONTACT_LOCAL);
	cr_expect(rg_revision_equal(rg_record_revision(f.record), &main_revision));
	cr_expect(rg_revision_equal(rg_record_local_revision(f.record), &local_revision));
	rg_record_unref(f.record);
	rg_record_unref(main);
	rg_record_unref(local);
}

/* Of a commit of both parts main's revision says which local part goes with it, unless the verdict is known. */
Test(overlay_part, the_local_part_of_a_half_is_the_one_that_goes_with_main)
{
	static const struct {
		int verdict;
		bool at, landed;
	} rows[] = { { RG__OVERLAY_UNDECIDED, false, false }, { RG__OVERLAY_UNDECIDED, true, true }, { RG__OVERLAY_LANDED, false, true },
		{ RG__OVERLAY_FAILED, true, false } };
	rg_record *before = record(&local_revision, 7, 1, 0, NULL), *after = record(&own_revision, 8, 1, 0, NULL);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_record *main = record(rows[i].at ? &own_revision : &main_revision, 1, 1, 0, NULL);
		rg__local local = { .record = before, .base = local_revision, .half = true, .verdict = rows[i].verdict,
			.revision = own_revision, .after = after };
		rg_fetched f = unite(main, &local);

		cr_expect_eq(flags_of(f.record, 8) == RG_CONTACT_LOCAL, rows[i].landed, "row %zu", i);
		cr_expect_eq(flags_of(f.record, 7) == RG_CONTACT_LOCAL, !rows[i].landed, "row %zu", i);
		rg_record_unref(f.record);
		rg_record_unref(main);
	}
	rg_record_unref(before);
	rg_record_unref(after);
}

Test(overlay_part, a_split_gives_removals_to_main_and_nothing_where_nothing_is)
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
	cr_expect_eq(rg_record_count(local), 2);
	cr_expect(rg__same_part(local, next));
	rg_record_unref(local);
	rg_record_unref(next);
	c.next = next = record(&own_revision, 1, 1, RG_CONTACT_LOCAL, &gone);
	cr_expect_eq(rg__split(&key, &c, &main, &local), RG_OK);
	cr_expect_eq(rg_record_count(main), 0);
	cr_expect_eq(rg_record_removals(main), 1);
	cr_expect_eq(rg_record_removals(local), 0);
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

Test(overlay_part, every_field_of_a_binding_makes_another_part_but_the_local_bit)
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
