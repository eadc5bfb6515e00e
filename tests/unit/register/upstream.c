/* SPDX-License-Identifier: MIT */
/* Cached registrations: what of a REGISTER is kept once the main registrar has answered it. */
#include "policy_kit.h"

/* The main registrar's reply. Lists end at the first NULL; an empty `modified` was not changed. */
typedef struct answer_spec {
	const char *contact[8], *expires, *modified[8];
	int32_t code; /* 0 = 200 */
} answer_spec;

static int32_t save_answered(world *w, spec s, answer_spec a)
{
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_str contacts[8], modified[8];
	rg_upstream up;
	rg_record *next;

	rg_upstream_init(&up, sizeof up);
	up.code = a.code ? a.code : 200;
	up.contacts = contacts;
	up.n_contacts = lines(a.contact, contacts);
	up.modified = modified;
	up.n_modified = lines(a.modified, modified);
	up.expires = rg_str_from(a.expires);
	w->seed[0]++;
	rg_plan_free(w->plan);
	w->plan = NULL;
	rg_status st = rg_merge_reply(w->record, &r, &up, w->config, w->options, w->now, w->seed, &w->plan, NULL);
	if (st != RG_OK)
		return st;
	if (rg_plan_commits(w->plan)) {
		next = rg_record_ref(rg_plan_next(w->plan));
		rg_record_unref(w->record);
		w->record = next;
	}
	return rg_response_code(rg_plan_response(w->plan));
}

#define R(...) ((spec){ __VA_ARGS__ })
#define A(...) ((answer_spec){ __VA_ARGS__ })

/* What the response wants rewritten, as "0=sip:a@h 2=sip:b@h". */
static const char *rewrites(world *w)
{
	rg_rewrite one = { .struct_size = sizeof one };
	char digits[16];

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_response_rewrite(rg_plan_response(w->plan), i, &one) == RG_OK; i++) {
		snprintf(digits, sizeof digits, "%u=", one.contact);
		append(w, " ", rg_str_from(digits));
		append(w, "", one.uri);
	}
	return w->text;
}

static int64_t lifetime(world *w, uint32_t index)
{
	return (binding(w, index).expires - w->now) / 1000;
}

Test(register_upstream, the_interval_is_the_one_that_was_granted)
{
	static const struct {
		const char *asked, *asked_header, *granted, *header;
		int64_t lifetime;
	} rows[] = {
		{ ";expires=3600", NULL, ";expires=1800", NULL, 1800 },
		{ ";expires=3600", NULL, ";expires=10", NULL, 10 },        /* below min_expires */
		{ ";expires=3600", NULL, ";expires=7200", NULL, 7200 },    /* above max_expires */
		{ ";expires=3600", NULL, "", "120", 120 },
		{ ";expires=3600", NULL, ";expires=90", "120", 90 },
		{ ";expires=3600", "77", "", NULL, 3600 },                 /* nothing said: what was asked for, unclamped as well */
		{ "", "15", "", NULL, 15 },
		{ "", NULL, "", NULL, 3600 },
		{ ";expires=3600", NULL, ";expires=x", "120", 120 },
		{ ";expires=3600", NULL, ";expires=99999999999999999999", NULL, 4294967295 },
		{ ";expires=3600", NULL, ";EXPIRES=30;q=0.1", "120", 30 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();
		char asked[96], granted[96];

		set(&w, "max_expires", "3000");
		set(&w, "expires_max_deviation", "500");
		set(&w, "min_expires_mode", "reject");
		snprintf(asked, sizeof asked, "<sip:a@192.0.2.7>%s", rows[i].asked);
		snprintf(granted, sizeof granted, "<sip:a@192.0.2.7>%s", rows[i].granted);
		cr_expect_eq(save_answered(&w, R({ asked }, .expires = rows[i].asked_header), A({ granted }, .expires = rows[i].header)), 200,
			"row %zu", i);
		cr_expect_eq(lifetime(&w, 0), rows[i].lifetime, "row %zu: %lld", i, (long long)lifetime(&w, 0));
		same_text(rewrites(&w), "");
		cr_expect_eq(rg_response_no_reply(rg_plan_response(w.plan)), 1, "there is nothing to send");
		end_world(&w);
	}
}

Test(register_upstream, each_contact_is_found_by_what_it_was_forwarded_as_and_rewritten_back)
{
	world w = new_world();

	cr_expect_eq(save_answered(&w,
		R({ "<sip:a@10.0.0.1>;q=0.5;+sip.instance=\"<urn:x:1>\", <sip:b@10.0.0.2>", "<sip:c@192.0.2.3>" },
			.received = "sip:203.0.113.1:4444",
			.user_agent = "Phone", .attr = "x", .socket = "udp:198.51.100.1:5060", .allow = { "INVITE" }),
		A({ "<sip:other@192.0.2.99>;expires=5", "<sip:c@192.0.2.3>;expires=300, <sip:b@203.0.113.1:4444>;expires=200;x",
			"<sip:a@203.0.113.1:4444>;expires=100" }, .modified = { "<sip:a@203.0.113.1:4444>", "sip:b@203.0.113.1:4444" })), 200);
	same_text(bindings(&w), "sip:a@10.0.0.1 sip:b@10.0.0.2 sip:c@192.0.2.3");
	cr_expect_eq(lifetime(&w, 0), 100);
	cr_expect_eq(lifetime(&w, 1), 200);
	cr_expect_eq(lifetime(&w, 2), 300);
	same_text(rewrites(&w), "3=sip:a@10.0.0.1 2=sip:b@10.0.0.2");
	/* what the request knew is kept */
	cr_expect_eq(binding(&w, 0).q, 500);
	same_text(put(&w, binding(&w, 0).instance), "<urn:x:1>");
	same_text(put(&w, binding(&w, 2).received), "sip:203.0.113.1:4444");
	same_text(put(&w, binding(&w, 2).user_agent), "Phone");
	same_text(put(&w, binding(&w, 2).attr), "x");
	same_text(put(&w, binding(&w, 2).socket), "udp:198.51.100.1:5060");
	cr_expect_eq(binding(&w, 2).methods, 1);
	end_world(&w);
}

Test(register_upstream, path_of_the_request_is_kept_by_its_mode)
{
	world w = new_world();

	flags(&w, "path-off");
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }, .path = { "<sip:p1;lr>" }), A({ "<sip:a@10.0.0.1>;expires=100" })), 200);
	same_text(put(&w, binding(&w, 0).path), "<sip:p1;lr>");
	end_world(&w);
}

