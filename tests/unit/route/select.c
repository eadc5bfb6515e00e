/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "message/request.h"

/* The targets of a lookup, as text; result and code in front, and behind a fallback the place of its principal. */
static const char *select_method(world *w, const char *method, const char *flag_text, rg_str request_uri, const char *aor)
{
	char principal[16];
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t };

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(method);
	r.request_uri = request_uri;
	r.aor = rg_str_from(aor);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flag_text), &options, NULL), RG_OK);
	cr_assert_eq(rg_select(w->record, &r, w->config, options, w->now, &targets, NULL), RG_OK);
	snprintf(w->text, sizeof w->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		append(w, " ", t.uri);
		snprintf(principal, sizeof principal, "%u", t.fallback_of);
		if (t.fallback_of != UINT32_MAX)
			append(w, "<", rg_str_from(principal));
	}
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return w->text;
}

static const char *select_spec(world *w, const char *flag_text, rg_str request_uri, const char *aor)
{
	return select_method(w, "INVITE", flag_text, request_uri, aor);
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

Test(select, a_binding_without_a_uri_is_no_target)
{
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.com") };
	const rg_str uris[] = { { NULL, 0 }, { "", 0 }, { "sip:a@192.0.2.1", 15 } };
	rg_revision revision = { .b = { 1 } };
	world w = new_world();
	rg_contact c[3];

	for (uint32_t i = 0; i < 3; i++) {
		rg_contact_init(&c[i], sizeof *c);
		c[i].id = i + 1;
		c[i].uri = uris[i];
		c[i].expires = w.now + 1000;
	}
	cr_assert_eq(rg_record_new(&key, &revision, c, 3, NULL, 0, (rg_str){ NULL, 0 }, &w.record), RG_OK);
	same_text(select_spec(&w, "", ALICE, NULL), "1/0 sip:a@192.0.2.1");
	rg_record_unref(w.record);
	cr_assert_eq(rg_record_new(&key, &revision, c, 2, NULL, 0, (rg_str){ NULL, 0 }, &w.record), RG_OK);
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
	same_text(select_spec(&w, "", RG_STR("sip:"), NULL), "-1/400");
	same_text(select_spec(&w, "", RG_STR("tel:+15550100"), NULL), "-1/416");
	end_world(&w);
}

Test(select, malformed_is_not_the_same_as_nobody)
{
	static const struct { const char *uri, *aor, *want; } rows[] = {
		{ "sip:alice@example.com;", NULL, "1/0 sip:a@192.0.2.7" },
		{ "sip:alice@example.com;transport=udp;transport=udp", NULL, "1/0 sip:a@192.0.2.7" },
		{ "sip:%61lice@EXAMPLE.com.;foo=", NULL, "1/0 sip:a@192.0.2.7" }, { "sip:alice@example.com:0", NULL, "1/0 sip:a@192.0.2.7" },
		{ "sips:alice@example.com;", NULL, "-1/480" }, { "?", "<sip:alice@example.com;>", "1/0 sip:a@192.0.2.7" },
		{ "sip:bob@example.com;", NULL, "-1/404" }, { "sip:alice@", NULL, "-1/400" },
		{ "sip:alice@example.com;@evil.example", NULL, "-1/400" },
		{ "sip:alice@exa mple.com", NULL, "-1/400" }, { "sip:alice%00@example.com", NULL, "-1/400" }, { "", NULL, "-1/400" },
		{ NULL, NULL, "-1/400" }, { "sip:alice@example.com", "", "-1/400" }, { "sip:alice@example.com", "alice@example.com;", "-1/400" },
		{ "tel:1 2", NULL, "-1/400" }, { "tel:12", NULL, "-1/416" }, { "?", "tel:12", "-1/416" },
	};
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7>" });
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_record *kept = w.record;

		if (!strstr(rows[i].want, "1/0 ") && !strstr(rows[i].want, "480"))
			w.record = NULL; /* there is no AoR, or it is another's */
		same_text(select_spec(&w, "", rg_str_from(rows[i].uri), rows[i].aor), rows[i].want);
		w.record = kept;
	}
	end_world(&w);
}

static const char *select_defect(world *w, int32_t defect)
{
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = ALICE;
	r.defect = defect;
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	snprintf(w->text, sizeof w->text, "%d/%d %u", rg_targets_result(targets), rg_targets_code(targets), rg_targets_count(targets));
	rg_targets_free(targets);
	return w->text;
}

