/* SPDX-License-Identifier: MIT */
/* Class 4: REGISTERs that were recorded and are played again, or come late, or in another order. */
#include "kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"
#define EVIL "<sip:a@203.0.113.66>"

enum { STEPS = 8 };

/* One request of a story: sent `after` seconds after the one before it. */
typedef struct step {
	const char *contact, *expires, *cseq, *callid;
	int after;
	int32_t code;
	const char *bindings; /* whom alice is reached at then; NULL = as before, with not an octet changed and not an event raised */
} step;

typedef struct story {
	const char *name;
	step steps[STEPS];
} story;

static const story stories[] = {
	{ "an older REGISTER after a refresh", { { A, 0, "1", 0, 0, 200, "sip:a@192.0.2.7" }, { A, 0, "2", 0, 1, 200, "sip:a@192.0.2.7" },
		{ A, 0, "1", 0, 1, 400, NULL }, { A, 0, "0", 0, 0, 400, NULL }, { A, 0, "1", 0, 3000, 400, NULL } } },
	{ "REGISTERs in another order", { { A, 0, "3", 0, 0, 200, "sip:a@192.0.2.7" }, { A ";expires=60", 0, "2", 0, 0, 400, NULL },
		{ A, "0", "1", 0, 0, 400, NULL }, { A, 0, "4", 0, 0, 200, "sip:a@192.0.2.7" } } },
	{ "an old un-REGISTER after a later REGISTER", { { A, 0, "1", 0, 0, 200, "sip:a@192.0.2.7" }, { A, "0", "2", 0, 0, 200, "" },
		{ A, 0, "3", 0, 0, 200, "sip:a@192.0.2.7" }, { A, "0", "2", 0, 1, 200, NULL }, { A ";expires=0", 0, "2", 0, 1, 400, NULL },
		{ A, "0", "1", 0, 1, 400, NULL }, { A, "0", "2", 0, 40, 400, NULL } } },
	{ "a REGISTER that comes after the un-REGISTER", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A, "0", "7", 0, 0, 200, "" },
		{ A, 0, "6", 0, 0, 400, NULL },
		{ A, 0, "5", 0, 1, 400, NULL }, { A, 0, "7", 0, 30, 400, NULL }, { A, 0, "6", 0, 0, 400, NULL },
			{ A, 0, "6", 0, 1, 200, "sip:a@192.0.2.7" } } },
	{ "an un-REGISTER before its REGISTER", { { B, 0, "1", 0, 0, 200, "sip:b@192.0.2.8" }, { A, "0", "3", 0, 0, 200, NULL },
		{ A, 0, "4", 0, 1, 200, "sip:b@192.0.2.8 sip:a@192.0.2.7" },
		{ A, "0", "3", 0, 0, 400, NULL } } },
	{ "a star with a lower, an equal and a higher CSeq", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" },
		{ "*", "0", "4", 0, 0, 400, NULL }, { "*", "0", "5", 0, 0, 400, NULL },
		{ "*", "0", "6", 0, 0, 200, "" }, { "*", "0", "6", 0, 1, 200, NULL }, { "*", "0", "5", 0, 1, 400, NULL },
			{ A, 0, "5", 0, 1, 400, NULL } } },
	{ "a star that some bindings outrank takes none", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" },
		{ B, 0, "9", 0, 1, 200, "sip:a@192.0.2.7 sip:b@192.0.2.8" },
		{ "*", "0", "6", 0, 0, 400, NULL }, { "*", "0", "9", 0, 0, 400, NULL }, { "*", "0", "10", 0, 0, 200, "" } } },
	{ "a star of another Call-ID", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { "*", "0", "1", "other", 0, 200, "" },
		{ "*", "0", "1", "other", 1, 200, NULL },
		{ A, 0, "1", "other", 0, 400, NULL }, { A, 0, "2", "other", 0, 200, "sip:a@192.0.2.7" } } },
	{ "a star again, when somebody has come back", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { "*", "0", "6", 0, 0, 200, "" },
		{ A, 0, "7", 0, 0, 200, "sip:a@192.0.2.7" },
		{ "*", "0", "6", 0, 0, 200, NULL }, { "*", "0", "6", 0, 40, 400, NULL } } },
	{ "the very same again", { { A ";q=0.5;expires=100;x=1", "200", "5", 0, 0, 200, "sip:a@192.0.2.7" },
		{ A ";q=0.5;expires=100;x=1", "200", "5", 0, 1, 200, NULL },
		{ A ";q=0.5;expires=100;x=1", "200", "5", 0, 40, 200, NULL }, { A ";q=0.5;expires=100;x=1", "200", "0005", 0, 0, 200, NULL } } },
	{ "the same CSeq with another q", { { A ";q=0.5", 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A ";q=0.6", 0, "5", 0, 0, 400, NULL },
		{ A, 0, "5", 0, 0, 400, NULL } } },
	{ "the same CSeq with another expiry", { { A, "100", "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A, "101", "5", 0, 0, 400, NULL },
		{ A ";expires=100", 0, "5", 0, 0, 400, NULL },
		{ A, "0", "5", 0, 0, 400, NULL }, { A, 0, "5", 0, 0, 400, NULL }, { A, "7200", "5", 0, 0, 400, NULL } } },
	{ "the same CSeq with other params", { { A ";x=1", 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A ";x=2", 0, "5", 0, 0, 400, NULL },
		{ A, 0, "5", 0, 0, 400, NULL },
		{ A ";x=1;y", 0, "5", 0, 0, 400, NULL } } },
	{ "the same CSeq with another spelling", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" },
		{ "<sip:%61@192.0.2.7>", 0, "5", 0, 0, 400, NULL },
		{ "\"x\" " A, 0, "5", 0, 0, 400, NULL } } },
	{ "the same CSeq with one more Contact", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A ", " EVIL, 0, "5", 0, 0, 400, NULL },
		{ EVIL ", " A, 0, "5", 0, 0, 400, NULL },
		{ A ", " A, 0, "5", 0, 0, 400, NULL } } },
	{ "one that is refused takes nothing with it", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" },
		{ B ", " A ";expires=0", 0, "4", 0, 0, 400, NULL },
		{ A, 0, "6", 0, 0, 200, "sip:a@192.0.2.7" }, { B ", " A ";expires=0", 0, "6", 0, 0, 400, NULL } } },
	{ "a phone that started anew", { { A, 0, "2147483647", 0, 0, 200, "sip:a@192.0.2.7" },
		{ A, 0, "1", "reboot", 0, 200, "sip:a@192.0.2.7" }, { A, 0, "1", "reboot", 0, 200, NULL },
		{ A, 0, "0", "reboot", 0, 400, NULL }, { A, 0, "2", "reboot", 0, 200, "sip:a@192.0.2.7" } } },
	{ "the last CSeq there is", { { A, 0, "2147483646", 0, 0, 200, "sip:a@192.0.2.7" },
		{ A, 0, "2147483647", 0, 0, 200, "sip:a@192.0.2.7" }, { A, 0, "2147483648", 0, 0, 400, NULL },
		{ A, 0, "4294967296", 0, 0, 400, NULL }, { A, 0, "18446744073709551617", 0, 0, 400, NULL }, { A, 0, "0", 0, 0, 400, NULL } } },
	{ "the first CSeq there is", { { A, 0, "0", 0, 0, 200, "sip:a@192.0.2.7" }, { A, 0, "0", 0, 0, 200, NULL },
		{ A, 0, "-1", 0, 0, 400, NULL },
		{ A, 0, "00000000000000000000000001", 0, 0, 200, "sip:a@192.0.2.7" }, { A, 0, "000", 0, 0, 400, NULL } } },
	{ "what lapsed blocks nothing", { { A ";expires=60", 0, "9", 0, 0, 200, "sip:a@192.0.2.7" },
		{ A, 0, "1", 0, 60, 200, "sip:a@192.0.2.7" }, { "*", "0", "2", 0, 0, 200, "" } } },
	{ "a star counts the living only", { { A ";expires=60", 0, "9", 0, 0, 200, "sip:a@192.0.2.7" },
		{ B, 0, "1", 0, 1, 200, "sip:a@192.0.2.7 sip:b@192.0.2.8" },
		{ "*", "0", "2", 0, 58, 400, NULL }, { "*", "0", "2", 0, 1, 200, "" } } },
	{ "removed and lapsed are two things", { { A ";expires=60", 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { A, "0", "7", 0, 50, 200, "" },
		{ A, 0, "6", 0, 11, 400, NULL },
		{ A, 0, "6", 0, 21, 200, "sip:a@192.0.2.7" } } },
	{ "who refused to go stays", { { A, 0, "5", 0, 0, 200, "sip:a@192.0.2.7" }, { EVIL ";expires=0", 0, "9", 0, 0, 200, NULL },
		{ "<sip:a@192.0.2.7:5060>", "0", "9", 0, 0, 200, NULL },
		{ "<sips:a@192.0.2.7>", "0", "9", 0, 0, 400, NULL }, { "<sip:A@192.0.2.7>", "0", "9", 0, 0, 200, NULL } } },
};

