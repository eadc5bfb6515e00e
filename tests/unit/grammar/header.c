/* SPDX-License-Identifier: MIT */
#include "grammar/header.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void part(const char *text, const char *name, rg_str got, const char *want)
{
	cr_expect_eq(got.p != NULL, want != NULL, "%s: %s is %s", text, name, want ? "missing" : "there");
	cr_expect(rg__eq(got, rg_str_from(want)), "%s: %s is '%.*s'", text, name, (int)got.n, got.p);
}

Test(header, a_list_comes_apart_at_its_own_commas_only)
{
	static const struct {
		const char *list, *values[5];
	} cases[] = {
		{ "a", { "a" } }, { " a , b\t", { "a", "b" } }, { "a,,b", { "a", "", "b" } }, { "a,", { "a", "" } }, { "", { "" } },
		{ ",", { "", "" } },
		{ "\"x, \\\"y\" <sip:a,b@h;q=1>;p=\",\", <sip:c>", { "\"x, \\\"y\" <sip:a,b@h;q=1>;p=\",\"", "<sip:c>" } },
		{ "\"<\" <sip:a>, b", { "\"<\" <sip:a>", "b" } }, { "<\">, <\">", { "<\">", "<\">" } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_str rest = rg_str_from(cases[i].list), value;
		for (int k = 0; cases[i].values[k]; k++) {
			cr_assert_eq(rg__list_next(&rest, &value), 1, "%s", cases[i].list);
			cr_expect(rg__eq(value, rg_str_from(cases[i].values[k])), "%s: '%.*s'", cases[i].list, (int)value.n, value.p);
		}
		cr_expect_eq(rg__list_next(&rest, &value), 0, "%s", cases[i].list);
		cr_expect_eq(rg__list_next(&rest, &value), 0, "%s", cases[i].list);
	}
}

Test(header, an_unclosed_quote_or_bracket_ends_the_list)
{
	static const char *const cases[] = { "\"a, b", "<a, b", "x \"a\\\", b", "\"a\\", "\"a\x01\"" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_str rest = rg_str_from(cases[i]), value;
		cr_expect_eq(rg__list_next(&rest, &value), -1, "%s", cases[i]);
		cr_expect_eq(rg__list_next(&rest, &value), 0, "%s", cases[i]);
	}
}

Test(header, name_addr_and_addr_spec_come_apart)
{
	static const struct {
		const char *text, *display, *uri, *params;
		bool bracketed;
	} cases[] = {
		{ "<sip:a@h>", NULL, "sip:a@h", NULL, true }, { "<sip:a@h;x=1>;q=0.5", NULL, "sip:a@h;x=1", ";q=0.5", true },
		{ " Alice B. <sip:a@h> ; tag = x ", "Alice B.", "sip:a@h", "; tag = x", true },
		{ "Alice<sip:a@h>", "Alice", "sip:a@h", NULL, true },
		{ "\"A <\\\"> \xc3\xa9\" <sip:a@h>", "\"A <\\\"> \xc3\xa9\"", "sip:a@h", NULL, true },
		{ "\"\"<sip:a@h>", "\"\"", "sip:a@h", NULL, true },
		{ "sip:a@h;transport=tcp;q=1", NULL, "sip:a@h", ";transport=tcp;q=1", false },
		{ "sip:a@h ;x=\"<;,\\\"\"", NULL, "sip:a@h", ";x=\"<;,\\\"\"", false },
		{ "sip:a@h;+sip.instance=\"<urn:uuid:x>\";reg-id=1", NULL, "sip:a@h", ";+sip.instance=\"<urn:uuid:x>\";reg-id=1", false },
		{ "<sip:a@h>;received=[::1];h=192.0.2.1;lr", NULL, "sip:a@h", ";received=[::1];h=192.0.2.1;lr", true },
		{ "*", NULL, "*", NULL, false },
		{ "J\xc3\xbcrgen <sip:a@h>;tag=1", "J\xc3\xbcrgen", "sip:a@h", ";tag=1", true },
		{ "\xff <sip:a@h>", "\xff", "sip:a@h", NULL, true },
		{ "a@b <sip:a@h>", "a@b", "sip:a@h", NULL, true }, { "a, <sip:a@h>", "a,", "sip:a@h", NULL, true },
		{ "(x); [y]: > <sip:a@h>", "(x); [y]: >", "sip:a@h", NULL, true }, { "\"a\" b <sip:a@h>", "\"a\" b", "sip:a@h", NULL, true },
		{ "b \"<sip:x@y>\" <sip:a@h>", "b \"<sip:x@y>\"", "sip:a@h", NULL, true },
		{ "sip:a@h <sip:a@h>", "sip:a@h", "sip:a@h", NULL, true },
		{ "<sip:a@h?x=y,z>", NULL, "sip:a@h?x=y,z", NULL, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__name_addr got;
		cr_assert_eq(rg__name_addr_parse(rg_str_from(cases[i].text), &got), RG_OK, "%s", cases[i].text);
		part(cases[i].text, "display", got.display, cases[i].display);
		part(cases[i].text, "uri", got.uri, cases[i].uri);
		part(cases[i].text, "params", got.params, cases[i].params);
		cr_expect_eq(got.bracketed, cases[i].bracketed, "%s", cases[i].text);
	}
}

Test(header, malformed_values_are_refused)
{
	static const char *const cases[] = { "", " ", ";q=1", "<>", "<sip:a@h", "sip:a@h>", "\"a <sip:a@h>", "\"a\" sip:a@h", "\"a\"",
		"\"a\" \"b <sip:a@h>", "a\x01 <sip:a@h>", "\"a\x7f\" <sip:a@h>", "a\r\nb <sip:a@h>", "sip:a@h;x=<sip:b@h>",
		"SIPS:a@h;x <sip:b@h>", "sip:a@h;<sip:b@h>",
		"<sip:a@h>x", "<sip:a@h> x", "<sip:a@h>;", "<sip:a@h>;;q=1", "<sip:a@h>;q=", "<sip:a@h>;=1", "<sip:a@h>;q=1 2", "<sip:a@h>;q=1,2",
		"<sip:a@h>;x=\"a\"b", "<sip:a@h>;x=\"a",
		"<sip:a@h>;x=\"a\\\"", "<sip:a@h>;x=\"a\rb\"", "<sip:a@h>;x=\"\\\x01\"", "<sip:a@h>;x=[::g]", "<sip:a@h>;x=[::1", "<sip:a@h>;x=a:b",
		"<sip:a@h>;x y", "<sip:a@h>;q=1;Q=1",
		"<sip:a@h>;a;b;c;d;A", "sip:a@h?x=y", "sip:a,b@h", "sip:a@h b", "sip:+1;phone-context=x@h", "sip:a@h;", "<<sip:a@h>>",
		"<sip:a@h>\r\nVia: x" };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg__name_addr got;
		cr_expect_eq(rg__name_addr_parse(rg_str_from(cases[i]), &got), RG_EINVAL, "%s", cases[i]);
		cr_expect_null(got.uri.p, "%s", cases[i]);
	}
}

static bool lies_in(rg_str part, rg_str whole)
{
	return !part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

Test(header, cut_at_any_byte_a_value_is_read_no_further)
{
	static const char text[] = "\"A\\\" B\" <sip:a@h;x>;q=0.5;+sip.instance=\"<urn:\\\"x>\";r=[::1] , *";
	int values = 0;

	for (size_t n = 0; n < sizeof text; n++) {
		char *copy = malloc(n ? n : 1);
		rg__name_addr got;
		memcpy(copy, text, n);
		rg_str all = { copy, n }, rest = all, value;
		for (values = 0; rg__list_next(&rest, &value) > 0; values++) {
			cr_expect(lies_in(value, all), "cut at %zu", n);
			if (rg__name_addr_parse(value, &got) == RG_OK)
				cr_expect(lies_in(got.uri, value) && lies_in(got.params, value), "cut at %zu", n);
		}
		free(copy);
	}
	cr_expect_eq(values, 2);
}

/* The index after the quoted string that begins at @p at; 0: it is malformed. One octet at a time. */
static size_t walk_quoted(rg_str s, size_t at)
{
	for (at++; at < s.n && s.p[at] != '"'; at++) {
		unsigned char c = (unsigned char)s.p[at];

		if (c == '\\' && ++at == s.n)
			return 0;
		c = (unsigned char)s.p[at];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return 0;
	}
	return at < s.n ? at + 1 : 0;
}

/* Sixteen octets are read at once, so each octet that may end the string stands at each place of strings of each length. */
Test(header, a_quoted_string_ends_where_a_walk_octet_by_octet_ends_it)
{
	static const unsigned char odd[] = { 0, 1, '\b', '\t', '\n', '\r', 0x1f, ' ', '!', '"', '#', ',', '<', '[', '\\', ']', 0x7e, 0x7f, 0x80,
		0xa2, 0xff };

	for (size_t n = 0; n <= 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (size_t i = 0; i < sizeof odd; i++) {
				size_t shift = (n + at + i) % 8;
				char *room = malloc(shift + n + 5);
				char *text = room + shift;

				memcpy(text, ";a=\"", 4);
				memset(text + 4, i % 2 ? 0xff : 'x', n);
				text[4 + n] = '"';
				text[4 + at] = (char)odd[i];
				rg_str s = { text, n + 5 }, rest = s;
				rg__param param;
				size_t end = walk_quoted(s, 3);
				bool good = end == s.n;

				cr_assert_eq(rg__param_next(&rest, &param), good ? 1 : -1, "0x%02x at %zu of %zu", odd[i], at, n);
				cr_assert(!good || param.value.n == n + 2, "0x%02x at %zu of %zu", odd[i], at, n);
				free(room);
			}
		}
	}
}

static void same_slice(rg_str a, rg_str b, const char *text)
{
	cr_assert(a.p == b.p && a.n == b.n, "%s", text);
}

static void same_reading(rg_str list, const char *text)
{
	static rg__params apart, at_once;
	rg_str rest = list, next = list, value, got;
	rg__name_addr na, read;
	int more;
	bool good;

	do {
		more = rg__list_next(&rest, &value);
		cr_assert_eq(rg__name_addr_next(&next, &got, &read, &at_once, &good), more, "%s", text);
		same_slice(got, value, text);
		same_slice(next, rest, text);
		if (more <= 0)
			return;
		cr_assert_eq(good, rg__name_addr_read(value, &na, &apart) == RG_OK, "%s", text);
		if (!good)
			continue;
		same_slice(read.uri, na.uri, text);
		same_slice(read.display, na.display, text);
		same_slice(read.params, na.params, text);
		cr_assert_eq(at_once.n, apart.n, "%s", text);
		for (uint32_t i = 0; i < apart.n; i++) {
			same_slice(at_once.row[i].name, apart.row[i].name, text);
			same_slice(at_once.row[i].value, apart.row[i].value, text);
		}
	} while (more > 0);
}

Test(header, an_address_of_a_list_is_read_at_once_as_the_value_and_then_the_address)
{
	static const char *const lists[] = { "\"A, \\\" B\" <sip:a@h;x?y>;q=0.5 ; c=\"d,\" , sip:a@h;e;f = [::1],*", " , <a>,", "a b <c>;d;D, <e" };
	static const char odd[] = "\0\t\n\" ,;<>=?\\[]:@*%\x7f\x80x";
	char text[128];

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		for (size_t at = 0; at < strlen(lists[i]); at++) {
			same_reading((rg_str){ lists[i], at }, lists[i]);
			for (size_t k = 0; k < sizeof odd - 1; k++) {
				strcpy(text, lists[i]);
				text[at] = odd[k];
				same_reading((rg_str){ text, strlen(lists[i]) }, text);
			}
		}
		same_reading(rg_str_from(lists[i]), lists[i]);
	}
	same_reading(RG__ABSENT, "absent");
}