Test(register_upstream, what_the_main_registrar_dropped_is_dropped)
{
	world w = new_world();

	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>", "<sip:b@10.0.0.2>" }), A({ "<sip:a@10.0.0.1>;expires=100",
		"<sip:b@10.0.0.2>;expires=100" })), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 2);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>", "<sip:b@10.0.0.2>" }, .cseq = "2 REGISTER"),
		A({ "<sip:b@10.0.0.2>;expires=100" })), 200);
	same_text(bindings(&w), "sip:b@10.0.0.2");
	same_text(outcomes(&w), "DU");
	/* granted 0 is as good */
	cr_expect_eq(save_answered(&w, R({ "<sip:b@10.0.0.2>" }, .cseq = "3 REGISTER"), A({ "<sip:b@10.0.0.2>;expires=0" })), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 0);
	/* a reply without Contacts leaves nothing, one to a removal removes */
	cr_expect_eq(save_answered(&w, R({ "<sip:c@10.0.0.3>" }, .cseq = "4 REGISTER"), A({ NULL })), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 0);
	end_world(&w);
}

Test(register_upstream, removals_and_star_follow_the_main_registrar)
{
	world w = new_world();

	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>", "<sip:b@10.0.0.2>" }), A({ "<sip:a@10.0.0.1>", "<sip:b@10.0.0.2>" },
		.expires = "600")), 200);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>;expires=0" }, .cseq = "2 REGISTER"), A({ "<sip:b@10.0.0.2>;expires=500" })), 200);
	same_text(bindings(&w), "sip:b@10.0.0.2");
	/* the main registrar kept what the client wanted removed: so do we */
	cr_expect_eq(save_answered(&w, R({ "<sip:b@10.0.0.2>;expires=0" }, .cseq = "3 REGISTER"), A({ "<sip:b@10.0.0.2>;expires=500" })), 200);
	same_text(bindings(&w), "sip:b@10.0.0.2");
	cr_expect_eq(save_answered(&w, R({ "*" }, .expires = "0", .cseq = "4 REGISTER"), A({ NULL })), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 0);
	cr_expect_eq(save_answered(&w, R({ NULL }, .cseq = "5 REGISTER"), A({ "<sip:b@10.0.0.2>;expires=500" })), 200);
	cr_expect_not(rg_plan_commits(w.plan), "a query changes nothing");
	end_world(&w);
}

