/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

static const rg_revision revision = { { 9 } };

static void take(world *w)
{
	if (rg_plan_commits(w->plan)) {
		rg_record *next = rg_record_ref(rg_plan_next(w->plan));

		rg_record_unref(w->record);
		w->record = next;
	}
}

static void expire(world *w)
{
	rg_plan_free(w->plan);
	cr_assert_eq(rg__prune_expired(w->record, NULL, w->now, &revision, &w->plan), RG_OK);
	take(w);
}

static void prune(world *w, const rg__filter *f)
{
	rg_plan_free(w->plan);
	cr_assert_eq(rg__prune(w->record, f, w->now, &revision, &w->plan), RG_OK);
	take(w);
}

Test(prune, what_lapsed_goes_and_nothing_else)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=60", B ";expires=120" });
	w.now += 59999;
	expire(&w);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	w.now += 1;
	expire(&w);
	same_text(events(&w), "CONTACT_EXPIRE");
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect(rg_revision_equal(rg_record_revision(w.record), &revision));
	cr_expect_null(rg_plan_response(w.plan));
	w.now += 60000;
	expire(&w);
	same_text(events(&w), "CONTACT_EXPIRE AOR_DELETE");
	cr_expect_null(w.record);
	end_world(&w);
}

Test(prune, a_record_of_removals_alone_goes_when_their_time_is_over)
{
	world w = new_world();

	save(&w, .contact = { A });
	save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER");
	w.now += RG_REMOVAL_KEEP - 1;
	expire(&w);
	cr_expect_not(rg_plan_commits(w.plan));
	w.now += 1;
	cr_expect_eq(rg_record_deadline(w.record), w.now);
	expire(&w);
	cr_expect(rg_plan_commits(w.plan));
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	cr_expect_null(w.record);
	end_world(&w);
}

Test(prune, fresh_removals_survive_the_last_binding)
{
	world w = new_world();

	save(&w, .contact = { A, B ";expires=60" });
	w.now += 50000;
	save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER");
	w.now += 10000;
	expire(&w);
	same_text(events(&w), "CONTACT_EXPIRE AOR_DELETE");
	cr_assert_not_null(w.record);
	cr_expect_eq(rg_record_weight(w.record), 0);
	cr_expect_eq(rg_record_removal_count(w.record), 1);
	end_world(&w);
}

Test(prune, a_filter_takes_what_matches_and_leaves_removals)
{
	world w = new_world();
	rg__filter f = { 0 };

	save(&w, .contact = { A, B });
	cr_assert_eq(rg__filter_contact(&f, RG_STR("sip:%61@192.0.2.7"), NULL), RG_OK);
	prune(&w, &f);
	same_text(events(&w), "CONTACT_DELETE:removed");
	cr_expect_eq(rg__plan_affected(w.plan), 1);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(rg_record_removal_count(w.record), 1);
	cr_expect_eq(save(&w, .contact = { A ";x" }), 400);
	prune(&w, &f);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(rg__plan_affected(w.plan), 0);
	end_world(&w);
}

Test(prune, no_condition_takes_the_whole_record_and_none_is_no_error)
{
	world w = new_world();
	rg__filter f = { 0 };

	prune(&w, &f);
	cr_expect_not(rg_plan_commits(w.plan));
	save(&w, .contact = { A, B });
	prune(&w, &f);
	same_text(events(&w), "CONTACT_DELETE:removed CONTACT_DELETE:removed AOR_DELETE");
	cr_expect_eq(rg__plan_affected(w.plan), 2);
	cr_expect_eq(rg_record_weight(w.record), 0);
	end_world(&w);
}

Test(prune, what_lapsed_before_is_reported_as_lapsed_and_not_counted)
{
	world w = new_world();
	rg__filter f = { 0 };

	save(&w, .contact = { A ";expires=60", B });
	w.now += 60000;
	prune(&w, &f);
	same_text(events(&w), "CONTACT_EXPIRE CONTACT_DELETE:removed AOR_DELETE");
	cr_expect_eq(rg__plan_affected(w.plan), 1);
	cr_expect_eq(rg_record_removal_count(w.record), 1);
	end_world(&w);
}

Test(prune, live_indexes_come_in_lookup_order)
{
	world w = new_world();
	rg__filter f = { 0 };
	uint16_t *live;
	uint32_t n;

	save(&w, .contact = { A ";expires=60", B ";q=0.1", "<sip:c@192.0.2.9>;q=0.2" });
	cr_assert_eq(rg__live(w.record, NULL, false, w.now, &live, &n), RG_OK);
	cr_assert_eq(n, 3);
	cr_expect_eq(live[0], 2);
	cr_expect_eq(live[2], 0);
	rg_mem_free(live);
	w.now += 60000;
	cr_assert_eq(rg__filter_contact(&f, RG_STR(B), NULL), RG_OK);
	cr_assert_eq(rg__live(w.record, &f, false, w.now, &live, &n), RG_OK);
	cr_assert_eq(n, 1);
	cr_expect_eq(live[0], 1);
	rg_mem_free(live);
	cr_assert_eq(rg__live(NULL, NULL, false, w.now, &live, &n), RG_OK);
	cr_expect_eq(n, 0);
	rg_mem_free(live);
	end_world(&w);
}

Test(prune, a_filter_that_nothing_matches_changes_nothing_whatever_else_is_due)
{
	world w = new_world();
	rg__filter f = { .has_callid = true, .callid = RG_STR("nobody's") };

	save(&w, .contact = { A ";expires=60" });
	save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER");
	w.now += RG_REMOVAL_KEEP;
	prune(&w, &f);
	cr_expect_not(rg_plan_commits(w.plan), "removals that are out of date are for the tick");
	expire(&w);
	cr_expect(rg_plan_commits(w.plan));
	cr_expect_null(w.record);
	end_world(&w);
}
