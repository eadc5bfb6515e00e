/* SPDX-License-Identifier: MIT */
/* Commits that are sent again because the fate of the first one is unknown. A store that is not inline keeps the last revisions of a
 * key, also after its deletion. An inline store has no unknown fate; here it must only do no harm. */
#include "check/check.h"

static const rg_revision zero;

static bool remembers(const rg__check *ck)
{
	return !(ck->ops->traits & RG_STORE_INLINE);
}

/* A store that other processes write to may remember, too, even if each of its calls completes inline. */
static bool may_remember(const rg__check *ck)
{
	return remembers(ck) || (ck->ops->traits & RG_STORE_SHARED);
}

static void resent_insert(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision own = rg__check_mint(ck);
	rg_record *record = rg__check_record(ck, &s, &own);

	for (int i = 0; i < 3; i++) {
		rg__check_answer *a = rg__check_commit(ck, &s.key, &zero, &own, record);

		rg__check_that(ck, a->status == RG_OK, "sending %d of one commit answered: %s", i + 1, rg_strerror(a->status));
		rg__check_holds(ck, &s.key, &own);
	}
	rg_record_unref(record);
}

static void resent_replacement(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision base = rg__check_new(ck, &s), own = rg__check_mint(ck);
	rg_record *record = rg__check_record(ck, &s, &own);

	for (int i = 0; i < 3; i++) {
		rg__check_answer *a = rg__check_commit(ck, &s.key, &base, &own, record);

		rg__check_that(ck, a->status == RG_OK, "sending %d of one commit answered: %s", i + 1, rg_strerror(a->status));
		rg__check_holds(ck, &s.key, &own);
	}
	rg_record_unref(record);
}

/* Later commits of other clients must survive. A store that remembers answers RG_OK as long as the commit is among the last eight. */
static void overtaken(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision base = rg__check_new(ck, &s), own = rg__check_mint(ck), last;
	rg_record *record = rg__check_record(ck, &s, &own);
	rg__check_answer *a;

	rg__check_commit(ck, &s.key, &base, &own, record);
	last = own;
	for (int i = 0; i < 7; i++) {
		last = rg__check_put(ck, &s, &last);
		a = rg__check_commit(ck, &s.key, &base, &own, record);
		rg__check_that(ck, a->status == RG_OK || a->status == RG_ECONFLICT, "a commit sent again answered: %s", rg_strerror(a->status));
		rg__check_that(ck, a->status == RG_OK || !remembers(ck), "a commit among the last eight of its key, sent again, conflicts");
		rg__check_forget(a);
		rg__check_holds(ck, &s.key, &last);
	}
	rg_record_unref(record);
}

static void resent_delete(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision base = rg__check_new(ck, &s), own = rg__check_mint(ck);

	for (int i = 0; i < 3; i++) {
		rg__check_answer *a = rg__check_commit(ck, &s.key, &base, &own, NULL);

		rg__check_that(ck, a->status == RG_OK || (i > 0 && a->status == RG_ECONFLICT && !remembers(ck)),
			"sending %d of a delete answered: %s", i + 1, rg_strerror(a->status));
		rg__check_holds(ck, &s.key, &zero);
	}
}

/* The commit is sent again after the delete that followed it. It must not revive the record. */
static void no_resurrection(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision first = rg__check_new(ck, &s), own = rg__check_mint(ck);
	rg_record *record = rg__check_record(ck, &s, &own);
	rg__check_answer *a = rg__check_commit(ck, &s.key, &first, &own, record);

	rg__check_that(ck, a->status == RG_OK, "a commit on the current revision answered: %s", rg_strerror(a->status));
	rg__check_drop(ck, &s.key, &own);
	a = rg__check_commit(ck, &s.key, &first, &own, record);
	rg__check_that(ck, a->status == RG_ECONFLICT || (a->status == RG_OK && may_remember(ck)),
		"a replacement sent again after a delete answered: %s", rg_strerror(a->status));
	rg__check_forget(a);
	rg__check_holds(ck, &s.key, &zero);
	rg_record_unref(record);
}

const rg__check_case rg__check_fate[] = {
	{ "an insert may be sent again", resent_insert },
	{ "a replacement may be sent again", resent_replacement },
	{ "a commit sent again changes nothing that came after it", overtaken },
	{ "a delete may be sent again", resent_delete },
	{ "a commit sent again after a delete revives nothing", no_resurrection },
	{ NULL, NULL },
};
