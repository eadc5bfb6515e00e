/* SPDX-License-Identifier: MIT */
/* Messages read through Sofia-SIP: what comes through byte for byte, and every row of what Sofia lets pass. */
#include <criterion/criterion.h>
#include <rgstr/sofia.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rg_request *parse(const char *text)
{
	rg_request *out = NULL;
	rg_error *why = rg_error_new();

	cr_assert_eq(rg_sofia_request_parse(rg_str_from(text), &out, why), RG_OK, "%s", rg_error_text(why).p);
	rg_error_free(why);
	return out;
}

/* A REGISTER whose needed headers are sound, with more of them. */
static char *with(const char *more)
{
	char *text = NULL;

	cr_assert_gt(asprintf(&text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
		"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n%s\r\n", more), 0);
	return text;
}

static rg_request *parse_with(const char *more)
{
	char *text = with(more);
	rg_request *out = parse(text);

	free(text);
	return out;
}

static bool is(rg_str s, const char *text)
{
	return s.p && rg_str_equal(s, rg_str_from(text));
}

Test(sofia_message, values_come_through_byte_for_byte)
{
	rg_request *r = parse("REGISTER sip:%65xample.com;x=%41 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9, SIP/2.0/TCP h\r\n"
		"Via: SIP/2.0/UDP b\r\n"
		"f:  \"A \\\" B\" <sip:%61lice@example.com>;tag=1 \r\nTo : <sip:%61lice@example.com>\r\ni: c%1@h\r\nCSeq: 1 REGISTER\r\n"
		"m: <sip:%61@192.0.2.1>;expires=5,\r\n <sip:b@h>\r\nContact: <sip:c@h>;+sip.instance=\"<urn:uuid:0>\"\r\nExpires: 007\r\n"
		"Path: <sip:p1;lr>\r\nPath: <sip:p2;lr>, <sip:p3;lr>\r\nk: path\r\nSupported: gruu, outbound\r\nRequire: x\r\n"
		"Feature-Caps: *;+sip.pns=\"apns\"\r\nfeature-caps: *;y\r\nAllow: INVITE, ACK\r\nRoute: <sip:r;lr>\r\nUser-Agent: Phone/1 (x)\r\n\r\n");

	cr_expect(is(r->method, "REGISTER"));
	cr_expect(is(r->request_uri, "sip:%65xample.com;x=%41"));
	cr_expect(is(r->from_header, "\"A \\\" B\" <sip:%61lice@example.com>;tag=1"));
	cr_expect(is(r->to_header, "<sip:%61lice@example.com>"));
	cr_expect(is(r->callid, "c%1@h"));
	cr_expect(is(r->cseq, "1 REGISTER"));
	cr_expect(is(r->expires, "007"));
	cr_expect(is(r->user_agent, "Phone/1 (x)"));
	cr_assert_eq(r->n_contacts, 2);
	cr_expect(is(r->contacts[0], "<sip:%61@192.0.2.1>;expires=5, <sip:b@h>"));
	cr_expect(is(r->contacts[1], "<sip:c@h>;+sip.instance=\"<urn:uuid:0>\""));
	cr_assert_eq(r->n_paths, 2);
	cr_expect(is(r->paths[1], "<sip:p2;lr>, <sip:p3;lr>"));
	cr_assert_eq(r->n_supported, 2);
	cr_expect(is(r->supported[0], "path"));
	cr_expect(is(r->supported[1], "gruu, outbound"));
	cr_assert_eq(r->n_feature_caps, 2);
	cr_expect(is(r->feature_caps[1], "*;y"));
	cr_assert_eq(r->n_require, 1);
	cr_assert_eq(r->n_allow, 1);
	cr_expect(is(r->allow[0], "INVITE, ACK"));
	cr_assert_eq(r->n_routes, 1);
	cr_expect_eq(r->via_count, 3);
	cr_expect_eq(r->defect, RG_R_FINE);
	rg_request_free(r);
}

Test(sofia_message, lines_of_a_literal_may_end_in_lf_alone)
{
	rg_request *r = parse("REGISTER sip:h SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@h>;tag=1\nTo: <sip:a@h>\nCall-ID: 1\nCSeq: 1 REGISTER\n"
		"Contact: <sip:a@h>,\n\t<sip:b@h>\n\n");

	cr_expect_eq(r->defect, RG_R_FINE);
	cr_expect(is(r->contacts[0], "<sip:a@h>, <sip:b@h>"));
	rg_request_free(r);
}

