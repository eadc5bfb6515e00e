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
	cr_assert_eq(rg__prune_expired(w->record, NULL, NULL, w->now, &revision, &w->plan), RG_OK);
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
	cr_assert_eq(rg__filter_contact(&f, RG_STR("sip:%61@192.0.2.7"), NULL, "contact", NULL), RG_OK);
	prune(&w, &f);
	same_text(events(&w), "CONTACT_DELETE:removed");
	cr_expect_eq(rg_plan_affected_count(w.plan), 1);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(rg_record_removal_count(w.record), 1);
	cr_expect_eq(save(&w, .contact = { A ";x" }), 400);
	prune(&w, &f);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(rg_plan_affected_count(w.plan), 0);
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
	cr_expect_eq(rg_plan_affected_count(w.plan), 2);
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
	cr_expect_eq(rg_plan_affected_count(w.plan), 1);
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
	cr_assert_eq(rg__filter_contact(&f, RG_STR(B), NULL, "contact", NULL), RG_OK);
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

/* The public form. */
static rg_status prune_by(world *w, const rg_remove_filter *filter)
{
	rg_record *next;

	w->seed[0]++;
	rg_plan_free(w->plan);
	rg_status status = rg_prune(w->record, filter, w->config, w->now, w->seed, &w->plan, NULL);
	if (status != RG_OK)
		return status;
	cr_assert_eq(rg_plan_apply(w->plan, w->record, &next, NULL), RG_OK);
	rg_record_unref(w->record);
	w->record = next;
	return status;
}

static rg_remove_filter of_alice(void)
{
	rg_remove_filter filter;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("sip:alice@example.com");
	return filter;
}

Test(prune, the_public_form_removes_what_meets_all_conditions)
{
	static const char all[] = "sip:a@192.0.2.7 sip:b@192.0.2.8 sip:c@phones.example.com";
	static const struct {
		const char *contact, *next_hop, *instance, *left;
		uint32_t branch_flags;
	} rows[] = {
		{ NULL, NULL, NULL, "", 0 },
		{ "sip:a@192.0.2.7", NULL, NULL, "sip:b@192.0.2.8 sip:c@phones.example.com", 0 },
		{ "sip:a@192.0.2.7", "192.0.2.8", NULL, all, 0 },
		{ NULL, "192.0.2.8:5060", NULL, "sip:a@192.0.2.7 sip:c@phones.example.com", 0 },
		{ NULL, "192.0.2.8:5061", NULL, all, 0 },
		{ NULL, "PHONES.example.com", NULL, "sip:a@192.0.2.7 sip:b@192.0.2.8", 0 },
		{ NULL, NULL, "<urn:x:1>", "sip:a@192.0.2.7 sip:c@phones.example.com", 0 },
		{ NULL, NULL, NULL, "sip:a@192.0.2.7 sip:b@192.0.2.8", 4 },
		{ NULL, NULL, NULL, all, 8 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();
		rg_remove_filter filter = of_alice();

		save(&w, .contact = { A });
		save(&w, .contact = { B ";+sip.instance=\"<urn:x:1>\"" }, .callid = "call-2");
		save(&w, .contact = { "<sip:c@phones.example.com>" }, .callid = "call-3", .branch_flags = 5, .flags = RG_REQUEST_HAS_BRANCH_FLAGS);
		filter.contact = rg_str_from(rows[i].contact);
		filter.next_hop = rg_str_from(rows[i].next_hop);
		filter.instance = rg_str_from(rows[i].instance);
		filter.branch_flags = rows[i].branch_flags;
		cr_assert_eq(prune_by(&w, &filter), RG_OK);
		cr_expect_str_eq(bindings(&w), rows[i].left, "row %zu leaves %s", i, w.text);
		cr_expect_eq(rg_plan_affected_count(w.plan), 3 - rg_record_contact_count(w.record));
		cr_expect_eq(rg_record_removal_count(w.record), rg_plan_affected_count(w.plan));
		end_world(&w);
	}
}

Test(prune, the_public_form_takes_the_lapsed_along_and_does_not_count_them)
{
	rg_remove_filter filter = of_alice();
	world w = new_world();

	cr_assert_eq(prune_by(&w, &filter), RG_OK);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_null(w.record);
	save(&w, .contact = { A ";expires=60", B });
	w.now += 60000;
	cr_assert_eq(prune_by(&w, &filter), RG_OK);
	cr_expect_eq(rg_plan_affected_count(w.plan), 1);
	same_text(events(&w), "CONTACT_EXPIRE CONTACT_DELETE:removed AOR_DELETE");
	end_world(&w);
}

Test(prune, the_public_form_refuses_what_rg_remove_refuses)
{
	world w = new_world();
	rg_plan *plan;

	save(&w, .contact = { A });
	for (size_t i = 0; i < 11; i++) {
		rg_remove_filter filter = of_alice(), *given = &filter;
		const uint8_t *seed = w.seed;

		if (i == 0)
			filter.aor = RG__ABSENT;
		if (i == 1)
			filter.aor = RG_STR("sip:@");
		if (i == 2)
			filter.contact = RG_STR("");
		if (i == 3)
			filter.next_hop = RG_STR("host..");
		if (i == 4)
			filter.instance = RG_STR("<urn:x");
		if (i == 5)
			filter.aor = RG_STR("sip:bob@example.com");
		if (i == 6)
			filter.domain = RG_STR("elsewhere");
		if (i == 7)
			given = NULL;
		if (i == 8)
			seed = NULL;
		if (i == 9)
			filter.struct_size = offsetof(rg_remove_filter, aor); /* shorter: without an AoR */
		if (i == 10)
			set(&w, "pn_pnsreg_interval", "1");
		plan = w.plan;
		cr_expect_eq(rg_prune(w.record, given, w.config, w.now, seed, &plan, NULL), RG_EINVAL, "case %zu", i);
		cr_expect_null(plan);
	}
	cr_expect_eq(rg_prune(w.record, &(rg_remove_filter){ 0 }, NULL, w.now, w.seed, NULL, NULL), RG_EINVAL);
	end_world(&w);
}
