/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define INSTANCE ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\""
#define FLOW(n) "<sip:alice@192.0.2.7:50" #n ">" INSTANCE ";reg-id=" #n
#define OB "<sip:edge.example.com;lr;ob>"
#define NO_OB "<sip:edge.example.com;lr>"

static world outbound_world(const char *mode)
{
	world w = new_world();

	set(&w, "outbound_mode", mode);
	return w;
}

/* The CSeq that comes next. */
static const char *next(world *w)
{
	static char text[32];

	snprintf(text, sizeof text, "%u REGISTER", w->seed[0] + 1u);
	return text;
}

Test(register_extensions, outbound_applies_where_all_of_it_is_there)
{
	static const struct {
		const char *mode, *contact, *path, *supported;
		uint32_t vias;
		int32_t reason;
		uint32_t reg_id;
		bool require;
	} rows[] = {
		{ "off", FLOW(1), NULL, "outbound", 1, RG_R_FINE, 0, false },
		{ "on", FLOW(1), NULL, "outbound", 1, RG_R_FINE, 1, true },
		{ "on", FLOW(1), NULL, NULL, 1, RG_R_FINE, 1, false },
		{ "on", FLOW(1), NULL, "path, OUTBOUND", 1, RG_R_FINE, 1, true },
		{ "on", FLOW(1), OB, "outbound", 2, RG_R_FINE, 1, true },
		{ "on", FLOW(1), OB, NULL, 2, RG_R_FINE, 1, false },
		{ "on", FLOW(1), NO_OB "," OB, "outbound", 3, RG_R_FINE, 1, true },
		{ "on", FLOW(1), OB "," NO_OB, "outbound", 3, RG_R_OB_EDGE, 0, false },
		{ "on", FLOW(1), NO_OB, "outbound", 2, RG_R_OB_EDGE, 0, false },
		{ "on", FLOW(1), NULL, "outbound", 2, RG_R_OB_EDGE, 0, false },
		{ "on", FLOW(1), NULL, "outbound", 0xffff, RG_R_OB_EDGE, 0, false },
		{ "on", FLOW(1), NO_OB, "path", 2, RG_R_FINE, 0, false },
		{ "on", "<sip:alice@192.0.2.7>;reg-id=1", NULL, "outbound", 1, RG_R_FINE, 0, false },
		{ "on", "<sip:alice@192.0.2.7>;reg-id=1", NULL, "outbound", 2, RG_R_FINE, 0, false },
		{ "on", "<sip:alice@192.0.2.7>" INSTANCE, NULL, "outbound", 1, RG_R_FINE, 0, false },
		{ "required", FLOW(1), NULL, "outbound", 1, RG_R_FINE, 1, true },
		{ "required", FLOW(1), OB, "path", 2, RG_R_FINE, 1, false },
		{ "required", FLOW(1), NO_OB, "outbound", 2, RG_R_OB_EDGE, 0, false },
		{ "required", FLOW(1), NO_OB, "path", 2, RG_R_OB_REQUIRED, 0, false },
		{ "required", "<sip:alice@192.0.2.7>", NULL, "outbound", 1, RG_R_OB_REQUIRED, 0, false },
		{ "required", "<sip:alice@192.0.2.7>;reg-id=1", NULL, "outbound", 1, RG_R_OB_REQUIRED, 0, false },
		{ "required", "<sip:alice@192.0.2.7>" INSTANCE, NULL, "outbound", 1, RG_R_OB_REQUIRED, 0, false },
		{ "required", "<sip:alice@192.0.2.7>;expires=0", NULL, NULL, 1, RG_R_FINE, 0, false },
		{ "required", "*", NULL, NULL, 1, RG_R_FINE, 0, false },
		{ "required", NULL, NULL, NULL, 1, RG_R_FINE, 0, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = outbound_world(rows[i].mode);
		bool star = rows[i].contact && rows[i].contact[0] == '*';

		save(&w, { rows[i].contact }, .path = { rows[i].path }, .supported = { rows[i].supported }, .via_count = rows[i].vias,
			.expires = star ? "0" : NULL);
		cr_expect_eq(reason(&w), rows[i].reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		cr_expect_str_eq(header(&w, "Require"), rows[i].require || rows[i].reason == RG_R_OB_REQUIRED ? "outbound" : "", "row %zu", i);
		if (rows[i].reason != RG_R_FINE)
			cr_expect_null(w.record);
		bool binds = rows[i].reason == RG_R_FINE && rows[i].contact && !star && !strstr(rows[i].contact, "expires=0");
		cr_assert_eq(rg_record_contact_count(w.record), binds, "row %zu", i);
		if (binds) {
			cr_expect_eq(binding(&w, 0).reg_id, rows[i].reg_id, "row %zu", i);
			cr_expect_eq((binding(&w, 0).flags & RG_CONTACT_OUTBOUND) != 0, rows[i].reg_id != 0, "row %zu", i);
		}
		end_world(&w);
	}
}

/* Only a REGISTER that outbound applies to needs the two parameters. */
Test(register_extensions, a_malformed_instance_or_reg_id_is_refused_only_where_a_flow_is_asked_for)
{
	static const struct {
		const char *mode, *params, *path, *supported;
		uint32_t vias;
		int32_t reason;
	} rows[] = {
		{ "off", ";+sip.instance=abc;reg-id=1", NULL, "outbound", 1, RG_R_FINE },
		{ "on", ";+sip.instance=abc;reg-id=1", NULL, "outbound", 1, RG_R_PARSE_CONT },
		{ "on", ";+sip.instance=abc;reg-id=1", NULL, NULL, 1, RG_R_PARSE_CONT },
		{ "on", ";reg-id=1;+sip.instance", NULL, NULL, 1, RG_R_PARSE_CONT },
		{ "on", ";reg-id=1;+sip.instance=\"<>\"", NULL, NULL, 1, RG_R_PARSE_CONT },
		{ "on", ";reg-id=1;+sip.instance=\"<urn:x:1\"", OB, NULL, 2, RG_R_PARSE_CONT },
		{ "on", INSTANCE ";reg-id=0", NULL, "outbound", 1, RG_R_PARSE_CONT },
		{ "on", INSTANCE ";reg-id=2147483648", NULL, "outbound", 1, RG_R_PARSE_CONT },
		{ "on", INSTANCE ";reg-id=0;expires=0", NULL, "outbound", 1, RG_R_PARSE_CONT },
		{ "on", INSTANCE ";reg-id", OB, NULL, 2, RG_R_PARSE_CONT },
		{ "on", INSTANCE ";reg-id=x", NO_OB, NULL, 2, RG_R_FINE },
		{ "on", INSTANCE ";reg-id=x", NO_OB, "outbound", 2, RG_R_OB_EDGE },
		{ "on", ";+sip.instance=abc;reg-id=1", NO_OB, NULL, 2, RG_R_FINE },
		{ "on", ";+sip.instance=abc", NULL, "outbound", 1, RG_R_FINE },
		{ "on", ";reg-id=0", NULL, "outbound", 1, RG_R_FINE },
		{ "on", ";+sip.instance=\"urn:x:1\";reg-id=1", NULL, "outbound", 1, RG_R_FINE },
		{ "required", INSTANCE ";reg-id=0", NULL, "outbound", 1, RG_R_PARSE_CONT },
		{ "required", ";+sip.instance=abc;reg-id=1", NO_OB, NULL, 2, RG_R_OB_REQUIRED },
		{ "required", ";+sip.instance=abc", NULL, NULL, 1, RG_R_OB_REQUIRED },
		{ "required", ";reg-id=0;expires=0", NULL, NULL, 1, RG_R_FINE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = outbound_world(rows[i].mode);
		char contact[160], listed[160];

		snprintf(contact, sizeof contact, "<sip:alice@192.0.2.7>%s", rows[i].params);
		snprintf(listed, sizeof listed, "<sip:alice@192.0.2.7>;expires=3600%s", rows[i].params);
		save(&w, { contact }, .path = { rows[i].path }, .supported = { rows[i].supported }, .via_count = rows[i].vias);
		cr_expect_eq(reason(&w), rows[i].reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		if (rows[i].reason != RG_R_FINE)
			cr_expect_null(w.record, "row %zu", i);
		else if (!strstr(contact, "expires=0"))
			cr_expect_str_eq(header(&w, "Contact"), listed, "row %zu", i);
		end_world(&w);
	}
}

Test(register_extensions, a_flow_has_its_instance_with_brackets_or_without)
{
	world w = outbound_world("on");

	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>;reg-id=1;+sip.instance=\"<urn:uuid:AB>\"" }, .cseq = next(&w)), 200);
	cr_expect_eq(save(&w, { "<sip:b@192.0.2.8>;reg-id=1;+sip.instance=\"urn:uuid:ab\"" }, .cseq = next(&w)), 200);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	same_text(put(&w, binding(&w, 0).instance), "urn:uuid:ab");
	cr_expect_eq(binding(&w, 0).reg_id, 1);
	cr_expect_eq(save(&w, { "<sip:b@192.0.2.8>;reg-id=1;+sip.instance=\"<urn:uuid:ab>\";expires=0" }, .cseq = next(&w)), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 0);
	end_world(&w);
}

Test(register_extensions, refusals_have_the_codes_of_their_rfc)
{
	world w = outbound_world("required");

	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7>" }), 421);
	same_text(rg_response_phrase(rg_plan_response(w.plan)), "Extension Required");
	cr_expect_eq(save(&w, { FLOW(1) }, .supported = { "outbound" }, .via_count = 2), 439);
	same_text(rg_response_phrase(rg_plan_response(w.plan)), "First Hop Lacks Outbound Support");
	end_world(&w);
}

Test(register_extensions, a_flow_is_its_instance_and_reg_id_and_nothing_else)
{
	world w = outbound_world("on");

	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = next(&w), .flow = "f1"), 200);
	cr_expect_eq(save(&w, { FLOW(2) }, .cseq = next(&w), .flow = "f2"), 200);
	same_text(bindings(&w), "sip:alice@192.0.2.7:501 sip:alice@192.0.2.7:502");
	/* another URI, another Call-ID, the instance in another case */
	cr_expect_eq(save(&w, { "<sip:x@198.51.100.1>;reg-id=1;+sip.instance=\"<URN:UUID:00000000-0000-1000-8000-000a95a0e128>\"" },
		.callid = "reboot", .flow = "f3"), 200);
	same_text(bindings(&w), "sip:x@198.51.100.1 sip:alice@192.0.2.7:502");
	same_text(put(&w, binding(&w, 0).flow), "f3");
	/* the same URI as a flow's, without one: a binding of its own, and no other instance's flow is meant */
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7:502>" }, .cseq = next(&w)), 200);
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7:502>;reg-id=2;+sip.instance=\"<urn:x:y>\"" }, .cseq = next(&w)), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 4);
	/* a removal takes its own flow */
	cr_expect_eq(save(&w, { FLOW(2) ";expires=0" }, .cseq = next(&w)), 200);
	same_text(bindings(&w), "sip:x@198.51.100.1 sip:alice@192.0.2.7:502 sip:alice@192.0.2.7:502");
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7:502>;expires=0" }, .cseq = next(&w)), 200);
	same_text(bindings(&w), "sip:x@198.51.100.1 sip:alice@192.0.2.7:502");
	cr_expect_eq(binding(&w, 1).reg_id, 2, "the flow of the other instance");
	end_world(&w);
}

