/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

Test(removals, a_delayed_older_register_does_not_revive_what_was_removed)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	save(&w, .contact = { A ";expires=0" }, .cseq = "7 REGISTER");
	cr_expect_eq(rg_record_removals(w.record), 1);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "6 REGISTER"), 400);
	cr_expect_eq(save(&w, .contact = { "<sip:%61@192.0.2.7>" }, .cseq = "7 REGISTER"), 400);
	cr_expect_eq(save(&w, .contact = { B }, .cseq = "6 REGISTER"), 200);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "6 REGISTER", .callid = "rebooted"), 200);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "8 REGISTER"), 200);
	end_world(&w);
}

Test(removals, they_are_forgotten_after_32_seconds)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	save(&w, .contact = { A ";expires=0" }, .cseq = "7 REGISTER");
	w.now += RG_REMOVAL_KEEP - 1;
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "6 REGISTER"), 400);
	w.now += 1;
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "6 REGISTER"), 200);
	cr_expect_eq(rg_record_removals(w.record), 0);
	end_world(&w);
}

Test(removals, a_clock_that_steps_back_does_not_keep_them_for_longer)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	save(&w, .contact = { A ";expires=0" }, .cseq = "7 REGISTER");
	w.now -= 365LL * 86400000;
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "6 REGISTER"), 200);
	end_world(&w);
}

Test(removals, a_repeated_removal_is_answered_as_before)
{
	world w = new_world();
	spec gone = { .contact = { A ";expires=0" }, .cseq = "7 REGISTER" };

	save(&w, .contact = { A, B }, .cseq = "5 REGISTER");
	save_spec(&w, gone);
	cr_expect_eq(save_spec(&w, gone), 200);
	same_text(outcomes(&w), "R");
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(listed(&w), "sip:b@192.0.2.8");
	save(&w, .contact = { A }, .callid = "rebooted");
	cr_expect_eq(save_spec(&w, gone), 200);
	same_text(bindings(&w), "sip:b@192.0.2.8 sip:a@192.0.2.7");
	end_world(&w);
}

Test(removals, a_repeated_star_is_answered_as_before_and_an_older_one_refused)
{
	world w = new_world();
	spec star = { .contact = { "*" }, .expires = "0", .cseq = "7 REGISTER" };

	save(&w, .contact = { A, B }, .cseq = "5 REGISTER");
	save_spec(&w, star);
	cr_expect_eq(save_spec(&w, star), 200);
	same_text(outcomes(&w), "R");
	cr_expect_not(rg_plan_commits(w.plan));
	star.cseq = "6 REGISTER";
	cr_expect_eq(save_spec(&w, star), 400);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "8 REGISTER"), 200);
	star.cseq = "7 REGISTER";
	cr_expect_eq(save_spec(&w, star), 200);
	same_text(bindings(&w), "sip:a@192.0.2.7");
	end_world(&w);
}

Test(removals, a_request_that_sets_and_removes_repeats_as_a_whole)
{
	world w = new_world();
	spec s = { .contact = { A, B ";expires=0" }, .cseq = "6 REGISTER" };

	save(&w, .contact = { B }, .cseq = "5 REGISTER");
	save_spec(&w, s);
	same_text(outcomes(&w), "ID");
	cr_expect_eq(save_spec(&w, s), 200);
	same_text(outcomes(&w), "RR");
	cr_expect_not(rg_plan_commits(w.plan));
	end_world(&w);
}

Test(removals, the_newest_are_kept)
{
	world w = new_world();
	char contact[64], cseq[32];
	rg_removal r;

	for (int i = 0; i < RG_REMOVALS_MAX + 4; i++) {
		snprintf(contact, sizeof contact, "<sip:u%d@192.0.2.7>", i);
		snprintf(cseq, sizeof cseq, "%d REGISTER", i + 1);
		save(&w, .contact = { contact }, .cseq = cseq);
	}
	save(&w, .contact = { "<sip:u0@192.0.2.7>;expires=0" }, .cseq = "50 REGISTER");
	save(&w, .contact = { "*" }, .expires = "0", .cseq = "51 REGISTER");
	cr_expect_eq(rg_record_removals(w.record), RG_REMOVALS_MAX);
	cr_assert_eq(rg_record_removal(w.record, 0, &r), RG_OK);
	same_text(put(&w, r.uri), "sip:u4@192.0.2.7");
	cr_expect_eq(r.cseq, 51);
	end_world(&w);
}

/* Nobody's delayed REGISTER revives a binding, nor is the removal itself heard twice. */
static void nothing_revives(spec gone, uint32_t apart)
{
	world w = new_world();
	char contact[16][64], callid[16][16];

	for (int i = 0; i < 16; i++) {
		snprintf(contact[i], sizeof contact[i], "<sip:a@192.0.2.%d>", i + 1);
		snprintf(callid[i], sizeof callid[i], "phone-%d", i + 1);
		cr_assert_eq(save(&w, .contact = { contact[i] }, .callid = callid[i], .cseq = "5 REGISTER"), 200);
		w.now += apart;
	}
	cr_assert_eq(save_spec(&w, gone), 200);
	same_text(bindings(&w), "");
	for (int i = 0; i < 16; i++) {
		cr_expect_eq(save(&w, .contact = { contact[i] }, .callid = callid[i], .cseq = "5 REGISTER"), 200);
		cr_expect_not(rg_plan_commits(w.plan), "%s is back", contact[i]);
		cr_expect_eq(save(&w, .contact = { contact[i] }, .callid = callid[i], .cseq = "4 REGISTER"), 400);
		cr_expect_eq(save(&w, .contact = { contact[i] }, .callid = gone.callid, .cseq = "6 REGISTER"), 400);
	}
	cr_expect_eq(save_spec(&w, gone), 200);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(save(&w, .contact = { contact[0] }, .callid = callid[0], .cseq = "6 REGISTER"), 200);
	cr_expect(rg_plan_commits(w.plan));
	end_world(&w);
}

Test(removals, one_request_may_remove_16_bindings_of_others)
{
	spec star = { .contact = { "*" }, .expires = "0", .callid = "other", .cseq = "7 REGISTER" };
	spec each = { .expires = "0", .callid = "other", .cseq = "7 REGISTER" };
	char contact[16][64];

	for (int i = 0; i < 16; i++) {
		snprintf(contact[i], sizeof contact[i], "<sip:a@192.0.2.%d>", i + 1);
		each.contact[i] = contact[i];
	}
	nothing_revives(star, 0);
	nothing_revives(star, 1000);
	nothing_revives(each, 0);
}

Test(removals, expiry_leaves_none)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=60", B });
	w.now += 61000;
	save(&w, .contact = { B }, .cseq = "2 REGISTER");
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(rg_record_removals(w.record), 0);
	end_world(&w);
}
