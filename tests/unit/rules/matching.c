/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "rules/matching.h"

#define INSTANCE(x) ";+sip.instance=\"<" x ">\""

Test(matching, instances_compare_as_urns)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "<urn:uuid:ABC>", "urn:uuid:abc", true }, { "URN:UUID:abc", "<urn:uuid:abc>", true }, { "urn:x:abc", "URN:X:abc", true },
		{ "urn:x:abc", "urn:x:ABC", false }, { "urn:uuid:abc", "urn:uuid:abd", false }, { "imei", "imei", true },
		{ "imei", "IMEI", false }, { "urn:uuid:", "urn:uuid:", true }, { "urn", "urn:uuid:a", false },
		{ "urn:a:uuid:b", "urn:a:UUID:b", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(rg__same_instance(rg_str_from(cases[i].a), rg_str_from(cases[i].b)), cases[i].same, "%s %s", cases[i].a, cases[i].b);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (cases[i].same)
			cr_expect_eq(rg__instance_hash(rg_str_from(cases[i].a)), rg__instance_hash(rg_str_from(cases[i].b)), "%s", cases[i].a);
	}
	cr_expect_neq(rg__instance_hash(RG_STR("<urn:uuid:aaaaaaaa-1>")), rg__instance_hash(RG_STR("<urn:uuid:aaaaaaaa-2>")));
	cr_expect_neq(rg__instance_hash(RG_STR("<urn:x:1>")), rg__instance_hash(RG_STR("<urn:x:2>")));
}

/* What a second REGISTER does in each mode: U the same binding, I another one. */
Test(matching, modes)
{
	static const struct {
		const char *mode, *first, *second, *second_callid, *want;
	} cases[] = {
		{ "0", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7>", "other", "U" },
		{ "0", "<sip:a@192.0.2.7>", "<sip:%61@192.0.2.7;x=1>", "other", "U" },
		{ "0", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7:5060>", "other", "I" },
		{ "0", "<sip:a@192.0.2.7>", "<sip:A@192.0.2.7>", "other", "I" },
		{ "0", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7;transport=udp>", "other", "I" },
		{ "0", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7?subject=x>", "other", "I" },
		{ "0", "<sip:a@[2001:db8::1]>", "<sip:a@[2001:DB8:0::1]>", "other", "U" },
		{ "0", "<sip:a@192.0.2.7>" INSTANCE("urn:x:1"), "<sip:a@192.0.2.8>" INSTANCE("urn:x:1"), "other", "I" },
		{ "1", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7>", "other", "I" },
		{ "1", "<sip:a@192.0.2.7>", "<sip:%61@192.0.2.7>", "call-1", "U" },
		{ "<rinstance>", "<sip:a@192.0.2.7;rinstance=q1>", "<sip:a@192.0.2.8;rinstance=q1>", "other", "U" },
		{ "<rinstance>", "<sip:a@192.0.2.7;rinstance=q1>", "<sip:a@192.0.2.7;rinstance=q2>", "other", "I" },
		{ "<rinstance>", "<sip:a@192.0.2.7;rinstance=q1>", "<sip:a@192.0.2.7;rinstance=Q1>", "other", "I" },
		{ "<rinstance>", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.7;rinstance=q1>", "other", "U" },
		{ "<rinstance>", "<sip:a@192.0.2.7>", "<sip:a@192.0.2.8;rinstance=q1>", "other", "I" },
		{ "instance", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:A"), "<sip:a@192.0.2.8>" INSTANCE("urn:uuid:a"), "other", "U" },
		{ "instance", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:a"), "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:b"), "other", "I" },
		{ "instance", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:a"), "<sip:a@192.0.2.7>", "other", "U" },
		{ "instance", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:a"), "<sip:a@192.0.2.8>", "other", "I" },
		{ "instance", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:a"), "<sip:a@192.0.2.8>;+sip.instance=\"urn:uuid:A\"", "other", "U" },
		{ "instance", "<sip:a@192.0.2.7>;+sip.instance=\"abc\"", "<sip:a@192.0.2.8>" INSTANCE("abc"), "other", "U" },
		{ "instance", "<sip:a@192.0.2.7>;+sip.instance=abc", "<sip:a@192.0.2.8>;+sip.instance=abc", "other", "I" },
		{ "instance", "<sip:a@192.0.2.7>;+sip.instance=abc", "<sip:a@192.0.2.7>" INSTANCE("urn:uuid:a"), "other", "U" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int per_call = 0; per_call < 2; per_call++) {
			world w = new_world();
			char flag[64];

			snprintf(flag, sizeof flag, "matching-mode=%s", cases[i].mode);
			if (per_call)
				flags(&w, flag);
			else
				set(&w, "matching_mode", cases[i].mode);
			cr_assert_eq(save(&w, .contact = { cases[i].first }), 200);
			cr_assert_eq(save(&w, .contact = { cases[i].second }, .callid = cases[i].second_callid, .cseq = "2 REGISTER"), 200);
			cr_expect_str_eq(outcomes(&w), cases[i].want, "mode %s: %s then %s", cases[i].mode, cases[i].first, cases[i].second);
			end_world(&w);
		}
	}
}

/* Equality of URIs is not transitive: a parameter in one URI only does not count, in both it does. */
Test(matching, among_several_the_octet_equal_one_wins_else_the_newest)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7;x=1>" });
	w.now += 1000;
	save(&w, .contact = { "<sip:a@192.0.2.7;x=2>" }, .cseq = "2 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7;x=1 sip:a@192.0.2.7;x=2");
	w.now += 1000;
	save(&w, .contact = { "<sip:a@192.0.2.7>;first" }, .cseq = "3 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7;x=1 sip:a@192.0.2.7");
	w.now += 1000;
	save(&w, .contact = { "<sip:a@192.0.2.7;x=1>" }, .cseq = "4 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7;x=1 sip:a@192.0.2.7");
	w.now += 1000;
	save(&w, .contact = { "<sip:a@192.0.2.7;y=1>" }, .cseq = "5 REGISTER");
	same_text(bindings(&w), "sip:a@192.0.2.7;y=1 sip:a@192.0.2.7");
	end_world(&w);
}