static const struct { const char *what, *more; int32_t defect; uint32_t contacts; } malformed[] = {
	{ "the only Contact a percent sign", "Contact: %\r\n", RG_R_PARSE_CONT, 1 },
	{ "the only Contact without a host", "Contact: <sip:>\r\n", RG_R_PARSE_CONT, 1 },
	{ "an unclosed quote", "Contact: \"x <sip:a@h>\r\n", RG_R_PARSE_CONT, 1 },
	{ "glued parameters", "Contact: <sip:a@h>expires=5\r\n", RG_R_PARSE_CONT, 1 },
	{ "an empty Contact", "Contact:\r\n", RG_R_PARSE_CONT, 1 },
	{ "a Contact of commas", "Contact: ,,\r\n", RG_R_PARSE_CONT, 1 },
	{ "one of three Contacts malformed", "Contact: <sip:a@h>\r\nContact: <sip:>\r\nContact: <sip:b@h>\r\n", RG_R_PARSE_CONT, 3 },
	{ "one of three Contacts malformed, on one line", "Contact: <sip:a@h>, <sip:>, <sip:b@h>\r\n", RG_R_PARSE_CONT, 1 },
	{ "a malformed Path", "Path: foo<\r\n", RG_R_PARSE_PATH, 0 },
	{ "a malformed Path after a good one", "Path: <sip:p;lr>\r\nPath: <\r\n", RG_R_PARSE_PATH, 0 },
	{ "two To", "To: <sip:bob@example.com>\r\n", RG_R_PARSE, 0 },
	{ "two From", "f: <sip:bob@example.com>\r\n", RG_R_PARSE, 0 },
	{ "two Call-ID", "Call-ID: c1\r\n", RG_R_PARSE, 0 },
	{ "two CSeq", "CSeq: 2 REGISTER\r\n", RG_R_PARSE, 0 },
	{ "two Expires", "Expires: 5\r\nExpires: 5\r\n", RG_R_PARSE_EXP, 0 },
	{ "a second Expires malformed", "Expires: 5\r\nExpires: -1\r\n", RG_R_PARSE_EXP, 0 },
	{ "two Content-Length", "Content-Length: 0\r\nl: 0\r\n", RG_R_PARSE, 0 },
	{ "Content-Length of 20 digits", "Content-Length: 99999999999999999999\r\n", RG_R_PARSE, 0 },
	{ "Content-Length of 2 to the 64", "Content-Length: 18446744073709551616\r\n", RG_R_PARSE, 0 },
	{ "Content-Length that wraps to 0", "Content-Length: 4294967296\r\n", RG_R_PARSE, 0 },
	{ "negative Content-Length", "Content-Length: -1\r\n", RG_R_PARSE, 0 },
	{ "a body that is not there", "Content-Length: 1\r\n", RG_R_PARSE, 0 },
	{ "a line without a colon", "foo bar\r\n", RG_R_PARSE, 0 },
	{ "a line without a name", ": foo\r\n", RG_R_PARSE, 0 },
	{ "a name with a space in it", "Con tact: <sip:a@h>\r\n", RG_R_PARSE, 0 },
	{ "a lone CR", "X: a\rContact: <sip:a@h>\r\n", RG_R_PARSE, 0 },
	{ "a control character", "X: a\001\r\n", RG_R_PARSE, 0 },
	{ "a DEL", "X: a\177\r\n", RG_R_PARSE, 0 },
	{ "a second Via malformed", "Via: foo\r\n", RG_R_PARSE, 0 },
};

Test(sofia_message, defects_are_told_and_never_look_like_a_query)
{
	for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
		rg_request *r = parse_with(malformed[i].more);
		cr_expect_eq(r->defect, malformed[i].defect, "%s: %d", malformed[i].what, r->defect);
		cr_expect_eq(r->n_contacts, malformed[i].contacts, "%s: %u lines", malformed[i].what, r->n_contacts);
		rg_request_free(r);
	}
}

