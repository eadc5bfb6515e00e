/* SPDX-License-Identifier: MIT */
/* Requests of other methods than REGISTER: the redirect server, and lookups whose targets are handed over. */
#include "kit.h"

static world world_with_phones(void)
{
	world w = world_new();
	answer a = send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>;q=0.25, <sip:b@192.0.2.2;transport=tcp>;q=1, <sip:c@192.0.2.3>\r\n\r\n");

	cr_assert_eq(a.code, 200, "%s", a.text);
	return w;
}

static const struct { const char *what, *text; int32_t code; const char *line; } cases[] = {
	{ "a call", ASK("INVITE", "sip:alice@example.com") "\r\n", 302, "\r\nContact: <sip:b@192.0.2.2;transport=tcp>;q=1\r\nContact: <sip:a@192.0.2.1>;q=0.25\r\n" },
	{ "an OPTIONS to a user", ASK("OPTIONS", "sip:alice@example.com") "\r\n", 302, "\r\nContact: <sip:c@192.0.2.3>\r\n" },
	{ "an unknown user", ASK("INVITE", "sip:bob@example.com") "\r\n", 404, "\r\nCall-ID: c9\r\n" },
	{ "another scheme", ASK("INVITE", "tel:+1") "\r\n", 416, "" },
	{ "no host", ASK("INVITE", "sip:@") "\r\n", 400, "" },
	{ "a CANCEL", ASK("CANCEL", "sip:alice@example.com") "\r\n", 481, "\r\nCSeq: 1 CANCEL\r\n" },
	{ "an OPTIONS to the server", ASK("OPTIONS", "sip:198.51.100.1") "\r\n", 200, "\r\nAllow: INVITE, ACK, BYE, CANCEL, REGISTER, OPTIONS" },
	{ "with its port and parameters", ASK("OPTIONS", "SIP:198.51.100.1:5060;lr?a=b") "\r\n", 200, "\r\nAllow: " },
	{ "a call to the server", ASK("INVITE", "sip:198.51.100.1") "\r\n", 404, "" },
	{ "an OPTIONS to another port", ASK("OPTIONS", "sip:198.51.100.1:5061") "\r\n", 404, "" },
	{ "an OPTIONS to a domain", ASK("OPTIONS", "sip:example.com") "\r\n", 404, "" },
	{ "an ACK", "ACK sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n", 0, "" },
	{ "another version", "INVITE sip:alice@example.com SIP/3.0\r\nVia: SIP/2.0/UDP h\r\n\r\n", 505, "" },
	{ "a CSeq of another method", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", 400, "" },
	{ "a malformed CSeq", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: BYE\r\n\r\n", 400, "" },
	{ "a malformed From", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n", 400, "" },
	{ "a From of a display name alone", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: \"<sip:a@b>\";tag=1\r\nTo: <sip:a@b>\r\n"
		"Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", 400, "" },
	{ "a malformed To", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: \"\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n", 400, "" },
	{ "a malformed Call-ID", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: a b\r\nCSeq: 1 BYE\r\n\r\n", 400, "" },
	{ "no Call-ID", "BYE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCSeq: 1 BYE\r\n\r\n", 400, "" },
	{ "a malformed Contact, which only a REGISTER needs", ASK("INVITE", "sip:alice@example.com") "Contact: \"\r\nExpires: x\r\nPath: x y\r\n\r\n", 302, "" },
	{ "no blank line", ASK("INVITE", "sip:alice@example.com"), 400, "" },
	{ "a short body", ASK("INVITE", "sip:alice@example.com") "Content-Length: 3\r\n\r\nab", 400, "" },
};

Test(wire_redirect, answers_each_request)
{
	world w = world_with_phones();

	w.flags = RG_WIRE_REDIRECT;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		answer a = send_text(&w, cases[i].text);
		cr_expect_eq(a.status, RG_OK, "%s: %s", cases[i].what, a.why);
		cr_expect_eq(a.code, cases[i].code, "%s: %d %s", cases[i].what, a.code, a.text);
		cr_expect_not_null(strstr(a.text, cases[i].line), "%s: %s", cases[i].what, a.text);
		cr_expect_null(fault_of(a.text), "%s", fault_of(a.text));
		cr_expect_null(a.targets);
	}
	world_end(&w);
}

Test(wire_redirect, a_request_past_a_limit_is_refused)
{
	world w = world_new_with("max_request_bytes", "512");
	char text[1024];

	w.flags = RG_WIRE_REDIRECT;
	snprintf(text, sizeof text, "%sX: %600s\r\n\r\n", ASK("INVITE", "sip:alice@example.com"), "");
	cr_expect_eq(send_text(&w, text).code, 413);
	world_end(&w);
}

/* RFC 3261 §21.4.6: none of the phones supports the method. */
Test(wire_redirect, a_405_lists_the_other_methods)
{
	rg_lookup_options *options = NULL;
	world w = world_new();
	char room[2048];
	rg_wire_call call;

	cr_assert_eq(send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\nAllow: INVITE\r\n\r\n").code, 200);
	cr_assert_eq(rg_lookup_options_new(RG_STR("method-filtering"), &options, NULL), RG_OK);
	rg_wire_call_init(&call, sizeof call);
	call.bytes = RG_STR(ASK("MESSAGE", "sip:alice@example.com") "\r\n");
	call.flags = RG_WIRE_REDIRECT;
	call.lookup = options;
	call.reply = room;
	call.room = sizeof room - 1;
	cr_expect_eq(rg_wire_handle(w.registrar, &call, NULL), RG_OK);
	room[call.n] = '\0';
	cr_expect_eq(call.code, 405);
	cr_expect_not_null(strstr(room, "\r\nAllow: INVITE, ACK, "), "%s", room);
	cr_expect_eq(times_in(room, "MESSAGE"), 1, "%s", room); /* in CSeq */
	rg_lookup_options_unref(options);
	world_end(&w);
}

Test(wire_redirect, a_lookup_hands_the_targets_over)
{
	static const struct { const char *text; uint32_t n; int32_t code; } rows[] = {
		{ ASK("INVITE", "sip:alice@example.com") "\r\n", 3, 0 }, { ASK("ACK", "sip:alice@example.com") "\r\n", 3, 0 },
		{ ASK("CANCEL", "sip:alice@example.com") "\r\n", 3, 0 }, { ASK("INVITE", "sip:bob@example.com") "\r\n", 0, 404 },
		{ ASK("ACK", "sip:bob@example.com") "\r\n", 0, 0 }, { ASK("CANCEL", "sip:bob@example.com") "\r\n", 0, 481 },
		{ ASK("OPTIONS", "sip:198.51.100.1") "\r\n", 0, 404 }, { ASK("INVITE", "sip:alice@example.com"), 0, 400 },
	};
	world w = world_with_phones();

	w.flags = RG_WIRE_LOOKUP;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		answer a = send_text(&w, rows[i].text);
		cr_expect_eq(a.status, RG_OK);
		cr_expect_eq(a.code, rows[i].code, "%zu: %d", i, a.code);
		cr_expect_eq(a.n > 0, a.code > 0);
		cr_assert_not_null(a.targets, "%zu", i);
		cr_expect_eq(rg_targets_count(a.targets), rows[i].n);
		rg_targets_free(a.targets);
	}
	w.flags = RG_WIRE_LOOKUP | RG_WIRE_REDIRECT;
	answer a = send_text(&w, rows[0].text);
	cr_expect_eq(a.code, 302);
	cr_expect_eq(rg_targets_count(a.targets), 3);
	rg_targets_free(a.targets);
	a = send_room(&w, rows[0].text, strlen(rows[0].text), 100);
	cr_expect_eq(a.status, RG_ELIMIT);
	cr_expect_null(a.targets);
	cr_expect_eq(send_text(&w, REGISTER "\r\n").code, 200);
	w.flags = 4;
	a = send_text(&w, rows[0].text);
	cr_expect_eq(a.status, RG_EINVAL);
	cr_expect_str_eq(a.why, "rg_wire_call.flags has an unknown bit");
	world_end(&w);
}

/* RFC 8599 §5.6.2: a device that is asleep is no target. A redirect server cannot wait for it. */
Test(wire_redirect, a_sleeping_phone_is_waited_for_by_the_host_alone)
{
	rg_config *config = NULL;
	world w = world_new();

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_providers"), RG_STR("acme"), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_skip_pn_interval"), RG_STR("0"), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(w.registrar, config, NULL), RG_OK);
	cr_assert_eq(send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1;pn-provider=acme;pn-prid=1;pn-param=2>\r\n\r\n").code, 200);
	w.flags = RG_WIRE_LOOKUP;
	answer a = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n");
	cr_expect_eq(a.n, 0);
	cr_expect_eq(rg_targets_result(a.targets), RG_LOOKUP_PUSHED);
	rg_targets_free(a.targets);
	w.flags = RG_WIRE_REDIRECT;
	a = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n");
	cr_expect_eq(a.code, 480, "%d", a.code);
	rg_config_free(config);
	world_end(&w);
}