Test(header, header_params_may_be_as_many_as_uri_params)
{
	for (int n = RG__PARAMS_MAX; n <= RG__PARAMS_MAX + 1; n++) {
		rg__buf b = { 0 };
		rg__name_addr got;
		rg__buf_add_text(&b, "<sip:a@h>");
		for (int i = 0; i < n; i++) {
			rg__buf_add_text(&b, ";p");
			rg__buf_add_int(&b, i);
		}
		cr_expect_eq(rg__name_addr_parse((rg_str){ b.p, b.n }, &got), n <= RG__PARAMS_MAX ? RG_OK : RG_EINVAL);
		rg__buf_free(&b);
	}
}

Test(header, params_are_walked_with_space_around_their_signs)
{
	rg_str rest = RG_STR("; a = 1 ;b\t; c=\"x;y\" ");
	rg__param param;

	cr_assert_eq(rg__param_next(&rest, &param), 1);
	part("a", "name", param.name, "a");
	part("a", "value", param.value, "1");
	cr_assert_eq(rg__param_next(&rest, &param), 1);
	part("b", "name", param.name, "b");
	part("b", "value", param.value, NULL);
	cr_assert_eq(rg__param_next(&rest, &param), 1);
	part("c", "value", param.value, "\"x;y\"");
	cr_expect_eq(rg__param_next(&rest, &param), 0);
	cr_expect_eq(rg__param_next(&rest, &param), 0);
}

