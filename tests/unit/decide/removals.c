/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

Test(removals, a_delayed_older_register_does_not_revive_what_was_removed)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	save(&w, .contact = { A ";expires=0" }, .cseq = "7 REGISTER");
	cr_expect_eq(rg_record_removal_count(w.record), 1);
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
	cr_expect_eq(rg_record_removal_count(w.record), 0);
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
	rg_removal r = { .struct_size = sizeof r };

	for (int i = 0; i < RG_REMOVALS_MAX + 4; i++) {
		snprintf(contact, sizeof contact, "<sip:u%d@192.0.2.7>", i);
		snprintf(cseq, sizeof cseq, "%d REGISTER", i + 1);
		save(&w, .contact = { contact }, .cseq = cseq);
	}
	save(&w, .contact = { "<sip:u0@192.0.2.7>;expires=0" }, .cseq = "50 REGISTER");
	save(&w, .contact = { "*" }, .expires = "0", .cseq = "51 REGISTER");
	cr_expect_eq(rg_record_removal_count(w.record), RG_REMOVALS_MAX);
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
		cr_expect_eq(save(&w, .contact = { contact[i] }, .callid = callid[i], .cseq = "5 REGISTER"), 400);
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
	cr_expect_eq(rg_record_removal_count(w.record), 0);
	end_world(&w);
}

/* A REGISTER that is sent again after something else happened to its bindings. */
static const struct {
	const char *first[3], *then[3]; /* Contacts; `then` by another device, in order; "*" = all */
	int64_t later;                  /* seconds until the repeat */
	const char *flags;
	int code;
	const char *left;
} repeats[] = {
	/* Its bindings are there. */
	{ { A }, { NULL }, 1, "", 200, "a" },
	{ { A, B }, { NULL }, 1, "", 200, "a b" },
	{ { A, B }, { "<sip:c@192.0.2.9>" }, 1, "", 200, "a b c" },
	{ { A, B }, { "<sip:c@192.0.2.9>", "<sip:c@192.0.2.9>;expires=0" }, 1, "", 200, "a b" },
	/* One lapsed: nobody removed it. */
	{ { A ";expires=60", B }, { NULL }, 61, "", 200, "b" },
	/* It removed something itself. */
	{ { A ";expires=0", B }, { NULL }, 1, "", 200, "b" },
	{ { A, A ";expires=0", B }, { NULL }, 1, "", 200, "b" },
	{ { A, "<sip:%61@192.0.2.7>;expires=0", B }, { NULL }, 1, "", 200, "b" },
	{ { A ";expires=0", A, B }, { NULL }, 1, "", 200, "a b" },
	/* Another device removed it, or all. */
	{ { A }, { A ";expires=0" }, 1, "", 400, "" },
	{ { A }, { "*" }, 1, "", 400, "" },
	{ { A, B }, { "*" }, 1, "", 400, "" },
	{ { A, B }, { B ";expires=0" }, 1, "", 400, "a" },
	{ { A, B }, { "<sip:%62@192.0.2.8>;expires=0" }, 1, "", 400, "a" },
	{ { A ";q=0.1", A ";q=0.2", B }, { A ";expires=0" }, 1, "", 400, "b" },
	{ { A ";expires=0", A, B }, { A ";expires=0" }, 1, "", 400, "b" },
	/* Another device removed it, and set it again. */
	{ { A }, { A ";expires=0", A }, 1, "", 400, "a" },
	{ { A, B }, { "*", A }, 1, "", 400, "a" },
	/* Evicted. */
	{ { A }, { B }, 1, "max-contacts=1, force-registration", 400, "b" },
	{ { A, B }, { "<sip:c@192.0.2.9>" }, 1, "max-contacts=2, force-registration", 400, "b c" },
	/* Matched by instance. */
	{ { A ";+sip.instance=\"<urn:x:1>\"" }, { B ";+sip.instance=\"urn:x:1\";expires=0" }, 1, "matching-mode=instance", 400, "" },
	/* Remembered for 32 s only. */
	{ { A }, { "*" }, 32, "", 200, "a" },
};

/* The users of the bindings, without the rest of their URIs. */
static const char *users_left(world *w)
{
	static char text[64];
	size_t n = 0;

	for (uint32_t i = 0; i < rg_record_contact_count(w->record); i++) {
		if (binding(w, i).expires <= w->now)
			continue;
		text[n] = ' ';
		n += n > 0;
		text[n++] = binding(w, i).uri.p[4];
	}
	text[n] = '\0';
	return text;
}