/* These the core is to judge, so they have to reach it as they stand. */
Test(sofia_message, what_sofia_lets_pass_reaches_the_core_untouched)
{
	static const char *const contacts[] = { "<sip:a@h>;expires=4294967297", "<sip:a@h>;expires=-1", "<sip:a@h>;expires=\"7\"",
		"<sip:a@h>;q=2.5",
		"<sip:a@h>;reg-id=0", "<sip:a@h:99999>", "*, <sip:a@h>", "*", "<tel:+1>", "<http://h/>", "<sip:a@h>;x=%0d%0aEvil:%201" };
	static const char *const expires[] = { "-1", "abc", "\"7\"", "Thu, 01 Jan 2099 00:00:00 GMT", "99999999999999999999", "" };
	char line[128];

	for (size_t i = 0; i < sizeof contacts / sizeof contacts[0]; i++) {
		snprintf(line, sizeof line, "Contact: %s\r\n", contacts[i]);
		rg_request *r = parse_with(line);
		cr_expect_eq(r->n_contacts, 1, "%s", contacts[i]);
		cr_expect(is(r->contacts[0], contacts[i]), "%s: %.*s", contacts[i], (int)r->contacts[0].n, r->contacts[0].p);
		rg_request_free(r);
	}
	for (size_t i = 0; i < sizeof expires / sizeof expires[0]; i++) {
		snprintf(line, sizeof line, "Expires: %s\r\n", expires[i]);
		rg_request *r = parse_with(line);
		cr_expect(is(r->expires, expires[i]), "%s: %.*s", expires[i], (int)r->expires.n, r->expires.p);
		rg_request_free(r);
	}
}

Test(sofia_message, a_missing_header_is_told_by_its_own_reason)
{
	static const struct { const char *name; int32_t defect; } needed[] = {
		{ "From", RG_R_FROM_MISS }, { "To", RG_R_TO_MISS }, { "Call-ID", RG_R_CID_MISS }, { "CSeq", RG_R_CS_MISS },
	};
	static const char *const lines[] = { "From: <sip:a@h>;tag=1", "To: <sip:a@h>", "Call-ID: 1", "CSeq: 1 REGISTER" };
	char text[512];

	for (size_t i = 0; i < 4; i++) {
		int n = snprintf(text, sizeof text, "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n");
		for (size_t k = 0; k < 4; k++) {
			if (k != i)
				n += snprintf(text + n, sizeof text - (size_t)n, "%s\r\n", lines[k]);
		}
		snprintf(text + n, sizeof text - (size_t)n, "\r\n");
		rg_request *r = parse(text);
		cr_expect_eq(r->defect, needed[i].defect, "%s: %d", needed[i].name, r->defect);
		rg_request_free(r);
	}
}