static const char alice[] = "sip:alice@example.com";

static void play(site *s, const story *t, const step *p, int i)
{
	contents before;
	int32_t code;

	s->w.now += p->after * 1000LL;
	before = contents_of(s);
	code = send(s, .contact = { p->contact }, .expires = p->expires, .cseq = text(s, "%s REGISTER", p->cseq), .callid = p->callid);
	cr_expect_eq(code, p->code, "%s, step %d: %d %s", t->name, i, code, why(s));
	if (!p->bindings) {
		cr_expect_eq(s->n_events, 0, "%s, step %d: something is told", t->name, i);
		cr_expect(unchanged(s, &before), "%s, step %d: the store is another", t->name, i);
		return;
	}
	free(before.p);
	cr_expect_str_eq(reached(s, alice), p->bindings, "%s, step %d", t->name, i);
}

Test(takeover, what_is_played_again_or_late_changes_nothing)
{
	for (size_t i = 0; i < ROWS(stories); i++) {
		site *s = new_site();

		for (int k = 0; k < STEPS && stories[i].steps[k].contact; k++)
			play(s, &stories[i], &stories[i].steps[k], k);
		end_site(s);
	}
}

Test(takeover, the_answer_to_a_wrong_cseq_is_the_configured_one)
{
	site *s = new_site();

	configure(s, "cseq_code", "500");
	configure(s, "retry_after", "3");
	cr_expect_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 200);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "4 REGISTER"), 500);
	cr_expect_str_eq(why(s), "INV_CSEQ");
	cr_expect_eq(send(s, .contact = { "*" }, .expires = "0", .cseq = "5 REGISTER"), 500);
	end_site(s);
}

