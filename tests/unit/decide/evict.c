/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"
#define C "<sip:c@192.0.2.9>"
#define D "<sip:d@192.0.2.1>"

/* A, B, C, a second apart: A is the oldest, B expires first, C has the lowest q. */
static world three(void)
{
	world w = new_world();

	save(&w, .contact = { A ";q=0.9" }, .cseq = "1 REGISTER");
	w.now += 1000;
	save(&w, .contact = { B ";q=0.8;expires=100" }, .cseq = "2 REGISTER");
	w.now += 1000;
	save(&w, .contact = { C ";q=0.1" }, .cseq = "3 REGISTER");
	w.now += 1000;
	return w;
}

Test(evict, over_the_limit_is_refused_and_changes_nothing)
{
	world w = three();

	set(&w, "max_contacts", "3");
	set(&w, "retry_after", "30");
	cr_expect_eq(save(&w, .contact = { D }, .cseq = "4 REGISTER"), 503);
	cr_expect_eq(reason(&w), RG_R_TOO_MANY);
	same_text(header(&w, "Retry-After"), "30");
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8 sip:c@192.0.2.9");
	set(&w, "too_many_code", "403");
	cr_expect_eq(save(&w, .contact = { D }, .cseq = "4 REGISTER"), 403);
	same_text(header(&w, "Retry-After"), "");
	end_world(&w);
}

Test(evict, the_limit_counts_live_bindings_after_the_request_as_a_whole)
{
	world w = three();

	set(&w, "max_contacts", "3");
	cr_expect_eq(save(&w, .contact = { D, A ";expires=0" }, .cseq = "4 REGISTER"), 200);
	cr_expect_eq(save(&w, .contact = { B, C, D }, .cseq = "5 REGISTER"), 200);
	w.now += 3600000;
	cr_expect_eq(save(&w, .contact = { "<sip:1@192.0.2.1>, <sip:2@192.0.2.1>, <sip:3@192.0.2.1>" }, .cseq = "6 REGISTER"), 200);
	end_world(&w);
}

Test(evict, a_refresh_never_counts)
{
	world w = three();

	flags(&w, "max-contacts=1");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "4 REGISTER"), 200);
	cr_expect_eq(save(&w, .contact = { A, B }, .cseq = "5 REGISTER"), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 3);
	end_world(&w);
}

Test(evict, by_force_the_policy_says_who_goes)
{
	static const struct {
		const char *policy, *left;
	} cases[] = {
		{ "oldest", "sip:b@192.0.2.8 sip:c@192.0.2.9 sip:d@192.0.2.1" },
		{ "soonest-expiry", "sip:a@192.0.2.7 sip:c@192.0.2.9 sip:d@192.0.2.1" },
		{ "lowest-q", "sip:a@192.0.2.7 sip:b@192.0.2.8 sip:d@192.0.2.1" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = three();

		set(&w, "eviction", cases[i].policy);
		flags(&w, "max-contacts=3, force-registration");
		cr_expect_eq(save(&w, .contact = { D ";q=0;expires=60" }, .cseq = "4 REGISTER"), 200);
		same_text(bindings(&w), cases[i].left);
		cr_expect_not_null(strstr(events(&w), "CONTACT_DELETE:evicted"));
		cr_expect_not_null(strstr(events(&w), "CONTACT_INSERT"));
		end_world(&w);
	}
}

Test(evict, no_stated_q_goes_before_every_stated_one)
{
	world w = three();

	set(&w, "eviction", "lowest-q");
	save(&w, .contact = { B }, .cseq = "4 REGISTER");
	flags(&w, "max-contacts=3, force-registration");
	save(&w, .contact = { D }, .cseq = "5 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:c@192.0.2.9 sip:d@192.0.2.1");
	end_world(&w);
}

Test(evict, of_those_that_are_equal_by_the_policy_the_oldest_goes)
{
	world w = new_world();

	set(&w, "eviction", "lowest-q");
	save(&w, .contact = { A ";q=0.5" }, .cseq = "1 REGISTER");
	w.now += 1000;
	save(&w, .contact = { B ";q=0.5" }, .cseq = "2 REGISTER");
	w.now += 1000;
	save(&w, .contact = { A ";q=0.5" }, .cseq = "3 REGISTER");
	flags(&w, "max-contacts=2, force-registration");
	save(&w, .contact = { D }, .cseq = "4 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:d@192.0.2.1");
	end_world(&w);
}

Test(evict, never_a_contact_of_the_request)
{
	world w = three();

	flags(&w, "max-contacts=2, force-registration");
	cr_expect_eq(save(&w, .contact = { A, D }, .cseq = "4 REGISTER"), 200);
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:d@192.0.2.1");
	end_world(&w);
}

Test(evict, a_lowered_limit_trims_by_force)
{
	world w = three();

	flags(&w, "max-contacts=1, force-registration");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "4 REGISTER"), 200);
	same_text(bindings(&w), "sip:a@192.0.2.7");
	same_text(events(&w), "CONTACT_UPDATE CONTACT_DELETE:evicted CONTACT_DELETE:evicted");
	end_world(&w);
}

Test(evict, a_removal_under_a_lowered_limit_trims_too)
{
	world w = three();

	flags(&w, "max-contacts=1, force-registration");
	cr_expect_eq(save(&w, .contact = { C ";expires=0" }, .cseq = "4 REGISTER"), 200);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	end_world(&w);
}

Test(evict, a_request_alone_over_the_limit_is_refused_even_so)
{
	world w = three();

	flags(&w, "max-contacts=2, force-registration");
	cr_expect_eq(save(&w, .contact = { A, B, D }, .cseq = "4 REGISTER"), 503);
	cr_expect_eq(save(&w, .contact = { A, D, B ";expires=0", C ";expires=0" }, .cseq = "4 REGISTER"), 200);
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:d@192.0.2.1");
	end_world(&w);
}

Test(evict, a_call_overrides_the_config_and_zero_means_no_limit)
{
	world w = three();

	set(&w, "max_contacts", "1");
	flags(&w, "max-contacts=4");
	cr_expect_eq(save(&w, .contact = { D }, .cseq = "4 REGISTER"), 200);
	set(&w, "max_contacts", "0");
	flags(&w, "");
	cr_expect_eq(save(&w, .contact = { "<sip:e@192.0.2.1>" }, .cseq = "5 REGISTER"), 200);
	end_world(&w);
}

Test(evict, who_was_evicted_is_not_revived_by_a_retransmission)
{
	world w = three();
	spec first = { .contact = { A ";q=0.9" }, .cseq = "1 REGISTER" };

	flags(&w, "max-contacts=3, force-registration");
	save(&w, .contact = { D }, .cseq = "4 REGISTER");
	cr_expect_eq(save_spec(&w, first), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	same_text(bindings(&w), "sip:b@192.0.2.8 sip:c@192.0.2.9 sip:d@192.0.2.1");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "5 REGISTER"), 200);
	end_world(&w);
}

Test(evict, a_repeat_trims_nobody)
{
	world w = three();

	flags(&w, "max-contacts=1, force-registration");
	cr_expect_eq(save(&w, .contact = { C ";q=0.1" }, .cseq = "3 REGISTER"), 200);
	same_text(outcomes(&w), "R");
	cr_expect_eq(rg_record_contact_count(w.record), 3);
	end_world(&w);
}