static const struct { const char *what, *text; int32_t defect; } framing[] = {
	{ "CSeq of another method", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: 1 INVITE\r\n\r\n", RG_R_PARSE },
	{ "CSeq that is no number", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: x REGISTER\r\n\r\n", RG_R_INV_CSEQ },
	{ "CSeq with more behind the method", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: 1 REGISTER 2\r\n\r\n", RG_R_PARSE },
	{ "no blank line", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: 1 REGISTER\r\n", RG_R_PARSE },
	{ "a folded start line", "REGISTER sip:h SIP/2.0\r\n Via: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: 1 REGISTER\r\n\r\n", RG_R_PARSE },
};

Test(sofia_message, unsound_framing_is_told)
{
	for (size_t i = 0; i < sizeof framing / sizeof framing[0]; i++) {
		rg_request *r = parse(framing[i].text);
		cr_expect_eq(r->defect, framing[i].defect, "%s: %d", framing[i].what, r->defect);
		rg_request_free(r);
	}
}

Test(sofia_message, a_nul_ends_nothing)
{
	char text[512];
	size_t n = (size_t)snprintf(text, sizeof text,
		"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\n"
		"Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@h>@\r\n\r\n");
	rg_request *r = NULL;

	*strchr(text, '\0') = 'x';
	*strstr(text, ">@\r") = '\0';
	cr_assert_eq(rg_sofia_request_parse((rg_str){ text, n }, &r, NULL), RG_OK);
	cr_expect_eq(r->defect, RG_R_PARSE);
	rg_request_free(r);
}

Test(sofia_message, other_peoples_headers_may_be_odd)
{
	rg_request *r = parse_with("Date: yesterday\r\nMax-Forwards: many\r\nUser-Agent: a\r\nUser-Agent: b\r\nX-Odd: \"\r\n");

	cr_expect_eq(r->defect, RG_R_FINE);
	cr_expect(is(r->user_agent, "a"));
	rg_request_free(r);
}

/* As clients and gateways send them. */
static const char *const ignored[] = { "Allow: INVITE ACK BYE", "Allow: INVITE;ACK", "Supported: timer;100rel", "Supported: a b",
	"Supported: \"", "Route: <", "User-Agent: \"", "Feature-Caps: ;", "Date: Wed, 18 Aug 2021 14:43:48 UTC", "Timestamp: now",
	"Accept: application/sdp;",
	"Accept-Encoding: gzip deflate", "Accept-Language: \"", "Unsupported: a b", "Session-Expires:", "Min-SE:", "Authorization:",
	"Reason: Q.850;cause=16;text=Normal call clearing", "Proxy-Authorization: x=\"", "WWW-Authenticate:", "Content-Type: application/sdp;",
	"Content-Type: \"application/sdp\"", "Content-Disposition:", "Min-Expires: x", "Priority: very urgent", "Retry-After: soon",
	"Warning: 399 devnull", "Event:", "Subscription-State:", "RSeq: x", "RAck: 1 1", "Request-Disposition: ;", "Security-Client: ;",
	"SIP-If-Match:", "Max-Forwards: x", "Record-Route: <", "Proxy-Require: a b", "Date: x\r\nDate: y",
		"Max-Forwards: 70\r\nMax-Forwards: 70",
	"Content-Type: a/b\r\nContent-Type: a/b", "Session-Expires: 90\r\nSession-Expires: 91", "Event: a\r\nEvent: b" };

Test(sofia_message, malformed_header_that_nobody_needs_is_no_defect)
{
	char line[256];

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
		snprintf(line, sizeof line, "%s\r\nContact: <sip:a@h>\r\n", ignored[i]);
		rg_request *r = parse_with(line);
		cr_expect_eq(r->defect, RG_R_FINE, "%s: %d", ignored[i], r->defect);
		cr_expect_eq(r->n_contacts, 1, "%s", ignored[i]);
		rg_request_free(r);
	}
}

static const char *const names[] = { "J\xc3\xbcrgen ", "\xff\xfe", "a@b ", "(x) [y]; z: ", "\"a\" b ", "sip:a@h ", "'" };

Test(sofia_message, a_display_name_is_no_defect)
{
	char text[1024], contact[256];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(contact, sizeof contact, "%s<sip:a@h>;q=1, \"b, c\" <sip:d@h>, %s<sip:e@h>", names[i], names[i]);
		snprintf(text, sizeof text,
			"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: %s<sip:a@h>;tag=1\r\nTo: %s<sip:a@h>\r\nCall-ID: 1\r\n"
			"CSeq: 1 REGISTER\r\nContact: %s\r\nPath: %s<sip:p;lr>\r\n\r\n", names[i], names[i], contact, names[i]);
		rg_request *r = parse(text);
		cr_expect_eq(r->defect, RG_R_FINE, "%s: %d", names[i], r->defect);
		cr_assert_eq(r->n_contacts, 1);
		cr_expect(is(r->contacts[0], contact), "%s", names[i]);
		cr_assert_eq(r->n_paths, 1);
		cr_expect_eq(r->to_header.n, strlen(names[i]) + strlen("<sip:a@h>"));
		rg_request_free(r);
	}
}

Test(sofia_message, a_display_name_hides_no_other_fault)
{
	static const struct { const char *line; int32_t defect; } rows[] = {
		{ "Contact: \xc3\xa9 <sip:>", RG_R_PARSE_CONT }, { "Contact: \xc3\xa9 <sip:a@h>, \xc3\xa9 <sip:>", RG_R_PARSE_CONT },
		{ "Contact: \xc3\xa9 <sip:a@h>x", RG_R_PARSE_CONT }, { "Contact: \xc3\xa9 \"x <sip:a@h>", RG_R_PARSE_CONT },
		{ "Contact: \xc3\xa9 <sip:a@h", RG_R_PARSE_CONT }, { "Path: \xc3\xa9 <", RG_R_PARSE_PATH },
	};
	char line[128];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(line, sizeof line, "%s\r\n", rows[i].line);
		rg_request *r = parse_with(line);
		cr_expect_eq(r->defect, rows[i].defect, "%s: %d", rows[i].line, r->defect);
		rg_request_free(r);
	}
}

/* What only a REGISTER needs is no reason to refuse an INVITE; what every request needs is. */
Test(sofia_message, a_request_has_the_defects_of_the_headers_it_needs)
{
	static const struct { const char *from, *more; int32_t defect; } rows[] = {
		{ "<sip:a@h>", "", RG_R_FINE }, { "<sip:a@h>", "Contact: <sip:>\r\n", RG_R_FINE },
		{ "<sip:a@h>", "Contact: %\r\nContact: <sip:\r\n", RG_R_FINE },
		{ "<sip:a@h>", "Expires: 3600;x=y\r\n", RG_R_FINE }, { "<sip:a@h>", "Expires: 1\r\nExpires: 2\r\n", RG_R_FINE },
		{ "<sip:a@h>", "Path: <\r\n", RG_R_FINE }, { "<sip:a@h>", "Require: a b\r\n", RG_R_FINE },
		{ "\xc3\xa9 <sip:a@h>", "", RG_R_FINE }, { "<sip:>", "", RG_R_PARSE }, { "<sip:a@h>", "Via: foo\r\n", RG_R_PARSE },
		{ "<sip:a@h>", "To: <sip:c@h>\r\n", RG_R_PARSE }, { "<sip:a@h>", "Content-Length: 9\r\n", RG_R_PARSE },
		{ "<sip:a@h>", "CSeq: 2 INVITE\r\n", RG_R_PARSE },
	};
	char text[512];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: %s;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\n"
			"CSeq: 1 INVITE\r\n%s\r\n", rows[i].from, rows[i].more);
		rg_request *r = parse(text);
		cr_expect_eq(r->defect, rows[i].defect, "%s %s: %d", rows[i].from, rows[i].more, r->defect);
		rg_request_free(r);
	}
}