Test(takeover, a_cseq_that_is_none_is_refused)
{
	static const char *const cseqs[] = { "", " ", "REGISTER", "1", "1 ", "1 INVITE", "1 register", "-1 REGISTER", "+1 REGISTER",
		"1.0 REGISTER", "0x1 REGISTER", "1e3 REGISTER",
		"1REGISTER", "1 REGISTER x", "1, 2 REGISTER", "2147483648 REGISTER", "4294967295 REGISTER", "4294967296 REGISTER",
			"9223372036854775808 REGISTER",
		"18446744073709551616 REGISTER", "99999999999999999999 REGISTER" };
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { A }), 200);
	for (size_t i = 0; i < ROWS(cseqs); i++)
		cr_expect_eq(send(s, .contact = { A }, .cseq = cseqs[i]), 400, "%s", cseqs[i]);
	end_site(s);
}

/* A REGISTER that went to alice, sent to bob: bob's is another record, so it is news there, and nothing of alice's moves. */
Test(takeover, a_request_sent_to_another_user_leaves_the_first_alone)
{
	static const struct { const char *contact; int32_t bindings; } requests[] = {
		{ A, 1 }, { EVIL, 1 }, { "*", 0 }, { A ";expires=0", 0 },
	};

	for (size_t i = 0; i < ROWS(requests); i++) {
		const char *contact = requests[i].contact;
		site *s = new_site();
		const char *key = NULL;

		cr_assert_eq(send(s, .contact = { A ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"" },
			.cseq = "5 REGISTER"), 200);
		contents before = contents_of(s);
		cr_expect_eq(send(s, .to = "<sip:bob@example.com>", .contact = { contact },
			.expires = contact[0] == '*' ? "0" : NULL, .cseq = "9 REGISTER"), 200, "%s", contact);
		cr_expect_str_eq(reached(s, alice), "sip:a@192.0.2.7");
		cr_expect_eq(records(s), 1 + (uint32_t)requests[i].bindings, "%s", contact);
		cr_expect_eq(registered(s, "sip:bob@example.com", &key), requests[i].bindings, "%s", contact);
		cr_expect_str_eq(key, "bob@example.com");
		cr_expect_eq(removed(s, "sip:bob@example.com", NULL), (uint32_t)requests[i].bindings, "%s", contact);
		s->w.now += RG_REMOVAL_KEEP;
		tick(s, 0);
		cr_expect(unchanged(s, &before), "%s", contact);
		end_site(s);
	}
}

