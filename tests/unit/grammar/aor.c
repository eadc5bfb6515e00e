/* SPDX-License-Identifier: MIT */
#include "grammar/aor.h"
#include <criterion/criterion.h>
#include <rgstr/record.h>
#include <stdio.h>
#include <stdlib.h>

static const rg__aor_rules usual = { true, true, { NULL, 0 }, 64, 64, 256 };

static void reads_as(const char *text, const rg__aor_rules *rules, const char *user, const char *host)
{
	rg__aor aor;

	cr_assert_eq(rg__aor_from_text(rg_str_from(text), rules, &aor), RG__AOR_OK, "%s", text);
	cr_expect(rg__eq(aor.user, rg_str_from(user)), "%s: user '%.*s'", text, (int)aor.user.n, aor.user.p);
	cr_expect(rg__eq(aor.host, rg_str_from(host)), "%s: host '%.*s'", text, (int)aor.host.n, aor.host.p);
	rg__aor_free(&aor);
}

static void refused(const char *text, const rg__aor_rules *rules, int why)
{
	rg__aor aor;

	cr_expect_eq(rg__aor_from_text(rg_str_from(text), rules, &aor), why, "%s", text);
	cr_expect(aor.text == NULL && aor.user.p == NULL && aor.host.p == NULL, "%s", text);
}

Test(aor, one_user_has_one_key_under_all_spellings)
{
	static const char *const spellings[] = { "sip:alice@example.com", "SIPS:alice@Example.COM", "sip:%61lice@example.com.",
		"sip:alice:secret@example.com:5070;transport=tcp?a=b",
		"<sip:alice@example.com>;tag=1", "\"sip:bob@h\" <sip:alice@EXAMPLE.com;user=phone>", "  sip:alice@example.com\t",
		"alice@example.com", "alic%65@example.com:5060", "al%69ce@example.com." };

	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
		reads_as(spellings[i], &usual, "alice", "example.com");
}

Test(aor, two_users_never_share_a_key)
{
	reads_as("sip:Alice@h", &usual, "Alice", "h");
	reads_as("sip:alice%40h@h", &usual, "alice@h", "h");
	reads_as("sip:a%20b@h", &usual, "a b", "h");
	reads_as("sip:a%3Ab@h", &usual, "a:b", "h");
	reads_as("sip:a%2540@h", &usual, "a%40", "h");
	reads_as("sip:%c3%a9@h", &usual, "\xc3\xa9", "h");
	reads_as("sip:%C3%89@h", &usual, "\xc3\x89", "h");
	reads_as("sip:+1-555;phone-context=x@h;user=phone", &usual, "+1-555;phone-context=x", "h");
	reads_as("sip:example.com", &usual, "", "example.com");
	reads_as("example.com", &usual, "", "example.com");
}

Test(aor, case_folds_only_when_told_and_only_in_ascii)
{
	rg__aor_rules folding = usual;

	folding.case_sensitive = false;
	reads_as("sip:ALICE@H", &folding, "alice", "h");
	reads_as("sip:%41LICE@h", &folding, "alice", "h");
	reads_as("sip:%C3%89@h", &folding, "\xc3\x89", "h");
}

Test(aor, a_capital_letter_is_found_wherever_it_stands)
{
	char host[41], text[64], lower[41];

	for (size_t n = 1; n < sizeof host - 1; n++) {
		for (size_t i = 0; i < n; i++) {
			memset(host, 'z', n);
			host[n] = '\0';
			memcpy(lower, host, n + 1);
			host[i] = i % 2 ? 'A' : 'Z';
			lower[i] = i % 2 ? 'a' : 'z';
			snprintf(text, sizeof text, "sip:a@%s", host);
			reads_as(text, &usual, "a", lower);
		}
	}
}

Test(aor, an_address_is_one_host_however_it_is_spelled)
{
	reads_as("sip:a@[2001:DB8:0:0::1]:5060", &usual, "a", "[2001:db8::1]");
	reads_as("sip:a@[2001:db8::1]", &usual, "a", "[2001:db8::1]");
	reads_as("sip:a@[::ffff:192.0.2.1]", &usual, "a", "192.0.2.1");
	reads_as("sip:a@192.0.2.1", &usual, "a", "192.0.2.1");
	reads_as("[::1]:5060", &usual, "", "[::1]");
}

