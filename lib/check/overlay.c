/* SPDX-License-Identifier: MIT */
/* Further duties of a store with RG_STORE_OVERLAY: two parts with two revisions, united in one record. */
#include "check/check.h"

#define TAG RG_STR("192.0.2.1:5060")

static const rg_revision zero;

static bool is_overlay(const rg__check *ck)
{
	return (ck->ops->traits & RG_STORE_OVERLAY) != 0;
}

/* Checks the number of bindings and of local bindings, and both revisions. */
static void expect_parts(rg__check *ck, const rg_fetched *found, uint32_t n, uint32_t n_local, const rg_revision *main,
	const rg_revision *local)
{
	uint32_t bits = 0;
	rg_contact c;

	rg_contact_init(&c, sizeof c);
	for (uint32_t i = 0; rg_record_contact(found->record, i, &c) == RG_OK; i++)
		bits += (c.flags & RG_CONTACT_LOCAL) != 0;
	rg__check_that(ck, rg_record_contact_count(found->record) == n, "a united record has %u bindings where it is to have %u",
		rg_record_contact_count(found->record), n);
	rg__check_that(ck, bits == n_local, "%u bindings of a united record are marked as local where %u are", bits, n_local);
	rg__check_that(ck, rg_revision_equal(&found->base, main), "the base of a united record is not the revision of its main part");
	rg__check_that(ck, rg_revision_equal(rg_record_local_revision(found->record), local),
		"a united record does not carry the revision of its local part");
}

static void expect_there(rg__check *ck, const rg_key *key, uint32_t n, uint32_t n_local, const rg_revision *main, const rg_revision *local)
{
	rg__check_answer *a = rg__check_fetch(ck, key);

	expect_parts(ck, &a->found, n, n_local, main, local);
	rg__check_forget(a);
}

/* Of main: where it has no record, zero or the revision of a deletion. */
static rg_revision base_of(rg__check *ck, const rg_key *key)
{
	rg__check_answer *a = rg__check_fetch(ck, key);
	rg_revision base = a->found.base;

	rg__check_forget(a);
	return base;
}

/* A local part that went is remembered: only a commit that names the revision of its removal fits. */
static void expect_tombstone(rg__check *ck, const rg__check_draft *s, const rg_revision *main, const rg_revision *removal)
{
	rg_revision other = rg__check_mint(ck);
	rg_record *next = rg__check_record(ck, s, &other);

	expect_there(ck, &s->key, 2, 0, main, removal);
	rg__check_answer *a = rg__check_commit(ck, &s->key, main, &other, next);
	rg__check_that(ck, a->status == RG_ECONFLICT, "a commit that does not know that the local part went answered: %s",
		rg_strerror(a->status));
	rg__check_forget(a);
	rg_record_unref(next);
	expect_there(ck, &s->key, 2, 0, main, removal);
}

static void two_parts(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, 1), .deadline = 5000, .tags = { TAG }, .n_tags = 1 };
	rg_revision main, local;
	rg__check_walk w = { .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = TAG, .limit = 5 };
	uint8_t seen[2];

	if (!is_overlay(ck))
		return;
	main = rg__check_new(ck, &s);
	s.tags[s.n_tags++] = TAG;
	s.n_local = 1;
	local = rg__check_put(ck, &s, &main);
	expect_there(ck, &s.key, 2, 1, &main, &local);
	rg__check_that(ck, rg__check_collect(ck, &w, seen, 2, NULL) == 1, "a key of both parts is given twice while nothing moves");
	/* Moves a binding to main and back. */
	s.n_local = 0;
	ck->local_base = local;
	main = rg__check_put(ck, &s, &main);
	s.n_local = 2;
	ck->local_base = zero;
	expect_tombstone(ck, &s, &main, &main);
	ck->local_base = main;
	local = rg__check_put(ck, &s, &main);
	ck->local_base = local;
	s.deadline = 6000;
	main = base_of(ck, &s.key);
	local = rg__check_put(ck, &s, &main);
	expect_there(ck, &s.key, 2, 2, &main, &local);
}

static void two_bases(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, 1), .deadline = 5000, .tags = { TAG, TAG }, .n_tags = 2,
		.n_local = 1 };
	rg_revision own, other = rg__check_mint(ck);
	rg_record *next;

	if (!is_overlay(ck))
		return;
	own = rg__check_new(ck, &s);
	expect_there(ck, &s.key, 2, 1, &own, &own);
	for (int both = 0; both < 2; both++) {
		rg__check_answer *a;

		/* First only the local part differs, then both parts do. */
		s.cseq = both ? 5 : 0;
		s.deadline = both ? 6000 : 5000;
		s.n_tags = both ? 3 : 2;
		s.tags[2] = TAG;
		next = rg__check_record(ck, &s, &other);
		a = rg__check_commit(ck, &s.key, &own, &other, next);
		rg__check_that(ck, a->status == RG_ECONFLICT, "a commit on another local revision answered: %s", rg_strerror(a->status));
		expect_parts(ck, &a->found, 2, 1, &own, &own);
		rg__check_forget(a);
		rg_record_unref(next);
		expect_there(ck, &s.key, 2, 1, &own, &own);
	}
	ck->local_base = own;
	own = rg__check_put(ck, &s, &own);
	ck->local_base = own;
	rg__check_drop(ck, &s.key, &own);
	rg__check_holds(ck, &s.key, &zero);
}

const rg__check_case rg__check_overlay[] = {
	{ "an overlay keeps what is local apart, under a revision of its own", two_parts },
	{ "a commit to an overlay names both revisions", two_bases },
	{ NULL, NULL },
};
