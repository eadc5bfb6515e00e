/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

/* Three bindings of three devices. */
static world three(void)
{
	world w = new_world();

	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.7>", "<sip:b@192.0.2.8>", "<sip:c@192.0.2.9>" }), 200);
	return w;
}

static void wake(world *w, const uint16_t *indexes, uint32_t n, const char *reason, const char *callid)
{
	rg_plan_free(w->plan);
	cr_assert_eq(rg__wake(w->record, indexes, n, rg_str_from(reason), rg_str_from(callid), w->now, &w->plan), RG_OK);
}

Test(wake, each_device_has_an_event_and_nothing_is_committed)
{
	static const uint16_t last_and_first[] = { 2, 0 };
	char reason[] = "ini-INVITE", callid[] = "call-9";
	rg_event e = { .struct_size = sizeof e };
	world w = three();

	w.now += 5000;
	wake(&w, last_and_first, 2, reason, callid);
	reason[0] = callid[0] = '!';
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_null(rg_plan_next(w.plan));
	cr_assert_eq(rg_plan_event_count(w.plan), 2);
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert_eq(rg_plan_event(w.plan, i, &e), RG_OK);
		cr_expect_eq(e.kind, RG_EVENT_CONTACT_REFRESH);
		same_text(put(&w, e.aor), "alice@example.com");
		same_text(put(&w, e.reason), "ini-INVITE");
		same_text(put(&w, e.callid), "call-9");
		cr_expect_eq(e.at, w.now);
		same_text(put(&w, e.before->uri), i ? "sip:a@192.0.2.7" : "sip:c@192.0.2.9");
		same_text(put(&w, e.after->uri), i ? "sip:a@192.0.2.7" : "sip:c@192.0.2.9");
	}
	cr_expect_eq(rg_plan_event(w.plan, 2, &e), RG_ENOENT);
	end_world(&w);
}

Test(wake, a_wake_up_that_no_request_causes_has_no_callid)
{
	rg_event e = { .struct_size = sizeof e };
	world w = three();

	wake(&w, (uint16_t[]){ 1 }, 1, "reg-refresh", NULL);
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	same_text(put(&w, e.reason), "reg-refresh");
	cr_expect_null(e.callid.p);
	end_world(&w);
}

Test(wake, the_events_outlive_the_record)
{
	rg_event e = { .struct_size = sizeof e };
	world w = three();

	wake(&w, (uint16_t[]){ 1 }, 1, "mid-BYE", "call-9");
	rg_record_unref(w.record);
	w.record = NULL;
	cr_assert_eq(rg_plan_event(w.plan, 0, &e), RG_OK);
	same_text(put(&w, e.before->uri), "sip:b@192.0.2.8");
	end_world(&w);
}

Test(wake, nobody_is_woken_without_a_binding)
{
	world w = three();

	wake(&w, NULL, 0, "ini-INVITE", "call-9");
	cr_expect_eq(rg_plan_event_count(w.plan), 0);
	end_world(&w);
}