Test(register_upstream, octets_come_before_equality_for_all_contacts_of_a_request)
{
	static const struct {
		const char *contact[3], *reply[3], *bindings, *rewrites, *outcomes;
		int64_t lifetime;
	} rows[] = {
		{ { "<sip:a@h;x=1>" }, { "<sip:a@h>;expires=100", "<sip:a@h;x=1>;expires=200" }, "sip:a@h;x=1", "", "I", 200 },
		/* the main registrar takes both for one: so do we */
		{ { "<sip:a@h;x=1>", "<sip:a@h;y=1>" }, { "<sip:a@h>;expires=150" }, "sip:a@h;x=1", "0=sip:a@h;x=1", "IG", 150 },
		{ { "<sip:a@h>", "<sip:a@h>" }, { "<sip:a@h>;expires=90" }, "sip:a@h", "", "IG", 90 },
		{ { "<sip:a@h;x=1>;expires=0", "<sip:a@h>" }, { "<sip:a@h>;expires=80" }, "sip:a@h", "", "GI", 80 },
		{ { "<sip:a@h>", "<sip:a@h;x=1>;expires=0" }, { "<sip:a@h>;expires=80" }, "sip:a@h", "", "IG", 80 },
		/* two that are equal, and a value for each */
		{ { "<sip:a@h;x=1>", "<sip:a@h>" }, { "<sip:a@h>;expires=70", "<sip:a@h;x=1>;expires=60" }, "sip:a@h", "", "GI", 70 },
		/* one that is gone, beside one that is another's */
		{ { "<sip:a@h>", "<sip:b@h>" }, { "<sip:a@h>;expires=70" }, "sip:a@h", "", "IG", 70 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		cr_expect_eq(save_answered(&w, R({ rows[i].contact[0], rows[i].contact[1] }), A({ rows[i].reply[0], rows[i].reply[1] })), 200);
		cr_expect_str_eq(bindings(&w), rows[i].bindings, "row %zu: %s", i, bindings(&w));
		cr_expect_str_eq(rewrites(&w), rows[i].rewrites, "row %zu: %s", i, rewrites(&w));
		cr_expect_str_eq(outcomes(&w), rows[i].outcomes, "row %zu: %s", i, outcomes(&w));
		cr_expect_eq(lifetime(&w, 0), rows[i].lifetime, "row %zu", i);
		end_world(&w);
	}
}

#define FLOW(n) "<sip:f@h>;+sip.instance=\"<urn:x:1>\";reg-id=" #n

Test(register_upstream, flows_of_one_uri_are_told_apart_by_their_numbers)
{
	static const struct {
		const char *contact, *reply[2];
		const char *outcome;
		int64_t lifetime; /* -1 = it is not there */
	} rows[] = {
		{ FLOW(2), { FLOW(1) ";expires=77", FLOW(2) ";expires=100" }, "I", 100 },
		{ FLOW(2), { FLOW(2) ";expires=100", FLOW(1) ";expires=77" }, "I", 100 },
		{ FLOW(2), { FLOW(1) ";expires=77", NULL }, "G", -1 },
		{ FLOW(1) ";expires=0", { FLOW(2) ";expires=100", NULL }, "G", -1 },
		{ FLOW(2), { "<sip:f@h>;expires=60", NULL }, "I", 60 }, /* it does not say, and may mean it */
		{ FLOW(2), { "<sip:f@h>;expires=60", FLOW(2) ";expires=50" }, "I", 50 },
		{ FLOW(2), { "<sip:f@h>;expires=60;reg-id=2;+sip.instance=\"<urn:x:9>\"", NULL }, "G", -1 },
		{ FLOW(2), { "<sip:f@h>;expires=60;reg-id=2;+sip.instance=\"urn:x:1\"", NULL }, "I", 60 }, /* the same without <> */
		{ FLOW(2), { "<sip:f@h>;expires=60;reg-id=2;+sip.instance=x", NULL }, "I", 60 }, /* malformed: it does not say */
		{ FLOW(2), { "<sip:f@h>;expires=60;reg-id=2", NULL }, "I", 60 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		set(&w, "outbound_mode", "on");
		cr_expect_eq(save_answered(&w, R({ rows[i].contact }), A({ rows[i].reply[0], rows[i].reply[1] })), 200);
		cr_expect_str_eq(outcomes(&w), rows[i].outcome, "row %zu: %s", i, outcomes(&w));
		cr_assert_eq(rg_record_contact_count(w.record), rows[i].lifetime >= 0, "row %zu", i);
		if (rows[i].lifetime >= 0)
			cr_expect_eq(lifetime(&w, 0), rows[i].lifetime, "row %zu", i);
		end_world(&w);
	}
}

Test(register_upstream, a_reply_to_the_same_register_again_counts_for_what_it_grants)
{
	world w = new_world();

	cr_expect_eq(save(&w, { "<sip:a@h>;expires=600" }), 200, "kept when it was forwarded");
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=600" }), A({ "<sip:a@h>;expires=100" })), 200);
	cr_expect_eq(lifetime(&w, 0), 100);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=600" }), A({ "<sip:a@h>;expires=50" })), 200);
	cr_expect_eq(lifetime(&w, 0), 50);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=600" }), A({ NULL })), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 0);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=600" }), A({ "<sip:a@h>;expires=40" })), 200,
		"which of two came last is what counts");
	cr_expect_eq(lifetime(&w, 0), 40);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=0" }, .cseq = "2 REGISTER"), A({ NULL })), 200);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@h>;expires=600" }), A({ "<sip:a@h>;expires=40" })), 400, "but no older REGISTER");
	end_world(&w);
}