Test(takeover, what_an_operator_removed_does_not_come_back_by_itself)
{
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { A, B }, .cseq = "5 REGISTER"), 200);
	cr_assert_eq(removed(s, alice, "sip:a@192.0.2.7"), 1);
	contents before = contents_of(s);
	cr_expect_eq(send(s, .contact = { A, B }, .cseq = "5 REGISTER"), 400);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 400);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "4 REGISTER"), 400);
	cr_expect(unchanged(s, &before));
	cr_expect_str_eq(reached(s, alice), "sip:b@192.0.2.8");
	cr_expect_eq(send(s, .contact = { A }, .cseq = "6 REGISTER"), 200);
	end_site(s);
}

Test(takeover, what_was_evicted_does_not_come_back_by_the_request_that_set_it)
{
	site *s = new_site();

	configure(s, "max_contacts", "1");
	flags(&s->w, "force-registration");
	cr_assert_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 200);
	s->w.now += 1000;
	cr_assert_eq(send(s, .contact = { B }, .cseq = "1 REGISTER", .callid = "other"), 200);
	contents before = contents_of(s);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 400);
	cr_expect(unchanged(s, &before));
	cr_expect_str_eq(reached(s, alice), "sip:b@192.0.2.8");
	end_site(s);
}

/* A request that was acted on is acted on no more as a whole, whatever has become of its parts. */
Test(takeover, a_repeat_revives_no_part_of_it)
{
	static const struct { const char *contacts; int after; const char *flags; } rows[] = {
		{ A ", " B ";expires=60", 60, "" },
		{ B ";expires=60, " A, 60, "" },
		{ A ";q=0.1, " A ";q=0.2", 1, "" },
		{ A ";+sip.instance=\"<urn:x:1>\", " B ";+sip.instance=\"<urn:x:1>\"", 1, "matching-mode=instance" },
		{ A ", <sip:c@192.0.2.9>;expires=0", 1, "" },
		{ B ";expires=0, " B, 1, "" },
		{ A ", " B ", " B ";expires=0", 1, "" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		flags(&s->w, rows[i].flags);
		cr_assert_eq(send(s, .contact = { B }, .cseq = "1 REGISTER"), 200);
		cr_assert_eq(send(s, .contact = { rows[i].contacts }, .cseq = "2 REGISTER"), 200);
		s->w.now += rows[i].after * 1000LL;
		contents before = contents_of(s);
		cr_expect_eq(send(s, .contact = { rows[i].contacts }, .cseq = "2 REGISTER"), 200, "%s", rows[i].contacts);
		cr_expect_eq(s->n_events, 0, "%s: something is told", rows[i].contacts);
		cr_expect(unchanged(s, &before), "%s: the store is another", rows[i].contacts);
		end_site(s);
	}
}

/* The old phone's last REGISTER, played again after the new one signed off: it must not come back. */
Test(takeover, who_was_removed_under_another_call_id_is_remembered_by_its_own)
{
	static const struct { const char *contact, *expires; } rows[] = { { A, "0" }, { "*", "0" }, { A ";expires=0", NULL } };

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		cr_assert_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 200);
		cr_assert_eq(send(s, .contact = { rows[i].contact }, .expires = rows[i].expires, .cseq = "3 REGISTER", .callid = "other"), 200);
		cr_expect_eq(send(s, .contact = { A }, .cseq = "4 REGISTER"), 400, "%s", rows[i].contact);
		cr_expect_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 400, "%s", rows[i].contact);
		cr_expect_eq(s->n_events, 0, "%s", rows[i].contact);
		cr_expect_str_eq(reached(s, alice), "", "%s", rows[i].contact);
		cr_expect_eq(send(s, .contact = { A }, .cseq = "2 REGISTER", .callid = "other"), 400, "%s", rows[i].contact);
		cr_expect_eq(send(s, .contact = { A }, .cseq = "6 REGISTER"), 200, "%s", rows[i].contact);
		end_site(s);
	}
}

