/* SPDX-License-Identifier: MIT */
/* The law of status.h for functions that read an object: NULL is one that has nothing to tell. */
#include "kit.h"

Test(no_object, has_no_parts)
{
	rg_contact contact;
	rg_removal removal;
	rg_event event;
	rg_rewrite rewrite;
	rg_target target;
	rg_statistic statistic;

	rg_contact_init(&contact, sizeof contact);
	rg_removal_init(&removal, sizeof removal);
	rg_event_init(&event, sizeof event);
	rg_rewrite_init(&rewrite, sizeof rewrite);
	rg_target_init(&target, sizeof target);
	rg_statistic_init(&statistic, sizeof statistic);
	cr_expect_eq(rg_record_contact(NULL, 0, &contact), RG_ENOENT);
	cr_expect_eq(rg_response_contact(NULL, 0, &contact), RG_ENOENT);
	cr_expect_eq(rg_answer_contact(NULL, 0, &contact), RG_ENOENT);
	cr_expect_eq(rg_record_removal(NULL, 0, &removal), RG_ENOENT);
	cr_expect_eq(rg_plan_event(NULL, 0, &event), RG_ENOENT);
	cr_expect_eq(rg_response_rewrite(NULL, 0, &rewrite), RG_ENOENT);
	cr_expect_eq(rg_targets_get(NULL, 0, &target), RG_ENOENT);
	cr_expect_eq(rg_statistics_get(NULL, 0, &statistic), RG_ENOENT);
	cr_expect_eq(rg_record_contact_count(NULL) + rg_record_removal_count(NULL) + rg_record_tag_count(NULL), 0);
	cr_expect_eq(rg_plan_event_count(NULL) + rg_plan_outcome_count(NULL) + rg_plan_affected_count(NULL), 0);
	cr_expect_eq(rg_response_contact_count(NULL) + rg_response_rewrite_count(NULL), 0);
	cr_expect_eq(rg_targets_count(NULL) + rg_answer_contact_count(NULL) + rg_statistics_count(NULL), 0);
}

Test(no_object, has_no_values)
{
	char room[64];
	void *self;
	int64_t value = 1;
	rg_key key = { .user = RG_STR("a") };

	rg_record_key(NULL, &key);
	cr_expect(!key.domain.p && !key.user.p && !key.host.p);
	cr_expect(!rg_record_tag(NULL, 0).p && !rg_record_extra(NULL).p && !rg_answer_aor(NULL).p);
	cr_expect(!rg_response_header(NULL, RG_STR("Contact"), 0).p);
	cr_expect(rg_revision_is_zero(rg_record_revision(NULL)) && rg_revision_is_zero(rg_record_local_revision(NULL)));
	cr_expect(!rg_plan_response(NULL) && !rg_plan_next(NULL) && !rg_store_self(NULL, "memory") && !rg_store_members(NULL, &self));
	cr_expect(!rg_plan_commits(NULL) && !rg_plan_outcome(NULL, 0) && !rg_response_no_reply(NULL));
	cr_expect(!rg_response_contact_expires(NULL, 0) && !rg_response_connection_lifetime(NULL));
	cr_expect(!rg_targets_partial(NULL) && !rg_targets_branches_only(NULL) && !rg_answer_result(NULL) && !rg_store_traits(NULL));
	cr_expect_eq(rg_statistics_find(NULL, RG_STR("events"), &value), RG_ENOENT);
	cr_expect_eq(value, 0);
	cr_expect_eq(rg_registrar_now(NULL), 0);
	cr_expect_eq(rg_key_print(NULL, room, sizeof room), 0);
	cr_expect_null(rg_addr_print(NULL, room, sizeof room).p);
	cr_expect(!rg_record_size(NULL) && !rg_record_weight(NULL));
	cr_expect_eq(rg_record_deadline(NULL), RG_TIME_NEVER);
}

Test(no_object, of_bytes_is_no_record)
{
	rg_error *why = rg_error_new();
	rg_record *record = NULL;

	cr_expect_eq(rg_record_decode(NULL, 0, &record, why), RG_EFORMAT);
	cr_expect_eq(rg_record_decode(NULL, 3, &record, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "bytes is NULL");
	rg_error_free(why);
}