Test(select, a_request_with_a_defect_is_refused_by_the_code_of_its_reason)
{
	world w = four();

	same_text(select_defect(&w, RG_R_FINE), "1/0 4");
	same_text(select_defect(&w, RG_R_PARSE), "-1/400 0");
	same_text(select_defect(&w, RG_R_CID_MISS), "-1/400 0");
	same_text(select_defect(&w, RG_R_TOO_LARGE), "-1/413 0");
	same_text(select_defect(&w, RG_R_SCHEME), "-1/416 0");
	same_text(select_defect(&w, RG_R_INTERNAL), "-3/500 0");
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
	cr_expect_eq(rg_select(w.record, &r, NULL, NULL, w.now, &targets, NULL), RG_EINVAL);
	cr_expect_eq(rg_select(w.record, NULL, NULL, NULL, w.now, &targets, NULL), RG_EINVAL);
	cr_expect_null(targets);
	end_world(&w);
}

Test(select, a_config_that_contradicts_itself_is_refused)
{
	for (size_t i = 0; i < CONTRADICTIONS; i++) {
		world w = four();
		rg_targets *targets = (rg_targets *)&w;
		rg_request r;

		rg_request_init(&r, sizeof r);
		r.request_uri = RG_STR("sip:alice@example.com");
		contradict(&w, i);
		cr_expect_eq(rg_select(w.record, &r, w.config, NULL, w.now, &targets, NULL), RG_EINVAL, "case %zu", i);
		cr_expect_null(targets);
		end_world(&w);
	}
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

/* One letter a binding, as its user: a to d, in that order of q. */
static const char *users(const char *selected)
{
	static char letters[256];
	char *to = letters;
	const char *at = strchr(selected, ' ');

	to += sprintf(to, "%.*s", at ? (int)(at - selected) : (int)strlen(selected), selected);
	for (; at; at = strchr(at + 1, ' ')) {
		const char *fallback = strpbrk(at + 1, " <");

		*to++ = ' ';
		*to++ = at[strncmp(at + 1, "sips:", 5) ? 5 : 6];
		if (fallback && *fallback == '<')
			to += sprintf(to, "<%c", fallback[1]);
	}
	*to = '\0';
	return letters;
}

/* What four kinds of phone said of themselves. */
static world methods(void)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>;q=0.9" }, .callid = "a", .allow = { "INVITE, ACK", "BYE" });
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.8" }, .callid = "b");
	save(&w, .contact = { "<sip:c@192.0.2.1>;q=0.7;methods=\"MESSAGE\"" }, .callid = "c", .allow = { "INVITE" });
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=0.6" }, .callid = "d", .allow = { "INVITE, X-OWN" });
	return w;
}

Test(select, a_method_goes_to_who_lists_it_or_lists_none)
{
	static const struct {
		const char *method, *flags, *want;
	} cases[] = {
		{ "INVITE", "method-filtering", "1/0 a b d" }, { "BYE", "method-filtering", "1/0 a b" },
		{ "MESSAGE", "method-filtering", "1/0 b c" },
		{ "OPTIONS", "method-filtering", "1/0 b" }, { "MESSAGE", "", "1/0 a b c d" },
		{ "MESSAGE", "method-filtering,no-branches", "1/0 b" },
		/* What the table does not have is one method: who lists one of them may know the other. */
		{ "X-OWN", "method-filtering", "1/0 b d" }, { "X-OTHER", "method-filtering", "1/0 b d" },
		/* RFC 3261 §7.1: case matters. */
		{ "invite", "method-filtering", "1/0 b d" }, { "Message", "method-filtering", "1/0 b d" },
		{ "INVITE ", "method-filtering", "1/0 b d" },
		{ "", "method-filtering", "1/0 b d" }, { NULL, "method-filtering", "1/0 b d" }, { "INVITE,BYE", "method-filtering", "1/0 b d" },
	};
	world w = methods();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_eq(users(select_method(&w, cases[i].method, cases[i].flags, ALICE, NULL)), cases[i].want, "row %zu: %s", i, w.text);
	end_world(&w);
}

Test(select, registered_but_unable_is_405_and_nobody_is_404)
{
	world w = new_world();

	same_text(select_method(&w, "MESSAGE", "method-filtering", ALICE, NULL), "-1/404");
	save(&w, .contact = { "<sip:a@192.0.2.1>" }, .allow = { "INVITE" });
	same_text(select_method(&w, "MESSAGE", "method-filtering", ALICE, NULL), "-2/405");
	same_text(select_method(&w, "MESSAGE", "method-filtering,no-branches,to-branches-only", ALICE, NULL), "-2/405");
	same_text(select_method(&w, "MESSAGE", "", ALICE, NULL), "1/0 sip:a@192.0.2.1");
	save(&w, .contact = { "<sip:a@192.0.2.1>" }, .allow = { "" }, .cseq = "2 REGISTER");
	same_text(select_method(&w, "INVITE", "method-filtering", ALICE, NULL), "-2/405");
	w.now += 3600000;
	same_text(select_method(&w, "MESSAGE", "method-filtering", ALICE, NULL), "-1/404");
	end_world(&w);
}