Test(sofia_message, what_is_no_sip_is_refused_in_words)
{
	static const char *const garbage[] = { "", "\r\n\r\n", "hello", "GET / HTTP/1.1\r\n\r\n", "REGISTER\r\n\r\n",
		"REGISTER SIP/2.0\r\n\r\n" };

	for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
		rg_error *why = rg_error_new();
		rg_request *r = NULL;
		rg_status status = rg_sofia_request_parse(rg_str_from(garbage[i]), &r, why);
		cr_expect_eq(status, RG_EINVAL, "'%s': %s", garbage[i], rg_strerror(status));
		cr_expect_null(r);
		cr_expect_gt(rg_error_text(why).n, 0);
		rg_request_free(r);
		rg_error_free(why);
	}
}

Test(sofia_message, lines_and_commas_are_counted_before_anything_is_parsed)
{
	char *more = calloc(1, 70000);
	rg_request *r = NULL;

	for (int i = 0; i < 300; i++)
		strcat(more, "Contact: <sip:a@h>\r\n");
	char *text = with(more);
	cr_expect_eq(rg_sofia_request_parse(rg_str_from(text), &r, NULL), RG_ELIMIT);
	free(text);
	strcpy(more, "Contact: a:");
	for (int i = 0; i < 1100; i++)
		strcat(more, ",a:");
	strcat(more, "\r\n");
	text = with(more);
	cr_expect_eq(rg_sofia_request_parse(rg_str_from(text), &r, NULL), RG_ELIMIT);
	free(text);
	memset(more, 'x', 69000);
	cr_expect_eq(rg_sofia_request_parse((rg_str){ more, 69000 }, &r, NULL), RG_EINVAL);
	free(more);
}

Test(sofia_message, a_request_needs_a_place)
{
	rg_error *why = rg_error_new();

	cr_expect_eq(rg_sofia_request_parse(RG_STR("REGISTER sip:h SIP/2.0\r\n\r\n"), NULL, why), RG_EINVAL);
	cr_expect(rg_error_text(why).n > 0);
	rg_error_free(why);
}
