/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>;expires=60"
#define B "<sip:b@192.0.2.8>;expires=60"
#define C "<sip:c@192.0.2.9>;expires=120"

static const uint8_t seed[32] = { 5 };

/* Three bindings, of which east and west own one each. */
static world three(void)
{
	world w = new_world();

	cr_assert_eq(save(&w, .contact = { A }, .tag = "east"), 200);
	cr_assert_eq(save(&w, .contact = { B }, .tag = "west", .callid = "call-2"), 200);
	cr_assert_eq(save(&w, .contact = { C }, .callid = "call-3"), 200);
	return w;
}

static void expire(world *w, const rg_str *foreign, uint32_t n)
{
	rg_record *next;

	rg_plan_free(w->plan);
	cr_assert_eq(rg_expire(w->record, foreign, n, w->config, w->now, seed, &w->plan, NULL), RG_OK);
	cr_assert_eq(rg_plan_apply(w->plan, w->record, &next, NULL), RG_OK);
	rg_record_unref(w->record);
	w->record = next;
}

Test(expire, what_lapsed_goes_at_its_millisecond)
{
	world w = three();

	w.now += 59999;
	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8 sip:c@192.0.2.9");
	w.now++;
	expire(&w, NULL, 0);
	same_text(events(&w), "CONTACT_EXPIRE CONTACT_EXPIRE");
	same_text(bindings(&w), "sip:c@192.0.2.9");
	cr_expect_eq(rg_plan_affected_count(w.plan), 0);
	cr_expect_null(rg_plan_response(w.plan));
	w.now += 60000;
	expire(&w, NULL, 0);
	same_text(events(&w), "CONTACT_EXPIRE AOR_DELETE");
	cr_expect_null(w.record);
	end_world(&w);
}

Test(expire, a_binding_of_another_node_is_left_to_it_for_ten_seconds)
{
	const rg_str foreign[] = { RG_STR("south"), RG_STR("west") };
	world w = three();

	w.now += 60000;
	expire(&w, foreign, 2);
	same_text(bindings(&w), "sip:b@192.0.2.8 sip:c@192.0.2.9");
	w.now += 9999;
	expire(&w, foreign, 2);
	cr_expect_not(rg_plan_commits(w.plan));
	w.now++;
	expire(&w, foreign, 2);
	same_text(events(&w), "CONTACT_EXPIRE");
	same_text(bindings(&w), "sip:c@192.0.2.9");
	end_world(&w);
}

Test(expire, every_node_acts_for_a_binding_without_a_tag)
{
	const rg_str foreign[] = { RG_STR("west"), RG_STR("") };
	world w = new_world();

	save(&w, .contact = { B }, .tag = "west");
	save(&w, .contact = { A }, .callid = "call-2");
	w.now += 60000;
	expire(&w, foreign, 2);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	end_world(&w);
}

Test(expire, nothing_expires_in_no_record)
{
	world w = new_world();

	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	cr_expect_null(w.record);
	end_world(&w);
}

Test(expire, homes_of_a_site_lapse_without_events)
{
	static const rg_revision first = { { 1 } };
	rg_key key = { RG_STR("location@homes"), RG_STR("alice"), RG_STR("example.com") };
	world w = new_world();
	rg_contact c = { .struct_size = sizeof c };

	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = RG_STR("sip:site.example.com");
	c.callid = RG_STR("home");
	c.expires = w.now;
	cr_assert_eq(rg_record_new(&key, &first, &c, 1, NULL, 0, RG__ABSENT, &w.record), RG_OK);
	expire(&w, NULL, 0);
	cr_expect(rg_plan_commits(w.plan));
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	cr_expect_null(w.record);
	end_world(&w);
}

Test(expire, what_makes_no_sense_is_refused)
{
	world w = three();
	rg_plan *plan = w.plan;

	cr_expect_eq(rg_expire(w.record, NULL, 0, NULL, w.now, seed, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_expire(w.record, NULL, 0, NULL, w.now, NULL, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	plan = w.plan;
	cr_expect_eq(rg_expire(w.record, NULL, 1, NULL, w.now, seed, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	for (size_t i = 0; i < CONTRADICTIONS; i++) {
		world bad = new_world();

		contradict(&bad, i);
		plan = w.plan;
		cr_expect_eq(rg_expire(w.record, NULL, 0, bad.config, w.now, seed, &plan, NULL), RG_EINVAL);
		cr_expect_null(plan);
		end_world(&bad);
	}
	end_world(&w);
}