Test(select, the_first_filter_that_leaves_nothing_says_why)
{
	static const struct {
		const char *method, *flags, *want;
		bool sips;
	} cases[] = {
		{ "MESSAGE", "method-filtering", "-1/480", true }, /* sips first: none is left that could support anything */
		{ "MESSAGE", "method-filtering,ua-filtering=/none/", "-2/405", false },
		{ "MESSAGE", "method-filtering,max-ping-latency=0", "-2/405", false },
		{ "INVITE", "method-filtering,ua-filtering=/none/", "-1/480", false },
		{ "INVITE", "method-filtering,max-ping-latency=1", "-1/480", false },
		{ "INVITE", "ua-filtering=/none/", "-1/480", false },
		{ "INVITE", "max-ping-latency=1", "-1/480", false },
		{ "INVITE", "max-ping-latency=2", "1/0 a", false },
		{ "INVITE", "ua-filtering=/Phone/,max-ping-latency=1", "-1/480", false },
		{ "INVITE", "method-filtering,ua-filtering=/Phone/,max-ping-latency=2", "1/0 a", false },
	};
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>" }, .allow = { "INVITE" }, .user_agent = "Phone/1");
	cr_assert_eq(ping(&w, "sip:a@192.0.2.1", 2), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_str uri = cases[i].sips ? RG_STR("sips:alice@example.com") : ALICE;

		cr_expect_str_eq(users(select_method(&w, cases[i].method, cases[i].flags, uri, NULL)), cases[i].want, "row %zu: %s", i, w.text);
	}
	end_world(&w);
}

Test(select, a_filter_leaves_out_what_an_earlier_one_would_have_passed)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>;q=0.9" }, .callid = "a", .allow = { "INVITE" }, .user_agent = "Phone");
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.8" }, .callid = "b", .allow = { "MESSAGE" }, .user_agent = "Phone");
	save(&w, .contact = { "<sip:c@192.0.2.1>;q=0.7" }, .callid = "c", .allow = { "MESSAGE" }, .user_agent = "Fax");
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=0.6" }, .callid = "d", .allow = { "MESSAGE" }, .user_agent = "Phone");
	ping(&w, "sip:b@192.0.2.1", 900);
	ping(&w, "sip:d@192.0.2.1", 100);
	same_text(users(select_method(&w, "MESSAGE", "method-filtering", ALICE, NULL)), "1/0 b c d");
	same_text(users(select_method(&w, "MESSAGE", "method-filtering,ua-filtering=/Ph/", ALICE, NULL)), "1/0 b d");
	same_text(users(select_method(&w, "MESSAGE", "method-filtering,ua-filtering=/Ph/,max-ping-latency=100", ALICE, NULL)), "1/0 d");
	same_text(users(select_method(&w, "MESSAGE", "max-ping-latency=100", ALICE, NULL)), "1/0 a c d");
	same_text(users(select_method(&w, "MESSAGE", "ua-filtering=/Ph/,sort-by-latency,no-branches", ALICE, NULL)), "1/0 d");
	end_world(&w);
}

Test(select, a_user_agent_is_matched_as_it_is_typed_or_without_case_or_extended)
{
	static const struct {
		const char *flags, *want;
	} cases[] = {
		{ "ua-filtering=/Phone/", "1/0 a" }, { "ua-filtering=/phone/i", "1/0 a b" }, { "ua-filtering=/phone/,case-insensitive", "1/0 a b" },
		{ "ua-filtering=/(phone|fax)/", "-1/480" }, { "ua-filtering=/(phone|fax)/e", "1/0 b c" },
		{ "ua-filtering=/(phone|fax)/ie", "1/0 a b c" }, { "ua-filtering=/(phone|fax)/,extended-regexp,case-insensitive", "1/0 a b c" },
		/* The end of the text is the end of the User-Agent, not of what is stored behind it. */
		{ "ua-filtering=/1$/", "1/0 a" }, { "ua-filtering=/^Acme Phone 1$/", "1/0 a" }, { "ua-filtering=/fax$/", "1/0 c" },
		{ "ua-filtering=/^fax$/", "1/0 c" }, { "ua-filtering=/faxx*$/", "1/0 c" },
		/* One without User-Agent has an empty one. */
		{ "ua-filtering=/^$/", "1/0 d" }, { "ua-filtering=/x*/", "1/0 a b c d" }, { "ua-filtering=/./", "1/0 a b c" },
	};
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>;q=0.9" }, .callid = "a", .user_agent = "Acme Phone 1", .attr = "phone fax");
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.8" }, .callid = "b", .user_agent = "acme phone 2");
	save(&w, .contact = { "<sip:c@192.0.2.1>;q=0.7" }, .callid = "c", .user_agent = "fax", .attr = "x1");
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=0.6" }, .callid = "d");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_eq(users(select_spec(&w, cases[i].flags, ALICE, NULL)), cases[i].want, "%s: %s", cases[i].flags, w.text);
	end_world(&w);
}

