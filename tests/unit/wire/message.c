/* SPDX-License-Identifier: MIT */
/* Header lines as they may stand in a message: names, compact forms, white space, folding, order. */
#include "kit.h"

/* What a REGISTER with such lines leaves behind. */
typedef struct row {
	const char *text, *uri, *path, *agent;
	uint32_t methods;
	int64_t lifetime; /* seconds */
} row;

#define INVITE_ACK (1u << RG_METHOD_INVITE | 1u << RG_METHOD_ACK)

static const row rows[] = {
	{ REGISTER "Contact: <sip:a@192.0.2.1>\r\nExpires: 60\r\nUser-Agent: A b\r\nAllow: INVITE, ACK\r\nPath: <sip:p.example.org;lr>\r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>", "A b", INVITE_ACK, 60 },
	{ REGISTER "CONTACT:<sip:a@192.0.2.1>\r\nexpires:60\r\nuser-AGENT:A b\r\naLLOW:INVITE,ACK\r\nPATH:<sip:p.example.org;lr>\r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>", "A b", INVITE_ACK, 60 },
	{ REGISTER "m \t: \t<sip:a@192.0.2.1>\t \r\nExpires\t:60\t\r\nUser-Agent :  A b  \r\nAllow : INVITE \t,\tACK \r\nPath\t:\t<sip:p.example.org;lr>\r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>", "A b", INVITE_ACK, 60 },
	{ REGISTER "M:\r\n <sip:a@192.0.2.1>\r\n\t;x\r\nExpires\r\n :\r\n\t60\r\n \r\nUser-Agent: A\r\n  \t b\r\nAllow: INVITE\r\n ,\r\n ACK\r\n"
		"Path:\r\n <sip:p.example.org;lr>\r\n \r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>", "A b", INVITE_ACK, 60 },
	/* the lines of each header are found in their order, between those of others */
	{ REGISTER "Allow: INVITE\r\nPath: <sip:p.example.org;lr>\r\nSupported: x\r\nUser-Agent: A b\r\nPath: <sip:q.example.org;lr>\r\nAllow: ACK\r\n"
		"Supported: y\r\nExpires: 60\r\nPath: <sip:r.example.org;lr>\r\nContact: <sip:a@192.0.2.1>\r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>\n<sip:q.example.org;lr>\n<sip:r.example.org;lr>", "A b", INVITE_ACK, 60 },
	/* what nobody reads is passed over: one letter and names that are like others */
	{ REGISTER "Contact: <sip:a@192.0.2.1>\r\nExpires: 60\r\nUser-Agent: A b\r\nAllow: INVITE, ACK\r\nPath: <sip:p.example.org;lr>\r\n"
		"Contacts: x\r\nContac: x\r\nn: x\r\nz: x\r\nT0: x\r\nContent-Lengths: x\r\nFeature_Caps: x\r\nExpire5: x\r\nCall.ID: x\r\nX:\r\n\r\n",
		"sip:a@192.0.2.1", "<sip:p.example.org;lr>", "A b", INVITE_ACK, 60 },
};

static bool is(rg_str s, const char *text)
{
	return rg_str_equal(s, rg_str_from(text));
}

Test(wire_message, reads_each_header_in_every_form)
{
	rg_save_options *options = NULL;

	cr_assert_eq(rg_save_options_new(RG_STR("path-lazy"), &options, NULL), RG_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rg_contact c = { .struct_size = sizeof c };
		rg_answer *found = NULL;
		world w = world_new();
		rg_query query;

		w.save = options;
		answer a = send_text(&w, rows[i].text);
		cr_expect_eq(a.code, 200, "%zu: %s", i, a.text);
		rg_query_init(&query, sizeof query);
		query.aor = RG_STR("alice@example.com");
		cr_assert_eq(rg_is_registered(w.registrar, &query, &found, NULL), RG_OK);
		cr_expect_eq(rg_answer_contact(found, 0, &c), RG_OK, "%zu", i);
		cr_expect(is(c.uri, rows[i].uri), "%zu", i);
		cr_expect(is(c.path, rows[i].path), "%zu: %.*s", i, (int)c.path.n, c.path.p);
		cr_expect(is(c.user_agent, rows[i].agent), "%zu: %.*s", i, (int)c.user_agent.n, c.user_agent.p);
		cr_expect_eq(c.methods, rows[i].methods, "%zu: %x", i, c.methods);
		cr_expect_eq(c.expires - c.modified, rows[i].lifetime * 1000, "%zu", i);
		rg_answer_free(found);
		world_end(&w);
	}
	rg_save_options_unref(options);
}

