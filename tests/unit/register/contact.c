/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

typedef struct one_case {
	const char *contact, *expires;
	int32_t want;
} one_case;

static void run(const one_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		world w = new_world();

		save(&w, .contact = { cases[i].contact }, .expires = cases[i].expires);
		cr_expect_eq(reason(&w), cases[i].want, "%s / %s: %s", cases[i].contact, cases[i].expires ? cases[i].expires : "-",
			rg_reason_name(reason(&w)));
		cr_expect(cases[i].want == RG_R_FINE || !rg_plan_commits(w.plan));
		end_world(&w);
	}
}

#define RUN(cases) run(cases, sizeof cases / sizeof *cases)

Test(register_contact, a_malformed_contact_is_never_a_query)
{
	static const one_case cases[] = {
		{ "", NULL, RG_R_PARSE_CONT },
		{ " ", NULL, RG_R_PARSE_CONT },
		{ "<sip:>", NULL, RG_R_PARSE_CONT },
		{ "%", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7", NULL, RG_R_PARSE_CONT },
		{ "\"Alice <sip:alice@192.0.2.7>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>expires=5", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;;expires=5", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7:0>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7:65536>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>, ", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>,,<sip:bob@192.0.2.7>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>, <sip:", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>\r\nEvil: 1", NULL, RG_R_PARSE_CONT },
		{ "\"A\r\nEvil: 1\" <sip:alice@192.0.2.7>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;x=\"\r\nEvil: 1\"", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;x=a\r\nEvil: 1", NULL, RG_R_PARSE_CONT },
		{ "<sip:ali\nce@192.0.2.7>", NULL, RG_R_PARSE_CONT },
		{ "<http://a/\r\nEvil: 1>", NULL, RG_R_PARSE_CONT },
		{ "<http://a/\">", NULL, RG_R_PARSE_CONT },
		{ "<http://a/ b>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;expires=5;expires=6", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;q=1;Q=0", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;+sip.instance=<urn:x:1>", NULL, RG_R_PARSE_CONT }, /* no gen-value */
		{ "<sip:alice@192.0.2.7>;+sip.instance=\"<urn:x:1>", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;+sip.instance=", NULL, RG_R_PARSE_CONT }, { "<sip:alice@192.0.2.7>;reg-id=", NULL, RG_R_PARSE_CONT },
		{ "<sip:alice@192.0.2.7>;+sip.instance=\"<urn:x:1>\"", NULL, RG_R_FINE },
		{ "<tel:+15550100>", NULL, RG_R_FINE },
		{ "sip:alice@192.0.2.7;expires=60;transport=udp", NULL, RG_R_FINE },
	};

	RUN(cases);
}

Test(register_contact, octets_a_c_string_cannot_hold_are_refused)
{
	world w = new_world();

	cr_expect_eq(save(&w, .raw_contact = RG_STR("<sip:ali\0ce@192.0.2.7>")), 400);
	cr_expect_eq(save(&w, .raw_contact = RG_STR("<sip:alice@192.0.2.7>;x=\"\0\"")), 400);
	cr_expect_eq(save(&w, .raw_contact = RG_STR("<mailto:a\0b>")), 400);
	cr_expect_null(w.record);
	end_world(&w);
}

Test(register_contact, a_star_stands_alone_with_expires_zero)
{
	static const one_case cases[] = {
		{ "*", "0", RG_R_FINE },
		{ "*", NULL, RG_R_STAR_EXP },
		{ "*", "1", RG_R_STAR_EXP },
		{ "*", "-1", RG_R_PARSE_EXP },
		{ "*;expires=0", "0", RG_R_STAR_CONT },
		{ "*;expires=0", NULL, RG_R_STAR_CONT },
		{ "*, <sip:alice@192.0.2.7>", "0", RG_R_STAR_CONT },
		{ "<sip:alice@192.0.2.7>, *", "0", RG_R_STAR_CONT },
		{ "*, *", "0", RG_R_STAR_CONT },
	};

	RUN(cases);
}

Test(register_contact, q_is_a_qvalue)
{
	static const one_case cases[] = {
		{ "<sip:a@192.0.2.7>;q=0", NULL, RG_R_FINE }, { "<sip:a@192.0.2.7>;q=1.000", NULL, RG_R_FINE },
		{ "<sip:a@192.0.2.7>;q=0.385", NULL, RG_R_FINE }, { "<sip:a@192.0.2.7>;q=1.001", NULL, RG_R_INV_Q },
		{ "<sip:a@192.0.2.7>;q=2.5", NULL, RG_R_INV_Q }, { "<sip:a@192.0.2.7>;q=-1", NULL, RG_R_INV_Q },
		{ "<sip:a@192.0.2.7>;q=0.1234", NULL, RG_R_INV_Q }, { "<sip:a@192.0.2.7>;q=", NULL, RG_R_PARSE_CONT },
		{ "<sip:a@192.0.2.7>;q", NULL, RG_R_INV_Q }, { "<sip:a@192.0.2.7>;q=\"1\"", NULL, RG_R_INV_Q },
	};

	RUN(cases);
}

/* Parameters that are malformed as an instance or as a reg-id, and the instance that each leaves. */
static const struct {
	const char *params, *instance;
} generic[] = {
	{ ";+sip.instance=abc", "" }, { ";+sip.instance=\"\"", "" }, { ";+sip.instance=\"<>\"", "" }, { ";+sip.instance", "" },
	{ ";+sip.instance=\"<urn:x:1\"", "" }, { ";+sip.instance=\"urn:x:1>\"", "" }, { ";+sip.instance=\"<urn:\\x:1>\"", "" },
	{ ";+sip.instance=\"<\"", "" }, { ";+SIP.Instance=[::1]", "" },
	{ ";+sip.instance=\"urn:uuid:1\"", "urn:uuid:1" }, { ";+sip.instance=\"abc\"", "abc" }, { ";+sip.instance=\"<abc>\"", "<abc>" },
	{ ";+sip.instance=\"<urn:uuid:1>\";reg-id=0", "<urn:uuid:1>" }, { ";reg-id=2147483648;+sip.instance=\"<urn:uuid:1>\"", "<urn:uuid:1>" },
	{ ";+sip.instance=abc;reg-id=1", "" }, { ";+sip.instance=\"<urn:uuid:1>\";Reg-ID=1;a=1", "<urn:uuid:1>" },
	{ ";reg-id=0", "" }, { ";reg-id=1", "" }, { ";reg-id=2147483647", "" }, { ";reg-id=4294967297", "" }, { ";reg-id=-1", "" },
	{ ";reg-id=18446744073709551617", "" }, { ";reg-id", "" }, { ";reg-id=\"1\"", "" }, { ";reg-id=abc;+sip.instance=abc", "" },
};

Test(register_contact, without_outbound_instance_and_reg_id_are_parameters_like_others)
{
	for (size_t i = 0; i < sizeof generic / sizeof *generic; i++) {
		world w = new_world();
		char contact[128], listed[160];

		snprintf(contact, sizeof contact, "<sip:a@192.0.2.7>%s", generic[i].params);
		snprintf(listed, sizeof listed, "<sip:a@192.0.2.7>;expires=3600%s", generic[i].params);
		cr_assert_eq(save(&w, .contact = { contact }), 200, "%s", contact);
		same_text(put(&w, binding(&w, 0).params), generic[i].params);
		same_text(put(&w, binding(&w, 0).instance), generic[i].instance);
		cr_expect_eq(binding(&w, 0).reg_id, 0, "%s", contact);
		cr_expect_eq(binding(&w, 0).flags & RG_CONTACT_OUTBOUND, 0, "%s", contact);
		cr_expect_str_eq(header(&w, "Contact"), listed);
		snprintf(contact, sizeof contact, "<sip:a@192.0.2.7>%s;expires=0", generic[i].params);
		cr_expect_eq(save(&w, .contact = { contact }, .cseq = "2 REGISTER"), 200, "%s", contact);
		cr_expect_eq(rg_record_contact_count(w.record), 0, "%s", contact);
		end_world(&w);
	}
}

Test(register_contact, the_aor_itself_would_loop)
{
	static const one_case cases[] = {
		{ "<sip:alice@example.com>", NULL, RG_R_LOOP }, { "<sip:%61lice@EXAMPLE.com.;transport=udp>", NULL, RG_R_LOOP },
		{ "<sip:alice@example.com>", "0", RG_R_FINE }, { "<sip:alice@example.com:5062>", NULL, RG_R_FINE },
		{ "<sip:alice@example.com;maddr=192.0.2.1>", NULL, RG_R_FINE }, { "<sip:bob@example.com>", NULL, RG_R_FINE },
		{ "<sip:alice@phone.example.com>", NULL, RG_R_FINE },
	};

	RUN(cases);
}

Test(register_contact, the_host_matters_to_a_loop_even_where_it_is_no_part_of_the_key)
{
	world w = new_world();

	set(&w, "use_domain", "0");
	cr_expect_eq(save(&w, .contact = { "<sip:alice@192.0.2.7>" }), 200);
	cr_expect_eq(save(&w, .contact = { "<sip:alice@example.com>" }, .cseq = "2 REGISTER"), 403);
	end_world(&w);
}

Test(register_contact, a_sips_contact_needs_a_sips_request_uri)
{
	world w = new_world();

	cr_expect_eq(save(&w, .contact = { "<sips:alice@192.0.2.7>" }), 400);
	cr_expect_eq(reason(&w), RG_R_SIPS);
	cr_expect_eq(save(&w, .contact = { "<sips:alice@192.0.2.7>" }, .request_uri = "SIPS:example.com"), 200);
	cr_expect_eq(save(&w, .contact = { "<sip:alice@192.0.2.8>" }, .request_uri = "sips:example.com"), 200);
	end_world(&w);
}

Test(register_contact, what_only_a_server_sets_is_not_stored_and_the_rest_is_kept_verbatim_and_in_order)
{
	world w = new_world();
	rg_contact c = { .struct_size = sizeof c };

	cr_assert_eq(save(&w,
		.contact = { "\"A\" <sip:alice@192.0.2.7>;Expires=99;b=\"x;y\" ; a=1;Q=0.5;received=\"sip:6.6.6.6\";PUB-GRUU=\"x\";"
		"temp-gruu=\"y\";+sip.instance=\"<urn:uuid:1>\";reg-id=3;flag" }), 200);
	c = binding(&w, 0);
	same_text(put(&w, c.params), ";b=\"x;y\";a=1;+sip.instance=\"<urn:uuid:1>\";reg-id=3;flag");
	same_text(put(&w, c.instance), "<urn:uuid:1>");
	cr_expect_eq(c.reg_id, 0, "without outbound a reg-id makes no flow (RFC 5626 §6)");
	cr_expect_eq(c.q, 500);
	cr_expect_eq(c.received.n, 0);
	same_text(header(&w, "Contact"), "<sip:alice@192.0.2.7>;q=0.5;expires=99;b=\"x;y\";a=1;+sip.instance=\"<urn:uuid:1>\";reg-id=3;flag");
	end_world(&w);
}

Test(register_contact, parameters_are_stored_alike_however_they_stand_between_others)
{
	static const struct {
		const char *given, *stored;
	} cases[] = {
		{ "", "" }, { ";q=1", "" }, { ";a=1", ";a=1" }, { "; a=1", ";a=1" }, { ";a =1", ";a=1" }, { ";a= 1", ";a=1" }, { ";a=1 ", ";a=1" },
		{ ";a=1;b", ";a=1;b" }, { ";a;q=1;b", ";a;b" }, { ";q=1;a;b;expires=9;c=\"x\"", ";a;b;c=\"x\"" }, { ";a;b ;c;d", ";a;b;c;d" },
		{ ";a;\tb;c", ";a;b;c" }, { ";q=1; a;b", ";a;b" }, { ";a;b=2;c = 3;q=1;d", ";a;b=2;c=3;d" }, { "\t;a;b", ";a;b" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world w = new_world();
		char text[128];

		snprintf(text, sizeof text, "<sip:a@192.0.2.7>%s, <sip:b@192.0.2.7>%s", cases[i].given, cases[i].given);
		cr_assert_eq(save(&w, .contact = { text }), 200, "%s", text);
		for (uint32_t k = 0; k < 2; k++) {
			rg_contact c = binding(&w, k);

			cr_expect(rg__eq(c.params, rg_str_from(cases[i].stored)), "%s: '%.*s'", text, (int)c.params.n, c.params.p);
		}
		end_world(&w);
	}
}

Test(register_contact, a_reg_id_that_is_stated_twice_is_refused)
{
	world w = new_world();

	cr_expect_eq(save(&w, .contact = { "<sip:alice@192.0.2.7>;reg-id=1;reg-id=2;+sip.instance=\"<urn:uuid:1>\"" }), 400);
	end_world(&w);
}

Test(register_contact, received_is_the_hosts_unless_the_client_is_trusted)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7>;received=\"sip:6.6.6.6\"" }, .received = "sip:192.0.2.1:5070");
	same_text(put(&w, binding(&w, 0).received), "sip:192.0.2.1:5070");
	same_text(put(&w, binding(&w, 0).next_hop), "192.0.2.1:5070");
	set(&w, "trust_contact_received", "1");
	save(&w, .contact = { "<sip:a@192.0.2.7>;received=\"sip:6.6.6.6\"" }, .cseq = "2 REGISTER", .received = "sip:192.0.2.1:5070");
	same_text(put(&w, binding(&w, 0).received), "sip:6.6.6.6");
	same_text(put(&w, binding(&w, 0).next_hop), "6.6.6.6:5060");
	cr_expect_eq(save(&w, .contact = { "<sip:a@192.0.2.7>;received=\"nonsense\"" }, .cseq = "3 REGISTER"), 400);
	end_world(&w);
}

Test(register_contact, default_q_is_for_contacts_that_state_none)
{
	world w = new_world();

	set(&w, "default_q", "250");
	save(&w, .contact = { "<sip:a@192.0.2.7>, <sip:b@192.0.2.7>;q=1" });
	cr_expect_eq(binding(&w, 0).q, 250);
	cr_expect_eq(binding(&w, 1).q, 1000);
	end_world(&w);
}

Test(register_contact, other_schemes_are_kept_and_compared_octet_by_octet)
{
	world w = new_world();

	save(&w, .contact = { "<tel:+1-555>" });
	save(&w, .contact = { "<TEL:+1-555>" }, .cseq = "2 REGISTER");
	same_text(bindings(&w), "tel:+1-555 TEL:+1-555");
	save(&w, .contact = { "<tel:+1-555>" }, .cseq = "3 REGISTER");
	same_text(bindings(&w), "tel:+1-555 TEL:+1-555");
	end_world(&w);
}