Test(header, a_token_in_a_header_param_is_not_an_escape)
{
	rg__name_addr got;

	cr_expect_eq(rg__name_addr_parse(RG_STR("<sip:a@h>;%41=1;A=2"), &got), RG_OK);
}

Test(header, quotes_come_off_as_written)
{
	part("quoted", "content", rg__unquote(RG_STR("\"a\\\"b\"")), "a\\\"b");
	part("empty", "content", rg__unquote(RG_STR("\"\"")), "");
	part("plain", "content", rg__unquote(RG_STR("ab")), "ab");
	part("one quote", "content", rg__unquote(RG_STR("\"")), "\"");
}

Test(header, tokens_and_call_ids_are_what_the_grammar_says)
{
	static const struct {
		const char *text;
		bool token, callid;
	} cases[] = {
		{ "abc", true, true }, { "-.!%*_+`'~", true, true }, { "", false, false }, { "a b", false, false }, { "a@b", false, true },
		{ "@b", false, false },
		{ "a@", false, false }, { "a@b@c", false, false }, { "()<>:\\\"/[]?{}", false, true }, { "a,b", false, false },
		{ "a;b", false, false },
		{ "\xc3\xa9", false, false }, { "a\r\n", false, false }, { "f81d4fae-7dec-11d0@foo.bar.com", false, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cr_expect_eq(rg__is_token(rg_str_from(cases[i].text)), cases[i].token, "%s", cases[i].text);
		cr_expect_eq(rg__is_callid(rg_str_from(cases[i].text)), cases[i].callid, "%s", cases[i].text);
	}
	cr_expect_not(rg__is_callid(RG_STR("a\0")));
}

/* Sixteen octets are read at once, so each one stands at each place of texts of each length. */
Test(header, a_call_id_has_the_octets_of_a_word_wherever_they_stand)
{
	static const char others[] = "-.!%*_+`'~()<>:\\\"/[]?{}";
	char text[48];

	for (size_t n = 1; n <= 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int c = 0; c < 256; c++) {
				bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
				bool inner = c == '@' && at > 0 && at + 1 < n;

				if (n > 20 && c != '@' && (c + n + at) % 7 > 0) /* a seventh of them for long texts */
					continue;
				memset(text, "aZ09-."[n % 6], sizeof text);
				text[at] = (char)c;
				cr_assert_eq(rg__is_callid((rg_str){ text, n }), alnum || inner || (c && strchr(others, c)), "0x%02x at %zu of %zu", c, at, n);
			}
		}
	}
}