/* The colon of a line may not be sought in the next one, and no octet passes for another letter of a name. */
Test(wire_message, a_line_is_refused_without_a_colon_or_with_another_name_than_a_token)
{
	static const char *const lines[] = {
		"x\r\nX: y", ": y", "Via\r\nX: y", "To\r\nX:", "a name that is long\r\nX: y", "Call\x7fID: x", "Call ID: x", "X\xe9: y",
		"Contact;: x", "Vi\"a\": x",
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		world w = world_new();
		char text[512];

		snprintf(text, sizeof text, REGISTER "%s\r\n\r\n", lines[i]);
		cr_expect_eq(send_text(&w, text).code, 400, "%s", lines[i]);
		world_end(&w);
	}
}

/* The mandatory headers, too. */
Test(wire_message, reads_the_compact_forms_of_what_a_reply_copies)
{
	static const char text[] = "REGISTER sip:example.com SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nF: \"A\"\r\n <sip:alice@example.com>;tag=1\r\n"
		"t: <sip:alice@example.com>\r\nI: c1\r\ncseq: 1\r\n REGISTER\r\nL: 0\r\nK: path\r\n\r\n";
	world w = world_new();
	answer a = send_text(&w, text);

	cr_expect_eq(a.code, 200, "%s", a.text);
	cr_expect_not_null(strstr(a.text, "\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.99\r\n"), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "\r\nFrom: \"A\" <sip:alice@example.com>;tag=1\r\n"), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "\r\nTo: <sip:alice@example.com>;tag="), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "\r\nCall-ID: c1\r\n"), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "\r\nCSeq: 1 REGISTER\r\n"), "%s", a.text);
	world_end(&w);
}

/* Folded to the limit of lines, and as long as a message may be: the text without folding has its place. */
Test(wire_message, unfolds_whatever_is_folded)
{
	world w = world_new_with("sock_hdr_name", "X");
	char text[4096], *p = text + sprintf(text, "%s", REGISTER "Contact: <sip:a@192.0.2.1>\r\nUser-Agent: a");

	for (int i = 0; i < 60; i++)
		p += sprintf(p, "\r\n b");
	p += sprintf(p, "\r\nX: c");
	for (int i = 0; i < 60; i++)
		p += sprintf(p, "\r\n \t  d");
	p += sprintf(p, "\r\nSupported: e\r\n \r\nAllow:\r\n \r\n ACK\r\n\r\n");
	answer a = send_text(&w, text);
	cr_expect_eq(a.code, 200, "%s", a.text);
	world_end(&w);
}

/* Only the topmost Via of several is changed, and each value counts. */
Test(wire_message, counts_the_values_of_all_vias)
{
	static const struct { const char *vias; uint32_t n; } cases[] = {
		{ "Via: SIP/2.0/UDP a\r\n", 1 }, { "Via: SIP/2.0/UDP a,\r\n", 1 }, { "Via: ,SIP/2.0/UDP a\r\n", 1 },
		{ "Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n", 2 }, { "Via: SIP/2.0/UDP a;x=\",\"\r\n", 1 }, { "Via: SIP/2.0/UDP a;x=\"\\\",\"\r\n", 1 },
		{ "Via: SIP/2.0/UDP a\r\nv: SIP/2.0/UDP b,SIP/2.0/UDP c\r\n", 3 }, { "Via: SIP/2.0/UDP a (b, c)\r\n", 1 },
	};
	rg_save_options *options = NULL;

	cr_assert_eq(rg_save_options_new(RG_STR("path-lazy"), &options, NULL), RG_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world w = world_new_with("outbound_mode", "on");
		char text[1024];

		/* reg-id applies only to what the client sent itself: RFC 5626 §6 */
		snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\n%s" REST "Supported: outbound\r\nContact: <sip:a@192.0.2.1>;reg-id=1;"
			"+sip.instance=\"<urn:uuid:1>\"\r\n\r\n", cases[i].vias);
		answer a = send_text(&w, text);
		cr_expect_eq(a.code, cases[i].n == 1 ? 200 : 439, "%s: %d %s", cases[i].vias, a.code, a.text);
		world_end(&w);
	}
	rg_save_options_unref(options);
}
