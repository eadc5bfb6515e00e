/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"

Test(plan, an_event_tells_all)
{
	world w = new_world();
	rg_event e = { .struct_size = sizeof e };

	save(&w, .contact = { A ";expires=100" }, .to = "<sip:al%40ice@example.com>");
	w.now += 1000;
	save(&w, .contact = { A ";expires=200" }, .to = "<sip:al%40ice@example.com>", .cseq = "2 REGISTER");
	cr_assert_eq(rg_plan_event_count(w.plan), 1);
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	cr_expect_eq(e.kind, RG_EVENT_CONTACT_UPDATE);
	same_text(put(&w, e.key.user), "al@ice");
	same_text(put(&w, e.aor), "al%40ice@example.com");
	same_text(put(&w, e.callid), "call-1");
	cr_expect_eq(e.at, START + 1000);
	cr_expect_null(e.reason.p);
	cr_assert_not_null(e.before);
	cr_assert_not_null(e.after);
	cr_expect_eq(e.before->expires, START + 100000);
	cr_expect_eq(e.after->expires, START + 201000);
	cr_expect_eq(e.before->id, e.after->id);
	cr_expect_eq(rg_plan_event(w.plan, 1, &e), RG_ENOENT);
	end_world(&w);
}

Test(plan, aor_events_frame_the_others)
{
	world w = new_world();
	rg_event e = { .struct_size = sizeof e };

	save(&w, .contact = { A });
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	cr_expect_eq(e.kind, RG_EVENT_AOR_INSERT);
	cr_expect_null(e.before);
	cr_expect_null(e.after);
	cr_assert_eq(rg_plan_event(w.plan, 1, &e), RG_OK);
	cr_expect_null(e.before);
	cr_expect_not_null(e.after);
	save(&w, .contact = { "*" }, .expires = "0", .cseq = "2 REGISTER");
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	cr_expect_not_null(e.before);
	cr_expect_null(e.after);
	cr_assert_eq(rg_plan_event(w.plan, 1, &e), RG_OK);
	cr_expect_eq(e.kind, RG_EVENT_AOR_DELETE);
	same_text(put(&w, e.aor), "alice@example.com");
	end_world(&w);
}

Test(plan, a_record_of_removals_alone_is_an_absent_aor)
{
	world w = new_world();

	save(&w, .contact = { A });
	save(&w, .contact = { "*" }, .expires = "0", .cseq = "2 REGISTER");
	cr_expect_not_null(w.record);
	save(&w, .contact = { A }, .cseq = "3 REGISTER");
	same_text(events(&w), "AOR_INSERT CONTACT_INSERT");
	end_world(&w);
}

Test(plan, events_outlive_the_record_they_speak_of)
{
	world w = new_world();
	rg_event e = { .struct_size = sizeof e };

	save(&w, .contact = { A });
	save(&w, .contact = { A ";x" }, .cseq = "2 REGISTER");
	rg_record_unref(w.record);
	w.record = NULL;
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	same_text(put(&w, e.after->params), ";x");
	end_world(&w);
}

Test(plan, nothing_is_asked_of_no_plan)
{
	rg_event e = { .struct_size = sizeof e };

	rg_plan_free(NULL);
	cr_expect_null(rg_plan_response(NULL));
	cr_expect_null(rg_plan_next(NULL));
	cr_expect_eq(rg_plan_commits(NULL), 0);
	cr_expect_eq(rg_plan_outcome_count(NULL), 0);
	cr_expect_eq(rg_plan_outcome(NULL, 0), 0);
	cr_expect_eq(rg_plan_event_count(NULL), 0);
	cr_expect_eq(rg_plan_event(NULL, 0, &e), RG_ENOENT);
}

Test(plan, a_refusal_commits_nothing_and_has_no_outcomes)
{
	world w = new_world();

	save(&w, .contact = { A, "<sip:" });
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_null(rg_plan_next(w.plan));
	cr_expect_eq(rg_plan_outcome_count(w.plan), 0);
	cr_expect_eq(rg_plan_outcome(w.plan, 0), 0);
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	end_world(&w);
}

Test(plan, a_response_that_is_taken_outlives_the_plan)
{
	world w = new_world();
	rg_response *r;

	save(&w, .contact = { A });
	r = rg__plan_take_response(w.plan);
	cr_assert_not_null(r);
	w.plan = NULL;
	cr_expect_eq(rg_response_contact_count(r), 1);
	rg_response_free(r);
	end_world(&w);
}