Test(header, cseq_is_a_number_below_two_to_the_31_and_a_method)
{
	static const struct {
		const char *text;
		rg_status status;
		uint32_t number;
	} cases[] = {
		{ "4711 REGISTER", RG_OK, 4711 }, { " 0 \t REGISTER ", RG_OK, 0 }, { "2147483647 REGISTER", RG_OK, 2147483647 },
		{ "00001 REGISTER", RG_OK, 1 }, { "12345678 REGISTER", RG_OK, 12345678 }, { "123456789 REGISTER", RG_OK, 123456789 },
		{ "1234567890 REGISTER", RG_OK, 1234567890 }, { "1234/678 REGISTER", RG_EINVAL, 0 }, { "1234567: REGISTER", RG_EINVAL, 0 },
		{ "2147483648 REGISTER", RG_EINVAL, 0 }, { "4294967297 REGISTER", RG_EINVAL, 0 }, { "99999999999999999999 REGISTER", RG_EINVAL, 0 },
		{ "", RG_EINVAL, 0 }, { "1", RG_EINVAL, 0 }, { "1 ", RG_EINVAL, 0 }, { "REGISTER", RG_EINVAL, 0 }, { "1REGISTER", RG_EINVAL, 0 },
		{ "-1 REGISTER", RG_EINVAL, 0 },
		{ "1 REG ISTER", RG_EINVAL, 0 }, { "1 REGISTER;x", RG_EINVAL, 0 }, { "0x1 REGISTER", RG_EINVAL, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t number;
		rg_str method;
		cr_expect_eq(rg__cseq_parse(rg_str_from(cases[i].text), &number, &method), cases[i].status, "%s", cases[i].text);
		cr_expect_eq(number, cases[i].number, "%s", cases[i].text);
		part(cases[i].text, "method", method, cases[i].status == RG_OK ? "REGISTER" : NULL);
	}
}

Test(header, q_is_kept_in_thousandths)
{
	static const struct {
		const char *text;
		rg_status status;
		int32_t q;
	} cases[] = {
		{ "0", RG_OK, 0 }, { "1", RG_OK, 1000 }, { "0.", RG_OK, 0 }, { "1.", RG_OK, 1000 }, { "0.7", RG_OK, 700 }, { "0.05", RG_OK, 50 },
		{ "0.123", RG_OK, 123 },
		{ "1.0", RG_OK, 1000 }, { "1.000", RG_OK, 1000 }, { "0.999", RG_OK, 999 }, { "", RG_EINVAL, 0 }, { ".5", RG_EINVAL, 0 },
		{ "1.1", RG_EINVAL, 0 },
		{ "1.001", RG_EINVAL, 0 }, { "2", RG_EINVAL, 0 }, { "0.1234", RG_EINVAL, 0 }, { "1.0000", RG_EINVAL, 0 }, { "-0.5", RG_EINVAL, 0 },
		{ "0,5", RG_EINVAL, 0 },
		{ "00.5", RG_EINVAL, 0 }, { "0.5 ", RG_EINVAL, 0 }, { "0.x", RG_EINVAL, 0 }, { "\"1\"", RG_EINVAL, 0 }, { "1e0", RG_EINVAL, 0 },
		{ "10", RG_EINVAL, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int32_t q;
		cr_expect_eq(rg__q_parse(rg_str_from(cases[i].text), &q), cases[i].status, "%s", cases[i].text);
		cr_expect_eq(q, cases[i].q, "%s", cases[i].text);
	}
}

Test(header, a_list_of_tokens_has_tokens_and_empty_values_only)
{
	const struct { rg_str lines[2]; bool good; } cases[] = {
		{ { RG_STR("path, gruu"), RG_STR("") }, true }, { { RG_STR(",a,,"), RG_STR("b") }, true }, { { { NULL, 0 }, { NULL, 0 } }, true },
		{ { RG_STR("INVITE ACK"), RG_STR("BYE") }, false }, { { RG_STR("a"), RG_STR("timer;100rel") }, false },
		{ { RG_STR("\"a\""), RG_STR("") }, false }, { { RG_STR("a, \"b"), RG_STR("") }, false },
		{ { RG_STR("a"), RG_STR("\xc3\xa9") }, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(rg__is_token_list(cases[i].lines, 2), cases[i].good, "row %zu", i);
	cr_expect(rg__is_token_list(NULL, 0));
}

Test(header, q_is_printed_in_as_few_digits_as_say_it)
{
	static const struct {
		int32_t q;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 1, "0.001" }, { 10, "0.01" }, { 100, "0.1" }, { 380, "0.38" }, { 999, "0.999" }, { 1000, "1" },
	};
	char room[RG__Q_ROOM];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(rg__eq(rg__q_print(cases[i].q, room), rg_str_from(cases[i].text)), "%d", cases[i].q);
	for (int32_t q = 0; q <= 1000; q++) {
		int32_t again = -1;
		cr_expect_eq(rg__q_parse(rg__q_print(q, room), &again), RG_OK, "%d", q);
		cr_expect_eq(again, q);
	}
}
