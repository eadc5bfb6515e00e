/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "register/register.h"

#define GOOD "<sip:alice@192.0.2.7:5062>"
#define UNKNOWN RG__NO_STOP
#define END (RG__NO_STOP - 1)

typedef struct refusal_row {
	spec s;
	int32_t reason;
	const char *header;
	uint32_t value;
	size_t at;
} refusal_row;

static const refusal_row refusals[] = {
	{ { .contact = { "<sip:@@>" } }, RG_R_PARSE_CONT, "Contact", 1, 5 },
	{ { .contact = { GOOD ", <sip:a@exam*ple.org>" } }, RG_R_PARSE_CONT, "Contact", 2, 11 },
	{ { .contact = { GOOD, GOOD, "<sip:a@192.0.2.1" } }, RG_R_PARSE_CONT, "Contact", 3, END },
	{ { .contact = { GOOD, "\"A <sip:a@192.0.2.1>" } }, RG_R_PARSE_CONT, "Contact", 2, END },
	{ { .contact = { GOOD ";q=0.5", GOOD ";a=b;q=0.x" } }, RG_R_INV_Q, "Contact", 2, 35 },
	{ { .contact = { GOOD ";expires=6s" } }, RG_R_INV_EXP, "Contact", 1, 36 },
	{ { .contact = { GOOD ";q" } }, RG_R_INV_Q, "Contact", 1, END },
	{ { .contact = { "*", GOOD }, .expires = "0" }, RG_R_STAR_CONT, "Contact", 0, UNKNOWN },
	{ { .contact = { "*" }, .expires = "60" }, RG_R_STAR_EXP, "Expires", 0, UNKNOWN },
	{ { .contact = { GOOD }, .expires = "6x" }, RG_R_PARSE_EXP, "Expires", 0, 1 },
	{ { .contact = { GOOD }, .to = "<sip:alice@" }, RG_R_AOR_PARSE, "To", 0, END },
	{ { .contact = { GOOD }, .to = "<sip:al ice@x>" }, RG_R_AOR_PARSE, "To", 0, 7 },
	{ { .contact = { GOOD }, .from = "<sip:%%%>" }, RG_R_PARSE, "From", 0, 6 },
	{ { .contact = { GOOD }, .callid = "a b" }, RG_R_PARSE, "Call-ID", 0, 1 },
	{ { .contact = { GOOD }, .request_uri = "sip:exa mple.com" }, RG_R_PARSE, "Request-URI", 0, 7 },
	{ { .contact = { GOOD }, .cseq = "-1 REGISTER" }, RG_R_INV_CSEQ, "CSeq", 0, 0 },
	{ { .contact = { GOOD }, .no_cseq = true }, RG_R_CS_MISS, "CSeq", 0, UNKNOWN },
	{ { .contact = { GOOD }, .no_to = true }, RG_R_TO_MISS, "To", 0, UNKNOWN },
	{ { .contact = { "<sip:alice@example.com>", GOOD } }, RG_R_LOOP, "Contact", 1, UNKNOWN },
	{ { .contact = { GOOD, "<sips:a@192.0.2.1>" } }, RG_R_SIPS, "Contact", 2, UNKNOWN },
	{ { .contact = { GOOD }, .require = { "foo" } }, RG_R_REQUIRE, "Require", 0, UNKNOWN },
	{ { .contact = { GOOD }, .flags = RG_REQUEST_FORBIDDEN }, RG_R_FORBIDDEN, NULL, 0, UNKNOWN },
	{ { .contact = { GOOD }, .request_uri = "tel:+1" }, RG_R_SCHEME, "Request-URI", 0, UNKNOWN },
	{ { .contact = { "*;x" }, .defect = RG_R_PARSE_EXP }, RG_R_PARSE_EXP, "Expires", 0, UNKNOWN },
};

Test(explain, the_header_the_value_and_the_octet)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const refusal_row *row = &refusals[i];
		world w = new_world();
		spec s = row->s;
		spec_room room;
		rg_request r = request_of(&s, &room);
		rg__spot spot;

		save_spec(&w, s);
		cr_assert_eq(reason(&w), row->reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		rg__register_explain(&r, row->reason, w.config, w.options, &spot);
		size_t want = row->at == END ? spot.text.n : row->at;
		cr_expect(row->header ? spot.header && strcmp(spot.header, row->header) == 0 : !spot.header, "row %zu: %s", i, spot.header);
		cr_expect_eq(spot.value, row->value, "row %zu: value %u", i, spot.value);
		cr_expect_eq(spot.at, want, "row %zu: offset %zu of %.*s", i, spot.at, (int)spot.text.n, spot.text.p);
		end_world(&w);
	}
}

Test(explain, the_path_and_the_limits)
{
	const refusal_row rows[] = {
		{ { .contact = { GOOD }, .path = { "<sip:edge.example;lr>", "<sip:b@@>" } }, RG_R_PARSE_PATH, "Path", 2, 7 },
		{ { .contact = { GOOD, GOOD ";a;b;c" } }, RG_R_TOO_LARGE, "Contact", 2, UNKNOWN },
		{ { .contact = { GOOD, GOOD, GOOD, GOOD } }, RG_R_TOO_LARGE, NULL, 0, UNKNOWN },
		{ { .contact = { GOOD }, .expires = "5" }, RG_R_MIN_EXPIRES, "Contact", 1, UNKNOWN },
		{ { .contact = { GOOD, GOOD ";reg-id=0;+sip.instance=\"<urn:x:y>\"" } }, RG_R_PARSE_CONT, "Contact", 2, 34 },
		{ { .contact = { GOOD ";+sip.instance=\"<urn:x:y>\";reg-id=x" } }, RG_R_PARSE_CONT, "Contact", 1, 60 },
		{ { .contact = { GOOD ";a=b;expires=5" } }, RG_R_MIN_EXPIRES, "Contact", 1, 39 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();
		spec_room room;
		rg_request r = request_of(&rows[i].s, &room);
		rg__spot spot;

		set(&w, "max_contact_params", "2");
		set(&w, "max_request_contacts", "3");
		set(&w, "min_expires_mode", "reject");
		set(&w, "outbound_mode", "on");
		flags(&w, "path-lazy");
		save_spec(&w, rows[i].s);
		cr_assert_eq(reason(&w), rows[i].reason, "row %zu: %s", i, rg_reason_name(reason(&w)));
		rg__register_explain(&r, rows[i].reason, w.config, w.options, &spot);
		cr_expect(rows[i].header ? spot.header && strcmp(spot.header, rows[i].header) == 0 : !spot.header, "row %zu: %s", i, spot.header);
		cr_expect_eq(spot.value, rows[i].value, "row %zu: value %u", i, spot.value);
		cr_expect_eq(spot.at, rows[i].at, "row %zu: offset %zu", i, spot.at);
		end_world(&w);
	}
}
