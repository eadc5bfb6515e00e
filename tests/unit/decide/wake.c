/* SPDX-License-Identifier: MIT */
/* Waking devices: for a request, and before their bindings expire. */
#include "policy_kit.h"

#include "model/model.h"

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

/* Before expiry: the claim, which is what rg_expire() decides, and the mark. */

#define SLEEPER(user, host) "<sip:" user "@" host ";pn-provider=apns;pn-param=TEAM.app;pn-prid=" user ">"
#define A SLEEPER("a", "192.0.2.7")
#define B SLEEPER("b", "192.0.2.8")
#define DUE (START + 480000) /* of an expiry of 600 s */

static const uint8_t seed[32] = { 5 };

/* Two devices, of which east and west own one each, that are to be woken at DUE, and a plain binding. */
static world sleepers(void)
{
	world w = new_world();

	set(&w, "pn_enable", "1");
	set(&w, "pn_providers", "apns");
	cr_assert_eq(save(&w, .contact = { A ";expires=600" }, .tag = "east"), 200);
	cr_assert_eq(save(&w, .contact = { B ";expires=600" }, .tag = "west", .callid = "call-2"), 200);
	cr_assert_eq(save(&w, .contact = { "<sip:c@192.0.2.9>" }, .callid = "call-3"), 200);
	return w;
}

static void take_next(world *w)
{
	rg_record *next;

	cr_assert_eq(rg_plan_apply(w->plan, w->record, &next, NULL), RG_OK);
	rg_record_unref(w->record);
	w->record = next;
}

static void expire(world *w, const rg_str *foreign, uint32_t n)
{
	rg_plan_free(w->plan);
	cr_assert_eq(rg_expire(w->record, foreign, n, w->config, w->now, seed, &w->plan, NULL), RG_OK);
	take_next(w);
}

/* Marks the wake-ups of a claim, and tells whether there was one left to mark. */
static bool mark(world *w, const rg_plan *claim)
{
	static const rg_revision revision = { { 12 } };

	w->plan = NULL;
	cr_assert_eq(rg__wake_sent(w->record, claim, w->config, w->now, &revision, &w->plan), RG_OK);
	bool commits = rg_plan_commits(w->plan);
	cr_expect_eq(rg_plan_event_count(w->plan), 0);
	take_next(w);
	rg_plan_free(w->plan);
	w->plan = NULL;
	return commits;
}

/* A claim as the last decision made it; the world has no decision after it. */
static rg_plan *claim_of(world *w)
{
	rg_plan *claim = w->plan;

	w->plan = NULL;
	cr_assert(rg__plan_claims(claim));
	return claim;
}

Test(wake, a_device_is_woken_at_its_millisecond_and_not_again)
{
	world w = sleepers();

	w.now = DUE - 1;
	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan));
	w.now = DUE;
	expire(&w, NULL, 0);
	same_text(events(&w), "CONTACT_REFRESH:reg-refresh CONTACT_REFRESH:reg-refresh");
	cr_expect_eq(rg__plan_wakes(w.plan), 2);
	cr_expect_eq(binding(&w, 0).wake, DUE + RG__WAKE_CLAIM);
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN);
	rg_plan *claim = claim_of(&w);
	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan), "it is claimed");
	rg_plan_free(w.plan);
	cr_expect(mark(&w, claim));
	for (uint32_t i = 0; i < 2; i++) {
		cr_expect_eq(binding(&w, i).wake, 0);
		cr_expect_eq(binding(&w, i).flags, RG_CONTACT_PN | RG_CONTACT_WOKEN);
	}
	cr_expect_eq(binding(&w, 2).flags, 0);
	cr_expect_eq(rg_record_deadline(w.record), START + 600000);
	cr_expect_not(mark(&w, claim), "it is marked");
	rg_plan_free(claim);
	end_world(&w);
}

Test(wake, nothing_but_the_wake_up_changes)
{
	static const char told[] = "at: 1700000480000\n"
		"commit: record\n"
		"event: CONTACT_REFRESH\n"
		"  reason: reg-refresh\n"
		"  binding: 0\n"
		"  before:\n"
		"    wake: 1700000480000\n"
		"record: alice@example.com\n";
	world w = sleepers();
	rg_record *before = rg_record_ref(w.record);

	w.now = DUE;
	expire(&w, &RG_STR("west"), 1);
	cr_expect_eq(strncmp(decision(&w), told, strlen(told)), 0, "%s", w.text);
	for (uint32_t i = 1; i < 3; i++) {
		rg_contact was = { .struct_size = sizeof was }, is = binding(&w, i);

		cr_assert_eq(rg_record_contact(before, i, &was), RG_OK);
		cr_expect(rg__contact_same(&was, &is), "binding %u", i);
	}
	rg_record_unref(before);
	end_world(&w);
}

Test(wake, a_device_that_another_node_owns_is_left_to_it_for_good)
{
	world w = sleepers();

	w.now = DUE;
	expire(&w, &RG_STR("west"), 1);
	same_text(events(&w), "CONTACT_REFRESH:reg-refresh");
	cr_expect_eq(binding(&w, 1).wake, DUE);
	w.now = DUE + 119999;
	expire(&w, (rg_str[]){ RG_STR("east"), RG_STR("west") }, 2);
	cr_expect_not(rg_plan_commits(w.plan));
	end_world(&w);
}

