/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"

Test(plan, an_event_tells_all)
{
	world w = new_world();
	rg_event e;

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
	rg_event e;

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
	rg_event e;

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
	rg_event e;

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

Test(plan, the_response_is_taken_once)
{
	world w = new_world();
	rg_response *r;

	save(&w, .contact = { A });
	r = rg__plan_take_response(w.plan);
	cr_assert_not_null(r);
	cr_expect_null(rg__plan_take_response(w.plan));
	rg_plan_free(w.plan);
	w.plan = NULL;
	cr_expect_eq(rg_response_contact_count(r), 1);
	rg_response_free(r);
	end_world(&w);
}
