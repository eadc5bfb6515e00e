/* SPDX-License-Identifier: MIT */
/* rg_record_new() with arrays of a caller who knows the structs with another size. */
#include "sample_record.h"
#include "model/model.h"
#include <criterion/criterion.h>

typedef struct larger_contact {
	rg_contact known;
	uint64_t later;
} larger_contact;

typedef struct larger_removal {
	rg_removal known;
	uint64_t later;
} larger_removal;

enum { N = 3 };

typedef struct given {
	larger_contact contacts[N];
	larger_removal removals[N];
} given;

static given sample_given(void)
{
	given g = { .contacts[0].later = 0 };

	for (uint32_t i = 0; i < N; i++) {
		g.contacts[i].known = sample_contact();
		g.contacts[i].known.struct_size = sizeof g.contacts[i];
		g.contacts[i].known.id = i + 1;
		g.removals[i].known = sample_removal();
		g.removals[i].known.struct_size = sizeof g.removals[i];
		g.removals[i].known.cseq = i + 1;
	}
	return g;
}

static rg_status build(const given *g, rg_record **out)
{
	const rg_revision revision = { { 1 } };
	rg_key key = sample_key();

	return rg_record_new(&key, &revision, &g->contacts[0].known, N, &g->removals[0].known, N, (rg_str){ NULL, 0 }, out);
}

Test(given, an_array_is_walked_by_the_size_of_its_first_element)
{
	given g = sample_given();
	rg_record *r = NULL;

	cr_assert_eq(build(&g, &r), RG_OK);
	cr_assert_eq(rg_record_contact_count(r), N);
	cr_assert_eq(rg_record_removal_count(r), N);
	for (uint32_t i = 0; i < N; i++) {
		rg_contact c = { .struct_size = sizeof c };
		rg_removal gone = { .struct_size = sizeof gone };

		cr_expect_eq(rg_record_contact(r, i, &c), RG_OK);
		cr_expect_eq(c.id, i + 1);
		cr_expect(rg__contact_same(&c, &g.contacts[i].known));
		cr_expect_eq(rg_record_removal(r, i, &gone), RG_OK);
		cr_expect(rg__removal_same(&gone, &g.removals[i].known));
	}
	rg_record_unref(r);
}

Test(given, elements_of_another_size_or_with_members_that_are_not_known_are_refused)
{
	for (uint32_t i = 0; i < N; i++) {
		for (int what = 0; what < 4; what++) {
			given g = sample_given();
			rg_record *r = (rg_record *)&g;

			if (what == 0)
				g.contacts[i].known.struct_size -= 8;
			else if (what == 1)
				g.removals[i].known.struct_size -= 8;
			else if (what == 2)
				g.contacts[i].later = 1;
			else
				g.removals[i].later = 1;
			cr_expect_eq(build(&g, &r), RG_EINVAL, "%u %d", i, what);
			cr_expect_null(r);
		}
	}
}

Test(given, an_array_whose_elements_would_not_be_aligned_is_refused)
{
	for (uint32_t more = 1; more < 8; more++) {
		for (int what = 0; what < 2; what++) {
			given g = sample_given();
			rg_record *r = (rg_record *)&g;

			if (what == 0)
				g.contacts[0].known.struct_size = sizeof(rg_contact) + more;
			else
				g.removals[0].known.struct_size = sizeof(rg_removal) + more;
			cr_expect_eq(build(&g, &r), RG_EINVAL, "%u %d", more, what);
			cr_expect_null(r);
		}
	}
}

Test(given, an_array_that_is_missing_is_refused_and_too_many_elements_are_not_looked_at)
{
	const rg_revision revision = { { 1 } };
	rg_key key = sample_key();
	rg_str none = { NULL, 0 };
	rg_record *r;

	cr_expect_eq(rg_record_new(&key, &revision, NULL, 1, NULL, 0, none, &r), RG_EINVAL);
	cr_expect_eq(rg_record_new(&key, &revision, NULL, 0, NULL, 1, none, &r), RG_EINVAL);
	cr_expect_eq(rg_record_new(&key, &revision, NULL, UINT32_MAX, NULL, 0, none, &r), RG_ELIMIT);
	cr_expect_eq(rg_record_new(&key, &revision, NULL, 0, NULL, UINT32_MAX, none, &r), RG_ELIMIT);
	cr_expect_eq(rg_record_new(NULL, &revision, NULL, 0, NULL, 0, none, &r), RG_EINVAL);
	cr_expect_eq(rg_record_new(&key, NULL, NULL, 0, NULL, 0, none, &r), RG_EINVAL);
	cr_expect_eq(rg_record_new(&key, &revision, NULL, 0, NULL, 0, none, NULL), RG_EINVAL);
}