Test(register_upstream, a_reply_out_of_order_changes_nothing_and_is_rewritten_all_the_same)
{
	world w = new_world();

	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }, .cseq = "2 REGISTER"), A({ "<sip:x@203.0.113.1>;expires=200" },
		.modified = { "sip:x@203.0.113.1" })), 200);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }, .cseq = "1 REGISTER"), A({ "<sip:x@203.0.113.1>;expires=100" },
		.modified = { "sip:x@203.0.113.1" })), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	cr_expect_eq(lifetime(&w, 0), 200);
	same_text(rewrites(&w), "0=sip:a@10.0.0.1");
	/* the reply again */
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }, .cseq = "2 REGISTER"), A({ "<sip:x@203.0.113.1>;expires=150" },
		.modified = { "sip:x@203.0.113.1" })), 200);
	cr_expect_eq(lifetime(&w, 0), 150);
	same_text(rewrites(&w), "0=sip:a@10.0.0.1");
	end_world(&w);
}

Test(register_upstream, a_forwarded_uri_that_is_none_is_the_hosts_mistake)
{
	static const struct { const char *modified[3], *words; } rows[] = {
		{ { "<sip:a" }, "rg_upstream.modified[0] is no URI: '<sip:a'" },
		{ { "sip:a@h", "nonsense" }, "rg_upstream.modified[1] is no URI: 'nonsense'" },
		{ { "sip:a\r\n@h" }, "rg_upstream.modified[0] is no URI: 'sip:a??@h'" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_str contacts[1] = { RG_STR("<sip:a@10.0.0.1>") }, modified[3];
		spec s = { .contact = { "<sip:a@10.0.0.1>, <sip:b@10.0.0.1>" } };
		rg_error *why = rg_error_new();
		world w = new_world();
		rg_plan *plan = (rg_plan *)&w;
		spec_room room;
		rg_request r = request_of(&s, &room);
		rg_upstream up;

		rg_upstream_init(&up, sizeof up);
		up.code = 200;
		up.contacts = contacts;
		up.n_contacts = 1;
		up.modified = modified;
		up.n_modified = lines(rows[i].modified, modified);
		cr_expect_eq(rg_merge_reply(NULL, &r, &up, w.config, NULL, w.now, w.seed, &plan, why), RG_EINVAL, "row %zu", i);
		cr_expect_null(plan);
		cr_expect_str_eq(rg_error_text(why).p, rows[i].words, "row %zu", i);
		rg_error_free(why);
		end_world(&w);
	}
}

Test(register_upstream, what_cannot_be_read_keeps_nothing)
{
	static const struct {
		const char *contact, *modified;
		int32_t reason;
	} rows[] = {
		{ "<sip:a@10.0.0.1", NULL, RG_R_PARSE_CONT }, { "<sip:a@10.0.0.1>;expires=\"", NULL, RG_R_PARSE_CONT }, { "", NULL,
			RG_R_PARSE_CONT },
		{ "*", NULL, RG_R_PARSE_CONT }, { "<sip:a@10.0.0.1>;expires=1;expires=2", NULL, RG_R_PARSE_CONT }, { "<sip:>", NULL,
			RG_R_PARSE_CONT },
	};
	const char *many = "<sip:a@h>,<sip:a@h>,<sip:a@h>,<sip:a@h>,<sip:a@h>,<sip:a@h>,<sip:a@h>,<sip:a@h>";
	rg_str line[33];
	world w = new_world();
	spec s = { .contact = { "<sip:a@h>" } };
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_upstream up;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }), A({ rows[i].contact }, .modified = { rows[i].modified })), 400,
			"row %zu", i);
		cr_expect_eq(reason(&w), rows[i].reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		cr_expect_null(w.record);
	}
	rg_upstream_init(&up, sizeof up);
	up.code = 200;
	up.contacts = line;
	for (uint32_t n = 32; n <= 33; n++) {
		for (uint32_t i = 0; i < n; i++)
			line[i] = i < 32 ? rg_str_from(many) : RG_STR("<sip:b@h>");
		up.n_contacts = n;
		rg_plan_free(w.plan);
		cr_assert_eq(rg_merge_reply(NULL, &r, &up, NULL, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
		cr_expect_eq(reason(&w), n == 32 ? RG_R_FINE : RG_R_TOO_LARGE);
	}
	end_world(&w);
}

Test(register_upstream, only_a_2xx_of_a_request_is_one)
{
	world w = new_world();
	rg_upstream up;
	rg_plan *plan;
	spec s = { .contact = { "<sip:a@h>" } };
	spec_room room;
	rg_request r = request_of(&s, &room);

	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }), A({ "<sip:a@10.0.0.1>" }, .code = 401)), RG_EINVAL);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }), A({ "<sip:a@10.0.0.1>" }, .code = 100)), RG_EINVAL);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }), A({ "<sip:a@10.0.0.1>" }, .code = 300)), RG_EINVAL);
	cr_expect_eq(save_answered(&w, R({ "<sip:a@10.0.0.1>" }), A({ "<sip:a@10.0.0.1>" }, .code = 202)), 200);
	rg_upstream_init(&up, sizeof up);
	cr_expect_eq(rg_merge_reply(NULL, &r, &up, NULL, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_eq(rg_merge_reply(NULL, &r, NULL, NULL, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL);
	up.code = 200;
	up.n_contacts = 1;
	cr_expect_eq(rg_merge_reply(NULL, &r, &up, NULL, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL, "a count without its array");
	up.n_contacts = 0;
	cr_expect_eq(rg_merge_reply(NULL, NULL, &up, NULL, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL);
	rg_upstream_init(NULL, sizeof up);
	cr_expect_eq(rg_response_rewrite_count(NULL), 0);
	end_world(&w);
}

/* The client sees the main registrar's Feature-Caps, so the main registrar wakes it, or nobody. */
Test(register_upstream, push_is_a_matter_of_the_main_registrar)
{
#define TOKEN "pn-provider=apns;pn-param=x;pn-prid=y"
	world w = new_world();

	set(&w, "pn_enable", "1");
	set(&w, "pn_enable_purr", "1");
	set(&w, "pn_providers", "apns");
	cr_assert_eq(save_answered(&w, R({ "<sip:a@h1;" TOKEN ">" }), A({ "<sip:a@h1;" TOKEN ">;expires=60" })), 200);
	cr_expect(binding(&w, 0).flags == 0 && binding(&w, 0).wake == 0);
	cr_expect_eq(lifetime(&w, 0), 60);
	same_text(header(&w, "Feature-Caps"), "");
	/* The device keeps its binding when its address changes, and a provider that is unknown here is none of our business. */
	cr_assert_eq(save_answered(&w, R({ "<sip:a@h2;" TOKEN ">" }, .callid = "c2"), A({ "<sip:a@h2;" TOKEN ">;expires=60" })), 200);
	same_text(outcomes(&w), "U");
	cr_assert_eq(save_answered(&w, R({ "<sip:a@h3;pn-provider=foreign>" }, .callid = "c3"), A({ "<sip:a@h3;pn-provider=foreign>;expires=60" })), 200);
	same_text(outcomes(&w), "I");
	cr_assert_eq(save_answered(&w, R({ "<sip:a@h4;" TOKEN ">;expires=0" }, .callid = "c4"), A({ NULL })), 200);
	same_text(outcomes(&w), "D");
	end_world(&w);
}