Test(aor, the_realm_prefix_goes_wherever_a_name_is_left)
{
	rg__aor_rules rules = usual;

	rules.realm_prefix = RG_STR("Sip.");
	reads_as("sip:a@sip.example.com", &rules, "a", "example.com");
	reads_as("sip:a@SIP.Example.com.", &rules, "a", "example.com");
	reads_as("sip:a@sip.sip.example.com", &rules, "a", "example.com");
	reads_as("sip:a@sipper.example.com", &rules, "a", "sipper.example.com");
	reads_as("sip:a@sip.", &rules, "a", "sip");
	rules.realm_prefix = RG_STR("sip");
	reads_as("sip:a@sip", &rules, "a", "sip");
	reads_as("sip:a@sip.h", &rules, "a", "sip.h");
	reads_as("sip:a@sip-1", &rules, "a", "sip-1");
	reads_as("sip:a@sip1", &rules, "a", "1");
	rules.realm_prefix = RG_STR("192.");
	reads_as("sip:a@192.0.2.1", &rules, "a", "192.0.2.1");
}

Test(aor, without_use_domain_the_host_is_no_part_of_the_key)
{
	rg__aor_rules rules = usual;

	rules.use_domain = false;
	rules.max_host = 4;
	reads_as("sip:alice@a.very.long.example", &rules, "alice", "");
	reads_as("alice", &rules, "alice", "");
	reads_as("a%40b;x=1?y", &rules, "a@b;x=1?y", "");
	refused("sip:example.com", &rules, RG__AOR_PARSE);
	refused("a b", &rules, RG__AOR_PARSE);
	refused("a:b", &rules, RG__AOR_SCHEME);
	refused("a%4", &rules, RG__AOR_UNESCAPE);
}

Test(aor, a_number_is_a_host_and_compares_as_text)
{
	reads_as("sip:34020000001320000001@3402000000", &usual, "34020000001320000001", "3402000000");
	reads_as("sip:a@3402000000.:5060;x", &usual, "a", "3402000000");
	reads_as("a@03402000000", &usual, "a", "03402000000");
	reads_as("3402000000", &usual, "", "3402000000");
	reads_as("sip:a@My_PC", &usual, "a", "my_pc");
	refused("sip:a@1.2.3", &usual, RG__AOR_PARSE);
	refused("a@192.0.2.256", &usual, RG__AOR_PARSE);
}

Test(aor, what_follows_the_host_may_be_malformed)
{
	reads_as("sip:alice@example.com;", &usual, "alice", "example.com");
	reads_as("\"A\" <sip:%61lice@Example.com:0;x;x>;tag=1", &usual, "alice", "example.com");
	refused("alice@example.com;", &usual, RG__AOR_PARSE);
	refused("sip:alice@example.com;@evil.example", &usual, RG__AOR_PARSE);
}

Test(aor, what_is_no_aor_is_refused_for_its_reason)
{
	refused("", &usual, RG__AOR_PARSE);
	refused(" ", &usual, RG__AOR_PARSE);
	refused("sip:@h", &usual, RG__AOR_PARSE);
	refused("alice@", &usual, RG__AOR_PARSE);
	refused("@h", &usual, RG__AOR_PARSE);
	refused("sip:a@b@c", &usual, RG__AOR_PARSE);
	refused("<sip:a@h", &usual, RG__AOR_PARSE);
	refused("<a@h>", &usual, RG__AOR_PARSE);
	refused("sip:%zz@h", &usual, RG__AOR_PARSE);
	refused("tel:+1", &usual, RG__AOR_SCHEME);
	refused("<tel:+1>", &usual, RG__AOR_SCHEME);
	refused("sip:a%00@h", &usual, RG__AOR_UNESCAPE);
	refused("sip:a%0d%0ab@H", &usual, RG__AOR_UNESCAPE);
	refused("sip:%7f@h", &usual, RG__AOR_UNESCAPE);
}