Test(select, the_fastest_first_and_the_unmeasured_last)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>;q=1" }, .callid = "a");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.1", "<sip:c@192.0.2.1>;q=0.5" }, .callid = "b");
	w.now += 1000;
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=0.5" }, .callid = "d");
	w.now += 1000;
	save(&w, .contact = { "<sip:e@192.0.2.1>" }, .callid = "e");
	same_text(users(select_spec(&w, "sort-by-latency", ALICE, NULL)), "1/0 a c d b e");
	ping(&w, "sip:e@192.0.2.1", 0);
	ping(&w, "sip:d@192.0.2.1", 4294967294);
	ping(&w, "sip:b@192.0.2.1", 500);
	ping(&w, "sip:c@192.0.2.1", 500);
	same_text(users(select_spec(&w, "sort-by-latency", ALICE, NULL)), "1/0 e c b d a");
	same_text(users(select_spec(&w, "sort-by-latency,no-branches", ALICE, NULL)), "1/0 e");
	same_text(users(select_spec(&w, "sort-by-latency,max-ping-latency=500", ALICE, NULL)), "1/0 e c b a");
	same_text(users(select_spec(&w, "max-ping-latency=499", ALICE, NULL)), "1/0 a e");
	same_text(users(select_spec(&w, "max-ping-latency=0", ALICE, NULL)), "1/0 a e");
	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 a c d b e");
	end_world(&w);
}

Test(select, equal_latency_and_q_go_by_time)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>" }, .callid = "a");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.1>" }, .callid = "b");
	ping(&w, "sip:a@192.0.2.1", 500);
	ping(&w, "sip:b@192.0.2.1", 500);
	same_text(users(select_spec(&w, "sort-by-latency", ALICE, NULL)), "1/0 a b");
	set(&w, "desc_time_order", "1");
	same_text(users(select_spec(&w, "sort-by-latency", ALICE, NULL)), "1/0 b a");
	end_world(&w);
}

#define ONE ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEE01>\""
#define ONE_TOO ";+sip.instance=\"<URN:UUID:00000000-0000-1000-8000-aabbccddee01>\""
#define TWO ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEE02>\""

Test(select, an_instance_is_one_with_brackets_and_without_and_a_malformed_one_is_none)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.1>;q=0.9;+sip.instance=\"<urn:uuid:AB>\"" }, .callid = "a");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.1>;q=0.8;+sip.instance=\"urn:uuid:ab\"" }, .callid = "b");
	save(&w, .contact = { "<sip:c@192.0.2.1>;q=0.7;+sip.instance=abc" }, .callid = "c");
	save(&w, .contact = { "<sip:d@192.0.2.1>;q=0.6;+sip.instance=abc" }, .callid = "d");
	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 b a<0 c d");
	end_world(&w);
}

/* a and c are flows of one phone, b and e of another; d says nothing of itself. c and b came last. */
static world flows(void)
{
	static const char *const contacts[] = { "<sip:a@192.0.2.1>;q=0.9" ONE, "<sip:e@192.0.2.1>;q=0.8" TWO, "<sip:d@192.0.2.1>;q=0.7",
		"<sip:c@192.0.2.1>;q=0.2" ONE_TOO, "<sip:b@192.0.2.1>;q=0.5" TWO };
	static const char *const callids[] = { "a", "e", "d", "c", "b" };
	world w = new_world();

	for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
		save(&w, .contact = { contacts[i] }, .callid = callids[i], .allow = { i == 3 ? "INVITE" : "INVITE, MESSAGE" });
		w.now += 1000;
	}
	return w;
}

Test(select, an_instance_is_one_target_and_its_other_flows_are_fallbacks)
{
	world w = flows();

	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 d b e<1 c a<3");
	same_text(users(select_spec(&w, "to-branches-only", ALICE, NULL)), "1/0 d b e<1 c a<3");
	same_text(users(select_spec(&w, "no-branches", ALICE, NULL)), "1/0 d");
	end_world(&w);
}

