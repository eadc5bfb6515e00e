/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

static world two(void)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=60", B });
	w.now += 1000;
	return w;
}

Test(measure, the_first_value_is_kept_however_small)
{
	world w = two();

	cr_expect_eq(ping(&w, "sip:a@192.0.2.7", 0), 1);
	same_text(events(&w), "LATENCY_UPDATE");
	cr_expect_eq(binding(&w, 0).latency, 0);
	cr_expect_eq(binding(&w, 1).latency, RG_LATENCY_NONE);
	cr_expect_eq(ping(&w, "\"Alice\" <sip:%62@192.0.2.8>;x=1", 4294967294), 1);
	cr_expect_eq(binding(&w, 1).latency, 4294967294);
	end_world(&w);
}

Test(measure, what_moved_by_both_measures_is_kept)
{
	static const struct {
		const char *percent;
		uint32_t before, now;
		bool moved;
	} cases[] = {
		/* 20 %: reached is enough, of the stored value. */
		{ NULL, 100000, 120000, true }, { NULL, 100000, 119999, false }, { NULL, 100000, 80000, true }, { NULL, 100000, 80001, false },
		/* 10 ms, whatever part that is. */
		{ NULL, 0, 10000, true }, { NULL, 0, 9999, false }, { NULL, 10, 10009, false }, { NULL, 10, 10010, true }, { NULL, 10000, 0, true },
		{ NULL, 9999, 0, false }, { NULL, 50000, 60000, true }, { NULL, 50001, 60001, false }, { NULL, 5000, 5000, false },
		{ "0", 1000000, 1010000, true }, { "0", 1000000, 1009999, false }, { "0", 1000000, 1000000, false },
		{ "100", 20000, 40000, true }, { "100", 20000, 39999, false }, { "100", 20000, 0, true }, { "1000", 20000, 219999, false },
		{ "1000", 20000, 220000, true }, { "1000", 20000, 0, false },
		/* No product of them is too large. */
		{ NULL, 4294967294, 0, true }, { NULL, 0, 4294967294, true }, { "1000", 4294967294, 0, false },
		{ NULL, 4294967294, 4294967294, false },
		{ "1000", 1, 4294967294, true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = two();

		if (cases[i].percent)
			set(&w, "latency_min_delta", cases[i].percent);
		cr_assert_eq(ping(&w, "sip:a@192.0.2.7", cases[i].before), 1);
		cr_expect_eq(ping(&w, "sip:a@192.0.2.7", cases[i].now), cases[i].moved, "row %zu", i);
		cr_expect_eq(rg_plan_commits(w.plan), cases[i].moved, "row %zu", i);
		cr_expect_eq(rg_plan_event_count(w.plan), cases[i].moved, "row %zu", i);
		cr_expect_eq(binding(&w, 0).latency, cases[i].moved ? cases[i].now : cases[i].before, "row %zu", i);
		end_world(&w);
	}
}

Test(measure, the_event_has_the_binding_before_and_after)
{
	world w = two();
	rg_event e = { .struct_size = sizeof e };

	ping(&w, "sip:a@192.0.2.7", 30000);
	ping(&w, "sip:a@192.0.2.7", 90000);
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	cr_expect_eq(e.kind, RG_EVENT_LATENCY_UPDATE);
	cr_expect_eq(e.before->latency, 30000);
	cr_expect_eq(e.after->latency, 90000);
	cr_expect_eq(e.before->id, e.after->id);
	cr_expect(!e.callid.p && !e.reason.p);
	cr_expect_eq(e.at, w.now);
	same_text(put(&w, e.aor), "alice@example.com");
	cr_expect_eq(rg_plan_event(w.plan, 1, &e), RG_ENOENT);
	end_world(&w);
}

Test(measure, all_else_of_the_binding_stays)
{
	world w = two();
	rg_contact before = binding(&w, 0), after = { .struct_size = sizeof after };
	rg_record *kept = rg_record_ref(w.record);

	w.now += 5000;
	cr_assert_eq(ping(&w, "sip:a@192.0.2.7", 30000), 1);
	after = binding(&w, 0);
	cr_expect_eq(after.modified, before.modified);
	cr_expect_eq(after.created, before.created);
	cr_expect_eq(after.expires, before.expires);
	cr_expect_eq(after.cseq, before.cseq);
	cr_expect(rg_str_equal(after.callid, before.callid));
	cr_expect(after.id == before.id && after.generation == before.generation && after.request_hash == before.request_hash);
	/* The REGISTER before it is a retransmission still, and an older one too old. */
	cr_expect_eq(save(&w, .contact = { A ";expires=60", B }), 200);
	same_text(outcomes(&w), "RR");
	cr_expect_eq(save(&w, .contact = { A ";expires=61" }), 400);
	rg_record_unref(kept);
	end_world(&w);
}

Test(measure, a_refresh_keeps_it_and_a_new_binding_has_none)
{
	world w = two();

	ping(&w, "sip:a@192.0.2.7", 30000);
	cr_assert_eq(save(&w, .contact = { A ";q=0.3" }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(binding(&w, 0).latency, 30000);
	cr_assert_eq(save(&w, .contact = { A }, .callid = "rebooted"), 200);
	cr_expect_eq(binding(&w, 0).latency, 30000);
	cr_assert_eq(save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER", .callid = "rebooted"), 200);
	cr_assert_eq(save(&w, .contact = { A }, .cseq = "3 REGISTER", .callid = "rebooted"), 200);
	cr_expect_eq(binding(&w, 1).latency, RG_LATENCY_NONE);
	end_world(&w);
}

Test(measure, every_binding_the_contact_means_is_measured)
{
	world w = new_world();

	set(&w, "matching_mode", "1");
	save(&w, .contact = { A }, .callid = "one");
	save(&w, .contact = { A }, .callid = "two");
	save(&w, .contact = { B }, .callid = "two", .cseq = "2 REGISTER");
	cr_expect_eq(ping(&w, "sip:a@192.0.2.7", 30000), 2);
	same_text(events(&w), "LATENCY_UPDATE LATENCY_UPDATE");
	cr_expect_eq(binding(&w, 2).latency, RG_LATENCY_NONE);
	end_world(&w);
}

Test(measure, nobody_and_no_match_commit_nothing)
{
	world w = new_world();

	cr_expect_eq(ping(&w, "sip:a@192.0.2.7", 30000), 0);
	cr_expect_not(rg_plan_commits(w.plan));
	save(&w, .contact = { A });
	cr_expect_eq(ping(&w, "sip:c@192.0.2.7", 30000), 0);
	cr_expect_not(rg_plan_commits(w.plan));
	save(&w, .contact = { "*" }, .expires = "0", .cseq = "2 REGISTER");
	cr_assert_not_null(w.record);
	cr_expect_eq(ping(&w, "sip:a@192.0.2.7", 30000), 0);
	cr_expect_not(rg_plan_commits(w.plan));
	end_world(&w);
}

Test(measure, what_has_lapsed_is_not_measured_and_keeps_its_event)
{
	world w = two();

	w.now += 60000;
	cr_expect_eq(ping(&w, "sip:a@192.0.2.7", 30000), 0);
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	/* A commit for another binding takes it along, as any commit does, and says so. */
	cr_expect_eq(ping(&w, "sip:b@192.0.2.8", 30000), 1);
	same_text(events(&w), "CONTACT_EXPIRE LATENCY_UPDATE");
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(rg_record_removal_count(w.record), 0);
	end_world(&w);
}

Test(measure, remembered_removals_stay)
{
	world w = two();

	save(&w, .contact = { A ";expires=0" }, .cseq = "2 REGISTER");
	cr_assert_eq(rg_record_removal_count(w.record), 1);
	ping(&w, "sip:b@192.0.2.8", 30000);
	cr_expect_eq(rg_record_removal_count(w.record), 1);
	cr_expect_eq(save(&w, .contact = { A }), 400);
	end_world(&w);
}

Test(measure, a_record_at_its_limit_is_left_as_it_was)
{
	world w = two();
	rg__filter f = { 0 };
	rg_revision revision = { { 3 } };
	rg__ping p;

	cr_assert_eq(rg__ping_read(RG_STR(A), 30000, NULL, &f, &p, NULL), RG_OK);
	p.max_record_bytes = (int64_t)rg_record_size(w.record);
	rg_plan_free(w.plan);
	cr_expect_eq(rg__measure(w.record, &f, &p, w.now, &revision, &w.plan), RG_ELIMIT);
	cr_expect_null(w.plan);
	p.max_record_bytes += 64;
	cr_expect_eq(rg__measure(w.record, &f, &p, w.now, &revision, &w.plan), RG_OK);
	cr_expect(rg_plan_commits(w.plan));
	/* What does not grow is let through, as in a save. */
	rg_record *next = rg_record_ref(rg_plan_next(w.plan));

	p.max_record_bytes = 512;
	p.latency = 90000;
	rg_plan_free(w.plan);
	cr_expect_eq(rg__measure(next, &f, &p, w.now, &revision, &w.plan), RG_OK);
	cr_expect(rg_plan_commits(w.plan));
	rg_record_unref(next);
	end_world(&w);
}

Test(measure, the_public_form_decides_as_the_engine_does)
{
	world w = two();
	rg_record *next;

	rg_plan_free(w.plan);
	cr_assert_eq(rg_measure(w.record, RG_STR(A), 30000, w.config, w.now, w.seed, &w.plan, NULL), RG_OK);
	same_text(events(&w), "LATENCY_UPDATE");
	cr_expect_eq(rg_plan_affected_count(w.plan), 1);
	cr_assert_eq(rg_plan_apply(w.plan, w.record, &next, NULL), RG_OK);
	rg_plan_free(w.plan);
	cr_assert_eq(rg_measure(next, RG_STR(A), 39999, w.config, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_expect_not(rg_plan_commits(w.plan), "less than 10 ms is noise");
	cr_expect_eq(rg_plan_affected_count(w.plan), 0);
	rg_plan_free(w.plan);
	cr_assert_eq(rg_measure(NULL, RG_STR(A), 30000, w.config, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_expect_not(rg_plan_commits(w.plan));
	rg_record_unref(next);
	save(&w, .contact = { A, "<sip:c@192.0.2.9>", "<sip:d@192.0.2.9>", "<sip:e@192.0.2.9>" }, .cseq = "2 REGISTER");
	cr_assert_gt(rg_record_size(w.record), 512);
	set(&w, "max_record_bytes", "512");
	rg_plan_free(w.plan);
	cr_expect_eq(rg_measure(w.record, RG_STR(A), 30000, w.config, w.now, w.seed, &w.plan, NULL), RG_ELIMIT);
	cr_expect_null(w.plan);
	end_world(&w);
}

Test(measure, the_public_form_refuses_what_rg_set_latency_refuses)
{
	world w = two();
	rg_plan *plan = w.plan;

	cr_expect_eq(rg_measure(w.record, RG_STR(A), RG_LATENCY_NONE, w.config, w.now, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	plan = w.plan;
	cr_expect_eq(rg_measure(w.record, RG__ABSENT, 1, w.config, w.now, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	cr_expect_eq(rg_measure(w.record, RG_STR("<sip:a"), 1, w.config, w.now, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_eq(rg_measure(w.record, RG_STR(A), 1, w.config, w.now, NULL, &plan, NULL), RG_EINVAL);
	cr_expect_eq(rg_measure(w.record, RG_STR(A), 1, w.config, w.now, w.seed, NULL, NULL), RG_EINVAL);
	plan = w.plan;
	set(&w, "pn_pnsreg_interval", "1");
	cr_expect_eq(rg_measure(w.record, RG_STR(A), 1, w.config, w.now, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	end_world(&w);
}