Test(register_extensions, an_old_register_does_not_bring_a_removed_flow_back)
{
	world w = outbound_world("on");

	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = "1 REGISTER"), 200);
	cr_expect_eq(save(&w, { FLOW(1) ";expires=0" }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = "1 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	cr_expect_eq(save(&w, { FLOW(2) }, .cseq = "1 REGISTER"), 200, "another flow was not removed");
	end_world(&w);
}

Test(register_extensions, one_register_sets_one_flow)
{
	static const struct {
		const char *contact[3];
		int32_t reason;
	} rows[] = {
		{ { FLOW(1), FLOW(2) }, RG_R_OB_MULTI }, { { FLOW(1), "<sip:alice@192.0.2.9>" }, RG_R_OB_MULTI },
		{ { FLOW(1), FLOW(2) ";expires=0" }, RG_R_FINE }, { { FLOW(1) ";expires=0", FLOW(2) ";expires=0" }, RG_R_FINE },
		{ { "<sip:alice@192.0.2.8>", "<sip:alice@192.0.2.9>" }, RG_R_FINE },
		{ { "<sip:alice@192.0.2.8>;reg-id=1", "<sip:alice@192.0.2.9>" }, RG_R_FINE },
		{ { "<sip:alice@192.0.2.8>", "<sip:alice@192.0.2.9>", FLOW(1) ";expires=0" }, RG_R_FINE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = outbound_world("on");

		save(&w, { rows[i].contact[0], rows[i].contact[1], rows[i].contact[2] }, .supported = { "outbound" });
		cr_expect_eq(reason(&w), rows[i].reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		end_world(&w);
	}
}

Test(register_extensions, not_off_implies_a_lazy_path)
{
	world w = outbound_world("on");

	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7>" }, .path = { NO_OB }, .supported = { "path" }, .via_count = 2), 200);
	same_text(put(&w, binding(&w, 0).path), NO_OB);
	same_text(header(&w, "Path"), NO_OB);
	same_text(header(&w, "Supported"), "path, outbound");
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7>" }, .path = { NO_OB }, .require = { "path,outbound" }, .via_count = 2,
		.cseq = "2 REGISTER"),
		200);
	same_text(header(&w, "Path"), "");
	flags(&w, "path-off");
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7>" }, .path = { NO_OB }, .supported = { "path" }, .via_count = 2, .cseq = "3 REGISTER"),
		200);
	same_text(header(&w, "Path"), "");
	flags(&w, "path-strict");
	cr_expect_eq(save(&w, { "<sip:alice@192.0.2.7>" }, .path = { NO_OB }, .via_count = 2, .cseq = "4 REGISTER"), 420);
	end_world(&w);
}