Test(select, the_flow_that_was_refreshed_last_is_the_target)
{
	world w = flows();

	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;q=0.9" ONE }, .callid = "again"), 200);
	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 a c<0 d b e<3");
	same_text(users(select_spec(&w, "no-branches", ALICE, NULL)), "1/0 a");
	end_world(&w);
}

Test(select, instances_are_looked_at_after_the_filters)
{
	world w = flows();

	/* c, the flow that came last, is not for a MESSAGE: the other one is the target then, and nobody's fallback. */
	same_text(users(select_method(&w, "MESSAGE", "method-filtering", ALICE, NULL)), "1/0 a d b e<2");
	ping(&w, "sip:b@192.0.2.1", 50);
	ping(&w, "sip:d@192.0.2.1", 20);
	ping(&w, "sip:e@192.0.2.1", 10);
	same_text(users(select_spec(&w, "max-ping-latency=20", ALICE, NULL)), "1/0 e d c a<2");
	same_text(users(select_spec(&w, "sort-by-latency", ALICE, NULL)), "1/0 d b e<1 c a<3");
	end_world(&w);
}

Test(select, fallbacks_come_most_recent_first_whatever_their_q)
{
	world w = new_world();

	for (int i = 0; i < 4; i++) {
		char contact[128], callid[2] = { (char)('a' + i), '\0' };

		snprintf(contact, sizeof contact, "<sip:%s@192.0.2.1>;q=0.%d" ONE, callid, (i * 7) % 4);
		save(&w, .contact = { contact }, .callid = callid);
		w.now += 1000;
	}
	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 d c<0 b<0 a<0");
	/* Refreshed in one moment, they go by when they were made. */
	save(&w, .contact = { "<sip:b@192.0.2.1>" ONE, "<sip:a@192.0.2.1>" ONE }, .callid = "again");
	same_text(users(select_spec(&w, "", ALICE, NULL)), "1/0 b a<0 d<0 c<0");
	end_world(&w);
}

Test(select, many_flows_of_many_instances)
{
	world w = new_world();
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t }, principal = { .struct_size = sizeof principal };
	uint32_t principals = 0, last = 0;

	for (int i = 0; i < 300; i++) {
		char contact[128], callid[16];

		snprintf(callid, sizeof callid, "call-%d", i);
		snprintf(contact, sizeof contact, "<sip:%03d@192.0.2.1>;q=0.%03d;+sip.instance=\"<urn:x:%02d>\"", i, i * 7 % 1000, i % 60);
		cr_assert_eq(save(&w, .contact = { contact }, .callid = callid), 200, "%d", i);
		w.now += 1;
	}
	rg_request_init(&r, sizeof r);
	r.request_uri = ALICE;
	cr_assert_eq(rg_select(w.record, &r, NULL, options, w.now, &targets, NULL), RG_OK);
	cr_assert_eq(rg_targets_count(targets), 300);
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		if (t.fallback_of == UINT32_MAX) {
			cr_expect(principals == 0 || t.q <= principal.q, "target %u is out of order", i);
			cr_expect_eq(i % 5, 0, "target %u", i);
			principal = t;
			last = i;
			principals++;
		} else {
			cr_expect_eq(t.fallback_of, last, "target %u", i);
			cr_expect(rg_str_equal(t.instance, principal.instance));
		}
		/* Of an instance's five, the newest is the highest number. */
		cr_expect_eq(atoi(t.uri.p + 4) / 60, 4 - (int)(i - last), "target %u", i);
	}
	cr_expect_eq(principals, 60);
	rg_targets_free(targets);
	end_world(&w);
}

Test(select, what_is_not_looked_up_is_for_branches_only_as_well)
{
	static const char *const uris[] = { "sip:nobody@example.com", "sip:a b", "tel:+1", "sip:x@example.com;gr;;" };
	world w = new_world();
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;

	set(&w, "disable_gruu", "0");
	cr_assert_eq(rg_lookup_options_new(RG_STR("to-branches-only"), &options, NULL), RG_OK);
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		rg_request_init(&r, sizeof r);
		r.request_uri = rg_str_from(uris[i]);
		cr_assert_eq(rg_select(NULL, &r, w.config, options, w.now, &targets, NULL), RG_OK, "%s", uris[i]);
		cr_expect_eq(rg_targets_branches_only(targets), 1, "%s", uris[i]);
		rg_targets_free(targets);
	}
	rg_lookup_options_unref(options);
	end_world(&w);
}