Test(wake, a_claim_that_nobody_marked_lapses)
{
	world w = sleepers();

	w.now = DUE;
	expire(&w, NULL, 0);
	rg_plan *lost = claim_of(&w);
	w.now = DUE + RG__WAKE_CLAIM - 1;
	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan));
	w.now++;
	expire(&w, NULL, 0);
	same_text(events(&w), "CONTACT_REFRESH:reg-refresh CONTACT_REFRESH:reg-refresh");
	rg_plan *claim = claim_of(&w);
	cr_expect_not(mark(&w, lost), "the wake-up is another node's");
	cr_expect(mark(&w, claim));
	rg_plan_free(lost);
	rg_plan_free(claim);
	end_world(&w);
}

Test(wake, a_register_after_the_claim_has_the_last_word)
{
	world w = sleepers();

	w.now = DUE;
	expire(&w, NULL, 0);
	rg_plan *claim = claim_of(&w);
	cr_assert_eq(save(&w, .contact = { A ";expires=130" }, .cseq = "2 REGISTER"), 200);
	cr_assert_eq(binding(&w, 0).wake, DUE + RG__WAKE_CLAIM, "by chance the time of the claim");
	rg_plan_free(w.plan);
	cr_expect(mark(&w, claim));
	cr_expect_eq(binding(&w, 0).wake, DUE + RG__WAKE_CLAIM);
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN);
	cr_expect_eq(binding(&w, 1).flags, RG_CONTACT_PN | RG_CONTACT_WOKEN);
	rg_plan_free(claim);
	end_world(&w);
}

Test(wake, a_measurement_after_the_claim_changes_nothing_about_it)
{
	world w = sleepers();

	w.now = DUE;
	expire(&w, NULL, 0);
	rg_plan *claim = claim_of(&w);
	cr_assert_eq(ping(&w, "sip:c@192.0.2.9", 5000), 1);
	rg_plan_free(w.plan);
	cr_expect(mark(&w, claim));
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN | RG_CONTACT_WOKEN);
	rg_plan_free(claim);
	end_world(&w);
}

Test(wake, a_device_that_does_not_answer_is_woken_again_as_often_as_pn_retry_says)
{
	static const rg_time times[] = { DUE, DUE + 10000, DUE + 40000, DUE + 41000 };
	world w = sleepers();

	set(&w, "pn_retry", "10, 30, 1, 79");
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		cr_expect_eq(rg_record_deadline(w.record), times[i], "wake-up %zu", i);
		w.now = times[i];
		expire(&w, NULL, 0);
		cr_expect_eq(rg__plan_wakes(w.plan), 2, "wake-up %zu", i);
		rg_plan *claim = claim_of(&w);
		cr_expect(mark(&w, claim));
		rg_plan_free(claim);
	}
	cr_expect_eq(binding(&w, 0).wake, 0, "none comes when the binding expires");
	end_world(&w);
}

Test(wake, a_device_found_late_is_woken_at_once_and_then_in_the_order_of_the_clock)
{
	world w = sleepers();

	set(&w, "pn_retry", "10, 30");
	w.now = DUE + 15000;
	expire(&w, NULL, 0);
	rg_plan *claim = claim_of(&w);
	cr_expect_eq(rg__plan_wakes(claim), 2);
	cr_expect(mark(&w, claim));
	cr_expect_eq(binding(&w, 0).wake, DUE + 40000);
	rg_plan_free(claim);
	end_world(&w);
}

Test(wake, without_a_subscriber_one_commit_has_the_mark)
{
	static const rg_revision revision = { { 12 } };
	world w = sleepers();
	rg__keeper keeper = { .waker = { w.config, false } };

	w.now = DUE;
	rg_plan_free(w.plan);
	cr_assert_eq(rg__expire(w.record, &keeper, w.now, &revision, &w.plan), RG_OK);
	cr_expect_not(rg__plan_claims(w.plan));
	cr_expect_eq(rg__plan_wakes(w.plan), 2);
	take_next(&w);
	cr_expect_eq(binding(&w, 1).wake, 0);
	cr_expect_eq(binding(&w, 1).flags, RG_CONTACT_PN | RG_CONTACT_WOKEN);
	end_world(&w);
}

Test(wake, while_push_is_off_nobody_is_woken_and_the_wake_up_waits)
{
	world w = sleepers();

	set(&w, "pn_enable", "0");
	w.now = DUE + 119999;
	expire(&w, NULL, 0);
	cr_expect_not(rg_plan_commits(w.plan));
	set(&w, "pn_enable", "1");
	expire(&w, NULL, 0);
	cr_expect_eq(rg__plan_wakes(w.plan), 2);
	w.now++;
	expire(&w, NULL, 0);
	same_text(events(&w), "CONTACT_EXPIRE CONTACT_EXPIRE");
	end_world(&w);
}

Test(wake, what_lapses_goes_in_the_same_commit)
{
	world w = sleepers();

	cr_assert_eq(save(&w, .contact = { "<sip:d@192.0.2.9>;expires=480" }, .callid = "call-4"), 200);
	w.now = DUE;
	expire(&w, &RG_STR("east"), 1);
	same_text(events(&w), "CONTACT_REFRESH:reg-refresh CONTACT_EXPIRE");
	same_text(bindings(&w), "sip:a@192.0.2.7;pn-provider=apns;pn-param=TEAM.app;pn-prid=a sip:b@192.0.2.8;pn-provider=apns;pn-param=TEAM.app;"
		"pn-prid=b sip:c@192.0.2.9");
	rg_plan *claim = claim_of(&w);
	w.now = START + 600000;
	cr_expect(mark(&w, claim), "what has lapsed since then stays for a tick to tell of");
	cr_expect_eq(rg_record_contact_count(w.record), 3);
	rg_plan_free(claim);
	end_world(&w);
}
