/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "request.h"

/* The targets of a lookup, as text; result and code in front. */
static const char *select_spec(world *w, const char *flag_text, rg_str request_uri, const char *aor)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = request_uri;
	r.aor = rg_str_from(aor);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flag_text), &options, NULL), RG_OK);
	cr_assert_eq(rg_select(w->record, &r, w->config, options, w->now, &targets), RG_OK);
	snprintf(w->text, sizeof w->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++)
		append(w, " ", t.uri);
	rg_targets_unref(targets);
	rg_lookup_options_unref(options);
	return w->text;
}

#define ALICE RG_STR("sip:alice@example.com")

static world four(void)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>" }, .cseq = "1 REGISTER");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.5" }, .cseq = "2 REGISTER");
	w.now += 1000;
	save(&w, .contact = { "<sip:c@192.0.2.1>;q=0.5;expires=60" }, .cseq = "3 REGISTER");
	w.now += 1000;
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=1" }, .cseq = "4 REGISTER");
	return w;
}

Test(select, q_then_oldest_first_or_newest_first)
{
	world w = four();

	same_text(select_spec(&w, "", ALICE, NULL), "1/0 sip:d@192.0.2.1 sip:b@192.0.2.1 sip:c@192.0.2.1 sip:a@192.0.2.1");
	set(&w, "desc_time_order", "1");
	same_text(select_spec(&w, "", ALICE, NULL), "1/0 sip:d@192.0.2.1 sip:c@192.0.2.1 sip:b@192.0.2.1 sip:a@192.0.2.1");
	end_world(&w);
}

Test(select, bindings_of_one_moment_come_in_the_order_they_were_registered)
{
	world w = new_world();

	for (int round = 0; round < 20; round++) { /* by chance once in a thousand times a round */
		w.seed[0]++;
		w.now += 1000;
		save(&w, .contact = { "<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>" }, .callid = "one", .cseq = "1 REGISTER");
		save(&w, .contact = { "<sip:c@192.0.2.1>" }, .callid = "two", .cseq = "1 REGISTER");
		save(&w, .contact = { "<sip:d@192.0.2.1>", "<sip:e@192.0.2.1>" }, .callid = "three", .cseq = "1 REGISTER");
		same_text(select_spec(&w, "", ALICE, NULL),
			"1/0 sip:a@192.0.2.1 sip:b@192.0.2.1 sip:c@192.0.2.1 sip:d@192.0.2.1 sip:e@192.0.2.1");
		set(&w, "desc_time_order", "1");
		same_text(select_spec(&w, "", ALICE, NULL),
			"1/0 sip:e@192.0.2.1 sip:d@192.0.2.1 sip:c@192.0.2.1 sip:b@192.0.2.1 sip:a@192.0.2.1");
		set(&w, "desc_time_order", "0");
		rg_record_unref(w.record);
		w.record = NULL;
	}
	end_world(&w);
}

Test(select, only_live_bindings)
{
	world w = four();

	w.now += 60000;
	same_text(select_spec(&w, "", ALICE, NULL), "1/0 sip:d@192.0.2.1 sip:b@192.0.2.1 sip:a@192.0.2.1");
	w.now += 3600000;
	same_text(select_spec(&w, "", ALICE, NULL), "-1/404");
	end_world(&w);
}

Test(select, no_branches_is_the_best_only)
{
	world w = four();

	same_text(select_spec(&w, "no-branches", ALICE, NULL), "1/0 sip:d@192.0.2.1");
	end_world(&w);
}

Test(select, nobody_unreadable_and_not_ours)
{
	world w = new_world();

	same_text(select_spec(&w, "", ALICE, NULL), "-1/404");
	same_text(select_spec(&w, "", RG_STR("sip:"), NULL), "-1/404");
	same_text(select_spec(&w, "", RG_STR("tel:+15550100"), NULL), "-1/416");
	end_world(&w);
}

Test(select, removals_alone_are_nobody)
{
	world w = four();

	save(&w, .contact = { "*" }, .expires = "0", .cseq = "5 REGISTER");
	cr_assert_not_null(w.record);
	same_text(select_spec(&w, "", ALICE, NULL), "-1/404");
	end_world(&w);
}

Test(select, the_aor_given_comes_before_the_request_uri)
{
	world w = four();

	cr_expect_not_null(strstr(select_spec(&w, "no-branches", RG_STR("sip:whoever@else.where"), "alice@example.com"), "sip:d@"));
	end_world(&w);
}

Test(select, a_sips_request_goes_to_sips_bindings_only)
{
	world w = four();

	same_text(select_spec(&w, "", RG_STR("sips:alice@example.com"), NULL), "-1/480");
	save(&w, .contact = { "<sips:e@192.0.2.1>" }, .request_uri = "sips:example.com", .cseq = "5 REGISTER");
	same_text(select_spec(&w, "", RG_STR("sips:alice@example.com"), NULL), "1/0 sips:e@192.0.2.1");
	end_world(&w);
}

Test(select, a_record_of_another_aor_is_refused)
{
	world w = four();
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.request_uri = RG_STR("sip:bob@example.com");
	cr_expect_eq(rg_select(w.record, &r, NULL, NULL, w.now, &targets), RG_EINVAL);
	cr_expect_eq(rg_select(w.record, NULL, NULL, NULL, w.now, &targets), RG_EINVAL);
	cr_expect_null(targets);
	end_world(&w);
}

Test(select, many_bindings_are_no_different)
{
	world w = new_world();
	char contact[64], cseq[32];

	for (int i = 0; i < 40; i++) {
		snprintf(contact, sizeof contact, "<sip:u%d@192.0.2.1>;q=0.%03d", i, i);
		snprintf(cseq, sizeof cseq, "%d REGISTER", i + 1);
		cr_assert_eq(save(&w, .contact = { contact }, .cseq = cseq), 200);
	}
	cr_expect_eq(strncmp(select_spec(&w, "", ALICE, NULL), "1/0 sip:u39@192.0.2.1 sip:u38@192.0.2.1 ", 40), 0);
	end_world(&w);
}
