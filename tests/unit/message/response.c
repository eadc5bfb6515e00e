/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "grammar/header.h"

#define A "<sip:a@192.0.2.7>"

Test(response, a_contact_is_printed_in_full)
{
	world w = new_world();

	set(&w, "received_param", "rcv");
	save(&w, .contact = { "\"A\" <sip:a@192.0.2.7;x=1?h=1>;q=0.38;foo=\"b,a;r\";rcv=\"sip:6.6.6.6\"" }, .expires = "600",
		.received = "sip:192.0.2.1:5070;transport=tcp");
	same_text(header(&w, "contact"),
		"<sip:a@192.0.2.7;x=1?h=1>;q=0.38;expires=600;rcv=\"sip:192.0.2.1:5070;transport=tcp\";foo=\"b,a;r\"");
	end_world(&w);
}

Test(response, q_is_printed_in_as_few_digits_as_say_it)
{
	static const struct {
		const char *given, *printed;
	} cases[] = {
		{ ";q=1.000", ";q=1;" }, { ";q=0.5", ";q=0.5;" }, { ";q=0.380", ";q=0.38;" }, { ";q=0.007", ";q=0.007;" }, { ";q=0.0", ";q=0;" },
		{ ";q=0.1", ";q=0.1;" }, { "", "7>;exp" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = new_world();
		char contact[64];

		snprintf(contact, sizeof contact, A "%s", cases[i].given);
		save(&w, .contact = { contact });
		cr_expect_not_null(strstr(header(&w, "Contact"), cases[i].printed), "%s: %s", cases[i].given, header(&w, "Contact"));
		end_world(&w);
	}
}

Test(response, dates_are_english_in_gmt)
{
	static const struct {
		rg_time at;
		const char *text;
	} cases[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 951782399999, "Mon, 28 Feb 2000 23:59:59 GMT" },
		{ 951782400000, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 1700000000000, "Tue, 14 Nov 2023 22:13:20 GMT" },
		{ 4107542400000, "Mon, 01 Mar 2100 00:00:00 GMT" },
		{ 253402300799999, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = new_world();

		w.now = cases[i].at;
		save(&w, .method = NULL);
		same_text(header(&w, "Date"), cases[i].text);
		end_world(&w);
	}
}

Test(response, a_200_says_no_error_and_a_refusal_does)
{
	world w = new_world();

	save(&w, .contact = { A });
	same_text(header(&w, "P-Registrar-Error"), "");
	cr_expect_str_eq(rg_response_phrase(rg_plan_response(w.plan)), "OK");
	save(&w, .contact = { "<sip:" });
	same_text(header(&w, "P-Registrar-Error"), "Contact parse error");
	same_text(header(&w, "Contact"), "");
	cr_expect_str_neq(header(&w, "Date"), "");
	end_world(&w);
}

Test(response, headers_are_rendered_once_and_found_by_index)
{
	world w = new_world();
	const rg_header *first, *second;
	uint32_t n, m;

	save(&w, .contact = { A, "<sip:b@192.0.2.8>" });
	cr_assert_eq(rg_response_headers(rg_plan_response(w.plan), &first, &n), RG_OK);
	cr_assert_eq(rg_response_headers(rg_plan_response(w.plan), &second, &m), RG_OK);
	cr_expect_eq(first, second);
	cr_expect_eq(n, 3);
	cr_expect_eq(m, 3);
	same_text(header_at(&w, "CONTACT", 1), "<sip:b@192.0.2.8>;expires=3600");
	same_text(header_at(&w, "CONTACT", 2), "");
	end_world(&w);
}

Test(response, it_outlives_plan_config_and_request)
{
	world w = new_world();
	rg_response *r;

	set(&w, "received_param", "rcv");
	save(&w, .contact = { A }, .received = "sip:192.0.2.1");
	r = rg__plan_take_response(w.plan);
	w.plan = NULL;
	end_world(&w);
	cr_expect(rg_str_equal(rg_response_header(r, RG_STR("Contact"), 0), RG_STR(A ";expires=3600;rcv=\"sip:192.0.2.1\"")));
	rg_response_free(r);
}

Test(response, nothing_is_asked_of_no_response)
{
	const rg_header *headers;
	rg_contact a = { .struct_size = sizeof a };
	uint32_t n;

	rg_response_free(NULL);
	cr_expect_eq(rg_response_code(NULL), 500);
	cr_expect_eq(rg_response_reason(NULL), RG_R_INTERNAL);
	cr_expect_eq(rg_response_contact_count(NULL), 0);
	cr_expect_eq(rg_response_contact(NULL, 0, &a), RG_ENOENT);
	cr_expect_eq(rg_response_contact_expires(NULL, 0), 0);
	cr_expect_eq(rg_response_headers(NULL, &headers, &n), RG_EINVAL);
	cr_expect_null(rg_response_header(NULL, RG_STR("Contact"), 0).p);
}

Test(response, no_contact_can_inject_a_header)
{
	static const char *const tries[] = {
		A ";x=\"\r\nEvil: 1\"", A ";x\r\nEvil: 1", "<sip:a\r\nEvil: 1@192.0.2.7>", "<sip:a@192.0.2.7;x=\r\nEvil: 1>",
		"<mailto:x\r\nEvil: 1>", A ";+sip.instance=\"<\r\nEvil: 1>\"", A ";methods=\"A\nEvil: 1\"", A ";x=\"\\\r\nEvil: 1\"",
		"<sip:a%0d%0aEvil:1@192.0.2.7>", A ";x=%0d%0aEvil",
	};

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		world w = new_world();
		const rg_header *headers;
		uint32_t n;

		save(&w, .contact = { tries[i] });
		cr_assert_eq(rg_response_headers(rg_plan_response(w.plan), &headers, &n), RG_OK);
		cr_expect_gt(n, 0, "%s", tries[i]);
		for (uint32_t k = 0; k < n; k++) {
			cr_expect_null(memchr(headers[k].value.p, '\n', headers[k].value.n), "%s", tries[i]);
			cr_expect_null(memchr(headers[k].value.p, '\r', headers[k].value.n), "%s", tries[i]);
			cr_expect_null(memchr(headers[k].value.p, '\0', headers[k].value.n), "%s", tries[i]);
		}
		end_world(&w);
	}
}