Test(register_extensions, flow_timer_goes_with_require_on_a_direct_flow)
{
	static const struct {
		const char *contact, *path, *supported, *timer;
		uint32_t vias;
	} rows[] = {
		{ FLOW(1), NULL, "outbound", "95", 1 }, { FLOW(1), NULL, NULL, "", 1 }, { FLOW(1), OB, "outbound", "", 2 },
		{ FLOW(1), OB, "outbound", "95", 1 }, { "<sip:alice@192.0.2.7>", NULL, "outbound", "", 1 },
		{ FLOW(1) ";expires=0", NULL, "outbound", "95", 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = outbound_world("on");

		set(&w, "flow_timer", "95");
		cr_expect_eq(save(&w, { rows[i].contact }, .path = { rows[i].path }, .supported = { rows[i].supported },
			.via_count = rows[i].vias), 200);
		cr_expect_str_eq(header(&w, "Flow-Timer"), rows[i].timer, "row %zu", i);
		end_world(&w);
	}
}

Test(register_extensions, turning_outbound_off_makes_plain_bindings_again)
{
	world w = outbound_world("on");

	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = "1 REGISTER"), 200);
	set(&w, "outbound_mode", "off");
	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 2, "a flow is met by nothing but itself, and lapses");
	cr_expect_eq(binding(&w, 1).reg_id, 0);
	cr_expect_eq(save(&w, { FLOW(1) }, .cseq = "3 REGISTER"), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 2);
	end_world(&w);
}