Test(removals, a_repeat_whose_binding_somebody_removed_is_out_of_order)
{
	for (size_t i = 0; i < sizeof repeats / sizeof *repeats; i++) {
		world w = new_world();
		spec first = { .contact = { repeats[i].first[0], repeats[i].first[1], repeats[i].first[2] }, .cseq = "5 REGISTER" };

		flags(&w, repeats[i].flags);
		save(&w, .contact = { A }, .cseq = "4 REGISTER");
		cr_assert_eq(save_spec(&w, first), 200, "row %zu", i);
		for (int k = 0; k < 3 && repeats[i].then[k]; k++) {
			bool star = repeats[i].then[k][0] == '*';

			w.now++;
			cr_assert_eq(save(&w, .contact = { repeats[i].then[k] }, .callid = "other", .cseq = k == 0 ? "1 REGISTER" : "2 REGISTER",
				.expires = star ? "0" : NULL), 200, "row %zu", i);
		}
		w.now += repeats[i].later * 1000;
		cr_expect_eq(save_spec(&w, first), repeats[i].code, "row %zu", i);
		cr_expect_str_eq(users_left(&w), repeats[i].left, "row %zu", i);
		if (repeats[i].code != 200) {
			cr_expect_eq(reason(&w), RG_R_INV_CSEQ, "row %zu", i);
			first.cseq = "6 REGISTER";
			cr_expect_eq(save_spec(&w, first), 200, "row %zu: a newer one is the phone itself", i);
		}
		end_world(&w);
	}
}

/* What a REGISTER with another Call-ID removes leaves the Call-ID and CSeq that the binding had before, also if the REGISTER set it first. */
Test(removals, a_binding_that_was_set_and_dropped_is_remembered_as_it_was)
{
	static const char *const ways[][3] = { { A ";expires=0" }, { A ";expires=60", A ";expires=0" }, { A ";expires=0", A, A ";expires=0" },
		{ A ";expires=60", "<sip:%61@192.0.2.7>;expires=0" }, { "<sip:%61@192.0.2.7>;expires=60", "<sip:%61@192.0.2.7>;expires=0" },
		{ A ";expires=60", B, A ";expires=0" } };

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		world w = new_world();
		spec gone = { .contact = { ways[i][0], ways[i][1], ways[i][2] }, .callid = "q", .cseq = "1 REGISTER" };

		save(&w, .contact = { A }, .callid = "p", .cseq = "5 REGISTER");
		cr_assert_eq(save_spec(&w, gone), 200);
		cr_expect_eq(rg_record_removal_count(w.record), 2, "way %zu", i);
		cr_expect_eq(save(&w, .contact = { A }, .callid = "p", .cseq = "4 REGISTER"), 400, "way %zu", i);
		cr_expect_eq(save(&w, .contact = { A }, .callid = "p", .cseq = "5 REGISTER"), 400, "way %zu: its last one", i);
		cr_expect_eq(save(&w, .contact = { A }, .callid = "q", .cseq = "1 REGISTER"), 400, "way %zu: another of this CSeq", i);
		cr_expect_eq(save_spec(&w, gone), 200, "way %zu: the same again", i);
		cr_expect_not(rg_plan_commits(w.plan), "way %zu", i);
		cr_expect_eq(save(&w, .contact = { A }, .callid = "p", .cseq = "6 REGISTER"), 200, "way %zu", i);
		end_world(&w);
	}
}

Test(removals, a_flow_that_was_set_and_dropped_is_remembered_as_it_was)
{
	world w = new_world();

	set(&w, "outbound_mode", "on");
	save(&w, .contact = { A ";reg-id=1;+sip.instance=\"<urn:x:1>\"" }, .callid = "p", .cseq = "5 REGISTER");
	cr_assert_eq(save(&w, .contact = { B ";reg-id=1;+sip.instance=\"<urn:x:1>\"", B ";reg-id=1;+sip.instance=\"<urn:x:1>\";expires=0" },
		.callid = "q", .cseq = "1 REGISTER"), 200);
	same_text(bindings(&w), "");
	cr_expect_eq(save(&w, .contact = { A ";reg-id=1;+sip.instance=\"<urn:x:1>\"" }, .callid = "p", .cseq = "4 REGISTER"), 400);
	cr_expect_eq(save(&w, .contact = { A ";reg-id=2;+sip.instance=\"<urn:x:1>\"" }, .callid = "p", .cseq = "4 REGISTER"), 200);
	end_world(&w);
}

Test(removals, an_evicted_binding_is_remembered_as_it_was)
{
	world w = new_world();

	save(&w, .contact = { A }, .callid = "p", .cseq = "5 REGISTER");
	flags(&w, "max-contacts=1, force-registration");
	w.now += 1000;
	cr_assert_eq(save(&w, .contact = { B }, .callid = "q", .cseq = "1 REGISTER"), 200);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(save(&w, .contact = { A }, .callid = "p", .cseq = "4 REGISTER"), 400);
	cr_expect_eq(save(&w, .contact = { A }, .callid = "p", .cseq = "6 REGISTER"), 200);
	end_world(&w);
}
