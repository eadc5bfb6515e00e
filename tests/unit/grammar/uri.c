/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void part(const char *text, const char *name, rg_str got, const char *want)
{
	cr_expect_eq(got.p != NULL, want != NULL, "%s: %s is %s", text, name, want ? "missing" : "there");
	cr_expect(rg__eq(got, rg_str_from(want)), "%s: %s is '%.*s'", text, name, (int)got.n, got.p);
}

Test(uri, a_uri_comes_apart_where_the_grammar_says)
{
	static const struct {
		const char *text;
		int scheme, kind, port;
		const char *user, *password, *host, *params, *headers;
	} cases[] = {
		{ "sip:example.com", 1, 1, 0, NULL, NULL, "example.com", NULL, NULL },
		{ "SiP:alice@example.com", 1, 1, 0, "alice", NULL, "example.com", NULL, NULL },
		{ "sips:alice:s3+=@Example.COM.:5061;a=b;lr?x=y&z=", 2, 1, 5061, "alice", "s3+=", "Example.COM.", ";a=b;lr", "x=y&z=" },
		{ "sip:alice:@h", 1, 1, 0, "alice", "", "h", NULL, NULL },
		{ "sip:a@192.0.2.4:65535", 1, 2, 65535, "a", NULL, "192.0.2.4", NULL, NULL },
		{ "sip:[2001:db8::1]:1", 1, 3, 1, NULL, NULL, "[2001:db8::1]", NULL, NULL },
		{ "sip:user@[::1]:5060;x", 1, 3, 5060, "user", NULL, "[::1]", ";x", NULL },
		{ "sip:+1-555;phone-context=x@h;user=phone", 1, 1, 0, "+1-555;phone-context=x", NULL, "h", ";user=phone", NULL },
		{ "sip:-_.!~*'()&=+$,;?/@h", 1, 1, 0, "-_.!~*'()&=+$,;?/", NULL, "h", NULL, NULL },
		{ "sip:%61%40%00:%3a@h", 1, 1, 0, "%61%40%00", "%3a", "h", NULL, NULL },
		{ "sip:h;[]/:&+$=-_.!~*'()", 1, 1, 0, NULL, NULL, "h", ";[]/:&+$=-_.!~*'()", NULL },
		{ "sip:h?[]/?:+$=-_.!~*'()", 1, 1, 0, NULL, NULL, "h", NULL, "[]/?:+$=-_.!~*'()" },
		{ "sip:h:05060", 1, 1, 5060, NULL, NULL, "h", NULL, NULL },
		{ "sip:1-a.2b.c3", 1, 1, 0, NULL, NULL, "1-a.2b.c3", NULL, NULL },
		{ "sip:1.2.3.4.example", 1, 1, 0, NULL, NULL, "1.2.3.4.example", NULL, NULL },
		{ "sip:34020000001320000001@3402000000", 1, 1, 0, "34020000001320000001", NULL, "3402000000", NULL, NULL },
		{ "sip:3402000000:5060;x", 1, 1, 5060, NULL, NULL, "3402000000", ";x", NULL },
		{ "sip:a@1.", 1, 1, 0, "a", NULL, "1.", NULL, NULL },
		{ "sip:a@my_pc", 1, 1, 0, "a", NULL, "my_pc", NULL, NULL },
		{ "sip:a@_x._1:1", 1, 1, 1, "a", NULL, "_x._1", NULL, NULL },
		{ "tel:+1-201-555-0123;ext=1", 3, 0, 0, NULL, NULL, NULL, NULL, NULL },
		{ "urn:service:sos", 3, 0, 0, NULL, NULL, NULL, NULL, NULL },
		{ "http://[::1]/a?b=%20#c", 3, 0, 0, NULL, NULL, NULL, NULL, NULL },
		{ "sipx:a@h", 3, 0, 0, NULL, NULL, NULL, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__uri uri;
		cr_assert_eq(rg__uri_parse(rg_str_from(cases[i].text), &uri), RG_OK, "%s", cases[i].text);
		cr_expect_eq(uri.scheme, cases[i].scheme, "%s", cases[i].text);
		cr_expect_eq(uri.host_kind, cases[i].kind, "%s", cases[i].text);
		cr_expect_eq(uri.port, cases[i].port, "%s", cases[i].text);
		part(cases[i].text, "text", uri.text, cases[i].text);
		part(cases[i].text, "user", uri.user, cases[i].user);
		part(cases[i].text, "password", uri.password, cases[i].password);
		part(cases[i].text, "host", uri.host, cases[i].host);
		part(cases[i].text, "params", uri.params, cases[i].params);
		part(cases[i].text, "headers", uri.headers, cases[i].headers);
	}
}

Test(uri, what_the_grammar_does_not_allow_is_refused)
{
	static const char *const cases[] = { "", "sip", "sip:", "sips:", ":", ":a@h", "1sip:a@h", "sip :a@h", " sip:a@h", "sip:a@h ", "tel:",
		"tel:a b", "tel:<1>", "tel:%zz",
		"sip:@h", "sip:a@", "sip:a:b:c@h", "sip::b@h", "sip:a@b@c", "sip:a b@h", "sip:a\"b@h", "sip:a<b@h", "sip:a#b@h", "sip:a[b@h",
		"sip:\xc3\xa9@h", "sip:a:;@h",
		"sip:%zz@h", "sip:%4@h", "sip:a%", "sip:a@%68", "sip:a@h;x=%2", "sip:a@h?x=%", "sip:a\r\nb@h",
		"sip:h:", "sip:h:0", "sip:h:00", "sip:h:65536", "sip:h:99999", "sip:h:4294972356", "sip:h:-1", "sip:h:5060x", "sip:h:50 60",
		"sip:h::5060",
		"sip:-h", "sip:h-", "sip:a-.b", "sip:a.-b", "sip:a..b", "sip:.a", "sip:.", "sip:a..", "sip:_.1", "sip:-_", "sip:1.2.3",
		"sip:1.2.3.256", "sip:1.2.3.4.5", "sip:1.2.3.04",
		"sip:a.1", "sip:a.1.", "sip:1.2.3.4.", "sip:[", "sip:[]", "sip:[::1", "sip:::1", "sip:[1.2.3.4]", "sip:[::1]x", "sip:[::g]",
		"sip:[fe80::1%25lo]",
		"sip:a@h;", "sip:a@h;;x", "sip:a@b;transport=udp;;x", "sip:a@h;x=", "sip:a@h;=x", "sip:a@h;x=1=2", "sip:a@h;x=\"1\"",
		"sip:a@h;x=a@b", "sip:a@h;x y", "sip:a@h;x,y", "sip:h;a;",
		"sip:a@h;x;x", "sip:a@h;x=1;y;X=2", "sip:a@h;x;%78", "sip:a@h;%58;y;x",
		"sip:a@h?", "sip:a@h?x", "sip:a@h?=x", "sip:a@h?x=1&", "sip:a@h?&x=1", "sip:a@h?x=1&y", "sip:a@h?x=1;y=2", "sip:a@h?x=a@b",
		"sip:a@h?x==" };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__uri uri;
		cr_expect_eq(rg__uri_parse(rg_str_from(cases[i]), &uri), RG_EINVAL, "%s", cases[i]);
		cr_expect_null(uri.text.p, "%s", cases[i]);
	}
	rg__uri uri;
	cr_expect_eq(rg__uri_parse(RG_STR("sip:a\0b@h"), &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_parse(RG_STR("sip:a@h\0"), &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_parse(RG_STR("tel:1\0"), &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_parse(RG__ABSENT, &uri), RG_EINVAL);
}

Test(uri, of_a_hop_is_read_as_any_other)
{
	static const char *const cases[] = { "sip:192.0.2.4", "sip:192.0.2.4:5060", "sip:192.0.2.4:5060;transport=udp;lr", "sip:192.0.2.4;x?y=z",
		"sip:1.2.3.4.example", "sip:1001@192.0.2.4", "sip:1.2.3.4@192.0.2.4", "sip:1.2.3.4:5@h", "sip:1.2.3.4;x=y@h", "sip:1.2.3.4?x@h",
		"sip:h:5060", "sip:[::1]:5060", "sips:1.2.3.4", "SIP:1.2.3.4", "tel:1",
		"", "sip:", "sip:1", "sip:1.2.3.256", "sip:1.2.3.4:", "sip:1.2.3.4:0", "sip:1.2.3.4;", "sip:1.2.3.4;x;x", "sip:1.2.3.4 ", "sip:1@" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i]);
		char *alone = malloc(n + 1); /* so that a sanitizer sees a read past it */
		rg__uri hop, uri;

		cr_assert_not_null(alone);
		memcpy(alone + 1, cases[i], n);
		memset(&hop, 0x5a, sizeof hop);
		memset(&uri, 0xa5, sizeof uri);
		cr_expect_eq(rg__uri_parse_hop((rg_str){ alone + 1, n }, &hop), rg__uri_parse((rg_str){ alone + 1, n }, &uri), "%s", cases[i]);
		cr_expect(hop.scheme == uri.scheme && hop.host_kind == uri.host_kind && hop.port == uri.port && hop.n_params == uri.n_params &&
			hop.user_escaped == uri.user_escaped && memcmp(&hop.addr, &uri.addr, sizeof uri.addr) == 0, "%s", cases[i]);
		cr_expect_eq(hop.text.p, uri.text.p, "%s", cases[i]);
		cr_expect(rg_str_equal(hop.user, uri.user) && rg_str_equal(hop.password, uri.password) && rg_str_equal(hop.host, uri.host) &&
			rg_str_equal(hop.params, uri.params) && rg_str_equal(hop.headers, uri.headers), "%s", cases[i]);
		free(alone);
	}
}

/* Each prefix stands in an allocation of its own, so that a sanitizer sees a read past it. */
Test(uri, cut_at_any_byte_it_reads_no_further)
{
	static const char text[] = "sips:alice%20x:pw%41@[2001:db8::1]:5061;transport=%74cp;lr?Subject=a%20b&x=";

	for (size_t n = 0; n < sizeof text; n++) {
		char *copy = malloc(n ? n : 1);
		rg__uri uri;
		memcpy(copy, text, n);
		rg_status status = rg__uri_parse((rg_str){ copy, n }, &uri);
		cr_expect(status == RG_OK || status == RG_EINVAL);
		free(copy);
	}
}

static rg_status parse_repeated(const char *start, const char *format, int n)
{
	rg__buf b = { 0 };
	rg__uri uri;

	rg__buf_add_text(&b, start);
	for (int i = 0; i < n; i++) {
		char room[32];
		snprintf(room, sizeof room, format, i);
		rg__buf_add_text(&b, room);
	}
	rg_status status = rg__uri_parse((rg_str){ b.p, b.n }, &uri);
	rg__buf_free(&b);
	return status;
}

Test(uri, the_number_of_params_and_headers_is_capped)
{
	cr_expect_eq(parse_repeated("sip:h", ";p%d", 128), RG_OK);
	cr_expect_eq(parse_repeated("sip:h", ";p%d", 129), RG_EINVAL);
	cr_expect_eq(parse_repeated("sip:h", ";%%70%d=1", 128), RG_OK);
	cr_expect_eq(parse_repeated("sip:h?a=b", "&p%d=", 127), RG_OK);
	cr_expect_eq(parse_repeated("sip:h?a=b", "&p%d=", 128), RG_EINVAL);
	cr_expect_eq(parse_repeated("sip:h", ";p%d", 200000), RG_EINVAL);
}

Test(uri, params_are_walked_in_order)
{
	rg__uri uri;
	rg__param param;

	cr_assert_eq(rg__uri_parse(RG_STR("sip:h;a=1;b;c=%20?x=y"), &uri), RG_OK);
	rg_str rest = uri.params;
	cr_assert(rg__uri_param_next(&rest, &param));
	part("a", "name", param.name, "a");
	part("a", "value", param.value, "1");
	cr_assert(rg__uri_param_next(&rest, &param));
	part("b", "name", param.name, "b");
	part("b", "value", param.value, NULL);
	cr_assert(rg__uri_param_next(&rest, &param));
	part("c", "name", param.name, "c");
	part("c", "value", param.value, "%20");
	cr_expect_not(rg__uri_param_next(&rest, &param));
	cr_expect_not(rg__uri_param_next(&rest, &param));
}

Test(uri, a_param_is_found_by_name_in_any_case_and_spelling)
{
	rg__uri uri;
	rg_str value;

	cr_assert_eq(rg__uri_parse(RG_STR("sip:h;Transport=TCP;lr;%6daddr=x"), &uri), RG_OK);
	cr_expect(rg__uri_param(&uri, RG_STR("transport"), &value));
	part("transport", "value", value, "TCP");
	cr_expect(rg__uri_param(&uri, RG_STR("LR"), &value));
	part("lr", "value", value, NULL);
	cr_expect(rg__uri_param(&uri, RG_STR("maddr"), &value));
	part("maddr", "value", value, "x");
	cr_expect_not(rg__uri_param(&uri, RG_STR("trans"), &value));
	cr_expect_null(value.p);
}

Test(uri, the_hop_is_one_text_however_it_is_spelled)
{
	static const struct {
		const char *text, *hop;
		int port;
	} cases[] = {
		{ "sip:a@Example.COM.", "example.com:5060", 5060 }, { "sips:a@h", "h:5061", 5061 }, { "sip:a@h;transport=TLS", "h:5061", 5061 },
		{ "sip:a@h;transport=wss", "h:5061", 5061 }, { "sip:a@h;transport=ws", "h:5060", 5060 },
		{ "sips:a@h:5080;transport=tls", "h:5080", 5080 },
		{ "sip:a@3402000000", "3402000000:5060", 5060 }, { "sip:a@My_PC.:5070", "my_pc:5070", 5070 },
		{ "sip:192.0.2.1", "192.0.2.1:5060", 5060 }, { "sip:[2001:DB8:0::1]", "[2001:db8::1]:5060", 5060 },
		{ "sip:[::ffff:192.0.2.1]:5070", "192.0.2.1:5070", 5070 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__buf b = { 0 };
		rg__uri uri;
		cr_assert_eq(rg__uri_parse(rg_str_from(cases[i].text), &uri), RG_OK);
		cr_expect_eq(rg__uri_port(&uri), cases[i].port, "%s", cases[i].text);
		rg__buf_add_text(&b, "X");
		rg__uri_hop(&uri, &b);
		rg_str hop = { b.p + 1, b.n - 1 };
		cr_expect_eq(b.p[0], 'X');
		part(cases[i].text, "hop", hop, cases[i].hop);
		rg__buf_free(&b);
	}
}

Test(uri, its_hop_is_not_written_anew_where_it_stands_in_the_uri)
{
	static const struct {
		const char *text, *hop;
	} cases[] = {
		{ "sip:192.0.2.1:1", "192.0.2.1:1" }, { "sip:a@192.0.2.1:10", "192.0.2.1:10" }, { "sip:192.0.2.1:999;x=1", "192.0.2.1:999" },
		{ "sips:192.0.2.1:5060?y=1", "192.0.2.1:5060" }, { "sip:192.0.2.1:65535", "192.0.2.1:65535" }, { "sip:192.0.2.1:05060", NULL },
		{ "sip:192.0.2.1", NULL }, { "sip:h:5060", NULL }, { "sip:[2001:db8::1]:5060", NULL }, { "tel:1", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__buf b = { 0 };
		rg__uri uri;

		cr_assert_eq(rg__uri_parse(rg_str_from(cases[i].text), &uri), RG_OK);
		rg_str hop = rg__uri_hop_slice(&uri);
		part(cases[i].text, "hop", hop, cases[i].hop);
		if (hop.p)
			rg__uri_hop(&uri, &b);
		cr_expect(rg__eq(hop, (rg_str){ b.p, b.n }), "%s", cases[i].text);
		rg__buf_free(&b);
	}
}

/* RFC 3261 §25.1 read label by label, with the exceptions of the library. */
static bool walk_hostname(rg_str s)
{
	size_t label = 0;

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	for (size_t at = 0; at <= s.n; at++) {
		if (at < s.n && s.p[at] != '.')
			continue;
		if (at == label || s.p[label] == '-' || s.p[at - 1] == '-')
			return false;
		if (at < s.n)
			label = at + 1;
	}
	for (size_t at = label; at < s.n; at++) {
		if (s.p[at] < '0' || s.p[at] > '9')
			return true;
	}
	return label == 0;
}

Test(uri, a_host_name_is_one_label_by_label)
{
	static const char octets[] = "a1-._";
	char text[16];

	for (uint32_t code = 0; code < 5 * 5 * 5 * 5 * 5 * 5; code++) {
		for (size_t n = 1; n <= 6; n++) {
			uint32_t rest = code;
			rg__uri uri;

			memcpy(text, "sip:", 4);
			for (size_t i = 0; i < n; i++, rest /= 5)
				text[4 + i] = octets[rest % 5];
			if (rest > 0)
				continue;
			rg_str all = { text, 4 + n }, host = { text + 4, n };
			bool good = walk_hostname(host);

			cr_assert_eq(rg__is_hostname(host), good, "%.*s", (int)n, host.p);
			cr_assert_eq(rg__uri_parse(all, &uri), good ? RG_OK : RG_EINVAL, "%.*s", (int)n, host.p);
			cr_assert(!good || uri.host.n == n);
		}
	}
	cr_expect_not(rg__is_hostname(RG__ABSENT));
	cr_expect_not(rg__is_hostname(RG_STR("a b")));
}

Test(uri, without_scheme_it_reads_as_sip)
{
	rg__uri uri;

	cr_expect_eq(rg__uri_parse_bare(RG_STR("alice@h:5070;x"), &uri), RG_OK);
	cr_expect_eq(uri.scheme, RG__SCHEME_SIP);
	part("alice", "user", uri.user, "alice");
	cr_expect_eq(uri.port, 5070);
	cr_expect_eq(rg__uri_parse_bare(RG_STR(""), &uri), RG_EINVAL);
}

Test(uri, whom_it_names_is_read_whatever_follows)
{
	static const struct {
		const char *text;
		int scheme;
		const char *user, *host;
	} cases[] = {
		{ "sip:bob@example.com;", 1, "bob", "example.com" }, { "sip:bob@example.com;transport=udp;transport=udp", 1, "bob", "example.com" },
		{ "sip:bob@example.com;foo=", 1, "bob", "example.com" }, { "sips:bob@example.com:0", 2, "bob", "example.com" },
		{ "sip:bob@example.com:", 1, "bob", "example.com" }, { "sip:bob@example.com:99999;x", 1, "bob", "example.com" },
		{ "sip:bob@example.com:5060:5060", 1, "bob", "example.com" }, { "sip:bob@example.com;;x", 1, "bob", "example.com" },
		{ "sip:bob@example.com?x", 1, "bob", "example.com" }, { "sip:bob@[2001:db8::1]:x", 1, "bob", "[2001:db8::1]" },
		{ "sip:bob@192.0.2.1;x=%", 1, "bob", "192.0.2.1" }, { "sip:bob:pw@h;x=\"a\"", 1, "bob", "h" }, { "sip:h;", 1, NULL, "h" },
		{ "sip:bob@cafe:1;x=a:b", 1, "bob", "cafe" }, { "sip:bob@h;\xc3\xa9", 1, "bob", "h" },
		{ "sip:bob:%zz@h", 1, "bob", "h" }, { "sip:bob:a#b@h;", 1, "bob", "h" }, { "sips:bob:\xc3\xa9@[::1]:0", 2, "bob", "[::1]" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__uri uri;
		cr_assert_eq(rg__uri_read_address(rg_str_from(cases[i].text), &uri), RG_OK, "%s", cases[i].text);
		cr_expect_eq(uri.scheme, cases[i].scheme, "%s", cases[i].text);
		part(cases[i].text, "user", uri.user, cases[i].user);
		part(cases[i].text, "host", uri.host, cases[i].host);
	}
}

Test(uri, what_leaves_open_whom_it_names_is_refused)
{
	static const char *const cases[] = { "", "sip:", "?", "sip:@h;", "sip:a@;", "sip:a@b@c", "sip:a@h;x=b@c", "sip:%zz@h;", "sip:a b@h;",
		"sip:a@h x", "sip:a@h;x y", "sip:a@h;\tx", "sip:a@h;x\r\nEvil: 1", "sip:a@h;\x7f", "sip:a@h>;", "sip:a@h;<", "sip:a@2001:db8::1",
		"sip:a@fe80:1:2:3:4:5:6:7;x", "sip:a@[::1;", "sip:a@[::1]x", "sip:a@192.0.2.256;", "sip:a@h$;", "sip:a..b;", "tel:a b",
		"sip:a:%@", "sip:a:%@b@c", "sip:a:% @h", "sip:a:%>@h", "sip:h:5060;x@i", "sip:a:b:c@h", "sip:h:5060?x=%@i", "sip::%@h",
			"sip:%zz:%@h" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__uri uri;
		cr_expect_eq(rg__uri_read_address(rg_str_from(cases[i]), &uri), RG_EINVAL, "%s", cases[i]);
		cr_expect_null(uri.text.p, "%s", cases[i]);
	}
	rg__uri uri;
	cr_expect_eq(rg__uri_read_address(RG_STR("sip:a@h\0;"), &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_read_address(RG_STR("sip:a@h;\0"), &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_read_address(RG__ABSENT, &uri), RG_EINVAL);
	cr_expect_eq(rg__uri_read_address(RG_STR("tel:+1"), &uri), RG_OK);
	cr_expect_eq(uri.scheme, RG__SCHEME_OTHER);
}

Test(uri, a_number_and_an_underscore_are_names_but_not_of_the_dns)
{
	static const struct { const char *text; bool host, dns; } cases[] = {
		{ "example.com", true, true }, { "example.com.", true, true }, { "1a", true, true }, { "h", true, true },
		{ "3402000000", true, false }, { "1.", true, false }, { "my_pc", true, false }, { "_sip.example.com", true, false },
		{ "1.2", false, true }, { "", false, false }, { ".", false, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_str text = rg_str_from(cases[i].text);
		cr_expect_eq(rg__is_hostname(text), cases[i].host, "%s", cases[i].text);
		cr_expect_eq(rg__is_dns_name(text), cases[i].dns, "%s", cases[i].text);
	}
}

/* Texts around URIs rely on it: <> in a header, and a list of targets. */
Test(uri, has_no_octet_at_which_it_could_end_where_it_is_printed)
{
	static const char *const whole[] = { "sip:a:p@h.example:5060;x=y;lr?a=b&c=d", "sips:[::1];x", "tel:+1;ext=2", "urn:a?b#c", "x:y" };

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		char text[64];
		size_t n = strlen(whole[i]);
		rg__uri uri;

		cr_assert_eq(rg__uri_parse(rg_str_from(whole[i]), &uri), RG_OK, "%s", whole[i]);
		cr_expect_not(rg__has_stray_octet(rg_str_from(whole[i])));
		for (size_t at = 0; at < n; at++) {
			for (int c = 0; c < 256; c++) {
				memcpy(text, whole[i], n);
				text[at] = (char)c;
				if (rg__uri_parse((rg_str){ text, n }, &uri) == RG_OK)
					cr_expect_not(rg__has_stray_octet((rg_str){ text, n }), "%s with 0x%02x at %zu", whole[i], c, at);
			}
		}
	}
	for (const char *c = "\t\n\r \"<>\x7f"; *c; c++)
		cr_expect(rg__has_stray_octet((rg_str){ c, 1 }), "0x%02x", *c);
	cr_expect(rg__has_stray_octet((rg_str){ "", 1 }));
}

/* A map of the first 64 octets leads the reader. */
Test(uri, is_read_alike_wherever_its_64th_octet_falls)
{
	for (int n = 1; n <= 80; n++) {
		char user[96], text[192];
		rg__uri uri;

		memset(user, 'a', sizeof user);
		int length = snprintf(text, sizeof text, "sip:%.*s@a-1.example:65535;x=y-z;ob", n, user);
		char *room = malloc((size_t)length); /* so that a read past the end shows */
		memcpy(room, text, (size_t)length);
		cr_assert_eq(rg__uri_parse((rg_str){ room, (size_t)length }, &uri), RG_OK, "%s", text);
		cr_expect_eq(uri.user.n, (size_t)n);
		part(text, "host", uri.host, "a-1.example");
		cr_expect_eq(uri.port, 65535, "%s", text);
		part(text, "params", uri.params, ";x=y-z;ob");
		cr_expect_eq(uri.n_params, 2);
		for (int i = 4; i < length; i++) { /* a control character is refused at each place */
			char was = room[i];

			room[i] = '\x01';
			cr_expect_neq(rg__uri_parse((rg_str){ room, (size_t)length }, &uri), RG_OK, "%s at %d", text, i);
			room[i] = was;
		}
		free(room);
	}
}