#define FLOW(n, cseq_) .callid = "flow", .cseq = cseq_ " REGISTER", .supported = { "outbound" }, .flow = "conn-" #n, \
	.contact = { "<sip:alice@192.0.2.7:50" #n ">;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=" #n }

Test(takeover, a_flow_of_another_user_is_out_of_reach)
{
	site *s = new_site();
	uint32_t n = 0;

	configure(s, "outbound_mode", "on");
	cr_expect_eq(send(s, FLOW(1, "1")), 200);
	cr_expect_eq(send(s, FLOW(2, "2")), 200);
	/* the same instance, reg-id, Call-ID and URI, under a name of one's own: set, removed, removed all at once */
	cr_expect_eq(send(s, FLOW(1, "9"), .to = "<sip:mallory@example.com>"), 200);
	cr_expect_eq(send(s, FLOW(1, "10"), .to = "<sip:mallory@example.com>", .expires = "0"), 200);
	cr_expect_eq(send(s, .contact = { "*" }, .expires = "0", .callid = "flow", .cseq = "11 REGISTER", .to = "<sip:mallory@example.com>"),
		200);
	cr_expect_eq(registered(s, "sip:alice@example.com", NULL), 2);
	cr_expect_eq(registered(s, "sip:mallory@example.com", NULL), 0);
	/* a flow's REGISTER again, and a late one, after its connection died */
	cr_expect_eq(rg_remove_flow(s->reg, RG__ABSENT, RG_STR("conn-1"), &n, NULL), RG_OK);
	cr_expect_eq(n, 1);
	cr_expect_eq(send(s, FLOW(1, "1")), 400, "a repeat would revive it");
	cr_expect_eq(registered(s, "sip:alice@example.com", NULL), 1, "and brings nothing back");
	cr_expect_eq(send(s, FLOW(1, "0")), 400);
	cr_expect_eq(send(s, FLOW(1, "3")), 200, "a newer one is the phone itself");
	cr_expect_eq(registered(s, "sip:alice@example.com", NULL), 2);
	end_site(s);
}

Test(takeover, a_plain_contact_takes_no_flow_and_a_flow_no_plain_contact)
{
	site *s = new_site();

	configure(s, "outbound_mode", "on");
	cr_expect_eq(send(s, FLOW(1, "1")), 200);
	cr_expect_eq(send(s, .contact = { "<sip:alice@192.0.2.7:501>;expires=0" }, .callid = "other"), 200);
	cr_expect_eq(registered(s, "sip:alice@example.com", NULL), 1, "the URI of a flow is not the flow");
	cr_expect_eq(send(s, .contact = { "<sip:alice@192.0.2.7:501>" }, .callid = "other", .cseq = "2 REGISTER"), 200);
	cr_expect_eq(send(s, FLOW(1, "2"), .expires = "0"), 200);
	cr_expect_str_eq(reached(s, "sip:alice@example.com"), "sip:alice@192.0.2.7:501");
	cr_expect_eq(registered(s, "sip:alice@example.com", NULL), 1);
	end_site(s);
}

Test(takeover, a_reply_for_one_user_leaves_others_and_newer_ones_alone)
{
	site *s = new_site();
	rg_str contact = RG_STR("<sip:alice@192.0.2.7>;expires=0"), elsewhere = RG_STR("<sip:x@203.0.113.9>;expires=9999");
	spec what = { .contact = { "<sip:alice@192.0.2.7>" }, .callid = "c", .cseq = "5 REGISTER" };
	spec old = { .contact = { "<sip:alice@192.0.2.7>" }, .callid = "c", .cseq = "4 REGISTER" };
	spec other = { .contact = { "<sip:alice@192.0.2.7>" }, .callid = "c", .cseq = "6 REGISTER", .to = "<sip:mallory@example.com>" };
	const spec *const tries[] = { &old, &other };
	rg_upstream up;

	cr_expect_eq(send_spec(s, what), 200);
	rg_upstream_init(&up, sizeof up);
	up.code = 200;
	up.n_contacts = 1;
	for (size_t i = 0; i < 4; i++) {
		spec_room room;
		rg_request r = request_of(tries[i % 2], &room);
		rg_response *response = NULL;

		up.contacts = i < 2 ? &contact : &elsewhere;
		cr_expect_eq(rg_save_reply(s->reg, &r, &up, NULL, &response, NULL), RG_OK);
		cr_expect_eq(rg_response_code(response), i % 2 ? 200 : 400);
		rg_response_free(response);
		cr_expect_str_eq(reached(s, "sip:alice@example.com"), "sip:alice@192.0.2.7");
		cr_expect_str_eq(reached(s, "sip:mallory@example.com"), "", "what is granted to nobody is nobody's");
	}
	end_site(s);
}
