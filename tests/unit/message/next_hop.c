/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "message/next_hop.h"
#include "page.h"

static void expect_text(rg_str got, const char *want)
{
	cr_expect(rg__eq(got, rg_str_from(want)), "%.*s, not %s", (int)got.n, got.p, want);
}

Test(next_hop, path_comes_before_received_before_the_contact)
{
	rg_str contact = RG_STR("sip:a@192.0.2.7"), received = RG_STR("sip:192.0.2.1:5070");

	expect_text(rg__hop_uri(RG__ABSENT, RG__ABSENT, contact), "sip:a@192.0.2.7");
	expect_text(rg__hop_uri(RG__ABSENT, received, contact), "sip:192.0.2.1:5070");
	expect_text(rg__hop_uri(RG_STR("<sip:p.example;lr>;x\n<sip:q.example;lr>"), received, contact), "sip:p.example;lr");
}

Test(next_hop, tags)
{
	static const struct {
		const char *uri, *tag, *host;
	} cases[] = {
		{ "sip:a@192.0.2.7", "192.0.2.7:5060", "" },
		{ "sips:a@192.0.2.7", "192.0.2.7:5061", "" },
		{ "sip:a@192.0.2.7;transport=TLS", "192.0.2.7:5061", "" },
		{ "sip:a@[2001:DB8::1]:5070", "[2001:db8::1]:5070", "" },
		{ "sip:a@Phone.Example.", "phone.example:5060", "Phone.Example." },
		{ "tel:+1", "", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__buf tag = { 0 };
		rg_str host;
		rg__uri uri;

		cr_assert_eq(rg__uri_parse(rg_str_from(cases[i].uri), &uri), RG_OK);
		rg__hop_tag(&uri, &tag, &host);
		expect_text((rg_str){ tag.p, tag.n }, cases[i].tag);
		expect_text(host, cases[i].host);
		rg__buf_free(&tag);
	}
}

Test(next_hop, tags_are_those_of_the_page_on_the_format)
{
	char *text = page_text(), *at = text, *block = page_block(&at, "hops"), *line;
	uint32_t n = 0;

	for (; (line = page_line(&block)) != NULL; n++) {
		rg__buf tag = { 0 };
		rg_str host;
		rg__uri uri;
		size_t end = strcspn(line, " ");

		cr_assert_eq(rg__uri_parse((rg_str){ line, end }, &uri), RG_OK, "%s", line);
		rg__hop_tag(&uri, &tag, &host);
		expect_text((rg_str){ tag.p, tag.n }, line + end + strspn(line + end, " "));
		rg__buf_free(&tag);
	}
	cr_expect_geq(n, 8);
	free(text);
}

Test(next_hop, splitting)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool good;
	} cases[] = {
		{ "192.0.2.7", "", 0, true }, { "192.0.2.7:5060", "", 5060, true }, { "[2001:db8::1]:5060", "", 5060, true },
		{ "2001:db8::1", "", 0, true }, { "Phone.example.:5060", "Phone.example", 5060, true }, { "phone", "phone", 0, true },
		{ "3402000000:5060", "3402000000", 5060, true }, { "my_pc", "my_pc", 0, true }, { "1.2.3", "", 0, false },
		{ "192.0.2.256:5060", "", 0, false }, { "a..b", "", 0, false }, { "a..", "", 0, false },
		{ "a..:5060", "", 0, false }, { "-a", "", 0, false },
		{ "", "", 0, false }, { "phone:", "", 0, false }, { "phone:0", "", 0, false }, { "phone:65536", "", 0, false },
		{ "phone:5x", "", 0, false }, { "a b", "", 0, false }, { "sip:phone", "", 0, false }, { ":5060", "", 0, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_addr addr;
		rg_str host;
		uint16_t port;

		cr_expect_eq(rg__hop_split(rg_str_from(cases[i].text), &addr, &host, &port), cases[i].good, "%s", cases[i].text);
		if (cases[i].good) {
			expect_text(host, cases[i].host);
			cr_expect_eq(port, cases[i].port, "%s", cases[i].text);
		}
	}
}

Test(next_hop, printing)
{
	static const struct {
		rg_str ip;
		int32_t port;
		const char *text; /* NULL = refused */
	} cases[] = {
		{ { "192.0.2.7", 9 }, 5060, "192.0.2.7:5060" }, { { "192.0.2.7", 9 }, 0, "192.0.2.7" },
		{ { "2001:db8::1", 11 }, 5060, "[2001:db8::1]:5060" }, { { "2001:db8::1", 11 }, 0, "[2001:db8::1]" },
		{ { "[2001:db8::1]", 13 }, 65535, "[2001:db8::1]:65535" }, { { "phone", 5 }, 1, "phone:1" },
		{ { "", 0 }, 5060, NULL }, { { NULL, 0 }, 5060, NULL }, { { "a\0b", 3 }, 5060, NULL },
		{ { "[::1]:5060", 10 }, 0, NULL },
		{ { "[::1", 4 }, 5060, NULL }, { { "phone", 5 }, -1, NULL }, { { "phone", 5 }, 65536, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__buf text = { 0 };

		cr_expect_eq(rg__hop_print(&text, cases[i].ip, cases[i].port), cases[i].text ? RG_OK : RG_EINVAL, "%zu", i);
		expect_text((rg_str){ text.p, text.n }, cases[i].text ? cases[i].text : "");
		rg__buf_free(&text);
	}
}
