/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

/* A test of policy: a REGISTER, a clock and an expected text. */
Test(plan_text, of_a_register_that_adds_a_binding)
{
	static const char want[] =
		"at: 1700000000000\n"
		"response: 200 OK\n"
		"reason: FINE\n"
		"header: Contact: <sip:a@192.0.2.7>;q=0.5;expires=600\n"
		"header: Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
		"outcome: INSERTED\n"
		"outcome: IGNORED\n"
		"commit: record\n"
		"event: AOR_INSERT\n"
		"  callid: a84b4c76\n"
		"event: CONTACT_INSERT\n"
		"  callid: a84b4c76\n"
		"  binding: 0\n"
		"record: alice@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    q: 500\n"
		"    callid: a84b4c76\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700000600000\n"
		"    next_hop: 192.0.2.7:5060\n"
		"    user_agent: Acme Phone\n";
	const rg_str contacts[] = { RG_STR("<sip:a@192.0.2.7>;q=0.5;expires=600"), RG_STR("<sip:b@192.0.2.8>;expires=0") };
	rg_time clock = 1700000000000;
	uint8_t seed[32] = { 0 };
	char text[1024];
	rg_request r;
	rg_plan *plan;
	size_t n;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.com");
	r.to_header = RG_STR("<sip:alice@example.com>");
	r.from_header = RG_STR("<sip:alice@example.com>;tag=1");
	r.callid = RG_STR("a84b4c76");
	r.cseq = RG_STR("1 REGISTER");
	r.user_agent = RG_STR("Acme Phone");
	r.contacts = contacts;
	r.n_contacts = 2;
	for (int i = 0; i < 4; i++) { /* whatever the seed */
		seed[i] = (uint8_t)(7 * i);
		cr_assert_eq(rg_merge(NULL, &r, NULL, NULL, clock, seed, &plan, NULL), RG_OK);
		cr_assert_eq(rg_plan_text(plan, 0, text, sizeof text - 1, &n), RG_OK);
		text[n] = '\0';
		cr_expect_str_eq(text, want);
		rg_plan_free(plan);
	}
}

Test(plan_text, of_an_update_tells_what_was_before)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=600;q=0.5" }, .user_agent = "Acme Phone");
	w.now += 1000;
	save(&w, .contact = { A ";expires=60" }, .callid = "call-2", .attr = "caf\xc3\xa9");
	same_text(decision(&w),
		"at: 1700000001000\n"
		"response: 200 OK\n"
		"reason: FINE\n"
		"header: Contact: <sip:a@192.0.2.7>;expires=60\n"
		"header: Date: Tue, 14 Nov 2023 22:13:21 GMT\n"
		"outcome: UPDATED\n"
		"commit: record\n"
		"event: CONTACT_UPDATE\n"
		"  callid: call-2\n"
		"  binding: 0\n"
		"  before:\n"
		"    q: 500\n"
		"    callid: call-1\n"
		"    modified: 1700000000000\n"
		"    expires: 1700000600000\n"
		"    user_agent: Acme Phone\n"
		"    no: attr\n"
		"    another: generation\n"
		"record: alice@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-2\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000001000\n"
		"    expires: 1700000061000\n"
		"    next_hop: 192.0.2.7:5060\n"
		"    attr: caf\\xc3\\xa9\n");
	end_world(&w);
}

Test(plan_text, of_a_refusal)
{
	world w = new_world();

	set(&w, "max_contacts", "1");
	save(&w, .contact = { A });
	save(&w, .contact = { B }, .callid = "call-2");
	same_text(decision(&w),
		"at: 1700000000000\n"
		"response: 503 Service Unavailable\n"
		"reason: TOO_MANY\n"
		"header: Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
		"header: P-Registrar-Error: Too many registered contacts\n"
		"commit: nothing\n");
	end_world(&w);
}