/* A response has to be one that another parser of the same grammar takes, with nothing in it that ends a line. */
static void expect_sound(world *w, const char *what)
{
	const rg_header *headers;
	uint32_t n;

	cr_assert_eq(rg_response_headers(rg_plan_response(w->plan), &headers, &n), RG_OK);
	for (uint32_t i = 0; i < n; i++) {
		rg__name_addr na;
		rg__uri uri;

		cr_expect_not(rg__has_control(headers[i].value), "%s", what);
		if (!rg_str_equal(headers[i].name, RG_STR("Contact")))
			continue;
		cr_expect_eq(rg__name_addr_parse(headers[i].value, &na), RG_OK, "%s: %s", what, header(w, "Contact"));
		cr_expect_eq(rg__uri_parse(na.uri, &uri), RG_OK, "%s: %s", what, header(w, "Contact"));
	}
}

static void try_line(rg_str line, const char *what)
{
	world w = new_world();
	int32_t code = save(&w, .raw_contact = line, .received = "sip:192.0.2.1:5060");

	cr_expect(code == 200 || code == 400 || code == 413 || code == 403, "%s: %d", what, code);
	cr_expect(code == 200 || w.record == NULL, "%s", what);
	expect_sound(&w, what);
	end_world(&w);
}

Test(response, it_reparses_wherever_the_contact_is_cut_or_a_byte_of_it_is_flipped, .timeout = 120)
{
	static const char good[] = "\"A \\\" B\" <sip:al%69ce@[2001:db8::1]:5062;transport=tcp;ob?h=v>;q=0.5;"
		"+sip.instance=\"<urn:uuid:1>\";x=\"a\\\"b\";flag, <tel:+1;x=y>;expires=60";
	static const unsigned char flips[] = { 0x01, 0x20, 0x80, 0x7f, 0x2e, 0x0c };
	char what[64];

	for (size_t i = 0; i < sizeof good; i++) {
		char *line = malloc(sizeof good);

		memcpy(line, good, sizeof good);
		snprintf(what, sizeof what, "cut at %zu", i);
		try_line((rg_str){ line, i }, what);
		for (size_t k = 0; k < sizeof flips && i + 1 < sizeof good; k++) {
			line[i] = (char)(good[i] ^ flips[k]);
			snprintf(what, sizeof what, "byte %zu is %02x", i, (unsigned char)line[i]);
			try_line((rg_str){ line, sizeof good - 1 }, what);
		}
		free(line);
	}
}