Test(aor, the_limits_hold_for_the_canonical_form)
{
	rg__aor_rules rules = { true, true, { NULL, 0 }, 4, 6, 10 };

	reads_as("sip:%61%62%63%64@abc.d.", &rules, "abcd", "abc.d");
	refused("sip:abcde@h", &rules, RG__AOR_TOO_LONG);
	refused("sip:%61%62%63%64%65@h", &rules, RG__AOR_TOO_LONG);
	reads_as("sip:a@abcd.e.", &rules, "a", "abcd.e");
	refused("sip:a@abcd.ef", &rules, RG__AOR_TOO_LONG);
	refused("sip:abcd@abcd.e", &rules, RG__AOR_TOO_LONG);
	reads_as("sip:abc@abcd.e", &rules, "abc", "abcd.e");
	rules.realm_prefix = RG_STR("long-prefix.");
	reads_as("sip:a@long-prefix.h", &rules, "a", "h");
}

Test(aor, what_is_canonical_already_is_not_copied)
{
	rg__uri uri;
	rg__aor aor;

	cr_assert_eq(rg__uri_parse(RG_STR("sip:alice:pw@sip.example.com.:5060;x"), &uri), RG_OK);
	rg__aor_rules rules = { false, true, RG_STR("sip."), 64, 64, 256 };
	cr_assert_eq(rg__aor_from_uri(&uri, &rules, &aor), RG__AOR_OK);
	cr_expect_null(aor.text);
	cr_expect_eq(aor.user.p, uri.user.p);
	cr_expect_eq(aor.host.p, uri.host.p + 4);
	rg__aor_free(&aor);
	cr_assert_eq(rg__uri_parse(RG_STR("sip:alice@[::1]"), &uri), RG_OK);
	cr_assert_eq(rg__aor_from_uri(&uri, &rules, &aor), RG__AOR_OK);
	cr_expect_null(aor.text);
}

Test(aor, the_printed_key_reads_as_the_key_again)
{
	static const struct { const char *aor, *with_host, *without; } cases[] = { /* as printed; NULL: no key without its host */
		{ "sip:alice@h", "alice@h", "alice" }, { "sip:a%40b%3a%20%25@h", "a%40b%3A%20%25@h", "a%40b%3A%20%25" },
		{ "sip:%c3%a9;x?/@[::1]", "%C3%A9;x?/@[::1]", "%C3%A9;x?/" }, { "sip:h", "h", NULL },
		{ "sip:[2001:db8::1]", "[2001:db8::1]", NULL }, { "sip:sip%3Aa@sip.sip.h", "sip%3Aa@h", "sip%3Aa" },
		{ "sip:%3ca%3e@192.0.2.1", "%3Ca%3E@192.0.2.1", "%3Ca%3E" }, { "sip:tel@h", "tel@h", "tel" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int use_domain = 0; use_domain < 2; use_domain++) {
			const rg__aor_rules rules = { true, use_domain, RG_STR("sip."), 64, 64, 256 };
			const char *printed = use_domain ? cases[i].with_host : cases[i].without;
			rg__aor aor, again;
			char room[256] = "";
			if (!printed) {
				refused(cases[i].aor, &rules, RG__AOR_PARSE);
				continue;
			}
			cr_assert_eq(rg__aor_from_text(rg_str_from(cases[i].aor), &rules, &aor), RG__AOR_OK, "%s", cases[i].aor);
			const rg_key key = { RG_STR("location"), aor.user, aor.host };
			size_t n = rg_key_print(&key, room, sizeof room - 1);
			cr_expect_str_eq(room, printed);
			cr_assert_eq(rg__aor_from_text((rg_str){ room, n }, &rules, &again), RG__AOR_OK, "%.*s", (int)n, room);
			cr_expect(rg__eq(aor.user, again.user) && rg__eq(aor.host, again.host), "%.*s", (int)n, room);
			rg__aor_free(&aor);
			rg__aor_free(&again);
		}
	}
}