Test(plan, is_applied_to_the_record_it_was_made_from)
{
	world w = new_world();
	rg_record *first, *second, *next;

	save(&w, .contact = { A });
	cr_assert_eq(rg_plan_apply(w.plan, NULL, &first, NULL), RG_OK);
	cr_expect_eq(first, w.record);
	cr_expect_eq(rg_plan_apply(w.plan, first, &next, NULL), RG_ECONFLICT);
	cr_expect_null(next);
	save(&w, .contact = { A ";expires=60" }, .cseq = "2 REGISTER");
	cr_assert_eq(rg_plan_apply(w.plan, first, &second, NULL), RG_OK);
	cr_expect_eq(second, w.record);
	next = first;
	cr_expect_eq(rg_plan_apply(w.plan, second, &next, NULL), RG_ECONFLICT);
	cr_expect_null(next);
	next = first;
	cr_expect_eq(rg_plan_apply(w.plan, NULL, &next, NULL), RG_ECONFLICT);
	cr_expect_null(next);
	cr_expect_eq(rg_plan_apply(w.plan, first, NULL, NULL), RG_EINVAL);
	next = first;
	cr_expect_eq(rg_plan_apply(NULL, first, &next, NULL), RG_EINVAL);
	cr_expect_null(next);
	rg_record_unref(first);
	rg_record_unref(second);
	end_world(&w);
}

/* A query, a repeat and a refusal. */
Test(plan, that_commits_nothing_leaves_the_record_and_is_refused_for_another)
{
	static const spec specs[] = { { .contact = { NULL } }, { .contact = { A } }, { .contact = { A }, .cseq = "0 REGISTER" } };

	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		world w = new_world();
		rg_record *next;

		save(&w, .contact = { A });
		save_spec(&w, specs[i]);
		cr_assert_not(rg_plan_commits(w.plan), "%zu", i);
		cr_assert_eq(rg_plan_apply(w.plan, w.record, &next, NULL), RG_OK, "%zu", i);
		cr_expect_eq(next, w.record);
		rg_record_unref(next);
		cr_expect_eq(rg_plan_apply(w.plan, NULL, &next, NULL), RG_ECONFLICT, "%zu", i);
		end_world(&w);
	}
}

Test(plan, of_one_aor_is_not_applied_to_another)
{
	world w = new_world(), other = new_world();
	rg_record *next;

	save(&w, .contact = { A });
	save(&other, .contact = { A }, .to = "<sip:bob@example.com>", .from = "<sip:bob@example.com>");
	cr_expect_eq(rg_plan_apply(w.plan, other.record, &next, NULL), RG_EINVAL);
	cr_expect_null(next);
	/* The same seed: both records have the same revision. */
	save(&w, .contact = { A ";expires=60" }, .cseq = "2 REGISTER");
	cr_expect_eq(rg_plan_apply(w.plan, other.record, &next, NULL), RG_EINVAL);
	cr_expect_null(next);
	end_world(&w);
	end_world(&other);
}

Test(plan, deletes_a_record_by_leaving_none)
{
	world w = new_world();
	rg_record *next;

	save(&w, .contact = { A ";expires=60" });
	w.now += 60000;
	rg_plan_free(w.plan);
	cr_assert_eq(rg_expire(w.record, NULL, 0, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	next = w.record;
	cr_assert_eq(rg_plan_apply(w.plan, w.record, &next, NULL), RG_OK);
	cr_expect_null(next);
	end_world(&w);
}

/* A test may use one seed for all its steps. */
Test(plan, of_a_chain_with_one_seed_fits_no_later_record)
{
	world w = new_world();
	spec_room room;
	spec first = { .contact = { A } }, again = { .contact = { A ";expires=60" }, .cseq = "2 REGISTER" };
	rg_request request = request_of(&first, &room);
	rg_record *record, *next;

	cr_assert_eq(rg_merge(NULL, &request, NULL, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_assert_eq(rg_plan_apply(w.plan, NULL, &record, NULL), RG_OK);
	rg_plan_free(w.plan);
	request = request_of(&again, &room);
	cr_assert_eq(rg_merge(record, &request, NULL, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_assert_eq(rg_plan_apply(w.plan, record, &next, NULL), RG_OK);
	rg_record_unref(record);
	record = next;
	cr_expect_eq(rg_plan_apply(w.plan, record, &next, NULL), RG_ECONFLICT);
	rg_record_unref(record);
	end_world(&w);
}