Test(plan_text, of_an_eviction)
{
	world w = new_world();

	set(&w, "max_contacts", "2");
	flags(&w, "force-registration");
	save(&w, .contact = { A ";expires=60" });
	save(&w, .contact = { B }, .callid = "call-2");
	save(&w, .contact = { "<sip:c@192.0.2.9;transport=tcp>" }, .callid = "call-3", .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp");
	same_text(decision(&w),
		"at: 1700000000000\n"
		"response: 200 OK\n"
		"reason: FINE\n"
		"header: Contact: <sip:c@192.0.2.9;transport=tcp>;expires=3600\n"
		"header: Contact: <sip:b@192.0.2.8>;expires=3600\n"
		"header: Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
		"connection_lifetime: 3610\n"
		"outcome: INSERTED\n"
		"commit: record\n"
		"event: CONTACT_DELETE\n"
		"  reason: evicted\n"
		"  callid: call-3\n"
		"  before:\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700000060000\n"
		"    next_hop: 192.0.2.7:5060\n"
		"event: CONTACT_INSERT\n"
		"  callid: call-3\n"
		"  binding: 1\n"
		"record: alice@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:b@192.0.2.8\n"
		"    callid: call-2\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700003600000\n"
		"    next_hop: 192.0.2.8:5060\n"
		"  binding: 1\n"
		"    uri: sip:c@192.0.2.9;transport=tcp\n"
		"    callid: call-3\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700003600000\n"
		"    next_hop: 192.0.2.9:5060\n"
		"  removal: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 1\n"
		"    at: 1700000000000\n");
	end_world(&w);
}

Test(plan_text, of_an_expiry_that_deletes_the_record)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=60" });
	w.now += 60000;
	rg_plan_free(w.plan);
	cr_assert_eq(rg_expire(w.record, NULL, 0, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	same_text(decision(&w),
		"at: 1700000060000\n"
		"commit: delete\n"
		"event: CONTACT_EXPIRE\n"
		"  before:\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700000060000\n"
		"    next_hop: 192.0.2.7:5060\n"
		"event: AOR_DELETE\n");
	end_world(&w);
}

Test(plan_text, of_a_measurement)
{
	world w = new_world();

	save(&w, .contact = { A });
	cr_assert_eq(ping(&w, A, 1500), 1);
	same_text(decision(&w),
		"at: 1700000000000\n"
		"affected: 1\n"
		"commit: record\n"
		"event: LATENCY_UPDATE\n"
		"  binding: 0\n"
		"  before:\n"
		"    no: latency\n"
		"record: alice@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700003600000\n"
		"    next_hop: 192.0.2.7:5060\n"
		"    latency: 1500\n");
	end_world(&w);
}

Test(plan_text, of_a_reply_of_the_main_registrar_tells_what_to_rewrite)
{
	const rg_str granted[] = { RG_STR("<sip:proxy.example.com>;expires=90") }, forwarded[] = { RG_STR("sip:proxy.example.com") };
	spec s = { .contact = { A }, .flags = RG_REQUEST_TCP_PERSISTENT };
	world w = new_world();
	rg_upstream upstream;
	spec_room room;
	rg_request r = request_of(&s, &room);

	rg_upstream_init(&upstream, sizeof upstream);
	upstream.code = 200;
	upstream.contacts = granted;
	upstream.modified = forwarded;
	upstream.n_modified = 1;
	upstream.n_contacts = 1;
	cr_assert_eq(rg_merge_reply(NULL, &r, &upstream, w.config, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_expect_not_null(strstr(decision(&w), "no_reply: yes\nrewrite: 0 sip:a@192.0.2.7\noutcome: INSERTED\n"), "%s", w.text);
	end_world(&w);
}

/* A record that another program wrote may hold any octets. */
Test(plan_text, is_not_open_to_injection)
{
	static const rg_revision first = { { 1 } };
	rg_key key = { RG_STR("location\nat: 1"), RG_STR("alice\n"), RG_STR("example.com\r") };
	world w = new_world();
	rg_contact c = { .struct_size = sizeof c };

	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = RG_STR("sip:a\nevent: AOR_DELETE");
	c.callid = RG_STR("call\r\n  binding: 9");
	c.path = RG_STR("<sip:p>\n<sip:\x0bq>");
	c.expires = w.now + 1;
	cr_assert_eq(rg_record_new(&key, &first, &c, 1, NULL, 0, RG__ABSENT, &w.record), RG_OK);
	same_text(record_text(&w),
		"record: alice%0A@example.com\\x0d\n"
		"  domain: location\\x0aat: 1\n"
		"  binding: 0\n"
		"    uri: sip:a\\x0aevent: AOR_DELETE\n"
		"    callid: call\\x0d\\x0a  binding: 9\n"
		"    cseq: 0\n"
		"    created: 0\n"
		"    modified: 0\n"
		"    expires: 1700000000001\n"
		"    path: <sip:p>\n"
		"    path: <sip:\\x0bq>\n");
	w.now++;
	cr_assert_eq(rg_expire(w.record, NULL, 0, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	same_text(decision(&w),
		"at: 1700000000001\n"
		"commit: delete\n"
		"event: CONTACT_EXPIRE\n"
		"  before:\n"
		"    uri: sip:a\\x0aevent: AOR_DELETE\n"
		"    callid: call\\x0d\\x0a  binding: 9\n"
		"    cseq: 0\n"
		"    created: 0\n"
		"    modified: 0\n"
		"    expires: 1700000000001\n"
		"    path: <sip:p>\n"
		"    path: <sip:\\x0bq>\n"
		"event: AOR_DELETE\n");
	end_world(&w);
}

Test(plan_text, tells_on_request_what_comes_from_the_seed)
{
	static const char *const names[] = { "\n    id: ", "\n    generation: ", "\n    request_hash: ", "\n  revision: " };
	world w = new_world();
	static char text[4096];
	size_t n;

	save(&w, .contact = { A });
	cr_assert_eq(rg_plan_text(w.plan, RG_TEXT_OPAQUE, text, sizeof text - 1, &n), RG_OK);
	text[n] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cr_expect_not_null(strstr(text, names[i]), "%s", names[i]);
		cr_expect_null(strstr(decision(&w), names[i]), "%s", names[i]);
	}
	end_world(&w);
}

Test(plan_text, needs_a_plan_and_room)
{
	world w = new_world();
	char room[8];
	size_t n = 7, whole;

	save(&w, .contact = { A });
	cr_expect_eq(rg_plan_text(NULL, 0, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_plan_text(w.plan, 0, NULL, 1, &n), RG_EINVAL);
	cr_expect_eq(rg_plan_text(w.plan, 0, room, sizeof room, NULL), RG_EINVAL);
	cr_expect_eq(rg_plan_text(w.plan, 0, NULL, 0, &whole), RG_OK);
	cr_expect_eq(rg_plan_text(w.plan, 0, room, sizeof room, &n), RG_OK);
	cr_expect_eq(n, whole);
	cr_expect_eq(memcmp(room, "at: 1700", sizeof room), 0);
	cr_expect_eq(whole, strlen(decision(&w)));
	end_world(&w);
}
